//! Texts that lie over the board: their state and how keys move in them.

use crate::domain::TaskId;

use super::keymap::Action;
use super::theme::Role;

/// A text to read: the detail of a task, help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// What it is.
    pub kind: ViewerKind,
    /// Its heading.
    pub title: String,
    /// Its lines, cleaned, with their looks.
    pub lines: Vec<ViewerLine>,
    /// The first line shown.
    pub scroll: usize,
    /// Lines that begin a part, to jump to.
    pub marks: Vec<usize>,
    /// Rows it had when last laid out.
    pub height: usize,
}

/// What a [`Viewer`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewerKind {
    /// Everything about a task.
    Detail(TaskId),
    /// What its check has printed.
    Check(TaskId),
    /// The keys.
    Help,
}

/// A line of a [`Viewer`]: pieces with their looks.
pub type ViewerLine = Vec<(String, Role)>;

impl Viewer {
    /// A viewer at its beginning.
    pub fn new(kind: ViewerKind, title: impl Into<String>, lines: Vec<ViewerLine>) -> Self {
        Self {
            kind,
            title: title.into(),
            lines,
            scroll: 0,
            marks: Vec::new(),
            height: 20,
        }
    }

    /// The last line that may be the first shown.
    fn end(&self) -> usize {
        self.lines.len().saturating_sub(self.height)
    }

    /// Whether its last line is in sight.
    pub fn is_at_end(&self) -> bool {
        self.scroll >= self.end()
    }

    /// Takes the height it has on the screen. Where the end was in sight of what grows, it stays.
    pub fn fit(&mut self, height: usize) {
        self.height = height;
        self.scroll_by(0);
    }

    /// Scrolls by lines; whether anything moved.
    pub fn scroll_by(&mut self, lines: isize) -> bool {
        let before = self.scroll;
        self.scroll = self.scroll.saturating_add_signed(lines).min(self.end());
        self.scroll != before
    }

    /// Does what a key of the viewer context asks for; whether anything moved.
    pub fn act(&mut self, action: Action) -> bool {
        let page = self.height.saturating_sub(1).max(1) as isize;
        match action {
            Action::RowUp => self.scroll_by(-1),
            Action::RowDown => self.scroll_by(1),
            Action::ViewPageUp => self.scroll_by(-page),
            Action::ViewPageDown => self.scroll_by(page),
            Action::ViewTop => self.scroll_by(isize::MIN),
            Action::ViewBottom => self.scroll_by(isize::MAX),
            Action::NextFile => self.jump(|mark, here| mark > here, false),
            Action::PreviousFile => self.jump(|mark, here| mark < here, true),
            _ => false,
        }
    }

    fn jump(&mut self, wanted: impl Fn(usize, usize) -> bool, last: bool) -> bool {
        let mut found = self.marks.iter().filter(|mark| wanted(**mark, self.scroll));
        let mark = if last {
            found.next_back()
        } else {
            found.next()
        };
        let Some(mark) = mark.copied() else {
            return false;
        };
        let before = self.scroll;
        self.scroll = mark.min(self.end());
        self.scroll != before
    }
}
