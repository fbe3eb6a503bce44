//! The project's check command: what came of it, and for which state of the files that is worth something.
//!
//! A verdict belongs to a tree. It is shown as what it is: of these files, or of files that were there before.

use serde::{Deserialize, Serialize};

use super::ids::TaskId;
use super::records::Exit;
use super::units::Timestamp;

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It ended with code 0.
    Passed,
    /// It ended otherwise.
    Failed(Exit),
    /// It took longer than it may, in seconds, and was ended.
    TimedOut(u64),
    /// It could not be run: one sentence.
    NotRun(String),
}

impl Verdict {
    /// Whether it passed.
    pub fn is_passed(&self) -> bool {
        *self == Verdict::Passed
    }

    /// What came of it, to be put behind "the check": `passed`, `failed with code 1`.
    pub fn words(&self) -> String {
        match self {
            Verdict::Passed => "passed".to_owned(),
            Verdict::Failed(Exit::Code(code)) => format!("failed with code {code}"),
            Verdict::Failed(Exit::Signal(signal)) => format!("was ended by signal {signal}"),
            Verdict::Failed(Exit::Lost) => "was interrupted".to_owned(),
            Verdict::TimedOut(seconds) => format!("took longer than {seconds} s"),
            Verdict::NotRun(why) => format!("could not be run: {why}"),
        }
    }
}

/// One check of a task, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// Whose.
    pub task: TaskId,
    /// The command line.
    pub command: String,
    /// The tree of the files that were checked, uncommitted and new ones too.
    pub tree: String,
    /// The commit they were based on.
    pub head: String,
    /// What came of it.
    pub verdict: Verdict,
    /// The beginning and the end of what it printed (untrusted text).
    pub output: String,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took: u64,
}

/// How a verdict stands to the files as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// It is of exactly these files.
    Current,
    /// So many commits were made since.
    CommitsAgo(u32),
    /// Files have changed since, without a commit, or the branch was rewritten.
    Changed,
    /// Nobody has looked.
    Unknown,
}

impl Freshness {
    /// How a verdict of `record` stands where the files now are `tree` and `commits` were made since.
    pub fn of(record: &CheckRecord, tree: &str, commits: u32) -> Self {
        match (record.tree == tree, commits) {
            (true, _) => Freshness::Current,
            (false, 0) => Freshness::Changed,
            (false, commits) => Freshness::CommitsAgo(commits),
        }
    }

    /// The words for it behind a verdict; empty where it is current.
    pub fn words(self) -> String {
        match self {
            Freshness::Current => String::new(),
            Freshness::CommitsAgo(1) => "1 commit ago".to_owned(),
            Freshness::CommitsAgo(commits) => format!("{commits} commits ago"),
            Freshness::Changed => "before the last changes".to_owned(),
            Freshness::Unknown => "some time ago".to_owned(),
        }
    }
}

/// A verdict with how it stands: `passed, 2 commits ago`.
pub fn sentence(verdict: &Verdict, freshness: Freshness) -> String {
    match freshness.words() {
        when if when.is_empty() => verdict.words(),
        when => format!("{}, {when}", verdict.words()),
    }
}

/// The beginning and the end of an output, bounded: what broke stands at either of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    head: Vec<u8>,
    tail: std::collections::VecDeque<u8>,
    dropped: u64,
}

/// How much of the beginning is kept, in bytes.
const HEAD: usize = 8 * 1024;
/// How much of the end is kept, in bytes.
const TAIL: usize = 56 * 1024;

impl Excerpt {
    /// Takes more of the output.
    pub fn push(&mut self, mut bytes: &[u8]) {
        if self.head.len() < HEAD {
            let (head, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
            self.head.extend_from_slice(head);
            bytes = rest;
        }
        // More than all of the tail at once: only its end counts.
        if bytes.len() > TAIL {
            self.dropped += (bytes.len() - TAIL + self.tail.len()) as u64;
            self.tail.clear();
            bytes = &bytes[bytes.len() - TAIL..];
        }
        let over = (self.tail.len() + bytes.len()).saturating_sub(TAIL);
        self.dropped += over as u64;
        self.tail.drain(..over);
        self.tail.extend(bytes);
    }

    /// What is kept, with a line that says what is not. Lossy where it is no UTF-8.
    pub fn text(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        match self.dropped {
            0 => String::from_utf8_lossy(&[self.head.as_slice(), &tail].concat()).into_owned(),
            dropped => format!(
                "{}\n[gluon: {dropped} bytes are left out here]\n{}",
                String::from_utf8_lossy(&self.head).trim_end(),
                String::from_utf8_lossy(&tail)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(verdict: Verdict) -> CheckRecord {
        CheckRecord {
            task: TaskId(1),
            command: "make test".into(),
            tree: "aaa".into(),
            head: "bbb".into(),
            verdict,
            output: String::new(),
            at: Timestamp(0),
            took: 0,
        }
    }

    #[test]
    fn a_verdict_says_of_which_files_it_is() {
        for (verdict, tree, commits, words) in [
            (Verdict::Passed, "aaa", 0, "passed"),
            // A commit of exactly these files changes nothing about them.
            (Verdict::Passed, "aaa", 1, "passed"),
            (Verdict::Passed, "x", 0, "passed, before the last changes"),
            (Verdict::Passed, "x", 1, "passed, 1 commit ago"),
            (
                Verdict::Failed(Exit::Code(2)),
                "x",
                2,
                "failed with code 2, 2 commits ago",
            ),
            (
                Verdict::Failed(Exit::Signal(9)),
                "aaa",
                0,
                "was ended by signal 9",
            ),
            (Verdict::TimedOut(60), "aaa", 0, "took longer than 60 s"),
        ] {
            let record = record(verdict);
            let freshness = Freshness::of(&record, tree, commits);
            assert_eq!(sentence(&record.verdict, freshness), words);
        }
        let unknown = sentence(&Verdict::Passed, Freshness::Unknown);
        assert_eq!(unknown, "passed, some time ago");
    }

    #[test]
    fn an_excerpt_keeps_beginning_and_end() {
        let mut short = Excerpt::default();
        short.push(b"one\n");
        short.push(b"two\n");
        assert_eq!(short.text(), "one\ntwo\n");
        let mut whole = Excerpt::default();
        whole.push(&[b'a'; HEAD + TAIL]);
        assert_eq!(whole.text().len(), HEAD + TAIL, "nothing is left out yet");
        for step in [1, 700, TAIL, 3 * TAIL] {
            let mut long = Excerpt::default();
            long.push(b"begin");
            let middle = vec![b'x'; 5 * TAIL];
            for piece in middle.chunks(step) {
                long.push(piece);
            }
            long.push(b"end");
            let text = long.text();
            assert!(text.starts_with("begin") && text.ends_with("end"), "{step}");
            assert!(text.len() < HEAD + TAIL + 80);
            let left_out = 5 * TAIL + 8 - HEAD - TAIL;
            assert!(text.contains(&format!("gluon: {left_out} bytes")), "{step}");
        }
    }
}
