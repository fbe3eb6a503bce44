//! What a review needs: checks, how a task can be integrated and what came of it, what can be taken back.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::check::{Freshness, Verdict};

/// What is known about a task for its review, beside its branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    /// Its check; `None` where none was ever run.
    pub check: Option<CheckView>,
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
