//! What agents tell beside their terminals: hooks, and which conversation a session leads now.

use super::Service;
use super::records::{AGENT, Change};
use crate::daemon::session::Command;
use crate::domain::{Hook, RunId, SessionId};
use crate::protocol::ApiResult;

impl Service {
    /// A hook tells something. One of a run that is over, or of another daemon's, tells nothing.
    pub(super) fn take_hook(&self, run: RunId, hook: Hook) {
        let session = self.state().runs.get(&run).copied();
        if let Some(handle) = session.and_then(|session| self.open_handle(session)) {
            handle.send(Command::Hook(hook));
        }
    }

    /// A session leads another conversation than before: it was cleared or forked, or had none yet. Said
    /// only once there is something in the new one, so the one before stays until it can be replaced.
    pub(super) fn follow_conversation(&self, session: SessionId, conversation: String) {
        if let Err(error) = self.store_conversation(session, conversation) {
            tracing::warn!(session = session.0, %error, "a conversation cannot be noted");
        }
    }

    fn store_conversation(&self, id: SessionId, conversation: String) -> ApiResult<()> {
        let mut session = self.store.session(id)?;
        if session.conversation.as_ref() == Some(&conversation) {
            return Ok(());
        }
        let before = session.conversation.replace(conversation.clone());
        self.store.update_session(&session)?;
        tracing::info!(
            session = id.0,
            conversation,
            ?before,
            "another conversation"
        );
        if let Some(before) = before {
            let change = Change::new(AGENT, "conversation")
                .session(id)
                .detail(format!("{before} → {conversation}"));
            self.note_event(session.task, &change);
        }
        self.publish_session(id);
        Ok(())
    }
}
