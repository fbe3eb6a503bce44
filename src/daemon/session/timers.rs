//! What a session does after a while: settle its size, tell what is new, go on with a delivery, end a
//! synchronized update that hangs.

use std::time::{Duration, Instant};

use rustix::termios::{Winsize, tcsetwinsize};

use super::actor::Actor;
use super::marks::Mark;
use super::observe::QUIET;
use super::pacing::Due;
use super::{Notice, lock};

/// The shortest time between two [`Notice::Changed`].
const TELL_EVERY: Duration = Duration::from_millis(250);
/// The same where the agent's activity has changed, which is what the user watches for.
const TELL_TURN_EVERY: Duration = Duration::from_millis(50);
/// Output alone is told this seldom.
const TELL_OUTPUT_EVERY: Duration = Duration::from_secs(5);
/// A change waits so long for the rest of its burst before it is drawn.
const GATHER: Duration = Duration::from_millis(2);

/// The most asks that are told at once.
const MOST_ASKS: usize = 16;

/// What is to be told, and when it was told last.
#[derive(Debug, Default)]
pub(super) struct Tidings {
    pub(super) meta_changed: bool,
    /// Whether the agent's activity is among it.
    pub(super) turn_changed: bool,
    /// What it has asked meanwhile; `None`: nothing any more.
    pub(super) asks: Vec<Option<String>>,
    told: Option<Instant>,
    bell_at: Option<Instant>,
    /// Output since the service last heard of it, and the time of the newest.
    pub(super) output_at: Option<Instant>,
    output_told: Option<Instant>,
}

impl Tidings {
    /// Whether the bell (or another call for attention) may ring: four times a second at most.
    pub(super) fn may_ring(&mut self, now: Instant) -> bool {
        let free = self.bell_at.is_none_or(|at| now >= at + TELL_EVERY);
        if free {
            self.bell_at = Some(now);
        }
        free
    }

    /// Notes what it asks now; of a flood the beginning and the end.
    pub(super) fn note_ask(&mut self, asks: Option<String>) {
        if self.asks.len() >= MOST_ASKS {
            self.asks.pop();
        }
        self.asks.push(asks);
    }

    fn tell_every(&self) -> Duration {
        match self.turn_changed {
            true => TELL_TURN_EVERY,
            false => TELL_EVERY,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let quiet = self.output_at.map(|at| at + QUIET);
        let told = match (self.meta_changed, self.told) {
            (true, Some(at)) => Some(at + self.tell_every()),
            (true, None) => Some(Instant::now()),
            (false, _) => None,
        };
        earliest(quiet, told)
    }
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl Actor {
    /// Does what is due.
    pub(super) fn run_timers(&mut self, now: Instant) {
        if let Some(size) = self.viewers.settled(now) {
            self.take_size(size);
        }
        if matches!(self.pacing.due(now), Due::EndSync) {
            self.guard(|terminal| terminal.end_sync());
            self.pacing.note_sync(false, now);
            self.after_output(now);
        }
        self.run_observer(now);
        self.run_delivery(now);
        if self.tidings.output_at.is_some_and(|at| now >= at + QUIET) {
            self.tidings.output_at = None;
            self.tell(Notice::Quiet);
            if let Some(log) = &mut self.log {
                log.idle();
            }
        }
        if self.cut_again.is_some_and(|at| now >= at) {
            self.cut_log(false, now);
        }
        self.look_at_answer(now);
        self.tell_changes(now);
    }

    fn tell_changes(&mut self, now: Instant) {
        let every = self.tidings.tell_every();
        let due = self.tidings.told.is_none_or(|at| now >= at + every);
        if self.tidings.meta_changed && due {
            self.tidings.meta_changed = false;
            self.tidings.turn_changed = false;
            self.tidings.told = Some(now);
            let asks = std::mem::take(&mut self.tidings.asks);
            if !asks.is_empty() {
                self.tell(Notice::Asks(asks));
            }
            self.tell(Notice::Changed);
        }
    }

    /// Notes output for those who only want to know that there is some.
    pub(super) fn note_output(&mut self, now: Instant) {
        self.observe(|observer, now| observer.output(now));
        self.last_output = Some(now);
        self.tidings.output_at = Some(now);
        let mut meta = lock(&self.meta);
        meta.last_output_at = Some(crate::daemon::clock::now());
        drop(meta);
        let told = self.tidings.output_told;
        if told.is_none_or(|at| now >= at + TELL_OUTPUT_EVERY) {
            self.tidings.output_told = Some(now);
            self.tidings.meta_changed = true;
        }
    }

    /// When something is due next; `None`: nothing is.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let mut next = earliest(self.viewers.resize_deadline(), self.tidings.deadline());
        next = earliest(next, self.pacing.sync_deadline());
        next = earliest(next, self.cut_again);
        next = earliest(next, self.observer.next());
        next = earliest(next, self.answer_due());
        if self.process.is_some() {
            next = earliest(next, self.step_ends);
            if self.step_ends.is_some() {
                next = earliest(next, self.still_at());
            }
        }
        let ended = self.process.as_ref().and_then(|process| process.ended);
        next = earliest(next, ended.map(|(_, until)| until));
        if self.viewers.want_frame(self.terminal.generation()) {
            let at = match self.pacing.due(Instant::now()) {
                Due::At(at) => at,
                Due::Now | Due::EndSync => Instant::now(),
            };
            next = earliest(next, Some(at));
        }
        next
    }

    /// Sends frames where there is something new, somebody looks, and it is time. While there may be
    /// `more` output at once, a burst is gathered for a moment, so that a screen is not shown half drawn.
    pub(super) fn send_frames(&mut self, more: bool) {
        if !self.viewers.want_frame(self.terminal.generation()) {
            return;
        }
        let now = Instant::now();
        let gathering = more && self.changed_at.is_some_and(|at| now < at + GATHER);
        if gathering || self.pacing.due(now) != Due::Now {
            return;
        }
        let id = self.id;
        let mut viewers = std::mem::take(&mut self.viewers);
        self.guard(|terminal| viewers.send_frames(terminal, id));
        self.viewers = viewers;
        self.pacing.sent(now);
        self.changed_at = None;
    }

    /// Gives the terminal and the agent another size.
    pub(super) fn take_size(&mut self, size: (u16, u16)) {
        if size == self.size {
            return;
        }
        self.size = size;
        self.mark(Mark::Size(size.0, size.1));
        let (cols, rows) = size;
        match self.headless {
            Some(_) => self.redraw_page(),
            None => {
                self.guard(|terminal| terminal.resize(cols, rows));
            }
        }
        self.tell_size();
        self.update_meta(|meta| meta.size = size);
        self.changed_at.get_or_insert_with(Instant::now);
    }

    /// Tells the kernel, which tells the agent.
    pub(super) fn tell_size(&self) {
        let master = self.process.as_ref().and_then(|p| p.master.as_ref());
        if let Some(master) = master {
            let cell = self
                .outer
                .as_ref()
                .and_then(|outer| outer.cell)
                .unwrap_or_default();
            let size = Winsize {
                ws_row: self.size.1,
                ws_col: self.size.0,
                ws_xpixel: self.size.0.saturating_mul(cell.0),
                ws_ypixel: self.size.1.saturating_mul(cell.1),
            };
            // Fails where the agent has just gone.
            let _ = tcsetwinsize(master, size);
        }
    }
}
