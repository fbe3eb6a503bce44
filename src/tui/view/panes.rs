//! Panes with their title bars, and the keys that follow the prefix.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{frame, put, put_all, rule};
use crate::domain::{SessionState, TaskId};
use crate::protocol::TaskCard;
use crate::tui::board;
use crate::tui::card::{self, Piece};
use crate::tui::keymap::{Context, entry};
use crate::tui::layout::{Layout, PaneLayout};
use crate::tui::model::{Link, Model, Pane, View};
use crate::tui::pane::{self, PaneLook};
use crate::tui::text::{clean, fit, width, wrap};
use crate::tui::texts;
use crate::tui::theme::Role;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout) -> Option<Position> {
    let mut cursor = None;
    for place in &layout.panes {
        let focused = place.session.is_some() && model.focused_pane() == place.session;
        title(buf, model, place, focused);
        let at = content(buf, model, place, focused);
        if focused {
            cursor = at;
        }
    }
    if layout.more > 0 {
        let words = format!(" {} more ", layout.more);
        let wide = width(&words) as u16;
        let body = layout.body;
        let area = Rect {
            x: body.right().saturating_sub(wide),
            y: body.bottom().saturating_sub(1),
            width: wide.min(body.width),
            height: 1,
        };
        put(buf, area, &words, Role::ChipScroll, &model.theme);
    }
    cursor
}

/// `── ● title ─ agent ─ branch ───────── working ──`
fn title(buf: &mut Buffer, model: &Model, place: &PaneLayout, focused: bool) {
    if place.title.is_empty() {
        return;
    }
    let theme = &model.theme;
    let glyphs = theme.glyphs();
    let selected = place.task.is_some() && place.task == model.cursor.task;
    let line = match (focused, selected && model.view == View::Tiles) {
        (true, _) => Role::BorderFocus,
        (_, true) => Role::Accent,
        _ => Role::Border,
    };
    rule(buf, place.title, line, focused, theme);
    let Some(card) = place.task.and_then(|task| model.cards.get(&task)) else {
        return;
    };
    let room = usize::from(place.title.width);
    let (state, state_role) = right_words(model, place, card);
    let state = format!(" {} ", fit(&state, room * 2 / 5, glyphs.ellipsis));
    let state_wide = width(&state) as u16;
    let left = left_words(
        model,
        card,
        room.saturating_sub(usize::from(state_wide) + 4),
        focused,
    );
    let start = Rect {
        x: place.title.x + 1,
        width: place.title.width.saturating_sub(2),
        ..place.title
    };
    let used = put_all(buf, start, &left, theme);
    if used + state_wide + 2 <= start.width {
        let right = Rect {
            x: start.right() - state_wide,
            width: state_wide,
            ..start
        };
        put(buf, right, &state, state_role, theme);
    }
}

/// What is shown of the session at the right of its bar.
fn right_words(model: &Model, place: &PaneLayout, card: &TaskCard) -> Piece {
    let pane = place.session.and_then(|session| model.panes.get(&session));
    if let Some((at, of)) = pane.and_then(|pane| pane.state.position()) {
        let mut words = format!("line {at} of {of}");
        if let Some((query, current, count)) = pane.and_then(|pane| pane.state.search_state()) {
            words = format!("/{} {current} of {count}, {words}", clean(query));
        }
        return (words, Role::Accent);
    }
    match &card.session {
        Some(view) if view.session.state == SessionState::Live => card::doing(view, model.now),
        Some(view) => {
            let words = match view.session.exit {
                Some(exit) => card::exit_words(exit),
                None => texts::session_state(view.session.state).to_owned(),
            };
            (words, Role::Muted)
        }
        None => (card.task.status.word().to_owned(), Role::Muted),
    }
}

fn left_words(model: &Model, card: &TaskCard, room: usize, focused: bool) -> Vec<Piece> {
    let glyphs = model.theme.glyphs();
    let between = format!(" {} ", glyphs.horizontal);
    let (mark, role) = card::mark(card, glyphs);
    let title_role = if focused { Role::Accent } else { Role::Title };
    let title = fit(
        &board::title(card),
        room.saturating_sub(5).max(8),
        glyphs.ellipsis,
    )
    .into_owned();
    let mut used = width(&mark) + width(&title) + 3;
    let mut pieces = vec![
        (" ".to_owned(), Role::Text),
        (mark, role),
        (" ".to_owned(), Role::Text),
        (title, title_role),
    ];
    let branch = card.task.branch.as_deref().map(clean);
    for part in [Some(clean(&card.task.agent)), branch]
        .into_iter()
        .flatten()
    {
        if used + width(&between) + width(&part) < room {
            used += width(&between) + width(&part);
            pieces.push((between.clone(), Role::Border));
            pieces.push((part.into_owned(), Role::Muted));
        }
    }
    pieces.push((" ".to_owned(), Role::Text));
    pieces
}

