//! The inbox: a row for everyone who needs the user, and below them the selected one's exact words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{frame, put, put_all, rule};
use crate::domain::inbox::Need;
use crate::domain::units::short_duration;
use crate::protocol::{InboxEntry, inbox};
use crate::tui::inbox::{InboxList, words};
use crate::tui::layout::{Layout, inbox_parts};
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, width, wrap};
use crate::tui::theme::{Glyphs, Role};

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, list: &InboxList) {
    let theme = &model.theme;
    let entries = inbox(model.cards.values());
    let title = match entries.len() {
        0 => "Inbox".to_owned(),
        1 => "Inbox: 1 needs you".to_owned(),
        count => format!("Inbox: {count} need you"),
    };
    frame(buf, layout.overlay, &title, Role::BorderFocus, theme);
    let inner = layout.overlay_inner;
    if entries.is_empty() {
        put(
            buf,
            inner,
            "Nobody waits for you. Agents that ask, finish or fail show up here.",
            Role::Muted,
            theme,
        );
        return;
    }
    let (rows, detail) = inbox_parts(inner);
    let shown = entries.iter().enumerate().skip(list.scroll);
    for ((index, entry), y) in shown.zip(rows.top()..rows.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..rows
        };
        put_all(buf, row, &pieces(model, entry, row.width), theme);
        if index == list.index {
            let line = Rect {
                x: row.x - 1,
                width: row.width + 2,
                ..row
            };
            buf.set_style(line, theme.style(Role::Selected));
            put(buf, line, theme.glyphs().bar, Role::SelectedMark, theme);
        }
    }
    if let Some(entry) = entries.get(list.index) {
        draw_detail(buf, model, detail, entry);
    }
}

/// `? #13 login bug     asks: run tests?                claude      3m`
fn pieces(model: &Model, entry: &InboxEntry, wide: u16) -> [(String, Role); 5] {
    let glyphs = model.theme.glyphs();
    let room = usize::from(wide);
    let agent_wide = if room >= 60 { 9 } else { 0 };
    let rest = room.saturating_sub(2 + agent_wide + 7);
    let title_wide = (rest * 2 / 5).saturating_sub(1);
    let words_wide = rest.saturating_sub(title_wide + 2);
    let cell = |text: &str, wide: usize| {
        if wide == 0 {
            return String::new();
        }
        let text = fit(text, wide, glyphs.ellipsis);
        format!("{text}{} ", " ".repeat(wide.saturating_sub(width(&text))))
    };
    let (mark, role) = mark(entry.need, glyphs);
    let title = format!("#{} {}", entry.task, clean(&entry.title));
    let age = short_duration(model.now.since(entry.since));
    [
        (format!("{mark} "), role),
        (cell(&title, title_wide), Role::Text),
        (cell(&words(entry), words_wide), role),
        (
            cell(&clean(&entry.agent), agent_wide.max(1) - 1),
            Role::Muted,
        ),
        (format!("{age:>6}"), Role::Muted),
    ]
}

fn mark(need: Need, glyphs: &Glyphs) -> (&'static str, Role) {
    match need {
        Need::Permission | Need::Question | Need::Auth => (glyphs.ask, Role::Waiting),
        Need::Budget => (glyphs.pause, Role::Waiting),
        Need::Stuck => (glyphs.dot, Role::Bad),
        Need::Looping => (glyphs.dot, Role::Looping),
        Need::Failed => (glyphs.cross, Role::Bad),
        Need::Limited => (glyphs.pause, Role::Slow),
        Need::Idle => (glyphs.dot, Role::Slow),
        Need::Finished => (glyphs.check, Role::Good),
    }
}

/// What the row had no room for.
fn draw_detail(buf: &mut Buffer, model: &Model, area: Rect, entry: &InboxEntry) {
    if area.height < 2 {
        return;
    }
    let theme = &model.theme;
    rule(buf, area, Role::Border, false, theme);
    let mut lines = vec![(
        format!(
            "{} · {}: {}",
            clean(&entry.project),
            clean(&entry.agent),
            entry.need.words()
        ),
        Role::Muted,
    )];
    let room = usize::from(area.width);
    let most = usize::from(area.height).saturating_sub(2);
    let text = clean(&entry.words);
    if !text.trim().is_empty() {
        let wrapped = wrap(text.trim(), room, most.max(1), theme.glyphs().ellipsis);
        lines.extend(wrapped.into_iter().map(|line| (line, Role::Text)));
    }
    for ((line, role), y) in lines.iter().zip(area.top() + 1..area.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        put(buf, row, line, *role, theme);
    }
}
