//! Sessions: for each one that lives or is looked at, a thread that owns its terminal, its output log and
//! its PTY master.
//!
//! Invariants: output is in the log before anything looks at it; what is typed is served between two reads
//! however much the agent prints; a session nobody looks at makes no frames; an idle one makes no system
//! calls; a panic in the emulator costs that session its screen and nothing else.

mod actor;
mod answer;
mod commands;
mod deliver;
mod headless;
mod keeping;
mod look;
mod marks;
mod observe;
mod output;
mod pacing;
mod pending;
mod showing;
mod status;
mod timers;
mod told;
mod viewers;
mod wake;

#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc::UnboundedSender, oneshot};

pub(super) use self::answer::{Answer, Answered};
pub(super) use self::deliver::{Delivered, Words};
pub(super) use self::headless::StreamView;
#[cfg(test)]
use self::observe::Sign;
pub(super) use self::observe::Signs;
use super::outbox::{ClientId, Outbox};
use crate::agents::{Report, StreamFormat, Watch};
use crate::domain::health;
use crate::domain::{
    Activity, Claim, Decision, Exit, Hook, RunId, SessionId, Standing, Summary, Timestamp, Turn,
};
use crate::protocol::{Input, Lines, Match, TerminalInfo};
use crate::terminal::Options;

/// Commands that may wait for a session; it takes them between any two reads.
const COMMANDS: usize = 4096;
/// Emulation needs little stack; a debug build somewhat more.
const STACK: usize = if cfg!(debug_assertions) {
    1024 * 1024
} else {
    256 * 1024
};

/// The size of a session that has never had one, in columns and rows.
pub(super) const FIRST_SIZE: (u16, u16) = (80, 24);

/// A piece of a delivery to an agent: written in order, nothing of another delivery in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Wait until the agent is not starting any more, at most so long.
    Begun(Duration),
    /// Wait until the agent says that it is idle, at most so long.
    Idle(Duration),
    /// Wait until its output has been still for so long, at most so long.
    Still(Duration, Duration),
    /// Wait until it asks nothing: what is typed would land in its dialog. With `true` it may ask a
    /// question, which what is typed answers.
    Unasked(bool),
    /// Wait.
    Pause(Duration),
    /// Put in as the user would.
    Input(Input),
    /// Wait until the agent has taken it, or can be seen not to. The last of every delivery.
    Taken,
}

/// What a session can be told.
pub(super) enum Command {
    /// Something typed; by nobody where a program did it.
    Input(Option<ClientId>, Input),
    /// A client starts following.
    Attach {
        client: ClientId,
        outbox: Outbox,
        size: (u16, u16),
        claim: bool,
        reply: oneshot::Sender<(u16, u16)>,
    },
    /// It stops.
    Detach(ClientId),
    /// It has drawn a state.
    Ack(ClientId, u64),
    /// Its room is another.
    Resize {
        client: ClientId,
        size: (u16, u16),
        claim: bool,
    },
    /// What the user's terminal is.
    Outer(TerminalInfo),
    /// Lines from an id on.
    Lines(u64, u32, oneshot::Sender<Lines>),
    /// A search, with the most matches wanted.
    Search(String, u32, oneshot::Sender<Vec<Match>>),
    /// The screen as text: lines of scrollback before it, and whether with styles.
    Text(u32, bool, oneshot::Sender<String>),
    /// What is known of the agent's activity.
    Reasons(oneshot::Sender<Reasons>),
    /// What its newest headless run tells.
    Stream(oneshot::Sender<StreamView>),
    /// Words for the agent.
    Deliver(Words),
    /// An answer to what it asks.
    Answer(Answer),
    /// Output that stands in for an agent's own (a note of gluon's).
    Note(String),
    /// Follow the terminal of a process: one that starts, with its size, or one that ran already.
    Follow {
        run: RunId,
        master: OwnedFd,
        size: Option<(u16, u16)>,
    },
    /// The registry that tells of the process which is followed.
    Watch(Watch),
    /// What the agent's server tells now; `None`: nothing any more.
    Report(Option<Report>),
    /// A hook of the agent's tells something.
    Hook(Hook),
    /// The process ended: take the rest of its output, then say so.
    Exited(RunId, Exit),
    /// End the thread.
    Close,
}

/// What a session tells the service.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// Its [`Meta`] has changed; at most four times a second.
    Changed,
    /// What it has asked since this was told last, one after the other; `None`: it asks no more.
    Asks(Vec<Option<String>>),
    /// It has printed and is quiet now.
    Quiet,
    /// The conversation it leads now.
    Conversation(String),
    /// What its stream tells of how it is doing.
    Signs(Vec<health::Sign>),
    /// The bell.
    Bell,
    /// It wants this text on the clipboard.
    Clipboard(String),
    /// It wants the user to know this.
    Notification(String),
    /// A run ended and all of its output is in the log; with what it came to, where it told that.
    Ended {
        run: RunId,
        exit: Exit,
        summary: Option<Box<Summary>>,
    },
    /// The log cannot be opened: one sentence.
    LogFailed(String),
    /// The log cannot be written (`false`), for example because the disk is full, or can be again.
    Kept(bool),
}

