//! What an integration would come to: what there is to integrate, into what, and what stands in the way.
//! Changes nothing but adding objects.

use std::path::{Path, PathBuf};

use super::super::error::{GitError, Result, one_line};
use super::super::merge;
use super::super::registry::checked_out_at;
use super::super::repo::{self, HeadState};
use super::super::run::Git;
use super::super::scratch::Scratch;
use super::super::snapshot::{self, Aside};
use super::super::status::{self, open_for_status, uncommitted};
use super::super::{filters, nested, recovery};
use super::make::{Plan, fork};
use crate::domain::accept::Way;

/// What there is of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The task's branch.
    pub branch: String,
    /// Its tip.
    pub branch_tip: String,
    /// The commit that is worked on: the tip, or what an agent has checked out in its place.
    pub tip: String,
    /// The branch or commit that is checked out.
    pub head: String,
    /// The tree of all files.
    pub tree: String,
    /// Files with uncommitted changes, new ones too.
    pub dirty: u32,
}

impl Source {
    /// Whether something is not committed.
    pub fn is_dirty(&self) -> bool {
        self.dirty > 0
    }

    /// Whether the work is not on the task's own branch.
    pub fn is_elsewhere(&self) -> bool {
        self.tip != self.branch_tip
    }
}

/// Where a branch is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Where.
    pub path: PathBuf,
    /// Tracked files with changes.
    pub dirty: u32,
    /// What is under way there: `a rebase`.
    pub busy: Option<&'static str>,
}

/// What an integration would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The target's tip.
    pub target: String,
    /// Where the target is checked out.
    pub checkout: Option<Checkout>,
    /// Commits of the task that the target does not have.
    pub commits: u32,
    /// Commits of the target that the task does not have.
    pub behind: u32,
    /// Files that would change.
    pub files: u32,
    /// Files with uncommitted changes that would be committed first.
    pub uncommitted: u32,
    /// Files that would be in conflict.
    pub conflicts: Vec<String>,
    /// Whether the target can be moved to the task's last commit.
    pub can_fast_forward: bool,
    /// Whether the target has all of it already, as commits or by its files.
    pub merged: bool,
    /// Commits that the target once had and was rewritten without; a merge would bring them back.
    pub resurrected: u32,
}

/// What there is of a task, with all of its files in one tree.
pub(super) fn source(
    git: &Git,
    root: &Path,
    worktree: Option<&Path>,
    branch: &str,
) -> Result<Source> {
    let repo = repo::open(root)?;
    let branch_tip =
        repo::branch_tip(&repo, branch)?.ok_or_else(|| GitError::NoSuchBase(one_line(branch)))?;
    let tree_of = |commit: gix::ObjectId| -> Result<String> {
        let found = repo
            .find_commit(commit)
            .and_then(|commit| commit.tree_id().map(gix::Id::detach));
        Ok(found
            .map_err(|error| status::read(root, error))?
            .to_string())
    };
    let Some(worktree) = worktree.filter(|path| path.is_dir()) else {
        return Ok(Source {
            branch: branch.to_owned(),
            branch_tip: branch_tip.to_string(),
            tip: branch_tip.to_string(),
            head: branch.to_owned(),
            tree: tree_of(branch_tip)?,
            dirty: 0,
        });
    };
    let inner = open_for_status(worktree)?;
    if let Some(what) = under_way(inner.git_dir()) {
        return Err(GitError::UnderWay {
            path: worktree.to_owned(),
            what,
        });
    }
    let state = uncommitted(&inner)?;
    if state.conflicted {
        return Err(GitError::UnderWay {
            path: worktree.to_owned(),
            what: "a merge with conflicts",
        });
    }
    let head = match repo::head_state(&inner)? {
        HeadState::Branch(name) | HeadState::Unborn(name) => name,
        HeadState::Detached(id) => id,
    };
    let tip = inner.head_id().ok().map_or(branch_tip, gix::Id::detach);
    if tip != branch_tip && repo::merge_base(&repo, tip, branch_tip)? != Some(branch_tip) {
        return Err(GitError::Elsewhere {
            branch: branch.to_owned(),
            head,
        });
    }
    let dirty = status::number(state.dirty.len() + state.untracked.len());
    let tree = match dirty {
        0 => tree_of(tip)?,
        _ => snapshot_tree(git, worktree)?,
    };
    Ok(Source {
        branch: branch.to_owned(),
        branch_tip: branch_tip.to_string(),
        tip: tip.to_string(),
        head,
        tree,
        dirty,
    })
}

/// The tree of all files of `worktree` that git does not ignore; it stays in the repository.
pub(super) fn snapshot_tree(git: &Git, worktree: &Path) -> Result<String> {
    let repo = repo::open(worktree)?;
    let scratch = Scratch::new()?;
    let filters = filters::without_missing_lfs(git, worktree);
    let aside = Aside::index_only(&scratch, &repo, filters.clone())?;
    snapshot::stage_all(git, worktree, &aside)
        .map_err(|error| nested::staging_error(worktree, error))?;
    nested::check(git, worktree, &aside, &filters)?;
    Ok(aside.on(git.call(worktree, &["write-tree"])).run()?.text())
}

