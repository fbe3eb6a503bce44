//! Waking a session's thread out of its poll.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The end that wakes.
#[derive(Clone)]
pub(super) struct Waker {
    stream: Arc<UnixStream>,
    /// Whether a wake-up is already on its way.
    rung: Arc<AtomicBool>,
}

/// The end that is polled.
pub(super) struct Wake {
    stream: UnixStream,
    rung: Arc<AtomicBool>,
}

/// A pair of both ends.
pub(super) fn pair() -> io::Result<(Waker, Wake)> {
    let (near, far) = UnixStream::pair()?;
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    let rung = Arc::new(AtomicBool::new(false));
    let waker = Waker {
        stream: Arc::new(near),
        rung: rung.clone(),
    };
    Ok((waker, Wake { stream: far, rung }))
}

impl Waker {
    /// Makes the other end readable.
    pub(super) fn wake(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            let _ = (&*self.stream).write(&[1]);
        }
    }
}

impl Wake {
    /// What to poll for reading.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Takes the wake-ups; whatever they were for has to be looked at after this. `readable`: what the poll
    /// said. A ring is noted before it can be read, so it may be readable though it was taken already.
    pub(super) fn clear(&mut self, readable: bool) {
        if !readable && !self.rung.load(Ordering::Acquire) {
            return;
        }
        let mut buffer = [0; 16];
        while matches!(self.stream.read(&mut buffer), Ok(count) if count > 0) {}
        // In this order: who rings in between finds it rung, and has queued its command already.
        self.rung.store(false, Ordering::Release);
    }
}
