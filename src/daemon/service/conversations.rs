//! Conversations on this machine, whoever started them: looked for when somebody asks for them and never by
//! a clock, kept in an index, listed, read.
//!
//! Looking is done on a thread of its own, once at a time and at most every few seconds. The agents' files
//! are only ever read.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Caller, Service, blocking};
use crate::agents::Trace;
use crate::agents::conversations::{Digest, Found, From, Library};
use crate::daemon::clock;
use crate::domain::{Conversation, Cost, Prices, Project, ProjectId, TaskId, Timestamp, UsageRow};
use crate::protocol::{
    ApiError, ApiResult, ConversationView, Conversations, ErrorCode, Event, ListConversations,
    ReadTranscript, TranscriptFrom, TranscriptOf, TranscriptPage,
};
use crate::store::{Index, IndexEntry, NewWords, StoreError, Wanted};

/// Transcripts are not looked at more often than that.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long an answer waits for a look to end that is under way.
const PATIENCE: Duration = Duration::from_millis(300);
/// The most conversations in one answer.
const MOST: u32 = 1000;
/// So much of an id has to be given, in bytes.
const SHORTEST: usize = 4;
/// The longest text of a page, in bytes: a frame has to hold it with room to spare.
const MAX_PAGE: usize = 2 * 1024 * 1024;
/// What a longer transcript cost is not read, in bytes.
const MAX_COSTED: u64 = 512 * 1024 * 1024;

