//! Short messages: in the footer's line in place of the hints, the longer ones upwards from there. There
//! they cover neither a card nor, for more than a moment, what is typed to an agent.

use ratatui::layout::Rect;

use super::Hit;
use super::bars::{Bar, Segment};
use crate::protocol::Level;
use crate::tui::model::{Area, Model, Toast};
use crate::tui::text::{width, wrap};
use crate::tui::theme::Role;

/// The most rows that messages take.
const ROWS: usize = 3;

/// Where the footer is above this row, forms reach down to it.
const LOW: u16 = 16;

/// The rows of the messages, from the footer up. `chip` is how much of the footer stays.
pub(super) fn rows(model: &Model, footer: Rect, chip: u16) -> Vec<Bar> {
    let start = (chip + 1).min(footer.width);
    let room = Rect {
        x: footer.x + start,
        width: footer.width - start,
        ..footer
    };
    // Where somebody types, the last lines are theirs; on a low screen they are a form's buttons too.
    let form = !model.overlays.is_empty() && footer.y < LOW;
    let most = match model.area {
        Area::Board if !form => ROWS.min(usize::from(footer.y) + 1),
        _ => 1,
    };
    let mut lines: Vec<Vec<(String, Role)>> = Vec::new();
    for toast in model.toasts.iter().rev() {
        let left = most - lines.len();
        if left == 0 {
            break;
        }
        let mut own = toast_lines(model, toast, usize::from(room.width), left);
        own.reverse();
        lines.extend(own);
    }
    lines
        .into_iter()
        .zip(0..)
        .map(|(line, up)| {
            // The rows above the footer are covered whole: half a line of something else would confuse.
            let area = match up {
                0 => room,
                up => Rect {
                    y: footer.y - up,
                    ..footer
                },
            };
            bar(line, area, room.x)
        })
        .collect()
}

fn bar(line: Vec<(String, Role)>, area: Rect, mut x: u16) -> Bar {
    let segments = line.into_iter().map(|(text, role)| {
        let wide = width(&text) as u16;
        let place = Rect {
            x,
            width: wide,
            ..area
        };
        x += wide;
        Segment {
            area: place,
            text,
            role,
            hit: Some(Hit::Toasts),
        }
    });
    Bar {
        segments: segments.collect(),
        area,
    }
}

/// One message with its mark; the hint follows in the same line where there is room for it.
fn toast_lines(model: &Model, toast: &Toast, room: usize, most: usize) -> Vec<Vec<(String, Role)>> {
    let glyphs = model.theme.glyphs();
    let (mark, role, words) = match toast.level {
        Level::Info => (glyphs.dot, Role::Info, Role::Text),
        Level::Warning => ("!", Role::Warning, Role::Warning),
        Level::Error => (glyphs.cross, Role::Error, Role::Error),
    };
    let mark_wide = width(mark) + 1;
    let inner = room.saturating_sub(mark_wide);
    let hint = toast.hint.as_deref().unwrap_or_default();
    let between = format!(" {} ", glyphs.separator);
    let joined = !hint.is_empty() && width(&toast.text) + width(&between) + width(hint) <= inner;
    let indent = " ".repeat(mark_wide);
    let mut lines: Vec<Vec<(String, Role)>> = wrap(&toast.text, inner, most, glyphs.ellipsis)
        .into_iter()
        .enumerate()
        .map(|(row, text)| match row {
            0 => vec![(format!("{mark} "), role), (text, words)],
            _ => vec![(indent.clone(), Role::Text), (text, words)],
        })
        .collect();
    if joined {
        lines.iter_mut().for_each(|line| {
            line.push((between.clone(), Role::Faint));
            line.push((hint.to_owned(), Role::Muted));
        });
    } else {
        let left = most.saturating_sub(lines.len());
        for text in wrap(hint, inner, left, glyphs.ellipsis) {
            lines.push(vec![(indent.clone(), Role::Text), (text, Role::Muted)]);
        }
    }
    lines
}
