//! The client side of the socket: connecting, starting the daemon where none runs, reconnecting, and
//! [`Api`](crate::protocol::Api) over the wire.
//!
//! May use the domain, the protocol and the paths. Invariants: a request is answered exactly once, with
//! an error where the connection goes away under it; nothing is sent twice; the link tries for ever to
//! come back unless another version answers.

mod api;
mod autostart;
mod hook;
mod link;

pub use api::Client;
pub use hook::tell;
pub use link::{ConnectError, ConnectOptions, Events};
