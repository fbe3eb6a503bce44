//! What was seen of a session lately: a bounded list of signs.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::domain::activity::Activity;
use crate::domain::fold::{fold, headline};
use crate::domain::hook::hook_words;
use crate::domain::units::Timestamp;

/// Signs that are remembered one by one; the oldest go.
pub const MOST_SIGNS: usize = 256;
/// The longest name of anything, in characters.
const MOST_NAME: usize = 80;

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// The agent called a tool and has its result.
    Called(Call),
    /// Something failed that was no call.
    Failed(Failure),
    /// A file was written. Its content as a hash where that was looked at; an agent's own word has none.
    Wrote {
        /// Which, by its path.
        file: String,
        /// What is in it now.
        content: Option<u64>,
    },
    /// The work tree's fingerprint is now this.
    Tree(u64),
    /// The screen has words it did not have before, spinners and clocks aside.
    Screen,
    /// So many tokens were used so far.
    Tokens(u64),
    /// A child process works.
    Child {
        /// The busiest one's name; empty where it has ended.
        name: String,
        /// The processor time of all of them since the last look, in milliseconds.
        cpu: u64,
    },
    /// The user, or the loop, has given it something to do: what it did before is past.
    Prompted,
    /// The agent does something else now.
    Turned(Activity),
    /// An iteration took so many milliseconds.
    Iteration(i64),
}

/// A call of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The tool and the most telling of its arguments (untrusted, without control characters).
    pub what: String,
    /// A hash of the tool's name and all of its arguments.
    pub input: u64,
    /// A hash of its result; `None` where nobody told.
    pub result: Option<u64>,
    /// How it failed, if it did.
    pub failure: Option<Failure>,
    /// Whether it is made to wait for something, so that doing it again is what it is for.
    pub waits: bool,
    /// Whether a subagent made it, while the agent itself may wait for something else.
    pub nested: bool,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error, folded: equal for errors of the same kind.
    pub kind: String,
    /// A hash of all of it but for what differs each time, such as how long it took: equal where nothing
    /// has become better or worse.
    pub exact: u64,
}

impl Failure {
    /// What `output` says went wrong.
    pub fn of(output: &str) -> Failure {
        Failure {
            kind: fold(headline(output)),
            exact: timeless_hash(output),
        }
    }
}

/// A hash of `text` but for what tells a time, which differs though all else is the same.
pub fn timeless_hash(text: &str) -> u64 {
    hash(without_times(text).as_bytes())
}

/// `text` in words, without those that tell a time: `0.31s`, `12ms`, `10:02:11`, `in 4 seconds`.
fn without_times(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let digits = bare.starts_with(|c: char| c.is_ascii_digit());
        let unit = bare.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ':'));
        if matches!(unit, "seconds" | "second" | "secs" | "minutes" | "min")
            && words
                .last()
                .is_some_and(|last| last.chars().all(|c| c.is_ascii_digit() || c == '.'))
        {
            words.pop();
            continue;
        }
        let fraction = bare.contains('.') || bare.contains(':');
        let time = digits
            && (matches!(unit, "s" | "ms" | "us" | "µs" | "m") || fraction && unit.is_empty());
        if !time {
            words.push(word);
        }
    }
    words.join(" ")
}

/// FNV-1a, 64 bits: stable over versions and machines.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Sign {
    /// Whether it comes again and again while all is well, so that only the newest is kept.
    fn pulse(&self) -> Option<usize> {
        match self {
            Sign::Screen => Some(0),
            Sign::Tokens(_) => Some(1),
            Sign::Child { .. } => Some(2),
            Sign::Turned(_) => Some(3),
            _ => None,
        }
    }

    /// What it is, in a few words.
    pub fn words(&self) -> String {
        match self {
            Sign::Called(call) => match &call.failure {
                Some(failure) => format!("{} failed: {}", call.what, failure.kind),
                None => call.what.clone(),
            },
            Sign::Failed(failure) => format!("an error: {}", failure.kind),
            Sign::Wrote { file, .. } => format!("{file} was written"),
            Sign::Tree(_) => "the files changed".to_owned(),
            Sign::Screen => "its screen changed".to_owned(),
            Sign::Tokens(_) => "it used tokens".to_owned(),
            Sign::Child { name, .. } if name.is_empty() => "its child processes worked".to_owned(),
            Sign::Child { name, .. } => format!("its child {name} worked"),
            Sign::Prompted => "it was given something to do".to_owned(),
            Sign::Turned(activity) => format!("it was {}", activity.word()),
            Sign::Iteration(_) => "an iteration ended".to_owned(),
        }
    }
}

/// What was seen of a session lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The oldest first.
    kept: VecDeque<(Timestamp, Sign)>,
    /// The newest of each kind that comes all the time.
    pulses: [Option<(Timestamp, Sign)>; 4],
}

