//! What can be cleaned away: a row for every done task with a worktree, whether it goes, and why.

use ratatui::buffer::Buffer;

use super::{cell, clean, detail, nothing, put_all, rows};
use crate::protocol::TidyView;
use crate::tui::after::TidyPage;
use crate::tui::card::Piece;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::theme::Role;

const CALM: [&str; 2] = [
    "There is nothing to clean away.",
    "Done tasks whose worktrees and branches are still there are listed here.",
];

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, page: &TidyPage) {
    let areas = &layout.after;
    if page.views().is_empty() {
        let state = (page.error.as_ref(), page.is_loaded());
        return nothing(
            buf,
            model,
            areas.list,
            state,
            ("Looking what has landed", &CALM),
        );
    }
    let wide = usize::from(areas.list.width);
    let branch = if wide >= 90 { wide * 3 / 10 } else { 0 };
    let rule = 28.min(wide * 2 / 5);
    let title = wide.saturating_sub(4 + branch + rule);
    let head = [
        (cell(model, "", 4), Role::Muted),
        (cell(model, "task", title), Role::Muted),
        (cell(model, "branch", branch), Role::Muted),
        (cell(model, "has landed", rule), Role::Muted),
    ];
    put_all(buf, areas.head, &head, &model.theme);
    let pieces = page.views().iter().map(|view| {
        let marked = page.is_marked(view.task);
        let (landed, role) = landed(view);
        let name = format!("#{} {}", view.task, clean(&view.title));
        vec![
            (if marked { "[x] " } else { "[ ] " }.to_owned(), Role::Key),
            (cell(model, &name, title), Role::Text),
            (cell(model, &clean(&view.branch), branch), Role::Muted),
            (cell(model, landed, rule), role),
        ]
    });
    rows(buf, model, layout, &page.list, pieces);
    if let Some(here) = page.here() {
        let marked = page.is_marked(here.task);
        detail(buf, model, areas.detail, &facts(model, here, marked));
    }
}

fn landed(view: &TidyView) -> (&str, Role) {
    match view.goes {
        true => (&view.landed, Role::Good),
        false => ("not all of it", Role::Slow),
    }
}

/// What goes, by which rule, and the way back.
fn facts(model: &Model, view: &TidyView, marked: bool) -> Vec<Vec<Piece>> {
    let card = model.cards.get(&view.task);
    let dir = card.and_then(|card| card.task.worktree.as_ref());
    let dir = dir.map(|dir| clean(&dir.display().to_string()).into_owned());
    let rule = match (view.goes, marked) {
        (true, _) => format!("Goes by the rule: {}.", clean(&view.landed)),
        (false, true) => "Goes because you say so: not all of it is in its target.".to_owned(),
        (false, false) => "Stays: not all of it is in its target.".to_owned(),
    };
    let labelled = |label: &str, words: String, role| {
        vec![(format!("{label:<10}"), Role::Muted), (words, role)]
    };
    vec![
        vec![(
            rule,
            if view.goes || !marked {
                Role::Text
            } else {
                Role::Slow
            },
        )],
        labelled(
            "worktree",
            dir.unwrap_or_else(|| "-".to_owned()),
            Role::Text,
        ),
        labelled("branch", clean(&view.branch).into_owned(), Role::Text),
        labelled(
            "way back",
            "a recovery ref holds everything; undo restores it".to_owned(),
            Role::Muted,
        ),
    ]
}
