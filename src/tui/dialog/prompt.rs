//! A line of text at the foot of the screen: filter, search.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};

use super::frame::put;
use super::line::Line;
use super::{Answer, Outcome};
use crate::tui::text::width;
use crate::tui::theme::{Role, Theme};

#[derive(Debug, Clone)]
pub(super) struct Prompt {
    label: String,
    line: Line,
}

impl Prompt {
    pub(super) fn new(label: &str, text: &str) -> Self {
        Self {
            label: label.to_owned(),
            line: Line::new(text),
        }
    }

    pub(super) fn key(&mut self, event: KeyEvent) -> Outcome {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Esc => Outcome::Close,
            KeyCode::Char('c') if ctrl => Outcome::Close,
            KeyCode::Enter => Outcome::Done(Answer::Text(self.line.text().to_owned())),
            _ => self.typed(|line| line.key(event)),
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Outcome {
        self.typed(|line| line.paste(text))
    }

    fn typed(&mut self, change: impl FnOnce(&mut Line) -> bool) -> Outcome {
        let before = self.line.text().to_owned();
        let changed = change(&mut self.line);
        if self.line.text() != before {
            Outcome::Typed(self.line.text().to_owned())
        } else if changed {
            Outcome::Changed
        } else {
            Outcome::Unchanged
        }
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) -> Option<Position> {
        let row = Rect::new(screen.x, screen.bottom().checked_sub(1)?, screen.width, 1);
        for x in row.left()..row.right() {
            buf[(x, row.y)].reset();
        }
        let label = format!(" {} ", self.label);
        let x = put(buf, row.x, row.y, row, &label, theme.style(Role::ChipBoard));
        let field = Rect::new(x + 1, row.y, row.right().saturating_sub(x + 1), 1);
        let room = usize::from(field.width);
        let hint = "Enter done  Esc cancel";
        let wide = room > width(hint) + 30;
        if wide {
            let at = field.right() - width(hint) as u16 - 1;
            put(buf, at, row.y, row, hint, theme.style(Role::Hint));
        }
        let taken = if wide { width(hint) as u16 + 3 } else { 0 };
        let field = Rect {
            width: field.width - taken,
            ..field
        };
        self.line.draw(buf, field, "", true, theme)
    }
}
