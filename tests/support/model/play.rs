//! What the model does: plays, their replies, and what a reply consists of.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The replies of the model in one turn, in order; after the last it says that it is done.
pub type Play = Vec<Reply>;

/// One answer to one request.
#[derive(Debug, Clone)]
pub struct Reply {
    pub acts: Vec<Act>,
    pub usage: Usage,
}

/// A part of an answer, in words that fit every CLI.
#[derive(Debug, Clone)]
pub enum Act {
    /// Some text.
    Say(String),
    /// Text in pieces with a pause after each.
    Slowly(Vec<String>, Duration),
    /// Call the shell.
    Run(String),
    /// Write a file: path (from the working directory) and content.
    Write(String, String),
    /// Ask the user, with two choices.
    Ask(String),
    /// Give a prompt to a subagent.
    Delegate(String),
    /// Call this tool with this input (JSON).
    Tool(String, serde_json::Value),
    /// Wait until the test opens the gate of this name.
    Gate(String),
    /// Drop the connection.
    Drop,
    /// An error of the API instead of an answer: status, type, message, further headers.
    Fail(u16, String, String, Vec<(String, String)>),
    /// An error of the API in words that are its interface's own: status and body.
    Refuse(u16, serde_json::Value),
    /// An error in the middle of the stream.
    Overload,
}

/// Tokens that an answer is said to have cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub input: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    pub output: u64,
}

impl Usage {
    pub fn add(&mut self, other: &Usage) {
        self.input += other.input;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
        self.output += other.output;
    }
}

/// A reply with the usual usage.
pub fn reply(acts: impl IntoIterator<Item = Act>) -> Reply {
    Reply {
        acts: acts.into_iter().collect(),
        usage: Usage {
            input: 1_200,
            cache_read: 3_000,
            cache_write: 400,
            output: 150,
        },
    }
}

/// When a used-up plan of ChatGPT's is full again.
const RESETS: &str = "primary-reset-at";

/// What the headers of a refusal say of that, for its body to say it too.
pub(super) fn resets(headers: &[(String, String)]) -> Option<u64> {
    let said = headers.iter().find(|(name, _)| name.ends_with(RESETS));
    said.and_then(|(_, value)| value.parse().ok())
}

impl Act {
    pub fn say(text: &str) -> Self {
        Act::Say(text.to_owned())
    }

    pub fn gate(name: &str) -> Self {
        Act::Gate(name.to_owned())
    }

    pub fn run(command: &str) -> Self {
        Act::Run(command.to_owned())
    }

    pub fn write(path: &str, content: &str) -> Self {
        Act::Write(path.to_owned(), content.to_owned())
    }

    /// An error of the API, as Anthropic words it.
    pub fn fail(status: u16, kind: &str, message: &str) -> Self {
        Act::Fail(status, kind.to_owned(), message.to_owned(), Vec::new())
    }

    /// The refusal of a plan whose five hours are used up until `resets` (seconds since 1970).
    pub fn used_up(resets: u64) -> Self {
        let header = |name: &str, value: &str| {
            (
                format!("anthropic-ratelimit-unified-{name}"),
                value.to_owned(),
            )
        };
        let headers = vec![
            header("status", "rejected"),
            header("reset", &resets.to_string()),
            header("representative-claim", "five_hour"),
            header("5h-status", "rejected"),
            header("5h-reset", &resets.to_string()),
            header("5h-utilization", "1.0"),
            header("overage-status", "rejected"),
            ("x-should-retry".to_owned(), "false".to_owned()),
        ];
        let (kind, message) = ("rate_limit_error", "This request would exceed your limit.");
        Act::Fail(429, kind.to_owned(), message.to_owned(), headers)
    }

    /// The refusal of a plan of ChatGPT's whose five hours are used up until `resets` (seconds since 1970).
    pub fn used_up_chatgpt(resets: u64) -> Self {
        let header = |name: &str, value: &str| (format!("x-codex-{name}"), value.to_owned());
        let headers = vec![
            header("primary-used-percent", "100.0"),
            header("primary-window-minutes", "300"),
            header(RESETS, &resets.to_string()),
        ];
        let message = "The usage limit has been reached";
        Act::Fail(
            429,
            "usage_limit_reached".to_owned(),
            message.to_owned(),
            headers,
        )
    }

    fn is_call(&self) -> bool {
        matches!(
            self,
            Act::Run(_) | Act::Write(..) | Act::Ask(_) | Act::Delegate(_) | Act::Tool(..)
        )
    }
}

impl Reply {
    /// Whether it wants a tool, so that the turn goes on.
    pub fn calls(&self) -> bool {
        self.acts.iter().any(Act::is_call)
    }

    pub fn using(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }
}

/// The plays by name.
#[derive(Default)]
pub(super) struct Plays(Mutex<HashMap<String, Play>>);

impl Plays {
    pub(super) fn add(&self, name: &str, play: Play) {
        let mut plays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plays.insert(name.to_owned(), play);
    }

    /// The reply that is due; a friendly word where no play says otherwise.
    pub(super) fn reply(&self, name: &str, step: usize) -> Reply {
        let plays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = plays.get(name).and_then(|play| play.get(step));
        known
            .cloned()
            .unwrap_or_else(|| reply([Act::say(if step == 0 { "Hello." } else { "Done." })]))
    }
}

/// The play that a prompt names: the last `play:NAME` in it.
pub(super) fn named(prompt: &str) -> Option<&str> {
    let (_, rest) = prompt.rsplit_once("play:")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let name = &rest[..end.unwrap_or(rest.len())];
    (!name.is_empty()).then_some(name)
}
