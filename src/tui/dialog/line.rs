//! A line of text that is typed: cursor, words, undo are the text area's.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Position, Rect};
use ratatui_textarea::TextArea;

use super::editor;
use crate::tui::theme::Theme;

/// A line of text.
#[derive(Debug, Clone)]
pub struct Line(TextArea<'static>);

impl Line {
    /// A line that has `text` already.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![one_line(text)]);
        area.move_cursor(ratatui_textarea::CursorMove::End);
        Self(area)
    }

    /// What it has.
    pub fn text(&self) -> &str {
        self.0.lines().first().map_or("", String::as_str)
    }

    /// A key; whether the text or the cursor changed.
    pub fn key(&mut self, event: KeyEvent) -> bool {
        if matches!(event.code, KeyCode::Enter | KeyCode::Tab | KeyCode::Esc) {
            return false;
        }
        let before = self.0.cursor();
        self.0.input(event) || self.0.cursor() != before
    }

    /// Takes a paste; whether it changed anything.
    pub fn paste(&mut self, text: &str) -> bool {
        self.0.insert_str(one_line(text))
    }

    /// Draws it; where the cursor is.
    pub fn draw(
        &self,
        buf: &mut Buffer,
        area: Rect,
        placeholder: &str,
        focused: bool,
        theme: &Theme,
    ) -> Option<Position> {
        editor::draw(&self.0, buf, area, placeholder, focused, theme)
    }
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
        .take(2000)
        .collect()
}
