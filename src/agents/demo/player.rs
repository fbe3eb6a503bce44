//! Plays a script: one step after the other, each in its time, with the real work in between.
//!
//! Time comes in as an argument. What happens comes out as [`Out`]s, in order; what it waits for is asked
//! with [`Player::wake`] and [`Player::output`]. The same script and answers make the same entries.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::command::Running;
use super::entry::{Entry, Tool};
use super::plot::{self, Dice};
use super::script::{Edit, Step};
use super::work::Workshop;
use crate::domain::names;

/// The most steps taken without giving control back: a loop without pauses must stay interruptible.
const MAX_STEPS: usize = 64;

/// The size of one piece of a flood, in bytes.
const FLOOD_PIECE: u64 = 64 * 1024;

/// How often a running command is looked at whose output stays open, in milliseconds.
const LOOK_EVERY: u64 = 50;

/// What the agent is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waiting for a prompt; its last words, if any.
    Idle(String),
    /// At work on this.
    Working(String),
    /// Waiting for leave to do this.
    Permission(String),
    /// Waiting for the answer to this.
    Question(String),
    /// Ending badly, because of this.
    Failed(String),
}

/// Something that happened.
#[derive(Debug, PartialEq, Eq)]
pub enum Out {
    /// More words of what is being said.
    Words(String),
    /// Something for the transcript; after words: all of them.
    Entry(Entry),
    /// It does something else now.
    State(State),
    /// Bytes for the screen that the transcript does not keep.
    Flood(Vec<u8>),
    /// It wants to end, with this code.
    Exit(u8),
}

#[derive(Debug)]
enum Phase {
    /// Nothing to do.
    Idle,
    /// The next step is due.
    Next,
    /// Saying something: all of it, and how much has been said.
    Saying(String, usize),
    /// Something was done; it is shown when the time has come.
    Done(Tool),
    /// A command runs.
    Running(Running),
    /// Asked for leave to do this.
    Permission(String),
    /// Asked a question.
    Question,
    /// So many bytes of a flood are left, of so many.
    Flooding(u64, u64),
    /// Hangs.
    Hanging,
}

/// The engine of a conversation.
#[derive(Debug)]
pub struct Player {
    workshop: Workshop,
    pace: f32,
    slow: f32,
    seed: u64,
    turn: usize,
    steps: VecDeque<Step>,
    phase: Phase,
    wake: Option<Instant>,
    dice: Dice,
    words: String,
    answer: String,
    last_said: String,
    script: Vec<Step>,
}

impl Player {
    /// An engine that works in `workshop`; `pace` stretches every pause (0: none), `turn` counts the turns
    /// the conversation has had.
    pub fn new(workshop: Workshop, seed: u64, pace: f32, turn: usize) -> Self {
        Self {
            workshop,
            pace,
            slow: 1.0,
            seed,
            turn,
            steps: VecDeque::new(),
            phase: Phase::Idle,
            wake: None,
            dice: Dice::new(seed, "pauses"),
            words: String::new(),
            answer: String::new(),
            last_said: String::new(),
            script: Vec::new(),
        }
    }

    /// What the next turn without tags plays, in place of the usual work.
    pub fn set_script(&mut self, steps: Vec<Step>) {
        self.script = steps;
    }

    /// Begins a turn: `steps`, or the usual work where there are none.
    pub fn begin(&mut self, words: &str, mut steps: Vec<Step>) -> Vec<Out> {
        if steps.is_empty() {
            steps = std::mem::take(&mut self.script);
        }
        if steps.is_empty() {
            steps.push(Step::Work);
        }
        self.words = words.to_owned();
        self.answer.clear();
        self.last_said.clear();
        self.steps = steps.into();
        self.phase = Phase::Next;
        self.slow = 1.0;
        self.wake = None;
        vec![working("Thinking")]
    }

