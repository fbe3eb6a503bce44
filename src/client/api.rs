//! [`Api`] over the socket: every request becomes a message with a number and waits for its answer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::link::{self, ConnectError, ConnectOptions, Events};
use crate::config::Paths;
use crate::domain::follow_up::FollowUp;
use crate::domain::{Comment, Project, ProjectId, SessionId, TaskId};
use crate::protocol::*;
use crate::with_requests;

/// A connection to the daemon that comes back by itself. Clones share it.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

type Answer = oneshot::Sender<ApiResult<Response>>;

/// The way to the task that writes.
#[derive(Default)]
struct Line {
    /// `None` while there is no connection.
    to: Option<mpsc::UnboundedSender<ClientMessage>>,
    /// What was typed meanwhile, and when.
    typed: Vec<(Instant, Notice)>,
}

/// What was typed while the daemon was away reaches the agent if it is back by then; later nobody would
/// expect it any more.
const TYPED_COUNTS: Duration = Duration::from_secs(5);
/// The most that is kept of it: more than anybody types in that time.
const TYPED_MOST: usize = 512;

/// What the link's task and the callers share.
pub(super) struct Shared {
    line: Mutex<Line>,
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
            line: Mutex::default(),
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
        let mut ours = lock(&self.line);
        for (at, notice) in std::mem::take(&mut ours.typed) {
            if let (Some(line), true) = (&line, at.elapsed() < TYPED_COUNTS) {
                let _ = line.send(ClientMessage::Notice(notice));
            }
        }
        ours.to = line;
        drop(ours);
        if gone {
            // Dropping the senders answers those who wait.
            lock(&self.waiting).clear();
        }
    }

    /// Whether it could be handed on.
    fn send(&self, message: ClientMessage) -> bool {
        let mut line = lock(&self.line);
        match (&line.to, message) {
            (Some(to), message) => to.send(message).is_ok(),
            (None, ClientMessage::Notice(notice)) => line.hold(notice),
            (None, _) => false,
        }
    }

    pub(super) fn answer(&self, id: u32, result: ApiResult<Response>) {
        if let Some(answer) = lock(&self.waiting).remove(&id) {
            let _ = answer.send(result);
        }
    }
}

impl Line {
    /// Keeps what was typed until there is a connection again. A mouse would hit something else by then.
    fn hold(&mut self, notice: Notice) -> bool {
        let typed = matches!(&notice, Notice::Input { input, .. }
            if !matches!(input, Input::Mouse(_) | Input::Focus(_)));
        let room = self.typed.len() < TYPED_MOST;
        if typed && room {
            self.typed.push((Instant::now(), notice));
        }
        typed && room
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_while_the_daemon_is_away_comes_after_it() {
        let shared = Shared {
            line: Mutex::default(),
            waiting: Mutex::default(),
            next: AtomicU32::new(1),
            ended: AtomicBool::new(false),
        };
        let typed = |text: String| {
            ClientMessage::Notice(Notice::Input {
                session: SessionId(1),
                input: Input::Text(text),
            })
        };
        for index in 0..2 * TYPED_MOST {
            let kept = shared.send(typed(index.to_string()));
            assert_eq!(kept, index < TYPED_MOST);
        }
        let focus = Input::Focus(true);
        let session = SessionId(1);
        let focus = Notice::Input {
            session,
            input: focus,
        };
        assert!(!shared.send(ClientMessage::Notice(focus)));
        assert!(!shared.send(ClientMessage::Notice(Notice::Seen(session))));
        let (line, mut sent) = mpsc::unbounded_channel();
        shared.set_line(Some(line));
        shared.send(typed("last".to_owned()));
        let expected = (0..TYPED_MOST).map(|index| index.to_string());
        for text in expected.chain(["last".to_owned()]) {
            assert_eq!(sent.try_recv().ok(), Some(typed(text)));
        }
        assert!(sent.try_recv().is_err());
    }
}
