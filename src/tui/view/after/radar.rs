//! The radar: a row for every two tasks that change the same files, and for a task and its target.

use ratatui::buffer::Buffer;

use super::{cell, clean, detail, nothing, put_all, right, row, rows};
use crate::domain::{Status, TaskId};
use crate::protocol::{Against, OverlapView};
use crate::tui::after::RadarPage;
use crate::tui::board;
use crate::tui::card::Piece;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::theme::Role;

const CALM: [&str; 3] = [
    "Nobody is in anybody's way.",
    "What tasks at work and in review have right now is merged in memory,",
    "with each other and with the branch it would land on.",
];

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, page: &RadarPage) {
    let areas = &layout.after;
    if page.overlaps().is_empty() {
        let state = (page.error.as_ref(), page.is_loaded());
        return nothing(buf, model, areas.list, state, ("Comparing", &CALM));
    }
    let wide = usize::from(areas.list.width);
    // Mark, the two, the verdict, and files where there is room.
    let files = if wide >= 90 { wide * 3 / 10 } else { 0 };
    let title = (wide - 2 - 10 - files) / 2;
    let head = [
        (cell(model, "", 2), Role::Muted),
        (cell(model, "task", title), Role::Muted),
        (cell(model, "and", title), Role::Muted),
        (cell(model, "", 10), Role::Muted),
        (cell(model, "files", files), Role::Muted),
    ];
    put_all(buf, areas.head, &head, &model.theme);
    let pieces = page.overlaps().iter().map(|overlap| {
        let (mark, word, role) = verdict(model, overlap);
        let text = names(overlap);
        vec![
            (format!("{mark} "), role),
            (cell(model, &named(model, overlap.task), title), Role::Text),
            (cell(model, &with(model, overlap), title), Role::Text),
            (right(model, word, 10), role),
            (cell(model, &text, files), Role::Muted),
        ]
    });
    rows(buf, model, layout, &page.list, pieces);
    if let Some(here) = page.here() {
        let room = usize::from(areas.detail.height).saturating_sub(1);
        detail(buf, model, areas.detail, &facts(model, here, room));
    }
    let open = model.cards.values();
    let open = open.filter(|card| matches!(card.task.status, Status::Running | Status::Review));
    let words = format!(" {} compared ", tasks(open.count()));
    let place = row(layout.overlay, layout.overlay.bottom().saturating_sub(1));
    let place = ratatui::layout::Rect {
        x: place.x + 2,
        width: place.width.saturating_sub(4),
        ..place
    };
    super::put(buf, place, &words, Role::Muted, &model.theme);
}

fn tasks(count: usize) -> String {
    match count {
        1 => "1 task".to_owned(),
        count => format!("{count} tasks"),
    }
}

fn named(model: &Model, task: TaskId) -> String {
    let title = model.cards.get(&task).map(board::title);
    format!("#{task} {}", title.unwrap_or_default())
}

fn with(model: &Model, overlap: &OverlapView) -> String {
    match &overlap.with {
        Against::Task(task) => named(model, *task),
        Against::Target(branch) => format!("{} (its target)", clean(branch)),
    }
}

fn verdict(model: &Model, overlap: &OverlapView) -> (&'static str, &'static str, Role) {
    let glyphs = model.theme.glyphs();
    match overlap.conflicts.is_empty() {
        true => (glyphs.ring, "merges", Role::Muted),
        false => (glyphs.cross, "conflict", Role::Bad),
    }
}

/// The files in a line: those in conflict first.
fn names(overlap: &OverlapView) -> String {
    let first = overlap.conflicts.first().or(overlap.both.first());
    let first = first.map(|file| clean(file).into_owned());
    match overlap.both.len().max(overlap.conflicts.len()) {
        0 | 1 => first.unwrap_or_default(),
        count => format!("{} +{}", first.unwrap_or_default(), count - 1),
    }
}

/// Every file, as far as there is room, and what a merge of the two would come to.
fn facts(model: &Model, overlap: &OverlapView, room: usize) -> Vec<Vec<Piece>> {
    let glyphs = model.theme.glyphs();
    let files = |count: usize| match count {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let both = overlap.both.len().max(overlap.conflicts.len());
    let sentence = match overlap.conflicts.len() {
        0 => format!("Both change {}, and the two merge well.", files(both)),
        count => format!(
            "Both change {}; merging the two is a conflict in {}.",
            files(both),
            files(count)
        ),
    };
    let role = match overlap.conflicts.is_empty() {
        true => Role::Text,
        false => Role::Bad,
    };
    let mut lines = vec![vec![(sentence, role)]];
    let calm = overlap.both.iter();
    let calm = calm.filter(|file| !overlap.conflicts.contains(file));
    let conflicts = overlap
        .conflicts
        .iter()
        .map(|file| (file, glyphs.cross, Role::Bad));
    let all: Vec<_> = conflicts
        .chain(calm.map(|file| (file, glyphs.ring, Role::Muted)))
        .collect();
    let left = room.saturating_sub(1);
    // The last line says how many more there are, where not all have room.
    let shown = match all.len() > left {
        true => left.saturating_sub(1),
        false => all.len(),
    };
    for (file, mark, role) in &all[..shown] {
        let name = clean(file).into_owned();
        lines.push(vec![(format!("{mark} "), *role), (name, Role::Text)]);
    }
    if all.len() > shown && left > 0 {
        lines.push(vec![(
            format!("and {} more", all.len() - shown),
            Role::Muted,
        )]);
    }
    lines
}
