//! The archive: done tasks go out of sight by their age or by hand, and come back. Nothing is removed.

use std::sync::Arc;
use std::time::Duration;

use super::records::{Actor, Change, DAEMON, USER};
use super::{Caller, Service};
use crate::daemon::clock;
use crate::domain::archive::{Archiving, archived_since, is_due};
use crate::domain::{Status, Task, TaskId, Timestamp};
use crate::protocol::{ApiError, ApiResult, ArchiveWish, ErrorCode, TaskCard};

/// How often it is looked whether something goes by itself.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

impl Service {
    pub(super) async fn archive(
        self: &Arc<Self>,
        _: &Caller,
        wish: ArchiveWish,
    ) -> ApiResult<Vec<TaskCard>> {
        let mut tasks = Vec::new();
        // All or none: what is wrong is said before anything is done.
        for id in &wish.tasks {
            let task = self.task(*id)?;
            self.may_archive(&task, wish.back)?;
            tasks.push(*id);
        }
        if let (true, Some(days), false) = (wish.tasks.is_empty(), wish.days, wish.back) {
            tasks = self.due_for_archive(days)?;
        }
        for id in &tasks {
            self.put_archived(*id, !wish.back, USER)?;
        }
        tasks.into_iter().map(|id| self.card(id)).collect()
    }

    fn may_archive(&self, task: &Task, back: bool) -> ApiResult<()> {
        let id = task.id;
        if back && self.archived_since(task).is_none() {
            let message = format!("task {id} is not archived");
            return Err(ApiError::new(ErrorCode::Refused, message)
                .with_hint("`gluon ls --archived` lists those that are"));
        }
        if !back && task.status != Status::Done {
            let message = format!("task {id} is not done but {}", task.status);
            return Err(ApiError::new(ErrorCode::Refused, message)
                .with_hint("only done tasks are archived; `gluon accept` makes one done"));
        }
        Ok(())
    }

    fn put_archived(&self, id: TaskId, archived: bool, actor: Actor) -> ApiResult<()> {
        let archiving = Archiving {
            at: clock::now(),
            archived,
        };
        let kind = if archived { "archived" } else { "unarchived" };
        let event = Change::new(actor, kind).draft();
        self.store.set_archived(id, archiving, event)?;
        self.publish_task(id);
        Ok(())
    }

    /// Since when a task is archived.
    pub(super) fn archived_since(&self, task: &Task) -> Option<Timestamp> {
        if task.status != Status::Done {
            return None;
        }
        let last = self.store.archiving(task.id).unwrap_or_else(|error| {
            tracing::error!(%error, "whether a task is archived cannot be read");
            None
        });
        archived_since(task, last)
    }

    fn due_for_archive(&self, days: u32) -> ApiResult<Vec<TaskId>> {
        let (known, now) = (self.store.archive()?, clock::now());
        let tasks = self.store.tasks()?.into_iter();
        let due = tasks.filter(|task| is_due(task, known.get(&task.id).copied(), days, now));
        Ok(due.map(|task| task.id).collect())
    }

    /// Archives by itself what is done for as long as the settings say.
    pub(in crate::daemon) async fn archive_by_rule(self: Arc<Self>) {
        let days = self.config.review.archive_days;
        if days == 0 {
            return;
        }
        while !self.is_closing() {
            let archived = self.due_for_archive(days).and_then(|due| {
                due.into_iter()
                    .try_for_each(|id| self.put_archived(id, true, DAEMON))
            });
            if let Err(error) = archived {
                tracing::warn!(%error, "done tasks are not archived");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
