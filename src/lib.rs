//! gluon: a board and live panes for AI coding agents.
//!
//! One binary in three roles: the keeper holds the agents' pseudo-terminals, the daemon owns the truth,
//! clients (TUI, command line) show it. `ARCHITECTURE.md` has the layers; `tests/arch.rs` holds them.

pub mod agents;
pub mod cli;
pub mod client;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod git;
pub mod protocol;
pub mod pty;
pub mod store;
pub mod terminal;
pub mod tui;
