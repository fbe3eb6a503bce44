//! The tape: everything that is seen, with its time, by whoever sees it first.

use std::io::{Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use gluon::terminal::{TermEvent, Terminal};

use crate::real_support::support::recording::Event;

/// What is printed within so many milliseconds becomes one chunk, with the time of its last byte.
const GATHER: u64 = 4;

pub(super) struct Shared {
    pub(super) tape: Mutex<Tape>,
    pub(super) terminal: Mutex<Terminal>,
    pub(super) writer: Mutex<Option<Box<dyn Write + Send>>>,
    pub(super) looked_for: Mutex<Option<LookedFor>>,
    pub(super) found: Condvar,
}

/// What somebody waits to see on the screen, and when it was there.
pub(super) struct LookedFor {
    pub(super) text: &'static str,
    pub(super) there: bool,
    pub(super) at: Option<Instant>,
}

impl LookedFor {
    pub(super) fn look(&mut self, screen: &str, at: Instant) {
        if screen.contains(self.text) == self.there {
            self.at.get_or_insert(at);
        }
    }
}

pub(super) struct Tape {
    pub(super) start: Instant,
    pub(super) began: SystemTime,
    pub(super) rolls: bool,
    pub(super) events: Vec<(u64, Event)>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tape {
    pub(super) fn note(&mut self, at: Instant, event: Event) {
        if self.rolls {
            let at = at.saturating_duration_since(self.start).as_millis() as u64;
            self.events.push((at, event));
        }
    }
}

/// In order, and what was printed in one go as one.
pub(super) fn gathered(mut events: Vec<(u64, Event)>) -> Vec<(u64, Event)> {
    events.sort_by_key(|(at, _)| *at);
    let mut all: Vec<(u64, Event)> = Vec::new();
    let mut first = 0;
    for (at, event) in events {
        if let (Event::Out(bytes), Some((last, Event::Out(before)))) = (&event, all.last_mut())
            && at <= first + GATHER
        {
            before.extend_from_slice(bytes);
            *last = at;
            continue;
        }
        first = at;
        all.push((at, event));
    }
    all
}

/// Notes what is printed, and answers what is asked of a terminal.
pub(super) fn listen(mut reader: Box<dyn Read + Send>, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let (bytes, now) = (&buffer[..count], Instant::now());
        lock(&shared.tape).note(now, Event::Out(bytes.to_vec()));
        let events = {
            let mut terminal = lock(&shared.terminal);
            terminal.feed(bytes);
            if let Some(looked_for) = &mut *lock(&shared.looked_for)
                && !terminal.sync_open()
            {
                looked_for.look(&terminal.text(0, false), now);
                shared.found.notify_all();
            }
            terminal.take_events()
        };
        for event in events {
            if let (TermEvent::Answer(bytes), Some(writer)) = (event, &mut *lock(&shared.writer)) {
                let _ = writer.write_all(&bytes);
            }
        }
    }
}
