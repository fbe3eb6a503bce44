//! From what was seen to a verdict.

use serde::{Deserialize, Serialize};

use super::history::{History, Sign};
use super::rules;
use super::{Health, HealthRule, Seen, Verdict};
use crate::domain::activity::{Activity, AskKind};
use crate::domain::units::{Timestamp, short_duration};

/// From when on what is called ill. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Without a sign of progress for so long is slow.
    pub slow: i64,
    /// Without a sign of life for so long, and without a child process that works, is stuck.
    pub stuck: i64,
    /// The same call or error so often is looping.
    pub repeats: usize,
    /// The same file rewritten so often is looping, where it goes back and forth.
    pub rewrites: usize,
    /// What is further back than that is no loop any more.
    pub window: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        const MINUTE: i64 = 60_000;
        Self {
            slow: 5 * MINUTE,
            stuck: 15 * MINUTE,
            repeats: 3,
            rewrites: 5,
            window: 10 * MINUTE,
        }
    }
}

/// Whether the agent's process is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// It is.
    #[default]
    Runs,
    /// It is not since then, though nobody has said that it ended.
    Gone(Timestamp),
}

/// The child processes of an agent that do not work just now; one that works is a sign.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Children {
    /// The system does not tell.
    #[default]
    Hidden,
    /// None that it started for its work.
    None,
    /// The newest of those that are there and use no processor.
    Still {
        /// Its command, or its name where that is not told (untrusted, without control characters).
        name: String,
        /// Since when it runs.
        since: Timestamp,
    },
}

/// What a loop's breaker says, where it says anything, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tripped {
    /// It is half open.
    HalfOpen(String),
    /// It is open.
    Open(String),
}

/// What is so just now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// What the agent does.
    pub activity: Activity,
    /// Since when.
    pub since: Timestamp,
    /// When its process was started.
    pub started: Timestamp,
    /// Whether that is there.
    pub process: Process,
    /// Its children that do not work.
    pub children: Children,
    /// What the loop's breaker says.
    pub tripped: Option<Tripped>,
    /// When the present iteration began.
    pub iteration: Option<Timestamp>,
}

/// A step of the agent's that ends so much after a process was started, in milliseconds, did not wait for it.
/// What is told of steps comes late by some seconds.
const ASIDE: i64 = 60_000;
/// So many times the usual length of an iteration is much longer.
const MUCH_LONGER: i64 = 3;
/// So many iterations make a usual length.
const USUAL: usize = 3;
/// Of what was seen, so much is shown.
const SHOWN: usize = 6;

/// How a session is doing at `now`.
pub fn judge(history: &History, present: &Present, limits: &Thresholds, now: Timestamp) -> Verdict {
    let case = Case {
        history,
        present,
        limits,
        now,
    };
    case.beyond_doubt()
        .or_else(|| case.not_ill())
        .or_else(|| rules::looping(&case))
        .unwrap_or_else(|| case.by_silence())
}

/// Everything a rule may look at.
pub(super) struct Case<'a> {
    pub(super) history: &'a History,
    pub(super) present: &'a Present,
    pub(super) limits: &'a Thresholds,
    pub(super) now: Timestamp,
}

