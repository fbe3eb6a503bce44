//! Where in a session's output its screen changed size, and where a process ended: beside the log, so
//! that a screen rebuilt from it has been through the same as the one that was shown.
//!
//! A line a mark: `<offset> size <columns> <rows>`, `<offset> began <milliseconds>` or `<offset> ended
//! [<milliseconds>]`, in UTC; older versions did not write when a process ended. A line that cannot be read, such
//! as one that a crash cut short, is passed over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::domain::Timestamp;

/// Above so many marks the file is written anew with the last half.
const LIMIT: usize = 1000;

/// What happened at a place in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// From here on the screen has so many columns and rows.
    Size(u16, u16),
    /// A process begins here, at this time.
    Began(Timestamp),
    /// The process whose output this was ended, at this time where that was noted.
    Ended(Option<Timestamp>),
}

/// The marks of a session.
pub(super) struct Marks {
    path: PathBuf,
    file: Option<File>,
    list: Vec<(u64, Mark)>,
}

impl Marks {
    /// Reads the marks in `dir`; a directory without has none.
    pub(super) fn load(dir: &Path) -> Marks {
        let path = dir.join("marks");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let list = text.lines().filter_map(parse).collect();
        Marks {
            path,
            file: None,
            list,
        }
    }

    /// The size at `offset`, if it is known.
    pub(super) fn size_at(&self, offset: u64) -> Option<(u16, u16)> {
        let before = self.list.iter().rev().filter(|(at, _)| *at <= offset);
        let mut sizes = before.filter_map(|(_, mark)| match mark {
            Mark::Size(cols, rows) => Some((*cols, *rows)),
            Mark::Began(_) | Mark::Ended(_) => None,
        });
        sizes.next()
    }

    /// The marks behind `offset`, in order.
    pub(super) fn after(&self, offset: u64) -> impl Iterator<Item = (u64, Mark)> {
        self.from(offset.saturating_add(1))
    }

    /// The marks from `offset` on, in order.
    pub(super) fn from(&self, offset: u64) -> impl Iterator<Item = (u64, Mark)> {
        self.list
            .iter()
            .copied()
            .filter(move |(at, _)| *at >= offset)
    }

    /// The newest mark.
    pub(super) fn last(&self) -> Option<(u64, Mark)> {
        self.list.last().copied()
    }

    /// Adds a mark.
    ///
    /// # Errors
    /// Where it cannot be written; it counts for this process all the same.
    pub(super) fn add(&mut self, offset: u64, mark: Mark) -> io::Result<()> {
        self.list.push((offset, mark));
        if self.list.len() > LIMIT {
            self.list.drain(..LIMIT / 2);
            self.file = None;
            let text: String = self.list.iter().map(line).collect();
            return fs::write(&self.path, text);
        }
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            self.file = Some(options.create(true).append(true).open(&self.path)?);
        }
        match &mut self.file {
            Some(file) => file.write_all(line(&(offset, mark)).as_bytes()),
            None => Ok(()),
        }
    }
}

fn line((offset, mark): &(u64, Mark)) -> String {
    match mark {
        Mark::Size(cols, rows) => format!("{offset} size {cols} {rows}\n"),
        Mark::Began(at) => format!("{offset} began {}\n", at.0),
        Mark::Ended(Some(at)) => format!("{offset} ended {}\n", at.0),
        Mark::Ended(None) => format!("{offset} ended\n"),
    }
}

fn parse(line: &str) -> Option<(u64, Mark)> {
    let mut words = line.split(' ');
    let offset = words.next()?.parse().ok()?;
    let mark = match words.next()? {
        "size" => Mark::Size(words.next()?.parse().ok()?, words.next()?.parse().ok()?),
        "began" => Mark::Began(Timestamp(words.next()?.parse().ok()?)),
        "ended" => Mark::Ended(words.next().and_then(|at| at.parse().ok()).map(Timestamp)),
        _ => return None,
    };
    Some((offset, mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_again_and_stay_few() {
        let dir = tempfile::tempdir().unwrap();
        let mut marks = Marks::load(dir.path());
        assert_eq!(marks.size_at(9), None);
        marks.add(0, Mark::Size(80, 24)).unwrap();
        marks.add(10, Mark::Size(100, 30)).unwrap();
        marks.add(20, Mark::Began(Timestamp(5))).unwrap();
        marks.add(20, Mark::Ended(None)).unwrap();
        marks.add(21, Mark::Ended(Some(Timestamp(9)))).unwrap();
        fs::write(
            dir.path().join("marks"),
            "0 size 80 24\nnonsense\n10 size 100 30\n20 began 5\n20 ended\n21 ended 9\n99 size 1",
        )
        .unwrap();
        let marks = Marks::load(dir.path());
        assert_eq!(marks.size_at(9), Some((80, 24)));
        assert_eq!(marks.size_at(10), Some((100, 30)));
        let after: Vec<_> = marks.after(0).collect();
        assert_eq!(
            after,
            [
                (10, Mark::Size(100, 30)),
                (20, Mark::Began(Timestamp(5))),
                (20, Mark::Ended(None)),
                (21, Mark::Ended(Some(Timestamp(9)))),
            ]
        );

        let mut marks = Marks::load(dir.path());
        for offset in 0..3 * LIMIT as u64 {
            marks.add(offset, Mark::Ended(None)).unwrap();
        }
        assert!(Marks::load(dir.path()).list.len() <= LIMIT);
    }
}
