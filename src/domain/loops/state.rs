//! A loop as it stands: everything the daemon keeps of it, so that it can go on after any interruption.
//!
//! See [`super::step`] for how it changes.

use serde::{Deserialize, Serialize};

use super::breaker::Breaker;
use super::confidence::Confidence;
use super::facts::{CheckResult, IterationFacts, IterationRecord, Tree};
use super::limits::LoopLimits;
use super::plan::Plan;
use crate::domain::activity::Ask;
use crate::domain::units::{MicroUsd, Timestamp, short_duration};

/// How long an iteration that was interrupted may take to end before it is killed, in milliseconds.
pub const GRACE: i64 = 15_000;
/// Messages that can wait for the next iteration; beyond it the oldest goes.
pub const MOST_MESSAGES: usize = 20;
/// The longest message, in characters.
pub const MOST_MESSAGE: usize = 8_000;
/// Iterations whose records are kept at hand for the next prompt.
pub const REMEMBERED: usize = 3;

/// A loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopState {
    /// How far it may go.
    pub limits: LoopLimits,
    /// Where it stands.
    pub phase: Phase,
    /// Since when.
    pub since: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// Time at work before `since`, in milliseconds.
    pub worked: i64,
    /// The number of the iteration that runs, or of the last one.
    pub iteration: u32,
    /// When that began.
    pub iteration_at: Timestamp,
    /// Iterations that count against the limit: those that limits and faults of the service ended with nothing
    /// done do not.
    pub counted: u32,
    /// Iterations in a row that limits and faults of the service ended with nothing done.
    pub excused: u32,
    /// Iterations in a row that changed nothing, or tests alone.
    pub quiet: u32,
    /// Whether something was committed since the loop began.
    pub committed: bool,
    /// The plan files that have boxes, after the last iteration.
    pub plans: Vec<Plan>,
    /// The most boxes the plan had at once.
    pub most_boxes: u32,
    /// The circuit breaker.
    pub breaker: Breaker,
    /// The confidence after the last iteration.
    pub confidence: Confidence,
    /// What came of the last check.
    pub check: Option<CheckResult>,
    /// The last iterations, the newest last.
    pub recent: Vec<IterationRecord>,
    /// What the user wants the next iteration to be told.
    pub messages: Vec<String>,
    /// How many of them the iteration that is being started is told.
    pub telling: u32,
    /// What the agent recommended last (untrusted).
    pub recommendation: String,
    /// Whether the next iteration is reminded of the status block.
    pub remind: bool,
    /// What the user, or a budget, asked for while an iteration ran.
    pub asked: Asked,
    /// What the iterations cost, as far as it is known.
    pub spent: MicroUsd,
    /// Whether the cost of an iteration is not known, so that only the other limits hold.
    pub unpriced: bool,
}

/// Where a loop stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The next iteration starts at this time.
    Between {
        /// When.
        until: Timestamp,
    },
    /// An iteration is being started.
    Starting,
    /// An iteration runs.
    Running {
        /// The worktree when it began.
        before: Tree,
        /// Whether it is being ended, and why.
        cut: Option<Cut>,
    },
    /// The check command runs.
    Checking {
        /// The worktree when the iteration began.
        before: Tree,
        /// What came of the iteration.
        facts: Box<IterationFacts>,
        /// Whether it was ended from outside, and why.
        cut: Option<Cut>,
    },
    /// A usage limit or a fault of the service holds it up until this time; then it goes on by itself.
    Parked {
        /// Until when.
        until: Timestamp,
        /// Why, in a sentence.
        why: String,
        /// Whether it is a usage limit.
        limit: bool,
    },
    /// It waits for the user to say "continue".
    Paused {
        /// Why.
        why: PauseWhy,
    },
    /// It waits for the user's answer.
    Waiting {
        /// To what.
        ask: Ask,
    },
    /// It is over.
    Ended {
        /// Why.
        why: EndWhy,
    },
}

/// How an iteration is being ended from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Why.
    pub why: CutWhy,
    /// When it was last told.
    pub at: Timestamp,
    /// Whether it was told by force.
    pub killed: bool,
}

/// Why an iteration is ended from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutWhy {
    /// It took longer than an iteration may.
    TooLong,
    /// The loop's time is up.
    OutOfTime,
    /// Nothing moved in it: how that was seen.
    Stalled(String),
    /// The user stopped the loop.
    Stopped,
    /// The user paused the loop at once.
    Paused,
    /// A budget is used up.
    Budget,
}

/// Why a loop is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseWhy {
    /// The user wants it so.
    User,
    /// A budget is used up: which, in a sentence.
    Budget(String),
    /// The machine or the keeper went away under it.
    Interrupted,
}

/// Why a loop is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndWhy {
    /// The task is complete, as sure as that.
    Complete(u8),
    /// All iterations are used up.
    Iterations(u32),
    /// All the time is used up, in milliseconds.
    Time(i64),
    /// The breaker is open, for these reasons.
    Breaker(Vec<String>),
    /// The user stopped it.
    Stopped,
    /// The agent's service wants a login.
    Auth(String),
    /// The agent's service wants to be paid.
    Billing(String),
    /// The service held it up too often in a row.
    Unreachable(String),
    /// An iteration could not be started.
    Failed(String),
}

