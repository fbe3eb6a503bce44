//! What a review needs: checks, how a task can be integrated and what came of it, what can be taken back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::views::TaskCard;
use crate::domain::accept::Way;
use crate::domain::check::{Freshness, Verdict};
use crate::domain::operation::{OperationKind, OperationState};
use crate::domain::{TaskId, Timestamp};

/// What is known about a task for its review, beside its branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    /// Its check; `None` where none was ever run.
    pub check: Option<CheckView>,
    /// How it was accepted, and into which branch.
    pub landed: Option<(Way, String)>,
}

/// A task's check, as its card shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// Whether it is running now.
    pub running: bool,
    /// What came of the last one; `None` while the first one runs.
    pub verdict: Option<Verdict>,
    /// How that stands to the files as they are now.
    pub freshness: Freshness,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took: u64,
}

/// A check with what it printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The check.
    pub check: CheckView,
    /// The command line.
    pub command: String,
    /// The beginning and the end of what it printed, so far if it runs (untrusted text).
    pub output: String,
}

/// How a task is to be accepted. What is `None` is as the settings have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptPlan {
    /// Which; 0 is none.
    pub task: Option<TaskId>,
    /// How its work reaches the target.
    pub way: Option<Way>,
    /// The branch that gets it; `None`: the one it was started from.
    pub into: Option<String>,
    /// The message of the commit that is made; `None`: from the task and what its agent said last.
    pub message: Option<String>,
    /// Whether its check has to pass first.
    pub check: Option<bool>,
    /// Whether what is not committed is committed first; else it is refused.
    pub commit: Option<bool>,
    /// Go without the repository's commit hooks.
    pub no_hooks: bool,
    /// The user has agreed to what the preview says.
    pub confirm: bool,
}

/// What accepting a task would come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptPreview {
    /// Which.
    pub task: TaskId,
    /// How.
    pub way: Way,
    /// Whether somebody has said that: the request, or the settings.
    pub chosen: bool,
    /// The branch that gets it.
    pub into: String,
    /// The task's branch; empty where it has none.
    pub branch: String,
    /// The message of the commit that is made.
    pub message: String,
    /// What happens, in a sentence.
    pub effect: String,
    /// Commits of the task that the target does not have.
    pub commits: u32,
    /// Commits of the target that the task does not have.
    pub behind: u32,
    /// Files that change.
    pub files: u32,
    /// Files with uncommitted changes, which are committed first.
    pub uncommitted: u32,
    /// Files that are in conflict (untrusted text).
    pub conflicts: Vec<String>,
    /// Whether the target has all of it already.
    pub merged: bool,
    /// Whether the target can be moved to the task's last commit.
    pub can_fast_forward: bool,
    /// Commits that the target was rewritten without; this way brings them back.
    pub resurrected: u32,
    /// Where the target is checked out, and moves along.
    pub checkout: Option<PathBuf>,
    /// Why it cannot be done now, in a sentence.
    pub obstacle: Option<String>,
    /// Whether its check has to pass first.
    pub check_required: bool,
    /// Its check.
    pub check: Option<CheckView>,
}

/// What came of accepting a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrated {
    /// The card, now done.
    pub card: TaskCard,
    /// How.
    pub way: Way,
    /// The branch that got it.
    pub into: String,
    /// The commit it is at now; `None` where it did not move.
    pub commit: Option<String>,
    /// What happened, in a sentence.
    pub sentence: String,
    /// What else there is to know, a sentence each.
    pub notes: Vec<String>,
}

/// What is to be taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoWish {
    /// Which operation; `None`: the last one that can be.
    pub operation: Option<i64>,
    /// By a commit on top, where others have built upon it.
    pub revert: bool,
    /// The user has agreed to what is taken back.
    pub confirm: bool,
}

/// An operation, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationView {
    /// Its number.
    pub id: i64,
    /// What was done.
    pub kind: OperationKind,
    /// Where it stands.
    pub state: OperationState,
    /// To which task.
    pub task: TaskId,
    /// In words.
    pub sentence: String,
    /// When.
    pub at: Timestamp,
    /// Whether it can be taken back.
    pub undoable: bool,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// The operation.
    pub operation: OperationView,
    /// The card as it is now.
    pub card: TaskCard,
    /// What else there is to know, a sentence each.
    pub notes: Vec<String>,
}
