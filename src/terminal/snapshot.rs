//! A terminal's whole state as bytes that make a new terminal into the same.
//!
//! The state travels in device control strings of our own, `ESC P =gluon1; base64 ESC \`, several pieces
//! and then one with a dot, so it can stand in a session's log before further output. An agent may write
//! such strings too: what is read is bounded and checked, and can change nothing but its own screen.
//!
//! Invariants: reading what was written gives the same terminal; a format that changes gets a new number
//! in [`MARK`], and a number nobody knows is passed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::cell::{Cell, Extra, Look, Tables, cells_of};
use super::grid::Row as GridRow;
use super::history::{History, Styles};
use super::modes::{Charset, Keyboard, Modes};
use super::sanitize::{TITLE, line};
use super::screen::{Pos, Screen};
use super::update::encode;
use crate::protocol::screen::MAX_SIDE;
use crate::protocol::{CursorShape, Row};

/// What our device control strings begin with.
pub(super) const MARK: &[u8] = b"=gluon1;";
/// Lines of scrollback taken along.
const HISTORY_LINES: u64 = 2_000;
/// The largest state written or read, in bytes.
const MAX_STATE: usize = 4 * 1024 * 1024;
/// Bytes of state in one piece.
const PIECE: usize = 24 * 1024;
/// Rows that share a list of looks: their looks always fit in 16 bits.
const BLOCK: usize = 64;

#[derive(Serialize, Deserialize)]
struct State {
    cols: u16,
    rows: u16,
    grid: Vec<Block>,
    primary: Option<Vec<Block>>,
    history_first: u64,
    history: Vec<Block>,
    cursor: PosState,
    saved: [Option<PosState>; 2],
    region: (u16, u16),
    tabs: Vec<u16>,
    modes: Modes,
    keyboards: [Keyboard; 2],
    shape: CursorShape,
    blinking: bool,
    title: String,
    titles: Vec<String>,
    last_char: Option<char>,
    sync: bool,
}

