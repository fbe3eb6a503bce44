//! What other tables say about a task, so that it is there again when the task is brought back: its loop with
//! what came of the iterations, comments, checks, messages that wait, what it is a fork of, the archive.
//!
//! Rows are kept as they are, by the names of their columns. Invariant: a table that is made later is named in
//! [`TABLES`]; one that is gone, or a column that is, is left out when rows come back.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params, params_from_iter};

use super::rows::to_json;
use super::{Store, StoreError};
use crate::domain::TaskId;
use crate::domain::operation::KeptRow;

/// The tables whose rows go with their task, but for those that have a record of their own.
const TABLES: [&str; 8] = [
    "loops",
    "iterations",
    "comments",
    "reviews",
    "checks",
    "forks",
    "follow_ups",
    "archive",
];

type Fields = serde_json::Map<String, serde_json::Value>;

impl Store {
    /// What goes along when a task is removed.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn rows_about(&self, task: TaskId) -> Result<Vec<KeptRow>, StoreError> {
        let connection = self.lock();
        let mut kept = Vec::new();
        for table in TABLES {
            let mut query =
                connection.prepare(&format!("SELECT * FROM {table} WHERE task = ?1"))?;
            let names: Vec<String> = query.column_names().map(Into::into).collect();
            let mut rows = query.query([task.0])?;
            while let Some(row) = rows.next()? {
                let mut fields = Fields::new();
                for (index, name) in names.iter().enumerate() {
                    fields.insert(name.clone(), field(row.get_ref(index)?));
                }
                kept.push(KeptRow {
                    table: table.to_owned(),
                    fields: to_json(&fields)?,
                });
            }
        }
        Ok(kept)
    }
}

fn field(value: ValueRef<'_>) -> serde_json::Value {
    match value {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Null | ValueRef::Blob(_) => serde_json::Value::Null,
    }
}

/// Writes rows that were kept. One that fits nowhere any more is left out: the task matters more.
pub(super) fn put_back(connection: &Connection, rows: &[KeptRow]) -> Result<(), StoreError> {
    for row in rows {
        let Some(table) = TABLES.into_iter().find(|table| *table == row.table) else {
            continue;
        };
        let Ok(fields) = serde_json::from_str::<Fields>(&row.fields) else {
            continue;
        };
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let known: Vec<String> = columns
            .query_map(params![table], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let (names, values): (Vec<&str>, Vec<Value>) = fields
            .iter()
            .filter(|(name, _)| known.contains(name))
            .map(|(name, value)| (name.as_str(), from_field(value)))
            .unzip();
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!(
            "INSERT OR IGNORE INTO {table} ({}) VALUES ({marks})",
            names.join(", ")
        );
        connection.execute(&sql, params_from_iter(values))?;
    }
    Ok(())
}

fn from_field(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Real(number.as_f64().unwrap_or_default()),
        },
        _ => Value::Null,
    }
}
