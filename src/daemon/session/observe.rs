//! What is seen of the agent's activity: every sign becomes a claim, and the rules of
//! [`crate::domain::Evidence`] decide.
//!
//! Invariant: the activity others see is always the last decision.

use std::time::{Duration, Instant};

use super::actor::Actor;
use super::{Reasons, lock, status};
use crate::daemon::clock;
use crate::domain::limit::limit_ends;
use crate::domain::{Activity, Ask, AskKind, Claim, Rule, Source, Timestamp};
use crate::terminal::{ProgramState, ProgramStatus, ProgressState};

/// A process that has not printed anything by then is no longer said to start: nobody knows.
const STARTING: Duration = if cfg!(test) {
    Duration::from_millis(300)
} else {
    Duration::from_secs(5)
};
/// How long a progress bar or a title that turns counts, in milliseconds, once it stands still.
const TURNING: i64 = 30_000;

/// What a mark in a title or on the screen tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::daemon) enum Sign {
    Working,
    /// For an answer.
    Waiting,
    /// For leave to do something.
    Permission,
    Idle,
    /// Believed only of an agent that has just said itself that its turn failed.
    Limited,
    /// A login is needed; believed like a limit.
    Auth,
}

impl Sign {
    /// Whether it tells why a turn failed.
    pub(super) fn is_failure(self) -> bool {
        matches!(self, Sign::Limited | Sign::Auth)
    }

    /// What the mark `words` means.
    pub(super) fn means(self, words: &str) -> Activity {
        let waits = |kind| {
            let text = words.to_owned();
            Activity::Waiting(Ask { kind, text })
        };
        match self {
            Sign::Working => Activity::Working,
            Sign::Idle => Activity::Idle,
            Sign::Waiting => waits(AskKind::Question),
            Sign::Permission => waits(AskKind::Permission),
            Sign::Auth => waits(AskKind::Auth),
            Sign::Limited => {
                let now = clock::now();
                Activity::Limited(limit_ends(words, now, clock::local_offset(now)))
            }
        }
    }
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
        let held_back = decision.rule == Rule::Limit;
        let activity = decision.activity;
        if self.activity() != activity {
            self.look_for_ask(&activity);
        }
        // By the time, so that the asks of the daemon before had other numbers.
        let next = now.0.max(0).unsigned_abs().max(self.last_wait + 1);
        let mut wait = 0;
        self.update_meta(|meta| {
            meta.held_back = held_back;
            if meta.activity != activity {
                // A client that shows it says so when somebody looks.
                meta.unseen |= activity.is_news_after(&meta.activity);
                if matches!(activity, Activity::Waiting(_)) {
                    wait = next;
                }
                meta.wait = wait;
                meta.activity = activity;
                meta.activity_since = now;
            }
        });
        self.last_wait = self.last_wait.max(wait);
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
        if said.state == ProgramState::Error {
            self.turn_failed();
        }
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
        match mark
            .map(|(_, sign)| *sign)
            .filter(|sign| !sign.is_failure())
        {
            Some(sign) => {
                let until = (sign == Sign::Working).then(|| clock::now().plus(TURNING));
                self.claim(Source::Title, sign.means(""), until, title);
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

    pub(super) fn activity(&self) -> Activity {
        lock(&self.meta).activity.clone()
    }
}
