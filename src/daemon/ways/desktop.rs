//! The desktop's own notifications. A thread of its own: a notification server may take as long as it likes.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use notify_rust::{Notification, NotificationHandle};
use tokio::sync::oneshot;

use crate::domain::notify::Announcement;

/// Orders that may wait.
const WAITING: usize = 16;
/// Notifications that can be taken back.
const KEPT: usize = 32;

/// What came of showing it, where it failed in a sentence.
pub(in crate::daemon) type Shown = Result<(), String>;

enum Order {
    Show(Box<Announcement>, bool, oneshot::Sender<Shown>),
    Close(u64),
}

/// The way to the thread that talks to the desktop. It is started when it is first needed.
#[derive(Default)]
pub(in crate::daemon) struct Desktop {
    orders: Option<SyncSender<Order>>,
}

impl Desktop {
    /// Shows an announcement, with the desktop's sound where it is to be heard. What comes out says how it went.
    pub(in crate::daemon) fn show(
        &mut self,
        announcement: &Announcement,
        sound: bool,
    ) -> oneshot::Receiver<Shown> {
        let (reply, outcome) = oneshot::channel();
        self.order(Order::Show(Box::new(announcement.clone()), sound, reply));
        outcome
    }

    /// Takes one back.
    pub(in crate::daemon) fn close(&mut self, id: u64) {
        if self.orders.is_some() {
            self.order(Order::Close(id));
        }
    }

    fn order(&mut self, order: Order) {
        if self.orders.is_none() {
            let (orders, taken) = sync_channel(WAITING);
            let thread = std::thread::Builder::new().name("desktop".to_owned());
            match thread.spawn(move || serve(&taken)) {
                Ok(_) => self.orders = Some(orders),
                Err(error) => tracing::warn!(%error, "no thread for the desktop"),
            }
        }
        let sent = self.orders.as_ref().map(|orders| orders.try_send(order));
        if !matches!(sent, Some(Ok(()))) {
            tracing::warn!("the desktop takes nothing; a notification is dropped");
        }
    }
}

fn serve(orders: &Receiver<Order>) {
    let mut shown: HashMap<u64, NotificationHandle> = HashMap::new();
    while let Ok(order) = orders.recv() {
        match order {
            Order::Show(announcement, sound, reply) => {
                let result = show(&announcement, sound);
                if shown.len() >= KEPT
                    && let Some(oldest) = shown.keys().min().copied()
                {
                    shown.remove(&oldest);
                }
                let outcome = result.map(|handle| drop(shown.insert(announcement.id, handle)));
                if let Err(error) = &outcome {
                    tracing::info!(error, "the desktop shows nothing");
                }
                let _ = reply.send(outcome);
            }
            Order::Close(id) => {
                if let Some(handle) = shown.remove(&id) {
                    close(handle);
                }
            }
        }
    }
}

fn show(announcement: &Announcement, sound: bool) -> Result<NotificationHandle, String> {
    let mut notification = Notification::new();
    notification
        .appname("gluon")
        .summary(&announcement.title)
        .body(&body(&announcement.body));
    if sound {
        notification.sound_name(if cfg!(target_os = "macos") {
            "Ping"
        } else {
            "message-new-instant"
        });
    }
    #[cfg(not(target_os = "macos"))]
    notification
        .icon("utilities-terminal")
        .hint(notify_rust::Hint::Category("im.received".to_owned()));
    notification.show().map_err(|error| error.to_string())
}

/// The body as the desktop wants it: freedesktop's servers read markup in it.
fn body(text: &str) -> String {
    if cfg!(target_os = "macos") {
        return text.to_owned();
    }
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(not(target_os = "macos"))]
fn close(handle: NotificationHandle) {
    handle.close();
}

/// macOS keeps them in its own list.
#[cfg(target_os = "macos")]
fn close(_: NotificationHandle) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn an_agents_words_are_no_markup() {
        assert_eq!(
            body("a <img src=x> & <b>"),
            "a &lt;img src=x&gt; &amp; &lt;b&gt;"
        );
    }
}
