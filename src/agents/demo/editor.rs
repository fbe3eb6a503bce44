//! The line editor: several lines, graphemes as units, earlier prompts by the arrows.

use unicode_segmentation::UnicodeSegmentation;

use super::keys::Key;
use super::text::{Line, Style};
use unicode_width::UnicodeWidthStr;

/// The longest text it takes, in bytes.
const MAX_TEXT: usize = 1024 * 1024;

/// A text being written, with a cursor.
#[derive(Debug, Clone, Default)]
pub struct Editor {
    text: String,
    /// A byte offset at a grapheme's edge.
    cursor: usize,
    earlier: Vec<String>,
    /// Which of the earlier ones is shown.
    recalled: Option<usize>,
}

/// What a key did.
#[derive(Debug, PartialEq, Eq)]
pub enum Edited {
    /// The key is none of the editor's.
    Ignored,
    /// The text or the cursor may have changed.
    Changed,
    /// Enter: this text is to be sent; the editor is empty again.
    Submitted(String),
}

impl Editor {
    #[cfg(test)]
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Throws the text away.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
        self.recalled = None;
    }

    /// Remembers a text that was sent.
    pub fn remember(&mut self, text: &str) {
        if self.earlier.last().is_none_or(|last| last != text) {
            self.earlier.push(text.to_owned());
        }
        if self.earlier.len() > 100 {
            self.earlier.remove(0);
        }
    }

    /// Takes a key.
    pub fn key(&mut self, key: &Key) -> Edited {
        match key {
            Key::Enter => {
                let text = std::mem::take(&mut self.text);
                self.clear();
                if text.trim().is_empty() {
                    return Edited::Changed;
                }
                self.remember(&text);
                return Edited::Submitted(text);
            }
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => self.insert(text),
            Key::Newline => self.insert("\n"),
            Key::Tab => self.insert("    "),
            Key::Backspace => self.delete(self.left(), self.cursor),
            Key::Delete => self.delete(self.cursor, self.right()),
            Key::Left => self.cursor = self.left(),
            Key::Right => self.cursor = self.right(),
            Key::WordLeft => self.cursor = self.word_left(),
            Key::WordRight => self.cursor = self.word_right(),
            Key::Home | Key::Ctrl('a') => self.cursor = self.line_start(),
            Key::End | Key::Ctrl('e') => self.cursor = self.line_end(),
            Key::Ctrl('u') => self.delete(self.line_start(), self.cursor),
            Key::Ctrl('k') => self.delete(self.cursor, self.line_end()),
            Key::Ctrl('w') => self.delete(self.word_left(), self.cursor),
            Key::Up => self.up(),
            Key::Down => self.down(),
            _ => return Edited::Ignored,
        }
        Edited::Changed
    }

    /// The rows it takes at `width` columns, at most `rows` of them around the cursor, and the cursor's row
    /// and column among them.
    pub fn view(&self, width: usize, rows: usize) -> (Vec<Line>, usize, usize) {
        let width = width.max(2);
        let mut lines = vec![String::new()];
        let mut at = (0, 0);
        let mut used = 0;
        let mut offset = 0;
        for grapheme in self.text.graphemes(true).chain([""]) {
            if offset == self.cursor {
                if used >= width {
                    lines.push(String::new());
                    used = 0;
                }
                at = (lines.len() - 1, used);
            }
            offset += grapheme.len();
            let (shown, columns) = match grapheme {
                "\n" => ("", 0),
                "\t" => ("    ", 4),
                other => (other, other.width()),
            };
            if grapheme == "\n" || used + columns > width {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(shown);
            }
            used += columns;
        }
        let first = (at.0 + 1).saturating_sub(rows.max(1));
        let shown = lines.into_iter().skip(first).take(rows.max(1));
        let shown = shown.map(|text| Line::new(Style::Plain, text)).collect();
        (shown, at.0 - first, at.1)
    }

    fn insert(&mut self, text: &str) {
        if self.text.len() + text.len() <= MAX_TEXT {
            self.text.insert_str(self.cursor, text);
            self.cursor += text.len();
            self.settle();
        }
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
        self.settle();
    }

    /// A change beside the cursor may have joined graphemes: the cursor goes to the next edge.
    fn settle(&mut self) {
        let edges = self.text.grapheme_indices(true).map(|(at, _)| at);
        let edge = edges.chain([self.text.len()]).find(|at| *at >= self.cursor);
        self.cursor = edge.unwrap_or(self.text.len());
    }

    fn left(&self) -> usize {
        let last = self.text[..self.cursor].graphemes(true).next_back();
        self.cursor - last.map_or(0, str::len)
    }

    fn right(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn word_left(&self) -> usize {
        let before = self.text[..self.cursor].trim_end();
        before
            .rfind(char::is_whitespace)
            .and_then(|at| Some(at + before[at..].chars().next()?.len_utf8()))
            .unwrap_or(0)
    }

    fn word_right(&self) -> usize {
        let after = &self.text[self.cursor..];
        let start = after.len() - after.trim_start().len();
        let word = after[start..].find(char::is_whitespace);
        word.map_or(self.text.len(), |end| self.cursor + start + end)
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let end = self.text[self.cursor..].find('\n');
        end.map_or(self.text.len(), |at| self.cursor + at)
    }

    fn up(&mut self) {
        let start = self.line_start();
        if start > 0 {
            let column = self.cursor - start;
            self.cursor = start - 1;
            let above = self.line_start();
            self.cursor = (above + column).min(start - 1);
            self.settle_back();
        } else if let Some(index) = self.recalled.unwrap_or(self.earlier.len()).checked_sub(1)
            && (self.is_empty() || self.recalled.is_some())
        {
            self.recall(index);
        }
    }

    fn down(&mut self) {
        let end = self.line_end();
        if end < self.text.len() {
            let column = self.cursor - self.line_start();
            self.cursor = end + 1;
            self.cursor = (end + 1 + column).min(self.line_end());
            self.settle_back();
        } else if let Some(index) = self.recalled {
            if index + 1 < self.earlier.len() {
                self.recall(index + 1);
            } else {
                self.clear();
            }
        }
    }

    fn settle_back(&mut self) {
        while !self.text.is_char_boundary(self.cursor) {
            self.cursor -= 1;
        }
        self.settle();
    }

    fn recall(&mut self, index: usize) {
        self.text.clone_from(&self.earlier[index]);
        self.cursor = self.text.len();
        self.recalled = Some(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[Key]) -> Editor {
        let mut editor = Editor::default();
        for key in keys {
            editor.key(key);
        }
        editor
    }

    fn word(text: &str) -> Vec<Key> {
        text.chars().map(Key::Char).collect()
    }

    /// The text with `|` where the cursor is.
    fn shown(editor: &Editor) -> String {
        let (before, after) = editor.text.split_at(editor.cursor);
        format!("{before}|{after}")
    }

    #[test]
    fn editing() {
        for (keys, expected) in [
            (vec![Key::Left, Key::Left, Key::Char('x')], "fix thex| ü"),
            (vec![Key::Backspace], "fix the |"),
            (vec![Key::WordLeft, Key::WordLeft, Key::Delete], "fix |he ü"),
            (vec![Key::Ctrl('w')], "fix the |"),
            (vec![Key::Ctrl('u')], "|"),
            (vec![Key::Home, Key::WordRight, Key::Ctrl('k')], "fix|"),
            (
                vec![Key::Newline, Key::Char('b'), Key::Up, Key::Char('!')],
                "f!|ix the ü\nb",
            ),
            (
                vec![Key::Newline, Key::Up, Key::End, Key::Down],
                "fix the ü\n|",
            ),
            (vec![Key::Paste("a\nb".into())], "fix the üa\nb|"),
            (vec![Key::Home, Key::Char('\u{301}')], "\u{301}|fix the ü"),
        ] {
            let mut editor = typed(&word("fix the ü"));
            for key in &keys {
                editor.key(key);
            }
            assert_eq!(shown(&editor), expected, "{keys:?}");
        }
    }

    #[test]
    fn enter_sends_and_remembers() {
        let mut editor = typed(&word("one"));
        assert_eq!(editor.key(&Key::Enter), Edited::Submitted("one".into()));
        assert_eq!(editor.key(&Key::Enter), Edited::Changed, "nothing to send");
        editor.key(&Key::Up);
        assert_eq!(editor.text(), "one");
        editor.key(&Key::Down);
        assert!(editor.is_empty());
    }

    #[test]
    fn any_keys_keep_the_cursor_on_an_edge() {
        let keys = [
            Key::Char('e'),
            Key::Char('\u{301}'),
            Key::Char('👩'),
            Key::Char('\u{200d}'),
            Key::Char('👧'),
            Key::Newline,
            Key::Left,
            Key::Up,
            Key::Down,
            Key::Backspace,
            Key::WordLeft,
            Key::Delete,
            Key::Ctrl('k'),
            Key::Right,
        ];
        let mut state = 7u64;
        let mut editor = Editor::default();
        for _ in 0..5000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            editor.key(&keys[(state >> 33) as usize % keys.len()]);
            assert!(editor.text.is_char_boundary(editor.cursor));
            let (rows, row, column) = editor.view(7, 4);
            assert!(row < rows.len() && rows.len() <= 4 && column <= 7);
        }
    }

    #[test]
    fn the_view_follows_the_cursor() {
        let editor = typed(&[Key::Paste("a\nb\nc\nd".into())]);
        let (rows, row, column) = editor.view(10, 2);
        let rows: Vec<String> = rows.iter().map(Line::text).collect();
        assert_eq!((rows, row, column), (vec!["c".into(), "d".into()], 1, 1));
        let (rows, row, column) = typed(&word("abcdefgh")).view(4, 5);
        assert_eq!((rows.len(), row, column), (3, 2, 0));
    }
}
