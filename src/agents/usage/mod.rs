//! How much the conversations of a session use, by the transcripts that their agent keeps.
//!
//! Reads each time only what is new. Invariants: a request is counted once, however many lines, files or
//! conversations tell of it; what a conversation inherited from before the session (a fork's or a copy's
//! history) is not counted; subagents are. Untrusted input: bounded in lines, files and requests; what
//! cannot be read is left out. It may block: never on a thread that serves sockets.

mod claude;
mod codex;
mod gemini;
mod opencode;
mod sums;
mod tail;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use super::agent::Trace;
use super::server::is_session;
use super::transcripts::{
    HEAD, Transcripts, claude_name, days, entries, gemini_chats, is_uuid, real, transcripts,
};
use crate::domain::cost::PicoUsd;
use crate::domain::{Timestamp, Usage};
use claude::{Reported, Told};
use tail::{More, Tail};

/// The most bytes that one call reads.
const BUDGET: u64 = 64 * 1024 * 1024;
/// The most requests of a session that are counted.
const REQUESTS: usize = 500_000;
/// The most files of a conversation that are read.
const FILES: usize = 2000;
/// The newest days in which rollouts of subagents are looked for.
const DAYS: usize = 8;
/// Files that may be new are looked for at every so many reads.
const LOOK_EVERY: u32 = 5;
/// More tokens than that are none.
const MOST_TOKENS: u64 = 1_000_000_000_000;

/// Reads how much the conversations of one session use.
#[derive(Debug)]
pub struct Meter {
    whose: Transcripts,
    home: PathBuf,
    cwd: PathBuf,
    /// When the session began.
    since: Timestamp,
    conversations: Vec<Conversation>,
    requests: HashMap<u64, Request>,
    reads: u32,
    /// Whether no more files are looked for.
    settled: bool,
}

#[derive(Debug)]
struct Request {
    /// Which conversation told of it first.
    conversation: usize,
    at: Timestamp,
    model: Arc<str>,
    usage: Usage,
    /// What the agent says that it cost.
    cost: Option<PicoUsd>,
}

#[derive(Debug)]
struct Conversation {
    id: String,
    /// Its own transcript first.
    files: Vec<Followed>,
    /// Other files that were looked at and are not its own.
    others: HashSet<PathBuf>,
    /// The requests that its transcript tells of and that are not its own to count.
    inherited: HashMap<u64, (Arc<str>, Usage)>,
    reported: Option<Reported>,
    /// The newest change that was seen in a database.
    changed: i64,
}

#[derive(Debug)]
struct Followed {
    path: PathBuf,
    tail: Tail,
    thread: codex::Thread,
    steps: u64,
}

impl Meter {
    pub(super) fn new(whose: Transcripts, trace: &Trace<'_>) -> Option<Meter> {
        Some(Meter {
            whose,
            home: whose.home(trace)?,
            cwd: real(trace.cwd),
            since: trace.since,
            conversations: Vec::new(),
            requests: HashMap::new(),
            reads: 0,
            settled: false,
        })
    }

    /// What reads how much one conversation used whose files are known, its own first; no others are looked
    /// for.
    pub(super) fn of_files(whose: Transcripts, id: &str, files: Vec<PathBuf>) -> Option<Meter> {
        // opencode keeps them in a database, with the cost.
        if whose == Transcripts::Opencode {
            return None;
        }
        let mut conversation = Conversation::new(id.to_owned());
        conversation.files = files.into_iter().map(Followed::new).collect();
        Some(Meter {
            whose,
            home: PathBuf::new(),
            cwd: PathBuf::new(),
            since: Timestamp(0),
            conversations: vec![conversation],
            requests: HashMap::new(),
            reads: 0,
            settled: true,
        })
    }

    /// From now on conversation `id` is read too.
    pub fn follow(&mut self, id: &str) {
        // It becomes part of paths.
        let legal = match self.whose {
            Transcripts::Opencode => is_session(id),
            _ => is_uuid(id),
        };
        if !legal || self.conversations.iter().any(|known| known.id == id) {
            return;
        }
        self.conversations.push(Conversation::new(id.to_owned()));
        self.reads = 0;
    }

    /// The next read looks for new files in any case: nothing may follow it.
    pub fn look(&mut self) {
        self.reads = 0;
    }

    /// Whether no conversation is followed yet.
    pub fn is_idle(&self) -> bool {
        self.conversations.is_empty()
    }

