//! The changes of a task: tabs, the list of files, and the lines with their comments.

mod check;
mod code;

pub(super) use code::half;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::overlays::corner;
use super::{frame, put, put_all, vertical};
use crate::domain::patch::{Change, FilePatch};
use crate::domain::units::short_duration;
use crate::tui::board;
use crate::tui::card::Piece;
use crate::tui::changes::rows::{Row, RowKind};
use crate::tui::changes::{Changes, comment_lines};
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, width};
use crate::tui::theme::Role;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, page: &Changes) {
    let title = model.cards.get(&page.task).map(board::title);
    let title = format!("Changes of #{} {}", page.task, title.unwrap_or_default());
    frame(buf, layout.overlay, &title, Role::BorderFocus, &model.theme);
    let areas = &layout.changes;
    super::bars::draw(buf, &areas.tabs, &model.theme);
    check::draw(buf, model, areas.check, page);
    if let Some(words) = empty(page) {
        let role = if page.error.is_some() {
            Role::Warning
        } else {
            Role::Muted
        };
        let place = Rect {
            y: areas.lines.y + areas.lines.height.min(1),
            height: areas.lines.height.min(1),
            ..areas.lines
        };
        put(buf, place, &clean(&words), role, &model.theme);
        return;
    }
    files(buf, model, layout, page);
    vertical(buf, areas.rule, model);
    head(buf, model, areas.head, page);
    let shown = page.rows().iter().enumerate().skip(page.scroll);
    for ((index, row), y) in shown.zip(areas.lines.top()..areas.lines.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..areas.lines
        };
        draw_row(buf, model, line, page, row);
        mark(buf, model, line, page, index);
    }
    progress(buf, model, layout, page);
}

/// What stands there in place of changes.
fn empty(page: &Changes) -> Option<String> {
    match (&page.error, page.loaded) {
        (Some(why), _) => Some(why.clone()),
        (None, false) => Some("Reading the changes…".to_owned()),
        (None, true) if page.patch.files.is_empty() => Some(match page.patch.notes.first() {
            Some(note) => note.clone(),
            None if page.scope() == 0 => "Nothing has changed yet.".to_owned(),
            None => "Nothing here; tab shows the other changes.".to_owned(),
        }),
        _ => None,
    }
}

/// Where one is, in the lower right corner; and what is missing, in the lower left.
fn progress(buf: &mut Buffer, model: &Model, layout: &Layout, page: &Changes) {
    let count = page.rows().len().max(1);
    let viewed = page.patch.files.iter();
    let viewed = viewed
        .filter(|file| page.viewed.contains(&file.path))
        .count();
    let mut words = format!(" {} % ", (page.cursor + 1) * 100 / count);
    if viewed > 0 {
        let files = page.patch.files.len();
        words = format!(
            " {viewed} of {files} viewed {}{words}",
            model.theme.glyphs().separator
        );
    }
    if page.is_partial() {
        words = format!(" reading on{}", model.theme.glyphs().ellipsis) + &words;
    }
    corner(buf, model, layout.overlay, &words);
    if let Some(note) = page.patch.notes.first() {
        let area = layout.overlay;
        let room = area.width.saturating_sub(width(&words) as u16 + 6);
        let place = Rect::new(area.x + 2, area.bottom() - 1, room, 1);
        put(
            buf,
            place,
            &format!(" {} ", clean(note)),
            Role::Warning,
            &model.theme,
        );
    }
}

/// The list of files.
fn files(buf: &mut Buffer, model: &Model, layout: &Layout, page: &Changes) {
    let areas = &layout.changes;
    let here = page.rows().get(page.cursor).map(|row| row.file as usize);
    let shown = page.patch.files.iter().enumerate().skip(areas.first);
    for ((index, file), y) in shown.zip(areas.list.top()..areas.list.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..areas.list
        };
        let glyphs = model.theme.glyphs();
        let counts = counts(file, glyphs.minus);
        let comments = page.comments.iter();
        let comments = comments.filter(|c| c.sent_at.is_none() && c.place.path == file.path);
        let mut right: Vec<Piece> = Vec::new();
        match comments.count() {
            0 => {}
            count => right.push((format!(" {}{count}", glyphs.ask), Role::Comment)),
        }
        right.extend(counts);
        let wide: usize = right.iter().map(|(text, _)| width(text)).sum();
        let room = usize::from(line.width).saturating_sub(wide + 2);
        let name = short_path(&clean(&file.path), room, glyphs.ellipsis);
        let viewed = page.viewed.contains(&file.path);
        let (mark, role) = match viewed {
            true => (glyphs.check.to_owned(), Role::Good),
            false => (file.change.letter().to_string(), letter_role(file.change)),
        };
        let text = match (here == Some(index), viewed) {
            (true, _) => Role::Title,
            (false, true) => Role::Muted,
            (false, false) => Role::Text,
        };
        put_all(
            buf,
            line,
            &[(format!("{mark} "), role), (name, text)],
            &model.theme,
        );
        let place = Rect {
            x: line.right().saturating_sub(wide as u16),
            width: wide as u16,
            ..line
        };
        put_all(buf, place.intersection(line), &right, &model.theme);
        if here == Some(index) {
            buf.set_style(line, model.theme.style(Role::Selected));
        }
    }
}

