//! From the screen to what a viewer is sent: the difference from what it has.
//!
//! Invariants: applying the updates in order gives the screen, cell for cell, whatever was acknowledged
//! when; at most one update is in flight; a viewer costs a few bytes a row, never a copy of the screen.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

use super::cell::{Cell, Tables};
use super::grid::Row as GridRow;
use super::history::Styles;
use super::modes::Modes;
use super::screen::Screen;
use crate::domain::SessionId;
use crate::protocol::{Cursor, Row, ScreenUpdate, StyleRun, TermModes};

/// A frame takes no more rows when it has so many looks: their index has 16 bits.
const MAX_LOOKS: usize = 60_000;
/// A frame takes no more rows when it has about so many bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One key for the whole process, so that no agent can make up rows that look alike.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A row as a viewer has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Shown {
    /// The stamp of the row it was made of; 0: blank.
    stamp: u64,
    /// A hash of what was sent; 0: blank.
    hash: u64,
}

/// Everything but the rows, as a viewer has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Rest {
    size: (u16, u16),
    cursor: Cursor,
    modes: TermModes,
    title: String,
    history: (u64, u64),
}

/// One client's view of one session: what it has, and what is on its way.
#[derive(Debug, Clone, Default)]
pub struct Viewer {
    rows: Vec<Shown>,
    rest: Rest,
    /// The state it has acknowledged; 0: none.
    acknowledged: u64,
    /// The last state sent.
    sent: u64,
    in_flight: bool,
}

impl Viewer {
    /// A viewer that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// It has drawn state `seq`. Anything but the state in flight is ignored.
    pub fn ack(&mut self, seq: u64) {
        if self.in_flight && seq == self.sent {
            self.in_flight = false;
            self.acknowledged = seq;
        }
    }

    /// Whether nothing is on its way to it.
    pub fn ready(&self) -> bool {
        !self.in_flight
    }

    /// Forgets what it has: the next update can be applied to anything.
    pub fn reset(&mut self) {
        *self = Viewer {
            sent: self.sent,
            ..Self::default()
        };
    }
}

impl Screen {
    /// The cursor as it travels.
    pub(super) fn cursor_view(&self) -> Cursor {
        Cursor {
            row: self.cursor.row as u16,
            col: self.cursor.col as u16,
            visible: self.modes.has(Modes::SHOW_CURSOR),
            blinking: self.blinking,
            shape: self.shape,
        }
    }

    /// The difference from what `viewer` has, and whether it is only a part of it.
    pub(super) fn update_for(
        &self,
        viewer: &mut Viewer,
        session: SessionId,
    ) -> Option<(ScreenUpdate, bool)> {
        if viewer.in_flight || self.sync {
            return None;
        }
        let rest = Rest {
            size: (self.cols as u16, self.rows as u16),
            cursor: self.cursor_view(),
            modes: self.term_modes(),
            title: self.title.clone(),
            history: (self.history.start(), self.history.end()),
        };
        let scroll = self.scrolled(&viewer.rows);
        viewer.rows.drain(..scroll);
        viewer.rows.resize(self.rows, Shown::default());
        let mut styles = Styles::default();
        let mut changed = Vec::new();
        let mut bytes = 0;
        let mut partial = false;
        for (index, (row, shown)) in self.grid.iter().zip(&mut viewer.rows).enumerate() {
            if row.stamp == shown.stamp {
                continue;
            }
            if styles.len() > MAX_LOOKS || bytes + styles.bytes() > MAX_BYTES {
                partial = true;
                break;
            }
            let row_view = encode(row, &self.tables, &mut styles);
            let hash = styles.hash(&row_view, &KEY);
            shown.stamp = row.stamp;
            if hash != shown.hash {
                shown.hash = hash;
                bytes += row_view.text.len() + row_view.runs.len() * 4;
                changed.push((index as u16, row_view));
            }
        }
        let first = viewer.acknowledged == 0;
        if !first && scroll == 0 && changed.is_empty() && rest == viewer.rest {
            return None;
        }
        let title = (first || rest.title != viewer.rest.title).then(|| rest.title.clone());
        viewer.sent += 1;
        viewer.in_flight = true;
        let update = ScreenUpdate {
            session,
            seq: viewer.sent,
            base: viewer.acknowledged,
            cols: rest.size.0,
            rows: rest.size.1,
            scroll: scroll as u16,
            styles: if changed.is_empty() {
                Vec::new()
            } else {
                styles.finish()
            },
            changed,
            cursor: rest.cursor,
            modes: rest.modes,
            title,
            history_start: rest.history.0,
            history_end: rest.history.1,
        };
        viewer.rest = rest;
        Some((update, partial))
    }

    /// By how many rows what the viewer has should move up, so that the fewest rows need to be sent.
    fn scrolled(&self, shown: &[Shown]) -> usize {
        let old: HashMap<u64, usize> = shown
            .iter()
            .enumerate()
            .map(|(index, row)| (row.stamp, index))
            .collect();
        let mut votes = vec![0_u32; shown.len() + 1];
        for (index, row) in self
            .grid
            .iter()
            .enumerate()
            .filter(|(_, row)| row.stamp != 0)
        {
            if let Some(was) = old.get(&row.stamp)
                && let Some(up) = was.checked_sub(index)
            {
                votes[up] += 1;
            }
        }
        let most = votes.iter().copied().max().unwrap_or(0);
        votes.iter().position(|votes| *votes == most).unwrap_or(0)
    }
}

/// A row as it travels.
pub(super) fn encode(row: &GridRow, tables: &Tables, styles: &mut Styles) -> Row {
    let cells = row.trimmed();
    let mut text = String::with_capacity(cells.len());
    let mut runs = Vec::new();
    let mut from = 0;
    while let Some(model) = cells.get(from) {
        let len = cells[from..]
            .iter()
            .take_while(|cell| cell.same_look(model))
            .count();
        for cell in cells[from..from + len]
            .iter()
            .filter(|cell| !cell.is_spacer())
        {
            tables.push_text(cell, &mut text);
        }
        from += len;
        if from < cells.len() || !model.same_look(&Cell::BLANK) {
            runs.push(StyleRun {
                cells: len as u16,
                style: styles.index(tables.look(model)),
            });
        }
    }
    Row {
        text,
        runs,
        wrapped: row.wrapped,
    }
}

impl Styles {
    /// A hash of a row that does not depend on how its looks are numbered. A blank row has 0.
    fn hash(&self, row: &Row, key: &RandomState) -> u64 {
        if row.text.is_empty() && row.runs.is_empty() && !row.wrapped {
            return 0;
        }
        let mut hasher = key.build_hasher();
        row.text.hash(&mut hasher);
        row.wrapped.hash(&mut hasher);
        for run in &row.runs {
            run.cells.hash(&mut hasher);
            self.get(run.style).hash(&mut hasher);
        }
        hasher.finish()
    }
}
