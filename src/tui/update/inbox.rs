//! The inbox: answered, messaged and opened from where it lies.

use ratatui::crossterm::event::KeyEvent;

use super::{actions, open};
use crate::domain::TaskId;
use crate::protocol::{Level, Notice, inbox};
use crate::tui::inbox::InboxList;
use crate::tui::keymap::{Action, Context};
use crate::tui::layout::Hit;
use crate::tui::model::{Model, Overlay};
use crate::tui::msg::{Effect, Update};

pub(super) fn open_inbox(model: &mut Model) -> Update {
    // Twice the same would only have to be closed twice.
    model
        .overlays
        .retain(|overlay| !matches!(overlay, Overlay::Inbox(_)));
    let list = InboxList {
        selected: model.cursor.task,
        ..InboxList::default()
    };
    model.overlays.push(Overlay::Inbox(list));
    Update::redraw()
}

pub(super) fn key(model: &mut Model, mut list: InboxList, event: KeyEvent) -> Update {
    let own = model.keymap.action(Context::Inbox, event);
    let action = own.or_else(|| model.keymap.action(Context::List, event));
    let entries = inbox(model.cards.values());
    list.settle(&entries);
    let here = list.selected;
    match (action, here) {
        (Some(Action::Close | Action::Inbox), _) => Update::redraw(),
        (Some(Action::OpenRow), Some(task)) => open_task(model, task),
        (Some(action), Some(task)) => {
            let moved = list.act(&entries, action);
            model.overlays.push(Overlay::Inbox(list));
            match act(model, action, task) {
                Some(update) => update,
                None if moved => Update::redraw(),
                None => Update::none(),
            }
        }
        _ => {
            model.overlays.push(Overlay::Inbox(list));
            Update::none()
        }
    }
}

/// What a key does to the selected one, where it is none that moves.
fn act(model: &mut Model, action: Action, task: TaskId) -> Option<Update> {
    Some(match action {
        Action::Allow => actions::answer(model, task, true),
        Action::Deny => actions::answer(model, task, false),
        Action::Message => super::message::open(model, task),
        Action::ResumeRow => Update::call(actions::start(model, task)),
        Action::Dismiss => dismiss(model, task),
        _ => return None,
    })
}

/// Takes news off the list; who holds an agent up stays on it.
fn dismiss(model: &mut Model, task: TaskId) -> Update {
    let card = model.cards.get_mut(&task);
    let Some((need, view)) = card.and_then(|card| Some((card.need()?, card.session.as_mut()?)))
    else {
        return Update::none();
    };
    if need.blocks() {
        model.toast(Level::Info, "it waits for an answer", None);
        return Update::redraw();
    }
    view.unseen = false;
    Update::with(Effect::Notify(Notice::Seen(view.session.id)))
}

fn open_task(model: &mut Model, task: TaskId) -> Update {
    model.overlays.clear();
    open::reveal(model, task);
    open::open(model)
}

pub(super) fn mouse(
    model: &mut Model,
    mut list: InboxList,
    by: isize,
    clicked: Option<Hit>,
) -> Update {
    let entries = inbox(model.cards.values());
    let mut moved = false;
    if by != 0 {
        let to = list.index.saturating_add_signed(by / 3);
        moved = list.select(&entries, to);
    } else if let Some(Hit::Row(row)) = clicked {
        // A click selects, one on the selected row opens it.
        if row == list.index
            && let Some(task) = list.selected
        {
            return open_task(model, task);
        }
        moved = list.select(&entries, row);
    }
    model.overlays.push(Overlay::Inbox(list));
    if moved {
        Update::redraw()
    } else {
        Update::none()
    }
}
