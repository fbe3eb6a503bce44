//! What agents tell beside their terminals: hooks, and which conversation a session leads now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::agents::trace;
use super::records::{AGENT, Change};
use super::{Service, blocking};
use crate::agents::ConversationId;
use crate::daemon::session::Command;
use crate::domain::{Hook, RunId, SessionId, SessionState};
use crate::protocol::ApiResult;

/// How often it is looked which conversation an agent leads that tells nobody: while none is known, and
/// afterwards.
const LOOK_EVERY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// The most signs that one hook may tell of.
const SIGNS: usize = 8;

impl Service {
    /// A hook tells something. One of a run that is over, or of another daemon's, tells nothing.
    pub(super) fn take_hook(&self, run: RunId, mut hook: Hook) {
        let session = self.state().runs.get(&run).copied();
        for sign in std::mem::take(&mut hook.signs).into_iter().take(SIGNS) {
            if let Some(session) = session {
                self.note_sign(session, sign);
            }
        }
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

    /// Looks which conversation an agent leads that does not tell. Called whenever a session has news.
    pub(super) fn learn_early(self: &Arc<Self>, id: SessionId) {
        let Ok(session) = self.store.session(id) else {
            return;
        };
        let learnt = |agent: &Arc<dyn crate::agents::Agent>| {
            agent.conversation_id() == ConversationId::Learnt
        };
        let agent = self.agent_of(&session.agent, None).ok().filter(learnt);
        let Some(agent) = agent.filter(|_| session.state == SessionState::Live) else {
            return;
        };
        let every = match session.conversation {
            None => LOOK_EVERY.0,
            Some(_) => LOOK_EVERY.1,
        };
        let now = Instant::now();
        {
            let mut state = self.state();
            let looked = state.learning.get(&id);
            if looked.is_some_and(|at| now < *at + every) {
                return;
            }
            state.learning.insert(id, now);
        }
        let service = self.clone();
        tokio::spawn(async move {
            let runs = service.store.runs_of(id).unwrap_or_default();
            let Some(since) = runs.first().map(|run| run.started_at) else {
                return;
            };
            let found = blocking(move || agent.discover_conversation(&trace(&session, since)));
            if let Ok(Some(conversation)) = found.await {
                service.follow_conversation(id, conversation);
            }
        });
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
