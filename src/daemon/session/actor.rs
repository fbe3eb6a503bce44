//! The thread of a session: polls the PTY and its commands, and does nothing else.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc::UnboundedSender;

use super::answer::Pending as Answering;
use super::headless::Headless;
use super::marks::Marks;
use super::observe::Observer;
use super::pacing::Pacing;
use super::pending::Pending;
use super::viewers::Viewers;
use super::wake::Wake;
use super::{Command, Meta, Notice, Opening, Step, lock};
use crate::agents::Watch;
use crate::domain::{Activity, Exit, RunId, SessionId};
use crate::pty::OutputLog;
use crate::terminal::{Options, Terminal};

/// Everything a session's thread has.
pub(super) struct Actor {
    pub(super) id: SessionId,
    pub(super) terminal: Terminal,
    pub(super) options: Options,
    pub(super) observer: Observer,
    /// Set where the agent has no screen of its own.
    pub(super) headless: Option<Headless>,
    /// The registry that the agent keeps, if it keeps one.
    pub(super) registry: Option<Watch>,
    /// `None` where it cannot be opened; then output is shown but not kept.
    pub(super) log: Option<OutputLog>,
    pub(super) marks: Marks,
    pub(super) process: Option<Process>,
    /// A run that ended before it was followed.
    pub(super) over: Option<(RunId, Exit)>,
    pub(super) size: (u16, u16),
    pub(super) pending: Pending,
    pub(super) viewers: Viewers,
    pub(super) pacing: Pacing,
    pub(super) last_output: Option<Instant>,
    /// When the first change came that no frame has shown.
    pub(super) changed_at: Option<Instant>,
    /// What is to be given to the agent, one delivery after the other, each with a waiter.
    pub(super) deliveries: VecDeque<Step>,
    pub(super) waiters: VecDeque<super::deliver::Waiter>,
    /// What was typed and has not been seen to be taken.
    pub(super) typed: Option<super::deliver::Typed>,
    /// When somebody last typed words by hand.
    pub(super) written_at: Option<Instant>,
    /// When the delivery's present step is over.
    pub(super) step_ends: Option<Instant>,
    /// The answer that was typed and has not been seen to be taken.
    pub(super) answering: Option<Answering>,
    pub(super) tidings: super::timers::Tidings,
    pub(super) meta: Arc<Mutex<Meta>>,
    pub(super) notices: UnboundedSender<(SessionId, Notice)>,
    pub(super) outer: Option<crate::protocol::TerminalInfo>,
    /// When the log is tried to be cut again, which it could not be when it wanted to.
    pub(super) cut_again: Option<Instant>,
    /// Whether it has been told that output is not kept.
    pub(super) told_dropping: bool,
    pub(super) closing: bool,
}

/// The process whose terminal is followed.
pub(super) struct Process {
    pub(super) run: RunId,
    /// `None` after its end of file.
    pub(super) master: Option<OwnedFd>,
    /// Whether the last read got something, so that there may be more.
    pub(super) more: bool,
    /// Set once it ended: how, and until when its last output is waited for.
    pub(super) ended: Option<(Exit, Instant)>,
}

/// Runs a session until it is closed.
pub(super) fn run(
    opening: Opening,
    marks: Marks,
    mut wake: Wake,
    commands: Receiver<Command>,
    meta: Arc<Mutex<Meta>>,
) {
    let mut actor = Actor::open(opening, marks, meta);
    let mut woken = false;
    loop {
        wake.clear(std::mem::take(&mut woken));
        while let Ok(command) = commands.try_recv() {
            actor.take(command);
        }
        if actor.closing {
            break;
        }
        let now = Instant::now();
        actor.run_timers(now);
        let more = actor.read_some();
        actor.send_frames(more);
        actor.end_if_drained();
        if more && actor.pending.is_empty() {
            // The next read says itself when there is nothing.
            continue;
        }
        let wait = if more {
            Some(Duration::ZERO)
        } else {
            actor
                .next_deadline()
                .map(|at| at.saturating_duration_since(Instant::now()))
        };
        woken = actor.wait(&wake, wait);
    }
    actor.close();
}

impl Actor {
    /// Waits for output, room for input, a command, or the time being over. Whether it was woken.
    fn wait(&mut self, wake: &Wake, wait: Option<Duration>) -> bool {
        let timeout = wait.map(|wait| Timespec {
            tv_sec: wait.as_secs() as i64,
            tv_nsec: i64::from(wait.subsec_nanos()) as _,
        });
        let wake_fd = wake.fd();
        let master = self.process.as_ref().and_then(|p| p.master.as_ref());
        let (woken, readable, writable) = match master {
            Some(master) => {
                let mut flags = PollFlags::IN;
                if !self.pending.is_empty() {
                    flags |= PollFlags::OUT;
                }
                let mut fds = [
                    PollFd::new(&wake_fd, PollFlags::IN),
                    PollFd::new(master, flags),
                ];
                if poll(&mut fds, timeout.as_ref()).is_err() {
                    return true;
                }
                let events = fds[1].revents();
                (
                    !fds[0].revents().is_empty(),
                    events.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR),
                    events.contains(PollFlags::OUT),
                )
            }
            None => {
                let mut fds = [PollFd::new(&wake_fd, PollFlags::IN)];
                let _ = poll(&mut fds, timeout.as_ref());
                (true, false, false)
            }
        };
        if writable {
            self.flush();
        }
        if let Some(process) = &mut self.process {
            process.more = readable;
        }
        woken
    }

    /// Writes what waits for the agent, as far as it takes it.
    pub(super) fn flush(&mut self) {
        match self.process.as_ref().and_then(|p| p.master.as_ref()) {
            Some(master) => self.pending.flush(master.as_fd()),
            None => self.pending.clear(),
        }
    }

    /// Changes what others see of it; they are told in time.
    pub(super) fn update_meta(&mut self, change: impl FnOnce(&mut Meta)) {
        let mut meta = lock(&self.meta);
        let before = meta.clone();
        change(&mut meta);
        let changed = *meta != before;
        self.tidings.turn_changed |= meta.activity != before.activity;
        if meta.wait != before.wait {
            self.tidings.note_ask(match &meta.activity {
                Activity::Waiting(ask) => Some(ask.text.clone()),
                _ => None,
            });
        }
        drop(meta);
        if changed {
            self.tidings.meta_changed = true;
        }
    }

    /// Tells the service; it may be gone already.
    pub(super) fn tell(&self, notice: Notice) {
        let _ = self.notices.send((self.id, notice));
    }
}
