//! Keys and pastes: to whatever has the keys, the topmost first.

use ratatui::crossterm::event::{KeyEvent, KeyEventKind};

use super::{actions, drag, open, overlays};
use crate::domain::SessionId;
use crate::protocol::{Input, Notice};
use crate::tui::dialog::Dialog;
use crate::tui::keymap::{Action, Chord, Context, entry};
use crate::tui::layout::Layout;
use crate::tui::model::{Drag, Model, Overlay, Purpose};
use crate::tui::msg::{Effect, Update};
use crate::tui::pane::{CopyOutcome, input};

pub(super) fn key(model: &mut Model, event: KeyEvent) -> Update {
    let press = event.kind != KeyEventKind::Release;
    if !model.overlays.is_empty() {
        return if press {
            overlays::key(model, event)
        } else {
            Update::none()
        };
    }
    if let Drag::Dragging { .. } = model.drag {
        let cancel = model.keymap.action(Context::Drag, event) == Some(Action::CancelDrag);
        return if press && cancel {
            drag::cancel(model)
        } else {
            Update::none()
        };
    }
    match model.focused_pane() {
        Some(session) => pane_key(model, session, event),
        None if press => board_key(model, event),
        None => Update::none(),
    }
}

fn board_key(model: &mut Model, event: KeyEvent) -> Update {
    let asking = super::asks(model)
        .then(|| model.keymap.action(Context::Asking, event))
        .flatten();
    match asking.or_else(|| model.keymap.action(Context::Board, event)) {
        Some(action) => actions::perform(model, action),
        None => Update::none(),
    }
}

/// A key while a pane has them: all but two go to the agent.
fn pane_key(model: &mut Model, session: SessionId, event: KeyEvent) -> Update {
    if event.kind == KeyEventKind::Release {
        return send(model, session, event);
    }
    if model.prefix {
        return prefixed(model, session, event);
    }
    if model.keymap.is_leave(event) {
        return actions::perform(model, Action::LeavePane);
    }
    let copying = model
        .panes
        .get(&session)
        .is_some_and(|pane| pane.state.is_copying());
    if copying {
        return copy_key(model, session, event);
    }
    if model.keymap.is_prefix(event) {
        model.prefix = true;
        return Update::redraw();
    }
    let mut update = send(model, session, event);
    // Whoever types wants to see what comes of it.
    if let Some(pane) = model.panes.get_mut(&session)
        && pane.state.is_scrolling()
    {
        pane.state.go_live();
        update.dirty = true;
    }
    update
}

fn prefixed(model: &mut Model, session: SessionId, event: KeyEvent) -> Update {
    model.prefix = false;
    let mut update = Update::redraw();
    if model.keymap.is_prefix(event) {
        update.merge(send(model, session, event));
    } else if let Some(action) = model.keymap.action(Context::Prefix, event) {
        update.merge(actions::perform(model, action));
    }
    update
}

fn send(model: &Model, session: SessionId, event: KeyEvent) -> Update {
    let live = model
        .session(session)
        .is_none_or(|view| view.session.state == crate::domain::SessionState::Live);
    match input::from_key(event) {
        Some(key) if live => super::quietly(Effect::Notify(Notice::Input {
            session,
            input: Input::Key(key),
        })),
        _ => Update::none(),
    }
}

/// A key in copy mode; the table's keys stand for the usual ones, so that remaps work here too.
fn copy_key(model: &mut Model, session: SessionId, event: KeyEvent) -> Update {
    let usual = model
        .keymap
        .action(Context::Scroll, event)
        .and_then(|action| {
            let (_, keys) = entry(action)
                .keys
                .iter()
                .find(|(context, _)| *context == Context::Scroll)?;
            keys.first()?.parse::<Chord>().ok()
        });
    let event = usual.map_or(event, |chord| KeyEvent::new(chord.code, chord.modifiers));
    let height = Layout::new(model).pane_size(model).1;
    let Some(pane) = model.panes.get_mut(&session) else {
        return Update::none();
    };
    match pane.state.copy_key(event, height) {
        CopyOutcome::Ignored => Update::none(),
        CopyOutcome::Changed => Update::redraw(),
        CopyOutcome::Leave => {
            leave_ended(model, session);
            Update::redraw()
        }
        CopyOutcome::Copy(text) => {
            leave_ended(model, session);
            super::mouse::copied(model, text)
        }
        CopyOutcome::AskSearch => {
            let prompt = Dialog::prompt("Search the scrollback", "");
            model
                .overlays
                .push(Overlay::Dialog(Box::new(prompt), Purpose::Search(session)));
            Update::redraw()
        }
    }
}

/// Out of the scrollback of a session that has ended there is only the board to go to.
fn leave_ended(model: &mut Model, session: SessionId) {
    let ended = model
        .session(session)
        .is_some_and(|view| view.session.state != crate::domain::SessionState::Live);
    if ended && model.alone.is_none() {
        open::leave(model);
    }
}

pub(super) fn paste(model: &mut Model, text: &str) -> Update {
    if let Some(Overlay::Dialog(..) | Overlay::Sessions(_)) = model.overlays.last() {
        return overlays::paste(model, text);
    }
    if !model.overlays.is_empty() {
        return Update::none();
    }
    match model.focused_pane() {
        Some(session) => super::quietly(Effect::Notify(Notice::Input {
            session,
            input: Input::Paste(text.to_owned()),
        })),
        None => Update::none(),
    }
}
