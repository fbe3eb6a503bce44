//! Steering loops: pause and go on, end, other limits; and what the detail needs of them.

use super::actions::push_dialog;
use crate::domain::{Mode, TaskId};
use crate::protocol::{ControlLoop, Level, LoopControl, LoopStage, LoopView, Request};
use crate::tui::dialog::Dialog;
use crate::tui::keymap::Action;
use crate::tui::loops::{parse_limits, typed};
use crate::tui::model::{Model, Purpose};
use crate::tui::msg::Update;

/// Asks for everything about a task: of a loop its iterations first, which the detail shows too.
pub(super) fn detail(model: &mut Model, task: TaskId) -> Update {
    let card = model.cards.get(&task);
    match card.is_some_and(|card| card.loop_view.is_some()) {
        true => Update::call(Request::LoopHistory(task)),
        false => Update::call(Request::ShowTask(task)),
    }
}

/// Steers the loop of a task.
pub(super) fn steer(model: &mut Model, action: Action, task: TaskId) -> Update {
    let card = model.cards.get(&task);
    let Some(view) = card.and_then(|card| card.loop_view.as_ref()) else {
        let looped = card.map(|card| card.task.mode) == Some(Mode::Loop);
        let (text, hint) = match looped {
            true => ("the loop has not begun", Some("s starts it".to_owned())),
            false => ("the task is no loop", None),
        };
        model.toast(Level::Info, text, hint);
        return Update::redraw();
    };
    let what = match action {
        Action::LoopPause => match view.stage {
            LoopStage::Paused { .. } | LoopStage::Waiting { .. } | LoopStage::Ended { .. } => {
                LoopControl::Continue { message: None }
            }
            _ => LoopControl::Pause { now: false },
        },
        Action::LoopStopAfter => LoopControl::Stop { after: true },
        Action::LoopStop => LoopControl::Stop { after: false },
        _ => {
            let words = format!("LIMITS, now {}, such as 80 6h $20", typed(&view.limits));
            let dialog = Dialog::prompt(&words, "");
            push_dialog(model, dialog, Purpose::Limits(task));
            return Update::redraw();
        }
    };
    Update::call(Request::ControlLoop(ControlLoop { task, what }))
}

/// Takes the limits that were typed.
pub(super) fn limit(model: &mut Model, task: TaskId, words: &str) -> Update {
    match parse_limits(words) {
        Ok(limits) if limits.is_empty() => Update::redraw(),
        Ok(limits) => {
            let what = LoopControl::Limits(limits);
            Update::call(Request::ControlLoop(ControlLoop { task, what }))
        }
        Err(why) => {
            model.toast(Level::Warning, why, None);
            Update::redraw()
        }
    }
}

/// A loop has taken what it was told.
pub(super) fn steered(model: &mut Model, asked: &ControlLoop, view: LoopView) -> Update {
    let text = match (&asked.what, &view.afterwards) {
        (LoopControl::Limits(_), _) => format!("limits: {}", view.limits),
        (LoopControl::Continue { .. }, _) if view.breaker.probing => {
            "one iteration may try; progress closes the breaker".to_owned()
        }
        (LoopControl::Continue { .. }, _) => "the loop goes on".to_owned(),
        (LoopControl::Tell(_), _) => "told at the next iteration".to_owned(),
        (_, Some(what)) => format!("the loop {what} after this iteration"),
        (LoopControl::Stop { .. }, None) => "the loop is ended".to_owned(),
        (LoopControl::Pause { .. }, None) => "the loop is paused".to_owned(),
    };
    model.toast(Level::Info, text, None);
    if let Some(card) = model.cards.get_mut(&asked.task) {
        card.loop_view = Some(view);
    }
    Update::redraw()
}
