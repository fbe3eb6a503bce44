//! Looking at the transcripts of all agents: into the index goes what is new in them, and what that cost.
//!
//! Looked at when somebody asks for conversations and never by a clock, on a thread of its own that yields to
//! everything else, once at a time and at most every few seconds. The agents' files are only ever read.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Service, blocking, internal};
use crate::agents::Trace;
use crate::agents::conversations::{Digest, Found, Library};
use crate::daemon::clock;
use crate::domain::{Cost, Prices, Timestamp, UsageRow};
use crate::protocol::{ApiResult, Event};
use crate::store::{Batch, Index, IndexEntry, NewWords, StoreError, WrittenAs};

/// Transcripts are not looked at more often than that.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long an answer waits for a look to end that is under way.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often those who wait are told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// How long one transaction may be open, and the most transcripts that are read in it.
const TOGETHER: (Duration, usize) = (Duration::from_millis(200), 64);
/// What a longer transcript cost is not read, in bytes.
const MAX_COSTED: u64 = 512 * 1024 * 1024;

/// What is needed to look for conversations.
#[derive(Default)]
pub(super) struct Catalog {
    index: Mutex<Option<Arc<Index>>>,
    /// When the last look ended; held while one is under way.
    looked: Arc<tokio::sync::Mutex<Option<Instant>>>,
    /// How many transcripts have been read in the look under way, and how many there are to read.
    read: AtomicU32,
    to_read: AtomicU32,
}

impl Catalog {
    /// How far the look under way is; `None` where there is nothing much to read.
    pub(super) fn progress(&self) -> Option<(u32, u32)> {
        let all = self.to_read.load(Ordering::Relaxed);
        let read = self.read.load(Ordering::Relaxed);
        (all > 0).then_some((read.min(all), all))
    }
}

impl Service {
    /// The index. Opened where it is not: only who asks for conversations pays for it.
    pub(super) async fn index(self: &Arc<Self>) -> ApiResult<Arc<Index>> {
        let service = self.clone();
        Ok(blocking(move || service.open_index()).await??)
    }

    fn open_index(&self) -> Result<Arc<Index>, StoreError> {
        let index = self.catalog.index.lock();
        let mut index = index.unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = &*index {
            return Ok(index.clone());
        }
        let opened = Arc::new(Index::open(&self.paths.conversations())?);
        *index = Some(opened.clone());
        Ok(opened)
    }

    /// Looks what is new in the transcripts, if that was not done just now; with `wait` until that is done.
    /// Whether it is still under way: the end of that is published.
    pub(super) async fn look_at_transcripts(self: &Arc<Self>, wait: bool) -> bool {
        let service = self.clone();
        let look = tokio::spawn(async move {
            let mut looked = service.catalog.looked.clone().lock_owned().await;
            if looked.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
                return;
            }
            let started = Instant::now();
            let worker = service.clone();
            let any = match apart(move || worker.read_transcripts()).await {
                Ok(any) => any,
                Err(error) => {
                    tracing::warn!(%error, "the transcripts cannot be looked at");
                    false
                }
            };
            *looked = Some(Instant::now());
            drop(looked);
            if any || started.elapsed() >= PATIENCE {
                service.hub.publish(Event::Conversations);
            }
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
            service: self,
            index: &index,
            changed: HashSet::new(),
            any: false,
            told: Instant::now(),
        };
        let mut to_read: Vec<(usize, Found, Option<WrittenAs>)> = Vec::new();
        for (number, library) in libraries.iter().enumerate() {
            for found in library.find() {
                let before = known.remove(&found.place);
                if before != Some(written(&found)) {
                    to_read.push((number, found, before));
                }
            }
        }
        // The newest first: somebody may be waiting for them.
        to_read.sort_by_key(|(_, found, _)| std::cmp::Reverse(found.stamp.changed));
        let done = look.read_all(&libraries, &to_read);
        self.catalog.to_read.store(0, Ordering::Relaxed);
        done?;
        // What is left was not found any more.
        let gone: Vec<String> = known.into_keys().collect();
        look.any |= !gone.is_empty();
        index.forget(&gone)?;
        look.price_all(&libraries, &self.prices.prices())?;
        Ok(look.any)
    }
}

/// Does slow work on a thread of its own that yields to everything else.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> ApiResult<T> + Send + 'static,
) -> ApiResult<T> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("transcripts".to_owned());
    let spawned = thread.spawn(move || {
        // On Linux a thread has a priority of its own; elsewhere that would be the whole program's.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::setpriority_process(None, 10);
        let _ = answer.send(work());
    });
    spawned.map_err(super::failed)?;
    let lost = |_| Err(internal("the transcripts were lost"));
    answered.await.unwrap_or_else(lost)
}

fn written(found: &Found) -> WrittenAs {
    let stamp = found.stamp;
    (stamp.size, stamp.changed.0, stamp.inode)
}

