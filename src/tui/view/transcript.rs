//! A transcript: who said what and when, calls in brief, answers folded, what is found marked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::overlays::corner;
use super::{frame, put, put_all};
use crate::domain::find::Needle;
use crate::domain::units::short_duration;
use crate::tui::card::Piece;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::text::{clean, width};
use crate::tui::theme::Role;
use crate::tui::transcript::{Line, TranscriptView};

/// The most matches marked in a line.
const MARKED: usize = 32;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, view: &TranscriptView) {
    let theme = &model.theme;
    frame(
        buf,
        layout.overlay,
        &title(model, view),
        Role::BorderFocus,
        theme,
    );
    let inner = layout.overlay_inner;
    if view.is_empty() {
        let (words, role) = match &view.error {
            Some(error) => (clean(error).into_owned(), Role::Error),
            None if view.is_loading() => {
                (format!("Reading{}", theme.glyphs().ellipsis), Role::Muted)
            }
            None => ("Nothing was said.".to_owned(), Role::Muted),
        };
        put(buf, inner, &words, role, theme);
        return;
    }
    let needle = view.search.as_ref().map(|search| &search.needle);
    for ((part, line), y) in view.lines(view.scroll).zip(inner.top()..inner.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..inner
        };
        let current = view.is_current(part, line);
        draw_line(
            buf,
            model,
            row,
            line,
            (current, view.is_match(part, line)),
            needle,
        );
    }
    foot(buf, model, layout, view);
}

fn title(model: &Model, view: &TranscriptView) -> String {
    let Some(conversation) = &view.conversation else {
        return clean(&view.title).into_owned();
    };
    let title = match view.title.as_str() {
        "" => "(nothing asked)".into(),
        title => clean(title),
    };
    let mut facts = vec![title.into_owned(), clean(&conversation.agent).into_owned()];
    facts.extend(conversation.cost.map(|cost| cost.to_string()));
    let age = short_duration(model.now.since(conversation.changed_at));
    facts.push(format!("{age} ago"));
    facts.join(&format!(" {} ", model.theme.glyphs().separator))
}

fn draw_line(
    buf: &mut Buffer,
    model: &Model,
    row: Rect,
    line: &Line,
    (current, found): (bool, bool),
    needle: Option<&Needle>,
) {
    let theme = &model.theme;
    if current {
        let edge = Rect {
            x: row.x - 1,
            width: 1,
            ..row
        };
        put(buf, edge, theme.glyphs().bar, Role::SelectedMark, theme);
    }
    let indent = " ".repeat(line.indent);
    let mark = match line.mark {
        "" if line.indent > 0 => "  ".to_owned(),
        "" => String::new(),
        mark => format!("{mark} "),
    };
    let mut pieces: Vec<Piece> = vec![(indent, Role::Text), (mark, line.role)];
    match needle.filter(|_| line.indent > 0) {
        None => pieces.push((line.text.clone(), line.role)),
        Some(needle) => pieces.extend(marked(line, needle, found)),
    }
    let used = put_all(buf, row, &pieces, theme);
    let wide = width(&line.right) as u16;
    if wide > 0 && used + wide + 2 <= row.width {
        let right = Rect {
            x: row.right() - wide,
            width: wide,
            ..row
        };
        put(buf, right, &line.right, Role::Muted, theme);
    }
}

fn marked(line: &Line, needle: &Needle, found: bool) -> Vec<Piece> {
    let role = if found {
        Role::MatchCurrent
    } else {
        Role::Match
    };
    let mut pieces = Vec::new();
    let mut at = 0;
    for place in needle.places(&line.text, MARKED) {
        pieces.push((line.text[at..place.start].to_owned(), line.role));
        pieces.push((line.text[place.clone()].to_owned(), role));
        at = place.end;
    }
    pieces.push((line.text[at..].to_owned(), line.role));
    pieces
}

/// How far one is, and what is being done.
fn foot(buf: &mut Buffer, model: &Model, layout: &Layout, view: &TranscriptView) {
    let dots = model.theme.glyphs().ellipsis;
    let words = match (&view.seeking, view.is_loading(), view.percent()) {
        (Some(_), ..) => format!(" searching{dots} Esc stops "),
        (None, true, _) => format!(" reading{dots} "),
        (None, false, _) if view.at_end() => " end ".to_owned(),
        (None, false, _) if view.at_beginning() => " beginning ".to_owned(),
        (None, false, Some(percent)) => format!(" {percent} % "),
        (None, false, None) => return,
    };
    corner(buf, model, layout.overlay, &words);
}

#[cfg(test)]
mod tests;
