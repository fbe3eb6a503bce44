//! What the user has not seen yet, so that it outlives the daemon and the session's thread; and when agents
//! asked and were answered, for the report.

use super::Service;
use super::records::{AGENT, Change, USER};
use crate::daemon::clock;
use crate::domain::{SessionId, Timestamp};

/// Asks that follow each other within so many milliseconds are quick, and so many quick ones in a row are noted:
/// the agent's output decides how often it asks.
const QUICK: i64 = 1_000;
const MOST_QUICK: u32 = 20;

/// What was noted of a session's asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking {
    /// When an ask was noted last.
    noted: Timestamp,
    /// How many quick ones came in a row.
    quick: u32,
    /// Whether its answer is still to be noted.
    open: bool,
}

impl Service {
    /// Whether something happened in a session that is not open since the user last looked.
    pub(super) fn was_unseen(&self, id: SessionId) -> bool {
        match self.store.unseen(id) {
            Ok(unseen) => unseen,
            Err(error) => {
                tracing::error!(%error, "what was not seen cannot be read");
                false
            }
        }
    }

    /// Stores whether something in a session is unseen, where that has changed.
    pub(super) fn keep_unseen(&self, id: SessionId, unseen: bool) {
        if self.was_unseen(id) == unseen {
            return;
        }
        if let Err(error) = self.store.set_unseen(id, unseen) {
            tracing::error!(%error, "what was not seen cannot be stored");
        }
    }

    /// The user has looked at a session.
    pub(super) fn mark_seen(&self, id: SessionId) {
        let changed = match self.open_handle(id) {
            Some(handle) => handle.set_unseen(false),
            None => self.was_unseen(id),
        };
        self.keep_unseen(id, false);
        if changed {
            self.attention.notify_one();
            self.publish_session(id);
        }
    }

    /// Notes in history that an agent has begun to wait for an answer (with the words of its ask), or that
    /// it waits no more.
    pub(super) fn note_asking(&self, id: SessionId, asks: Option<String>) {
        let now = clock::now();
        let mut changes = Vec::new();
        {
            let mut state = self.state();
            let known = state.asking.entry(id).or_insert(Asking {
                noted: Timestamp(0),
                quick: 0,
                open: false,
            });
            if std::mem::take(&mut known.open) {
                changes.push(Change::new(USER, "answered"));
            }
            let quick = match now.since(known.noted) < QUICK {
                true => known.quick + 1,
                false => 0,
            };
            if let Some(text) = asks
                && quick <= MOST_QUICK
            {
                (known.noted, known.quick, known.open) = (now, quick, true);
                changes.push(Change::new(AGENT, "asked").detail(text));
            }
        }
        let task = self.store.session(id).map(|session| session.task);
        for change in changes {
            if let Ok(task) = task {
                self.note_event(task, &change.session(id));
            }
        }
    }
}
