//! Activity: what an agent is doing now. Observed, never guessed; unknown is said.

use serde::{Deserialize, Serialize};

use super::records::Exit;
use super::units::Timestamp;

/// What the agent is doing now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// The process runs, the agent has not said anything of itself yet.
    Starting,
    /// A turn is in progress.
    Working,
    /// The agent cannot go on without the user.
    Waiting(Ask),
    /// The agent finished its turn and waits for the next prompt.
    Idle,
    /// A usage limit holds the agent back, until then where it said when.
    Limited(Option<Timestamp>),
    /// The process is gone.
    Exited(Exit),
    /// Nothing trustworthy says anything.
    #[default]
    Unknown,
}

/// What is asked of the user, in the agent's own words (untrusted text).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What kind of answer is wanted.
    pub kind: AskKind,
    /// The agent's words, control characters removed; may be empty.
    pub text: String,
}

/// The kind of an [`Ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskKind {
    /// Leave to do something: yes or no.
    Permission,
    /// A question that wants words.
    Question,
    /// A login.
    Auth,
}

impl Activity {
    /// The one word shown for it.
    pub fn word(&self) -> &'static str {
        match self {
            Activity::Starting => "starting",
            Activity::Working => "working",
            Activity::Waiting(_) => "waiting",
            Activity::Idle => "idle",
            Activity::Limited(_) => "limited",
            Activity::Exited(_) => "exited",
            Activity::Unknown => "unknown",
        }
    }

    /// Whether the agent's service refuses it: what such an agent shows of itself is an ordinary end of a
    /// turn.
    pub fn is_held_back(&self) -> bool {
        match self {
            Activity::Limited(_) => true,
            Activity::Waiting(ask) => ask.kind == AskKind::Auth,
            _ => false,
        }
    }

    /// Whether the user wants to know of it, coming from `before`. What was unknown before (as after a start
    /// of the daemon) may have been so for long: that is no news, but for an ask.
    pub fn is_news_after(&self, before: &Activity) -> bool {
        match self {
            Activity::Waiting(_) => true,
            Activity::Idle | Activity::Limited(_) => *before != Activity::Unknown,
            _ => false,
        }
    }
}
