//! The index of conversations: which transcripts are on this machine, and every word in them.
//!
//! A database of its own beside the other one: everything in it can be read from the transcripts again, so
//! it may be deleted at any time, and one that is damaged or of another version is begun anew. The words
//! stand in an FTS5 table without the text they are from. What a transcript tells is kept as its reader
//! made it; the index does not look into it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use self::words::{Splitter, TOKENIZE, paired, term};
use super::StoreError;

mod words;

/// Another number: the index is begun anew.
const VERSION: i64 = 5;
/// A transcript that was read on more often than this is read from its beginning again, so that its words
/// come together.
const PIECES: i64 = 64;
/// The words of transcript 7 stand in rows from 7 times this on, those of its title in the first: so no other
/// table has to say whose a row is.
const ROWS: i64 = 256;

const SCHEMA: &str = "
CREATE TABLE transcripts (
    id INTEGER PRIMARY KEY,
    place TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    written INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    agent TEXT NOT NULL,
    conversation TEXT NOT NULL,
    directory TEXT NOT NULL,
    title TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    record TEXT NOT NULL,
    -- The pieces in which its words came, that of its title not counted.
    pieces INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX transcripts_by_conversation ON transcripts (conversation);
-- What a list is made from, without a look at the records.
CREATE INDEX transcripts_listed ON transcripts (changed_at DESC, id, agent, conversation, directory)
 WHERE shown;
CREATE TABLE priced (mark INTEGER NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (
    title, prompts, text,
    content = '', contentless_delete = 1, detail = column, tokenize = '{tokenize}', prefix = '2 3 4 5'
);
";

/// The index, open. All calls block, none for long.
#[derive(Debug)]
pub struct Index {
    connection: Mutex<Connection>,
    /// Reads only, so that whoever lists does not wait for what is being written.
    reader: Mutex<Connection>,
    splitter: Splitter,
}

/// What changes when a transcript is written to: its length, when, which file it is.
pub type WrittenAs = (u64, i64, u64);

/// A transcript as the index has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexEntry {
    /// Where it is.
    pub place: String,
    /// As it was when it was read.
    pub written: WrittenAs,
    /// Whose it is.
    pub agent: String,
    /// The conversation's id.
    pub conversation: String,
    /// Where it was led.
    pub directory: String,
    /// Its title.
    pub title: String,
    /// When something was last said in it, in milliseconds.
    pub changed_at: i64,
    /// Whether it is a conversation to be listed.
    pub shown: bool,
    /// What its reader made of it.
    pub record: String,
}

/// What is new in a transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewWords {
    /// Whether everything before is void.
    pub anew: bool,
    /// What the user said.
    pub prompts: String,
    /// What the agent said.
    pub text: String,
}

/// A conversation as far as lists are made by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The number that [`Index::entries`] takes.
    pub row: i64,
    /// Whose it is.
    pub agent: String,
    /// The conversation's id.
    pub conversation: String,
    /// Where it was led.
    pub directory: String,
    /// Whether what was searched stands in its title or its prompts.
    pub strong: bool,
}

