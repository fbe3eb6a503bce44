//! Text of several lines that is typed, wrapped at words.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;
use ratatui_textarea::{TextArea, WrapMode};

use crate::tui::theme::{Role, Theme};

/// The longest text taken, in bytes; a paste beyond it is cut.
const MAX_TEXT: usize = 1 << 20;

/// An editor.
#[derive(Debug, Clone)]
pub(super) struct Editor(TextArea<'static>);

impl Editor {
    pub(super) fn new() -> Self {
        let mut area = TextArea::default();
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        Self(area)
    }

    pub(super) fn text(&self) -> String {
        self.0.lines().join("\n").trim().to_owned()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.0.lines().iter().all(|line| line.trim().is_empty())
    }

    /// A key; whether the text or the cursor changed.
    pub(super) fn key(&mut self, event: KeyEvent) -> bool {
        let before = self.0.cursor();
        self.0.input(event) || self.0.cursor() != before
    }

    pub(super) fn paste(&mut self, text: &str) -> bool {
        let cut = &text[..text.floor_char_boundary(MAX_TEXT)];
        let clean: String = cut
            .replace("\r\n", "\n")
            .chars()
            .map(|c| if c == '\r' { '\n' } else { c })
            .filter(|c| *c == '\n' || *c == '\t' || !c.is_control())
            .collect();
        self.0.insert_str(clean)
    }

    pub(super) fn draw(
        &self,
        buf: &mut Buffer,
        area: Rect,
        placeholder: &str,
        focused: bool,
        theme: &Theme,
    ) -> Option<Position> {
        draw(&self.0, buf, area, placeholder, focused, theme)
    }
}

/// Draws a text area; the cursor is the terminal's own, so that it blinks as the user is used to.
pub(super) fn draw(
    text: &TextArea<'static>,
    buf: &mut Buffer,
    area: Rect,
    placeholder: &str,
    focused: bool,
    theme: &Theme,
) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let mut text = text.clone();
    text.set_style(theme.style(Role::Input));
    text.set_cursor_line_style(Style::default());
    text.set_cursor_style(theme.style(Role::Input));
    text.set_selection_style(theme.style(Role::Selection));
    if !placeholder.is_empty() {
        text.set_placeholder_text(placeholder);
        text.set_placeholder_style(theme.style(Role::Placeholder));
    }
    (&text).render(area, buf);
    let cursor = text.screen_cursor();
    let (top, left) = text.scroll_offset();
    let col = u16::try_from(cursor.col).ok()?.checked_sub(left)?;
    let row = u16::try_from(cursor.row).ok()?.checked_sub(top)?;
    let inside = focused && col <= area.width && row < area.height;
    inside.then(|| Position::new(area.x + col.min(area.width - 1), area.y + row))
}
