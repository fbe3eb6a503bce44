//! Giving an agent words: typed step by step, then watched until the agent has taken them.
//!
//! Invariants: nothing of another delivery comes in between; nothing is typed into a dialog; what was typed is
//! typed once (the key that sends it twice, where the words still stand there). Taken is what a turn began after, or what is gone from the line that it was typed in.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::actor::Actor;
use super::look::open_dialog;
use super::observe::Sign;
use super::{Step, lock};
use crate::domain::{Activity, AskKind};
use crate::protocol::{Input, Key};

/// How long an agent that is idle may take to begin with what it was told.
const TAKEN_WITHIN: Duration = if cfg!(test) {
    Duration::from_millis(400)
} else {
    Duration::from_secs(10)
};
/// How long what was typed may stay in the line of one of whom no more is known.
const GONE_WITHIN: Duration = if cfg!(test) {
    Duration::from_millis(200)
} else {
    Duration::from_secs(3)
};
/// Whoever has typed by hand within so long may be in the middle of a sentence.
const WRITING: Duration = if cfg!(test) {
    Duration::from_millis(200)
} else {
    Duration::from_secs(20)
};

/// Words for an agent.
#[derive(Debug)]
pub(in crate::daemon) struct Words {
    /// How they are given.
    pub(in crate::daemon) steps: Vec<Step>,
    /// Only if the agent is idle this very moment, and nobody is writing to it.
    pub(in crate::daemon) only_idle: bool,
    /// Where it is said what came of it; `None`: nobody waits for that.
    pub(in crate::daemon) reply: Option<oneshot::Sender<Delivered>>,
}

impl Words {
    /// Words of which nobody asks what came of them.
    pub(in crate::daemon) fn silent(steps: Vec<Step>) -> Self {
        Self {
            steps,
            only_idle: false,
            reply: None,
        }
    }
}

/// What came of words for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::daemon) enum Delivered {
    /// The agent has taken them.
    Taken,
    /// They were typed; the agent tells nothing by which more could be said.
    Typed,
    /// They were typed, and the agent has not taken them.
    Ignored,
    /// The agent has begun to ask something: not sent, or not all of it.
    Asked(String),
    /// Not typed: it is not idle, or somebody is writing to it.
    Busy,
    /// Its process is gone.
    Gone,
}

/// Who waits for what comes of a delivery, and how its text ends.
#[derive(Debug)]
pub(super) struct Waiter {
    reply: Option<oneshot::Sender<Delivered>>,
    tail: String,
    /// What sends it; `None` once that was done a second time.
    submit: Option<Input>,
}

impl Waiter {
    fn tell(self, outcome: Delivered) {
        if let Some(reply) = self.reply {
            let _ = reply.send(outcome);
        }
    }
}

/// Words that were typed.
#[derive(Debug)]
pub(super) struct Typed {
    /// How many turns had begun before.
    turns: u64,
    /// Whether the agent said that it was idle.
    idle: bool,
    /// Their end, if it stood in the cursor's line before they were sent.
    tail: String,
    until: Instant,
}

impl Actor {
    /// Takes words on.
    pub(super) fn take_words(&mut self, words: Words, now: Instant) {
        let waiter = Waiter {
            tail: tail(&words.steps),
            submit: words.steps.iter().rev().find_map(|step| match step {
                Step::Input(input @ Input::Raw(_)) => Some(input.clone()),
                _ => None,
            }),
            reply: words.reply,
        };
        if self.process.as_ref().is_none_or(|one| one.ended.is_some()) {
            return waiter.tell(Delivered::Gone);
        }
        let written = self.written_at.is_some_and(|at| now < at + WRITING);
        if words.only_idle && (!self.deliveries.is_empty() || !self.is_idle() || written) {
            return waiter.tell(Delivered::Busy);
        }
        self.deliveries.extend(words.steps);
        self.deliveries.push_back(Step::Taken);
        self.waiters.push_back(waiter);
        self.run_delivery(now);
    }

    /// Notes that somebody types by hand.
    pub(super) fn note_written(&mut self, input: &Input, now: Instant) {
        let writes = match input {
            Input::Text(_) | Input::Paste(_) | Input::Raw(_) => true,
            Input::Key(press) => matches!(press.key, Key::Char(_) | Key::Backspace),
            _ => false,
        };
        if writes {
            self.written_at = Some(now);
        }
    }

    /// Goes on with what is being delivered, as far as the time allows.
    pub(super) fn run_delivery(&mut self, now: Instant) {
        if self.process.is_none() {
            self.step_ends = None;
            return;
        }
        while let Some(step) = self.deliveries.front() {
            match step {
                Step::Unasked(questions) => {
                    if let Some(asked) = self.asks(*questions) {
                        let waiter = self.waiters.front();
                        if waiter.is_none_or(|waiter| waiter.reply.is_none()) {
                            return;
                        }
                        // Somebody waits for what comes of it, and can be told to answer first.
                        self.abandon(Delivered::Asked(asked));
                        continue;
                    }
                }
                Step::Taken => {
                    let Some(outcome) = self.look_whether_taken(now) else {
                        return;
                    };
                    self.abandon(outcome);
                    continue;
                }
                _ => {}
            }
            let wait = match step {
                Step::Begun(limit) if *self.activity() == Activity::Starting => Some(*limit),
                Step::Idle(limit) if !self.is_idle() => Some(*limit),
                Step::Still(_, limit) => Some(*limit),
                Step::Pause(pause) => Some(*pause),
                _ => None,
            };
            if let Some(wait) = wait {
                let ends = *self.step_ends.get_or_insert(now + wait);
                if now < ends && self.still_at().is_none_or(|at| now < at) {
                    return;
                }
            }
            self.step_ends = None;
            if let Some(Step::Input(input)) = self.deliveries.pop_front() {
                self.type_in(&input);
            }
        }
    }

