//! Transcripts of one JSON object per line: read on from where the last look ended, and by the page.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::{Digest, Found, From, News, Page, Sought, Told};
use crate::domain::Passage;

/// The longest line that is looked at, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;
/// Bytes read at once.
const PIECE: u64 = 256 * 1024;
/// The most bytes read for one page.
const MOST_OF_PAGE: u64 = 64 * 1024 * 1024;

/// What a line tells.
pub(super) type Line<'a> = &'a mut dyn FnMut(&[u8], &mut Told);

/// Reads what is new since `before`.
pub(super) fn read(found: &Found, before: Option<Digest>, line: Line<'_>) -> io::Result<News> {
    let file = open(Path::new(&found.place))?;
    let length = file.metadata()?.len();
    // One that became shorter is another one, and so is one that was written anew: no line ends there.
    let before = before.filter(|before| before.offset <= length && ends_line(&file, before.offset));
    let anew = before.is_none();
    let digest = before.unwrap_or_default();
    let mut news = News {
        anew,
        ..News::default()
    };
    let mut told = Told {
        digest,
        passages: Vec::new(),
        brief: true,
    };
    let mut offset = told.digest.offset;
    forward(file, offset, length, &mut |bytes, end| {
        line(bytes, &mut told);
        offset = end;
        std::mem::swap(&mut news.digest, &mut told.digest);
        news.take(&told.passages);
        told.passages.clear();
        std::mem::swap(&mut news.digest, &mut told.digest);
        true
    })?;
    news.digest = told.digest;
    news.digest.offset = offset;
    Ok(news)
}

/// Whether a line ends right before `offset`.
fn ends_line(file: &File, offset: u64) -> bool {
    let mut byte = [0];
    offset == 0 || file.read_exact_at(&mut byte, offset - 1).is_ok() && byte == [b'\n']
}

/// What is looked for.
pub(super) struct Wanted<'a> {
    pub(super) start: u64,
    pub(super) budget: u64,
    pub(super) letters: &'a [&'a str],
    pub(super) wanted: &'a dyn Fn(&Passage) -> bool,
}

impl Wanted<'_> {
    pub(super) fn seek(&self, path: &Path, line: Line<'_>) -> io::Result<Sought> {
        let file = open(path)?;
        let length = file.metadata()?.len();
        let start = self.start.min(length);
        let last = length.min(start.saturating_add(self.budget));
        let mut sought = Sought {
            reached: start,
            ..Sought::default()
        };
        let mut told = Told::default();
        forward(file, start, last, &mut |bytes, end| {
            if self.may_have(bytes) {
                line(bytes, &mut told);
                let mut passages = told.passages.drain(..);
                let hit = passages.find(|passage| (self.wanted)(passage));
                sought.hit = hit.map(|passage| (sought.reached, passage));
            }
            if sought.hit.is_none() {
                sought.reached = end;
            }
            sought.hit.is_none()
        })?;
        // A line longer than all of the budget is none.
        if sought.hit.is_none() && sought.reached == start {
            sought.reached = last;
        }
        sought.ended = sought.hit.is_none() && last == length;
        Ok(sought)
    }

    /// Whether a line may tell of what is looked for. What is not ASCII may stand for a letter of it.
    fn may_have(&self, line: &[u8]) -> bool {
        let plain = line.is_ascii() && memchr::memmem::find(line, b"\\u").is_none();
        !plain
            || self
                .letters
                .iter()
                .all(|letters| has(line, letters.as_bytes()))
    }
}

/// Whether `letters`, in capitals or not, stand in a line.
fn has(line: &[u8], letters: &[u8]) -> bool {
    let Some(first) = letters.first() else {
        return true;
    };
    let (small, capital) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(small, capital, line).any(|at| {
        let here = line.get(at..at + letters.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(letters))
    })
}

