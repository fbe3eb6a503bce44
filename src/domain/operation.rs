//! Operations: what was done to repositories and cards that can be taken back, and where it stands.
//!
//! An operation is written before anything happens and again before the first branch moves, so that a crash
//! in between can be settled: either nothing happened, or all of it.

use serde::{Deserialize, Serialize};

use super::accept::Landing;
use super::ids::{ProjectId, TaskId};
use super::records::{Reason, Session, Task};
use super::status::Status;
use super::units::Timestamp;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// A task was accepted.
    Accept,
    /// A task was removed with its worktree and branch.
    Remove,
    /// A task was given up.
    Cancel,
    /// The worktree and branch of a done task were removed.
    Tidy,
    /// An acceptance was taken back by a commit on top.
    Revert,
}

impl OperationKind {
    /// The word for it, as in the database.
    pub fn word(self) -> &'static str {
        match self {
            OperationKind::Accept => "accept",
            OperationKind::Remove => "remove",
            OperationKind::Cancel => "cancel",
            OperationKind::Tidy => "tidy",
            OperationKind::Revert => "revert",
        }
    }

    /// The kind that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "accept" => OperationKind::Accept,
            "remove" => OperationKind::Remove,
            "cancel" => OperationKind::Cancel,
            "tidy" => OperationKind::Tidy,
            "revert" => OperationKind::Revert,
            _ => return None,
        })
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Being worked out; nothing of the user's has changed.
    Preparing,
    /// Branches may have moved; it is to be finished.
    Moving,
    /// Done.
    Done,
    /// Being taken back; that is to be finished.
    Undoing,
    /// Taken back.
    Undone,
    /// Came to nothing.
    Failed,
}

impl OperationState {
    /// The word for it, as in the database.
    pub fn word(self) -> &'static str {
        match self {
            OperationState::Preparing => "preparing",
            OperationState::Moving => "moving",
            OperationState::Done => "done",
            OperationState::Undoing => "undoing",
            OperationState::Undone => "undone",
            OperationState::Failed => "failed",
        }
    }

    /// The state that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "preparing" => OperationState::Preparing,
            "moving" => OperationState::Moving,
            "done" => OperationState::Done,
            "undoing" => OperationState::Undoing,
            "undone" => OperationState::Undone,
            "failed" => OperationState::Failed,
            _ => return None,
        })
    }

    /// Whether a daemon that starts has to settle it.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            OperationState::Preparing | OperationState::Moving | OperationState::Undoing
        )
    }
}

/// A worktree and a branch that were removed, and what holds them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The branch and the commit it was at; `None` where there was none.
    pub branch: Option<(String, String)>,
    /// Where the worktree was.
    pub worktree: Option<std::path::PathBuf>,
    /// The ref that holds all of it.
    pub recovery: Option<String>,
    /// What makes the name of that ref unique.
    pub stamp: String,
}

/// A row of the database that went with its task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRow {
    /// Its table.
    pub table: String,
    /// Its fields by the names of their columns, as JSON.
    pub fields: String,
}

/// Everything that is needed to finish an operation, or to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Journal {
    /// Of an acceptance or a revert; the landing is there once it was worked out.
    Accept {
        /// What moves.
        landing: Option<Landing>,
        /// Where the task was, and why.
        from: Status,
        /// Why it was there.
        reason: Option<Reason>,
    },
    /// Of a removal.
    Remove {
        /// The task as it was.
        task: Box<Task>,
        /// Its sessions.
        sessions: Vec<Session>,
        /// What it had in the repository.
        taken: Taken,
        /// What else was known of it: its loop, comments, checks.
        #[serde(default)]
        rows: Vec<KeptRow>,
    },
    /// Of giving up.
    Cancel {
        /// Where the task was.
        from: Status,
        /// Why it was there.
        reason: Option<Reason>,
    },
    /// Of tidying up.
    Tidy(Taken),
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its number, growing.
    pub id: i64,
    /// What was done.
    pub kind: OperationKind,
    /// Where it stands.
    pub state: OperationState,
    /// To which task; it may be removed by now.
    pub task: TaskId,
    /// In which project.
    pub project: ProjectId,
    /// The task's title then.
    pub title: String,
    /// When.
    pub at: Timestamp,
    /// What is needed to finish it or to take it back.
    pub journal: Journal,
}

/// How long commits and files are held for taking an operation back, in days.
pub const KEPT_DAYS: i64 = 30;

impl Operation {
    /// What it did, in words: `accepted #12 fix the login (squash into main)`.
    pub fn sentence(&self) -> String {
        let what = match self.kind {
            OperationKind::Accept => "accepted",
            OperationKind::Remove => "removed",
            OperationKind::Cancel => "cancelled",
            OperationKind::Tidy => "tidied up after",
            OperationKind::Revert => "reverted",
        };
        let mut words = format!("{what} #{} {}", self.task, self.title);
        if let Journal::Accept {
            landing: Some(landing),
            ..
        } = &self.journal
            && self.kind == OperationKind::Accept
        {
            let into = landing.target.as_ref().map(|target| target.name.as_str());
            match into {
                Some(into) => words.push_str(&format!(" ({} into {into})", landing.way.word())),
                None => words.push_str(&format!(" ({})", landing.way.word())),
            }
        }
        words
    }

    /// Whether it can be taken back: the last that was done, and nothing that is taken back already.
    pub fn is_undoable(&self) -> bool {
        self.state == OperationState::Done && self.kind != OperationKind::Revert
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        use OperationKind::{Accept, Cancel, Remove, Revert, Tidy};
        for kind in [Accept, Remove, Cancel, Tidy, Revert] {
            assert_eq!(OperationKind::from_word(kind.word()), Some(kind));
        }
        use OperationState::{Done, Failed, Moving, Preparing, Undoing, Undone};
        for state in [Preparing, Moving, Done, Undoing, Undone, Failed] {
            assert_eq!(OperationState::from_word(state.word()), Some(state));
            assert_eq!(
                state.is_open(),
                matches!(state, Preparing | Moving | Undoing)
            );
        }
    }
}
