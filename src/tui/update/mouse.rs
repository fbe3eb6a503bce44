//! The mouse: everything it does, a key does too.

use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{actions, drag, open, overlays};
use crate::domain::{SessionId, TaskId};
use crate::protocol::screen::MouseMode;
use crate::protocol::{Input, Key, KeyPress, Level, Notice};
use crate::tui::board;
use crate::tui::layout::{Hit, Layout, PaneLayout};
use crate::tui::model::{Area, Click, Drag, Model};
use crate::tui::msg::{Effect, Update};
use crate::tui::pane::{agent_cell, input, spot_at};

/// Two clicks within so many milliseconds are a double one.
const DOUBLE: i64 = 400;
/// How many cells a trembling hand may be off, in a double click and before a press becomes a drag.
pub(super) const TREMBLE: u16 = 1;
/// Lines a turn of the wheel scrolls.
const WHEEL: i64 = 3;

pub(super) fn mouse(model: &mut Model, event: MouseEvent) -> Update {
    let layout = Layout::new(model);
    if layout.too_small {
        return Update::none();
    }
    if !model.overlays.is_empty() {
        return overlays::mouse(model, &layout, event);
    }
    let at = (event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => press(model, &layout, event),
        MouseEventKind::Drag(MouseButton::Left) => match model.drag {
            Drag::Selecting(session) => select_to(model, &layout, session, at),
            Drag::None => to_agent(model, &layout, event).unwrap_or_default(),
            _ => drag::moved(model, &layout, at),
        },
        MouseEventKind::Up(MouseButton::Left) => match model.drag {
            Drag::Selecting(session) => select_end(model, session),
            Drag::None => to_agent(model, &layout, event).unwrap_or_default(),
            _ => drag::release(model),
        },
        MouseEventKind::ScrollUp => wheel(model, &layout, event, -1),
        MouseEventKind::ScrollDown => wheel(model, &layout, event, 1),
        _ => to_agent(model, &layout, event).unwrap_or_default(),
    }
}

fn press(model: &mut Model, layout: &Layout, event: MouseEvent) -> Update {
    let at = (event.column, event.row);
    if let Some(update) = to_agent(model, layout, event) {
        return update;
    }
    match layout.hit(at.0, at.1) {
        Some(Hit::Action(action)) => actions::perform(model, action),
        Some(Hit::Toasts) => {
            model.toasts.clear();
            Update::redraw()
        }
        Some(Hit::Card(task)) => press_card(model, task, at),
        Some(Hit::Column(status)) => {
            open::leave(model);
            board::go_to_column(model, board::column_index(status));
            Update::redraw()
        }
        Some(Hit::Pane(task)) => press_pane(model, layout, task, event),
        Some(Hit::PaneTitle(task)) => {
            let double = is_double(model, task, at);
            board::select(model, task);
            open::enter(model);
            if double {
                open::zoom(model, model.view != crate::tui::model::View::Zoom);
            }
            Update::redraw()
        }
        _ => Update::none(),
    }
}

fn press_card(model: &mut Model, task: TaskId, at: (u16, u16)) -> Update {
    let double = is_double(model, task, at);
    if model.area == Area::Pane {
        open::leave(model);
    }
    board::select(model, task);
    if double {
        model.drag = Drag::None;
        return open::open(model);
    }
    drag::press(model, task, at);
    Update::redraw()
}

/// Whether this click is the second of two on the same thing: a card and its pane are two things, though
/// of one task.
fn is_double(model: &mut Model, task: TaskId, at: (u16, u16)) -> bool {
    let when = model.now;
    let double = model.last_click.is_some_and(|last| {
        let apart = last.at.0.abs_diff(at.0) + last.at.1.abs_diff(at.1);
        last.task == task && apart <= TREMBLE && when.since(last.when) <= DOUBLE
    });
    model.last_click = (!double).then_some(Click { when, at, task });
    double
}

/// A click into a pane gives it the keys and begins a selection.
fn press_pane(model: &mut Model, layout: &Layout, task: TaskId, event: MouseEvent) -> Update {
    if model.alone.is_none() {
        board::select(model, task);
    }
    open::enter(model);
    let Some(place) = layout.pane_of(task) else {
        return Update::redraw();
    };
    let Some(session) = place.session else {
        return Update::redraw();
    };
    let clicks = 1 + u8::from(is_double(model, task, (event.column, event.row)));
    if let Some(pane) = model.panes.get_mut(&session)
        && let Some(spot) = spot_at(place.inner, &pane.state, event.column, event.row)
    {
        let block = event.modifiers.contains(KeyModifiers::ALT);
        pane.state.press(spot, clicks, block);
        model.drag = Drag::Selecting(session);
    }
    Update::redraw()
}

