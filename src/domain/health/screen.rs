//! Whether a screen says something new: words count, while spinners, clocks and counters only turn.

use std::collections::{HashSet, VecDeque};

use super::history::hash;

/// Lines that are remembered.
const MOST_LINES: usize = 2048;
/// A line with fewer letters says nothing.
const LETTERS: usize = 3;
/// Units of time that stand behind a number, as in `1 min 3 s`: a clock that goes on.
const UNITS: &[&str] = &[
    "ms", "s", "sec", "secs", "m", "min", "mins", "h", "hr", "hrs", "d",
];
/// In a line with one of these an agent says that it works, in ever other words.
const TURNING: &[&str] = &["esc to interrupt", "esc to cancel", "ctrl+c to interrupt"];

/// The lines a screen has had, without what only turns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScreenWords {
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl ScreenWords {
    /// Whether the screen has a line now that it has not had lately.
    pub fn is_new(&mut self, screen: &str) -> bool {
        let mut new = false;
        for line in screen.lines() {
            let lower = line.to_lowercase();
            if TURNING.iter().any(|words| lower.contains(words)) {
                continue;
            }
            let words = words(&lower);
            if words.chars().count() < LETTERS {
                continue;
            }
            let line = hash(words.as_bytes());
            if !self.known.insert(line) {
                continue;
            }
            new = true;
            self.order.push_back(line);
            if self.order.len() > MOST_LINES
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
        new
    }
}

/// The letters of the words that have no digit and are no unit of time: `⠙ Building… (12 s, 3 of 40)` is
/// `buildingof`.
fn words(line: &str) -> String {
    let is_unit = |word: &str| UNITS.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
    line.split_whitespace()
        .filter(|word| !word.contains(|c: char| c.is_numeric()) && !is_unit(word))
        .flat_map(str::chars)
        .filter(|c| c.is_alphabetic())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_is_nothing_new() {
        let mut words = ScreenWords::default();
        assert!(words.is_new("⠙ Compiling… (1s)\n> "));
        for turned in [
            "⠹ Compiling… (59s)\n>  ",
            "⠸ Compiling… (1m 2s · 12.3k)\n> ▌",
            "⠸ Compiling… (1 min 2 s)\n> ▌",
            "⠸ Compiling… 1 h 12 min\n> ▌",
            "\n\n   ⠼ Compiling…",
            "✻ Pondering… (esc to interrupt)",
            "✻ Musing… (Esc to interrupt · 3s)",
            "12:04:11  87 %  ▓▓▓▓░░",
            "",
        ] {
            assert!(!words.is_new(turned), "{turned}");
        }
        assert!(words.is_new("⠹ Compiling… (59s)\nwarning: unused variable"));
        assert!(!words.is_new("warning: unused variable\n⠹ Compiling… (60s)"));
        assert!(words.is_new("編集しました"));
    }

    #[test]
    fn it_is_bounded() {
        let mut words = ScreenWords::default();
        for number in 0..10 * MOST_LINES {
            let letters: String = number
                .to_string()
                .bytes()
                .map(|digit| char::from(digit + 49))
                .collect();
            assert!(words.is_new(&format!("line no{letters}")));
        }
        assert_eq!(words.known.len(), MOST_LINES);
        assert_eq!(words.order.len(), MOST_LINES);
    }
}
