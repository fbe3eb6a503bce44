//! The report: what was accepted in a time, what it cost, how long it waited for the user.

use super::RowList;
use crate::domain::ProjectId;
use crate::protocol::{ReportLine, ReportView, ReportWish, Request};

/// The times it can be of, in the order of the tabs: days up to today.
pub const RANGES: [(u32, &str); 3] = [(1, "Today"), (7, "7 days"), (30, "30 days")];

/// The state of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportPage {
    project: Option<ProjectId>,
    range: usize,
    view: Option<ReportView>,
    /// Why it cannot be had.
    pub error: Option<String>,
    /// The rows.
    pub list: RowList,
}

impl ReportPage {
    /// The report of today.
    pub fn new(project: Option<ProjectId>) -> Self {
        Self {
            project,
            ..Self::default()
        }
    }

    fn wish(&self) -> ReportWish {
        ReportWish {
            days: RANGES[self.range].0,
            project: self.project,
        }
    }

    pub(super) fn ask(&mut self) -> Request {
        Request::Report(self.wish())
    }

    /// An answer has come; one to what is no longer asked is left out.
    pub fn come(&mut self, asked: ReportWish, view: ReportView) {
        if asked == self.wish() {
            self.list.select(view.lines.len(), self.list.selected);
            self.view = Some(view);
            self.error = None;
        }
    }

    /// The tab that is chosen.
    pub fn range(&self) -> usize {
        self.range
    }

    /// Chooses a tab; whether it is another one.
    pub fn choose(&mut self, range: usize) -> bool {
        let other = range < RANGES.len() && range != self.range;
        if other {
            self.range = range;
            self.view = None;
            self.list = RowList {
                height: self.list.height,
                ..RowList::default()
            };
        }
        other
    }

    /// What is known; `None` until it has come.
    pub fn view(&self) -> Option<&ReportView> {
        self.view.as_ref()
    }

    /// The rows, the newest first.
    pub fn lines(&self) -> &[ReportLine] {
        self.view.as_ref().map_or(&[], |view| &view.lines)
    }
}
