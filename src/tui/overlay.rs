//! Texts and lists that lie over the board: their state and how keys move in them.

use crate::domain::{SessionId, TaskId};
use crate::protocol::SessionView;

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

/// The list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionList {
    /// The sessions; `None` until they have come.
    pub rows: Option<Vec<SessionView>>,
    /// The selected one.
    pub selected: Option<SessionId>,
    /// The first row shown.
    pub scroll: usize,
    /// Rows it had when last laid out.
    pub height: usize,
}

impl SessionList {
    /// The sessions that are there.
    pub fn rows(&self) -> &[SessionView] {
        self.rows.as_deref().unwrap_or_default()
    }

    /// The index of the selected session.
    pub fn index(&self) -> usize {
        self.rows()
            .iter()
            .position(|row| Some(row.session.id) == self.selected)
            .unwrap_or(0)
    }

    /// The selected session.
    pub fn current(&self) -> Option<&SessionView> {
        self.rows().get(self.index())
    }

    /// Selects the session at an index, as near as there is one.
    pub fn select(&mut self, index: usize) -> bool {
        let index = index.min(self.rows().len().saturating_sub(1));
        let before = (self.selected, self.scroll);
        self.selected = self.rows().get(index).map(|row| row.session.id);
        let height = self.height.max(1);
        self.scroll = self.scroll.clamp((index + 1).saturating_sub(height), index);
        (self.selected, self.scroll) != before
    }

    /// Does what a key of the list context asks for; whether anything moved.
    pub fn act(&mut self, action: Action) -> bool {
        let here = self.index();
        let page = self.height.saturating_sub(1).max(1);
        match action {
            Action::RowUp => self.select(here.saturating_sub(1)),
            Action::RowDown => self.select(here + 1),
            Action::ViewPageUp => self.select(here.saturating_sub(page)),
            Action::ViewPageDown => self.select(here + page),
            Action::ViewTop => self.select(0),
            Action::ViewBottom => self.select(usize::MAX),
            _ => false,
        }
    }
}
