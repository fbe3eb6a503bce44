//! Carrying a landing out, and taking it back: branches move, checkouts with them. Every part can be done
//! again: after a crash it is, from the landing alone.

use std::path::Path;

use super::super::error::{GitError, Result};
use super::super::filters;
use super::super::repo;
use super::super::run::{Call, Git};
use super::super::status;
use super::Step;
use super::assess::checkout;
use super::mend::mend;
use crate::domain::accept::{Landing, Move};

/// Moves what `landing` says. What the user should know comes back, a sentence each.
///
/// # Errors
/// Where the target has moved meanwhile or its checkout is in the way: no branch has moved then.
pub fn carry_out(git: &Git, root: &Path, landing: &Landing, step: Step<'_>) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    if let Some(target) = landing.target.as_ref().filter(|target| target.is_real()) {
        step("move the target");
        move_target(git, root, target)?;
    }
    if landing.branch.is_real() {
        step("move the branch");
        move_branch(git, root, landing, &mut notes)?;
    }
    Ok(notes)
}

/// Takes `landing` back: target and branch are where they were, what was not committed is not committed.
///
/// # Errors
/// Where the target has moved on since or its checkout is in the way: nothing has changed then.
pub fn take_back(git: &Git, root: &Path, landing: &Landing, step: Step<'_>) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    if let Some(target) = landing.target.as_ref().filter(|target| target.is_real()) {
        step("move the target back");
        move_target_back(git, root, target)?;
    }
    if landing.branch.is_real() {
        step("move the branch back");
        move_branch_back(git, root, landing, &mut notes)?;
    }
    Ok(notes)
}

/// Lets go of the ref that held the commits.
pub fn release(git: &Git, root: &Path, landing: &Landing) {
    let _ = git.run(root, &["update-ref", "-d", &landing.hold]);
}

/// The tip of a branch that has to be there.
fn tip(root: &Path, name: &str) -> Result<String> {
    let repo = repo::open(root)?;
    let tip = repo::branch_tip(&repo, name)?;
    Ok(tip
        .ok_or_else(|| GitError::NoSuchBase(name.to_owned()))?
        .to_string())
}

/// Whether `tip` has `commit`.
fn has(root: &Path, tip: &str, commit: &str) -> Result<bool> {
    repo::is_merged(root, commit, tip)
}

fn move_target(git: &Git, root: &Path, target: &Move) -> Result<()> {
    let now = tip(root, &target.name)?;
    let place = free_checkout(git, root, target)?;
    if now != target.from {
        // Done before a crash, and perhaps built upon since.
        return match has(root, &now, &target.to)? {
            true => Ok(()),
            false => Err(GitError::TargetMoved(target.name.clone())),
        };
    }
    match place {
        None => move_ref(git, root, &target.name, &target.from, &target.to, "accept"),
        Some(dir) => {
            let args = [
                "merge",
                "--ff-only",
                "--no-overwrite-ignore",
                "--no-stat",
                "--quiet",
            ];
            let forward = || as_user(git, &dir, &args).arg(&target.to).run();
            if let Err(error) = forward() {
                // New files that a crash has left there are in its way.
                match mend(git, &dir, &target.to)? {
                    true => forward()?,
                    false => return Err(error),
                };
            }
            moved(root, &target.name, &target.to)
        }
    }
}

fn move_target_back(git: &Git, root: &Path, target: &Move) -> Result<()> {
    let now = tip(root, &target.name)?;
    if now == target.from {
        free_checkout(git, root, target)?;
        return Ok(());
    }
    if now != target.to {
        let on_top = has(root, &now, &target.to)?;
        return Err(match on_top {
            true => GitError::BuiltUpon {
                branch: target.name.clone(),
                commits: commits_between(root, &target.to, &now)?,
            },
            false => GitError::TargetMoved(target.name.clone()),
        });
    }
    match free_checkout(git, root, target)? {
        None => move_ref(git, root, &target.name, &target.to, &target.from, "undo"),
        Some(dir) => {
            let args = ["reset", "--keep", "--quiet"];
            as_user(git, &dir, &args).arg(&target.from).run()?;
            moved(root, &target.name, &target.from)
        }
    }
}

fn commits_between(root: &Path, old: &str, new: &str) -> Result<u32> {
    let repo = repo::open(root)?;
    let (old, _) = repo::resolve(&repo, old)?;
    let (new, _) = repo::resolve(&repo, new)?;
    status::count(&repo, &[new], &[old])
}

