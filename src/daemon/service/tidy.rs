//! After done: worktrees and branches of done tasks go once their work has landed, each with a way back.

use std::sync::Arc;
use std::time::Duration;

use super::records::{Actor, DAEMON, USER};
use super::{Caller, Service, blocking};
use crate::daemon::{clock, fault};
use crate::domain::operation::{Journal, Operation, OperationKind, OperationState};
use crate::domain::{Status, Task};
use crate::git::{self, Git, Landed};
use crate::protocol::{ApiResult, TidyView, TidyWish};

/// How often it is looked whether something can go by itself.
const LOOK_EVERY: Duration = Duration::from_secs(6 * 3600);

impl Service {
    pub(super) async fn tidy(
        self: &Arc<Self>,
        _: &Caller,
        wish: TidyWish,
    ) -> ApiResult<Vec<TidyView>> {
        let service = self.clone();
        // Apart from the connection: a client that goes does not leave the work half done.
        tokio::spawn(async move { service.tidy_now(&wish, USER).await })
            .await
            .map_err(|error| super::internal(error.to_string()))?
    }

    async fn tidy_now(self: &Arc<Self>, wish: &TidyWish, actor: Actor) -> ApiResult<Vec<TidyView>> {
        let oldest = clock::now().plus(-i64::from(wish.days.unwrap_or(0)) * 86_400_000);
        let mut seen = Vec::new();
        for task in self.store.tasks()? {
            let named = wish.tasks.contains(&task.id);
            let wanted = named || (wish.tasks.is_empty() && task.changed_at <= oldest);
            if task.status != Status::Done || !wanted || task.worktree.is_none() {
                continue;
            }
            let landed = self.how_landed(&task).await.unwrap_or_else(|error| {
                tracing::info!(task = task.id.0, %error, "whether it has landed is not known");
                None
            });
            // What has not landed goes only by its name.
            let goes = landed.is_some() || named;
            let removed = goes && !wish.dry_run && {
                let _lock = self.lock_task(task.id).await;
                self.tidy_one(&task, actor).await?;
                true
            };
            seen.push(TidyView {
                task: task.id,
                title: task.title,
                branch: task.branch.unwrap_or_default(),
                landed: landed.map(words).unwrap_or_default().to_owned(),
                goes,
                removed,
            });
        }
        Ok(seen)
    }

    /// How a task's work is in its target; `None` where something of it is not, uncommitted files too.
    async fn how_landed(&self, task: &Task) -> ApiResult<Option<Landed>> {
        let (Some(branch), Some(base_commit)) = (task.branch.clone(), task.base_commit.clone())
        else {
            return Ok(None);
        };
        if self.dirty_files(task).await? > 0 {
            return Ok(None);
        }
        let project = self.project(task.project)?;
        let into = self.landed(task.id).map(|(_, into)| into);
        let into = into.filter(|into| !into.is_empty());
        let target = self.target(task, &project, into).await?;
        let found = blocking(move || {
            git::landed(&Git::new(), &project.path, &branch, &base_commit, &target)
        });
        Ok(found.await??)
    }

    async fn tidy_one(&self, task: &Task, actor: Actor) -> ApiResult<()> {
        let taken = self.about_to_take(task).await?;
        let operation = self.store.add_operation(&Operation {
            id: 0,
            kind: OperationKind::Tidy,
            state: OperationState::Preparing,
            task: task.id,
            project: task.project,
            title: task.title.clone(),
            at: clock::now(),
            journal: Journal::Tidy(taken.clone()),
        })?;
        fault::point("tidy");
        self.finish_removal(operation, task, taken, actor).await?;
        Ok(())
    }

    /// Tidies up by itself where the settings say after how many days.
    pub(in crate::daemon) async fn tidy_by_rule(self: Arc<Self>) {
        let Some(days) = self.config.review.tidy_days else {
            return;
        };
        let wish = TidyWish {
            days: Some(days),
            ..TidyWish::default()
        };
        while !self.is_closing() {
            if let Err(error) = self.tidy_now(&wish, DAEMON).await {
                tracing::warn!(%error, "done tasks are not tidied up after");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn words(landed: Landed) -> &'static str {
    match landed {
        Landed::Commits => "merged",
        Landed::Files => "its changes are there",
        Landed::Patches => "the same patches are there",
    }
}
