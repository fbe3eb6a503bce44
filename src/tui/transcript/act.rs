//! Moving in a transcript: what keys and clicks do.

use super::lines::folds;
use super::{PIECE, Then, TranscriptView};
use crate::domain::Speaker;
use crate::protocol::{ReadTranscript, SeekTranscript, TranscriptFrom};
use crate::tui::keymap::Action;

/// What a key came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// Nothing.
    Nothing,
    /// It looks different.
    Changed,
    /// This is to be asked for.
    Read(ReadTranscript),
    /// This is to be looked for.
    Seek(SeekTranscript),
    /// This is to be copied.
    Copy(String),
}

impl TranscriptView {
    /// Scrolls by lines; whether anything moved.
    pub fn scroll_by(&mut self, by: isize) -> bool {
        let before = self.scroll;
        self.scroll = self.scroll.saturating_add_signed(by).min(self.last_line());
        self.follow = self.at_end();
        self.keep_current();
        self.scroll != before
    }

    /// The selected passage stays in sight.
    fn keep_current(&mut self) {
        let in_sight = || self.lines(self.scroll).take(self.size.1.max(1));
        if in_sight().any(|(part, line)| self.is_current(part, line)) {
            return;
        }
        let below = self
            .line_of(self.current)
            .is_some_and(|at| at >= self.scroll);
        let line = match below {
            true => in_sight().last(),
            false => in_sight().next(),
        };
        if let Some((part, line)) = line {
            self.current = (part, line.passage);
        }
    }

    /// Does what a key asks for.
    pub fn act(&mut self, action: Action) -> Came {
        let page = self.size.1.saturating_sub(1).max(1) as isize;
        let changed = match action {
            Action::RowUp => self.scroll_by(-1),
            Action::RowDown => self.scroll_by(1),
            Action::ViewPageUp => self.scroll_by(-page),
            Action::ViewPageDown => self.scroll_by(page),
            Action::ViewTop => return self.go_far(false),
            Action::ViewBottom => return self.go_far(true),
            Action::NextPassage => self.step(1, |_| true),
            Action::PreviousPassage => self.step(-1, |_| true),
            Action::NextPrompt => self.step(1, |speaker| speaker == Speaker::User),
            Action::PreviousPrompt => self.step(-1, |speaker| speaker == Speaker::User),
            Action::FoldPassage => self.turn(self.current),
            Action::FoldPassages => self.turn_all(),
            Action::FindNext => return self.find(false),
            Action::FindPrevious => return self.find(true),
            Action::CopyPassage => {
                let (part, passage) = self.current;
                let passage = self
                    .parts
                    .get(part)
                    .and_then(|part| part.passages.get(passage));
                return passage.map_or(Came::Nothing, |it| Came::Copy(it.text.clone()));
            }
            _ => false,
        };
        match changed {
            true => Came::Changed,
            false => Came::Nothing,
        }
    }

    /// To the beginning or the end of everything.
    fn go_far(&mut self, end: bool) -> Came {
        self.seeking = None;
        let here = match end {
            true => !self.more,
            false => self.parts.front().is_none_or(|part| part.start == 0),
        };
        match (here, end) {
            (true, true) => self.go_to_end(),
            (true, false) => {
                (self.scroll, self.current, self.follow) = (0, (0, 0), false);
            }
            (false, true) => {
                return Came::Read(self.begin(TranscriptFrom::End, PIECE, Then::Bottom));
            }
            (false, false) => {
                return Came::Read(self.begin(TranscriptFrom::Place(0), PIECE, Then::Top));
            }
        }
        Came::Changed
    }

    /// To the next or the previous passage that is wanted, which comes into sight.
    fn step(&mut self, by: isize, wanted: fn(Speaker) -> bool) -> bool {
        let mut all: Vec<(usize, usize)> = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let passages = part.passages.iter().enumerate();
            all.extend(
                passages
                    .filter(|(_, it)| wanted(it.speaker))
                    .map(|(at, _)| (number, at)),
            );
        }
        let next = match by {
            1 => all.into_iter().find(|at| *at > self.current),
            _ => all.into_iter().rfind(|at| *at < self.current),
        };
        let Some(next) = next else {
            // There may be more where that is asked for.
            return self.scroll_by(by * self.size.1 as isize);
        };
        self.select(next);
        true
    }

    fn select(&mut self, passage: (usize, usize)) {
        self.current = passage;
        let Some(first) = self.line_of(passage) else {
            return;
        };
        let in_sight = self.scroll..self.scroll + self.size.1.saturating_sub(1);
        if !in_sight.contains(&first) {
            self.scroll = first.saturating_sub(self.size.1 / 4).min(self.last_line());
        }
        self.follow = false;
    }

    /// Folds or unfolds a passage; whether it can be.
    fn turn(&mut self, (part, passage): (usize, usize)) -> bool {
        let Some(it) = self.parts.get_mut(part) else {
            return false;
        };
        if !it.passages.get(passage).is_some_and(|it| folds(it.speaker)) {
            // The next answer to a call is what is meant.
            let below = it.passages.iter().enumerate().skip(passage + 1).take(1);
            let next = below
                .filter(|(_, it)| folds(it.speaker))
                .map(|(at, _)| at)
                .next();
            return match next {
                Some(next) => {
                    self.current = (part, next);
                    self.turn((part, next))
                }
                None => false,
            };
        }
        if !it.turned.remove(&passage) {
            it.turned.insert(passage);
        }
        self.follow = false;
        self.lay_out(part);
        self.scroll = self.scroll.min(self.last_line());
        true
    }

    fn turn_all(&mut self) -> bool {
        self.all = !self.all;
        for part in &mut self.parts {
            part.turned.clear();
        }
        let top = self.current;
        self.lay_out(0);
        self.go_to(top);
        true
    }

    /// A click on a row; whether anything changed.
    pub fn click(&mut self, row: usize) -> bool {
        let Some((part, line)) = self.lines(self.scroll + row).next() else {
            return false;
        };
        let (passage, folds) = ((part, line.passage), line.folds);
        self.current = passage;
        self.follow = false;
        if folds {
            self.turn(passage);
        }
        true
    }
}
