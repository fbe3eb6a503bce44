//! The circuit breaker: when an agent that gets nowhere is stopped.
//!
//! `closed → half_open → open`. Progress is that HEAD moved or the tree changed within the iteration; it closes
//! the breaker. What opens it is counted in iterations in a row: no progress, the same error, the same check
//! failing with no change, the same permission denied while that holds the agent up. A usage limit, an
//! overloaded service and a broken network say nothing about the agent and change nothing. An open breaker
//! stays open until the user says "continue": then one iteration is a probe, and only progress closes it.
//!
//! Pure. Invariant: every state but `closed` has its reasons.

use serde::{Deserialize, Serialize};

use crate::domain::fold::fold;

/// Iterations without progress after which the breaker is half open.
pub const NO_PROGRESS_HALF: u32 = 2;
/// Iterations without progress after which it opens.
pub const NO_PROGRESS_OPEN: u32 = 5;
/// Iterations that end with the same error after which it opens, whatever they changed.
pub const SAME_ERROR_OPEN: u32 = 5;
/// Failures of the same check with no change in between after which it opens.
pub const SAME_CHECK_OPEN: u32 = 3;
/// Denials of the same permission that hold the agent up after which it opens.
pub const SAME_DENIAL_OPEN: u32 = 2;

/// The longest words of an error or a permission that are kept, in characters.
const MOST_WORDS: usize = 200;

/// The three positions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// All is well.
    #[default]
    Closed,
    /// Something repeats, or the user wants to see one more iteration.
    HalfOpen,
    /// The loop is stopped.
    Open,
}

impl BreakerState {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::HalfOpen => "half_open",
            BreakerState::Open => "open",
        }
    }
}

/// Something that repeats: what, and in how many iterations in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// Folded, so that two can be compared.
    pub key: String,
    /// In its own words, as last seen (untrusted, without control characters).
    pub words: String,
    /// How often in a row.
    pub times: u32,
}

/// The breaker of a loop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Where it stands.
    pub state: BreakerState,
    /// Why it is not closed, a sentence each.
    pub reasons: Vec<String>,
    /// Iterations in a row without progress.
    pub no_progress: u32,
    /// The error the last iterations ended with.
    pub error: Option<Repeated>,
    /// The check that failed with no change since.
    pub check: Option<Repeated>,
    /// The permission that was denied while that held the agent up.
    pub denial: Option<Repeated>,
    /// Whether the next iteration is one the user allowed an open breaker.
    pub probing: bool,
}

/// What the breaker is told of an iteration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Whether HEAD moved or the tree changed.
    pub progress: bool,
    /// Whether a usage limit, an overloaded service, a broken network or gluon itself ended it.
    pub excused: bool,
    /// The error it ended with.
    pub error: Option<&'a str>,
    /// How the check failed.
    pub check_failure: Option<&'a str>,
    /// The first permission that was denied.
    pub denied: Option<&'a str>,
    /// Whether the agent said that it is blocked.
    pub blocked: bool,
}

impl Breaker {
    /// The breaker after an iteration.
    pub fn after(&self, seen: &Seen<'_>) -> Breaker {
        if seen.excused || self.state == BreakerState::Open {
            return self.clone();
        }
        let mut next = Breaker {
            state: BreakerState::Closed,
            reasons: Vec::new(),
            no_progress: match seen.progress {
                true => 0,
                false => self.no_progress.saturating_add(1),
            },
            error: again(self.error.as_ref(), seen.error),
            // With a change in between the same failure is a first one.
            check: match seen.progress {
                true => again(None, seen.check_failure),
                false => again(self.check.as_ref(), seen.check_failure),
            },
            denial: match (seen.progress && !seen.blocked, seen.denied) {
                (false, denied) => again(self.denial.as_ref(), denied),
                (true, _) => None,
            },
            probing: false,
        };
        next.conclude(self.probing && !seen.progress);
        next
    }

