//! What lies over the board: texts, the list of sessions, dialogs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{frame, put, put_all};
use crate::domain::SessionState;
use crate::domain::units::short_duration;
use crate::protocol::SessionView;
use crate::tui::card::{self, Piece};
use crate::tui::layout::Layout;
use crate::tui::model::{Model, Overlay};
use crate::tui::overlay::{SessionList, Viewer};
use crate::tui::text::{clean, fit, width};
use crate::tui::texts;
use crate::tui::theme::Role;

/// Draws the topmost overlay (a dialog over whatever is below it). `Some` means that the cursor is the
/// overlay's business, and where it is.
pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout) -> Option<Option<Position>> {
    let top = model.overlays.last()?;
    match top {
        Overlay::Dialog(dialog, _) => {
            return Some(dialog.draw(buf, layout.screen, &model.theme, &model.keymap));
        }
        Overlay::Viewer(viewer) => draw_viewer(buf, model, layout, viewer),
        Overlay::Sessions(list) => draw_sessions(buf, model, layout, list),
        Overlay::Costs(page) => super::costs::draw(buf, model, layout, page),
        Overlay::Inbox(list) => super::inbox::draw(buf, model, layout, list),
        Overlay::Changes(page) => super::changes::draw(buf, model, layout, page),
    }
    Some(None)
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

fn draw_sessions(buf: &mut Buffer, model: &Model, layout: &Layout, list: &SessionList) {
    let theme = &model.theme;
    frame(buf, layout.overlay, "Sessions", Role::BorderFocus, theme);
    let inner = layout.overlay_inner;
    if list.rows().is_empty() {
        let words = match list.rows {
            None => "",
            Some(_) => "No agent has run yet.",
        };
        put(buf, inner, words, Role::Muted, theme);
        return;
    }
    let here = list.index();
    for ((index, view), y) in list
        .rows()
        .iter()
        .enumerate()
        .skip(list.scroll)
        .zip(inner.top()..inner.bottom())
    {
        let row = Rect {
            y,
            height: 1,
            ..inner
        };
        draw_session(buf, model, row, view);
        if index == here {
            let line = Rect {
                x: row.x - 1,
                width: row.width + 2,
                ..row
            };
            buf.set_style(line, theme.style(Role::Selected));
            put(buf, line, theme.glyphs().bar, Role::SelectedMark, theme);
        }
    }
    corner(
        buf,
        model,
        layout.overlay,
        &format!(" {} of {} ", here + 1, list.rows().len()),
    );
}

/// `● #12 refactor pipeline      claude   working              3m   $0.82`
fn draw_session(buf: &mut Buffer, model: &Model, row: Rect, view: &SessionView) {
    let theme = &model.theme;
    let glyphs = theme.glyphs();
    let live = view.session.state == SessionState::Live;
    let (state, role): Piece = match (live, view.session.exit) {
        (true, _) => card::doing(view, model.now),
        (false, Some(exit)) if view.session.state == SessionState::Ended => {
            (card::exit_words(exit), Role::Muted)
        }
        _ => (
            texts::session_state(view.session.state).to_owned(),
            Role::Slow,
        ),
    };
    let mark = match (live, view.resumable) {
        (true, _) => (glyphs.dot, role),
        (false, true) => (glyphs.ring, Role::Text),
        (false, false) => (glyphs.separator, Role::Faint),
    };
    let since = view.session.ended_at.unwrap_or(view.session.started_at);
    let age = short_duration(model.now.since(since));
    let room = usize::from(row.width);
    // Where it is narrow, the agent's name goes first.
    let agent_wide = if room >= 60 { 9 } else { 0 };
    let state_wide = (room / 3).clamp(8, 36);
    let title_wide = room.saturating_sub(2 + agent_wide + state_wide + 3 + 6);
    let title = format!("#{} {}", view.session.task, clean(&view.task_title));
    let cell = |text: &str, wide: usize| {
        if wide == 0 {
            return String::new();
        }
        let text = fit(text, wide, glyphs.ellipsis);
        format!("{text}{} ", " ".repeat(wide.saturating_sub(width(&text))))
    };
    let pieces = [
        (format!("{} ", mark.0), mark.1),
        (cell(&title, title_wide), Role::Text),
        (cell(&clean(&view.session.agent), agent_wide), Role::Muted),
        (cell(&state, state_wide), role),
        (format!("{age:>6}"), Role::Muted),
    ];
    put_all(buf, row, &pieces, theme);
}
