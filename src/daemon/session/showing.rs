//! Between a session's thread and its [`Observer`]: gives it the moment and what it wants to see, and shows
//! what it concludes.
//!
//! Invariant: whatever the observer was told, what others see is its conclusion before anything else is done.

use std::time::Instant;

use super::Notice;
use super::actor::Actor;
use super::observe::{Observer, Sights};
use crate::agents::{Report, Watch};
use crate::daemon::clock::{self, Moment};
use crate::domain::Activity;

impl Actor {
    /// Tells the observer something, and shows what follows.
    pub(super) fn observe(&mut self, tell: impl FnOnce(&mut Observer, Moment)) {
        tell(&mut self.observer, clock::moment());
        self.show();
    }

    /// Lets the observer do what is due.
    pub(super) fn run_observer(&mut self, now: Instant) {
        if self.observer.next().is_some_and(|at| now >= at) {
            self.with_sights(|observer, now, sights| observer.run(now, sights));
        }
    }

    /// From now on this registry tells of the process.
    pub(super) fn watch(&mut self, watch: Watch) {
        self.registry = Some(watch);
        self.observe(|observer, now| observer.watch(now));
    }

    /// Reads the screen now, as of a process that nothing is known of yet.
    pub(super) fn look_at_screen(&mut self) {
        self.with_sights(|observer, now, sights| observer.look(now, sights));
    }

    fn with_sights(&mut self, work: impl FnOnce(&mut Observer, Moment, &mut dyn Sights)) {
        let mut observer = std::mem::take(&mut self.observer);
        work(&mut observer, clock::moment(), self);
        self.observer = observer;
        self.show();
    }

    fn show(&mut self) {
        let Some(shown) = self.observer.take_changed() else {
            return;
        };
        self.update_meta(|meta| {
            meta.activity = shown.activity;
            meta.activity_since = shown.since;
            meta.held_back = shown.held_back;
            meta.wait = shown.wait;
            meta.background = shown.background;
            meta.unseen |= shown.news;
        });
        for conversation in std::mem::take(&mut self.observer.conversations) {
            self.tell(Notice::Conversation(conversation));
        }
    }

    pub(super) fn activity(&self) -> &Activity {
        self.observer.activity()
    }
}

impl Sights for Actor {
    fn screen(&mut self) -> Option<String> {
        self.guard(|terminal| terminal.text(0, false))
    }

    fn registry(&mut self) -> Option<Report> {
        self.registry.as_mut()?.read()
    }
}
