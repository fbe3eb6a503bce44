//! What the agent is told at the beginning of an iteration: composed from templates and from what is known.
//!
//! Pure. Everything that comes from an agent or a repository is quoted and bounded: it is untrusted text for
//! another agent. Invariant: however long task, plan and output are, the prompt fits into one argument of a
//! command line (Linux allows 128 KiB).

use super::facts::{CheckOutcome, IterationRecord, MOST_OUTPUT, shortened};
use super::plan::Plan;
use super::state::LoopState;
use super::template::{TemplateError, fill};

/// The longest prompt, in bytes.
pub const MOST_PROMPT: usize = 120 * 1024;
/// The longest task that is told in full, in characters.
const MOST_TASK: usize = 16_000;
/// The most of the user's messages, in characters.
const MOST_MESSAGES: usize = 8_000;
/// The most of one iteration's summary, in characters.
const MOST_SUMMARY: usize = 300;

/// The templates as they come with gluon.
const ITERATION: &str = include_str!("../../../assets/loop/iteration.md");
const RULES: &str = include_str!("../../../assets/loop/rules.md");
const STATUS: &str = include_str!("../../../assets/loop/status.md");

/// The templates of a loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates {
    /// The whole.
    pub iteration: String,
    /// The rules.
    pub rules: String,
    /// The status block.
    pub status: String,
}

impl Default for Templates {
    fn default() -> Self {
        Self {
            iteration: ITERATION.to_owned(),
            rules: RULES.to_owned(),
            status: STATUS.to_owned(),
        }
    }
}

impl Templates {
    /// The names of their files.
    pub const FILES: [&'static str; 3] = ["iteration.md", "rules.md", "status.md"];

    /// Puts `text` in the place of the file `name`.
    pub fn replace(&mut self, name: &str, text: String) {
        match name {
            "iteration.md" => self.iteration = text,
            "rules.md" => self.rules = text,
            "status.md" => self.status = text,
            _ => {}
        }
    }

    /// Whether they can be filled.
    ///
    /// # Errors
    /// What is wrong with the first that cannot.
    pub fn check(&self) -> Result<(), TemplateError> {
        fill(&self.iteration, |name| NAMES.contains(&name).then_some("x")).map(|_| ())
    }
}

/// What templates know.
const NAMES: [&str; 13] = [
    "task",
    "iteration",
    "first",
    "rules",
    "status",
    "plan",
    "check",
    "check_words",
    "check_failure",
    "recent",
    "recommendation",
    "messages",
    "remind",
];

/// What is put in beside the state of the loop.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The task's prompt, or its title where it has none.
    pub task: &'a str,
    /// The number of the iteration.
    pub iteration: u32,
    /// The plan files as they are now.
    pub plans: &'a [Plan],
    /// The plan file the user named, also where it is not there yet.
    pub plan_file: Option<&'a str>,
    /// The check command.
    pub check: Option<&'a str>,
}

/// The prompt of the next iteration.
///
/// # Errors
/// Where a template is wrong.
pub fn compose(
    templates: &Templates,
    inputs: &Inputs<'_>,
    state: &LoopState,
) -> Result<String, TemplateError> {
    let failed = state.check.as_ref().filter(|check| {
        inputs.check.is_some()
            && !matches!(check.outcome, CheckOutcome::Passed | CheckOutcome::NotRun)
    });
    let task = shortened(inputs.task.trim(), MOST_TASK);
    let number = inputs.iteration.to_string();
    let plan = plan_words(inputs);
    let words = failed.map_or_else(String::new, |check| check.words.clone());
    let output = failed.map_or_else(String::new, |check| fenced(&check.output));
    let recent = recent_words(&state.recent);
    let messages = shortened(&state.messages.join("\n\n"), MOST_MESSAGES);
    let is = |yes: bool| if yes { "yes" } else { "" };
    let filled = fill(&templates.iteration, |name| {
        Some(match name {
            "task" => &task,
            "iteration" => &number,
            "first" => is(inputs.iteration <= 1),
            "rules" => templates.rules.trim_end(),
            "status" => templates.status.trim_end(),
            "plan" => &plan,
            "check" => inputs.check.unwrap_or_default(),
            "check_words" => &words,
            "check_failure" => &output,
            "recent" => &recent,
            "recommendation" => &state.recommendation,
            "messages" => &messages,
            "remind" => is(state.remind),
            _ => return None,
        })
    })?;
    // Templates of the user's own may be of any length.
    let most = floor_char(&filled, MOST_PROMPT);
    Ok(filled[..most].trim().to_owned())
}

