//! Lines that have left the screen, packed: text and runs of looks instead of cells.
//!
//! Invariants: a line's id never changes and ids grow by one; at most `limit` lines and about `limit`
//! times [`BYTES_PER_LINE`] bytes are kept, the newest.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::cell::{Cell, Look, SPACER, Tables};
use crate::protocol::{Row, Style, StyleRun};

/// Lines in one chunk. Memory is given back chunk by chunk.
const CHUNK_LINES: usize = 128;
/// What a line may take on average before the oldest are dropped early.
pub(super) const BYTES_PER_LINE: usize = 512;
/// Looks in one chunk: an index has to fit in 16 bits.
const CHUNK_LOOKS: usize = 32_000;

/// Some lines.
#[derive(Debug, Default)]
struct Chunk {
    text: String,
    runs: Vec<StyleRun>,
    looks: Vec<Look>,
    lines: Vec<Line>,
    link_bytes: usize,
}

/// Where a line ends in its chunk.
#[derive(Debug, Clone, Copy)]
struct Line {
    text_end: u32,
    runs_end: u32,
    wrapped: bool,
}

impl Chunk {
    fn bytes(&self) -> usize {
        self.text.len()
            + self.runs.len() * size_of::<StyleRun>()
            + self.looks.len() * size_of::<Look>()
            + self.lines.len() * size_of::<Line>()
            + self.link_bytes
    }

    fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.runs.shrink_to_fit();
        self.looks.shrink_to_fit();
        self.lines.shrink_to_fit();
    }

    fn line(&self, index: usize) -> Option<HistoryLine<'_>> {
        let line = self.lines.get(index)?;
        let before = index
            .checked_sub(1)
            .and_then(|before| self.lines.get(before));
        let (text_start, runs_start) = before.map_or((0, 0), |line| (line.text_end, line.runs_end));
        Some(HistoryLine {
            text: self.text.get(text_start as usize..line.text_end as usize)?,
            runs: self.runs.get(runs_start as usize..line.runs_end as usize)?,
            looks: &self.looks,
            wrapped: line.wrapped,
        })
    }
}

/// A line as it is kept.
pub(super) struct HistoryLine<'a> {
    /// The characters, each once.
    pub(super) text: &'a str,
    /// How they look; what they do not cover has no look of its own.
    pub(super) runs: &'a [StyleRun],
    looks: &'a [Look],
    /// The line goes on in the next one.
    pub(super) wrapped: bool,
}

impl HistoryLine<'_> {
    /// The look of a run.
    pub(super) fn look(&self, run: &StyleRun) -> Look {
        self.looks
            .get(usize::from(run.style))
            .cloned()
            .unwrap_or_default()
    }

    /// As it travels; looks are added to `styles`.
    pub(super) fn row(&self, styles: &mut Styles) -> Row {
        let runs = self.runs.iter().map(|run| StyleRun {
            cells: run.cells,
            style: styles.index(self.look(run)),
        });
        Row {
            text: self.text.to_owned(),
            runs: runs.collect(),
            wrapped: self.wrapped,
        }
    }
}

/// Looks of several rows, each once.
#[derive(Debug, Default)]
pub(super) struct Styles {
    list: Vec<Look>,
    index: HashMap<Look, u16, RandomState>,
    link_bytes: usize,
}

impl Styles {
    /// The index of a look. There is room for 65,535; the rest come out as the first.
    pub(super) fn index(&mut self, look: Look) -> u16 {
        if let Some(index) = self.index.get(&look) {
            return *index;
        }
        let Ok(index) = u16::try_from(self.list.len()) else {
            return 0;
        };
        self.link_bytes += look.extra.link.as_ref().map_or(0, |link| link.len());
        self.list.push(look.clone());
        self.index.insert(look, index);
        index
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// One of them.
    pub(super) fn get(&self, index: u16) -> Option<&Look> {
        self.list.get(usize::from(index))
    }

    /// About how many bytes they take on the wire.
    pub(super) fn bytes(&self) -> usize {
        self.list.len() * 16 + self.link_bytes
    }

    /// The looks themselves.
    pub(super) fn looks(&self) -> &[Look] {
        &self.list
    }

    /// As they travel.
    pub(super) fn finish(self) -> Vec<Style> {
        self.list.iter().map(Look::style).collect()
    }
}

/// The store.
#[derive(Debug)]
pub(super) struct History {
    chunks: VecDeque<Chunk>,
    /// The id of the first line in `chunks`.
    first: u64,
    /// The id the next line gets.
    end: u64,
    /// The id of the oldest line that is shown; older ones are waiting for their chunk to go.
    start: u64,
    /// Bytes in all chunks but the last.
    closed_bytes: usize,
    limit: usize,
    /// Looks of the open chunk by the parts of a cell that make them; void when the tables were collected.
    recent: HashMap<(u32, u32, u16, u16), u16, RandomState>,
    epoch: u64,
}

impl History {
    /// An empty store whose first line will have the id `start`.
    pub(super) fn new(limit: usize, start: u64) -> Self {
        History {
            chunks: VecDeque::new(),
            first: start,
            end: start,
            start,
            closed_bytes: 0,
            limit,
            recent: HashMap::default(),
            epoch: 0,
        }
    }

    /// The id of the oldest line.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The id behind the newest line.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// How many lines are kept.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.closed_bytes + self.chunks.back().map_or(0, Chunk::bytes)
    }

