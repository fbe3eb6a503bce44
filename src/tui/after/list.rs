//! A list of rows: which one is selected, and which is the first in sight.

use crate::tui::keymap::Action;

/// The state of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowList {
    /// The selected row.
    pub selected: usize,
    /// The first row shown.
    pub scroll: usize,
    /// Rows there were when last laid out.
    pub height: usize,
}

impl RowList {
    /// Selects a row, as near as there is one; whether anything moved.
    pub fn select(&mut self, count: usize, row: usize) -> bool {
        let before = (self.selected, self.scroll);
        self.selected = row.min(count.saturating_sub(1));
        let height = self.height.max(1);
        let first = (self.selected + 1).saturating_sub(height);
        self.scroll = self.scroll.clamp(first, self.selected);
        (self.selected, self.scroll) != before
    }

    /// Takes the height it has on the screen.
    pub fn fit(&mut self, count: usize, height: usize) {
        self.height = height;
        self.scroll = self.scroll.min(count.saturating_sub(height));
        self.select(count, self.selected);
    }

    /// Does what a key of the list context asks for; whether anything moved.
    pub fn act(&mut self, count: usize, action: Action) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        let to = match action {
            Action::RowUp => self.selected.saturating_sub(1),
            Action::RowDown => self.selected + 1,
            Action::ViewPageUp => self.selected.saturating_sub(page),
            Action::ViewPageDown => self.selected + page,
            Action::ViewTop => 0,
            Action::ViewBottom => usize::MAX,
            _ => return false,
        };
        self.select(count, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_stays_in_sight_and_within_the_list() {
        let mut list = RowList::default();
        list.fit(10, 4);
        for (action, selected, scroll) in [
            (Action::RowUp, 0, 0),
            (Action::RowDown, 1, 0),
            (Action::ViewPageDown, 4, 1),
            (Action::ViewBottom, 9, 6),
            (Action::RowDown, 9, 6),
            (Action::RowUp, 8, 6),
            (Action::ViewPageUp, 5, 5),
            (Action::ViewTop, 0, 0),
        ] {
            list.act(10, action);
            assert_eq!(
                (list.selected, list.scroll),
                (selected, scroll),
                "{action:?}"
            );
        }
        list.act(10, Action::ViewBottom);
        list.fit(3, 4);
        assert_eq!((list.selected, list.scroll), (2, 0), "fewer rows");
        list.fit(0, 4);
        assert_eq!((list.selected, list.scroll), (0, 0), "none");
    }
}
