//! A line of code as it was or as it is: numbers, sign, words that are new, syntax.
//!
//! Invariants: nothing a file holds can act on the terminal or hide in it: controls and characters that turn
//! the direction of text are shown as what they are; what is added or removed is told by a sign, too.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::super::put;
use crate::domain::patch::{Hunk, Line, LineKind};
use crate::tui::changes::Changes;
use crate::tui::changes::words::{differences, partner};
use crate::tui::model::Model;
use crate::tui::text::width;
use crate::tui::theme::{Role, Theme};

/// Cells to the next stop of a tab.
const TAB: usize = 4;
/// The longest line that is drawn, in bytes.
const MOST_BYTES: usize = 8_000;

/// Where a line is: file, hunk, line.
type At = (usize, usize, usize);

/// The looks of one kind of line.
struct Looks {
    /// Under everything.
    line: Style,
    /// Over the words that are new.
    word: Style,
    /// Of the sign and the number.
    sign: Style,
    /// Whether code has its looks, or the whole line one.
    syntax: bool,
}

fn looks(model: &Model, kind: LineKind) -> Looks {
    let theme = &model.theme;
    let (sign, dark, light) = match kind {
        LineKind::Context => {
            return Looks {
                line: Style::default(),
                word: Style::default(),
                sign: theme.style(Role::Faint),
                syntax: true,
            };
        }
        LineKind::Added => (
            Role::DiffAdd,
            (Role::DiffAddDark, Role::DiffAddWordDark),
            (Role::DiffAddLight, Role::DiffAddWordLight),
        ),
        LineKind::Removed => (
            Role::DiffRemove,
            (Role::DiffRemoveDark, Role::DiffRemoveWordDark),
            (Role::DiffRemoveLight, Role::DiffRemoveWordLight),
        ),
    };
    let sign = theme.style(sign);
    let under = model.terminal.background.map(|(r, g, b)| {
        // What the eye makes of the three (ITU-R BT.601).
        let bright = u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114;
        if bright < 128_000 { dark } else { light }
    });
    match under.filter(|_| theme.colour()) {
        Some((line, word)) => Looks {
            line: theme.style(line),
            word: theme.style(word),
            sign,
            syntax: true,
        },
        // A tint that fits nobody knows what would make text unreadable.
        None => Looks {
            line: sign,
            word: theme.style(Role::DiffWord),
            sign,
            syntax: false,
        },
    }
}

/// A line above or below the others: both numbers, the sign, the text.
pub(super) fn line(buf: &mut Buffer, model: &Model, area: Rect, page: &Changes, at: At) {
    let Some((hunk, line)) = find(page, at) else {
        return;
    };
    let digits = digits(hunk);
    let looks = looks(model, line.kind);
    buf.set_style(area, looks.line);
    let number = |number: u32| match number {
        0 => " ".repeat(digits),
        number => format!("{number:>digits$}"),
    };
    let gutter = match area.width >= 60 {
        true => format!("{} {} ", number(line.old), number(line.new)),
        // One of the two is enough where there is little room.
        false => format!("{} ", number(line.new.max(line.old))),
    };
    let used = write(
        buf,
        area,
        &gutter,
        looks.line.patch(gutter_style(model, line.kind, &looks)),
    );
    code(buf, model, after(area, used), page, at, (line.kind, &looks));
}

/// Two lines side by side.
pub(super) fn pair(
    buf: &mut Buffer,
    model: &Model,
    area: Rect,
    page: &Changes,
    (file, hunk): (usize, usize),
    (old, new): (Option<u32>, Option<u32>),
) {
    let half = area.width.saturating_sub(1) / 2;
    let left = Rect {
        width: half,
        ..area
    };
    let right = Rect {
        x: area.x + half + 1,
        width: area.width - half - 1,
        ..area
    };
    let middle = Rect {
        x: area.x + half,
        width: 1,
        ..area
    };
    let vertical = model.theme.glyphs().vertical;
    put(buf, middle, vertical, Role::Faint, &model.theme);
    for (line, place, is_old) in [(old, left, true), (new, right, false)] {
        let Some(line) = line else { continue };
        let at = (file, hunk, line as usize);
        let Some((hunk, line)) = find(page, at) else {
            continue;
        };
        let number = if is_old { line.old } else { line.new };
        side(
            buf,
            model,
            place,
            page,
            at,
            (number, digits(hunk), line.kind),
        );
    }
}

