//! Two screens in memory, the one that shows and the next, and what has to be written to get from one to the
//! other: nothing where nothing changed.
//!
//! A screen has ten thousand cells, and a key changes one: of each row only the part that is not blank is
//! looked at, and rows are compared first. What differs within a row is for ratatui to say, which knows about
//! wide characters.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};

/// Both screens.
pub(super) struct Canvas {
    shown: Layer,
    next: Layer,
    cursor: Option<Position>,
    /// One row of each screen, for ratatui's comparison of whole buffers.
    rows: (Buffer, Buffer),
    changed: Vec<(u16, u16)>,
    /// What the terminal shows is not known, or of another size.
    stale: bool,
}

/// A screen.
struct Layer {
    cells: Buffer,
    /// For each row, the columns up to its last cell that is not blank.
    used: Vec<u16>,
}

/// What is new in a frame.
pub(super) struct Changes<'a> {
    /// Whether everything has to be wiped first.
    pub(super) wipe: bool,
    next: &'a Buffer,
    changed: &'a [(u16, u16)],
    /// Where the cursor is to be, if it shows; the outer `None`: where it is already.
    pub(super) cursor: Option<Option<Position>>,
}

impl Canvas {
    pub(super) fn new(cols: u16, rows: u16) -> Self {
        let area = Rect::new(0, 0, cols, rows);
        let row = Buffer::empty(Rect::new(0, 0, cols, 1));
        Self {
            shown: Layer::new(area),
            next: Layer::new(area),
            cursor: None,
            rows: (row.clone(), row),
            changed: Vec::new(),
            stale: true,
        }
    }

    /// Takes whatever shows for unknown: the next frame is written as a whole.
    pub(super) fn forget(&mut self) {
        self.stale = true;
    }

    pub(super) fn size(&self) -> (u16, u16) {
        let area = self.next.cells.area;
        (area.width, area.height)
    }

    /// Draws the next frame and says what is new in it.
    pub(super) fn draw(
        &mut self,
        (cols, rows): (u16, u16),
        render: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> Changes<'_> {
        if (cols, rows) != self.size() {
            *self = Self::new(cols, rows);
        }
        let wipe = std::mem::take(&mut self.stale);
        if wipe {
            self.shown.reset();
        }
        self.next.reset();
        let cursor = render(&mut self.next.cells);
        self.next.measure();
        self.compare();
        std::mem::swap(&mut self.shown, &mut self.next);
        let moved = wipe || cursor != self.cursor;
        self.cursor = cursor;
        // What is written leaves the cursor behind it.
        let cursor = (moved || (cursor.is_some() && !self.changed.is_empty())).then_some(cursor);
        Changes {
            wipe,
            next: &self.shown.cells,
            changed: &self.changed,
            cursor,
        }
    }

    fn compare(&mut self) {
        self.changed.clear();
        let rows = self.shown.rows().zip(self.next.rows());
        for (y, ((shown, shown_used), (next, next_used))) in (0..).zip(rows) {
            let used = usize::from((*shown_used).max(*next_used));
            if shown[..used]
                .iter()
                .zip(&next[..used])
                .all(|(a, b)| same(a, b))
            {
                continue;
            }
            let rows = &mut self.rows;
            shown.swap_with_slice(&mut rows.0.content);
            next.swap_with_slice(&mut rows.1.content);
            let differs = rows.0.diff_iter(&rows.1);
            self.changed.extend(differs.map(|(x, _, _)| (x, y)));
            shown.swap_with_slice(&mut rows.0.content);
            next.swap_with_slice(&mut rows.1.content);
        }
    }
}

impl Layer {
    fn new(area: Rect) -> Self {
        Self {
            cells: Buffer::empty(area),
            used: vec![0; usize::from(area.height)],
        }
    }

    fn rows(&mut self) -> impl Iterator<Item = (&mut [Cell], &mut u16)> {
        let width = usize::from(self.cells.area.width).max(1);
        let rows = self.cells.content.chunks_mut(width);
        rows.zip(&mut self.used)
    }

    fn reset(&mut self) {
        for (row, used) in self.rows() {
            row[..usize::from(*used)].iter_mut().for_each(Cell::reset);
            *used = 0;
        }
    }

    fn measure(&mut self) {
        for (row, used) in self.rows() {
            let last = row.iter().rposition(|cell| !same(cell, &Cell::EMPTY));
            *used = last.map_or(0, |last| last as u16 + 1);
        }
    }
}

