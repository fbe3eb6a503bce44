//! Connections: each is read by a thread of its own; what it asks is answered in order.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::connection::Connection;
use super::runs::Runs;
use super::supervise::Supervisor;
use crate::pty::fds::FrameReader;
use crate::pty::peer;
use crate::pty::wire::{HELLO, Reply, Request};

/// Connections at once. There is a daemon, and now and then somebody who asks one thing.
const MAX_CONNECTIONS: usize = 64;
/// Whoever has not said hello by then never will.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// The pause after the system has refused a connection; it would refuse the next one too.
const BREATH: Duration = Duration::from_millis(100);

/// What every connection works on.
struct Shared {
    runs: Arc<Runs>,
    supervisor: Arc<Supervisor>,
    open: AtomicUsize,
}

pub(super) fn accept_in_background(
    listener: UnixListener,
    runs: Arc<Runs>,
    supervisor: Arc<Supervisor>,
) -> io::Result<()> {
    let shared = Arc::new(Shared {
        runs,
        supervisor,
        open: AtomicUsize::new(0),
    });
    let accepting = std::thread::Builder::new().name("accept".to_owned());
    accepting.spawn(move || {
        for stream in listener.incoming() {
            match stream {
                Ok(stream) if peer::is_ours(&stream) => start(stream, &shared),
                Ok(_) => tracing::warn!("somebody else's process was turned away"),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    std::thread::sleep(BREATH);
                }
            }
        }
    })?;
    Ok(())
}

/// Gives a connection its thread; where there is none to be had, the connection is dropped.
fn start(stream: UnixStream, shared: &Arc<Shared>) {
    if shared.open.fetch_add(1, Ordering::AcqRel) >= MAX_CONNECTIONS {
        shared.open.fetch_sub(1, Ordering::AcqRel);
        tracing::warn!("more than {MAX_CONNECTIONS} connections: the newest was dropped");
        return;
    }
    let own = shared.clone();
    let thread = std::thread::Builder::new().name("serve".to_owned());
    let started = thread.spawn(move || {
        if let Err(error) = serve(stream, &own.runs, &own.supervisor)
            && error.kind() != io::ErrorKind::UnexpectedEof
        {
            tracing::warn!(%error, "a connection to the keeper was dropped");
        }
        own.open.fetch_sub(1, Ordering::AcqRel);
    });
    if let Err(error) = started {
        shared.open.fetch_sub(1, Ordering::AcqRel);
        tracing::warn!(%error, "a connection cannot be served");
    }
}

fn serve(stream: UnixStream, runs: &Arc<Runs>, supervisor: &Supervisor) -> io::Result<()> {
    let mut reader = FrameReader::new(stream.try_clone()?);
    (&stream).write_all(&HELLO)?;
    // The name must be right; the version is the client's business, since requests only ever grow.
    stream.set_read_timeout(Some(HELLO_WITHIN))?;
    let hello = reader.exact::<10>()?;
    if hello[..8] != HELLO[..8] {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no hello"));
    }
    stream.set_read_timeout(None)?;
    let connection = Arc::new(Connection::new(stream)?);
    loop {
        let request: Request = reader.next()?;
        tracing::debug!(?request);
        answer(&connection, request, runs, supervisor)?;
    }
}

fn answer(
    connection: &Arc<Connection>,
    request: Request,
    runs: &Arc<Runs>,
    supervisor: &Supervisor,
) -> io::Result<()> {
    let done = |result: Result<(), String>| match result {
        Ok(()) => Reply::Done,
        Err(message) => Reply::Failed(message),
    };
    let (reply, fd) = match request {
        Request::Claim => {
            runs.claim(connection);
            (Reply::Done, None)
        }
        Request::Spawn(spawn) => match runs.spawn(&spawn) {
            Ok((pid, master)) => (Reply::Spawned { pid }, Some(master)),
            Err(message) => (Reply::Failed(message), None),
        },
        Request::List => (Reply::Runs(runs.list()), None),
        Request::Take { run } => match runs.master(run) {
            Some(master) => (Reply::Taken, Some(master)),
            None => (Reply::Failed(format!("there is no run {run}")), None),
        },
        Request::Signal { run, signal, group } => (done(runs.signal(run, signal, group)), None),
        Request::Ack { run } => {
            runs.forget(run);
            (Reply::Done, None)
        }
        Request::RestartDaemon { program } => (done(supervisor.restart(program)), None),
        Request::Status => (Reply::Status(supervisor.status()), None),
        Request::Stop => {
            connection.send(&Reply::Done, None)?;
            supervisor.stop();
            return Ok(());
        }
    };
    connection.send(&reply, fd.as_deref().map(AsFd::as_fd))
}
