//! Foreign text made safe to draw, and text fitted into cells.
//!
//! Everything that an agent, a repository or another user may have written goes through [`clean`] before
//! it reaches the screen.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The longest piece of foreign text that is looked at, in bytes.
const MAX_LINE: usize = 4096;

/// `text` as one line without anything that could act on a terminal: controls and the characters that
/// turn the direction of text are dropped, whitespace is a blank.
pub fn clean(text: &str) -> Cow<'_, str> {
    let text = &text[..text.floor_char_boundary(MAX_LINE)];
    if text
        .chars()
        .all(|c| harmless(c) && (c == ' ' || !c.is_whitespace()))
    {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .filter(|c| harmless(*c))
            .collect(),
    )
}

fn harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// How many cells `text` takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` cut to `room` cells, the last of them an ellipsis where something was cut.
pub fn fit<'a>(text: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    let keep = room.saturating_sub(width(ellipsis));
    let mut used = 0;
    let mut cut = String::new();
    for grapheme in text.graphemes(true) {
        used += width(grapheme);
        if used > keep {
            break;
        }
        cut.push_str(grapheme);
    }
    if room >= width(ellipsis) {
        cut.push_str(ellipsis);
    }
    Cow::Owned(cut)
}

/// `text` broken at blanks into at most `lines` lines of `room` cells, the last one cut.
pub fn wrap(text: &str, room: usize, lines: usize, ellipsis: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && out.len() < lines && room > 0 {
        if width(rest) <= room || out.len() + 1 == lines {
            out.push(fit(rest, room, ellipsis).into_owned());
            break;
        }
        let mut used = 0;
        let mut hard = rest.len();
        let mut soft = None;
        for (at, grapheme) in rest.grapheme_indices(true) {
            if grapheme == " " {
                soft = Some(at);
            }
            used += width(grapheme);
            if used > room {
                hard = at;
                break;
            }
        }
        let at = match soft {
            Some(at) if at > 0 => at,
            _ if hard == 0 => rest.graphemes(true).next().map_or(rest.len(), str::len),
            _ => hard,
        };
        out.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_act() {
        for (text, safe) in [
            ("plain", "plain"),
            ("a\u{1b}[31mb\u{7}", "a[31mb"),
            ("two\nlines\tand tab", "two lines and tab"),
            ("\u{202e}txt.exe", "txt.exe"),
            ("c1 \u{9b}31m", "c1 31m"),
            ("日本 é", "日本 é"),
        ] {
            assert_eq!(clean(text), safe);
        }
        assert!(clean(&"ä".repeat(5000)).len() <= MAX_LINE);
    }

    #[test]
    fn text_fits_its_cells() {
        for (text, room, fitted) in [
            ("short", 5, "short"),
            ("longer", 5, "long…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ] {
            assert_eq!(fit(text, room, "…"), fitted, "{text} in {room}");
        }
    }

    #[test]
    fn text_wraps_at_blanks() {
        for (text, room, lines, wrapped) in [
            ("fix the login bug", 8, 3, &["fix the", "login", "bug"][..]),
            ("fix the login bug", 8, 2, &["fix the", "login b…"][..]),
            ("unbreakable", 4, 3, &["unbr", "eaka", "ble"][..]),
            ("日本語", 1, 2, &["日", "…"][..]),
            ("", 8, 2, &[][..]),
        ] {
            assert_eq!(wrap(text, room, lines, "…"), wrapped, "{text}");
        }
    }
}
