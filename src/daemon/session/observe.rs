//! What is seen of the agent's activity: every sign becomes a claim, and the rules of
//! [`crate::domain::Evidence`] decide.
//!
//! Invariants: the activity others see is always the last decision; the screen is read only where nothing
//! better has said anything, at most once a second.

use std::time::{Duration, Instant};

use super::actor::Actor;
use super::{Reasons, lock, status};
use crate::daemon::clock;
use crate::domain::{Activity, Ask, AskKind, Claim, Source, Timestamp};
use crate::terminal::{ProgramState, ProgramStatus, ProgressState};

/// A process that has not printed anything by then is no longer said to start: nobody knows.
const STARTING: Duration = if cfg!(test) {
    Duration::from_millis(300)
} else {
    Duration::from_secs(5)
};
/// The most lines that a dialog at the end of a screen has.
const DIALOG: usize = 16;
/// How often the screen is read while it changes.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a progress bar or a title that turns counts, in milliseconds, once it stands still.
const TURNING: i64 = 30_000;

/// What a mark in a title or on the screen tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::daemon) enum Sign {
    Working,
    Waiting,
    Idle,
}

/// The marks of an agent.
#[derive(Debug, Clone, Default)]
pub(in crate::daemon) struct Signs {
    /// Pieces of its title.
    pub(in crate::daemon) titles: Vec<(String, Sign)>,
    /// Words at the end of its screen.
    pub(in crate::daemon) screen: Vec<(String, Sign)>,
}

impl Actor {
    /// A process starts: nothing that was said of the one before counts.
    pub(super) fn begin(&mut self) {
        self.evidence.begin();
        let now = clock::now();
        let until = now.plus(STARTING.as_millis() as i64);
        self.claim(
            Source::Process,
            Activity::Starting,
            Some(until),
            "it was started",
        );
    }

    /// Takes a source's word and shows what follows.
    pub(super) fn claim(
        &mut self,
        source: Source,
        says: Activity,
        until: Option<Timestamp>,
        words: &str,
    ) {
        self.evidence.note(Claim {
            source,
            says,
            at: clock::now(),
            until,
            words: words.to_owned(),
        });
        self.conclude();
    }

    /// A source says nothing any more.
    pub(super) fn withdraw(&mut self, source: Source) {
        if self.evidence.claim(source).is_some() {
            self.evidence.withdraw(source);
            self.conclude();
        }
    }

    /// Decides, and shows it.
    pub(super) fn conclude(&mut self) {
        let now = clock::now();
        let decision = self.evidence.conclude(now);
        self.conclude_at = decision.until.map(|until| {
            // A moment later than asked for, so that it is over then.
            Instant::now() + Duration::from_millis(until.since(now) as u64 + 1)
        });
        let activity = decision.activity;
        let looked_at = self.viewers.count() > 0;
        self.update_meta(|meta| {
            if meta.activity != activity {
                meta.unseen |= activity.needs_user() && !looked_at;
                meta.activity = activity;
                meta.activity_since = now;
            }
        });
    }

    /// What is known and how it was decided.
    pub(super) fn reasons(&self) -> Reasons {
        let now = clock::now();
        Reasons {
            decision: self.evidence.decide(now),
            claims: self.evidence.claims(now),
            past: self.evidence.past().cloned().collect(),
            at: now,
        }
    }

    /// What the program says of itself.
    pub(super) fn program_says(&mut self, said: &ProgramStatus) {
        match status::activity(said) {
            Some(activity) if said.state != ProgramState::Clear => {
                self.claim(Source::Program, activity, None, &status::words(said));
            }
            _ => self.withdraw(Source::Program),
        }
    }

    /// What the title tells, where it tells anything.
    pub(super) fn title_says(&mut self, title: &str) {
        let marks = &self.signs.titles;
        let mark = marks.iter().find(|(text, _)| title.contains(text));
        match mark.map(|(_, sign)| *sign) {
            Some(sign) => {
                let until = (sign == Sign::Working).then(|| clock::now().plus(TURNING));
                self.claim(Source::Title, means(sign, String::new()), until, title);
            }
            None => self.withdraw(Source::Title),
        }
    }

    /// What a progress bar tells: one that moves is work. That it is gone tells nothing.
    pub(super) fn progress_says(&mut self, percent: Option<u8>, state: ProgressState) {
        match state {
            ProgressState::Running | ProgressState::Indeterminate => {
                let words = percent.map_or("moving".to_owned(), |percent| format!("{percent} %"));
                let until = Some(clock::now().plus(TURNING));
                self.claim(Source::Progress, Activity::Working, until, &words);
            }
            _ => self.withdraw(Source::Progress),
        }
    }

    /// There is output: whatever has printed is not starting any more.
    pub(super) fn output_says(&mut self, now: Instant) {
        let starting = self.evidence.claim(Source::Process);
        if starting.is_some_and(|claim| claim.says == Activity::Starting) {
            self.withdraw(Source::Process);
        }
        let better = self
            .evidence
            .best()
            .is_some_and(|best| best < Source::Screen);
        if !self.signs.screen.is_empty() && !better {
            self.look_at.get_or_insert(now + LOOK_EVERY);
        }
    }

    /// Reads the end of the screen for the words by which the agent is known to wait or to work.
    pub(super) fn look_at_screen(&mut self) {
        self.look_at = None;
        if self.signs.screen.is_empty() || self.process.is_none() {
            return;
        }
        let screen = self.guard(|terminal| terminal.text(0, false));
        let screen = screen.unwrap_or_default();
        let last: Vec<&str> = screen.trim_end().lines().rev().take(DIALOG).collect();
        let marks = &self.signs.screen;
        let found = marks
            .iter()
            .find(|(words, _)| last.iter().any(|line| line.contains(words)))
            .cloned();
        match found {
            Some((words, sign)) => {
                self.claim(Source::Screen, means(sign, words.clone()), None, &words);
            }
            None => self.withdraw(Source::Screen),
        }
    }

    pub(super) fn activity(&self) -> Activity {
        lock(&self.meta).activity.clone()
    }
}

fn means(sign: Sign, words: String) -> Activity {
    match sign {
        Sign::Working => Activity::Working,
        Sign::Idle => Activity::Idle,
        Sign::Waiting => Activity::Waiting(Ask {
            kind: AskKind::Question,
            text: words,
        }),
    }
}
