//! What an agent tells its surroundings: answers to its queries, title, bell, notifications, status.
//!
//! Invariants: answers stand in the order of the queries; everything here is bounded and, but for answers
//! (which we write ourselves), free of control characters.

use std::collections::VecDeque;

/// Events kept until they are taken; the oldest that is no answer goes first.
const MAX_EVENTS: usize = 256;
/// Bytes of answers kept until they are taken. A program that asks more than that does not listen.
const MAX_ANSWERS: usize = 64 * 1024;

/// Something an agent's output says besides its screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermEvent {
    /// Bytes to be written to the PTY, in this order.
    Answer(Vec<u8>),
    /// The terminal's title.
    Title(String),
    /// The bell.
    Bell,
    /// Text for the user's clipboard; only where the options allow it.
    Clipboard(String),
    /// A notification (OSC 9, 99, 777).
    Notification {
        /// Its title; may be empty.
        title: String,
        /// What it says.
        body: String,
    },
    /// What the program says it is doing (OSC 7501).
    Program(ProgramStatus),
    /// A progress bar (OSC 9;4): percent where there is one, and its state.
    Progress(Option<u8>, ProgressState),
    /// The working directory (OSC 7), as a path on some host: untrusted.
    Cwd(String),
    /// A mark of the shell's prompt (OSC 133).
    Mark(PromptMark),
}

/// The state of a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ProgressState {
    Removed,
    Running,
    Error,
    Indeterminate,
    Paused,
}

/// A mark of the shell's prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptMark {
    /// The prompt begins.
    Prompt,
    /// What the user types begins.
    Command,
    /// The command's output begins.
    Output,
    /// The command has ended, with this exit status if it was told.
    End(Option<i32>),
}

/// What a program says it is doing: the Program Status Protocol, cleaned and bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramStatus {
    /// The state.
    pub state: ProgramState,
    /// What it is blocked by.
    pub kind: Option<BlockKind>,
    /// The program's name for itself.
    pub app: String,
    /// Which of its parts it is about (such as a subagent); empty: the program itself.
    pub id: String,
    /// One sentence.
    pub message: String,
    /// A title.
    pub title: String,
    /// Percent.
    pub progress: Option<u8>,
}

/// A program's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ProgramState {
    Idle,
    Working,
    Blocked,
    Done,
    Error,
    /// It says nothing any more.
    Clear,
}

/// What a program is blocked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BlockKind {
    Permission,
    Question,
    Auth,
}

/// Events waiting to be taken.
#[derive(Debug, Default)]
pub(super) struct Events {
    queue: VecDeque<TermEvent>,
    answer_bytes: usize,
}

impl Events {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<TermEvent> {
        self.answer_bytes = 0;
        std::mem::take(&mut self.queue).into()
    }

    /// Adds an answer.
    pub(super) fn answer(&mut self, bytes: &[u8]) {
        if self.answer_bytes + bytes.len() > MAX_ANSWERS {
            return;
        }
        self.answer_bytes += bytes.len();
        if let Some(TermEvent::Answer(last)) = self.queue.back_mut() {
            last.extend_from_slice(bytes);
        } else {
            self.push(TermEvent::Answer(bytes.to_vec()));
        }
    }

    /// Adds an event. Of titles and bells in a row only one stays.
    pub(super) fn push(&mut self, event: TermEvent) {
        match (self.queue.back_mut(), &event) {
            (Some(TermEvent::Bell), TermEvent::Bell) => return,
            (Some(TermEvent::Title(last)), TermEvent::Title(title)) => {
                last.clone_from(title);
                return;
            }
            (Some(last @ TermEvent::Progress(..)), TermEvent::Progress(..)) => {
                *last = event;
                return;
            }
            _ => {}
        }
        if self.queue.len() >= MAX_EVENTS {
            let is_answer = |event: &TermEvent| matches!(event, TermEvent::Answer(_));
            if let Some(oldest) = self.queue.iter().position(|event| !is_answer(event)) {
                self.queue.remove(oldest);
                self.join_answers(oldest);
            }
        }
        self.queue.push_back(event);
    }

    /// Two answers that have become neighbours are one, so that answers alone cannot fill the queue.
    fn join_answers(&mut self, at: usize) {
        let Some(before) = at.checked_sub(1) else {
            return;
        };
        if let Some(TermEvent::Answer(bytes)) = self.queue.get(at).cloned()
            && let Some(TermEvent::Answer(first)) = self.queue.get_mut(before)
        {
            first.extend_from_slice(&bytes);
            self.queue.remove(at);
        }
    }
}
