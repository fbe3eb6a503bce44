//! Looking for something in a transcript: among what is held first, then wherever it is.

use super::lines::{Line, folds};
use super::{Came, Part, SOUGHT, Search, Spot, Then, TranscriptView};
use crate::domain::find::Needle;
use crate::protocol::{SeekTranscript, Sought, TranscriptFrom};

pub(super) fn search_of(text: &str, back: bool) -> Option<Search> {
    Some(Search {
        text: text.to_owned(),
        needle: Needle::new(text)?,
        back,
        at: None,
    })
}

/// Looking for something.
impl TranscriptView {
    /// From now on `text` is looked for; from what is in sight on.
    pub fn search(&mut self, text: &str) -> Came {
        self.search = search_of(text, false);
        match self.search {
            Some(_) => self.find(false),
            None => Came::Changed,
        }
    }

    /// To the next match, or the one before.
    pub fn find(&mut self, back: bool) -> Came {
        let Some(search) = &mut self.search else {
            return Came::Nothing;
        };
        search.back = back;
        if self.find_here(back, false) {
            return Came::Changed;
        }
        let from = match back {
            true => self
                .parts
                .front()
                .map(|part| part.start)
                .filter(|start| *start > 0),
            false => self.parts.back().map(|part| part.end).filter(|_| self.more),
        };
        match from {
            Some(from) => self.seek(from, back),
            None => Came::Nothing,
        }
    }

    fn seek(&mut self, from: u64, back: bool) -> Came {
        let Some(search) = &self.search else {
            return Came::Nothing;
        };
        let seek = SeekTranscript {
            of: self.of.clone(),
            text: search.text.clone(),
            from,
            back,
        };
        self.seeking = Some(seek.clone());
        Came::Seek(seek)
    }

    /// Goes to the next match among what is held; whether there is one.
    pub(super) fn find_here(&mut self, back: bool, including: bool) -> bool {
        let Some(search) = &self.search else {
            return false;
        };
        let in_sight = |at: usize| {
            let (part, line) = self.lines(at).next()?;
            Some((part, line.passage, line.nth))
        };
        let fresh = search.at.is_none() || including;
        let last = self.len().saturating_sub(1).min(self.scroll + self.size.1);
        let here = match (search.at, back) {
            (Some(at), _) => Some(at),
            (None, false) => in_sight(self.scroll),
            (None, true) => in_sight(last),
        };
        let Some(here) = here else {
            return false;
        };
        let beyond = |at: Spot| match (back, fresh) {
            (false, true) => at >= here,
            (false, false) => at > here,
            (true, true) => at <= here,
            (true, false) => at < here,
        };
        let numbers = 0..self.parts.len();
        let order: Vec<usize> = if back {
            numbers.rev().collect()
        } else {
            numbers.collect()
        };
        for number in order {
            let matches = matches(&self.parts[number], &search.needle, self.all);
            let mut wanted = matches
                .into_iter()
                .filter(|found| beyond((number, found.passage, found.nth)));
            let found = if back {
                wanted.next_back()
            } else {
                wanted.next()
            };
            if let Some(found) = found {
                self.show_match(number, found);
                return true;
            }
        }
        false
    }

    /// Brings a match into sight, unfolded where it has to be.
    fn show_match(&mut self, part: usize, mut found: Match) {
        if found.hidden {
            let turned = &mut self.parts[part].turned;
            if !turned.remove(&found.passage) {
                turned.insert(found.passage);
            }
            self.lay_out(part);
            let needle = self.search.as_ref().map(|search| &search.needle);
            let again = needle.map(|needle| matches(&self.parts[part], needle, self.all));
            let mut of_it = again
                .into_iter()
                .flatten()
                .filter(|it| it.passage == found.passage);
            found = of_it.next().unwrap_or(found);
        }
        if let Some(search) = &mut self.search {
            search.at = Some((part, found.passage, found.nth));
        }
        self.current = (part, found.passage);
        let before: usize = self.parts.iter().take(part).map(|it| it.lines.len()).sum();
        let at = before + found.line;
        if !(self.scroll..self.scroll + self.size.1.max(1)).contains(&at) {
            self.scroll = at.saturating_sub(self.size.1 / 3);
        }
        self.scroll = self.scroll.min(self.last_line());
        self.follow = false;
    }

    /// Whether the line is the match that one stands on.
    pub fn is_match(&self, part: usize, line: &Line) -> bool {
        let at = self.search.as_ref().and_then(|search| search.at);
        line.indent > 0 && at == Some((part, line.passage, line.nth))
    }

    /// What looking beyond what is held came to: what to ask for next, or `None` where it is nowhere.
    pub fn sought(&mut self, asked: &SeekTranscript, sought: &Sought) -> Option<Came> {
        if self.seeking.as_ref() != Some(asked) {
            return Some(Came::Nothing);
        }
        self.seeking = None;
        match sought.at {
            Some(place) => {
                let then = match asked.back {
                    true => Then::LastMatch,
                    false => Then::FirstMatch,
                };
                let read = self.begin(TranscriptFrom::Place(place), SOUGHT, then);
                Some(Came::Read(read))
            }
            None if sought.ended || sought.reached == asked.from => None,
            None => Some(self.seek(sought.reached, asked.back)),
        }
    }
}

/// A line in which something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    /// Its number in the part.
    line: usize,
    passage: usize,
    nth: usize,
    /// Whether it only shows when the passage is unfolded.
    hidden: bool,
}

/// The lines of a part with a match, each passage at least once.
fn matches(part: &Part, needle: &Needle, all: bool) -> Vec<Match> {
    let mut found = Vec::new();
    let mut lines = part.lines.iter().enumerate().peekable();
    for (passage, it) in part.passages.iter().enumerate() {
        if !needle.is_in(&it.text) {
            continue;
        }
        let mut first = None;
        let mut any = false;
        while let Some((line, it)) = lines.next_if(|(_, line)| line.passage <= passage) {
            // Names and days are none of what was said.
            if it.passage == passage && it.indent > 0 {
                first.get_or_insert(line);
                if needle.is_in(&it.text) {
                    any = true;
                    found.push(Match {
                        line,
                        passage,
                        nth: it.nth,
                        hidden: false,
                    });
                }
            }
        }
        if let Some(line) = first.filter(|_| !any) {
            let open = all != part.turned.contains(&passage);
            let hidden = folds(it.speaker) && !open;
            found.push(Match {
                line,
                passage,
                nth: 0,
                hidden,
            });
        }
    }
    found
}
