//! The parts of the list of sessions.

use ratatui::layout::Rect;

/// Rows of what there is to say about the selected one: a rule and two lines.
const DETAIL: u16 = 3;

/// The parts of the list of sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    /// Where is searched, and of which project.
    pub tabs: Rect,
    /// What is searched.
    pub line: Rect,
    /// The rows.
    pub list: Rect,
    /// More about the selected one; empty where there is no room.
    pub detail: Rect,
}

impl Areas {
    /// The parts of `inner`, the inside of the frame.
    pub fn new(inner: Rect) -> Areas {
        let row = |y: u16| Rect {
            y: inner.y + y,
            height: u16::from(inner.height > y),
            ..inner
        };
        let below = if inner.height >= 12 { DETAIL } else { 0 };
        let above = 2.min(inner.height);
        let list = Rect {
            y: inner.y + above,
            height: inner.height - above - below,
            ..inner
        };
        Areas {
            tabs: row(0),
            line: row(1),
            list,
            detail: Rect {
                y: list.bottom(),
                height: below,
                ..inner
            },
        }
    }
}