/// The plan in a few lines.
fn plan_words(inputs: &Inputs<'_>) -> String {
    let mut words = String::new();
    for plan in inputs.plans.iter().filter(|plan| plan.boxes() > 0) {
        let (file, ticked, boxes) = (&plan.file, plan.ticked, plan.boxes());
        words.push_str(&format!("`{file}`: {ticked} of {boxes} boxes are ticked."));
        if let Some(next) = &plan.next {
            words.push_str(&format!(" The first open one: {next}"));
        }
        words.push('\n');
    }
    if let (true, Some(file)) = (words.is_empty(), inputs.plan_file) {
        words = format!(
            "It is kept in `{file}`. If there is no such file yet, write it first: what is to be done, as `- [ ]` boxes, the most important first."
        );
    }
    words.trim_end().to_owned()
}

/// The last iterations, a few lines each.
fn recent_words(recent: &[IterationRecord]) -> String {
    let mut words = String::new();
    for record in recent {
        let changed = match record.progress {
            true => "changed something",
            false => "changed nothing",
        };
        let check = record
            .check
            .map_or_else(String::new, |check| format!(", check {}", check.word()));
        let how = shortened(&record.how, 200).replace('\n', " ");
        words.push_str(&format!(
            "- Iteration {}: {how}, {changed}{check}.\n",
            record.number
        ));
        for line in shortened(&record.summary, MOST_SUMMARY).lines() {
            let line = line.trim();
            if !line.is_empty() {
                words.push_str(&format!("  > {line}\n"));
            }
        }
    }
    words.trim_end().to_owned()
}

/// An output in a fence that it cannot close.
fn fenced(output: &str) -> String {
    let output = shortened(output.trim_end(), MOST_OUTPUT);
    let longest = output
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{output}\n{fence}")
}

/// The last place at or before `at` where a character begins.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::confidence::Changes;
    use super::super::facts::{CheckResult, Tree};
    use super::super::limits::LoopLimits;
    use super::super::{plan, status_block};
    use super::*;
    use crate::domain::units::Timestamp;

    fn state() -> LoopState {
        LoopState::new(LoopLimits::default(), Timestamp(0))
    }

    fn inputs() -> Inputs<'static> {
        Inputs {
            task: "Write a parser.\n",
            iteration: 1,
            plans: &[],
            plan_file: None,
            check: None,
        }
    }

    #[test]
    fn the_first_prompt() {
        let prompt = compose(&Templates::default(), &inputs(), &state()).expect("it is right");
        insta::assert_snapshot!(prompt);
    }

    #[test]
    fn a_later_prompt() {
        let mut state = state();
        state.remind = true;
        state.recommendation = "Handle comments.".into();
        state.messages = vec!["Use no regexes.".into(), "And hurry.".into()];
        state.recent = (4..7)
            .map(|number| IterationRecord {
                number,
                started_at: Timestamp(0),
                ended_at: Timestamp(1),
                how: "finished".into(),
                changes: Changes::Something,
                progress: number != 5,
                head: "abc".into(),
                check: (number == 6).then_some(CheckOutcome::Failed),
                cost: None,
                confidence: 40,
                summary: "Wrote the lexer.\n\nIt has no comments yet.".into(),
                recommendation: String::new(),
            })
            .collect();
        state.check = Some(CheckResult {
            outcome: CheckOutcome::Failed,
            words: "2 tests failed".into(),
            output: "running 9 tests\n```\nfailed: a\nfailed: b\n".into(),
            took: 1,
            at: Timestamp(0),
            tree: Tree::default(),
        });
        let plans = [plan::read("TODO.md", "- [x] lexer\n- [ ] comments\n")];
        let inputs = Inputs {
            iteration: 7,
            plans: &plans,
            check: Some("cargo test"),
            ..inputs()
        };
        let prompt = compose(&Templates::default(), &inputs, &state).expect("it is right");
        insta::assert_snapshot!(prompt);
    }

    #[test]
    fn what_is_put_in_is_bounded_and_no_template() {
        let mut state = state();
        state.messages = vec!["{{#nothing}}{{task}}".repeat(9_000)];
        let long = "{{rules}} ü".repeat(100_000);
        let inputs = Inputs {
            task: &long,
            ..inputs()
        };
        let prompt = compose(&Templates::default(), &inputs, &state).expect("it is right");
        assert!(prompt.len() <= MOST_PROMPT, "{}", prompt.len());
        assert_eq!(prompt.matches("one thing at a time").count(), 1);
        assert!(prompt.ends_with("---END_RALPH_STATUS---"));
    }

    /// The block as the agent is shown it says nothing, should it be given back as it is.
    #[test]
    fn the_template_of_the_block_is_no_answer() {
        let block = status_block::parse(STATUS).expect("it is a block");
        assert_eq!(block.word(), status_block::Word::Nothing);
    }

    #[test]
    fn templates_are_checked() {
        assert_eq!(Templates::default().check(), Ok(()));
        let mut wrong = Templates::default();
        wrong.replace("iteration.md", "{{taks}}".into());
        assert!(wrong.check().is_err());
    }
}
