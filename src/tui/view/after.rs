//! The radar, the report and what can be cleaned away: rows, and what there is to say of the selected one.

mod radar;
mod report;
mod tidy;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::overlays::corner;
use super::{frame, put, put_all, rule};
use crate::tui::after::AfterPage;
use crate::tui::card::Piece;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, width, wrap};
use crate::tui::theme::Role;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, page: &AfterPage) {
    let title = match page {
        AfterPage::Radar(_) => "Radar: who changes the same files",
        AfterPage::Report(_) => "Report: what was accepted",
        AfterPage::Tidy(_) => "Tidy up: worktrees of done tasks",
    };
    frame(buf, layout.overlay, title, Role::BorderFocus, &model.theme);
    match page {
        AfterPage::Radar(page) => radar::draw(buf, model, layout, page),
        AfterPage::Report(page) => report::draw(buf, model, layout, page),
        AfterPage::Tidy(page) => tidy::draw(buf, model, layout, page),
    }
    let (list, count) = (page.list(), page.count());
    let height = usize::from(layout.after.list.height);
    if count > height {
        let last = (list.scroll + height).min(count);
        let words = format!(" {}-{last} of {count} ", list.scroll + 1);
        corner(buf, model, layout.overlay, &words);
    }
}

/// What stands there while there is nothing: an error, that it is on its way, or what nothing means.
fn nothing(
    buf: &mut Buffer,
    model: &Model,
    area: Rect,
    (error, loaded): (Option<&String>, bool),
    (waiting, calm): (&str, &[&str]),
) {
    let ellipsis = model.theme.glyphs().ellipsis;
    let lines: Vec<(String, Role)> = match (error, loaded) {
        (Some(why), _) => {
            let lines = wrap(&clean(why), usize::from(area.width), 4, ellipsis);
            lines
                .into_iter()
                .map(|line| (line, Role::Warning))
                .collect()
        }
        (None, false) => vec![(format!("{waiting}{ellipsis}"), Role::Muted)],
        (None, true) => {
            let roles = std::iter::once(Role::Title).chain(std::iter::repeat(Role::Muted));
            let lines = calm.iter().map(|line| (*line).to_owned());
            lines.zip(roles).collect()
        }
    };
    for ((words, role), y) in lines.iter().zip(area.top()..area.bottom()) {
        put(buf, row(area, y), words, *role, &model.theme);
    }
}

/// The row of `area` at `y`.
fn row(area: Rect, y: u16) -> Rect {
    Rect {
        y,
        height: 1,
        ..area
    }
}

/// Draws rows of pieces, the selected one marked.
fn rows(
    buf: &mut Buffer,
    model: &Model,
    layout: &Layout,
    page: &crate::tui::after::RowList,
    pieces: impl Iterator<Item = Vec<Piece>>,
) {
    let (area, theme) = (layout.after.list, &model.theme);
    let shown = pieces.enumerate().skip(page.scroll);
    for ((index, pieces), y) in shown.zip(area.top()..area.bottom()) {
        put_all(buf, row(area, y), &pieces, theme);
        if index == page.selected {
            let line = Rect {
                x: area.x - 1,
                width: area.width + 2,
                ..row(area, y)
            };
            buf.set_style(line, theme.style(Role::Selected));
            put(buf, line, theme.glyphs().bar, Role::SelectedMark, theme);
        }
    }
}

/// A text in a column of a list, with a blank behind it; nothing where the column has no room.
fn cell(model: &Model, text: &str, wide: usize) -> String {
    if wide < 2 {
        return String::new();
    }
    let text = fit(text, wide - 1, model.theme.glyphs().ellipsis);
    format!("{text}{}", " ".repeat(wide - width(&text)))
}

/// The same at the right of its column.
fn right(model: &Model, text: &str, wide: usize) -> String {
    if wide < 2 {
        return String::new();
    }
    let text = fit(text, wide - 1, model.theme.glyphs().ellipsis);
    format!("{}{text} ", " ".repeat(wide - 1 - width(&text)))
}

/// Lines below a rule.
fn detail(buf: &mut Buffer, model: &Model, area: Rect, lines: &[Vec<Piece>]) {
    if area.height < 2 {
        return;
    }
    rule(buf, area, Role::Border, false, &model.theme);
    for (line, y) in lines.iter().zip(area.top() + 1..area.bottom()) {
        put_all(buf, row(area, y), line, &model.theme);
    }
}

#[cfg(test)]
mod tests;
