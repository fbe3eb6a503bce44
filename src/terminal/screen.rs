//! The emulated screen: its state, printing, moving, scrolling.
//!
//! Owns the grid of the active screen, the one put aside while the alternate screen is shown, and the
//! history. Invariants: `grid` has exactly `rows` rows; the cursor stands inside it; only lines that leave
//! the top of the primary screen go to the history.

use super::cell::{Cell, SPACER, Tables, WIDE};
use super::events::Events;
use super::grid::Row;
use super::history::History;
use super::modes::{Charset, Keyboard, Modes};
use crate::protocol::{CursorShape, TerminalInfo};

/// The cursor and what is saved with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pos {
    pub(super) row: usize,
    pub(super) col: usize,
    /// The last column is written: the next character goes to the next row first.
    pub(super) pending: bool,
    /// The look of what is printed.
    pub(super) pen: Cell,
    /// G0 to G3.
    pub(super) charsets: [Charset; 4],
    /// Which of them is in use.
    pub(super) charset: usize,
    /// Positions count from the scroll region.
    pub(super) origin: bool,
}

impl Default for Pos {
    fn default() -> Self {
        Pos {
            row: 0,
            col: 0,
            pending: false,
            pen: Cell::BLANK,
            charsets: [Charset::Ascii; 4],
            charset: 0,
            origin: false,
        }
    }
}

/// The screen.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) cols: usize,
    pub(super) rows: usize,
    /// What is shown.
    pub(super) grid: Vec<Row>,
    /// The primary screen, while the alternate one is shown.
    pub(super) primary: Option<Vec<Row>>,
    pub(super) cursor: Pos,
    /// Saved cursors: of the primary screen, of the alternate one.
    pub(super) saved: [Option<Pos>; 2],
    /// The scroll region: first row, row behind the last.
    pub(super) region: (usize, usize),
    pub(super) tabs: Vec<bool>,
    pub(super) modes: Modes,
    /// Keyboard flags: of the primary screen, of the alternate one.
    pub(super) keyboards: [Keyboard; 2],
    pub(super) shape: CursorShape,
    pub(super) blinking: bool,
    pub(super) title: String,
    pub(super) titles: Vec<String>,
    /// What REP repeats.
    pub(super) last_char: Option<char>,
    pub(super) history: History,
    pub(super) tables: Tables,
    pub(super) events: Events,
    pub(super) outer: TerminalInfo,
    pub(super) clipboard_write: bool,
    /// A synchronized update is open.
    pub(super) sync: bool,
    /// Pieces of a snapshot that is being read.
    pub(super) snapshot: Vec<u8>,
    /// The last stamp given.
    pub(super) clock: u64,
}

impl Screen {
    pub(super) fn new(cols: usize, rows: usize, history: History, clipboard_write: bool) -> Self {
        let mut screen = Screen {
            cols,
            rows,
            grid: Vec::new(),
            primary: None,
            cursor: Pos::default(),
            saved: [None, None],
            region: (0, rows),
            tabs: Vec::new(),
            modes: Modes::default(),
            keyboards: Default::default(),
            shape: CursorShape::Block,
            blinking: false,
            title: String::new(),
            titles: Vec::new(),
            last_char: None,
            history,
            tables: Tables::default(),
            events: Events::default(),
            outer: TerminalInfo::default(),
            clipboard_write,
            sync: false,
            snapshot: Vec::new(),
            clock: 1,
        };
        screen.grid.resize_with(rows, Row::default);
        screen.reset_tabs();
        screen
    }

    pub(super) fn alternate(&self) -> bool {
        self.primary.is_some()
    }

    pub(super) fn reset_tabs(&mut self) {
        self.tabs = (0..self.cols).map(|col| col % 8 == 0).collect();
    }

    /// What an erased cell looks like now.
    pub(super) fn blank(&self) -> Cell {
        Cell::erased(&self.cursor.pen)
    }

    /// The cursor's row, to be changed.
    pub(super) fn row_mut(&mut self) -> &mut Row {
        self.clock += 1;
        let row = &mut self.grid[self.cursor.row];
        row.stamp = self.clock;
        row
    }

    /// Marks rows as changed.
    pub(super) fn touch(&mut self, from: usize, to: usize) {
        for row in &mut self.grid[from..to] {
            self.clock += 1;
            row.stamp = self.clock;
        }
    }

    // Printing.

