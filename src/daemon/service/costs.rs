//! What sessions cost, while they work and at the end of each run.
//!
//! Looked at when a session has said that it printed something or that it is quiet, never by a clock: an
//! idle daemon reads nothing. Reading blocks, so it is done on threads of its own, for one session once at
//! a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::agents::trace;
use super::{Service, blocking};
use crate::agents::Meter;
use crate::daemon::clock;
use crate::domain::health::Sign;
use crate::domain::stream::spent;
use crate::domain::{
    Cost, Day, MicroUsd, RunId, Session, SessionId, SessionState, Summary, UsageRow,
};
use crate::protocol::{ApiResult, Event};
use crate::store::StoreError;

/// A session's usage is not looked at more often than that while it prints.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The conversation is looked for at every so many looks where one is known: it may have changed.
const FIND_EVERY: u32 = 5;
/// The most pieces that one look reads; the next goes on.
const PIECES: usize = 64;

/// So many days stand in the header.
const RECENT: i32 = 7;

/// A session whose usage is followed.
pub(super) struct Metered {
    looked_at: Instant,
    /// `None` where its agent writes down nothing that could be read.
    watch: Option<Arc<Mutex<Watch>>>,
}

struct Watch {
    meter: Meter,
    /// As they were last stored.
    rows: Vec<UsageRow>,
    looks: u32,
}

impl Service {
    /// Looks at what a session has used since; soon again only where it is `urgent`.
    pub(super) fn look_at_cost(self: &Arc<Self>, session: SessionId, urgent: bool) {
        let now = Instant::now();
        if let Some(metered) = self.state().metered.get_mut(&session) {
            let soon = now.duration_since(metered.looked_at) < LOOK_EVERY;
            if metered.watch.is_none() || soon && !urgent {
                return;
            }
            metered.looked_at = now;
        }
        let service = self.clone();
        tokio::spawn(async move {
            let worker = service.clone();
            let looked = blocking(move || worker.read_cost(session, false)).await;
            service.cost_read(session, looked);
        });
    }

    /// The last look at a session whose run has ended.
    pub(super) async fn settle_cost(self: &Arc<Self>, session: SessionId) {
        let worker = self.clone();
        let looked = blocking(move || {
            let new = worker.read_cost(session, true)?;
            Ok(worker.take_stream_costs(session)? || new)
        })
        .await;
        self.state().metered.remove(&session);
        self.cost_read(session, looked);
    }

    fn cost_read(self: &Arc<Self>, session: SessionId, looked: ApiResult<ApiResult<bool>>) {
        match looked {
            Ok(Ok(true)) => {
                self.check_budgets(session);
                self.publish_cost(session);
            }
            Ok(Ok(false)) => {}
            Ok(Err(error)) | Err(error) => {
                tracing::warn!(session = session.0, %error, "what it costs cannot be read");
            }
        }
    }

    fn publish_cost(&self, session: SessionId) {
        if !self.hub.is_watched() {
            return;
        }
        if let Ok(session) = self.store.session(session) {
            self.publish_task(session.task);
        }
        if let Ok(tasks) = self.store.tasks() {
            self.hub.publish(Event::Queue(self.queue_view(&tasks)));
        }
    }

    /// Reads and stores what a session has used; whether that is anything new.
    fn read_cost(&self, id: SessionId, last: bool) -> ApiResult<bool> {
        let session = self.store.session(id)?;
        // What it prints behind its end is no reason to follow it again.
        if !last && session.state != SessionState::Live {
            return Ok(false);
        }
        let Some(watch) = self.watch(&session)? else {
            return Ok(false);
        };
        let mut watch = match (last, watch.try_lock()) {
            (_, Ok(watch)) => watch,
            (true, Err(_)) => watch.lock().unwrap_or_else(PoisonError::into_inner),
            // Somebody looks just now.
            (false, Err(_)) => return Ok(false),
        };
        let look = watch.meter.is_idle() || watch.looks.is_multiple_of(FIND_EVERY) || last;
        watch.looks = watch.looks.wrapping_add(1);
        if let Some(conversation) = &session.conversation {
            watch.meter.follow(conversation);
        }
        if look && let Some(conversation) = self.present_conversation(&session) {
            watch.meter.follow(&conversation);
        }
        if last {
            watch.meter.look();
        }
        let mut new = false;
        for _ in 0..PIECES {
            if !watch.meter.read() {
                break;
            }
            new = true;
        }
        if !new {
            return Ok(false);
        }
        let rows = watch.meter.rows(&self.prices.prices(), &clock::local_day);
        if rows == watch.rows {
            return Ok(false);
        }
        self.store.set_usage(&session, &rows)?;
        let tokens = rows.iter().map(|row| row.usage.total()).sum();
        self.note_sign(id, Sign::Tokens(tokens));
        watch.rows = rows;
        Ok(true)
    }

