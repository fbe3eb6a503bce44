//! Moving about in a task's changes: by rows, pages, files and hunks, to a place and to found words.

use super::Changes;
use super::rows::{Row, RowKind};
use crate::domain::comment::Place;
use crate::domain::patch::Side;
use crate::tui::keymap::Action;

impl Changes {
    /// Stands at a place, or as near as there is one.
    pub(super) fn go_to(&mut self, place: &Place) {
        let files = &self.patch.files;
        let Some(file) = files.iter().position(|file| file.path == place.path) else {
            return self.stand(self.cursor);
        };
        let first = self.rows.iter().position(|row| row.file as usize == file);
        let near = place.line.and_then(|wanted| {
            let rows = self.rows.iter().enumerate();
            let of_file = rows.filter(|(_, row)| row.file as usize == file);
            let apart = |row: &Row| {
                let (line, side) = self.line(row)?;
                let number = match side {
                    Side::Old => line.old,
                    Side::New => line.new,
                };
                Some((side != wanted.side, number.abs_diff(wanted.number)))
            };
            let near = of_file.filter_map(|(at, row)| Some((apart(row)?, at)));
            near.min().map(|(_, at)| at)
        });
        let heads = |row: &&Row| row.kind == RowKind::File;
        let head = first.and_then(|first| {
            let here = self.rows[first..].iter().position(|row| heads(&row));
            here.map(|at| first + at)
        });
        self.stand(near.or(head).unwrap_or(self.cursor));
    }

    /// Stands on a row, scrolling it into sight.
    pub fn stand(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
        let height = usize::from(self.size.1).max(1);
        let margin = (height / 6).min(3);
        let low = (self.cursor + 1 + margin).saturating_sub(height);
        let high = self.cursor.saturating_sub(margin);
        self.scroll = self.scroll.clamp(low.min(high), high).min(self.end());
    }

    pub(super) fn end(&self) -> usize {
        self.rows.len().saturating_sub(usize::from(self.size.1))
    }

    /// Scrolls by rows; the place one stands at stays in sight.
    pub fn scroll_by(&mut self, by: isize) -> bool {
        let before = (self.scroll, self.cursor);
        self.scroll = self.scroll.saturating_add_signed(by).min(self.end());
        let last = self.scroll + usize::from(self.size.1).saturating_sub(1);
        let most = self.rows.len().saturating_sub(1);
        self.cursor = self
            .cursor
            .clamp(self.scroll, last.max(self.scroll))
            .min(most);
        before != (self.scroll, self.cursor)
    }

    /// To the next row with the words that are searched for, or the one before; whether there is one.
    pub fn find(&mut self, forward: bool) -> bool {
        let count = self.rows.len();
        if self.search.is_empty() || count == 0 {
            return false;
        }
        let minds_case = self.search.chars().any(char::is_uppercase);
        let has = |text: &str| match minds_case {
            true => text.contains(&self.search),
            false => text.to_lowercase().contains(&self.search),
        };
        let found = (1..=count).find_map(|by| {
            let by = if forward { by } else { count - by % count };
            let at = (self.cursor + by) % count;
            let row = &self.rows[at];
            let fits = match row.kind {
                RowKind::File => self
                    .patch
                    .files
                    .get(row.file as usize)
                    .is_some_and(|file| has(&file.path)),
                _ => self.line(row).is_some_and(|(line, _)| has(&line.text)),
            };
            fits.then_some(at)
        });
        if let Some(at) = found {
            self.stand(at);
        }
        found.is_some()
    }

    /// Moves as a key asks; `None`: it is not about moving.
    pub fn act(&mut self, action: Action) -> Option<bool> {
        let before = (self.cursor, self.scroll, self.column, self.selecting);
        let page = isize::from(self.size.1 as i16).saturating_sub(2).max(1);
        match action {
            Action::RowUp => self.step(-1),
            Action::RowDown => self.step(1),
            Action::ViewPageUp => self.leap(-page),
            Action::ViewPageDown => self.leap(page),
            Action::ViewTop => self.stand(0),
            Action::ViewBottom => self.stand(usize::MAX),
            Action::NextFile | Action::PreviousFile => {
                self.jump(action == Action::NextFile, |kind| kind == RowKind::File);
            }
            Action::NextHunk | Action::PreviousHunk => {
                let hunk = |kind| matches!(kind, RowKind::Hunk(_));
                self.jump(action == Action::NextHunk, hunk);
            }
            Action::SideLeft => self.column = self.column.saturating_sub(8),
            Action::SideRight => self.column = (self.column + 8).min(4_000),
            Action::SelectRange => {
                self.selecting = match self.selecting {
                    Some(_) => None,
                    None => Some(self.cursor),
                };
            }
            _ => return None,
        }
        Some(before != (self.cursor, self.scroll, self.column, self.selecting))
    }

    fn step(&mut self, by: isize) {
        self.stand(self.cursor.saturating_add_signed(by));
    }

    fn leap(&mut self, by: isize) {
        self.scroll = self.scroll.saturating_add_signed(by).min(self.end());
        self.step(by);
    }

    fn jump(&mut self, forward: bool, wanted: impl Fn(RowKind) -> bool) {
        let rows = self.rows.iter().enumerate();
        let mut fitting = rows.filter(|(_, row)| wanted(row.kind)).map(|(at, _)| at);
        let at = match forward {
            true => fitting.find(|at| *at > self.cursor),
            false => fitting.take_while(|at| *at < self.cursor).last(),
        };
        if let Some(at) = at {
            self.stand(at);
            self.scroll = at.saturating_sub(1).min(self.end());
        }
    }
}
