//! A task's changes as they are reviewed: read in pages, commented on, and sent to the agent.

use serde::{Deserialize, Serialize};

use crate::domain::comment::Place;
use crate::domain::{Comment, CommentId, TaskId, Timestamp};

/// Which of a task's changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything since its branch left its base.
    #[default]
    All,
    /// What is committed of it.
    Committed,
    /// What is not.
    Uncommitted,
    /// What changed since the last review.
    SinceReview,
}

/// Asks for a page of a task's changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadChanges {
    /// Whose.
    pub task: TaskId,
    /// Which.
    pub scope: Scope,
    /// Whether lines that differ in blanks only count as the same.
    pub ignore_space: bool,
    /// From which byte of the text on.
    pub offset: u64,
    /// The text that `offset` counts in ([`ChangesPage::version`]); `None`: the changes as they are now.
    pub version: Option<u64>,
}

/// A page of a task's changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesPage {
    /// Which text it is a page of: another one has another number.
    pub version: u64,
    /// Where it starts, in bytes.
    pub offset: u64,
    /// How long the whole text is, in bytes.
    pub total: u64,
    /// A piece of a unified diff (untrusted text), cut at the end of a line.
    pub text: String,
    /// When the task was last reviewed.
    pub reviewed_at: Option<Timestamp>,
    /// The comments on the task's changes, sent ones too; with the first page only.
    pub comments: Vec<Comment>,
}

/// A remark on a task's changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddComment {
    /// On whose.
    pub task: TaskId,
    /// Where.
    pub place: Place,
    /// The line's text, as it was seen.
    pub quote: String,
    /// The words.
    pub text: String,
}

/// Other words for a comment that the agent was not told yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditComment {
    /// On whose changes it is.
    pub task: TaskId,
    /// Which.
    pub comment: CommentId,
    /// The words; empty ones remove it.
    pub text: String,
}

/// Tells a task's agent all comments that it was not told yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendReview {
    /// Whose.
    pub task: TaskId,
    /// What it is told before the comments; empty: a sentence of gluon's.
    pub text: String,
    /// Begin a fresh conversation where the one before cannot be continued.
    pub recap: bool,
}
