//! What a worktree was when its changes were last reviewed: kept as a commit under a ref of its own, so that
//! what came back after a review can be shown by itself, however the agent's own commits look by then.

use std::path::Path;

use super::error::Result;
use super::filters;
use super::recovery::commit;
use super::repo;
use super::run::Git;
use super::scratch::Scratch;
use super::snapshot::{self, Aside};

/// Keeps what is in `worktree`, committed or not, as what the user has seen of the task `id`. The answer is
/// the commit that holds it; one kept earlier is let go.
///
/// # Errors
/// Where the worktree cannot be read or the repository not be written.
pub fn mark_reviewed(git: &Git, worktree: &Path, id: i64) -> Result<String> {
    let repo = repo::open(worktree)?;
    let head = repo.head_id().ok().map(gix::Id::detach);
    let scratch = Scratch::new()?;
    let filters = filters::trusted_only(git, worktree);
    let aside = Aside::index_only(&scratch, &repo, filters)?;
    let large = super::diff::too_large(&repo)?;
    snapshot::stage_most(git, worktree, &aside, &large)?;
    let tree = aside.on(git.call(worktree, &["write-tree"])).run()?.text();
    let parents: Vec<String> = head.iter().map(ToString::to_string).collect();
    let held = commit(git, worktree, &tree, &parents, "gluon: as it was reviewed")?;
    let args = ["update-ref", "-m", "gluon: reviewed", &reference(id), &held];
    git.run(worktree, &args)?;
    Ok(held)
}

/// Lets go of what was kept of a task that is removed.
///
/// # Errors
/// Where the repository cannot be written. That there is nothing is no error.
pub fn forget_reviewed(git: &Git, root: &Path, id: i64) -> Result<()> {
    git.run(root, &["update-ref", "-d", &reference(id)])?;
    Ok(())
}

fn reference(id: i64) -> String {
    format!("refs/gluon/review/{id}")
}
