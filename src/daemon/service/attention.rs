//! What the user has not seen yet, so that it outlives the daemon and the session's thread.

use super::Service;
use crate::domain::SessionId;

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
}