    /// Prints printable ASCII.
    pub(super) fn put_ascii(&mut self, mut run: &[u8]) {
        let charset = self.cursor.charsets[self.cursor.charset];
        if charset != Charset::Ascii || self.modes.has(Modes::INSERT) {
            for byte in run {
                self.put(charset.map(char::from(*byte)));
            }
            return;
        }
        if let Some(last) = run.last() {
            self.last_char = Some(char::from(*last));
        }
        while !run.is_empty() {
            if self.cursor.pending {
                self.wrap();
            }
            let col = self.cursor.col;
            let cols = self.cols;
            let len = run.len().min(cols - col);
            let end = col + len;
            let pen = self.cursor.pen;
            let row = self.row_mut();
            row.grow(col, cols);
            row.cut(col, end);
            let (now, later) = run.split_at(len);
            let cell = |byte: &u8| Cell {
                text: u32::from(*byte),
                ..pen
            };
            let over = len.min(row.cells.len() - col);
            for (slot, byte) in row.cells[col..col + over].iter_mut().zip(now) {
                *slot = cell(byte);
            }
            if over < len {
                if row.cells.capacity() < cols {
                    row.cells.reserve_exact(cols - row.cells.len());
                }
                row.cells.extend(now[over..].iter().map(cell));
            }
            run = later;
            self.advance_to(end);
        }
    }

    /// Moves the cursor behind what was printed.
    fn advance_to(&mut self, end: usize) {
        if end < self.cols {
            self.cursor.col = end;
        } else {
            self.cursor.col = self.cols - 1;
            self.cursor.pending = true;
        }
    }

    /// Prints one character.
    pub(super) fn put(&mut self, c: char) {
        let (c, width) = match super::width(c) {
            None => return,
            Some(0) => return self.combine(c),
            Some(width) => (c, width),
        };
        self.last_char = Some(c);
        if self.cursor.pending {
            self.wrap();
        }
        let cols = self.cols;
        if self.cursor.col + width > cols {
            // A wide character does not fit in the last column.
            if !self.modes.has(Modes::WRAP) {
                return;
            }
            let col = self.cursor.col;
            let row = self.row_mut();
            row.cut(col, cols);
            row.cells.truncate(col);
            self.cursor.pending = true;
            self.wrap();
        }
        let col = self.cursor.col;
        let pen = self.cursor.pen;
        let blank = self.blank();
        let insert = self.modes.has(Modes::INSERT);
        let row = self.row_mut();
        if insert {
            row.insert(col, width, blank, cols);
        }
        row.grow(col + width, cols);
        row.cut(col, col + width);
        let cell = Cell {
            text: c as u32,
            ..pen
        };
        if width == 1 {
            row.cells[col] = cell;
        } else {
            row.cells[col] = Cell {
                attrs: pen.attrs | WIDE,
                ..cell
            };
            row.cells[col + 1] = Cell {
                text: u32::from(b' '),
                attrs: pen.attrs | SPACER,
                ..cell
            };
        }
        self.advance_to(col + width);
    }

    /// Adds a character of width 0 to the one before the cursor.
    fn combine(&mut self, c: char) {
        if self.tables.is_full() {
            self.collect();
        }
        let row = self.cursor.row;
        let mut col = self.cursor.col;
        if !self.cursor.pending {
            col = col.saturating_sub(1);
        }
        let cols = self.cols;
        let slot = &mut self.grid[row];
        slot.grow(col + 1, cols);
        if slot.cells[col].is_spacer() && col > 0 {
            col -= 1;
        }
        if self.tables.combine(&mut slot.cells[col], c) {
            self.touch(row, row + 1);
        }
    }

    /// Drops what no cell refers to any more.
    pub(super) fn collect(&mut self) {
        let pens = self.saved.iter_mut().flatten().map(|pos| &mut pos.pen);
        let rows = self
            .grid
            .iter_mut()
            .chain(self.primary.iter_mut().flatten());
        let cells = rows.flat_map(|row| row.cells.iter_mut());
        let cells = cells
            .chain(pens)
            .chain(std::iter::once(&mut self.cursor.pen));
        self.tables.collect(cells);
    }

    /// Goes to the start of the next row because the line goes on there.
    fn wrap(&mut self) {
        if !self.modes.has(Modes::WRAP) {
            self.cursor.pending = false;
            return;
        }
        self.row_mut().wrapped = true;
        self.cursor.pending = false;
        self.cursor.col = 0;
        self.index();
    }

