//! What goes into `update` and what comes out of it.

use std::path::PathBuf;

use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use crate::domain::notify::Announcement;
use crate::domain::{SessionId, Timestamp};
use crate::protocol::{ApiResult, LinkEvent, Notice, Request, Response};

/// Something happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// A paste.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// The terminal got or lost the focus.
    Focus(bool),
    /// The connection says something.
    Link(LinkEvent),
    /// A program that had the terminal has ended.
    Returned,
    /// An [`Effect::Call`] came back.
    Reply(Box<Reply>),
    /// It is this late: something on the screen may have aged.
    Tick(Timestamp),
}

/// The answer to a request, with the request it answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What was asked.
    pub request: Request,
    /// What came of it.
    pub result: ApiResult<Response>,
}

/// Something to be done outside of the model.
// A new task is large; boxing it would cost every maker of one a line to save moving a few hundred bytes.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the daemon; the answer comes back as [`Msg::Reply`].
    Call(Request),
    /// Tell the daemon.
    Notify(Notice),
    /// Tell the daemon, once the state is on the screen, that the next update may come.
    Ack {
        /// Whose screen.
        session: SessionId,
        /// The state.
        seq: u64,
    },
    /// Put text on the user's clipboard.
    Clipboard(String),
    /// Ring the terminal's bell.
    Bell,
    /// Tell the user this through the terminal.
    Announce(Box<Announcement>),
    /// What was announced under this number is over.
    TakeBack(u64),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Draw every cell again.
    Redraw,
    /// Stop the program until the shell lets it go on.
    Suspend,
    /// Let another program have the terminal until it ends.
    Run(Program),
    /// End the interface.
    Quit,
}

/// A program that has the terminal for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The user's editor.
    Editor {
        /// The worktree it is started in.
        dir: PathBuf,
        /// The file, in that directory.
        path: String,
        /// The line to begin at.
        line: u32,
    },
    /// The user's own diff.
    DiffTool {
        /// The worktree.
        dir: PathBuf,
        /// What it is compared with.
        base: String,
        /// The tool, as the configuration names it.
        tool: String,
    },
}

/// What `update` made of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    /// Whether the screen looks different now.
    pub dirty: bool,
    /// What is to be done.
    pub effects: Vec<Effect>,
}

impl Update {
    /// Nothing came of it.
    pub fn none() -> Self {
        Self::default()
    }

    /// It looks different.
    pub fn redraw() -> Self {
        Self {
            dirty: true,
            effects: Vec::new(),
        }
    }

    /// It looks different, and this is to be done.
    pub fn with(effect: Effect) -> Self {
        Self {
            dirty: true,
            effects: vec![effect],
        }
    }

    /// It looks different, and the daemon is asked.
    pub fn call(request: Request) -> Self {
        Self::with(Effect::Call(request))
    }

    /// The same and something more to be done.
    #[must_use]
    pub fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Both.
    pub fn merge(&mut self, other: Update) {
        self.dirty |= other.dirty;
        self.effects.extend(other.effects);
    }
}