    /// Ends the delivery that is under way, whatever is left of it.
    fn abandon(&mut self, outcome: Delivered) {
        while let Some(step) = self.deliveries.pop_front() {
            if step == Step::Taken {
                break;
            }
        }
        self.step_ends = None;
        self.typed = None;
        if let Some(waiter) = self.waiters.pop_front() {
            waiter.tell(outcome);
        }
    }

    /// The process is gone, and with it whom everything was for.
    pub(super) fn end_deliveries(&mut self) {
        self.deliveries.clear();
        self.step_ends = None;
        let mut outcome = match self.typed.take() {
            // An agent that ends on a word has taken it.
            Some(_) => Delivered::Taken,
            None => Delivered::Gone,
        };
        for waiter in self.waiters.drain(..) {
            waiter.tell(std::mem::replace(&mut outcome, Delivered::Gone));
        }
    }

    /// What became of what was typed, once that is known.
    fn look_whether_taken(&mut self, now: Instant) -> Option<Delivered> {
        let Some(typed) = &self.typed else {
            let line = self.terminal.cursor_line();
            let tail = self.waiters.front().map(|waiter| waiter.tail.clone());
            let idle = self.is_idle();
            let within = if idle { TAKEN_WITHIN } else { GONE_WITHIN };
            self.typed = Some(Typed {
                turns: self.observer.turns,
                idle,
                tail: tail.filter(|tail| line.contains(tail)).unwrap_or_default(),
                until: now + within,
            });
            self.step_ends = Some(now + within);
            return None;
        };
        if self.observer.turns != typed.turns {
            return Some(Delivered::Taken);
        }
        if !typed.idle && self.pending.is_empty() && self.left_the_line(&typed.tail) {
            return Some(Delivered::Taken);
        }
        if now < typed.until {
            return None;
        }
        let left = self.left_the_line(&typed.tail);
        let stands = typed.idle && !left && !typed.tail.is_empty() && self.pending.is_empty();
        if stands && self.send_again(now) {
            return None;
        }
        let typed = self.typed.as_ref()?;
        Some(match (typed.idle, left, self.pending.is_empty()) {
            // Some words want no turn, and some agents are quicker than what tells of them.
            (true, true, true) => Delivered::Taken,
            (true, ..) | (_, _, false) => Delivered::Ignored,
            // Where the cursor stands elsewhere, the line tells nothing.
            (false, ..) => Delivered::Typed,
        })
    }

    /// Sends once more what still stands where it was typed: an agent that has only just begun may draw what
    /// it is given before it hears the key that sends it. Whether that could be done.
    fn send_again(&mut self, now: Instant) -> bool {
        if self.asks(false).is_some() {
            return false;
        }
        let Some(submit) = self.waiters.front_mut().and_then(|it| it.submit.take()) else {
            return false;
        };
        self.type_in(&submit);
        if let Some(typed) = &mut self.typed {
            typed.until = now + TAKEN_WITHIN;
        }
        self.step_ends = Some(now + TAKEN_WITHIN);
        true
    }

    /// Whether words that ended so have gone from the line they were typed in.
    fn left_the_line(&self, tail: &str) -> bool {
        !tail.is_empty() && !self.terminal.cursor_line().contains(tail)
    }

    /// When the output will have been still for as long as the delivery's present step wants it.
    pub(super) fn still_at(&self) -> Option<Instant> {
        match self.deliveries.front()? {
            Step::Still(quiet, _) => self.last_output.map(|at| at + *quiet),
            _ => None,
        }
    }

    /// What the agent asks, if a text would not answer it.
    fn asks(&self, questions: bool) -> Option<String> {
        match lock(&self.meta).typing() {
            Activity::Waiting(ask) if !(questions && ask.kind == AskKind::Question) => {
                Some(ask.text)
            }
            _ => self.dialog(),
        }
    }

    /// The dialog that is open on the agent's screen though its status does not say so.
    fn dialog(&self) -> Option<String> {
        let marks = &self.observer.signs.screen;
        if !marks.iter().any(|(_, sign)| *sign == Sign::Dialog) {
            return None;
        }
        open_dialog(&self.terminal.text(0, false), marks)
    }

    pub(super) fn is_idle(&self) -> bool {
        *self.activity() == Activity::Idle
    }
}

/// How the text of a delivery ends; it is looked for in the line it is typed in.
fn tail(steps: &[Step]) -> String {
    const LONG: usize = 12;
    let text = steps.iter().rev().find_map(|step| match step {
        Step::Input(Input::Paste(text)) => Some(text.trim_end()),
        _ => None,
    });
    let line = text
        .and_then(|text| text.lines().last())
        .unwrap_or_default();
    let skip = line.chars().count().saturating_sub(LONG);
    line.chars()
        .skip(skip)
        .collect::<String>()
        .trim()
        .to_owned()
}
