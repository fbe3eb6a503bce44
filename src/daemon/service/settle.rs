//! After a start of the daemon: every operation that was cut short is finished or was never begun.

use std::sync::Arc;
use std::time::Duration;

use super::integrate::{hold_ref, landed};
use super::records::{DAEMON, USER};
use super::{Service, blocking};
use crate::domain::accept::{Landing, Way};
use crate::domain::operation::{Journal, Operation, OperationKind, OperationState, Taken};
use crate::git::{self, Git, GitError, integrate};
use crate::protocol::{ApiResult, Level};

/// How often and how long apart it is tried again where another git holds a lock: one that the daemon before
/// has started may still be at work.
const TRIES: u32 = 40;
const APART: Duration = Duration::from_millis(250);

impl Service {
    /// Settles what the daemon before has left open.
    pub(in crate::daemon) async fn settle_operations(self: &Arc<Self>) {
        self.sweep_removed();
        let open = match self.store.open_operations() {
            Ok(open) => open,
            Err(error) => return tracing::error!(%error, "operations cannot be read"),
        };
        for operation in open {
            let (id, task) = (operation.id, operation.task);
            let words = operation.sentence();
            tracing::info!(operation = id, state = operation.state.word(), "left open");
            let _lock = self.lock_task(task).await;
            if let Err(error) = self.settle(operation).await {
                tracing::error!(operation = id, %error, "an operation cannot be settled");
                let text = format!("{words}: was cut short and is not settled: {error}");
                self.say(Some(task), Level::Error, text);
            }
            self.publish_task(task);
        }
    }

    async fn settle(self: &Arc<Self>, operation: Operation) -> ApiResult<()> {
        let landing = match &operation.journal {
            Journal::Accept { landing, .. } => landing.clone(),
            _ => None,
        };
        match (operation.kind, operation.state, landing) {
            (OperationKind::Accept | OperationKind::Revert, OperationState::Preparing, _) => {
                self.forget(operation).await
            }
            (
                OperationKind::Accept | OperationKind::Revert,
                OperationState::Moving,
                Some(landing),
            ) => self.finish_landing(operation, landing).await,
            (OperationKind::Remove | OperationKind::Tidy, OperationState::Preparing, _) => {
                self.finish_taking(operation).await
            }
            (_, OperationState::Undoing, _) => {
                let operation = Operation {
                    state: OperationState::Done,
                    ..operation
                };
                self.take_back(operation, false).await.map(|_| ())
            }
            (_, _, _) => self.give_up(&mut operation.clone()),
        }
    }

    /// Nothing of the user's has changed yet.
    async fn forget(self: &Arc<Self>, mut operation: Operation) -> ApiResult<()> {
        if let Ok(project) = self.project(operation.project) {
            let _bench = self.lock_bench(project.id).await;
            self.abandon_bench(&project).await?;
            let (root, hold) = (project.path, hold_ref(operation.id));
            blocking(move || {
                let _ = Git::new().run(&root, &["update-ref", "-d", &hold]);
            })
            .await?;
        }
        self.give_up(&mut operation)
    }

    async fn finish_landing(
        self: &Arc<Self>,
        mut operation: Operation,
        landing: Landing,
    ) -> ApiResult<()> {
        let project = self.project(operation.project)?;
        let _bench = self.lock_bench(project.id).await;
        self.abandon_bench(&project).await?;
        let mut tries = 0;
        let moved = loop {
            let (root, again) = (project.path.clone(), landing.clone());
            let moved = blocking(move || {
                integrate::carry_out(&Git::new(), &root, &again, &integrate::unwatched)
            });
            match moved.await? {
                Err(GitError::Locked(_)) if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(APART).await;
                }
                moved => break moved,
            }
        };
        match moved {
            Ok(notes) => self.note(operation.task, notes),
            Err(error) => {
                let text = format!("{} came to nothing: {error}", operation.sentence());
                self.say(Some(operation.task), Level::Warning, text);
                return self.give_up(&mut operation);
            }
        }
        if landing.way == Way::PullRequest {
            let text = "the daemon went away while a pull request was opened; accept it again";
            self.say(Some(operation.task), Level::Warning, text);
            return self.give_up(&mut operation);
        }
        let into = landing.target.as_ref().map(|target| target.name.clone());
        let sentence = landed(&landing, &into.unwrap_or_default());
        match operation.kind {
            OperationKind::Accept => self.settle_accept(&mut operation, USER, &sentence)?,
            _ => {
                operation.state = OperationState::Done;
                self.store
                    .set_operation(operation.id, operation.state, &operation.journal)?;
            }
        }
        let root = project.path;
        blocking(move || integrate::release(&Git::new(), &root, &landing)).await
    }

    /// A removal that was cut short: as long as branch and worktree are there, nothing was removed.
    async fn finish_taking(self: &Arc<Self>, mut operation: Operation) -> ApiResult<()> {
        let Ok(task) = self.task(operation.task) else {
            return self.give_up(&mut operation);
        };
        let (Journal::Remove { taken, .. } | Journal::Tidy(taken)) = &operation.journal else {
            return self.give_up(&mut operation);
        };
        let project = self.project(operation.project)?;
        let (root, was) = (project.path, taken.clone());
        let name = git::recovery_ref(task.id.0, &taken.stamp);
        let looked = name.clone();
        let (whole, held) = blocking(move || {
            let held = Git::new()
                .run(&root, &["rev-parse", "-q", "--verify", &looked])
                .is_ok();
            (is_whole(&root, &was), held)
        })
        .await?;
        if whole {
            return self.give_up(&mut operation);
        }
        let taken = Taken {
            recovery: held.then_some(name),
            ..taken.clone()
        };
        self.finish_removal(operation, &task, taken, DAEMON)
            .await
            .map(|_| ())
    }
}

/// Whether what is about to be taken is all there.
fn is_whole(root: &std::path::Path, taken: &Taken) -> bool {
    let branch = taken.branch.as_ref().is_none_or(|(name, tip)| {
        git::tip(root, name).is_ok_and(|now| now.as_deref() == Some(tip))
    });
    let worktree = taken
        .worktree
        .as_ref()
        .is_none_or(|path| path.join(".git").exists() && git::is_worktree(root, path));
    branch && worktree
}
