//! Drawing: functions of the model and its layout, into a buffer. They change nothing.

mod after;
mod ascii;
mod bars;
mod changes;
mod columns;
mod compare;
mod costs;
mod empty;
mod inbox;
mod overlays;
mod panes;
mod sessions;
mod toasts;
mod transcript;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::card::Piece;
use super::layout::Layout;
use super::model::{Link, Model};
use super::text::{clean, fit, width};
use super::theme::{Role, Theme};

/// Draws everything; where the terminal's cursor belongs, if it shows.
pub fn draw(buf: &mut Buffer, model: &Model, layout: &Layout) -> Option<Position> {
    let area = layout.screen.intersection(buf.area);
    let text = model.theme.style(Role::Text);
    // Most themes leave plain text to the terminal; ten thousand cells are then not touched for nothing.
    if Style::reset().patch(text) != Style::reset() {
        buf.set_style(area, text);
    }
    if layout.too_small {
        put(buf, area, "gluon: too small", Role::Text, &model.theme);
        return None;
    }
    bars::draw(buf, &layout.header, &model.theme);
    bars::draw_tabs(buf, &layout.tabs, &model.theme);
    bars::draw(buf, &layout.footer, &model.theme);
    banner(buf, model, layout.banner);
    columns::draw(buf, model, layout);
    vertical(buf, layout.divider, model);
    let mut cursor = panes::draw(buf, model, layout);
    empty::draw(buf, model, layout);
    panes::which_key(buf, model, layout);
    columns::dragged(buf, model);
    if let Some(over) = overlays::draw(buf, model, layout) {
        cursor = over;
    }
    toasts::draw(buf, model, layout);
    if model.theme.glyphs().is_ascii() {
        ascii::replace(buf);
    }
    cursor
}

fn banner(buf: &mut Buffer, model: &Model, area: Rect) {
    let (words, role) = match &model.link {
        Link::Down(why) => (
            format!(" daemon restarting{} {why}", model.theme.glyphs().ellipsis),
            Role::Warning,
        ),
        Link::Lost(why) => (format!(" {why}"), Role::Error),
        _ => return,
    };
    put(buf, area, &clean(&words), role, &model.theme);
}

fn vertical(buf: &mut Buffer, area: Rect, model: &Model) {
    for y in area.top()..area.bottom() {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        put(
            buf,
            line,
            model.theme.glyphs().vertical,
            Role::Border,
            &model.theme,
        );
    }
}

/// Writes clean `text` into the first line of `area`, cut where it does not fit; the cells it took.
fn put(buf: &mut Buffer, area: Rect, text: &str, role: Role, theme: &Theme) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let text = fit(text, usize::from(area.width), theme.glyphs().ellipsis);
    let wide = width(&text) as u16;
    // Whatever was there before must not shine through a role that names no colour.
    let cells = Rect {
        width: wide.min(area.width),
        height: 1,
        ..area
    };
    buf.set_style(cells.intersection(buf.area), Style::reset());
    let style = theme.style(Role::Text).patch(theme.style(role));
    buf.set_stringn(area.x, area.y, &text, usize::from(area.width), style);
    wide
}

/// Writes pieces one after the other; the cells they took.
fn put_all(buf: &mut Buffer, area: Rect, pieces: &[Piece], theme: &Theme) -> u16 {
    let mut rest = area;
    for (text, role) in pieces {
        let used = put(buf, rest, text, *role, theme);
        rest.x += used;
        rest.width -= used.min(rest.width);
    }
    area.width - rest.width
}

/// A horizontal line over all of `area`'s first row; a heavy one where the keys go.
fn rule(buf: &mut Buffer, area: Rect, role: Role, heavy: bool, theme: &Theme) {
    let glyphs = theme.glyphs();
    let glyph = if heavy {
        glyphs.heavy
    } else {
        glyphs.horizontal
    };
    let line = glyph.repeat(usize::from(area.width));
    put(buf, area, &line, role, theme);
}

/// An empty box with a frame and a title.
fn frame(buf: &mut Buffer, area: Rect, title: &str, role: Role, theme: &Theme) {
    let glyphs = theme.glyphs();
    ratatui::widgets::Widget::render(ratatui::widgets::Clear, area, buf);
    if area.width < 4 || area.height < 2 {
        return;
    }
    buf.set_style(area, theme.style(Role::Text));
    let line = |left: &str, right: &str| {
        let middle = glyphs.horizontal.repeat(usize::from(area.width - 2));
        format!("{left}{middle}{right}")
    };
    put(
        buf,
        area,
        &line(glyphs.top_left, glyphs.top_right),
        role,
        theme,
    );
    let bottom = Rect {
        y: area.bottom() - 1,
        height: 1,
        ..area
    };
    put(
        buf,
        bottom,
        &line(glyphs.bottom_left, glyphs.bottom_right),
        role,
        theme,
    );
    for y in area.top() + 1..area.bottom() - 1 {
        for x in [area.left(), area.right() - 1] {
            put(buf, Rect::new(x, y, 1, 1), glyphs.vertical, role, theme);
        }
    }
    if !title.is_empty() {
        let room = Rect {
            x: area.x + 2,
            width: area.width - 4,
            ..area
        };
        let title = format!(
            " {} ",
            fit(
                title,
                usize::from(room.width.saturating_sub(2)),
                glyphs.ellipsis
            )
        );
        put(buf, room, &title, Role::Title, theme);
    }
}

/// Draws the model into blank cells; where the cursor is to be, if it shows.
pub fn render(buf: &mut Buffer, model: &Model) -> Option<Position> {
    draw(buf, model, &Layout::new(model))
}

#[cfg(test)]
mod tests;
