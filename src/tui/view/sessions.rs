//! The list of sessions: gluon's own, live ones first, and what was begun without it, project by project.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::bars::draw_tabs;
use super::overlays::corner;
use super::{frame, put, put_all, rule};
use crate::domain::find::{Needle, Words};
use crate::domain::units::{short_bytes, short_count, short_duration};
use crate::domain::{Cost, ProjectId, SessionState, Speaker};
use crate::protocol::{ConversationView, FoundLine, SessionView};
use crate::tui::card::{self, Piece};
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::sessions::{Heading, Item, SessionsPage};
use crate::tui::text::{clean, fit, width};
use crate::tui::texts;
use crate::tui::theme::Role;

/// The columns right of the title, with their widths.
const AGENT: usize = 9;
const PROJECT: usize = 14;
const COST: usize = 9;
const SIZE: usize = 8;
const AGE: usize = 8;

/// Draws the list; where the cursor is while something is typed.
pub(super) fn draw(
    buf: &mut Buffer,
    model: &Model,
    layout: &Layout,
    page: &SessionsPage,
) -> Option<Position> {
    let theme = &model.theme;
    frame(buf, layout.overlay, "Sessions", Role::BorderFocus, theme);
    let areas = &layout.sessions;
    draw_tabs(buf, &layout.sessions_tabs, theme);
    let cursor = line(buf, model, areas.line, page);
    if page.is_empty() || page.is_loading() {
        nothing(buf, model, areas.list, page);
    }
    let high = page.item_height();
    for (index, row) in page.in_sight().zip(0..) {
        let area = Rect {
            y: areas.list.y + row * high,
            height: high,
            ..areas.list
        };
        if area.bottom() > areas.list.bottom() {
            break;
        }
        let Some(item) = page.item(index) else {
            continue;
        };
        draw_item(buf, model, area, page, item);
        if index == page.index() && !matches!(item, Item::Heading(..)) {
            for y in area.top()..area.bottom() {
                let line = Rect {
                    x: area.x - 1,
                    y,
                    width: area.width + 2,
                    height: 1,
                };
                buf.set_style(line, theme.style(Role::Selected));
                put(buf, line, theme.glyphs().bar, Role::SelectedMark, theme);
            }
        }
    }
    detail(buf, model, areas.detail, page);
    foot(buf, model, layout, page);
    cursor
}

/// What is searched, or how to.
fn line(buf: &mut Buffer, model: &Model, area: Rect, page: &SessionsPage) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let theme = &model.theme;
    let used = put(buf, area, "/ ", Role::Key, theme);
    let field = Rect {
        x: area.x + used,
        width: area.width - used,
        ..area
    };
    let hint = match page.query.texts {
        true => "words that were said",
        false => "words in titles and prompts",
    };
    match (&page.line, page.query.words.as_str()) {
        (Some(line), _) => return line.draw(buf, field, hint, true, theme),
        (None, "") => put(buf, field, hint, Role::Placeholder, theme),
        (None, words) => put(buf, field, &clean(words), Role::Input, theme),
    };
    None
}

/// Why there is no row.
fn nothing(buf: &mut Buffer, model: &Model, area: Rect, page: &SessionsPage) {
    let theme = &model.theme;
    let lines: Vec<(String, Role)> = if let Some(error) = &page.error {
        vec![(clean(error).into_owned(), Role::Error)]
    } else if page.is_loading() {
        let dots = theme.glyphs().ellipsis;
        // What has come of gluon's own stands above it.
        match page.is_empty() {
            true => vec![(format!("Looking for sessions{dots}"), Role::Muted)],
            false => Vec::new(),
        }
    } else if page.looking {
        vec![(
            "Reading transcripts for the first time: they show up here.".into(),
            Role::Muted,
        )]
    } else if !page.query.words.trim().is_empty() {
        let other = match page.query.texts {
            true => "Tab searches titles and prompts.",
            false => "Tab searches everything that was said.",
        };
        let what = match page.query.texts {
            true => "Nobody said that.",
            false => "No title and no prompt has these words.",
        };
        vec![(what.into(), Role::Title), (other.into(), Role::Muted)]
    } else {
        vec![
            ("No agent has run yet.".into(), Role::Title),
            (
                "Sessions of gluon's tasks show up here, and conversations with".into(),
                Role::Muted,
            ),
            (
                "Claude Code, Codex, Gemini CLI and opencode begun without it.".into(),
                Role::Muted,
            ),
        ]
    };
    for ((words, role), y) in lines.iter().zip(area.top()..area.bottom()) {
        put(
            buf,
            Rect {
                y,
                height: 1,
                ..area
            },
            words,
            *role,
            theme,
        );
    }
}

