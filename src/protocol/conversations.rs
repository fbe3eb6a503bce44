//! Conversations on this machine, whoever started them: asked for, read, adopted.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::{Conversation, Passage, ProjectId, TaskId};

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
}

/// Conversations, those with the words in title or prompts first, then those that changed last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversations {
    /// They.
    pub rows: Vec<ConversationView>,
    /// How many there are without the limit.
    pub all: u32,
    /// Whether transcripts are still being looked at, so that there may be more.
    pub looking: bool,
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
