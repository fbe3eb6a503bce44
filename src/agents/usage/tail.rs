//! The lines that were added to a file since it was last read.
//!
//! What is read is untrusted: links and pipes are not opened, a line is bounded (a longer one is left out),
//! and so is what one call reads.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The longest line that is looked at, in bytes.
pub(super) const LONGEST: usize = 8 * 1024 * 1024;
/// Bytes read at once.
const PIECE: usize = 256 * 1024;

/// How far a file has been read.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Device, inode and length of the file as it was last read.
    seen: Option<(u64, u64, u64)>,
    /// Where the first line begins that has not been read.
    offset: u64,
    /// Whether what is at `offset` is the rest of a line that is too long.
    skipping: bool,
}

/// What reading more of a file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    /// Nothing new.
    Nothing,
    /// New lines.
    Lines,
    /// It is another file, or was cut: everything read of it before is void, and nothing was read now.
    Replaced,
}

impl Tail {
    /// Gives `each` every whole line that is new, while `budget` (in bytes) lasts.
    ///
    /// # Errors
    /// Where the file cannot be read; what was given to `each` before is not given again.
    pub(super) fn read(
        &mut self,
        path: &Path,
        budget: &mut u64,
        each: &mut dyn FnMut(&[u8]),
    ) -> io::Result<More> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Ok(More::Nothing);
        }
        let now = (meta.dev(), meta.ino(), meta.len());
        match self.seen {
            Some((dev, inode, _)) if (dev, inode) != (now.0, now.1) => return Ok(More::Replaced),
            Some(_) if now.2 < self.offset => return Ok(More::Replaced),
            // A line that is not whole yet is not read again until there is more of it.
            Some(seen) if seen == now && *budget > 0 => return Ok(More::Nothing),
            _ => {}
        }
        let complete = self.lines(file, now.2, budget, each)?;
        // Where the budget ended first, the next call goes on.
        let length = if complete { now.2 } else { self.offset };
        self.seen = Some((now.0, now.1, length));
        Ok(More::Lines)
    }

    /// Reads up to `end`; whether the budget sufficed.
    fn lines(
        &mut self,
        mut file: File,
        end: u64,
        budget: &mut u64,
        each: &mut dyn FnMut(&[u8]),
    ) -> io::Result<bool> {
        file.seek(SeekFrom::Start(self.offset))?;
        let mut buffer: Vec<u8> = Vec::new();
        let mut at = self.offset;
        while at < end {
            if *budget == 0 {
                return Ok(false);
            }
            let start = buffer.len();
            let wanted = (PIECE as u64).min(end - at).min(*budget);
            let got = (&mut file).take(wanted).read_to_end(&mut buffer)?;
            if got == 0 {
                break;
            }
            at += got as u64;
            *budget -= got as u64;
            let Some(last) = memchr::memrchr(b'\n', &buffer[start..]) else {
                if self.skipping || buffer.len() > LONGEST {
                    self.skipping = true;
                    self.offset = at;
                    buffer.clear();
                }
                continue;
            };
            let whole = start + last + 1;
            for line in buffer[..whole - 1].split(|byte| *byte == b'\n') {
                let skipped = std::mem::take(&mut self.skipping);
                if !skipped && line.len() <= LONGEST {
                    each(line);
                }
            }
            self.offset += whole as u64;
            buffer.drain(..whole);
        }
        Ok(true)
    }
}
