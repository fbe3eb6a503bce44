//! Answering what an agent asks: typed only while the very ask stands that the user saw, then watched until
//! the agent has left it.
//!
//! Invariants: one answer at a time; an answer is typed once and never again; what the agent has printed
//! before the answer came is read first.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::actor::Actor;
use super::lock;
use crate::domain::{Activity, AskKind};
use crate::protocol::Input;

/// How long an agent may take to leave an ask that was answered.
const TAKEN_WITHIN: Duration = if cfg!(test) {
    Duration::from_millis(400)
} else {
    Duration::from_secs(4)
};
/// The most reads before an answer is typed: a flood must not hold it up for ever.
const READS: usize = 64;

/// An answer to an ask.
#[derive(Debug)]
pub(in crate::daemon) struct Answer {
    /// The ask as the user was shown it.
    pub(in crate::daemon) ask: String,
    /// Which of the session's asks that was.
    pub(in crate::daemon) wait: u64,
    /// The keys that answer.
    pub(in crate::daemon) keys: Vec<u8>,
    /// Where it is said what came of it.
    pub(in crate::daemon) reply: oneshot::Sender<Answered>,
}

/// What came of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::daemon) enum Answered {
    /// The agent went on.
    Taken,
    /// It was typed, and the agent still asks.
    Ignored,
    /// Not typed: it asks something else, or the same another time.
    Another(String),
    /// Not typed: it asks for no permission.
    Nothing,
    /// Not typed: another answer is under way.
    Busy,
}

/// An answer that was typed.
#[derive(Debug)]
pub(super) struct Pending {
    wait: u64,
    until: Instant,
    reply: oneshot::Sender<Answered>,
}

impl Actor {
    /// Types an answer if it fits what is asked now.
    pub(super) fn answer(&mut self, answer: Answer, now: Instant) {
        // What the agent has said meanwhile may be that it asks something else.
        if let Some(process) = &mut self.process {
            process.more = true;
        }
        for _ in 0..READS {
            if !self.read_some() {
                break;
            }
        }
        let (activity, wait) = {
            let meta = lock(&self.meta);
            (meta.activity.clone(), meta.wait)
        };
        let refusal = match activity {
            _ if self.answering.is_some() => Some(Answered::Busy),
            Activity::Waiting(ask) if ask.kind == AskKind::Permission => {
                let same = ask.text == answer.ask && wait == answer.wait;
                (!same).then_some(Answered::Another(ask.text))
            }
            _ => Some(Answered::Nothing),
        };
        if let Some(refusal) = refusal {
            let _ = answer.reply.send(refusal);
            return;
        }
        self.answering = Some(Pending {
            wait,
            until: now + TAKEN_WITHIN,
            reply: answer.reply,
        });
        self.type_in(&Input::Raw(answer.keys));
    }

    /// Says of an answer that was typed what came of it, once that is known.
    pub(super) fn look_at_answer(&mut self, now: Instant) {
        let Some(pending) = &self.answering else {
            return;
        };
        let outcome = if lock(&self.meta).wait != pending.wait {
            Answered::Taken
        } else if now >= pending.until {
            Answered::Ignored
        } else {
            return;
        };
        if let Some(pending) = self.answering.take() {
            let _ = pending.reply.send(outcome);
        }
    }

    /// When an answer is taken to be ignored.
    pub(super) fn answer_due(&self) -> Option<Instant> {
        self.answering.as_ref().map(|pending| pending.until)
    }
}