    /// Prints the last character again, so often, but never more than one screen holds.
    pub(super) fn repeat(&mut self, count: usize) {
        let Some(c) = self.last_char else { return };
        let count = count.min(self.rows * self.cols);
        if c.is_ascii() {
            self.put_ascii(&vec![c as u8; count]);
        } else {
            (0..count).for_each(|_| self.put(c));
        }
    }

    // Moving.

    /// Goes to a row and column counted from 0, from the region in origin mode.
    pub(super) fn go_to(&mut self, row: usize, col: usize) {
        let (top, bottom) = if self.cursor.origin {
            self.region
        } else {
            (0, self.rows)
        };
        self.cursor.row = (top + row).min(bottom - 1);
        self.cursor.col = col.min(self.cols - 1);
        self.cursor.pending = false;
    }

    /// Moves up, not beyond the region if it starts inside.
    pub(super) fn up(&mut self, count: usize) {
        let top = if self.cursor.row >= self.region.0 {
            self.region.0
        } else {
            0
        };
        self.cursor.row = self.cursor.row.saturating_sub(count).max(top);
        self.cursor.pending = false;
    }

    /// Moves down, not beyond the region if it starts inside.
    pub(super) fn down(&mut self, count: usize) {
        let inside = self.cursor.row < self.region.1;
        let bottom = if inside { self.region.1 } else { self.rows };
        self.cursor.row = (self.cursor.row + count).min(bottom - 1);
        self.cursor.pending = false;
    }

    /// Moves left.
    pub(super) fn left(&mut self, count: usize) {
        self.cursor.col = self.cursor.col.saturating_sub(count);
        self.cursor.pending = false;
    }

    /// Moves right.
    pub(super) fn right(&mut self, count: usize) {
        self.cursor.col = (self.cursor.col + count).min(self.cols - 1);
        self.cursor.pending = false;
    }

    /// To the next tab stop, so often.
    pub(super) fn tab(&mut self, count: usize) {
        for _ in 0..count.min(self.cols) {
            let next = (self.cursor.col + 1..self.cols).find(|col| self.tabs[*col]);
            self.cursor.col = next.unwrap_or(self.cols - 1);
        }
    }

    /// To the tab stop before, so often.
    pub(super) fn back_tab(&mut self, count: usize) {
        for _ in 0..count.min(self.cols) {
            let before = (0..self.cursor.col).rev().find(|col| self.tabs[*col]);
            self.cursor.col = before.unwrap_or(0);
        }
        self.cursor.pending = false;
    }

    /// One row down; at the end of the region it scrolls.
    pub(super) fn index(&mut self) {
        if self.cursor.row + 1 == self.region.1 {
            self.scroll_up(self.region.0, 1);
        } else if self.cursor.row + 1 < self.rows {
            self.cursor.row += 1;
        }
    }

    /// One row up; at the start of the region it scrolls.
    pub(super) fn reverse_index(&mut self) {
        if self.cursor.row == self.region.0 {
            self.scroll_down(self.region.0, 1);
        } else {
            self.cursor.row = self.cursor.row.saturating_sub(1);
        }
    }

    // Scrolling.

    /// Moves the rows from `top` to the region's end up. What leaves the screen is kept.
    pub(super) fn scroll_up(&mut self, top: usize, count: usize) {
        let bottom = self.region.1;
        let count = count.min(bottom - top);
        if top == 0 && !self.alternate() {
            for row in &self.grid[..count] {
                self.history.push(row.trimmed(), row.wrapped, &self.tables);
            }
        }
        self.grid[top..bottom].rotate_left(count);
        self.clear_rows(bottom - count, bottom);
    }

    /// Moves the rows from `top` to the region's end up; what leaves is gone.
    pub(super) fn drop_rows(&mut self, top: usize, count: usize) {
        let bottom = self.region.1;
        let count = count.min(bottom - top);
        self.grid[top..bottom].rotate_left(count);
        self.clear_rows(bottom - count, bottom);
    }

    /// Moves the rows from `top` to the region's end down.
    pub(super) fn scroll_down(&mut self, top: usize, count: usize) {
        let bottom = self.region.1;
        let count = count.min(bottom - top);
        self.grid[top..bottom].rotate_right(count);
        self.clear_rows(top, top + count);
    }

    /// Blanks whole rows.
    pub(super) fn clear_rows(&mut self, from: usize, to: usize) {
        let (blank, cols) = (self.blank(), self.cols);
        for row in &mut self.grid[from..to] {
            row.clear(blank, cols);
        }
        self.touch(from, to);
    }
}