impl History {
    /// Takes a sign. One that says nothing new (the same tree, no more tokens) is not taken.
    pub fn note(&mut self, at: Timestamp, sign: Sign) {
        let sign = bounded(sign);
        if let Some(kind) = sign.pulse() {
            let before = self.pulses[kind].as_ref().map(|(_, sign)| sign);
            let stale = match (&sign, before) {
                (Sign::Tokens(now), Some(Sign::Tokens(before))) => now <= before,
                (Sign::Turned(now), Some(Sign::Turned(before))) => now == before,
                _ => false,
            };
            if !stale {
                self.pulses[kind] = Some((at, sign));
            }
            return;
        }
        if let Sign::Tree(now) = &sign
            && self
                .trees()
                .last()
                .is_some_and(|(_, before)| before == *now)
        {
            return;
        }
        if self.kept.len() >= MOST_SIGNS {
            self.kept.pop_front();
        }
        // What was seen late stands where it belongs.
        let later = self.kept.iter().rev().take_while(|(other, _)| *other > at);
        let place = self.kept.len() - later.count();
        self.kept.insert(place, (at, sign));
    }

    /// Everything that is remembered, the oldest first.
    pub fn signs(&self) -> Vec<(Timestamp, Sign)> {
        let pulses = self.pulses.iter().flatten();
        let mut signs: Vec<_> = self.kept.iter().chain(pulses).cloned().collect();
        signs.sort_by_key(|(at, _)| *at);
        signs
    }

    /// The newest sign of life, and when it was.
    pub fn newest(&self) -> Option<(Timestamp, &Sign)> {
        let pulses = self.pulses.iter().flatten();
        let all = self.kept.iter().chain(pulses);
        all.max_by_key(|(at, _)| *at).map(|(at, sign)| (*at, sign))
    }

    /// When it was given something to do last.
    pub fn prompted(&self) -> Option<Timestamp> {
        let mut newest_first = self.kept.iter().rev();
        newest_first
            .find(|(_, sign)| *sign == Sign::Prompted)
            .map(|(at, _)| *at)
    }

    /// Whether the agent has gone on to other things since `at`: it was given something else to do, or the
    /// model has answered and a call of the agent's own has ended, as far as either is told of at all. Of
    /// calls made at once one may end long before another, but only when all have ended is the model asked.
    pub(super) fn has_gone_on_since(&self, at: Timestamp) -> bool {
        if self.prompted().is_some_and(|prompted| prompted > at) {
            return true;
        }
        let answered = self.pulses[1].as_ref().map(|(at, _)| *at);
        let called = self.kept.iter().rev().find_map(|(at, sign)| match sign {
            Sign::Called(call) if !call.nested => Some(*at),
            _ => None,
        });
        let told = answered.or(called).is_some();
        let steps = [answered, called];
        told && steps.into_iter().flatten().all(|step| step > at)
    }

    /// What was remembered one by one since it was given something to do and since `start`, the newest first.
    pub(super) fn since(&self, start: Timestamp) -> impl Iterator<Item = (Timestamp, &Sign)> {
        let start = self.prompted().map_or(start, |at| at.max(start));
        let newest_first = self.kept.iter().rev();
        newest_first
            .take_while(move |(at, sign)| *at >= start && *sign != Sign::Prompted)
            .map(|(at, sign)| (*at, sign))
    }

    /// The fingerprints of the work tree, the oldest first.
    pub(super) fn trees(&self) -> impl DoubleEndedIterator<Item = (Timestamp, u64)> {
        self.kept.iter().filter_map(|(at, sign)| match sign {
            Sign::Tree(tree) => Some((*at, *tree)),
            _ => None,
        })
    }

    /// How long the iterations before took, in milliseconds.
    pub(super) fn iterations(&self) -> Vec<i64> {
        let lengths = self.kept.iter().filter_map(|(_, sign)| match sign {
            Sign::Iteration(length) => Some(*length),
            _ => None,
        });
        lengths.collect()
    }
}

/// The sign with its texts short and plain.
fn bounded(sign: Sign) -> Sign {
    let short = |text: String| -> String { hook_words(&text).chars().take(MOST_NAME).collect() };
    let failure = |failure: Failure| Failure {
        kind: hook_words(&failure.kind),
        ..failure
    };
    match sign {
        Sign::Called(call) => Sign::Called(Call {
            what: short(call.what),
            failure: call.failure.map(failure),
            ..call
        }),
        Sign::Failed(failed) => Sign::Failed(failure(failed)),
        Sign::Wrote { file, content } => Sign::Wrote {
            file: short(file),
            content,
        },
        Sign::Child { name, cpu } => Sign::Child {
            name: short(name),
            cpu,
        },
        other => other,
    }
}
