//! What a task's branch has become: commits ahead and behind, uncommitted files, lines changed. All by gix.
//!
//! Gix runs neither hooks nor a file-system monitor nor a text conversion; content filters that the
//! repository's own configuration names are taken out before it looks.

use std::collections::BTreeSet;
use std::path::Path;

use gix::bstr::BString;
use gix::status::Item;
use gix::status::index_worktree::Item as WorktreeItem;
use gix::status::plumbing::index_as_worktree::{Change, EntryStatus};

use super::error::{GitError, Result};
use super::repo::{self, HeadState};
use super::stat;

/// The most commits that are counted as ahead or behind.
pub(super) const MAX_COMMITS: usize = 10_000;

/// What has become of a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The commit that is checked out.
    pub head: Option<String>,
    /// The branch that is checked out; `None` with a detached head.
    pub branch: Option<String>,
    /// Commits that the base does not have.
    pub ahead: u32,
    /// Commits of the base that are not here.
    pub behind: u32,
    /// Tracked files with uncommitted changes.
    pub dirty: u32,
    /// Files git does not know and does not ignore.
    pub untracked: u32,
    /// Files that differ from the merge base, uncommitted and new ones too.
    pub files: u32,
    /// Lines added in them.
    pub insertions: u32,
    /// Lines removed in them.
    pub deletions: u32,
    /// Whether files are in conflict.
    pub conflicted: bool,
}

/// The uncommitted state of a work tree.
#[derive(Debug, Default)]
pub(super) struct Uncommitted {
    /// Tracked files that differ from `HEAD`.
    pub(super) dirty: BTreeSet<BString>,
    /// Files git does not know; a directory that is a repository of its own counts as one.
    pub(super) untracked: BTreeSet<BString>,
    /// Whether files are in conflict.
    pub(super) conflicted: bool,
}

/// What has become of the branch in `worktree`, which started at `base_commit` of the branch `base_name`.
///
/// Where the base branch is gone, `base_commit` stands for it.
///
/// # Errors
/// Where the worktree or `base_commit` cannot be read.
pub fn summary(worktree: &Path, base_commit: &str, base_name: Option<&str>) -> Result<Summary> {
    let repo = open_for_status(worktree)?;
    let head = repo::head_state(&repo)?;
    let tip = repo.head_id().ok().map(gix::Id::detach);
    let base = Base::find(&repo, worktree, base_commit, base_name)?;
    let (ahead, behind) = match tip {
        Some(tip) => (
            count(&repo, &[tip], &base.tips)?,
            count(&repo, &base.tips, &[tip])?,
        ),
        None => (0, count(&repo, &base.tips, &[])?),
    };
    let state = uncommitted(&repo)?;
    let old = base.tree(&repo, tip)?;
    let new = match tip {
        Some(_) => repo.head_tree_id().map_err(|e| read(worktree, e))?.detach(),
        None => repo.empty_tree().id,
    };
    let lines = stat::lines(&repo, old, new, &state).map_err(|e| read(worktree, e))?;
    Ok(Summary {
        head: tip.map(|id| id.to_string()),
        branch: match head {
            HeadState::Branch(name) | HeadState::Unborn(name) => Some(name),
            HeadState::Detached(_) => None,
        },
        ahead,
        behind,
        dirty: number(state.dirty.len()),
        untracked: number(state.untracked.len()),
        files: lines.files,
        insertions: lines.insertions,
        deletions: lines.deletions,
        conflicted: state.conflicted,
    })
}

/// What a branch is compared with.
pub(super) struct Base {
    /// The tip of the base branch, or the commit the task started at; none without a commit.
    tips: Vec<gix::ObjectId>,
    /// The commit the task started at.
    start: Option<gix::ObjectId>,
}

impl Base {
    /// Finds it.
    pub(super) fn find(
        repo: &gix::Repository,
        path: &Path,
        base_commit: &str,
        base_name: Option<&str>,
    ) -> Result<Self> {
        let start = match base_commit.is_empty() || base_commit == super::worktree::empty_tree() {
            true => None,
            false => Some(
                gix::ObjectId::from_hex(base_commit.as_bytes())
                    .ok()
                    .filter(|id| repo.find_commit(*id).is_ok())
                    .ok_or_else(|| GitError::NoSuchBase(super::error::one_line(base_commit)))
                    .or_else(|_| repo::resolve(repo, base_commit).map(|(id, _)| id))?,
            ),
        };
        let tip = match base_name {
            Some(name) => {
                repo::branch_tip(repo, name).map_err(|error| GitError::unreadable(path, &error))?
            }
            None => None,
        };
        Ok(Self {
            tips: tip.or(start).into_iter().collect(),
            start,
        })
    }

    /// The tip of the base branch, or the commit the task started at; none without a commit.
    pub(super) fn tips(&self) -> &[gix::ObjectId] {
        &self.tips
    }

