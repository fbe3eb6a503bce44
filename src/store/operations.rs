//! Operations: written before and after what they say.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{json, to_json, word};
use super::{EventDraft, Store, StoreError, kept, sessions, tasks};
use crate::domain::operation::{Journal, KeptRow, Operation, OperationKind, OperationState};
use crate::domain::{ProjectId, Session, Task, TaskId, Timestamp};

impl Store {
    /// Adds an operation; its `id` is given by the database.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn add_operation(&self, operation: &Operation) -> Result<Operation, StoreError> {
        let connection = self.lock();
        connection.execute(
            "INSERT INTO operations (kind, state, task, project, title, at, journal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                operation.kind.word(),
                operation.state.word(),
                operation.task.0,
                operation.project.0,
                operation.title,
                operation.at.0,
                to_json(&operation.journal)?,
            ],
        )?;
        // Before a branch moves this must be on the disk, also if the machine goes down; else a write-ahead
        // log in `normal` mode may lose its newest rows.
        checkpoint(&connection)?;
        Ok(Operation {
            id: connection.last_insert_rowid(),
            ..operation.clone()
        })
    }

    /// Writes where an operation stands.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn set_operation(
        &self,
        id: i64,
        state: OperationState,
        journal: &Journal,
    ) -> Result<(), StoreError> {
        let connection = self.lock();
        write(&connection, id, state, journal)?;
        checkpoint(&connection)
    }

    /// Writes where an operation stands together with its task and what happened to that, all or nothing.
    ///
    /// # Errors
    /// Where the database refuses, or the task is gone; nothing is written then.
    pub fn settle_operation(
        &self,
        operation: &Operation,
        task: &Task,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        write(
            &transaction,
            operation.id,
            operation.state,
            &operation.journal,
        )?;
        tasks::write(&transaction, task)?;
        event.about(task.id).write(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Removes a task as [`Store::remove_task`] does, and writes where the operation stands.
    ///
    /// # Errors
    /// Where the database refuses; nothing is written then.
    pub fn remove_by_operation(
        &self,
        operation: &Operation,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        write(
            &transaction,
            operation.id,
            operation.state,
            &operation.journal,
        )?;
        transaction.execute("DELETE FROM tasks WHERE id = ?1", [operation.task.0])?;
        event.about(operation.task).write(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Brings a removed task back with its sessions under their old numbers, and what else was known of it.
    ///
    /// # Errors
    /// Where the database refuses, or its project is forgotten; nothing is written then.
    pub fn restore_by_operation(
        &self,
        operation: &Operation,
        task: &Task,
        restored: &[Session],
        rows: &[KeptRow],
        event: EventDraft,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        write(
            &transaction,
            operation.id,
            operation.state,
            &operation.journal,
        )?;
        tasks::insert_as(&transaction, task)?;
        for session in restored {
            sessions::insert_as(&transaction, session)?;
        }
        kept::put_back(&transaction, rows)?;
        event.about(task.id).write(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// One operation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn operation(&self, id: i64) -> Result<Operation, StoreError> {
        self.lock()
            .query_row("SELECT * FROM operations WHERE id = ?1", [id], read)
            .optional()?
            .ok_or_else(|| StoreError::NotFound(format!("operation {id}")))
    }

    /// The newest `limit` operations, the newest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn operations(&self, limit: u32) -> Result<Vec<Operation>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT * FROM operations ORDER BY id DESC LIMIT ?1")?;
        let rows = query.query_map([limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The operations that a daemon before has begun and not ended, the oldest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn open_operations(&self) -> Result<Vec<Operation>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT * FROM operations WHERE state IN ('preparing', 'moving', 'undoing') ORDER BY id",
        )?;
        let rows = query.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The last operation of a task that is done.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn last_operation(
        &self,
        task: TaskId,
        kind: OperationKind,
    ) -> Result<Option<Operation>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT * FROM operations WHERE task = ?1 AND kind = ?2 AND state = 'done'
             ORDER BY id DESC LIMIT 1",
        )?;
        Ok(query
            .query_row(params![task.0, kind.word()], read)
            .optional()?)
    }
}

/// Brings everything that was committed from the log into the database's file.
fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()))?;
    Ok(())
}

fn write(
    connection: &Connection,
    id: i64,
    state: OperationState,
    journal: &Journal,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE operations SET state = ?2, journal = ?3 WHERE id = ?1")?
        .execute(params![id, state.word(), to_json(journal)?])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Operation> {
    Ok(Operation {
        id: row.get("id")?,
        kind: word(row, "kind", OperationKind::from_word)?,
        state: word(row, "state", OperationState::from_word)?,
        task: TaskId(row.get("task")?),
        project: ProjectId(row.get("project")?),
        title: row.get("title")?,
        at: Timestamp(row.get("at")?),
        journal: json(row, "journal")?,
    })
}
