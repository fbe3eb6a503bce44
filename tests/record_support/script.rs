//! What a script says: what it types, what it waits for, and what is true by that.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use portable_pty::PtySize;

use super::tape::{LookedFor, lock};
use super::{PATIENCE, Stage};
use crate::real_support::model::{Entry, Happening, Model};
use crate::real_support::support::recording::{Event, Truth};

impl Stage {
    pub(super) fn note(&self, event: Event) {
        lock(&self.shared.tape).note(Instant::now(), event);
    }

    /// What is true from now on.
    pub fn truth(&self, words: &str, why: &str) {
        self.note(Event::Truth(Truth::new(words, why)));
    }

    /// What is true since the model did something.
    pub fn truth_since(&self, entry: &Entry, words: &str, why: &str) {
        let at = self.model().start_time() + entry.at;
        lock(&self.shared.tape).note(at, Event::Truth(Truth::new(words, why)));
    }

    /// What is asked has these words in it.
    pub fn asks(&self, words: &str) {
        self.note(Event::Asks(words.to_owned()));
    }

    /// So much goes on in the background.
    pub fn background(&self, count: u32) {
        self.note(Event::Background(count));
    }

    pub fn model(&self) -> &Model {
        &self.lab.model
    }

    /// Lets the tape roll on.
    pub fn rest(&self, seconds: f64) {
        std::thread::sleep(Duration::from_secs_f64(seconds));
    }

    /// The next thing of this kind that the model does, after those that were waited for before.
    pub fn next(&mut self, what: &str, is: impl Fn(&Happening) -> bool) -> Entry {
        let seen = self.seen;
        let count = self.model().journal();
        let before = count
            .iter()
            .take(seen)
            .filter(|entry| is(&entry.what))
            .count();
        let entry = self.model().wait_nth(before + 1, what, is);
        let all = self.model().journal();
        let place = all.iter().position(|other| other.at == entry.at);
        self.seen = seen.max(place.map_or(seen, |place| place + 1));
        entry
    }

    /// The model is asked, so a turn is in progress.
    pub fn asked(&mut self) {
        let entry = self.next(
            "a turn",
            |what| matches!(what, Happening::Asked(asked) if asked.tools),
        );
        self.truth_since(&entry, "working", "the model is asked");
    }

    /// The model has given a whole answer.
    pub fn answered(&mut self, words: &str, why: &str) {
        let entry = self.next("an answer", |what| {
            matches!(what, Happening::Answered { side: false, .. })
        });
        self.truth_since(&entry, words, why);
    }

    /// The answer was the last of its turn: the turn ends as soon as its reader sees it end.
    pub fn finished(&mut self) {
        self.answered("working|idle", "the last answer is given");
        self.sees_end("idle");
    }

    /// Its reader sees that it works no more.
    pub fn sees_end(&mut self, words: &str) {
        self.sees(
            self.busy,
            false,
            words,
            "its screen says no more that it works",
        );
    }

    /// Its reader sees these words come or go.
    pub fn sees(&mut self, text: &'static str, there: bool, words: &str, why: &str) {
        let at = self.find(text, there);
        lock(&self.shared.tape).note(at, Event::Truth(Truth::new(words, why)));
    }

    /// When the words come or go, at once if they already have.
    fn find(&self, text: &'static str, there: bool) -> Instant {
        let mut looked_for = LookedFor {
            text,
            there,
            at: None,
        };
        looked_for.look(&self.text(), Instant::now());
        let mut slot = lock(&self.shared.looked_for);
        *slot = Some(looked_for);
        let waits =
            |slot: &mut Option<LookedFor>| slot.as_ref().is_some_and(|slot| slot.at.is_none());
        let waited = self.shared.found.wait_timeout_while(slot, PATIENCE, waits);
        let mut slot = waited.unwrap_or_else(PoisonError::into_inner).0;
        let found = slot.take().and_then(|slot| slot.at);
        drop(slot);
        found.unwrap_or_else(|| {
            panic!(
                "waited in vain for “{text}” ({there}); the screen:\n{}\nthe model:\n{}",
                self.text(),
                self.lab.journal()
            )
        })
    }

