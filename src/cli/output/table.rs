//! Aligned tables that fit the terminal: the widest flexible column gives way.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::paint::Role;

/// Blanks between two columns.
const GAP: usize = 2;
/// How far a line beneath a row is moved in.
const UNDER: &str = "    ";
/// A flexible column is never cut below this.
const LEAST: usize = 12;

/// A cell: text and what it is.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Cell {
    text: String,
    role: Role,
}

impl Cell {
    /// A cell; the text is made one safe line.
    pub(in crate::cli) fn new(text: impl AsRef<str>, role: Role) -> Self {
        Self {
            text: super::clean::line(text.as_ref()).into_owned(),
            role,
        }
    }

    /// The same with words before it, in its colour.
    pub(in crate::cli) fn after(self, words: &str) -> Self {
        Self::new(format!("{words}{}", self.text), self.role)
    }

    /// Its text alone.
    pub(in crate::cli) fn into_text(self) -> String {
        self.text
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::new(text, Role::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::new(text, Role::Plain)
    }
}

/// A column: its title, whether it is set to the right, whether it may be cut.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Column {
    title: &'static str,
    right: bool,
    flexible: bool,
}

/// A column of words.
pub(in crate::cli) fn left(title: &'static str) -> Column {
    Column {
        title,
        right: false,
        flexible: false,
    }
}

/// A column of numbers.
pub(in crate::cli) fn right(title: &'static str) -> Column {
    Column {
        right: true,
        ..left(title)
    }
}

/// A column of free text, cut where the terminal is too narrow.
pub(in crate::cli) fn text(title: &'static str) -> Column {
    Column {
        flexible: true,
        ..left(title)
    }
}

/// A table.
#[derive(Debug, Default)]
pub(in crate::cli) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// What stands beneath rows, across all columns.
    under: HashMap<usize, Cell>,
}

impl Table {
    pub(in crate::cli) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            ..Self::default()
        }
    }

    pub(in crate::cli) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Puts a line beneath the newest row, as wide as the terminal.
    pub(in crate::cli) fn under(&mut self, cell: Cell) {
        self.under.insert(self.rows.len().saturating_sub(1), cell);
    }

    /// The table as text, no wider than `width` where one is given. Columns without any text are left out.
    pub(in crate::cli) fn render(&self, width: Option<usize>, color: bool) -> String {
        let used: Vec<usize> = (0..self.columns.len())
            .filter(|index| {
                self.rows
                    .iter()
                    .any(|row| row.get(*index).is_some_and(|c| !c.text.is_empty()))
            })
            .collect();
        let mut widths: Vec<usize> = used
            .iter()
            .map(|index| {
                let cells = self.rows.iter().filter_map(|row| row.get(*index));
                let widest = cells.map(|cell| cell.text.width()).max().unwrap_or(0);
                widest.max(self.columns[*index].title.width())
            })
            .collect();
        if let Some(width) = width {
            self.squeeze(&used, &mut widths, width);
        }
        let mut text = String::new();
        let header = |index: usize| Cell::new(self.columns[index].title, Role::Dim);
        self.line(&mut text, &used, &widths, color, header);
        for (number, row) in self.rows.iter().enumerate() {
            let cell = |index: usize| row.get(index).cloned().unwrap_or_default();
            self.line(&mut text, &used, &widths, color, cell);
            if let Some(under) = self.under.get(&number) {
                let room = width.map_or(usize::MAX, |width| width.saturating_sub(UNDER.len()));
                let line = under.role.paint(&cut(&under.text, room), color);
                text.push_str(&format!("{UNDER}{line}\n"));
            }
        }
        text
    }

    /// Takes columns from the widest flexible one until the table fits.
    fn squeeze(&self, used: &[usize], widths: &mut [usize], width: usize) {
        loop {
            let total: usize = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
            let Some(over) = total.checked_sub(width).filter(|over| *over > 0) else {
                return;
            };
            let mut flexible: Vec<usize> = (0..used.len())
                .filter(|at| self.columns[used[*at]].flexible && widths[*at] > LEAST)
                .collect();
            flexible.sort_by_key(|at| std::cmp::Reverse(widths[*at]));
            let Some(widest) = flexible.first() else {
                return;
            };
            let next = flexible.get(1).map_or(LEAST, |at| widths[*at]);
            let cut = over
                .min((widths[*widest] - next).max(1))
                .min(widths[*widest] - LEAST);
            widths[*widest] -= cut.max(1);
        }
    }

    fn line(
        &self,
        text: &mut String,
        used: &[usize],
        widths: &[usize],
        color: bool,
        cell: impl Fn(usize) -> Cell,
    ) {
        let mut line = String::new();
        for (at, index) in used.iter().enumerate() {
            let cell = cell(*index);
            let shown = cut(&cell.text, widths[at]);
            let blanks = " ".repeat(widths[at].saturating_sub(shown.width()));
            let painted = cell.role.paint(&shown, color);
            if at > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            if self.columns[*index].right {
                line.push_str(&blanks);
                line.push_str(&painted);
            } else {
                line.push_str(&painted);
                line.push_str(&blanks);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// `text` in at most `width` cells, with an ellipsis where something is missing.
pub(in crate::cli) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut room = width.saturating_sub(1);
    for cluster in text.graphemes(true) {
        match room.checked_sub(cluster.width()) {
            Some(left) => room = left,
            None => break,
        }
        cut.push_str(cluster);
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([right("ID"), text("TITLE"), left("EMPTY"), left("AGENT")]);
        let row = |id: &str, title: &str, agent: &str| {
            [id.into(), title.into(), "".into(), agent.into()] as [Cell; 4]
        };
        table.row(row("7", "Größe der 日本 Karten in der Liste", "claude"));
        table.row(row("12", "b\u{1b}[31m\nx", "codex"));
        table
    }

    #[test]
    fn a_line_beneath_a_row_takes_the_whole_width() {
        let mut table = table();
        table.under(Cell::new("you: what was said about 日本 in it", Role::Dim));
        let text = table.render(Some(24), false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3], "    you: what was said …");
        assert!(
            table
                .render(None, false)
                .ends_with("    you: what was said about 日本 in it\n")
        );
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let text = table().render(None, false);
        assert!(text.starts_with("ID  TITLE "), "{text}");
        assert!(!text.contains("EMPTY"), "{text}");
        assert!(text.contains("\n12  b[31m x "), "{text}");
        let places: Vec<usize> = text
            .lines()
            .zip(["AGENT", "claude", "codex"])
            .map(|(line, agent)| line.split(agent).next().unwrap().width())
            .collect();
        assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
    }

    #[test]
    fn a_narrow_terminal_cuts_the_free_text() {
        let text = table().render(Some(30), false);
        for line in text.lines() {
            assert!(line.width() <= 30, "{line}");
        }
        assert!(text.contains("…  claude"), "{text}");
    }

    #[test]
    fn cutting_keeps_clusters_whole() {
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 0), "…");
    }
}
