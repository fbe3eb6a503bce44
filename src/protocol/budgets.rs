//! Budgets on the wire: asked for, set, and what stopping everything came to.

use serde::{Deserialize, Serialize};

use crate::domain::TaskId;
use crate::domain::budget::{Budget, BudgetOf, Limit};

/// Sets a budget, or raises it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBudget {
    /// What it is of.
    pub of: BudgetOf,
    /// To what, or by how much more.
    pub limit: Limit,
    /// By how much more; that of the day for today alone.
    pub raise: bool,
}

/// A task's budget, and whether any budget keeps it from going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskBudget {
    /// Its own.
    pub own: Budget,
    /// Why it may not start or go on, if a budget says so: one sentence.
    pub refused: Option<String>,
}

/// Budgets, and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    /// Each with what was spent of it.
    pub budgets: Vec<Budget>,
    /// What happens to an agent at work when one is used up: `finish` or `interrupt`.
    pub at_limit: String,
    /// So many percent are most of one.
    pub warn_at: u8,
}

/// What came of stopping everything, or of letting it go on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Whether the queue is paused now.
    pub queue_paused: bool,
    /// Tasks whose agent's turn was ended, if there was one; the agent is still there.
    pub interrupted: Vec<TaskId>,
    /// Tasks whose agent was ended; they are in the queue and can be resumed.
    pub stopped: Vec<TaskId>,
    /// Tasks whose agent could not be stopped.
    pub failed: Vec<TaskId>,
    /// Tasks that go on.
    pub resumed: Vec<TaskId>,
}

impl Paused {
    /// What came of it, in a sentence.
    pub fn words(&self) -> String {
        let count = |tasks: &[TaskId], what: &str| match tasks.len() {
            0 => None,
            1 => Some(format!("1 agent {what}")),
            more => Some(format!("{more} agents {what}")),
        };
        let queue = match self.queue_paused {
            true => "the queue is paused",
            false => "the queue goes on",
        };
        let parts = [
            count(&self.interrupted, "interrupted"),
            count(&self.stopped, "ended, to be resumed"),
            count(&self.failed, "could not be stopped"),
            count(&self.resumed, "to go on"),
        ];
        let parts = parts.into_iter().flatten();
        let all: Vec<String> = [queue.to_owned()].into_iter().chain(parts).collect();
        all.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said() {
        let paused = Paused {
            queue_paused: true,
            interrupted: vec![TaskId(1)],
            stopped: vec![TaskId(2), TaskId(3)],
            ..Paused::default()
        };
        assert_eq!(
            paused.words(),
            "the queue is paused, 1 agent interrupted, 2 agents ended, to be resumed"
        );
        assert_eq!(Paused::default().words(), "the queue goes on");
    }
}
