//! Short messages, at the top right: agents are typed to at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{frame, put};
use crate::protocol::Level;
use crate::tui::layout::Layout;
use crate::tui::model::{Model, Toast};
use crate::tui::text::{width, wrap};
use crate::tui::theme::Role;

/// The widest message, its frame included.
const WIDEST: u16 = 64;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout) {
    let mut room = layout.body;
    for toast in model.toasts.iter().rev() {
        let Some(height) = draw_one(buf, model, room, toast) else {
            break;
        };
        room.y += height;
        room.height -= height;
    }
}

/// Draws one message at the top of `body`; its height, or `None` where there is no room.
fn draw_one(buf: &mut Buffer, model: &Model, body: Rect, toast: &Toast) -> Option<u16> {
    let theme = &model.theme;
    let ellipsis = theme.glyphs().ellipsis;
    let room = usize::from(WIDEST.min(body.width).saturating_sub(4));
    let words = wrap(&toast.text, room, 3, ellipsis);
    let hint = toast
        .hint
        .as_deref()
        .map_or(Vec::new(), |hint| wrap(hint, room, 3, ellipsis));
    let widest = words.iter().chain(&hint).map(|line| width(line)).max()?;
    let height = (words.len() + hint.len()) as u16 + 2;
    if body.height < height {
        return None;
    }
    let wide = widest as u16 + 4;
    let area = Rect {
        x: body.right().saturating_sub(wide),
        y: body.y,
        width: wide.min(body.width),
        height,
    };
    let role = match toast.level {
        Level::Info => Role::Info,
        Level::Warning => Role::Warning,
        Level::Error => Role::Error,
    };
    frame(buf, area, "", role, theme);
    let lines = words
        .iter()
        .map(|line| {
            (
                line,
                if toast.level == Level::Info {
                    Role::Text
                } else {
                    role
                },
            )
        })
        .chain(hint.iter().map(|line| (line, Role::Muted)));
    for ((line, role), y) in lines.zip(area.y + 1..) {
        let place = Rect {
            x: area.x + 2,
            y,
            width: area.width.saturating_sub(4),
            height: 1,
        };
        put(buf, place, line, role, theme);
    }
    Some(height)
}