/// A line in the half of a comparison; `unchanged`: it is shown as what stood there before.
pub(in crate::tui::view) fn half(
    buf: &mut Buffer,
    model: &Model,
    area: Rect,
    page: &Changes,
    at: At,
    unchanged: bool,
) {
    let Some((hunk, line)) = find(page, at) else {
        return;
    };
    let (kind, number) = match (unchanged, line.kind) {
        (true, _) => (LineKind::Context, line.old),
        (false, LineKind::Removed) => (line.kind, line.old),
        (false, _) => (line.kind, line.new),
    };
    side(buf, model, area, page, at, (number, digits(hunk), kind));
}

/// A number and a line with the looks of `kind`.
fn side(
    buf: &mut Buffer,
    model: &Model,
    area: Rect,
    page: &Changes,
    at: At,
    (number, digits, kind): (u32, usize, LineKind),
) {
    let looks = looks(model, kind);
    buf.set_style(area, looks.line);
    let gutter = format!("{number:>digits$} ");
    let style = looks.line.patch(gutter_style(model, kind, &looks));
    let used = write(buf, area, &gutter, style);
    code(buf, model, after(area, used), page, at, (kind, &looks));
}

fn find(page: &Changes, (file, hunk, line): At) -> Option<(&Hunk, &Line)> {
    let hunk = page.patch.files.get(file)?.hunks.get(hunk)?;
    Some((hunk, hunk.lines.get(line)?))
}

/// The cells that a hunk's numbers take.
fn digits(hunk: &Hunk) -> usize {
    let last = hunk.lines.last().map_or(0, |line| line.old.max(line.new));
    let most = last.max(hunk.old).max(hunk.new);
    most.checked_ilog10()
        .map_or(1, |log| log as usize + 1)
        .max(3)
}

fn gutter_style(model: &Model, kind: LineKind, looks: &Looks) -> Style {
    match kind {
        LineKind::Context => model.theme.style(Role::Faint),
        _ => looks.sign,
    }
}

fn after(area: Rect, used: u16) -> Rect {
    let used = used.min(area.width);
    Rect {
        x: area.x + used,
        width: area.width - used,
        ..area
    }
}

fn write(buf: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let (x, _) = buf.set_stringn(area.x, area.y, text, usize::from(area.width), style);
    x - area.x
}

/// The sign and the text of a line.
fn code(
    buf: &mut Buffer,
    model: &Model,
    area: Rect,
    page: &Changes,
    at: At,
    (kind, looks): (LineKind, &Looks),
) {
    let Some((hunk, line)) = find(page, at) else {
        return;
    };
    let theme = &model.theme;
    let sign = match kind {
        LineKind::Context => "  ",
        LineKind::Added => "+ ",
        LineKind::Removed => "- ",
    };
    let used = write(buf, area, sign, looks.line.patch(looks.sign));
    let area = after(area, used);
    let text = &line.text[..line.text.floor_char_boundary(MOST_BYTES)];
    let words = match kind {
        LineKind::Context => Vec::new(),
        _ => new_words(hunk, at.2, line),
    };
    let syntax: &[(Range<usize>, Role)] = match looks.syntax {
        true => page.highlights.of(at.0, at.1, at.2),
        false => &[],
    };
    let base = theme.style(Role::Text).patch(looks.line);
    let mut pen = Pen {
        left: page.column,
        x: 0,
        area,
    };
    for (start, grapheme) in text.grapheme_indices(true) {
        let within = |range: &Range<usize>| range.contains(&start);
        let role = syntax.iter().find(|(range, _)| within(range));
        let mut style = match role {
            Some((_, role)) => base.patch(theme.style(*role)),
            None => base,
        };
        if words.iter().any(within) {
            style = style.patch(looks.word);
        }
        if !pen.put(buf, grapheme, style, theme) {
            break;
        }
    }
    if line.unended {
        let style = base.patch(theme.style(Role::Muted));
        pen.put_plain(buf, " (no end of line)", style);
    }
}

