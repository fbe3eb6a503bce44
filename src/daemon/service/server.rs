//! Follows the servers that agents keep beside their screens, so that what they say is known at once.
//!
//! Invariants: a server is only ever asked, on loopback, for as long as its run lasts; one that cannot be
//! reached says nothing, and the screen counts; the word that opens it is in no log, database or command
//! line, and in a file that is the user's alone, for the next daemon.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::Service;
use crate::agents::{
    Agent, Head, Lines, Report, ServerAddress, ServerKind, ServerState, ask_server,
    new_conversation_id, read_head,
};
use crate::daemon::clock;
use crate::daemon::session::{Command, SessionHandle};
use crate::domain::{Mode, RunId, Session, SessionId};

/// The shortest and the longest pause before a server is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// So often a server is tried that was never there.
const TRIES: u32 = 100;
/// How much longer each time the first word of the events is waited for: of a server that has only just begun
/// it may never come.
const FIRST: Duration = Duration::from_secs(3);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// The longest answer, in bytes.
const MOST: usize = 4 * 1024 * 1024;
/// A stream of events that is silent for so long is broken: servers give a sign of life more often.
const SILENCE: Duration = Duration::from_secs(120);
/// After how long, at first and at most, it is asked whether the events tell everything.
const DOUBTS: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

impl Service {
    /// An address for the server of an agent that is about to be started.
    pub(super) fn new_server(&self, agent: &dyn Agent, mode: Mode) -> Option<ServerAddress> {
        agent.server().filter(|_| mode == Mode::Interactive)?;
        let port = free_port().inspect_err(|error| {
            tracing::warn!(%error, "there is no port for an agent's server");
        });
        Some(ServerAddress {
            port: port.ok()?,
            password: new_conversation_id().ok()?,
        })
    }

    /// Follows the server of a run that has just been started.
    pub(super) fn serve_run(
        self: &Arc<Self>,
        session: &Session,
        run: RunId,
        server: (ServerKind, ServerAddress),
    ) {
        if let Err(error) = write_address(&self.server_file(session.id), &server.1) {
            // This daemon knows it all the same.
            tracing::warn!(session = session.id.0, %error, "where a server is cannot be noted");
        }
        self.follow_server(session, run, server);
    }

    /// Follows the server of a run that another daemon started.
    pub(super) fn take_up_server(self: &Arc<Self>, session: &Session, run: RunId) {
        let agent = self.agent_of(&session.agent, None).ok();
        let kind = agent.and_then(|agent| agent.server());
        let address = read_address(&self.server_file(session.id));
        if let (Some(kind), Some(address)) = (kind, address) {
            self.follow_server(session, run, (kind, address));
        }
    }

    /// Its run is over.
    pub(super) fn forget_server(&self, session: SessionId) {
        let _ = fs::remove_file(self.server_file(session));
    }

    fn server_file(&self, session: SessionId) -> PathBuf {
        self.paths.session_dir(session).join("server")
    }

    fn follow_server(
        self: &Arc<Self>,
        session: &Session,
        run: RunId,
        (kind, address): (ServerKind, ServerAddress),
    ) {
        let (service, session) = (self.clone(), session.clone());
        tokio::spawn(async move {
            let (mut pause, mut tries) = (PAUSES.0, 0);
            while tries < TRIES && service.state().runs.contains_key(&run) {
                let Some(handle) = service.open_handle(session.id) else {
                    return;
                };
                let mut follower = Follower {
                    kind,
                    address: &address,
                    handle,
                    state: ServerState::new(&session.cwd),
                    told: None,
                };
                let ended = follower.follow((FIRST * (tries + 1)).min(ANSWER)).await;
                if follower.told.take().is_some() {
                    follower.handle.send(Command::Report(None));
                    (pause, tries) = (PAUSES.0, 0);
                }
                tracing::debug!(session = session.id.0, ?ended, "a server is not followed");
                tries += 1;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        });
    }
}

/// Follows one connection to a server.
struct Follower<'a> {
    kind: ServerKind,
    address: &'a ServerAddress,
    handle: Arc<SessionHandle>,
    state: ServerState,
    /// What the session was told last.
    told: Option<Report>,
}

