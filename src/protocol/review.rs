//! What a review needs: checks, how a task can be integrated and what came of it, what can be taken back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::views::TaskCard;
use crate::domain::accept::Way;
use crate::domain::check::{Freshness, Verdict};
use crate::domain::operation::{OperationKind, OperationState};
use crate::domain::{Cost, ProjectId, TaskId, Timestamp};

/// What is known about a task for its review, beside its branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    /// Its check; `None` where none was ever run.
    pub check: Option<CheckView>,
    /// What it would be in conflict with right now.
    pub clashes: Vec<Clash>,
    /// The task it tries the same as.
    pub fork_of: Option<TaskId>,
    /// Its place in its project's merge queue, from 1; `None` where it does not wait there.
    pub merge_place: Option<u32>,
    /// How it was accepted, and into which branch.
    pub landed: Option<(Way, String)>,
    /// Since when it is archived; `None`: it is on the board.
    pub archived: Option<Timestamp>,
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

/// What something would be in conflict with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The branch it would land on.
    Target(String),
    /// Another task.
    Task(TaskId),
}

/// A conflict that would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    /// With what.
    pub with: Against,
    /// In which files (untrusted text).
    pub files: Vec<String>,
}

/// A task that changes the same files as another, or as its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapView {
    /// The task.
    pub task: TaskId,
    /// With what.
    pub with: Against,
    /// Files that both change (untrusted text).
    pub both: Vec<String>,
    /// Files that would be in conflict (untrusted text).
    pub conflicts: Vec<String>,
}

/// Which done tasks are tidied up after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TidyWish {
    /// These, landed or not; empty: all whose work has landed.
    pub tasks: Vec<TaskId>,
    /// Only those that are done for so many days.
    pub days: Option<u32>,
    /// Only say which.
    pub dry_run: bool,
}

/// A done task whose worktree and branch are still there, or were until now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TidyView {
    /// Which.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Its branch.
    pub branch: String,
    /// How its work has landed; empty where it has not, or nobody knows.
    pub landed: String,
    /// Whether worktree and branch go.
    pub goes: bool,
    /// Whether they are gone now.
    pub removed: bool,
}

/// Of which time a report is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportWish {
    /// So many days up to today; 1 is today alone.
    pub days: u32,
    /// Only of this project.
    pub project: Option<ProjectId>,
}

/// An accepted task in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLine {
    /// Which.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Its project.
    pub project: String,
    /// Its agent.
    pub agent: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// How, in a sentence.
    pub how: String,
    /// What it cost; `None` where nobody knows.
    pub cost: Option<Cost>,
    /// How long it waited in review, in milliseconds.
    pub waited: i64,
    /// How long its agent waited for answers, in milliseconds.
    pub asked: i64,
}

/// What was done in a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportView {
    /// From when on.
    pub since: Timestamp,
    /// What was accepted, the newest first.
    pub lines: Vec<ReportLine>,
    /// What all of it cost, as far as it is known; `None` where of nothing it is.
    pub cost: Option<Cost>,
    /// What an accepted change cost, of those whose cost is known.
    pub cost_each: Option<Cost>,
    /// Of how many changes the cost is not known.
    pub unknown: u32,
    /// How long all of it waited in review, in milliseconds.
    pub waited: i64,
    /// How long its agents waited for answers, in milliseconds.
    pub asked: i64,
    /// What everything cost in that time, accepted or not; `None` where nothing was used.
    pub spent: Option<Cost>,
}

/// Try a task once more with another agent, beside the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkTask {
    /// Which.
    pub task: TaskId,
    /// The other agent; `None`: the same once more.
    pub agent: Option<String>,
    /// Start it now.
    pub start: bool,
}

/// Which done tasks go out of sight, or come back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveWish {
    /// These.
    pub tasks: Vec<TaskId>,
    /// Where none are named: all that are done for so many days.
    pub days: Option<u32>,
    /// Bring them back.
    pub back: bool,
}
