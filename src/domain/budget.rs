//! Budgets: how much may be spent on a task, a project, a workspace and a day, and what follows from it.
//!
//! Pure. Invariants: a budget is unlimited only by an explicit word; what already runs is reckoned with
//! before something else starts; a cost that is not known is never taken for none, it is said.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::cost::Cost;
use super::ids::{ProjectId, TaskId};
use super::units::MicroUsd;

/// The most money anything is said to cost: a million dollars.
pub const MOST: MicroUsd = MicroUsd(1_000_000_000_000);

/// A task's own budget where it was said to be unlimited.
const UNLIMITED: MicroUsd = MicroUsd(i64::MAX);

/// What a budget is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetOf {
    /// A task, from its beginning to its end.
    Task(TaskId),
    /// All tasks of a project, in a calendar month.
    Project(ProjectId),
    /// All projects of a workspace, in a calendar month.
    Workspace(String),
    /// Everything, in a day.
    Day,
}

/// How much may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// So much.
    Usd(MicroUsd),
    /// Whatever it costs.
    Unlimited,
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetState {
    /// There is enough left.
    Enough,
    /// Most of it is spent.
    Short,
    /// All of it is spent.
    Spent,
}

/// A budget and what was spent of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// What it is of.
    pub of: BudgetOf,
    /// What that is called, in words for a sentence: `task 12`, `the day`.
    pub name: String,
    /// How much may be spent.
    pub limit: Limit,
    /// What was spent; `None` where nothing is known of it.
    pub spent: Option<Cost>,
    /// What the agents that run in it are still expected to spend.
    pub reserved: MicroUsd,
    /// How it stands.
    pub state: BudgetState,
}

impl Limit {
    /// The limit in `text`: dollars (`5`, `$2.50`), or the word `unlimited`.
    ///
    /// # Errors
    /// One sentence where it is neither.
    pub fn parse(text: &str) -> Result<Limit, String> {
        if text.trim().eq_ignore_ascii_case("unlimited") {
            return Ok(Limit::Unlimited);
        }
        let wrong = || format!("`{text}` is neither dollars, such as 5 or 0.75, nor `unlimited`");
        let digits = text.trim().trim_start_matches('$');
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let none = whole.is_empty() && part.is_empty();
        if none || part.len() > 6 || !digits_only(whole) || !digits_only(part) {
            return Err(wrong());
        }
        let micros = format!("{whole}{part:0<6}").parse::<i64>();
        match micros.map(MicroUsd) {
            Ok(micros) if micros <= MOST => Ok(Limit::Usd(micros)),
            _ => Err("an amount is at most a million dollars; or `unlimited`".to_owned()),
        }
    }

    /// So many dollars.
    ///
    /// # Errors
    /// One sentence where that is no amount.
    pub fn of_dollars(dollars: f64) -> Result<Limit, String> {
        let micros = (dollars * 1e6).round();
        match (0.0..=MOST.0 as f64).contains(&micros) {
            true => Ok(Limit::Usd(MicroUsd(micros as i64))),
            false => Err("an amount is between 0 and a million dollars; or `unlimited`".to_owned()),
        }
    }

    /// The amount; `None` where there is none.
    pub fn usd(self) -> Option<MicroUsd> {
        match self {
            Limit::Usd(usd) => Some(usd),
            Limit::Unlimited => None,
        }
    }

    /// As a task keeps it.
    pub fn stored(self) -> MicroUsd {
        match self {
            Limit::Usd(usd) => usd,
            Limit::Unlimited => UNLIMITED,
        }
    }

    /// What a task keeps.
    pub fn from_stored(usd: MicroUsd) -> Limit {
        match usd {
            UNLIMITED => Limit::Unlimited,
            usd => Limit::Usd(usd),
        }
    }

    /// It with so much more.
    pub fn plus(self, more: MicroUsd) -> Limit {
        match self {
            Limit::Usd(usd) => Limit::Usd(MicroUsd(usd.0.saturating_add(more.0).clamp(0, MOST.0))),
            Limit::Unlimited => Limit::Unlimited,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Usd(usd) => f.pad(&usd.to_string()),
            Limit::Unlimited => f.pad("unlimited"),
        }
    }
}

impl Budget {
    /// A budget, with how it stands where `warn_at` percent of it are most of it.
    pub fn new(
        of: BudgetOf,
        name: impl Into<String>,
        limit: Limit,
        spent: Option<Cost>,
        reserved: MicroUsd,
        warn_at: u8,
    ) -> Budget {
        let usd = spent.map_or(0, |cost| i128::from(cost.usd.0));
        let state = match limit {
            Limit::Usd(limit) if usd >= i128::from(limit.0) => BudgetState::Spent,
            Limit::Usd(limit) if usd * 100 >= i128::from(limit.0) * i128::from(warn_at) => {
                BudgetState::Short
            }
            _ => BudgetState::Enough,
        };
        Budget {
            of,
            name: name.into(),
            limit,
            spent,
            reserved,
            state,
        }
    }

    /// What was spent, as far as it is known.
    pub fn usd(&self) -> MicroUsd {
        self.spent.map_or(MicroUsd(0), |cost| cost.usd)
    }

    /// How much of it is spent, in percent; `None` where it is unlimited.
    pub fn percent(&self) -> Option<u32> {
        match self.limit {
            Limit::Usd(MicroUsd(0)) => Some(100),
            Limit::Usd(limit) => {
                let percent = i128::from(self.usd().0.max(0)) * 100 / i128::from(limit.0);
                Some(u32::try_from(percent).unwrap_or(u32::MAX))
            }
            Limit::Unlimited => None,
        }
    }

    /// Whether some of what was spent in it is not known.
    pub fn is_uncertain(&self) -> bool {
        self.spent.is_some_and(|cost| cost.unpriced)
    }

