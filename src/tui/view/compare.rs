//! Two tasks side by side: who they are, and what each made of the same lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::changes::half;
use super::{frame, put, put_all, rule};
use crate::domain::patch::FilePatch;
use crate::domain::units::short_duration;
use crate::protocol::TaskCard;
use crate::tui::board;
use crate::tui::card::{self, Piece};
use crate::tui::compare::ComparePage;
use crate::tui::compare::rows::CompareRow;
use crate::tui::layout::{CompareAreas, Layout};
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, wrap};
use crate::tui::theme::Role;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, page: &ComparePage) {
    let title = "The same, tried twice";
    frame(buf, layout.overlay, title, Role::BorderFocus, &model.theme);
    let areas = &layout.compare;
    for side in [0, 1] {
        head(buf, model, areas, page, side);
    }
    rule(buf, areas.rule, Role::Border, false, &model.theme);
    if page.rows().is_empty() {
        return nothing(buf, model, areas, page);
    }
    let shown = page.rows().iter().skip(page.scroll);
    for (row, y) in shown.zip(areas.lines.top()..areas.lines.bottom()) {
        let halves = areas.halves.map(|half| Rect {
            y,
            height: 1,
            ..half
        });
        let line = Rect {
            y,
            height: 1,
            ..areas.lines
        };
        draw_row(buf, model, (line, halves), page, row);
    }
    let count = page.rows().len();
    let last = (page.scroll + usize::from(areas.lines.height)).min(count);
    let words = format!(" {} % ", last * 100 / count.max(1));
    super::overlays::corner(buf, model, layout.overlay, &words);
}

/// Who a side is: title, agent, how much it changed, its check, its cost. The one that has the keys is marked.
fn head(buf: &mut Buffer, model: &Model, areas: &CompareAreas, page: &ComparePage, side: usize) {
    let theme = &model.theme;
    let task = page.sides[side].task;
    let area = areas.heads[side];
    let here = page.focus == side;
    let found = model.cards.get(&task);
    let title = found.map(board::title).unwrap_or_default();
    let first = Rect { height: 1, ..area };
    let mark = match here {
        true => theme.glyphs().bar,
        false => " ",
    };
    let role = if here { Role::Title } else { Role::Muted };
    let pieces = [
        (mark.to_owned(), Role::SelectedMark),
        (format!(" #{task} {title}"), role),
    ];
    put_all(buf, first, &pieces, theme);
    if here {
        buf.set_style(first, theme.style(Role::Selected));
    }
    let second = Rect {
        x: area.x + area.width.min(2),
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1).min(1),
    };
    if let Some(found) = found {
        put_all(buf, second, &facts(model, found, page, side), theme);
    }
}

fn facts(model: &Model, shown: &TaskCard, page: &ComparePage, side: usize) -> Vec<Piece> {
    let glyphs = model.theme.glyphs();
    let separator = || (format!(" {} ", glyphs.separator), Role::Faint);
    let mut pieces = vec![
        (clean(&shown.task.agent).into_owned(), Role::Text),
        separator(),
        (shown.task.status.word().to_owned(), Role::Muted),
    ];
    let (added, removed) = page.sides[side].patch.counts();
    if added > 0 || removed > 0 {
        pieces.extend([
            separator(),
            (format!("+{added}"), Role::DiffAdd),
            (format!(" {}{removed}", glyphs.minus), Role::DiffRemove),
        ]);
    }
    if let Some(check) = card::check(shown) {
        pieces.extend([separator(), check]);
    }
    if let Some(cost) = shown.cost {
        pieces.extend([separator(), (cost.to_string(), Role::Muted)]);
    }
    let age = short_duration(model.now.since(shown.task.changed_at));
    pieces.extend([separator(), (age, Role::Muted)]);
    pieces
}

/// What stands there while there are no rows.
fn nothing(buf: &mut Buffer, model: &Model, areas: &CompareAreas, page: &ComparePage) {
    let glyphs = model.theme.glyphs();
    for (side, half) in page.sides.iter().zip(areas.halves) {
        let (words, role) = match (&side.error, side.loaded) {
            (Some(why), _) => (clean(why).into_owned(), Role::Warning),
            (None, false) => (
                format!("Reading the changes{}", glyphs.ellipsis),
                Role::Muted,
            ),
            (None, true) if side.patch.files.is_empty() => {
                ("Nothing has changed here yet.".to_owned(), Role::Muted)
            }
            (None, true) => ("Waiting for the other side".to_owned(), Role::Muted),
        };
        let lines = wrap(&words, usize::from(half.width), 4, glyphs.ellipsis);
        for (line, y) in lines.iter().zip(half.top()..half.bottom()) {
            let place = Rect {
                y,
                height: 1,
                ..half
            };
            put(buf, place, line, role, &model.theme);
        }
    }
}

fn draw_row(
    buf: &mut Buffer,
    model: &Model,
    (line, halves): (Rect, [Rect; 2]),
    page: &ComparePage,
    row: &CompareRow,
) {
    let theme = &model.theme;
    let glyphs = theme.glyphs();
    if !matches!(row, CompareRow::Gap) {
        let middle = Rect {
            x: halves[1].x.saturating_sub(1),
            width: 1,
            ..line
        };
        put(buf, middle, glyphs.vertical, Role::Faint, theme);
    }
    match row {
        CompareRow::Gap => {}
        CompareRow::File(both) => {
            for (side, index) in both.iter().enumerate() {
                let files = &page.sides[side].patch.files;
                let file = index.and_then(|index| files.get(index));
                let other = both[1 - side];
                let named = other.and_then(|at| page.sides[1 - side].patch.files.get(at));
                let pieces = file_line(model, file, named);
                put_all(buf, halves[side], &pieces, theme);
            }
        }
        CompareRow::Note(both) => {
            for (side, index) in both.iter().enumerate() {
                let files = &page.sides[side].patch.files;
                let file = index.and_then(|index| files.get(index));
                let words = match file {
                    None => "  not changed",
                    Some(file) if file.binary => "  a binary file",
                    Some(_) => "  no lines to show",
                };
                put(buf, halves[side], words, Role::Muted, theme);
            }
        }
        CompareRow::Jump(number) => {
            let lead = glyphs.horizontal.repeat(2);
            let words = format!("{lead} line {number} ");
            for half in halves {
                put(buf, half, &words, Role::DiffHunk, theme);
            }
        }
        CompareRow::Line(both) => {
            for (line, place) in both.iter().zip(halves) {
                if let Some(line) = line {
                    let at = (line.file, line.hunk, line.line);
                    half(
                        buf,
                        model,
                        place,
                        &page.sides[line.side],
                        at,
                        line.unchanged,
                    );
                }
            }
        }
    }
}

/// The name of a file with its counts; of one that this side has not changed, that.
fn file_line(model: &Model, file: Option<&FilePatch>, other: Option<&FilePatch>) -> Vec<Piece> {
    let glyphs = model.theme.glyphs();
    let Some(file) = file else {
        let name = other.map(|other| fit(&clean(&other.path), 60, glyphs.ellipsis).into_owned());
        return vec![
            (name.unwrap_or_default(), Role::Faint),
            ("  not changed".to_owned(), Role::Muted),
        ];
    };
    let mut pieces = vec![(clean(&file.path).into_owned(), Role::DiffFile)];
    if file.added > 0 || file.removed > 0 {
        pieces.extend([
            (format!("  +{}", file.added), Role::DiffAdd),
            (
                format!(" {}{}", glyphs.minus, file.removed),
                Role::DiffRemove,
            ),
        ]);
    }
    pieces
}

#[cfg(test)]
mod tests;
