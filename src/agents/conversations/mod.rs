//! Every conversation that the transcripts of an agent on this machine tell of, whoever started it: which
//! there are, what they are about, and their text.
//!
//! Transcripts are only ever read. A transcript that grows is read on from where the last look ended. What
//! is in one is untrusted: links and pipes are not opened, everything is bounded, broken and endless lines
//! are left out, control characters are taken out. What a subagent did is no conversation of its own. Reads
//! files: never on a thread that serves sockets.

mod claude;
mod codex;
mod gemini;
mod lines;
mod opencode;
pub(super) mod text;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::agent::Trace;
use super::transcripts::{Transcripts, days, entries};
use super::usage::Meter;
use crate::domain::{Conversation, Passage, Speaker, Timestamp};
pub(super) use opencode::open as open_database;
use text::{MAX_PROMPT, one_line};

/// The most conversations of one agent that are looked at.
const MOST: usize = 100_000;
/// How much of one conversation's text can be searched, in bytes.
pub const MAX_SEARCHED: u64 = 256 * 1024;
/// How much is read of what is not searched, while that is all that is wanted.
const BRIEF: usize = 16;
/// Passages looked at at once on the way back: a page from where that begins has them all.
const BACK: usize = 400;
/// The most passages in a page.
pub const MAX_PASSAGES: usize = 500;

/// The conversations that one agent keeps.
#[derive(Debug, Clone)]
pub struct Library {
    whose: Transcripts,
    agent: String,
    home: PathBuf,
}

/// A transcript that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where, as [`Library::read`] and [`Library::page`] take it.
    pub place: String,
    /// What changes when it is written to.
    pub stamp: Stamp,
}

/// What changes when a transcript is written to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its length, in bytes.
    pub size: u64,
    /// When it was last written to.
    pub changed: Timestamp,
    /// Which file it is.
    pub inode: u64,
}

/// What is known of a transcript, to be kept until it is read on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// What it tells. Without an id or a message it is no conversation (yet).
    pub conversation: Conversation,
    /// The conversation whose subagent wrote it, where it is none of its own.
    pub owner: Option<String>,
    /// Up to where it has been read.
    offset: u64,
    /// How much of its text was handed out to be searched.
    searched: u64,
    /// How much its title counts: what the user chose beats what the agent made of it.
    title_rank: u8,
}

/// What reading a transcript came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// What is known of it now.
    pub digest: Digest,
    /// Whether it was read from its beginning: what was searched of it before is void.
    pub anew: bool,
    /// What the user said since.
    pub prompts: String,
    /// What the agent said and did since, without what its tools answered.
    pub text: String,
}

/// From where a page of a transcript is read. Places are handed out by [`Page`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// On from there; 0 is the beginning.
    Here(u64),
    /// What comes before; `u64::MAX` is the end.
    Before(u64),
}

/// A part of a transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// What is said in it.
    pub passages: Vec<Passage>,
    /// Where it begins.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// Whether there is more behind it.
    pub more: bool,
}

/// What looking for something in a transcript came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// A place from which a page has it in front (looking on) or in itself (looking back), and what it is.
    pub hit: Option<(u64, Passage)>,
    /// Where a next look goes on.
    pub reached: u64,
    /// Whether that is the end, or the beginning.
    pub ended: bool,
}

impl Library {
    pub(super) fn new(whose: Transcripts, agent: &str, trace: &Trace<'_>) -> Option<Self> {
        Some(Self {
            whose,
            agent: agent.to_owned(),
            home: whose.home(trace)?,
        })
    }

    /// Whose they are: the agent's name in the registry.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// Whether `other` is the same files, as where one manifest extends another.
    pub fn is_same(&self, other: &Library) -> bool {
        (self.whose, &self.home) == (other.whose, &other.home)
    }

    /// The transcripts that are there, subagents' included where they look alike.
    pub fn find(&self) -> Vec<Found> {
        let mut found: Vec<Found> = match self.whose {
            Transcripts::Claude => entries(&self.home.join("projects"))
                .flat_map(|project| files(&project.path(), claude::is_conversation))
                .take(MOST)
                .collect(),
            Transcripts::Codex => days(&self.home.join("sessions"))
                .iter()
                .flat_map(|day| files(day, codex::is_conversation))
                .take(MOST)
                .collect(),
            Transcripts::Gemini => entries(&self.home.join("tmp"))
                .flat_map(|project| files(&project.path().join("chats"), gemini::is_conversation))
                .take(MOST)
                .collect(),
            Transcripts::Opencode => opencode::find(&self.home, MOST).unwrap_or_default(),
        };
        // The newest first: somebody may be waiting for them.
        found.sort_by_key(|found| std::cmp::Reverse(found.stamp.changed));
        found
    }

