//! The panes of all running agents, in a grid.

use ratatui::layout::Rect;

use super::{Layout, PaneLayout, take_top};
use crate::tui::board;
use crate::tui::model::Model;

/// The smallest tile, its title bar included.
const LEAST: (u16, u16) = (38, 7);

pub(super) fn place(layout: &mut Layout, model: &Model) {
    let cards: Vec<_> = board::running(model)
        .into_iter()
        .filter(|card| super::has_pane(card))
        .collect();
    if cards.is_empty() {
        return;
    }
    let body = layout.body;
    let (columns, rows) = grid(cards.len() as u16, body.width, body.height);
    let room = usize::from(columns * rows);
    // With more agents than room, the selected one is among those shown.
    let selected = cards
        .iter()
        .position(|card| Some(card.task.id) == model.cursor.task)
        .unwrap_or(0);
    let first = (selected + 1).saturating_sub(room);
    layout.more = cards.len().saturating_sub(room);
    for (index, card) in cards.iter().skip(first).take(room).enumerate() {
        let (column, row) = (index as u16 % columns, index as u16 / columns);
        let left = body.x + body.width * column / columns;
        let mut right = body.x + body.width * (column + 1) / columns;
        let top = body.y + body.height * row / rows;
        let bottom = body.y + body.height * (row + 1) / rows;
        // The last tile takes what its row has left.
        let last = first + index + 1 == cards.len().min(first + room);
        if last {
            right = body.right();
        } else {
            right -= u16::from(column + 1 < columns);
        }
        let mut inner = Rect {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        };
        let title = take_top(&mut inner, 1);
        layout.pane(PaneLayout {
            task: Some(card.task.id),
            session: card.session.as_ref().map(|view| view.session.id),
            title,
            inner,
        });
    }
}

/// Columns and rows for `count` tiles: as near to 80 by 24 as it gets.
fn grid(count: u16, width: u16, height: u16) -> (u16, u16) {
    let most_columns = (width / LEAST.0).max(1);
    let most_rows = (height / LEAST.1).max(1);
    (1..=most_columns.min(count))
        .map(|columns| (columns, count.div_ceil(columns).min(most_rows)))
        .max_by_key(|(columns, rows)| {
            let shown = (columns * rows).min(count);
            // What counts is the worse of width and height, in percent of a usual terminal; a line that is
            // too long hurts more than one that has scrolled away.
            let wide = u32::from(width / columns) * 100 / 80;
            let high = u32::from(height / rows) * 100 / 18;
            (shown, wide.min(high).min(125), *columns)
        })
        .unwrap_or((1, 1))
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn grids_are_sensible() {
        for (count, width, height, expected) in [
            (1, 80, 22, (1, 1)),
            (2, 80, 22, (1, 2)),
            (2, 200, 48, (2, 1)),
            (4, 200, 48, (2, 2)),
            (3, 200, 48, (2, 2)),
            (6, 300, 78, (3, 2)),
            (9, 40, 10, (1, 1)),
        ] {
            assert_eq!(
                grid(count, width, height),
                expected,
                "{count} in {width}x{height}"
            );
        }
    }
}
