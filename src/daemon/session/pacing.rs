//! When a frame goes out: the first change after a pause at once, then one per interval, held while the
//! agent has a synchronized update open. Pure: the time is an argument.
//!
//! The first change after something was typed goes out at once too, and for a moment after it the interval
//! is shorter: that is the echo somebody waits for, also in a pane that floods. Typing is slow, so this
//! costs next to nothing.

use std::time::{Duration, Instant};

/// The shortest time between two frames.
pub(super) const INTERVAL: Duration = Duration::from_millis(16);
/// The shortest time between two frames while an echo is waited for.
const ECHO_INTERVAL: Duration = Duration::from_millis(4);
/// How long after something was typed its echo is waited for.
const ECHO: Duration = Duration::from_millis(50);
/// The longest a synchronized update may hold the screen.
pub(super) const SYNC_LIMIT: Duration = Duration::from_millis(150);

/// What to do with a changed screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Send it.
    Now,
    /// Look again then.
    At(Instant),
    /// The synchronized update has been open for too long: close it, then send.
    EndSync,
}

/// The pace of one session's frames.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    last: Option<Instant>,
    sync_since: Option<Instant>,
    typed_at: Option<Instant>,
    /// Something was typed since the last frame.
    hurry: bool,
}

impl Pacing {
    /// Notes that somebody typed.
    pub(super) fn typed(&mut self, now: Instant) {
        self.typed_at = Some(now);
        self.hurry = true;
    }

    /// Notes whether a synchronized update is open.
    pub(super) fn note_sync(&mut self, open: bool, now: Instant) {
        match (open, self.sync_since) {
            (true, None) => self.sync_since = Some(now),
            (false, Some(_)) => self.sync_since = None,
            _ => {}
        }
    }

    /// When an open synchronized update has to be closed.
    pub(super) fn sync_deadline(&self) -> Option<Instant> {
        self.sync_since.map(|since| since + SYNC_LIMIT)
    }

    /// What to do with a screen that has changed.
    pub(super) fn due(&self, now: Instant) -> Due {
        if let Some(deadline) = self.sync_deadline() {
            return if now >= deadline {
                Due::EndSync
            } else {
                Due::At(deadline)
            };
        }
        let echo = self.typed_at.is_some_and(|typed| now < typed + ECHO);
        let interval = if echo { ECHO_INTERVAL } else { INTERVAL };
        match self.last.map(|last| last + interval) {
            Some(next) if now < next && !self.hurry => Due::At(next),
            _ => Due::Now,
        }
    }

    /// Notes that a frame went out.
    pub(super) fn sent(&mut self, now: Instant) {
        self.last = Some(now);
        self.hurry = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_change_goes_at_once_the_next_after_an_interval() {
        let start = Instant::now();
        let mut pacing = Pacing::default();
        assert_eq!(pacing.due(start), Due::Now);
        pacing.sent(start);
        assert_eq!(pacing.due(start + 3 * MS), Due::At(start + INTERVAL));
        assert_eq!(pacing.due(start + INTERVAL), Due::Now);
        pacing.sent(start + INTERVAL);
        assert_eq!(pacing.due(start + 100 * MS), Due::Now);
    }

    #[test]
    fn an_echo_does_not_wait() {
        let start = Instant::now();
        let mut pacing = Pacing::default();
        pacing.sent(start);
        pacing.typed(start + MS);
        assert_eq!(pacing.due(start + MS), Due::Now);
        // What went out may not have been the echo yet.
        pacing.sent(start + MS);
        assert_eq!(pacing.due(start + 2 * MS), Due::At(start + 5 * MS));
        assert_eq!(pacing.due(start + 5 * MS), Due::Now);
        pacing.sent(start + 60 * MS);
        assert_eq!(pacing.due(start + 61 * MS), Due::At(start + 76 * MS));
    }

    #[test]
    fn a_synchronized_update_holds_but_not_for_ever() {
        let start = Instant::now();
        let mut pacing = Pacing::default();
        pacing.note_sync(true, start);
        pacing.note_sync(true, start + 100 * MS);
        assert_eq!(pacing.due(start + 100 * MS), Due::At(start + SYNC_LIMIT));
        assert_eq!(pacing.due(start + SYNC_LIMIT), Due::EndSync);
        pacing.note_sync(false, start + SYNC_LIMIT);
        assert_eq!(pacing.due(start + SYNC_LIMIT), Due::Now);
    }
}
