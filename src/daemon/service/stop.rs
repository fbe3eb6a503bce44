//! Ending agents: politely, then less so.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::records::{Change, USER, allowed};
use super::{Caller, Service};
use crate::daemon::session::{Command, Words};
use crate::domain::{Action, Reason, RunId, SessionState, Status, TaskId};
use crate::protocol::{ApiError, ApiResult, ErrorCode, TaskCard};

/// Where the task goes once its agent has been stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::daemon) enum StopWhy {
    /// Back into the queue, to be resumed.
    Queue,
    /// Into review.
    Review,
    /// It is given up.
    Cancel,
}

/// How long an agent may take to end when it is asked in its own way.
const POLITE: Duration = Duration::from_secs(2);
/// How long after `SIGTERM` a hang-up follows: shells only listen to that.
const TERM: Duration = Duration::from_millis(500);
/// How long after that it is killed.
const HANG_UP: Duration = Duration::from_millis(4500);
/// How long the kernel may take for a kill.
const KILL: Duration = Duration::from_secs(5);
/// How long what it cost may take to be read once it has ended.
const SETTLE: Duration = Duration::from_secs(5);

impl Service {
    pub(super) async fn stop_task(self: &Arc<Self>, _: &Caller, id: TaskId) -> ApiResult<TaskCard> {
        let service = self.clone();
        // Apart from the connection: a client that goes does not leave the work half done.
        let work = tokio::spawn(async move {
            let _lock = service.lock_task(id).await;
            allowed(service.task(id)?.status, Action::Stop)?;
            service.stop_for(id, StopWhy::Queue).await
        });
        work.await
            .map_err(|error| super::internal(error.to_string()))??;
        self.card(id)
    }

    /// Ends a running task's agent; the task goes where `why` says. Under the task's lock.
    pub(super) async fn stop_for(self: &Arc<Self>, id: TaskId, why: StopWhy) -> ApiResult<()> {
        let session = self.newest_session(id)?;
        let session = session.filter(|session| session.state == SessionState::Live);
        let run = session.as_ref().and_then(|session| {
            let state = self.state();
            let mut runs = state.runs.iter();
            runs.find(|(_, owner)| **owner == session.id)
                .map(|(run, _)| *run)
        });
        let (Some(session), Some(run)) = (session, run) else {
            return self.stop_without_process(id, why);
        };
        self.state().stopping.insert(session.id, why);
        let (done, mut ended) = oneshot::channel();
        self.state().waiting.entry(run).or_default().push(done);
        let polite = self.polite_end(&session);
        if !polite.is_empty() {
            if let Some(handle) = self.open_handle(session.id) {
                handle.send(Command::Deliver(Words::silent(polite)));
            }
            if timeout(POLITE, &mut ended).await.is_ok() {
                return Ok(());
            }
        }
        if self.end_process(run, &mut ended).await {
            return Ok(());
        }
        self.state().stopping.remove(&session.id);
        let message = "the agent's process cannot be ended, not even by a kill";
        Err(ApiError::new(ErrorCode::Failed, message)
            .with_hint("it may hang in the kernel, for example on a network file system"))
    }

    /// Signals a run's process group until it has ended; whether it did.
    async fn end_process(&self, run: RunId, ended: &mut oneshot::Receiver<()>) -> bool {
        for (signal, patience) in [
            (libc::SIGTERM, TERM),
            (libc::SIGHUP, HANG_UP),
            (libc::SIGKILL, KILL),
        ] {
            if let Err(error) = self.keeper.signal(run, signal).await {
                tracing::warn!(%error, run = run.0, signal, "a process cannot be signalled");
            }
            if timeout(patience, &mut *ended).await.is_ok() {
                return true;
            }
            if !self.state().runs.contains_key(&run) {
                let _ = timeout(SETTLE, &mut *ended).await;
                return true;
            }
        }
        false
    }

    /// A task that is running by name only.
    fn stop_without_process(self: &Arc<Self>, id: TaskId, why: StopWhy) -> ApiResult<()> {
        if self.task(id)?.status != Status::Running {
            return Ok(());
        }
        let change = Change::new(USER, "stopped");
        match why {
            StopWhy::Queue => self.park(id, change, Reason::Stopped)?,
            StopWhy::Review => self.to_review(id, change, Reason::Stopped)?,
            StopWhy::Cancel => self.act(id, Action::Cancel, change, |_| {})?,
        };
        self.halt_loop(id);
        Ok(())
    }

    /// Stops every agent, all at once.
    pub(super) async fn stop_everything(self: &Arc<Self>) {
        let Ok(tasks) = self.store.tasks() else {
            return;
        };
        let running = tasks.iter().filter(|task| task.status == Status::Running);
        let stops: Vec<_> = running
            .map(|task| {
                let (service, id) = (self.clone(), task.id);
                tokio::spawn(async move {
                    let _lock = service.lock_task(id).await;
                    if let Err(error) = service.stop_for(id, StopWhy::Queue).await {
                        tracing::error!(%error, task = id.0, "a task cannot be stopped");
                    }
                })
            })
            .collect();
        for stop in stops {
            let _ = stop.await;
        }
    }
}
