//! Panes: a session's terminal as a rectangle of cells, with its scrollback and selection.
//!
//! (First cut: the live screen without styles; scrollback, selection and input mapping are to come.)

pub mod input;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::theme::Theme;
use crate::protocol::screen::Gap;
use crate::protocol::{ScreenState, ScreenUpdate};

/// A session's terminal as this client has it.
#[derive(Debug, Clone, Default)]
pub struct PaneState {
    /// The live screen.
    pub screen: ScreenState,
}

/// How a pane is to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct PaneLook<'a> {
    /// Whether the keys go to it.
    pub focused: bool,
    /// Whether it is drawn dimmed (the connection is away).
    pub dim: bool,
    /// The theme.
    pub theme: &'a Theme,
}

impl PaneState {
    /// Applies a screen update.
    ///
    /// # Errors
    /// [`Gap`] where it starts from another state: attach again.
    pub fn apply(&mut self, update: &ScreenUpdate) -> Result<(), Gap> {
        self.screen.apply(update)
    }

    /// Whether keys scroll instead of going to the agent.
    pub fn is_scrolling(&self) -> bool {
        false
    }
}

/// Draws a pane; the cursor's place, if it shows.
pub fn draw(buf: &mut Buffer, area: Rect, pane: &PaneState, look: &PaneLook) -> Option<Position> {
    for (y, row) in (area.top()..area.bottom()).zip(&pane.screen.rows) {
        buf.set_stringn(
            area.x,
            y,
            &row.row.text,
            usize::from(area.width),
            look.theme.style(super::theme::Role::Text),
        );
    }
    let cursor = pane.screen.cursor;
    (cursor.visible && cursor.row < area.height && cursor.col < area.width)
        .then(|| Position::new(area.x + cursor.col, area.y + cursor.row))
}
