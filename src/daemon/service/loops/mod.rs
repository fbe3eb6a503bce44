//! Loops: takes a loop from step to step. What is decided is decided by `domain::loops`; this keeps the state,
//! does what was decided, and tells the rules what came of it.
//!
//! Invariants: a state is stored before what it decided is done; one step of a loop at a time; nothing is
//! started for a task that is not running.

mod control;
mod facts;
mod iteration;
mod recover;
mod view;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::Service;
use super::records::{AGENT, Change, DAEMON};
use crate::daemon::clock;
use crate::domain::health::Tripped;
use crate::domain::loops::{
    BreakerState, Decision, EndWhy, LoopEvent, LoopSettings, LoopState, PauseWhy,
};
use crate::domain::{Mode, Reason, RunId, SessionState, Status, TaskId, Timestamp};
use crate::protocol::{ApiError, ApiResult, Level};

/// The longest time between two looks at the clock: it may be set, and machines sleep.
const LOOK: Duration = Duration::from_secs(30);

/// All loops that have begun.
#[derive(Default)]
pub(super) struct Loops {
    live: HashMap<TaskId, Live>,
}

/// A loop that has begun.
struct Live {
    settings: LoopSettings,
    state: LoopState,
    /// Its check, while that runs.
    check: Option<AbortHandle>,
}

/// What wakes whoever watches the loops' clocks.
#[derive(Default)]
pub(super) struct LoopBell(Notify);

