//! Failures as a person or a script meets them: a sentence, a hint, an exit code.

use std::fmt;
use std::io;

use crate::client::ConnectError;
use crate::config::{ConfigError, PathError};
use crate::protocol::{ApiError, ErrorCode};

/// The exit codes, documented in `gluon --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    /// It failed.
    Failed = 1,
    /// It was called wrongly.
    Usage = 2,
    /// There is no such task, project, session or agent.
    NotFound = 3,
    /// Refused, or it needs a confirmation.
    Refused = 4,
    /// The daemon cannot be reached.
    Unavailable = 5,
}

/// Why a command did not do it.
#[derive(Debug)]
pub(super) struct Failure {
    /// For scripts.
    pub(super) code: Code,
    /// One sentence for people.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

/// What every command answers.
pub(super) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// A mistake in how the command was called.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    #[must_use]
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The reader of our output went away (`gluon ls | head`): nobody is left to be told anything.
    pub(super) fn is_closed_pipe(&self) -> bool {
        self.message == CLOSED_PIPE
    }
}

const CLOSED_PIPE: &str = "the output was closed";

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let code = match error.code {
            ErrorCode::NotFound => Code::NotFound,
            ErrorCode::Invalid => Code::Usage,
            ErrorCode::Refused | ErrorCode::Confirm => Code::Refused,
            ErrorCode::Unavailable => Code::Unavailable,
            ErrorCode::Failed | ErrorCode::Internal => Code::Failed,
        };
        Self {
            code,
            message: error.message,
            hint: error.hint,
        }
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let hint = match &error {
            ConnectError::NotRunning => Some("any command that needs it starts it"),
            ConnectError::Version(_) => None,
            _ => Some("`gluon doctor` looks for what is wrong"),
        };
        let failure = Self::new(Code::Unavailable, error.to_string());
        match hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}

impl From<PathError> for Failure {
    fn from(error: PathError) -> Self {
        Self::new(Code::Failed, error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Code::Failed, error.to_string())
            .with_hint("correct it there; `gluon doctor` looks at it again")
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Code::Failed, format!("{error:#}"))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(Code::Failed, error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Code::Failed, CLOSED_PIPE);
        }
        Self::new(Code::Failed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_code_has_its_exit_code() {
        for (code, expected) in [
            (ErrorCode::NotFound, 3),
            (ErrorCode::Invalid, 2),
            (ErrorCode::Refused, 4),
            (ErrorCode::Confirm, 4),
            (ErrorCode::Failed, 1),
            (ErrorCode::Unavailable, 5),
            (ErrorCode::Internal, 1),
        ] {
            let failure = Failure::from(ApiError::new(code, "x").with_hint("y"));
            assert_eq!(failure.code as u8, expected, "{code:?}");
            assert_eq!(failure.hint.as_deref(), Some("y"));
        }
    }

    #[test]
    fn a_closed_pipe_is_recognised() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(failure.is_closed_pipe());
        assert!(!Failure::usage("x").is_closed_pipe());
    }
}
