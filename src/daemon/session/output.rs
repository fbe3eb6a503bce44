//! From the agent's bytes to the log, the screen, the answers and what is observed.

use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::actor::{Actor, Process};
use super::headless::Headless;
use super::marks::{Mark, Marks};
use super::observe::{Observer, STARTING};
use super::timers::Tidings;
use super::{FIRST_SIZE, Meta, Notice, Opening, lock};
use crate::daemon::clock;
use crate::domain::{Exit, RunId};
use crate::protocol::Input;
use crate::pty::{OutputLog, ReadOutcome, Recovered};
use crate::terminal::{TermEvent, Terminal};

/// The most that is taken from a PTY at once.
const READ: usize = 64 * 1024;
/// How long the last output of a process is waited for where others still hold its terminal open.
const LAST_WORDS: Duration = Duration::from_millis(300);

impl Actor {
    /// Opens the log and rebuilds the screen from it.
    pub(super) fn open(opening: Opening, marks: Marks, meta: Arc<Mutex<Meta>>) -> Actor {
        let size = opening.size.or_else(|| marks.size_at(u64::MAX));
        let (cols, rows) = super::viewers::sane(size.unwrap_or(FIRST_SIZE));
        let known = lock(&meta).activity.clone();
        let since = opening.since;
        let mut observer =
            Observer::new(opening.signs, known, since, STARTING, clock::local_offset);
        observer.headless = opening.stream.is_some();
        let mut actor = Actor {
            id: opening.id,
            terminal: Terminal::new(cols, rows, opening.options),
            options: opening.options,
            observer,
            headless: opening
                .stream
                .map(|(format, cwd)| Headless::new(format, cwd)),
            registry: None,
            log: None,
            marks,
            process: None,
            over: None,
            size: (cols, rows),
            pending: Default::default(),
            viewers: Default::default(),
            pacing: Default::default(),
            last_output: None,
            changed_at: None,
            deliveries: Default::default(),
            waiters: Default::default(),
            typed: None,
            written_at: None,
            step_ends: None,
            answering: None,
            tidings: Tidings::default(),
            meta,
            notices: opening.notices,
            outer: None,
            cut_again: None,
            told_dropping: false,
            closing: false,
        };
        match OutputLog::open(&opening.dir) {
            Ok((log, recovered)) => {
                let start = log.total().saturating_sub(recovered.bytes.len() as u64);
                actor.log = Some(log);
                let ended = opening.exit.is_some();
                match actor.headless {
                    Some(_) => actor.rebuild_page(start, &recovered, ended),
                    None => actor.rebuild(start, &recovered, ended),
                }
            }
            Err(error) => actor.tell(Notice::LogFailed(error.to_string())),
        }
        if let Some(outer) = opening.outer {
            actor.set_outer(outer);
        }
        actor
    }

    /// The screen from what the log has, which starts at `start`. Queries were answered when they were
    /// asked.
    fn rebuild(&mut self, start: u64, recovered: &Recovered, ended: bool) {
        let marks: Vec<(u64, Mark)> = self.marks.after(start).collect();
        let first = self.marks.size_at(start);
        let size = self.size;
        let done = self.guard(|terminal| {
            if let Some((cols, rows)) = first {
                terminal.resize(cols, rows);
            }
            if let Some(snapshot) = &recovered.snapshot {
                terminal.feed(snapshot);
            }
            let mut rest = recovered.bytes.as_slice();
            let mut at = start;
            for (offset, mark) in marks {
                let (now, later) = rest.split_at(rest.len().min((offset - at) as usize));
                terminal.feed(now);
                (rest, at) = (later, offset);
                match mark {
                    Mark::Size(cols, rows) => terminal.resize(cols, rows),
                    Mark::Began(_) => {}
                    Mark::Ended(_) => terminal.process_ended(),
                }
            }
            terminal.feed(rest);
            terminal.resize(size.0, size.1);
            if ended {
                terminal.process_ended();
            }
            terminal.take_events()
        });
        // An end that nobody saw: what comes next must find the same screen after every rebuilding.
        let total = start + recovered.bytes.len() as u64;
        let noted = matches!(self.marks.last(), Some((at, Mark::Ended(_))) if at == total);
        if ended && total > 0 && !noted {
            self.mark(Mark::Ended(None));
        }
        let mut title = None;
        let mut said = None;
        for event in done.unwrap_or_default() {
            match event {
                TermEvent::Title(text) => title = Some(text),
                TermEvent::Program(status) => said = Some(status),
                _ => {}
            }
        }
        let title = title.unwrap_or_default();
        lock(&self.meta).title.clone_from(&title);
        if ended {
            return;
        }
        self.observe(|observer, now| {
            if let Some(said) = said {
                observer.program_says(&said, now);
            }
            observer.title_says(&title, now);
        });
    }

