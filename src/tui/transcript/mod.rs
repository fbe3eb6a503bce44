//! A transcript over the board: what was said, as far as somebody reads.
//!
//! A transcript may be hundreds of megabytes long, so it is held by parts around what is in sight; more is asked
//! for before the reader gets there. Invariants: parts follow each other without a gap; one page is asked for
//! at a time; what is in sight stays where it is while parts come before it.

mod act;
mod lines;
mod search;

use std::collections::{HashSet, VecDeque};

pub use act::Came;
pub use lines::{Before, Frame, Line, broken, folds};

use search::search_of;

use super::theme::Glyphs;
use crate::domain::find::Needle;
use crate::domain::{Conversation, Day, Passage, Speaker};
use crate::protocol::{
    ReadTranscript, SeekTranscript, TranscriptFrom, TranscriptOf, TranscriptPage,
};

/// Passages asked for at once.
const PIECE: u32 = 200;
/// So many have what was sought, wherever it is.
const SOUGHT: u32 = 500;
/// The most passages and bytes that are held.
const PASSAGES: usize = 3000;
const BYTES: usize = 8 * 1024 * 1024;

/// A part of a transcript.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    start: u64,
    end: u64,
    offset: i64,
    passages: Vec<Passage>,
    turned: HashSet<usize>,
    lines: Vec<Line>,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// As it was typed.
    pub text: String,
    /// What finds it.
    pub needle: Needle,
    /// Whether it was last looked for towards the beginning.
    pub back: bool,
    /// The line that was found.
    at: Option<Spot>,
}

/// A line of what was said: its part, its passage there, and which line of that. Names and days come and go
/// with what stands before them; this does not.
type Spot = (usize, usize, usize);

/// The state of a transcript.
#[derive(Debug, Clone)]
pub struct TranscriptView {
    /// Whose it is.
    pub of: TranscriptOf,
    /// What it is called until it has come.
    pub title: String,
    /// Whose it turned out to be.
    pub conversation: Option<Conversation>,
    parts: VecDeque<Part>,
    /// Whether there is more behind the last part.
    more: bool,
    /// Columns and rows it had when last laid out.
    pub size: (usize, usize),
    glyphs: &'static Glyphs,
    /// The first line shown.
    pub scroll: usize,
    /// The selected passage: its part and its number there.
    current: (usize, usize),
    all: bool,
    /// Whether the end is to stay in sight.
    follow: bool,
    /// What is looked for.
    pub search: Option<Search>,
    asked: Option<ReadTranscript>,
    /// What is being looked for beyond what is held.
    pub seeking: Option<SeekTranscript>,
    /// What to do with the page that comes.
    then: Then,
    /// Why nothing can be read.
    pub error: Option<String>,
}

/// What to do with the page that comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Then {
    /// Put it where it belongs.
    #[default]
    Join,
    /// Begin anew with it, at its beginning, at its end.
    Top,
    Bottom,
    /// Begin anew, at the first match or at the last.
    FirstMatch,
    LastMatch,
}

impl TranscriptView {
    /// A transcript from its end, or from where `found` stands.
    pub fn new(of: TranscriptOf, title: &str, found: Option<(u64, &str)>) -> Self {
        let mut view = Self {
            of,
            title: title.to_owned(),
            conversation: None,
            parts: VecDeque::new(),
            more: false,
            size: (80, 20),
            glyphs: Glyphs::set(false),
            scroll: 0,
            current: (0, 0),
            all: false,
            follow: false,
            search: None,
            asked: None,
            seeking: None,
            then: Then::Bottom,
            error: None,
        };
        let (from, then) = match found {
            Some((place, text)) => {
                view.search = search_of(text, false);
                (TranscriptFrom::Place(place), Then::FirstMatch)
            }
            None => (TranscriptFrom::End, Then::Bottom),
        };
        view.begin(from, PIECE, then);
        view
    }

    /// What is to be asked for first.
    pub fn first_question(&self) -> Option<ReadTranscript> {
        self.asked.clone()
    }

    fn read(&self, from: TranscriptFrom, limit: u32) -> ReadTranscript {
        ReadTranscript {
            of: self.of.clone(),
            from,
            limit,
        }
    }

    fn begin(&mut self, from: TranscriptFrom, limit: u32, then: Then) -> ReadTranscript {
        let read = self.read(from, limit);
        (self.asked, self.then) = (Some(read.clone()), then);
        read
    }

    /// Whether something is awaited that the user waits for.
    pub fn is_loading(&self) -> bool {
        self.seeking.is_some() || self.asked.is_some() && self.then != Then::Join
    }

