//! Connections: each is read by a thread of its own; what it asks is answered in order.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

use super::runs::Runs;
use super::supervise::Supervisor;
use crate::pty::fds::FrameReader;
use crate::pty::peer;
use crate::pty::wire::{HELLO, Reply, Request};

pub(super) fn accept_in_background(
    listener: UnixListener,
    runs: Arc<Runs>,
    supervisor: Arc<Supervisor>,
) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            match stream {
                Ok(stream) if peer::is_ours(&stream) => {
                    let (runs, supervisor) = (runs.clone(), supervisor.clone());
                    std::thread::spawn(move || {
                        if let Err(error) = serve(stream, &runs, &supervisor)
                            && error.kind() != io::ErrorKind::UnexpectedEof
                        {
                            tracing::warn!(%error, "a connection to the keeper was dropped");
                        }
                    });
                }
                Ok(_) => tracing::warn!("somebody else's process was turned away"),
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
    });
}

fn serve(stream: UnixStream, runs: &Arc<Runs>, supervisor: &Supervisor) -> io::Result<()> {
    let mut reader = FrameReader::new(stream.try_clone()?);
    (&stream).write_all(&HELLO)?;
    // The name must be right; the version is the client's business, since requests only ever grow.
    let hello = reader.exact::<10>()?;
    if hello[..8] != HELLO[..8] {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no hello"));
    }
    let stream = Arc::new(stream);
    loop {
        let request: Request = reader.next()?;
        tracing::debug!(?request);
        answer(&stream, request, runs, supervisor)?;
    }
}

fn answer(
    stream: &Arc<UnixStream>,
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
            runs.claim(stream);
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
        Request::RestartDaemon { program } => {
            supervisor.restart(program);
            (Reply::Done, None)
        }
        Request::Status => (Reply::Status(supervisor.status()), None),
        Request::Stop => {
            runs.reply(stream, &Reply::Done, None)?;
            supervisor.stop();
            return Ok(());
        }
    };
    runs.reply(stream, &reply, fd.as_deref().map(AsFd::as_fd))
}
