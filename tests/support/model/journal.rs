//! What happened, when; and the gates at which replies hold.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Asked;
use super::play::Usage;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Happening {
    /// The model was asked.
    Asked(Box<Asked>),
    /// Something else was asked for: method and path.
    Other(String),
    /// A reply holds at a gate.
    Held(String),
    /// A whole answer was given.
    Answered {
        model: String,
        /// What the interface can tell of what it took.
        usage: Usage,
        /// Whether no tools were offered: it was no turn of the conversation.
        side: bool,
        play: String,
        step: usize,
    },
    /// An error was given.
    Failed { status: u16, play: String },
    /// The server dropped the connection in the middle of an answer.
    Dropped(String),
    /// The CLI hung up before the answer was whole.
    HungUp(String),
}

/// Something that happened, and when (since the server started).
#[derive(Debug, Clone)]
pub struct Entry {
    pub at: Duration,
    pub what: Happening,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_millis();
        match &self.what {
            Happening::Asked(asked) => {
                let prompt: String = asked.prompt.chars().take(60).collect();
                let (play, step) = (&asked.play, asked.step);
                let side = if asked.tools { "" } else { " (on the side)" };
                write!(
                    f,
                    "{at} asked {:?} {play}.{step}{side}: {prompt:?}",
                    asked.api
                )
            }
            other => write!(f, "{at} {other:?}"),
        }
    }
}

pub(super) struct Journal {
    pub(super) start: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    open: HashSet<String>,
    over: bool,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, what: Happening) {
        let at = self.start.elapsed();
        self.lock().entries.push(Entry { at, what });
        self.changed.notify_all();
    }

    pub(super) fn open(&self, gate: &str) {
        self.lock().open.insert(gate.to_owned());
        self.changed.notify_all();
    }

    pub(super) fn end(&self) {
        self.lock().over = true;
        self.changed.notify_all();
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// Waits until `find` finds something.
    pub(super) fn wait<T>(
        &self,
        patience: Duration,
        find: impl Fn(&[Entry]) -> Option<T>,
    ) -> Option<T> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(found) = find(&state.entries) {
                return Some(found);
            }
            let left = until.checked_duration_since(Instant::now())?;
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits a moment for a gate; `None`: not yet, `Some(false)`: it will never open.
    pub(super) fn passed(&self, gate: &str, moment: Duration) -> Option<bool> {
        let state = self.lock();
        let shut = |state: &mut State| !state.over && !state.open.contains(gate);
        let waited = self.changed.wait_timeout_while(state, moment, shut);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        match (state.over, state.open.contains(gate)) {
            (true, _) => Some(false),
            (_, true) => Some(true),
            _ => None,
        }
    }
}
