//! `.worktreeinclude`: ignored files (`.env`, local settings) that a new worktree gets a copy of.
//!
//! The file lists patterns in the syntax of `.gitignore`, a convention several agents share. A file is
//! copied if a pattern matches it *and* git ignores it, so that nothing tracked is ever doubled.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::error::{GitError, Result};
use super::repo;
use super::run::Git;

/// The name of the list, at the root of the repository.
const LIST: &str = ".worktreeinclude";

/// The longest list that is read, in bytes.
const MAX_LIST: u64 = 1 << 20;

/// The most files that are copied.
const MAX_FILES: u64 = 20_000;

/// The most bytes that are copied.
const MAX_BYTES: u64 = 1 << 30;

/// Copies the files that `.worktreeinclude` in `root` names into `worktree`, and returns their paths below
/// it. What is there already stays as it is; symbolic links are copied as links.
///
/// # Errors
/// Where a file cannot be read or written, or where it is too much: nothing is copied then.
pub fn copy_included(root: &Path, worktree: &Path) -> Result<Vec<PathBuf>> {
    let list = root.join(LIST);
    // Not through a link: it would read a list from somewhere else.
    let Ok(meta) = list.symlink_metadata() else {
        return Ok(Vec::new());
    };
    if !meta.is_file() || meta.len() > MAX_LIST || repo::open(root)?.workdir().is_none() {
        return Ok(Vec::new());
    }
    let wanted = wanted(&Git::new(), root)?;
    check_size(root, &wanted)?;
    let mut copied = Vec::new();
    for path in wanted {
        if copy(root, worktree, &path)? {
            copied.push(path);
        }
    }
    Ok(copied)
}

/// The untracked files that a pattern matches and that git ignores.
fn wanted(git: &Git, root: &Path) -> Result<Vec<PathBuf>> {
    let args = [
        "ls-files",
        "-z",
        "--others",
        "--ignored",
        "--exclude-from=.worktreeinclude",
    ];
    let matched = git.run(root, &args)?;
    if matched.stdout.is_empty() {
        return Ok(Vec::new());
    }
    let ignored = git
        .call(root, &["check-ignore", "-z", "--stdin"])
        .stdin(matched.stdout)
        .status()?;
    // Status 1: none of them is ignored.
    if !matches!(ignored.status.code(), Some(0 | 1)) {
        return Err(GitError::from_stderr("check-ignore", root, &ignored.stderr));
    }
    Ok(ignored
        .entries()
        .map(|entry| PathBuf::from(OsStr::from_bytes(entry)))
        .filter(|path| path.components().all(|c| matches!(c, Component::Normal(_))))
        .collect())
}

/// Refuses what is too much.
fn check_size(root: &Path, paths: &[PathBuf]) -> Result<()> {
    let files = paths.len() as u64;
    let bytes = paths
        .iter()
        .filter_map(|path| root.join(path).symlink_metadata().ok())
        .map(|meta| meta.len())
        .sum();
    match files > MAX_FILES || bytes > MAX_BYTES {
        true => Err(GitError::IncludeTooLarge { files, bytes }),
        false => Ok(()),
    }
}

/// Copies one file; whether it did.
fn copy(root: &Path, worktree: &Path, path: &Path) -> Result<bool> {
    let (from, to) = (root.join(path), worktree.join(path));
    let Ok(meta) = from.symlink_metadata() else {
        return Ok(false);
    };
    if to.symlink_metadata().is_ok() || !make_parents(worktree, path)? {
        return Ok(false);
    }
    let done = if meta.is_symlink() {
        std::fs::read_link(&from).and_then(|target| std::os::unix::fs::symlink(target, &to))
    } else if meta.is_file() {
        std::fs::copy(&from, &to).map(|_| ())
    } else {
        // A socket or a pipe.
        return Ok(false);
    };
    done.map(|()| true).map_err(|error| {
        // A part of a file would be worse than none.
        let _ = std::fs::remove_file(&to);
        GitError::io(&to, error)
    })
}

/// Makes the directories above `path` in `worktree`. `false` where one of them is a link or a file there,
/// since the copy would land somewhere else.
fn make_parents(worktree: &Path, path: &Path) -> Result<bool> {
    let mut dir = worktree.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        dir.push(part);
        match dir.symlink_metadata() {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Ok(false),
            Err(_) => std::fs::create_dir(&dir).map_err(|error| GitError::io(&dir, error))?,
        }
    }
    Ok(true)
}
