//! Pseudo-terminals: the keeper that holds them, the daemon's end of it, the log of what agents print.
//!
//! May use the domain only. Invariants: the keeper parses nothing an agent writes; its protocol only ever
//! grows at the end, because a keeper outlives upgrades; a byte read from a PTY is in the log before
//! anything else sees it.

pub mod client;
mod fds;
pub mod keeper;
pub mod log;
pub mod peer;
pub mod process;
pub mod wire;

pub use client::{KeeperClient, KeeperError, Spawned};
pub use log::{OutputLog, ReadOutcome, Recovered};
