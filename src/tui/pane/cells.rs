//! A row's text, cell by cell.

use unicode_width::UnicodeWidthChar;

use crate::protocol::{Style, StyledRow};

/// A character with the marks that join it, where it stands and how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellText<'a> {
    /// The column it begins in.
    pub col: u16,
    /// Columns it takes: 1 or 2.
    pub width: u16,
    /// The characters.
    pub text: &'a str,
}

/// The cells of a row that hold a character. Control characters are left out, whatever the sender did.
pub(super) fn cells(text: &str) -> impl Iterator<Item = CellText<'_>> {
    let mut rest = text;
    let mut col: u16 = 0;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let width = match first.width() {
                Some(width @ 1..) => width as u16,
                // A mark without a character to join, or a control character.
                _ => {
                    rest = &rest[first.len_utf8()..];
                    continue;
                }
            };
            let marks: usize = rest[first.len_utf8()..]
                .chars()
                .take_while(|c| c.width() == Some(0) && !c.is_control())
                .map(char::len_utf8)
                .sum();
            let (cell, behind) = rest.split_at(first.len_utf8() + marks);
            rest = behind;
            let at = col;
            col = col.saturating_add(width);
            return Some(CellText {
                col: at,
                width,
                text: cell,
            });
        }
    })
}

/// How the cells of a row look, for columns asked in ascending order.
pub(super) struct Looks<'a> {
    row: &'a StyledRow,
    run: usize,
    end: u32,
}

impl<'a> Looks<'a> {
    pub(super) fn new(row: &'a StyledRow) -> Self {
        let end = row.row.runs.first().map_or(0, |run| u32::from(run.cells));
        Self { row, run: 0, end }
    }

    /// The style at `col`; `None`: the default one.
    pub(super) fn at(&mut self, col: u16) -> Option<&'a Style> {
        while u32::from(col) >= self.end {
            self.run += 1;
            let run = self.row.row.runs.get(self.run)?;
            self.end += u32::from(run.cells);
        }
        let run = self.row.row.runs.get(self.run)?;
        self.row.styles.get(usize::from(run.style))
    }

    /// Columns that the runs cover; those behind the text are blanks with a look.
    pub(super) fn covered(&self) -> u16 {
        let cells: u32 = self
            .row
            .row
            .runs
            .iter()
            .map(|run| u32::from(run.cells))
            .sum();
        cells.min(u32::from(u16::MAX)) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_joined_characters_take_their_cells() {
        let got: Vec<(u16, u16, &str)> = cells("a日e\u{301}\u{7}b")
            .map(|cell| (cell.col, cell.width, cell.text))
            .collect();
        assert_eq!(
            got,
            [(0, 1, "a"), (1, 2, "日"), (3, 1, "e\u{301}"), (4, 1, "b")]
        );
        assert_eq!(cells("\u{301}x").count(), 1);
    }
}
