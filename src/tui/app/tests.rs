//! The loop itself, with a terminal and a daemon of straw.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::domain::follow_up::FollowUp;
use crate::domain::{Comment, Project, ProjectId};
use crate::protocol::*;
use crate::tui::keymap::Keymap;
use crate::with_requests;

/// An [`Api`] behind which there is nothing.
struct Nothing;

macro_rules! implement {
    ($($(#[$doc:meta])* $name:ident $function:ident($argument:ty) -> $answer:ty;)*) => {
        impl Api for Nothing {
            $(async fn $function(&self, _: $argument) -> ApiResult<$answer> {
                Err(ApiError::new(ErrorCode::Unavailable, "nothing is there"))
            })*

            fn notify(&self, _: Notice) {}
        }
    };
}

with_requests!(implement);

/// A screen that counts what is drawn, and tells when.
#[derive(Clone)]
struct Counting(mpsc::UnboundedSender<()>);

impl Screen for Counting {
    fn draw(&mut self, _: &Model) -> io::Result<()> {
        let _ = self.0.send(());
        Ok(())
    }

    fn effect(&mut self, _: &Effect) -> io::Result<()> {
        Ok(())
    }
}

/// Events as the terminal's stream gives them: until one comes, it only knows the first who asked.
#[derive(Clone, Default)]
struct Keys(Arc<Mutex<(VecDeque<Event>, Option<Waker>)>>);

impl Keys {
    fn press(&self, code: KeyCode) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let event = KeyEvent::new(code, KeyModifiers::NONE);
        inner.0.push_back(Event::Key(event));
        if let Some(waker) = inner.1.take() {
            waker.wake();
        }
    }
}

impl Stream for Keys {
    type Item = io::Result<Event>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(event) = inner.0.pop_front() {
            return Poll::Ready(Some(Ok(event)));
        }
        inner.1.get_or_insert_with(|| context.waker().clone());
        Poll::Pending
    }
}

#[tokio::test]
async fn a_key_is_taken_although_nothing_else_happens() {
    let keys = Keys::default();
    let (drawn, mut frames) = mpsc::unbounded_channel();
    let (_link, link) = mpsc::channel(1);
    let model = Model::new(Theme::default(), Keymap::default(), (80, 24), now());
    let screen = Counting(drawn);
    let running = tokio::spawn(drive(Arc::new(Nothing), link, keys.clone(), screen, model));
    frames.recv().await.expect("the first frame");
    // Two, so that the stream is asked anew in between.
    for code in [KeyCode::Char('?'), KeyCode::Esc] {
        keys.press(code);
        let frame = tokio::time::timeout(Duration::from_secs(10), frames.recv()).await;
        frame.expect("the key has an effect").expect("a frame");
    }
    keys.press(KeyCode::Char('q'));
    let ended = tokio::time::timeout(Duration::from_secs(10), running).await;
    ended
        .expect("it ends")
        .expect("no panic")
        .expect("no error");
}
