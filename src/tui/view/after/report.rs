//! The report: totals side by side, and a row for every accepted task.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{cell, clean, nothing, put, put_all, right, row, rows};
use crate::domain::units::short_duration;
use crate::protocol::ReportView;
use crate::tui::after::ReportPage;
use crate::tui::card::Piece;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::theme::Role;

const CALM: [&str; 2] = [
    "Nothing was accepted in that time.",
    "What is accepted is listed here, with what it cost and how long it waited for you.",
];

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, page: &ReportPage) {
    let areas = &layout.after;
    super::super::bars::draw_tabs(buf, &areas.tabs, &model.theme);
    if let Some(view) = page.view() {
        totals(buf, model, areas.totals, view);
    }
    if page.lines().is_empty() {
        let state = (page.error.as_ref(), page.view().is_some());
        return nothing(buf, model, areas.list, state, ("Adding up", &CALM));
    }
    let wide = usize::from(areas.list.width);
    let (agent, how) = match wide {
        100.. => (10, wide / 4),
        70.. => (10, 0),
        _ => (0, 0),
    };
    let title = wide.saturating_sub(9 + 10 + 9 + agent + how);
    let heading = |text: &str, wide| (cell(model, text, wide), Role::Muted);
    let head = [
        heading("task", title),
        heading("agent", agent),
        (right(model, "cost", 9), Role::Muted),
        (right(model, "review", 10), Role::Muted),
        (right(model, "answers", 9), Role::Muted),
        heading("how", how),
    ];
    put_all(buf, areas.head, &head, &model.theme);
    let pieces = page.lines().iter().map(|line| {
        let cost = line.cost.map(|cost| cost.to_string());
        let name = format!("#{} {}", line.task, clean(&line.title));
        vec![
            (cell(model, &name, title), Role::Text),
            (cell(model, &clean(&line.agent), agent), Role::Muted),
            (right(model, cost.as_deref().unwrap_or("-"), 9), Role::Text),
            (right(model, &short_duration(line.waited), 10), Role::Text),
            (right(model, &short_duration(line.asked), 9), Role::Text),
            (cell(model, &clean(&line.how), how), Role::Muted),
        ]
    });
    rows(buf, model, layout, &page.list, pieces);
}

/// How many, for how much, and how long all of it waited. In one line where it is low.
fn totals(buf: &mut Buffer, model: &Model, area: Rect, view: &ReportView) {
    let theme = &model.theme;
    let changes = match view.lines.len() {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    let waited = view.waited.saturating_add(view.asked);
    let parts: [(&str, String, String); 4] = [
        ("Accepted", changes, String::new()),
        (
            "Cost of each",
            match view.cost_each {
                Some(cost) => cost.to_string(),
                None if view.lines.is_empty() => "-".to_owned(),
                None => "not known".to_owned(),
            },
            match (view.cost, view.unknown) {
                (None, _) => String::new(),
                (Some(cost), 0) => format!("{cost} in all"),
                (Some(cost), unknown) => {
                    let all = view.lines.len();
                    let known = all.saturating_sub(unknown as usize);
                    format!("{known} of {all}: {cost}")
                }
            },
        ),
        (
            "Spent then",
            view.spent
                .map_or_else(|| "nothing".to_owned(), |cost| cost.to_string()),
            "on everything".to_owned(),
        ),
        (
            "Waited for you",
            short_duration(waited),
            format!(
                "review {}, answers {}",
                short_duration(view.waited),
                short_duration(view.asked)
            ),
        ),
    ];
    if area.height < 3 {
        let mut pieces: Vec<Piece> = Vec::new();
        for (name, value, _) in &parts {
            pieces.push((format!("{} ", name.to_lowercase()), Role::Muted));
            pieces.push((format!("{value}  "), Role::Text));
        }
        put_all(buf, area, &pieces, theme);
        return;
    }
    // The last of them says the most.
    let wide = (area.width.saturating_sub(27) / 3).min(28);
    for ((name, value, more), index) in parts.iter().zip(0..) {
        let lines = [
            (*name, Role::Muted),
            (value, Role::Title),
            (more, Role::Muted),
        ];
        for ((words, role), y) in lines.into_iter().zip(area.y..) {
            let last = index == 3;
            let place = Rect {
                x: area.x + index * wide,
                width: match last {
                    true => area.width - index * wide,
                    false => wide.saturating_sub(1),
                },
                ..row(area, y)
            };
            put(buf, place, words, role, theme);
        }
    }
}
