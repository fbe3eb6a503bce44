//! After a start of the daemon: every loop goes on where it was.

use std::sync::Arc;

use super::super::{EndedRun, Service};
use super::Live;
use crate::domain::loops::{LoopEvent, Phase};
use crate::domain::{Exit, SessionState, Status, TaskId};
use crate::protocol::ApiResult;
use crate::store::StoredLoop;

impl Service {
    /// Takes up what the daemon before has stored.
    pub(in super::super) fn load_loops(&self) -> ApiResult<()> {
        for stored in self.store.loops()? {
            self.take_back_up(stored);
        }
        Ok(())
    }

    /// Takes up the loop of a task that came back, as it was when that was removed.
    pub(in super::super) fn load_loop(&self, id: TaskId) -> ApiResult<()> {
        let mut stored = self.store.loops()?.into_iter();
        if let Some(stored) = stored.find(|stored| stored.task == id) {
            self.take_back_up(stored);
        }
        Ok(())
    }

    fn take_back_up(&self, stored: StoredLoop) {
        let Some(state) = stored.state else { return };
        let live = Live {
            settings: stored.settings,
            state,
            check: None,
        };
        self.with_loops(|loops| loops.live.insert(stored.task, live));
    }

    /// Lets every loop go on whose task is running. What runs is followed by now.
    pub(in super::super) async fn recover_loops(self: &Arc<Self>) -> ApiResult<()> {
        let loops: Vec<TaskId> = self.with_loops(|loops| loops.live.keys().copied().collect());
        for id in loops {
            let Ok(task) = self.task(id) else { continue };
            let Some(state) = self.loop_state(id).filter(|state| !state.is_ended()) else {
                continue;
            };
            if task.status != Status::Running {
                self.halt_loop(id);
                continue;
            }
            let has_run = self.run_of_loop(id).is_some();
            match (&state.phase, has_run) {
                (Phase::Running { .. }, false) => self.recover_end(id).await?,
                (Phase::Starting, true) => {
                    // It runs, but nobody has noted from where it began.
                    if let Ok(Some(session)) = self.newest_session(id) {
                        let tree = super::iteration::tree_of(&session.cwd).await;
                        let _ = self.loop_step(id, LoopEvent::Started(tree.unwrap_or_default()));
                    }
                }
                _ => self.loop_step(id, LoopEvent::Recovered { has_run })?,
            }
        }
        Ok(())
    }

    /// An iteration whose end was recorded, but not what followed from it.
    async fn recover_end(self: &Arc<Self>, id: TaskId) -> ApiResult<()> {
        let session = self.newest_session(id)?;
        let run = match &session {
            Some(session) => self
                .store
                .runs_of(session.id)?
                .into_iter()
                .max_by_key(|run| run.id),
            None => None,
        };
        let (Some(session), Some(run)) = (session, run) else {
            return self.loop_step(id, LoopEvent::Recovered { has_run: false });
        };
        if session.state == SessionState::Live {
            return Ok(());
        }
        let ended = EndedRun {
            session: session.id,
            run: run.id,
            exit: run.exit.unwrap_or(Exit::Lost),
            summary: self.store.summary(run.id)?.map(Box::new),
        };
        self.iteration_over(&ended).await;
        Ok(())
    }
}
