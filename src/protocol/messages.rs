//! The arguments of requests, the notices that want no answer, the events that the daemon sends by itself.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::api::{Request, Response};
use super::error::ApiError;
use super::input::Input;
use super::loops::NewLoop;
use super::screen::ScreenUpdate;
use super::views::{QueueView, SessionView, TaskCard};
use crate::domain::notify::Announcement;
use crate::domain::{
    Day, Hook, MicroUsd, Mode, Priority, Project, ProjectId, RunId, SessionId, Status, TaskId,
    Timestamp,
};

/// A new task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTask {
    /// A directory in the project; it is registered if it is not yet.
    pub directory: PathBuf,
    /// One line; empty: made from the prompt.
    pub title: String,
    /// What the agent is told.
    pub prompt: String,
    /// The agent; `None`: the configured default.
    pub agent: Option<String>,
    /// A command line in place of an agent.
    pub command: Option<Vec<String>>,
    /// How it is driven.
    pub mode: Mode,
    /// Where its branch starts.
    pub base: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// Labels.
    pub labels: Vec<String>,
    /// Tasks that must be done first.
    pub depends_on: Vec<TaskId>,
    /// The most it may cost.
    pub budget: Option<MicroUsd>,
    /// Leave it in the queue until the user starts it.
    pub held: bool,
    /// Start it now, whether a slot is free or not.
    pub start: bool,
    /// The size of terminal to start with, in columns and rows.
    pub size: Option<(u16, u16)>,
    /// What is wanted of its loop, where its mode is that.
    pub looped: Option<NewLoop>,
}

/// Which costs, and what they are added up by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCosts {
    /// By what.
    pub by: CostBy,
    /// From when on; `None`: from the beginning.
    pub since: Option<Since>,
    /// Only those of this project.
    pub project: Option<ProjectId>,
}

/// The beginning of a time, in days of the machine the daemon runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Since {
    /// This day.
    Day(Day),
    /// So many days up to today; 1 is today alone.
    Days(u32),
}

/// What costs are added up by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum CostBy {
    #[default]
    Day,
    Task,
    Session,
    Project,
    Workspace,
    Agent,
    Model,
}

/// Everything about costs that the interface shows at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowCosts {
    /// By what they are added up.
    pub by: CostBy,
    /// So many days up to today; `None`: from the beginning.
    pub days: Option<u32>,
    /// Only those of this project.
    pub project: Option<ProjectId>,
}

/// Changes to a task; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditTask {
    /// Which; 0 is none.
    pub task: Option<TaskId>,
    #[allow(missing_docs)]
    pub title: Option<String>,
    #[allow(missing_docs)]
    pub prompt: Option<String>,
    #[allow(missing_docs)]
    pub agent: Option<String>,
    #[allow(missing_docs)]
    pub priority: Option<Priority>,
    #[allow(missing_docs)]
    pub labels: Option<Vec<String>>,
    #[allow(missing_docs)]
    pub depends_on: Option<Vec<TaskId>>,
    #[allow(missing_docs)]
    pub held: Option<bool>,
}

/// Start or resume a task's agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTask {
    /// Which.
    pub task: TaskId,
    /// What the agent is told when it resumes.
    pub message: Option<String>,
    /// Begin a fresh conversation even where one could be resumed.
    pub fresh: bool,
    /// Where the conversation before cannot be continued, begin one that is told what was done so far.
    pub recap: bool,
    /// The size of its terminal, in columns and rows.
    pub size: Option<(u16, u16)>,
}

/// Put a card elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveTask {
    /// Which.
    pub task: TaskId,
    /// The column.
    pub to: Status,
    /// The card it shall stand before; `None`: last.
    pub before: Option<TaskId>,
    /// The user has agreed to what may be lost.
    pub confirm: bool,
}

/// An action on a task that may lose work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmTask {
    /// Which.
    pub task: TaskId,
    /// The user has agreed to what may be lost.
    pub confirm: bool,
}

