//! What the check of a task prints, below its changes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::{put, put_all, rule};
use crate::domain::check::sentence;
use crate::domain::units::short_duration;
use crate::tui::card::Piece;
use crate::tui::changes::Changes;
use crate::tui::changes::check::CheckPane;
use crate::tui::model::Model;
use crate::tui::text::{clean, wrap};
use crate::tui::theme::Role;

pub(super) fn draw(buf: &mut Buffer, model: &Model, area: Rect, page: &Changes) {
    let Some(pane) = page.check.as_ref().filter(|_| area.height > 0) else {
        return;
    };
    let theme = &model.theme;
    rule(buf, area, Role::Border, false, theme);
    let head = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4),
        height: 1,
        ..area
    };
    put_all(buf, head, &heading(model, pane), theme);
    let lines = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    if let Some(why) = &pane.error {
        let glyphs = theme.glyphs();
        let room = usize::from(lines.width);
        let words = wrap(
            &clean(why),
            room,
            usize::from(lines.height),
            glyphs.ellipsis,
        );
        return draw_lines(buf, model, lines, words.iter(), Role::Warning);
    }
    let shown = pane.lines().iter().skip(pane.first());
    draw_lines(buf, model, lines, shown, Role::Text);
}

fn draw_lines<'a>(
    buf: &mut Buffer,
    model: &Model,
    area: Rect,
    lines: impl Iterator<Item = &'a String>,
    role: Role,
) {
    for (line, y) in lines.zip(area.top()..area.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        put(buf, row, line, role, &model.theme);
    }
}

/// `check running for 12s · line 1 of 40 · cargo test`
fn heading(model: &Model, pane: &CheckPane) -> Vec<Piece> {
    let separator = format!(" {} ", model.theme.glyphs().separator);
    let Some(report) = &pane.report else {
        let words = match &pane.error {
            Some(_) => " check ".to_owned(),
            None => format!(" check{separator}starting "),
        };
        return vec![(words, Role::Title)];
    };
    let check = &report.check;
    let (words, role) = match (&check.verdict, check.running) {
        (_, true) => {
            let age = short_duration(model.now.since(check.at));
            (format!("running for {age}"), Role::Working)
        }
        (Some(verdict), false) => {
            let took = short_duration(i64::try_from(check.took).unwrap_or(i64::MAX));
            let words = format!("{} ({took})", clean(&sentence(verdict, check.freshness)));
            (
                words,
                if verdict.is_passed() {
                    Role::Good
                } else {
                    Role::Bad
                },
            )
        }
        (None, false) => ("not run yet".to_owned(), Role::Muted),
    };
    let (count, first) = (pane.lines().len(), pane.first());
    let mut pieces = vec![(" check ".to_owned(), Role::Muted), (words, role)];
    if count > 0 {
        let words = format!("{separator}line {} of {count}", first + 1);
        pieces.push((words, Role::Muted));
    }
    // Last, since it may be long: what came of it matters more.
    pieces.extend([
        (separator, Role::Faint),
        (format!("{} ", clean(&report.command)), Role::Title),
    ]);
    pieces
}
