//! The limits of a loop. None is unlimited unless the user says so in a word.
//!
//! Pure. Invariant: a loop that has no limit at all cannot be made (see [`LoopLimits::check`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::units::{MicroUsd, short_duration};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// How far a loop may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopLimits {
    /// Iterations; `None`: the user said "unlimited".
    pub iterations: Option<u32>,
    /// Time at work, in milliseconds, without what the user paused or a usage limit held up; `None`: the user
    /// said "unlimited".
    pub time: Option<i64>,
    /// An iteration, in milliseconds; `None`: the user said "unlimited".
    pub iteration: Option<i64>,
    /// What it may cost; `None`: the budgets of task, project and day alone.
    pub budget: Option<MicroUsd>,
    /// Between two iterations, in milliseconds.
    pub pause: i64,
    /// The check command, in milliseconds.
    pub check: i64,
}

impl Default for LoopLimits {
    fn default() -> Self {
        Self {
            iterations: Some(50),
            time: Some(4 * HOUR),
            iteration: Some(30 * MINUTE),
            budget: None,
            pause: 5 * SECOND,
            check: 10 * MINUTE,
        }
    }
}

/// Why limits are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// Nothing would end it.
    #[error("a loop needs a limit: of iterations or of time")]
    NoLimit,
    /// A limit that allows nothing.
    #[error("a limit of {0} must be at least {1}")]
    TooSmall(&'static str, &'static str),
}

impl LoopLimits {
    /// Whether a loop may run on them.
    ///
    /// # Errors
    /// Where nothing would ever end it, or a limit allows nothing.
    pub fn check(&self) -> Result<(), LimitsError> {
        if self.iterations.is_none() && self.time.is_none() {
            return Err(LimitsError::NoLimit);
        }
        let small = |what, least| Err(LimitsError::TooSmall(what, least));
        if self.iterations == Some(0) {
            return small("iterations", "1");
        }
        if self.time.is_some_and(|time| time < SECOND) {
            return small("time", "1s");
        }
        if self.iteration.is_some_and(|time| time < SECOND) {
            return small("an iteration's time", "1s");
        }
        if self.budget.is_some_and(|budget| budget.0 <= 0) {
            return small("cost", "$0.01");
        }
        if self.pause < 0 {
            return small("pause", "0s");
        }
        if self.check < SECOND {
            return small("the check's time", "1s");
        }
        Ok(())
    }
}

impl fmt::Display for LoopLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.iterations {
            Some(most) => write!(f, "{most} iterations")?,
            None => write!(f, "unlimited iterations")?,
        }
        match self.time {
            Some(time) => write!(f, ", {}", short_duration(time))?,
            None => write!(f, ", unlimited time")?,
        }
        match self.iteration {
            Some(time) => write!(f, ", {} an iteration", short_duration(time))?,
            None => write!(f, ", unlimited time an iteration")?,
        }
        match self.budget {
            Some(budget) => write!(f, ", {budget}"),
            None => Ok(()),
        }
    }
}

/// A change of limits while a loop runs; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLimits {
    /// Iterations.
    pub iterations: Option<Most<u32>>,
    /// Time at work, in milliseconds.
    pub time: Option<Most<i64>>,
    /// An iteration, in milliseconds.
    pub iteration: Option<Most<i64>>,
    /// What it may cost.
    pub budget: Option<Most<MicroUsd>>,
    /// Between two iterations, in milliseconds.
    pub pause: Option<i64>,
    /// The check command, in milliseconds.
    pub check: Option<i64>,
}

/// A limit as the user says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Most<T> {
    /// So much.
    At(T),
    /// The explicit yes to no limit.
    Unlimited,
}

impl<T> Most<T> {
    /// As limits keep it.
    pub fn limit(self) -> Option<T> {
        match self {
            Most::At(most) => Some(most),
            Most::Unlimited => None,
        }
    }
}

impl NewLimits {
    /// The limits after the change.
    ///
    /// # Errors
    /// See [`LoopLimits::check`].
    pub fn apply(&self, limits: &LoopLimits) -> Result<LoopLimits, LimitsError> {
        let new = LoopLimits {
            iterations: self.iterations.map_or(limits.iterations, Most::limit),
            time: self.time.map_or(limits.time, Most::limit),
            iteration: self.iteration.map_or(limits.iteration, Most::limit),
            budget: self.budget.map_or(limits.budget, Most::limit),
            pause: self.pause.unwrap_or(limits.pause),
            check: self.check.unwrap_or(limits.check),
        };
        new.check()?;
        Ok(new)
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == NewLimits::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_leash() {
        let limits = LoopLimits::default();
        assert_eq!(limits.check(), Ok(()));
        assert_eq!(limits.to_string(), "50 iterations, 4h00m, 30m an iteration");
    }

    #[test]
    fn limits_change_within_reason() {
        let limits = LoopLimits::default();
        let none = NewLimits::default();
        assert!(none.is_empty());
        assert_eq!(none.apply(&limits), Ok(limits.clone()));
        let more = NewLimits {
            iterations: Some(Most::Unlimited),
            budget: Some(Most::At(MicroUsd(5_000_000))),
            ..none.clone()
        };
        let more = more.apply(&limits).expect("time still holds");
        assert_eq!(
            more.to_string(),
            "unlimited iterations, 4h00m, 30m an iteration, $5.00"
        );
        for (change, error) in [
            (
                NewLimits {
                    iterations: Some(Most::Unlimited),
                    time: Some(Most::Unlimited),
                    ..none.clone()
                },
                LimitsError::NoLimit,
            ),
            (
                NewLimits {
                    iterations: Some(Most::At(0)),
                    ..none.clone()
                },
                LimitsError::TooSmall("iterations", "1"),
            ),
            (
                NewLimits {
                    budget: Some(Most::At(MicroUsd(0))),
                    ..none.clone()
                },
                LimitsError::TooSmall("cost", "$0.01"),
            ),
            (
                NewLimits {
                    pause: Some(-1),
                    ..none.clone()
                },
                LimitsError::TooSmall("pause", "0s"),
            ),
        ] {
            assert_eq!(change.apply(&limits), Err(error));
        }
    }
}
