//! The costs view: what it shows, how keys move in it, and its figures. It asks the daemon for all of them
//! anew whenever something was spent.

use ratatui::layout::Rect;

use super::keymap::Action;
use crate::domain::budget::Budget;
use crate::domain::{Cost, Day, MicroUsd, ProjectId};
use crate::protocol::{CostBy, CostLine, CostsView, ShowCosts};

/// What costs can be added up by here, in the order of the tabs.
pub const TABS: [(CostBy, &str); 5] = [
    (CostBy::Project, "Project"),
    (CostBy::Task, "Task"),
    (CostBy::Agent, "Agent"),
    (CostBy::Model, "Model"),
    (CostBy::Day, "Day"),
];

/// How far back it looks: days, and the words for them.
const RANGES: [(Option<u32>, &str); 3] = [
    (Some(7), "7 days"),
    (Some(30), "30 days"),
    (None, "all time"),
];

/// The state of the costs view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostsPage {
    tab: usize,
    range: usize,
    project: Option<ProjectId>,
    /// What has come, with what it answers.
    shown: Option<(ShowCosts, CostsView)>,
    /// Whether an answer is awaited, and whether there is more to ask then.
    asked: bool,
    again: bool,
    /// The first row shown.
    pub scroll: usize,
    /// Rows it had when last laid out.
    pub height: usize,
}

impl CostsPage {
    /// The costs of all projects, or of one.
    pub fn new(project: Option<ProjectId>) -> Self {
        Self {
            tab: 0,
            range: 1,
            project,
            shown: None,
            asked: false,
            again: false,
            scroll: 0,
            height: 1,
        }
    }

    /// What it is to show.
    fn wanted(&self) -> ShowCosts {
        ShowCosts {
            by: TABS[self.tab].0,
            days: RANGES[self.range].0,
            project: self.project,
        }
    }

    /// What to ask for now; `None` while an answer is awaited: the next follows that.
    pub fn ask(&mut self) -> Option<ShowCosts> {
        self.again = self.asked;
        let now = !std::mem::replace(&mut self.asked, true);
        now.then(|| self.wanted())
    }

    /// An answer has come; what to ask for next.
    pub fn come(&mut self, asked: ShowCosts, view: CostsView) -> Option<ShowCosts> {
        self.asked = false;
        let next = (self.again || asked != self.wanted()).then(|| self.ask());
        self.shown = Some((asked, view));
        self.scroll_by(0);
        next.flatten()
    }

    /// No answer will come.
    pub fn forget(&mut self) {
        (self.asked, self.again) = (false, false);
    }

    /// The tab that is chosen.
    pub fn tab(&self) -> usize {
        self.tab
    }

    /// Chooses a tab; whether it is another one.
    pub fn choose(&mut self, tab: usize) -> bool {
        let other = tab < TABS.len() && tab != self.tab;
        if other {
            (self.tab, self.scroll) = (tab, 0);
        }
        other
    }

    /// How far back it looks, in words.
    pub fn range(&self) -> &'static str {
        RANGES[self.range].1
    }

    /// The project it is about; `None`: all.
    pub fn project(&self) -> Option<ProjectId> {
        self.project
    }

    /// What is known; `None` until it has come.
    pub fn view(&self) -> Option<&CostsView> {
        self.shown.as_ref().map(|(_, view)| view)
    }

    /// By what the rows that have come are added up.
    pub fn by(&self) -> CostBy {
        self.shown
            .as_ref()
            .map_or(CostBy::Day, |(asked, _)| asked.by)
    }

    /// The rows: days with the newest first, else the dearest first.
    pub fn rows(&self) -> Vec<&CostLine> {
        let lines = self.view().map_or(&[][..], |view| &view.lines);
        match self.by() {
            CostBy::Day => lines.iter().rev().collect(),
            _ => lines.iter().collect(),
        }
    }

    /// The budgets that are not of a task, the day's first.
    pub fn budgets(&self) -> &[Budget] {
        self.view().map_or(&[], |view| &view.budgets)
    }

    /// Scrolls by rows; whether anything moved.
    pub fn scroll_by(&mut self, rows: isize) -> bool {
        let before = self.scroll;
        let count = self.view().map_or(0, |view| view.lines.len());
        let end = count.saturating_sub(self.height);
        self.scroll = self.scroll.saturating_add_signed(rows).min(end);
        self.scroll != before
    }

    /// Does what a key asks for: whether something else is to be shown, and what to ask for that.
    pub fn act(&mut self, action: Action) -> (bool, Option<ShowCosts>) {
        let page = self.height.saturating_sub(1).max(1) as isize;
        let moved = match action {
            Action::NextTab | Action::PreviousTab => {
                let by = if action == Action::NextTab {
                    1
                } else {
                    TABS.len() - 1
                };
                self.choose((self.tab + by) % TABS.len());
                return (true, self.ask());
            }
            Action::Range => {
                self.range = (self.range + 1) % RANGES.len();
                self.scroll = 0;
                return (true, self.ask());
            }
            Action::RowUp => self.scroll_by(-1),
            Action::RowDown => self.scroll_by(1),
            Action::ViewPageUp => self.scroll_by(-page),
            Action::ViewPageDown => self.scroll_by(page),
            Action::ViewTop => self.scroll_by(isize::MIN),
            Action::ViewBottom => self.scroll_by(isize::MAX),
            _ => false,
        };
        (moved, None)
    }
}

