//! Dragging a card: pressed, dragging, dropped. Keyed by the task, since the board changes underneath.

use super::actions;
use super::mouse::TREMBLE;
use crate::domain::TaskId;
use crate::tui::layout::Layout;
use crate::tui::model::{Drag, Drop, Model};
use crate::tui::msg::Update;

/// The button went down on a card.
pub(super) fn press(model: &mut Model, task: TaskId, at: (u16, u16)) {
    model.drag = Drag::Pressed { task, at };
}

/// The mouse moved with the button down.
pub(super) fn moved(model: &mut Model, layout: &Layout, at: (u16, u16)) -> Update {
    let task = match model.drag {
        // A trembling hand does not drag.
        Drag::Pressed { task, at: from }
            if from.0.abs_diff(at.0) + from.1.abs_diff(at.1) > TREMBLE =>
        {
            task
        }
        Drag::Dragging { task, .. } => task,
        _ => return Update::none(),
    };
    if !model.cards.contains_key(&task) {
        return cancel(model);
    }
    let over = target(layout, task, at);
    let drag = Drag::Dragging { task, at, over };
    if drag == model.drag {
        return Update::none();
    }
    model.drag = drag;
    // What became a drag was no click: the next press on the card is a first one again.
    model.last_click = None;
    Update::redraw()
}

/// The button went up.
pub(super) fn release(model: &mut Model) -> Update {
    match std::mem::take(&mut model.drag) {
        Drag::Dragging { task, over, .. } => match over {
            Some(drop) if !stays(model, task, drop) => {
                let mut update = actions::request_move(model, task, drop.column, drop.before);
                update.dirty = true;
                update
            }
            _ => Update::redraw(),
        },
        _ => Update::none(),
    }
}

/// Puts the card back.
pub(super) fn cancel(model: &mut Model) -> Update {
    model.drag = Drag::None;
    Update::redraw()
}

/// Where a card would land that is let go at a cell.
fn target(layout: &Layout, task: TaskId, at: (u16, u16)) -> Option<Drop> {
    let column = layout.columns.iter().find(|column| {
        let area = column.area;
        (area.left()..area.right()).contains(&at.0) && (area.top()..area.bottom()).contains(&at.1)
    });
    let Some(column) = column else {
        // Tabs stand for columns that are not shown.
        let tab = layout.tabs.segments.iter().find(|segment| {
            segment
                .area
                .contains(ratatui::layout::Position::new(at.0, at.1))
        });
        return match tab.and_then(|segment| segment.hit) {
            Some(crate::tui::layout::Hit::Column(column)) => Some(Drop {
                column,
                before: None,
            }),
            _ => None,
        };
    };
    let before = column
        .cards
        .iter()
        .filter(|(card, _)| *card != task)
        .find(|(_, area)| at.1 < area.y + area.height.div_ceil(2))
        .map(|(card, _)| *card);
    Some(Drop {
        column: column.status,
        before,
    })
}

/// Whether the card already stands there.
fn stays(model: &Model, task: TaskId, drop: Drop) -> bool {
    let columns = crate::tui::board::columns(model);
    let cards = &columns[crate::tui::board::column_index(drop.column)];
    let ids: Vec<TaskId> = cards.iter().map(|card| card.task.id).collect();
    let Some(index) = ids.iter().position(|id| *id == task) else {
        return false;
    };
    ids.get(index + 1).copied() == drop.before
}