/// What is needed to look for conversations.
#[derive(Default)]
pub(super) struct Catalog {
    index: Mutex<Option<Arc<Index>>>,
    /// When the last look ended; held while one is under way.
    looked: Arc<tokio::sync::Mutex<Option<Instant>>>,
}

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
        let owned = self.owned_conversations()?;
        let wanted = self.wanted(&which, &owned)?;
        let index = self.index().await?;
        let (entries, all) = blocking(move || index.search(&wanted)).await??;
        let projects = self.store.projects()?;
        let rows = entries.iter().filter_map(|entry| {
            let conversation = listed(entry)?.conversation;
            let task = owned.task_of(&conversation);
            Some(ConversationView {
                project: project_of(&projects, &conversation.directory)
                    .or_else(|| owned.projects.get(&task?).copied()),
                task,
                conversation,
            })
        });
        Ok(Conversations {
            rows: rows.collect(),
            all,
            looking,
        })
    }

    fn wanted(&self, which: &ListConversations, owned: &Owned) -> ApiResult<Wanted> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut directories = Vec::new();
        if let Some(project) = which.project {
            let project = self.project(project)?;
            directories.push(text(&project.path));
            directories.push(text(&self.worktrees_dir().join(&project.name)));
        }
        directories.extend(which.directory.as_deref().map(text));
        let (mut not_in, mut not) = (Vec::new(), Vec::new());
        if which.foreign {
            not_in.push(text(&self.worktrees_dir()));
            not_in.extend(owned.directories.keys().map(|path| text(path)));
            not.extend(owned.conversations.keys().cloned());
        }
        Ok(Wanted {
            directories,
            not_in,
            not,
            agent: which.agent.clone(),
            words: which.words.clone(),
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
        let page = page.await?.map_err(|error| {
            let message = format!("the transcript cannot be read: {error}");
            ApiError::new(ErrorCode::Failed, message)
        })?;
        Ok(TranscriptPage {
            conversation: listed.conversation,
            passages: page.passages,
            start: page.start,
            end: page.end,
            more: page.more,
        })
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

    async fn index(self: &Arc<Self>) -> ApiResult<Arc<Index>> {
        let service = self.clone();
        Ok(blocking(move || service.open_index()).await??)
    }

    /// Opens the index where it is not open: only who asks for conversations pays for it.
    fn open_index(&self) -> Result<Arc<Index>, StoreError> {
        let mut index = self
            .catalog
            .index
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = &*index {
            return Ok(index.clone());
        }
        let opened = Arc::new(Index::open(&self.paths.conversations())?);
        *index = Some(opened.clone());
        Ok(opened)
    }

    /// Looks what is new in the transcripts, if that was not done just now; with `wait` until that is done.
    /// Whether it is still under way.
    async fn look_at_transcripts(self: &Arc<Self>, wait: bool) -> bool {
        let service = self.clone();
        let look = tokio::spawn(async move {
            let mut looked = service.catalog.looked.clone().lock_owned().await;
            if looked.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
                return;
            }
            let worker = service.clone();
            match blocking(move || worker.read_transcripts()).await {
                Ok(Ok(true)) => service.hub.publish(Event::Conversations),
                Ok(Ok(false)) => {}
                Ok(Err(error)) | Err(error) => {
                    tracing::warn!(%error, "the transcripts cannot be looked at");
                }
            }
            *looked = Some(Instant::now());
        });
        match wait {
            true => look.await.is_err(),
            // It goes on where nobody waits for it.
            false => tokio::time::timeout(PATIENCE, look).await.is_err(),
        }
    }

    /// Reads what is new in all transcripts into the index; whether there was anything.
    fn read_transcripts(&self) -> ApiResult<bool> {
        let index = self.open_index()?;
        let mut known = index.known()?;
        let mut libraries: Vec<Library> = Vec::new();
        for agent in self.agents.iter() {
            let library = agent.library(&anywhere());
            libraries.extend(library.filter(|new| !libraries.iter().any(|it| it.is_same(new))));
        }
        let mut look = Look {
            index: &index,
            changed: HashSet::new(),
            any: false,
        };
        for library in &libraries {
            for found in library.find() {
                if self.is_closing() {
                    return Ok(look.any);
                }
                let stamp = found.stamp;
                let written = (stamp.size, stamp.changed.0, stamp.inode);
                if known.remove(&found.place) == Some(written) {
                    continue;
                }
                look.read(library, &found)?;
            }
        }
        // What is left was not found any more.
        let gone: Vec<String> = known.into_keys().collect();
        look.any |= !gone.is_empty();
        index.forget(&gone)?;
        let prices = self.prices.prices();
        for library in &libraries {
            look.price(library, &prices)?;
        }
        Ok(look.any)
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

/// A look at all transcripts.
struct Look<'a> {
    index: &'a Index,
    /// The conversations of which there is something new, their subagents' included.
    changed: HashSet<String>,
    any: bool,
}

impl Look<'_> {
    fn read(&mut self, library: &Library, found: &Found) -> ApiResult<()> {
        let before = self.index.record(&found.place)?;
        let before = before.and_then(|record| serde_json::from_str::<Digest>(&record).ok());
        // What was priced before is so until it is priced anew.
        let cost = before.as_ref().and_then(|before| before.conversation.cost);
        let mut news = match library.read(found, before) {
            Ok(news) => news,
            Err(error) => {
                tracing::debug!(%error, place = found.place, "a transcript cannot be read");
                return Ok(());
            }
        };
        let conversation = &mut news.digest.conversation;
        conversation.cost = conversation.cost.or(cost);
        self.changed.insert(match &news.digest.owner {
            Some(owner) => owner.clone(),
            None => conversation.id.clone(),
        });
        self.any = true;
        let words = NewWords {
            anew: news.anew,
            prompts: news.prompts,
            text: news.text,
        };
        let stamp = found.stamp;
        let written = (stamp.size, stamp.changed.0, stamp.inode);
        self.put(&news.digest, &found.place, written, &words)
    }

    fn put(
        &self,
        digest: &Digest,
        place: &str,
        written: (u64, i64, u64),
        words: &NewWords,
    ) -> ApiResult<()> {
        let conversation = &digest.conversation;
        let own = digest.owner.is_none();
        let entry = IndexEntry {
            place: place.to_owned(),
            written,
            agent: conversation.agent.clone(),
            conversation: match &digest.owner {
                Some(owner) => owner.clone(),
                None => conversation.id.clone(),
            },
            directory: conversation.directory.to_string_lossy().into_owned(),
            title: conversation.title.clone(),
            changed_at: conversation.changed_at.0,
            shown: own && !conversation.id.is_empty() && conversation.messages > 0,
            record: serde_json::to_string(digest).map_err(super::failed)?,
        };
        Ok(self.index.put(&entry, words)?)
    }

    /// Says what the changed conversations of a library cost.
    fn price(&mut self, library: &Library, prices: &Prices) -> ApiResult<()> {
        let changed: Vec<String> = self.changed.iter().cloned().collect();
        for id in changed.iter().filter(|id| !id.is_empty()) {
            let entries = self.index.transcripts_of(library.agent(), id)?;
            let subagents: Vec<PathBuf> = entries
                .iter()
                .filter(|entry| !entry.shown)
                .map(|entry| PathBuf::from(&entry.place))
                .collect();
            for entry in entries.iter().filter(|entry| entry.shown) {
                let Ok(mut digest) = serde_json::from_str::<Digest>(&entry.record) else {
                    continue;
                };
                let meter = library.meter(id, Path::new(&entry.place), &subagents);
                let Some(mut meter) = meter.filter(|_| entry.written.0 <= MAX_COSTED) else {
                    continue;
                };
                while meter.read() {}
                let rows = meter.rows(prices, &clock::local_day);
                let cost = rows.iter().map(UsageRow::cost).reduce(Cost::and);
                digest.conversation.cost = cost;
                let nothing = NewWords::default();
                self.put(&digest, &entry.place, entry.written, &nothing)?;
            }
        }
        Ok(())
    }
}

/// Where agents keep what they keep by the daemon's own environment.
fn anywhere() -> Trace<'static> {
    Trace {
        cwd: Path::new("/"),
        since: Timestamp(0),
        env: &|name| std::env::var_os(name),
    }
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
