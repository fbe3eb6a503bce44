//! Two tasks that try the same, side by side: what each of them made of the commit both began from.
//!
//! Owns the two sides, their rows and which of them has the keys. Invariant: a row stands for one line of the
//! common base, or for lines that either side has put behind it, so that what stands beside each other is
//! about the same place.

pub mod rows;

use crate::domain::TaskId;
use crate::protocol::{ChangesPage, ReadChanges};

use super::changes::Changes;
use super::keymap::Action;
use rows::{CompareRow, rows};

/// The page.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparePage {
    /// Left and right.
    pub sides: [Changes; 2],
    /// The side that is accepted, opened or removed by a key.
    pub focus: usize,
    rows: Vec<CompareRow>,
    /// The first row shown.
    pub scroll: usize,
    /// Rows there were when last laid out.
    pub height: usize,
}

impl ComparePage {
    /// Two tasks, before anything has come.
    pub fn new(tasks: [TaskId; 2], focus: usize) -> Self {
        Self {
            sides: tasks.map(Changes::new),
            focus: focus.min(1),
            rows: Vec::new(),
            scroll: 0,
            height: 1,
        }
    }

    /// The two tasks.
    pub fn tasks(&self) -> [TaskId; 2] {
        [self.sides[0].task, self.sides[1].task]
    }

    /// The task that has the keys.
    pub fn here(&self) -> TaskId {
        self.sides[self.focus].task
    }

    /// Asks for both sides anew.
    pub fn ask(&mut self) -> [ReadChanges; 2] {
        let [left, right] = &mut self.sides;
        [left.ask(), right.ask()]
    }

    /// Puts another task beside the one that has the keys.
    pub fn set_other(&mut self, task: TaskId) -> ReadChanges {
        let other = &mut self.sides[1 - self.focus];
        *other = Changes::new(task);
        let ask = other.ask();
        self.arrange();
        ask
    }

    /// A page of a side has come; what to ask for next. `None` where it is neither's.
    pub fn come(&mut self, asked: &ReadChanges, page: &ChangesPage) -> Option<Option<ReadChanges>> {
        let mut sides = self.sides.iter_mut();
        let side = sides.find(|side| side.awaits(asked))?;
        let next = side.come(asked, page.clone());
        self.arrange();
        Some(next)
    }

    /// A side cannot be had; whether it is one of these.
    pub fn refused(&mut self, asked: &ReadChanges, why: &str) -> bool {
        let mut sides = self.sides.iter_mut();
        let side = sides.find(|side| side.awaits(asked));
        side.map(|side| side.refused(asked, why.to_owned()))
            .is_some()
    }

    fn arrange(&mut self) {
        self.rows = match self.sides.iter().all(|side| side.loaded) {
            true => rows([&self.sides[0].patch, &self.sides[1].patch]),
            false => Vec::new(),
        };
        self.scroll_by(0);
    }

    /// The rows; none until both sides are there.
    pub fn rows(&self) -> &[CompareRow] {
        &self.rows
    }

    /// Takes the height it has on the screen, and looks at the code in sight.
    pub fn fit(&mut self, height: usize) {
        self.height = height;
        self.scroll_by(0);
        for row in self.rows.iter().skip(self.scroll).take(height) {
            let CompareRow::Line(both) = row else {
                continue;
            };
            for line in both.iter().flatten() {
                let side = &mut self.sides[line.side];
                let file = side.patch.files.get(line.file);
                let hunk = file.and_then(|file| Some((file, file.hunks.get(line.hunk)?)));
                if let Some((file, hunk)) = hunk {
                    let (path, at) = (&file.path, line.file);
                    side.highlights.look(path, at, line.hunk, hunk, line.line);
                }
            }
        }
    }

    /// Scrolls by rows; whether anything moved.
    pub fn scroll_by(&mut self, by: isize) -> bool {
        let before = self.scroll;
        let end = self.rows.len().saturating_sub(self.height);
        self.scroll = self.scroll.saturating_add_signed(by).min(end);
        self.scroll != before
    }

    /// Does what a key of a text asks for; whether anything moved. `None`: it is no such key.
    pub fn act(&mut self, action: Action) -> Option<bool> {
        let page = self.height.saturating_sub(1).max(1) as isize;
        Some(match action {
            Action::RowUp => self.scroll_by(-1),
            Action::RowDown => self.scroll_by(1),
            Action::ViewPageUp => self.scroll_by(-page),
            Action::ViewPageDown => self.scroll_by(page),
            Action::ViewTop => self.scroll_by(isize::MIN),
            Action::ViewBottom => self.scroll_by(isize::MAX),
            Action::NextFile => self.jump(true),
            Action::PreviousFile => self.jump(false),
            _ => return None,
        })
    }

    fn jump(&mut self, forth: bool) -> bool {
        let heads = self.rows.iter().enumerate();
        let mut heads = heads.filter(|(_, row)| matches!(row, CompareRow::File(_)));
        let to = match forth {
            true => heads.find(|(at, _)| *at > self.scroll),
            false => heads.rfind(|(at, _)| *at < self.scroll),
        };
        let Some((to, _)) = to else {
            return false;
        };
        let before = self.scroll;
        self.scroll = to;
        self.scroll_by(0);
        self.scroll != before
    }
}
