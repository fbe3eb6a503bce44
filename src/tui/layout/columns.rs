//! Where the columns and their cards are.

use ratatui::layout::Rect;

use super::{Hit, Layout, take_bottom, take_top};
use crate::domain::{Status, TaskId};
use crate::tui::board;
use crate::tui::card;
use crate::tui::keymap::Action;
use crate::tui::model::Model;

/// Where a column and its cards are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLayout {
    /// Which.
    pub status: Status,
    /// All of it.
    pub area: Rect,
    /// Its heading; no height where tabs stand for it.
    pub head: Rect,
    /// What is below.
    pub body: Rect,
    /// Its cards in sight, and where.
    pub cards: Vec<(TaskId, Rect)>,
    /// How many rows a card may take.
    pub rows: usize,
    /// How many cards it has in all.
    pub total: usize,
    /// How many of them are above those in sight.
    pub above: usize,
    /// How many are below.
    pub below: usize,
    /// How many are archived, and out of sight.
    pub archived: usize,
    /// Where that is said.
    pub note: Rect,
}

/// Places columns side by side in `area`.
pub(super) fn place(layout: &mut Layout, model: &Model, area: Rect, shown: &[Status]) {
    let all = board::columns(model);
    let count = shown.len() as u16;
    let gap = u16::from(count > 1);
    // One cell of margin at either side lets the columns breathe and shows the selection's bar.
    let room = area.width.saturating_sub(gap * count.saturating_sub(1));
    let mut x = area.x;
    for (index, status) in shown.iter().enumerate() {
        let width = room / count + u16::from((index as u16) < room % count);
        let area = Rect { x, width, ..area };
        x += width + gap;
        let column = column(
            model,
            *status,
            &all[board::column_index(*status)],
            area,
            count > 1,
        );
        layout.hits.push((column.area, Hit::Column(*status)));
        if !column.note.is_empty() {
            let show = Hit::Action(Action::ShowArchive);
            layout.hits.push((column.note, show));
        }
        for (task, area) in &column.cards {
            layout.hits.push((*area, Hit::Card(*task)));
        }
        layout.columns.push(column);
    }
}

fn column(
    model: &Model,
    status: Status,
    cards: &[&crate::protocol::TaskCard],
    area: Rect,
    with_head: bool,
) -> ColumnLayout {
    let mut body = area;
    let head = take_top(&mut body, u16::from(with_head));
    let archived = board::archived(model, status);
    // Below the cards, where it takes the room of none that is in sight.
    let note = match archived > 0 && body.height > 2 {
        true => take_bottom(&mut body, 1),
        false => Rect::default(),
    };
    let width = usize::from(body.width);
    let heights = |rows: usize| -> Vec<u16> {
        cards
            .iter()
            .map(|card| card::rows(model, card, width, rows).len() as u16)
            .collect()
    };
    // As much of each card as lets all be seen; with too many of them, the short form without gaps.
    let (rows, gap, heights) = [(card::MAX_ROWS, 1), (4, 1), (3, 1), (2, 1), (2, 0)]
        .into_iter()
        .filter(|_| body.height > 0)
        .map(|(rows, gap)| (rows, gap, heights(rows)))
        .find(|(_, gap, heights)| total(heights, *gap) <= u32::from(body.height))
        .unwrap_or_else(|| (2, 0, heights(2)));

    let index = board::column_index(status);
    let mut first = model.cursor.scroll[index].min(cards.len().saturating_sub(1));
    if model.cursor.reveal && model.cursor.column == status {
        first = revealed(first, model.cursor.index, &heights, gap, body.height);
    }
    if total(&heights, gap) <= u32::from(body.height) {
        first = 0;
    }
    let mut placed = Vec::new();
    let mut y = body.y;
    for (card, height) in cards.iter().zip(&heights).skip(first) {
        if y + height > body.bottom() {
            break;
        }
        placed.push((
            card.task.id,
            Rect {
                y,
                height: *height,
                ..body
            },
        ));
        y += height + gap;
    }
    ColumnLayout {
        status,
        area,
        head,
        body,
        rows,
        total: cards.len(),
        above: first,
        below: cards.len() - first - placed.len(),
        cards: placed,
        archived,
        note,
    }
}

fn total(heights: &[u16], gap: u16) -> u32 {
    let gaps = heights.len().saturating_sub(1) as u32 * u32::from(gap);
    heights.iter().map(|height| u32::from(*height)).sum::<u32>() + gaps
}

/// The first card to show so that the selected one is in sight, moving as little as possible.
fn revealed(first: usize, selected: usize, heights: &[u16], gap: u16, room: u16) -> usize {
    let selected = selected.min(heights.len().saturating_sub(1));
    let mut first = first.min(selected);
    while first < selected && total(&heights[first..=selected], gap) > u32::from(room) {
        first += 1;
    }
    first
}