/// `… /deep/down/file.rs`: of a path that is too long its end is what tells it from others.
fn short_path(path: &str, room: usize, ellipsis: &str) -> String {
    if width(path) <= room {
        return path.to_owned();
    }
    let mut rest = path;
    while let Some((_, shorter)) = rest.split_once('/') {
        rest = shorter;
        if width(rest) + width(ellipsis) < room {
            return format!("{ellipsis}/{rest}");
        }
    }
    fit(rest, room, ellipsis).into_owned()
}

fn counts(file: &FilePatch, minus: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if file.added > 0 {
        pieces.push((format!(" +{}", file.added), Role::DiffAdd));
    }
    if file.removed > 0 {
        pieces.push((format!(" {minus}{}", file.removed), Role::DiffRemove));
    }
    pieces
}

fn letter_role(change: Change) -> Role {
    match change {
        Change::Added | Change::Copied => Role::DiffAdd,
        Change::Deleted => Role::DiffRemove,
        Change::Modified | Change::Renamed => Role::DiffHunk,
    }
}

/// The file that the first row in sight belongs to, so that one always knows where one is.
fn head(buf: &mut Buffer, model: &Model, area: Rect, page: &Changes) {
    let row = page.rows().get(page.scroll);
    let Some(row) = row.filter(|row| !matches!(row.kind, RowKind::File | RowKind::Gap)) else {
        return;
    };
    if let Some(file) = page.patch.files.get(row.file as usize) {
        file_line(buf, model, area, page, file);
    }
}

fn file_line(buf: &mut Buffer, model: &Model, area: Rect, page: &Changes, file: &FilePatch) {
    let glyphs = model.theme.glyphs();
    let from = file
        .from
        .as_ref()
        .map(|from| format!("{} {} ", clean(from), glyphs.arrow));
    let fold = match page.is_folded(file) || file.hunks.is_empty() {
        true => glyphs.arrow,
        false => glyphs.down,
    };
    let mut pieces = vec![
        (format!("{fold} "), Role::Faint),
        (from.unwrap_or_default(), Role::Muted),
        (clean(&file.path).into_owned(), Role::DiffFile),
    ];
    pieces.extend(counts(file, glyphs.minus));
    let word = match file.change {
        Change::Modified => None,
        Change::Added => Some("new"),
        Change::Deleted => Some("deleted"),
        Change::Renamed => Some("renamed"),
        Change::Copied => Some("copied"),
    };
    pieces.extend(word.map(|word| (format!("  {word}"), letter_role(file.change))));
    if let Some((old, new)) = &file.modes {
        let words = format!("  mode {} {} {}", clean(old), glyphs.arrow, clean(new));
        pieces.push((words, Role::Muted));
    }
    if page.viewed.contains(&file.path) {
        pieces.push((format!("  {} viewed", glyphs.check), Role::Good));
    }
    put_all(buf, area, &pieces, &model.theme);
}

fn draw_row(buf: &mut Buffer, model: &Model, area: Rect, page: &Changes, row: &Row) {
    let Some(file) = page.patch.files.get(row.file as usize) else {
        return;
    };
    match row.kind {
        RowKind::Gap => {}
        RowKind::File => file_line(buf, model, area, page, file),
        RowKind::Note => {
            let words = note(page, file);
            put(buf, indented(area), &words, Role::Muted, &model.theme);
        }
        RowKind::Hunk(hunk) => {
            if let Some(hunk) = file.hunks.get(hunk as usize) {
                hunk_line(buf, model, area, hunk);
            }
        }
        RowKind::Line { hunk, line } => {
            let at = (row.file as usize, hunk as usize, line as usize);
            code::line(buf, model, area, page, at);
        }
        RowKind::Pair { hunk, old, new } => {
            let at = (row.file as usize, hunk as usize);
            code::pair(buf, model, area, page, at, (old, new));
        }
        RowKind::Comment { comment, line } => {
            comment_row(buf, model, area, page, (comment as usize, line as usize));
        }
    }
}