    /// Notes something about this place of the output.
    pub(super) fn mark(&mut self, mark: Mark) {
        let Some(log) = &self.log else { return };
        if let Err(error) = self.marks.add(log.total(), mark) {
            tracing::warn!(session = self.id.0, %error, "a mark cannot be written");
        }
    }

    /// Follows the terminal of a process that starts, or did while another daemon ran.
    pub(super) fn follow(&mut self, run: RunId, master: OwnedFd, size: Option<(u16, u16)>) {
        if let Err(error) = set_nonblocking(&master) {
            tracing::warn!(session = self.id.0, %error, "a terminal cannot be made non-blocking");
        }
        self.quieten(&master);
        self.pending.clear();
        self.end_deliveries();
        self.written_at = None;
        self.registry = None;
        self.process = Some(Process {
            run,
            master: Some(master),
            more: true,
            ended: None,
        });
        match size {
            Some(size) => {
                self.size = super::viewers::sane(size);
                let (cols, rows) = self.size;
                self.mark(Mark::Size(cols, rows));
                self.redraw_page();
                self.guard(|terminal| terminal.resize(cols, rows));
                self.page_begins();
            }
            // The daemon before may have died between its own change and the kernel's.
            None => self.tell_size(),
        }
        let size_now = self.size;
        self.update_meta(|meta| {
            meta.live = true;
            meta.size = size_now;
        });
        self.observe(|observer, now| observer.follow(size.is_some(), now));
        match size {
            Some(_) => {}
            None if self.headless.is_some() => self.stream_goes_on(),
            None => self.look_at_screen(),
        }
        if let Some((over, exit)) = self.over.take()
            && over == run
        {
            self.exited(run, exit);
        }
    }

    /// Reads once; whether there may be more at once.
    pub(super) fn read_some(&mut self) -> bool {
        let Some(process) = self.process.as_mut() else {
            return false;
        };
        let Some(master) = process.master.as_ref().filter(|_| process.more) else {
            return false;
        };
        let now = Instant::now();
        let mut spare = Vec::new();
        let outcome = match &mut self.log {
            Some(log) => log.read_from(master.as_fd(), READ),
            None => read_unlogged(master, &mut spare),
        };
        match outcome {
            Ok(ReadOutcome::Data(bytes)) => {
                let (terminal, headless) = (&mut self.terminal, &mut self.headless);
                let fed = catch_unwind(AssertUnwindSafe(|| match headless {
                    None => {
                        terminal.feed(bytes);
                        Vec::new()
                    }
                    Some(headless) => {
                        let mut out = Vec::new();
                        let told = headless.feed(bytes, &mut out);
                        terminal.feed(&out);
                        told
                    }
                }));
                match fed {
                    Ok(told) => self.stream_says(&told),
                    Err(_) => self.lose_screen(),
                }
                self.release_notes();
                self.after_output(now);
                self.note_output(now);
                self.cut_log(false, now);
            }
            Ok(ReadOutcome::Full) => self.cut_log(true, now),
            Ok(ReadOutcome::WouldBlock) => process.more = false,
            Ok(ReadOutcome::Eof) => {
                process.more = false;
                process.master = None;
            }
            Err(error) => {
                self.tell(Notice::LogFailed(error.to_string()));
                self.log = None;
            }
        }
        self.process.as_ref().is_some_and(|process| process.more)
    }

    /// Takes what the terminal has to say after it was fed.
    pub(super) fn after_output(&mut self, now: Instant) {
        self.changed_at.get_or_insert(now);
        let open = self.terminal.sync_open();
        self.pacing.note_sync(open, now);
        let events = self.terminal.take_events();
        for event in events {
            self.take_event(event, now);
        }
        if !self.pending.is_empty() {
            self.flush();
        }
    }

