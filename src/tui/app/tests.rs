//! The loop's way of waiting.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures_util::{Stream, StreamExt};
use ratatui::crossterm::event::Event;

use super::at_once;

/// Events as crossterm gives them: who asks first is woken by the next event, nobody else is.
#[derive(Clone, Default)]
struct FirstComes(Arc<Mutex<(Option<Event>, Option<Waker>)>>);

impl FirstComes {
    fn happens(&self, event: Event) {
        let mut state = self.0.lock().unwrap();
        state.0 = Some(event);
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

impl Stream for FirstComes {
    type Item = io::Result<Event>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.lock().unwrap();
        match state.0.take() {
            Some(event) => Poll::Ready(Some(Ok(event))),
            None => {
                state.1.get_or_insert_with(|| context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[tokio::test]
async fn asking_in_passing_does_not_lose_the_next_event() {
    let mut events = FirstComes::default();
    assert!(at_once(&mut events).await.is_none());
    let later = events.clone();
    tokio::spawn(async move { later.happens(Event::FocusGained) });
    // Hangs where nobody is woken.
    let next = tokio::time::timeout(std::time::Duration::from_secs(20), events.next()).await;
    assert_eq!(next.unwrap().unwrap().unwrap(), Event::FocusGained);
}
