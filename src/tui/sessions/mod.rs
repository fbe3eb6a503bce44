//! The list of sessions over the board: gluon's own, live ones first, and the conversations that were begun
//! without it, project by project.
//!
//! There may be ten thousand of those, so only the pages in sight are held; the daemon has the rest. Invariants: one
//! question is under way at a time, and the next one is what is wanted when its answer comes, so that typing
//! is never behind; an answer to a question that nobody asks any more is dropped; the selection stays on
//! its session while the list changes around it.

mod answers;
mod areas;
mod select;

use std::collections::{BTreeMap, HashMap};

pub use areas::Areas;

use super::dialog::Line;
use crate::domain::{ProjectId, SessionId, TaskId};
use crate::protocol::{ConversationGroup, ConversationView, FoundLine, SessionView};

/// Conversations asked for at once.
pub const PAGE: u32 = 100;
/// The most pages held.
const PAGES: usize = 20;
/// The most words of a search that count.
const WORDS: usize = 16;
/// The most found lines held, and asked for at once.
const LINES: usize = 2000;
const LINES_AT_ONCE: usize = 60;

/// What the list is to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// With these words.
    pub words: String,
    /// In everything that was said; else in titles and prompts.
    pub texts: bool,
    /// Of this project only.
    pub project: Option<ProjectId>,
}

