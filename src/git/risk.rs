//! What removing a worktree and its branch would take along.

use std::path::Path;

use super::error::Result;
use super::repo;
use super::run::Git;
use super::status;

/// What would be lost without a recovery ref.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Risk {
    /// Tracked files with uncommitted changes.
    pub dirty: u32,
    /// Files git does not know and does not ignore.
    pub untracked: u32,
    /// Commits that no other branch, remote branch or tag has.
    pub unmerged_commits: u32,
}

impl Risk {
    /// Whether nothing would be lost.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What removing `worktree`, if it is still there, and `branch` of the repository at `root` would take along.
///
/// # Errors
/// Where the repository cannot be read.
pub fn risk(_git: &Git, root: &Path, worktree: Option<&Path>, branch: &str) -> Result<Risk> {
    let repo = repo::open(root)?;
    let mut tips: Vec<gix::ObjectId> = repo::branch_tip(&repo, branch)?.into_iter().collect();
    let mut risk = Risk::default();
    if let Some(worktree) = worktree.filter(|path| path.is_dir()) {
        let inner = status::open_for_status(worktree)?;
        let state = status::uncommitted(&inner)?;
        risk.dirty = status::number(state.dirty.len());
        risk.untracked = status::number(state.untracked.len());
        // A detached head, or a rebase under way: its commits are on no branch.
        tips.extend(inner.head_id().ok().map(gix::Id::detach));
    }
    let others = other_tips(&repo, branch)?;
    tips.sort();
    tips.dedup();
    risk.unmerged_commits = status::count(&repo, &tips, &others)?;
    Ok(risk)
}

/// The commits that stay when `branch` goes: branches, remote branches, tags, a detached main head.
pub(super) fn other_tips(repo: &gix::Repository, branch: &str) -> Result<Vec<gix::ObjectId>> {
    let failed = |error| status::read(repo.git_dir(), error);
    let own = format!("refs/heads/{branch}");
    let platform = repo.references().map_err(failed)?;
    let mut tips = Vec::new();
    for reference in platform.all().map_err(failed)?.flatten() {
        let name = reference.name().as_bstr();
        let lasting = [&b"refs/heads/"[..], b"refs/remotes/", b"refs/tags/"]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        if !lasting || name == own.as_str() {
            continue;
        }
        let mut reference = reference;
        if let Ok(commit) = reference.peel_to_commit() {
            tips.push(commit.id);
        }
    }
    if let Ok(head) = repo.head()
        && head.is_detached()
    {
        tips.extend(head.id().map(gix::Id::detach));
    }
    tips.sort();
    tips.dedup();
    Ok(tips)
}
