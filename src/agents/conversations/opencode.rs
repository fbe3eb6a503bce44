//! Conversations of opencode: its database, `opencode.db`, which is only ever read. Seen with 1.18.33.
//!
//! A place is the database's path and a session's id. What a message says is in its parts, JSON each. This
//! is somebody else's schema: whatever is not as expected is left out.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};
use serde_json::Value;

use super::text::{call, one_line};
use super::{Found, From, News, Page, Sought, Stamp, Told};
use crate::domain::{Basis, Cost, Passage, Speaker, Timestamp, cost::PicoUsd};

/// The most parts of one conversation that are read to be searched.
const PARTS: u32 = 20_000;
/// What stands between the database's path and the session's id.
const MARK: char = '#';

/// The database, to be read only.
pub(in crate::agents) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_millis(500))?;
    Ok(connection)
}

pub(super) fn find(home: &Path, most: usize) -> rusqlite::Result<Vec<Found>> {
    let path = home.join("opencode.db");
    let Some(text) = path.to_str().filter(|_| path.is_file()) else {
        return Ok(Vec::new());
    };
    let connection = open(&path)?;
    let mut query = connection.prepare(
        "SELECT id, time_updated FROM session WHERE parent_id IS NULL
         ORDER BY time_updated DESC LIMIT ?1",
    )?;
    let rows = query.query_map([most as i64], |row| {
        let id: String = row.get(0)?;
        Ok(Found {
            place: format!("{text}{MARK}{id}"),
            stamp: Stamp {
                changed: Timestamp(row.get(1)?),
                ..Stamp::default()
            },
        })
    })?;
    rows.collect()
}

fn of_place(place: &str) -> io::Result<(Connection, &str)> {
    let (path, id) = place
        .rsplit_once(MARK)
        .ok_or_else(|| io::Error::other("it is no session of opencode's"))?;
    Ok((open(Path::new(path)).map_err(io::Error::other)?, id))
}

pub(super) fn read(place: &str) -> io::Result<News> {
    let (connection, id) = of_place(place)?;
    let mut told = Told {
        brief: true,
        ..Told::default()
    };
    head(&connection, id, &mut told).map_err(io::Error::other)?;
    parts(&connection, id, 0, PARTS, &mut told).map_err(io::Error::other)?;
    let mut news = News {
        anew: true,
        digest: told.digest,
        ..News::default()
    };
    news.take(&told.passages);
    Ok(news)
}

fn head(connection: &Connection, id: &str, told: &mut Told) -> rusqlite::Result<()> {
    connection.query_row(
        "SELECT directory, title, model, time_created, time_updated, cost,
                tokens_input + tokens_output + tokens_cache_read + tokens_cache_write
         FROM session WHERE id = ?1",
        [id],
        |row| {
            let conversation = &mut told.digest.conversation;
            id.clone_into(&mut conversation.id);
            conversation.directory = PathBuf::from(row.get::<_, String>(0)?);
            let model: Option<String> = row.get(2)?;
            let model: Option<Value> = model.and_then(|text| serde_json::from_str(&text).ok());
            let model = model.as_ref().and_then(|model| model["id"].as_str());
            conversation.model = one_line(model.unwrap_or_default(), 80);
            conversation.started_at = Timestamp(row.get(3)?);
            conversation.changed_at = Timestamp(row.get(4)?);
            let cost = row.get::<_, Option<f64>>(5)?.filter(|cost| *cost > 0.0);
            let tokens = row.get::<_, Option<i64>>(6)?.unwrap_or_default();
            conversation.cost = cost.and_then(PicoUsd::from_dollars).map(|cost| Cost {
                usd: cost.micros(),
                basis: Basis::Reported,
                unpriced: false,
                tokens: tokens.max(0) as u64,
            });
            let title: String = row.get(1)?;
            // What it is called until a model has found a title.
            if !title.starts_with("New session - ") {
                told.title(&title, 2);
            }
            Ok(())
        },
    )
}

