//! Forks: the same task tried by another agent, from the same commit, beside the first.

use std::sync::Arc;

use super::records::{Change, USER};
use super::{Caller, Service, blocking};
use crate::domain::{Status, TaskId};
use crate::git::{self, Git, Radar};
use crate::protocol::{ApiError, ApiResult, ErrorCode, ForkTask, NewTask, TaskCard};

impl Service {
    pub(super) async fn fork_task(
        self: &Arc<Self>,
        caller: &Caller,
        fork: ForkTask,
    ) -> ApiResult<TaskCard> {
        let first = self.task(fork.task)?;
        let project = self.project(first.project)?;
        let new = NewTask {
            directory: project.path.clone(),
            title: first.title.clone(),
            prompt: first.prompt.clone(),
            agent: fork.agent.clone().or(Some(first.agent.clone())),
            command: match fork.agent {
                Some(_) => None,
                None => first.command.clone(),
            },
            mode: first.mode,
            // From the same commit, whatever has become of the branch since.
            base: first.base_commit.clone().or(first.base.clone()),
            priority: first.priority,
            labels: first.labels.clone(),
            budget: first.budget,
            start: fork.start,
            ..NewTask::default()
        };
        let card = self.create_task(caller, new).await?;
        let id = card.task.id;
        // The first of all of them: a fork of a fork is one more beside it.
        let of = self.store.fork_of(first.id)?.unwrap_or(first.id);
        self.store.set_fork(id, of)?;
        self.note_event(
            id,
            &Change::new(USER, "forked").detail(format!("from #{of}")),
        );
        self.publish_task(of);
        self.publish_task(id);
        self.card(id)
    }

    /// The task that another one tries the same as.
    pub(super) fn known_fork(&self, id: TaskId) -> Option<TaskId> {
        self.store.fork_of(id).unwrap_or_else(|error| {
            tracing::error!(%error, "a fork cannot be read");
            None
        })
    }

    /// The tasks that try the same as `id`, without itself, as long as nobody has decided about them.
    pub(super) fn rivals(&self, id: TaskId) -> ApiResult<Vec<TaskId>> {
        let of = self.store.fork_of(id)?.unwrap_or(id);
        let mut all = self.store.forks(of)?;
        all.push(of);
        all.retain(|task| {
            *task != id
                && self
                    .task(*task)
                    .is_ok_and(|task| !matches!(task.status, Status::Done | Status::Cancelled))
        });
        all.sort();
        Ok(all)
    }

    /// What two tasks of a project differ in, uncommitted files too, as a unified diff.
    pub(super) async fn compare(
        self: &Arc<Self>,
        _: &Caller,
        (one, two): (TaskId, TaskId),
    ) -> ApiResult<String> {
        let (first, second) = (self.task(one)?, self.task(two)?);
        if first.project != second.project {
            let message = format!("#{one} and #{two} are in different projects");
            return Err(ApiError::new(ErrorCode::Invalid, message));
        }
        let place = |task: &crate::domain::Task| {
            task.worktree
                .clone()
                .filter(|path| path.is_dir())
                .ok_or_else(|| {
                    let message = format!("#{} has no worktree to compare", task.id);
                    ApiError::new(ErrorCode::Refused, message)
                })
        };
        let (from, to) = (place(&first)?, place(&second)?);
        let root = self.project(first.project)?.path;
        let dir = self
            .paths
            .state
            .join("radar")
            .join(first.project.to_string());
        let diff = blocking(move || {
            let git = Git::new();
            let radar = Radar::open(&root, &dir)?;
            let old = radar.echo(&git, &from, "HEAD")?.commit;
            let new = radar.echo(&git, &to, "HEAD")?.commit;
            git::diff_between(&git, &radar, &root, &old, &new)
        });
        Ok(diff.await??)
    }
}
