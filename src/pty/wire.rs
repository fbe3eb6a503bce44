//! What daemon and keeper say to each other.
//!
//! Frozen: the hello, the framing (length as u32, big endian, then postcard), and every variant and field
//! below as they are. New requests are appended; nothing is ever changed or taken out, since a keeper of
//! an old version goes on holding agents for a daemon of a new one.

use serde::{Deserialize, Serialize};

use crate::domain::Exit;

/// Sent first by both sides: eight bytes of name, the version as u16, big endian.
pub const HELLO: [u8; 10] = *b"GLUONKPR\x00\x01";

/// The longest frame, in bytes. An environment may be large; nothing else is.
pub const MAX_FRAME: usize = 4 << 20;

/// What the keeper is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// This connection is the daemon's: it gets the pushes, instead of the one before.
    Claim,
    /// Start a process in a PTY of its own. Answered by `Spawned` with the PTY's master.
    Spawn(Spawn),
    /// All runs that are kept.
    List,
    /// The PTY's master of a run again. Answered by `Taken` with it.
    Take {
        /// Which.
        run: i64,
    },
    /// Send a signal.
    Signal {
        /// To which.
        run: i64,
        /// Its number.
        signal: i32,
        /// To the whole process group.
        group: bool,
    },
    /// The daemon has the exit status and all output: forget the run.
    Ack {
        /// Which.
        run: i64,
    },
    /// End the daemon and start this program in its place, now and after every crash.
    RestartDaemon {
        /// The program; `None`: the same again.
        program: Option<String>,
    },
    /// What the keeper is.
    Status,
    /// End daemon and keeper; agents that still run get SIGHUP.
    Stop,
}

/// A process to start.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawn {
    /// Its number, given by the daemon; unique among those kept.
    pub run: i64,
    /// Program and arguments.
    pub argv: Vec<Vec<u8>>,
    /// The complete environment.
    pub env: Vec<(Vec<u8>, Vec<u8>)>,
    /// Where.
    pub cwd: Vec<u8>,
    /// Rows of the terminal.
    pub rows: u16,
    /// Columns of the terminal.
    pub cols: u16,
}

impl std::fmt::Debug for Spawn {
    /// Without the environment's values: they hold keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let argv: Vec<_> = self
            .argv
            .iter()
            .map(|argument| String::from_utf8_lossy(argument))
            .collect();
        f.debug_struct("Spawn")
            .field("run", &self.run)
            .field("argv", &argv)
            .field("env", &format_args!("{} variables", self.env.len()))
            .finish_non_exhaustive()
    }
}

/// A run as the keeper knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRun {
    /// Its number.
    pub run: i64,
    /// Its process.
    pub pid: u32,
    /// How it ended; `None`: it lives.
    pub exit: Option<Exit>,
}

/// The keeper, for `gluon doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeeperStatus {
    /// Its process.
    pub pid: u32,
    /// The program's version it was started from.
    pub version: String,
    /// The daemon's process, if it runs.
    pub daemon: Option<u32>,
    /// How often the daemon has died by itself.
    pub crashes: u32,
}

/// What the keeper answers, in the order of the requests, and what it says by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To everything that has no answer of its own.
    Done,
    /// It cannot be done: one sentence.
    Failed(String),
    /// To `Spawn`; a file descriptor comes along.
    Spawned {
        /// The process.
        pid: u32,
    },
    /// To `List`.
    Runs(Vec<KeptRun>),
    /// To `Take`; a file descriptor comes along.
    Taken,
    /// To `Status`.
    Status(KeeperStatus),
    /// By itself, to the daemon: a process ended.
    Exited {
        /// Which.
        run: i64,
        /// How.
        exit: Exit,
    },
}

impl Reply {
    /// Whether a file descriptor comes along.
    pub fn carries_fd(&self) -> bool {
        matches!(self, Reply::Spawned { .. } | Reply::Taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of the first version; a keeper of any version must read and write them so.
    #[test]
    fn the_frozen_encoding() {
        let bytes = |request: &Request| postcard::to_allocvec(request).unwrap();
        assert_eq!(bytes(&Request::Claim), [0]);
        assert_eq!(bytes(&Request::List), [2]);
        assert_eq!(bytes(&Request::Take { run: 5 }), [3, 10]);
        let signal = Request::Signal {
            run: 1,
            signal: 15,
            group: true,
        };
        assert_eq!(bytes(&signal), [4, 2, 30, 1]);
        assert_eq!(bytes(&Request::Ack { run: 1 }), [5, 2]);
        assert_eq!(bytes(&Request::RestartDaemon { program: None }), [6, 0]);
        assert_eq!(bytes(&Request::Status), [7]);
        assert_eq!(bytes(&Request::Stop), [8]);
        let exited = Reply::Exited {
            run: 1,
            exit: Exit::Code(3),
        };
        assert_eq!(postcard::to_allocvec(&exited).unwrap(), [6, 2, 0, 6]);
    }

    #[test]
    fn debugging_a_spawn_shows_no_values() {
        let spawn = Spawn {
            run: 1,
            argv: vec![b"claude".to_vec()],
            env: vec![(b"API_KEY".to_vec(), b"secret".to_vec())],
            cwd: b"/".to_vec(),
            rows: 1,
            cols: 1,
        };
        let shown = format!("{spawn:?}");
        assert!(shown.contains("claude") && !shown.contains("secret"));
    }
}
