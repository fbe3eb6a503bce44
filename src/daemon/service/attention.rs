//! What the user has not seen yet, so that it outlives the daemon and the session's thread; and when agents
//! asked and were answered, for the report.

use super::Service;
use super::records::{AGENT, Change, USER};
use crate::daemon::clock;
use crate::daemon::session::Meta;
use crate::domain::{Activity, SessionId, Timestamp};

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

    /// Notes in history when an agent begins to wait for an answer, and when it goes on.
    pub(super) fn note_asking(&self, id: SessionId, meta: &Meta) {
        let now = clock::now();
        let ask = match &meta.activity {
            Activity::Waiting(ask) => Some(ask.text.clone()),
            _ => None,
        };
        let change = {
            let mut state = self.state();
            let known = state.asking.entry(id).or_insert(Asking {
                noted: Timestamp(0),
                quick: 0,
                open: false,
            });
            let quick = match now.since(known.noted) < QUICK {
                true => known.quick + 1,
                false => 0,
            };
            let change = match (known.open, ask) {
                (false, Some(text)) if quick <= MOST_QUICK => {
                    (known.noted, known.quick) = (now, quick);
                    Change::new(AGENT, "asked").detail(text)
                }
                (true, None) => Change::new(USER, "answered"),
                _ => return,
            };
            known.open = !known.open;
            change
        };
        if let Ok(session) = self.store.session(id) {
            self.note_event(session.task, &change.session(id));
        }
    }
}
