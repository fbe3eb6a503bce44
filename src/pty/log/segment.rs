//! One segment: a header of [`HEADER`] bytes (name, bytes used, offset of the first) and the bytes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::window::Window;

/// The length of the header, in bytes.
pub(super) const HEADER: u64 = 32;
const MAGIC: &[u8; 8] = b"GLUONLG1";

pub(super) struct Segment {
    file: File,
    number: u64,
    size: u64,
    start: u64,
    used: u64,
    header: Option<Window>,
    window: Option<Window>,
}

pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.log"))
}

/// Where a segment lies until it is whole.
pub(super) fn unfinished(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.new"))
}

impl Segment {
    /// A new segment, which nobody finds before it is published.
    pub(super) fn create(dir: &Path, number: u64, size: u64, start: u64) -> io::Result<Self> {
        let file = options()
            .create(true)
            .truncate(true)
            .open(unfinished(dir, number))?;
        file.write_all_at(&header(0, start), 0)?;
        // Sparse: room is claimed a window at a time.
        file.set_len(HEADER + size)?;
        Ok(Self {
            file,
            number,
            size,
            start,
            used: 0,
            header: None,
            window: None,
        })
    }

    /// Gives the segment its name.
    pub(super) fn publish(&self, dir: &Path) -> io::Result<()> {
        std::fs::rename(unfinished(dir, self.number), path(dir, self.number))
    }

    /// Opens a segment to go on with, with what it holds.
    pub(super) fn open(dir: &Path, number: u64, size: u64) -> io::Result<(Self, Vec<u8>)> {
        let (start, bytes) = read(dir, number)?;
        let file = options().open(path(dir, number))?;
        let length = file.metadata()?.len();
        let size = size.max(length.saturating_sub(HEADER));
        file.set_len(HEADER + size)?;
        let used = bytes.len() as u64;
        file.write_all_at(&header(used, start), 0)?;
        let segment = Self {
            file,
            number,
            size,
            start,
            used,
            header: None,
            window: None,
        };
        Ok((segment, bytes))
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn room(&self) -> u64 {
        self.size - self.used
    }

    pub(super) fn end(&self) -> u64 {
        self.start + self.used
    }

    /// Makes sure that at least one byte can be read into the mapping without the disk running full under
    /// it, which would be a SIGBUS.
    pub(super) fn prepare(&mut self) -> io::Result<()> {
        if self.header.is_none() {
            self.header = Some(Window::map(&self.file, 0, HEADER)?);
        }
        let at = HEADER + self.used;
        if self
            .window
            .as_ref()
            .is_none_or(|window| window.room(at) == 0)
        {
            self.window = None;
            self.window = Some(Window::map(&self.file, at, HEADER + self.size)?);
        }
        Ok(())
    }

    pub(super) fn read(&mut self, fd: BorrowedFd<'_>, max: usize) -> rustix::io::Result<usize> {
        match self.free(max) {
            Some(free) => rustix::io::read(fd, free),
            None => Err(rustix::io::Errno::NOSPC),
        }
    }

    /// So many bytes have been read into the mapping.
    pub(super) fn took(&mut self, length: usize) -> &[u8] {
        let at = HEADER + self.used;
        self.used += length as u64;
        if let Some(header) = &mut self.header
            && let Some(field) = header.slice_mut(8, 8)
        {
            field.copy_from_slice(&self.used.to_le_bytes());
        }
        self.window
            .as_ref()
            .and_then(|window| window.slice(at, length))
            .unwrap_or_default()
    }

    /// Writes what fits into the window; the answer is how much that was.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(free) = self.free(bytes.len()) else {
            return 0;
        };
        let length = free.len();
        free.copy_from_slice(&bytes[..length]);
        self.took(length);
        length
    }

    /// Writes everything.
    pub(super) fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.room() == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.prepare()?;
            let written = self.write(bytes);
            bytes = &bytes[written..];
        }
        Ok(())
    }

    fn free(&mut self, max: usize) -> Option<&mut [u8]> {
        let at = HEADER + self.used;
        let window = self.window.as_mut()?;
        let length = window.room(at).min(max);
        window.slice_mut(at, length)
    }

    pub(super) fn unmap(&mut self) {
        self.header = None;
        self.window = None;
    }
}

/// The first bytes of a file of which `used` bytes are used and whose first has the offset `start`.
fn header(used: u64, start: u64) -> [u8; 24] {
    let mut header = [0; 24];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&used.to_le_bytes());
    header[16..].copy_from_slice(&start.to_le_bytes());
    header
}

/// What a segment holds, with the offset of its first byte.
pub(super) fn read(dir: &Path, number: u64) -> io::Result<(u64, Vec<u8>)> {
    let mut bytes = Vec::new();
    File::open(path(dir, number))?
        .take(64 << 20)
        .read_to_end(&mut bytes)?;
    let field = |at: usize| -> u64 {
        bytes
            .get(at..at + 8)
            .and_then(|field| field.try_into().ok())
            .map_or(0, u64::from_le_bytes)
    };
    let known = bytes.starts_with(MAGIC);
    let (stored, start) = if known { (field(8), field(16)) } else { (0, 0) };
    // Whatever the file says: offsets are added to.
    let start = start.min(u64::MAX / 2);
    let data = bytes.get(HEADER as usize..).unwrap_or_default();
    let last = data
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    let used = last.max(stored.min(data.len() as u64) as usize);
    Ok((start, data[..used].to_vec()))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}
