//! The merge queue: accepted tasks that wait to be integrated, in their order.

use rusqlite::params;

use super::rows::to_json;
use super::{Store, StoreError};
use crate::domain::accept::MergeWish;
use crate::domain::{TaskId, Timestamp};

impl Store {
    /// Puts a task at the end of the queue; one that waits already keeps its place and gets the new wish.
    ///
    /// # Errors
    /// Where the database refuses, or the task is gone.
    pub fn enqueue_merge(
        &self,
        task: TaskId,
        wish: &MergeWish,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT INTO merge_queue (task, wish, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (task) DO UPDATE SET wish = excluded.wish",
            params![task.0, to_json(wish)?, now.0],
        )?;
        Ok(())
    }

    /// Takes a task off the queue; whether it was on it.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn dequeue_merge(&self, task: TaskId) -> Result<bool, StoreError> {
        let gone = self
            .lock()
            .execute("DELETE FROM merge_queue WHERE task = ?1", [task.0])?;
        Ok(gone > 0)
    }

    /// The tasks that wait, the first first. A wish nobody understands any more is the default one.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn merge_queue(&self) -> Result<Vec<(TaskId, MergeWish)>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT task, wish FROM merge_queue ORDER BY id")?;
        let rows = query.query_map([], |row| {
            let wish: String = row.get(1)?;
            let wish = serde_json::from_str(&wish).unwrap_or_default();
            Ok((TaskId(row.get(0)?), wish))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
