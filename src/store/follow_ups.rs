//! Messages that wait until an agent is idle.

use rusqlite::{Row, params};

use super::{Store, StoreError};
use crate::domain::follow_up::FollowUp;
use crate::domain::{RunId, TaskId, Timestamp};

const COLUMNS: &str = "id, task, text, created_at, tried";

impl Store {
    /// Adds a message behind those that wait for a task's agent already.
    ///
    /// # Errors
    /// Where the database refuses, or there is no such task.
    pub fn add_follow_up(&self, task: TaskId, text: &str, at: Timestamp) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT INTO follow_ups (task, text, created_at) VALUES (?1, ?2, ?3)",
            params![task.0, text, at.0],
        )?;
        Ok(())
    }

    /// The messages that wait for a task's agent, the oldest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn follow_ups(&self, task: TaskId) -> Result<Vec<FollowUp>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM follow_ups WHERE task = ?1 ORDER BY id"
        ))?;
        let rows = query.query_map([task.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many messages wait for a task's agent.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn follow_ups_of(&self, task: TaskId) -> Result<u32, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT count(*) FROM follow_ups WHERE task = ?1")?;
        Ok(query.query_row([task.0], |row| row.get(0))?)
    }

    /// The tasks for whose agents messages wait.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn followed(&self) -> Result<Vec<TaskId>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT DISTINCT task FROM follow_ups")?;
        let rows = query.query_map([], |row| row.get(0).map(TaskId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes the run in which a message is typed, or that it was not typed after all.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn set_tried(&self, id: i64, run: Option<RunId>) -> Result<(), StoreError> {
        self.lock().execute(
            "UPDATE follow_ups SET tried = ?2 WHERE id = ?1",
            params![id, run.map(|run| run.0)],
        )?;
        Ok(())
    }

    /// Removes a message; whether it was there.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn remove_follow_up(&self, id: i64) -> Result<bool, StoreError> {
        let removed = self
            .lock()
            .execute("DELETE FROM follow_ups WHERE id = ?1", [id])?;
        Ok(removed > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<FollowUp> {
    Ok(FollowUp {
        id: row.get(0)?,
        task: TaskId(row.get(1)?),
        text: row.get(2)?,
        created_at: Timestamp(row.get(3)?),
        tried: row.get::<_, Option<i64>>(4)?.map(RunId),
    })
}
