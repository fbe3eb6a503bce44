//! Removing tasks: says first what would be lost, and leaves a way back.
//!
//! Kill-safe: the operation is written before anything goes, and a removal that was cut short is finished when
//! the daemon starts.

use std::path::Path;
use std::sync::Arc;

use super::moves::count;
use super::records::{Actor, Change, USER};
use super::{Caller, Service, StopWhy, blocking};
use crate::daemon::{clock, fault};
use crate::domain::operation::{
    Journal, KEPT_DAYS, Operation, OperationKind, OperationState, Taken,
};
use crate::domain::{Reason, Session, SessionState, Status, Task, TaskId};
use crate::git::{self, Git};
use crate::protocol::{
    ApiError, ApiResult, ConfirmTask, ErrorCode, Event, Level, Removed, RiskView,
};

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

    async fn remove(self: &Arc<Self>, remove: ConfirmTask) -> ApiResult<Removed> {
        let id = remove.task;
        let _lock = self.lock_task(id).await;
        let risk = self.risk_of(id).await?;
        if !risk.is_none() && !remove.confirm {
            return Err(ApiError::new(ErrorCode::Confirm, risk_sentence(&risk))
                .with_hint("a recovery ref and a patch are written before anything goes"));
        }
        let mut before = self.task(id)?;
        if risk.live {
            self.stop_for(id, StopWhy::Cancel).await?;
            // Brought back, its agent does not run by itself.
            before.status = Status::Queued;
            before.held = true;
            before.reason = Some(Reason::Stopped);
        }
        let taken = self.about_to_take(&before).await?;
        let sessions = self.store.sessions_of(id)?;
        let operation = self.store.add_operation(&Operation {
            id: 0,
            kind: OperationKind::Remove,
            state: OperationState::Preparing,
            task: id,
            project: before.project,
            title: before.title.clone(),
            at: clock::now(),
            journal: Journal::Remove {
                task: Box::new(before.clone()),
                sessions: sessions.iter().map(ended).collect(),
                taken: taken.clone(),
                rows: self.store.rows_about(id)?,
            },
        })?;
        fault::point("remove");
        self.finish_removal(operation, &before, taken, USER).await
    }

    /// Removes what a task has in the repository, and the task; or, tidying up, the task stays.
    pub(super) async fn finish_removal(
        &self,
        mut operation: Operation,
        task: &Task,
        taken: Taken,
        actor: Actor,
    ) -> ApiResult<Removed> {
        let removed = match self.remove_worktree(task, &taken.stamp).await {
            Ok(removed) => removed,
            Err(error) => {
                // Whatever is gone by now can be found in the recovery ref; the rest is still there.
                self.give_up(&mut operation)?;
                return Err(error);
            }
        };
        fault::point("removed");
        let reference = taken.recovery.clone().or(removed.recovery_ref.clone());
        operation.state = OperationState::Done;
        let taken = Taken {
            recovery: reference.clone(),
            ..taken
        };
        match &mut operation.journal {
            Journal::Remove { taken: place, .. } | Journal::Tidy(place) => *place = taken,
            _ => {}
        }
        let detail = reference.unwrap_or_default();
        if operation.kind == OperationKind::Tidy {
            let mut task = self.task(task.id)?;
            task.worktree = None;
            task.branch = None;
            let event = Change::new(actor, "tidied up").detail(detail).draft();
            self.store.settle_operation(&operation, &task, event)?;
            self.publish_task(task.id);
            return Ok(removed);
        }
        let event = Change::new(actor, "removed").detail(detail).draft();
        let sessions = self.store.sessions_of(task.id)?;
        self.store.remove_by_operation(&operation, event)?;
        self.forget_task(operation.id, task.id, &sessions);
        Ok(removed)
    }

    /// What is known of a removed task goes; the output of its sessions is put aside.
    fn forget_task(&self, operation: i64, id: TaskId, sessions: &[Session]) {
        self.forget_loop(id);
        let mut closed = Vec::new();
        {
            let mut state = self.state();
            for session in sessions {
                closed.extend(state.sessions.remove(&session.id));
                state.asking.remove(&session.id);
            }
            state.git.remove(&id);
            state.holds.remove(&id);
            state.freshness.remove(&id);
            state.locks.remove(&id);
        }
        drop(closed);
        let aside = self.paths.removed(operation);
        for session in sessions {
            let dir = self.paths.session_dir(session.id);
            if !dir.is_dir() {
                continue;
            }
            let moved = std::fs::create_dir_all(&aside)
                .and_then(|()| std::fs::rename(&dir, aside.join(session.id.to_string())));
            if let Err(error) = moved {
                tracing::warn!(%error, dir = %dir.display(), "a session's log stays behind");
            }
        }
        self.hub.publish(Event::TaskRemoved(id));
        self.schedule.notify_one();
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

    /// Removes a task's worktree and branch, leaving a way back under a name that `stamp` makes unique.
    async fn remove_worktree(&self, task: &Task, stamp: &str) -> ApiResult<Removed> {
        let Some(branch) = self.branch_of(task)? else {
            return Ok(Removed::default());
        };
        let (dir, id, stamp) = (self.paths.recovery(), task.id.0, stamp.to_owned());
        let recovery = blocking(move || {
            // What was reviewed is in what is recovered; that it is not let go of costs a few objects.
            let _ = git::forget_reviewed(&Git::new(), &branch.root, id);
            git::remove_worktree(
                &Git::new(),
                &branch.root,
                &branch.worktree,
                &branch.name,
                &dir,
                id,
                &stamp,
            )
        });
        let recovery = recovery.await??;
        for note in recovery.notes {
            self.say(None, Level::Info, note);
        }
        Ok(Removed {
            recovery_ref: recovery.reference,
            patch: recovery.patch,
        })
    }

    /// Lets go of the output of sessions whose removal cannot be taken back any more.
    pub(super) fn sweep_removed(&self) {
        let oldest = clock::now().plus(-KEPT_DAYS * 86_400_000);
        let Ok(all) = self.paths.removed(0).parent().map_or(Ok(Vec::new()), dirs) else {
            return;
        };
        for (id, path) in all {
            let known = self.store.operation(id);
            if known.is_ok_and(|operation| operation.at < oldest) {
                let _ = std::fs::remove_dir_all(path);
            }
        }
    }
}

/// The numbered directories in `parent`.
fn dirs(parent: &Path) -> std::io::Result<Vec<(i64, std::path::PathBuf)>> {
    let entries = std::fs::read_dir(parent)?.flatten();
    let numbered = entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        Some((id, entry.path()))
    });
    Ok(numbered.collect())
}

/// A session as it is brought back: without a process.
fn ended(session: &Session) -> Session {
    let mut session = session.clone();
    if session.state == SessionState::Live {
        session.state = SessionState::Ended;
        session.ended_at = Some(clock::now());
    }
    session
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