    /// Reads what is new in a transcript since `before`.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(&self, found: &Found, before: Option<Digest>) -> io::Result<News> {
        let mut news = match self.whose {
            Transcripts::Claude => lines::read(found, before, &mut claude::line)?,
            Transcripts::Codex => lines::read(found, before, &mut codex::line)?,
            Transcripts::Gemini => gemini::read(Path::new(&found.place))?,
            Transcripts::Opencode => opencode::read(&found.place)?,
        };
        let conversation = &mut news.digest.conversation;
        conversation.agent.clone_from(&self.agent);
        let written = found.stamp.changed;
        if conversation.changed_at == Timestamp(0) {
            conversation.changed_at = written;
        }
        if conversation.started_at == Timestamp(0) {
            conversation.started_at = conversation.changed_at;
        }
        Ok(news)
    }

    /// What reads how much conversation `id` used, by its transcript and those of its subagents; `None` where that cannot be read.
    pub fn meter(&self, id: &str, place: &Path, subagents: &[PathBuf]) -> Option<Meter> {
        let mut files = vec![place.to_owned()];
        files.extend_from_slice(subagents);
        if self.whose == Transcripts::Claude {
            let dir = place.with_extension("").join("subagents");
            let found = super::transcripts::transcripts(&dir);
            files.extend(found.into_iter().map(|(_, path)| path).take(2000));
        }
        Meter::of_files(self.whose, id, files)
    }

    /// A part of a transcript with about `limit` passages.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn page(&self, place: &str, from: From, limit: usize) -> io::Result<Page> {
        let limit = limit.clamp(1, MAX_PASSAGES);
        let path = Path::new(place);
        match self.whose {
            Transcripts::Claude => lines::page(path, from, limit, &mut claude::line),
            Transcripts::Codex => lines::page(path, from, limit, &mut codex::line),
            Transcripts::Gemini => gemini::page(path, from, limit),
            Transcripts::Opencode => opencode::page(place, from, limit),
        }
    }
}

impl Library {
    /// The first passage from `start` on that is wanted, in about `budget` bytes of the transcript. No passage is
    /// wanted without all of `letters`, ASCII letters and digits, capitals or not.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn seek(
        &self,
        place: &str,
        start: u64,
        budget: u64,
        letters: &[&str],
        wanted: &dyn Fn(&Passage) -> bool,
    ) -> io::Result<Sought> {
        let path = Path::new(place);
        let looked_for = lines::Wanted {
            start,
            budget,
            letters,
            wanted,
        };
        match self.whose {
            Transcripts::Claude => looked_for.seek(path, &mut claude::line),
            Transcripts::Codex => looked_for.seek(path, &mut codex::line),
            Transcripts::Gemini => gemini::seek(path, start, wanted),
            Transcripts::Opencode => opencode::seek(place, start, wanted),
        }
    }

    /// The last passage before `end` that is wanted, in a few hundred of them.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn seek_back(
        &self,
        place: &str,
        end: u64,
        wanted: &dyn Fn(&Passage) -> bool,
    ) -> io::Result<Sought> {
        let page = self.page(place, From::Before(end), BACK)?;
        let hit = page.passages.into_iter().rfind(|passage| wanted(passage));
        Ok(Sought {
            hit: hit.map(|passage| (page.start, passage)),
            reached: page.start,
            ended: page.start == 0,
        })
    }
}

/// What the lines of a transcript tell, bit by bit.
#[derive(Debug, Default)]
struct Told {
    digest: Digest,
    passages: Vec<Passage>,
    /// Whether of what is not searched only the beginning is wanted.
    brief: bool,
}

impl Told {
    /// A title; one that counts less than what is there is none.
    fn title(&mut self, title: &str, rank: u8) {
        let title = one_line(title, 200);
        if !title.is_empty() && rank >= self.digest.title_rank {
            self.digest.conversation.title = title;
            self.digest.title_rank = rank;
        }
    }

    fn say(&mut self, speaker: Speaker, text: &str, at: Option<Timestamp>) {
        let unsearched = matches!(speaker, Speaker::Output | Speaker::Thought | Speaker::Note);
        let most = match self.brief && unsearched {
            true => BRIEF,
            false => text::longest(speaker),
        };
        let text = text::clean(text, most);
        if !text.is_empty() {
            self.passages.push(Passage { speaker, text, at });
        }
    }
}

impl News {
    /// Takes passages into what is known and what is to be searched.
    fn take(&mut self, passages: &[Passage]) {
        let conversation = &mut self.digest.conversation;
        for passage in passages {
            if let Some(at) = passage.at {
                let first = conversation.started_at;
                if first == Timestamp(0) || at < first {
                    conversation.started_at = at;
                }
                conversation.changed_at = conversation.changed_at.max(at);
            }
            let text = match passage.speaker {
                Speaker::User => {
                    conversation.messages = conversation.messages.saturating_add(1);
                    if conversation.prompt.is_empty() {
                        conversation.prompt = text::cut(&passage.text, MAX_PROMPT).to_owned();
                    }
                    &mut self.prompts
                }
                Speaker::Agent => {
                    conversation.messages = conversation.messages.saturating_add(1);
                    &mut self.text
                }
                Speaker::Tool => &mut self.text,
                Speaker::Thought | Speaker::Output | Speaker::Note => continue,
            };
            let room = MAX_SEARCHED.saturating_sub(self.digest.searched) as usize;
            let said = text::cut(&passage.text, room);
            if !said.is_empty() {
                text.push_str(said);
                text.push('\n');
                self.digest.searched += said.len() as u64 + 1;
            }
        }
        if self.digest.title_rank == 0 && conversation.title.is_empty() {
            conversation.title = crate::domain::names::title_from_prompt(&conversation.prompt);
        }
    }
}

/// The plain files in `dir` whose names `wanted` takes.
fn files(dir: &Path, wanted: fn(&str) -> bool) -> Vec<Found> {
    entries(dir)
        .filter(|entry| entry.file_name().to_str().is_some_and(wanted))
        .filter_map(|entry| {
            // Not followed where it is a link.
            let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some(Found {
                place: entry.path().into_os_string().into_string().ok()?,
                stamp: Stamp {
                    size: meta.len(),
                    changed: millis(&meta),
                    inode: meta.ino(),
                },
            })
        })
        .collect()
}

fn millis(meta: &fs::Metadata) -> Timestamp {
    let since = meta.modified().ok();
    let since = since.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Timestamp(since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }))
}

#[cfg(test)]
mod tests;
