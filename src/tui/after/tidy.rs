//! Tidying up: which worktrees and branches of done tasks would go, and by which rule. What has landed is
//! marked; the user may mark others, or take marks away.

use std::collections::BTreeSet;

use super::RowList;
use crate::domain::TaskId;
use crate::protocol::{Request, TidyView, TidyWish};

/// The state of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TidyPage {
    views: Option<Vec<TidyView>>,
    marked: BTreeSet<TaskId>,
    /// Why it cannot be had.
    pub error: Option<String>,
    /// The rows.
    pub list: RowList,
}

impl TidyPage {
    pub(super) fn ask(&mut self) -> Request {
        Request::Tidy(TidyWish {
            dry_run: true,
            ..TidyWish::default()
        })
    }

    /// What there is has come: what has landed is marked.
    pub fn come(&mut self, mut views: Vec<TidyView>) {
        views.sort_by_key(|view| !view.goes);
        let goes = views.iter().filter(|view| view.goes);
        self.marked = goes.map(|view| view.task).collect();
        self.list.select(views.len(), self.list.selected);
        self.views = Some(views);
        self.error = None;
    }

    /// Whether it has come once.
    pub fn is_loaded(&self) -> bool {
        self.views.is_some()
    }

    /// The rows: what has landed first.
    pub fn views(&self) -> &[TidyView] {
        self.views.as_deref().unwrap_or_default()
    }

    /// The selected one.
    pub fn here(&self) -> Option<&TidyView> {
        self.views().get(self.list.selected)
    }

    /// Whether a task's worktree is to go.
    pub fn is_marked(&self, task: TaskId) -> bool {
        self.marked.contains(&task)
    }

    /// Those that are to go.
    pub fn marked(&self) -> Vec<&TidyView> {
        let views = self.views().iter();
        views.filter(|view| self.is_marked(view.task)).collect()
    }

    /// Marks the selected one, or takes its mark away; whether there is one.
    pub fn toggle(&mut self) -> bool {
        let Some(task) = self.here().map(|view| view.task) else {
            return false;
        };
        if !self.marked.remove(&task) {
            self.marked.insert(task);
        }
        true
    }

    /// The request that removes what is marked; `None` where nothing is.
    pub fn removal(&self) -> Option<Request> {
        let tasks: Vec<TaskId> = self.marked().iter().map(|view| view.task).collect();
        (!tasks.is_empty()).then_some({
            Request::Tidy(TidyWish {
                tasks,
                days: None,
                dry_run: false,
            })
        })
    }
}
