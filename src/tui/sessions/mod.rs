//! The list of sessions over the board: gluon's own, live ones first, and the conversations that were begun
//! without it, project by project.
//!
//! There may be ten thousand of those, so only the pages in sight are held; the daemon has the rest. Invariants: one
//! question is under way at a time, and the next one is what is wanted when its answer comes, so that typing
//! is never behind; an answer to a question that nobody asks any more is dropped; the selection stays on
//! its session while the list changes around it.

mod areas;

use std::collections::{BTreeMap, HashMap};

pub use areas::Areas;

use super::dialog::Line;
use super::keymap::Action;
use crate::domain::find::Words;
use crate::domain::{ProjectId, SessionId, TaskId};
use crate::protocol::{
    ConversationGroup, ConversationView, Conversations, FindLines, FoundLine, ListConversations,
    SessionView,
};

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

impl SessionsPage {
    /// Selects an item, as near as there is one that is a row; whether anything moved.
    pub fn select(&mut self, index: usize) -> bool {
        let before = (self.selected, self.scroll);
        self.moved = true;
        let down = index >= self.selected;
        let mut index = index.min(self.len().saturating_sub(1));
        if matches!(self.item(index), Some(Item::Heading(..))) {
            index = match down || index == 0 {
                true => (index + 1).min(self.len().saturating_sub(1)),
                false => index - 1,
            };
        }
        self.selected = index;
        self.key = self.key_at(index);
        self.reveal();
        (self.selected, self.scroll) != before
    }

    /// It has room for so many items.
    pub fn fit(&mut self, height: usize) {
        if self.height != height {
            self.height = height;
            self.reveal();
        }
    }

    fn reveal(&mut self) {
        let height = self.height.max(1);
        let index = self.selected;
        // The heading above the first row of some is of use.
        let first = match index.checked_sub(1).and_then(|above| self.item(above)) {
            Some(Item::Heading(..)) if height > 1 => index - 1,
            _ => index,
        };
        let last = self.len().saturating_sub(height);
        self.scroll = self
            .scroll
            .clamp(
                (index + 1).saturating_sub(height),
                first.max((index + 1).saturating_sub(height)),
            )
            .min(last.max((index + 1).saturating_sub(height)));
    }

    fn key_at(&self, index: usize) -> Option<Key> {
        match self.item(index)? {
            Item::Own(view) => Some(Key::Own(view.session.id)),
            Item::Other(view) => Some(Key::Other(view?.conversation.id.clone())),
            Item::Heading(..) => None,
        }
    }

    /// Puts the selection back on its session after the list changed.
    fn settle(&mut self) {
        if !self.moved {
            self.select(0);
            self.moved = false;
            return;
        }
        let wanted = self.key.clone();
        if wanted.is_some() && self.key_at(self.selected) != wanted {
            let near = self.selected.saturating_sub(PAGE as usize)
                ..(self.selected + PAGE as usize).min(self.len());
            let own = 0..(self.own_shown.len() + 1).min(self.len());
            let mut places = near.chain(own);
            if let Some(place) = places.find(|index| self.key_at(*index) == wanted) {
                self.selected = place;
            }
        }
        let key = self.key.take();
        self.select(self.selected);
        // Where its page has not come yet, it may still be there.
        if self.key.is_none() {
            self.key = key;
        }
    }

    /// Does what a key of a list asks for; whether anything moved.
    pub fn act(&mut self, action: Action) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        match action {
            Action::RowUp => self.select(self.selected.saturating_sub(1)),
            Action::RowDown => self.select(self.selected + 1),
            Action::ViewPageUp => self.select(self.selected.saturating_sub(page)),
            Action::ViewPageDown => self.select(self.selected + page),
            Action::ViewTop => self.select(0),
            Action::ViewBottom => self.select(usize::MAX),
            Action::NextGroup => self.next_group(),
            Action::PreviousGroup => self.previous_group(),
            _ => false,
        }
    }

    /// The items that are headings.
    fn heads(&self) -> Vec<usize> {
        let mut heads = Vec::new();
        let mut at = 0;
        if !self.own_shown.is_empty() {
            heads.push(0);
            at = self.own_shown.len() + 1;
        }
        if self.headings() == 1 && self.groups.is_empty() {
            heads.push(at);
        } else if self.headings() > 0 {
            for group in &self.groups {
                heads.push(at);
                at += group.count as usize + 1;
            }
        }
        heads
    }

    fn next_group(&mut self) -> bool {
        let next = self.heads().into_iter().find(|head| *head > self.selected);
        next.is_some_and(|head| self.select(head + 1))
    }

    fn previous_group(&mut self) -> bool {
        let heads = self.heads();
        let before = heads.iter().rev().filter(|head| **head < self.selected);
        let Some(head) = before.copied().nth(1) else {
            return self.select(0);
        };
        self.selected = 0;
        self.select(head + 1)
    }
}

/// What comes and what is asked for.
impl SessionsPage {
    /// gluon's sessions have come, with the prompts of their tasks.
    pub fn own_have_come(&mut self, rows: Vec<(SessionView, String)>) {
        self.own = Some(rows);
        self.filter_own();
        self.settle();
    }

    /// One of gluon's sessions is new or has changed; whether it is shown.
    pub fn session_changed(&mut self, view: &SessionView) -> bool {
        let Some(own) = &mut self.own else {
            return false;
        };
        match own
            .iter_mut()
            .find(|(known, _)| known.session.id == view.session.id)
        {
            Some((known, _)) if known == view => return false,
            Some((known, _)) => *known = view.clone(),
            None => own.insert(0, (view.clone(), String::new())),
        }
        self.filter_own();
        self.settle();
        true
    }

