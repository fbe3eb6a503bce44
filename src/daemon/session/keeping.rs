//! Keeping a log within its bounds, and going on where there is no room for it.

use std::time::{Duration, Instant};

use super::Notice;
use super::actor::Actor;
use crate::pty::OutputLog;

/// How long after a failed cut the next is tried: soon enough for a disk somebody is clearing.
const AGAIN: Duration = if cfg!(test) {
    Duration::from_millis(50)
} else {
    Duration::from_secs(5)
};

impl Actor {
    /// Cuts the log where it has grown long, or `at_once`, with the screen as it is at the cut. That also
    /// makes a log whole again that could not be written.
    pub(super) fn cut_log(&mut self, at_once: bool, now: Instant) {
        let wanted = match self.cut_again {
            Some(at) => now >= at,
            None => self.log.as_ref().is_some_and(OutputLog::needs_cut),
        };
        if at_once || wanted {
            let saved = match &self.headless {
                Some(headless) => headless.save().map(|saved| (saved, Vec::new())),
                None => self.guard(|terminal| (terminal.snapshot(), terminal.carry().to_vec())),
            };
            let (Some((snapshot, carry)), Some(log)) = (saved, &mut self.log) else {
                return;
            };
            let cut = log.cut(&snapshot, &carry);
            self.cut_again = cut.is_err().then_some(now + AGAIN);
            if let Err(error) = cut {
                tracing::debug!(session = self.id.0, %error, "the log cannot be cut");
            }
        }
        self.tell_kept(now);
    }

    /// Says once that output is not kept, and once that it is again.
    fn tell_kept(&mut self, now: Instant) {
        let dropping = self.log.as_ref().is_some_and(OutputLog::is_dropping);
        if dropping && self.cut_again.is_none() {
            self.cut_again = Some(now + AGAIN);
        }
        if dropping != self.told_dropping {
            self.told_dropping = dropping;
            self.tell(Notice::Kept(!dropping));
        }
    }
}
