//! The output log of a session: bounded, and exact however the program that writes it ends.
//!
//! A directory of segments. A segment is a file of fixed size whose beginning says how much of it is
//! used; bytes are read from the PTY straight into its mapping, so that they are in the page cache, which
//! outlives the process, from the moment `read` returns. Beside each segment but the first stands a
//! snapshot: what the terminal was when the segment began. The newest segment and the one before are
//! kept; what is older is removed, so a log never outgrows two segments and a snapshot each.
//!
//! A kill can fall between `read` and the store of the new length. Segments are zero-filled, so recovery
//! looks behind the stored length for bytes that are not zero. A trailing NUL is lost that way; it means
//! nothing to a terminal.
//!
//! Snapshot and segment get their names only once they are whole, the snapshot first: a cut that a kill
//! interrupts has not happened.

mod segment;
mod window;

use std::fs;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use segment::Segment;

/// The size of a segment, in bytes.
pub const SEGMENT: u64 = 1 << 20;

/// Room that is left in a segment when the log asks for a cut; the writer has so much time to come to a
/// place where it can be cut.
const CUT_AT: u64 = 128 * 1024;

/// The most that one read takes.
const MAX_READ: usize = 64 * 1024;

/// A session's log, open for writing. There is one writer.
pub struct OutputLog {
    dir: PathBuf,
    size: u64,
    current: Segment,
    /// Set while the disk is full: reads go here and are not kept.
    spare: Option<Spare>,
}

struct Spare {
    buffer: Vec<u8>,
    /// Bytes that were read and not kept since the last cut.
    dropped: u64,
}

impl Default for Spare {
    fn default() -> Self {
        Self {
            buffer: vec![0; MAX_READ],
            dropped: 0,
        }
    }
}

/// What a log held when it was opened.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// What the terminal was before `bytes`; `None`: blank.
    pub snapshot: Option<Vec<u8>>,
    /// What was printed since.
    pub bytes: Vec<u8>,
}

/// What one read gave.
#[derive(Debug, PartialEq, Eq)]
pub enum ReadOutcome<'a> {
    /// These bytes; they are in the log.
    Data(&'a [u8]),
    /// Nothing right now.
    WouldBlock,
    /// Nothing any more: the last process has closed its terminal.
    Eof,
    /// The segment is full: [`OutputLog::cut`] first.
    Full,
}

impl OutputLog {
    /// Opens the log in `dir`, or makes it.
    ///
    /// # Errors
    /// Where the directory or the files cannot be used; on a full disk too.
    pub fn open(dir: &Path) -> io::Result<(Self, Recovered)> {
        Self::open_sized(dir, SEGMENT)
    }

