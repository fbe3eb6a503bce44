//! Checks, the newest of each task; and which tasks try the same.

use rusqlite::{OptionalExtension, Row, params};

use super::rows::{json, to_json};
use super::{Store, StoreError};
use crate::domain::check::CheckRecord;
use crate::domain::{TaskId, Timestamp};

impl Store {
    /// Keeps a check in place of the one before.
    ///
    /// # Errors
    /// Where the database refuses, or the task is gone.
    pub fn set_check(&self, check: &CheckRecord) -> Result<(), StoreError> {
        let took = i64::try_from(check.took).unwrap_or(i64::MAX);
        self.lock().execute(
            "INSERT OR REPLACE INTO checks (task, command, tree, head, verdict, output, at, took)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                check.task.0,
                check.command,
                check.tree,
                check.head,
                to_json(&check.verdict)?,
                check.output,
                check.at.0,
                took,
            ],
        )?;
        Ok(())
    }

    /// A task's newest check.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn check(&self, task: TaskId) -> Result<Option<CheckRecord>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT * FROM checks WHERE task = ?1")?;
        Ok(query.query_row([task.0], read).optional()?)
    }
}

impl Store {
    /// Notes that a task tries what another one tries.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn set_fork(&self, task: TaskId, of: TaskId) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT OR REPLACE INTO forks (task, of) VALUES (?1, ?2)",
            params![task.0, of.0],
        )?;
        Ok(())
    }

    /// The task that another one was forked from.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn fork_of(&self, task: TaskId) -> Result<Option<TaskId>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT of FROM forks WHERE task = ?1")?;
        let of: Option<i64> = query.query_row([task.0], |row| row.get(0)).optional()?;
        Ok(of.map(TaskId))
    }

    /// The tasks forked from one.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn forks(&self, of: TaskId) -> Result<Vec<TaskId>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT task FROM forks WHERE of = ?1 ORDER BY task")?;
        let rows = query.query_map([of.0], |row| row.get(0).map(TaskId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<CheckRecord> {
    Ok(CheckRecord {
        task: TaskId(row.get("task")?),
        command: row.get("command")?,
        tree: row.get("tree")?,
        head: row.get("head")?,
        verdict: json(row, "verdict")?,
        output: row.get("output")?,
        at: Timestamp(row.get("at")?),
        took: row.get::<_, i64>("took")?.max(0) as u64,
    })
}
