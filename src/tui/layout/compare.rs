//! Where the parts of a comparison are.

use ratatui::layout::Rect;

use super::{Hit, Layout, take_top};

/// The parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompareAreas {
    /// Who the sides are.
    pub heads: [Rect; 2],
    /// The line below that.
    pub rule: Rect,
    /// The lines of both.
    pub lines: Rect,
    /// The halves of those.
    pub halves: [Rect; 2],
}

/// Places them in `inner`.
pub(super) fn place(layout: &mut Layout, inner: Rect) {
    let mut rest = inner;
    let top = take_top(&mut rest, if inner.height >= 8 { 2 } else { 1 });
    let rule = take_top(&mut rest, 1);
    let halves = |area: Rect| {
        let left = area.width.saturating_sub(1) / 2;
        let right = Rect {
            x: area.x + left + 1,
            width: area.width.saturating_sub(left + 1),
            ..area
        };
        [
            Rect {
                width: left,
                ..area
            },
            right,
        ]
    };
    layout.compare = CompareAreas {
        heads: halves(top),
        rule,
        lines: rest,
        halves: halves(rest),
    };
    // A click on either half gives it the keys.
    for (side, (head, half)) in layout
        .compare
        .heads
        .into_iter()
        .zip(layout.compare.halves)
        .enumerate()
    {
        layout.hits.push((head, Hit::Tab(side)));
        layout.hits.push((half, Hit::Tab(side)));
    }
}
