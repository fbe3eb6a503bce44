//! Taking back what others have built upon: a commit on top that undoes it.

use std::path::Path;

use super::super::error::{GitError, Result, one_line};
use super::super::merge;
use super::super::repo;
use super::super::run::Git;
use super::super::scratch::Scratch;
use super::bench::Bench;
use crate::domain::accept::{Landing, Move, Way};

/// Works out a commit that takes back what `landing` brought to its target, on top of what is there now.
/// Nothing moves; carrying out the landing that comes back moves the target.
///
/// # Errors
/// Where what was built upon it is in conflict with that.
pub fn revert(
    git: &Git,
    root: &Path,
    bench: &Bench,
    landing: &Landing,
    message: &str,
    hooks: bool,
) -> Result<Landing> {
    let Some(target) = &landing.target else {
        return Err(GitError::NoSuchBase(String::new()));
    };
    let repo = repo::open(root)?;
    let now = repo::branch_tip(&repo, &target.name)?
        .ok_or_else(|| GitError::NoSuchBase(one_line(&target.name)))?
        .to_string();
    drop(repo);
    // What lies between `to` and `from`, applied to what there is now.
    let undone = merge::merge(git, root, &[], &now, &target.from, Some(&target.to))?;
    let Some(tree) = undone.tree else {
        return Err(GitError::Conflict {
            with: target.name.clone(),
            files: undone.conflicts,
            output: String::new(),
        });
    };
    bench.reset(&now)?;
    bench
        .call(&["read-tree", "--reset", "-u", &tree])
        .long()
        .run()?;
    let scratch = Scratch::new()?;
    let file = scratch.path().join("message");
    std::fs::write(&file, format!("{}\n", message.trim()))
        .map_err(|error| GitError::io(&file, error))?;
    let mut call = bench
        .as_user(
            &["commit", "--quiet", "--allow-empty", "--cleanup=whitespace"],
            hooks,
        )
        .arg("-F")
        .arg(file);
    if !hooks {
        call = call.arg("--no-verify");
    }
    let output = call.status()?;
    if !output.status.success() {
        return Err(bench.failure("commit", &target.name, &output));
    }
    let to = bench.head()?;
    git.run(root, &["update-ref", &landing.hold, &to])?;
    Ok(Landing {
        way: Way::Leave,
        target: Some(Move {
            name: target.name.clone(),
            from: now,
            to,
        }),
        branch: Move {
            to: landing.branch.from.clone(),
            ..landing.branch.clone()
        },
        files: None,
        worktree: None,
        hold: landing.hold.clone(),
    })
}
