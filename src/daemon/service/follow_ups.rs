//! Messages that wait until an agent is idle: kept, shown, and given to it one by one.
//!
//! Invariants: one is under way for a task at a time; before it is typed it is stored where, so that no daemon
//! types it there again; it is removed only once the agent has been seen to take it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::messages::{REPLY, refused, send_words};
use super::records::{Change, DAEMON, USER};
use super::{Caller, Service};
use crate::daemon::clock;
use crate::daemon::session::{Delivered, SessionHandle, Words};
use crate::domain::follow_up::{FollowUp, next, room};
use crate::domain::{Activity, Mode, RunId, SessionId, Task, TaskId};
use crate::protocol::{
    ApiError, ApiResult, DropMessages, ErrorCode, Level, SendMessage, TaskCard, Which,
};

/// After so long it is tried again where somebody was writing to the agent.
const AGAIN: Duration = Duration::from_secs(5);

impl Service {
    /// Keeps a message until the agent is idle.
    pub(super) async fn queue_message(
        self: &Arc<Self>,
        _: &Caller,
        message: SendMessage,
    ) -> ApiResult<TaskCard> {
        let id = message.task;
        let task = self.task(id)?;
        if message.text.trim().is_empty() {
            return Err(ApiError::new(ErrorCode::Invalid, "the message is empty"));
        }
        self.require_idle_word(&task)?;
        room(&self.store.follow_ups(id)?, &message.text).map_err(|why| {
            refused(why).with_hint(format!("`gluon send {id} --list` shows them"))
        })?;
        self.store.add_follow_up(id, &message.text, clock::now())?;
        let change = Change::new(USER, "follow-up").detail(message.text);
        self.note_event(id, &change);
        self.state().followed.insert(id);
        self.publish_task(id);
        self.follow_up(id);
        self.card(id)
    }

    /// Takes messages out again: one, or all; answers with those.
    pub(super) async fn drop_messages(
        self: &Arc<Self>,
        _: &Caller,
        which: DropMessages,
    ) -> ApiResult<Vec<FollowUp>> {
        let id = which.task;
        self.task(id)?;
        let mut dropped = self.store.follow_ups(id)?;
        let last = dropped.last().map(|one| one.id);
        dropped.retain(|one| match which.which {
            Which::All => true,
            Which::Last => Some(one.id) == last,
            Which::One(wanted) => one.id == wanted,
        });
        if dropped.is_empty() && which.which != Which::All {
            let message = match which.which {
                Which::One(wanted) => format!("no message {wanted} waits for task {id}"),
                _ => format!("no message waits for task {id}"),
            };
            return Err(ApiError::new(ErrorCode::NotFound, message)
                .with_hint(format!("`gluon send {id} --list` shows those that do")));
        }
        if self.state().following.contains(&id) {
            return Err(refused("one of them is being typed this moment")
                .with_hint("try again in a few seconds"));
        }
        for one in &dropped {
            self.store.remove_follow_up(one.id)?;
            let change = Change::new(USER, "taken back").detail(one.text.clone());
            self.note_event(id, &change);
        }
        self.publish_task(id);
        Ok(dropped)
    }

    /// Refuses where a message would wait for ever.
    fn require_idle_word(&self, task: &Task) -> ApiResult<()> {
        let agent = self.task_agent(task)?;
        let title = agent.title();
        let why = if task.mode != Mode::Interactive {
            format!("task {} takes no messages while it runs", task.id)
        } else if task.command.is_none() && !agent.hints().says_idle() {
            format!("{title} does not tell when it is idle")
        } else {
            return Ok(());
        };
        Err(refused(why).with_hint(format!("`gluon send {}` sends it at once", task.id)))
    }

    /// How many messages wait for a task's agent.
    pub(super) fn waiting_messages(&self, task: TaskId) -> u32 {
        if !self.state().followed.contains(&task) {
            return 0;
        }
        self.store.follow_ups_of(task).unwrap_or_default()
    }

    /// The tasks for whose agents messages wait, after a start of the daemon.
    pub(super) fn load_follow_ups(&self) -> ApiResult<()> {
        let followed = self.store.followed()?;
        self.state().followed.extend(followed);
        Ok(())
    }

    /// Gives the agent of a task the next message that waits, if it is idle. Called whenever it may be.
    pub(super) fn follow_up(self: &Arc<Self>, task: TaskId) {
        {
            let mut state = self.state();
            if !state.followed.contains(&task) || !state.following.insert(task) {
                return;
            }
        }
        let service = self.clone();
        tokio::spawn(async move {
            let outcome = service.deliver_next(task).await;
            service.state().following.remove(&task);
            match outcome {
                Ok(None) => {}
                Ok(Some(pause)) => {
                    service.publish_task(task);
                    tokio::time::sleep(pause).await;
                    service.follow_up(task);
                }
                Err(error) => tracing::warn!(task = task.0, %error, "a message that waits"),
            }
        });
    }

    /// Delivers one; after which pause the next is to be looked for, `None` where something has to happen first.
    async fn deliver_next(self: &Arc<Self>, id: TaskId) -> ApiResult<Option<Duration>> {
        let Ok(handle) = self.live_handle(id) else {
            return Ok(None);
        };
        if handle.meta().activity != Activity::Idle {
            return Ok(None);
        }
        let lock = self.lock_task(id).await;
        let waiting = self.store.follow_ups(id)?;
        if waiting.is_empty() {
            self.state().followed.remove(&id);
            return Ok(None);
        }
        let Some(run) = self.run_of(&handle) else {
            return Ok(None);
        };
        let Some(message) = next(&waiting, run, &handle.meta().activity) else {
            return Ok(None);
        };
        let task = self.task(id)?;
        let steps = self.delivery(&task, &message.text)?;
        self.store.set_tried(message.id, Some(run))?;
        let (reply, outcome) = oneshot::channel();
        let words = Words {
            steps,
            only_idle: true,
            reply: Some(reply),
        };
        let sent = send_words(&handle, words);
        // Waiting for the agent must not keep anybody from stopping it.
        drop(lock);
        let outcome = match sent {
            Ok(()) => tokio::time::timeout(REPLY, outcome).await,
            Err(_) => Ok(Ok(Delivered::Busy)),
        };
        match outcome {
            Ok(Ok(Delivered::Taken)) => {
                self.store.remove_follow_up(message.id)?;
                let change = Change::new(DAEMON, "message").detail(message.text.clone());
                self.note_event(id, &change.session(handle.id));
                Ok(Some(Duration::ZERO))
            }
            Ok(Ok(Delivered::Busy | Delivered::Gone)) => {
                self.store.set_tried(message.id, None)?;
                Ok(Some(AGAIN))
            }
            _ => {
                let text = format!(
                    "{}: the message that waited was typed, but was not seen to be taken; it is kept",
                    task.title
                );
                self.say(Some(id), Level::Warning, text);
                let change = Change::new(DAEMON, "not taken").detail(message.text.clone());
                self.note_event(id, &change.session(handle.id));
                self.publish_task(id);
                Ok(None)
            }
        }
    }

    /// A session has become idle, or may have.
    pub(super) fn follow_up_session(self: &Arc<Self>, session: SessionId) {
        if self.state().followed.is_empty() {
            return;
        }
        if let Ok(session) = self.store.session(session) {
            self.follow_up(session.task);
        }
    }

    fn run_of(&self, handle: &SessionHandle) -> Option<RunId> {
        let state = self.state();
        let mut runs = state.runs.iter();
        runs.find(|(_, session)| **session == handle.id)
            .map(|(run, _)| *run)
    }
}
