//! The output of a task's check, in a pane below its changes: live while it runs, followed as long as its end
//! is in sight.

use crate::protocol::CheckReport;
use crate::tui::text::clean;

/// The pane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckPane {
    /// What is known; `None` until it has come.
    pub report: Option<CheckReport>,
    /// Why there is nothing to show.
    pub error: Option<String>,
    /// Whether an answer is awaited.
    pub asked: bool,
    lines: Vec<String>,
    /// The first line shown; `None`: the end is followed.
    scroll: Option<usize>,
    height: usize,
}

impl CheckPane {
    /// Something has come.
    pub fn come(&mut self, report: CheckReport) {
        let output = report.output.lines();
        self.lines = output.map(|line| clean(line).into_owned()).collect();
        self.report = Some(report);
        (self.asked, self.error) = (false, None);
        self.scroll_by(0);
    }

    /// A check begins: what the one before has printed is old.
    pub fn begin(&mut self) {
        let height = self.height;
        *self = CheckPane {
            asked: true,
            height,
            ..CheckPane::default()
        };
    }

    /// It cannot be had.
    pub fn refused(&mut self, why: String) {
        self.asked = false;
        self.error = Some(why);
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        let report = self.report.as_ref();
        report.is_some_and(|report| report.check.running)
    }

    fn end(&self) -> usize {
        self.lines.len().saturating_sub(self.height)
    }

    /// The first line shown.
    pub fn first(&self) -> usize {
        self.scroll.unwrap_or(usize::MAX).min(self.end())
    }

    /// What it printed.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Takes the height it has on the screen.
    pub fn fit(&mut self, height: usize) {
        self.height = height;
    }

    /// Scrolls by lines; whether anything moved. At the end it is followed again.
    pub fn scroll_by(&mut self, by: isize) -> bool {
        let before = self.first();
        let to = before.saturating_add_signed(by);
        if by != 0 {
            self.scroll = (to < self.end()).then_some(to);
        }
        self.first() != before
    }

    /// Scrolls by half of what is in sight.
    pub fn page(&mut self, forth: bool) -> bool {
        let half = (self.height / 2).max(1) as isize;
        self.scroll_by(if forth { half } else { -half })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::check::Freshness;
    use crate::protocol::CheckView;

    fn printed(lines: usize) -> CheckReport {
        CheckReport {
            check: CheckView {
                running: true,
                verdict: None,
                freshness: Freshness::Unknown,
                at: Timestamp(0),
                took: 0,
            },
            command: "make test".into(),
            output: "a line\n".repeat(lines),
        }
    }

    #[test]
    fn the_end_is_followed_until_one_scrolls_away_and_again_from_the_end_on() {
        let mut pane = CheckPane::default();
        pane.fit(4);
        pane.come(printed(10));
        assert_eq!(pane.first(), 6);
        pane.come(printed(12));
        assert_eq!(pane.first(), 8, "followed");
        assert!(pane.page(false));
        pane.come(printed(20));
        assert_eq!(pane.first(), 6, "one reads");
        assert!(pane.scroll_by(isize::MAX));
        pane.come(printed(30));
        assert_eq!(pane.first(), 26, "followed again");
        pane.begin();
        assert_eq!((pane.first(), pane.lines().len()), (0, 0));
        assert!(!pane.scroll_by(5));
    }
}
