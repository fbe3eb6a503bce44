//! Reading and changing what is stored; every change is published once it is stored.

use std::path::Path;
use std::sync::PoisonError;

use super::Service;
use crate::daemon::clock;
use crate::domain::board::GAP;
use crate::domain::{
    Action, Project, ProjectId, Reason, Session, SessionId, Status, Task, TaskId, transition,
};
use crate::protocol::{ApiError, ApiResult, ErrorCode, Event, Level};
use crate::store::{EventDraft, StoreError};

/// Who changes something, as history names it.
pub(super) type Actor = &'static str;
pub(super) const USER: Actor = "user";
pub(super) const SCHEDULER: Actor = "scheduler";
pub(super) const DAEMON: Actor = "daemon";
pub(super) const AGENT: Actor = "agent";

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(ref what) => {
                let hint = match what.split(' ').next() {
                    Some("task") => "`gluon ls --all` lists the tasks",
                    Some("project") => "`gluon project ls` lists the projects",
                    _ => "`gluon sessions` lists the sessions",
                };
                ApiError::new(ErrorCode::NotFound, error.to_string()).with_hint(hint)
            }
            _ => ApiError::new(ErrorCode::Failed, error.to_string()),
        }
    }
}

/// What is to be written beside a changed task.
pub(super) struct Change {
    actor: Actor,
    kind: &'static str,
    detail: String,
    session: Option<SessionId>,
}

impl Change {
    pub(super) fn new(actor: Actor, kind: &'static str) -> Self {
        Self {
            actor,
            kind,
            detail: String::new(),
            session: None,
        }
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub(super) fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    pub(super) fn draft(&self) -> EventDraft {
        let draft =
            EventDraft::new(clock::now(), self.actor, self.kind).detail(self.detail.clone());
        match self.session {
            Some(session) => draft.in_session(session),
            None => draft,
        }
    }
}

impl Service {
    pub(super) fn task(&self, id: TaskId) -> ApiResult<Task> {
        Ok(self.store.task(id)?)
    }

    pub(super) fn project(&self, id: ProjectId) -> ApiResult<Project> {
        Ok(self.store.project(id)?)
    }

    /// A task's newest session.
    pub(super) fn newest_session(&self, task: TaskId) -> ApiResult<Option<Session>> {
        Ok(self.store.sessions_of(task)?.into_iter().next())
    }

    /// Reads a task, lets `edit` change it, writes it with what happened, and publishes it.
    pub(super) fn change_task(
        &self,
        id: TaskId,
        change: Change,
        edit: impl FnOnce(&mut Task) -> ApiResult<()>,
    ) -> ApiResult<Task> {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut task = self.store.task(id)?;
        edit(&mut task)?;
        self.store.change_task(&task, change.draft())?;
        drop(writing);
        self.publish_task(id);
        self.schedule.notify_one();
        Ok(task)
    }

    /// Takes a task through the status machine.
    pub(super) fn act(
        &self,
        id: TaskId,
        action: Action,
        change: Change,
        edit: impl FnOnce(&mut Task),
    ) -> ApiResult<Task> {
        let tasks = self.store.tasks()?;
        self.change_task(id, change, |task| {
            let to = allowed(task.status, action)?;
            task.position = last_position(&tasks, to);
            task.status = to;
            task.changed_at = clock::now();
            task.reason = None;
            edit(task);
            Ok(())
        })
    }

    /// Back into the queue, where it waits for the user.
    pub(super) fn park(&self, id: TaskId, change: Change, reason: Reason) -> ApiResult<Task> {
        self.act(id, Action::Stop, change, |task| {
            task.held = true;
            task.reason = Some(reason);
        })
    }

    /// Into review, with why.
    pub(super) fn to_review(&self, id: TaskId, change: Change, reason: Reason) -> ApiResult<Task> {
        self.act(id, Action::Finish, change, |task| {
            task.reason = Some(reason);
        })
    }

    /// Notes something that changes no task.
    pub(super) fn note_event(&self, task: TaskId, change: &Change) {
        if let Err(error) = self.store.add_event(&change.draft().about(task)) {
            tracing::error!(%error, "an event cannot be written");
        }
    }

    /// Tells the user something.
    pub(super) fn say(&self, task: Option<TaskId>, level: Level, text: impl Into<String>) {
        self.hub.publish(Event::Message {
            at: clock::now(),
            task,
            level,
            text: text.into(),
        });
    }

    /// Publishes a card as it is now.
    pub(super) fn publish_task(&self, id: TaskId) {
        self.attention.notify_one();
        if !self.hub.is_watched() {
            return;
        }
        match self.card(id) {
            Ok(card) => self.hub.publish(Event::Task(Box::new(card))),
            Err(error) => tracing::debug!(%error, "a card cannot be shown"),
        }
    }

    /// The project whose repository is at `path`, if it is registered.
    pub(super) fn project_at(&self, path: &Path) -> ApiResult<Option<Project>> {
        Ok(self.store.project_at(path)?)
    }
}

/// The status after `action`, or why not.
pub(super) fn allowed(from: Status, action: Action) -> ApiResult<Status> {
    transition(from, action).map_err(|refusal| ApiError::new(ErrorCode::Refused, refusal.message))
}

/// The position behind all others of a column.
pub(super) fn last_position(tasks: &[Task], column: Status) -> i64 {
    let last = tasks
        .iter()
        .filter(|task| task.status == column)
        .map(|task| task.position)
        .max();
    last.map_or(0, |last| last.saturating_add(GAP))
}
