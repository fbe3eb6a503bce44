//! Events: the append-only history.

use rusqlite::{Connection, Row, params};

use super::{Store, StoreError};
use crate::domain::{EventRecord, SessionId, TaskId, Timestamp};

/// The longest detail kept, in bytes; it may hold an agent's words.
const MAX_DETAIL: usize = 4096;

/// An event that is about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft {
    at: Timestamp,
    task: Option<TaskId>,
    session: Option<SessionId>,
    kind: &'static str,
    detail: String,
    actor: &'static str,
}

impl EventDraft {
    /// `kind` happened at `at` by `actor` (`user`, `scheduler`, `agent`, `daemon`).
    pub fn new(at: Timestamp, actor: &'static str, kind: &'static str) -> Self {
        Self {
            at,
            task: None,
            session: None,
            kind,
            detail: String::new(),
            actor,
        }
    }

    /// With a reason.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        let mut end = self.detail.len().min(MAX_DETAIL);
        while !self.detail.is_char_boundary(end) {
            end -= 1;
        }
        self.detail.truncate(end);
        self
    }

    /// About a task.
    #[must_use]
    pub fn about(mut self, task: TaskId) -> Self {
        self.task = Some(task);
        self
    }

    /// About a session.
    #[must_use]
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    pub(super) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        connection
            .prepare_cached(
                "INSERT INTO events (at, task, session, kind, detail, actor) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                self.at.0,
                self.task.map(|id| id.0),
                self.session.map(|id| id.0),
                self.kind,
                self.detail,
                self.actor
            ])?;
        Ok(())
    }
}

impl Store {
    /// Writes an event that changes no task.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn add_event(&self, event: &EventDraft) -> Result<(), StoreError> {
        event.write(&self.lock())
    }

    /// The events of a kind since a moment, the newest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn events_since(
        &self,
        kind: &str,
        since: Timestamp,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let connection = self.lock();
        let mut query = connection
            .prepare_cached("SELECT * FROM events WHERE kind = ?1 AND at >= ?2 ORDER BY id DESC")?;
        let rows = query.query_map(params![kind, since.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest `limit` events of a task, the newest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn events_of(&self, task: TaskId, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let connection = self.lock();
        let mut query = connection
            .prepare_cached("SELECT * FROM events WHERE task = ?1 ORDER BY id DESC LIMIT ?2")?;
        let rows = query.query_map(params![task.0, limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<EventRecord> {
    Ok(EventRecord {
        id: row.get("id")?,
        at: Timestamp(row.get("at")?),
        task: row.get::<_, Option<i64>>("task")?.map(TaskId),
        session: row.get::<_, Option<i64>>("session")?.map(SessionId),
        kind: row.get("kind")?,
        detail: row.get("detail")?,
        actor: row.get("actor")?,
    })
}
