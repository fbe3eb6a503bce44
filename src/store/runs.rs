//! Runs.

use rusqlite::{OptionalExtension, Row, params};

use super::rows::{json, json_option, to_json, to_json_option};
use super::{Store, StoreError};
use crate::domain::{Run, RunId, SessionId, Summary, Timestamp};

impl Store {
    /// Adds a run; its `id` and its `number` within the session are given by the database.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn add_run(&self, run: &Run) -> Result<Run, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let number: u32 = transaction.query_row(
            "SELECT coalesce(max(number), 0) + 1 FROM runs WHERE session = ?1",
            [run.session.0],
            |row| row.get(0),
        )?;
        transaction.execute(
            "INSERT INTO runs (session, number, pid, command, started_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                run.session.0,
                number,
                run.pid,
                to_json(&run.command)?,
                run.started_at.0
            ],
        )?;
        let id = RunId(transaction.last_insert_rowid());
        transaction.commit()?;
        Ok(Run {
            id,
            number,
            ..run.clone()
        })
    }

    /// Writes what can change about a run: its process and its end.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn update_run(&self, run: &Run) -> Result<(), StoreError> {
        self.lock().execute(
            "UPDATE runs SET pid = ?2, ended_at = ?3, exit = ?4 WHERE id = ?1",
            params![
                run.id.0,
                run.pid,
                run.ended_at.map(|at| at.0),
                to_json_option(run.exit.as_ref())?
            ],
        )?;
        Ok(())
    }

    /// One run.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn run(&self, id: RunId) -> Result<Run, StoreError> {
        self.lock()
            .query_row("SELECT * FROM runs WHERE id = ?1", [id.0], read)
            .optional()?
            .ok_or_else(|| StoreError::NotFound(format!("run {id}")))
    }

    /// The runs of a session, the newest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn runs_of(&self, session: SessionId) -> Result<Vec<Run>, StoreError> {
        let connection = self.lock();
        let mut query = connection
            .prepare_cached("SELECT * FROM runs WHERE session = ?1 ORDER BY number DESC")?;
        let rows = query.query_map([session.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes what a run came to, in place of what was known of it.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn set_summary(&self, run: RunId, summary: &Summary) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT INTO run_summaries (run, summary) VALUES (?1, ?2)
             ON CONFLICT (run) DO UPDATE SET summary = excluded.summary",
            params![run.0, to_json(summary)?],
        )?;
        Ok(())
    }

    /// What a run came to; `None` where it told nothing of itself, or is not over.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn summary(&self, run: RunId) -> Result<Option<Summary>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT summary FROM run_summaries WHERE run = ?1")?;
        Ok(query
            .query_row([run.0], |row| json(row, "summary"))
            .optional()?)
    }

    /// The runs of a session that told what they came to, the oldest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn summaries_of(&self, session: SessionId) -> Result<Vec<(Run, Summary)>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT runs.*, summary FROM runs JOIN run_summaries ON run = runs.id
             WHERE session = ?1 ORDER BY number",
        )?;
        let rows = query.query_map([session.0], |row| Ok((read(row)?, json(row, "summary")?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many runs a session has had.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn count_runs(&self, session: SessionId) -> Result<u32, StoreError> {
        Ok(self.lock().query_row(
            "SELECT count(*) FROM runs WHERE session = ?1",
            [session.0],
            |row| row.get(0),
        )?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: RunId(row.get("id")?),
        session: SessionId(row.get("session")?),
        number: row.get("number")?,
        pid: row.get("pid")?,
        command: json(row, "command")?,
        started_at: Timestamp(row.get("started_at")?),
        ended_at: row.get::<_, Option<i64>>("ended_at")?.map(Timestamp),
        exit: json_option(row, "exit")?,
    })
}
