//! Copy mode: moving through the scrollback, selecting and searching by keyboard.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::PaneState;
use super::select::{Selection, Spot, Unit};

/// What a key in copy mode came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyOutcome {
    /// The key means nothing here.
    Ignored,
    /// Something moved.
    Changed,
    /// Copy mode has ended; the pane is live.
    Leave,
    /// This text is to be copied; copy mode has ended.
    Copy(String),
    /// The user wants to type what to look for (see [`PaneState::set_search`]).
    AskSearch,
}

impl PaneState {
    /// Enters copy mode with the cursor where the agent's is.
    pub fn start_copy(&mut self, height: u16) {
        if self.copy.is_none() {
            let row = u64::from(self.screen.cursor.row);
            let last = self.end().saturating_sub(1);
            let line = match self.top {
                Some(top) => (top + u64::from(height) / 2).min(last),
                None => (self.screen.history_end + row).min(last),
            };
            let col = self.screen.cursor.col;
            self.copy = Some(Spot { line, col });
        }
    }

    /// Whether copy mode is on.
    pub fn is_copying(&self) -> bool {
        self.copy.is_some()
    }

    /// The cursor of copy mode.
    pub(super) fn copy_cursor(&self) -> Option<Spot> {
        self.copy
    }

    /// A key in copy mode, with the pane `height` rows high. Keys follow vi and tmux.
    pub fn copy_key(&mut self, key: KeyEvent, height: u16) -> CopyOutcome {
        let Some(at) = self.copy else {
            return CopyOutcome::Ignored;
        };
        let page = i64::from(height.max(2)) - 1;
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc if self.selection.is_some() => self.selection = None,
            KeyCode::Esc | KeyCode::Char('q') => {
                self.go_live();
                return CopyOutcome::Leave;
            }
            KeyCode::Char('c') if ctrl => {
                self.go_live();
                return CopyOutcome::Leave;
            }
            KeyCode::Char('u') if ctrl => self.move_lines(at, -page / 2, height),
            KeyCode::Char('d') if ctrl => self.move_lines(at, page / 2, height),
            KeyCode::Char('b') if ctrl => self.move_lines(at, -page, height),
            KeyCode::Char('f') if ctrl => self.move_lines(at, page, height),
            KeyCode::PageUp => self.move_lines(at, -page, height),
            KeyCode::PageDown => self.move_lines(at, page, height),
            KeyCode::Up | KeyCode::Char('k') => self.move_lines(at, -1, height),
            KeyCode::Down | KeyCode::Char('j') => self.move_lines(at, 1, height),
            KeyCode::Left | KeyCode::Char('h') => self.move_to(at.line, at.col.saturating_sub(1)),
            KeyCode::Right | KeyCode::Char('l') => self.move_to(at.line, at.col + 1),
            KeyCode::Home | KeyCode::Char('0') => self.move_to(at.line, 0),
            KeyCode::End | KeyCode::Char('$') => self.move_to(at.line, self.screen.cols),
            KeyCode::Char('g') => self.move_lines(at, i64::MIN / 2, height),
            KeyCode::Char('G') => self.move_lines(at, i64::MAX / 2, height),
            KeyCode::Char('v' | ' ') => self.mark(at, Unit::Cell),
            KeyCode::Char('V') => self.mark(at, Unit::Line),
            KeyCode::Char('y') | KeyCode::Enter => {
                let text = self.selected_text();
                self.go_live();
                return text.map_or(CopyOutcome::Leave, CopyOutcome::Copy);
            }
            KeyCode::Char('/' | '?') => return CopyOutcome::AskSearch,
            KeyCode::Char('n') => self.next_match(true, height),
            KeyCode::Char('N') => self.next_match(false, height),
            _ => return CopyOutcome::Ignored,
        }
        CopyOutcome::Changed
    }

    fn mark(&mut self, at: Spot, unit: Unit) {
        self.selection = match self.selection {
            Some(selection) if selection.unit == unit => None,
            Some(selection) => Some(Selection { unit, ..selection }),
            None => Some(Selection {
                from: at,
                to: at,
                unit,
            }),
        };
    }

    fn move_lines(&mut self, at: Spot, lines: i64, height: u16) {
        let last = self.end().saturating_sub(1);
        let start = self.screen.history_start;
        let line = at.line.saturating_add_signed(lines).min(last).max(start);
        self.bring_into_view(line, height);
        self.move_to(line, at.col);
    }

    fn move_to(&mut self, line: u64, col: u16) {
        let col = col.min(self.screen.cols.saturating_sub(1));
        let spot = Spot { line, col };
        self.copy = Some(spot);
        if let Some(selection) = &mut self.selection {
            selection.to = spot;
        }
    }
}
