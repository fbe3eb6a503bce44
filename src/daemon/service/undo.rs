//! Taking back: the last acceptance, removal, cancellation or tidying, or one that is named.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::integrate::hold_ref;
use super::records::{Change, USER, allowed, last_position};
use super::{Caller, Service, blocking};
use crate::daemon::{clock, fault};
use crate::domain::accept::{Landing, Way};
use crate::domain::operation::{Journal, Operation, OperationKind, OperationState, Taken};
use crate::domain::{Action, Reason, Status, Task};
use crate::git::integrate::{self, Bench};
use crate::git::{self, Git, GitError};
use crate::protocol::{ApiError, ApiResult, ErrorCode, OperationView, UndoWish, Undone};

/// How many operations are listed, and looked through for the last one.
const LISTED: u32 = 200;

impl Service {
    pub(super) async fn list_operations(
        self: &Arc<Self>,
        _: &Caller,
        (): (),
    ) -> ApiResult<Vec<OperationView>> {
        Ok(self.store.operations(LISTED)?.iter().map(view).collect())
    }

    pub(super) async fn undo(self: &Arc<Self>, _: &Caller, wish: UndoWish) -> ApiResult<Undone> {
        let service = self.clone();
        // Apart from the connection: a client that goes does not leave the work half done.
        tokio::spawn(async move { service.undo_now(wish).await })
            .await
            .map_err(|error| super::internal(error.to_string()))?
    }

    async fn undo_now(self: &Arc<Self>, wish: UndoWish) -> ApiResult<Undone> {
        let operation = match wish.operation {
            Some(id) => self.store.operation(id)?,
            None => {
                let all = self.store.operations(LISTED)?;
                let last = all.into_iter().find(Operation::is_undoable);
                last.ok_or_else(|| {
                    ApiError::new(ErrorCode::NotFound, "there is nothing to take back")
                })?
            }
        };
        let _lock = self.lock_task(operation.task).await;
        // As it is now, under the lock.
        let operation = self.store.operation(operation.id)?;
        if !operation.is_undoable() {
            let state = operation.state.word();
            let message = format!(
                "{} cannot be taken back: it is {state}",
                operation.sentence()
            );
            return Err(ApiError::new(ErrorCode::Refused, message));
        }
        if !wish.confirm {
            return Err(ApiError::new(
                ErrorCode::Confirm,
                self.consequence(&operation, wish.revert),
            ));
        }
        let task = operation.task;
        let (operation, notes) = self.take_back(operation, wish.revert).await?;
        self.schedule.notify_one();
        self.publish_task(task);
        self.look_at_git(task, true).await;
        self.sweep_soon(operation.project);
        Ok(Undone {
            operation: view(&operation),
            card: self.card(task)?,
            notes,
        })
    }

    /// What taking `operation` back does, as the question it is asked with.
    fn consequence(&self, operation: &Operation, revert: bool) -> String {
        let what = operation.sentence();
        let then = match &operation.journal {
            Journal::Accept {
                landing: Some(landing),
                ..
            } if landing
                .target
                .as_ref()
                .is_some_and(|target| target.is_real()) =>
            {
                let target = landing
                    .target
                    .as_ref()
                    .map_or("", |target| target.name.as_str());
                match revert {
                    true => format!("{target} gets a commit that takes it back"),
                    false => format!("{target} goes back to where it was, the task to review"),
                }
            }
            Journal::Accept { .. } => "the task goes back to review".to_owned(),
            Journal::Remove { .. } => {
                "the task, its branch and its worktree with all uncommitted files come back"
                    .to_owned()
            }
            Journal::Cancel { from, .. } => format!("the task goes back to {}", back_to(*from)),
            Journal::Tidy(_) => "its branch and its worktree come back".to_owned(),
        };
        format!("take back: {what}; {then}")
    }