    /// Whether nothing was said at all.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.passages.is_empty())
    }

    /// How many lines are held.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.lines.len()).sum()
    }

    /// The lines from a number on, with the part each belongs to.
    pub fn lines(&self, from: usize) -> impl Iterator<Item = (usize, &Line)> {
        let parts = self.parts.iter().enumerate();
        let lines =
            parts.flat_map(|(number, part)| part.lines.iter().map(move |line| (number, line)));
        // Whole parts could be stepped over, but there are few lines in each.
        lines.skip(from)
    }

    /// Whether a line belongs to the selected passage.
    pub fn is_current(&self, part: usize, line: &Line) -> bool {
        self.current == (part, line.passage)
    }

    /// How far the reader is, from 0 to 100, where that can be said.
    pub fn percent(&self) -> Option<u8> {
        if self.at_end() {
            return Some(100);
        }
        let place = self.place()?;
        let end = self.parts.back()?.end;
        (!self.more).then(|| (place.saturating_mul(100) / end.max(1)).min(99) as u8)
    }

    /// About where in the transcript the first line in sight is.
    pub fn place(&self) -> Option<u64> {
        let mut rest = self.scroll;
        for part in &self.parts {
            if rest < part.lines.len() {
                let whole = part.lines.len() as u64;
                return Some(part.start + (part.end - part.start) * rest as u64 / whole.max(1));
            }
            rest -= part.lines.len();
        }
        self.parts.back().map(|part| part.end)
    }

    /// Whether the end of everything is in sight.
    pub fn at_end(&self) -> bool {
        !self.more && self.scroll + self.size.1 >= self.len()
    }

    /// Whether the beginning of everything is in sight.
    pub fn at_beginning(&self) -> bool {
        self.scroll == 0 && self.parts.front().is_none_or(|part| part.start == 0)
    }

    fn last_line(&self) -> usize {
        self.len().saturating_sub(self.size.1)
    }
}

/// What comes, and what is asked for.
impl TranscriptView {
    /// It is laid out in so many columns and rows.
    pub fn fit(&mut self, size: (usize, usize), glyphs: &'static Glyphs) {
        let other = self.size.0 != size.0 || self.glyphs != glyphs;
        let top = self.top();
        self.size = size;
        self.glyphs = glyphs;
        if other {
            self.lay_out(0);
            self.go_to(top);
        }
        if self.follow {
            self.scroll = self.last_line();
        }
        self.scroll = self.scroll.min(self.last_line());
    }

    /// The passage of the first line in sight.
    fn top(&self) -> (usize, usize) {
        let line = self.lines(self.scroll).next();
        line.map_or((0, 0), |(part, line)| (part, line.passage))
    }

    /// Brings the first line of a passage to the top.
    fn go_to(&mut self, passage: (usize, usize)) {
        self.scroll = self.line_of(passage).unwrap_or(0).min(self.last_line());
    }

    /// The number of a passage's first line.
    fn line_of(&self, (part, passage): (usize, usize)) -> Option<usize> {
        let before: usize = self.parts.iter().take(part).map(|it| it.lines.len()).sum();
        let lines = &self.parts.get(part)?.lines;
        let at = lines.iter().position(|line| line.passage == passage)?;
        Some(before + at)
    }

    /// Makes the lines of all parts from number `first` on.
    fn lay_out(&mut self, first: usize) {
        let agent = self
            .conversation
            .as_ref()
            .map_or("agent", |it| it.agent.as_str());
        let mut before = self.before(first);
        for part in self.parts.iter_mut().skip(first) {
            let frame = Frame {
                room: self.size.0,
                agent,
                offset: part.offset,
                glyphs: self.glyphs,
                turned: &part.turned,
                all: self.all,
            };
            part.lines = lines::lines(&part.passages, &frame, before);
            before = ends_with(part, before);
        }
    }

    fn before(&self, part: usize) -> Before {
        let parts = self.parts.iter().take(part);
        parts.fold(Before::default(), |before, part| ends_with(part, before))
    }

    /// A page has come; whether it was of use. What to ask for next is what [`Self::ask`] says.
    pub fn come(&mut self, asked: &ReadTranscript, page: TranscriptPage) -> bool {
        if self.asked.as_ref() != Some(asked) {
            return false;
        }
        self.asked = None;
        self.error = None;
        let then = std::mem::take(&mut self.then);
        self.conversation = Some(page.conversation);
        let part = Part {
            start: page.start,
            end: page.end,
            offset: page.offset,
            passages: page.passages,
            turned: HashSet::new(),
            lines: Vec::new(),
        };
        match (then, asked.from) {
            (Then::Join, TranscriptFrom::Before(_)) => self.prepend(part),
            (Then::Join, _) => self.append(part, page.more),
            (then, _) => {
                self.parts.clear();
                self.parts.push_back(part);
                self.more = page.more;
                (self.scroll, self.current) = (0, (0, 0));
                self.follow = false;
                self.lay_out(0);
                self.start_at(then);
            }
        }
        true
    }

