//! Telling the user what needs them while nobody looks: finds what needs them, lets the rules of
//! [`crate::domain::notify`] decide, and sends it by the ways there are.
//!
//! Invariant: what is told is stored as told before it is sent, so that no daemon tells it again.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Caller, Service};
use crate::config::{DesktopWay, NotifyConfig};
use crate::daemon::clock;
use crate::daemon::outbox::ClientId;
use crate::daemon::ways::command::{PATIENCE, Runner};
use crate::daemon::ways::desktop::Desktop;
use crate::domain::inbox::{Facts, need};
use crate::domain::notify::{Announcement, Ledger, Look, Mark, Moment, Step, Subject};
use crate::domain::{
    Activity, Exit, Need, Reason, Session, SessionId, SessionState, Status, Task, TaskId,
    Timestamp, Verdict,
};
use crate::protocol::{ApiResult, Event, LookNotice, Tells, WayReport};

/// So long after a change, or after the last look, it is looked again: changes come in bursts.
const BREATH: Duration = Duration::from_millis(100);
/// How long a way may take to say how it went when it is tried out.
const TRY: Duration = Duration::from_secs(35);

/// What has been told, and the ways.
pub(super) struct Announcer {
    ledger: Ledger,
    desktop: Desktop,
    command: Option<Runner>,
    /// To which client's terminal an announcement went.
    sent: HashMap<u64, ClientId>,
}

/// A client as somebody who may look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looker {
    look: Look,
    tells: Tells,
}

/// What is observed of a task's newest session, as far as it matters here.
struct Seen {
    activity: Activity,
    since: Timestamp,
    unseen: bool,
    wait: u64,
    /// How its agent is doing, where there is a verdict.
    ill: Option<Verdict>,
}

impl Announcer {
    fn new(service: &Service) -> Self {
        let newest = service.newest_sessions().unwrap_or_default();
        let stored = service.store.all_told().unwrap_or_else(|error| {
            tracing::error!(%error, "what was told cannot be read");
            Vec::new()
        });
        let told = stored.into_iter().filter_map(|(session, text)| {
            let mark: Mark = serde_json::from_str(&text).ok()?;
            let task = newest.iter().find(|(_, one)| one.id == session)?.0;
            Some((*task, session, mark))
        });
        let command = service.config.notify.command.clone();
        Self {
            ledger: Ledger::new(service.started_at, told),
            desktop: Desktop::default(),
            command: command.map(|command| Runner::new(command, PATIENCE)),
            sent: HashMap::new(),
        }
    }
}

