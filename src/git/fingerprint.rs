//! What a worktree holds right now, as one id: two worktrees with the same files have the same.

use std::path::Path;

use super::error::Result;
use super::run::Git;
use super::scratch::Scratch;
use super::snapshot::{self, Aside};
use super::{filters, repo};

/// What a worktree holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The tree of all files that git does not ignore, uncommitted and new ones too.
    pub tree: String,
    /// The commit that is checked out; empty where there is none.
    pub head: String,
}

/// What `worktree` holds. Leaves nothing in the repository, not even objects.
///
/// # Errors
/// Where the worktree cannot be read, or a file in it.
pub fn fingerprint(git: &Git, worktree: &Path) -> Result<Fingerprint> {
    let repo = repo::open(worktree)?;
    let head = repo.head_id().map(|id| id.to_string()).unwrap_or_default();
    let scratch = Scratch::new()?;
    let filters = filters::trusted_only(git, worktree);
    let aside = Aside::objects_too(&scratch, &repo, filters)?;
    snapshot::stage_all(git, worktree, &aside)?;
    let tree = aside.on(git.call(worktree, &["write-tree"])).run()?.text();
    Ok(Fingerprint { tree, head })
}

/// How many commits `worktree` has that the commit `old` does not have.
///
/// # Errors
/// Where one of them cannot be read.
pub fn commits_since(worktree: &Path, old: &str) -> Result<u32> {
    let repo = repo::open(worktree)?;
    let Some(tip) = repo.head_id().ok().map(gix::Id::detach) else {
        return Ok(0);
    };
    let (old, _) = repo::resolve(&repo, old)?;
    super::status::count(&repo, &[tip], &[old])
}
