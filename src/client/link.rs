//! The link: one task that owns the socket, connects it again when it is lost and hands on what comes.

use std::io;
use std::path::PathBuf;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::api::{Shared, log_hint};
use super::autostart;
use crate::config::Paths;
use crate::protocol::{
    ClientMessage, Event, Hello, HelloError, LinkEvent, ServerMessage, codec, decode, encode,
};

/// What the link tells the program above it.
pub type Events = mpsc::Receiver<LinkEvent>;

/// Events that wait for the program above; the link stops reading beyond it.
const EVENT_QUEUE: usize = 1024;
/// After so long it is started once more: a keeper that came while the one before it was dying found its
/// place taken and left. One too many does no harm, a lock decides.
const START_AGAIN: Duration = Duration::from_secs(1);
/// How long a daemon may take to answer after it was started.
const START_PATIENCE: Duration = Duration::from_secs(5);
/// A daemon that says so often that it cannot run is not waited for any longer.
const START_ATTEMPTS: usize = 3;
/// How long a daemon that accepts may take for its hello.
const HELLO_PATIENCE: Duration = Duration::from_secs(5);
/// After so long without a daemon the link starts one, if it may.
const RESTART_AFTER: Duration = Duration::from_secs(2);
/// The first and the longest pause between two attempts to connect.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(250));

