//! What the user has not seen of a session, and what they were told of it last.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError};
use crate::domain::SessionId;

impl Store {
    /// Whether something happened in a session since the user last looked.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn unseen(&self, session: SessionId) -> Result<bool, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT unseen FROM attention WHERE session = ?1")?;
        let found: Option<bool> = query.query_row([session.0], |row| row.get(0)).optional()?;
        Ok(found.unwrap_or(false))
    }

    /// Notes whether something happened in a session since the user last looked.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn set_unseen(&self, session: SessionId, unseen: bool) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT INTO attention (session, unseen) VALUES (?1, ?2)
             ON CONFLICT (session) DO UPDATE SET unseen = excluded.unseen",
            params![session.0, unseen],
        )?;
        Ok(())
    }

    /// What the user was told of a session last; empty where nothing is to be remembered.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn told(&self, session: SessionId) -> Result<String, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT told FROM attention WHERE session = ?1")?;
        let found = query.query_row([session.0], |row| row.get(0)).optional()?;
        Ok(found.unwrap_or_default())
    }

    /// What the user was told of every session of which something is to be remembered.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn all_told(&self) -> Result<Vec<(SessionId, String)>, StoreError> {
        let connection = self.lock();
        let mut query =
            connection.prepare_cached("SELECT session, told FROM attention WHERE told != ''")?;
        let rows = query.query_map([], |row| Ok((SessionId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes what the user was told of a session.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn set_told(&self, session: SessionId, told: &str) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT INTO attention (session, told) VALUES (?1, ?2)
             ON CONFLICT (session) DO UPDATE SET told = excluded.told",
            params![session.0, told],
        )?;
        Ok(())
    }
}
