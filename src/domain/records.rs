//! The durable records: project, task, session, run, event. What the store keeps and the wire carries.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ids::{ProjectId, RunId, SessionId, TaskId};
use super::status::Status;
use super::units::{MicroUsd, Timestamp};

/// A registered git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its short name, unique: the directory's name, with a number behind it where taken.
    pub name: String,
    /// The repository's work tree, or the repository itself where it is bare. UTF-8, absolute.
    pub path: PathBuf,
    /// The named group it belongs to.
    pub workspace: String,
    /// How many tasks may run at once in it; `None`: only the global limit counts.
    pub slots: Option<u32>,
    /// The hash of the setup command the user has trusted; another command is not run.
    pub trusted_setup: Option<String>,
    /// The hash of the check command the user has trusted; another command is not run.
    pub trusted_check: Option<String>,
    /// Whether agents may be told that its files can be trusted.
    pub trusted: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// How a session is driven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The agent's own screen.
    #[default]
    Interactive,
    /// Headless, one run.
    Once,
    /// The Ralph Loop.
    Loop,
}

impl Mode {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Interactive => "interactive",
            Mode::Once => "once",
            Mode::Loop => "loop",
        }
    }

    /// The mode that `word` names.
    pub fn from_word(word: &str) -> Option<Mode> {
        Some(match word {
            "interactive" => Mode::Interactive,
            "once" => Mode::Once,
            "loop" => Mode::Loop,
            _ => return None,
        })
    }
}

/// How urgent a task is: 0 is most urgent, 3 least, 2 the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(u8);

impl Priority {
    /// The least urgent.
    pub const LOWEST: u8 = 3;

    /// A priority from 0 to 3; larger numbers become 3.
    pub fn new(level: u8) -> Self {
        Self(level.min(Self::LOWEST))
    }

    /// Its number.
    pub fn level(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self(2)
    }
}

/// Why a task is where it is, when that wants a word (shown on the card).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The agent's process ended well.
    Finished,
    /// It ended otherwise, or never started: one sentence.
    Failed(String),
    /// The user stopped it; it can be resumed.
    Stopped,
    /// The machine or the keeper went away under it; it can be resumed.
    Interrupted,
}

/// A card: what is to be done, by whom, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id, the number people type.
    pub id: TaskId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// One line.
    pub title: String,
    /// What the agent is told; any length, several lines; may be empty.
    pub prompt: String,
    /// The agent's name in the registry.
    pub agent: String,
    /// A command line that stands in for the agent's own (`gluon new … -- tail -f app.log`).
    pub command: Option<Vec<String>>,
    /// How its sessions are driven.
    pub mode: Mode,
    /// The branch or commit to start from; `None`: what is checked out when it starts.
    pub base: Option<String>,
    /// Urgency.
    pub priority: Priority,
    /// Free words to filter by.
    pub labels: Vec<String>,
    /// Tasks that must be done before the scheduler starts this one.
    pub depends_on: Vec<TaskId>,
    /// The most it may cost.
    pub budget: Option<MicroUsd>,
    /// Where it stands.
    pub status: Status,
    /// Its place within its column; smaller is higher. Gaps are normal.
    pub position: i64,
    /// Whether the scheduler leaves it alone until the user starts it.
    pub held: bool,
    /// Its branch, once it has one.
    pub branch: Option<String>,
    /// The commit its branch was started from.
    pub base_commit: Option<String>,
    /// Its worktree, while there is one.
    pub worktree: Option<PathBuf>,
    /// Why it is where it is.
    pub reason: Option<Reason>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub changed_at: Timestamp,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody was there to see (the keeper died, the machine went down).
    Lost,
}

impl Exit {
    /// Whether it ended with code 0.
    pub fn is_success(self) -> bool {
        self == Exit::Code(0)
    }
}

/// Whether a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// A process of it runs.
    Live,
    /// Its last process ended.
    Ended,
    /// It was live when the keeper went away; it can be resumed.
    Interrupted,
}

/// One agent working on one task: durable, live or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The task it works on.
    pub task: TaskId,
    /// The project of that task.
    pub project: ProjectId,
    /// The agent's name in the registry.
    pub agent: String,
    /// How it is driven.
    pub mode: Mode,
    /// The agent CLI's own id of the conversation, which its resume flag takes.
    pub conversation: Option<String>,
    /// Where it runs.
    pub cwd: PathBuf,
    /// Whether it lives.
    pub state: SessionState,
    /// When its first run started.
    pub started_at: Timestamp,
    /// When its last run ended.
    pub ended_at: Option<Timestamp>,
    /// How its last run ended.
    pub exit: Option<Exit>,
}

/// One process of the agent inside a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id, also the keeper's name for the process.
    pub id: RunId,
    /// The session it belongs to.
    pub session: SessionId,
    /// Its number within the session, from 1.
    pub number: u32,
    /// The process id, once it has one.
    pub pid: Option<u32>,
    /// The command line.
    pub command: Vec<String>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub exit: Option<Exit>,
}

/// A row of the append-only history: what happened, why, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Its number, growing.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// The session it is about.
    pub session: Option<SessionId>,
    /// What happened, as a word: `created`, `started`, `stopped`, `finished`, `accepted`, …
    pub kind: String,
    /// Why, in a sentence; may be empty.
    pub detail: String,
    /// By whom: `user`, `scheduler`, `agent`, `daemon`.
    pub actor: String,
}
