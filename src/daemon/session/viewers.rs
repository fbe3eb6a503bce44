//! The clients that follow a session, and who of them decides its size.
//!
//! The rule: a session has the size of the client that last claimed it or typed into it; where that one no
//! longer follows, of the one that came or changed its size last. The others show it as it is, cut or
//! padded. It keeps its size when a client goes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::outbox::{ClientId, Outbox, Outgoing};
use crate::domain::SessionId;
use crate::protocol::ScreenUpdate;
use crate::protocol::screen::MAX_SIDE;
use crate::terminal::{Terminal, Viewer};

/// How long a size has to stand still before the agent is told.
pub(super) const SETTLE: Duration = Duration::from_millis(50);
/// The smallest screen: an emulator may hang on less.
const MIN_SIDE: u16 = 2;

/// A client that follows.
struct Follower {
    viewer: Viewer,
    outbox: Outbox,
    size: (u16, u16),
    /// The terminal's generation that it was last sent.
    sent: Option<u64>,
}

/// All of them, and the size they want.
#[derive(Default)]
pub(super) struct Viewers {
    followers: HashMap<ClientId, Follower>,
    claimed_by: Option<ClientId>,
    wanted: Option<((u16, u16), Instant)>,
}

/// A size that an emulator can have.
pub(super) fn sane((cols, rows): (u16, u16)) -> (u16, u16) {
    (
        cols.clamp(MIN_SIDE, MAX_SIDE),
        rows.clamp(MIN_SIDE, MAX_SIDE),
    )
}

impl Viewers {
    pub(super) fn count(&self) -> usize {
        self.followers.len()
    }

    /// A client starts following; one that follows already starts anew.
    pub(super) fn attach(&mut self, client: ClientId, outbox: Outbox, size: (u16, u16)) {
        let follower = Follower {
            viewer: Viewer::new(),
            outbox,
            size: sane(size),
            sent: None,
        };
        self.followers.insert(client, follower);
    }

    pub(super) fn detach(&mut self, client: ClientId) {
        self.followers.remove(&client);
    }

    pub(super) fn ack(&mut self, client: ClientId, seq: u64) {
        if let Some(follower) = self.followers.get_mut(&client) {
            follower.viewer.ack(seq);
        }
    }

    /// Everybody gets the whole screen next.
    pub(super) fn reset(&mut self) {
        for follower in self.followers.values_mut() {
            follower.viewer.reset();
            follower.sent = None;
        }
    }

    /// A client's room is another. It counts where the client claims the session, has it, or nobody has it.
    /// The last screen of a process that has ended (`live`) stays as it was drawn unless it is claimed.
    pub(super) fn resize(
        &mut self,
        client: ClientId,
        size: (u16, u16),
        claim: bool,
        live: bool,
        now: Instant,
    ) {
        if let Some(follower) = self.followers.get_mut(&client) {
            follower.size = sane(size);
        }
        let other = self.claimed_by.filter(|holder| *holder != client);
        let held = other.is_some_and(|holder| self.followers.contains_key(&holder));
        if claim || self.claimed_by == Some(client) || (live && !held) {
            self.claimed_by = Some(client);
            self.wanted = Some((sane(size), now + SETTLE));
        }
    }

    /// A client typed: from now on its size counts.
    pub(super) fn typed(&mut self, client: ClientId, now: Instant) {
        if self.claimed_by == Some(client) {
            return;
        }
        if let Some(follower) = self.followers.get(&client) {
            self.claimed_by = Some(client);
            self.wanted = Some((follower.size, now + SETTLE));
        }
    }

    /// When the wanted size is due.
    pub(super) fn resize_deadline(&self) -> Option<Instant> {
        self.wanted.map(|(_, due)| due)
    }

    /// The size to take now, once.
    pub(super) fn settled(&mut self, now: Instant) -> Option<(u16, u16)> {
        match self.wanted {
            Some((size, due)) if now >= due => {
                self.wanted = None;
                Some(size)
            }
            _ => None,
        }
    }

    /// Whether somebody who can take a frame has not seen `generation`.
    pub(super) fn want_frame(&self, generation: u64) -> bool {
        self.followers
            .values()
            .any(|follower| follower.sent != Some(generation) && follower.viewer.ready())
    }

    /// Sends everybody who can take one a frame of the terminal as it is.
    pub(super) fn send_frames(&mut self, terminal: &mut Terminal, session: SessionId) {
        let generation = terminal.generation();
        for follower in self.followers.values_mut() {
            if follower.sent == Some(generation) || !follower.viewer.ready() {
                continue;
            }
            follower.sent = Some(generation);
            let update: Option<ScreenUpdate> = terminal.update_for(&mut follower.viewer, session);
            if let Some(update) = update {
                follower.outbox.send(Outgoing::Screen(Arc::new(update)));
            }
        }
    }
}