    /// Whether a turn is in progress.
    pub fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    /// When [`Player::advance`] is due again by itself.
    pub fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// The output of the command that runs, to wait on.
    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        match &self.phase {
            Phase::Running(running) => Some(running.fd()),
            _ => None,
        }
    }

    /// The last rows of the command that runs.
    pub fn output_rows(&self, count: usize) -> Vec<String> {
        match &self.phase {
            Phase::Running(running) => running.rows(count),
            _ => Vec::new(),
        }
    }

    /// Goes on as far as it can at `now`.
    pub fn advance(&mut self, now: Instant) -> Vec<Out> {
        let mut outs = Vec::new();
        for _ in 0..MAX_STEPS {
            if self.wake.is_some_and(|wake| wake > now) && self.output().is_none() {
                return outs;
            }
            self.wake = None;
            if !self.go_on(now, &mut outs) {
                return outs;
            }
        }
        self.wake = Some(now);
        outs
    }

    /// One move; whether another may follow at once.
    fn go_on(&mut self, now: Instant, outs: &mut Vec<Out>) -> bool {
        match std::mem::replace(&mut self.phase, Phase::Next) {
            Phase::Next => match self.steps.pop_front() {
                Some(step) => self.take(step, now, outs),
                None => {
                    self.phase = Phase::Idle;
                    self.turn += 1;
                    outs.push(Out::State(State::Idle(self.last_said.clone())));
                    false
                }
            },
            Phase::Saying(text, said) => {
                self.say_more(text, said, now, outs);
                true
            }
            Phase::Done(tool) => {
                outs.push(Out::Entry(Entry::Tool(tool)));
                self.pause(now, 250, 500);
                true
            }
            Phase::Running(mut running) => match running.poll() {
                Some(tool) => {
                    self.phase = Phase::Done(tool);
                    self.pause(now, 200, 400);
                    true
                }
                None => {
                    self.phase = Phase::Running(running);
                    self.wake = Some(now + Duration::from_millis(LOOK_EVERY));
                    false
                }
            },
            Phase::Flooding(left, all) => {
                outs.push(Out::Flood(flood(all - left, left.min(FLOOD_PIECE))));
                let left = left.saturating_sub(FLOOD_PIECE);
                match left {
                    0 => outs.push(Out::Entry(Entry::note(format!("{all} bytes printed")))),
                    _ => self.phase = Phase::Flooding(left, all),
                }
                self.wake = Some(now);
                false
            }
            waiting @ (Phase::Idle | Phase::Permission(_) | Phase::Question | Phase::Hanging) => {
                self.phase = waiting;
                false
            }
        }
    }

    fn take(&mut self, step: Step, now: Instant, outs: &mut Vec<Out>) -> bool {
        match step {
            Step::Say(text) => {
                outs.push(working("Writing"));
                self.phase = Phase::Saying(self.filled(&text), 0);
            }
            Step::Think(millis) => {
                outs.push(working("Thinking"));
                self.pause(now, millis, millis);
            }
            Step::Read(path) => {
                outs.push(working(&format!("Read {path}")));
                self.show(self.workshop.read(&path), now);
            }
            Step::Edit(edit) => {
                outs.push(working(&format!("Edit {}", edit.path)));
                let edit = Edit {
                    content: edit.content.map(|text| self.filled(&text)),
                    append: edit.append.map(|text| self.filled(&text)),
                    replace: edit.replace.map(|text| self.filled(&text)),
                    ..edit
                };
                let tool = self.workshop.edit(&edit);
                self.show(tool, now);
            }
            Step::Run(command) => self.run(command, now, outs),
            Step::Commit(message) => {
                outs.push(working("Commit"));
                let message = self.filled(&message);
                let tool = self.workshop.commit(&message);
                self.show(tool, now);
            }
            Step::AskPermission(text) => {
                outs.push(Out::State(State::Permission(text.clone())));
                self.phase = Phase::Permission(text);
            }
            Step::AskQuestion(text) => {
                outs.push(Out::Entry(Entry::Say { text: text.clone() }));
                outs.push(Out::State(State::Question(text)));
                self.phase = Phase::Question;
            }
            Step::Fail { code, message } => {
                let bad = true;
                let text = message.clone();
                outs.push(Out::State(State::Failed(message)));
                outs.push(Out::Entry(Entry::Note { text, bad }));
                self.end(code, outs);
            }
            Step::Exit(code) => self.end(code, outs),
            Step::Hang => self.phase = Phase::Hanging,
            Step::Slow(factor) => self.slow = factor.clamp(0.01, 1000.0),
            Step::Flood(bytes) => {
                outs.push(working("Printing"));
                self.phase = Phase::Flooding(bytes, bytes);
            }
            Step::Loop { times, step } => {
                if times != 1 {
                    let times = times.saturating_sub(1);
                    let step = step.clone();
                    self.steps.push_front(Step::Loop { times, step });
                }
                for step in step.into_iter().rev() {
                    self.steps.push_front(step);
                }
            }
            Step::When { test, step } => {
                if self.workshop.holds(&test) {
                    self.steps = step.into();
                }
            }
            Step::Work => {
                let files = self.workshop.files();
                let plot = plot::plot(self.seed, &self.words, self.turn, &files);
                for step in plot.into_iter().rev() {
                    self.steps.push_front(step);
                }
            }
        }
        true
    }

    fn run(&mut self, command: String, now: Instant, outs: &mut Vec<Out>) {
        outs.push(working(&format!("Run {command}")));
        match Running::start(&command, self.workshop.root()) {
            Ok(running) => self.phase = Phase::Running(running),
            Err(error) => {
                let tool = Tool {
                    verb: "Run".to_owned(),
                    target: command,
                    result: error.to_string(),
                    ..Tool::default()
                };
                self.show(tool, now);
            }
        }
    }

    fn show(&mut self, tool: Tool, now: Instant) {
        self.phase = Phase::Done(tool);
        self.pause(now, 300, 900);
    }

    fn say_more(&mut self, text: String, said: usize, now: Instant, outs: &mut Vec<Out>) {
        let piece = match self.pace {
            0.0 => &text[said..],
            _ => token(&text[said..]),
        };
        outs.push(Out::Words(piece.to_owned()));
        let said = said + piece.len();
        if said < text.len() {
            self.phase = Phase::Saying(text, said);
            self.pause(now, 12, 55);
        } else {
            self.last_said.clone_from(&text);
            outs.push(Out::Entry(Entry::Say { text }));
            self.pause(now, 250, 500);
        }
    }

    fn end(&mut self, code: u8, outs: &mut Vec<Out>) {
        self.steps.clear();
        self.phase = Phase::Idle;
        outs.push(Out::Exit(code));
    }

    /// The user's yes or no; `None` where no leave was asked for.
    pub fn permit(&mut self, yes: bool) -> Option<Vec<Out>> {
        let Phase::Permission(text) = &self.phase else {
            return None;
        };
        let note = match yes {
            true => format!("Allowed: {text}"),
            false => format!("Denied: {text}"),
        };
        let mut outs = vec![Out::Entry(Entry::note(note)), working("Thinking")];
        self.phase = Phase::Next;
        if !yes {
            self.steps.pop_front();
            let text = "Understood, I leave that out.".to_owned();
            outs.push(Out::Entry(Entry::Say { text }));
        }
        Some(outs)
    }

    /// The user's answer; `None` where no question was asked.
    pub fn answer(&mut self, text: &str) -> Option<Vec<Out>> {
        if !matches!(self.phase, Phase::Question) {
            return None;
        }
        self.phase = Phase::Next;
        self.answer = text.trim().to_owned();
        let text = text.to_owned();
        Some(vec![
            Out::Entry(Entry::Prompt { text }),
            working("Thinking"),
        ])
    }

    /// Ends the turn here; `None` where none is in progress.
    pub fn interrupt(&mut self) -> Option<Vec<Out>> {
        if !self.is_busy() {
            return None;
        }
        let mut outs = Vec::new();
        if let Phase::Saying(text, said @ 1..) = &self.phase {
            let text = text[..*said].to_owned();
            outs.push(Out::Entry(Entry::Say { text }));
        }
        self.steps.clear();
        self.phase = Phase::Idle;
        self.wake = None;
        self.turn += 1;
        outs.push(Out::Entry(Entry::note(
            "Interrupted. What should be done instead?",
        )));
        outs.push(Out::State(State::Idle("interrupted".to_owned())));
        Some(outs)
    }

    /// Waits between `least` and `most` milliseconds, as fast as it goes just now.
    fn pause(&mut self, now: Instant, least: u64, most: u64) {
        let millis = least + self.dice.below(most - least + 1);
        let stretched = millis as f32 * self.pace * self.slow;
        if stretched >= 1.0 {
            self.wake = Some(now + Duration::from_millis(stretched.min(1e9) as u64));
        }
    }

    fn filled(&self, text: &str) -> String {
        let word = match names::slug(&self.answer) {
            slug if slug.is_empty() => "value".to_owned(),
            slug => slug.replace('-', "_"),
        };
        text.replace("{answer}", &self.answer)
            .replace("{word}", &word)
    }
}

fn working(what: &str) -> Out {
    Out::State(State::Working(what.to_owned()))
}

/// The next few letters, as a model would send them: a word at most, with the space after it.
fn token(text: &str) -> &str {
    let mut end = text.len();
    for (count, (at, c)) in text.char_indices().enumerate() {
        if count >= 7 {
            end = at;
            break;
        }
        if c.is_whitespace() {
            end = at + c.len_utf8();
            break;
        }
    }
    &text[..end]
}

/// `length` bytes of numbered lines, of which `before` bytes have been printed.
fn flood(before: u64, length: u64) -> Vec<u8> {
    let length = usize::try_from(length).unwrap_or(0);
    let mut bytes = Vec::with_capacity(length + 64);
    let mut number = before / 64;
    while bytes.len() < length {
        // 64 bytes, so that a piece ends where a line ends.
        let line = format!(
            "{number:>10}  {:<50}\r\n",
            "a line of no importance, one of very many"
        );
        bytes.extend_from_slice(line.as_bytes());
        number += 1;
    }
    bytes.truncate(length);
    bytes
}
