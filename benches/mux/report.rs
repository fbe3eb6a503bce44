//! The table.

use std::collections::BTreeMap;

/// Rows in the order they were first set, a column a multiplexer.
pub struct Report {
    rows: Vec<String>,
    columns: Vec<String>,
    cells: BTreeMap<(String, String), f64>,
    notes: Vec<String>,
}

impl Report {
    pub fn new(megabytes: usize, keys: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Self {
            rows: Vec::new(),
            columns: Vec::new(),
            cells: BTreeMap::new(),
            notes: vec![format!(
                "{cores} cores; 200x50; floods of {megabytes} MiB, best of 3; {keys} keystrokes; memory is the proportional share (PSS)"
            )],
        }
    }

    pub fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    pub fn set(&mut self, row: &str, column: &str, value: f64) {
        eprintln!("{row} | {column} | {value:.2}");
        for (list, name) in [(&mut self.rows, row), (&mut self.columns, column)] {
            if !list.iter().any(|known| known == name) {
                list.push(name.to_owned());
            }
        }
        self.cells
            .insert((row.to_owned(), column.to_owned()), value);
    }

    /// Keeps the larger of what is there and `value`.
    pub fn best(&mut self, row: &str, column: &str, value: f64) {
        let key = (row.to_owned(), column.to_owned());
        let known = self.cells.get(&key).copied().unwrap_or(0.0);
        self.set(row, column, value.max(known));
    }

    pub fn print(&self) {
        for note in &self.notes {
            println!("{note}");
        }
        println!("\n| | {} |", self.columns.join(" | "));
        println!("|---|{}", "---|".repeat(self.columns.len()));
        for row in &self.rows {
            let cells = self.columns.iter().map(|column| {
                match self.cells.get(&(row.clone(), column.clone())) {
                    Some(value) if *value >= 100.0 => format!("{value:.0}"),
                    Some(value) if *value >= 10.0 => format!("{value:.1}"),
                    Some(value) => format!("{value:.2}"),
                    None => "–".to_owned(),
                }
            });
            println!("| {row} | {} |", cells.collect::<Vec<_>>().join(" | "));
        }
    }
}