/// What came of telling the user something by one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayReport {
    /// The way.
    pub way: String,
    /// Whether it was told.
    pub told: bool,
    /// How, or why not: one sentence.
    pub words: String,
}

/// A message to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessage {
    /// To whose agent.
    pub task: TaskId,
    /// The words.
    pub text: String,
}

/// Messages that wait for a task's agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropMessages {
    /// Whose.
    pub task: TaskId,
    /// Which.
    pub which: Which,
}

/// Which of the messages that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// All.
    All,
    /// The one that would be given last.
    Last,
    /// The one of this number.
    One(i64),
}

/// An answer to what an agent asks leave for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerAsk {
    /// Whose agent.
    pub task: TaskId,
    /// What the user was shown, in the agent's words: what it asks in the meantime is not answered.
    pub ask: String,
    /// Which of the session's asks that was ([`SessionView::wait`]).
    pub wait: u64,
    /// Yes or no.
    pub yes: bool,
}

/// Follow a session's terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// Whose.
    pub session: SessionId,
    /// The size this client can show, in columns and rows.
    pub size: (u16, u16),
    /// Whether the session shall take that size now (the user types into it).
    pub claim: bool,
}

/// Lines of a session's scrollback and screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadLines {
    /// Whose.
    pub session: SessionId,
    /// The id of the first line.
    pub first: u64,
    /// How many; 500 at most.
    pub count: u32,
}

/// A search in a session's scrollback and screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Whose.
    pub session: SessionId,
    /// The words, as they are; without capitals, capitals do not matter.
    pub query: String,
    /// How many matches at most, the newest first.
    pub limit: u32,
}

/// A screen as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Whose newest session.
    pub task: TaskId,
    /// Lines of scrollback before the screen.
    pub scrollback: u32,
    /// With colours and attributes as escape sequences, written anew by gluon.
    pub styled: bool,
}

/// Registers a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddProject {
    /// A directory in it.
    pub directory: PathBuf,
    /// Its name; `None`: the directory's.
    pub name: Option<String>,
}

/// Changes to a project; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditProject {
    /// Which.
    pub project: ProjectId,
    /// Its slots; 0 removes the limit.
    pub slots: Option<u32>,
    /// Whether its setup and check commands, as they are now, may run.
    pub trust_setup: Option<bool>,
}

/// Forgets a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveProject {
    /// Which.
    pub project: ProjectId,
    /// The user has agreed to what may be lost.
    pub confirm: bool,
}

/// Which sessions to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSessions {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Live ones only.
    pub live: bool,
}

/// A session's raw output, for `gluon logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadLog {
    /// Whose newest session.
    pub task: TaskId,
    /// From this byte on; `None`: the last `max`.
    pub offset: Option<u64>,
    /// So many bytes at most.
    pub max: u32,
}

/// A piece of a session's raw output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogChunk {
    /// Where it starts, counted from the session's beginning.
    pub offset: u64,
    /// The bytes, unfiltered: never to be written to a terminal as they are.
    pub bytes: Vec<u8>,
    /// Whether the session still runs.
    pub live: bool,
}

/// How the daemon shall end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shutdown {
    /// With all agents (their sessions stay resumable) and the keeper.
    Stop {
        /// Also if agents are running.
        confirm: bool,
    },
    /// Only the daemon; the keeper starts a new one, agents run on.
    Restart,
}

/// Something a client tells the daemon that wants no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// Typed into a session.
    Input {
        /// Whose.
        session: SessionId,
        /// What.
        input: Input,
    },
    /// This client has drawn the state `seq`; the next update may come.
    Ack {
        /// Whose.
        session: SessionId,
        /// The state.
        seq: u64,
    },
    /// This client's room for a session has another size.
    Resize {
        /// Whose.
        session: SessionId,
        /// Columns and rows.
        size: (u16, u16),
        /// Whether the session shall take it.
        claim: bool,
    },
    /// The user has looked at a session.
    Seen(SessionId),
    /// What the user's terminal is, so that agents can be answered as it would.
    Terminal(TerminalInfo),
    /// A hook of an agent tells something.
    Hook {
        /// The run whose agent it is.
        run: RunId,
        /// What it tells.
        hook: Hook,
    },
    /// How this client is looked at.
    Look(LookNotice),
}

