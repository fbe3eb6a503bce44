//! Where the parts of a task's changes are.

use ratatui::layout::Rect;

use super::bars::{self, Bar};
use super::{Hit, Layout, take_bottom, take_top};
use crate::tui::changes::Changes;
use crate::tui::theme::Theme;

/// From this width on the list of files stands beside the lines.
const LIST: u16 = 110;

/// The parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangesAreas {
    /// What is shown of the changes, and how much they are.
    pub tabs: Bar,
    /// The list of files; empty where there is no room.
    pub list: Rect,
    /// The first file in the list.
    pub first: usize,
    /// The line between list and lines.
    pub rule: Rect,
    /// The file that the first line belongs to.
    pub head: Rect,
    /// The lines.
    pub lines: Rect,
    /// What the check prints, below a rule; empty where that is not shown.
    pub check: Rect,
}

/// Places them in `inner`.
pub(super) fn place(layout: &mut Layout, page: &Changes, inner: Rect, theme: &Theme) {
    let mut rest = inner;
    let top = take_top(&mut rest, 1);
    let mut areas = ChangesAreas {
        tabs: bars::changes_tabs(page, top, theme),
        ..ChangesAreas::default()
    };
    if page.check.is_some() {
        areas.check = take_bottom(&mut rest, (inner.height / 3).clamp(4, 14));
    }
    if inner.width >= LIST && page.patch.files.len() > 1 {
        let wide = (inner.width / 4).clamp(26, 44);
        areas.list = Rect {
            width: wide,
            ..rest
        };
        areas.rule = Rect {
            x: rest.x + wide,
            width: 1,
            ..rest
        };
        rest.x += wide + 2;
        rest.width -= wide + 2;
    }
    areas.head = take_top(&mut rest, 1);
    areas.lines = rest;
    for segment in &areas.tabs.segments {
        layout
            .hits
            .extend(segment.hit.map(|hit| (segment.area, hit)));
    }
    let here = page
        .rows()
        .get(page.cursor)
        .map_or(0, |row| row.file as usize);
    let height = usize::from(areas.list.height).max(1);
    let most = page.patch.files.len().saturating_sub(height);
    areas.first = here.saturating_sub(height / 2).min(most);
    let files = areas.first..page.patch.files.len();
    for (file, y) in files.zip(areas.list.top()..areas.list.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..areas.list
        };
        layout.hits.push((row, Hit::File(file)));
    }
    layout.hits.push((areas.check, Hit::Check));
    layout.place_rows(areas.lines, page.scroll..page.rows().len());
    layout.changes = areas;
}