/// Tells what is to be told until the daemon ends. Sleeps until something changes or is due.
pub(in crate::daemon) async fn run(service: Arc<Service>) {
    *lock(&service.announcer) = Some(Announcer::new(&service));
    let mut wake: Option<Timestamp> = None;
    loop {
        let wait = wake.map(|at| Duration::from_millis(at.since(clock::now()).max(1) as u64));
        tokio::select! {
            () = service.attention.notified() => {}
            () = sleep(wait), if wait.is_some() => {}
        }
        wake = match service.announce_once() {
            Ok(wake) => wake,
            Err(error) => {
                tracing::error!(%error, "it cannot be looked who needs the user");
                None
            }
        };
        tokio::time::sleep(BREATH).await;
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

fn lock(announcer: &Mutex<Option<Announcer>>) -> MutexGuard<'_, Option<Announcer>> {
    announcer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    /// A client tells how it is looked at.
    pub(super) fn set_look(&self, client: ClientId, notice: LookNotice) {
        let now = clock::now();
        let touched = i64::try_from(notice.touched).unwrap_or(i64::MAX);
        let mut state = self.state();
        let before = state.looks.get(&client).map(|looker| looker.look);
        let left = match (notice.focus, before) {
            (Some(false), Some(before)) if before.focus == Some(false) => before.left,
            (Some(false), Some(_)) => Some(now),
            _ => None,
        };
        let look = Look {
            session: notice.session,
            focus: notice.focus,
            touched: now.plus(-touched),
            left,
        };
        let tells = notice.tells;
        state.looks.insert(client, Looker { look, tells });
        drop(state);
        self.attention.notify_one();
    }

    /// Looks once; when to look again at the latest.
    fn announce_once(&self) -> ApiResult<Option<Timestamp>> {
        if self.is_closing() {
            return Ok(None);
        }
        let now = clock::now();
        let (needs, unclear) = self.subjects()?;
        let looks: Vec<Look> = self.state().looks.values().map(|one| one.look).collect();
        let moment = Moment {
            now,
            offset: clock::local_offset(now),
            needs: &needs,
            unclear: &unclear,
            looks: &looks,
        };
        let mut guard = lock(&self.announcer);
        let Some(announcer) = guard.as_mut() else {
            return Ok(None);
        };
        let step = announcer.ledger.step(&self.config.notify.rules(), moment);
        self.perform(announcer, &step)?;
        Ok(step.wake)
    }

    fn perform(&self, announcer: &mut Announcer, step: &Step) -> ApiResult<()> {
        for (session, mark) in &step.marks {
            let text = mark.as_ref().map(serde_json::to_string);
            let text = text.and_then(Result::ok).unwrap_or_default();
            self.store.set_told(*session, &text)?;
        }
        for id in &step.over {
            announcer.desktop.close(*id);
            if let Some(client) = announcer.sent.remove(id) {
                self.hub.tell(client, Event::TakeBack(*id));
            }
        }
        if let Some(announcement) = &step.tell {
            self.send(announcer, announcement);
        }
        Ok(())
    }

    /// Tells it by every way that is wanted: through one terminal only, and on the desktop only where no
    /// terminal shows it, so that nobody is told twice.
    fn send(&self, announcer: &mut Announcer, announcement: &Announcement) {
        let config: &NotifyConfig = &self.config.notify;
        let client = self.best_client();
        let mut words = false;
        if let Some((client, tells)) = client {
            let event = Event::Announce(Box::new(announcement.clone()));
            if self.hub.tell(client, event) {
                words = tells == Tells::Words;
                announcer.sent.insert(announcement.id, client);
            }
        }
        let desktop = match config.desktop {
            DesktopWay::Always => true,
            DesktopWay::Auto => !words,
            DesktopWay::Off => false,
        };
        if desktop {
            drop(announcer.desktop.show(announcement, config.bell));
        }
        if let Some(command) = &announcer.command {
            drop(command.tell(announcement));
        }
        tracing::info!(
            id = announcement.id,
            kind = announcement.kind.word(),
            tasks = announcement.tasks.len(),
            terminal = ?client.map(|(client, tells)| (client.0, tells)),
            desktop,
            command = announcer.command.is_some(),
            "the user is told"
        );
    }

    /// The client whose terminal tells most, of those the one touched last.
    fn best_client(&self) -> Option<(ClientId, Tells)> {
        let state = self.state();
        let lookers = state.looks.iter();
        let best = lookers
            .filter(|(_, looker)| looker.tells != Tells::Nothing)
            .max_by_key(|(client, looker)| (looker.tells, looker.look.touched, **client))?;
        Some((*best.0, best.1.tells))
    }

    /// Everyone who needs the user, and the tasks of which that cannot be said.
    fn subjects(&self) -> ApiResult<(Vec<Subject>, HashSet<TaskId>)> {
        let newest = self.newest_sessions()?;
        let names: HashMap<_, String> = self
            .store
            .projects()?
            .into_iter()
            .map(|project| (project.id, project.name))
            .collect();
        let mut subjects = Vec::new();
        let mut unclear = HashSet::new();
        for task in self.store.tasks()? {
            if matches!(task.status, Status::Done | Status::Cancelled) {
                continue;
            }
            let session = newest.get(&task.id);
            let seen = session.map(|session| self.seen(session));
            let facts = Facts {
                status: task.status,
                reason: task.reason.as_ref(),
                activity: seen.as_ref().map(|seen| &seen.activity),
                health: seen.as_ref().and_then(|seen| seen.ill.as_ref()?.health),
                over_budget: session.is_some()
                    && self
                        .task_budget_view(&task)
                        .is_some_and(|budget| budget.refused.is_some()),
                unseen: seen.as_ref().is_some_and(|seen| seen.unseen),
            };
            match need(facts) {
                Some(need) => {
                    let project = names.get(&task.project).cloned().unwrap_or_default();
                    subjects.push(subject(&task, project, session.map(|s| s.id), seen, need));
                }
                None if seen.is_some_and(|seen| {
                    matches!(seen.activity, Activity::Unknown | Activity::Starting)
                }) =>
                {
                    unclear.insert(task.id);
                }
                None => {}
            }
        }
        Ok((subjects, unclear))
    }

    fn newest_sessions(&self) -> ApiResult<HashMap<TaskId, Session>> {
        let mut newest = HashMap::new();
        for session in self.store.sessions()? {
            newest.entry(session.task).or_insert(session);
        }
        Ok(newest)
    }

    fn seen(&self, session: &Session) -> Seen {
        let meta = self.open_handle(session.id).map(|handle| handle.meta());
        let unseen = match &meta {
            Some(meta) => meta.unseen,
            None => self.was_unseen(session.id),
        };
        match (session.state, meta) {
            (SessionState::Live, Some(meta)) => Seen {
                activity: meta.activity,
                since: meta.activity_since,
                unseen,
                wait: meta.wait,
                ill: self.verdict_on(session.id),
            },
            (state, _) => Seen {
                activity: match state {
                    SessionState::Live => Activity::Unknown,
                    _ => Activity::Exited(session.exit.unwrap_or(Exit::Lost)),
                },
                since: session.ended_at.unwrap_or(session.started_at),
                unseen,
                wait: 0,
                ill: None,
            },
        }
    }

    /// Tells something by the desktop and the command, and says what came of it.
    pub(super) async fn test_notify(
        self: &Arc<Self>,
        _: &Caller,
        (): (),
    ) -> ApiResult<Vec<WayReport>> {
        let announcement = Announcement::trial();
        let config = &self.config.notify;
        let (shown, ran) = {
            let mut guard = lock(&self.announcer);
            let Some(announcer) = guard.as_mut() else {
                return Ok(Vec::new());
            };
            let shown = (config.desktop != DesktopWay::Off)
                .then(|| announcer.desktop.show(&announcement, config.bell));
            let ran = announcer
                .command
                .as_ref()
                .map(|one| one.tell(&announcement));
            (shown, ran)
        };
        let mut reports = Vec::new();
        let off = |key: &str| Err(format!("switched off by `notify.{key}` in config.toml"));
        let desktop = match shown {
            Some(outcome) => await_way(outcome).await,
            None => off("desktop"),
        };
        reports.push(report("desktop", desktop, "shown"));
        if let Some(outcome) = ran {
            reports.push(report(
                "command",
                await_way(outcome).await,
                "it ran and succeeded",
            ));
        }
        Ok(reports)
    }
}

async fn await_way(
    outcome: tokio::sync::oneshot::Receiver<Result<(), String>>,
) -> Result<(), String> {
    match tokio::time::timeout(TRY, outcome).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err("it takes nothing".to_owned()),
        Err(_) => Err(format!("no word of it within {} s", TRY.as_secs())),
    }
}

