//! What daemon and clients say to each other.
//!
//! Owns the messages, the screen updates, the codec with its length limits, the version handshake and the
//! [`Api`] trait. May use the domain only. Every type here is plain data that serde carries both as
//! postcard (the wire) and as JSON (`--json`); so no `flatten`, `untagged` or `skip_serializing_if`,
//! which postcard cannot read back.

pub mod api;
mod budgets;
pub mod changes;
pub mod codec;
pub mod conversations;
pub mod error;
pub mod hello;
pub mod inbox;
pub mod input;
pub mod loops;
pub mod messages;
pub mod review;
pub mod screen;
pub mod views;

/// How the line of the daemon's log begins that says why it does not start: a client that waits for it in
/// vain passes the reason on.
pub const CANNOT_RUN: &str = "the daemon cannot run: ";

pub use api::{Api, ApiResult, Request, Response, dispatch};
pub use budgets::*;
pub use changes::*;
pub use codec::{FrameError, MAX_FRAME, decode, encode};
pub use conversations::*;
pub use error::{ApiError, ErrorCode};
pub use hello::{Hello, HelloError, PROTOCOL_VERSION};
pub use inbox::{InboxEntry, inbox};
pub use input::{Input, Key, KeyPress, Modifiers, MouseButton, MouseInput, MouseKind};
pub use loops::*;
pub use messages::*;
pub use review::*;
pub use screen::{
    Color, Cursor, CursorShape, Row, ScreenState, ScreenUpdate, Style, StyleRun, StyledRow,
    TermModes,
};
pub use views::*;
