//! Styled text and its wrapping: foreign text becomes harmless here, whatever it holds.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How a piece of text looks, by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As the terminal has it.
    Plain,
    /// Beside the point.
    Dim,
    /// The user's own words, headings.
    Bold,
    /// The agent's mark, frames.
    Accent,
    /// Names of things in code.
    Code,
    /// Added, well.
    Good,
    /// Removed, failed.
    Bad,
    /// Wants an answer.
    Ask,
}

impl Style {
    /// The parameters of its SGR sequence.
    pub fn sgr(self) -> &'static str {
        match self {
            Style::Plain => "0",
            Style::Dim => "0;2",
            Style::Bold => "0;1",
            Style::Accent => "0;35",
            Style::Code => "0;36",
            Style::Good => "0;32",
            Style::Bad => "0;31",
            Style::Ask => "0;1;33",
        }
    }
}

/// A piece of text in one style.
pub type Span = (Style, String);

/// One row of the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Span>);

impl Line {
    /// A row in one style.
    pub fn new(style: Style, text: impl Into<String>) -> Self {
        Self(vec![(style, text.into())])
    }

    #[cfg(test)]
    /// Its text.
    pub fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Its width in columns.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    /// Adds a piece.
    pub fn push(&mut self, style: Style, text: impl Into<String>) {
        let text = text.into();
        match self.0.last_mut() {
            Some((last, before)) if *last == style => before.push_str(&text),
            _ => self.0.push((style, text)),
        }
    }

    /// Adds spaces up to `width` columns.
    pub fn pad(&mut self, width: usize) {
        let missing = width.saturating_sub(self.width());
        self.push(Style::Plain, " ".repeat(missing));
    }
}

struct Cell {
    style: Style,
    text: String,
    width: usize,
}

/// Wraps `spans` at words into rows of at most `width` columns. A row's end is final as soon as a later
/// row has begun, so text can be wrapped while it still grows.
///
/// Tabs become four spaces, other control characters vanish.
pub fn wrap(spans: &[Span], width: usize) -> Vec<Line> {
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut row: Vec<Cell> = Vec::new();
    let mut used = 0;
    for cell in cells(spans) {
        if cell.text == "\n" {
            lines.push(line(row.drain(..)));
            used = 0;
            continue;
        }
        if used + cell.width > width {
            if cell.text == " " {
                lines.push(line(row.drain(..)));
                used = 0;
                continue;
            }
            let after_space = row.iter().rposition(|c| c.text == " ").map(|at| at + 1);
            // Indented code keeps its indentation: a space that only spaces precede is no place to break.
            let breakable = after_space.filter(|at| row[..*at].iter().any(|c| c.text != " "));
            let rest = row.split_off(breakable.unwrap_or(row.len()));
            lines.push(line(row.drain(..)));
            row = rest;
            used = row.iter().map(|c| c.width).sum();
        }
        used += cell.width;
        row.push(cell);
    }
    lines.push(line(row.drain(..)));
    lines
}

/// `text` in one row of at most `width` columns, cut with an ellipsis.
pub fn cut(text: &str, width: usize) -> String {
    let clean: String = cells(&[(Style::Plain, text.replace('\n', " "))])
        .into_iter()
        .map(|cell| cell.text)
        .collect();
    if clean.width() <= width {
        return clean;
    }
    let mut out = String::new();
    for grapheme in clean.graphemes(true) {
        if out.width() + grapheme.width() + 1 > width {
            break;
        }
        out.push_str(grapheme);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// Spans of `text` where backticks mark code and double asterisks mark what is bold.
pub fn inline(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let (mut bold, mut code) = (false, false);
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest
            .match_indices(['`', '*'])
            .find(|(at, mark)| *mark == "`" || (!code && rest[*at..].starts_with("**")))
            .map_or(rest.len(), |(at, _)| at);
        let style = match (code, bold) {
            (true, _) => Style::Code,
            (_, true) => Style::Bold,
            _ => Style::Plain,
        };
        if at > 0 {
            spans.push((style, rest[..at].to_owned()));
        }
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('`') {
            code = !code;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("**") {
            bold = !bold;
            rest = after;
        }
    }
    spans
}

fn cells(spans: &[Span]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (style, text) in spans {
        for grapheme in text.graphemes(true) {
            let text = match grapheme {
                "\n" | "\r\n" => "\n".to_owned(),
                "\t" => "    ".to_owned(),
                other => other.chars().filter(|c| !c.is_control()).collect(),
            };
            if !text.is_empty() {
                let width = if text == "\n" { 0 } else { text.width() };
                cells.push(Cell {
                    style: *style,
                    text,
                    width,
                });
            }
        }
    }
    cells
}

fn line(cells: impl Iterator<Item = Cell>) -> Line {
    let mut line = Line::default();
    for cell in cells {
        line.push(cell.style, cell.text);
    }
    if let Some((_, last)) = line.0.last_mut() {
        last.truncate(last.trim_end_matches(' ').len());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, width: usize) -> Vec<String> {
        wrap(&[(Style::Plain, text.to_owned())], width)
            .iter()
            .map(Line::text)
            .collect()
    }

    #[test]
    fn wrapping() {
        assert_eq!(rows("one two three", 8), ["one two", "three"]);
        assert_eq!(rows("one two\n\nx", 80), ["one two", "", "x"]);
        assert_eq!(rows("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(rows("日本語", 4), ["日本", "語"]);
        assert_eq!(rows("", 4), [""]);
        assert_eq!(rows("a\x1b[31m\tb\u{9b}\x07", 80), ["a[31m    b"]);
    }

    #[test]
    fn earlier_rows_do_not_change_while_text_grows() {
        let text = "The quick brown fox jumps over a_very_long_word_indeed and `code` then on.";
        for width in [5, 9, 20] {
            let mut before: Vec<Line> = Vec::new();
            for end in 1..=text.len() {
                let now = wrap(&inline(&text[..end]), width);
                let settled = before.len().saturating_sub(1);
                assert_eq!(now[..settled], before[..settled], "at {end} of {width}");
                before = now;
            }
        }
    }

    #[test]
    fn rows_are_never_too_wide() {
        for width in 2..12 {
            for row in wrap(&inline("wide 日本語 and **bold words** e\u{301}x"), width) {
                assert!(row.width() <= width, "{row:?}");
            }
        }
    }

    #[test]
    fn marks() {
        let spans = inline("a `b**` **c** 2*3");
        let expected = [
            (Style::Plain, "a "),
            (Style::Code, "b**"),
            (Style::Plain, " "),
            (Style::Bold, "c"),
            (Style::Plain, " 2*3"),
        ];
        let expected: Vec<Span> = expected.map(|(s, t)| (s, t.to_owned())).to_vec();
        assert_eq!(spans, expected);
    }

    #[test]
    fn cutting() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("a longer text", 8), "a longe…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("a\nb", 10), "a b");
    }
}
