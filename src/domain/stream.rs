//! What a headless run tells of itself, in words that are the same for every agent, and what it comes to.
//!
//! Pure. Invariants: every text is untrusted, bounded and without control characters but for line breaks;
//! a run is judged by what its agent says of it, never by its exit code alone; what an agent counts for a
//! whole conversation is told apart from what it counts for one run.

pub mod spent;

use serde::{Deserialize, Serialize};

use super::cost::Usage;
use super::records::{Exit, Reason};
use super::units::{MicroUsd, Timestamp};

/// The longest message of an agent that is kept, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// The longest brief of a call, in characters.
pub const MAX_BRIEF: usize = 300;
/// The longest sentence about a failure, in characters.
pub const MAX_WORDS: usize = 400;
/// The most lines of a tool's answer that are kept.
pub const RESULT_LINES: usize = 6;
/// The most denials and models of a run that are kept.
pub const MAX_KEPT: usize = 50;

/// One thing a headless run tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEvent {
    /// It has begun.
    Begun {
        /// The agent's id of the conversation.
        conversation: Option<String>,
        /// The model.
        model: Option<String>,
    },
    /// A piece of a message that is being written; the whole message follows as [`StreamEvent::Message`].
    Words(String),
    /// A message of the agent, whole.
    Message(String),
    /// What the model thinks aloud.
    Thought(String),
    /// A tool is called.
    Call(ToolCall),
    /// A tool has answered.
    Result(ToolResult),
    /// Leave to do something was refused.
    Denied(Denial),
    /// The service refused and is asked again.
    Retry {
        /// Why.
        failure: Failure,
        /// The which attempt this is, from 1.
        attempt: u32,
        /// How many there will be at most, where that is said.
        most: Option<u32>,
    },
    /// The service tells of a usage limit.
    Limited(Limit),
    /// The run failed, or is about to.
    Failed(Failure),
    /// What was used so far.
    Used(Used),
    /// The run is over, by the agent's own word.
    Finished {
        /// Whether it ended well.
        ok: bool,
        /// The final message.
        message: Option<String>,
        /// How many turns it took.
        turns: Option<u32>,
    },
    /// A line that is none of the agent's stream.
    Plain(String),
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The agent's id of it; what answers it has the same.
    pub id: String,
    /// The tool.
    pub tool: String,
    /// Its telling argument, in one line; may be empty.
    pub brief: String,
    /// The same for the same tool with the same arguments, in every run and on every machine.
    pub hash: u64,
    /// Whether a subagent calls it.
    pub nested: bool,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call that is answered.
    pub id: String,
    /// Whether it went well.
    pub ok: bool,
    /// The first lines of the answer, [`RESULT_LINES`] at most.
    pub brief: String,
    /// How many lines the answer has beyond those.
    pub more: u32,
    /// The same for the same answer, whatever it says about the time it took.
    pub hash: u64,
    /// Whether a subagent is answered.
    pub nested: bool,
}

/// Leave that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// The call it was about, where that is said.
    pub id: Option<String>,
    /// The tool.
    pub tool: String,
    /// What it would have done; may be empty.
    pub what: String,
}

/// What kind of failure it was: what decides whether trying again helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// A login or key is missing or wrong.
    Auth,
    /// Money or credit is missing.
    Billing,
    /// A usage limit; it ends some time.
    Limit,
    /// The service has too much to do.
    Overload,
    /// The service cannot be reached, or the connection broke.
    Network,
    /// The request is wrong, for example too long.
    Invalid,
    /// Somebody interrupted it.
    Interrupted,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            FailureKind::Auth => "authentication",
            FailureKind::Billing => "billing",
            FailureKind::Limit => "usage limit",
            FailureKind::Overload => "overloaded",
            FailureKind::Network => "network",
            FailureKind::Invalid => "invalid request",
            FailureKind::Interrupted => "interrupted",
            FailureKind::Other => "failure",
        }
    }

    /// Whether it is the service's and not the work's: what is no fault of the agent and may be over later.
    pub fn passes(self) -> bool {
        matches!(
            self,
            FailureKind::Limit | FailureKind::Overload | FailureKind::Network
        )
    }
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// In the agent's words: one sentence.
    pub text: String,
}

