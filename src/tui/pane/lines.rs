//! Lines of scrollback that have been fetched: a bounded window of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::protocol::{Lines, Style, StyledRow};

/// Lines kept; several screens around where the user looks.
const KEPT: usize = 4000;
/// Lines asked for at once; the protocol's limit.
const PAGE: u64 = 500;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct LineCache {
    lines: BTreeMap<u64, StyledRow>,
    /// The page that has been asked for and has not come.
    asked: Option<(u64, u64)>,
}

impl LineCache {
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.asked = None;
    }

    pub(super) fn get(&self, id: u64) -> Option<&StyledRow> {
        self.lines.get(&id)
    }

    pub(super) fn forget_before(&mut self, start: u64) {
        if self
            .lines
            .first_key_value()
            .is_some_and(|(id, _)| *id < start)
        {
            self.lines = self.lines.split_off(&start);
        }
    }

    /// The page to ask for so that all of `from..to` is here; `None` if it is or is on its way.
    pub(super) fn missing(
        &mut self,
        from: u64,
        to: u64,
        start: u64,
        end: u64,
    ) -> Option<(u64, u32)> {
        let gap = (from..to).find(|id| !self.lines.contains_key(id))?;
        if self
            .asked
            .is_some_and(|(first, last)| (first..last).contains(&gap))
        {
            return None;
        }
        // Half a page before, since people scroll on in the direction they came from.
        let first = gap.saturating_sub(PAGE / 2).max(start);
        let last = (first + PAGE).min(end);
        self.asked = Some((first, last));
        Some((first, (last - first) as u32))
    }

    pub(super) fn insert(&mut self, lines: &Lines) {
        self.asked = None;
        let styles: Arc<[Style]> = lines.styles.as_slice().into();
        for (index, row) in lines.rows.iter().enumerate() {
            let styled = StyledRow {
                row: row.clone(),
                styles: styles.clone(),
            };
            self.lines.insert(lines.first + index as u64, styled);
        }
        while self.lines.len() > KEPT {
            // From the side that is farther from what has just come.
            let far_end = self
                .lines
                .last_key_value()
                .is_some_and(|(id, _)| id.abs_diff(lines.first) > KEPT as u64 / 2);
            if far_end {
                self.lines.pop_last();
            } else {
                self.lines.pop_first();
            }
        }
    }
}
