//! What can be found out about an iteration: from the worktree, its plan files, and what the run told.
//!
//! Everything that is read is untrusted: bounded, never through a link that leaves the worktree.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::super::EndedRun;
use crate::domain::limit::limit_ends;
use crate::domain::loops::confidence::is_test;
use crate::domain::loops::plan::{self, MOST_PLAN, PLAN_FILES};
use crate::domain::loops::{Changes, Fault, Plan, RunEnd, Tree};
use crate::domain::stream::{Denial, FailureKind, Summary};
use crate::domain::{Reason, Timestamp};
use crate::git::{self, Git, GitError};

/// The most changed paths that are looked at.
const MOST_PATHS: usize = 10_000;

/// What the worktree shows after an iteration.
pub(super) struct Looked {
    pub(super) tree: Tree,
    pub(super) changes: Changes,
    pub(super) plans: Vec<Plan>,
}

impl Looked {
    /// Where nothing can be read.
    pub(super) fn nothing(tree: Tree) -> Self {
        Self {
            tree,
            changes: Changes::Nothing,
            plans: Vec::new(),
        }
    }
}

/// The worktree at this moment.
pub(super) fn tree(worktree: &Path) -> Result<Tree, GitError> {
    let git = Git::new();
    let seen = git::fingerprint(&git, worktree)?;
    Ok(Tree {
        head: seen.head,
        fingerprint: seen.tree,
        dirty: git::dirty(worktree)?,
    })
}

/// The worktree after an iteration that began at `before`.
pub(super) fn look(worktree: &Path, before: &Tree, plan: Option<&str>) -> Result<Looked, GitError> {
    let tree = tree(worktree)?;
    let changes = if tree.fingerprint == before.fingerprint {
        Changes::Nothing
    } else {
        let paths = git::changed_paths(&Git::new(), worktree, &before.head, MOST_PATHS)?;
        match !paths.is_empty() && paths.iter().all(|path| is_test(path)) {
            true => Changes::TestsOnly,
            false => Changes::Something,
        }
    };
    Ok(Looked {
        tree,
        changes,
        plans: read_plans(worktree, plan),
    })
}

/// The plan files of a worktree that have boxes: the one that is named, else those that are usual.
pub(super) fn read_plans(worktree: &Path, named: Option<&str>) -> Vec<Plan> {
    let names: Vec<&str> = match named {
        Some(name) => vec![name],
        None => PLAN_FILES.to_vec(),
    };
    names
        .into_iter()
        .filter_map(|name| {
            let path = worktree.join(name);
            let inside = fs::canonicalize(&path).ok()?;
            if !inside.starts_with(fs::canonicalize(worktree).ok()?) {
                return None;
            }
            let text = read_text(&inside, MOST_PLAN as u64)?;
            Some(plan::read(name, &text)).filter(|plan| plan.boxes() > 0)
        })
        .collect()
}

