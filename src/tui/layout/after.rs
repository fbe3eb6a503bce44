//! Where the parts of the radar, the report and of tidying up are.

use ratatui::layout::Rect;

use super::bars::{self, Bar};
use super::{Hit, Layout, take_bottom, take_top};
use crate::tui::after::AfterPage;

/// The parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AfterAreas {
    /// Of which time the report is.
    pub tabs: Bar,
    /// Its totals: three rows, or one.
    pub totals: Rect,
    /// The headings of the columns.
    pub head: Rect,
    /// The rows.
    pub list: Rect,
    /// More about the selected row, below a rule.
    pub detail: Rect,
}

/// Places them in `inner`.
pub(super) fn place(layout: &mut Layout, page: &AfterPage, inner: Rect) {
    let mut rest = inner;
    let mut areas = AfterAreas::default();
    if let AfterPage::Report(report) = page {
        areas.tabs = bars::report_tabs(report, take_top(&mut rest, 1));
        let gap = u16::from(inner.height >= 10);
        take_top(&mut rest, gap);
        areas.totals = take_top(&mut rest, if inner.height >= 12 { 3 } else { 1 });
        take_top(&mut rest, gap);
    } else {
        let below = match page {
            AfterPage::Radar(_) => 8,
            _ => 5,
        };
        areas.detail = take_bottom(&mut rest, below.min(inner.height / 2));
    }
    areas.head = take_top(&mut rest, u16::from(inner.height >= 10));
    areas.list = rest;
    for segment in &areas.tabs.segments {
        let hit = segment.hit.map(|hit| (segment.area, hit));
        layout.hits.extend(hit);
    }
    layout.place_rows(areas.list, page.list().scroll..page.count());
    layout.after = areas;
    layout.hits.push((layout.after.detail, Hit::Overlay));
}
