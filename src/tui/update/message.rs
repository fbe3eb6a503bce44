//! Messages to agents: sent now, kept until the agent is idle, taken back.

use super::overlays;
use crate::domain::follow_up::FollowUp;
use crate::domain::{Activity, AskKind, Status, TaskId};
use crate::protocol::{
    ApiError, DropMessages, ErrorCode, Level, LoopStage, Request, SendMessage, SessionView,
    TaskCard, Which,
};
use crate::tui::board;
use crate::tui::dialog::{Addressee, Dialog, Doing};
use crate::tui::model::{Model, Overlay, Purpose};
use crate::tui::msg::{Effect, Update};

/// Opens the box for a message to a task's agent.
pub(super) fn open(model: &mut Model, task: TaskId) -> Update {
    let Some(card) = model.cards.get(&task) else {
        return Update::none();
    };
    if card.session.is_none() && !loops(card) {
        let hint = "s starts it".to_owned();
        model.toast(Level::Info, "the task has no agent yet", Some(hint));
        return Update::redraw();
    }
    write(model, task, "")
}

/// The box with words in it already.
fn write(model: &mut Model, task: TaskId, text: &str) -> Update {
    let Some(card) = model.cards.get(&task) else {
        return Update::none();
    };
    let dialog = Dialog::message(addressee(model, card), text);
    model
        .overlays
        .push(Overlay::Dialog(Box::new(dialog), Purpose::Itself));
    Update::redraw()
}

fn addressee(model: &Model, card: &TaskCard) -> Addressee {
    let known = model
        .agents
        .iter()
        .find(|agent| agent.name == card.task.agent);
    Addressee {
        task: card.task.id,
        title: board::title(card),
        agent: known.map_or(&card.task.agent, |agent| &agent.title).clone(),
        doing: match loops(card) {
            true => Doing::Loops,
            false => doing(card.session.as_ref()),
        },
        waiting: card.follow_ups + card.loop_view.as_ref().map_or(0, |view| view.messages),

        while_busy: known.map(|agent| agent.while_busy).unwrap_or_default(),
    }
}

/// Whether it is a loop that goes on: its agent hears nothing, but the next one is told.
fn loops(card: &TaskCard) -> bool {
    let view = card.loop_view.as_ref();
    card.task.status == Status::Running
        && view.is_some_and(|view| !matches!(view.stage, LoopStage::Ended { .. }))
}

fn doing(view: Option<&SessionView>) -> Doing {
    match view.map(|view| &view.activity) {
        Some(Activity::Working | Activity::Starting) => Doing::Works,
        // What a question gets for an answer may be a message; the daemon knows of whom.
        Some(Activity::Waiting(ask)) if ask.kind != AskKind::Question => Doing::Asks,
        Some(Activity::Exited(_)) | None => Doing::Ended,
        Some(_) => Doing::Else,
    }
}

/// The request that a written message comes to.
pub(super) fn send(task: TaskId, text: String, when_idle: bool) -> Update {
    let message = SendMessage { task, text };
    Update::call(match when_idle {
        true => Request::QueueMessage(message),
        false => Request::SendMessage(message),
    })
}

/// Takes the last message that waits back into the box it was written in.
pub(super) fn take_back(model: &mut Model, task: TaskId) -> Update {
    match model.cards.get(&task) {
        Some(card) if card.follow_ups > 0 => {
            let which = Which::Last;
            Update::call(Request::DropMessages(DropMessages { task, which }))
        }
        _ => {
            model.toast(Level::Info, "no message waits for its agent", None);
            Update::redraw()
        }
    }
}

/// What was taken back is not lost: it can be changed and sent.
pub(super) fn taken_back(model: &mut Model, task: TaskId, dropped: &[FollowUp]) -> Update {
    let text: Vec<&str> = dropped.iter().map(|one| one.text.as_str()).collect();
    let mut update = write(model, task, &text.join("\n\n"));
    // The detail under it no longer has it.
    if overlays::shows_detail(model, task) {
        update.effects.push(Effect::Call(Request::ShowTask(task)));
    }
    update
}

/// One that was not typed is not lost with its box: it can be sent otherwise.
pub(super) fn not_sent(model: &mut Model, message: &SendMessage, error: ApiError) -> Update {
    let typed = error.code == ErrorCode::Failed;
    model.toast(Level::Error, error.message, error.hint);
    let writing = matches!(model.overlays.last(), Some(Overlay::Dialog(..)));
    if !typed && !writing {
        write(model, message.task, &message.text);
    }
    Update::redraw()
}