/// How to connect.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Start the daemon if none runs.
    pub autostart: bool,
    /// Connect again when the connection is lost.
    pub reconnect: bool,
    /// The program to start as keeper and daemon; `None`: this one.
    pub program: Option<PathBuf>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            autostart: true,
            reconnect: true,
            program: None,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing listens, and nothing was to be started.
    #[error("no gluon daemon is running")]
    NotRunning,
    /// It was started and did not answer in time.
    #[error("the gluon daemon did not start within {0} s; {1}")]
    NotStarted(u64, String),
    /// It was started, again and again, and says why it cannot run.
    #[error("the gluon daemon cannot run: {0} ({1})")]
    CannotStart(String, String),
    /// It could not be started at all.
    #[error("the gluon daemon cannot be started: {0}")]
    Spawn(#[source] io::Error),
    /// It runs, but speaks otherwise.
    #[error("{0}; run `gluon daemon restart` (agents keep running)")]
    Version(HelloError),
    /// Something else answers at the socket.
    #[error("{path} is not gluon's socket: {1}", path = .0.display())]
    Stranger(PathBuf, HelloError),
    /// The socket exists and cannot be used.
    #[error("cannot connect to {path}: {1}", path = .0.display())]
    Io(PathBuf, #[source] io::Error),
}

type Wire = Framed<UnixStream, LengthDelimitedCodec>;

/// Everything that is needed to connect once more.
struct Dialer {
    socket: PathBuf,
    paths: Paths,
    options: ConnectOptions,
}

/// Connects for the first time and leaves the link's task behind.
pub(super) async fn start(
    paths: &Paths,
    options: ConnectOptions,
    shared: Weak<Shared>,
) -> Result<Events, ConnectError> {
    let dialer = Dialer {
        socket: paths.socket(),
        paths: paths.clone(),
        options,
    };
    let wire = dialer.first().await?;
    let (events, receiver) = mpsc::channel(EVENT_QUEUE);
    let line = open_line(&shared);
    tokio::spawn(run(dialer, wire, line, shared, events));
    Ok(receiver)
}

impl Dialer {
    /// Connects and starts the daemon where that is needed and allowed.
    async fn first(&self) -> Result<Wire, ConnectError> {
        let error = match self.dial().await {
            Err(error) if error.is_absence() => error,
            result => return result,
        };
        if !self.options.autostart {
            return Err(match error {
                ConnectError::Io(..) => ConnectError::NotRunning,
                other => other,
            });
        }
        let logged = autostart::log_end(&self.paths);
        self.start().map_err(ConnectError::Spawn)?;
        let deadline = Instant::now() + START_PATIENCE;
        let mut once_more = Instant::now() + START_AGAIN;
        let mut pause = BACK_OFF.0;
        loop {
            match self.dial().await {
                Err(error) if error.is_absence() => {
                    let mut reasons = autostart::reasons_in_log(&self.paths, logged);
                    let log = log_hint(&self.paths.daemon_log());
                    if reasons.len() >= START_ATTEMPTS {
                        let reason = reasons.swap_remove(0);
                        return Err(ConnectError::CannotStart(reason, log));
                    }
                    if Instant::now() >= once_more {
                        once_more += START_AGAIN;
                        self.start().map_err(ConnectError::Spawn)?;
                    }
                    if Instant::now() >= deadline {
                        let patience = START_PATIENCE.as_secs();
                        return Err(ConnectError::NotStarted(patience, log));
                    }
                }
                result => return result,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    fn start(&self) -> io::Result<()> {
        let program = match &self.options.program {
            Some(program) => program.clone(),
            None => autostart::own_program()?,
        };
        autostart::start_keeper(&program, &self.paths)
    }

    /// One attempt, with the hello of both sides.
    async fn dial(&self) -> Result<Wire, ConnectError> {
        let failed = |error| ConnectError::Io(self.socket.clone(), error);
        let stream = UnixStream::connect(&self.socket).await.map_err(failed)?;
        let mut wire = Framed::new(stream, codec::framing());
        let ours = Hello::ours();
        let hello = async {
            wire.send(Bytes::from(ours.encode())).await?;
            match wire.next().await {
                Some(frame) => frame,
                None => Err(io::ErrorKind::ConnectionReset.into()),
            }
        };
        let frame = match tokio::time::timeout(HELLO_PATIENCE, hello).await {
            Ok(frame) => frame.map_err(failed)?,
            Err(_) => return Err(failed(io::ErrorKind::TimedOut.into())),
        };
        let theirs = Hello::decode(&frame)
            .map_err(|error| ConnectError::Stranger(self.socket.clone(), error))?;
        ours.check(&theirs).map_err(ConnectError::Version)?;
        Ok(wire)
    }
}

impl ConnectError {
    /// Whether the daemon is merely not there (yet, or any more).
    fn is_absence(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound};
        match self {
            ConnectError::Io(_, error) => matches!(
                error.kind(),
                NotFound | ConnectionRefused | ConnectionReset | BrokenPipe
            ),
            _ => false,
        }
    }
}

/// A fresh way from the callers to the writer.
fn open_line(shared: &Weak<Shared>) -> mpsc::UnboundedReceiver<ClientMessage> {
    let (line, receiver) = mpsc::unbounded_channel();
    if let Some(shared) = shared.upgrade() {
        shared.set_line(Some(line));
    }
    receiver
}

/// The link's task: lives as long as a [`super::Client`] does.
async fn run(
    dialer: Dialer,
    mut wire: Wire,
    mut line: mpsc::UnboundedReceiver<ClientMessage>,
    shared: Weak<Shared>,
    events: mpsc::Sender<LinkEvent>,
) {
    loop {
        let _ = events.send(LinkEvent::Connected).await;
        let why = serve(wire, line, &shared, &events).await;
        let Some(alive) = shared.upgrade() else {
            return;
        };
        alive.set_line(None);
        drop(alive);
        let _ = events.send(LinkEvent::Disconnected(why)).await;
        if !dialer.options.reconnect {
            return;
        }
        wire = match again(&dialer, &shared).await {
            Ok(Some(wire)) => wire,
            Ok(None) => return,
            Err(error) => {
                let _ = events.send(LinkEvent::Lost(error.to_string())).await;
                return;
            }
        };
        line = open_line(&shared);
    }
}

/// Tries until there is a connection; `None` when nobody wants it any more.
async fn again(dialer: &Dialer, shared: &Weak<Shared>) -> Result<Option<Wire>, ConnectError> {
    let since = Instant::now();
    let mut pause = BACK_OFF.0;
    let mut start_after = RESTART_AFTER;
    loop {
        match dialer.dial().await {
            Ok(wire) => return Ok(Some(wire)),
            Err(error @ (ConnectError::Version(_) | ConnectError::Stranger(..))) => {
                return Err(error);
            }
            Err(_) => {}
        }
        let Some(alive) = shared.upgrade() else {
            return Ok(None);
        };
        let may_start = dialer.options.autostart && !alive.ended.load(Ordering::Relaxed);
        drop(alive);
        if may_start && since.elapsed() > start_after {
            // Again, but ever more seldom: one that was started may have found another one dying.
            start_after *= 2;
            let _ = dialer.start();
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(BACK_OFF.1);
    }
}

/// Carries messages both ways until the connection ends; says why it did.
async fn serve(
    wire: Wire,
    mut line: mpsc::UnboundedReceiver<ClientMessage>,
    shared: &Weak<Shared>,
    events: &mpsc::Sender<LinkEvent>,
) -> String {
    let (mut sink, mut stream) = wire.split();
    let writer = async move {
        while let Some(message) = line.recv().await {
            let mut next = Some(message);
            // Everything that waits goes into one write.
            while let Some(message) = next {
                match encode(&message) {
                    Ok(frame) => sink.feed(frame).await?,
                    Err(error) => give_up_request(shared, &message, &error.to_string()),
                }
                next = line.try_recv().ok();
            }
            sink.flush().await?;
        }
        Ok::<(), io::Error>(())
    };
    let reader = async {
        while let Some(frame) = stream.next().await {
            let message: ServerMessage = match decode(&frame?) {
                Ok(message) => message,
                Err(error) => return Err(io::Error::other(error)),
            };
            let Some(shared) = shared.upgrade() else {
                return Ok(());
            };
            let event = match message {
                ServerMessage::Response { id, result } => {
                    shared.answer(id, result);
                    continue;
                }
                ServerMessage::Event(event) => {
                    if let Event::Closing { restart } = &event {
                        shared.ended.store(!restart, Ordering::Relaxed);
                    }
                    LinkEvent::Event(event)
                }
                ServerMessage::Screen(update) => LinkEvent::Screen(update),
            };
            drop(shared);
            let _ = events.send(event).await;
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    };
    let result = tokio::select! {
        result = reader => result,
        result = writer => result,
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the daemon closed the connection".to_owned()
        }
        Err(error) => format!("the connection to the daemon broke: {error}"),
        Ok(()) => "the client is gone".to_owned(),
    }
}

/// A request that cannot be sent is answered here.
fn give_up_request(shared: &Weak<Shared>, message: &ClientMessage, why: &str) {
    use crate::protocol::{ApiError, ErrorCode};
    if let (ClientMessage::Request { id, .. }, Some(shared)) = (message, shared.upgrade()) {
        shared.answer(*id, Err(ApiError::new(ErrorCode::Invalid, why)));
    }
}
