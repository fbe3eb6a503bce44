//! Conversations on this machine, whoever started them: asked for, read, adopted.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::{Conversation, Passage, ProjectId, Speaker, TaskId};

/// Which conversations to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListConversations {
    /// With all of these words, or words beginning so, in title, prompts or text; empty: all.
    pub words: String,
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Led in this directory or below only.
    pub directory: Option<PathBuf>,
    /// Of this agent only.
    pub agent: Option<String>,
    /// Only those that gluon did not start and that no task has adopted.
    pub foreign: bool,
    /// So many at most; 1000 are the most.
    pub limit: u32,
    /// Answer only when every transcript has been looked at, however long that takes.
    pub wait: bool,
    /// With the words in title or prompts only.
    pub titles: bool,
    /// Project by project, the one last worked on first; else as [`Conversations`] says.
    pub grouped: bool,
    /// Without so many of the first.
    pub skip: u32,
}

/// Conversations, those with the words in title or prompts first, then those that changed last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversations {
    /// They.
    pub rows: Vec<ConversationView>,
    /// How many there are without the limit.
    pub all: u32,
    /// Whether transcripts are still being looked at, so that there may be more: an
    /// [`Event::Conversations`](super::Event) says when that ends.
    pub looking: bool,
    /// Where they were asked for project by project: the projects, in order.
    pub groups: Vec<ConversationGroup>,
    /// How many transcripts have been read and how many there are to read, while that takes its time.
    pub read: Option<(u32, u32)>,
}

/// The conversations of a project, or of a directory that is in none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationGroup {
    /// The project.
    pub project: Option<ProjectId>,
    /// Where it has none: the directory; empty where no transcript says.
    pub directory: PathBuf,
    /// How many they are.
    pub count: u32,
}

/// A conversation with what gluon knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationView {
    /// What its transcript tells.
    pub conversation: Conversation,
    /// The project it was led in.
    pub project: Option<ProjectId>,
    /// The task it belongs to, where gluon started or adopted it.
    pub task: Option<TaskId>,
    /// How long its transcript is, in bytes; 0 where it is no file of its own.
    pub size: u64,
}

/// Whose transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptOf {
    /// A task's newest conversation.
    Task(TaskId),
    /// The conversation of that id, or whose id begins so.
    Conversation(String),
}

/// A part of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadTranscript {
    /// Whose.
    pub of: TranscriptOf,
    /// From where.
    pub from: TranscriptFrom,
    /// About so many passages; 500 are the most.
    pub limit: u32,
}

/// From where a transcript is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptFrom {
    /// On from a place that a page named; 0 is the beginning.
    Place(u64),
    /// What comes before such a place.
    Before(u64),
    /// The last of it.
    End,
}

/// A part of a transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptPage {
    /// Whose it is.
    pub conversation: Conversation,
    /// What is said in this part.
    pub passages: Vec<Passage>,
    /// The place where it begins; 0 is the beginning.
    pub start: u64,
    /// The place where it ends.
    pub end: u64,
    /// Whether there is more behind it.
    pub more: bool,
    /// How far the local clock was ahead of UTC then, in milliseconds.
    pub offset: i64,
}

/// Looks for a text in a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeekTranscript {
    /// Whose.
    pub of: TranscriptOf,
    /// The text; without capitals, capitals do not matter.
    pub text: String,
    /// From this place on, or what comes before it.
    pub from: u64,
    /// What comes before.
    pub back: bool,
}

/// What looking for a text came to; not all of a long transcript is looked at at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sought {
    /// A place: a page of 400 passages from there on has it (as its first, looking on; as the last, looking
    /// back).
    pub at: Option<u64>,
    /// Where to look on.
    pub reached: u64,
    /// Whether everything has been looked at.
    pub ended: bool,
}

/// Wants the lines of conversations in which words stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindLines {
    /// The conversations.
    pub ids: Vec<String>,
    /// The words, as in [`ListConversations`].
    pub words: String,
}

/// Where words stand in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundLine {
    /// The conversation.
    pub id: String,
    /// The line, cut around the words; `None` where none was found.
    pub line: Option<String>,
    /// Who said it.
    pub speaker: Speaker,
    /// Where it stands.
    pub place: u64,
    /// What of the words stands there as one text.
    pub text: String,
}

/// Makes a task of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptConversation {
    /// Its id, or the beginning of it.
    pub id: String,
    /// The project; `None`: the one it was led in, registered if it is not yet.
    pub project: Option<ProjectId>,
    /// The task's title; empty: the conversation's.
    pub title: String,
    /// Go on with it now.
    pub start: bool,
    /// What the agent is told then.
    pub message: Option<String>,
    /// The size of terminal to start with, in columns and rows.
    pub size: Option<(u16, u16)>,
}