fn place_of(layout: &Layout, session: SessionId) -> Option<PaneLayout> {
    layout
        .panes
        .iter()
        .find(|pane| pane.session == Some(session))
        .copied()
}

fn select_to(model: &mut Model, layout: &Layout, session: SessionId, at: (u16, u16)) -> Update {
    let (Some(place), Some(pane)) = (place_of(layout, session), model.panes.get_mut(&session))
    else {
        model.drag = Drag::None;
        return Update::none();
    };
    // Dragged over the edge, the text moves along.
    if at.1 < place.inner.top() {
        pane.state.scroll_by(-1, place.inner.height);
    } else if at.1 >= place.inner.bottom() {
        pane.state.scroll_by(1, place.inner.height);
    }
    if let Some(spot) = spot_at(place.inner, &pane.state, at.0, at.1) {
        pane.state.drag(spot);
    }
    Update::redraw()
}

fn select_end(model: &mut Model, session: SessionId) -> Update {
    model.drag = Drag::None;
    let text = model
        .panes
        .get_mut(&session)
        .and_then(|pane| pane.state.release());
    match text {
        Some(text) if !text.is_empty() => copied(model, text),
        _ => Update::redraw(),
    }
}

/// Puts text on the clipboard and says so.
pub(super) fn copied(model: &mut Model, text: String) -> Update {
    let count = text.chars().count();
    let plural = if count == 1 { "" } else { "s" };
    model.toast(
        Level::Info,
        format!("copied {count} character{plural}"),
        None,
    );
    Update::with(Effect::Clipboard(text))
}

fn wheel(model: &mut Model, layout: &Layout, event: MouseEvent, by: isize) -> Update {
    if let Some(update) = to_agent(model, layout, event) {
        return update;
    }
    match layout.hit(event.column, event.row) {
        Some(Hit::Card(_) | Hit::Column(_)) => {
            let column = layout
                .columns
                .iter()
                .find(|column| (column.area.left()..column.area.right()).contains(&event.column));
            let Some(column) = column else {
                return Update::none();
            };
            let more = if by < 0 { column.above } else { column.below };
            if more == 0 {
                return Update::none();
            }
            let index = board::column_index(column.status);
            model.cursor.scroll[index] = column.above.saturating_add_signed(by);
            Update::redraw()
        }
        Some(Hit::Pane(task)) => {
            let Some(place) = layout.pane_of(task).copied() else {
                return Update::none();
            };
            wheel_pane(model, place, by)
        }
        _ => Update::none(),
    }
}

fn wheel_pane(model: &mut Model, place: PaneLayout, by: isize) -> Update {
    let Some(session) = place.session else {
        return Update::none();
    };
    let focused = model.focused_pane() == Some(session);
    let Some(pane) = model.panes.get_mut(&session) else {
        return Update::none();
    };
    let modes = pane.state.screen.modes;
    if modes.alternate && modes.alternate_scroll && focused {
        let key = if by < 0 { Key::Up } else { Key::Down };
        let notice = Effect::Notify(Notice::Input {
            session,
            input: Input::Key(KeyPress::plain(key)),
        });
        return Update {
            dirty: false,
            effects: vec![notice; WHEEL as usize],
        };
    }
    let before = pane.state.position();
    pane.state.scroll_by(by as i64 * WHEEL, place.inner.height);
    if pane.state.position() == before {
        return Update::none();
    }
    Update::redraw()
}

/// Hands the event to the agent of the focused pane, if it wants the mouse; Shift keeps it here.
fn to_agent(model: &mut Model, layout: &Layout, event: MouseEvent) -> Option<Update> {
    if event.modifiers.contains(KeyModifiers::SHIFT) {
        return None;
    }
    let session = model.focused_pane()?;
    let place = place_of(layout, session)?;
    let pane = model.panes.get(&session)?;
    let wanted = match event.kind {
        MouseEventKind::Moved => MouseMode::Motion,
        MouseEventKind::Drag(_) => MouseMode::Drags,
        _ => MouseMode::Clicks,
    };
    if pane.state.screen.modes.mouse < wanted || pane.state.is_scrolling() {
        return None;
    }
    let cell = agent_cell(place.inner, &pane.state, event.column, event.row)?;
    let input = Input::Mouse(input::from_mouse(event, cell)?);
    Some(super::quietly(Effect::Notify(Notice::Input {
        session,
        input,
    })))
}
