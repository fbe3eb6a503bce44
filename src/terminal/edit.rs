//! Erasing, inserting and deleting on the screen.

use super::cell::Cell;
use super::screen::{Pos, Screen};

impl Screen {
    /// ED.
    pub(super) fn erase_screen(&mut self, what: u16) {
        let (row, col, cols) = (self.cursor.row, self.cursor.col, self.cols);
        match what {
            0 => {
                let blank = self.blank();
                self.row_mut().erase(col, cols, blank, cols);
                self.clear_rows(row + 1, self.rows);
            }
            1 => {
                self.clear_rows(0, row);
                let blank = self.blank();
                self.row_mut().erase(0, col + 1, blank, cols);
            }
            2 => {
                self.keep_screen();
                self.clear_rows(0, self.rows);
            }
            3 if !self.alternate() => self.history.clear(),
            _ => {}
        }
    }

    /// Puts what the primary screen shows into the history, before it is cleared.
    pub(super) fn keep_screen(&mut self) {
        if self.alternate() {
            return;
        }
        let used = self.grid.iter().rposition(|row| !row.trimmed().is_empty());
        for row in &self.grid[..used.map_or(0, |last| last + 1)] {
            self.history.push(row.trimmed(), row.wrapped, &self.tables);
        }
    }

    /// EL.
    pub(super) fn erase_line(&mut self, what: u16) {
        let (col, cols) = (self.cursor.col, self.cols);
        let (start, end) = match what {
            // Behind the last column there is nothing to erase.
            0 if self.cursor.pending => return,
            0 => (col, cols),
            1 => (0, col + 1),
            2 => (0, cols),
            _ => return,
        };
        let blank = self.blank();
        self.row_mut().erase(start, end, blank, cols);
    }

    /// ECH.
    pub(super) fn erase_chars(&mut self, count: usize) {
        let (col, cols, blank) = (self.cursor.col, self.cols, self.blank());
        self.row_mut().erase(col, col + count, blank, cols);
        self.cursor.pending = false;
    }

    /// ICH.
    pub(super) fn insert_blanks(&mut self, count: usize) {
        let (col, cols, blank) = (self.cursor.col, self.cols, self.blank());
        self.row_mut().insert(col, count, blank, cols);
        self.cursor.pending = false;
    }

    /// DCH.
    pub(super) fn delete_chars(&mut self, count: usize) {
        let (col, cols, blank) = (self.cursor.col, self.cols, self.blank());
        self.row_mut().delete(col, count, blank, cols);
        self.cursor.pending = false;
    }

    /// IL.
    pub(super) fn insert_lines(&mut self, count: usize) {
        if self.in_region() {
            self.scroll_down(self.cursor.row, count);
            self.cursor.col = 0;
            self.cursor.pending = false;
        }
    }

    /// DL. The lines are gone: a program that deletes lines edits, it does not scroll.
    pub(super) fn delete_lines(&mut self, count: usize) {
        if self.in_region() {
            self.drop_rows(self.cursor.row, count);
            self.cursor.col = 0;
            self.cursor.pending = false;
        }
    }

    fn in_region(&self) -> bool {
        (self.region.0..self.region.1).contains(&self.cursor.row)
    }

    /// DECALN.
    pub(super) fn alignment(&mut self) {
        let cols = self.cols;
        let cell = Cell {
            text: u32::from(b'E'),
            ..Cell::BLANK
        };
        for row in &mut self.grid {
            row.clear(Cell::BLANK, cols);
            row.grow(cols, cols);
            row.cells.fill(cell);
        }
        self.touch(0, self.rows);
        self.region = (0, self.rows);
        self.cursor.origin = false;
        self.go_to(0, 0);
    }

    /// Leaves nothing of a program that has ended but what it showed: modes, alternate screen, colours.
    pub(super) fn leave_program(&mut self) {
        self.sync = false;
        if self.alternate() {
            let shown = std::mem::take(&mut self.grid);
            self.grid.resize_with(self.rows, Default::default);
            self.show_alternate(false);
            self.keep_screen();
            self.grid = shown;
            (self.cursor.row, self.cursor.col) = (0, 0);
            self.touch(0, self.rows);
        }
        // A program that was killed may have been drawing above what it showed last.
        let last = self.grid.iter().rposition(|row| !row.trimmed().is_empty());
        if let Some(last) = last.filter(|last| *last >= self.cursor.row) {
            (self.cursor.row, self.cursor.col) = (last, 1);
        }
        let Pos { row, col, .. } = self.cursor;
        self.modes = super::modes::Modes::default();
        self.keyboards = Default::default();
        self.saved = [None, None];
        self.region = (0, self.rows);
        self.cursor = Pos {
            row,
            col: 0,
            ..Pos::default()
        };
        // Whatever comes next starts on a line of its own.
        if col > 0 {
            self.index();
        }
        self.shape = crate::protocol::CursorShape::Block;
        self.blinking = false;
    }
}
