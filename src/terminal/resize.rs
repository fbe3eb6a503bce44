//! The screen at another size.
//!
//! Invariant: no line that was above the cursor is lost, and no line id changes.

use super::grid::{Place, Row, rewrap};
use super::screen::{Pos, Screen};

impl Screen {
    /// Takes another size. The primary screen's lines are wrapped anew; what does not fit above goes to
    /// the history and does not come back when the screen grows, so that line ids stay what they were.
    pub(super) fn resize(&mut self, cols: usize, rows: usize) {
        if (cols, rows) == (self.cols, self.rows) {
            return;
        }
        let place = |pos: &Pos| Place {
            row: pos.row,
            col: pos.col,
            pending: pos.pending,
        };
        let place = if let Some(primary) = self.primary.take() {
            let from = self.saved[0].as_ref().map_or(
                Place {
                    row: 0,
                    col: 0,
                    pending: false,
                },
                place,
            );
            let (primary, moved) = self.fit_primary(primary, from, cols, rows);
            self.primary = Some(primary);
            if let Some(saved) = &mut self.saved[0] {
                (saved.row, saved.col, saved.pending) = (moved.row, moved.col, moved.pending);
            }
            let grid = std::mem::take(&mut self.grid);
            let (grid, row) = fit_alternate(grid, self.cursor.row, cols, rows);
            self.grid = grid;
            Place {
                row,
                col: self.cursor.col.min(cols - 1),
                pending: false,
            }
        } else {
            let grid = std::mem::take(&mut self.grid);
            let (grid, moved) = self.fit_primary(grid, place(&self.cursor), cols, rows);
            self.grid = grid;
            moved
        };
        (self.cursor.row, self.cursor.col) = (place.row, place.col);
        self.cursor.pending = place.pending;
        self.cols = cols;
        self.rows = rows;
        self.region = (0, rows);
        let known = self.tabs.len();
        self.tabs.truncate(cols);
        self.tabs.extend((known..cols).map(|col| col % 8 == 0));
        for saved in self.saved.iter_mut().flatten() {
            saved.row = saved.row.min(rows - 1);
            saved.col = saved.col.min(cols - 1);
            saved.pending &= saved.col + 1 == cols;
        }
        self.touch(0, rows);
    }

    /// The primary screen's rows at another size.
    fn fit_primary(
        &mut self,
        mut grid: Vec<Row>,
        place: Place,
        cols: usize,
        rows: usize,
    ) -> (Vec<Row>, Place) {
        let used = grid.iter().rposition(|row| !row.trimmed().is_empty());
        let used = used.map_or(0, |last| last + 1).max(place.row + 1);
        grid.truncate(used);
        let (mut grid, mut place) = if cols == self.cols {
            (grid, place)
        } else {
            rewrap(grid, self.cols, cols, place)
        };
        let above = grid.len().saturating_sub(rows).min(place.row);
        for row in grid.drain(..above) {
            self.history.push(row.trimmed(), row.wrapped, &self.tables);
        }
        place.row = (place.row - above).min(rows - 1);
        grid.resize_with(rows, Row::default);
        (grid, place)
    }
}

/// The alternate screen's rows at another size: cut or padded, since its program draws anew anyway.
fn fit_alternate(mut grid: Vec<Row>, row: usize, cols: usize, rows: usize) -> (Vec<Row>, usize) {
    let above = (row + 1).saturating_sub(rows);
    grid.drain(..above);
    grid.resize_with(rows, Row::default);
    for line in &mut grid {
        line.shorten(cols);
    }
    (grid, row - above)
}
