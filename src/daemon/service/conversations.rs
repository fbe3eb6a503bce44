//! Conversations on this machine, whoever started them: listed, read, searched.

mod found;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::looking::anywhere;
use super::selection::Selection;
use super::{Caller, Service, blocking};
use crate::agents::conversations::{Digest, From, Library};
use crate::daemon::clock;
use crate::domain::find::{Needle, Words};
use crate::domain::{Conversation, Passage, Project, ProjectId, TaskId};
use crate::protocol::{
    ApiError, ApiResult, ConversationView, Conversations, ErrorCode, FindLines, FoundLine,
    ListConversations, ReadTranscript, SeekTranscript, Sought, TranscriptFrom, TranscriptOf,
    TranscriptPage,
};
use crate::store::{Index, IndexEntry};
use found::ascii_run;

/// The most conversations in one answer.
const MOST: u32 = 1000;
/// So much of an id has to be given, in bytes.
const SHORTEST: usize = 4;
/// The longest text of a page, in bytes: a frame has to hold it with room to spare.
const MAX_PAGE: usize = 2 * 1024 * 1024;
/// How much of a transcript is searched before the next answer, in bytes.
const SOUGHT_AT_ONCE: u64 = 64 * 1024 * 1024;
/// How long lines are looked for before an answer.
const AT_ONCE: Duration = Duration::from_millis(150);
/// The most words of a search that count.
const MOST_WORDS: usize = 16;

/// A conversation of the index, with where it is.
pub(super) struct Listed {
    pub(super) conversation: Conversation,
    pub(super) place: String,
}

impl Service {
    pub(super) async fn list_conversations(
        self: &Arc<Self>,
        _: &Caller,
        which: ListConversations,
    ) -> ApiResult<Conversations> {
        let looking = self.look_at_transcripts(which.wait).await;
        let index = self.index().await?;
        let service = self.clone();
        let listed = blocking(move || service.listed(&index, &which));
        Ok(Conversations {
            looking,
            read: self.catalog.progress().filter(|_| looking),
            ..listed.await??
        })
    }

    /// The conversations that are wanted, as the index has them now.
    fn listed(&self, index: &Index, which: &ListConversations) -> ApiResult<Conversations> {
        let owned = self.owned_conversations()?;
        let selection = self.selection(which, &owned)?;
        let projects = self.store.projects()?;
        let outlines = index.outlines(&which.words, which.titles)?;
        let ours = |id: &str| which.foreign && owned.conversations.contains_key(id);
        let project = |directory: &Path| {
            let task = owned.directories.get(directory);
            project_of(&projects, directory).or_else(|| owned.projects.get(task?).copied())
        };
        let selected = selection.of(outlines, ours, project);
        let entries = index.entries(&selected.rows)?;
        let rows = entries.iter().filter_map(|entry| {
            let conversation = listed(entry)?.conversation;
            let task = owned.task_of(&conversation);
            Some(ConversationView {
                project: project(&conversation.directory)
                    .or_else(|| owned.projects.get(&task?).copied()),
                task,
                conversation,
                size: entry.written.0,
            })
        });
        Ok(Conversations {
            rows: rows.collect(),
            all: selected.all,
            groups: selected.groups,
            ..Conversations::default()
        })
    }

    fn selection(&self, which: &ListConversations, owned: &Owned) -> ApiResult<Selection> {
        let mut directories = Vec::new();
        if let Some(project) = which.project {
            let project = self.project(project)?;
            directories.push(self.worktrees_dir().join(&project.name));
            directories.push(project.path);
        }
        directories.extend(which.directory.clone());
        let mut not_in = Vec::new();
        if which.foreign {
            let worktrees = self.worktrees_dir();
            // Most are below that one.
            let elsewhere = owned.directories.keys();
            not_in.extend(
                elsewhere
                    .filter(|path| !path.starts_with(&worktrees))
                    .cloned(),
            );
            not_in.push(worktrees);
        }
        Ok(Selection {
            directories,
            not_in,
            agent: which.agent.clone(),
            grouped: which.grouped,
            skip: which.skip,
            limit: which.limit.min(MOST),
        })
    }

    pub(super) async fn read_transcript(
        self: &Arc<Self>,
        _: &Caller,
        read: ReadTranscript,
    ) -> ApiResult<TranscriptPage> {
        let listed = match &read.of {
            TranscriptOf::Task(task) => self.conversation_of_task(*task).await?,
            TranscriptOf::Conversation(id) => self.conversation_of_id(id).await?,
        };
        let from = match read.from {
            TranscriptFrom::Place(place) => From::Here(place),
            TranscriptFrom::Before(place) => From::Before(place),
            TranscriptFrom::End => From::Before(u64::MAX),
        };
        self.transcript_page(listed, from, read.limit).await
    }

