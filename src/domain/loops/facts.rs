//! What is found out about an iteration and its check, and what is kept of them.

use serde::{Deserialize, Serialize};

use super::confidence::Changes;
use super::plan::Plan;
use crate::domain::units::{MicroUsd, Timestamp};

/// The longest text of an agent that a record keeps, in characters.
pub const MOST_SUMMARY: usize = 600;
/// The most of a check's output that is kept, in characters: its beginning and, above all, its end.
pub const MOST_OUTPUT: usize = 6_000;

/// A worktree at a moment, ignored files and gluon's own aside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// The commit that is checked out; empty where there is none.
    pub head: String,
    /// A hash of everything that is not committed; equal for equal trees.
    pub fingerprint: String,
    /// Files with uncommitted changes, new ones too.
    pub dirty: u32,
}

impl Tree {
    /// Whether it is another than `before`: HEAD moved or a file changed.
    pub fn moved_from(&self, before: &Tree) -> bool {
        self.head != before.head || self.fingerprint != before.fingerprint
    }
}

/// How the process of an iteration ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// By itself, well.
    Finished,
    /// With an error: which, in a sentence.
    Failed(Fault, String),
    /// Nobody was there to see: the machine or the keeper went away.
    Lost,
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A usage limit, until then where it was said.
    Limit(Option<Timestamp>),
    /// The service has too much to do.
    Overload,
    /// The service cannot be reached.
    Network,
    /// A login is missing or wrong.
    Auth,
    /// The bill is not paid.
    Billing,
    /// The iteration could not begin: the setup command failed, for example.
    Broken,
    /// Anything else.
    Other,
}

impl Fault {
    /// Whether it says nothing about the agent's work.
    pub fn is_excused(self) -> bool {
        matches!(self, Fault::Limit(_) | Fault::Overload | Fault::Network)
    }
}

/// What is known when an iteration has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IterationFacts {
    /// How it ended.
    pub end: RunEnd,
    /// The agent's final message (untrusted); empty where there is none.
    pub message: String,
    /// A question it asked and got no answer to (untrusted).
    pub question: Option<String>,
    /// Permissions that were denied (untrusted).
    pub denied: Vec<String>,
    /// The worktree now.
    pub after: Tree,
    /// What was changed since the iteration began.
    pub changes: Changes,
    /// The plan files that have boxes.
    pub plans: Vec<Plan>,
    /// What it cost; `None` where nobody knows.
    pub cost: Option<MicroUsd>,
    /// Whether there is a check command that may be run.
    pub has_check: bool,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// With code 0.
    Passed,
    /// With another.
    Failed,
    /// Not within its time.
    TimedOut,
    /// It could not be run.
    NotRun,
}

impl CheckOutcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            CheckOutcome::Passed => "passed",
            CheckOutcome::Failed => "failed",
            CheckOutcome::TimedOut => "timed out",
            CheckOutcome::NotRun => "not run",
        }
    }
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// How it ended.
    pub outcome: CheckOutcome,
    /// The line that says it (untrusted, without control characters).
    pub words: String,
    /// Its output, shortened (untrusted, without control characters but line ends).
    pub output: String,
    /// How long it took, in milliseconds.
    pub took: i64,
    /// When it ended.
    pub at: Timestamp,
    /// The worktree it was run on.
    pub tree: Tree,
}

/// What is kept of an iteration, for its history and for the next prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IterationRecord {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, its check included.
    pub ended_at: Timestamp,
    /// How, in a sentence.
    pub how: String,
    /// What it changed.
    pub changes: Changes,
    /// Whether it counts as progress.
    pub progress: bool,
    /// The commit it left.
    pub head: String,
    /// How its check ended, if one was run.
    pub check: Option<CheckOutcome>,
    /// What it cost; `None` where nobody knows.
    pub cost: Option<MicroUsd>,
    /// The confidence after it, in percent.
    pub confidence: u8,
    /// The end of what the agent said, without its status block (untrusted).
    pub summary: String,
    /// What it recommended (untrusted).
    pub recommendation: String,
}

/// A text without control characters but line ends and tabs, of at most `most` characters: where it is longer,
/// a third of them from its beginning and the rest from its end.
pub fn shortened(text: &str, most: usize) -> String {
    let plain: Vec<char> = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    if plain.len() <= most {
        return plain.into_iter().collect();
    }
    let head = most / 3;
    let left_out = plain.len() - most;
    let start: String = plain[..head].iter().collect();
    let end: String = plain[head + left_out..].iter().collect();
    format!("{start}\n[… {left_out} characters left out …]\n{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_both_ends() {
        assert_eq!(shortened("a\nb\u{1b}[1m\t\r", 100), "a\nb[1m\t");
        let text = "a".repeat(100) + &"z".repeat(100);
        let short = shortened(&text, 30);
        assert!(short.starts_with("aaaaaaaaaa\n[… 170 characters left out …]\nzzz"));
        assert!(short.ends_with(&"z".repeat(20)));
    }

    #[test]
    fn a_tree_moves_by_a_commit_or_a_change() {
        let tree = |head: &str, print: &str| Tree {
            head: head.into(),
            fingerprint: print.into(),
            dirty: 0,
        };
        let before = tree("a", "1");
        for (after, moved) in [
            (tree("a", "1"), false),
            (tree("b", "1"), true),
            (tree("a", "2"), true),
            (
                Tree {
                    dirty: 4,
                    ..tree("a", "1")
                },
                false,
            ),
        ] {
            assert_eq!(after.moved_from(&before), moved);
        }
    }
}