    /// The breaker when the user says "continue" though it is open: one iteration may try.
    pub fn probe(&self) -> Breaker {
        match self.state {
            BreakerState::Open => Breaker {
                state: BreakerState::HalfOpen,
                probing: true,
                ..self.clone()
            },
            _ => self.clone(),
        }
    }

    fn conclude(&mut self, probe_failed: bool) {
        let mut open = Vec::new();
        if probe_failed {
            open.push("the iteration you allowed brought no progress".to_owned());
        }
        if self.no_progress >= NO_PROGRESS_OPEN {
            open.push(no_progress(self.no_progress));
        }
        for (repeated, most, what) in [
            (&self.error, SAME_ERROR_OPEN, "the same error"),
            (
                &self.check,
                SAME_CHECK_OPEN,
                "the same failing check with no change",
            ),
            (
                &self.denial,
                SAME_DENIAL_OPEN,
                "held up by the same denied permission",
            ),
        ] {
            if let Some(repeated) = repeated.as_ref().filter(|found| found.times >= most) {
                let Repeated { words, times, .. } = repeated;
                open.push(format!("{what} {times} times in a row: {words}"));
            }
        }
        if !open.is_empty() {
            self.state = BreakerState::Open;
            self.reasons = open;
        } else if self.no_progress >= NO_PROGRESS_HALF {
            self.state = BreakerState::HalfOpen;
            self.reasons = vec![no_progress(self.no_progress)];
        }
    }
}

fn no_progress(times: u32) -> String {
    format!("no progress in {times} iterations: neither a commit nor a change of a file")
}

