//! Doing the same over and over: calls, errors, rewritten files.
//!
//! What looks like a loop and is none: a call that is made to wait for something (polling); an error that
//! comes again after an edit but says something else; an error of the same kind of something
//! else that was tried; a change that is taken back once; what was done
//! before the user said something new.

use std::collections::HashMap;

use super::history::{Call, Failure, Sign};
use super::judge::{Case, changed_between};
use super::{Health, HealthRule, Seen, Verdict};
use crate::domain::units::Timestamp;

/// A loop shows within so many of the newest calls: three rounds of three.
const CALLS: usize = 9;
/// What repeats must be among the newest so many, or it is over.
const NEWEST: usize = 3;
/// Back and forth: so many times something comes out that was there before.
const RETURNS: usize = 2;

/// The verdict where it does the same over and over.
pub(super) fn looping(case: &Case<'_>) -> Option<Verdict> {
    same_call(case)
        .or_else(|| same_error(case))
        .or_else(|| back_and_forth(case))
}

/// The newest calls in which a loop may show, the newest first.
fn calls<'a>(case: &'a Case<'_>) -> Vec<(Timestamp, &'a Call)> {
    let start = case.now.plus(-case.limits.window);
    let calls = case
        .history
        .since(start)
        .filter_map(|(at, sign)| match sign {
            Sign::Called(call) => Some((at, call)),
            _ => None,
        });
    calls.take(CALLS).collect()
}

fn same_call(case: &Case<'_>) -> Option<Verdict> {
    let calls = calls(case);
    calls.iter().take(NEWEST).find_map(|(last, call)| {
        let result = call.result?;
        let same: Vec<&(Timestamp, &Call)> = calls
            .iter()
            .filter(|(at, other)| {
                at <= last && other.input == call.input && other.result == Some(result)
            })
            .collect();
        let first = same.last()?.0;
        // What waits is called again to see whether it is time.
        if call.waits
            || same.len() < case.limits.repeats
            || changed_between(case.history, first, *last)
        {
            return None;
        }
        let evidence = format!(
            "the same call {} times with the same result, and nothing changed in between: {}",
            same.len(),
            call.what
        );
        let seen = same.iter().map(|(at, call)| seen(*at, &call.what));
        let way = "another call, another result, a change of a file, or a message from you";
        let verdict = case.verdict(Health::Looping, HealthRule::SameCall, evidence, first, way);
        Some(Verdict {
            seen: seen.collect(),
            ..verdict
        })
    })
}

/// Something that went wrong, and in what.
struct Wrong<'a> {
    at: Timestamp,
    failure: &'a Failure,
    /// The call; none where it was no call.
    input: Option<u64>,
    what: String,
}

impl<'a> Wrong<'a> {
    /// What went wrong, if anything; `None` for what is no step of the agent's, or one that waits.
    #[allow(clippy::option_option)]
    fn of(at: Timestamp, sign: &'a Sign) -> Option<Option<Wrong<'a>>> {
        let wrong = |failure, input, what: &str| Wrong {
            at,
            failure,
            input,
            what: what.to_owned(),
        };
        match sign {
            Sign::Called(call) if !call.waits => {
                let failure = call.failure.as_ref();
                Some(failure.map(|failure| wrong(failure, Some(call.input), &call.what)))
            }
            Sign::Failed(failure) => Some(Some(wrong(failure, None, "an error"))),
            _ => None,
        }
    }
}

fn same_error(case: &Case<'_>) -> Option<Verdict> {
    let start = case.now.plus(-case.limits.window);
    let steps: Vec<Step<'_>> = case
        .history
        .since(start)
        .filter_map(|(at, sign)| Some((at, Wrong::of(at, sign)?)))
        .collect();
    let wrongs: Vec<&Wrong<'_>> = steps
        .iter()
        .filter_map(|(_, wrong)| wrong.as_ref())
        .collect();
    let newest = steps.get(NEWEST.min(steps.len()).checked_sub(1)?)?.0;
    wrongs
        .iter()
        .take_while(|wrong| wrong.at >= newest)
        .find_map(|wrong| {
            let same = wrongs
                .iter()
                .filter(|other| other.at <= wrong.at && is_same(case, &steps, wrong, other));
            let same: Vec<&Wrong<'_>> = same.copied().collect();
            if same.len() < case.limits.repeats || wrong.failure.kind.is_empty() {
                return None;
            }
            let first = same.last()?.at;
            let evidence = format!(
                "the same error {} times: {}",
                same.len(),
                wrong.failure.kind
            );
            let way = "another error or none, or a message from you";
            let verdict =
                case.verdict(Health::Looping, HealthRule::SameError, evidence, first, way);
            let seen = same.iter().map(|wrong| seen(wrong.at, &wrong.what));
            Some(Verdict {
                seen: seen.collect(),
                ..verdict
            })
        })
}

/// A step of the agent's: when it ended, and what went wrong in it, if anything.
type Step<'a> = (Timestamp, Option<Wrong<'a>>);

