//! What sessions used and what that costs, by conversation, model and day.

use rusqlite::{Params, Row, params};

use super::{Store, StoreError};
use crate::domain::{
    Basis, Cost, Day, MicroUsd, ProjectId, Session, SessionId, TaskId, Usage, UsageRow,
};

/// The highest number that is stored: sums of a million of them are still numbers.
const MOST: i64 = 1 << 42;

/// What was used, with what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The session.
    pub session: SessionId,
    /// Its task, which may be removed by now.
    pub task: TaskId,
    /// The project of that task, which may be forgotten by now.
    pub project: ProjectId,
    /// The agent's name.
    pub agent: String,
    /// What it used.
    pub row: UsageRow,
}

impl Store {
    /// Writes what conversations of `session` used, in place of what was known of the same conversations.
    ///
    /// # Errors
    /// Where the database refuses; nothing is changed then.
    pub fn set_usage(&self, session: &Session, rows: &[UsageRow]) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for row in rows {
            transaction.execute(
                "DELETE FROM usage WHERE session = ?1 AND conversation = ?2",
                params![session.id.0, row.conversation],
            )?;
        }
        for row in rows {
            let usage = &row.usage;
            transaction.execute(
                "INSERT INTO usage VALUES
                 (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
                params![
                    session.id.0,
                    row.conversation,
                    row.model,
                    row.day.0,
                    session.task.0,
                    session.project.0,
                    session.agent,
                    stored(row.requests),
                    stored(usage.input),
                    stored(usage.cache_read),
                    stored(usage.cache_write_5m),
                    stored(usage.cache_write_1h),
                    stored(usage.output),
                    stored(usage.reasoning),
                    row.cost.map(|cost| cost.0.clamp(-MOST, MOST)),
                    row.basis == Basis::Reported,
                ],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// The conversations of a session of which something is known.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn used_conversations(&self, session: SessionId) -> Result<Vec<String>, StoreError> {
        let connection = self.lock();
        let mut query = connection
            .prepare_cached("SELECT DISTINCT conversation FROM usage WHERE session = ?1")?;
        let rows = query.query_map([session.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The conversations that sessions of tasks lead or have led.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn conversations_of_tasks(&self) -> Result<Vec<(String, TaskId)>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT conversation, task FROM usage
             UNION SELECT conversation, task FROM sessions WHERE conversation IS NOT NULL",
        )?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, TaskId(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a session cost; `None` where nothing is known.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn cost_of_session(&self, session: SessionId) -> Result<Option<Cost>, StoreError> {
        self.cost("session = ?1", [session.0])
    }

    /// What all sessions of a task cost; `None` where nothing is known.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn cost_of_task(&self, task: TaskId) -> Result<Option<Cost>, StoreError> {
        self.cost("task = ?1", [task.0])
    }

    /// What everything cost on a day; `None` where nothing was used.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn cost_of_day(&self, day: Day) -> Result<Option<Cost>, StoreError> {
        self.cost("day = ?1", [day.0])
    }

    /// What is known of what each day from `since` on cost, the oldest first; days without usage are not there.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn cost_by_day(&self, since: Day) -> Result<Vec<(Day, MicroUsd)>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT day, coalesce(sum(cost), 0) FROM usage WHERE day >= ?1 GROUP BY day ORDER BY day",
        )?;
        let rows = query.query_map([since.0], |row| {
            Ok((Day(row.get(0)?), MicroUsd(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn cost(&self, which: &str, params: impl Params) -> Result<Option<Cost>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(&format!(
            "SELECT count(*), coalesce(sum(cost), 0), coalesce(sum(cost IS NULL), 0),
                    coalesce(sum(cost IS NOT NULL AND NOT reported), 0), count(cost),
                    coalesce(sum(input + cache_read + cache_write_5m + cache_write_1h + output), 0)
             FROM usage WHERE {which}"
        ))?;
        Ok(query.query_row(params, |row| {
            let (rows, unpriced, estimated): (i64, i64, i64) =
                (row.get(0)?, row.get(2)?, row.get(3)?);
            let priced: i64 = row.get(4)?;
            let reported = estimated == 0 && priced > 0;
            Ok((rows > 0).then_some(Cost {
                usd: MicroUsd(row.get(1)?),
                basis: basis(reported),
                unpriced: unpriced > 0,
                tokens: counted(row.get(5)?),
            }))
        })?)
    }

    /// Everything that was used from `since` on, the oldest day first.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn spent_since(&self, since: Day) -> Result<Vec<Spent>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(
            "SELECT * FROM usage WHERE day >= ?1 ORDER BY day, session, conversation, model",
        )?;
        let rows = query.query_map([since.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Spent> {
    let tokens = |column| row.get(column).map(counted);
    Ok(Spent {
        session: SessionId(row.get("session")?),
        task: TaskId(row.get("task")?),
        project: ProjectId(row.get("project")?),
        agent: row.get("agent")?,
        row: UsageRow {
            conversation: row.get("conversation")?,
            model: row.get("model")?,
            day: Day(row.get("day")?),
            requests: tokens("requests")?,
            usage: Usage {
                input: tokens("input")?,
                cache_read: tokens("cache_read")?,
                cache_write_5m: tokens("cache_write_5m")?,
                cache_write_1h: tokens("cache_write_1h")?,
                output: tokens("output")?,
                reasoning: tokens("reasoning")?,
            },
            cost: row.get::<_, Option<i64>>("cost")?.map(MicroUsd),
            basis: basis(row.get("reported")?),
        },
    })
}

fn basis(reported: bool) -> Basis {
    match reported {
        true => Basis::Reported,
        false => Basis::Estimated,
    }
}

/// A count as SQLite has it.
fn stored(count: u64) -> i64 {
    count.min(MOST as u64) as i64
}

fn counted(stored: i64) -> u64 {
    stored.max(0) as u64
}