/// Where the target is checked out, which has to be clean; what a crash has left there is mended first.
fn free_checkout(git: &Git, root: &Path, target: &Move) -> Result<Option<std::path::PathBuf>> {
    let Some(mut place) = checkout(root, &target.name)? else {
        return Ok(None);
    };
    if place.dirty > 0 && place.busy.is_none() {
        let head = tip(root, &target.name)?;
        let other = if head == target.from {
            &target.to
        } else {
            &target.from
        };
        if mend(git, &place.path, other)? {
            place.dirty = 0;
        }
    }
    match (place.busy, place.dirty) {
        (None, 0) => Ok(Some(place.path)),
        (Some(what), _) => Err(GitError::UnderWay {
            path: place.path,
            what,
        }),
        (None, files) => Err(GitError::CheckoutDirty {
            branch: target.name.clone(),
            path: place.path,
            files,
        }),
    }
}

/// A git at work where the user is: their hooks, their filters, their words in the reflog.
fn as_user<'a>(git: &'a Git, dir: &'a Path, args: &[&str]) -> Call<'a> {
    let filters = filters::without_missing_lfs(git, dir);
    git.call(dir, args)
        .settings(&filters)
        .setting("merge.autoStash", "false")
        .env("GIT_REFLOG_ACTION", "gluon")
        .hooks()
        .long()
}

/// Fails unless `branch` is at `commit`.
fn moved(root: &Path, branch: &str, commit: &str) -> Result<()> {
    match tip(root, branch)? == commit {
        true => Ok(()),
        false => Err(GitError::TargetMoved(branch.to_owned())),
    }
}

fn move_ref(git: &Git, root: &Path, name: &str, from: &str, to: &str, why: &str) -> Result<()> {
    let full = format!("refs/heads/{name}");
    let why = format!("gluon: {why}");
    let args = ["update-ref", "-m", &why, &full, to, from];
    match git.run(root, &args) {
        Ok(_) => Ok(()),
        // It moved between the look and the move.
        Err(GitError::Failed { .. }) if tip(root, name)? != from => {
            Err(GitError::TargetMoved(name.to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// The task's branch gets the commit of what was not committed; its files are that already, its index follows.
fn move_branch(git: &Git, root: &Path, landing: &Landing, notes: &mut Vec<String>) -> Result<()> {
    let branch = &landing.branch;
    let now = tip(root, &branch.name)?;
    if now != branch.to {
        if now != branch.from {
            notes.push(format!("{} has moved meanwhile and stays", branch.name));
            return Ok(());
        }
        move_ref(git, root, &branch.name, &branch.from, &branch.to, "accept")?;
    }
    let on_branch = |dir: &Path| {
        let head = repo::open(dir).and_then(|repo| repo::head_state(&repo));
        head.is_ok_and(|head| head.branch() == Some(branch.name.as_str()))
    };
    let place = landing
        .worktree
        .as_deref()
        .filter(|dir| dir.is_dir() && on_branch(dir));
    let (Some(dir), Some(files)) = (place, &landing.files) else {
        return Ok(());
    };
    set_files(git, dir, files, &branch.to, notes)
}

fn move_branch_back(
    git: &Git,
    root: &Path,
    landing: &Landing,
    notes: &mut Vec<String>,
) -> Result<()> {
    let branch = &landing.branch;
    let repo = repo::open(root)?;
    let now = repo::branch_tip(&repo, &branch.name)?.map(|id| id.to_string());
    drop(repo);
    let place = landing.worktree.as_deref().filter(|dir| dir.is_dir());
    let Some(dir) = place.filter(|_| now.is_some()) else {
        notes.push(format!(
            "what was not committed stays committed on {}",
            branch.name
        ));
        return Ok(());
    };
    if now.as_deref() != Some(branch.from.as_str()) {
        if now.as_deref() != Some(branch.to.as_str()) {
            notes.push(format!("{} has moved since and stays", branch.name));
            return Ok(());
        }
        // What a hook has changed goes back first, while the files can be told from the user's.
        if let Some(files) = &landing.files {
            let _ = git.run(dir, &["read-tree", "-m", "-u", &branch.to, files]);
        }
        move_ref(git, root, &branch.name, &branch.to, &branch.from, "undo")?;
    }
    git.run(dir, &["read-tree", &branch.from])?;
    let _ = git.run(dir, &["update-index", "-q", "--refresh"]);
    Ok(())
}

/// The files of `dir`, which are `files`, become those of `commit`: they differ only by what a hook did.
fn set_files(
    git: &Git,
    dir: &Path,
    files: &str,
    commit: &str,
    notes: &mut Vec<String>,
) -> Result<()> {
    git.run(dir, &["read-tree", files])?;
    let _ = git.run(dir, &["update-index", "-q", "--refresh"]);
    let follow = git
        .call(dir, &["read-tree", "-m", "-u", files, commit])
        .long()
        .run();
    if follow.is_err() {
        // Somebody has written there meanwhile: that stays, as a change.
        git.run(dir, &["read-tree", commit])?;
        notes.push("files in the worktree have changed meanwhile and stay as they are".to_owned());
    }
    Ok(())
}
