//! Which files have changed since a commit, committed and uncommitted ones, by name alone.

use std::path::Path;

use super::error::Result;
use super::run::Git;
use super::status::{open_for_status, uncommitted};

/// How many files of `worktree` have uncommitted changes, new ones too.
///
/// # Errors
/// Where the worktree cannot be read.
pub fn dirty(worktree: &Path) -> Result<u32> {
    let state = uncommitted(&open_for_status(worktree)?)?;
    let count = state.dirty.len() + state.untracked.len();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The files of `worktree` that differ from the commit `since`, `most` of them; an empty `since` is the
/// beginning of everything. Lossy where a name is no UTF-8.
///
/// # Errors
/// Where the worktree or the commit cannot be read.
pub fn changed_paths(git: &Git, worktree: &Path, since: &str, most: usize) -> Result<Vec<String>> {
    let state = uncommitted(&open_for_status(worktree)?)?;
    let mut paths: Vec<String> = state
        .dirty
        .iter()
        .chain(&state.untracked)
        .map(ToString::to_string)
        .collect();
    let tip = git.run(worktree, &["rev-parse", "--verify", "--quiet", "HEAD"]);
    if let Ok(tip) = tip
        && tip.text() != since
    {
        // Trees alone: nothing in the worktree is read, so no filter runs.
        let empty = super::worktree::empty_tree();
        let since = if since.is_empty() {
            empty.as_ref()
        } else {
            since
        };
        let committed = git
            .call(
                worktree,
                &["diff-tree", "-r", "--name-only", "-z", "--no-renames"],
            )
            .args(&[since, "HEAD"])
            .run()?;
        let names = committed.entries().filter(|name| !name.is_empty());
        paths.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
    }
    paths.sort();
    paths.dedup();
    paths.truncate(most);
    Ok(paths)
}