/// A look at all transcripts.
struct Look<'a> {
    service: &'a Service,
    index: &'a Index,
    /// The conversations of which there is something new, by library, their subagents' included.
    changed: HashSet<(usize, String)>,
    any: bool,
    /// When it was last said how far it is.
    told: Instant,
}

impl Look<'_> {
    fn read_all(
        &mut self,
        libraries: &[Library],
        to_read: &[(usize, Found, Option<WrittenAs>)],
    ) -> ApiResult<()> {
        let catalog = &self.service.catalog;
        let all = u32::try_from(to_read.len()).unwrap_or(u32::MAX);
        catalog.read.store(0, Ordering::Relaxed);
        catalog.to_read.store(all, Ordering::Relaxed);
        let mut rest = to_read.iter().peekable();
        while rest.peek().is_some() && !self.service.is_closing() {
            let index = self.index;
            index.together(|batch| {
                let begun = Instant::now();
                for (number, found, before) in rest.by_ref().take(TOGETHER.1) {
                    self.read(batch, (*number, &libraries[*number]), found, *before)?;
                    catalog.read.fetch_add(1, Ordering::Relaxed);
                    if begun.elapsed() > TOGETHER.0 {
                        break;
                    }
                }
                ApiResult::Ok(())
            })?;
            self.tell();
        }
        Ok(())
    }

    /// Says that there is more than before.
    fn tell(&mut self) {
        if self.any && self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            self.service.hub.publish(Event::Conversations);
        }
    }

    fn read(
        &mut self,
        batch: &Batch<'_>,
        (number, library): (usize, &Library),
        found: &Found,
        before: Option<WrittenAs>,
    ) -> ApiResult<()> {
        // Another file in its place is read from its beginning.
        let same = before.is_some_and(|(_, _, inode)| inode == found.stamp.inode);
        let record = if same {
            batch.record(&found.place)?
        } else {
            None
        };
        let before = record.and_then(|record| serde_json::from_str::<Digest>(&record).ok());
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
        let owner = news.digest.owner.as_ref().unwrap_or(&conversation.id);
        self.changed.insert((number, owner.clone()));
        self.any = true;
        let words = NewWords {
            anew: news.anew,
            prompts: news.prompts,
            text: news.text,
        };
        put(batch, &news.digest, &found.place, written(found), &words)
    }

    /// Says what the changed conversations cost, and what all do where the prices have changed.
    fn price_all(&mut self, libraries: &[Library], prices: &Prices) -> ApiResult<()> {
        let mark = mark_of(prices);
        let priced = self.index.priced()?;
        if priced.is_some_and(|priced| priced != mark) {
            for outline in self.index.outlines("", false)? {
                let number = libraries.iter().position(|it| it.agent() == outline.agent);
                let of = |number| (number, outline.conversation);
                self.changed.extend(number.map(of));
            }
        }
        let changed: Vec<(usize, String)> = self.changed.drain().collect();
        for (number, id) in changed.iter().filter(|(_, id)| !id.is_empty()) {
            if self.service.is_closing() {
                return Ok(());
            }
            self.price(&libraries[*number], id, prices)?;
            self.tell();
        }
        if priced != Some(mark) {
            self.index.set_priced(mark)?;
        }
        Ok(())
    }

    fn price(&mut self, library: &Library, id: &str, prices: &Prices) -> ApiResult<()> {
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
            if cost == digest.conversation.cost {
                continue;
            }
            digest.conversation.cost = cost;
            self.any = true;
            let nothing = NewWords::default();
            self.index
                .together(|batch| put(batch, &digest, &entry.place, entry.written, &nothing))?;
        }
        Ok(())
    }
}

/// What tells one table of prices from another.
fn mark_of(prices: &Prices) -> i64 {
    let mut hasher = DefaultHasher::new();
    format!("{prices:?}").hash(&mut hasher);
    hasher.finish() as i64
}

fn put(
    batch: &Batch<'_>,
    digest: &Digest,
    place: &str,
    written: WrittenAs,
    words: &NewWords,
) -> ApiResult<()> {
    let conversation = &digest.conversation;
    let own = digest.owner.is_none();
    let entry = IndexEntry {
        place: place.to_owned(),
        written,
        agent: conversation.agent.clone(),
        conversation: digest.owner.as_ref().unwrap_or(&conversation.id).clone(),
        directory: conversation.directory.to_string_lossy().into_owned(),
        title: conversation.title.clone(),
        changed_at: conversation.changed_at.0,
        shown: own && !conversation.id.is_empty() && conversation.messages > 0,
        record: serde_json::to_string(digest).map_err(super::failed)?,
    };
    Ok(batch.put(&entry, words)?)
}

/// Where agents keep what they keep by the daemon's own environment.
pub(super) fn anywhere() -> Trace<'static> {
    Trace {
        cwd: Path::new("/"),
        since: Timestamp(0),
        env: &|name| std::env::var_os(name),
    }
}
