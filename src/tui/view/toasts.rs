//! Draws the messages where the layout has put them, over whatever is there.

use ratatui::buffer::Buffer;
use ratatui::widgets::{Clear, Widget};

use super::bars;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::theme::Role;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout) {
    for bar in &layout.toasts {
        let area = bar.area.intersection(buf.area);
        Clear.render(area, buf);
        buf.set_style(area, model.theme.style(Role::Text));
        bars::draw(buf, bar, &model.theme);
    }
}
