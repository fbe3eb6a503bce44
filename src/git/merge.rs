//! Merges that are only looked at: what would come out, and which files would be in conflict. By
//! `git merge-tree`, which touches neither work tree nor index nor ref.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use super::error::{GitError, Result, one_line};
use super::run::Git;

/// Where objects are read and written, as variables of the environment; empty: in the repository.
pub(super) type Objects<'a> = &'a [(&'static str, OsString)];

/// What a merge would come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// The tree that would come out; `None` where there are conflicts.
    pub tree: Option<String>,
    /// Files that would be in conflict (untrusted text), sorted.
    pub conflicts: Vec<String>,
}

/// Merges the commits `ours` and `theirs`, since `base` if that is given.
///
/// # Errors
/// Where one of them cannot be read, or git is too old.
pub(super) fn merge(
    git: &Git,
    root: &Path,
    objects: Objects<'_>,
    ours: &str,
    theirs: &str,
    base: Option<&str>,
) -> Result<Merged> {
    let args = [
        "merge-tree",
        "--write-tree",
        "-z",
        "--name-only",
        "--no-messages",
    ];
    let mut call = git.call(root, &args).long();
    for (key, value) in objects {
        call = call.env(key, value);
    }
    if let Some(base) = base {
        call = call.arg(format!("--merge-base={base}"));
    }
    let output = call
        .arg("--allow-unrelated-histories")
        .arg(ours)
        .arg(theirs)
        .status()?;
    let mut entries = output.entries();
    let tree = entries
        .next()
        .map(|tree| String::from_utf8_lossy(tree).into_owned());
    match output.status.code() {
        Some(0) => Ok(Merged {
            tree,
            conflicts: Vec::new(),
        }),
        Some(1) if tree.is_some() => {
            let names = entries.map(|name| one_line(&String::from_utf8_lossy(name)));
            let names: BTreeSet<String> = names.collect();
            Ok(Merged {
                tree: None,
                conflicts: names.into_iter().collect(),
            })
        }
        _ if output.stderr.contains("usage: git merge-tree") => Err(GitError::TooOld("2.40")),
        _ => Err(GitError::from_stderr("merge-tree", root, &output.stderr)),
    }
}

/// The files that differ between two trees or commits (untrusted text), sorted.
pub(super) fn changed(
    git: &Git,
    root: &Path,
    objects: Objects<'_>,
    old: &str,
    new: &str,
) -> Result<Vec<Vec<u8>>> {
    names(git, root, objects, &[old, new])
}

/// The files that `new` has and `old` does not have.
pub(super) fn added(git: &Git, root: &Path, old: &str, new: &str) -> Result<Vec<Vec<u8>>> {
    names(git, root, &[], &["--diff-filter=A", old, new])
}

fn names(git: &Git, root: &Path, objects: Objects<'_>, what: &[&str]) -> Result<Vec<Vec<u8>>> {
    let args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames"];
    let mut call = git.call(root, &args).args(what);
    for (key, value) in objects {
        call = call.env(key, value);
    }
    let output = call.run()?;
    let names: BTreeSet<Vec<u8>> = output.entries().map(<[u8]>::to_vec).collect();
    Ok(names.into_iter().collect())
}