    fn filter_own(&mut self) {
        let words = Words::new(&self.query.words, WORDS);
        let texts = self.has_found_lines();
        let shown = |(view, prompt): &(SessionView, String)| {
            let of_project = self.query.project;
            // What was said in them is among the conversations then.
            !texts
                && of_project.is_none_or(|project| project == view.session.project)
                && (words.is_empty() || {
                    let (agent, task) = (&view.session.agent, view.session.task);
                    words.all_in(&format!("{task} {} {agent} {prompt}", view.task_title))
                })
        };
        let own = self.own.iter().flatten().enumerate();
        self.own_shown = own
            .filter(|(_, row)| shown(row))
            .map(|(at, _)| at)
            .collect();
    }

    /// Something else is wanted; whether it is.
    pub fn want(&mut self, query: Query) -> bool {
        if self.query == query {
            return false;
        }
        let mode = self.has_found_lines();
        self.query = query;
        self.lines.clear();
        if mode != self.has_found_lines() || self.query.words.is_empty() {
            // What is known has another shape.
            self.all = 0;
            self.groups.clear();
            self.pages.clear();
        }
        (self.selected, self.scroll, self.moved) = (0, 0, false);
        self.filter_own();
        self.settle();
        true
    }

    /// There may be more than is known.
    pub fn refresh(&mut self) {
        self.stale = true;
    }

    /// What was asked is never answered.
    pub fn forget(&mut self) {
        (self.asked, self.lines_asked, self.stale) = (false, false, true);
    }

    /// What to ask for now; `None` where nothing is wanted or an answer is awaited.
    pub fn ask(&mut self) -> Option<ListConversations> {
        if self.asked {
            return None;
        }
        let anew = self.answered.as_ref() != Some(&self.query);
        let sight = self.in_sight();
        let (first, last) = (self.number_at(sight.start), self.number_at(sight.end));
        let missing = (first / PAGE..=last / PAGE).find(|page| !self.pages.contains_key(page));
        let page = match (anew, missing) {
            (true, _) => 0,
            (false, _) if self.stale => first / PAGE,
            (false, Some(page)) if page * PAGE < self.all => page,
            _ => return None,
        };
        (self.asked, self.stale) = (true, false);
        Some(self.question(page))
    }

    fn question(&self, page: u32) -> ListConversations {
        ListConversations {
            words: self.query.words.trim().to_owned(),
            project: self.query.project,
            titles: !self.query.texts,
            // What was said in gluon's own sessions is found as well.
            foreign: !self.has_found_lines(),
            grouped: self.query.words.trim().is_empty(),
            skip: page * PAGE,
            limit: PAGE,
            ..ListConversations::default()
        }
    }

    /// An answer has come; whether it still is of use.
    pub fn come(&mut self, asked: &ListConversations, view: Conversations) -> bool {
        self.asked = false;
        let page = asked.skip / PAGE;
        if *asked != self.question(page) {
            return false;
        }
        let same = self.answered.as_ref() == Some(&self.query)
            && (self.all, &self.groups) == (view.all, &view.groups);
        if !same {
            self.pages.clear();
        }
        self.answered = Some(self.query.clone());
        (self.all, self.groups) = (view.all, view.groups);
        (self.looking, self.read) = (view.looking, view.read);
        self.error = None;
        self.pages.insert(page, view.rows);
        while self.pages.len() > PAGES {
            let far = |known: &u32| known.abs_diff(page);
            let Some(farthest) = self.pages.keys().copied().max_by_key(far) else {
                break;
            };
            self.pages.remove(&farthest);
        }
        self.settle();
        true
    }

    /// A question was refused.
    pub fn refused(&mut self, message: String) {
        self.asked = false;
        // Asked again when something else is wanted.
        self.answered = Some(self.query.clone());
        (self.all, self.looking) = (0, false);
        self.pages.clear();
        self.groups.clear();
        self.error = Some(message);
    }

    /// Of which conversations in sight the found line is to be asked for.
    pub fn ask_lines(&mut self) -> Option<FindLines> {
        if self.lines_asked || !self.has_found_lines() {
            return None;
        }
        let missing = |index: usize| match self.item(index)? {
            Item::Other(Some(view)) => {
                let id = &view.conversation.id;
                (!self.lines.contains_key(id)).then(|| id.clone())
            }
            _ => None,
        };
        let ids: Vec<String> = self
            .in_sight()
            .filter_map(missing)
            .take(LINES_AT_ONCE)
            .collect();
        if ids.is_empty() {
            return None;
        }
        self.lines_asked = true;
        let words = self.query.words.trim().to_owned();
        Some(FindLines { ids, words })
    }

    /// Found lines have come; whether they are still of use.
    pub fn lines_have_come(&mut self, asked: &FindLines, lines: Vec<FoundLine>) -> bool {
        self.lines_asked = false;
        if !self.has_found_lines() || asked.words != self.query.words.trim() {
            return false;
        }
        if self.lines.len() > LINES {
            self.lines.clear();
        }
        self.lines
            .extend(lines.into_iter().map(|line| (line.id.clone(), line)));
        true
    }

    /// Found lines were refused: they are not asked for again.
    pub fn lines_refused(&mut self, asked: &FindLines) {
        let nothing = |id: &String| FoundLine {
            id: id.clone(),
            line: None,
            speaker: crate::domain::Speaker::Note,
            place: 0,
            text: String::new(),
        };
        let lines = asked.ids.iter().map(nothing).collect();
        self.lines_have_come(asked, lines);
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