    /// As [`OutputLog::open`], with segments of `size` bytes.
    ///
    /// # Errors
    /// As [`OutputLog::open`].
    pub fn open_sized(dir: &Path, size: u64) -> io::Result<(Self, Recovered)> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)?;
        for number in numbers(dir)?.into_iter().rev() {
            let snapshot = match fs::read(snapshot_path(dir, number)) {
                Ok(bytes) => Some(bytes),
                Err(_) if number == 0 => None,
                // Written before its segment; without it the segment before is the newest.
                Err(_) => continue,
            };
            let (current, bytes) = Segment::open(dir, number, size)?;
            let log = Self {
                dir: dir.to_owned(),
                size,
                current,
                spare: None,
            };
            return Ok((log, Recovered { snapshot, bytes }));
        }
        let current = Segment::create(dir, 0, size, 0)?;
        current.publish(dir)?;
        let log = Self {
            current,
            dir: dir.to_owned(),
            size,
            spare: None,
        };
        Ok((log, Recovered::default()))
    }

    /// Reads once from `fd`, at most `max` bytes, straight into the log.
    ///
    /// # Errors
    /// What the system says; a terminal without processes is [`ReadOutcome::Eof`], not an error.
    pub fn read_from(&mut self, fd: BorrowedFd<'_>, max: usize) -> io::Result<ReadOutcome<'_>> {
        let max = max.clamp(1, MAX_READ);
        if self.spare.is_none() && self.current.room() == 0 {
            return Ok(ReadOutcome::Full);
        }
        if self.spare.is_none()
            && let Err(error) = self.current.prepare()
        {
            tracing::warn!(dir = %self.dir.display(), %error, "output is shown but not kept");
            self.spare = Some(Spare::default());
        }
        use rustix::io::Errno;
        let result = loop {
            let result = match &mut self.spare {
                Some(spare) => rustix::io::read(fd, &mut spare.buffer[..max]),
                None => self.current.read(fd, max),
            };
            // Nobody would look again after an interruption if it passed for silence.
            if result != Err(Errno::INTR) {
                break result;
            }
        };
        match result {
            Ok(0) | Err(Errno::IO) => Ok(ReadOutcome::Eof),
            Err(Errno::AGAIN) => Ok(ReadOutcome::WouldBlock),
            Err(error) => Err(error.into()),
            Ok(length) => Ok(ReadOutcome::Data(match &mut self.spare {
                Some(spare) => {
                    spare.dropped += length as u64;
                    &spare.buffer[..length]
                }
                None => self.current.took(length),
            })),
        }
    }

    /// Adds bytes that did not come from the PTY. On a full disk or a full segment the rest is dropped.
    pub fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.spare.is_none() && self.current.room() > 0 {
            if self.current.prepare().is_err() {
                return;
            }
            let written = self.current.write(bytes);
            bytes = &bytes[written..];
        }
    }

    /// Whether the log wants to be cut soon.
    pub fn needs_cut(&self) -> bool {
        match &self.spare {
            Some(spare) => spare.dropped >= self.size,
            None => self.current.room() <= CUT_AT.min(self.size / 4),
        }
    }

    /// Whether bytes are being read that are not kept, because the disk is full.
    pub fn is_dropping(&self) -> bool {
        self.spare.is_some()
    }

    /// Begins a new segment. `snapshot` rebuilds the terminal as it is after everything read so far but
    /// the last bytes, `carry`, which are an unfinished sequence and go to the head of the new segment.
    ///
    /// # Errors
    /// What the system says; the log goes on in the old segment then.
    pub fn cut(&mut self, snapshot: &[u8], carry: &[u8]) -> io::Result<()> {
        let number = self.current.number() + 1;
        let path = snapshot_path(&self.dir, number);
        let part = path.with_extension("part");
        let made = write_private(&part, snapshot)
            .and_then(|()| fs::rename(&part, &path))
            .and_then(|()| {
                let start = self.total().saturating_sub(carry.len() as u64);
                let mut segment = Segment::create(&self.dir, number, self.size, start)?;
                // Claimed now, so that a full disk fails the cut and not the next read.
                segment.prepare()?;
                segment.write_all(carry)?;
                segment.publish(&self.dir)?;
                Ok(segment)
            });
        match made {
            Ok(segment) => {
                self.current = segment;
                self.spare = None;
                self.remove_before(number.saturating_sub(1));
                Ok(())
            }
            Err(error) => {
                for leftover in [&part, &segment::unfinished(&self.dir, number), &path] {
                    let _ = fs::remove_file(leftover);
                }
                if let Some(spare) = &mut self.spare {
                    spare.dropped = 0;
                } else if self.current.room() == 0 {
                    // Nothing more fits: go on without keeping, and try again a segment later.
                    self.spare = Some(Spare::default());
                }
                Err(error)
            }
        }
    }

    /// Bytes ever logged, those of removed segments included.
    pub fn total(&self) -> u64 {
        self.current.end()
    }

    /// Lets go of memory until the next byte comes.
    pub fn idle(&mut self) {
        self.current.unmap();
    }

    fn remove_before(&self, keep: u64) {
        for number in numbers(&self.dir).unwrap_or_default() {
            if number < keep {
                let _ = fs::remove_file(segment::path(&self.dir, number));
                let _ = fs::remove_file(snapshot_path(&self.dir, number));
            }
        }
    }
}

/// Up to `max` bytes of the log in `dir` from `offset` on, or its last ones, with the offset of the first.
///
/// # Errors
/// What the system says.
pub fn read_at(dir: &Path, offset: Option<u64>, max: usize) -> io::Result<(u64, Vec<u8>)> {
    let mut start = 0;
    let mut bytes = Vec::new();
    for number in numbers(dir)? {
        let (from, part) = match segment::read(dir, number) {
            // The writer has cut since, and what was oldest is gone.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            read => read?,
        };
        if bytes.is_empty() {
            start = from;
        }
        // The carry at a segment's head repeats the tail of the one before.
        let known = from.saturating_sub(start) as usize;
        bytes.truncate(known);
        if known > bytes.len() {
            start = from;
            bytes.clear();
        }
        bytes.extend_from_slice(&part);
    }
    let end = start + bytes.len() as u64;
    let from = offset
        .unwrap_or(end.saturating_sub(max as u64))
        .clamp(start, end);
    let first = (from - start) as usize;
    let last = bytes.len().min(first.saturating_add(max));
    Ok((from, bytes[first..last].to_vec()))
}

/// The numbers of the segments in `dir`, ascending.
fn numbers(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers: Vec<u64> = fs::read_dir(dir)?
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            // No log gets as far as u32; what does is not ours.
            let number: u32 = name.to_str()?.strip_suffix(".log")?.parse().ok()?;
            Some(u64::from(number))
        })
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let options = options.create(true).truncate(true).write(true).mode(0o600);
    options.open(path)?.write_all(bytes)
}

fn snapshot_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.snap"))
}

#[cfg(test)]
mod tests;