/// A row, or the heading of some.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item<'a> {
    /// Whose rows follow, and how many.
    Heading(Heading<'a>, usize),
    /// One of gluon's sessions.
    Own(&'a SessionView),
    /// A conversation; `None` until its page has come.
    Other(Option<&'a ConversationView>),
}

/// What a heading says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading<'a> {
    /// gluon's own sessions.
    Own,
    /// Everything that was begun without it.
    Others,
    /// What was begun without it in a project, or elsewhere.
    Group(&'a ConversationGroup),
}

/// What stays selected while the list changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// One of gluon's sessions.
    Own(SessionId),
    /// A conversation.
    Other(String),
}

/// The state of the list.
#[derive(Debug, Clone, Default)]
pub struct SessionsPage {
    /// What is wanted.
    pub query: Query,
    /// The line being typed into.
    pub line: Option<Line>,
    /// gluon's sessions with the prompts of their tasks; `None` until they have come.
    own: Option<Vec<(SessionView, String)>>,
    /// Those that are shown.
    own_shown: Vec<usize>,
    /// What is known of the others: which question that answers, how many there are, their groups, the pages.
    answered: Option<Query>,
    all: u32,
    groups: Vec<ConversationGroup>,
    pages: BTreeMap<u32, Vec<ConversationView>>,
    /// Whether the daemon still looks for more, and how far it is.
    pub looking: bool,
    /// How many transcripts it has read, of how many.
    pub read: Option<(u32, u32)>,
    /// Why the last question was not answered.
    pub error: Option<String>,
    asked: bool,
    /// What is shown may no longer be so.
    stale: bool,
    lines: HashMap<String, FoundLine>,
    lines_asked: bool,
    /// The index of the selected item.
    selected: usize,
    key: Option<Key>,
    /// Whether the user has moved: until then what is first is selected, whatever comes.
    moved: bool,
    /// The first item shown.
    pub scroll: usize,
    /// Items it had room for when last laid out.
    pub height: usize,
}

impl SessionsPage {
    /// A list of one project's sessions, or of all, on which session `here` is selected.
    pub fn new(project: Option<ProjectId>, here: Option<SessionId>) -> Self {
        Self {
            query: Query {
                project,
                ..Query::default()
            },
            key: here.map(Key::Own),
            moved: here.is_some(),
            height: 1,
            ..Self::default()
        }
    }

    /// Whether nothing has come yet.
    pub fn is_loading(&self) -> bool {
        self.own.is_none() || self.answered.is_none() && self.error.is_none()
    }

    /// Whether rows have a second line with what was found.
    pub fn has_found_lines(&self) -> bool {
        self.query.texts && !self.query.words.trim().is_empty()
    }

    /// Lines of an item.
    pub fn item_height(&self) -> u16 {
        if self.has_found_lines() { 2 } else { 1 }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        let own = match self.own_shown.len() {
            0 => 0,
            count => count + 1,
        };
        own + self.headings() + self.all as usize
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.own_shown.is_empty() && self.all == 0
    }

    /// How many headings stand among the conversations.
    fn headings(&self) -> usize {
        match (self.has_found_lines(), self.all) {
            (true, _) | (_, 0) => 0,
            _ if self.groups.is_empty() => 1,
            _ => self.groups.len(),
        }
    }

    /// An item.
    pub fn item(&self, index: usize) -> Option<Item<'_>> {
        let own = self.own_shown.len();
        let mut index = index;
        if own > 0 {
            match index {
                0 => return Some(Item::Heading(Heading::Own, own)),
                _ if index <= own => {
                    let number = *self.own_shown.get(index - 1)?;
                    return Some(Item::Own(&self.own.as_ref()?.get(number)?.0));
                }
                _ => index -= own + 1,
            }
        }
        let other = |number: usize| (number < self.all as usize).then_some(number);
        let number = match self.headings() {
            0 => other(index)?,
            _ if self.groups.is_empty() => match index {
                0 => return Some(Item::Heading(Heading::Others, self.all as usize)),
                _ => other(index - 1)?,
            },
            _ => {
                let mut before = 0;
                let mut rest = index;
                let group = self.groups.iter().find(|group| {
                    let here = rest <= group.count as usize;
                    if !here {
                        rest -= group.count as usize + 1;
                        before += group.count as usize;
                    }
                    here
                })?;
                if rest == 0 {
                    return Some(Item::Heading(Heading::Group(group), group.count as usize));
                }
                other(before + rest - 1)?
            }
        };
        let page = self.pages.get(&(number as u32 / PAGE));
        Some(Item::Other(
            page.and_then(|page| page.get(number % PAGE as usize)),
        ))
    }

    /// The number among the conversations of the first one at or behind an item.
    fn number_at(&self, index: usize) -> u32 {
        let own = match self.own_shown.len() {
            0 => 0,
            count => count + 1,
        };
        let index = index.saturating_sub(own);
        let number = match (self.headings(), self.groups.is_empty()) {
            (0, _) => index,
            (_, true) => index.saturating_sub(1),
            _ => {
                let (mut before, mut rest) = (0, index);
                for group in &self.groups {
                    let count = group.count as usize;
                    if rest <= count {
                        break;
                    }
                    rest -= count + 1;
                    before += count;
                }
                before + rest.saturating_sub(1)
            }
        };
        (number as u32).min(self.all.saturating_sub(1))
    }

    /// The items in sight.
    pub fn in_sight(&self) -> std::ops::Range<usize> {
        let end = (self.scroll + self.height.max(1)).min(self.len());
        self.scroll.min(end)..end
    }

    /// The index of the selected item.
    pub fn index(&self) -> usize {
        self.selected
    }

    /// The selected item.
    pub fn current(&self) -> Option<Item<'_>> {
        self.item(self.selected)
    }

    /// The place of the selected row among all rows, headings not counted.
    pub fn row_number(&self) -> usize {
        let own = self.own_shown.len();
        match self.selected {
            index if own > 0 && index <= own => index,
            index => own + self.number_at(index) as usize + 1,
        }
    }

    /// How many rows there are, headings not counted.
    pub fn rows(&self) -> usize {
        self.own_shown.len() + self.all as usize
    }

    /// What was found in a conversation; `None` until it has come.
    pub fn found(&self, id: &str) -> Option<&FoundLine> {
        self.lines.get(id)
    }
}

/// The task that a row belongs to.
pub fn task_of(item: Item<'_>) -> Option<TaskId> {
    match item {
        Item::Own(view) => Some(view.session.task),
        Item::Other(view) => view?.task,
        Item::Heading(..) => None,
    }
}

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