/// What the service says of a usage limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Whether it stops the work; else it is a warning.
    pub rejected: bool,
    /// When it ends, where that is said.
    pub until: Option<Timestamp>,
    /// Which limit it is, as `five_hour`; may be empty.
    pub which: String,
}

/// What was used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// What of it counts.
    pub scope: Scope,
    /// By model; the name is empty where the stream does not tell it.
    pub models: Vec<ModelUse>,
}

/// What a [`Used`] is the sum of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This run alone.
    #[default]
    Run,
    /// The whole conversation, the runs before included.
    Conversation,
}

/// What was used of one model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUse {
    /// Its name; may be empty.
    pub model: String,
    /// The tokens.
    pub usage: Usage,
    /// What the agent says that it cost.
    pub cost: Option<MicroUsd>,
}

impl Used {
    /// What it cost, where the agent says so of all of it.
    pub fn cost(&self) -> Option<MicroUsd> {
        let costs = self.models.iter().map(|model| model.cost);
        costs
            .reduce(|sum, cost| Some(MicroUsd(sum?.0.saturating_add(cost?.0))))
            .flatten()
    }

    /// All tokens.
    pub fn tokens(&self) -> u64 {
        let tokens = self.models.iter().map(|model| model.usage.total());
        tokens.fold(0, u64::saturating_add)
    }
}

/// What a run came to: all that is kept of it once it is over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// The agent's id of the conversation.
    pub conversation: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Whether the agent itself said that it is done, and whether well.
    pub finished: Option<bool>,
    /// The agent's last message.
    pub message: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// A usage limit that stopped it.
    pub limit: Option<Limit>,
    /// What was refused, the first [`MAX_KEPT`].
    pub denials: Vec<Denial>,
    /// How often something was refused.
    pub denied: u32,
    /// What this run used.
    pub used: Option<Used>,
    /// How many turns it took.
    pub turns: Option<u32>,
    /// How many tools it called.
    pub calls: u32,
    /// How many of those went well and may have changed something.
    pub changes: u32,
    /// How often the service was asked again.
    pub retries: u32,
    /// How many events there were at all.
    pub events: u64,
    /// Calls that are not answered yet: id, and whether it may change something.
    open: Vec<(String, bool)>,
}

impl Summary {
    /// Adds an event.
    pub fn note(&mut self, event: &StreamEvent) {
        self.events = self.events.saturating_add(1);
        match event {
            StreamEvent::Begun {
                conversation,
                model,
            } => {
                self.conversation = conversation.clone().or(self.conversation.take());
                self.model = model.clone().or(self.model.take());
            }
            StreamEvent::Message(text) => self.message = Some(text.clone()),
            StreamEvent::Call(call) => {
                self.calls = self.calls.saturating_add(1);
                if self.open.len() < MAX_KEPT {
                    self.open.push((call.id.clone(), !only_looks(&call.tool)));
                }
            }
            StreamEvent::Result(result) => self.answered(result),
            StreamEvent::Denied(denial) => self.refused(denial),
            StreamEvent::Retry { .. } => self.retries = self.retries.saturating_add(1),
            StreamEvent::Limited(limit) if limit.rejected => self.limit = Some(limit.clone()),
            StreamEvent::Failed(failure) => self.failure = Some(failure.clone()),
            StreamEvent::Used(used) => {
                // Of what is counted for the run nothing more is learnt from the whole.
                let run = self.used.as_ref().is_some_and(|u| u.scope == Scope::Run);
                if used.scope == Scope::Run || !run {
                    self.used = Some(used.clone());
                }
            }
            StreamEvent::Finished { ok, message, turns } => {
                self.finished = Some(*ok);
                self.message = message.clone().or(self.message.take());
                self.turns = turns.or(self.turns);
                if *ok {
                    self.failure = None;
                    self.limit = None;
                }
                self.open.clear();
            }
            _ => {}
        }
    }

