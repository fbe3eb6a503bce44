//! Confidence: how sure the loop is that the task is complete, from 0 to 100 %, with the parts it is made of.
//!
//! Words (the status block, phrases) and structure (the plan's boxes, the check command, the tree, iterations
//! that changed nothing more) each give points. At [`ENOUGH`] the loop leaves for review, and never:
//! - on words alone: at least one structural part must have given points;
//! - while the agent says that it is not done (`EXIT_SIGNAL: false`): no evidence overrules that;
//! - where there is a check command that has not passed after the last change;
//! - without a status block, as long as the agent has not been reminded of it.
//!
//! Pure. Invariant: the sum of the parts is the confidence, but for a cap, which says why it is one.

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::status_block::{StatusBlock, Word};

/// The confidence at which a loop leaves for review, in percent.
pub const ENOUGH: u8 = 60;
/// The most confidence there can be while something speaks against completion, in percent.
const CAP: u8 = 50;

/// Points of the agent's word that the loop may end.
const EXIT: u8 = 50;
/// Points where the status says so and the exit signal says nothing.
const COMPLETE: u8 = 40;
/// Points of phrases of completion, however many.
const PHRASE: u8 = 10;
/// Points of a plan with every box ticked; a share of them for a share of the boxes.
const PLAN: u8 = 20;
/// Points of a check that passed after the last change.
const CHECK: u8 = 30;
/// Points of a tree with everything committed.
const TREE: u8 = 10;
/// Points of an iteration that changed nothing but tests or nothing at all, and of more than one in a row.
const QUIET: [u8; 3] = [0, 10, 20];

/// What a part is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// The status block.
    Block,
    /// Phrases of completion.
    Phrases,
    /// Boxes of the plan files.
    Plan,
    /// The check command.
    Check,
    /// The tree: clean, committed.
    Tree,
    /// Iterations that changed nothing, or tests alone.
    Quiet,
}

impl PartKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            PartKind::Block => "status block",
            PartKind::Phrases => "phrases",
            PartKind::Plan => "plan",
            PartKind::Check => "check",
            PartKind::Tree => "tree",
            PartKind::Quiet => "quiet",
        }
    }

    /// Whether it is more than words.
    pub fn is_structural(self) -> bool {
        !matches!(self, PartKind::Block | PartKind::Phrases)
    }
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is about.
    pub what: PartKind,
    /// What it gives, in percent.
    pub points: u8,
    /// The most it could give.
    pub of: u8,
    /// What was found, in a sentence a person can check.
    pub evidence: String,
}

/// The confidence and what it is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confidence {
    /// From 0 to 100.
    pub percent: u8,
    /// The parts, in a fixed order; what there is no evidence of is not among them.
    pub parts: Vec<Part>,
    /// Why it is no complete task whatever the points are, a sentence each.
    pub against: Vec<String>,
}

impl Confidence {
    /// Whether the loop may leave for review.
    pub fn is_enough(&self) -> bool {
        self.percent >= ENOUGH && self.against.is_empty()
    }
}

/// How the check command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStanding<'a> {
    /// The project names none.
    None,
    /// It passed, and nothing was changed since.
    Passed,
    /// It failed: how, in a line.
    Failed(&'a str),
    /// It has not run since the last change: why.
    Stale(&'a str),
}

/// What an iteration changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changes {
    /// Neither a commit nor a file.
    Nothing,
    /// Tests alone.
    TestsOnly,
    /// More than tests.
    Something,
}

/// What is known after an iteration.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What the agent says of itself.
    pub block: Option<&'a StatusBlock>,
    /// Whether it had been reminded to say it before this iteration.
    pub reminded: bool,
    /// Its phrases of completion.
    pub phrases: &'a [String],
    /// The plan files that have boxes.
    pub plans: &'a [Plan],
    /// The most boxes there were at once since the loop began.
    pub most_boxes: u32,
    /// The check command.
    pub check: CheckStanding<'a>,
    /// Files with uncommitted changes.
    pub dirty: u32,
    /// Whether the loop has committed something.
    pub committed: bool,
    /// Iterations in a row that changed nothing, or tests alone.
    pub quiet: u32,
}

/// How sure one can be that the task is complete.
pub fn confidence(known: &Known<'_>) -> Confidence {
    let parts: Vec<Part> = [
        block_part(known),
        phrases_part(known.phrases),
        plan_part(known),
        check_part(known.check),
        tree_part(known),
        quiet_part(known.quiet),
    ]
    .into_iter()
    .flatten()
    .collect();
    let sum = parts.iter().map(|part| u32::from(part.points)).sum::<u32>();
    let sum = u8::try_from(sum.min(100)).unwrap_or(100);
    let mut against = objections(known);
    let structural = parts
        .iter()
        .any(|part| part.what.is_structural() && part.points > 0);
    if !structural && sum >= ENOUGH {
        against
            .push("words alone: nothing in the work itself shows that it is complete".to_owned());
    }
    Confidence {
        percent: match against.is_empty() {
            true => sum,
            false => sum.min(CAP),
        },
        parts,
        against,
    }
}

