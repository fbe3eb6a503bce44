//! The status block: what an agent in a loop says of itself at the end of its message.
//!
//! The block is a public convention of Ralph loops. Its rules:
//! - It is read from the final message of an iteration alone: never off the screen, out of a tool's output,
//!   or out of an earlier message. Where the message is wrapped in JSON, whoever reads the agent's stream has
//!   unwrapped it; a block inside JSON inside the message is a quotation.
//! - The last complete block counts. One that was begun after it and cut off can only say "not done".
//! - Quoted blocks, indented ones and those in comments are no word of the agent. Neither is one in a code
//!   fence, but for what many agents do: a fence that holds the block and nothing else, closes the message,
//!   is the only place where there is a block, and is not announced as an example.
//! - Unknown fields and values are tolerated and say nothing. A value that was left as the template has it
//!   (`true | false`) is unknown. Where a field is said twice, the answer that is further from done counts.
//!
//! Pure; linear in the length of the message, which is untrusted.

use serde::{Deserialize, Serialize};

use super::prose::{self, Kind};

const BEGIN: &str = "---RALPH_STATUS---";
const END: &str = "---END_RALPH_STATUS---";
/// The most lines a block has; a longer one is none.
const MOST_LINES: usize = 60;
/// The longest recommendation that is kept, in characters.
const MOST_WORDS: usize = 500;

/// What a block says; `None`: it says nothing of that, or nothing that is understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusBlock {
    /// How the agent sees the task.
    pub status: Option<SelfStatus>,
    /// Whether the loop may end. Decides over `status`.
    pub exit_signal: Option<bool>,
    /// How the tests went, by its word.
    pub tests: Option<SelfTests>,
    /// What it worked at, in its own word; empty where it says nothing.
    pub work_type: String,
    /// How much it finished in this iteration, by its word.
    pub tasks_completed: Option<u32>,
    /// How many files it changed, by its word.
    pub files_modified: Option<u32>,
    /// What it would do next: one line, untrusted, without control characters; may be empty.
    pub recommendation: String,
}

/// `STATUS`, the one further from done first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfStatus {
    /// It cannot go on by itself.
    Blocked,
    /// There is more to do.
    InProgress,
    /// Everything is done.
    Complete,
}

/// `TESTS_STATUS`, the one further from done first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfTests {
    /// They fail.
    Failing,
    /// They were not run.
    NotRun,
    /// They pass.
    Passing,
}

/// What a block comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The agent says that it is done.
    Done,
    /// It says that it is not.
    NotDone,
    /// It says that it cannot go on.
    Blocked,
    /// It says neither.
    Nothing,
}

impl StatusBlock {
    /// What it comes to: blocked is blocked whatever else stands there; else `EXIT_SIGNAL` decides over
    /// `STATUS`.
    pub fn word(&self) -> Word {
        match (self.status, self.exit_signal) {
            (Some(SelfStatus::Blocked), _) => Word::Blocked,
            (_, Some(true)) => Word::Done,
            (_, Some(false)) => Word::NotDone,
            (Some(SelfStatus::Complete), None) => Word::Done,
            (Some(SelfStatus::InProgress), None) => Word::NotDone,
            (None, None) => Word::Nothing,
        }
    }

    fn take(&mut self, field: &str, value: &str) {
        match field {
            "STATUS" => self.status = less_done(self.status, status_of(value)),
            "EXIT_SIGNAL" => self.exit_signal = less_done(self.exit_signal, truth_of(value)),
            "TESTS_STATUS" => self.tests = less_done(self.tests, tests_of(value)),
            "WORK_TYPE" => self.work_type = words(value, 40),
            "TASKS_COMPLETED_THIS_LOOP" => self.tasks_completed = value.parse().ok(),
            "FILES_MODIFIED" => self.files_modified = value.parse().ok(),
            "RECOMMENDATION" => self.recommendation = words(value, MOST_WORDS),
            _ => {}
        }
    }
}

/// What the final message of an iteration says; `None`: there is no block in it that counts.
pub fn parse(message: &str) -> Option<StatusBlock> {
    let lines = prose::lines(message);
    let found = Finder::default().find(&lines);
    let block = found.last_plain.or_else(|| {
        found
            .last_fenced
            .filter(|span| closes_message(&lines, span))
    })?;
    let mut says = read(&lines[block.start + 1..block.end]);
    // What was begun after it and cut off: its "not done" is not to be overruled by an older "done".
    if let Some(begun) = found.cut_off.filter(|begun| *begun > block.end) {
        let end = lines.len().min(begun + 1 + MOST_LINES);
        match read(&lines[begun + 1..end]).word() {
            Word::Done | Word::Nothing => {}
            Word::NotDone => says.exit_signal = Some(false),
            Word::Blocked => says.status = Some(SelfStatus::Blocked),
        }
    }
    Some(says)
}

/// `message` up to its last block that counts: what the agent said in its own words.
pub fn without(message: &str) -> &str {
    let said = match parse(message) {
        Some(_) => message.rfind(BEGIN).map_or(message, |at| &message[..at]),
        None => message,
    };
    said.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '`' | '~' | '*'))
}

/// The lines of a block: its marks.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

/// Looks for blocks, line by line.
#[derive(Default)]
struct Finder {
    /// Where one was begun, and in what kind of line.
    begun: Option<(usize, Kind)>,
    last_plain: Option<Span>,
    last_fenced: Option<Span>,
    /// Where a plain one was begun that has no end.
    cut_off: Option<usize>,
}

