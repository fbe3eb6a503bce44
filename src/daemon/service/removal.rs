//! Removing tasks: says first what would be lost, and leaves a way back.

use std::sync::Arc;

use super::moves::count;
use super::records::{Change, USER};
use super::{Caller, Service, StopWhy};
use crate::domain::{SessionState, Status, TaskId};
use crate::protocol::{ApiError, ApiResult, ConfirmTask, ErrorCode, Event, Removed, RiskView};

impl Service {
    pub(super) async fn task_risk(self: &Arc<Self>, _: &Caller, id: TaskId) -> ApiResult<RiskView> {
        self.risk_of(id).await
    }

    pub(super) async fn remove_task(
        self: &Arc<Self>,
        _: &Caller,
        remove: ConfirmTask,
    ) -> ApiResult<Removed> {
        let service = self.clone();
        // Apart from the connection: a client that goes does not leave the work half done.
        tokio::spawn(async move { service.remove(remove).await })
            .await
            .map_err(|error| super::internal(error.to_string()))?
    }

    async fn remove(&self, remove: ConfirmTask) -> ApiResult<Removed> {
        let id = remove.task;
        let _lock = self.lock_task(id).await;
        let risk = self.risk_of(id).await?;
        if !risk.is_none() && !remove.confirm {
            return Err(ApiError::new(ErrorCode::Confirm, risk_sentence(&risk))
                .with_hint("a recovery ref and a patch are written before anything goes"));
        }
        if risk.live {
            self.stop_for(id, StopWhy::Cancel).await?;
        }
        let task = self.task(id)?;
        let removed = self.remove_worktree(&task).await?;
        let sessions = self.store.sessions_of(id)?;
        let detail = removed.recovery_ref.clone().unwrap_or_default();
        self.store
            .remove_task(id, Change::new(USER, "removed").detail(detail).draft())?;
        let mut closed = Vec::new();
        {
            let mut state = self.state();
            for session in &sessions {
                closed.extend(state.sessions.remove(&session.id));
            }
            state.git.remove(&id);
            state.holds.remove(&id);
            state.freshness.remove(&id);
            state.locks.remove(&id);
        }
        drop(closed);
        for session in sessions {
            let dir = self.paths.session_dir(session.id);
            if let Err(error) = std::fs::remove_dir_all(&dir)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, dir = %dir.display(), "a session's log stays behind");
            }
        }
        self.hub.publish(Event::TaskRemoved(id));
        self.schedule.notify_one();
        Ok(removed)
    }

    async fn risk_of(&self, id: TaskId) -> ApiResult<RiskView> {
        let task = self.task(id)?;
        let session = self.newest_session(id)?;
        let live = task.status == Status::Running
            || session.is_some_and(|session| session.state == SessionState::Live);
        Ok(RiskView {
            live,
            ..self.worktree_risk(&task).await?
        })
    }
}

/// What would be lost, as a sentence.
fn risk_sentence(risk: &RiskView) -> String {
    let mut parts = Vec::new();
    if risk.live {
        parts.push("its agent is at work".to_owned());
    }
    if risk.dirty > 0 {
        parts.push(format!(
            "{} changed and not committed",
            count(risk.dirty, "file")
        ));
    }
    if risk.untracked > 0 {
        parts.push(format!(
            "{} git does not know",
            count(risk.untracked, "file")
        ));
    }
    if risk.unmerged_commits > 0 {
        let commits = count(risk.unmerged_commits, "commit");
        parts.push(format!("{commits} on its branch alone"));
    }
    format!("removing the task would take along: {}", parts.join(", "))
}
