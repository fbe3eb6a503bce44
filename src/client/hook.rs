//! One notice to a daemon that runs, and nothing else: what an agent's hook does, as fast as it can.
//!
//! Invariants: nothing is started and nothing is waited for longer than [`PATIENCE`]; the agent waits for us.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::config::Paths;
use crate::protocol::{ClientMessage, Hello, Notice, encode};

/// How long a daemon may take to read or to answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// The longest hello, in bytes.
const HELLO: usize = 1024;

/// Tells the daemon `notice`.
///
/// # Errors
/// Where none runs, or none that speaks this protocol, or one that takes nothing.
pub fn tell(paths: &Paths, notice: Notice) -> io::Result<()> {
    let mut stream = UnixStream::connect(paths.socket())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let ours = Hello::ours();
    stream.write_all(&frame(&ours.encode())?)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > HELLO {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut hello = vec![0; length];
    stream.read_exact(&mut hello)?;
    let theirs = Hello::decode(&hello).map_err(io::Error::other)?;
    ours.check(&theirs).map_err(io::Error::other)?;
    let message = encode(&ClientMessage::Notice(notice)).map_err(io::Error::other)?;
    stream.write_all(&frame(&message)?)
}

/// As [`crate::protocol::codec`] reads it: the length, then the bytes.
fn frame(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend_from_slice(bytes);
    Ok(frame)
}
