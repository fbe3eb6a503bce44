//! [`Api`] over the socket: every request becomes a message with a number and waits for its answer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::link::{self, ConnectError, ConnectOptions, Events};
use crate::config::Paths;
use crate::domain::{Project, ProjectId, SessionId, TaskId};
use crate::protocol::*;
use crate::with_requests;

/// A connection to the daemon that comes back by itself. Clones share it.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

type Answer = oneshot::Sender<ApiResult<Response>>;

/// What the link's task and the callers share.
pub(super) struct Shared {
    /// The way to the task that writes; `None` while there is no connection.
    line: Mutex<Option<mpsc::UnboundedSender<ClientMessage>>>,
    waiting: Mutex<HashMap<u32, Answer>>,
    next: AtomicU32,
    /// The daemon said that it ends for good: do not start another.
    pub(super) ended: AtomicBool,
}

impl Client {
    /// Connects, and starts the daemon before where the options say so.
    ///
    /// The events say when the connection is lost and had again; who does not want them drops them.
    ///
    /// # Errors
    /// [`ConnectError`] where no daemon answers, or one of another version.
    pub async fn connect(
        paths: &Paths,
        options: ConnectOptions,
    ) -> Result<(Client, Events), ConnectError> {
        let shared = Arc::new(Shared {
            line: Mutex::new(None),
            waiting: Mutex::new(HashMap::new()),
            next: AtomicU32::new(1),
            ended: AtomicBool::new(false),
        });
        let events = link::start(paths, options, Arc::downgrade(&shared)).await?;
        Ok((Client { shared }, events))
    }

    /// Asks and waits for the answer.
    async fn call(&self, request: Request) -> ApiResult<Response> {
        let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        lock(&self.shared.waiting).insert(id, answer);
        if !self.shared.send(ClientMessage::Request { id, request }) {
            lock(&self.shared.waiting).remove(&id);
            return Err(no_connection());
        }
        answered.await.unwrap_or_else(|_| Err(no_connection()))
    }
}

impl Shared {
    /// Connects or disconnects the callers. On disconnecting, all who wait are told.
    pub(super) fn set_line(&self, line: Option<mpsc::UnboundedSender<ClientMessage>>) {
        let gone = line.is_none();
        *lock(&self.line) = line;
        if gone {
            // Dropping the senders answers those who wait.
            lock(&self.waiting).clear();
        }
    }

    /// Whether it could be handed on.
    fn send(&self, message: ClientMessage) -> bool {
        match &*lock(&self.line) {
            Some(line) => line.send(message).is_ok(),
            None => false,
        }
    }

    pub(super) fn answer(&self, id: u32, result: ApiResult<Response>) {
        if let Some(answer) = lock(&self.waiting).remove(&id) {
            let _ = answer.send(result);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_connection() -> ApiError {
    ApiError::new(
        ErrorCode::Unavailable,
        "the connection to the daemon is gone",
    )
    .with_hint("it comes back by itself; otherwise `gluon daemon status` says more")
}

fn wrong_answer(request: &str) -> ApiError {
    ApiError::new(
        ErrorCode::Internal,
        format!("the daemon answered something else than {request}"),
    )
}

/// The message for a log file that may hold more about a failure.
pub(super) fn log_hint(log: &Path) -> String {
    format!("its log is {}", log.display())
}

macro_rules! implement {
    ($($(#[$doc:meta])* $name:ident $function:ident($argument:ty) -> $answer:ty;)*) => {
        impl Api for Client {
            $(async fn $function(&self, argument: $argument) -> ApiResult<$answer> {
                match self.call(Request::$name(argument)).await? {
                    Response::$name(answer) => Ok(answer),
                    _ => Err(wrong_answer(stringify!($function))),
                }
            })*

            fn notify(&self, notice: Notice) {
                self.shared.send(ClientMessage::Notice(notice));
            }
        }
    };
}

with_requests!(implement);