fn report(way: &str, outcome: Result<(), String>, told: &str) -> WayReport {
    WayReport {
        way: way.to_owned(),
        told: outcome.is_ok(),
        words: outcome.err().unwrap_or_else(|| told.to_owned()),
    }
}

fn subject(
    task: &Task,
    project: String,
    session: Option<SessionId>,
    seen: Option<Seen>,
    need: Need,
) -> Subject {
    let ill = seen.as_ref().and_then(|seen| seen.ill.as_ref());
    let ill = ill.filter(|_| matches!(need, Need::Stuck | Need::Looping));
    let words = match (seen.as_ref().map(|seen| &seen.activity), &task.reason) {
        _ if ill.is_some() => ill.map(|ill| ill.evidence.clone()).unwrap_or_default(),
        (Some(Activity::Waiting(ask)), _) => ask.text.clone(),
        (_, Some(Reason::Failed(why))) if need == Need::Failed => why.clone(),
        (_, Some(Reason::Interrupted)) if need == Need::Failed => "interrupted".to_owned(),
        _ => String::new(),
    };
    let since = match (task.status, &seen) {
        _ if ill.is_some() => ill.map_or(task.changed_at, |ill| ill.since),
        (Status::Running, Some(seen)) => seen.since,
        _ => task.changed_at,
    };
    let id = match &seen {
        Some(seen) if need.blocks() => seen.wait,
        _ => since.0.max(0).unsigned_abs(),
    };
    Subject {
        task: task.id,
        session,
        need,
        id,
        since,
        title: task.title.clone(),
        project,
        agent: task.agent.clone(),
        words,
    }
}
