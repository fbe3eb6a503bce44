//! How values of the domain stand in columns: words for enums, JSON for lists, UTF-8 for paths.

use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{SessionState, Status};

/// Turns a word back into a value; a word nobody knows is an error that names the column.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: &str,
    read: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| wrong(column, &text))
}

/// Reads a JSON column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| wrong(column, &text))
}

/// Reads a JSON column that may be empty.
pub(super) fn json_option<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    match row.get::<_, Option<String>>(column)? {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| wrong(column, &text)),
    }
}

/// Writes a value as JSON.
pub(super) fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Writes a value as JSON if there is one.
pub(super) fn to_json_option<T: Serialize>(value: Option<&T>) -> rusqlite::Result<Option<String>> {
    value.map(to_json).transpose()
}

/// Paths are stored as UTF-8; others are refused when a project is registered, so nothing is lost here.
pub(super) fn path_text(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

pub(super) fn status(row: &Row<'_>) -> rusqlite::Result<Status> {
    word(row, "status", Status::from_word)
}

pub(super) fn state_word(state: SessionState) -> &'static str {
    match state {
        SessionState::Live => "live",
        SessionState::Ended => "ended",
        SessionState::Interrupted => "interrupted",
    }
}

pub(super) fn state_from_word(word: &str) -> Option<SessionState> {
    Some(match word {
        "live" => SessionState::Live,
        "ended" => SessionState::Ended,
        "interrupted" => SessionState::Interrupted,
        _ => return None,
    })
}

fn wrong(column: &str, text: &str) -> rusqlite::Error {
    let shown: String = text.chars().take(40).collect();
    let message = format!("the column {column} holds `{shown}`, which this gluon does not know");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, message.into())
}
