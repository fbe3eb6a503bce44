//! The box around a dialog, and the small things all dialogs draw.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::text::{clean, fit, width};
use crate::tui::theme::{Role, Theme};

/// The rectangle of a box of that size in the middle of `screen`; smaller where there is no room.
pub(super) fn middle(screen: Rect, cols: u16, rows: u16) -> Rect {
    let (cols, rows) = (cols.min(screen.width), rows.min(screen.height));
    Rect::new(
        screen.x + (screen.width - cols) / 2,
        // A little above the middle looks like the middle.
        screen.y + (screen.height - rows) * 2 / 5,
        cols,
        rows,
    )
}

/// What is inside the frame and a column of air.
pub(super) fn inside(area: Rect) -> Rect {
    Rect::new(
        area.x + 2.min(area.width),
        area.y + 1.min(area.height),
        area.width.saturating_sub(4),
        area.height.saturating_sub(2),
    )
}

/// Draws an empty box with a title.
pub(super) fn draw_box(buf: &mut Buffer, area: Rect, title: &str, role: Role, theme: &Theme) {
    let glyphs = theme.glyphs();
    let style = theme.style(role);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            let (top, bottom) = (y == area.top(), y + 1 == area.bottom());
            let (left, right) = (x == area.left(), x + 1 == area.right());
            let symbol = match (top, bottom, left, right) {
                (true, _, true, _) => glyphs.top_left,
                (true, _, _, true) => glyphs.top_right,
                (_, true, true, _) => glyphs.bottom_left,
                (_, true, _, true) => glyphs.bottom_right,
                (true, ..) | (_, true, ..) => glyphs.horizontal,
                (_, _, true, _) | (_, _, _, true) => glyphs.vertical,
                _ => " ",
            };
            let cell = &mut buf[(x, y)];
            cell.reset();
            cell.set_symbol(symbol);
            if symbol != " " {
                cell.set_style(style);
            }
        }
    }
    let room = area.width.saturating_sub(6);
    let title = format!(" {} ", fit(&clean(title), room.into(), glyphs.ellipsis));
    put(
        buf,
        area.x + 2,
        area.y,
        area,
        &title,
        theme.style(Role::Title),
    );
}

/// Writes `text` at a place, cut at the right end of `area`; the column behind it.
pub(super) fn put(buf: &mut Buffer, x: u16, y: u16, area: Rect, text: &str, style: Style) -> u16 {
    let room = area.right().saturating_sub(x);
    if room == 0 || y < area.top() || y >= area.bottom() {
        return x;
    }
    buf.set_stringn(x, y, text, room.into(), style).0
}

/// Writes `key what` pairs in one row, as many as fit.
pub(super) fn hints(
    buf: &mut Buffer,
    mut x: u16,
    y: u16,
    area: Rect,
    pairs: &[(String, &str)],
    theme: &Theme,
) {
    for (key, what) in pairs {
        let needed = width(key) + 1 + width(what);
        if usize::from(area.right().saturating_sub(x)) < needed {
            return;
        }
        x = put(buf, x, y, area, key, theme.style(Role::Key));
        x = put(buf, x + 1, y, area, what, theme.style(Role::Hint)) + 2;
    }
}

/// The key of a form's action, as hints write it.
pub(super) fn form_key(keymap: &Keymap, action: Action) -> String {
    let keys = keymap.keys(Context::Form, action);
    keys.first().map(|key| key.label()).unwrap_or_default()
}

/// Where the left button went down, if that is what happened.
pub(super) fn clicked(event: MouseEvent) -> Option<Position> {
    let down = matches!(event.kind, MouseEventKind::Down(MouseButton::Left));
    down.then(|| Position::new(event.column, event.row))
}

/// Writes a button and gives its rectangle.
pub(super) fn button(
    buf: &mut Buffer,
    x: u16,
    y: u16,
    area: Rect,
    label: &str,
    focused: bool,
    theme: &Theme,
) -> u16 {
    let role = if focused {
        Role::ButtonFocus
    } else {
        Role::Button
    };
    put(buf, x, y, area, &format!("[ {label} ]"), theme.style(role))
}

/// The width of a button.
pub(super) fn button_width(label: &str) -> u16 {
    width(label) as u16 + 4
}

/// `text` in lines of at most `room` cells, broken at blanks where there are some.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in clean(paragraph).split(' ') {
            let gap = usize::from(!line.is_empty());
            if width(&line) + gap + width(word) > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&fit(word, room, "…"));
        }
        lines.push(line);
    }
    lines
}
