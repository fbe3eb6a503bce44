//! Which row of the list is selected, and which are in sight.
//!
//! Invariant: what is selected is a row, never a heading, as long as there is one.

use super::{Item, Key, PAGE, SessionsPage};
use crate::tui::keymap::Action;

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

    pub(super) fn reveal(&mut self) {
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

    pub(super) fn key_at(&self, index: usize) -> Option<Key> {
        match self.item(index)? {
            Item::Own(view) => Some(Key::Own(view.session.id)),
            Item::Other(view) => Some(Key::Other(view?.conversation.id.clone())),
            Item::Heading(..) => None,
        }
    }

    /// Puts the selection back on its session after the list changed.
    pub(super) fn settle(&mut self) {
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
    pub(super) fn heads(&self) -> Vec<usize> {
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
