//! Comments on tasks' changes, and when those were last reviewed.

use rusqlite::{OptionalExtension, Row, params};

use super::rows::{json, to_json};
use super::{Store, StoreError};
use crate::domain::{Comment, CommentId, TaskId, Timestamp};

/// The most comments of one task that are kept.
const MOST: usize = 1_000;

impl Store {
    /// Adds a comment; the answer has its id.
    ///
    /// # Errors
    /// Where the database refuses, or the task has very many already.
    pub fn add_comment(&self, comment: &Comment) -> Result<Comment, StoreError> {
        if self.comments(comment.task)?.len() >= MOST {
            let full = format!(
                "room for more than {MOST} comments on task {}",
                comment.task
            );
            return Err(StoreError::NotFound(full));
        }
        let connection = self.lock();
        connection.execute(
            "INSERT INTO comments (task, place, quote, text, made_at, sent_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                comment.task.0,
                to_json(&comment.place)?,
                comment.quote,
                comment.text,
                comment.made_at.0,
                comment.sent_at.map(|at| at.0),
            ],
        )?;
        Ok(Comment {
            id: CommentId(connection.last_insert_rowid()),
            ..comment.clone()
        })
    }

    /// All comments on a task's changes, the oldest first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn comments(&self, task: TaskId) -> Result<Vec<Comment>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT * FROM comments WHERE task = ?1 ORDER BY id")?;
        let rows = query.query_map([task.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Other words for a comment that was not sent yet; empty ones remove it. Whether there was one.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn set_comment(&self, task: TaskId, id: CommentId, text: &str) -> Result<bool, StoreError> {
        let connection = self.lock();
        let changed = match text.is_empty() {
            true => connection.execute(
                "DELETE FROM comments WHERE id = ?1 AND task = ?2 AND sent_at IS NULL",
                params![id.0, task.0],
            )?,
            false => connection.execute(
                "UPDATE comments SET text = ?3 WHERE id = ?1 AND task = ?2 AND sent_at IS NULL",
                params![id.0, task.0, text],
            )?,
        };
        Ok(changed > 0)
    }

    /// Notes that the agent was told these comments, and which snapshot of its work they are about.
    ///
    /// # Errors
    /// Where the database refuses; nothing is noted then.
    pub fn set_reviewed(
        &self,
        task: TaskId,
        comments: &[CommentId],
        snapshot: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for id in comments {
            transaction.execute(
                "UPDATE comments SET sent_at = ?3 WHERE id = ?1 AND task = ?2",
                params![id.0, task.0, at.0],
            )?;
        }
        if let Some(snapshot) = snapshot {
            transaction.execute(
                "INSERT INTO reviews (task, snapshot, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (task) DO UPDATE SET snapshot = excluded.snapshot, at = excluded.at",
                params![task.0, snapshot, at.0],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// The snapshot that a task's last review was about, and when that was.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn reviewed(&self, task: TaskId) -> Result<Option<(String, Timestamp)>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT snapshot, at FROM reviews WHERE task = ?1")?;
        let found = query.query_row([task.0], |row| Ok((row.get(0)?, Timestamp(row.get(1)?))));
        Ok(found.optional()?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Comment> {
    Ok(Comment {
        id: CommentId(row.get("id")?),
        task: TaskId(row.get("task")?),
        place: json(row, "place")?,
        quote: row.get("quote")?,
        text: row.get("text")?,
        made_at: Timestamp(row.get("made_at")?),
        sent_at: row.get::<_, Option<i64>>("sent_at")?.map(Timestamp),
    })
}
