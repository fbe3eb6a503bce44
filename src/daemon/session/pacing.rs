//! When a frame goes out: at the pace of [`Pace`], held while the agent has a synchronized update open.
//! Pure: the time is an argument.

use std::time::{Duration, Instant};

use crate::domain::Pace;

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
    pace: Pace,
    sync_since: Option<Instant>,
}

impl Pacing {
    /// Notes that somebody typed.
    pub(super) fn typed(&mut self, now: Instant) {
        self.pace.typed(now);
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
        self.pace.next(now).map_or(Due::Now, Due::At)
    }

    /// Notes that a frame went out.
    pub(super) fn sent(&mut self, now: Instant) {
        self.pace.sent(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

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
