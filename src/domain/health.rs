//! Health: how a live session is doing, concluded from what was seen of it, with the evidence.
//!
//! Pure: what is seen comes in as signs with their times ([`History`]), and [`judge()`] takes the time as an
//! argument. Invariants: waiting for the user and a usage limit are no ill health; where nothing tells
//! whether an agent works, its silence is not held against it; work of a child process is life, and who may
//! be waiting for one that lives is slow at worst; every
//! verdict says what was seen, when, and what would change it, in words that do not change while it stands.

mod chart;
mod history;
mod judge;
mod rules;
mod screen;

use serde::{Deserialize, Serialize};

pub use chart::Chart;
pub use history::{Call, Failure, History, MOST_SIGNS, Sign, hash, timeless_hash};
pub use judge::{Children, Present, Process, Thresholds, Tripped, judge};

use super::units::{Timestamp, short_duration};

/// How a live session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Green.
    Healthy,
    /// Yellow: no sign of progress for a while.
    Slow,
    /// Orange: doing the same over and over.
    Looping,
    /// Red: nothing moves and nothing will.
    Stuck,
}

/// Which rule a verdict is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthRule {
    /// There was a sign of progress lately.
    Progress,
    /// Its turn is over; it has nothing to do.
    Idle,
    /// It waits for the user.
    Waiting,
    /// A usage limit holds it back.
    Limited,
    /// Its process has ended, and that is known.
    Ended,
    /// It is silent, and nothing tells whether it should be.
    Untold,
    /// No sign of progress for a while, though it works.
    Silent,
    /// This iteration takes much longer than those before.
    LongIteration,
    /// The same call, with the same arguments and the same result, again and again.
    SameCall,
    /// The same error again and again.
    SameError,
    /// A file is rewritten again and again, and what comes out was there before.
    BackAndForth,
    /// The loop's breaker is half open.
    HalfOpen,
    /// Nothing for long, and no child process that works.
    Dead,
    /// Its process is gone, and nobody has said that it ended.
    Gone,
    /// The loop's breaker is open.
    Open,
    /// Nothing for long but that a child process is there, which may wait for something.
    ChildWaits,
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// What, in a few words (may hold untrusted ones, without control characters).
    pub what: String,
}

/// A health together with what it was concluded from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The conclusion; `None` where there is none to be had: it waits for the user, is held back by a limit,
    /// or nothing tells.
    pub health: Option<Health>,
    /// The rule that decided.
    pub rule: HealthRule,
    /// What speaks for it, without its age: that is counted from `since`.
    pub evidence: String,
    /// Since when that is so.
    pub since: Timestamp,
    /// What was seen, the newest first.
    pub seen: Vec<Seen>,
    /// What would change it.
    pub changes_by: String,
}

impl Health {
    /// The letter that stands beside the dot, so that state is never colour alone.
    pub fn letter(self) -> char {
        match self {
            Health::Healthy => 'h',
            Health::Slow => 's',
            Health::Looping => 'l',
            Health::Stuck => '!',
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Health::Healthy => "healthy",
            Health::Slow => "slow",
            Health::Looping => "looping",
            Health::Stuck => "stuck",
        }
    }

    /// Whether it is worth the user's attention.
    pub fn is_ill(self) -> bool {
        self != Health::Healthy
    }
}

impl HealthRule {
    /// The rule in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            HealthRule::Progress => "there was a sign of progress lately",
            HealthRule::Idle => "its turn is over, so it need not move",
            HealthRule::Waiting => "who waits for the user is not ill",
            HealthRule::Limited => "who is held back by a usage limit is not ill",
            HealthRule::Ended => "its process has ended",
            HealthRule::Untold => {
                "nothing tells whether it works, so its silence is not held against it"
            }
            HealthRule::Silent => "it works, but nothing was seen of it for a while",
            HealthRule::LongIteration => "this iteration takes much longer than those before",
            HealthRule::SameCall => "the same call with the same result, again and again",
            HealthRule::SameError => "the same error, again and again",
            HealthRule::BackAndForth => "the same file again and again, back and forth",
            HealthRule::HalfOpen => "the loop's breaker is half open",
            HealthRule::Dead => "nothing was seen of it for long, and no child process works",
            HealthRule::Gone => "its process is gone",
            HealthRule::Open => "the loop's breaker is open",
            HealthRule::ChildWaits => {
                "who has a child process that may be waited for is slow, and not stuck"
            }
        }
    }

    /// Whether what speaks for it lasts, so that its age is a length: `no sign of progress for 6m`.
    fn lasts(self) -> bool {
        matches!(
            self,
            HealthRule::Idle
                | HealthRule::Waiting
                | HealthRule::Limited
                | HealthRule::Untold
                | HealthRule::Silent
                | HealthRule::LongIteration
                | HealthRule::Dead
                | HealthRule::Gone
                | HealthRule::ChildWaits
        )
    }
}

impl Verdict {
    /// Whether it is worth the user's attention.
    pub fn is_ill(&self) -> bool {
        self.health.is_some_and(Health::is_ill)
    }

    /// The word for it; a dash where there is no verdict.
    pub fn word(&self) -> &'static str {
        self.health.map_or("-", Health::word)
    }

    /// The evidence with its age at `now`: `no sign of progress for 6m`.
    pub fn sentence(&self, now: Timestamp) -> String {
        let age = short_duration(now.since(self.since));
        match self.rule.lasts() {
            true => format!("{} for {age}", self.evidence),
            false if self.rule == HealthRule::Progress => format!("{}, {age} ago", self.evidence),
            false => self.evidence.clone(),
        }
    }

    /// Whether it says the same as another: only what was seen lately may differ.
    pub fn says_like(&self, other: &Verdict) -> bool {
        self.health == other.health
            && self.rule == other.rule
            && (self.evidence == other.evidence || self.rule == HealthRule::Progress)
    }
}

#[cfg(test)]
mod tests;