    /// A turn before the one that fails.
    pub fn greet(&mut self) {
        self.start(Some("Say hello."));
        self.asked();
        self.finished();
        self.rest(2.5);
    }

    /// The service refuses; its client may try again before it gives up.
    pub fn refused(&mut self, words: &str) {
        let refused =
            |what: &Happening| matches!(what, Happening::Failed { .. } | Happening::Dropped(_));
        self.next("the refusal", refused);
        let end = self.find(self.busy, false);
        let start = self.model().start_time();
        let mut all = self.model().journal().into_iter().rev();
        let last = all.find(|entry| refused(&entry.what) && start + entry.at <= end);
        let either = format!("working|{words}");
        self.truth_since(&last.expect("it has refused"), &either, "the last refusal");
        let why = "its screen says no more that it works";
        lock(&self.shared.tape).note(end, Event::Truth(Truth::new(words, why)));
    }

    /// Waits until the reply holds.
    pub fn held(&mut self, gate: &str) {
        let name = gate.to_owned();
        self.next(
            gate,
            |what| matches!(what, Happening::Held(held) if *held == name),
        );
    }

    pub fn open(&self, gate: &str) {
        self.model().open(gate);
    }

    /// Presses keys.
    pub fn keys(&self, keys: &str, what: &str) {
        if let Some(writer) = &mut *lock(&self.shared.writer) {
            writer.write_all(keys.as_bytes()).expect("it reads");
        }
        self.note(Event::Typed(what.to_owned()));
    }

    /// Interrupts its turn.
    pub fn escape(&mut self) {
        let before = self.known();
        self.truth(&format!("{before}|idle"), "escape is pressed");
        for key in self.escape.split_inclusive('\x1b') {
            self.keys(key, "escape");
            self.rest(0.3);
        }
        self.find("again to interrupt", false);
        self.sees_end("idle");
    }

    /// Types a prompt as gluon does, and submits it: from then on it may work.
    pub fn prompt(&mut self, text: &str) {
        self.keys(&format!("\x1b[200~{text}\x1b[201~"), text);
        self.rest(0.3);
        let before = self.known();
        self.truth(&format!("{before}|working"), "a prompt is submitted");
        self.skip();
        self.keys("\r", "enter");
    }

    /// Types a command of the agent's own, and submits it.
    pub fn command(&mut self, command: &str) {
        self.keys(command, command);
        self.rest(0.5);
        self.skip();
        self.keys("\r", "enter");
    }

    /// The newest thing that was surely true.
    fn known(&self) -> String {
        let tape = lock(&self.shared.tape);
        let mut truths = tape
            .events
            .iter()
            .rev()
            .filter_map(|(_, event)| match event {
                Event::Truth(truth) if truth.words.len() == 1 => Some(truth.words[0].clone()),
                _ => None,
            });
        truths.next().expect("something")
    }

    /// What the model has done so far is not waited for any more.
    pub fn skip(&mut self) {
        self.seen = self.model().journal().len();
    }

    /// The screen as its reader sees it.
    pub fn text(&self) -> String {
        lock(&self.shared.terminal).text(0, false)
    }

    /// Waits until it stands ready for its first prompt.
    pub fn ready(&mut self) {
        self.sees(self.ready, true, "starting|idle", "its prompt is drawn");
        self.rest(1.5);
        self.truth("idle", "its prompt stands");
    }

    pub fn resize(&self, cols: u16, rows: u16) {
        lock(&self.shared.terminal).resize(cols, rows);
        self.note(Event::Size(cols, rows));
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let master = self.master.as_ref().expect("it runs");
        master.resize(size).expect("a size");
    }
}