/// The passages of so many parts from number `first` on; how many parts there were.
fn parts(
    connection: &Connection,
    id: &str,
    first: u64,
    count: u32,
    told: &mut Told,
) -> rusqlite::Result<u64> {
    let mut query = connection.prepare(
        "SELECT m.data ->> '$.role', p.data, p.time_created
         FROM part p JOIN message m ON m.id = p.message_id
         WHERE p.session_id = ?1 AND length(p.data) < 8000000
         ORDER BY m.time_created, m.id, p.id LIMIT ?2 OFFSET ?3",
    )?;
    let first = i64::try_from(first).unwrap_or(i64::MAX);
    let mut rows = query.query(params![id, count, first])?;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        read += 1;
        let role: Option<String> = row.get(0)?;
        let data: String = row.get(1)?;
        let at = Some(Timestamp(row.get(2)?));
        if let Ok(part) = serde_json::from_str(&data) {
            say(role.as_deref() == Some("user"), &part, at, told);
        }
    }
    Ok(read)
}

fn say(user: bool, part: &Value, at: Option<Timestamp>, told: &mut Told) {
    let text = part["text"].as_str().unwrap_or_default();
    match part["type"].as_str() {
        // What the CLI added to what the user said.
        Some("text") if part["synthetic"] == true => {}
        Some("text") if user => told.say(Speaker::User, unquoted(text), at),
        Some("text") => told.say(Speaker::Agent, text, at),
        Some("reasoning") => told.say(Speaker::Thought, text, at),
        Some("tool") => {
            let name = part["tool"].as_str().unwrap_or("tool");
            let state = &part["state"];
            told.say(Speaker::Tool, &call(name, &state["input"]), at);
            let answer = state["output"].as_str().or(state["error"].as_str());
            told.say(Speaker::Output, answer.unwrap_or_default(), at);
        }
        Some("compaction") => told.say(Speaker::Note, "the conversation was compacted", at),
        _ => {}
    }
}

/// `opencode run` puts a prompt of several words into quotes.
fn unquoted(text: &str) -> &str {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.filter(|text| !text.contains('"')).unwrap_or(text)
}

pub(super) fn page(place: &str, from: From, limit: usize) -> io::Result<Page> {
    let (connection, id) = of_place(place)?;
    let all: i64 = connection
        .query_row(
            "SELECT count(*) FROM part WHERE session_id = ?1 AND length(data) < 8000000",
            [id],
            |row| row.get(0),
        )
        .map_err(io::Error::other)?;
    let all = all.max(0) as u64;
    let limit = limit as u64;
    let (start, end) = match from {
        From::Here(start) => (start.min(all), start.saturating_add(limit).min(all)),
        From::Before(end) => {
            let end = end.min(all);
            (end.saturating_sub(limit), end)
        }
    };
    let mut told = Told::default();
    let count = u32::try_from(end - start).unwrap_or(u32::MAX);
    parts(&connection, id, start, count, &mut told).map_err(io::Error::other)?;
    Ok(Page {
        passages: told.passages,
        start,
        end,
        more: end < all,
    })
}

/// Pages before the next look, and parts in each: a page from where one begins has them in front.
const PAGES: usize = 100;
const PARTS_SOUGHT: usize = 100;

pub(super) fn seek(
    place: &str,
    start: u64,
    wanted: &dyn Fn(&Passage) -> bool,
) -> io::Result<Sought> {
    let mut reached = start;
    for _ in 0..PAGES {
        let page = page(place, From::Here(reached), PARTS_SOUGHT)?;
        if let Some(hit) = page.passages.into_iter().find(|passage| wanted(passage)) {
            return Ok(Sought {
                hit: Some((reached, hit)),
                reached,
                ended: false,
            });
        }
        reached = page.end;
        if !page.more {
            return Ok(Sought {
                ended: true,
                reached,
                hit: None,
            });
        }
    }
    Ok(Sought {
        reached,
        ..Sought::default()
    })
}