impl Finder {
    fn find(mut self, lines: &[(Kind, &str)]) -> Finder {
        for (at, (kind, line)) in lines.iter().enumerate() {
            if !matches!(kind, Kind::Plain | Kind::Fenced(_)) {
                continue;
            }
            match mark(line) {
                BEGIN => {
                    self.begun = Some((at, *kind));
                    if *kind == Kind::Plain {
                        self.cut_off = Some(at);
                    }
                }
                END => self.end(at, *kind),
                _ => {}
            }
        }
        self
    }

    fn end(&mut self, at: usize, kind: Kind) {
        let Some((start, begun)) = self.begun.take() else {
            return;
        };
        if begun != kind || at - start > MOST_LINES {
            return;
        }
        let span = Span { start, end: at };
        if kind == Kind::Plain {
            self.cut_off = None;
            self.last_plain = Some(span);
        } else {
            self.last_fenced = Some(span);
        }
    }
}

/// A line without what markdown puts around a mark.
fn mark(line: &str) -> &str {
    line.trim().trim_matches('*').trim_matches('`').trim()
}

/// Whether a fence holds the block alone, nothing stands behind it, and nothing before it calls it an example.
fn closes_message(lines: &[(Kind, &str)], block: &Span) -> bool {
    let Kind::Fenced(fence) = lines[block.start].0 else {
        return false;
    };
    let is_text = |(_, line): &&(Kind, &str)| !line.trim().is_empty();
    let alone = lines[..block.start]
        .iter()
        .chain(&lines[block.end + 1..])
        .filter(is_text)
        .all(|(kind, _)| *kind != Kind::Fenced(fence));
    let last = lines[block.end + 1..]
        .iter()
        .filter(is_text)
        .all(|(kind, _)| *kind == Kind::Fence(fence));
    let before = lines[..block.start]
        .iter()
        .rev()
        .filter(is_text)
        .find(|(kind, _)| *kind != Kind::Fence(fence));
    alone && last && !before.is_some_and(|(_, line)| announces_an_example(line))
}

/// Whether what stands before a fence says that its content is not meant, or not yet.
fn announces_an_example(line: &str) -> bool {
    const SIGNS: [&str; 34] = [
        "example",
        "e.g",
        "for instance",
        "sample",
        "template",
        "format",
        "placeholder",
        "such as",
        "like this",
        "like so",
        "looks like",
        "look like",
        "would",
        "will",
        "when",
        "once",
        "if ",
        "until",
        "after",
        "later",
        "expected",
        "instruction",
        "asked",
        "convention",
        "previous",
        "earlier",
        "last time",
        "beispiel",
        "sobald",
        "wenn",
        "exemple",
        "ejemplo",
        "例",
        "示例",
    ];
    let line = line.to_lowercase();
    SIGNS.iter().any(|sign| line.contains(sign))
}

/// What stands between the marks.
fn read(lines: &[(Kind, &str)]) -> StatusBlock {
    let mut block = StatusBlock::default();
    for (_, line) in lines {
        let line = line.trim();
        // One line of JSON, as some agents write it.
        let parts = match line.starts_with('{') && line.ends_with('}') {
            true => line.split(',').collect(),
            false => vec![line],
        };
        for part in parts {
            if let Some((field, value)) = part.split_once(':') {
                block.take(&field_name(field), clean_value(value));
            }
        }
    }
    block
}

/// `**Exit signal**` as `EXIT_SIGNAL`.
fn field_name(field: &str) -> String {
    let around = |c: char| c.is_whitespace() || "*-•_`\"'{}".contains(c);
    let field = field.trim_matches(around);
    let field: String = field.chars().take(40).collect();
    field.to_ascii_uppercase().replace([' ', '-'], "_")
}

/// A value without what markdown, JSON or a remark puts around it.
fn clean_value(value: &str) -> &str {
    let around = |c: char| c.is_whitespace() || "*`\"'{},".contains(c);
    let value = value.trim_matches(around);
    [" (", " #", " //", " <!--"]
        .iter()
        .fold(value, |value, remark| {
            value.split(remark).next().unwrap_or(value)
        })
        .trim_matches(around)
        .trim_end_matches('.')
}

fn status_of(value: &str) -> Option<SelfStatus> {
    Some(match words_joined(value).as_str() {
        "COMPLETE" | "COMPLETED" | "DONE" => SelfStatus::Complete,
        "IN_PROGRESS" | "INCOMPLETE" | "NOT_COMPLETE" | "PARTIAL" => SelfStatus::InProgress,
        "BLOCKED" => SelfStatus::Blocked,
        _ => return None,
    })
}

fn tests_of(value: &str) -> Option<SelfTests> {
    Some(match words_joined(value).as_str() {
        "PASSING" | "PASSED" | "PASS" => SelfTests::Passing,
        "FAILING" | "FAILED" | "FAIL" => SelfTests::Failing,
        "NOT_RUN" => SelfTests::NotRun,
        _ => return None,
    })
}

fn truth_of(value: &str) -> Option<bool> {
    Some(match words_joined(value).as_str() {
        "TRUE" | "YES" => true,
        "FALSE" | "NO" => false,
        _ => return None,
    })
}

fn words_joined(value: &str) -> String {
    value.to_ascii_uppercase().replace([' ', '-'], "_")
}

/// Of two answers the one further from done.
fn less_done<T: Ord>(before: Option<T>, now: Option<T>) -> Option<T> {
    match (before, now) {
        (Some(before), Some(now)) => Some(before.min(now)),
        (before, now) => before.or(now),
    }
}

/// One line without control characters, of at most `most` characters.
fn words(value: &str, most: usize) -> String {
    value
        .chars()
        .filter(|c| !c.is_control())
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests;
