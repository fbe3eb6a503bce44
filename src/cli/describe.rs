//! Words for cards and sessions: the same in every table.

use super::loop_words;
use super::output::paint::Role;
use super::output::table::Cell;
use crate::domain::units::short_duration;
use crate::domain::{Activity, Cost, Exit, Reason, SessionState, Status, Timestamp};
use crate::protocol::{GitView, HoldView, LoopStage, LoopView, SessionView, TaskCard};

/// The status of a card, with the letter of its session's health.
pub(super) fn status(card: &TaskCard) -> Cell {
    let role = match card.task.status {
        Status::Queued => Role::Plain,
        Status::Running => Role::Active,
        Status::Review => Role::Warn,
        Status::Done => Role::Good,
        Status::Cancelled => Role::Dim,
    };
    Cell::new(card.task.status.word(), role)
}

/// What the agent is doing, or why the card stands where it is.
pub(super) fn doing(card: &TaskCard, now: Timestamp) -> Cell {
    if card.task.status == Status::Running
        && let Some(session) = &card.session
    {
        return match &card.loop_view {
            Some(view) => iteration(view, session, now),
            None => activity(session, now),
        };
    }
    match (&card.hold, &card.task.reason) {
        // That it is held follows from the reason, which says more.
        (None | Some(HoldView::Held), Some(reason)) => self::reason(reason, card.session.as_ref()),
        (Some(hold), _) => Cell::new(hold_words(hold), Role::Dim),
        (None, None) => Cell::default(),
    }
}

/// What a loop is doing: what its agent does while one runs, else what comes next.
fn iteration(view: &LoopView, session: &SessionView, now: Timestamp) -> Cell {
    let cell = match view.stage {
        LoopStage::Running { ending: None } => activity(session, now),
        _ => loop_words::stage(view, now),
    };
    cell.after(&format!("iteration {}: ", view.iteration))
}

/// What a session's agent is doing, with its health where that is not well.
pub(super) fn activity(session: &SessionView, now: Timestamp) -> Cell {
    let (mut words, mut role) = match &session.activity {
        Activity::Waiting(ask) if !ask.text.is_empty() => {
            (format!("asks: {}", ask.text), Role::Warn)
        }
        Activity::Limited(Some(until)) => (
            format!("limited for {}", short_duration(until.since(now))),
            Role::Warn,
        ),
        Activity::Exited(exit) => (exit_words(*exit), exit_role(*exit)),
        activity => {
            let role = match activity {
                Activity::Waiting(_) | Activity::Idle | Activity::Limited(_) => Role::Warn,
                Activity::Working => Role::Active,
                _ => Role::Plain,
            };
            let words = match (activity, session.background) {
                (Activity::Idle, count @ 1..) => format!("idle, {count} in the background"),
                _ => activity.word().to_owned(),
            };
            (words, role)
        }
    };
    if let Some(verdict) = session.health.as_ref().filter(|verdict| verdict.is_ill()) {
        words = format!("{} ({words}): {}", verdict.word(), verdict.sentence(now));
        role = Role::Bad;
    }
    Cell::new(words, role)
}

/// The state of a session.
pub(super) fn session_state(state: SessionState) -> Cell {
    match state {
        SessionState::Live => Cell::new("live", Role::Good),
        SessionState::Ended => Cell::new("ended", Role::Dim),
        SessionState::Interrupted => Cell::new("interrupted", Role::Warn),
    }
}

/// Why a card stands where it is, with what can be done about its session.
pub(super) fn reason(reason: &Reason, session: Option<&SessionView>) -> Cell {
    let way = match session {
        Some(session) if session.resumable => ", can be resumed",
        Some(_) => ", can be started again",
        None => "",
    };
    match reason {
        Reason::Finished => Cell::new("finished", Role::Good),
        Reason::Failed(why) if why.is_empty() => Cell::new("failed", Role::Bad),
        Reason::Failed(why) => Cell::new(format!("failed: {why}"), Role::Bad),
        Reason::Stopped => Cell::new(format!("stopped{way}"), Role::Plain),
        Reason::Interrupted => Cell::new(format!("interrupted{way}"), Role::Warn),
    }
}

pub(super) fn hold_words(hold: &HoldView) -> String {
    let list = |tasks: &[crate::domain::TaskId]| {
        let ids: Vec<String> = tasks.iter().map(|id| format!("#{id}")).collect();
        ids.join(", ")
    };
    match hold {
        HoldView::Held => "held".to_owned(),
        HoldView::After(tasks) => format!("after {}", list(tasks)),
        HoldView::Cycle(tasks) => format!("depends on itself over {}", list(tasks)),
        HoldView::NoSlot => "waits for a slot".to_owned(),
        HoldView::Budget(why) => why.clone(),
        HoldView::Paused => "the queue is paused".to_owned(),
    }
}

pub(super) fn exit_words(exit: Exit) -> String {
    match exit {
        Exit::Code(0) => "exited".to_owned(),
        Exit::Code(code) => format!("exited with {code}"),
        Exit::Signal(signal) => format!("ended by signal {signal}"),
        Exit::Lost => "lost".to_owned(),
    }
}

fn exit_role(exit: Exit) -> Role {
    if exit.is_success() {
        Role::Good
    } else {
        Role::Bad
    }
}

/// How long ago.
pub(super) fn age(now: Timestamp, then: Timestamp) -> Cell {
    Cell::new(short_duration(now.since(then)), Role::Dim)
}

/// A cost; empty where nobody knows it.
pub(super) fn cost(cost: Option<Cost>) -> Cell {
    match cost {
        Some(cost) => Cell::new(cost.to_string(), Role::Plain),
        None => Cell::default(),
    }
}

/// What git says, in a few cells: `+214 -31`.
pub(super) fn changes(git: Option<&GitView>) -> Cell {
    match git {
        Some(git) if git.files > 0 => {
            let dirty = if git.dirty > 0 { " *" } else { "" };
            Cell::from(format!("+{} -{}{dirty}", git.insertions, git.deletions))
        }
        _ => Cell::default(),
    }
}
