//! The inbox over the board: which row is selected, and what a row says.
//!
//! Holds no copy of what waits: the rows are made from the cards whenever they are wanted, by the rule that
//! the header counts by. The selection is a task, so that an answer never hits the row that moved up.

use super::keymap::Action;
use super::text::clean;
use crate::domain::TaskId;
use crate::protocol::InboxEntry;

/// The state of the inbox while it is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxList {
    /// The selected task.
    pub selected: Option<TaskId>,
    /// Its row, or where it was.
    pub index: usize,
    /// The first row shown.
    pub scroll: usize,
    /// Rows it had when last laid out.
    pub height: usize,
}

impl InboxList {
    /// Puts the selection right after anything changed: on its task, or on what came to stand there.
    pub fn settle(&mut self, entries: &[InboxEntry]) {
        let place = entries
            .iter()
            .position(|entry| Some(entry.task) == self.selected);
        self.select(entries, place.unwrap_or(self.index));
    }

    /// Selects a row, as near as there is one; whether anything moved.
    pub fn select(&mut self, entries: &[InboxEntry], index: usize) -> bool {
        let before = (self.selected, self.scroll);
        self.index = index.min(entries.len().saturating_sub(1));
        self.selected = entries.get(self.index).map(|entry| entry.task);
        let height = self.height.max(1);
        self.scroll = self
            .scroll
            .clamp((self.index + 1).saturating_sub(height), self.index);
        (self.selected, self.scroll) != before
    }

    /// Does what a key of the list context asks for; whether anything moved.
    pub fn act(&mut self, entries: &[InboxEntry], action: Action) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        let to = match action {
            Action::RowUp => self.index.saturating_sub(1),
            Action::RowDown => self.index + 1,
            Action::ViewPageUp => self.index.saturating_sub(page),
            Action::ViewPageDown => self.index + page,
            Action::ViewTop => 0,
            Action::ViewBottom => usize::MAX,
            _ => return false,
        };
        self.select(entries, to)
    }
}

/// What is wanted, in one line: the exact ask where there is one.
pub fn words(entry: &InboxEntry) -> String {
    let words = clean(&entry.words);
    match words.trim() {
        "" => entry.need.words().to_owned(),
        words if entry.need.blocks() => format!("asks: {words}"),
        words => format!("{}: {words}", entry.need.words()),
    }
}
