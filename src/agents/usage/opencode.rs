//! What opencode's database tells of usage: a row a message, which is a request where it is an assistant's.
//!
//! Seen with 1.18.33. `input` lacks what was cached, `output` the reasoning. What a request cost stands
//! there too, by opencode's own table of prices; 0 where that has none. Sessions of subagents name the one
//! they were made for. Only ever read.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use rusqlite::params;
use serde_json::Value;

use super::super::conversations::open_database;
use super::count;
use crate::domain::cost::{PicoUsd, model_name};
use crate::domain::{Timestamp, Usage};

/// The most messages that one look reads.
const MESSAGES: i64 = 20_000;

/// A request.
pub(super) struct Request {
    pub(super) key: u64,
    pub(super) at: Timestamp,
    pub(super) model: String,
    pub(super) usage: Usage,
    /// What opencode says that it cost.
    pub(super) cost: Option<PicoUsd>,
}

/// Gives `each` the requests of session `id` and its subagents that have changed since `from` (the newest
/// change seen before, in milliseconds); gives the newest change now.
pub(super) fn read(
    database: &Path,
    id: &str,
    from: i64,
    each: &mut dyn FnMut(Request),
) -> rusqlite::Result<i64> {
    let connection = open_database(database)?;
    let mut query = connection.prepare(
        "WITH RECURSIVE own(id) AS (
             SELECT ?1 UNION SELECT s.id FROM session s JOIN own ON s.parent_id = own.id LIMIT 1000
         )
         SELECT m.id, m.time_created, m.time_updated, m.data FROM message m
         WHERE m.session_id IN (SELECT id FROM own) AND m.time_updated >= ?2
             AND length(m.data) < 8000000
         ORDER BY m.time_updated LIMIT ?3",
    )?;
    let mut rows = query.query(params![id, from, MESSAGES])?;
    let mut newest = from;
    while let Some(row) = rows.next()? {
        newest = newest.max(row.get(2)?);
        let data: String = row.get(3)?;
        let Ok(said) = serde_json::from_str::<Value>(&data) else {
            continue;
        };
        if let Some(request) = request(&row.get::<_, String>(0)?, row.get(1)?, &said) {
            each(request);
        }
    }
    Ok(newest)
}

fn request(id: &str, at: i64, said: &Value) -> Option<Request> {
    let tokens = said.get("tokens").filter(|_| said["role"] == "assistant")?;
    let reasoning = count(tokens, "reasoning");
    let usage = Usage {
        input: count(tokens, "input"),
        cache_read: count(&tokens["cache"], "read"),
        cache_write_5m: count(&tokens["cache"], "write"),
        cache_write_1h: 0,
        output: count(tokens, "output") + reasoning,
        reasoning,
    };
    let mut hasher = DefaultHasher::new();
    (id, "opencode").hash(&mut hasher);
    let cost = said["cost"].as_f64().filter(|cost| *cost > 0.0);
    (usage != Usage::default()).then(|| Request {
        key: hasher.finish(),
        at: Timestamp(at),
        model: model_name(said["modelID"].as_str().unwrap_or_default()).to_owned(),
        usage,
        cost: cost.and_then(PicoUsd::from_dollars),
    })
}