    pub(super) async fn take_back(
        self: &Arc<Self>,
        operation: Operation,
        revert: bool,
    ) -> ApiResult<(Operation, Vec<String>)> {
        match operation.journal.clone() {
            Journal::Accept {
                landing, reason, ..
            } => self.undo_accept(operation, landing, reason, revert).await,
            Journal::Cancel { from, reason } => {
                let operation = self.settle_undo(operation, |task| {
                    task.status = back_to(from);
                    task.held = task.status == Status::Queued;
                    task.reason = match from {
                        Status::Running => Some(Reason::Stopped),
                        _ => reason,
                    };
                })?;
                Ok((operation, Vec::new()))
            }
            Journal::Remove {
                task,
                sessions,
                taken,
                rows,
            } => {
                let project = self.project(operation.project)?;
                let operation = self.begin_undo(operation)?;
                let notes = self.bring_back_files(&project.path, &taken).await;
                let notes = self.or_done_again(&operation, notes)?;
                fault::point("restore the card");
                let operation = Operation {
                    state: OperationState::Undone,
                    ..operation
                };
                let event = Change::new(USER, "restored").draft();
                self.store
                    .restore_by_operation(&operation, &task, &sessions, &rows, event)?;
                self.load_loop(task.id)?;
                for session in &sessions {
                    let from = self
                        .paths
                        .removed(operation.id)
                        .join(session.id.to_string());
                    if from.is_dir() {
                        let _ = std::fs::rename(from, self.paths.session_dir(session.id));
                    }
                }
                let _ = std::fs::remove_dir(self.paths.removed(operation.id));
                Ok((operation, notes))
            }
            Journal::Tidy(taken) => {
                let project = self.project(operation.project)?;
                let operation = self.begin_undo(operation)?;
                let notes = self.bring_back_files(&project.path, &taken).await;
                let notes = self.or_done_again(&operation, notes)?;
                let operation = self.settle_undo(operation, |task| {
                    task.worktree = taken.worktree;
                    task.branch = taken.branch.map(|(name, _)| name);
                })?;
                Ok((operation, notes))
            }
        }
    }

    async fn bring_back_files(&self, root: &Path, taken: &Taken) -> ApiResult<Vec<String>> {
        let (root, taken) = (root.to_owned(), taken.clone());
        let restored = blocking(move || {
            git::restore_worktree(
                &Git::new(),
                &root,
                taken
                    .branch
                    .as_ref()
                    .map(|(name, tip)| (name.as_str(), tip.as_str())),
                taken.worktree.as_deref(),
                taken.recovery.as_deref(),
            )
        });
        Ok(restored.await??)
    }

    fn begin_undo(&self, mut operation: Operation) -> ApiResult<Operation> {
        operation.state = OperationState::Undoing;
        self.store
            .set_operation(operation.id, operation.state, &operation.journal)?;
        fault::point("undoing");
        Ok(operation)
    }

    /// Where taking back failed, the operation is done as before.
    fn or_done_again<T>(&self, operation: &Operation, result: ApiResult<T>) -> ApiResult<T> {
        if result.is_err() {
            self.store
                .set_operation(operation.id, OperationState::Done, &operation.journal)?;
        }
        result
    }

    async fn undo_accept(
        self: &Arc<Self>,
        operation: Operation,
        landing: Option<Landing>,
        reason: Option<Reason>,
        revert: bool,
    ) -> ApiResult<(Operation, Vec<String>)> {
        let task = self.task(operation.task).map_err(|error| {
            error.with_hint("it was removed since; take the removal back first")
        })?;
        let reopen = move |task: &mut Task| {
            if task.status == Status::Done {
                task.status = Status::Review;
                task.reason = reason;
            }
        };
        let Some(landing) = landing.filter(|landing| landing.way != Way::PullRequest) else {
            return Ok((self.settle_undo(operation, reopen)?, Vec::new()));
        };
        let project = self.project(operation.project)?;
        let _bench = self.lock_bench(project.id).await;
        if revert {
            self.revert(&operation, &project, &landing, &task.title)
                .await?;
            return Ok((self.settle_undo(operation, reopen)?, Vec::new()));
        }
        let operation = self.begin_undo(operation)?;
        let (root, held) = (project.path.clone(), landing.clone());
        let hold = hold_ref(operation.id);
        let taken = blocking(move || {
            let git = Git::new();
            // What is taken back stays reachable.
            if let Some(target) = &held.target {
                git.run(&root, &["update-ref", &hold, &target.to])?;
            }
            integrate::take_back(&git, &root, &held, &fault::point)
        });
        let taken = taken
            .await?
            .map_err(|error| unsafe_undo(operation.id, error));
        let notes = self.or_done_again(&operation, taken)?;
        fault::point("settle the undo");
        Ok((self.settle_undo(operation, reopen)?, notes))
    }