/// How a client is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookNotice {
    /// The only session it shows; `None`: the whole board.
    pub session: Option<SessionId>,
    /// Whether its terminal has the focus; `None` where the terminal has never said.
    pub focus: Option<bool>,
    /// How many milliseconds ago something was typed, clicked or brought to the front there.
    pub touched: u64,
    /// What its terminal can tell the user while nobody looks.
    pub tells: Tells,
}

/// What a client's terminal can tell the user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tells {
    /// Nothing, or it is not to.
    #[default]
    Nothing,
    /// It rings a bell.
    Bell,
    /// It shows words.
    Words,
}

/// The outer terminal, as far as agents ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalInfo {
    /// Its foreground colour.
    pub foreground: Option<(u8, u8, u8)>,
    /// Its background colour.
    pub background: Option<(u8, u8, u8)>,
    /// A cell's size in pixels: width, height.
    pub cell: Option<(u16, u16)>,
}

/// Something the daemon tells every client that subscribed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A card is new or has changed.
    Task(Box<TaskCard>),
    /// A card is gone.
    TaskRemoved(TaskId),
    /// A session has changed (also part of its card).
    Session(Box<SessionView>),
    /// A project is new or has changed.
    Project(Project),
    /// A project is gone.
    ProjectRemoved(ProjectId),
    /// The scheduler has changed.
    Queue(QueueView),
    /// Something to be told to the user.
    Message {
        /// When.
        at: Timestamp,
        /// About which task.
        task: Option<TaskId>,
        /// How much it matters.
        level: Level,
        /// One sentence.
        text: String,
    },
    /// A session rang the bell.
    Bell(SessionId),
    /// A session put something on the clipboard, and the configuration allows it.
    Clipboard {
        /// Which.
        session: SessionId,
        /// The text.
        text: String,
    },
    /// The daemon is going away; `restart`: a new one comes at once.
    Closing {
        /// Whether a new one comes at once.
        restart: bool,
    },
    /// All transcripts have been looked at: there may be conversations that were not listed before.
    Conversations,
    /// Tell the user this through the terminal. Sent to one client only.
    Announce(Box<Announcement>),
    /// What was announced under this number is over.
    TakeBack(u64),
}

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[allow(missing_docs)]
    Info,
    #[allow(missing_docs)]
    Warning,
    #[allow(missing_docs)]
    Error,
}

/// From a client to the daemon.
// A new task is large; boxing it would cost every maker of one a line to save moving a few hundred bytes.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// Wants an answer with the same number.
    Request {
        /// The number.
        id: u32,
        /// The request.
        request: Request,
    },
    /// Wants none.
    Notice(Notice),
}

/// From the daemon to a client.
// Boxing the answer would cost every request an allocation to save moving a few hundred bytes once.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerMessage {
    /// The answer to a request.
    Response {
        /// Its number.
        id: u32,
        /// The answer.
        result: Result<Response, ApiError>,
    },
    /// Something happened.
    Event(Event),
    /// A screen changed.
    Screen(Arc<ScreenUpdate>),
}

/// What a client's connection tells the program above it (the TUI's main loop, `gluon attach`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// Connected, for the first time or again: subscribe, load the board, attach anew.
    Connected,
    /// The connection is gone; it is being tried again. One sentence.
    Disconnected(String),
    /// It cannot be had again (another version runs). One sentence with what to do.
    Lost(String),
    /// Something happened.
    Event(Event),
    /// A screen changed.
    Screen(Arc<ScreenUpdate>),
}
