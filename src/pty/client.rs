//! The daemon's end of the keeper: one request at a time, ends of processes by a callback.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::fds::{self, FrameReader};
use super::wire::{HELLO, KeeperStatus, KeptRun, Reply, Request, Spawn};
use crate::domain::{Exit, RunId};

/// The keeper answers at once; ending a daemon that does not want to is what takes longest.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why the keeper did not do it.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// It is not there.
    #[error("the keeper cannot be reached at {path}: {source}")]
    Connect {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It went away.
    #[error("the keeper does not answer: {0}")]
    Gone(String),
    /// It says why not.
    #[error("{0}")]
    Refused(String),
}

/// A process that was started.
#[derive(Debug)]
pub struct Spawned {
    /// Its number in the system.
    pub pid: u32,
    /// Its PTY's master.
    pub master: OwnedFd,
}

/// A connection to the keeper.
pub struct KeeperClient {
    asking: Mutex<Asking>,
}

struct Asking {
    stream: UnixStream,
    replies: Receiver<io::Result<(Reply, Option<OwnedFd>)>>,
}

/// What is told about ends: which run, and how it ended.
pub type OnExit = Box<dyn Fn(RunId, Exit) + Send>;

impl KeeperClient {
    /// Connects to the keeper at `path`. With `on_exit` this becomes the connection that is told of the
    /// ends of processes, from a thread of its own.
    ///
    /// # Errors
    /// Where no keeper answers there.
    pub fn connect(path: &Path, on_exit: Option<OnExit>) -> Result<Self, KeeperError> {
        let named = |source| KeeperError::Connect {
            path: path.to_owned(),
            source,
        };
        let stream = UnixStream::connect(path).map_err(named)?;
        (&stream).write_all(&HELLO).map_err(named)?;
        let mut reader = FrameReader::new(stream.try_clone().map_err(named)?);
        let hello = reader.exact::<10>().map_err(named)?;
        if hello[..8] != HELLO[..8] {
            return Err(named(io::Error::other("something else answers there")));
        }
        let claims = on_exit.is_some();
        let (sender, replies) = channel();
        std::thread::Builder::new()
            .name("keeper".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || {
                loop {
                    let message = reader.next::<Reply>().and_then(|reply| {
                        let fd = reply.carries_fd().then(|| reader.take_fd()).transpose()?;
                        Ok((reply, fd))
                    });
                    match (message, &on_exit) {
                        (Ok((Reply::Exited { run, exit }, _)), Some(told)) => {
                            told(RunId(run), exit);
                        }
                        (Ok((Reply::Exited { .. }, _)), None) => {}
                        (message, _) => {
                            let last = message.is_err();
                            if sender.send(message).is_err() || last {
                                return;
                            }
                        }
                    }
                }
            })
            .map_err(named)?;
        let client = Self {
            asking: Mutex::new(Asking { stream, replies }),
        };
        if claims {
            client.done(&Request::Claim)?;
        }
        Ok(client)
    }

    /// Starts a process in a PTY of its own.
    ///
    /// # Errors
    /// One sentence where it cannot be started.
    pub fn spawn(&self, spawn: SpawnRequest) -> Result<Spawned, KeeperError> {
        let bytes = OsString::into_vec;
        let request = Request::Spawn(Spawn {
            run: spawn.run.0,
            argv: spawn.argv.into_iter().map(String::into_bytes).collect(),
            env: spawn
                .env
                .into_iter()
                .map(|(name, value)| (bytes(name), bytes(value)))
                .collect(),
            cwd: bytes(spawn.cwd.into_os_string()),
            rows: spawn.rows,
            cols: spawn.cols,
        });
        match self.ask(&request)? {
            (Reply::Spawned { pid }, Some(master)) => Ok(Spawned { pid, master }),
            other => Err(unexpected(&other.0)),
        }
    }

    /// All runs the keeper knows.
    ///
    /// # Errors
    /// Where the keeper is gone.
    pub fn list(&self) -> Result<Vec<KeptRun>, KeeperError> {
        match self.ask(&Request::List)? {
            (Reply::Runs(runs), _) => Ok(runs),
            other => Err(unexpected(&other.0)),
        }
    }

    /// The PTY's master of a run.
    ///
    /// # Errors
    /// Where there is no such run.
    pub fn take(&self, run: RunId) -> Result<OwnedFd, KeeperError> {
        match self.ask(&Request::Take { run: run.0 })? {
            (Reply::Taken, Some(master)) => Ok(master),
            other => Err(unexpected(&other.0)),
        }
    }

    /// Sends a signal to a run's process, or to its whole group. Nothing happens if it has ended.
    ///
    /// # Errors
    /// Where there is no such run or the system refuses.
    pub fn signal(&self, run: RunId, signal: i32, group: bool) -> Result<(), KeeperError> {
        self.done(&Request::Signal {
            run: run.0,
            signal,
            group,
        })
    }

    /// Lets the keeper forget a run that has ended and whose output has been read.
    ///
    /// # Errors
    /// Where the keeper is gone.
    pub fn ack(&self, run: RunId) -> Result<(), KeeperError> {
        self.done(&Request::Ack { run: run.0 })
    }

    /// Ends the daemon and starts it anew, from `program` if one is named.
    ///
    /// # Errors
    /// Where the keeper is gone.
    pub fn restart_daemon(&self, program: Option<String>) -> Result<(), KeeperError> {
        self.done(&Request::RestartDaemon { program })
    }

    /// What the keeper is.
    ///
    /// # Errors
    /// Where the keeper is gone.
    pub fn status(&self) -> Result<KeeperStatus, KeeperError> {
        match self.ask(&Request::Status)? {
            (Reply::Status(status), _) => Ok(status),
            other => Err(unexpected(&other.0)),
        }
    }

    /// Ends daemon and keeper.
    ///
    /// # Errors
    /// Where the keeper is gone already.
    pub fn stop(&self) -> Result<(), KeeperError> {
        self.done(&Request::Stop)
    }

    fn done(&self, request: &Request) -> Result<(), KeeperError> {
        match self.ask(request)? {
            (Reply::Done, _) => Ok(()),
            other => Err(unexpected(&other.0)),
        }
    }

    fn ask(&self, request: &Request) -> Result<(Reply, Option<OwnedFd>), KeeperError> {
        let asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = |error: &dyn std::fmt::Display| KeeperError::Gone(error.to_string());
        fds::send(&asking.stream, request, None).map_err(|error| gone(&error))?;
        match asking.replies.recv_timeout(PATIENCE) {
            Ok(Ok((Reply::Failed(message), _))) => Err(KeeperError::Refused(message)),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(gone(&error)),
            Err(error) => {
                // A late answer would be taken for the next request's: this connection is done with.
                let _ = asking.stream.shutdown(std::net::Shutdown::Both);
                Err(gone(&error))
            }
        }
    }
}

/// A process to start.
#[derive(Clone)]
pub struct SpawnRequest {
    /// Its number, unique.
    pub run: RunId,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The complete environment.
    pub env: Vec<(OsString, OsString)>,
    /// Where.
    pub cwd: PathBuf,
    /// Rows of its terminal.
    pub rows: u16,
    /// Columns of its terminal.
    pub cols: u16,
}

fn unexpected(reply: &Reply) -> KeeperError {
    KeeperError::Gone(format!("an answer to something else ({reply:?})"))
}

impl Drop for KeeperClient {
    fn drop(&mut self) {
        let asking = self
            .asking
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        // Wakes the reading thread, which would wait for ever otherwise.
        let _ = asking.stream.shutdown(std::net::Shutdown::Both);
    }
}