    /// A part of a conversation, as much of it as a frame holds.
    pub(super) async fn transcript_page(
        self: &Arc<Self>,
        listed: Listed,
        from: From,
        limit: u32,
    ) -> ApiResult<TranscriptPage> {
        let library = self.library_of(&listed.conversation.agent)?;
        let place = listed.place;
        let page = blocking(move || {
            let mut limit = limit as usize;
            loop {
                let page = library.page(&place, from, limit)?;
                let bytes: usize = page.passages.iter().map(|it| it.text.len()).sum();
                if bytes <= MAX_PAGE || limit <= 1 {
                    return Ok::<_, std::io::Error>(page);
                }
                limit /= 2;
            }
        });
        let page = page.await?.map_err(unreadable)?;
        let first = page.passages.iter().find_map(|passage| passage.at);
        let offset = clock::local_offset(first.unwrap_or(listed.conversation.changed_at));
        Ok(TranscriptPage {
            conversation: listed.conversation,
            passages: page.passages,
            start: page.start,
            end: page.end,
            more: page.more,
            offset,
        })
    }

    pub(super) async fn seek_transcript(
        self: &Arc<Self>,
        _: &Caller,
        seek: SeekTranscript,
    ) -> ApiResult<Sought> {
        let listed = match &seek.of {
            TranscriptOf::Task(task) => self.conversation_of_task(*task).await?,
            TranscriptOf::Conversation(id) => self.conversation_of_id(id).await?,
        };
        let Some(needle) = Needle::new(&seek.text) else {
            return Err(ApiError::new(ErrorCode::Invalid, "nothing to look for"));
        };
        let library = self.library_of(&listed.conversation.agent)?;
        let sought = blocking(move || {
            let wanted = |passage: &Passage| needle.is_in(&passage.text);
            let letters = ascii_run(&seek.text);
            match seek.back {
                true => library.seek_back(&listed.place, seek.from, &wanted),
                false => library.seek(
                    &listed.place,
                    seek.from,
                    SOUGHT_AT_ONCE,
                    &[letters],
                    &wanted,
                ),
            }
        });
        let sought = sought.await?.map_err(unreadable)?;
        Ok(Sought {
            at: sought.hit.map(|(place, _)| place),
            reached: sought.reached,
            ended: sought.ended,
        })
    }

    pub(super) async fn find_lines(
        self: &Arc<Self>,
        _: &Caller,
        find: FindLines,
    ) -> ApiResult<Vec<FoundLine>> {
        let index = self.index().await?;
        let service = self.clone();
        blocking(move || {
            let begun = Instant::now();
            let words = Words::new(&find.words, MOST_WORDS);
            let mut lines = Vec::new();
            for id in find.ids.into_iter().take(MOST as usize) {
                let found = index.by_prefix(&id, 1)?;
                let found = found.iter().find(|entry| entry.conversation == id);
                let line = found.and_then(|entry| {
                    let library = service.library_of(&entry.agent).ok()?;
                    found::line(&library, &entry.place, &words, &find.words)
                });
                let line = line.unwrap_or_else(found::nothing);
                lines.push(FoundLine { id, ..line });
                // What is left is asked for again.
                if begun.elapsed() > AT_ONCE {
                    break;
                }
            }
            Ok(lines)
        })
        .await?
    }

    /// A task's newest conversation.
    pub(super) async fn conversation_of_task(self: &Arc<Self>, id: TaskId) -> ApiResult<Listed> {
        let task = self.task(id)?;
        let nothing = |why: String| {
            ApiError::new(ErrorCode::NotFound, why)
                .with_hint(format!("`gluon logs {id}` shows what its terminal showed"))
        };
        let Some(session) = self.newest_session(id)? else {
            let message = format!("task {id} has not been started yet, so nothing was said");
            return Err(ApiError::new(ErrorCode::NotFound, message)
                .with_hint(format!("`gluon start {id}` starts it")));
        };
        if task.command.is_some() || self.library_of(&session.agent).is_err() {
            let message = format!("{} writes no transcript that gluon reads", session.agent);
            return Err(nothing(message));
        }
        let conversation = match session.conversation.clone() {
            Some(conversation) => Some(conversation),
            None => {
                let service = self.clone();
                blocking(move || service.present_conversation(&session)).await?
            }
        };
        let unknown = || nothing(format!("the conversation of task {id} is not known yet"));
        let conversation = conversation.ok_or_else(unknown)?;
        let found = self.find_conversation(&conversation, true).await?;
        found.ok_or_else(|| {
            nothing(format!(
                "the agent of task {id} has written nothing down yet"
            ))
        })
    }