/// A regular file as text, at most `most` bytes of it.
pub(super) fn read_text(path: &Path, most: u64) -> Option<String> {
    // A pipe that somebody put there must not be waited for.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(most)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a run told of itself.
#[derive(Default)]
pub(super) struct Told {
    pub(super) end: Option<RunEnd>,
    pub(super) message: Option<String>,
    pub(super) question: Option<String>,
    pub(super) denied: Vec<String>,
}

/// What a run that has ended told of itself, where clocks are `offset` milliseconds ahead of UTC.
pub(super) fn told(ended: &EndedRun, now: Timestamp, offset: i64) -> Told {
    let Some(summary) = &ended.summary else {
        return Told::default();
    };
    let asks = |denial: &&Denial| denial.tool == "AskUserQuestion";
    let question = summary.denials.iter().find(asks);
    Told {
        end: end_of(summary, now, offset),
        message: Some(summary.message.clone().unwrap_or_default()),
        question: question.map(|denial| denial.what.clone()),
        denied: summary
            .denials
            .iter()
            .filter(|denial| !asks(denial))
            .map(|denial| match denial.what.is_empty() {
                true => denial.tool.clone(),
                false => format!("{}({})", denial.tool, denial.what),
            })
            .collect(),
    }
}

/// How it ended, by its own word; `None` where it says nothing of that.
fn end_of(summary: &Summary, now: Timestamp, offset: i64) -> Option<RunEnd> {
    if let Some(limit) = summary.limited() {
        let words = summary
            .failure
            .as_ref()
            .map(|failure| failure.text.as_str());
        let words = words.unwrap_or("a usage limit");
        let until = limit.until.or_else(|| limit_ends(words, now, offset));
        return Some(RunEnd::Failed(Fault::Limit(until), words.to_owned()));
    }
    if let Some(failure) = &summary.failure {
        let fault = match failure.kind {
            FailureKind::Auth => Fault::Auth,
            FailureKind::Billing => Fault::Billing,
            FailureKind::Limit => Fault::Limit(None),
            FailureKind::Overload => Fault::Overload,
            FailureKind::Network => Fault::Network,
            FailureKind::Invalid | FailureKind::Interrupted | FailureKind::Other => Fault::Other,
        };
        return Some(RunEnd::Failed(fault, failure.text.clone()));
    }
    // Nothing done for want of leave is for the breaker to judge, not an error.
    summary.is_idle_end().then_some(RunEnd::Finished)
}

/// How it ended, judged by its exit.
pub(super) fn judged(reason: Reason) -> RunEnd {
    match reason {
        Reason::Finished => RunEnd::Finished,
        Reason::Failed(why) => RunEnd::Failed(Fault::Other, why),
        Reason::Stopped | Reason::Interrupted => {
            RunEnd::Failed(Fault::Other, "it was interrupted".to_owned())
        }
    }
}

/// A text of a program without escape sequences and control characters but line ends.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => match letters.next() {
                Some('[') => {
                    while letters
                        .next()
                        .is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c))
                    {}
                }
                Some(']') => {
                    while letters
                        .next_if(|c| !matches!(c, '\u{7}' | '\u{1b}'))
                        .is_some()
                    {}
                }
                _ => {}
            },
            '\n' | '\t' => clean.push(letter),
            letter if letter.is_control() => {}
            letter => clean.push(letter),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stream::{Failure, Limit, StreamEvent};

    #[test]
    fn what_failed_is_told_apart() {
        let summary = |event: StreamEvent| {
            let mut summary = Summary::default();
            summary.note(&event);
            summary
        };
        let failed = |kind, text: &str| {
            let text = text.to_owned();
            summary(StreamEvent::Failed(Failure { kind, text }))
        };
        let other = |fault, text: &str| Some(RunEnd::Failed(fault, text.into()));
        let now = Timestamp(1_795_000_000_000);
        let limit = summary(StreamEvent::Limited(Limit {
            rejected: true,
            until: Some(Timestamp(5)),
            which: String::new(),
        }));
        for (summary, end) in [
            (Summary::default(), None),
            (failed(FailureKind::Auth, "key"), other(Fault::Auth, "key")),
            (
                failed(FailureKind::Billing, "pay"),
                other(Fault::Billing, "pay"),
            ),
            (
                failed(FailureKind::Overload, "529"),
                other(Fault::Overload, "529"),
            ),
            (
                failed(FailureKind::Network, "dns"),
                other(Fault::Network, "dns"),
            ),
            (
                failed(FailureKind::Invalid, "long"),
                other(Fault::Other, "long"),
            ),
            (
                limit,
                other(Fault::Limit(Some(Timestamp(5))), "a usage limit"),
            ),
            (
                failed(FailureKind::Limit, "try again in 2 hours"),
                other(
                    Fault::Limit(Some(Timestamp(now.0 + 7_200_000))),
                    "try again in 2 hours",
                ),
            ),
        ] {
            assert_eq!(end_of(&summary, now, 0), end);
        }
    }

    #[test]
    fn plans_are_read_within_the_worktree_only() {
        let dir = tempfile::tempdir().expect("a directory");
        let tree = dir.path().join("tree");
        fs::create_dir(&tree).expect("made");
        fs::write(dir.path().join("outside.md"), "- [x] a").expect("written");
        fs::write(tree.join("TODO.md"), "- [x] a\n- [ ] b").expect("written");
        std::os::unix::fs::symlink("../outside.md", tree.join("PLAN.md")).expect("linked");
        let plans = read_plans(&tree, None);
        assert_eq!(plans.len(), 1);
        assert_eq!((plans[0].ticked, plans[0].open), (1, 1));
        assert!(read_plans(&tree, Some("../outside.md")).is_empty());
        assert!(read_plans(&tree, Some("none.md")).is_empty());
        assert_eq!(clean("a\u{1b}[31mb\u{1b}]0;t\u{7}c\r\n"), "abc\n");
    }
}
