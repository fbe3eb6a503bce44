//! What stands where there is nothing: it says what to do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put_all;
use crate::tui::board;
use crate::tui::card::Piece;
use crate::tui::keymap::{Action, Context};
use crate::tui::layout::Layout;
use crate::tui::model::{Filter, Link, Model, View};
use crate::tui::text::width;
use crate::tui::theme::Role;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout) {
    if model.alone.is_some() {
        return;
    }
    let lines = if !model.loaded {
        match model.link {
            Link::Connecting => vec![vec![text("Connecting to the daemon")]],
            _ => return,
        }
    } else if model.cards.is_empty() {
        welcome(model, layout.body.width < super::super::layout::WIDE)
    } else if model.view == View::Tiles && layout.panes.is_empty() {
        vec![
            vec![text("No agent is running.")],
            vec![key(model, Action::Tile), text(" goes back to the board.")],
        ]
    } else if model.cursor.task.is_none() && model.view == View::Split {
        return nothing_here(buf, model, layout);
    } else {
        return;
    };
    let area = match layout.panes.first() {
        Some(pane) if model.view != View::Tiles => pane.inner,
        _ => layout.body,
    };
    centre(buf, model, area, &lines);
}

fn text(words: &str) -> Piece {
    (words.to_owned(), Role::Muted)
}

fn key(model: &Model, action: Action) -> Piece {
    let label = model
        .keymap
        .keys(Context::Board, action)
        .first()
        .map(|chord| chord.label());
    (label.unwrap_or_default(), Role::Key)
}

fn welcome(model: &Model, narrow: bool) -> Vec<Vec<Piece>> {
    let mut lines = vec![
        vec![("Nothing to do yet.".to_owned(), Role::Title)],
        Vec::new(),
    ];
    if narrow && model.projects.is_empty() {
        lines.push(vec![text("Start gluon in a git repository,")]);
        lines.push(vec![
            text("or try "),
            ("gluon demo".to_owned(), Role::Key),
            text("."),
        ]);
        return lines;
    }
    if narrow {
        lines.push(vec![key(model, Action::New), text(" makes a task.")]);
        lines.push(vec![key(model, Action::Help), text(" lists all keys.")]);
        return lines;
    }
    if model.projects.is_empty() {
        lines.push(vec![text(
            "This directory is in no git repository. Start gluon inside of one,",
        )]);
        lines.push(vec![
            text("or run "),
            ("gluon demo".to_owned(), Role::Key),
            text(" to see everything at work."),
        ]);
        return lines;
    }
    lines.push(vec![
        key(model, Action::New),
        text(" makes a task: say what is to be done, choose an agent."),
    ]);
    lines.push(vec![text(
        "It works on a branch and in a worktree of its own.",
    )]);
    lines.push(vec![
        key(model, Action::Help),
        text(" lists all keys, "),
        key(model, Action::Palette),
        text(" finds any command."),
    ]);
    lines
}

/// A column or a filter without a card.
fn nothing_here(buf: &mut Buffer, model: &Model, layout: &Layout) {
    let archived = board::archived(model, model.cursor.column);
    let lines = if archived > 0 {
        let words = format!("No card here, and {archived} in the archive. ");
        let show = key(model, Action::ShowArchive);
        vec![vec![text(&words), show, text(" shows them.")]]
    } else if model.filter == Filter::default() {
        vec![vec![
            text("No card here. "),
            key(model, Action::New),
            text(" makes one."),
        ]]
    } else {
        vec![
            vec![text("No card here passes the filter. ")],
            vec![key(model, Action::ClearFilter), text(" clears it.")],
        ]
    };
    let area = match layout.panes.first() {
        Some(pane) => pane.inner,
        None => layout.body,
    };
    centre(buf, model, area, &lines);
}

fn centre(buf: &mut Buffer, model: &Model, area: Rect, lines: &[Vec<Piece>]) {
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (line, y) in lines.iter().zip(top..area.bottom()) {
        let wide: usize = line.iter().map(|(text, _)| width(text)).sum();
        let room = area.width.saturating_sub(wide as u16);
        let place = Rect {
            x: area.x + room / 2,
            y,
            width: area.width - room / 2,
            height: 1,
        };
        put_all(buf, place, line, &model.theme);
    }
}