/// What was asked for while an iteration ran, and is done when it has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Pause.
    pub pause: bool,
    /// End the loop.
    pub stop: bool,
    /// Pause, since a budget is used up: which.
    pub budget: Option<String>,
}

impl LoopState {
    /// A loop that begins now.
    pub fn new(limits: LoopLimits, now: Timestamp) -> LoopState {
        LoopState {
            limits,
            phase: Phase::Between { until: now },
            since: now,
            started_at: now,
            worked: 0,
            iteration: 0,
            iteration_at: now,
            counted: 0,
            excused: 0,
            quiet: 0,
            committed: false,
            plans: Vec::new(),
            most_boxes: 0,
            breaker: Breaker::default(),
            confidence: Confidence::default(),
            check: None,
            recent: Vec::new(),
            messages: Vec::new(),
            telling: 0,
            recommendation: String::new(),
            remind: false,
            asked: Asked::default(),
            spent: MicroUsd(0),
            unpriced: false,
        }
    }

    /// The time it has been at work, in milliseconds: without what the user paused or a limit held up.
    pub fn worked_at(&self, now: Timestamp) -> i64 {
        let here = match self.phase {
            Phase::Between { .. }
            | Phase::Starting
            | Phase::Running { .. }
            | Phase::Checking { .. } => now.0.saturating_sub(self.since.0).max(0),
            _ => 0,
        };
        self.worked.saturating_add(here)
    }

    /// When time alone changes something; `None`: it waits for an event.
    pub fn due(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Between { until } | Phase::Parked { until, .. } => Some(*until),
            Phase::Running { cut: Some(cut), .. } => Some(Timestamp(cut.at.0 + GRACE)),
            Phase::Running { cut: None, .. } => {
                let iteration = self
                    .limits
                    .iteration
                    .map(|most| self.since.0.saturating_add(most));
                let left = self
                    .limits
                    .time
                    .map(|most| most.saturating_sub(self.worked));
                let whole = left.map(|left| self.since.0.saturating_add(left));
                let first = [iteration, whole].into_iter().flatten().min();
                first.map(Timestamp)
            }
            _ => None,
        }
    }

    /// Whether it is over.
    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    /// Why it cannot go on as it is; `None` where "continue" would do something.
    pub fn cannot_continue(&self) -> Option<&'static str> {
        match &self.phase {
            Phase::Ended { why } => match why {
                EndWhy::Iterations(_)
                    if self
                        .limits
                        .iterations
                        .is_some_and(|most| self.counted >= most) =>
                {
                    Some("its iterations are used up; raise the limit first")
                }
                EndWhy::Time(_) if self.limits.time.is_some_and(|most| self.worked >= most) => {
                    Some("its time is used up; raise the limit first")
                }
                _ => None,
            },
            Phase::Paused {
                why: PauseWhy::Budget(_),
            } if self.is_over_budget() => Some("its budget is used up; raise it first"),
            Phase::Between { .. }
            | Phase::Starting
            | Phase::Running { .. }
            | Phase::Checking { .. }
                if self.asked == Asked::default() =>
            {
                Some("it is running")
            }
            _ => None,
        }
    }

    /// Whether its own budget is used up.
    pub fn is_over_budget(&self) -> bool {
        self.limits
            .budget
            .is_some_and(|budget| self.spent >= budget)
    }
}

impl PauseWhy {
    /// In a sentence.
    pub fn sentence(&self) -> String {
        match self {
            PauseWhy::User => "paused by you".to_owned(),
            PauseWhy::Budget(which) => format!("paused: {which}"),
            PauseWhy::Interrupted => "interrupted: the machine or the keeper went away".to_owned(),
        }
    }
}

impl EndWhy {
    /// In a sentence.
    pub fn sentence(&self) -> String {
        match self {
            EndWhy::Complete(percent) => format!("complete, {percent} % sure"),
            EndWhy::Iterations(1) => "1 iteration used up".to_owned(),
            EndWhy::Iterations(most) => format!("all {most} iterations used up"),
            EndWhy::Time(most) => format!("all of its {} used up", short_duration(*most)),
            EndWhy::Breaker(reasons) => format!("breaker open: {}", reasons.join("; ")),
            EndWhy::Stopped => "stopped by you".to_owned(),
            EndWhy::Auth(words) => format!("the agent wants a login: {words}"),
            EndWhy::Billing(words) => format!("the agent's service wants to be paid: {words}"),
            EndWhy::Unreachable(words) => {
                format!("the agent's service held it up too often in a row: {words}")
            }
            EndWhy::Failed(words) => words.clone(),
        }
    }

    /// Whether it ended badly, so that the card is red.
    pub fn is_bad(&self) -> bool {
        matches!(
            self,
            EndWhy::Breaker(_)
                | EndWhy::Auth(_)
                | EndWhy::Billing(_)
                | EndWhy::Unreachable(_)
                | EndWhy::Failed(_)
        )
    }
}