    /// Reads what is new; whether there was anything. Call again until there is nothing, at the end.
    pub fn read(&mut self) -> bool {
        match self.read_files() {
            Some(new) => new,
            None => {
                // A transcript was replaced: what was counted from it cannot be told apart.
                self.requests.clear();
                self.reads = 0;
                for conversation in &mut self.conversations {
                    *conversation = Conversation::new(std::mem::take(&mut conversation.id));
                }
                self.read_files().unwrap_or(false);
                true
            }
        }
    }

    /// `None` where a file was replaced.
    fn read_files(&mut self) -> Option<bool> {
        let look = self.reads.is_multiple_of(LOOK_EVERY);
        self.reads = self.reads.wrapping_add(1);
        let mut budget = BUDGET;
        let mut new = false;
        for index in 0..self.conversations.len() {
            if self.whose == Transcripts::Opencode {
                new |= self.read_database(index);
                continue;
            }
            self.find_files(index, look);
            let mut files = std::mem::take(&mut self.conversations[index].files);
            let mut replaced = false;
            for (number, file) in files.iter_mut().enumerate() {
                let Followed {
                    path,
                    tail,
                    thread,
                    steps,
                } = file;
                let mut each = |line: &[u8]| match self.whose {
                    Transcripts::Claude => self.claude_line(index, number == 0, line),
                    Transcripts::Codex => {
                        let Some(step) = thread.read(line) else {
                            return;
                        };
                        *steps += 1;
                        let key = rollout_key(path, *steps);
                        self.request(index, key, step.at, &step.model, step.usage);
                    }
                    Transcripts::Gemini => gemini::read(line, &mut |told| {
                        self.request(index, told.key, told.at, &told.model, told.usage);
                    }),
                    Transcripts::Opencode => {}
                };
                match tail.read(path, &mut budget, &mut each) {
                    Ok(More::Lines) => new = true,
                    Ok(More::Replaced) => replaced = true,
                    // It is not there yet, or not any more: what was counted stays.
                    Ok(More::Nothing) | Err(_) => {}
                }
            }
            self.conversations[index].files = files;
            if replaced {
                return None;
            }
        }
        Some(new)
    }

    fn claude_line(&mut self, conversation: usize, main: bool, line: &[u8]) {
        match claude::read(line) {
            Some(Told::Request {
                key,
                at,
                model,
                usage,
            }) => {
                self.request(conversation, key, at, &model, usage);
            }
            Some(Told::Total(reported)) if main => {
                self.conversations[conversation].reported = Some(reported);
            }
            _ => {}
        }
    }

    /// Reads what has changed in opencode's database; whether that was anything.
    fn read_database(&mut self, index: usize) -> bool {
        let conversation = &self.conversations[index];
        let (id, from) = (conversation.id.clone(), conversation.changed);
        let mut told = Vec::new();
        let database = self.home.join("opencode.db");
        let mut each = |request| told.push(request);
        // It is not there yet, or is being written: the next look reads it.
        let Ok(newest) = opencode::read(&database, &id, from, &mut each) else {
            return false;
        };
        self.conversations[index].changed = newest;
        let mut new = false;
        for request in told {
            let known = |meter: &Meter| {
                let known = meter.requests.get(&request.key);
                known.map(|known| (known.usage, known.cost))
            };
            let before = known(self);
            self.request(
                index,
                request.key,
                Some(request.at),
                &request.model,
                request.usage,
            );
            if let Some(known) = self.requests.get_mut(&request.key) {
                known.cost = known.cost.max(request.cost);
            }
            new |= known(self) != before;
        }
        new
    }

    /// Counts a request, or learns more of one that is counted.
    fn request(
        &mut self,
        conversation: usize,
        key: u64,
        at: Option<Timestamp>,
        model: &str,
        usage: Usage,
    ) {
        let full = self.requests.len() >= REQUESTS;
        let inherited = &mut self.conversations[conversation].inherited;
        let before = at.is_some_and(|at| at < self.since);
        match self.requests.get_mut(&key) {
            // Of what is told several times the counts only grow.
            Some(known) => {
                known.usage = known.usage.most(&usage);
                if known.conversation != conversation {
                    inherited.insert(key, (known.model.clone(), known.usage));
                }
            }
            None if full || inherited.len() >= REQUESTS => {}
            None if before => {
                let known = inherited
                    .entry(key)
                    .or_insert_with(|| (model.into(), Usage::default()));
                known.1 = known.1.most(&usage);
            }
            None => {
                let request = Request {
                    conversation,
                    at: at.unwrap_or(self.since),
                    model: model.into(),
                    usage,
                    cost: None,
                };
                self.requests.insert(key, request);
            }
        }
    }