/// What is observed of a session, to be read at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) activity: Activity,
    pub(super) activity_since: Timestamp,
    /// Whether its service refuses the agent, while the agent itself is ready for the next prompt.
    pub(super) held_back: bool,
    pub(super) title: String,
    pub(super) last_output_at: Option<Timestamp>,
    pub(super) size: (u16, u16),
    pub(super) unseen: bool,
    /// How much the agent has going on in the background.
    pub(super) background: u32,
    /// Which ask it is that the agent waits with: no two of a session have the same; 0 while it asks nothing.
    pub(super) wait: u64,
    /// Whether a process is attached to it.
    pub(super) live: bool,
    /// How many clients follow it.
    pub(super) viewers: usize,
}

impl Meta {
    pub(super) fn new(size: (u16, u16), now: Timestamp) -> Self {
        Self {
            activity: Activity::Unknown,
            activity_since: now,
            held_back: false,
            title: String::new(),
            last_output_at: None,
            size,
            unseen: false,
            background: 0,
            wait: 0,
            live: false,
            viewers: 0,
        }
    }

    /// What the agent does as far as what is typed is concerned: where a failed turn is what it waits for,
    /// no dialog is open.
    pub(super) fn typing(&self) -> Activity {
        match self.held_back {
            true => Activity::Idle,
            false => self.activity.clone(),
        }
    }
}

/// What is known of an agent's activity, and how it was decided.
#[derive(Debug, Clone)]
pub(super) struct Reasons {
    pub(super) decision: Decision,
    pub(super) claims: Vec<(Claim, Standing)>,
    /// The last changes, the newest last.
    pub(super) past: Vec<Turn>,
    /// When this was so.
    pub(super) at: Timestamp,
}

/// What a session is opened with.
pub(super) struct Opening {
    pub(super) id: SessionId,
    /// The directory of its log; made where it is missing.
    pub(super) dir: PathBuf,
    /// Columns and rows, if they are known better than by its log.
    pub(super) size: Option<(u16, u16)>,
    /// How it ended; `None` if it lives.
    pub(super) exit: Option<Exit>,
    /// Since when it is as it is.
    pub(super) since: Timestamp,
    /// Whether something happened in it since the user last looked.
    pub(super) unseen: bool,
    /// How its terminal is.
    pub(super) options: Options,
    /// In which words it tells what it does, and where it runs, where it has no screen of its own.
    pub(super) stream: Option<(StreamFormat, String)>,
    /// What its agent's title and screen tell of it.
    pub(super) signs: Signs,
    /// Where its notices go.
    pub(super) notices: UnboundedSender<(SessionId, Notice)>,
    pub(super) outer: Option<TerminalInfo>,
}

/// The way to a session's thread.
pub(super) struct SessionHandle {
    pub(super) id: SessionId,
    commands: SyncSender<Command>,
    waker: wake::Waker,
    meta: Arc<Mutex<Meta>>,
    known_size: Option<(u16, u16)>,
}

impl SessionHandle {
    /// Opens a session's log, rebuilds its screen from it in a thread of its own.
    ///
    /// # Errors
    /// Where no thread can be made.
    pub(super) fn open(opening: Opening) -> io::Result<SessionHandle> {
        let (waker, wake) = wake::pair()?;
        let (commands, receiver) = sync_channel(COMMANDS);
        let marks = marks::Marks::load(&opening.dir);
        let known_size = opening.size.or_else(|| marks.size_at(u64::MAX));
        let mut observed = Meta::new(known_size.unwrap_or(FIRST_SIZE), opening.since);
        observed.unseen = opening.unseen;
        if let Some(exit) = opening.exit {
            observed.activity = Activity::Exited(exit);
        }
        let meta = Arc::new(Mutex::new(observed));
        let handle = SessionHandle {
            id: opening.id,
            commands,
            waker,
            meta: meta.clone(),
            known_size,
        };
        std::thread::Builder::new()
            .name(format!("session-{}", opening.id))
            .stack_size(STACK)
            .spawn(move || actor::run(opening, marks, wake, receiver, meta))?;
        Ok(handle)
    }

    /// Hands a command on; whether the session takes it.
    pub(super) fn send(&self, command: Command) -> bool {
        let taken = self.commands.try_send(command).is_ok();
        self.waker.wake();
        taken
    }

    /// The size it had when it was opened, if it has had one.
    pub(super) fn known_size(&self) -> Option<(u16, u16)> {
        self.known_size.map(|_| self.meta().size)
    }

    /// What is observed of it.
    pub(super) fn meta(&self) -> Meta {
        lock(&self.meta).clone()
    }

    /// Changes what the service itself observes.
    pub(super) fn set_unseen(&self, unseen: bool) -> bool {
        let mut meta = lock(&self.meta);
        std::mem::replace(&mut meta.unseen, unseen) != unseen
    }
}

impl Drop for SessionHandle {
    fn drop(&mut self) {
        self.send(Command::Close);
    }
}

fn lock(meta: &Mutex<Meta>) -> MutexGuard<'_, Meta> {
    meta.lock().unwrap_or_else(PoisonError::into_inner)
}