/// The pieces of a line that its partner does not have.
fn new_words(hunk: &Hunk, at: usize, line: &Line) -> Vec<Range<usize>> {
    let Some(other) = partner(hunk, at).and_then(|at| hunk.lines.get(at)) else {
        return Vec::new();
    };
    let (old, new) = match line.kind {
        LineKind::Removed => (line, other),
        _ => (other, line),
    };
    match differences(&old.text, &new.text) {
        Some((gone, _)) if line.kind == LineKind::Removed => gone,
        Some((_, come)) => come,
        None => Vec::new(),
    }
}

/// Where the next character goes.
struct Pen {
    /// Cells that are off to the left.
    left: usize,
    /// Cells from the line's beginning.
    x: usize,
    area: Rect,
}

impl Pen {
    /// Writes a character as what it is; `false`: there is no room any more.
    fn put(&mut self, buf: &mut Buffer, grapheme: &str, style: Style, theme: &Theme) -> bool {
        match grapheme {
            "\t" => {
                let blanks = TAB - self.x % TAB;
                self.put_plain(buf, &"    "[..blanks], style)
            }
            // Lines of DOS end with it, all of them or none; one of them shows which.
            "\r" => self.put_plain(buf, "^M", style.patch(theme.style(Role::Faint))),
            _ => match shown(grapheme) {
                Some(words) => {
                    let style = style.patch(theme.style(Role::Warning));
                    self.put_plain(buf, &words, style)
                }
                None => self.put_plain(buf, grapheme, style),
            },
        }
    }

    fn put_plain(&mut self, buf: &mut Buffer, text: &str, style: Style) -> bool {
        for grapheme in text.graphemes(true) {
            let wide = width(grapheme);
            let at = self.x;
            self.x += wide;
            if at < self.left || wide == 0 {
                continue;
            }
            let column = at - self.left;
            if column + wide > usize::from(self.area.width) {
                return false;
            }
            let x = self.area.x + column as u16;
            buf.set_stringn(x, self.area.y, grapheme, wide, style);
        }
        true
    }
}

/// What stands for a character that would act on the terminal or cannot be seen.
fn shown(grapheme: &str) -> Option<String> {
    let hidden = |c: char| {
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{00ad}' | '\u{e0000}'..='\u{e007f}')
    };
    // Between the parts of an emoji it is no secret.
    let joined = grapheme.chars().count() > 1 && grapheme.contains('\u{200d}');
    let odd = |c: char| c.is_control() || (hidden(c) && !(joined && c == '\u{200d}'));
    if !grapheme.chars().any(odd) {
        return None;
    }
    let mut words = String::new();
    for c in grapheme.chars() {
        match c {
            '\0'..='\x1f' => {
                words.push('^');
                words.push((c as u8 + 0x40) as char);
            }
            c if odd(c) => words.push_str(&format!("<U+{:04X}>", c as u32)),
            c => words.push(c),
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_or_hide_is_shown() {
        for (grapheme, words) in [
            ("a", None),
            ("ä", None),
            ("e\u{301}", None),
            ("👩\u{200d}💻", None),
            ("\x1b", Some("^[")),
            ("\x07", Some("^G")),
            ("\u{9b}", Some("<U+009B>")),
            ("\u{202e}", Some("<U+202E>")),
            ("\u{200b}", Some("<U+200B>")),
            ("a\u{202e}", Some("a<U+202E>")),
        ] {
            assert_eq!(shown(grapheme).as_deref(), words, "{grapheme:?}");
        }
    }
}
