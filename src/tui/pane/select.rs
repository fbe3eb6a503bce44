//! Selecting text with the mouse or in copy mode, and what it says.

use super::PaneState;
use super::cells::cells;

/// The most that is copied, in bytes: what terminals take by OSC 52.
const MAX_COPY: usize = 100_000;

/// A cell of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The line's id.
    pub line: u64,
    /// The column.
    pub col: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) from: Spot,
    pub(super) to: Spot,
    pub(super) unit: Unit,
}

/// What a selection grows by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Cell,
    Word,
    Line,
    Block,
}

impl Selection {
    /// The columns selected in a line, end excluded.
    pub(super) fn columns(&self, line: u64) -> Option<(u16, u16)> {
        let (first, last) = (self.from.min(self.to), self.from.max(self.to));
        if line < first.line || line > last.line {
            return None;
        }
        if self.unit == Unit::Block {
            let left = self.from.col.min(self.to.col);
            let right = self.from.col.max(self.to.col);
            return Some((left, right.saturating_add(1)));
        }
        let whole = self.unit == Unit::Line;
        let left = if line == first.line && !whole {
            first.col
        } else {
            0
        };
        let right = if line == last.line && !whole {
            last.col.saturating_add(1)
        } else {
            u16::MAX
        };
        Some((left, right))
    }
}

impl PaneState {
    /// The button went down at `at`: a selection begins. Two clicks take words, three lines; `block`
    /// takes a rectangle.
    pub fn press(&mut self, at: Spot, clicks: u8, block: bool) {
        let unit = match clicks {
            _ if block => Unit::Block,
            0 | 1 => Unit::Cell,
            2 => Unit::Word,
            _ => Unit::Line,
        };
        let selection = Selection {
            from: at,
            to: at,
            unit,
        };
        self.selection = Some(self.grown(selection));
        // One click alone selects nothing; only what it is dragged over.
        self.marking = unit != Unit::Cell && unit != Unit::Block;
    }

    /// The mouse moved to `at` with the button down.
    pub fn drag(&mut self, at: Spot) {
        if let Some(selection) = self.selection {
            self.marking |= selection.from != at;
            self.selection = Some(self.grown(Selection {
                to: at,
                ..selection
            }));
        }
    }

    /// The button went up: the text that was selected, if any.
    pub fn release(&mut self) -> Option<String> {
        if !std::mem::take(&mut self.marking) {
            self.selection = None;
            return None;
        }
        self.selected_text()
    }

    /// Nothing is selected any more.
    pub fn clear_selection(&mut self) {
        self.selection = None;
        self.marking = false;
    }

    /// The text that is selected; lines that were only wrapped are joined.
    pub fn selected_text(&self) -> Option<String> {
        let selection = self.selection?;
        let first = selection.from.min(selection.to).line;
        let last = selection.from.max(selection.to).line;
        let mut text = String::new();
        for line in first..=last {
            let Some((row, (left, right))) = self.line(line).zip(selection.columns(line)) else {
                continue;
            };
            let mut part = String::new();
            let mut reached = left;
            for cell in cells(&row.row.text) {
                if cell.col + cell.width > left && cell.col < right {
                    part.push_str(cell.text);
                    reached = cell.col + cell.width;
                }
            }
            let goes_on = row.row.wrapped && selection.unit != Unit::Block && line < last;
            text.push_str(if goes_on && reached > left {
                &part
            } else {
                part.trim_end()
            });
            if !goes_on && line < last {
                text.push('\n');
            }
            if text.len() > MAX_COPY {
                let mut end = MAX_COPY;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                text.truncate(end);
                break;
            }
        }
        (!text.is_empty()).then_some(text)
    }

    /// The selection with both ends at the ends of words, if it goes by words.
    fn grown(&self, selection: Selection) -> Selection {
        if selection.unit != Unit::Word {
            return selection;
        }
        let forward = selection.from <= selection.to;
        let (from_start, from_end) = self.word(selection.from);
        let (to_start, to_end) = self.word(selection.to);
        let at = |spot: Spot, col: u16| Spot { col, ..spot };
        let (from, to) = if forward {
            (at(selection.from, from_start), at(selection.to, to_end))
        } else {
            (at(selection.from, from_end), at(selection.to, to_start))
        };
        Selection {
            from,
            to,
            ..selection
        }
    }

    /// The first and the last column of the word at `at`.
    fn word(&self, at: Spot) -> (u16, u16) {
        let Some(row) = self.line(at.line) else {
            return (at.col, at.col);
        };
        let kind = |text: &str| {
            let c = text.chars().next().unwrap_or(' ');
            // Paths and addresses are words: people select them most.
            match c {
                ' ' => 0,
                _ if c.is_alphanumeric() || "_-./~:@%+#?&=".contains(c) => 1,
                _ => 2,
            }
        };
        let row: Vec<_> = cells(&row.row.text).collect();
        let Some(here) = row
            .iter()
            .position(|cell| (cell.col..cell.col + cell.width).contains(&at.col))
        else {
            return (at.col, at.col);
        };
        let same = |cell: &&super::cells::CellText<'_>| kind(cell.text) == kind(row[here].text);
        let before = row[..here].iter().rev().take_while(same).count();
        let behind = row[here..].iter().take_while(same).count();
        let last = row[here + behind.max(1) - 1];
        (row[here - before].col, last.col + last.width - 1)
    }
}
