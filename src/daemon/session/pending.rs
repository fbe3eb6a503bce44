//! What waits to be written to an agent: bounded, in order, never blocking.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

/// The most that waits, in bytes. An agent that reads nothing loses what is typed beyond it.
const LIMIT: usize = 1024 * 1024;

/// Bytes on their way to the agent.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: VecDeque<u8>,
}

impl Pending {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Queues `bytes`, all or nothing; whether there was room.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let fits = self.bytes.len() + bytes.len() <= LIMIT;
        if fits {
            self.bytes.extend(bytes);
        }
        fits
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.bytes = VecDeque::new();
    }

    /// Writes as much as the agent takes now.
    pub(super) fn flush(&mut self, to: BorrowedFd<'_>) {
        while !self.bytes.is_empty() {
            let (front, _) = self.bytes.as_slices();
            match rustix::io::write(to, front) {
                Ok(0) => return,
                Ok(count) => drop(self.bytes.drain(..count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // Nobody will ever read it.
                Err(_) => return self.clear(),
            }
        }
        if self.bytes.capacity() > 4096 {
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn order_is_kept_and_a_full_pipe_does_not_block() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut pending = Pending::default();
        let data: Vec<u8> = (0..900_000u32).map(|n| (n % 251) as u8).collect();
        assert!(pending.push(&data));
        assert!(!pending.push(&data), "the limit holds");
        pending.flush(ours.as_fd());
        assert!(!pending.is_empty(), "the socket's buffer is smaller");
        let mut got = Vec::new();
        let mut buffer = vec![0; 65_536];
        while got.len() < data.len() {
            let count = theirs.read(&mut buffer).unwrap();
            got.extend_from_slice(&buffer[..count]);
            pending.flush(ours.as_fd());
        }
        assert!(got == data && pending.is_empty());
    }
}
