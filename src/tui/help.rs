//! Help: every key of the table, by heading, in one column or two.

use super::keymap::{Context, Entry, Group, Keymap, TABLE};
use super::overlay::ViewerLine;
use super::text::{width, wrap};
use super::theme::Role;

/// The most lines that the words for a key take.
const WORDS: usize = 4;
/// From this room on there are two columns.
const TWO_COLUMNS: usize = 90;
/// Between keys and words, and between two columns.
const GAP: usize = 2;

/// All keys by heading, for a text of `room` columns.
pub fn help(keymap: &Keymap, room: usize) -> Vec<ViewerLine> {
    let mut lines = vec![
        vec![(
            "Everything works by key and by mouse. Quitting leaves agents running.".into(),
            Role::Muted,
        )],
        Vec::new(),
    ];
    let two = room >= TWO_COLUMNS;
    let room = if two { (room - 2 * GAP) / 2 } else { room };
    let most = match room {
        ..45 => 1,
        45..60 => 2,
        _ => 3,
    };
    let groups: Vec<Vec<ViewerLine>> = Group::ALL
        .iter()
        .map(|group| lines_of(keymap, *group, most, room))
        .collect();
    match two {
        true => lines.extend(side_by_side(groups, room)),
        false => lines.extend(groups.into_iter().flatten()),
    }
    lines
}

/// The groups in two columns of `room` and about the same height, in their order: down, then right.
fn side_by_side(groups: Vec<Vec<ViewerLine>>, room: usize) -> Vec<ViewerLine> {
    let all: usize = groups.iter().map(Vec::len).sum();
    let (mut left, mut right): (Vec<ViewerLine>, Vec<ViewerLine>) = (Vec::new(), Vec::new());
    for group in groups {
        // A group goes where the greater part of it would be.
        if right.is_empty() && left.len() + group.len() / 2 < all / 2 {
            left.extend(group);
        } else {
            right.extend(group);
        }
    }
    let wide = room + 2 * GAP;
    let rows = left.len().max(right.len());
    left.resize(rows, Vec::new());
    right.resize(rows, Vec::new());
    let joined = left.into_iter().zip(right).map(|(mut line, more)| {
        if !more.is_empty() {
            let fill = " ".repeat(wide.saturating_sub(line_width(&line)));
            line.push((fill, Role::Text));
        }
        line.extend(more);
        line
    });
    joined.collect()
}

fn line_width(line: &ViewerLine) -> usize {
    line.iter().map(|(text, _)| width(text)).sum()
}

/// A heading, its keys with what they do, and an empty line; no line longer than `room`.
fn lines_of(keymap: &Keymap, group: Group, most: usize, room: usize) -> Vec<ViewerLine> {
    let mut rows: Vec<(String, String)> = Vec::new();
    if group == Group::Pane {
        let prefix = keymap.prefix().label();
        rows.push((keymap.leave().label(), "Back to the board, at once".into()));
        rows.push((
            format!("{prefix} {prefix}"),
            "Send the prefix itself".into(),
        ));
    }
    for entry in TABLE.iter().filter(|entry| entry.group == group) {
        rows.push((labels(keymap, entry, most), entry.title.to_owned()));
    }
    let pad = rows.iter().map(|(keys, _)| width(keys)).max();
    let pad = pad.unwrap_or_default() + GAP;
    let mut lines = vec![vec![(group.title().to_owned(), Role::Accent)]];
    let words_room = room.saturating_sub(pad + GAP).max(1);
    for (keys, words) in rows {
        let fill = " ".repeat(pad.saturating_sub(width(&keys)));
        let mut first = format!("  {keys}{fill}");
        for words in wrap(&words, words_room, WORDS, "…") {
            lines.push(vec![(first, Role::Key), (words, Role::Text)]);
            first = " ".repeat(pad + GAP);
        }
    }
    lines.push(Vec::new());
    lines
}

/// The keys of an action, at most `most`; those after the prefix only where the heading is about them.
fn labels(keymap: &Keymap, entry: &Entry, most: usize) -> String {
    let mut keys: Vec<String> = Vec::new();
    for (context, _) in entry.keys {
        let after_prefix = *context == Context::Prefix;
        if after_prefix && entry.group != Group::Pane {
            continue;
        }
        for chord in keymap.keys(*context, entry.action) {
            let label = chord.label();
            if !keys.contains(&label) {
                keys.push(label);
            }
        }
    }
    keys.truncate(most);
    keys.join("  ")
}
