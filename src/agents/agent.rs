//! What every agent CLI must be able to tell: how it is started, resumed, spoken to and judged.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::conversations::Library;
use super::deliver::Delivery;
use super::server::ServerKind;
use super::stream::StreamFormat;
use super::trust::Trust;
use super::usage::Meter;
use super::watch::Watch;
use crate::domain::{Exit, Mode, Reason, Timestamp};

/// An agent CLI, as gluon drives it.
///
/// Everything in here is about command lines and keys. Status, cost and permissions of a particular CLI
/// are read by deep adapters, which sit beside this trait and are found by the same name.
pub trait Agent: Send + Sync + fmt::Debug {
    /// Its name in the registry, as the user types it.
    fn name(&self) -> &str;

    /// Its name for people.
    fn title(&self) -> &str;

    /// The program it is, as it is looked up in `PATH`, or an absolute path.
    fn program(&self) -> &str;

    /// How its conversations get their ids.
    fn conversation_id(&self) -> ConversationId;

    /// A new conversation on its own screen.
    ///
    /// # Errors
    /// Where this agent cannot do that with what `ctx` holds.
    fn start(&self, ctx: &StartContext) -> Result<Launch, AgentError>;

    /// An earlier conversation on its own screen; `ctx.prompt` is what is said next, if anything.
    /// `conversation` may be empty for an agent whose [`ConversationId`] is `None`.
    ///
    /// # Errors
    /// Where this agent has no resume, or wants an id and gets none.
    fn resume(&self, ctx: &StartContext, conversation: &str) -> Result<Launch, AgentError>;

    /// A new conversation without a screen: one run, one prompt.
    ///
    /// # Errors
    /// Where this agent cannot, or the prompt is missing or too long for an argument.
    fn headless(&self, ctx: &StartContext) -> Result<Launch, AgentError>;

    /// An earlier conversation without a screen.
    ///
    /// # Errors
    /// As [`Agent::resume`] and [`Agent::headless`].
    fn headless_resume(&self, ctx: &StartContext, conversation: &str)
    -> Result<Launch, AgentError>;

    /// A new conversation on its own screen that goes on from `ctx.from`, wherever that was led, and leaves
    /// its transcript as it is.
    ///
    /// # Errors
    /// Where this agent cannot do that.
    fn fork(&self, ctx: &StartContext) -> Result<Launch, AgentError>;

    /// In which words it tells what it does in a headless run; `None` where that is text for people.
    fn stream(&self) -> Option<StreamFormat> {
        None
    }

    /// How a message is given to it while it runs.
    fn delivery(&self) -> &Delivery;

    /// The keys that answer when it asks for permission.
    fn answers(&self) -> &Answers;

    /// What its end means. `tail` is the last of what it wrote, raw and untrusted.
    fn judge_end(&self, exit: Exit, mode: Mode, tail: &str) -> Reason;

    /// What its terminal says of its activity.
    fn hints(&self) -> &Hints;

    /// The command line that prints its version.
    fn version_command(&self) -> Vec<String>;

    /// The conversation that a run led, by what the agent itself has written down of it; `None` where
    /// nothing tells it. Reads files of the agent's: slow, and what they say is untrusted.
    fn discover_conversation(&self, _: &Trace<'_>) -> Option<String> {
        None
    }

    /// Whether an earlier conversation may be there: `false` only where the agent surely wrote nothing down
    /// of it, as when it was stopped before its first prompt. Reads files of the agent's: slow.
    fn has_conversation(&self, _: &Trace<'_>, _: &str) -> bool {
        true
    }

    /// What reads how much the conversations of a session use; `None` where the agent writes down nothing
    /// of it that gluon can read. `trace.since` is when the session began.
    fn meter(&self, _: &Trace<'_>) -> Option<Meter> {
        None
    }

    /// What reads the agent's own registry for its process `pid`; `None` where it has none. `trace.since` is
    /// when the process started.
    fn watch(&self, _: &Trace<'_>, _pid: u32) -> Option<Watch> {
        None
    }

    /// The server that it keeps beside its screen, which tells what it does; `None` where it has none.
    fn server(&self) -> Option<ServerKind> {
        None
    }

    /// The conversations that it has written down on this machine, whoever started it; `None` where it
    /// writes down nothing that gluon can read. Of `trace` the environment alone counts.
    fn library(&self, _: &Trace<'_>) -> Option<Library> {
        None
    }

    /// How it comes to trust the project whose own checkout is at `checkout`. Of `trace` the environment alone
    /// counts.
    fn trust(&self, _: &Trace<'_>, _checkout: &Path) -> Trust {
        Trust::default()
    }

    /// How to get it, in one sentence; empty where there is nothing to get.
    fn install_hint(&self) -> &str {
        ""
    }
}

/// What an agent is started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartContext {
    /// What it is told first.
    pub prompt: Option<String>,
    /// Where it runs.
    pub cwd: PathBuf,
    /// The id of the new conversation, for an agent that takes one (see [`super::new_conversation_id`]).
    pub conversation: Option<String>,
    /// Whether the user has said that this project may be trusted.
    pub trusted: bool,
    /// The port on which its server is to listen, for an agent that has one (see [`Agent::server`]).
    pub port: Option<u16>,
    /// The settings by which the agent is asked to report its turns (see [`super::hook_settings`]).
    pub hooks: Option<String>,
    /// The conversation that is forked.
    pub from: Option<Forked>,
}