    /// Stores what headless runs said themselves that they used, of conversations whose transcripts tell
    /// nothing; whether there was any.
    fn take_stream_costs(&self, id: SessionId) -> ApiResult<bool> {
        let session = self.store.session(id)?;
        let runs: Vec<(RunId, Day, Summary)> = self
            .store
            .summaries_of(id)?
            .into_iter()
            .map(|(run, summary)| {
                let at = run.ended_at.unwrap_or(run.started_at);
                (run.id, clock::local_day(at), summary)
            })
            .collect();
        if runs.is_empty() {
            return Ok(false);
        }
        let watch = self.watch(&session)?;
        let metered: Vec<String> = watch.map_or_else(Vec::new, |watch| {
            let watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
            let rows = watch.meter.rows(&self.prices.prices(), &clock::local_day);
            rows.into_iter().map(|row| row.conversation).collect()
        });
        let mut rows = spent::rows(&runs, &self.prices.prices());
        rows.retain(|row| !metered.contains(&row.conversation));
        if rows.is_empty() {
            return Ok(false);
        }
        self.store.set_usage(&session, &rows)?;
        Ok(true)
    }

    fn watch(&self, session: &Session) -> ApiResult<Option<Arc<Mutex<Watch>>>> {
        if let Some(metered) = self.state().metered.get(&session.id) {
            return Ok(metered.watch.clone());
        }
        let agent = self.agent_of(&session.agent, None);
        let meter = agent
            .ok()
            .and_then(|agent| agent.meter(&trace(session, session.started_at)));
        let watch = match meter {
            None => None,
            Some(mut meter) => {
                for conversation in self.store.used_conversations(session.id)? {
                    meter.follow(&conversation);
                }
                Some(Arc::new(Mutex::new(Watch {
                    meter,
                    rows: Vec::new(),
                    looks: 0,
                })))
            }
        };
        let metered = Metered {
            looked_at: Instant::now(),
            watch,
        };
        let mut state = self.state();
        Ok(state
            .metered
            .entry(session.id)
            .or_insert(metered)
            .watch
            .clone())
    }

    /// The conversation that the newest run of a session leads, where its agent has left word of it.
    pub(super) fn present_conversation(&self, session: &Session) -> Option<String> {
        let runs = self.store.runs_of(session.id).ok()?;
        let since = runs.first()?.started_at;
        let agent = self.agent_of(&session.agent, None).ok()?;
        agent.discover_conversation(&trace(session, since))
    }

    /// What each of the last days cost, up to `today`.
    pub(super) fn recent_costs(&self, today: Day) -> Vec<MicroUsd> {
        let first = Day(today.0.saturating_sub(RECENT - 1));
        let known = self.store.cost_by_day(first).unwrap_or_else(|error| {
            tracing::error!(%error, "the costs of the last days cannot be read");
            Vec::new()
        });
        let of = |day: Day| known.iter().find(|(known, _)| *known == day);
        (first.0..=today.0)
            .map(|day| of(Day(day)).map_or(MicroUsd(0), |(_, usd)| *usd))
            .collect()
    }

    /// A cost from the store; one that cannot be read is not known.
    pub(super) fn known(&self, cost: Result<Option<Cost>, StoreError>) -> Option<Cost> {
        cost.unwrap_or_else(|error| {
            tracing::error!(%error, "a cost cannot be read");
            None
        })
    }
}