    /// The conversation whose id begins with `prefix`.
    pub(super) async fn conversation_of_id(self: &Arc<Self>, prefix: &str) -> ApiResult<Listed> {
        if prefix.trim().len() < SHORTEST {
            let message = format!("`{prefix}` is too short for the id of a conversation");
            return Err(ApiError::new(ErrorCode::NotFound, message)
                .with_hint(format!("give {SHORTEST} characters of it or more")));
        }
        let found = self.find_conversation(prefix, false).await?;
        found.ok_or_else(|| {
            ApiError::not_found(format!("conversation `{prefix}`"))
                .with_hint("`gluon sessions --all` lists them")
        })
    }

    /// Looks again, and as long as it takes, where the conversation is not known at first.
    async fn find_conversation(
        self: &Arc<Self>,
        prefix: &str,
        whole: bool,
    ) -> ApiResult<Option<Listed>> {
        let prefix = prefix.trim();
        if prefix.is_empty() {
            return Ok(None);
        }
        for wait in [false, true] {
            self.look_at_transcripts(wait).await;
            let (index, wanted) = (self.index().await?, prefix.to_owned());
            let mut found = blocking(move || index.by_prefix(&wanted, 20)).await??;
            if whole || found.iter().any(|entry| entry.conversation == prefix) {
                found.retain(|entry| entry.conversation == prefix);
            }
            let Some(first) = found.first() else {
                continue;
            };
            let other = |entry: &&IndexEntry| entry.conversation != first.conversation;
            if found.iter().any(|entry| other(&entry)) {
                return Err(several(prefix, &found));
            }
            return Ok(listed(first));
        }
        Ok(None)
    }

    /// The conversations that agent keeps.
    pub(super) fn library_of(&self, agent: &str) -> ApiResult<Library> {
        let agent = self.agent_of(agent, None)?;
        agent.library(&anywhere()).ok_or_else(|| {
            let message = format!("{} writes no transcript that gluon reads", agent.title());
            ApiError::new(ErrorCode::NotFound, message)
        })
    }

    /// What of all conversations is gluon's: started or adopted by it.
    fn owned_conversations(&self) -> ApiResult<Owned> {
        let mut owned = Owned::default();
        for (conversation, task) in self.store.conversations_of_tasks()? {
            owned.conversations.insert(conversation, task);
        }
        for task in self.store.tasks()? {
            owned.projects.insert(task.id, task.project);
            if let Some(worktree) = task.worktree {
                owned.directories.insert(worktree, task.id);
            }
        }
        Ok(owned)
    }
}

/// What of all conversations is gluon's.
#[derive(Default)]
struct Owned {
    conversations: HashMap<String, TaskId>,
    /// The worktrees of tasks.
    directories: HashMap<PathBuf, TaskId>,
    projects: HashMap<TaskId, ProjectId>,
}

impl Owned {
    fn task_of(&self, conversation: &Conversation) -> Option<TaskId> {
        let led = || self.directories.get(&conversation.directory);
        let task = self.conversations.get(&conversation.id).or_else(led)?;
        // One that was removed since is none.
        self.projects.contains_key(task).then_some(*task)
    }
}

fn unreadable(error: std::io::Error) -> ApiError {
    let message = format!("the transcript cannot be read: {error}");
    ApiError::new(ErrorCode::Failed, message)
}

fn listed(entry: &IndexEntry) -> Option<Listed> {
    let digest: Digest = serde_json::from_str(&entry.record).ok()?;
    Some(Listed {
        conversation: digest.conversation,
        place: entry.place.clone(),
    })
}

/// The innermost project that a directory is in.
fn project_of(projects: &[Project], directory: &Path) -> Option<ProjectId> {
    let around = projects
        .iter()
        .filter(|project| directory.starts_with(&project.path));
    let innermost = around.max_by_key(|project| project.path.components().count());
    innermost.map(|project| project.id)
}

fn several(prefix: &str, found: &[IndexEntry]) -> ApiError {
    let mut ids: Vec<&str> = Vec::new();
    for entry in found {
        if !ids.contains(&entry.conversation.as_str()) {
            ids.push(&entry.conversation);
        }
    }
    let more = if ids.len() > 4 { ", …" } else { "" };
    ids.truncate(4);
    let message = format!("several conversations begin with `{prefix}`");
    ApiError::new(ErrorCode::Invalid, message).with_hint(format!(
        "give more of one of these: {}{more}",
        ids.join(", ")
    ))
}
