//! The ways by which the daemon itself tells the user something: the desktop, and a command of the user's.
//!
//! Invariants: neither ever holds up the daemon; what waits is bounded, and what does not fit is dropped with
//! a line in the log; no text of an agent is ever part of a command.

pub(super) mod command;
pub(super) mod desktop;
