//! One end of a connection to the keeper: whole frames, written by one thread at a time, and never for
//! ever.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::pty::fds;
use crate::pty::wire::Reply;

/// Whoever takes nothing for so long is cut off.
const STALL: Duration = Duration::from_secs(5);

pub(super) struct Connection {
    stream: UnixStream,
    writing: Mutex<()>,
}

impl Connection {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_write_timeout(Some(STALL))?;
        Ok(Self {
            stream,
            writing: Mutex::new(()),
        })
    }

    /// Writes one frame. A connection that does not take it whole is of no more use: it is shut, so that
    /// its other end learns that it has missed something.
    pub(super) fn send(&self, reply: &Reply, fd: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        fds::send(&self.stream, reply, fd).inspect_err(|_| {
            let _ = self.stream.shutdown(std::net::Shutdown::Both);
        })
    }
}