    /// `$4.12 of $10.00`, and what is not in it.
    pub fn words(&self) -> String {
        let spent = match self.spent {
            Some(cost) => cost.to_string(),
            None => MicroUsd(0).to_string(),
        };
        let rest = match self.is_uncertain() {
            true => "; some models have no price, so a budget cannot hold them",
            false => "",
        };
        match self.limit {
            Limit::Usd(limit) => format!("{spent} of {limit}{rest}"),
            Limit::Unlimited => format!("{spent}, unlimited{rest}"),
        }
    }

    /// Why nothing more may start in it, if so: one sentence.
    fn refusal(&self) -> Option<String> {
        let Limit::Usd(limit) = self.limit else {
            return None;
        };
        let usd = self.usd();
        if usd >= limit {
            return Some(format!(
                "{} has used up its budget: {}",
                self.name,
                self.words()
            ));
        }
        let reckoned = usd.0.saturating_add(self.reserved.0);
        (self.reserved.0 > 0 && reckoned >= limit.0).then(|| {
            format!(
                "what already runs may use up the budget of {}: {} spent, {} reckoned for what runs",
                self.name,
                self.words(),
                self.reserved
            )
        })
    }
}

/// Why a task whose budgets these are may not start, nor go on to another iteration: one sentence. `None`:
/// it may.
pub fn refusal(budgets: &[Budget]) -> Option<String> {
    budgets.iter().find_map(Budget::refusal)
}

/// The first of these that is used up.
pub fn used_up(budgets: &[Budget]) -> Option<&Budget> {
    budgets
        .iter()
        .find(|budget| budget.state == BudgetState::Spent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cost::Basis;

    fn dollars(usd: f64) -> MicroUsd {
        MicroUsd((usd * 1e6) as i64)
    }

    fn cost(usd: f64, unpriced: bool) -> Option<Cost> {
        Some(Cost {
            usd: dollars(usd),
            basis: Basis::Reported,
            unpriced,
            tokens: 1,
        })
    }

    fn budget(limit: Limit, spent: Option<Cost>, reserved: f64) -> Budget {
        Budget::new(
            BudgetOf::Day,
            "the day",
            limit,
            spent,
            dollars(reserved),
            80,
        )
    }

    #[test]
    fn how_a_budget_stands() {
        use BudgetState::{Enough, Short, Spent};
        let ten = Limit::Usd(dollars(10.0));
        for (limit, spent, state, percent) in [
            (ten, None, Enough, Some(0)),
            (ten, cost(7.99, false), Enough, Some(79)),
            (ten, cost(8.0, false), Short, Some(80)),
            (ten, cost(9.99, true), Short, Some(99)),
            (ten, cost(10.0, false), Spent, Some(100)),
            (ten, cost(31.0, false), Spent, Some(310)),
            (Limit::Usd(MicroUsd(0)), None, Spent, Some(100)),
            (Limit::Unlimited, cost(1e5, false), Enough, None),
        ] {
            let budget = budget(limit, spent, 0.0);
            assert_eq!(
                (budget.state, budget.percent()),
                (state, percent),
                "{budget:?}"
            );
        }
    }

    #[test]
    fn what_runs_is_reckoned_with_before_something_starts() {
        let ten = Limit::Usd(dollars(10.0));
        for (limit, spent, reserved, refused) in [
            (ten, None, 0.0, None),
            (ten, cost(9.5, false), 0.0, None),
            (ten, cost(9.5, false), 0.5, Some("what already runs")),
            (ten, cost(9.5, false), 0.4, None),
            (
                ten,
                cost(10.0, false),
                0.0,
                Some("the day has used up its budget: $10.00 of $10.00"),
            ),
            (Limit::Unlimited, cost(1e6, true), 1e6, None),
        ] {
            let budgets = [
                budget(Limit::Unlimited, None, 0.0),
                budget(limit, spent, reserved),
            ];
            let why = refusal(&budgets);
            match refused {
                Some(start) => assert!(
                    why.as_ref().is_some_and(|why| why.starts_with(start)),
                    "{why:?}"
                ),
                None => assert_eq!(why, None),
            }
        }
    }

    #[test]
    fn what_has_no_price_is_said() {
        let uncertain = budget(Limit::Usd(dollars(10.0)), cost(0.0, true), 0.0);
        assert!(uncertain.is_uncertain());
        assert_eq!(
            uncertain.words(),
            "unpriced of $10.00; some models have no price, so a budget cannot hold them"
        );
    }

    #[test]
    fn amounts_are_dollars_or_a_word() {
        for (text, limit) in [
            ("5", Ok(Limit::Usd(dollars(5.0)))),
            (" $2.50 ", Ok(Limit::Usd(dollars(2.5)))),
            ("0.000001", Ok(Limit::Usd(MicroUsd(1)))),
            (".5", Ok(Limit::Usd(dollars(0.5)))),
            ("10.", Ok(Limit::Usd(dollars(10.0)))),
            ("0.0000001", Err(())),
            (".", Err(())),
            ("1,5", Err(())),
            ("9999999999999999999", Err(())),
            ("0", Ok(Limit::Usd(MicroUsd(0)))),
            ("Unlimited", Ok(Limit::Unlimited)),
            ("-1", Err(())),
            ("1e9", Err(())),
            ("NaN", Err(())),
            ("inf", Err(())),
            ("none", Err(())),
            ("", Err(())),
        ] {
            assert_eq!(Limit::parse(text).map_err(|_| ()), limit, "{text}");
        }
        assert_eq!(Limit::Usd(MOST).plus(MOST), Limit::Usd(MOST));
        assert_eq!(Limit::Unlimited.plus(dollars(1.0)), Limit::Unlimited);
    }
}
