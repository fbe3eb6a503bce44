//! How much may be spent, as the settings say it: dollars, or the word `unlimited`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::MicroUsd;
use crate::domain::budget::Limit;

/// How much may be spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetConfig {
    /// On a task that has no budget of its own.
    pub task: Amount,
    /// In a day.
    pub day: Amount,
    /// On a project in a calendar month, unless it was set for that project.
    pub project: Amount,
    /// On the workspaces that are named, in a calendar month.
    pub workspaces: BTreeMap<String, Amount>,
    /// What an agent that runs is expected to spend still, before another one starts.
    pub reserve: Amount,
    /// So many percent of a budget are most of it, of which is warned.
    pub warn_at: u8,
    /// What happens to an agent at work when all of it is spent.
    pub at_limit: AtLimit,
}

/// What happens to an agent at work when a budget is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AtLimit {
    /// It may finish its turn, or its iteration; then it waits.
    #[default]
    Finish,
    /// It is interrupted.
    Interrupt,
}

impl AtLimit {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            AtLimit::Finish => "finish",
            AtLimit::Interrupt => "interrupt",
        }
    }
}

/// An amount of money, or none at all: unlimited only by that word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Limit);

impl Amount {
    const fn dollars(dollars: i64) -> Amount {
        Amount(Limit::Usd(MicroUsd(dollars * 1_000_000)))
    }
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self {
            task: Amount::dollars(10),
            day: Amount::dollars(50),
            project: Amount(Limit::Unlimited),
            workspaces: BTreeMap::new(),
            reserve: Amount(Limit::Usd(MicroUsd(250_000))),
            warn_at: 80,
            at_limit: AtLimit::Finish,
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Limit::Usd(usd) => to.serialize_f64(usd.0 as f64 / 1e6),
            Limit::Unlimited => to.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dollars, or \"unlimited\"")
    }

    fn visit_i64<E: Error>(self, dollars: i64) -> Result<Amount, E> {
        self.visit_f64(dollars as f64)
    }

    fn visit_f64<E: Error>(self, dollars: f64) -> Result<Amount, E> {
        Limit::of_dollars(dollars).map(Amount).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
        Limit::parse(text).map(Amount).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_dollars_or_the_word() {
        let text = "task = 2.5\nday = \"unlimited\"\n[workspaces]\nwork = 100\n";
        let config: BudgetConfig = toml::from_str(text).unwrap();
        assert_eq!(config.task.0, Limit::Usd(MicroUsd(2_500_000)));
        assert_eq!(config.day.0, Limit::Unlimited);
        assert_eq!(
            config.workspaces["work"].0,
            Limit::Usd(MicroUsd(100_000_000))
        );
        let again: BudgetConfig = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
        assert_eq!(again, config);
        for wrong in [
            "task = -1",
            "task = \"none\"",
            "task = true",
            "at_limit = \"stop\"",
        ] {
            assert!(toml::from_str::<BudgetConfig>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn budgets_are_on_by_themselves() {
        let config = BudgetConfig::default();
        assert_eq!(config.task.0.to_string(), "$10.00");
        assert_eq!(config.day.0.to_string(), "$50.00");
        assert_eq!((config.warn_at, config.at_limit), (80, AtLimit::Finish));
    }
}
