//! The rows that a task's changes are shown in: files, hunks, lines one above the other or side by side,
//! and the comments below the lines they are about.
//!
//! Invariants: every row knows its file; a row is an index into the patch, so that a hundred thousand of
//! them are cheap to make anew.

use super::words;
use crate::domain::Comment;
use crate::domain::comment::Place;
use crate::domain::patch::{FilePatch, Hunk, LineKind, Patch, Side};

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The file it belongs to.
    pub file: u32,
    /// What it is.
    pub kind: RowKind,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Nothing, before another file.
    Gap,
    /// The file's name.
    File,
    /// What there is to say in place of lines.
    Note,
    /// A hunk's head.
    Hunk(u32),
    /// A line of a hunk.
    Line {
        /// The hunk.
        hunk: u32,
        /// The line.
        line: u32,
    },
    /// Two lines side by side.
    Pair {
        /// The hunk.
        hunk: u32,
        /// The line as it was.
        old: Option<u32>,
        /// The line as it is.
        new: Option<u32>,
    },
    /// A line of a comment.
    Comment {
        /// Its index among the comments.
        comment: u32,
        /// Its line; the first is its head.
        line: u32,
    },
}

/// What rows are made of.
pub struct Parts<'a> {
    /// The changes.
    pub patch: &'a Patch,
    /// The comments.
    pub comments: &'a [Comment],
    /// Whether a file's lines are left out.
    pub folded: &'a dyn Fn(usize) -> bool,
    /// Whether the two sides stand beside each other.
    pub beside: bool,
    /// How many lines a comment takes, its head included.
    pub lines_of: &'a dyn Fn(&Comment) -> usize,
}

/// The line of a file that a comment belongs to; `None`: it belongs to the file, or to a line that is not
/// among the changes any more.
pub fn line_of(file: &FilePatch, place: &Place) -> Option<(usize, usize)> {
    let wanted = place.line?;
    file.hunks.iter().enumerate().find_map(|(index, hunk)| {
        let lines = hunk.lines.iter();
        let line = lines.clone().position(|line| match wanted.side {
            Side::Old => line.old == wanted.number,
            Side::New => line.new == wanted.number,
        })?;
        Some((index, line))
    })
}

/// All rows.
pub fn rows(parts: &Parts<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, file) in parts.patch.files.iter().enumerate() {
        let mut of = OfFile {
            parts,
            file: index as u32,
            rows: &mut rows,
        };
        of.all(file);
    }
    rows
}

struct OfFile<'a, 'b> {
    parts: &'a Parts<'b>,
    file: u32,
    rows: &'a mut Vec<Row>,
}

impl OfFile<'_, '_> {
    fn push(&mut self, kind: RowKind) {
        self.rows.push(Row {
            file: self.file,
            kind,
        });
    }

    fn all(&mut self, file: &FilePatch) {
        if self.file > 0 {
            self.push(RowKind::Gap);
        }
        self.push(RowKind::File);
        let mut placed: Vec<(usize, usize, usize)> = Vec::new();
        let mut on_file = Vec::new();
        for (index, comment) in self.parts.comments.iter().enumerate() {
            if comment.place.path == file.path {
                match line_of(file, &comment.place) {
                    Some((hunk, line)) => placed.push((hunk, line, index)),
                    None => on_file.push(index),
                }
            }
        }
        for index in on_file {
            self.comment(index);
        }
        if file.hunks.is_empty() || (self.parts.folded)(self.file as usize) {
            self.push(RowKind::Note);
            return;
        }
        for (at, hunk) in file.hunks.iter().enumerate() {
            self.push(RowKind::Hunk(at as u32));
            let here: Vec<(usize, usize)> = placed
                .iter()
                .filter(|(hunk, ..)| *hunk == at)
                .map(|(_, line, index)| (*line, *index))
                .collect();
            match self.parts.beside {
                true => self.beside(at as u32, hunk, &here),
                false => self.above(at as u32, hunk, &here),
            }
        }
    }

    fn comment(&mut self, index: usize) {
        let lines = (self.parts.lines_of)(&self.parts.comments[index]);
        for line in 0..lines as u32 {
            self.push(RowKind::Comment {
                comment: index as u32,
                line,
            });
        }
    }

