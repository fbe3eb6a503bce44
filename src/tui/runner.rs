//! Carries effects out: asks the daemon, tells it things, touches the terminal. What comes back is a message.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::msg::{Msg, Reply};
use crate::protocol::{Api, Request, dispatch};

/// Answers that wait for the main loop.
const REPLIES: usize = 256;

/// Asks the daemon without holding up the screen.
pub struct Runner<A> {
    api: Arc<A>,
    replies: mpsc::Sender<Msg>,
    lane: mpsc::UnboundedSender<Request>,
}

impl<A: Api> Runner<A> {
    /// A runner, and where its answers come out. Needs a running tokio.
    pub fn new(api: Arc<A>) -> (Self, mpsc::Receiver<Msg>) {
        let (replies, answers) = mpsc::channel(REPLIES);
        let (lane, mut queue) = mpsc::unbounded_channel::<Request>();
        let (worker, out) = (api.clone(), replies.clone());
        tokio::spawn(async move {
            while let Some(request) = queue.recv().await {
                if out.send(ask(&*worker, request).await).await.is_err() {
                    break;
                }
            }
        });
        let runner = Self { api, replies, lane };
        (runner, answers)
    }

    /// Asks; the answer comes as a message.
    ///
    /// What follows a terminal goes one after the other: a detach overtaken by the next attach would cut
    /// the pane off. Everything else may take its time side by side.
    pub fn call(&self, request: Request) {
        if in_order(&request) {
            // The lane ends only with the runner.
            let _ = self.lane.send(request);
            return;
        }
        let (api, replies) = (self.api.clone(), self.replies.clone());
        tokio::spawn(async move {
            let _ = replies.send(ask(&*api, request).await).await;
        });
    }

    /// Tells.
    pub fn api(&self) -> &A {
        &self.api
    }
}

fn in_order(request: &Request) -> bool {
    matches!(
        request,
        Request::Subscribe(_)
            | Request::Board(_)
            | Request::Attach(_)
            | Request::Detach(_)
            | Request::SendInput(_)
    )
}

async fn ask<A: Api>(api: &A, request: Request) -> Msg {
    let result = dispatch(api, request.clone()).await;
    Msg::Reply(Box::new(Reply { request, result }))
}
