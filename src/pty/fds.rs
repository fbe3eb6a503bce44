//! Frames over a unix socket, with a file descriptor beside a frame where it carries one.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::MAX_FRAME;

/// Descriptors that may wait for their frames. A peer that sends more is broken.
const MAX_PENDING_FDS: usize = 16;

/// Writes a frame, and with its first byte the descriptor.
pub(super) fn send<T: Serialize>(
    stream: &UnixStream,
    message: &T,
    fd: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let body = postcard::to_allocvec(message).map_err(io::Error::other)?;
    if body.len() > MAX_FRAME {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "a message of {} bytes is too long for the keeper",
                body.len()
            ),
        ));
    }
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(&body);
    let mut sent = 0;
    if let Some(fd) = fd {
        let fds = [fd];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        let parts = [IoSlice::new(&frame)];
        sent = retry(|| sendmsg(stream, &parts, &mut ancillary, SendFlags::empty()))?;
    }
    let mut rest: &UnixStream = stream;
    rest.write_all(&frame[sent..])
}

/// The reading end of a socket.
pub(super) struct FrameReader {
    stream: UnixStream,
    bytes: Vec<u8>,
    fds: VecDeque<OwnedFd>,
}

impl FrameReader {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
            fds: VecDeque::new(),
        }
    }

    /// Exactly `N` bytes; used for the hello.
    pub(super) fn exact<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        while self.bytes.len() < N {
            self.fill()?;
        }
        let mut taken = [0; N];
        taken.copy_from_slice(&self.bytes[..N]);
        self.bytes.drain(..N);
        Ok(taken)
    }

    /// The next message. A frame that is too long or malformed is an error; the connection is of no more
    /// use then.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        let length = u32::from_be_bytes(self.exact::<4>()?) as usize;
        if length > MAX_FRAME {
            return Err(invalid(format!("a frame of {length} bytes")));
        }
        while self.bytes.len() < length {
            self.fill()?;
        }
        let message = postcard::from_bytes(&self.bytes[..length])
            .map_err(|error| invalid(format!("a malformed frame: {error}")));
        self.bytes.drain(..length);
        message
    }

    /// The descriptor that came with the message just read.
    pub(super) fn take_fd(&mut self) -> io::Result<OwnedFd> {
        self.fds
            .pop_front()
            .ok_or_else(|| invalid("a frame without its file descriptor".to_owned()))
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0u8; 16 * 1024];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = {
            let mut parts = [IoSliceMut::new(&mut buffer)];
            // macOS has no MSG_CMSG_CLOEXEC; there the flag is set right below.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            let flags = RecvFlags::CMSG_CLOEXEC;
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            let flags = RecvFlags::empty();
            retry(|| recvmsg(&self.stream, &mut parts, &mut ancillary, flags))?
        };
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                self.fds.extend(fds);
            }
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        for fd in &self.fds {
            rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC)?;
        }
        if self.fds.len() > MAX_PENDING_FDS {
            return Err(invalid("more file descriptors than frames".to_owned()));
        }
        if received.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes.extend_from_slice(&buffer[..received.bytes]);
        Ok(())
    }
}

impl AsFd for FrameReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::pty::wire::{Reply, Request};

    #[test]
    fn a_descriptor_travels_with_its_frame() {
        let (left, right) = UnixStream::pair().unwrap();
        let (mut inside, outside) = UnixStream::pair().unwrap();
        send(&left, &Reply::Done, None).unwrap();
        send(&left, &Reply::Spawned { pid: 7 }, Some(outside.as_fd())).unwrap();
        drop(outside);
        let mut reader = FrameReader::new(right);
        assert_eq!(reader.next::<Reply>().unwrap(), Reply::Done);
        assert_eq!(reader.next::<Reply>().unwrap(), Reply::Spawned { pid: 7 });
        let fd = reader.take_fd().unwrap();
        UnixStream::from(fd).write_all(b"hi").unwrap();
        let mut got = [0; 2];
        inside.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"hi");
    }

    #[test]
    fn hostile_frames_are_errors() {
        for bytes in [
            &u32::MAX.to_be_bytes()[..],
            &[0, 0, 0, 2, 250, 250],
            &[0, 0, 0, 9, 1],
            &[0, 0],
        ] {
            let (mut left, right) = UnixStream::pair().unwrap();
            left.write_all(bytes).unwrap();
            drop(left);
            assert!(FrameReader::new(right).next::<Request>().is_err());
        }
    }
}
