//! The radar: every two tasks that change the same files right now, and whether that is a conflict.

use super::RowList;
use crate::domain::ProjectId;
use crate::protocol::{OverlapView, Request};

/// The state of the radar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RadarPage {
    /// Of one project; `None`: of all.
    project: Option<ProjectId>,
    found: Option<Vec<OverlapView>>,
    /// Why it cannot be had.
    pub error: Option<String>,
    /// Whether an answer is awaited.
    pub asked: bool,
    /// The rows.
    pub list: RowList,
}

impl RadarPage {
    /// The radar of a project, or of all.
    pub fn new(project: Option<ProjectId>) -> Self {
        Self {
            project,
            ..Self::default()
        }
    }

    pub(super) fn ask(&mut self) -> Request {
        self.asked = true;
        Request::ListOverlaps(self.project)
    }

    /// It has come.
    pub fn come(&mut self, mut found: Vec<OverlapView>) {
        // What hurts first; else as the daemon has it.
        found.sort_by_key(|overlap| overlap.conflicts.is_empty());
        let here = self.overlaps().get(self.list.selected);
        let same = |other: &&OverlapView| {
            here.is_some_and(|here| (other.task, &other.with) == (here.task, &here.with))
        };
        let at = found.iter().position(|other| same(&other));
        self.list.selected = at.unwrap_or(self.list.selected);
        self.list.select(found.len(), self.list.selected);
        self.found = Some(found);
        (self.asked, self.error) = (false, None);
    }

    /// Whether it has come once.
    pub fn is_loaded(&self) -> bool {
        self.found.is_some()
    }

    /// The rows: conflicts first.
    pub fn overlaps(&self) -> &[OverlapView] {
        self.found.as_deref().unwrap_or_default()
    }

    /// The selected one.
    pub fn here(&self) -> Option<&OverlapView> {
        self.overlaps().get(self.list.selected)
    }
}
