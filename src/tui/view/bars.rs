//! Header, footer, tabs.

use ratatui::buffer::Buffer;

use super::put;
use crate::tui::layout::Bar;
use crate::tui::theme::{Role, Theme};

pub(super) fn draw(buf: &mut Buffer, bar: &Bar, theme: &Theme) {
    for segment in &bar.segments {
        put(buf, segment.area, &segment.text, segment.role, theme);
    }
}

/// Tabs: the chosen one stands out by more than its weight.
pub(super) fn draw_tabs(buf: &mut Buffer, bar: &Bar, theme: &Theme) {
    draw(buf, bar, theme);
    for segment in &bar.segments {
        if segment.role == Role::Selected {
            buf.set_style(segment.area, theme.style(Role::Tab));
        }
    }
}
