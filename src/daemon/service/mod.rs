//! The service: what gluon can be asked, one function per request, in files by aggregate.
//!
//! Invariants: the store is changed in here only, and every change is published after it is stored; what
//! changes a task runs under that task's lock, so that two clients cannot start it twice; git and other
//! slow work never runs on the threads that serve the sockets.

mod adopt;
mod agents;
mod announce;
mod api;
mod archive;
mod attention;
mod budgets;
mod changes;
mod checks;
mod control;
mod conversations;
mod costs;
mod finish;
mod follow_ups;
mod fork;
mod git;
mod health;
mod integrate;
mod launch;
mod looking;
mod loops;
mod merging;
mod messages;
mod moves;
mod notices;
mod orphans;
mod projects;
mod pull_request;
mod queue;
mod radar;
mod records;
mod recover;
mod removal;
mod report;
mod resume;
mod selection;
mod server;
mod sessions;
mod settle;
mod spending;
mod stop;
mod tasks;
mod tidy;
mod told;
mod undo;
mod views;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, mpsc, oneshot};

pub(super) use announce::run as announce;
pub(super) use api::Caller;
pub(super) use finish::EndedRun;
pub(super) use stop::StopWhy;

use super::hub::Hub;
use super::keeper::Keeper;
use super::outbox::ClientId;
use super::prices::PriceBook;
use super::session::{Notice, SessionHandle};
use crate::config::{Config, Paths};
use crate::domain::budget::{BudgetOf, BudgetState};
use crate::domain::{RunId, SessionId, TaskId, Timestamp};
use crate::protocol::{ApiError, ErrorCode, GitView, HoldView, QueueView, TerminalInfo};
use crate::store::Store;

/// How the daemon ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// For good, with the keeper.
    Stop,
    /// To be started again at once.
    Restart,
}

/// Everything the daemon knows and has.
pub(super) struct Service {
    pub(super) paths: Paths,
    pub(super) config: Config,
    pub(super) hub: Hub,
    pub(super) keeper: Keeper,
    pub(super) agents: crate::agents::Registry,
    prices: PriceBook,
    pub(super) started_at: Timestamp,
    /// Rung whenever something changed that the scheduler may want to act on.
    pub(super) schedule: Notify,
    /// Rung whenever a process may have begun to live.
    pub(super) monitor: Notify,
    /// Rung whenever somebody may need the user, or not any more, or looks.
    attention: Notify,
    announcer: Mutex<Option<announce::Announcer>>,
    pub(super) end: mpsc::UnboundedSender<End>,
    closing: AtomicBool,
    store: Store,
    /// The conversations on this machine.
    catalog: looking::Catalog,
    /// Held while a task is read, changed and written back.
    writing: Mutex<()>,
    state: Mutex<State>,
    notices: mpsc::UnboundedSender<(SessionId, Notice)>,
    /// The loops. Never locked while `state` is.
    loops: Mutex<loops::Loops>,
    loop_bell: loops::LoopBell,
}

