//! The end of a run: what it means for the session and for the task.

use std::sync::Arc;
use std::time::Duration;

use super::records::{AGENT, Change, DAEMON, USER};
use super::{Service, StopWhy};
use crate::daemon::clock;
use crate::domain::stream::Denial;
use crate::domain::{
    Action, Exit, Reason, RunId, Session, SessionId, SessionState, Status, Summary, Task,
};
use crate::protocol::{ApiResult, Level};

/// The first and the longest pause before an end is tried to be recorded once more.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The most denials that the history names.
const TOLD: usize = 5;

/// A run that ended, with all of its output in the log.
pub(in crate::daemon) struct EndedRun {
    pub(in crate::daemon) session: SessionId,
    pub(in crate::daemon) run: RunId,
    pub(in crate::daemon) exit: Exit,
    /// What it came to, where it told that itself.
    pub(in crate::daemon) summary: Option<Box<Summary>>,
}

impl Service {
    /// Records the end of a run and lets the task go on from there.
    pub(in crate::daemon) async fn run_ended(self: Arc<Self>, ended: EndedRun) {
        let run = ended.run;
        let learnt = self.learn_conversation(&ended).await;
        if !self.record_in_time(&ended, learnt).await {
            return;
        }
        // Only now may the keeper forget it: had this daemon died before, the next one would record it.
        self.keeper.ack(run).await;
        {
            let mut state = self.state();
            state.runs.remove(&run);
            state.learning.remove(&ended.session);
        }
        self.forget_server(ended.session);
        self.settle_cost(ended.session).await;
        self.iteration_over(&ended).await;
        // After that: who has stopped it may ask next what it cost.
        let waiting = self.state().waiting.remove(&run);
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

    /// Records the end, again and again where that fails: a full disk is cleared some time. Whether it was
    /// recorded before the daemon ends; the keeper remembers it for the next one.
    async fn record_in_time(&self, ended: &EndedRun, learnt: Option<String>) -> bool {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.record_end(ended, learnt.clone()) {
            tracing::error!(%error, run = ended.run.0, "the end of a run cannot be recorded");
            if self.is_closing() {
                return false;
            }
            if pause == FIRST_PAUSE {
                let task = self
                    .store
                    .session(ended.session)
                    .map(|session| session.task);
                let text = format!("the end of an agent cannot be recorded yet: {error}");
                self.say(task.ok(), Level::Error, text);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.state().stopping.remove(&ended.session);
        true
    }

    /// May be done twice: after a crash, or where it failed half way. The run comes last, since one whose
    /// end is recorded is done with.
    fn record_end(&self, ended: &EndedRun, learnt: Option<String>) -> ApiResult<()> {
        let now = clock::now();
        if let Some(summary) = &ended.summary {
            self.store.set_summary(ended.run, summary)?;
        }
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
        // One that is open has noted by itself that it ended, and may have been looked at since.
        let open = self.open_handle(session.id);
        let unseen = open.is_none_or(|handle| handle.meta().unseen);
        self.keep_unseen(session.id, unseen);
        let why = self.state().stopping.get(&session.id).copied();
        let task = self.task(session.task)?;
        if task.status == Status::Running {
            self.end_task(&task, &session, ended, why)?;
        }
        let mut run = self.store.run(ended.run)?;
        run.ended_at = Some(now);
        run.exit = Some(ended.exit);
        Ok(self.store.update_run(&run)?)
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
            // Its loop decides what comes next.
            None if self.is_looping(task.id) => {}
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
                self.note_denials(task, session, ended);
                self.to_review(task.id, change(AGENT, kind).detail(detail), reason)?;
            }
        }
        Ok(())
    }

    /// Keeps in the task's history what its agent was not allowed to do.
    fn note_denials(&self, task: &Task, session: &Session, ended: &EndedRun) {
        let Some(summary) = ended.summary.as_ref().filter(|summary| summary.denied > 0) else {
            return;
        };
        let mut words: Vec<String> = summary.denials.iter().take(TOLD).map(named).collect();
        let rest = summary.denied as usize - words.len();
        if rest > 0 {
            words.push(format!("{rest} more"));
        }
        let change = Change::new(AGENT, "denied").session(session.id);
        self.note_event(task.id, &change.detail(words.join(", ")));
    }
}

fn named(denial: &Denial) -> String {
    match denial.what.is_empty() {
        true => denial.tool.clone(),
        false => format!("{}({})", denial.tool, denial.what),
    }
}