/// One more of the same, or the first of another.
fn again(before: Option<&Repeated>, now: Option<&str>) -> Option<Repeated> {
    let now = now?;
    let key = fold(now);
    let times = match before {
        Some(before) if before.key == key => before.times.saturating_add(1),
        _ => 1,
    };
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    Some(Repeated {
        key,
        words: now.trim().chars().map(plain).take(MOST_WORDS).collect(),
        times,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Seen<'_> = Seen {
        progress: false,
        excused: false,
        error: None,
        check_failure: None,
        denied: None,
        blocked: false,
    };

    /// One letter an iteration: `p` progress, `n` nothing, `l` excused, `e` the same error (numbers differ),
    /// `E` the same error with progress, `f` another error, `c` the check fails, `C` it fails after a change,
    /// `d` a permission is denied and nothing done, `D` denied with progress, `B` denied and blocked though
    /// something was done, `o` another permission, `u` the user continues.
    fn run(script: &str) -> Breaker {
        let mut breaker = Breaker::default();
        for (at, letter) in script.chars().enumerate() {
            let error = format!("exit {at} of /tmp/{at}");
            let check = format!("3 tests failed in {at}.2s");
            let seen = match letter {
                'p' => Seen {
                    progress: true,
                    ..NOTHING
                },
                'n' => NOTHING,
                'l' => Seen {
                    excused: true,
                    error: Some("429"),
                    ..NOTHING
                },
                'e' => Seen {
                    error: Some(&error),
                    ..NOTHING
                },
                'E' => Seen {
                    error: Some(&error),
                    progress: true,
                    ..NOTHING
                },
                'f' => Seen {
                    error: Some("out of memory"),
                    ..NOTHING
                },
                'c' => Seen {
                    check_failure: Some(&check),
                    ..NOTHING
                },
                'C' => Seen {
                    check_failure: Some(&check),
                    progress: true,
                    ..NOTHING
                },
                'd' => Seen {
                    denied: Some("Bash(cargo test)"),
                    ..NOTHING
                },
                'D' => Seen {
                    denied: Some("Bash(cargo test)"),
                    progress: true,
                    ..NOTHING
                },
                'B' => Seen {
                    denied: Some("Bash(cargo test)"),
                    progress: true,
                    blocked: true,
                    ..NOTHING
                },
                'o' => Seen {
                    denied: Some("Bash(npm test)"),
                    ..NOTHING
                },
                'u' => {
                    breaker = breaker.probe();
                    continue;
                }
                other => unreachable!("{other}"),
            };
            breaker = breaker.after(&seen);
            let closed = breaker.state == BreakerState::Closed;
            assert_eq!(closed, breaker.reasons.is_empty(), "{script}");
        }
        breaker
    }

    #[test]
    fn every_way_through_it() {
        use BreakerState::{Closed, HalfOpen, Open};
        for (script, state) in [
            ("", Closed),
            ("p", Closed),
            ("n", Closed),
            ("nn", HalfOpen),
            ("nnn", HalfOpen),
            ("nnnn", HalfOpen),
            ("nnnnn", Open),
            ("nnnnp", Closed),
            ("nnp", Closed),
            ("nnpn", Closed),
            ("nnpnn", HalfOpen),
            ("npnpnpnpnp", Closed),
            // Limits never count, neither for nor against.
            ("llllllllll", Closed),
            ("nlnlnlnln", Open),
            ("nlllllln", HalfOpen),
            ("nnl", HalfOpen),
            // The same error, whatever was changed; another one begins anew.
            ("EEEE", Closed),
            ("EEEEE", Open),
            ("EEEEpE", Closed),
            ("EEElEE", Open),
            ("eEeEe", Open),
            ("fEfEf", Closed),
            ("EEEEfE", Closed),
            // The same failing check with no change in between.
            ("Cc", Closed),
            ("Ccc", Open),
            ("CCCCCC", Closed),
            ("CccC", Open),
            ("ccC", Closed),
            ("ccp", Closed),
            ("cnc", HalfOpen),
            ("cCcCcC", Closed),
            ("clclc", Open),
            // The same permission, while it holds the agent up.
            ("d", Closed),
            ("dd", Open),
            ("DDDDDD", Closed),
            ("dDd", Closed),
            ("do", HalfOpen),
            ("dod", HalfOpen),
            ("BB", Open),
            ("dB", Open),
            ("dn", HalfOpen),
            ("dld", Open),
            // Open stays open until the user continues; then one iteration may try.
            ("nnnnnp", Open),
            ("nnnnnl", Open),
            ("nnnnnu", HalfOpen),
            ("nnnnnup", Closed),
            ("nnnnnun", Open),
            ("nnnnnulln", Open),
            ("nnnnnullp", Closed),
            ("nnnnnunup", Closed),
            ("ddup", Closed),
            ("ddue", Open),
            // Progress, but the error it opened for is still there.
            ("EEEEEuE", Open),
            ("EEEEEup", Closed),
            // "Continue" where it is not open changes nothing.
            ("uuu", Closed),
            ("nnu", HalfOpen),
            ("nnun", HalfOpen),
        ] {
            assert_eq!(run(script).state, state, "{script}");
        }
    }

    #[test]
    fn it_says_why() {
        let reasons = |script: &str| run(script).reasons;
        assert_eq!(
            reasons("nnnnn"),
            ["no progress in 5 iterations: neither a commit nor a change of a file"]
        );
        assert_eq!(
            reasons("Ccc"),
            ["the same failing check with no change 3 times in a row: 3 tests failed in 2.2s",]
        );
        assert_eq!(
            reasons("dd"),
            ["held up by the same denied permission 2 times in a row: Bash(cargo test)"]
        );
        assert_eq!(reasons("nnnnnun").len(), 2);
        assert!(!run("nnnnnun").probing);
    }

    #[test]
    fn words_are_short_and_plain() {
        let long = "x".repeat(10_000) + "\u{1b}[31m";
        let breaker = Breaker::default().after(&Seen {
            error: Some(&long),
            ..NOTHING
        });
        let error = breaker.error.expect("an error");
        assert!(error.words.chars().count() <= MOST_WORDS && error.key.len() <= 400);
    }
}
