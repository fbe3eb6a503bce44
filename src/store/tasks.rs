//! Tasks. A task is only ever written together with an event.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{json, json_option, path_text, status, to_json, to_json_option, word};
use super::{EventDraft, Store, StoreError};
use crate::domain::{MicroUsd, Mode, Priority, ProjectId, Status, Task, TaskId, Timestamp};

impl Store {
    /// Adds a task; its `id` is given by the database, what `task.id` says is not looked at.
    ///
    /// # Errors
    /// Where the database refuses; nothing is written then.
    pub fn add_task(&self, task: &Task, event: EventDraft) -> Result<Task, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute(
            "INSERT INTO tasks (project, title, prompt, agent, mode, priority, labels, depends_on, status, position, held, created_at, changed_at)
             VALUES (?1, '', '', '', 'interactive', 0, '[]', '[]', 'queued', 0, 0, 0, 0)",
            [task.project.0],
        )?;
        let task = Task {
            id: TaskId(transaction.last_insert_rowid()),
            ..task.clone()
        };
        write(&transaction, &task)?;
        event.about(task.id).write(&transaction)?;
        transaction.commit()?;
        Ok(task)
    }

    /// Writes a task as it is now, and why.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is gone; nothing is written then.
    pub fn change_task(&self, task: &Task, event: EventDraft) -> Result<(), StoreError> {
        self.change_tasks(std::slice::from_ref(task), vec![event.about(task.id)])
    }

    /// Writes several tasks and what happened, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where one is gone; nothing is written then.
    pub fn change_tasks(&self, tasks: &[Task], events: Vec<EventDraft>) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for task in tasks {
            write(&transaction, task)?;
        }
        for event in events {
            event.write(&transaction)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// All tasks.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn tasks(&self) -> Result<Vec<Task>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT * FROM tasks ORDER BY id")?;
        let rows = query.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One task.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn task(&self, id: TaskId) -> Result<Task, StoreError> {
        self.lock()
            .query_row("SELECT * FROM tasks WHERE id = ?1", [id.0], read)
            .optional()?
            .ok_or_else(|| StoreError::NotFound(format!("task {id}")))
    }

    /// Removes a task with its sessions and runs; its events stay, and one more says that it went.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn remove_task(&self, id: TaskId, event: EventDraft) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM tasks WHERE id = ?1", [id.0])?;
        event.about(id).write(&transaction)?;
        transaction.commit()?;
        Ok(())
    }
}

pub(super) fn write(connection: &Connection, task: &Task) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE tasks SET title = ?2, prompt = ?3, agent = ?4, command = ?5, mode = ?6, base = ?7,
                priority = ?8, labels = ?9, depends_on = ?10, budget = ?11, status = ?12,
                position = ?13, held = ?14, branch = ?15, base_commit = ?16, worktree = ?17,
                reason = ?18, created_at = ?19, changed_at = ?20
             WHERE id = ?1",
        )?
        .execute(params![
            task.id.0,
            task.title,
            task.prompt,
            task.agent,
            to_json_option(task.command.as_ref())?,
            task.mode.word(),
            task.base,
            task.priority.level(),
            to_json(&task.labels)?,
            to_json(&task.depends_on)?,
            task.budget.map(|budget| budget.0),
            task.status.word(),
            task.position,
            task.held,
            task.branch,
            task.base_commit,
            task.worktree.as_deref().map(path_text),
            to_json_option(task.reason.as_ref())?,
            task.created_at.0,
            task.changed_at.0,
        ])?;
    if changed == 0 {
        return Err(StoreError::NotFound(format!("task {}", task.id)));
    }
    Ok(())
}

/// Adds a task under the number it has: one that was removed comes back.
pub(super) fn insert_as(connection: &Connection, task: &Task) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO tasks (id, project, title, prompt, agent, mode, priority, labels, depends_on, status, position, held, created_at, changed_at)
         VALUES (?1, ?2, '', '', '', 'interactive', 0, '[]', '[]', 'queued', 0, 0, 0, 0)",
        params![task.id.0, task.project.0],
    )?;
    write(connection, task)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Task> {
    Ok(Task {
        id: TaskId(row.get("id")?),
        project: ProjectId(row.get("project")?),
        title: row.get("title")?,
        prompt: row.get("prompt")?,
        agent: row.get("agent")?,
        command: json_option(row, "command")?,
        mode: word(row, "mode", Mode::from_word)?,
        base: row.get("base")?,
        priority: Priority::new(row.get("priority")?),
        labels: json(row, "labels")?,
        depends_on: json(row, "depends_on")?,
        budget: row.get::<_, Option<i64>>("budget")?.map(MicroUsd),
        status: status(row)?,
        position: row.get("position")?,
        held: row.get("held")?,
        branch: row.get("branch")?,
        base_commit: row.get("base_commit")?,
        worktree: row.get::<_, Option<String>>("worktree")?.map(PathBuf::from),
        reason: json_option(row, "reason")?,
        created_at: Timestamp(row.get("created_at")?),
        changed_at: Timestamp(row.get("changed_at")?),
    })
}

impl Store {
    /// How many tasks stand in each status, for quick answers.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn count_tasks(&self, wanted: Status) -> Result<u32, StoreError> {
        Ok(self.lock().query_row(
            "SELECT count(*) FROM tasks WHERE status = ?1",
            [wanted.word()],
            |row| row.get(0),
        )?)
    }
}