fn indented(area: Rect) -> Rect {
    let by = area.width.min(2);
    Rect {
        x: area.x + by,
        width: area.width - by,
        ..area
    }
}

/// `@@ 12 @@ fn main()`, over the whole width.
fn hunk_line(buf: &mut Buffer, model: &Model, area: Rect, hunk: &crate::domain::patch::Hunk) {
    let glyphs = model.theme.glyphs();
    let heading = clean(&hunk.heading);
    let words = match heading.is_empty() {
        true => format!("line {} ", hunk.new.max(hunk.old)),
        false => format!(
            "line {} {} {heading} ",
            hunk.new.max(hunk.old),
            glyphs.separator
        ),
    };
    let lead = glyphs.horizontal.repeat(2);
    let pieces = [(format!("{lead} "), Role::Faint), (words, Role::DiffHunk)];
    let used = put_all(buf, area, &pieces, &model.theme);
    let rest = Rect {
        x: area.x + used,
        width: area.width - used,
        ..area
    };
    super::rule(buf, rest, Role::Faint, false, &model.theme);
}

/// What there is to say of a file whose lines are not shown.
fn note(page: &Changes, file: &FilePatch) -> String {
    let image = [
        ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".bmp", ".svg",
    ];
    let lower = file.path.to_lowercase();
    if file.binary {
        let kind = image.iter().any(|end| lower.ends_with(end));
        return match kind {
            true => "an image".to_owned(),
            false => "a binary file".to_owned(),
        };
    }
    if file.hunks.is_empty() {
        return match (file.change, &file.modes) {
            (Change::Added, _) => "an empty file".to_owned(),
            (Change::Deleted, _) => "it was empty".to_owned(),
            (Change::Renamed | Change::Copied, _) => "its content is the same".to_owned(),
            (_, Some(_)) => "its mode alone is another".to_owned(),
            _ => "no lines".to_owned(),
        };
    }
    let lines = file.added.saturating_add(file.removed);
    let lines = match lines {
        1 => "1 changed line".to_owned(),
        count => format!("{count} changed lines"),
    };
    let why = match page.viewed.contains(&file.path) {
        true => "viewed",
        false => "folded",
    };
    format!("{lines}, {why}")
}

fn comment_row(
    buf: &mut Buffer,
    model: &Model,
    area: Rect,
    page: &Changes,
    (comment, line): (usize, usize),
) {
    let Some(comment) = page.comments.get(comment) else {
        return;
    };
    let glyphs = model.theme.glyphs();
    let bar = (format!("      {} ", glyphs.bar), Role::Comment);
    if line > 0 {
        let lines = comment_lines(comment, page.comment_width());
        let words = lines.get(line - 1).cloned().unwrap_or_default();
        put_all(buf, area, &[bar, (words, Role::Text)], &model.theme);
        return;
    }
    let about = match comment.place.line {
        None => "on the file".to_owned(),
        Some(line) if line.before > 0 => {
            let first = line.number.saturating_sub(line.before).max(1);
            format!("on lines {first} to {}", line.number)
        }
        Some(line) => format!("on line {}", line.number),
    };
    let state = match comment.sent_at {
        None => "not sent yet".to_owned(),
        Some(at) => format!("sent {} ago", short_duration(model.now.since(at))),
    };
    let pieces = [
        bar,
        ("you ".to_owned(), Role::Comment),
        (format!("{about} {} {state}", glyphs.separator), Role::Muted),
    ];
    put_all(buf, area, &pieces, &model.theme);
}

/// The mark of the row one stands on and of those that are selected.
fn mark(buf: &mut Buffer, model: &Model, line: Rect, page: &Changes, index: usize) {
    let here = index == page.cursor;
    let selected = page.selecting.is_some_and(|from| {
        let (first, last) = (from.min(page.cursor), from.max(page.cursor));
        (first..=last).contains(&index)
    });
    if !here && !selected {
        return;
    }
    // Beside the row, in the frame's margin.
    let place = Rect {
        x: line.x.saturating_sub(1),
        width: 1,
        ..line
    };
    let role = match here {
        true => Role::SelectedMark,
        false => Role::Comment,
    };
    put(buf, place, model.theme.glyphs().bar, role, &model.theme);
    if here && !model.theme.colour() {
        buf.set_style(line, model.theme.style(Role::SelectedBody));
    } else if here {
        buf.set_style(line, model.theme.style(Role::Selected));
    }
}

#[cfg(test)]
mod tests;
