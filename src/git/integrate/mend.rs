//! A checkout that a crash has left between two commits: some files of the one, some of the other.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::super::error::{GitError, Result};
use super::super::filters;
use super::super::merge::{added, changed};
use super::super::run::Git;
use super::super::status::{open_for_status, uncommitted};
use super::assess::snapshot_tree;

/// Brings the files in `dir` back to its `HEAD` where they are exactly those of `other`: then a move between
/// the two was cut short, and nothing of the user's is touched. Whether that could be done; where one file is
/// neither, nothing is.
pub(super) fn mend(git: &Git, dir: &Path, other: &str) -> Result<bool> {
    let between: BTreeSet<Vec<u8>> = changed(git, dir, &[], "HEAD", other)?.into_iter().collect();
    let state = uncommitted(&open_for_status(dir)?)?;
    if !state
        .dirty
        .iter()
        .all(|path| between.contains(path.as_slice()))
    {
        return Ok(false);
    }
    let now = snapshot_tree(git, dir)?;
    let mut moved: BTreeSet<Vec<u8>> = changed(git, dir, &[], "HEAD", &now)?.into_iter().collect();
    moved.retain(|path| between.contains(path));
    let foreign = changed(git, dir, &[], other, &now)?;
    if foreign.iter().any(|path| moved.contains(path)) {
        return Ok(false);
    }
    let filters = filters::without_missing_lfs(git, dir);
    let call = |args: &[&str]| git.call(dir, args).settings(&filters).long();
    call(&["read-tree", "HEAD"]).run()?;
    let new = added(git, dir, "HEAD", other)?;
    let mut old = Vec::new();
    for path in &moved {
        if !new.contains(path) {
            old.extend_from_slice(path);
            old.push(0);
            continue;
        }
        let file = dir.join(OsStr::from_bytes(path));
        if let Err(error) = std::fs::remove_file(&file)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(GitError::io(&file, error));
        }
    }
    call(&["checkout-index", "--force", "-z", "--stdin"])
        .stdin(old)
        .run()?;
    let _ = call(&["update-index", "-q", "--refresh"]).run();
    Ok(true)
}
