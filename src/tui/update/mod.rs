//! The one place where the model changes: a message goes in, and out comes whether the screen looks
//! different and what is to be done.
//!
//! Pure: no I/O, no clock (the time comes with [`Msg::Tick`] and stands in the model).

mod actions;
mod after;
mod changes;
mod compare;
mod drag;
mod inbox;
mod keys;
mod link;
mod loops;
mod message;
mod mouse;
pub(in crate::tui) mod open;
mod overlays;
mod panes;
mod reply;
mod sessions;
mod time;
mod transcript;

use super::layout::Layout;
use super::model::{Area, Model};
use super::msg::{Effect, Msg, Update};
use crate::domain::Need;
use crate::protocol::TaskCard;

/// Changes the model by a message.
pub fn update(model: &mut Model, msg: Msg) -> Update {
    // Who types looks, whatever the terminal says about its focus (tmux denies it to hidden panes).
    let awake = !model.terminal_focus && matches!(msg, Msg::Key(_) | Msg::Paste(_));
    model.terminal_focus |= awake;
    let mut update = match msg {
        Msg::Key(event) => keys::key(model, event),
        Msg::Paste(text) => keys::paste(model, &text),
        Msg::Mouse(event) => mouse::mouse(model, event),
        Msg::Resize(cols, rows) => resize(model, (cols, rows)),
        Msg::Focus(focused) => focus(model, focused),
        Msg::Link(event) => link::link(model, event),
        Msg::Returned => changes::returned(model),
        Msg::Reply(reply) => reply::reply(model, *reply),
        Msg::Tick(now) => time::tick(model, now),
    };
    if update.dirty || awake {
        settle(model, &mut update);
    }
    update
}

/// What follows from a change: the selection where it belongs, the panes in sight attached.
fn settle(model: &mut Model, update: &mut Update) {
    super::board::settle(model);
    if model.area == Area::Pane && model.selected_session().is_none() {
        open::leave(model);
    }
    let layout = Layout::new(model);
    for column in &layout.columns {
        model.cursor.scroll[super::board::column_index(column.status)] = column.above;
    }
    model.cursor.reveal = false;
    overlays::fit(model, &layout);
    sessions::sync(model, update);
    transcript::sync(model, update);
    panes::sync(model, &layout, update);
    time::set_wake(model, &layout);
}

fn resize(model: &mut Model, size: (u16, u16)) -> Update {
    if model.size == size {
        return Update::none();
    }
    model.size = size;
    model.cursor.reveal = true;
    Update::redraw()
}

fn focus(model: &mut Model, focused: bool) -> Update {
    if model.terminal_focus == focused {
        return Update::none();
    }
    model.terminal_focus = focused;
    // Nothing looks different, but panes are claimed or told.
    let mut update = Update::none();
    let layout = Layout::new(model);
    panes::sync(model, &layout, &mut update);
    update
}

/// Whether the selected card's agent asks for a permission that a key can answer.
pub fn asks(model: &Model) -> bool {
    model.selected().is_some_and(asks_permission)
}

/// Whether a card's agent asks for a permission.
pub fn asks_permission(card: &TaskCard) -> bool {
    card.need() == Some(Need::Permission)
}

/// An effect and nothing to see.
fn quietly(effect: Effect) -> Update {
    Update {
        dirty: false,
        effects: vec![effect],
    }
}

#[cfg(test)]
mod tests;
