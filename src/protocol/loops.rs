//! Loops: how they are made, shown and steered.

use serde::{Deserialize, Serialize};

use crate::domain::loops::{
    Breaker, CheckOutcome, Confidence, IterationRecord, LoopLimits, NewLimits, Plan,
};
use crate::domain::{Ask, MicroUsd, TaskId, Timestamp};

/// What is wanted of a new loop; what is not said is as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLoop {
    /// Limits other than the usual ones.
    pub limits: NewLimits,
    /// A check command of its own.
    pub check: Option<String>,
    /// No check command, though the project has one.
    pub no_check: bool,
    /// The plan file, relative to the worktree.
    pub plan: Option<String>,
    /// Go on with the same conversation instead of a fresh one for each iteration.
    pub same_conversation: bool,
    /// A template of its own for the prompt.
    pub template: Option<String>,
}

/// Where a loop stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoopStage {
    /// It waits for its first iteration, or rests between two; the next one starts then.
    Between {
        /// When.
        until: Timestamp,
    },
    /// An iteration is being started.
    Starting,
    /// An iteration is at work.
    Running {
        /// Why it is being ended from outside, if it is.
        ending: Option<String>,
    },
    /// The check command runs.
    Checking,
    /// Held up by the agent's service; goes on by itself.
    Parked {
        /// When.
        until: Timestamp,
        /// Why, in a sentence (untrusted text).
        why: String,
        /// Whether it is a usage limit.
        limit: bool,
    },
    /// Paused until the user says "continue".
    Paused {
        /// Why, in a sentence.
        why: String,
    },
    /// It waits for an answer.
    Waiting {
        /// To what.
        ask: Ask,
    },
    /// It is over.
    Ended {
        /// Why, in a sentence.
        why: String,
        /// Whether it was found complete.
        complete: bool,
        /// Whether it ended badly.
        bad: bool,
    },
}

impl LoopStage {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            LoopStage::Between { .. } => "between",
            LoopStage::Starting => "starting",
            LoopStage::Running { .. } => "running",
            LoopStage::Checking => "checking",
            LoopStage::Parked { limit: true, .. } => "limited",
            LoopStage::Parked { .. } => "backing off",
            LoopStage::Paused { .. } => "paused",
            LoopStage::Waiting { .. } => "waiting",
            LoopStage::Ended { .. } => "ended",
        }
    }
}

/// The last check of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopCheck {
    /// How it ended.
    pub outcome: CheckOutcome,
    /// The line that says it (untrusted text).
    pub words: String,
    /// How long it took, in milliseconds.
    pub took: i64,
    /// When it ended.
    pub at: Timestamp,
    /// The end of what it printed, where it did not pass (untrusted text of a few lines).
    pub output: String,
}

/// A loop as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopView {
    /// Its task.
    pub task: TaskId,
    /// Where it stands.
    pub stage: LoopStage,
    /// Since when.
    pub since: Timestamp,
    /// The number of the iteration that runs, or of the last one; 0 before the first.
    pub iteration: u32,
    /// When that began.
    pub iteration_at: Timestamp,
    /// Iterations that count against the limit.
    pub counted: u32,
    /// When the loop began.
    pub started_at: Timestamp,
    /// Time at work until `since`, in milliseconds.
    pub worked: i64,
    /// Whether time at work goes on since then.
    pub at_work: bool,
    /// Its limits.
    pub limits: LoopLimits,
    /// The confidence after the last iteration, with its parts.
    pub confidence: Confidence,
    /// The confidence at which it leaves for review, in percent.
    pub enough: u8,
    /// The circuit breaker, with its reasons.
    pub breaker: Breaker,
    /// The check command; `None`: there is none that may be run.
    pub check_command: Option<String>,
    /// Its last check.
    pub check: Option<LoopCheck>,
    /// What the iterations cost, as far as it is known.
    pub spent: MicroUsd,
    /// Whether the cost of some is not known, so that only the other limits hold.
    pub unpriced: bool,
    /// What was asked for and is done after the iteration: `pauses`, `stops`.
    pub afterwards: Option<String>,
    /// How many messages wait for the next iteration.
    pub messages: u32,
    /// What the agent recommended last (untrusted text).
    pub recommendation: String,
    /// The plan files that have boxes, as they were after the last iteration.
    pub plans: Vec<Plan>,
}

/// The iterations of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopHistory {
    /// The loop.
    pub view: LoopView,
    /// Its iterations, the newest first.
    pub iterations: Vec<IterationRecord>,
}

/// Steers a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlLoop {
    /// Whose.
    pub task: TaskId,
    /// What it shall do.
    pub what: LoopControl,
}

/// What a loop shall do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopControl {
    /// Pause: after the iteration, or at once.
    Pause {
        /// At once: the iteration is interrupted.
        now: bool,
    },
    /// Go on; this is told to the next iteration.
    Continue {
        /// What it is told.
        message: Option<String>,
    },
    /// End: after the iteration, or at once.
    Stop {
        /// After the iteration.
        after: bool,
    },
    /// Change limits.
    Limits(NewLimits),
    /// Tell the next iteration something.
    Tell(String),
}