impl Case<'_> {
    pub(super) fn verdict(
        &self,
        health: impl Into<Option<Health>>,
        rule: HealthRule,
        evidence: impl Into<String>,
        since: Timestamp,
        changes_by: &str,
    ) -> Verdict {
        let signs = self.history.signs();
        let newest = signs.iter().rev().take(SHOWN);
        Verdict {
            health: health.into(),
            rule,
            evidence: evidence.into(),
            since,
            seen: newest
                .map(|(at, sign)| Seen {
                    at: *at,
                    what: sign.words(),
                })
                .collect(),
            changes_by: changes_by.to_owned(),
        }
    }

    /// What no sign of life can outweigh.
    fn beyond_doubt(&self) -> Option<Verdict> {
        if let Process::Gone(since) = self.present.process {
            let evidence = "its process is gone, and nobody has said how it ended";
            let way = "its end being noticed; stopping and resuming the task";
            return Some(self.verdict(Health::Stuck, HealthRule::Gone, evidence, since, way));
        }
        let (health, rule, state, why) = match self.present.tripped.as_ref()? {
            Tripped::Open(why) => (Health::Stuck, HealthRule::Open, "open", why),
            Tripped::HalfOpen(why) => (Health::Looping, HealthRule::HalfOpen, "half open", why),
        };
        let evidence = format!("the loop's breaker is {state}: {why}");
        let way = "an iteration with progress; `gluon loop continue` gives it one";
        Some(self.verdict(health, rule, evidence, self.now, way))
    }

    /// What need not move.
    fn not_ill(&self) -> Option<Verdict> {
        let (health, rule, evidence, way) = match &self.present.activity {
            Activity::Waiting(ask) => {
                let evidence = match ask.kind {
                    AskKind::Auth => "it waits for you to log in",
                    _ => "it waits for your answer",
                };
                (None, HealthRule::Waiting, evidence, "your answer")
            }
            Activity::Limited(_) => {
                let evidence = "a usage limit holds it back";
                (None, HealthRule::Limited, evidence, "the end of the limit")
            }
            Activity::Exited(_) => (None, HealthRule::Ended, "it has ended", "starting it again"),
            Activity::Idle => {
                let evidence = "its turn is over and it has nothing to do";
                (
                    Some(Health::Healthy),
                    HealthRule::Idle,
                    evidence,
                    "a message from you",
                )
            }
            Activity::Starting | Activity::Working | Activity::Unknown => return None,
        };
        Some(self.verdict(health, rule, evidence, self.present.since, way))
    }

    /// How it is by how long nothing was seen of it.
    fn by_silence(&self) -> Verdict {
        let newest = self.history.newest();
        // A claim that it works begins with a sign of its own.
        let begun = match self.present.activity {
            Activity::Unknown => self.present.started,
            _ => self.present.started.max(self.present.since),
        };
        let (since, last) = match newest {
            Some((at, sign)) if at >= begun => (at, sign.words()),
            _ => (begun, "it began".to_owned()),
        };
        let silence = self.now.since(since);
        if silence < self.limits.slow {
            return self.long_iteration().unwrap_or_else(|| {
                let way = format!(
                    "{} without a sign of progress",
                    short_duration(self.limits.slow)
                );
                self.verdict(Health::Healthy, HealthRule::Progress, last, since, &way)
            });
        }
        if self.present.activity == Activity::Unknown {
            let evidence = "nothing was seen of it, and nothing tells whether it works";
            let way = "output, or a word of the agent's own";
            return self.verdict(None, HealthRule::Untold, evidence, since, way);
        }
        let way = "a call of a tool, a change of a file, other words on its screen, tokens used, or work of a child process";
        let silent =
            |health, rule, evidence: &str| self.verdict(health, rule, evidence, since, way);
        let slow = |evidence: &str| silent(Health::Slow, HealthRule::Silent, evidence);
        let stuck = |evidence: &str| silent(Health::Stuck, HealthRule::Dead, evidence);
        match (silence >= self.limits.stuck, &self.present.children) {
            (false, Children::Still { name, .. }) => slow(&format!(
                "no sign of progress, and its child {name} uses no processor"
            )),
            (false, _) => slow("no sign of progress"),
            // Without knowing of child processes it cannot be told from a long build.
            (true, Children::Hidden) => {
                slow("no sign of progress (whether a child process works cannot be seen here)")
            }
            (true, Children::None) => stuck("nothing was seen of it, and no child process works"),
            // What it has going on aside is not what it waits for.
            (true, Children::Still { name, since })
                if self.history.has_gone_on_since(since.plus(ASIDE)) =>
            {
                stuck(&format!(
                    "nothing was seen of it, and only {name}, which it had started before, is there and uses no processor"
                ))
            }
            (true, Children::Still { name, .. }) => {
                let evidence = format!(
                    "its child {name} is there and may wait for something; nothing else was seen of it"
                );
                let way = "the child's end (if it never will, end it or interrupt the agent), or work of it";
                self.verdict(Health::Slow, HealthRule::ChildWaits, evidence, since, way)
            }
        }
    }

    /// An iteration that takes much longer than those before it.
    fn long_iteration(&self) -> Option<Verdict> {
        let began = self.present.iteration?;
        let mut lengths = self.history.iterations();
        if lengths.len() < USUAL {
            return None;
        }
        lengths.sort_unstable();
        let usual = lengths[lengths.len() / 2];
        let much = usual.saturating_mul(MUCH_LONGER).max(self.limits.slow);
        (self.now.since(began) > much).then(|| {
            let evidence = format!(
                "this iteration goes on, where one usually takes {},",
                short_duration(usual)
            );
            let way = "the iteration's end";
            self.verdict(
                Health::Slow,
                HealthRule::LongIteration,
                evidence,
                began,
                way,
            )
        })
    }
}

/// Whether anything was changed between two moments.
pub(super) fn changed_between(history: &History, from: Timestamp, to: Timestamp) -> bool {
    history.since(from).any(|(at, sign)| {
        from <= at && at <= to && matches!(sign, Sign::Tree(_) | Sign::Wrote { .. })
    })
}
