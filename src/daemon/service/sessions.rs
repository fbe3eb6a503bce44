//! Sessions: listed, followed, read, typed into. One that ended is opened from its log when it is looked
//! at, and a few of those stay open.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Caller, Service, blocking, internal};
use crate::daemon::outbox::ClientId;
use crate::daemon::session::{Command, Opening, SessionHandle, StreamView};
use crate::domain::{Exit, Run, Session, SessionId, SessionState, Summary, TaskId};
use crate::protocol::{
    ApiError, ApiResult, Attach, Attached, Capture, ErrorCode, Event, Input, Lines, ListSessions,
    LogChunk, Match, ReadLines, ReadLog, Search, SessionView, TerminalInfo, Why,
};
use crate::pty::log;
use crate::terminal::Options;

/// Ended sessions that stay open though nobody looks at them.
const KEPT_OPEN: usize = 4;
/// The most raw output that one answer has, in bytes.
const MOST_LOG: u32 = 1024 * 1024;

impl Service {
    pub(super) async fn list_sessions(
        self: &Arc<Self>,
        _: &Caller,
        which: ListSessions,
    ) -> ApiResult<Vec<SessionView>> {
        let titles: std::collections::HashMap<TaskId, String> = self
            .store
            .tasks()?
            .into_iter()
            .map(|task| (task.id, task.title))
            .collect();
        let mut sessions = self.store.sessions()?;
        sessions.retain(|session| {
            which
                .project
                .is_none_or(|project| session.project == project)
                && (!which.live || session.state == SessionState::Live)
        });
        // The store has the newest first, which a stable sort keeps.
        sessions.sort_by_key(|session| session.state != SessionState::Live);
        Ok(sessions
            .into_iter()
            .map(|session| {
                let title = titles.get(&session.task).cloned().unwrap_or_default();
                self.session_view(session, title)
            })
            .collect())
    }

    pub(super) async fn attach(
        self: &Arc<Self>,
        caller: &Caller,
        attach: Attach,
    ) -> ApiResult<Attached> {
        let handle = self.session_handle(attach.session)?;
        let size = ask(&handle, |reply| Command::Attach {
            client: caller.client,
            outbox: caller.outbox.clone(),
            size: attach.size,
            claim: attach.claim,
            reply,
        });
        let (cols, rows) = size.await?;
        self.mark_seen(attach.session);
        Ok(Attached {
            session: attach.session,
            cols,
            rows,
        })
    }

    pub(super) async fn detach(
        self: &Arc<Self>,
        caller: &Caller,
        session: SessionId,
    ) -> ApiResult<()> {
        if let Some(handle) = self.open_handle(session) {
            handle.send(Command::Detach(caller.client));
        }
        self.close_unwatched();
        Ok(())
    }

    pub(super) async fn read_lines(
        self: &Arc<Self>,
        _: &Caller,
        which: ReadLines,
    ) -> ApiResult<Lines> {
        let handle = self.session_handle(which.session)?;
        ask(&handle, |reply| {
            Command::Lines(which.first, which.count, reply)
        })
        .await
    }

    pub(super) async fn search(
        self: &Arc<Self>,
        _: &Caller,
        search: Search,
    ) -> ApiResult<Vec<Match>> {
        let handle = self.session_handle(search.session)?;
        ask(&handle, |reply| {
            Command::Search(search.query, search.limit, reply)
        })
        .await
    }

    pub(super) async fn capture(
        self: &Arc<Self>,
        _: &Caller,
        capture: Capture,
    ) -> ApiResult<String> {
        let handle = self.handle_of_task(capture.task)?;
        ask(&handle, |reply| {
            Command::Text(capture.scrollback, capture.styled, reply)
        })
        .await
    }

    pub(super) async fn read_log(
        self: &Arc<Self>,
        _: &Caller,
        which: ReadLog,
    ) -> ApiResult<LogChunk> {
        self.task(which.task)?;
        let Some(session) = self.newest_session(which.task)? else {
            return Err(never_started(which.task));
        };
        let dir = self.paths.session_dir(session.id);
        let max = which.max.min(MOST_LOG) as usize;
        let read = blocking(move || log::read_at(&dir, which.offset, max)).await?;
        let (offset, bytes) = read.map_err(|error| {
            let message = format!("the session's log cannot be read: {error}");
            ApiError::new(ErrorCode::Failed, message)
        })?;
        Ok(LogChunk {
            offset,
            bytes,
            live: session.state == SessionState::Live,
        })
    }

    pub(super) async fn send_input(
        self: &Arc<Self>,
        _: &Caller,
        (task, inputs): (TaskId, Vec<Input>),
    ) -> ApiResult<()> {
        let handle = self.live_handle(task)?;
        for input in inputs {
            if !handle.send(Command::Input(None, input)) {
                return Err(overwhelmed());
            }
        }
        Ok(())
    }

    /// The session of a task that lives.
    pub(super) fn live_handle(&self, task: TaskId) -> ApiResult<Arc<SessionHandle>> {
        let session = self.newest_session(task)?;
        match session {
            Some(session) if session.state == SessionState::Live => self.session_handle(session.id),
            Some(_) => Err(ApiError::new(
                ErrorCode::Refused,
                format!("task {task} has no agent running"),
            )
            .with_hint(format!(
                "`gluon resume {task}` brings it back; `gluon send` does so with a message"
            ))),
            None => {
                // One that is not there at all has its own words.
                self.task(task)?;
                Err(never_started(task))
            }
        }
    }

    fn handle_of_task(&self, task: TaskId) -> ApiResult<Arc<SessionHandle>> {
        self.task(task)?;
        match self.newest_session(task)? {
            Some(session) => self.session_handle(session.id),
            None => Err(never_started(task)),
        }
    }