/// Rows and their looks.
#[derive(Default, Serialize, Deserialize)]
struct Block {
    looks: Vec<LookState>,
    rows: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct LookState {
    fg: u32,
    bg: u32,
    attrs: u16,
    underline: u32,
    link: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PosState {
    row: u16,
    col: u16,
    pending: bool,
    pen: LookState,
    charsets: [Charset; 4],
    charset: u8,
    origin: bool,
}

impl From<&Look> for LookState {
    fn from(look: &Look) -> Self {
        LookState {
            fg: look.fg,
            bg: look.bg,
            attrs: look.attrs,
            underline: look.extra.underline,
            link: look.extra.link.as_deref().map(str::to_owned),
        }
    }
}

impl LookState {
    fn look(&self) -> Look {
        let link = self.link.as_ref();
        let link = link.and_then(|link| super::sanitize::link(link.as_bytes()));
        Look {
            fg: self.fg,
            bg: self.bg,
            attrs: self.attrs & super::cell::ATTRS,
            extra: Extra {
                underline: self.underline,
                link: link.map(Into::into),
            },
        }
    }

    fn pen(&self, tables: &mut Tables) -> Cell {
        let look = self.look();
        Cell {
            fg: look.fg,
            bg: look.bg,
            attrs: look.attrs,
            extra: tables.intern(look.extra),
            ..Cell::BLANK
        }
    }
}

impl Block {
    /// Collects rows; `row` makes one.
    fn make<T>(rows: &[T], mut row: impl FnMut(&T, &mut Styles) -> Row) -> Vec<Block> {
        let blocks = rows.chunks(BLOCK).map(|rows| {
            let mut styles = Styles::default();
            let rows = rows.iter().map(|item| row(item, &mut styles)).collect();
            Block {
                looks: styles.looks().iter().map(LookState::from).collect(),
                rows,
            }
        });
        blocks.collect()
    }
}

/// Rows of the grid from blocks.
fn grid_rows(blocks: &[Block], cols: usize, rows: usize, tables: &mut Tables) -> Vec<GridRow> {
    let mut grid = Vec::with_capacity(rows);
    for block in blocks {
        let pens: Vec<Cell> = block.looks.iter().map(|look| look.pen(tables)).collect();
        for row in block.rows.iter().take(rows - grid.len()) {
            let mut made = GridRow {
                cells: row_cells(row, &pens, cols, tables),
                wrapped: row.wrapped,
                stamp: 0,
            };
            made.shorten(cols);
            grid.push(made);
        }
    }
    grid.resize_with(rows, GridRow::default);
    grid
}

fn row_cells(row: &Row, pens: &[Cell], cols: usize, tables: &mut Tables) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::with_capacity(cols);
    cells_of(&row.text, tables, &Cell::BLANK, &mut cells);
    let mut at = 0;
    for run in &row.runs {
        let pen = pens
            .get(usize::from(run.style))
            .copied()
            .unwrap_or(Cell::BLANK);
        let end = (at + usize::from(run.cells)).min(cells.len());
        for cell in &mut cells[at..end] {
            (cell.fg, cell.bg, cell.extra) = (pen.fg, pen.bg, pen.extra);
            cell.attrs |= pen.attrs;
        }
        at = end;
    }
    cells
}

impl Screen {
    /// The state as a stream of bytes.
    pub(super) fn snapshot(&self) -> Vec<u8> {
        // What is too large goes without its oldest lines, then without all of them.
        let lines = [HISTORY_LINES, HISTORY_LINES / 8, 0];
        let states = lines
            .iter()
            .map(|lines| postcard::to_allocvec(&self.state(*lines)));
        let fitting = states.flatten().find(|bytes| bytes.len() <= MAX_STATE);
        let mut out = Vec::new();
        let mut put = |piece: &[u8]| {
            out.extend_from_slice(b"\x1bP");
            out.extend_from_slice(MARK);
            out.extend_from_slice(piece);
            out.extend_from_slice(b"\x1b\\");
        };
        let Some(bytes) = fitting else {
            // A screen of a million cells, each in a look of its own: its text is all that is kept.
            return self.text(0, false).replace('\n', "\r\n").into_bytes();
        };
        for piece in bytes.chunks(PIECE) {
            put(STANDARD.encode(piece).as_bytes());
        }
        put(b".");
        out
    }

    fn state(&self, lines: u64) -> State {
        let first = self
            .history
            .end()
            .saturating_sub(lines)
            .max(self.history.start());
        let ids: Vec<u64> = (first..self.history.end()).collect();
        let rows =
            |grid: &[GridRow]| Block::make(grid, |row, styles| encode(row, &self.tables, styles));
        let pos = |pos: &Pos| PosState {
            row: pos.row as u16,
            col: pos.col as u16,
            pending: pos.pending,
            pen: LookState::from(&self.tables.look(&pos.pen)),
            charsets: pos.charsets,
            charset: pos.charset as u8,
            origin: pos.origin,
        };
        State {
            cols: self.cols as u16,
            rows: self.rows as u16,
            grid: rows(&self.grid),
            primary: self.primary.as_deref().map(rows),
            history_first: first,
            history: Block::make(&ids, |id, styles| {
                self.history
                    .line(*id)
                    .map(|line| line.row(styles))
                    .unwrap_or_default()
            }),
            cursor: pos(&self.cursor),
            saved: [
                self.saved[0].as_ref().map(pos),
                self.saved[1].as_ref().map(pos),
            ],
            region: (self.region.0 as u16, self.region.1 as u16),
            tabs: (0_u16..)
                .zip(&self.tabs)
                .filter_map(|(col, on)| on.then_some(col))
                .collect(),
            modes: self.modes,
            keyboards: self.keyboards.clone(),
            shape: self.shape,
            blinking: self.blinking,
            title: self.title.clone(),
            titles: self.titles.clone(),
            last_char: self.last_char,
            sync: self.sync,
        }
    }