impl Index {
    /// Opens or makes the index at `path`.
    ///
    /// # Errors
    /// Where it can neither be opened nor begun anew.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        match Self::at(path) {
            Ok(index) => Ok(index),
            Err(_) => {
                for end in ["", "-wal", "-shm"] {
                    let mut name = path.as_os_str().to_owned();
                    name.push(end);
                    let _ = fs::remove_file(PathBuf::from(name));
                }
                Self::at(path)
            }
        }
    }

    fn at(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // What a crash of the machine takes is read again.
        connection.pragma_update(None, "synchronous", "off")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version == 0 {
            let transaction = connection.transaction()?;
            transaction.execute_batch(&SCHEMA.replace("{tokenize}", TOKENIZE))?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        } else if version != VERSION {
            return Err(StoreError::Newer {
                path: path.to_owned(),
                found: version,
                known: VERSION,
            });
        }
        let reader = Connection::open(path)?;
        reader.busy_timeout(Duration::from_secs(5))?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(Self {
            connection: Mutex::new(connection),
            reader: Mutex::new(reader),
            splitter: Splitter::new()?,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // Half a transaction is rolled back when it is dropped.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does several things in one transaction: a hundred small ones take much longer.
    ///
    /// # Errors
    /// What `work` or the database says; nothing is changed then.
    pub fn together<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Batch<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(StoreError::from)?;
        let batch = Batch(&transaction);
        let done = work(&batch)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(done)
    }

    /// All transcripts, as they were when they were read.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn known(&self) -> Result<HashMap<String, WrittenAs>, StoreError> {
        let connection = self.reader();
        let mut query =
            connection.prepare_cached("SELECT place, size, written, inode FROM transcripts")?;
        let rows = query.query_map([], |row| {
            let written = (number(row.get(1)?), row.get(2)?, number(row.get(3)?));
            Ok((row.get(0)?, written))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// See [`Batch::record`].
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn record(&self, place: &str) -> Result<Option<String>, StoreError> {
        Batch(&self.lock()).record(place)
    }

    /// See [`Batch::put`].
    ///
    /// # Errors
    /// Where the database refuses; nothing is changed then.
    pub fn put(&self, entry: &IndexEntry, new: &NewWords) -> Result<(), StoreError> {
        self.together(|batch| batch.put(entry, new))
    }

    /// Forgets transcripts that are gone.
    ///
    /// # Errors
    /// Where the database refuses; nothing is changed then.
    pub fn forget(&self, places: &[String]) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for place in places {
            let id: Option<i64> = transaction
                .prepare_cached("SELECT id FROM transcripts WHERE place = ?1")?
                .query_row([place], |row| row.get(0))
                .optional()?;
            if let Some(id) = id {
                forget_words(&transaction, id, false)?;
                transaction
                    .prepare_cached("DELETE FROM transcripts WHERE id = ?1")?
                    .execute([id])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// The conversations in which all of `words` stand, or words beginning so (in their title or prompts only,
    /// where `titles` is said), those that changed last first; without words all.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn outlines(&self, words: &str, titles: bool) -> Result<Vec<Outline>, StoreError> {
        let searched = self.splitter.words(words)?;
        if searched.is_empty() && !words.trim().is_empty() {
            return Ok(Vec::new());
        }
        let connection = self.reader();
        let mut found = None;
        let mut strong = Vec::new();
        if !searched.is_empty() {
            strong = matching(&connection, "{title prompts} : ", &searched)?;
            found = Some(match titles {
                true => strong.clone(),
                false => matching(&connection, "", &searched)?,
            });
        }
        let mut query = connection.prepare_cached(
            "SELECT id, agent, conversation, directory FROM transcripts WHERE shown
             ORDER BY changed_at DESC, id",
        )?;
        let mut rows = query.query([])?;
        let mut outlines = Vec::new();
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            if found
                .as_ref()
                .is_some_and(|found: &Vec<i64>| found.binary_search(&number).is_err())
            {
                continue;
            }
            outlines.push(Outline {
                row: number,
                agent: row.get(1)?,
                conversation: row.get(2)?,
                directory: row.get(3)?,
                strong: strong.binary_search(&number).is_ok(),
            });
        }
        Ok(outlines)
    }

    /// The conversations of these rows, in their order; one that went meanwhile is left out.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn entries(&self, rows: &[i64]) -> Result<Vec<IndexEntry>, StoreError> {
        let connection = self.reader();
        let mut query = connection.prepare_cached(
            "SELECT place, size, written, inode, agent, conversation, directory, title, changed_at, record
             FROM transcripts WHERE id = ?1",
        )?;
        let entries = rows
            .iter()
            .filter_map(|row| query.query_row([row], entry).optional().transpose());
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// What tells by which prices the costs in the records were reckoned; `None` where there are none yet.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn priced(&self) -> Result<Option<i64>, StoreError> {
        let connection = self.reader();
        let mut query = connection.prepare_cached("SELECT mark FROM priced")?;
        Ok(query.query_row([], |row| row.get(0)).optional()?)
    }

    /// Notes by which prices the costs were reckoned.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn set_priced(&self, mark: i64) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM priced", [])?;
        transaction.execute("INSERT INTO priced VALUES (?1)", [mark])?;
        Ok(transaction.commit()?)
    }

    /// The transcripts of one conversation of an agent's, its subagents' included.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn transcripts_of(&self, agent: &str, id: &str) -> Result<Vec<IndexEntry>, StoreError> {
        let connection = self.reader();
        let mut query = connection.prepare_cached(
            "SELECT place, size, written, inode, agent, conversation, directory, title, changed_at, record,
                    shown
             FROM transcripts WHERE conversation = ?2 AND agent = ?1",
        )?;
        let rows = query.query_map([agent, id], |row| {
            Ok(IndexEntry {
                shown: row.get(10)?,
                ..entry(row)?
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The conversations whose ids begin with `prefix`, those that changed last first, so many at most.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn by_prefix(&self, prefix: &str, most: u32) -> Result<Vec<IndexEntry>, StoreError> {
        let connection = self.reader();
        let mut query = connection.prepare_cached(
            "SELECT place, size, written, inode, agent, conversation, directory, title, changed_at, record
             FROM transcripts
             WHERE shown AND substr(conversation, 1, length(?1)) = ?1
             ORDER BY changed_at DESC, id LIMIT ?2",
        )?;
        let rows = query.query_map(params![prefix, most], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The index while several things are done to it in one transaction.
pub struct Batch<'a>(&'a Connection);

impl Batch<'_> {
    /// What the reader of the transcript at `place` made of it, to read on; `None` where it is not known, or
    /// is better read from its beginning.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn record(&self, place: &str) -> Result<Option<String>, StoreError> {
        let mut query = self
            .0
            .prepare_cached("SELECT record FROM transcripts WHERE place = ?1 AND pieces < ?2")?;
        Ok(query
            .query_row(params![place, PIECES], |row| row.get(0))
            .optional()?)
    }

    /// Takes in what is new in a transcript.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn put(&self, entry: &IndexEntry, new: &NewWords) -> Result<(), StoreError> {
        let transaction = self.0;
        let before: Option<(i64, String)> = transaction
            .prepare_cached("SELECT id, title FROM transcripts WHERE place = ?1")?
            .query_row([&entry.place], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let id: i64 = transaction
            .prepare_cached(
                "INSERT INTO transcripts
                 (place, size, written, inode, agent, conversation, directory, title, changed_at, shown,
                  record)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (place) DO UPDATE SET
                  size = ?2, written = ?3, inode = ?4, agent = ?5, conversation = ?6, directory = ?7,
                  title = ?8, changed_at = ?9, shown = ?10, record = ?11
                 RETURNING id",
            )?
            .query_row(
                params![
                    entry.place,
                    entry.written.0 as i64,
                    entry.written.1,
                    entry.written.2 as i64,
                    entry.agent,
                    entry.conversation,
                    entry.directory,
                    entry.title,
                    entry.changed_at,
                    entry.shown,
                    entry.record,
                ],
                |row| row.get(0),
            )?;
        let renamed = before.is_none_or(|(_, title)| title != entry.title);
        if new.anew || renamed {
            forget_words(transaction, id, !new.anew)?;
        }
        // What is not listed is not searched either.
        if entry.shown {
            if new.anew || renamed {
                let title = format!("{} {}", entry.title, entry.directory);
                add_words(transaction, id, true, [&title, "", ""])?;
            }
            if !new.prompts.is_empty() || !new.text.is_empty() {
                add_words(transaction, id, false, ["", &new.prompts, &new.text])?;
            }
        }
        Ok(())
    }
}

/// The transcripts in which all of `words` stand, in these columns, in ascending order.
fn matching(
    connection: &Connection,
    columns: &str,
    words: &[String],
) -> rusqlite::Result<Vec<i64>> {
    let mut query = connection.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1")?;
    let mut all: Option<Vec<i64>> = None;
    for word in words {
        let mut rows = query.query([format!("{columns}{}", term(word))])?;
        // They come in ascending order.
        let mut found: Vec<i64> = Vec::new();
        while let Some(row) = rows.next()? {
            let transcript = row.get::<_, i64>(0)? / ROWS;
            if found.last() != Some(&transcript) {
                found.push(transcript);
            }
        }
        all = Some(match all {
            Some(all) => both(&all, &found),
            None => found,
        });
        if all.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
    }
    Ok(all.unwrap_or_default())
}

/// What stands in both of two ascending lists.
fn both(one: &[i64], other: &[i64]) -> Vec<i64> {
    let mut other = other.iter().peekable();
    let in_other = |wanted: &&i64| {
        while other.next_if(|here| here < wanted).is_some() {}
        other.peek() == Some(wanted)
    };
    one.iter().filter(in_other).copied().collect()
}

fn forget_words(connection: &Connection, transcript: i64, title: bool) -> rusqlite::Result<()> {
    let first = transcript * ROWS;
    let last = if title { first } else { first + ROWS - 1 };
    connection
        .prepare_cached("DELETE FROM words WHERE rowid BETWEEN ?1 AND ?2")?
        .execute([first, last])?;
    if !title {
        connection
            .prepare_cached("UPDATE transcripts SET pieces = 0 WHERE id = ?1")?
            .execute([transcript])?;
    }
    Ok(())
}

fn add_words(
    connection: &Connection,
    transcript: i64,
    title: bool,
    columns: [&str; 3],
) -> rusqlite::Result<()> {
    let piece: i64 = match title {
        true => 0,
        false => connection
            .prepare_cached(
                "UPDATE transcripts SET pieces = pieces + 1 WHERE id = ?1 RETURNING pieces",
            )?
            .query_row([transcript], |row| row.get(0))?,
    };
    connection
        .prepare_cached("INSERT INTO words (rowid, title, prompts, text) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            transcript * ROWS + piece.min(ROWS - 1),
            paired(columns[0]),
            paired(columns[1]),
            paired(columns[2])
        ])?;
    Ok(())
}

/// A row of those columns that every query of entries begins with.
fn entry(row: &Row<'_>) -> rusqlite::Result<IndexEntry> {
    Ok(IndexEntry {
        place: row.get(0)?,
        written: (number(row.get(1)?), row.get(2)?, number(row.get(3)?)),
        agent: row.get(4)?,
        conversation: row.get(5)?,
        directory: row.get(6)?,
        title: row.get(7)?,
        changed_at: row.get(8)?,
        shown: true,
        record: row.get(9)?,
    })
}

fn number(stored: i64) -> u64 {
    stored as u64
}

#[cfg(test)]
mod tests;