/// A conversation that another one goes on from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forked {
    /// The agent's id of it.
    pub id: String,
    /// Where its transcript is.
    pub transcript: String,
}

/// What is known of a run whose conversation is looked for.
pub struct Trace<'a> {
    /// Where it ran.
    pub cwd: &'a Path,
    /// When it started: conversations last written to before that are not its own.
    pub since: Timestamp,
    /// Looks up what its environment had.
    pub env: &'a dyn Fn(&str) -> Option<OsString>,
}

/// A command line ready to be run.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// The program and its arguments; never empty.
    pub argv: Vec<String>,
    /// Added to the environment.
    pub env: Vec<(String, String)>,
    /// Taken out of the environment.
    pub env_remove: Vec<String>,
    /// How the first prompt reaches it.
    pub first_prompt: FirstPrompt,
    /// The id of its conversation, where it is known before it starts.
    pub conversation: Option<String>,
    /// Whether what it does can be resumed after its end.
    pub resumable: bool,
}

/// How the first prompt reaches an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FirstPrompt {
    /// There is none.
    #[default]
    None,
    /// It is in the command line.
    InArguments,
    /// To be delivered when the agent first says that it is idle.
    WhenIdle(String),
    /// To be delivered when its screen has been still for a moment (it never says what it does).
    AfterQuiet(String),
}

/// Values of an environment may be secrets: names only.
impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Launch")
            .field("argv", &self.argv)
            .field("env", &names)
            .field("env_remove", &self.env_remove)
            .field("first_prompt", &self.first_prompt)
            .field("conversation", &self.conversation)
            .field("resumable", &self.resumable)
            .finish()
    }
}

/// How an agent's conversations get their ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationId {
    /// We choose one, a UUID.
    Chosen,
    /// The agent chooses one; it is learnt from what it writes.
    Learnt,
    /// There are none.
    #[default]
    None,
}

/// The keys that answer when an agent asks for permission; empty where it never asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Yes, this once.
    pub approve: Vec<u8>,
    /// No.
    pub deny: Vec<u8>,
    /// What is answered in another way: words of the ask, with the answers to it.
    pub asks: Vec<(String, Answers)>,
}

impl Answers {
    /// The keys that answer `ask`, the agent's own words; empty where none are known.
    pub fn keys(&self, ask: &str, yes: bool) -> &[u8] {
        let other = self.asks.iter().find(|(words, _)| ask.contains(words));
        let answers = other.map_or(self, |(_, answers)| answers);
        if yes { &answers.approve } else { &answers.deny }
    }
}

/// What an agent's terminal says of its activity, as data for whoever watches it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hints {
    /// Whether it emits OSC 7501.
    pub osc7501: Osc7501,
    /// Marks in its window title, a fallback.
    pub titles: Vec<Mark>,
    /// Words on its screen, the last resort.
    pub screen: Vec<Mark>,
}

impl Hints {
    /// Whether the agent can be expected to say by itself when it is idle.
    pub fn says_idle(&self) -> bool {
        let mut marks = self.titles.iter().chain(&self.screen);
        self.osc7501 != Osc7501::No || marks.any(|mark| mark.means == Means::Idle)
    }
}

/// Whether an agent emits OSC 7501, the program status protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Osc7501 {
    /// It does not, or nobody has looked.
    #[default]
    No,
    /// After its query was answered.
    WhenAnswered,
    /// Unasked.
    Always,
}

/// A piece of text that tells an activity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The text to look for.
    pub text: String,
    /// What it tells.
    pub means: Means,
}

/// What a [`Mark`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A turn is in progress.
    Working,
    /// It waits for a permission or an answer.
    Waiting,
    /// It waits for leave to do something.
    Permission,
    /// It waits for the next prompt.
    Idle,
    /// A usage limit ended its turn; believed only just after the agent itself has said that its turn failed.
    Limited,
    /// A missing login ended its turn; believed as a limit is.
    Auth,
    /// A dialog is open that its status does not tell of: words would land in it, so none are typed.
    Dialog,
}

/// Why an agent cannot do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// It has no command for it.
    #[error(
        "{agent} has no way to {what}; add `[{table}]` to its manifest if your version has one"
    )]
    Unsupported {
        /// Its name.
        agent: String,
        /// To do what.
        what: &'static str,
        /// The manifest's table for it.
        table: &'static str,
    },
    /// Resuming wants the id of a conversation.
    #[error("the conversation of this {agent} session is not known, so it cannot be resumed")]
    NoConversation {
        /// Its name.
        agent: String,
    },
    /// A headless run wants a prompt.
    #[error("{agent} needs a prompt to run without a screen")]
    NoPrompt {
        /// Its name.
        agent: String,
    },
    /// The text does not fit.
    #[error(
        "the text is {bytes} bytes long and at most {most} fit; put it into a file and name the file"
    )]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// A command line without a program.
    #[error("the command is empty")]
    NoProgram,
}