fn content(buf: &mut Buffer, model: &Model, place: &PaneLayout, focused: bool) -> Option<Position> {
    let task = place.task?;
    let Some(session) = place.session else {
        not_started(buf, model, place.inner, task);
        return None;
    };
    let theme = &model.theme;
    match model.panes.get(&session) {
        Some(Pane {
            error: Some(error), ..
        }) => {
            let area = inset(place.inner);
            put(buf, area, &clean(error), Role::Warning, theme);
            None
        }
        Some(pane) if pane.state.screen.seq > 0 => {
            let look = PaneLook {
                focused,
                dim: model.link != Link::Up,
                theme,
            };
            pane::draw(buf, place.inner, &pane.state, &look)
        }
        // Attached, nothing has come yet: for a blink. Words would only flicker.
        _ => None,
    }
}

fn inset(area: Rect) -> Rect {
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(1),
    }
}

/// In place of a terminal: what the task is, and the key that starts it.
fn not_started(buf: &mut Buffer, model: &Model, area: Rect, task: TaskId) {
    let Some(card) = model.cards.get(&task) else {
        return;
    };
    let theme = &model.theme;
    let mut area = inset(area);
    let key = |action| {
        model
            .keymap
            .keys(Context::Board, action)
            .first()
            .map(|chord| chord.label())
            .unwrap_or_default()
    };
    let start = vec![
        ("Not started yet. ".to_owned(), Role::Muted),
        (key(crate::tui::keymap::Action::Start), Role::Key),
        (" starts it now, ".to_owned(), Role::Muted),
        (key(crate::tui::keymap::Action::Detail), Role::Key),
        (" shows everything about it.".to_owned(), Role::Muted),
    ];
    if card.task.status == crate::domain::Status::Queued {
        put_all(buf, area, &start, theme);
        area.y += 2.min(area.height);
        area.height = area.height.saturating_sub(2);
    }
    let room = usize::from(area.width.min(100));
    let mut lines = card
        .task
        .prompt
        .lines()
        .take(200)
        .flat_map(|line| match clean(line) {
            line if line.trim().is_empty() => vec![String::new()],
            line => wrap(&line, room, 50, theme.glyphs().ellipsis),
        });
    for y in area.top()..area.bottom() {
        let Some(text) = lines.next() else {
            break;
        };
        put(
            buf,
            Rect {
                y,
                height: 1,
                ..area
            },
            &text,
            Role::Text,
            theme,
        );
    }
}

/// The keys that may follow the prefix, in a box at the bottom.
pub(super) fn which_key(buf: &mut Buffer, model: &Model, layout: &Layout) {
    if !model.prefix || model.focused_pane().is_none() {
        return;
    }
    let theme = &model.theme;
    let mut rows: Vec<(String, &str)> =
        vec![(model.keymap.prefix().label(), "Send it to the agent")];
    for (chord, action) in model.keymap.in_context(Context::Prefix) {
        let title = entry(action).title;
        match rows.iter_mut().find(|(_, known)| *known == title) {
            Some((keys, _)) => keys.push_str(&format!(" {}", chord.label())),
            None => rows.push((chord.label(), title)),
        }
    }
    let body = layout.body;
    let columns: u16 = if body.width >= 80 { 2 } else { 1 };
    let cell_width = ((body.width - 4) / columns).min(44);
    let height = (rows.len() as u16).div_ceil(columns) + 2;
    let width = (columns * cell_width + 4).min(body.width);
    let area = Rect {
        x: body.right().saturating_sub(width),
        y: body.bottom().saturating_sub(height.min(body.height)),
        width,
        height: height.min(body.height),
    };
    let title = format!("{} and then", model.keymap.prefix().label());
    frame(buf, area, &title, Role::BorderFocus, theme);
    let per = area.height.saturating_sub(2);
    for (index, (keys, words)) in rows.iter().enumerate() {
        let (column, row) = (index as u16 / per.max(1), index as u16 % per.max(1));
        if column >= columns {
            break;
        }
        let cell = Rect {
            x: area.x + 2 + column * cell_width,
            y: area.y + 1 + row,
            width: (cell_width - 1).min(area.width.saturating_sub(4)),
            height: 1,
        };
        let pieces = [
            (format!("{keys:<14}"), Role::Key),
            ((*words).to_owned(), Role::Hint),
        ];
        put_all(buf, cell, &pieces, theme);
    }
}
