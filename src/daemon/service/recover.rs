//! After a start of the daemon: takes up what the keeper still has, and says of the rest that it was
//! interrupted.

use std::collections::HashSet;
use std::sync::Arc;

use super::records::{Change, DAEMON};
use super::{EndedRun, Service};
use crate::daemon::keeper::Kept;
use crate::daemon::session::Command;
use crate::domain::{Exit, Reason, Session, SessionId, SessionState, Status};
use crate::protocol::ApiResult;

impl Service {
    /// Brings store and keeper to agree.
    pub(in crate::daemon) async fn recover(self: &Arc<Self>, kept: Vec<Kept>) -> ApiResult<()> {
        self.load_loops()?;
        self.load_follow_ups()?;
        let mut followed = HashSet::new();
        for kept in kept {
            let run = kept.run;
            match self.take_up(kept) {
                Ok(Some(session)) => {
                    followed.insert(session);
                }
                Ok(None) => self.keeper.ack(run).await,
                Err(error) => {
                    tracing::error!(run = run.0, %error, "a process belongs to nobody and is ended");
                    let _ = self.keeper.signal(run, libc::SIGKILL).await;
                    self.keeper.ack(run).await;
                }
            }
        }
        let mut interrupted = self.store.sessions()?;
        interrupted.retain(|session| {
            session.state == SessionState::Live && !followed.contains(&session.id)
        });
        self.end_left_behind(&interrupted).await;
        for session in interrupted {
            self.interrupted(&session).await?;
        }
        // A daemon that died between a task's start and its process.
        for task in self.store.tasks()? {
            let live = self.newest_session(task.id)?;
            let live = live.is_some_and(|session| session.state == SessionState::Live);
            if task.status == Status::Running && !live && !self.is_looping(task.id) {
                let change = Change::new(DAEMON, "interrupted");
                self.park(task.id, change, Reason::Interrupted)?;
            }
        }
        self.recover_loops().await
    }

    /// Follows a process that the keeper kept; `None` where its end is recorded already.
    fn take_up(self: &Arc<Self>, kept: Kept) -> ApiResult<Option<SessionId>> {
        let run = self.store.run(kept.run)?;
        if run.ended_at.is_some() {
            return Ok(None);
        }
        let session = self.store.session(run.session)?;
        let handle = self.open_session(&session, None)?;
        self.state().runs.insert(run.id, session.id);
        self.watch_health(session.id, run.id)?;
        self.monitor.notify_one();
        if let Some(master) = kept.master {
            handle.send(Command::Follow {
                run: run.id,
                master,
                size: None,
            });
        }
        if let Some(watch) = self.registry_of(&session, &run) {
            handle.send(Command::Watch(watch));
        }
        self.take_up_server(&session, run.id);
        if let Some(exit) = kept.exit {
            handle.send(Command::Exited(run.id, exit));
        }
        tracing::info!(session = session.id.0, run = run.id.0, "taken up again");
        Ok(Some(session.id))
    }

    /// A session whose process went away unseen.
    async fn interrupted(self: &Arc<Self>, session: &Session) -> ApiResult<()> {
        tracing::info!(session = session.id.0, "interrupted");
        let runs = self.store.runs_of(session.id)?;
        match runs.into_iter().find(|run| run.ended_at.is_none()) {
            Some(run) => {
                let ended = EndedRun {
                    session: session.id,
                    run: run.id,
                    exit: Exit::Lost,
                    summary: None,
                };
                self.clone().run_ended(ended).await;
            }
            None => self.store.update_session(&Session {
                state: SessionState::Interrupted,
                ended_at: Some(crate::daemon::clock::now()),
                exit: Some(Exit::Lost),
                ..session.clone()
            })?,
        }
        Ok(())
    }
}