/// What speaks against completion whatever else there is.
fn objections(known: &Known<'_>) -> Vec<String> {
    let mut against = Vec::new();
    match known.block.map(StatusBlock::word) {
        Some(Word::NotDone) => against.push("the agent says that it is not done".to_owned()),
        Some(Word::Blocked) => against.push("the agent says that it is blocked".to_owned()),
        None if !known.reminded => {
            against
                .push("the agent's message has no status block; it is reminded first".to_owned());
        }
        Some(Word::Done | Word::Nothing) | None => {}
    }
    match known.check {
        CheckStanding::Failed(how) => against.push(format!("the check fails: {how}")),
        CheckStanding::Stale(why) => {
            against.push(format!(
                "the check has not passed since the last change: {why}"
            ));
        }
        CheckStanding::None | CheckStanding::Passed => {}
    }
    against
}

fn part(what: PartKind, points: u8, of: u8, evidence: impl Into<String>) -> Option<Part> {
    Some(Part {
        what,
        points,
        of,
        evidence: evidence.into(),
    })
}

fn block_part(known: &Known<'_>) -> Option<Part> {
    let Some(block) = known.block else {
        return part(
            PartKind::Block,
            0,
            EXIT,
            "no status block in the final message",
        );
    };
    let (points, says) = match (block.word(), block.exit_signal) {
        (Word::Done, Some(true)) => (EXIT, "EXIT_SIGNAL: true"),
        (Word::Done, _) => (COMPLETE, "STATUS: COMPLETE, without an exit signal"),
        (Word::Blocked, _) => (0, "STATUS: BLOCKED"),
        (Word::NotDone, Some(false)) => (0, "EXIT_SIGNAL: false"),
        (Word::NotDone, _) => (0, "STATUS: IN_PROGRESS"),
        (Word::Nothing, _) => (0, "a status block that says neither status nor exit signal"),
    };
    part(PartKind::Block, points, EXIT, says)
}

fn phrases_part(phrases: &[String]) -> Option<Part> {
    let first = phrases.first()?;
    part(PartKind::Phrases, PHRASE, PHRASE, format!("says “{first}”"))
}

fn plan_part(known: &Known<'_>) -> Option<Part> {
    let boxes: u32 = known.plans.iter().map(Plan::boxes).sum();
    let ticked: u32 = known.plans.iter().map(|plan| plan.ticked).sum();
    if boxes == 0 {
        return None;
    }
    let files: Vec<&str> = known
        .plans
        .iter()
        .filter(|plan| plan.boxes() > 0)
        .map(|plan| plan.file.as_str())
        .collect();
    let files = files.join(", ");
    let gone = known.most_boxes.saturating_sub(boxes);
    if ticked == boxes && gone > 0 {
        // Boxes that vanish are no boxes that were ticked: half, and a person can see why.
        let evidence =
            format!("{ticked} of {boxes} boxes ticked in {files}, but {gone} were removed");
        return part(PartKind::Plan, PLAN / 2, PLAN, evidence);
    }
    let share = u64::from(ticked) * u64::from(PLAN) / u64::from(boxes);
    let points = u8::try_from(share).unwrap_or(PLAN);
    part(
        PartKind::Plan,
        points,
        PLAN,
        format!("{ticked} of {boxes} boxes ticked in {files}"),
    )
}

fn check_part(check: CheckStanding<'_>) -> Option<Part> {
    match check {
        CheckStanding::None => None,
        CheckStanding::Passed => part(
            PartKind::Check,
            CHECK,
            CHECK,
            "the check command passed after the last change",
        ),
        CheckStanding::Failed(how) => part(PartKind::Check, 0, CHECK, format!("it fails: {how}")),
        CheckStanding::Stale(why) => part(PartKind::Check, 0, CHECK, format!("not run: {why}")),
    }
}

fn tree_part(known: &Known<'_>) -> Option<Part> {
    match (known.dirty, known.committed) {
        (0, true) => part(PartKind::Tree, TREE, TREE, "everything is committed"),
        // Nothing was done yet, so nothing speaks for it.
        (0, false) => None,
        (1, _) => part(PartKind::Tree, 0, TREE, "1 file has uncommitted changes"),
        (files, _) => part(
            PartKind::Tree,
            0,
            TREE,
            format!("{files} files have uncommitted changes"),
        ),
    }
}

fn quiet_part(quiet: u32) -> Option<Part> {
    let [_, one, more] = QUIET;
    match quiet {
        0 => None,
        1 => part(
            PartKind::Quiet,
            one,
            more,
            "the last iteration changed nothing, or tests alone",
        ),
        many => {
            let evidence = format!("the last {many} iterations changed nothing, or tests alone");
            part(PartKind::Quiet, more, more, evidence)
        }
    }
}

/// Whether a path is one of a test, by the habits of the common languages.
pub fn is_test(path: &str) -> bool {
    let path = path.to_lowercase().replace('\\', "/");
    let (dirs, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let dir = |name: &str| {
        matches!(
            name,
            "test"
                | "tests"
                | "__tests__"
                | "spec"
                | "specs"
                | "testing"
                | "testdata"
                | "fixtures"
                | "snapshots"
                | "__snapshots__"
                | "e2e"
                | "cypress"
        )
    };
    let stem = file.split('.').next().unwrap_or(file);
    dirs.split('/').any(dir)
        || matches!(stem, "test" | "tests" | "spec" | "conftest")
        || stem.starts_with("test_")
        || ["_test", "_tests", "_spec", "-test", "-spec"]
            .iter()
            .any(|end| stem.ends_with(end))
        || [".test.", ".tests.", ".spec.", ".snap"]
            .iter()
            .any(|mark| file.contains(mark))
}

#[cfg(test)]
mod tests;
