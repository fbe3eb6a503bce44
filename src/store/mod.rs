//! The database: what is durable about projects, tasks, sessions, runs and events.
//!
//! May use the domain and the configuration. The daemon is its only writer and opens it once. Invariants:
//! a change of a task's state and its row in `events` are one transaction; migrations only ever append,
//! so that every database gluon ever wrote can be read.

mod archive;
mod attention;
mod checks;
mod comments;
mod events;
mod follow_ups;
mod index;
mod kept;
mod loops;
mod merge_queue;
mod migrate;
mod operations;
mod projects;
mod rows;
mod runs;
mod sessions;
mod settings;
mod tasks;
mod usage;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

pub use events::EventDraft;
pub use index::{Batch, Index, IndexEntry, NewWords, Outline, WrittenAs};
pub use loops::StoredLoop;
pub use usage::Spent;

/// Why the database cannot do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer gluon has written it.
    #[error(
        "the database {path} was written by a newer gluon (schema {found}, this one knows {known})"
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// It is no database, or damaged.
    #[error("the database {path} is damaged: {message}; move it away to start afresh")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        message: String,
    },
    /// SQLite refused.
    #[error("the database refused: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// There is no such row.
    #[error("there is no {0}")]
    NotFound(String),
}

/// The database, open. All calls block, none for long.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens or makes the database at `path` and brings its schema up to date.
    ///
    /// # Errors
    /// Where it is newer than this program, damaged, or cannot be opened; it is left as it is then.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let named = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                StoreError::Damaged {
                    path: path.to_owned(),
                    message: error.to_string(),
                }
            }
            _ => StoreError::Sqlite(error),
        };
        let mut connection = Connection::open(path).map_err(named)?;
        connection
            .busy_timeout(std::time::Duration::from_secs(5))
            .map_err(named)?;
        connection
            .pragma_update(None, "journal_mode", "wal")
            .map_err(named)?;
        // With a write-ahead log this is safe against crashes of the program, and against those of the
        // machine it can only lose the newest rows, never the database.
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate::migrate(&mut connection, path)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// A database in memory, for tests.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn in_memory() -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate::migrate(&mut connection, Path::new(":memory:"))?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic between two statements leaves no half transaction behind: dropping it rolls back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
