//! One cell of the grid, sixteen bytes, and the tables for what does not fit into it.
//!
//! Invariants: a cell with `WIDE` is followed by one with `SPACER` in the same row; an index into a table
//! is used only until the next collection, which rewrites every cell that holds one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::protocol::{Color, Style};

/// A character two columns wide starts here.
pub(super) const WIDE: u16 = 1 << 12;
/// The second column of a wide character.
pub(super) const SPACER: u16 = 1 << 13;
/// The attributes as the protocol knows them.
pub(super) const ATTRS: u16 = (1 << 12) - 1;

/// Set in `Cell::text` where the rest is an index into the clusters.
const CLUSTER: u32 = 1 << 31;
/// The most characters one cell holds; what comes on top of that is dropped.
const CLUSTER_CHARS: usize = 16;
/// Looks kept apart before unused ones are collected.
const EXTRA_LIMIT: usize = 4096;
/// Bytes of link targets kept before unused ones are collected, or a link dropped.
const LINK_BYTES: usize = 512 * 1024;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// A character, or `CLUSTER` and an index.
    pub(super) text: u32,
    /// Packed colour.
    pub(super) fg: u32,
    /// Packed colour.
    pub(super) bg: u32,
    /// The protocol's attributes, `WIDE`, `SPACER`.
    pub(super) attrs: u16,
    /// Index into the extra looks; 0: none.
    pub(super) extra: u16,
}

impl Cell {
    /// Nothing, in the terminal's own colours.
    pub(super) const BLANK: Cell = Cell {
        text: b' ' as u32,
        fg: 0,
        bg: 0,
        attrs: 0,
        extra: 0,
    };

    /// An erased cell: only the background of the pen remains.
    pub(super) fn erased(pen: &Cell) -> Cell {
        Cell {
            bg: pen.bg,
            ..Cell::BLANK
        }
    }

    /// Whether this is the second column of a wide character.
    pub(super) fn is_spacer(&self) -> bool {
        self.attrs & SPACER != 0
    }

    /// Whether this starts a wide character.
    pub(super) fn is_wide(&self) -> bool {
        self.attrs & WIDE != 0
    }

    /// Whether both look the same, whatever they show.
    pub(super) fn same_look(&self, other: &Cell) -> bool {
        self.fg == other.fg
            && self.bg == other.bg
            && (self.attrs ^ other.attrs) & ATTRS == 0
            && self.extra == other.extra
    }

    /// Turns half of a broken wide character into a blank of the same colours.
    pub(super) fn blank_half(&mut self) {
        self.text = u32::from(b' ');
        self.attrs &= ATTRS;
    }
}

/// Packs a colour; 0 is the default, so that zeroed memory is a sane look.
pub(super) fn pack(color: Color) -> u32 {
    match color {
        Color::Default => 0,
        Color::Indexed(index) => 1 << 24 | u32::from(index),
        Color::Rgb(r, g, b) => 2 << 24 | u32::from_be_bytes([0, r, g, b]),
    }
}

/// The reverse of [`pack`].
pub(super) fn unpack(packed: u32) -> Color {
    let [kind, r, g, b] = packed.to_be_bytes();
    match kind {
        1 => Color::Indexed(b),
        2 => Color::Rgb(r, g, b),
        _ => Color::Default,
    }
}

/// What a cell cannot hold of a look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Extra {
    /// Packed colour of the underline; 0: none of its own.
    pub(super) underline: u32,
    /// The target of the hyperlink.
    pub(super) link: Option<Arc<str>>,
}

/// A look with nothing left to look up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Look {
    pub(super) fg: u32,
    pub(super) bg: u32,
    pub(super) attrs: u16,
    pub(super) extra: Extra,
}

impl Look {
    /// As it travels.
    pub(super) fn style(&self) -> Style {
        Style {
            fg: unpack(self.fg),
            bg: unpack(self.bg),
            underline: (self.extra.underline != 0).then(|| unpack(self.extra.underline)),
            attrs: self.attrs,
            link: self.extra.link.as_deref().map(str::to_owned),
        }
    }

    /// Whether nothing is special about it.
    pub(super) fn is_default(&self) -> bool {
        *self == Look::default()
    }
}

/// What cells refer to by index.
#[derive(Debug, Default)]
pub(super) struct Tables {
    clusters: Vec<Box<str>>,
    cluster_limit: usize,
    /// Entries asked for since the last collection: however full it is, collecting stays rare.
    made: usize,
    extras: Vec<Extra>,
    by_extra: HashMap<Extra, u16>,
    link_bytes: usize,
    /// Grows with each collection: a cache keyed by `Cell::extra` is void when it has changed.
    pub(super) epoch: u64,
}