/// What git has begun in the work tree of `git_dir` and not ended.
pub(super) fn under_way(git_dir: &Path) -> Option<&'static str> {
    [
        ("rebase-merge", "a rebase"),
        ("rebase-apply", "a rebase"),
        ("MERGE_HEAD", "a merge"),
        ("CHERRY_PICK_HEAD", "a cherry-pick"),
        ("REVERT_HEAD", "a revert"),
        ("BISECT_LOG", "a bisection"),
    ]
    .into_iter()
    .find(|(file, _)| git_dir.join(file).exists())
    .map(|(_, what)| what)
}

/// Where `branch` is checked out, or being rebased.
pub(super) fn checkout(root: &Path, branch: &str) -> Result<Option<Checkout>> {
    let repo = repo::open(root)?;
    if let Some(path) = checked_out_at(&repo, branch).filter(|path| path.is_dir()) {
        let inner = open_for_status(&path)?;
        let state = uncommitted(&inner)?;
        return Ok(Some(Checkout {
            dirty: status::number(state.dirty.len()),
            busy: under_way(inner.git_dir()),
            path,
        }));
    }
    Ok(being_rebased(&repo, branch).map(|path| Checkout {
        path,
        dirty: 0,
        busy: Some("a rebase"),
    }))
}

/// Where `branch` is being rebased: its head is detached then, and the branch comes back at the end.
fn being_rebased(repo: &gix::Repository, branch: &str) -> Option<PathBuf> {
    let full = format!("refs/heads/{branch}");
    let has = |git_dir: &Path| {
        ["rebase-merge/head-name", "rebase-apply/head-name"]
            .iter()
            .filter_map(|name| std::fs::read_to_string(git_dir.join(name)).ok())
            .any(|name| name.trim() == full)
    };
    let main = repo.main_repo().ok()?;
    if has(main.git_dir()) {
        return main.workdir().map(Path::to_owned);
    }
    let all = repo.worktrees().ok()?;
    let found = all.into_iter().find(|proxy| has(proxy.git_dir()))?;
    found.base().ok()
}

/// What `plan` would come to.
///
/// # Errors
/// Where the repository cannot be read, or the worktree is in the middle of something.
pub fn assess(git: &Git, plan: &Plan) -> Result<Assessment> {
    let repo = repo::open(&plan.root)?;
    let target = repo::branch_tip(&repo, &plan.target)?
        .ok_or_else(|| GitError::NoSuchBase(one_line(&plan.target)))?;
    let source = source(git, &plan.root, plan.worktree.as_deref(), &plan.branch)?;
    let tip = gix::ObjectId::from_hex(source.tip.as_bytes())
        .map_err(|_| GitError::NoSuchBase(one_line(&source.tip)))?;
    let common = repo::merge_base(&repo, tip, target)?;
    let start = fork(&repo, &plan.base_commit, tip, common)?;
    let work = match source.is_dirty() {
        true => {
            let parents = std::slice::from_ref(&source.tip);
            recovery::commit(
                git,
                &plan.root,
                &source.tree,
                parents,
                "gluon: as it is now",
            )?
        }
        false => source.tip.clone(),
    };
    let replayed = matches!(plan.way, Way::Squash | Way::Rebase);
    let base = replayed.then_some(start.as_str());
    let merged = merge::merge(git, &plan.root, &[], &target.to_string(), &work, base)?;
    let target_tree = repo
        .find_commit(target)
        .and_then(|commit| commit.tree_id().map(gix::Id::detach))
        .map_err(|error| status::read(&plan.root, error))?
        .to_string();
    let files = match merged.tree.as_deref() {
        Some(tree) => merge::changed(git, &plan.root, &[], &target_tree, tree)?.len(),
        None => merge::changed(git, &plan.root, &[], &start, &work)?.len(),
    };
    let started = gix::ObjectId::from_hex(start.as_bytes()).ok();
    let rewritten = started.filter(|start| common.is_some() && common != Some(*start));
    Ok(Assessment {
        checkout: checkout(&plan.root, &plan.target)?,
        commits: status::count(&repo, &[tip], &[target])?,
        behind: status::count(&repo, &[target], &[tip])?,
        files: status::number(files),
        uncommitted: source.dirty,
        can_fast_forward: common == Some(target),
        merged: merged.tree.as_deref() == Some(target_tree.as_str()),
        conflicts: merged.conflicts,
        resurrected: match rewritten {
            Some(start) if !replayed => status::count(&repo, &[start], &[target])?,
            _ => 0,
        },
        target: target.to_string(),
    })
}