    fn start_at(&mut self, then: Then) {
        match then {
            Then::Bottom => self.go_to_end(),
            Then::FirstMatch | Then::LastMatch => {
                let back = then == Then::LastMatch;
                if let Some(search) = &mut self.search {
                    search.at = None;
                }
                if back {
                    self.scroll = self.last_line();
                }
                if !self.find_here(back, true) && back {
                    self.go_to_end();
                }
            }
            Then::Top | Then::Join => {}
        }
    }

    fn go_to_end(&mut self) {
        self.scroll = self.last_line();
        self.follow = !self.more;
        let last = self.parts.len().saturating_sub(1);
        let passages = self.parts.get(last).map_or(0, |part| part.passages.len());
        self.current = (last, passages.saturating_sub(1));
    }

    fn prepend(&mut self, part: Part) {
        if part.start >= part.end && part.passages.is_empty() {
            // What is before cannot be read.
            if let Some(first) = self.parts.front_mut() {
                first.start = 0;
            }
            return;
        }
        let before = self.len();
        self.parts.push_front(part);
        self.current.0 += 1;
        if let Some(at) = self.search.as_mut().and_then(|search| search.at.as_mut()) {
            at.0 += 1;
        }
        // The names at the next part's beginning depend on who spoke before.
        self.lay_out(0);
        self.scroll += self.len().saturating_sub(before);
        while self.is_full() && self.parts.len() > 2 {
            self.parts.pop_back();
            self.more = true;
            self.follow = false;
        }
    }

    fn append(&mut self, part: Part, more: bool) {
        self.more = more;
        if part.passages.is_empty() {
            if let Some(last) = self.parts.back_mut() {
                last.end = last.end.max(part.end);
            }
            return;
        }
        self.parts.push_back(part);
        self.lay_out(self.parts.len() - 1);
        while self.is_full() && self.parts.len() > 2 {
            let gone = self.parts.pop_front().map_or(0, |part| part.lines.len());
            self.scroll = self.scroll.saturating_sub(gone);
            self.current.0 = self.current.0.saturating_sub(1);
            if let Some(search) = &mut self.search {
                let moved = |(part, passage, nth): Spot| Some((part.checked_sub(1)?, passage, nth));
                search.at = search.at.and_then(moved);
            }
        }
        if self.follow {
            self.go_to_end();
        }
    }

    fn is_full(&self) -> bool {
        let passages = || self.parts.iter().flat_map(|part| &part.passages);
        passages().count() > PASSAGES
            || passages().map(|passage| passage.text.len()).sum::<usize>() > BYTES
    }

    /// What to ask for now, so that there is something to read where the reader goes.
    pub fn ask(&mut self) -> Option<ReadTranscript> {
        if self.asked.is_some() || self.seeking.is_some() || self.error.is_some() {
            return None;
        }
        let near = self.size.1 * 2;
        let (first, last) = (self.parts.front()?, self.parts.back()?);
        let from = if self.scroll < near && first.start > 0 {
            TranscriptFrom::Before(first.start)
        } else if self.more && self.scroll + self.size.1 + near > self.len() {
            TranscriptFrom::Place(last.end)
        } else {
            return None;
        };
        Some(self.begin(from, PIECE, Then::Join))
    }

    /// What to ask for after a while, where the end is in sight: there may be more by now.
    pub fn ask_more(&mut self) -> Option<ReadTranscript> {
        if self.asked.is_some() || self.seeking.is_some() || !self.at_end() {
            return None;
        }
        let end = self.parts.back()?.end;
        Some(self.begin(TranscriptFrom::Place(end), PIECE, Then::Join))
    }

    /// A question was refused, or will never be answered.
    pub fn refused(&mut self, message: Option<String>) {
        self.asked = None;
        self.seeking = None;
        if self.parts.is_empty() {
            self.error = message;
        }
    }

    /// Asks again for what was asked when the connection went.
    pub fn again(&mut self) -> Option<ReadTranscript> {
        self.seeking = None;
        match self.asked.clone() {
            Some(asked) => Some(asked),
            None => self.ask(),
        }
    }
}

fn ends_with(part: &Part, before: Before) -> Before {
    let voices = part.passages.iter().rev();
    let voice = voices
        .map(|it| it.speaker)
        .find(|speaker| *speaker != Speaker::Note);
    let day = part.passages.iter().rev().find_map(|it| it.at);
    Before {
        voice: match voice {
            Some(Speaker::User) => Some(Speaker::User),
            Some(_) => Some(Speaker::Agent),
            None => before.voice,
        },
        day: day.map(|at| Day::of(at, part.offset)).or(before.day),
    }
}

#[cfg(test)]
mod tests;
