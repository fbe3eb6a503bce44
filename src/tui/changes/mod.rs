//! The changes of a task, to be reviewed: what is shown of them, where one is, how keys move in it.
//!
//! Owns the page's state, its rows and its looks of code. Invariants: the text comes in pages that belong
//! together, and what has come is shown at once; the place one stands at is kept when rows are made anew.

pub mod check;
pub mod highlight;
mod moves;
pub mod rows;
pub mod words;

use std::collections::HashSet;

use crate::domain::comment::{Place, PlaceLine};
use crate::domain::patch::{FilePatch, Line, LineKind, Patch, Side};
use crate::domain::{Comment, CommentId, TaskId, Timestamp};
use crate::protocol::{ChangesPage, ReadChanges, Scope};

use super::text;
use check::CheckPane;
use highlight::Highlights;
use rows::{Parts, Row, RowKind};

/// The choices of what is shown, in the order of the tabs.
pub const SCOPES: [(Scope, &str); 4] = [
    (Scope::All, "All"),
    (Scope::Committed, "Committed"),
    (Scope::Uncommitted, "Uncommitted"),
    (Scope::SinceReview, "Since review"),
];

/// Files with more changed lines are folded at first.
const FOLDED_ABOVE: u32 = 2_000;
/// Lines of a comment that are shown.
const COMMENT_LINES: usize = 12;
/// Narrower than that the sides stand above each other, unless the user says otherwise.
pub const BESIDE: u16 = 140;

/// A comment that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// Where it will stand.
    pub place: Place,
    /// The line it is about.
    pub quote: String,
    /// The one that gets other words; `None`: a new one.
    pub edits: Option<CommentId>,
}

/// The page.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Whose changes.
    pub task: TaskId,
    scope: usize,
    /// Whether lines that differ in blanks only count as the same.
    pub ignore_space: bool,
    beside: Option<bool>,
    text: String,
    version: Option<u64>,
    total: u64,
    asked: Option<ReadChanges>,
    /// What is shown.
    pub patch: Patch,
    /// Whether there is anything to show yet.
    pub loaded: bool,
    /// Why there is not.
    pub error: Option<String>,
    /// The comments, sent ones too.
    pub comments: Vec<Comment>,
    /// When the task was last reviewed.
    pub reviewed_at: Option<Timestamp>,
    /// Whether the task's branch has changed since these were read.
    pub stale: bool,
    /// Files whose lines are not shown, by path; those folded at first are in here too.
    folded: HashSet<String>,
    /// Files the user is through with.
    pub viewed: HashSet<String>,
    /// What its check prints, where that is shown.
    pub check: Option<CheckPane>,
    /// The comment that is being written.
    pub writing: Option<Writing>,
    /// What is searched for; empty: nothing.
    pub search: String,
    rows: Vec<Row>,
    /// The row one stands on.
    pub cursor: usize,
    /// The row a selection began at.
    pub selecting: Option<usize>,
    /// The first row shown.
    pub scroll: usize,
    /// Cells that lines are moved to the left by.
    pub column: usize,
    /// Rows and columns there were when last laid out.
    pub size: (u16, u16),
    /// The looks of the code in sight.
    pub highlights: Highlights,
}

impl Changes {
    /// The page of a task, before anything has come.
    pub fn new(task: TaskId) -> Self {
        Self {
            task,
            scope: 0,
            ignore_space: false,
            beside: None,
            text: String::new(),
            version: None,
            total: 0,
            asked: None,
            patch: Patch::default(),
            loaded: false,
            error: None,
            comments: Vec::new(),
            reviewed_at: None,
            stale: false,
            folded: HashSet::new(),
            viewed: HashSet::new(),
            check: None,
            writing: None,
            search: String::new(),
            rows: Vec::new(),
            cursor: 0,
            selecting: None,
            scroll: 0,
            column: 0,
            size: (0, 0),
            highlights: Highlights::default(),
        }
    }

