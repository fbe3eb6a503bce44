//! What waits to be sent to one client: bounded, and whoever lets it run full is dropped.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use crate::protocol::{Event, ScreenUpdate, ServerMessage, encode};

/// Messages that may wait for a client. Screens count once a session, answers once a request under way,
/// so only events can fill it: a client that far behind has to load the board anew anyway.
const LIMIT: usize = 1024;

/// A connection's number, never used twice in a daemon's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ClientId(pub(super) u64);

/// Something on its way out.
pub(super) enum Outgoing {
    /// Encoded by the task that writes. The permit ends with the message: it bounds how many answers wait.
    Message(Box<ServerMessage>, Option<OwnedSemaphorePermit>),
    /// A screen, encoded by the task that writes.
    Screen(Arc<ScreenUpdate>),
    /// Encoded once for all clients.
    Frame(Bytes),
}

/// The way to one client, usable from every thread.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: mpsc::Sender<Outgoing>,
    gone: CancellationToken,
}

impl Outbox {
    pub(super) fn new() -> (Outbox, mpsc::Receiver<Outgoing>) {
        let (queue, receiver) = mpsc::channel(LIMIT);
        let gone = CancellationToken::new();
        (Outbox { queue, gone }, receiver)
    }

    /// Queues without waiting; a full queue ends the connection.
    pub(super) fn send(&self, message: Outgoing) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(message) {
            self.gone.cancel();
        }
    }

    /// Ends the connection.
    pub(super) fn close(&self) {
        self.gone.cancel();
    }

    /// Fires when the connection shall end.
    pub(super) fn gone(&self) -> &CancellationToken {
        &self.gone
    }
}

/// An event as every subscriber gets it; `None` where it is too long to be sent at all.
pub(super) fn event_frame(event: Event) -> Option<Bytes> {
    match encode(&ServerMessage::Event(event)) {
        Ok(frame) => Some(frame),
        Err(error) => {
            tracing::warn!(%error, "an event cannot be sent");
            None
        }
    }
}