    fn comments_on(&mut self, line: usize, here: &[(usize, usize)]) {
        for (_, index) in here.iter().filter(|(at, _)| *at == line) {
            self.comment(*index);
        }
    }

    /// One line above the other.
    fn above(&mut self, at: u32, hunk: &Hunk, here: &[(usize, usize)]) {
        for line in 0..hunk.lines.len() {
            self.push(RowKind::Line {
                hunk: at,
                line: line as u32,
            });
            self.comments_on(line, here);
        }
    }

    /// The removed lines of each block beside the added ones.
    fn beside(&mut self, at: u32, hunk: &Hunk, here: &[(usize, usize)]) {
        let run = |from: usize, kind| {
            let lines = hunk.lines[from..].iter();
            from + lines.take_while(|line| line.kind == kind).count()
        };
        let mut next = 0;
        while next < hunk.lines.len() {
            if hunk.lines[next].kind == LineKind::Context {
                let both = Some(next as u32);
                self.pair(at, both, both, here);
                next += 1;
                continue;
            }
            let added = run(next, LineKind::Removed);
            let end = run(added, LineKind::Added);
            for (old, new) in words::pairs(hunk, next..added, added..end) {
                let number = |line: Option<usize>| line.map(|line| line as u32);
                self.pair(at, number(old), number(new), here);
            }
            next = end;
        }
    }

    fn pair(&mut self, hunk: u32, old: Option<u32>, new: Option<u32>, here: &[(usize, usize)]) {
        self.push(RowKind::Pair { hunk, old, new });
        let (left, right) = (old.map(|l| l as usize), new.map(|l| l as usize));
        for line in left.into_iter().chain(right.filter(|_| left != right)) {
            self.comments_on(line, here);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::comment::PlaceLine;
    use crate::domain::{CommentId, TaskId, Timestamp};

    const TEXT: &str = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n same\n-a\n+A\n+B\n-x\n\
        diff --git a/p.png b/p.png\nBinary files a/p.png and b/p.png differ\n";

    fn comment(number: Option<u32>, side: Side) -> Comment {
        Comment {
            id: CommentId(1),
            task: TaskId(1),
            place: Place {
                path: "a".into(),
                line: number.map(|number| PlaceLine {
                    number,
                    before: 0,
                    side,
                }),
            },
            quote: String::new(),
            text: "x".into(),
            made_at: Timestamp(0),
            sent_at: None,
        }
    }

    fn shape(comments: &[Comment], beside: bool, folded: bool) -> String {
        let patch = Patch::read(TEXT);
        let rows = rows(&Parts {
            patch: &patch,
            comments,
            folded: &|_| folded,
            beside,
            lines_of: &|_| 2,
        });
        let word = |row: &Row| match row.kind {
            RowKind::Gap => "gap".to_owned(),
            RowKind::File => "file".to_owned(),
            RowKind::Note => "note".to_owned(),
            RowKind::Hunk(_) => "hunk".to_owned(),
            RowKind::Line { line, .. } => format!("{line}"),
            RowKind::Pair { old, new, .. } => {
                let word = |line: Option<u32>| line.map_or("-".into(), |line| line.to_string());
                format!("{}|{}", word(old), word(new))
            }
            RowKind::Comment { comment, line } => format!("c{comment}.{line}"),
        };
        rows.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lines_stand_above_or_beside_each_other() {
        assert_eq!(
            shape(&[], false, false),
            "file hunk 0 1 2 3 4 gap file note"
        );
        assert_eq!(
            shape(&[], true, false),
            "file hunk 0|0 1|2 -|3 4|- gap file note"
        );
        assert_eq!(shape(&[], false, true), "file note gap file note");
    }

    #[test]
    fn comments_stand_below_their_lines_or_their_file() {
        let comments = [
            comment(Some(2), Side::New),
            comment(Some(2), Side::Old),
            comment(None, Side::New),
            comment(Some(99), Side::New),
        ];
        assert_eq!(
            shape(&comments, false, false),
            "file c2.0 c2.1 c3.0 c3.1 hunk 0 1 c1.0 c1.1 2 c0.0 c0.1 3 4 gap file note"
        );
        assert_eq!(
            shape(&comments[..2], true, false),
            "file hunk 0|0 1|2 c1.0 c1.1 c0.0 c0.1 -|3 4|- gap file note"
        );
    }
}