    fn answered(&mut self, result: &ToolResult) {
        let Some(at) = self.open.iter().position(|(id, _)| *id == result.id) else {
            return;
        };
        let (_, changes) = self.open.swap_remove(at);
        if result.ok && changes {
            self.changes = self.changes.saturating_add(1);
        }
    }

    fn refused(&mut self, denial: &Denial) {
        let known = |other: &&mut Denial| denial.id.is_some() && other.id == denial.id;
        if let Some(known) = self.denials.iter_mut().find(known) {
            if known.what.is_empty() {
                known.what.clone_from(&denial.what);
            }
            return;
        }
        self.denied = self.denied.saturating_add(1);
        if self.denials.len() < MAX_KEPT {
            self.denials.push(denial.clone());
        }
    }

    /// The usage limit that stopped it: the service's own word, or a failure that says so.
    pub fn limited(&self) -> Option<Limit> {
        let failed = self.failure.as_ref();
        let failed = failed.filter(|failure| failure.kind == FailureKind::Limit);
        self.limit.clone().or(failed.map(|_| Limit {
            rejected: true,
            until: None,
            which: String::new(),
        }))
    }

    /// What the end of the run means, where the stream tells it; `None`: its exit decides. `agent` is the
    /// agent's name for people.
    pub fn verdict(&self, agent: &str, exit: Exit) -> Option<Reason> {
        if exit == Exit::Lost {
            return Some(Reason::Interrupted);
        }
        if let Some(failure) = &self.failure {
            return Some(match failure.kind {
                FailureKind::Interrupted => Reason::Stopped,
                _ => Reason::Failed(failure.text.clone()),
            });
        }
        if self.limit.is_some() {
            return Some(Reason::Failed("a usage limit stopped it".to_owned()));
        }
        match (self.finished, exit) {
            (Some(false), _) => Some(Reason::Failed(format!("{agent} says that it failed"))),
            (Some(true), Exit::Code(0)) if self.is_idle_end() => {
                Some(Reason::Failed(self.did_nothing()))
            }
            (Some(true), Exit::Code(0)) => Some(Reason::Finished),
            (None, Exit::Code(0)) => {
                let how = match self.events {
                    0 => "without a word",
                    _ => "without saying that it is done",
                };
                Some(Reason::Failed(format!("{agent} ended {how}")))
            }
            _ => None,
        }
    }

    /// Whether it ended well without having done anything, since it was not allowed to.
    pub fn is_idle_end(&self) -> bool {
        self.finished == Some(true) && self.denied > 0 && self.changes == 0
    }

    /// `it ended well having done nothing: 3 permissions were denied (Bash, Write)`.
    fn did_nothing(&self) -> String {
        let mut tools: Vec<&str> = Vec::new();
        for denial in &self.denials {
            if !tools.contains(&denial.tool.as_str()) && tools.len() < 5 {
                tools.push(&denial.tool);
            }
        }
        let count = match self.denied {
            1 => "1 permission was denied".to_owned(),
            many => format!("{many} permissions were denied"),
        };
        let tools = tools.join(", ");
        format!("it ended well having done nothing: {count} ({tools})")
    }
}

/// Whether a tool changes nothing, by its name. What is not known may change something.
fn only_looks(tool: &str) -> bool {
    const LOOKING: &[&str] = &[
        "read",
        "grep",
        "glob",
        "ls",
        "list",
        "webfetch",
        "websearch",
        "web_fetch",
        "web_search",
        "google_web_search",
        "todowrite",
        "write_todos",
        "todo_write",
        "toolsearch",
        "tool_search",
        "read_file",
        "read_many_files",
        "list_directory",
        "grep_search",
        "search_file_content",
        "enterplanmode",
        "exitplanmode",
    ];
    LOOKING.iter().any(|known| tool.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests;
