//! Errors as they cross the wire: a code for programs, a sentence for people, a hint at what to do.

use serde::{Deserialize, Serialize};

/// What a program may want to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// No such task, project, session or agent.
    NotFound,
    /// The request cannot be understood or breaks a rule of its form.
    Invalid,
    /// The task's status does not allow it.
    Refused,
    /// Work could be lost; ask the user and repeat with `confirm`.
    Confirm,
    /// Something outside gluon failed: git, the file system, a program that is not installed.
    Failed,
    /// The daemon is going away or cannot be reached; try again.
    Unavailable,
    /// A bug.
    Internal,
}

/// An error as a client gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// For programs.
    pub code: ErrorCode,
    /// One sentence for people.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ApiError {
    /// An error without a hint.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Nothing of that name: `what` is for example `task 12`.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no {what}"))
    }
}
