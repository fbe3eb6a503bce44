//! The daemon: owns the truth and everything that runs.
//!
//! Composes the layers below it: the service ([`Api`](crate::protocol::Api), one function per request),
//! a thread per session, the scheduler, recovery and the server. May use layers 0 to 2. Invariants: it is
//! the only writer of the database and the only one of its user; clients and agents can cost it a
//! connection or a screen, never its life; it may be killed at any moment, and the next one shows the
//! same.

mod check;
mod clock;
mod connection;
mod fault;
mod hub;
mod keeper;
mod lock;
mod log_file;
mod monitor;
mod outbox;
mod prices;
mod process;
mod processes;
mod scheduler;
mod server;
mod service;
mod session;
mod settings;
mod ways;

pub use process::main;
