//! The end of a run: what it means for the session and for the task.

use std::sync::Arc;

use super::records::{AGENT, Change, DAEMON, USER};
use super::{Service, StopWhy};
use crate::daemon::clock;
use crate::domain::{Action, Exit, Reason, RunId, Session, SessionId, SessionState, Status, Task};
use crate::protocol::{ApiResult, Level};

/// A run that ended, with all of its output in the log.
pub(in crate::daemon) struct EndedRun {
    pub(in crate::daemon) session: SessionId,
    pub(in crate::daemon) run: RunId,
    pub(in crate::daemon) exit: Exit,
}

impl Service {
    /// Records the end of a run and lets the task go on from there.
    pub(in crate::daemon) async fn run_ended(self: Arc<Self>, ended: EndedRun) {
        let run = ended.run;
        let learnt = self.learn_conversation(&ended).await;
        if let Err(error) = self.record_end(&ended, learnt) {
            tracing::error!(%error, run = run.0, "the end of a run cannot be recorded");
        }
        // Only now may the keeper forget it: had this daemon died before, the next one would record it.
        self.keeper.ack(run).await;
        let waiting = {
            let mut state = self.state();
            state.runs.remove(&run);
            state.waiting.remove(&run)
        };
        for waiter in waiting.into_iter().flatten() {
            let _ = waiter.send(());
        }
        self.publish_session(ended.session);
        self.close_unwatched();
        self.schedule.notify_one();
        if let Ok(session) = self.store.session(ended.session) {
            self.look_at_git(session.task, true).await;
        }
    }

    fn record_end(&self, ended: &EndedRun, learnt: Option<String>) -> ApiResult<()> {
        let now = clock::now();
        let mut run = self.store.run(ended.run)?;
        run.ended_at = Some(now);
        run.exit = Some(ended.exit);
        self.store.update_run(&run)?;
        let mut session = self.store.session(ended.session)?;
        session.state = match ended.exit {
            Exit::Lost => SessionState::Interrupted,
            _ => SessionState::Ended,
        };
        session.ended_at = Some(now);
        session.exit = Some(ended.exit);
        // An agent that tells nothing leaves what was known.
        session.conversation = learnt.or(session.conversation);
        self.store.update_session(&session)?;
        let why = self.state().stopping.remove(&session.id);
        let task = self.task(session.task)?;
        if task.status != Status::Running {
            return Ok(());
        }
        self.end_task(&task, &session, ended, why)
    }

    fn end_task(
        &self,
        task: &Task,
        session: &Session,
        ended: &EndedRun,
        why: Option<StopWhy>,
    ) -> ApiResult<()> {
        let change = |actor, kind| Change::new(actor, kind).session(session.id);
        match why {
            Some(StopWhy::Queue) => {
                self.park(task.id, change(USER, "stopped"), Reason::Stopped)?;
            }
            Some(StopWhy::Review) => {
                self.to_review(task.id, change(USER, "stopped"), Reason::Stopped)?;
            }
            Some(StopWhy::Cancel) => {
                self.act(task.id, Action::Cancel, change(USER, "cancelled"), |_| {})?;
            }
            None if ended.exit == Exit::Lost => {
                let change = change(DAEMON, "interrupted");
                self.park(task.id, change, Reason::Interrupted)?;
            }
            None => {
                let reason = self.judge(task, session, ended);
                let (kind, detail) = match &reason {
                    Reason::Failed(why) => ("failed", why.clone()),
                    _ => ("finished", String::new()),
                };
                if let Reason::Failed(why) = &reason {
                    let text = format!("{}: {why}", task.title);
                    self.say(Some(task.id), Level::Warning, text);
                }
                self.to_review(task.id, change(AGENT, kind).detail(detail), reason)?;
            }
        }
        Ok(())
    }
}
