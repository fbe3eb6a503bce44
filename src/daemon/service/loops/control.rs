//! Loops as the user makes, begins and steers them.

use std::sync::Arc;

use super::super::records::{Change, USER};
use super::super::{Caller, Service};
use super::Live;
use crate::daemon::clock;
use crate::domain::budget::Limit;
use crate::domain::loops::prompt::Templates;
use crate::domain::loops::{LoopEvent, LoopSettings, LoopState, NewLimits};
use crate::domain::{Status, Task, TaskId};
use crate::protocol::{
    ApiError, ApiResult, ControlLoop, ErrorCode, LoopControl, LoopHistory, LoopView, NewLoop,
    StartTask,
};

/// The most iterations that a history has.
const MOST_ITERATIONS: u32 = 1_000;

impl Service {
    /// What is wanted of a loop, put right or refused.
    pub(in super::super) fn loop_wishes(&self, new: NewLoop) -> ApiResult<LoopSettings> {
        let invalid = |message: String| ApiError::new(ErrorCode::Invalid, message);
        let limits = new.limits.apply(&Default::default());
        let limits = limits.map_err(|error| invalid(error.to_string()))?;
        if let Some(template) = &new.template {
            let mut templates = Templates::default();
            templates.iteration.clone_from(template);
            templates
                .check()
                .map_err(|error| invalid(format!("the template cannot be used: {error}")))?;
        }
        let named = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let plan = named(new.plan);
        if plan
            .as_deref()
            .is_some_and(|plan| plan.starts_with('/') || plan.split('/').any(|part| part == ".."))
        {
            let message = "the plan file is named relative to the worktree and lies in it";
            return Err(invalid(message.to_owned()));
        }
        Ok(LoopSettings {
            limits,
            check: named(new.check),
            no_check: new.no_check,
            plan,
            same_conversation: new.same_conversation,
            template: new.template,
        })
    }

    /// Refuses to start a loop that cannot go on as it is.
    pub(in super::super) fn require_loop(&self, task: &Task, start: &StartTask) -> ApiResult<()> {
        if start.fresh {
            return Ok(());
        }
        let Some(why) = self
            .loop_state(task.id)
            .and_then(|state| state.cannot_continue())
        else {
            return Ok(());
        };
        let message = format!("the loop of task {} cannot go on: {why}", task.id);
        Err(ApiError::new(ErrorCode::Refused, message).with_hint(format!(
            "`gluon loop limit {} --max-iterations N` raises a limit; --max-time and --budget do too",
            task.id
        )))
    }

    /// Begins a running task's loop, or lets it go on.
    pub(in super::super) fn begin_loop(
        self: &Arc<Self>,
        task: &Task,
        start: &StartTask,
    ) -> ApiResult<()> {
        self.require_program(task)?;
        let known = self.loop_state(task.id).is_some();
        if start.fresh || !known {
            let settings = match self.store.loop_settings(task.id)? {
                Some(settings) => settings,
                None => {
                    let settings = LoopSettings::default();
                    self.store.set_loop_settings(task.id, &settings)?;
                    settings
                }
            };
            let mut limits = settings.limits.clone();
            let own = task.budget.map(Limit::from_stored).and_then(Limit::usd);
            limits.budget = limits.budget.or(own);
            let state = LoopState::new(limits, clock::now());
            self.store.clear_iterations(task.id)?;
            self.store.set_loop(task.id, &state, None)?;
            let live = Live {
                settings,
                state,
                check: None,
            };
            self.with_loops(|loops| loops.live.insert(task.id, live));
        }
        if let Some(message) = &start.message {
            self.loop_step(task.id, LoopEvent::Tell(message.clone()))?;
        }
        self.loop_step(task.id, LoopEvent::Continue)
    }

    /// A task was stopped: its loop starts nothing more.
    pub(in super::super) fn halt_loop(self: &Arc<Self>, task: TaskId) {
        if self.is_looping(task) {
            let _ = self.loop_step(task, LoopEvent::Pause { now: true });
        }
    }