    /// A commit on top of the target that takes a landing back.
    async fn revert(
        self: &Arc<Self>,
        accepted: &Operation,
        project: &crate::domain::Project,
        landing: &Landing,
        title: &str,
    ) -> ApiResult<()> {
        let mut operation = self.store.add_operation(&Operation {
            id: 0,
            kind: OperationKind::Revert,
            state: OperationState::Preparing,
            at: clock::now(),
            journal: Journal::Accept {
                landing: None,
                from: Status::Done,
                reason: None,
            },
            ..accepted.clone()
        })?;
        let bench = self.bench_path(project.id)?;
        let root = project.path.clone();
        let landing = Landing {
            hold: hold_ref(operation.id),
            ..landing.clone()
        };
        let message = format!("Revert \"{title}\"");
        let made = blocking(move || {
            let git = Git::new();
            let at = landing
                .target
                .as_ref()
                .map_or("HEAD", |target| target.to.as_str());
            let bench = Bench::open(&git, &root, &bench, at)?;
            integrate::revert(&git, &root, &bench, &landing, &message, true)
        });
        let landing = match made.await? {
            Ok(landing) => landing,
            Err(error) => {
                self.give_up(&mut operation)?;
                return Err(error.into());
            }
        };
        operation.state = OperationState::Moving;
        operation.journal = Journal::Accept {
            landing: Some(landing.clone()),
            from: Status::Done,
            reason: None,
        };
        self.store
            .set_operation(operation.id, operation.state, &operation.journal)?;
        let root = project.path.clone();
        let moved = blocking(move || {
            let git = Git::new();
            integrate::carry_out(&git, &root, &landing, &fault::point)?;
            integrate::release(&git, &root, &landing);
            Ok::<_, GitError>(())
        });
        if let Err(error) = moved.await? {
            self.give_up(&mut operation)?;
            return Err(error.into());
        }
        operation.state = OperationState::Done;
        Ok(self
            .store
            .set_operation(operation.id, operation.state, &operation.journal)?)
    }

    /// Writes that `operation` was taken back, with what that means for its task.
    pub(super) fn settle_undo(
        &self,
        mut operation: Operation,
        edit: impl FnOnce(&mut Task),
    ) -> ApiResult<Operation> {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut task = self.task(operation.task)?;
        let before = task.status;
        edit(&mut task);
        if task.status != before {
            let action = match (before, task.status) {
                (Status::Done, _) => Action::Reopen,
                (Status::Cancelled, Status::Review) => Action::Restore,
                _ => Action::Requeue,
            };
            task.status = allowed(before, action)?;
            task.position = last_position(&self.store.tasks()?, task.status);
            task.changed_at = clock::now();
        }
        operation.state = OperationState::Undone;
        let event = Change::new(USER, "undone").detail(operation.sentence());
        self.store
            .settle_operation(&operation, &task, event.draft())?;
        drop(writing);
        self.publish_task(operation.task);
        Ok(operation)
    }

    /// Writes an operation that is done already, together with a task's new state.
    pub(super) fn log_done(
        &self,
        kind: OperationKind,
        task: &Task,
        journal: Journal,
    ) -> ApiResult<()> {
        self.store.add_operation(&Operation {
            id: 0,
            kind,
            state: OperationState::Done,
            task: task.id,
            project: task.project,
            title: task.title.clone(),
            at: clock::now(),
            journal,
        })?;
        Ok(())
    }

    /// What a task has in the repository, before it is taken.
    pub(super) async fn about_to_take(&self, task: &Task) -> ApiResult<Taken> {
        let root = self.project(task.project)?.path;
        let branch = task.branch.clone();
        let tip = blocking(move || match branch {
            Some(branch) => Ok(git::tip(&root, &branch)?.map(|tip| (branch, tip))),
            None => Ok::<_, GitError>(None),
        });
        Ok(Taken {
            branch: tip.await??,
            worktree: task.worktree.clone().filter(|path| path.is_dir()),
            recovery: None,
            stamp: clock::now().0.to_string(),
        })
    }
}

/// Where a task that was given up goes back to: an agent that was ended does not run again by itself.
fn back_to(from: Status) -> Status {
    match from {
        Status::Review => Status::Review,
        _ => Status::Queued,
    }
}

/// Why taking back is not safe, with the other way to do it.
fn unsafe_undo(operation: i64, error: GitError) -> ApiError {
    let refuse = |error: &GitError| ApiError::new(ErrorCode::Refused, error.to_string());
    match &error {
        GitError::BuiltUpon { .. } => refuse(&error).with_hint(format!(
            "`gluon undo {operation} --revert` takes it back by a commit on top"
        )),
        GitError::TargetMoved(branch) => refuse(&error).with_hint(format!(
            "{branch} was rewritten since; `git log -g {branch}` has where it was"
        )),
        _ => error.into(),
    }
}

pub(super) fn view(operation: &Operation) -> OperationView {
    OperationView {
        id: operation.id,
        kind: operation.kind,
        state: operation.state,
        task: operation.task,
        sentence: operation.sentence(),
        at: operation.at,
        undoable: operation.is_undoable(),
    }
}