impl Service {
    /// Watches the clocks of all loops, until it is dropped.
    pub(in crate::daemon) async fn run_loops(self: Arc<Self>) {
        loop {
            let now = clock::now();
            let due = self.tick_loops(now);
            let wait = due.map_or(LOOK, |due| {
                let millis = due.0.saturating_sub(clock::now().0).max(0);
                Duration::from_millis(u64::try_from(millis).unwrap_or(0)).min(LOOK)
            });
            tokio::select! {
                () = self.loop_bell.0.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Tells every loop whose time has come; when the next one's comes.
    fn tick_loops(self: &Arc<Self>, now: Timestamp) -> Option<Timestamp> {
        if self.is_closing() {
            return None;
        }
        let clocks: Vec<(TaskId, Timestamp)> = self.with_loops(|loops| {
            let live = loops.live.iter();
            live.filter_map(|(task, live)| Some((*task, live.state.due()?)))
                .collect()
        });
        let mut next = None;
        for (task, due) in clocks {
            let running = self
                .task(task)
                .is_ok_and(|task| task.status == Status::Running);
            if !running {
                continue;
            }
            if due > now {
                next = Some(next.map_or(due, |next: Timestamp| next.min(due)));
            } else if let Err(error) = self.loop_step(task, LoopEvent::Tick) {
                tracing::error!(task = task.0, %error, "a loop cannot go on");
            }
        }
        next
    }

    fn with_loops<T>(&self, with: impl FnOnce(&mut Loops) -> T) -> T {
        with(&mut self.loops.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How a task's loop stands; `None`: it has none that has begun.
    pub(super) fn loop_state(&self, task: TaskId) -> Option<LoopState> {
        self.with_loops(|loops| loops.live.get(&task).map(|live| live.state.clone()))
    }

    fn loop_settings(&self, task: TaskId) -> Option<LoopSettings> {
        self.with_loops(|loops| loops.live.get(&task).map(|live| live.settings.clone()))
    }

    /// Takes a loop one step, stores that, and has done what was decided.
    pub(super) fn loop_step(self: &Arc<Self>, task: TaskId, event: LoopEvent) -> ApiResult<()> {
        tracing::debug!(task = task.0, ?event, "a loop's event");
        let now = clock::now();
        let decision = self.with_loops(|loops| {
            let live = loops.live.get_mut(&task)?;
            let known = live.state.recent.last().map(|record| record.number);
            let (state, decision) = live.state.clone().step(event, now);
            let record = state.recent.last();
            let record = record.filter(|record| Some(record.number) != known);
            if let Err(error) = self.store.set_loop(task, &state, record) {
                // It goes on all the same; the next step that can be stored makes up for it.
                tracing::error!(task = task.0, %error, "a step of a loop cannot be stored");
                let text = format!("a step of a loop cannot be stored: {error}");
                self.say(Some(task), Level::Error, text);
            }
            live.state = state;
            Some(decision)
        });
        let Some(decision) = decision else {
            return Err(ApiError::not_found(format!("loop of task {task}")));
        };
        self.loop_bell.0.notify_one();
        self.obey(task, decision);
        self.publish_task(task);
        Ok(())
    }

    /// Has done what was decided, apart from whoever asked.
    fn obey(self: &Arc<Self>, task: TaskId, decision: Decision) {
        let service = self.clone();
        match decision {
            Decision::Nothing => {}
            Decision::Start => {
                tokio::spawn(async move { service.start_iteration(task).await });
            }
            Decision::Check => {
                let check = tokio::spawn(async move { service.check_iteration(task).await });
                self.with_loops(|loops| {
                    if let Some(live) = loops.live.get_mut(&task) {
                        live.check = Some(check.abort_handle());
                    }
                });
            }
            Decision::Interrupt => self.signal_iteration(task, libc::SIGINT),
            Decision::Kill => self.signal_iteration(task, libc::SIGKILL),
            Decision::Wait(ask) => {
                let change = Change::new(AGENT, "waiting").detail(ask.text.clone());
                self.note_event(task, &change);
                self.tell_of_loop(
                    task,
                    Level::Warning,
                    &format!("waits for you: {}", ask.text),
                );
            }
            Decision::Hold(why) => {
                self.note_event(task, &Change::new(DAEMON, "paused").detail(why.sentence()));
                if matches!(why, PauseWhy::Budget(_)) {
                    self.tell_of_loop(task, Level::Warning, &why.sentence());
                }
            }
            Decision::Park(until) => {
                let state = self.loop_state(task);
                let why = match state.map(|state| state.phase) {
                    Some(crate::domain::loops::Phase::Parked { why, .. }) => why,
                    _ => String::new(),
                };
                let wait = crate::domain::units::short_duration(until.0 - clock::now().0);
                let detail = format!("goes on in {wait}: {why}");
                self.note_event(task, &Change::new(DAEMON, "parked").detail(detail));
            }
            Decision::End(why) => self.loop_ended(task, &why),
        }
    }

    fn tell_of_loop(&self, task: TaskId, level: Level, what: &str) {
        let title = self.task(task).map(|task| task.title).unwrap_or_default();
        self.say(Some(task), level, format!("{title}: {what}"));
    }

    /// Hands the task over for review.
    fn loop_ended(self: &Arc<Self>, id: TaskId, why: &EndWhy) {
        let check =
            self.with_loops(|loops| loops.live.get_mut(&id).and_then(|live| live.check.take()));
        if let Some(check) = check {
            check.abort();
            self.state().checking.remove(&id);
        }
        let Ok(task) = self.task(id) else { return };
        if task.status != Status::Running {
            return;
        }
        let sentence = why.sentence();
        let (kind, actor, reason) = match why {
            EndWhy::Complete(_) => ("finished", AGENT, Reason::Finished),
            EndWhy::Stopped => ("stopped", super::records::USER, Reason::Stopped),
            _ => ("failed", DAEMON, Reason::Failed(sentence.clone())),
        };
        let change = Change::new(actor, kind).detail(format!("the loop ended: {sentence}"));
        if let Err(error) = self.to_review(id, change, reason) {
            tracing::error!(task = id.0, %error, "a loop's task cannot be put into review");
        }
        if let Ok(Some(session)) = self.newest_session(id) {
            self.note_in_pane(session.id, &format!("the loop ended: {sentence}"));
            self.keep_unseen(session.id, true);
        }
        let level = match why {
            EndWhy::Complete(_) | EndWhy::Stopped => Level::Info,
            _ => Level::Warning,
        };
        self.tell_of_loop(id, level, &format!("the loop ended: {sentence}"));
    }

    /// The process of a task's iteration.
    fn run_of_loop(&self, task: TaskId) -> Option<RunId> {
        let session = self.newest_session(task).ok()??;
        if session.state != SessionState::Live {
            return None;
        }
        let state = self.state();
        let mut runs = state.runs.iter();
        runs.find(|(_, owner)| **owner == session.id)
            .map(|(run, _)| *run)
    }

    /// Signals the process group of a task's iteration.
    fn signal_iteration(self: &Arc<Self>, task: TaskId, signal: i32) {
        let Some(run) = self.run_of_loop(task) else {
            return;
        };
        let service = self.clone();
        tokio::spawn(async move {
            if let Err(error) = service.keeper.signal(run, signal).await {
                tracing::warn!(%error, run = run.0, signal, "an iteration cannot be signalled");
            }
        });
    }

    /// Whether a task is worked on by a loop that has begun and is not over.
    pub(super) fn is_looping(&self, task: TaskId) -> bool {
        self.loop_state(task).is_some_and(|state| !state.is_ended())
    }

    /// What a loop's breaker says of its session, where it is not closed.
    pub(super) fn loop_tripped(&self, task: TaskId) -> Option<Tripped> {
        let breaker = self.loop_state(task)?.breaker;
        let why = breaker.reasons.join("; ");
        match breaker.state {
            BreakerState::Closed => None,
            BreakerState::HalfOpen => Some(Tripped::HalfOpen(why)),
            BreakerState::Open => Some(Tripped::Open(why)),
        }
    }

    /// Nothing moves in a loop's iteration, and nothing will.
    pub(super) fn loop_stalled(self: &Arc<Self>, task: TaskId, how: String) {
        if self.is_looping(task) {
            let _ = self.loop_step(task, LoopEvent::Stalled(how));
        }
    }

    /// Shows a line of gluon's own in a session's terminal.
    fn note_in_pane(&self, session: crate::domain::SessionId, text: &str) {
        if let Ok(handle) = self.session_handle(session) {
            handle.send(crate::daemon::session::Command::Note(text.to_owned()));
        }
    }

    /// Forgets a task that is gone.
    pub(super) fn forget_loop(&self, task: TaskId) {
        self.with_loops(|loops| loops.live.remove(&task));
    }

    /// Whether a task is one of a loop.
    pub(super) fn is_loop(task: &crate::domain::Task) -> bool {
        task.mode == Mode::Loop
    }
}
