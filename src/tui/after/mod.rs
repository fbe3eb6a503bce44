//! What is beside and after a review: the radar, the report, tidying up. What each shows, which row is
//! selected, how keys move.
//!
//! Invariants: everything shown has come from the daemon, and nothing is removed without a question; one
//! question to the daemon is on its way at a time.

mod list;
mod radar;
mod report;
mod tidy;

pub use list::RowList;
pub use radar::RadarPage;
pub use report::{RANGES, ReportPage};
pub use tidy::TidyPage;

use super::keymap::Action;
use crate::protocol::Request;

/// One of the three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterPage {
    /// Which tasks change the same files.
    Radar(RadarPage),
    /// What was done.
    Report(ReportPage),
    /// What can be cleaned away.
    Tidy(TidyPage),
}

impl AfterPage {
    /// Its rows.
    pub fn list(&self) -> &RowList {
        match self {
            AfterPage::Radar(page) => &page.list,
            AfterPage::Report(page) => &page.list,
            AfterPage::Tidy(page) => &page.list,
        }
    }

    fn list_mut(&mut self) -> &mut RowList {
        match self {
            AfterPage::Radar(page) => &mut page.list,
            AfterPage::Report(page) => &mut page.list,
            AfterPage::Tidy(page) => &mut page.list,
        }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        match self {
            AfterPage::Radar(page) => page.overlaps().len(),
            AfterPage::Report(page) => page.lines().len(),
            AfterPage::Tidy(page) => page.views().len(),
        }
    }

    /// What to ask the daemon now.
    pub fn ask(&mut self) -> Request {
        match self {
            AfterPage::Radar(page) => page.ask(),
            AfterPage::Report(page) => page.ask(),
            AfterPage::Tidy(page) => page.ask(),
        }
    }

    /// It cannot be had.
    pub fn refused(&mut self, why: String) {
        match self {
            AfterPage::Radar(page) => {
                page.error = Some(why);
                page.asked = false;
            }
            AfterPage::Report(page) => page.error = Some(why),
            AfterPage::Tidy(page) => page.error = Some(why),
        }
    }

    /// Takes the height its rows have on the screen.
    pub fn fit(&mut self, height: usize) {
        let count = self.count();
        self.list_mut().fit(count, height);
    }

    /// Does what a key of the list context asks for; whether anything moved.
    pub fn act(&mut self, action: Action) -> bool {
        let count = self.count();
        self.list_mut().act(count, action)
    }

    /// Selects a row; whether it was selected already.
    pub fn click(&mut self, row: usize) -> bool {
        let count = self.count();
        let list = self.list_mut();
        let again = list.selected == row;
        list.select(count, row);
        again
    }

    /// Moves the selection by rows; whether anything moved.
    pub fn step(&mut self, by: isize) -> bool {
        let count = self.count();
        let list = self.list_mut();
        let to = list.selected.saturating_add_signed(by);
        list.select(count, to)
    }
}
