//! What the list asks the daemon for, and what comes of it.

use super::{Item, LINES, LINES_AT_ONCE, PAGE, PAGES, Query, SessionsPage, WORDS};
use crate::domain::Speaker;
use crate::domain::find::Words;
use crate::protocol::{Conversations, FindLines, FoundLine, ListConversations, SessionView};

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

    pub(super) fn filter_own(&mut self) {
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
            speaker: Speaker::Note,
            place: 0,
            text: String::new(),
        };
        let lines = asked.ids.iter().map(nothing).collect();
        self.lines_have_come(asked, lines);
    }
}
