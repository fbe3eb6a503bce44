//! What lies over the board: texts, lists, dialogs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{frame, put, put_all};
use crate::tui::layout::Layout;
use crate::tui::model::{Model, Overlay};
use crate::tui::overlay::Viewer;
use crate::tui::text::width;
use crate::tui::theme::Role;

/// Draws the topmost overlay; a dialog over what it is about. `Some` means that the cursor is the
/// overlay's business, and where it is.
pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout) -> Option<Option<Position>> {
    let mut below = model.overlays.iter().rev();
    let list = below.find(|overlay| !matches!(overlay, Overlay::Dialog(..)));
    let cursor = list.and_then(|overlay| draw_below(buf, model, layout, overlay));
    match model.overlays.last()? {
        Overlay::Dialog(dialog, _) => {
            Some(dialog.draw(buf, layout.screen, &model.theme, &model.keymap))
        }
        _ => Some(cursor),
    }
}

/// Draws what is no dialog; where the cursor is in it.
fn draw_below(
    buf: &mut Buffer,
    model: &Model,
    layout: &Layout,
    overlay: &Overlay,
) -> Option<Position> {
    match overlay {
        Overlay::Dialog(..) => {}
        Overlay::Viewer(viewer) => draw_viewer(buf, model, layout, viewer),
        Overlay::Sessions(page) => return super::sessions::draw(buf, model, layout, page),
        Overlay::Transcript(view) => super::transcript::draw(buf, model, layout, view),
        Overlay::Costs(page) => super::costs::draw(buf, model, layout, page),
        Overlay::Inbox(list) => super::inbox::draw(buf, model, layout, list),
        Overlay::Compare(page) => super::compare::draw(buf, model, layout, page),
        Overlay::After(page) => super::after::draw(buf, model, layout, page),
        Overlay::Changes(page) => super::changes::draw(buf, model, layout, page),
    }
    None
}

fn draw_viewer(buf: &mut Buffer, model: &Model, layout: &Layout, viewer: &Viewer) {
    let theme = &model.theme;
    frame(buf, layout.overlay, &viewer.title, Role::BorderFocus, theme);
    let inner = layout.overlay_inner;
    for (line, y) in viewer
        .lines
        .iter()
        .skip(viewer.scroll)
        .zip(inner.top()..inner.bottom())
    {
        let row = Rect {
            y,
            height: 1,
            ..inner
        };
        put_all(buf, row, line, theme);
    }
    let shown = viewer.scroll + usize::from(inner.height);
    if viewer.lines.len() > usize::from(inner.height) {
        let percent = shown.min(viewer.lines.len()) * 100 / viewer.lines.len().max(1);
        corner(buf, model, layout.overlay, &format!(" {percent} % "));
    }
}

/// Words in the lower right corner of a frame.
pub(super) fn corner(buf: &mut Buffer, model: &Model, area: Rect, words: &str) {
    let wide = width(words) as u16;
    if area.height < 2 || area.width < wide + 4 {
        return;
    }
    let place = Rect {
        x: area.right() - wide - 2,
        y: area.bottom() - 1,
        width: wide,
        height: 1,
    };
    put(buf, place, words, Role::Muted, &model.theme);
}