/// What is known of the present moment only.
#[derive(Default)]
struct State {
    sessions: HashMap<SessionId, Arc<SessionHandle>>,
    /// Which session a process belongs to.
    runs: HashMap<RunId, SessionId>,
    /// Why processes are being stopped.
    stopping: HashMap<SessionId, StopWhy>,
    /// Who waits for the end of a run.
    waiting: HashMap<RunId, Vec<oneshot::Sender<()>>>,
    locks: HashMap<TaskId, Arc<tokio::sync::Mutex<()>>>,
    git: HashMap<TaskId, GitState>,
    /// Sessions whose usage is followed.
    metered: HashMap<SessionId, costs::Metered>,
    /// Budgets of which it was told that they are short, or used up.
    budgets_told: HashSet<(BudgetOf, BudgetState)>,
    /// Tasks that are being paused because a budget is used up.
    holding: HashSet<TaskId>,
    /// How the sessions are doing whose processes live.
    health: HashMap<SessionId, health::Watched>,
    /// When it was last looked which conversation a session leads.
    learning: HashMap<SessionId, Instant>,
    /// As they were last published.
    holds: HashMap<TaskId, Option<HoldView>>,
    queue: Option<QueueView>,
    /// Sessions whose output is not kept.
    dropping: HashSet<SessionId>,
    /// One integration at a time in each project.
    benches: HashMap<crate::domain::ProjectId, Arc<tokio::sync::Mutex<()>>>,
    /// Projects whose merge queue is worked on, with the task that is at its head.
    merging: HashMap<crate::domain::ProjectId, TaskId>,
    /// What would be in conflict with what.
    radar: radar::Known,
    /// Checks that run.
    checking: HashMap<TaskId, checks::Running>,
    /// What the last check of a task is worth for its files.
    freshness: HashMap<TaskId, crate::domain::check::Freshness>,
    /// Tasks that the scheduler is starting.
    starting: HashSet<TaskId>,
    outer: Option<TerminalInfo>,
    /// Changes that are being read in pages, the newest first.
    readings: Vec<changes::Reading>,
    /// Tasks for whose agents messages may wait, and those of them to whom one is being given.
    followed: HashSet<TaskId>,
    following: HashSet<TaskId>,
    /// How clients are looked at.
    looks: HashMap<ClientId, announce::Looker>,
    /// Sessions whose agents asked something, and when that was noted.
    asking: HashMap<SessionId, attention::Asking>,
    /// What of a session's activity was last heard of, as far as somebody may need the user for it.
    heard: HashMap<SessionId, (bool, u64, &'static str)>,
}

/// What is known of a task's branch.
#[derive(Default)]
struct GitState {
    view: Option<GitView>,
    looked_at: Option<Instant>,
    /// Whether a look is under way.
    looking: bool,
}

/// What the service is made of.
pub(super) struct Parts {
    pub(super) paths: Paths,
    pub(super) config: Config,
    pub(super) keeper: Keeper,
    pub(super) agents: crate::agents::Registry,
    pub(super) prices: PriceBook,
    pub(super) store: Store,
    pub(super) end: mpsc::UnboundedSender<End>,
    pub(super) notices: mpsc::UnboundedSender<(SessionId, Notice)>,
}

impl Service {
    pub(super) fn new(parts: Parts) -> Arc<Service> {
        Arc::new(Service {
            paths: parts.paths,
            config: parts.config,
            hub: Hub::default(),
            keeper: parts.keeper,
            agents: parts.agents,
            prices: parts.prices,
            started_at: super::clock::now(),
            schedule: Notify::new(),
            monitor: Notify::new(),
            attention: Notify::new(),
            announcer: Mutex::new(None),
            end: parts.end,
            closing: AtomicBool::new(false),
            store: parts.store,
            catalog: looking::Catalog::default(),
            writing: Mutex::new(()),
            state: Mutex::new(State::default()),
            notices: parts.notices,
            loops: Mutex::default(),
            loop_bell: loops::LoopBell::default(),
        })
    }

    /// The present moment. Never held across an await or a call of the store.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the daemon is going away, so that nothing is started any more.
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// From now on nothing is started.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Serialises what changes a task.
    async fn lock_task(&self, task: TaskId) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = self.state().locks.entry(task).or_default().clone();
        lock.lock_owned().await
    }
}

/// Runs slow work where it holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| internal(format!("slow work was lost: {error}")))
}

/// An error that is a bug.
fn internal(message: impl Into<String>) -> ApiError {
    let message = message.into();
    tracing::error!(message);
    ApiError::new(ErrorCode::Internal, message)
}

/// An error of something outside gluon, with everything it was caused by in one sentence.
fn failed(error: impl std::error::Error) -> ApiError {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !message.contains(&cause_text) {
            message.push_str(": ");
            message.push_str(&cause_text);
        }
        source = cause.source();
    }
    ApiError::new(ErrorCode::Failed, message)
}