impl Follower<'_> {
    /// Follows the events until their end. What happened before is asked once they are on their way, so
    /// that nothing falls in between. Their first word may take as long as `first`.
    async fn follow(&mut self, first: Duration) -> io::Result<()> {
        let mut events = connect(self.address, self.kind.events()).await?;
        let mut lines = Lines::default();
        let rest = timeout(first, body_of(&mut events)).await??;
        for path in self.kind.first_asked() {
            let body = ask(self.address, path).await?;
            self.state.answer(path, &body, clock::now());
        }
        self.take(&mut lines, &rest);
        let mut bytes = vec![0; 64 * 1024];
        let (mut heard, mut doubt) = (Instant::now(), Doubt::new());
        loop {
            for path in self.state.wanted() {
                // One that is gone again is asked for again when it is spoken of again.
                if let Ok(body) = ask(self.address, &path).await {
                    self.state.answer(&path, &body, clock::now());
                }
            }
            self.tell();
            tokio::select! {
                read = events.read(&mut bytes) => {
                    let read = read?;
                    if read == 0 {
                        return Ok(());
                    }
                    heard = Instant::now();
                    self.take(&mut lines, &bytes[..read]);
                }
                () = tokio::time::sleep_until(doubt.next) => {
                    if heard.elapsed() > SILENCE {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    let missing = self.misses().await?;
                    if !doubt.goes_on(missing) {
                        return Err(io::Error::other("its events do not tell what it does"));
                    }
                }
            }
        }
    }

    /// Whether the server, when asked, says something else than its events did.
    async fn misses(&self) -> io::Result<bool> {
        for path in self.kind.first_asked() {
            let body = ask(self.address, path).await?;
            if self.state.misses(path, &body) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes events and tells what each changed: a turn may be over before the next read.
    fn take(&mut self, lines: &mut Lines, bytes: &[u8]) {
        let now = clock::now();
        lines.take(bytes, &mut |said| {
            self.state.event(said, now);
            self.tell();
        });
    }

    fn tell(&mut self) {
        let report = self.state.report();
        if report.is_some() && report != self.told {
            self.told.clone_from(&report);
            self.handle.send(Command::Report(report));
        }
    }
}

/// When it is asked next whether the events tell everything. A stream was seen that was open and told nothing.
struct Doubt {
    next: Instant,
    pause: Duration,
    /// Whether something was missing the last time: it may only have been on its way.
    missing: bool,
}

impl Doubt {
    fn new() -> Self {
        Self {
            next: Instant::now() + DOUBTS.0,
            pause: DOUBTS.0,
            missing: false,
        }
    }

    /// Takes whether something is missing; says whether the events may still be trusted.
    fn goes_on(&mut self, missing: bool) -> bool {
        let twice = missing && self.missing;
        self.missing = missing;
        self.pause = match missing {
            true => DOUBTS.0,
            false => (self.pause * 2).min(DOUBTS.1),
        };
        self.next = Instant::now() + self.pause;
        !twice
    }
}

/// A port that nobody listens on just now.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

async fn connect(address: &ServerAddress, path: &str) -> io::Result<TcpStream> {
    let connecting = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port));
    let mut stream = timeout(ANSWER, connecting).await??;
    stream
        .write_all(ask_server(address, path).as_bytes())
        .await?;
    Ok(stream)
}

/// Reads up to the end of an answer's head; gives what has come of its body.
async fn body_of(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match read_head(&bytes) {
            Head::Body(at) => return Ok(bytes.split_off(at)),
            Head::Refused => return Err(io::Error::other("the server refuses")),
            Head::Unfinished => {}
        }
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&piece[..read]);
    }
}

/// Asks for one answer.
async fn ask(address: &ServerAddress, path: &str) -> io::Result<Vec<u8>> {
    let asking = async {
        let mut stream = connect(address, path).await?;
        let mut body = body_of(&mut stream).await?;
        let left = MOST.saturating_sub(body.len()) as u64;
        stream.take(left).read_to_end(&mut body).await?;
        Ok(body)
    };
    timeout(ANSWER, asking).await?
}

fn write_address(path: &Path, address: &ServerAddress) -> io::Result<()> {
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{} {}", address.port, address.password)
}

fn read_address(path: &Path) -> Option<ServerAddress> {
    let text = fs::read_to_string(path).ok()?;
    let (port, password) = text.trim().split_once(' ')?;
    Some(ServerAddress {
        port: port.parse().ok()?,
        password: password.to_owned(),
    })
}
