//! Sessions.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{json_option, path_text, state_from_word, state_word, to_json_option, word};
use super::{Store, StoreError};
use crate::domain::{Mode, ProjectId, Session, SessionId, TaskId, Timestamp};

impl Store {
    /// Adds a session; its `id` is given by the database.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn add_session(&self, session: &Session) -> Result<Session, StoreError> {
        let connection = self.lock();
        insert(&connection, None, session)?;
        Ok(Session {
            id: SessionId(connection.last_insert_rowid()),
            ..session.clone()
        })
    }

    /// Writes what can change about a session: conversation, state, end.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn update_session(&self, session: &Session) -> Result<(), StoreError> {
        self.lock().execute(
            "UPDATE sessions SET conversation = ?2, state = ?3, ended_at = ?4, exit = ?5, cwd = ?6 WHERE id = ?1",
            params![
                session.id.0,
                session.conversation,
                state_word(session.state),
                session.ended_at.map(|at| at.0),
                to_json_option(session.exit.as_ref())?,
                path_text(&session.cwd),
            ],
        )?;
        Ok(())
    }

    /// All sessions, the newest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT * FROM sessions ORDER BY id DESC")?;
        let rows = query.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The sessions of a task, the newest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn sessions_of(&self, task: TaskId) -> Result<Vec<Session>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT * FROM sessions WHERE task = ?1 ORDER BY id DESC")?;
        let rows = query.query_map([task.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One session.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn session(&self, id: SessionId) -> Result<Session, StoreError> {
        self.lock()
            .query_row("SELECT * FROM sessions WHERE id = ?1", [id.0], read)
            .optional()?
            .ok_or_else(|| StoreError::NotFound(format!("session {id}")))
    }
}

/// Adds a session under the number it has: one that was removed comes back.
pub(super) fn insert_as(connection: &Connection, session: &Session) -> rusqlite::Result<()> {
    insert(connection, Some(session.id.0), session)
}

fn insert(connection: &Connection, id: Option<i64>, session: &Session) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO sessions (id, task, project, agent, mode, conversation, cwd, state, started_at, ended_at, exit)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            id,
            session.task.0,
            session.project.0,
            session.agent,
            session.mode.word(),
            session.conversation,
            path_text(&session.cwd),
            state_word(session.state),
            session.started_at.0,
            session.ended_at.map(|at| at.0),
            to_json_option(session.exit.as_ref())?,
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId(row.get("id")?),
        task: TaskId(row.get("task")?),
        project: ProjectId(row.get("project")?),
        agent: row.get("agent")?,
        mode: word(row, "mode", Mode::from_word)?,
        conversation: row.get("conversation")?,
        cwd: PathBuf::from(row.get::<_, String>("cwd")?),
        state: word(row, "state", state_from_word)?,
        started_at: Timestamp(row.get("started_at")?),
        ended_at: row.get::<_, Option<i64>>("ended_at")?.map(Timestamp),
        exit: json_option(row, "exit")?,
    })
}