impl Tables {
    /// Appends what a cell shows.
    pub(super) fn push_text(&self, cell: &Cell, out: &mut String) {
        if cell.text & CLUSTER == 0 {
            out.push(char::from_u32(cell.text).unwrap_or(char::REPLACEMENT_CHARACTER));
        } else if let Some(cluster) = self.clusters.get((cell.text & !CLUSTER) as usize) {
            out.push_str(cluster);
        } else {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }

    /// Adds a character of width 0 to a cell. Says whether something changed.
    pub(super) fn combine(&mut self, cell: &mut Cell, c: char) -> bool {
        if cell.text & CLUSTER == 0 {
            self.made += 1;
            let mut text = String::with_capacity(8);
            self.push_text(cell, &mut text);
            text.push(c);
            cell.text = CLUSTER | self.clusters.len() as u32;
            self.clusters.push(text.into_boxed_str());
            return true;
        }
        let Some(cluster) = self.clusters.get_mut((cell.text & !CLUSTER) as usize) else {
            return false;
        };
        if cluster.chars().count() >= CLUSTER_CHARS {
            return false;
        }
        let mut text = String::from(std::mem::take(cluster));
        text.push(c);
        *cluster = text.into_boxed_str();
        true
    }

    /// Whether clusters or looks should be collected before more are made.
    pub(super) fn is_full(&self) -> bool {
        self.made >= EXTRA_LIMIT / 2
            && (self.clusters.len() >= self.cluster_limit.max(EXTRA_LIMIT)
                || self.extras.len() >= EXTRA_LIMIT
                || self.link_bytes >= LINK_BYTES)
    }

    /// The extra look of a cell.
    pub(super) fn extra(&self, index: u16) -> Extra {
        match index.checked_sub(1) {
            None => Extra::default(),
            Some(index) => self
                .extras
                .get(usize::from(index))
                .cloned()
                .unwrap_or_default(),
        }
    }

    /// The index of an extra look; 0 where there is no room left, and the cell goes without.
    pub(super) fn intern(&mut self, extra: Extra) -> u16 {
        if extra == Extra::default() {
            return 0;
        }
        if let Some(index) = self.by_extra.get(&extra) {
            return *index;
        }
        self.made += 1;
        if self.extras.len() >= 2 * EXTRA_LIMIT || self.link_bytes >= 2 * LINK_BYTES {
            return 0;
        }
        self.link_bytes += extra.link.as_ref().map_or(0, |link| link.len());
        self.extras.push(extra.clone());
        let index = self.extras.len() as u16;
        self.by_extra.insert(extra, index);
        index
    }

    /// The whole look of a cell.
    pub(super) fn look(&self, cell: &Cell) -> Look {
        Look {
            fg: cell.fg,
            bg: cell.bg,
            attrs: cell.attrs & ATTRS,
            extra: self.extra(cell.extra),
        }
    }

    /// Forgets everything that none of `cells` refers to, and renumbers those.
    pub(super) fn collect<'a>(&mut self, cells: impl Iterator<Item = &'a mut Cell>) {
        let old = std::mem::take(self);
        self.epoch = old.epoch + 1;
        for cell in cells {
            if cell.extra != 0 {
                cell.extra = self.intern(old.extra(cell.extra));
            }
            if cell.text & CLUSTER != 0 {
                let index = (cell.text & !CLUSTER) as usize;
                let text = old.clusters.get(index).cloned();
                cell.text = CLUSTER | self.clusters.len() as u32;
                self.clusters.push(text.unwrap_or_else(|| " ".into()));
            }
        }
        self.cluster_limit = self.clusters.len() * 2;
        self.made = 0;
    }

    /// Entries held, for tests of what is bounded.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize, usize) {
        (self.clusters.len(), self.extras.len(), self.link_bytes)
    }
}

/// Puts text and a look back into cells, as the snapshot and tests need it.
pub(super) fn cells_of(text: &str, tables: &mut Tables, pen: &Cell, out: &mut Vec<Cell>) {
    for c in text.chars() {
        match super::width(c) {
            None => {}
            Some(0) => {
                let base = match out.last() {
                    Some(last) if last.is_spacer() && out.len() > 1 => out.len() - 2,
                    Some(_) => out.len() - 1,
                    None => continue,
                };
                tables.combine(&mut out[base], c);
            }
            Some(width) => {
                let cell = Cell {
                    text: c as u32,
                    ..*pen
                };
                if width == 2 {
                    out.push(Cell {
                        attrs: pen.attrs | WIDE,
                        ..cell
                    });
                    out.push(Cell {
                        text: u32::from(b' '),
                        attrs: pen.attrs | SPACER,
                        ..*pen
                    });
                } else {
                    out.push(cell);
                }
            }
        }
    }
}