/// A page with about `limit` passages.
pub(super) fn page(path: &Path, from: From, limit: usize, line: Line<'_>) -> io::Result<Page> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    match from {
        From::Here(start) => {
            let start = start.min(length);
            let mut told = Told::default();
            let (mut end, mut full) = (start, false);
            let last = length.min(start.saturating_add(MOST_OF_PAGE));
            forward(file, start, last, &mut |bytes, at| {
                line(bytes, &mut told);
                end = at;
                full = told.passages.len() >= limit;
                !full
            })?;
            // A last line without an end is still being written.
            let more = full && end < length || last < length && end > start;
            Ok(Page {
                passages: told.passages,
                start,
                end,
                more,
            })
        }
        From::Before(end) => backward(file, end.min(length), limit, line),
    }
}

/// Reads back from `end` by ever larger pieces until there are `limit` passages.
fn backward(mut file: File, end: u64, limit: usize, line: Line<'_>) -> io::Result<Page> {
    let mut size = PIECE;
    loop {
        let reach = end.saturating_sub(size);
        file.seek(SeekFrom::Start(reach))?;
        let mut bytes = Vec::new();
        (&mut file).take(end - reach).read_to_end(&mut bytes)?;
        // The piece begins in the midst of a line, which comes with the page before.
        let first = match reach {
            0 => Some(0),
            _ => memchr::memchr(b'\n', &bytes).map(|at| at + 1),
        };
        let mut pages: Vec<(u64, Told)> = Vec::new();
        let mut behind = end;
        if let Some(first) = first {
            let mut at = first;
            while let Some(length) = memchr::memchr(b'\n', &bytes[at..]) {
                let mut told = Told::default();
                line(&bytes[at..at + length], &mut told);
                pages.push((reach + at as u64, told));
                at += length + 1;
                behind = reach + at as u64;
            }
        }
        let count: usize = pages.iter().map(|(_, told)| told.passages.len()).sum();
        if count < limit && reach > 0 && size < MOST_OF_PAGE {
            size *= 4;
            continue;
        }
        let mut wanted = limit;
        let mut begin = pages.len();
        while begin > 0 && wanted > 0 {
            begin -= 1;
            wanted = wanted.saturating_sub(pages[begin].1.passages.len());
        }
        // A piece without a single line is a line too long to be looked at.
        let start = pages.get(begin).map_or(reach, |(at, _)| *at);
        let passages = pages.drain(begin..).flat_map(|(_, told)| told.passages);
        return Ok(Page {
            passages: passages.collect(),
            start: if count < limit && reach == 0 {
                0
            } else {
                start
            },
            end: behind,
            more: false,
        });
    }
}

/// Gives `each` every whole line between `start` and `end` with where it ends, until it wants no more.
fn forward(
    mut file: File,
    start: u64,
    end: u64,
    each: &mut dyn FnMut(&[u8], u64) -> bool,
) -> io::Result<()> {
    file.seek(SeekFrom::Start(start))?;
    let mut buffer: Vec<u8> = Vec::new();
    let mut skipping = false;
    let mut at = start;
    while at < end {
        let searched = buffer.len();
        let got = (&mut file)
            .take(PIECE.min(end - at))
            .read_to_end(&mut buffer)?;
        if got == 0 {
            break;
        }
        at += got as u64;
        let mut line = 0;
        let mut from = searched;
        while let Some(length) = memchr::memchr(b'\n', &buffer[from..]) {
            let stop = from + length;
            let place = at - (buffer.len() - stop - 1) as u64;
            let skipped = std::mem::take(&mut skipping);
            let empty: &[u8] = &[];
            let bytes = if skipped { empty } else { &buffer[line..stop] };
            if !each(bytes, place) {
                return Ok(());
            }
            line = stop + 1;
            from = line;
        }
        buffer.drain(..line);
        if buffer.len() > LONGEST {
            skipping = true;
            buffer.clear();
        }
    }
    Ok(())
}

/// Opens a file that is one; a link or a pipe is not followed.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is no file")),
    }
}
