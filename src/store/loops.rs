//! Loops and their iterations. A loop is written after every step, so that it can go on from there.

use rusqlite::{OptionalExtension, params};

use super::rows::to_json;
use super::{Store, StoreError};
use crate::domain::TaskId;
use crate::domain::loops::{IterationRecord, LoopSettings, LoopState};

/// A loop as it is kept.
#[derive(Debug, Clone)]
pub struct StoredLoop {
    /// Its task.
    pub task: TaskId,
    /// What the user wants of it.
    pub settings: LoopSettings,
    /// How it stands; `None`: it has not begun, or what was written cannot be read any more.
    pub state: Option<LoopState>,
}

impl Store {
    /// Keeps what is wanted of a task's loop; one that has begun begins anew.
    ///
    /// # Errors
    /// Where the database refuses, or the task is gone.
    pub fn set_loop_settings(
        &self,
        task: TaskId,
        settings: &LoopSettings,
    ) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT OR REPLACE INTO loops (task, settings, state) VALUES (?1, ?2, NULL)",
            params![task.0, to_json(settings)?],
        )?;
        Ok(())
    }

    /// Keeps how a loop stands, and what came of an iteration.
    ///
    /// # Errors
    /// Where the database refuses; nothing is written then.
    pub fn set_loop(
        &self,
        task: TaskId,
        state: &LoopState,
        record: Option<&IterationRecord>,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute(
            "UPDATE loops SET state = ?2 WHERE task = ?1",
            params![task.0, to_json(state)?],
        )?;
        if let Some(record) = record {
            transaction.execute(
                "INSERT OR REPLACE INTO iterations (task, number, record) VALUES (?1, ?2, ?3)",
                params![task.0, record.number, to_json(record)?],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// All loops.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn loops(&self) -> Result<Vec<StoredLoop>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT task, settings, state FROM loops")?;
        let rows = query.query_map([], |row| {
            let settings: String = row.get(1)?;
            let state: Option<String> = row.get(2)?;
            Ok(StoredLoop {
                task: TaskId(row.get(0)?),
                settings: serde_json::from_str(&settings).unwrap_or_default(),
                state: state.and_then(|state| serde_json::from_str(&state).ok()),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What is wanted of a task's loop; `None` where it never was told.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn loop_settings(&self, task: TaskId) -> Result<Option<LoopSettings>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT settings FROM loops WHERE task = ?1")?;
        let text: Option<String> = query.query_row([task.0], |row| row.get(0)).optional()?;
        Ok(text.map(|text| serde_json::from_str(&text).unwrap_or_default()))
    }

    /// The iterations of a task's loop, the newest first; `most` of them.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn iterations_of(
        &self,
        task: TaskId,
        most: u32,
    ) -> Result<Vec<IterationRecord>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT record FROM iterations WHERE task = ?1 ORDER BY number DESC LIMIT ?2",
        )?;
        let rows = query.query_map(params![task.0, most], |row| row.get::<_, String>(0))?;
        let mut records = Vec::new();
        for row in rows {
            // One that cannot be read any more is left out.
            records.extend(serde_json::from_str(&row?).ok());
        }
        Ok(records)
    }

    /// Forgets the iterations of a task's loop, since it begins anew.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn clear_iterations(&self, task: TaskId) -> Result<(), StoreError> {
        self.lock()
            .execute("DELETE FROM iterations WHERE task = ?1", [task.0])?;
        Ok(())
    }
}
