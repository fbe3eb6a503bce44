//! A model server for tests: Anthropic Messages, OpenAI Responses and Chat Completions, and Gemini, on
//! loopback and a port of its own. Real agent CLIs are pointed at it by their base URL.
//!
//! What it answers is a [`Play`]: a list of replies, chosen by the word `play:NAME` in the newest prompt.
//! How far a play has come is read off the conversation in the request, so a CLI may ask again as often as
//! it likes. Replies hold at gates that the test opens, so nothing here or in a test needs to sleep. All
//! that happens is in a journal with its time: what the model really did, and when.
// No test needs all of it.
#![allow(dead_code, unused_imports)]

mod anthropic;
mod gemini;
mod http;
mod journal;
mod openai;
mod play;
mod serve;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

pub use journal::{Entry, Happening};
pub use play::{Act, Play, Usage, reply};

use journal::Journal;
use play::Plays;

/// How long a test waits for the model to be asked something; one that works never waits so long.
const PATIENCE: Duration = Duration::from_secs(180);

/// Which of the interfaces a request came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    Messages,
    Responses,
    Chat,
    Gemini,
}

/// A request for an answer of the model.
#[derive(Debug, Clone)]
pub struct Asked {
    pub api: Api,
    /// The model's name, as the CLI gives it.
    pub model: String,
    /// The newest prompt; empty where there is none.
    pub prompt: String,
    /// The play it chose, and which of its replies is due, from 0.
    pub play: String,
    pub step: usize,
    /// Whether tools are offered: a turn of the conversation, not a title or a summary on the side.
    pub tools: bool,
    /// Everything that was sent.
    pub body: Value,
}

/// The server. It ends with the test; replies that hold are dropped.
pub struct Model {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

/// What the threads of the server share.
struct Shared {
    plays: Plays,
    journal: Journal,
    over: AtomicBool,
}

impl Model {
    /// Starts serving.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let addr = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            plays: Plays::default(),
            journal: Journal::new(),
            over: AtomicBool::new(false),
        });
        let threads = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if threads.over.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), shared) = (stream, threads.clone()) else {
                    continue;
                };
                std::thread::spawn(move || serve::connection(stream, &shared));
            }
        });
        Self { addr, shared }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// Adds a play, or replaces the one of this name.
    pub fn play(&self, name: &str, play: Play) {
        self.shared.plays.add(name, play);
    }

    /// Lets everything through that waits, or will wait, at this gate.
    pub fn open(&self, gate: &str) {
        self.shared.journal.open(gate);
    }

    /// When it started; the journal's times count from then.
    pub fn start_time(&self) -> Instant {
        self.shared.journal.start
    }

    /// All that has happened so far.
    pub fn journal(&self) -> Vec<Entry> {
        self.shared.journal.entries()
    }

    /// Waits until something has happened; gives the time and the entry.
    pub fn wait(&self, what: &str, is: impl Fn(&Happening) -> bool) -> Entry {
        self.wait_nth(1, what, is)
    }

    /// The same for the second, third, … time.
    pub fn wait_nth(&self, nth: usize, what: &str, is: impl Fn(&Happening) -> bool) -> Entry {
        let found = self.shared.journal.wait(PATIENCE, |entries| {
            let mut those = entries.iter().filter(|entry| is(&entry.what));
            those.nth(nth - 1).cloned()
        });
        found.unwrap_or_else(|| {
            let all: Vec<String> = self
                .journal()
                .iter()
                .map(|entry| entry.to_string())
                .collect();
            panic!(
                "the model waited in vain for {what}; what happened:\n{}",
                all.join("\n")
            )
        })
    }

    /// Waits until a reply holds at this gate.
    pub fn wait_held(&self, gate: &str) -> Entry {
        self.wait(
            &format!("gate {gate}"),
            |what| matches!(what, Happening::Held(name) if name == gate),
        )
    }

    /// The turns of conversations it was asked for, without titles and summaries on the side.
    pub fn turns(&self) -> Vec<Asked> {
        let entries = self.journal().into_iter();
        entries
            .filter_map(|entry| match entry.what {
                Happening::Asked(asked) if asked.tools => Some(*asked),
                _ => None,
            })
            .collect()
    }

    /// What it has counted for the CLI by model: whole answers only; `sides` includes what the CLI asked
    /// beside the turns of its conversations.
    pub fn usage(&self, sides: bool) -> Vec<(String, Usage)> {
        let mut sums: Vec<(String, Usage)> = Vec::new();
        for entry in self.journal() {
            let Happening::Answered {
                model, usage, side, ..
            } = entry.what
            else {
                continue;
            };
            if side && !sides {
                continue;
            }
            match sums.iter_mut().find(|(name, _)| *name == model) {
                Some((_, sum)) => sum.add(&usage),
                None => sums.push((model, usage)),
            }
        }
        sums
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.journal.end();
        // Wakes the one who accepts.
        let _ = std::net::TcpStream::connect(self.addr);
    }
}
