//! The text of everything a task has changed, uncommitted and new files too.
//!
//! From `git` rather than gix, since its text is what people and tools expect. It works on an index and
//! an object directory of its own, so the repository is left exactly as it was.

use std::path::Path;

use gix::bstr::BString;

use super::error::Result;
use super::filters;
use super::run::Git;
use super::scratch::Scratch;
use super::snapshot;
use super::status::{Base, open_for_status, uncommitted};

/// The longest diff, in bytes.
const MAX_DIFF: usize = 8 << 20;

/// The largest uncommitted file that is shown, in bytes.
const MAX_FILE: u64 = 32 << 20;

/// How much of uncommitted files is looked at, in bytes.
const MAX_TOTAL: u64 = 256 << 20;

/// Options that make a diff's text independent of configuration and run no program.
pub(super) const PLAIN: &[&str] = &[
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--submodule=short",
    "--find-renames",
];

/// Everything that differs in `worktree` from where its branch left `base_commit`, as unified text. A diff
/// beyond 8 MiB is cut, and says so in its last line.
///
/// # Errors
/// Where the worktree or `base_commit` cannot be read.
pub fn diff(git: &Git, worktree: &Path, base_commit: &str) -> Result<String> {
    diff_since(git, worktree, base_commit, None)
}

/// The same, compared with where the branch left `base_name`, if that branch still exists: what was merged
/// from it or rebased onto since is not shown. Agrees with [`super::summary`].
///
/// # Errors
/// As with [`diff`].
pub fn diff_since(
    git: &Git,
    worktree: &Path,
    base_commit: &str,
    base_name: Option<&str>,
) -> Result<String> {
    let wanted = Wanted {
        base_commit,
        base_name,
        which: Which::All,
        ignore_space: false,
        most: MAX_DIFF,
    };
    changes(git, worktree, &wanted)
}

/// Which of the changes in a worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// Everything since the branch left its base.
    All,
    /// What is committed of it.
    Committed,
    /// What is not.
    Uncommitted,
    /// Everything that differs from this commit.
    Since(&'a str),
}

/// Which changes are wanted, and how.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The commit that the branch was started from.
    pub base_commit: &'a str,
    /// The branch it was started from.
    pub base_name: Option<&'a str>,
    /// Which of them.
    pub which: Which<'a>,
    /// Whether lines that differ in blanks only count as the same.
    pub ignore_space: bool,
    /// The longest text, in bytes; what is beyond is cut, which the last line says.
    pub most: usize,
}

/// Changes in `worktree` as unified text.
///
/// # Errors
/// Where the worktree or a commit cannot be read.
pub fn changes(git: &Git, worktree: &Path, wanted: &Wanted<'_>) -> Result<String> {
    let repo = open_for_status(worktree)?;
    let tip = repo.head_id().ok().map(gix::Id::detach);
    let fork = Base::find(&repo, worktree, wanted.base_commit, wanted.base_name)?;
    let fork = fork.fork(&repo, tip)?;
    let named = |id: Option<gix::ObjectId>| {
        id.map_or_else(super::worktree::empty_tree, |id| id.to_string())
    };
    let from = match wanted.which {
        Which::All | Which::Committed => named(fork),
        Which::Uncommitted => named(tip),
        Which::Since(commit) => commit.to_owned(),
    };
    let space: &[&str] = match wanted.ignore_space {
        true => &["--ignore-all-space", "--ignore-blank-lines"],
        false => &[],
    };
    let scratch = Scratch::new()?;
    let mut large = Vec::new();
    let call = if wanted.which == Which::Committed {
        git.call(worktree, &["diff"])
            .args(PLAIN)
            .args(space)
            .args(&[&from, &named(tip), "--"])
    } else {
        let filters = filters::trusted_only(git, worktree);
        let aside = snapshot::Aside::objects_too(&scratch, &repo, filters)?;
        large = too_large(&repo)?;
        snapshot::stage_most(git, worktree, &aside, &large)?;
        let call = aside.on(git.call(worktree, &["diff", "--cached"]));
        call.args(PLAIN).args(space).args(&[&from, "--"])
    };
    let output = call.limit(wanted.most).run()?;
    Ok(worded(output, &from, wanted.most, &large))
}

/// A diff's text, with a line for everything that is not in it.
fn worded(output: super::run::Output, from: &str, most: usize, large: &[BString]) -> String {
    let mut bytes = output.stdout;
    if output.cut {
        let whole = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        bytes.truncate(whole);
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if output.cut {
        text.push_str(&format!(
            "[cut: more than {} MiB; `git diff {from}` in the worktree shows all]\n",
            most >> 20
        ));
    }
    for path in large {
        text.push_str(&format!("[left out, too large: {path}]\n"));
    }
    text
}

/// Uncommitted files that are too large, each or together, to be copied for the sake of a reading.
pub(super) fn too_large(repo: &gix::Repository) -> Result<Vec<BString>> {
    let state = uncommitted(repo)?;
    let mut total = 0;
    let mut large = Vec::new();
    for path in state.dirty.iter().chain(&state.untracked) {
        let size = repo
            .workdir_path(path)
            .and_then(|path| path.symlink_metadata().ok())
            .map_or(0, |meta| meta.len());
        if size > MAX_FILE || total + size > MAX_TOTAL {
            large.push(path.clone());
        } else {
            total += size;
        }
    }
    Ok(large)
}