fn draw_item(buf: &mut Buffer, model: &Model, area: Rect, page: &SessionsPage, item: Item<'_>) {
    let theme = &model.theme;
    let row = Rect { height: 1, ..area };
    match item {
        Item::Heading(heading, count) => {
            let words = heading_words(model, heading);
            let used = put(buf, row, &words, Role::Column, theme);
            let rest = Rect {
                x: row.x + used.min(row.width),
                width: row.width.saturating_sub(used),
                ..row
            };
            put(
                buf,
                rest,
                &format!("  {}", short_count(count as u64)),
                Role::Muted,
                theme,
            );
        }
        Item::Own(view) => {
            let pieces = own(model, view, usize::from(row.width));
            put_all(buf, row, &pieces, theme);
        }
        Item::Other(None) => {
            put(
                buf,
                row,
                &format!("  {}", theme.glyphs().ellipsis),
                Role::Faint,
                theme,
            );
        }
        Item::Other(Some(view)) => {
            let grouped = page.query.words.trim().is_empty();
            let pieces = other(model, view, usize::from(row.width), grouped);
            put_all(buf, row, &pieces, theme);
            if area.height > 1 {
                let below = Rect {
                    x: row.x + 4,
                    y: row.y + 1,
                    width: row.width.saturating_sub(4),
                    height: 1,
                };
                found(buf, model, below, page, page.found(&view.conversation.id));
            }
        }
    }
}

fn heading_words(model: &Model, heading: Heading<'_>) -> String {
    match heading {
        Heading::Own => "gluon's own".to_owned(),
        Heading::Others => "Begun without gluon".to_owned(),
        Heading::Group(group) => match project_name(model, group.project) {
            Some(name) => name,
            None if group.directory.as_os_str().is_empty() => "somewhere".to_owned(),
            None => clean(&group.directory.to_string_lossy()).into_owned(),
        },
    }
}

fn project_name(model: &Model, id: Option<ProjectId>) -> Option<String> {
    let named = |id| model.projects.iter().find(|project| project.id == id);
    id.and_then(named)
        .map(|project| clean(&project.name).into_owned())
}

/// What of a row is left for its title, and how wide the columns are: what matters least goes first.
struct Columns {
    title: usize,
    agent: usize,
    middle: usize,
    cost: usize,
    size: usize,
}

impl Columns {
    fn new(room: usize, middle: usize) -> Columns {
        let mut columns = Columns {
            title: 0,
            agent: AGENT + 1,
            middle: if middle > 0 { middle + 1 } else { 0 },
            cost: COST,
            size: SIZE,
        };
        let rest = |columns: &Columns| {
            let taken = 2 + columns.agent + columns.middle + columns.cost + columns.size + AGE;
            room.saturating_sub(taken)
        };
        if rest(&columns) < 28 {
            columns.size = 0;
        }
        if rest(&columns) < 20 {
            columns.cost = 0;
        }
        if rest(&columns) < 16 {
            columns.agent = 0;
        }
        if rest(&columns) < 12 {
            columns.middle = 0;
        }
        columns.title = rest(&columns);
        columns
    }
}

fn cell(text: &str, wide: usize, ellipsis: &str) -> String {
    let Some(room) = wide.checked_sub(1) else {
        return String::new();
    };
    let text = fit(text, room, ellipsis);
    let fill = wide.saturating_sub(width(&text));
    format!("{text}{}", " ".repeat(fill))
}

fn right(text: &str, wide: usize) -> String {
    match wide {
        0 => String::new(),
        wide => format!("{}{text}", " ".repeat(wide.saturating_sub(width(text)))),
    }
}

/// What it cost; `~` stands before what is estimated.
fn money(cost: Option<Cost>, wide: usize) -> Piece {
    match cost {
        None => (right("", wide), Role::Muted),
        Some(cost) if cost.is_unpriced() => (right("unpriced", wide), Role::Warning),
        Some(cost) => (right(&cost.to_string(), wide), Role::Text),
    }
}

/// `● #12 refactor pipeline      claude   working          $0.82           3m`
fn own(model: &Model, view: &SessionView, room: usize) -> Vec<Piece> {
    let glyphs = model.theme.glyphs();
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
    let columns = Columns::new(room, (room / 4).clamp(8, 30));
    let title = format!("#{} {}", view.session.task, clean(&view.task_title));
    vec![
        (format!("{} ", mark.0), mark.1),
        (cell(&title, columns.title, glyphs.ellipsis), Role::Text),
        (
            cell(&clean(&view.session.agent), columns.agent, glyphs.ellipsis),
            Role::Muted,
        ),
        (cell(&state, columns.middle, glyphs.ellipsis), role),
        money(view.cost, columns.cost),
        (right("", columns.size), Role::Muted),
        (right(&age, AGE), Role::Muted),
    ]
}

