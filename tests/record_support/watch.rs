//! Looks over the agent's shoulder: what its hooks are given, what stands in its registry, what its server
//! says.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use gluon::agents::{Head, Lines, ServerAddress, ServerKind, ServerState, ask_server, read_head};
use gluon::domain::Timestamp;
use serde_json::Value;

use super::tape::{Shared, lock};
use crate::real_support::support::recording::Event;

/// How often hooks and registry are looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Notes what hooks were given and what stands in the registry.
pub(super) fn watch(told: &Path, registry: &Path, shared: &Shared, over: &AtomicBool) {
    let mut before = String::new();
    while !over.load(Ordering::Relaxed) {
        for path in fs::read_dir(told).into_iter().flatten().flatten() {
            let path = path.path();
            let payload = fs::read_to_string(&path).unwrap_or_default();
            let nanos = path
                .file_name()
                .and_then(|name| name.to_str()?.parse().ok());
            let nanos: u64 = nanos.expect("a time");
            let _ = fs::remove_file(&path);
            let mut tape = lock(&shared.tape);
            let since = (UNIX_EPOCH + Duration::from_nanos(nanos)).duration_since(tape.began);
            let at = tape.start + since.unwrap_or_default();
            tape.note(at, Event::Hook(payload.trim().replace('\n', " ")));
        }
        let entry = fs::read_to_string(registry).unwrap_or_default();
        let entry = entry.trim().replace('\n', " ");
        // While it is being written it is empty or cut off; a reader passes over that.
        let whole = entry.is_empty() || entry.ends_with('}');
        if whole && entry != before {
            lock(&shared.tape).note(Instant::now(), Event::Registry(entry.clone()));
            before = entry;
        }
        std::thread::sleep(LOOK);
    }
}

/// How long an answer may take: of a server that has only just begun some never come.
const ANSWER: Duration = Duration::from_secs(3);
/// After how long, at first and at most, it is asked whether the events tell everything: as gluon does.
const DOUBTS: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// Notes what the agent's server says: the events that tell what it does, and who the sessions in them are.
/// A stream that tells nothing is noticed and opened again as gluon does it.
pub(super) fn follow(
    kind: ServerKind,
    address: &ServerAddress,
    cwd: &Path,
    shared: &Shared,
    over: &AtomicBool,
) {
    let mut known = HashSet::new();
    while !over.load(Ordering::Relaxed) {
        let follower = Follower {
            kind,
            address,
            shared,
            state: ServerState::new(cwd),
        };
        let _ = follower.listen(over, &mut known);
        std::thread::sleep(10 * LOOK);
    }
}

struct Follower<'a> {
    kind: ServerKind,
    address: &'a ServerAddress,
    shared: &'a Shared,
    state: ServerState,
}

impl Follower<'_> {
    fn note(&self, event: Event) {
        lock(&self.shared.tape).note(Instant::now(), event);
    }

    fn ask(&mut self, path: &str) -> io::Result<()> {
        let body = whole(self.address, path)?;
        self.state.answer(path, body.as_bytes(), Timestamp(0));
        self.note(Event::Answer(path.to_owned(), body));
        Ok(())
    }

    fn listen(mut self, over: &AtomicBool, known: &mut HashSet<String>) -> io::Result<()> {
        let (mut events, mut rest) = ask(self.address, self.kind.events())?;
        for path in self.kind.first_asked() {
            self.ask(path)?;
        }
        let mut lines = Lines::default();
        let mut bytes = vec![0; 64 * 1024];
        let (mut pause, mut missing) = (DOUBTS.0, false);
        while !over.load(Ordering::Relaxed) {
            let mut told = Vec::new();
            lines.take(&rest, &mut |said| told.push(said.to_vec()));
            for said in told {
                self.take(&said, known)?;
            }
            rest.clear();
            events.set_read_timeout(Some(pause))?;
            match events.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => rest.extend_from_slice(&bytes[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let misses = self.misses()?;
                    if misses && missing {
                        break;
                    }
                    missing = misses;
                    pause = match missing {
                        true => DOUBTS.0,
                        false => (pause * 2).min(DOUBTS.1),
                    };
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take(&mut self, said: &[u8], known: &mut HashSet<String>) -> io::Result<()> {
        let event: Value = serde_json::from_slice(said).unwrap_or_default();
        let Some(session) = telling(&event, known) else {
            return Ok(());
        };
        self.state.event(said, Timestamp(0));
        self.note(Event::Server(String::from_utf8_lossy(said).into_owned()));
        match session {
            Some(session) if known.insert(session.clone()) => {
                self.ask(&format!("/session/{session}"))
            }
            _ => Ok(()),
        }
    }

    fn misses(&self) -> io::Result<bool> {
        for path in self.kind.first_asked() {
            let body = whole(self.address, path)?;
            if self.state.misses(path, body.as_bytes()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether an event tells what the agent does; then also of which session, if that is to be asked about.
fn telling(event: &Value, known: &mut HashSet<String>) -> Option<Option<String>> {
    let kind = event["type"].as_str()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match kind {
        // Who they are is told once; then they are only longer.
        "session.created" | "session.updated" => {
            let new = known.insert(text(&event["properties"]["info"]["id"])?);
            new.then_some(None)
        }
        "session.status" | "session.error" => Some(text(&event["properties"]["sessionID"])),
        _ if kind.starts_with("permission.") || kind.starts_with("question.") => {
            Some(text(&event["properties"]["sessionID"]))
        }
        _ => None,
    }
}

/// The session that was spoken of last.
pub(super) fn session(events: &[(u64, Event)]) -> Option<String> {
    events.iter().rev().find_map(|(_, event)| {
        let Event::Server(said) = event else {
            return None;
        };
        let said: Value = serde_json::from_str(said).ok()?;
        said["properties"]["sessionID"].as_str().map(str::to_owned)
    })
}

/// Asks the server; gives the stream and what has come of the answer's body.
fn ask(address: &ServerAddress, path: &str) -> io::Result<(TcpStream, Vec<u8>)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port))?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.write_all(ask_server(address, path).as_bytes())?;
    let mut bytes = Vec::new();
    loop {
        match read_head(&bytes) {
            Head::Body(at) => return Ok((stream, bytes.split_off(at))),
            Head::Refused => return Err(io::Error::other("the server refuses")),
            Head::Unfinished => {}
        }
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&piece[..read]);
    }
}

fn whole(address: &ServerAddress, path: &str) -> io::Result<String> {
    let (mut stream, mut body) = ask(address, path)?;
    stream.read_to_end(&mut body)?;
    let text = String::from_utf8_lossy(&body);
    Ok(text.trim().replace('\n', " "))
}
