//! Who listens to events, and telling them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::outbox::{ClientId, Outbox, Outgoing, event_frame};
use crate::protocol::Event;

/// The clients connected, and which of them subscribed.
#[derive(Default)]
pub(super) struct Hub {
    clients: Mutex<HashMap<ClientId, Listener>>,
}

struct Listener {
    outbox: Outbox,
    subscribed: bool,
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, HashMap<ClientId, Listener>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(&self, client: ClientId, outbox: Outbox) {
        let listener = Listener {
            outbox,
            subscribed: false,
        };
        self.lock().insert(client, listener);
    }

    pub(super) fn leave(&self, client: ClientId) {
        self.lock().remove(&client);
    }

    pub(super) fn subscribe(&self, client: ClientId) {
        if let Some(listener) = self.lock().get_mut(&client) {
            listener.subscribed = true;
        }
    }

    /// How many are connected.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Whether anybody wants events.
    pub(super) fn is_watched(&self) -> bool {
        self.lock().values().any(|listener| listener.subscribed)
    }

    /// Tells one client; whether it is there.
    pub(super) fn tell(&self, client: ClientId, event: Event) -> bool {
        let clients = self.lock();
        let listener = clients.get(&client).filter(|listener| listener.subscribed);
        match (listener, event_frame(event)) {
            (Some(listener), Some(frame)) => {
                listener.outbox.send(Outgoing::Frame(frame));
                true
            }
            _ => false,
        }
    }

    /// Tells every subscriber.
    pub(super) fn publish(&self, event: Event) {
        let clients = self.lock();
        if !clients.values().any(|listener| listener.subscribed) {
            return;
        }
        let Some(frame) = event_frame(event) else {
            return;
        };
        for listener in clients.values().filter(|listener| listener.subscribed) {
            listener.outbox.send(Outgoing::Frame(frame.clone()));
        }
    }
}
