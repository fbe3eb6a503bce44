//! The columns and their cards, and the card that is being dragged.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, put_all, rule};
use crate::tui::board;
use crate::tui::card::{self, CardRow};
use crate::tui::keymap::Action;
use crate::tui::layout::{ColumnLayout, Layout};
use crate::tui::model::{Area, Drag, Model};
use crate::tui::text::width;
use crate::tui::theme::Role;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout) {
    for column in &layout.columns {
        head(buf, model, column);
        for (task, area) in &column.cards {
            if let Some(shown) = model.cards.get(task) {
                let rows = card::rows(model, shown, usize::from(area.width), column.rows);
                draw_card(buf, model, *task, *area, &rows);
            }
        }
        more(buf, model, column);
        archived(buf, model, column);
        drop_mark(buf, model, column);
    }
}

/// `Queue 2 ─────`: bright where the selection is.
fn head(buf: &mut Buffer, model: &Model, column: &ColumnLayout) {
    if column.head.is_empty() {
        return;
    }
    let theme = &model.theme;
    let here = model.cursor.column == column.status && model.area == Area::Board;
    let target = matches!(model.drag, Drag::Dragging { over: Some(over), .. } if over.column == column.status);
    let (line, title) = match (target, here) {
        (true, _) => (Role::DropTarget, Role::DropTarget),
        (_, true) => (Role::BorderFocus, Role::ColumnHere),
        _ => (Role::Border, Role::Column),
    };
    rule(buf, column.head, line, here, theme);
    let pieces = [
        (format!(" {} ", column.status.title()), title),
        (format!("{} ", column.total), Role::Muted),
    ];
    let room = Rect {
        x: column.head.x + 1,
        width: column.head.width.saturating_sub(1),
        ..column.head
    };
    put_all(buf, room, &pieces, theme);
}

fn draw_card(
    buf: &mut Buffer,
    model: &Model,
    task: crate::domain::TaskId,
    area: Rect,
    rows: &[CardRow],
) {
    let theme = &model.theme;
    let selected = model.cursor.task == Some(task);
    let carried = matches!(model.drag, Drag::Dragging { task: carried, .. } if carried == task);
    for (index, row) in rows.iter().enumerate() {
        let line = Rect {
            y: area.y + index as u16,
            height: 1,
            ..area
        };
        if line.y >= area.bottom() {
            break;
        }
        let inner = Rect {
            x: line.x + 1,
            width: line.width.saturating_sub(1),
            ..line
        };
        draw_row(buf, model, inner, row);
        if selected {
            let style = theme.style(if index == 0 {
                Role::Selected
            } else {
                Role::SelectedBody
            });
            buf.set_style(line, style);
            put(buf, line, theme.glyphs().bar, Role::SelectedMark, theme);
        }
        if carried {
            buf.set_style(line, theme.style(Role::Faint));
        }
    }
}

/// A row of a card: the rest below the title stands in from its mark.
fn draw_row(buf: &mut Buffer, model: &Model, area: Rect, row: &CardRow) {
    let theme = &model.theme;
    let mut left = area;
    if let Some((text, role)) = &row.right {
        let wide = (width(text) as u16).min(area.width);
        let right = Rect {
            x: area.right() - wide,
            width: wide,
            ..area
        };
        put(buf, right, text, *role, theme);
        left.width = area.width.saturating_sub(wide + 1);
    }
    let by = row.indent.min(left.width);
    left.x += by;
    left.width -= by;
    put_all(buf, left, &row.left, theme);
}

/// How many are archived, and the key that shows them.
fn archived(buf: &mut Buffer, model: &Model, column: &ColumnLayout) {
    if column.archived == 0 {
        return;
    }
    let key = model.keymap.first_key(Action::ShowArchive);
    let key = key.map(|chord| format!("  {}", chord.label()));
    let words = format!(" {} archived", column.archived);
    let pieces = [
        (words, Role::Muted),
        (key.unwrap_or_default(), Role::Key),
        (" shows".to_owned(), Role::Muted),
    ];
    put_all(buf, column.note, &pieces, &model.theme);
}

/// How many cards are out of sight, above and below.
fn more(buf: &mut Buffer, model: &Model, column: &ColumnLayout) {
    let glyphs = model.theme.glyphs();
    let mut words = String::new();
    if column.above > 0 {
        words.push_str(&format!(" {}{}", glyphs.up, column.above));
    }
    if column.below > 0 {
        words.push_str(&format!(" {}{}", glyphs.down, column.below));
    }
    if words.is_empty() {
        return;
    }
    words.push(' ');
    // In the heading, where it takes no card's place; without one, at the right of the last line.
    let line = match column.head.is_empty() {
        true => Rect {
            y: column.body.bottom().saturating_sub(1),
            height: column.body.height.min(1),
            ..column.body
        },
        false => column.head,
    };
    let wide = (width(&words) as u16).min(line.width);
    let place = Rect {
        x: line.right() - wide,
        width: wide,
        ..line
    };
    put(buf, place, &words, Role::Accent, &model.theme);
}

/// A line where the dragged card would land.
fn drop_mark(buf: &mut Buffer, model: &Model, column: &ColumnLayout) {
    let Drag::Dragging {
        over: Some(over), ..
    } = model.drag
    else {
        return;
    };
    if over.column != column.status || column.body.is_empty() {
        return;
    }
    let at = over.before.and_then(|before| {
        let (_, area) = column.cards.iter().find(|(task, _)| *task == before)?;
        Some(area.y)
    });
    let after_last = column
        .cards
        .last()
        .map_or(column.body.y, |(_, area)| area.bottom());
    let y = at.unwrap_or(after_last).min(column.body.bottom() - 1);
    let mark = Rect {
        y,
        height: 1,
        width: 1,
        ..column.body
    };
    put(
        buf,
        mark,
        model.theme.glyphs().arrow,
        Role::DropTarget,
        &model.theme,
    );
    if over.before.is_none() && y == after_last {
        let line = Rect {
            x: mark.x + 1,
            width: column.body.width.saturating_sub(1),
            ..mark
        };
        rule(buf, line, Role::DropTarget, false, &model.theme);
    }
}

/// The dragged card's title under the mouse.
pub(super) fn dragged(buf: &mut Buffer, model: &Model) {
    let Drag::Dragging { task, at, .. } = model.drag else {
        return;
    };
    let Some(shown) = model.cards.get(&task) else {
        return;
    };
    let words = format!(" {} ", board::title(shown));
    let wide = (width(&words) as u16).min(28).min(buf.area.width);
    let area = Rect {
        x: (at.0 + 1).min(buf.area.right().saturating_sub(wide)),
        y: at.1,
        width: wide,
        height: 1,
    };
    put(
        buf,
        area.intersection(buf.area),
        &words,
        Role::Drag,
        &model.theme,
    );
}