    /// One piece of a snapshot; the one with a dot puts all of them into force.
    pub(super) fn read_snapshot(&mut self, piece: &[u8]) {
        if piece != b"." {
            match STANDARD.decode(piece) {
                Ok(bytes) if self.snapshot.len() + bytes.len() <= MAX_STATE => {
                    self.snapshot.extend_from_slice(&bytes);
                }
                _ => self.snapshot = Vec::new(),
            }
            return;
        }
        let bytes = std::mem::take(&mut self.snapshot);
        if let Ok(state) = postcard::from_bytes::<State>(&bytes) {
            self.restore(&state);
        }
    }

    fn restore(&mut self, state: &State) {
        let cols = usize::from(state.cols.clamp(2, MAX_SIDE));
        let rows = usize::from(state.rows.clamp(1, MAX_SIDE));
        let mut tables = Tables::default();
        // Ids never go back, so that no client takes other lines for ones it has.
        let first = state
            .history_first
            .min(u64::MAX / 2)
            .max(self.history.end());
        let mut history = History::new(self.history.limit(), first);
        for block in &state.history {
            let looks: Vec<Look> = block.looks.iter().map(LookState::look).collect();
            for row in &block.rows {
                history.push_row(&clean(row), &looks, &tables);
            }
        }
        let mut made = Screen::new(cols, rows, history, self.clipboard_write);
        made.clock = self.clock;
        made.events = std::mem::take(&mut self.events);
        made.outer = std::mem::take(&mut self.outer);
        made.primary = state
            .primary
            .as_ref()
            .map(|blocks| grid_rows(blocks, cols, rows, &mut tables));
        made.grid = grid_rows(&state.grid, cols, rows, &mut tables);
        let mut read = |pos: &PosState| Pos {
            row: usize::from(pos.row).min(rows - 1),
            col: usize::from(pos.col).min(cols - 1),
            pending: pos.pending && usize::from(pos.col) + 1 == cols,
            pen: pos.pen.pen(&mut tables),
            charsets: pos.charsets,
            charset: usize::from(pos.charset & 3),
            origin: pos.origin,
        };
        let cursor = &state.cursor;
        made.cursor = read(cursor);
        made.saved = [
            state.saved[0].as_ref().map(&mut read),
            state.saved[1].as_ref().map(&mut read),
        ];
        let region = (
            usize::from(state.region.0),
            usize::from(state.region.1).min(rows),
        );
        if region.0 < region.1 {
            made.region = region;
        }
        made.tabs.fill(false);
        for col in state
            .tabs
            .iter()
            .map(|col| usize::from(*col))
            .filter(|col| *col < cols)
        {
            made.tabs[col] = true;
        }
        made.modes = state.modes;
        made.keyboards = state.keyboards.clone();
        for keyboard in &mut made.keyboards {
            keyboard.bound();
        }
        made.shape = state.shape;
        made.blinking = state.blinking;
        made.title.clone_from(&self.title);
        made.set_title(line(&state.title, TITLE));
        made.titles = state
            .titles
            .iter()
            .take(16)
            .map(|title| line(title, TITLE))
            .collect();
        made.last_char = state
            .last_char
            .filter(|c| super::width(*c).is_some_and(|width| width > 0));
        made.sync = state.sync;
        made.tables = tables;
        made.touch(0, rows);
        let size = (self.cols, self.rows);
        *self = made;
        self.resize(size.0, size.1);
    }
}

/// A row whose text holds only what can be shown, and no more of it than a row can have.
fn clean(row: &Row) -> Row {
    let shown = |c: &char| super::width(*c).is_some();
    Row {
        text: row
            .text
            .chars()
            .filter(shown)
            .take(16 * usize::from(MAX_SIDE))
            .collect(),
        runs: row
            .runs
            .iter()
            .take(usize::from(MAX_SIDE))
            .copied()
            .collect(),
        wrapped: row.wrapped,
    }
}