    /// The tab that is chosen.
    pub fn scope(&self) -> usize {
        self.scope
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether the two sides stand beside each other.
    pub fn is_beside(&self) -> bool {
        self.beside.unwrap_or(self.size.0 >= BESIDE)
    }

    /// Whether a file's lines are left out.
    pub fn is_folded(&self, file: &FilePatch) -> bool {
        self.folded.contains(&file.path)
    }

    /// Whether there is more to come.
    pub fn is_partial(&self) -> bool {
        (self.text.len() as u64) < self.total
    }

    /// Whether this is the question whose answer is awaited.
    pub fn awaits(&self, asked: &ReadChanges) -> bool {
        self.asked.as_ref() == Some(asked)
    }

    /// Asks for the changes anew.
    pub fn ask(&mut self) -> ReadChanges {
        self.stale = false;
        let ask = ReadChanges {
            task: self.task,
            scope: SCOPES[self.scope].0,
            ignore_space: self.ignore_space,
            offset: 0,
            version: None,
        };
        self.asked = Some(ask.clone());
        ask
    }

    /// A page has come; what to ask for next.
    pub fn come(&mut self, asked: &ReadChanges, page: ChangesPage) -> Option<ReadChanges> {
        if self.asked.as_ref() != Some(asked) {
            return None;
        }
        self.asked = None;
        self.error = None;
        if page.offset == 0 {
            self.text.clear();
            self.comments = page.comments;
        }
        self.text.push_str(&page.text);
        self.version = Some(page.version);
        self.total = page.total;
        self.reviewed_at = page.reviewed_at;
        let done = !self.is_partial() || page.text.is_empty();
        if done || page.offset == 0 {
            self.read();
        }
        if done {
            // Not kept twice.
            self.text = String::new();
            self.total = 0;
            return None;
        }
        let next = ReadChanges {
            offset: self.text.len() as u64,
            version: self.version,
            ..asked.clone()
        };
        self.asked = Some(next.clone());
        Some(next)
    }

    /// The changes cannot be had.
    pub fn refused(&mut self, asked: &ReadChanges, why: String) {
        if self.asked.as_ref() == Some(asked) {
            self.asked = None;
            self.error = Some(why);
        }
    }

    fn read(&mut self) {
        let place = self.place();
        let first = !self.loaded;
        self.patch = Patch::read(&self.text);
        self.loaded = true;
        self.highlights.forget();
        for file in &self.patch.files {
            let large = file.added.saturating_add(file.removed) > FOLDED_ABOVE;
            if first && (large || is_made(&file.path)) {
                self.folded.insert(file.path.clone());
            }
        }
        self.arrange();
        match place {
            Some(place) => self.go_to(&place),
            None => self.stand(0),
        }
    }

    /// Makes the rows anew, keeping the place.
    pub fn arrange(&mut self) {
        let wide = self.comment_width();
        let folded = |index: usize| self.is_folded(&self.patch.files[index]);
        let lines_of = |comment: &Comment| 1 + comment_lines(comment, wide).len();
        self.rows = rows::rows(&Parts {
            patch: &self.patch,
            comments: &self.comments,
            folded: &folded,
            beside: self.is_beside(),
            lines_of: &lines_of,
        });
        self.selecting = None;
    }

    /// Makes the rows anew and stands at the same place.
    pub fn rearrange(&mut self) {
        let place = self.place();
        self.arrange();
        match place {
            Some(place) => self.go_to(&place),
            None => self.stand(self.cursor),
        }
    }

    /// The cells that a comment's words have.
    pub fn comment_width(&self) -> usize {
        usize::from(self.size.0).saturating_sub(12).clamp(20, 96)
    }

    /// The file of the row one stands on.
    pub fn file(&self) -> Option<&FilePatch> {
        let row = self.rows.get(self.cursor)?;
        self.patch.files.get(row.file as usize)
    }

    /// The line that a row is about, on the side that counts: the new one where there are both.
    pub fn line(&self, row: &Row) -> Option<(&Line, Side)> {
        let file = self.patch.files.get(row.file as usize)?;
        let (hunk, line) = match row.kind {
            RowKind::Line { hunk, line } => (hunk, line),
            RowKind::Pair { hunk, old, new } => (hunk, new.or(old)?),
            _ => return None,
        };
        let line = file.hunks.get(hunk as usize)?.lines.get(line as usize)?;
        Some((line, side_of(line)))
    }

    /// Where one stands, in words that hold when rows are made anew.
    fn place(&self) -> Option<Place> {
        let row = self.rows.get(self.cursor)?;
        let line = self.line(row).map(|(line, side)| PlaceLine {
            number: match side {
                Side::Old => line.old,
                Side::New => line.new,
            },
            before: 0,
            side,
        });
        let path = self.patch.files.get(row.file as usize)?.path.clone();
        Some(Place { path, line })
    }

    /// Takes the size it has on the screen.
    pub fn fit(&mut self, size: (u16, u16)) {
        let beside = self.is_beside();
        let wide = self.comment_width();
        self.size = size;
        if beside != self.is_beside() || wide != self.comment_width() {
            self.rearrange();
        }
        self.stand(self.cursor);
        self.look();
    }

    /// Looks at the code in sight.
    fn look(&mut self) {
        let end = self.scroll + usize::from(self.size.1);
        for row in self.rows.iter().take(end).skip(self.scroll) {
            let (hunk, lines) = match row.kind {
                RowKind::Line { hunk, line } => (hunk, [Some(line), None]),
                RowKind::Pair { hunk, old, new } => (hunk, [old, new]),
                _ => continue,
            };
            let index = row.file as usize;
            let Some(file) = self.patch.files.get(index) else {
                continue;
            };
            let Some(of) = file.hunks.get(hunk as usize) else {
                continue;
            };
            for line in lines.into_iter().flatten() {
                self.highlights
                    .look(&file.path, index, hunk as usize, of, line as usize);
            }
        }
    }

    /// The comments the agent was not told yet.
    pub fn unsent(&self) -> usize {
        let unsent = self.comments.iter().filter(|c| c.sent_at.is_none());
        unsent.count()
    }

    /// The comment one stands on, or the unsent one of the line one stands on.
    pub fn comment_here(&self) -> Option<&Comment> {
        let row = self.rows.get(self.cursor)?;
        if let RowKind::Comment { comment, .. } = row.kind {
            return self.comments.get(comment as usize);
        }
        let next = self.rows.get(self.cursor + 1)?;
        match next.kind {
            RowKind::Comment { comment, .. } => self.comments.get(comment as usize),
            _ => None,
        }
    }

    /// Begins a comment where one stands: on the selected lines, the line, the hunk, or (`whole`) the file.
    pub fn comment(&mut self, whole: bool) -> Option<&Writing> {
        let path = self.file()?.path.clone();
        let rows = match self.selecting {
            Some(from) => from.min(self.cursor)..=from.max(self.cursor),
            None => self.cursor..=self.cursor,
        };
        let here = *self.rows.get(self.cursor)?;
        let lines: Vec<(&Line, Side)> = match (here.kind, self.selecting) {
            _ if whole => Vec::new(),
            // All of a hunk, where one stands on its head.
            (RowKind::Hunk(hunk), None) => {
                let lines = self.file()?.hunks.get(hunk as usize)?.lines.iter();
                lines.map(|line| (line, side_of(line))).collect()
            }
            _ => {
                let lines = self.rows.get(rows).unwrap_or_default().iter();
                let lines = lines.filter(|row| row.file == here.file);
                lines.filter_map(|row| self.line(row)).collect()
            }
        };
        let number = |(line, side): &(&Line, Side)| match side {
            Side::Old => line.old,
            Side::New => line.new,
        };
        // What is there now is what is talked about, unless all of it is gone.
        let side = match lines.iter().any(|(_, side)| *side == Side::New) {
            true => Side::New,
            false => Side::Old,
        };
        let lines: Vec<_> = lines.into_iter().filter(|line| line.1 == side).collect();
        let line = lines.last().map(|last| PlaceLine {
            number: number(last),
            before: number(last).saturating_sub(number(&lines[0])),
            side,
        });
        let quote = lines.last().map(|(line, _)| line.text.to_string());
        self.writing = Some(Writing {
            place: Place { path, line },
            quote: quote.unwrap_or_default(),
            edits: None,
        });
        self.writing.as_ref()
    }

    /// Takes the comments as they are now.
    pub fn set_comments(&mut self, comments: Vec<Comment>) {
        self.comments = comments;
        self.rearrange();
    }

    /// Chooses a tab; whether it is another one.
    pub fn choose(&mut self, scope: usize) -> bool {
        let other = scope < SCOPES.len() && scope != self.scope;
        if other {
            self.scope = scope;
        }
        other
    }

    /// Jumps to a file.
    pub fn go_to_file(&mut self, file: usize) {
        let head = |row: &Row| row.file as usize == file && row.kind == RowKind::File;
        if let Some(at) = self.rows.iter().position(head) {
            self.stand(at);
            // What is below is what one wants to see.
            self.scroll = at.min(self.end());
        }
    }

    /// The files with their lines folded or not: the one one stands on, or all.
    pub fn fold(&mut self, all: bool) {
        let Some(here) = self.file().map(|file| file.path.clone()) else {
            return;
        };
        if all {
            let any_open = self.patch.files.iter().any(|file| !self.is_folded(file));
            self.folded.clear();
            if any_open {
                let paths = self.patch.files.iter().map(|file| file.path.clone());
                self.folded.extend(paths);
            }
        } else if !self.folded.remove(&here) {
            self.folded.insert(here.clone());
        }
        self.arrange();
        self.go_to(&Place {
            path: here,
            line: None,
        });
    }

    /// Notes that the user is through with a file, or not after all; goes on to the next.
    pub fn view(&mut self) {
        let Some(row) = self.rows.get(self.cursor).copied() else {
            return;
        };
        let Some(path) = self.file().map(|file| file.path.clone()) else {
            return;
        };
        if self.viewed.remove(&path) {
            self.folded.remove(&path);
            return self.rearrange();
        }
        self.viewed.insert(path.clone());
        self.folded.insert(path);
        self.arrange();
        let next = row.file as usize + 1;
        match next < self.patch.files.len() {
            true => self.go_to_file(next),
            false => self.go_to_file(row.file as usize),
        }
    }

    /// Shows the sides beside or above each other.
    pub fn turn(&mut self) {
        self.beside = Some(!self.is_beside());
        self.rearrange();
    }
}

/// The side that a line counts on: the new one where it is on both.
fn side_of(line: &Line) -> Side {
    match line.kind {
        LineKind::Removed => Side::Old,
        _ => Side::New,
    }
}

/// Whether a file is made by a tool, so that nobody reads its lines.
fn is_made(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let locks = [
        "Cargo.lock",
        "package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "poetry.lock",
        "uv.lock",
        "go.sum",
        "Gemfile.lock",
        "composer.lock",
        "flake.lock",
    ];
    locks.contains(&name) || name.ends_with(".min.js") || name.ends_with(".snap")
}

/// The lines of a comment's words.
pub fn comment_lines(comment: &Comment, wide: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in comment.text.lines() {
        let left = COMMENT_LINES.saturating_sub(lines.len());
        let clean = text::clean(paragraph);
        let wrapped = text::wrap(&clean, wide, left, "…");
        match wrapped.is_empty() && left > 0 {
            true => lines.push(String::new()),
            false => lines.extend(wrapped),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
