//! Moving cards: what a column means for the agent, and the place within it.

use std::sync::Arc;

use super::records::{Change, USER, allowed};
use super::{Caller, Service, StopWhy};
use crate::domain::board::{position_between, renumbered, sort_column};
use crate::domain::operation::{Journal, OperationKind};
use crate::domain::status::action_for_move;
use crate::domain::{Action, Status, Task, TaskId};
use crate::protocol::{
    Accepted, ApiError, ApiResult, ConfirmTask, ErrorCode, MoveTask, StartTask, TaskCard,
};
use crate::store::EventDraft;

/// How to get where a card cannot go at once.
fn way(from: Status, to: Status) -> &'static str {
    match (from, to) {
        (Status::Running, Status::Done) => "move it to review first; that ends its agent",
        (Status::Queued, _) => "it has to be started first",
        (Status::Cancelled, _) => "move it to the queue first",
        _ => "`gluon show` says where it stands",
    }
}

impl Service {
    pub(super) async fn move_task(
        self: &Arc<Self>,
        caller: &Caller,
        to: MoveTask,
    ) -> ApiResult<TaskCard> {
        let task = self.task(to.task)?;
        if task.status != to.to {
            let action = action_for_move(task.status, to.to).ok_or_else(|| {
                let message = format!("a card cannot go from {} to {}", task.status, to.to);
                ApiError::new(ErrorCode::Refused, message).with_hint(way(task.status, to.to))
            })?;
            self.act_for_move(caller, &to, action).await?;
        }
        if self.task(to.task)?.status == to.to {
            self.place(to.task, to.to, to.before)?;
        }
        self.card(to.task)
    }

    async fn act_for_move(
        self: &Arc<Self>,
        caller: &Caller,
        to: &MoveTask,
        action: Action,
    ) -> ApiResult<()> {
        let id = to.task;
        let confirm = ConfirmTask {
            task: id,
            confirm: to.confirm,
        };
        match action {
            Action::Start | Action::Resume => {
                let start = StartTask {
                    task: id,
                    message: None,
                    fresh: false,
                    recap: to.confirm,
                    size: None,
                };
                self.start_task(caller, start).await?;
            }
            Action::Stop => {
                self.stop_task(caller, id).await?;
            }
            Action::Finish => {
                let _lock = self.lock_task(id).await;
                self.stop_for(id, StopWhy::Review).await?;
            }
            Action::Accept => {
                self.accept_task(caller, confirm).await?;
            }
            Action::Cancel => {
                self.cancel_task(caller, confirm).await?;
            }
            // No move means this.
            Action::Restore => {}
            Action::Requeue | Action::Reopen => {
                let _lock = self.lock_task(id).await;
                let kind = if action == Action::Requeue {
                    "requeued"
                } else {
                    "reopened"
                };
                self.act(id, action, Change::new(USER, kind), |task| {
                    task.held = false;
                })?;
            }
        }
        Ok(())
    }

    /// Puts a card before another one of its column, or last.
    fn place(&self, id: TaskId, column: Status, before: Option<TaskId>) -> ApiResult<()> {
        let all = self.store.tasks()?;
        let mut cards: Vec<&Task> = all
            .iter()
            .filter(|task| task.status == column && task.id != id)
            .collect();
        sort_column(column, &mut cards);
        let Some(task) = all.iter().find(|task| task.id == id) else {
            return Err(ApiError::not_found(format!("task {id}")));
        };
        let mut task = task.clone();
        let at = match before {
            Some(before) => cards.iter().position(|card| card.id == before),
            None => None,
        };
        let index = at.unwrap_or(cards.len());
        // In the queue priority goes first, so a card dropped among more urgent ones becomes as urgent:
        // otherwise it would jump back from where the user has put it.
        if let (Status::Queued, Some(index)) = (column, at) {
            task.priority = cards[index].priority;
        }
        let above = index.checked_sub(1).map(|index| cards[index].position);
        let below = cards.get(index).map(|card| card.position);
        let draft = || EventDraft::new(crate::daemon::clock::now(), USER, "moved").about(id);
        // Within the queue, neighbours of another priority need not be in order of position.
        let room = match (above, below) {
            (Some(above), Some(below)) if above >= below => None,
            _ => position_between(above, below),
        };
        if let Some(position) = room {
            task.position = position;
            self.store.change_task(&task, draft())?;
            self.publish_task(id);
            return Ok(());
        }
        let mut order: Vec<Task> = cards.into_iter().cloned().collect();
        order.insert(index, task);
        for (card, position) in order.iter_mut().zip(renumbered(all.len())) {
            card.position = position;
        }
        self.store.change_tasks(&order, vec![draft()])?;
        for card in order {
            self.publish_task(card.id);
        }
        Ok(())
    }

    pub(super) async fn accept_task(
        self: &Arc<Self>,
        _: &Caller,
        accept: ConfirmTask,
    ) -> ApiResult<Accepted> {
        let id = accept.task;
        let _lock = self.lock_task(id).await;
        let task = self.task(id)?;
        allowed(task.status, Action::Accept)?;
        if !accept.confirm {
            let dirty = self.dirty_files(&task).await?;
            if dirty > 0 {
                let message = format!(
                    "{} in the worktree are not committed; a merge of the branch would not have them",
                    count(dirty, "file")
                );
                return Err(ApiError::new(ErrorCode::Confirm, message)
                    .with_hint("accept anyway, or ask the agent to commit them"));
            }
            if self.config.review.require_check {
                self.require_check(id).await?;
            }
        }
        let journal = Journal::Accept {
            landing: None,
            from: task.status,
            reason: task.reason.clone(),
        };
        let task = self.act(id, Action::Accept, Change::new(USER, "accepted"), |_| {})?;
        self.log_done(OperationKind::Accept, &task, journal)?;
        let how_to_merge = match &task.branch {
            Some(branch) => {
                let project = self.project(task.project)?;
                format!(
                    "merge it with `git merge {branch}` in {}",
                    project.path.display()
                )
            }
            None => "there is no branch to merge".to_owned(),
        };
        Ok(Accepted {
            card: self.card(id)?,
            how_to_merge,
        })
    }

    pub(super) async fn cancel_task(
        self: &Arc<Self>,
        _: &Caller,
        cancel: ConfirmTask,
    ) -> ApiResult<TaskCard> {
        let id = cancel.task;
        let _lock = self.lock_task(id).await;
        let task = self.task(id)?;
        allowed(task.status, Action::Cancel)?;
        let journal = Journal::Cancel {
            from: task.status,
            reason: task.reason.clone(),
        };
        if task.status == Status::Running {
            if !cancel.confirm {
                let message = "its agent is at work; cancelling ends it";
                return Err(ApiError::new(ErrorCode::Confirm, message));
            }
            self.stop_for(id, StopWhy::Cancel).await?;
        } else {
            self.act(id, Action::Cancel, Change::new(USER, "cancelled"), |_| {})?;
        }
        self.log_done(OperationKind::Cancel, &task, journal)?;
        self.card(id)
    }
}

/// `1 file`, `3 files`.
pub(super) fn count(number: u32, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
