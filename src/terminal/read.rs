//! Reading back: pages of lines, search, the screen as text.

use super::cell::Look;
use super::grid::Row as GridRow;
use super::history::Styles;
use super::screen::Screen;
use super::sgr;
use super::update::encode;
use crate::protocol::{Lines, Match, Row};

/// Lines in one page at most.
const PAGE: u32 = 500;
/// A page takes no more lines when it has about so many bytes.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Looks in one page: their index has 16 bits.
const PAGE_LOOKS: usize = 60_000;
/// The longest text searched for, in characters.
const QUERY: usize = 256;
/// Matches at most.
const MATCHES: u32 = 10_000;

impl Screen {
    /// The id behind the last line.
    fn end(&self) -> u64 {
        self.history.end() + self.rows as u64
    }

    fn screen_row(&self, id: u64) -> Option<&GridRow> {
        let index = id.checked_sub(self.history.end())?;
        self.grid.get(usize::try_from(index).ok()?)
    }

    /// A line of the history or the screen.
    fn row(&self, id: u64, styles: &mut Styles) -> Option<Row> {
        match self.screen_row(id) {
            Some(row) => Some(encode(row, &self.tables, styles)),
            None => self.history.line(id).map(|line| line.row(styles)),
        }
    }

    /// A page of lines from `first` on, or from the oldest there is.
    pub(super) fn lines(&self, first: u64, count: u32) -> Lines {
        let first = first.max(self.history.start());
        let last = first
            .saturating_add(u64::from(count.min(PAGE)))
            .min(self.end());
        let mut styles = Styles::default();
        let mut rows = Vec::new();
        let mut bytes = 0;
        for id in first..last {
            let Some(row) = self.row(id, &mut styles) else {
                break;
            };
            bytes += row.text.len() + row.runs.len() * 4;
            rows.push(row);
            if bytes + styles.bytes() > PAGE_BYTES || styles.len() > PAGE_LOOKS {
                break;
            }
        }
        Lines {
            first,
            rows,
            styles: styles.finish(),
            history_start: self.history.start(),
            end: self.end(),
        }
    }

    /// The text of the line that the cursor is in.
    pub(super) fn cursor_line(&self) -> String {
        let line = self.history.end() + self.cursor.row as u64;
        let row = self.row(line, &mut Styles::default());
        row.map(|row| row.text).unwrap_or_default()
    }

    /// Where `query` stands, the newest first. Capitals matter only where it has some.
    pub(super) fn search(&self, query: &str, limit: u32) -> Vec<Match> {
        let exact = query.chars().any(char::is_uppercase);
        let fold = |c: char| {
            if exact {
                c
            } else {
                c.to_lowercase().next().unwrap_or(c)
            }
        };
        let query: Vec<char> = query.chars().take(QUERY).map(fold).collect();
        let mut found = Vec::new();
        if query.is_empty() {
            return found;
        }
        let limit = limit.min(MATCHES) as usize;
        let mut chars = Vec::new();
        for id in (self.history.start()..self.end()).rev() {
            chars.clear();
            let mut col = 0_u16;
            let mut note = |text: &str| {
                for c in text.chars() {
                    chars.push((fold(c), col));
                    col = col.saturating_add(super::width(c).unwrap_or(0) as u16);
                }
            };
            match (self.screen_row(id), self.history.line(id)) {
                (Some(row), _) => note(&row.text(&self.tables)),
                (None, Some(line)) => note(line.text),
                (None, None) => continue,
            }
            chars.push(('\0', col));
            for at in (0..chars.len().saturating_sub(query.len())).rev() {
                let here = &chars[at..at + query.len()];
                if here.iter().map(|(c, _)| c).eq(&query) {
                    let (from, to) = (chars[at].1, chars[at + query.len()].1);
                    found.push(Match {
                        line: id,
                        col: from,
                        cells: to - from,
                    });
                    if found.len() >= limit {
                        return found;
                    }
                }
            }
        }
        found
    }

    /// The screen, and so many lines before it, as text; styled: with SGR sequences written by us.
    pub(super) fn text(&self, scrollback: u32, styled: bool) -> String {
        let first = self.history.end().saturating_sub(u64::from(scrollback));
        let mut out = String::new();
        for id in first.max(self.history.start())..self.end() {
            let mut styles = Styles::default();
            if let Some(row) = self.row(id, &mut styles) {
                if styled {
                    push_styled(&row, &styles, &mut out);
                } else {
                    out.push_str(row.text.trim_end());
                }
            }
            out.push('\n');
        }
        let end = out.trim_end_matches('\n').len();
        out.truncate(end);
        out.push('\n');
        out
    }
}

/// A row with SGR sequences where its look changes.
fn push_styled(row: &Row, styles: &Styles, out: &mut String) {
    let mut chars = row.text.chars().peekable();
    let mut plain = true;
    for run in &row.runs {
        let look = styles.get(run.style).cloned().unwrap_or_default();
        plain = look.is_default();
        push_look(&look, out);
        let mut left = usize::from(run.cells);
        while let Some(c) = chars.next_if(|c| super::width(*c).unwrap_or(0) <= left) {
            out.push(c);
            left -= super::width(c).unwrap_or(0);
        }
    }
    if !plain {
        push_look(&Look::default(), out);
    }
    out.extend(chars);
}

fn push_look(look: &Look, out: &mut String) {
    out.push_str("\x1b[");
    out.push_str(&sgr::parameters(look));
    out.push('m');
}
