//! The daemon itself: how it is, who listens, the queue's pause, its end.

use std::sync::Arc;

use super::{Caller, End, Service};
use crate::domain::SessionState;
use crate::protocol::{
    AgentView, ApiError, ApiResult, DaemonStatus, ErrorCode, Event, QueueView, Shutdown,
};

impl Service {
    pub(super) async fn status(self: &Arc<Self>, _: &Caller, (): ()) -> ApiResult<DaemonStatus> {
        Ok(DaemonStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            keeper_pid: self.keeper.pid(),
            started_at: self.started_at,
            live_sessions: self.live_sessions()?,
            clients: self.hub.count() as u32,
            state_dir: self.paths.state.clone(),
            log_file: self.paths.daemon_log(),
        })
    }

    fn live_sessions(&self) -> ApiResult<u32> {
        let sessions = self.store.sessions()?;
        let live = sessions.iter().filter(|s| s.state == SessionState::Live);
        Ok(live.count() as u32)
    }

    pub(super) async fn subscribe(self: &Arc<Self>, caller: &Caller, (): ()) -> ApiResult<()> {
        self.hub.subscribe(caller.client);
        self.tell_of_budgets();
        // Somebody looks at the board now: what git has to say may be old.
        let service = self.clone();
        tokio::spawn(async move { service.look_at_all_git().await });
        Ok(())
    }

    pub(super) async fn list_agents(
        self: &Arc<Self>,
        _: &Caller,
        (): (),
    ) -> ApiResult<Vec<AgentView>> {
        self.agent_views().await
    }

    pub(super) async fn pause_queue(
        self: &Arc<Self>,
        _: &Caller,
        paused: bool,
    ) -> ApiResult<QueueView> {
        self.set_paused(paused)?;
        let view = self.queue_view(&self.store.tasks()?);
        self.hub.publish(Event::Queue(view.clone()));
        self.schedule.notify_one();
        Ok(view)
    }

    pub(super) async fn shutdown(
        self: &Arc<Self>,
        _: &Caller,
        shutdown: Shutdown,
    ) -> ApiResult<()> {
        let end = match shutdown {
            Shutdown::Stop { confirm } => {
                let live = self.live_sessions()?;
                if live > 0 && !confirm {
                    let message = format!(
                        "{} at work; stopping the daemon ends them",
                        match live {
                            1 => "1 agent is".to_owned(),
                            _ => format!("{live} agents are"),
                        }
                    );
                    return Err(ApiError::new(ErrorCode::Confirm, message)
                        .with_hint("their sessions can be resumed later"));
                }
                self.close();
                self.stop_everything().await;
                End::Stop
            }
            Shutdown::Restart => End::Restart,
        };
        let _ = self.end.send(end);
        Ok(())
    }
}