    /// Finds the files of a conversation that are not followed yet; with `look` also where that is slow.
    fn find_files(&mut self, index: usize, look: bool) {
        if self.settled {
            return;
        }
        let found = match self.whose {
            Transcripts::Claude => self.claude_files(&self.conversations[index]),
            Transcripts::Codex if look => self.codex_files(index),
            Transcripts::Gemini if look || self.conversations[index].files.is_empty() => {
                self.gemini_files(&self.conversations[index].id)
            }
            Transcripts::Codex | Transcripts::Gemini | Transcripts::Opencode => Vec::new(),
        };
        let files = &mut self.conversations[index].files;
        for path in found {
            if files.len() < FILES && !files.iter().any(|file| file.path == path) {
                files.push(Followed::new(path));
            }
        }
    }

    fn claude_files(&self, conversation: &Conversation) -> Vec<PathBuf> {
        let name = format!("{}.jsonl", conversation.id);
        let projects = self.home.join("projects");
        let main = match conversation.files.first() {
            Some(main) => main.path.clone(),
            None => {
                let usual = projects.join(claude_name(&self.cwd)).join(&name);
                // How long paths are named has changed before.
                let anywhere = || {
                    entries(&projects)
                        .map(|entry| entry.path().join(&name))
                        .find(|path| path.exists())
                };
                match usual.exists() {
                    true => usual,
                    false => match anywhere() {
                        Some(path) => path,
                        None => return Vec::new(),
                    },
                }
            }
        };
        let subagents = transcripts(&main.with_extension("").join("subagents"));
        let mut found = vec![main];
        found.extend(subagents.into_iter().map(|(_, path)| path));
        found
    }

    /// Each run of a conversation may begin another file.
    fn gemini_files(&self, id: &str) -> Vec<PathBuf> {
        gemini_chats(&self.home, id).map(|(_, path)| path).collect()
    }

    fn codex_files(&mut self, index: usize) -> Vec<PathBuf> {
        let millis = self.since.0.try_into().unwrap_or(0);
        let since = UNIX_EPOCH + Duration::from_millis(millis);
        let conversation = &mut self.conversations[index];
        let end = format!("-{}.jsonl", conversation.id);
        let own = |path: &Path| path.to_string_lossy().ends_with(&end);
        let mut main = conversation.files.first().map(|file| file.path.clone());
        let mut subagents = Vec::new();
        for (number, day) in days(&self.home.join("sessions")).iter().enumerate() {
            if number >= DAYS && main.is_some() {
                break;
            }
            for (written, path) in transcripts(day) {
                if own(&path) {
                    main.get_or_insert(path);
                } else if number < DAYS && written >= since && !conversation.others.contains(&path)
                {
                    match owner_of(&path) {
                        Some(owner) if owner == conversation.id => subagents.push(path),
                        // Not written yet.
                        None => {}
                        Some(_) => {
                            conversation.others.insert(path);
                        }
                    }
                }
            }
        }
        main.into_iter()
            .flat_map(|main| std::iter::once(main).chain(std::mem::take(&mut subagents)))
            .collect()
    }
}

impl Conversation {
    fn new(id: String) -> Self {
        Self {
            id,
            files: Vec::new(),
            others: HashSet::new(),
            inherited: HashMap::new(),
            reported: None,
            changed: 0,
        }
    }
}

impl Followed {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            tail: Tail::default(),
            thread: codex::Thread::default(),
            steps: 0,
        }
    }
}

/// The thread to which a rollout belongs; `None` where its first line is not there.
fn owner_of(path: &Path) -> Option<String> {
    let mut first = Vec::new();
    let file = File::open(path).ok()?.take(HEAD);
    BufReader::new(file).read_until(b'\n', &mut first).ok()?;
    codex::owner(&first)
}

/// What tells one step of one rollout from all others.
fn rollout_key(path: &Path, step: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (path, step).hash(&mut hasher);
    hasher.finish()
}

/// A number of tokens; what is none counts nothing.
pub(super) fn count(said: &Value, name: &str) -> u64 {
    said[name].as_u64().unwrap_or(0).min(MOST_TOKENS)
}

/// Usage by model.
type ByModel = BTreeMap<String, Usage>;

#[cfg(test)]
mod tests;
