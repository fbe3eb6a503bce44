//! What a repository keeps about its linked worktrees.

use std::path::{Path, PathBuf};

use super::repo;

/// Whether `branch` is checked out in some worktree of the repository, and where.
pub(super) fn checked_out_at(repo: &gix::Repository, branch: &str) -> Option<PathBuf> {
    let has = |repo: &gix::Repository| {
        repo::head_state(repo).is_ok_and(|head| head.branch() == Some(branch))
    };
    let main = repo.main_repo().ok()?;
    if let Some(dir) = main.workdir().filter(|_| has(&main)) {
        return Some(dir.to_owned());
    }
    repo.worktrees().ok()?.into_iter().find_map(|proxy| {
        let base = proxy.base().ok()?;
        let linked = proxy.into_repo_with_possibly_inaccessible_worktree().ok()?;
        has(&linked).then_some(base)
    })
}

/// Removes what the repository keeps about a worktree at `path` that is gone.
pub(super) fn remove_registration(root: &Path, path: &Path) {
    if path.symlink_metadata().is_ok() {
        return;
    }
    for (base, git_dir) in registered(root) {
        if base == real(path) {
            let _ = std::fs::remove_dir_all(git_dir);
        }
    }
}

/// Whether the repository knows a worktree at `path`.
pub(super) fn is_registered(root: &Path, path: &Path) -> bool {
    registered(root).iter().any(|(base, _)| *base == real(path))
}

/// The linked worktrees: where each is, and where the repository keeps what it knows about it.
pub(super) fn registered(root: &Path) -> Vec<(PathBuf, PathBuf)> {
    let Ok(repo) = repo::open(root) else {
        return Vec::new();
    };
    let Ok(all) = repo.worktrees() else {
        return Vec::new();
    };
    all.iter()
        .filter_map(|proxy| Some((proxy.base().ok()?, proxy.git_dir().to_owned())))
        .collect()
}

/// `path` without symbolic links, as git registers it; it need not exist itself.
pub(super) fn real(path: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(path) {
        return real;
    }
    match (path.parent().map(std::fs::canonicalize), path.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}
