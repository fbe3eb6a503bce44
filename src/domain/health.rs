//! Health: the verdict of rules over activity and history, each with its evidence.

use serde::{Deserialize, Serialize};

/// How a live session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Green.
    Healthy,
    /// Yellow: no sign of progress for a while.
    Slow,
    /// Orange: doing the same over and over.
    Looping,
    /// Red: nothing moves and nothing will.
    Stuck,
}

/// A health together with what it was concluded from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The conclusion.
    pub health: Health,
    /// One sentence a person can check.
    pub evidence: String,
}

impl Health {
    /// The letter that stands beside the dot, so that state is never colour alone.
    pub fn letter(self) -> char {
        match self {
            Health::Healthy => 'h',
            Health::Slow => 's',
            Health::Looping => 'l',
            Health::Stuck => '!',
        }
    }
}