    /// Forgets all lines.
    pub(super) fn clear(&mut self) {
        *self = History::new(self.limit, self.end);
    }

    /// Adds a line.
    pub(super) fn push(&mut self, cells: &[Cell], wrapped: bool, tables: &Tables) {
        self.open_chunk(tables);
        let recent = &mut self.recent;
        let Some(chunk) = self.chunks.back_mut() else {
            return;
        };
        let mut from = 0;
        while from < cells.len() {
            let model = cells[from];
            let len = cells[from..]
                .iter()
                .take_while(|cell| cell.same_look(&model))
                .count();
            let run = &cells[from..from + len];
            push_text(run, tables, &mut chunk.text);
            from += len;
            let key = (
                model.fg,
                model.bg,
                model.attrs & super::cell::ATTRS,
                model.extra,
            );
            if from == cells.len() && key == (0, 0, 0, 0) {
                break;
            }
            let style = *recent.entry(key).or_insert_with(|| {
                let look = tables.look(&model);
                chunk.link_bytes += look.extra.link.as_ref().map_or(0, |link| link.len());
                chunk.looks.push(look);
                (chunk.looks.len() - 1) as u16
            });
            chunk.runs.push(StyleRun {
                cells: len as u16,
                style,
            });
        }
        self.close_line(wrapped);
    }

    /// Adds a line that was packed before.
    pub(super) fn push_row(&mut self, row: &Row, styles: &[Look], tables: &Tables) {
        self.open_chunk(tables);
        // Other looks than the cells': none of them may be found again by a cell's parts.
        self.recent.clear();
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.text.push_str(&row.text);
            for run in &row.runs {
                let look = styles
                    .get(usize::from(run.style))
                    .cloned()
                    .unwrap_or_default();
                if chunk.looks.last() != Some(&look) {
                    chunk.link_bytes += look.extra.link.as_ref().map_or(0, |link| link.len());
                    chunk.looks.push(look);
                }
                chunk.runs.push(StyleRun {
                    cells: run.cells,
                    style: (chunk.looks.len() - 1) as u16,
                });
            }
        }
        self.close_line(row.wrapped);
    }

    fn open_chunk(&mut self, tables: &Tables) {
        let full = self.chunks.back().is_none_or(|chunk| {
            chunk.lines.len() >= CHUNK_LINES || chunk.looks.len() >= CHUNK_LOOKS
        });
        if full {
            if let Some(chunk) = self.chunks.back_mut() {
                chunk.shrink();
                self.closed_bytes += chunk.bytes();
            }
            self.chunks.push_back(Chunk::default());
        }
        if full || self.epoch != tables.epoch {
            self.recent.clear();
            self.epoch = tables.epoch;
        }
    }

    fn close_line(&mut self, wrapped: bool) {
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.lines.push(Line {
                text_end: chunk.text.len() as u32,
                runs_end: chunk.runs.len() as u32,
                wrapped,
            });
            self.end += 1;
        }
        self.start = self.start.max(self.end.saturating_sub(self.limit as u64));
        while let Some(oldest) = self.chunks.front()
            && self.chunks.len() > 1
        {
            let end = self.first + oldest.lines.len() as u64;
            if end > self.start && self.bytes() <= self.limit * BYTES_PER_LINE {
                break;
            }
            self.closed_bytes -= oldest.bytes();
            self.chunks.pop_front();
            self.first = end;
            self.start = self.start.max(end);
        }
    }

    /// A line by its id.
    pub(super) fn line(&self, id: u64) -> Option<HistoryLine<'_>> {
        if id < self.start || id >= self.end {
            return None;
        }
        // All chunks but those closed early have the same length; look from there.
        let mut offset = usize::try_from(id - self.first).ok()?;
        let uniform = self.chunks.iter().take(self.chunks.len().saturating_sub(1));
        let mut index = offset / CHUNK_LINES;
        if uniform
            .clone()
            .take(index)
            .all(|chunk| chunk.lines.len() == CHUNK_LINES)
        {
            offset %= CHUNK_LINES;
        } else {
            index = 0;
            for chunk in &self.chunks {
                if offset < chunk.lines.len() {
                    break;
                }
                offset -= chunk.lines.len();
                index += 1;
            }
        }
        self.chunks.get(index)?.line(offset)
    }
}

/// Appends the characters of cells.
fn push_text(cells: &[Cell], tables: &Tables, out: &mut String) {
    // Nearly all lines are ASCII: pieces of them go through a buffer, which is several times as fast as
    // character by character.
    let mut buffer = [0u8; 64];
    for piece in cells.chunks(buffer.len()) {
        let mut all = 0;
        for (byte, cell) in buffer.iter_mut().zip(piece) {
            *byte = cell.text as u8;
            all |= cell.text | u32::from(cell.attrs & SPACER) << 16;
        }
        let text = std::str::from_utf8(&buffer[..piece.len()]);
        if let (true, Ok(text)) = (all < 0x80, text) {
            out.push_str(text);
            continue;
        }
        for cell in piece.iter().filter(|cell| !cell.is_spacer()) {
            match u8::try_from(cell.text) {
                Ok(byte @ 0..0x80) => out.push(byte.into()),
                _ => tables.push_text(cell, out),
            }
        }
    }
}
