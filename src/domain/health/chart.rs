//! A session's chart: what was seen of it, and what is so just now, written by whoever looks.

use super::Verdict;
use super::history::{History, Sign};
use super::judge::{Present, Thresholds, judge};
use super::screen::ScreenWords;
use crate::domain::activity::Activity;
use crate::domain::units::Timestamp;

/// What is known of how a session is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chart {
    /// What was seen.
    pub history: History,
    /// What is so.
    pub present: Present,
    screen: ScreenWords,
}

impl Chart {
    /// The agent does this, since then. One that works after it had nothing to do was given something.
    pub fn note_activity(&mut self, activity: &Activity, since: Timestamp) {
        let before = std::mem::replace(&mut self.present.activity, activity.clone());
        self.present.since = since;
        if before == *activity {
            return;
        }
        if before == Activity::Idle && *activity == Activity::Working {
            self.history.note(since, Sign::Prompted);
        }
        self.history.note(since, Sign::Turned(activity.clone()));
    }

    /// The screen shows this, by output that came at `at`.
    pub fn note_screen(&mut self, screen: &str, at: Timestamp) {
        if self.screen.is_new(screen) {
            self.history.note(at, Sign::Screen);
        }
    }

    /// How the session is doing at `now`.
    pub fn judge(&self, limits: &Thresholds, now: Timestamp) -> Verdict {
        judge(&self.history, &self.present, limits, now)
    }
}