    /// Why a session's activity is what is shown; `None` where it is not open.
    pub(super) async fn why(&self, id: SessionId) -> Option<Why> {
        let handle = self.open_handle(id)?;
        let reasons = ask(&handle, Command::Reasons).await.ok()?;
        Some(Why {
            session: id,
            decision: reasons.decision,
            since: handle.meta().activity_since,
            claims: reasons.claims,
            past: reasons.past,
            at: reasons.at,
        })
    }

    /// What the newest headless run of a session tells; `None` where it is not open.
    pub(in crate::daemon) async fn stream_view(&self, id: SessionId) -> Option<StreamView> {
        let handle = self.open_handle(id)?;
        ask(&handle, Command::Stream).await.ok()
    }

    /// What a run came to, so far where it is not over.
    pub(super) async fn last_run(&self, run: Option<&Run>) -> ApiResult<Option<Summary>> {
        let Some(run) = run else { return Ok(None) };
        if run.ended_at.is_some() {
            return Ok(self.store.summary(run.id)?);
        }
        let view = self.stream_view(run.session).await;
        Ok(view.filter(|view| view.running).map(|view| view.summary))
    }

    /// The handle of a session that is open.
    pub(super) fn open_handle(&self, id: SessionId) -> Option<Arc<SessionHandle>> {
        self.state().sessions.get(&id).cloned()
    }

    /// The handle of a session; opened from its log where it is not open.
    pub(in crate::daemon) fn session_handle(&self, id: SessionId) -> ApiResult<Arc<SessionHandle>> {
        if let Some(handle) = self.open_handle(id) {
            return Ok(handle);
        }
        let session = self.store.session(id)?;
        let handle = self.open_session(&session, None)?;
        self.close_unwatched();
        Ok(handle)
    }

    /// Opens a session, with a size if it is known better than by its log.
    pub(super) fn open_session(
        &self,
        session: &Session,
        size: Option<(u16, u16)>,
    ) -> ApiResult<Arc<SessionHandle>> {
        let unseen = self.was_unseen(session.id);
        let mut state = self.state();
        if let Some(handle) = state.sessions.get(&session.id) {
            return Ok(handle.clone());
        }
        let opening = Opening {
            id: session.id,
            dir: self.paths.session_dir(session.id),
            size,
            exit: match session.state {
                SessionState::Live => None,
                _ => Some(session.exit.unwrap_or(Exit::Lost)),
            },
            since: session.ended_at.unwrap_or(session.started_at),
            unseen,
            options: Options {
                scrollback: self.config.terminal.scrollback as usize,
                clipboard_write: self.config.terminal.clipboard,
            },
            stream: self.stream_of(session),
            signs: self.signs(&session.agent),
            notices: self.notices.clone(),
            outer: state.outer.clone(),
        };
        let handle = SessionHandle::open(opening)
            .map_err(|error| internal(format!("no thread for a session: {error}")))?;
        let handle = Arc::new(handle);
        state.sessions.insert(session.id, handle.clone());
        Ok(handle)
    }

    /// Closes ended sessions that nobody looks at, but for a few.
    pub(super) fn close_unwatched(&self) {
        let mut state = self.state();
        let mut idle: Vec<SessionId> = state
            .sessions
            .iter()
            .filter(|(_, handle)| {
                let meta = handle.meta();
                // Whoever has just asked for it holds a handle of its own.
                !meta.live && meta.viewers == 0 && Arc::strong_count(handle) == 1
            })
            .map(|(id, _)| *id)
            .collect();
        idle.retain(|id| !state.runs.values().any(|session| session == id));
        idle.sort();
        let surplus = idle.len().saturating_sub(KEPT_OPEN);
        for id in &idle[..surplus] {
            state.sessions.remove(id);
        }
    }

    /// What the user's terminal is; the sessions answer as it would.
    pub(super) fn set_outer(&self, info: TerminalInfo) {
        let mut state = self.state();
        state.outer = Some(info.clone());
        for handle in state.sessions.values() {
            handle.send(Command::Outer(info.clone()));
        }
    }

    /// A client went; nobody draws its screens any more.
    pub(in crate::daemon) fn client_gone(&self, client: ClientId) {
        let mut state = self.state();
        for handle in state.sessions.values() {
            handle.send(Command::Detach(client));
        }
        let looked = state.looks.remove(&client).is_some();
        drop(state);
        if looked {
            self.attention.notify_one();
        }
    }

    /// Publishes a session as it is now.
    pub(super) fn publish_session(&self, id: SessionId) {
        if !self.hub.is_watched() {
            return;
        }
        let Ok(session) = self.store.session(id) else {
            return;
        };
        let title = self.task(session.task).map(|task| task.title);
        let view = self.session_view(session, title.unwrap_or_default());
        self.hub.publish(Event::Session(Box::new(view)));
    }
}

/// Asks a session and waits for its answer.
pub(super) async fn ask<T>(
    handle: &SessionHandle,
    command: impl FnOnce(oneshot::Sender<T>) -> Command,
) -> ApiResult<T> {
    let (reply, answer) = oneshot::channel();
    if !handle.send(command(reply)) {
        return Err(overwhelmed());
    }
    answer.await.map_err(|_| {
        ApiError::new(
            ErrorCode::Failed,
            "the session's screen or log cannot be read",
        )
        .with_hint("the daemon's log has more")
    })
}

fn never_started(task: TaskId) -> ApiError {
    let message = format!("task {task} has not been started yet, so it has no terminal");
    ApiError::new(ErrorCode::NotFound, message).with_hint(format!("`gluon start {task}` starts it"))
}

fn overwhelmed() -> ApiError {
    ApiError::new(ErrorCode::Unavailable, "the session has too much to do")
        .with_hint("try again in a moment")
}
