//! What the user wants of a loop, told when its task is made.

use serde::{Deserialize, Serialize};

use super::limits::LoopLimits;

/// The wishes for a loop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoopSettings {
    /// How far it may go.
    pub limits: LoopLimits,
    /// Its own check command; `None`: the project's, where that is trusted.
    pub check: Option<String>,
    /// Whether it runs without a check command, though the project has one.
    pub no_check: bool,
    /// The plan file, relative to the worktree; `None`: those that are usual.
    pub plan: Option<String>,
    /// Whether iterations go on with the conversation before instead of a fresh one.
    pub same_conversation: bool,
    /// Its own template of the prompt.
    pub template: Option<String>,
}