/// `○ Fix the login             codex    api             ~$0.41   1.2 MB   3d`
fn other(model: &Model, view: &ConversationView, room: usize, grouped: bool) -> Vec<Piece> {
    let glyphs = model.theme.glyphs();
    let conversation = &view.conversation;
    let columns = Columns::new(room, if grouped { 0 } else { PROJECT });
    let title = match (view.task, conversation.title.as_str()) {
        (Some(task), title) => format!("#{task} {}", clean(title)),
        (None, "") => "(nothing asked)".to_owned(),
        (None, title) => clean(title).into_owned(),
    };
    let mark = match view.task {
        Some(_) => (glyphs.dot, Role::Accent),
        None => (glyphs.ring, Role::Faint),
    };
    let place = project_name(model, view.project).unwrap_or_else(|| {
        let name = conversation.directory.file_name().unwrap_or_default();
        clean(&name.to_string_lossy()).into_owned()
    });
    let size = match view.size {
        0 => String::new(),
        size => short_bytes(size),
    };
    let age = short_duration(model.now.since(conversation.changed_at));
    vec![
        (format!("{} ", mark.0), mark.1),
        (cell(&title, columns.title, glyphs.ellipsis), Role::Text),
        (
            cell(&clean(&conversation.agent), columns.agent, glyphs.ellipsis),
            Role::Muted,
        ),
        (cell(&place, columns.middle, glyphs.ellipsis), Role::Muted),
        money(conversation.cost, columns.cost),
        (right(&size, columns.size), Role::Muted),
        (right(&age, AGE), Role::Muted),
    ]
}

/// The line in which the words stand, they themselves marked.
fn found(
    buf: &mut Buffer,
    model: &Model,
    area: Rect,
    page: &SessionsPage,
    line: Option<&FoundLine>,
) {
    let theme = &model.theme;
    let Some(found) = line else {
        put(buf, area, theme.glyphs().ellipsis, Role::Faint, theme);
        return;
    };
    let Some(text) = &found.line else {
        put(buf, area, "in its title", Role::Faint, theme);
        return;
    };
    let who = match found.speaker {
        Speaker::User => "you: ",
        Speaker::Tool => "",
        _ => "agent: ",
    };
    let mut pieces = vec![(who.to_owned(), Role::Faint)];
    pieces.extend(marked(&clean(text), &page.query.words, Role::Muted));
    put_all(buf, area, &pieces, theme);
}

/// A text with what is searched marked: all of it where it stands there, else its words.
fn marked(text: &str, searched: &str, role: Role) -> Vec<Piece> {
    let whole = Needle::new(searched).map(|needle| needle.places(text, 8));
    let mut places = whole.unwrap_or_default();
    if places.is_empty() {
        let words = Words::new(searched, 16);
        let needles = words.iter().filter_map(Needle::new);
        places = needles.flat_map(|needle| needle.places(text, 4)).collect();
        places.sort_by_key(|place| place.start);
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    for place in places.into_iter() {
        if place.start < at {
            continue;
        }
        pieces.push((text[at..place.start].to_owned(), role));
        pieces.push((text[place.clone()].to_owned(), Role::Match));
        at = place.end;
    }
    pieces.push((text[at..].to_owned(), role));
    pieces
}

/// What the row had no room for.
fn detail(buf: &mut Buffer, model: &Model, area: Rect, page: &SessionsPage) {
    if area.height < 3 {
        return;
    }
    let theme = &model.theme;
    rule(buf, area, Role::Border, false, theme);
    let separator = format!(" {} ", theme.glyphs().separator);
    let (said, facts) = match page.current() {
        Some(Item::Own(view)) => {
            let mut facts = vec![clean(&view.session.cwd.to_string_lossy()).into_owned()];
            facts.extend(view.session.conversation.clone());
            facts.extend(view.cost.map(|cost| cost.words()));
            let state = match (view.session.state == SessionState::Live, view.resumable) {
                (true, _) => "live",
                (false, true) => "it can be resumed",
                (false, false) => "it cannot be resumed",
            };
            (state.to_owned(), facts)
        }
        Some(Item::Other(Some(view))) => {
            let conversation = &view.conversation;
            let mut facts = vec![clean(&conversation.directory.to_string_lossy()).into_owned()];
            facts.push(clean(&conversation.model).into_owned());
            facts.push(format!("{} messages", conversation.messages));
            facts.extend(conversation.cost.map(|cost| cost.words()));
            facts.push(clean(&conversation.id).into_owned());
            (conversation.prompt.clone(), facts)
        }
        _ => return,
    };
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    let lines = [
        (clean(&said).into_owned(), Role::Text),
        (facts.join(&separator), Role::Muted),
    ];
    for ((words, role), y) in lines.iter().zip(area.top() + 1..area.bottom()) {
        put(
            buf,
            Rect {
                y,
                height: 1,
                ..area
            },
            words,
            *role,
            theme,
        );
    }
}

/// How many there are, and what is still being read.
fn foot(buf: &mut Buffer, model: &Model, layout: &Layout, page: &SessionsPage) {
    let rows = page.rows();
    if rows > 0 {
        corner(
            buf,
            model,
            layout.overlay,
            &format!(" {} of {rows} ", page.row_number()),
        );
    }
    let words = match (page.looking, page.read) {
        (false, _) => return,
        (true, Some((read, all))) => format!(" reading transcripts: {read} of {all} "),
        (true, None) => format!(" reading transcripts{} ", model.theme.glyphs().ellipsis),
    };
    let area = layout.overlay;
    if area.width < 50 || area.height < 2 {
        return;
    }
    let place = Rect {
        x: area.x + 2,
        y: area.bottom() - 1,
        width: area.width / 2,
        height: 1,
    };
    put(buf, place, &words, Role::Accent, &model.theme);
}

#[cfg(test)]
mod tests;
