//! When a frame is due: the first change after a pause at once, then one per interval. Pure: the time is an
//! argument.
//!
//! The first change after something was typed is due at once too, and for a moment after it the interval is
//! shorter: that is the echo somebody waits for, also beside a pane that floods. Typing is slow, so this
//! costs next to nothing. The daemon paces what it sends by this, the interface what it draws.

use std::time::{Duration, Instant};

/// The shortest time between two frames.
pub const INTERVAL: Duration = Duration::from_millis(16);
/// The shortest time between two frames while an echo is waited for.
const ECHO_INTERVAL: Duration = Duration::from_millis(4);
/// How long after something was typed its echo is waited for.
const ECHO: Duration = Duration::from_millis(50);

/// The pace of one screen's frames.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    last: Option<Instant>,
    typed_at: Option<Instant>,
    /// Something was typed since the last frame.
    hurry: bool,
}

impl Pace {
    /// Notes that somebody typed.
    pub fn typed(&mut self, now: Instant) {
        self.typed_at = Some(now);
        self.hurry = true;
    }

    /// Notes that a frame went out.
    pub fn sent(&mut self, now: Instant) {
        self.last = Some(now);
        self.hurry = false;
    }

    /// When the next frame may go out; `None`: now.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        let echo = self.typed_at.is_some_and(|typed| now < typed + ECHO);
        let interval = if echo { ECHO_INTERVAL } else { INTERVAL };
        let next = self.last? + interval;
        (now < next && !self.hurry).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn the_first_change_goes_at_once_the_next_after_an_interval() {
        let start = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.next(start), None);
        pace.sent(start);
        assert_eq!(pace.next(start + 3 * MS), Some(start + INTERVAL));
        assert_eq!(pace.next(start + INTERVAL), None);
        pace.sent(start + INTERVAL);
        assert_eq!(pace.next(start + 100 * MS), None);
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn an_echo_does_not_wait() {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.sent(start);
        pace.typed(start + MS);
        assert_eq!(pace.next(start + MS), None);
        // What went out may not have been the echo yet.
        pace.sent(start + MS);
        assert_eq!(pace.next(start + 2 * MS), Some(start + 5 * MS));
        assert_eq!(pace.next(start + 5 * MS), None);
        pace.sent(start + 60 * MS);
        assert_eq!(pace.next(start + 61 * MS), Some(start + 76 * MS));
    }
}
