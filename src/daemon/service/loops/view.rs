//! Loops as clients are shown them.

use super::super::Service;
use super::control::not_begun;
use crate::domain::loops::confidence::ENOUGH;
use crate::domain::loops::{CheckOutcome, CutWhy, EndWhy, LoopState, Phase};
use crate::domain::{Activity, TaskId, Timestamp};
use crate::protocol::{ApiResult, LoopCheck, LoopStage, LoopView};

/// Of a check's output, so many lines and characters of each are shown with the loop.
const TAIL: (usize, usize) = (12, 200);

impl Service {
    /// A task's loop as it is now; `None` where none has begun.
    pub(in super::super) fn loop_view(&self, id: TaskId) -> Option<LoopView> {
        let (state, settings) = (self.loop_state(id)?, self.loop_settings(id)?);
        let project = self.task(id).and_then(|task| self.project(task.project));
        let check = project
            .ok()
            .and_then(|project| self.loop_check(&project, &settings));
        Some(view(id, state, check))
    }

    pub(super) fn require_view(&self, id: TaskId) -> ApiResult<LoopView> {
        self.task(id)?;
        self.loop_view(id).ok_or_else(|| not_begun(id))
    }

    /// What a loop whose process does not run is doing, and since when.
    pub(in super::super) fn loop_activity(&self, id: TaskId) -> Option<(Activity, Timestamp)> {
        let state = self.loop_state(id)?;
        let activity = match &state.phase {
            Phase::Between { .. }
            | Phase::Starting
            | Phase::Running { .. }
            | Phase::Checking { .. } => Activity::Working,
            Phase::Parked { until, .. } => Activity::Limited(Some(*until)),
            Phase::Paused { .. } => Activity::Idle,
            Phase::Waiting { ask } => Activity::Waiting(ask.clone()),
            Phase::Ended { .. } => return None,
        };
        Some((activity, state.since))
    }
}

fn view(task: TaskId, state: LoopState, check_command: Option<String>) -> LoopView {
    let at_work = matches!(
        state.phase,
        Phase::Between { .. } | Phase::Starting | Phase::Running { .. } | Phase::Checking { .. }
    );
    let afterwards = match &state.asked {
        asked if asked.stop => Some("stops".to_owned()),
        asked if asked.pause => Some("pauses".to_owned()),
        asked => asked.budget.as_ref().map(|why| format!("pauses: {why}")),
    };
    LoopView {
        task,
        stage: stage(&state),
        since: state.since,
        iteration: state.iteration,
        iteration_at: state.iteration_at,
        counted: state.counted,
        started_at: state.started_at,
        worked: state.worked,
        at_work,
        limits: state.limits,
        confidence: state.confidence,
        enough: ENOUGH,
        breaker: state.breaker,
        check_command,
        check: state.check.map(|check| LoopCheck {
            outcome: check.outcome,
            words: check.words,
            took: check.took,
            at: check.at,
            output: match check.outcome {
                CheckOutcome::Passed => String::new(),
                _ => tail(&check.output),
            },
        }),
        spent: state.spent,
        unpriced: state.unpriced,
        afterwards,
        messages: u32::try_from(state.messages.len()).unwrap_or(u32::MAX),
        recommendation: state.recommendation,
        plans: state.plans,
    }
}

/// The last lines of an output, without empty ones at its end.
fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.trim_end().lines().collect();
    let (most, wide) = TAIL;
    let shown = lines[lines.len().saturating_sub(most)..].iter();
    let cut = |line: &&str| line.chars().take(wide).collect::<String>();
    shown.map(cut).collect::<Vec<_>>().join("\n")
}

fn stage(state: &LoopState) -> LoopStage {
    match &state.phase {
        Phase::Between { until } => LoopStage::Between { until: *until },
        Phase::Starting => LoopStage::Starting,
        Phase::Running { cut, .. } => LoopStage::Running {
            ending: cut.as_ref().map(|cut| match &cut.why {
                CutWhy::TooLong => "it takes longer than an iteration may".to_owned(),
                CutWhy::OutOfTime => "the loop's time is up".to_owned(),
                CutWhy::Stalled(how) => how.clone(),
                CutWhy::Stopped => "you stop the loop".to_owned(),
                CutWhy::Paused => "you pause the loop".to_owned(),
                CutWhy::Budget => "a budget is used up".to_owned(),
            }),
        },
        Phase::Checking { .. } => LoopStage::Checking,
        Phase::Parked { until, why, limit } => LoopStage::Parked {
            until: *until,
            why: why.clone(),
            limit: *limit,
        },
        Phase::Paused { why } => LoopStage::Paused {
            why: why.sentence(),
        },
        Phase::Waiting { ask } => LoopStage::Waiting { ask: ask.clone() },
        Phase::Ended { why } => LoopStage::Ended {
            why: why.sentence(),
            complete: matches!(why, EndWhy::Complete(_)),
            bad: why.is_bad(),
        },
    }
}