/// Whether two cells look the same; quick where they hold one byte each, as most do.
fn same(a: &Cell, b: &Cell) -> bool {
    let symbols = match (a.symbol().as_bytes(), b.symbol().as_bytes()) {
        ([a], [b]) => a == b,
        (a, b) => a == b,
    };
    symbols
        && a.fg == b.fg
        && a.bg == b.bg
        && a.modifier == b.modifier
        && a.diff_option == b.diff_option
}

impl Changes<'_> {
    /// Whether the terminal shows the frame already.
    pub(super) fn is_empty(&self) -> bool {
        !self.wipe && self.changed.is_empty() && self.cursor.is_none()
    }

    /// The cells to write, row by row.
    pub(super) fn cells(&self) -> impl Iterator<Item = (u16, u16, &Cell)> {
        let cells = self.changed.iter();
        cells.map(|&(x, y)| (x, y, &self.next[(x, y)]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::{Color, Style};

    use super::*;

    const SIZE: (u16, u16) = (12, 5);

    /// Texts at places, in a few looks; wide characters among them.
    fn screens() -> impl Strategy<Value = Vec<(u16, u16, String, u8)>> {
        let text = (0..9u16, 0..SIZE.1, "[ab 字é]{0,6}", 0..3u8);
        proptest::collection::vec(text, 0..8)
    }

    fn paint(buf: &mut Buffer, texts: &[(u16, u16, String, u8)]) {
        for (x, y, text, look) in texts {
            let style = Style::new().bg(Color::Indexed(*look));
            buf.set_stringn(*x, *y, text, usize::from(SIZE.0 - x), style);
        }
    }

    proptest! {
        #[test]
        fn what_differs_is_what_ratatui_says(frames in proptest::collection::vec(screens(), 1..6)) {
            let mut before = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
            let mut canvas = Canvas::new(SIZE.0, SIZE.1);
            for texts in &frames {
                let mut now = Buffer::empty(before.area);
                paint(&mut now, texts);
                let changes = canvas.draw(SIZE, |buf| { paint(buf, texts); None });
                let ours: Vec<_> = changes.cells().collect();
                prop_assert_eq!(ours, before.diff(&now));
                before = now;
            }
        }
    }

    #[test]
    fn what_shows_already_is_not_written_again() {
        let mut canvas = Canvas::new(9, 2);
        let draw = |canvas: &mut Canvas, text: &str, cursor: Option<Position>| {
            let changes = canvas.draw((9, 2), |buf| {
                buf.set_string(0, 1, text, Style::new());
                cursor
            });
            let written: String = changes.cells().map(|(_, _, cell)| cell.symbol()).collect();
            (changes.wipe, written, changes.cursor, changes.is_empty())
        };
        let at = |x| Some(Position::new(x, 1));
        let whole = (true, "word".to_owned(), Some(None), false);
        assert_eq!(draw(&mut canvas, "word", None), whole);
        let nothing = (false, String::new(), None, true);
        assert_eq!(draw(&mut canvas, "word", None), nothing);
        let moved = (false, String::new(), Some(at(4)), false);
        assert_eq!(draw(&mut canvas, "word", at(4)), moved);
        assert_eq!(draw(&mut canvas, "word", at(4)), nothing);
        let more = (false, "s".to_owned(), Some(at(4)), false);
        assert_eq!(draw(&mut canvas, "words", at(4)), more);
        let gone = (false, String::new(), Some(None), false);
        assert_eq!(draw(&mut canvas, "words", None), gone);
        canvas.forget();
        let whole = (true, "words".to_owned(), Some(None), false);
        assert_eq!(draw(&mut canvas, "words", None), whole);
    }

    #[test]
    fn another_size_is_drawn_as_a_whole() {
        let mut canvas = Canvas::new(9, 2);
        let word = |buf: &mut Buffer| {
            buf.set_string(0, 0, "word", Style::new());
            None
        };
        canvas.draw((9, 2), word);
        for size in [(5, 1), (0, 0), (30, 9)] {
            let changes = canvas.draw(size, |buf| {
                let room = usize::from(buf.area.width);
                if room > 0 {
                    buf.set_stringn(0, 0, "word", room, Style::new());
                }
                None
            });
            assert!(changes.wipe);
            assert_eq!(changes.cells().count(), if size.0 == 0 { 0 } else { 4 });
        }
    }
}
