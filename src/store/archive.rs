//! Which done tasks are out of sight. Written together with what happened.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row, params};

use super::{EventDraft, Store, StoreError};
use crate::domain::archive::Archiving;
use crate::domain::{TaskId, Timestamp};

impl Store {
    /// Puts a task into the archive or brings it back, and writes that it happened.
    ///
    /// # Errors
    /// Where the database refuses, or the task is gone; nothing is written then.
    pub fn set_archived(
        &self,
        task: TaskId,
        archiving: Archiving,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute(
            "INSERT OR REPLACE INTO archive (task, at, archived) VALUES (?1, ?2, ?3)",
            params![task.0, archiving.at.0, archiving.archived],
        )?;
        event.about(task).write(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// What was last done about a task; `None`: it was never in the archive.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn archiving(&self, task: TaskId) -> Result<Option<Archiving>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT task, at, archived FROM archive WHERE task = ?1")?;
        let found = query.query_row([task.0], read).optional()?;
        Ok(found.map(|(_, archiving)| archiving))
    }

    /// What was last done about every task that was ever in the archive.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn archive(&self) -> Result<HashMap<TaskId, Archiving>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT task, at, archived FROM archive")?;
        let rows = query.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(TaskId, Archiving)> {
    let archiving = Archiving {
        at: Timestamp(row.get("at")?),
        archived: row.get("archived")?,
    };
    Ok((TaskId(row.get("task")?), archiving))
}
