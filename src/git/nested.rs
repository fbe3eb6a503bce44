//! Repositories inside a worktree: submodules, and clones an agent has made there.
//!
//! The outer repository records only which commit they were at, so what they hold themselves must be
//! elsewhere before the worktree goes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::{GitError, Result};
use super::filters::Settings;
use super::run::Git;
use super::snapshot::Aside;
use super::submodule::FROM_DISK;

/// Refuses a worktree with repositories inside that hold work of their own.
pub(super) fn check(git: &Git, worktree: &Path, aside: &Aside, filters: &Settings) -> Result<()> {
    let listed = aside
        .on(git.call(worktree, &["ls-files", "-z", "--stage"]))
        .run()?;
    for entry in listed
        .entries()
        .filter(|entry| entry.starts_with(b"160000 "))
    {
        let Some(tab) = entry.iter().position(|b| *b == b'\t') else {
            continue;
        };
        let path = worktree.join(OsStr::from_bytes(&entry[tab + 1..]));
        let there = path.join(".git").symlink_metadata().is_ok();
        if there && !is_elsewhere(git, &path, filters)? {
            return Err(GitError::NestedWork(path));
        }
    }
    Ok(())
}

/// Whether everything in the repository at `path` is in a remote branch too, or came from disk.
fn is_elsewhere(git: &Git, path: &Path, filters: &Settings) -> Result<bool> {
    let args = ["status", "--porcelain", "-z", "--ignore-submodules=none"];
    let status = git.call(path, &args).settings(filters).run()?;
    let stashed = git.run(path, &["rev-parse", "-q", "--verify", "refs/stash"]);
    if !status.stdout.is_empty() || stashed.is_ok() {
        return Ok(false);
    }
    let glob = format!("--glob={FROM_DISK}");
    let args = [
        "rev-list",
        "-n",
        "1",
        "HEAD",
        "--branches",
        "--not",
        "--remotes",
        &glob,
    ];
    // Without a commit there is nothing to lose but files, which the status has seen.
    Ok(git
        .run(path, &args)
        .map_or(true, |own| own.stdout.is_empty()))
}

/// The error of staging everything, where it is about a repository without a commit: git cannot record it.
pub(super) fn staging_error(worktree: &Path, error: GitError) -> GitError {
    let GitError::Failed { message, .. } = &error else {
        return error;
    };
    let inner = message
        .strip_suffix(" does not have a commit checked out")
        .map(|name| PathBuf::from(name.trim_matches('\'')));
    match inner {
        Some(inner) => GitError::NestedWork(worktree.join(inner)),
        None => error,
    }
}