    fn take_event(&mut self, event: TermEvent, now: Instant) {
        self.observe(|observer, now| observer.event(&event, now));
        match event {
            TermEvent::Answer(bytes) => {
                self.pending.push(&bytes);
            }
            TermEvent::Title(title) => self.update_meta(|meta| meta.title = title),
            TermEvent::Program(_) => self.run_delivery(now),
            TermEvent::Bell => self.call(Notice::Bell, now),
            TermEvent::Clipboard(text) => self.call(Notice::Clipboard(text), now),
            TermEvent::Notification { title, body } => {
                let text = if title.is_empty() {
                    body
                } else {
                    format!("{title}: {body}")
                };
                self.call(Notice::Notification(text), now);
            }
            _ => {}
        }
    }

    /// Passes on what calls for attention; not more often than bearable.
    fn call(&mut self, notice: Notice, now: Instant) {
        if self.tidings.may_ring(now) {
            self.tell(notice);
        }
    }

    /// Notes that the process ended; its last output is still to come.
    pub(super) fn exited(&mut self, run: RunId, exit: Exit) {
        match &mut self.process {
            Some(process) if process.run == run => {
                process.more = true;
                process.ended = Some((exit, Instant::now() + LAST_WORDS));
                self.observer.ending();
            }
            // It was quicker than the one who started it.
            _ => self.over = Some((run, exit)),
        }
    }

    /// Ends the run once it has ended and all its output is taken.
    pub(super) fn end_if_drained(&mut self) {
        let Some(process) = &self.process else {
            return;
        };
        let Some((exit, until)) = process.ended else {
            return;
        };
        if process.master.is_some() && (Instant::now() < until) {
            return;
        }
        let run = process.run;
        self.process = None;
        self.pending.clear();
        self.end_deliveries();
        let now = clock::now();
        self.mark(Mark::Ended(Some(now)));
        let summary = self.page_ends(now);
        if self.headless.is_none() {
            self.guard(|terminal| terminal.process_ended());
        }
        self.after_output(Instant::now());
        self.pending.clear();
        if let Some(log) = &mut self.log {
            log.idle();
        }
        self.update_meta(|meta| meta.live = false);
        let words = describe(exit);
        self.observe(|observer, now| observer.ended(exit, &words, now));
        self.update_meta(|meta| meta.unseen = true);
        self.tell(Notice::Ended { run, exit, summary });
    }

    /// Writes what `input` means for the agent's modes.
    pub(super) fn type_in(&mut self, input: &Input) {
        let bytes = self.guard(|terminal| terminal.encode(input));
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            if !self.pending.push(&bytes) && self.tidings.may_ring(Instant::now()) {
                let text = "the agent reads nothing; what was typed is lost".to_owned();
                self.tell(Notice::Notification(text));
            }
            self.flush();
        }
    }

    /// Runs the emulator so that a panic in it costs no more than the screen.
    pub(super) fn guard<T>(&mut self, work: impl FnOnce(&mut Terminal) -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(|| work(&mut self.terminal))) {
            Ok(value) => Some(value),
            Err(_) => {
                self.lose_screen();
                None
            }
        }
    }

    fn lose_screen(&mut self) {
        tracing::error!(
            session = self.id.0,
            "the emulator failed; its screen is lost"
        );
        let (cols, rows) = self.size;
        self.terminal = Terminal::new(cols, rows, self.options);
        self.terminal.feed(
            b"[gluon: this screen was lost to a fault in the emulator; the output goes on]\r\n",
        );
        self.viewers.reset();
    }

    /// Ends everything. The log stays as it is: it is complete at every moment.
    pub(super) fn close(&mut self) {
        if let Some(log) = &mut self.log {
            log.idle();
        }
    }
}

/// How a process ended, in words.
fn describe(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("it ended with {code}"),
        Exit::Signal(signal) => format!("it was ended by signal {signal}"),
        Exit::Lost => "its end was not seen".to_owned(),
    }
}

/// Reads where there is no log.
fn read_unlogged<'a>(master: &OwnedFd, spare: &'a mut Vec<u8>) -> std::io::Result<ReadOutcome<'a>> {
    use rustix::io::Errno;
    spare.resize(READ, 0);
    match rustix::io::read(master, &mut spare[..]) {
        Ok(0) | Err(Errno::IO) => Ok(ReadOutcome::Eof),
        Ok(count) => Ok(ReadOutcome::Data(&spare[..count])),
        Err(Errno::AGAIN | Errno::INTR) => Ok(ReadOutcome::WouldBlock),
        Err(error) => Err(error.into()),
    }
}

fn set_nonblocking(fd: &OwnedFd) -> std::io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let flags = fcntl_getfl(fd)?;
    Ok(fcntl_setfl(fd, flags | OFlags::NONBLOCK)?)
}