    /// The commit that the work at `tip` is to be compared with; none: everything is new.
    ///
    /// The base branch's, so that its own progress, merged or rebased onto, is not shown as the task's; but
    /// where it has everything already, the commit the task started at still shows what the task did.
    pub(super) fn fork(
        &self,
        repo: &gix::Repository,
        tip: Option<gix::ObjectId>,
    ) -> Result<Option<gix::ObjectId>> {
        let Some(tip) = tip else {
            return Ok(self.start);
        };
        if let Some(base) = self.tips.first() {
            let fork = repo::merge_base(repo, tip, *base)?;
            if fork.is_some() && fork != Some(tip) {
                return Ok(fork);
            }
        }
        match self.start {
            Some(start) => repo::merge_base(repo, tip, start),
            None => Ok(None),
        }
    }

    /// The tree of the fork.
    fn tree(&self, repo: &gix::Repository, tip: Option<gix::ObjectId>) -> Result<gix::ObjectId> {
        let Some(fork) = self.fork(repo, tip)? else {
            return Ok(repo.empty_tree().id);
        };
        repo.find_commit(fork)
            .and_then(|commit| commit.tree_id().map(gix::Id::detach))
            .map_err(|error| read(repo.git_dir(), error))
    }
}

/// Opens a worktree without the filters that the repository itself names.
pub(super) fn open_for_status(worktree: &Path) -> Result<gix::Repository> {
    let mut repo = repo::open(worktree)?;
    let local: Vec<_> = {
        let config = repo.config_snapshot();
        config
            .plumbing()
            .sections_and_ids()
            .filter(|(section, _)| {
                use gix::config::Source::{Local, Worktree};
                let name = section.header().name();
                (name.eq_ignore_ascii_case(b"filter") || name.eq_ignore_ascii_case(b"diff"))
                    && section.header().subsection_name().is_some()
                    && matches!(section.meta().source, Local | Worktree)
            })
            .map(|(_, id)| id)
            .collect()
    };
    let mut config = repo.config_snapshot_mut();
    for id in local {
        config.remove_section_by_id(id);
    }
    // It would refuse to read files with mixed line endings; we only count them.
    config
        .set_value(&gix::config::tree::Core::SAFE_CRLF, "false")
        .map_err(|error| read(worktree, error))?;
    config.commit().map_err(|error| read(worktree, error))?;
    Ok(repo)
}

/// The uncommitted state of a work tree.
pub(super) fn uncommitted(repo: &gix::Repository) -> Result<Uncommitted> {
    let failed = |error: gix::Error| read(repo.git_dir(), error);
    let submodules = gix::status::Submodule::Given {
        ignore: gix::submodule::config::Ignore::None,
        check_dirty: true,
    };
    let walk = repo
        .dirwalk_options()
        .map_err(failed)?
        .emit_untracked(gix::dir::walk::EmissionMode::Matching);
    let items = repo
        .status(gix::progress::Discard)
        .map_err(failed)?
        // Whatever `status.showUntrackedFiles` says.
        .index_worktree_options_mut(|options| options.dirwalk_options = Some(walk))
        .index_worktree_submodules(submodules)
        .index_worktree_rewrites(None)
        .tree_index_track_renames(gix::status::tree_index::TrackRenames::Disabled)
        .into_iter(None)
        .map_err(failed)?;
    let mut state = Uncommitted::default();
    for item in items {
        match item.map_err(failed)? {
            Item::TreeIndex(change) => {
                state.dirty.insert(change.location().to_owned());
            }
            Item::IndexWorktree(WorktreeItem::Modification {
                rela_path, status, ..
            }) => match status {
                EntryStatus::NeedsUpdate(_) => {}
                EntryStatus::Conflict { .. } => {
                    state.conflicted = true;
                    state.dirty.insert(rela_path);
                }
                EntryStatus::IntentToAdd
                | EntryStatus::Change(
                    Change::Removed
                    | Change::Type { .. }
                    | Change::Modification { .. }
                    | Change::SubmoduleModification(_),
                ) => {
                    state.dirty.insert(rela_path);
                }
            },
            Item::IndexWorktree(WorktreeItem::DirectoryContents { entry, .. }) => {
                if matches!(entry.status, gix::dir::entry::Status::Untracked) {
                    state.untracked.insert(entry.rela_path);
                }
            }
            // Not asked for.
            Item::IndexWorktree(WorktreeItem::Rewrite { .. }) => {}
        }
    }
    Ok(state)
}

/// How many commits `tips` have that `hidden` do not have.
pub(super) fn count(
    repo: &gix::Repository,
    tips: &[gix::ObjectId],
    hidden: &[gix::ObjectId],
) -> Result<u32> {
    if tips.iter().all(|tip| hidden.contains(tip)) {
        return Ok(0);
    }
    let walk = repo
        .rev_walk(tips.iter().copied())
        .with_hidden(hidden.iter().copied())
        .all()
        .map_err(|error| read(repo.git_dir(), error))?;
    // A commit that cannot be read ends the history there, as in a shallow clone.
    Ok(number(walk.take(MAX_COMMITS).filter(|c| c.is_ok()).count()))
}

/// A count that fits.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// An error of gix about `path`.
pub(super) fn read(path: &Path, error: gix::Error) -> GitError {
    GitError::unreadable(path, &error)
}
