//! Rows of cells, and what can be done to them without knowing the cursor.
//!
//! Invariants: a row holds at most as many cells as the screen has columns, and may hold fewer (the rest
//! is blank, so an empty screen costs nothing); a wide character is never left in half; every change of a
//! row gives it a stamp nobody had before, so equal stamps mean equal rows.

use super::cell::{Cell, Tables};

/// One row.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    /// The cells; those that are missing are blank.
    pub(super) cells: Vec<Cell>,
    /// The line goes on in the next row.
    pub(super) wrapped: bool,
    /// Another one with each change; 0: blank since it was made.
    pub(super) stamp: u64,
}

impl Row {
    /// Makes room so that `end` cells exist.
    pub(super) fn grow(&mut self, end: usize, cols: usize) {
        if self.cells.len() < end {
            if self.cells.capacity() < cols {
                self.cells.reserve_exact(cols - self.cells.len());
            }
            self.cells.resize(end, Cell::BLANK);
        }
    }

    /// Blanks the other halves of wide characters which a change of `start..end` cuts.
    pub(super) fn cut(&mut self, start: usize, end: usize) {
        if start > 0 && self.cells.get(start).is_some_and(Cell::is_spacer) {
            self.cells[start - 1].blank_half();
            self.cells[start].blank_half();
        }
        if self.cells.get(end).is_some_and(Cell::is_spacer) {
            self.cells[end].blank_half();
            if end > 0 {
                self.cells[end - 1].blank_half();
            }
        }
    }

    /// Erases cells.
    pub(super) fn erase(&mut self, start: usize, end: usize, blank: Cell, cols: usize) {
        let end = end.min(cols);
        if start >= end {
            return;
        }
        self.cut(start, end);
        if blank == Cell::BLANK {
            let have = self.cells.len();
            if end >= have {
                self.cells.truncate(start);
            } else {
                self.cells[start..end].fill(blank);
            }
        } else {
            self.grow(end, cols);
            self.cells[start..end].fill(blank);
        }
        if end == cols {
            self.wrapped = false;
        }
    }

    /// Shifts the cells from `at` on to the right, blanks coming in.
    pub(super) fn insert(&mut self, at: usize, count: usize, blank: Cell, cols: usize) {
        let count = count.min(cols - at);
        self.cut(at, at);
        if self.cells.len() <= at && blank == Cell::BLANK {
            return;
        }
        self.grow(at, cols);
        self.cells.splice(at..at, std::iter::repeat_n(blank, count));
        self.shorten(cols);
    }

    /// Takes out cells at `at`, blanks coming in from the right.
    pub(super) fn delete(&mut self, at: usize, count: usize, blank: Cell, cols: usize) {
        let count = count.min(cols - at);
        self.cut(at, at + count);
        if blank != Cell::BLANK {
            self.grow(cols, cols);
        }
        let end = (at + count).min(self.cells.len());
        if at < end {
            self.cells.drain(at..end);
        }
        if blank != Cell::BLANK {
            self.cells.resize(cols, blank);
        }
        self.wrapped = false;
    }

    /// Cuts the row to `cols`, without leaving half a wide character.
    pub(super) fn shorten(&mut self, cols: usize) {
        if self.cells.len() > cols {
            self.cut(cols, cols);
            self.cells.truncate(cols);
        }
    }

    /// Empties the row, keeping its memory.
    pub(super) fn clear(&mut self, blank: Cell, cols: usize) {
        self.cells.clear();
        self.wrapped = false;
        if blank != Cell::BLANK {
            self.grow(cols, cols);
            self.cells.fill(blank);
        }
    }

    /// The cells without the blanks at the end.
    pub(super) fn trimmed(&self) -> &[Cell] {
        let blank = self
            .cells
            .iter()
            .rev()
            .take_while(|cell| **cell == Cell::BLANK);
        let blank = blank.count();
        &self.cells[..self.cells.len() - blank]
    }

    /// The characters, blanks at the end left out.
    pub(super) fn text(&self, tables: &Tables) -> String {
        let mut text = String::new();
        for cell in self.trimmed().iter().filter(|cell| !cell.is_spacer()) {
            tables.push_text(cell, &mut text);
        }
        text
    }
}

/// A place in the reflowed rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) col: usize,
    /// The next character goes to the next row first.
    pub(super) pending: bool,
}

/// Wraps `rows`, which are `from` columns wide, anew for `to`; `place` moves along with its text.
pub(super) fn rewrap(rows: Vec<Row>, from: usize, to: usize, place: Place) -> (Vec<Row>, Place) {
    let mut out: Vec<Row> = Vec::with_capacity(rows.len());
    let mut moved = place;
    let mut line: Vec<Cell> = Vec::new();
    let mut mark = None;
    let mut rows = rows.into_iter().enumerate().peekable();
    while let Some((index, mut row)) = rows.next() {
        if index == place.row {
            mark = Some(line.len() + place.col + usize::from(place.pending));
        }
        let next = rows.peek().map(|(_, next)| next);
        if row.wrapped && next.is_some() {
            row.grow(from, from);
            // A wide character that did not fit left the last column empty.
            let wide = next
                .and_then(|next| next.cells.first())
                .is_some_and(Cell::is_wide);
            if wide && row.cells.last() == Some(&Cell::BLANK) {
                row.cells.pop();
            }
            line.extend_from_slice(&row.cells);
            continue;
        }
        line.extend_from_slice(row.trimmed());
        split(&line, row.wrapped, to, mark.take(), &mut out, &mut moved);
        line.clear();
    }
    (out, moved)
}

/// Cuts one line into rows; `mark` is where in the line the place stands.
fn split(
    line: &[Cell],
    goes_on: bool,
    cols: usize,
    mark: Option<usize>,
    out: &mut Vec<Row>,
    place: &mut Place,
) {
    let mut start = 0;
    loop {
        let mut end = (start + cols).min(line.len());
        if line.get(end).is_some_and(Cell::is_spacer) && end > start + 1 {
            end -= 1;
        }
        let is_last = end == line.len();
        if let Some(mark) = mark
            && mark >= start
            && (mark < end || is_last)
        {
            let col = mark - start;
            *place = Place {
                row: out.len(),
                col: col.min(cols - 1),
                pending: col >= cols && mark == end,
            };
        }
        out.push(Row {
            cells: line[start..end].to_vec(),
            wrapped: if is_last { goes_on } else { true },
            stamp: 0,
        });
        if is_last {
            return;
        }
        start = end;
    }
}