    pub(in super::super) async fn show_loop(
        self: &Arc<Self>,
        _: &Caller,
        id: TaskId,
    ) -> ApiResult<LoopView> {
        self.require_view(id)
    }

    pub(in super::super) async fn loop_history(
        self: &Arc<Self>,
        _: &Caller,
        id: TaskId,
    ) -> ApiResult<LoopHistory> {
        Ok(LoopHistory {
            view: self.require_view(id)?,
            iterations: self.store.iterations_of(id, MOST_ITERATIONS)?,
        })
    }

    pub(in super::super) async fn control_loop(
        self: &Arc<Self>,
        caller: &Caller,
        control: ControlLoop,
    ) -> ApiResult<LoopView> {
        let id = control.task;
        // Says so where there is none.
        self.require_view(id)?;
        let note = |kind: &'static str, detail: String| {
            self.note_event(id, &Change::new(USER, kind).detail(detail));
        };
        match control.what {
            LoopControl::Pause { now } => {
                self.require_running(id)?;
                self.loop_step(id, LoopEvent::Pause { now })?;
                note(
                    "loop_pause",
                    if now { "at once".into() } else { String::new() },
                );
            }
            LoopControl::Stop { after } => {
                self.require_running(id)?;
                self.loop_step(id, LoopEvent::Stop { after })?;
                note(
                    "loop_stop",
                    if after {
                        "after the iteration".into()
                    } else {
                        String::new()
                    },
                );
            }
            LoopControl::Continue { message } => self.continue_loop(caller, id, message).await?,
            LoopControl::Limits(new) => self.change_limits(id, &new)?,
            LoopControl::Tell(message) => {
                if message.trim().is_empty() {
                    return Err(ApiError::new(ErrorCode::Invalid, "the message is empty"));
                }
                self.loop_step(id, LoopEvent::Tell(message.clone()))?;
                note("message", message);
            }
        }
        self.require_view(id)
    }

    fn require_running(&self, id: TaskId) -> ApiResult<()> {
        if self.task(id)?.status == Status::Running {
            return Ok(());
        }
        let message = format!("the loop of task {id} is not running");
        Err(ApiError::new(ErrorCode::Refused, message)
            .with_hint(format!("`gluon loop continue {id}` lets it go on")))
    }

    async fn continue_loop(
        self: &Arc<Self>,
        caller: &Caller,
        id: TaskId,
        message: Option<String>,
    ) -> ApiResult<()> {
        let task = self.task(id)?;
        let start = StartTask {
            task: id,
            message,
            fresh: false,
            recap: false,
            size: None,
        };
        self.require_loop(&task, &start)?;
        if task.status == Status::Running {
            if let Some(message) = &start.message {
                self.loop_step(id, LoopEvent::Tell(message.clone()))?;
            }
            self.loop_step(id, LoopEvent::Continue)?;
            self.note_event(id, &Change::new(USER, "loop_continue"));
            return Ok(());
        }
        self.start_task(caller, start).await.map(|_| ())
    }

    fn change_limits(self: &Arc<Self>, id: TaskId, new: &NewLimits) -> ApiResult<()> {
        let state = self.loop_state(id).ok_or_else(|| not_begun(id))?;
        let limits = new.apply(&state.limits);
        let limits =
            limits.map_err(|error| ApiError::new(ErrorCode::Invalid, error.to_string()))?;
        self.note_event(
            id,
            &Change::new(USER, "loop_limits").detail(limits.to_string()),
        );
        self.loop_step(id, LoopEvent::Limits(limits))
    }

    /// A message for a task of a loop, which takes it along to its next iteration.
    pub(in super::super) fn tell_loop(self: &Arc<Self>, id: TaskId, text: String) -> ApiResult<()> {
        self.note_event(id, &Change::new(USER, "message").detail(text.clone()));
        self.loop_step(id, LoopEvent::Tell(text))
    }
}

pub(super) fn not_begun(id: TaskId) -> ApiError {
    let message = format!("task {id} has no loop that has begun");
    ApiError::new(ErrorCode::Refused, message).with_hint(format!(
        "`gluon new --loop \"…\"` makes one; `gluon start {id}` begins it"
    ))
}