/// What was spent in a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The time, in words.
    pub name: String,
    /// `None`: nothing was used.
    pub cost: Option<Cost>,
}

impl CostsPage {
    /// Today, this week, this month, and the range that is looked at.
    pub fn totals(&self) -> Vec<Total> {
        let Some((asked, view)) = &self.shown else {
            return Vec::new();
        };
        let today = view.today;
        let range = RANGES.iter().find(|(days, _)| *days == asked.days);
        let name = match (asked.days, range) {
            (Some(days), _) => format!("Last {days} days"),
            (None, _) => "All time".to_owned(),
        };
        let first = asked.days.map_or(Day(i32::MIN), |days| today.before(days));
        [
            ("Today".to_owned(), today),
            ("This week".to_owned(), today.week()),
            ("This month".to_owned(), today.month()),
            (name, first),
        ]
        .into_iter()
        .map(|(name, since)| Total {
            name,
            cost: since_day(&view.days, since),
        })
        .collect()
    }

    /// The last days of the range, at most so many, today last: each with what was used.
    pub fn days(&self, most: usize) -> Vec<(Day, Option<Cost>)> {
        let Some((asked, view)) = &self.shown else {
            return Vec::new();
        };
        let known: Vec<(Day, Cost)> = view
            .days
            .iter()
            .filter_map(|line| Some((Day::parse(&line.key)?, line.cost)))
            .collect();
        // All of the time there is, but no less than a month: few bars look like a mistake.
        let oldest = known.first().map_or(view.today, |(day, _)| *day);
        let age = view.today.0.saturating_sub(oldest.0).max(0) as u32;
        let count = asked.days.unwrap_or(age.saturating_add(1).max(30));
        let count = count.min(most.try_into().unwrap_or(u32::MAX));
        let first = view.today.before(count.max(1));
        (first.0..=view.today.0)
            .map(Day)
            .map(|day| {
                let found = known.iter().find(|(known, _)| *known == day);
                (day, found.map(|(_, cost)| *cost))
            })
            .collect()
    }
}

/// What was spent from a day on.
fn since_day(days: &[CostLine], since: Day) -> Option<Cost> {
    days.iter()
        .filter(|line| Day::parse(&line.key).is_some_and(|day| day >= since))
        .map(|line| line.cost)
        .reduce(Cost::and)
}

/// How many eighths of `cells` cells `part` of `whole` takes: at least one where it is anything at all.
pub fn eighths(part: MicroUsd, whole: MicroUsd, cells: u16) -> usize {
    if part.0 <= 0 || whole.0 <= 0 {
        return 0;
    }
    let all = i128::from(cells) * 8;
    let eighths = (i128::from(part.0) * all + i128::from(whole.0) / 2) / i128::from(whole.0);
    eighths.clamp(1, all.max(1)) as usize
}

/// The parts of the view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    /// The totals, side by side: three rows, or one.
    pub totals: Rect,
    /// The budgets, a row each.
    pub budgets: Rect,
    /// The bars with their axes; empty where there is no room.
    pub chart: Rect,
    /// The tabs.
    pub tabs: Rect,
    /// The headings of the columns.
    pub head: Rect,
    /// The rows.
    pub list: Rect,
    /// What the marks mean.
    pub legend: Rect,
}

impl Areas {
    /// The parts of `inner`, the inside of the frame, where there are so many budgets.
    pub fn new(inner: Rect, budgets: usize) -> Areas {
        let mut rest = inner;
        let mut top = |rows: u16, gap: u16| {
            let rows = rows.min(rest.height);
            let part = Rect {
                height: rows,
                ..rest
            };
            let taken = (rows + gap).min(rest.height);
            rest.y += taken;
            rest.height -= taken;
            part
        };
        let high = inner.height;
        let totals = if high >= 12 { top(3, 1) } else { top(1, 1) };
        // The day's at least, where there is any room.
        let most = match high {
            0..9 => 0,
            9..24 => 1,
            24..34 => 3,
            _ => 6,
        };
        let budgets = budgets.min(most) as u16;
        let budgets = top(budgets, u16::from(budgets > 0 && high >= 17));
        let chart = match high {
            ..17 => Rect::default(),
            _ => top(((high - 2) / 4).clamp(4, 10) + 1, 1),
        };
        let tabs = top(1, u16::from(high >= 24));
        let head = top(1, 0);
        let legend = if rest.height > 3 { 1 } else { 0 };
        rest.height -= legend;
        Areas {
            totals,
            budgets,
            chart,
            tabs,
            head,
            list: rest,
            legend: Rect {
                y: rest.bottom(),
                height: legend,
                ..rest
            },
        }
    }
}

#[cfg(test)]
mod tests;