/// Whether two errors are the same. Where something was changed in between, an error of the same kind may
/// be a step ahead: then it has to be the same to the letter, and of the same call. Whoever tries something
/// else each time gropes rather than loops, so then too it has to be the same to the letter, and all that was
/// tried in between has to have failed as well.
fn is_same(case: &Case<'_>, steps: &[Step<'_>], newer: &Wrong<'_>, older: &Wrong<'_>) -> bool {
    if newer.failure.kind != older.failure.kind {
        return false;
    }
    let exact = newer.failure.exact == older.failure.exact;
    let changed = newer.at != older.at && changed_between(case.history, older.at, newer.at);
    if newer.input == older.input {
        return exact || !changed;
    }
    let between = |at: Timestamp| older.at <= at && at <= newer.at;
    let succeeded = |(at, wrong): &Step<'_>| between(*at) && wrong.is_none();
    exact && !changed && !steps.iter().any(succeeded)
}

fn back_and_forth(case: &Case<'_>) -> Option<Verdict> {
    let start = case.now.plus(-case.limits.window);
    let mut files: HashMap<&str, Writes> = HashMap::new();
    let mut trees: Vec<u64> = Vec::new();
    for (at, sign) in case.history.since(start) {
        match sign {
            Sign::Wrote { file, content } => files.entry(file).or_default().add(at, *content),
            Sign::Tree(tree) => trees.push(*tree),
            _ => {}
        }
    }
    let tree_returns = returns(&trees);
    let file = files
        .iter()
        .filter(|(_, writes)| {
            writes.count() >= case.limits.rewrites
                && (tree_returns >= RETURNS || returns(&writes.contents) >= RETURNS)
        })
        // By its name where two are alike, so that the same is said each time.
        .max_by_key(|(name, writes)| (writes.count(), std::cmp::Reverse(**name)))?;
    let (name, writes) = file;
    let evidence = format!(
        "{name} was rewritten {} times, and the files go back and forth",
        writes.count()
    );
    let first = *writes.times.last()?;
    let way = "a state of the files that was not there before, or a message from you";
    let verdict = case.verdict(
        Health::Looping,
        HealthRule::BackAndForth,
        evidence,
        first,
        way,
    );
    let seen = writes
        .times
        .iter()
        .map(|at| seen(*at, &format!("{name} was written")));
    Some(Verdict {
        seen: seen.collect(),
        ..verdict
    })
}

/// The times a file was written, the newest first. The agent's own word and what was found in the tree tell
/// of the same writes, so they are not added up.
#[derive(Default)]
struct Writes {
    told: usize,
    contents: Vec<u64>,
    times: Vec<Timestamp>,
}

impl Writes {
    fn add(&mut self, at: Timestamp, content: Option<u64>) {
        match content {
            Some(content) => self.contents.push(content),
            None => self.told += 1,
        }
        self.times.push(at);
    }

    fn count(&self) -> usize {
        self.told.max(self.contents.len())
    }
}

/// How often something is there again that was there before and gone in between.
fn returns(states: &[u64]) -> usize {
    let mut states = states.to_vec();
    states.dedup();
    (1..states.len())
        .filter(|at| states[..*at].contains(&states[*at]))
        .count()
}

fn seen(at: Timestamp, what: &str) -> Seen {
    Seen {
        at,
        what: what.to_owned(),
    }
}
