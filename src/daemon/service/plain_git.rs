//! A stand-in for the git layer until that is there.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct GitError(String);

pub struct Repo {
    pub root: PathBuf,
}
pub struct AddWorktree {
    pub repository: PathBuf,
    pub branch: String,
    pub directory: PathBuf,
    pub base: Option<String>,
    pub existing: bool,
}
pub struct Made {
    pub path: PathBuf,
    pub branch: String,
    pub base_commit: Option<String>,
}
pub struct Place {
    pub repository: PathBuf,
    pub worktree: PathBuf,
    pub branch: String,
    pub base_commit: Option<String>,
}
#[derive(Default)]
pub struct Risk {
    pub dirty: u32,
    pub untracked: u32,
    pub unmerged_commits: u32,
}
#[derive(Default)]
pub struct Summary {
    pub ahead: u32,
    pub behind: u32,
    pub files: u32,
    pub insertions: u32,
    pub deletions: u32,
    pub dirty: u32,
}
pub struct Removed {
    pub recovery_ref: Option<String>,
    pub patch: Option<PathBuf>,
}

fn git(dir: &Path, args: &[&str]) -> Result<String, GitError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(args)
        .output()
        .map_err(|error| GitError(error.to_string()))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(GitError(text.trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

pub fn discover(path: &Path) -> Result<Repo, GitError> {
    let common = git(
        path,
        &["rev-parse", "--path-format=absolute", "--git-common-dir"],
    )?;
    let common = PathBuf::from(common);
    let root = match common.file_name().is_some_and(|name| name == ".git") {
        true => common.parent().unwrap_or(&common).to_owned(),
        false => common,
    };
    Ok(Repo { root })
}

pub fn branches(path: &Path) -> Result<Vec<String>, GitError> {
    let text = git(
        path,
        &["for-each-ref", "--format=%(refname:short)", "refs/heads"],
    )?;
    Ok(text.lines().map(str::to_owned).collect())
}

pub fn add_worktree(add: &AddWorktree) -> Result<Made, GitError> {
    let directory = add.directory.to_string_lossy();
    let base = add.base.as_deref().unwrap_or("HEAD");
    if add.existing {
        git(
            &add.repository,
            &["worktree", "add", &directory, &add.branch],
        )?;
    } else {
        git(
            &add.repository,
            &["worktree", "add", "-b", &add.branch, &directory, base],
        )?;
    }
    Ok(Made {
        path: add.directory.clone(),
        branch: add.branch.clone(),
        base_commit: git(&add.directory, &["rev-parse", "HEAD"]).ok(),
    })
}

pub fn copy_included(_: &Path, _: &Path) -> Result<(), GitError> {
    Ok(())
}

pub fn risk(place: &Place) -> Result<Risk, GitError> {
    let status = git(&place.worktree, &["status", "--porcelain"])?;
    let untracked = status.lines().filter(|line| line.starts_with("??")).count() as u32;
    Ok(Risk {
        dirty: status.lines().count() as u32 - untracked,
        untracked,
        unmerged_commits: summary(place)?.ahead,
    })
}

pub fn summary(place: &Place) -> Result<Summary, GitError> {
    let base = place.base_commit.as_deref().unwrap_or("HEAD");
    let range = format!("{base}..HEAD");
    let ahead = git(&place.worktree, &["rev-list", "--count", &range])?;
    let status = git(&place.worktree, &["status", "--porcelain"])?;
    let mut summary = Summary {
        ahead: ahead.trim().parse().unwrap_or_default(),
        dirty: status.lines().count() as u32,
        ..Summary::default()
    };
    for line in git(&place.worktree, &["diff", "--numstat", base])?.lines() {
        let mut words = line.split('\t').map(|word| word.parse::<u32>());
        summary.files += 1;
        summary.insertions += words.next().and_then(Result::ok).unwrap_or_default();
        summary.deletions += words.next().and_then(Result::ok).unwrap_or_default();
    }
    Ok(summary)
}

pub fn remove_worktree(place: &Place, _: &Path) -> Result<Removed, GitError> {
    let directory = place.worktree.to_string_lossy();
    let reference = format!("refs/gluon/removed/{}", place.branch);
    git(
        &place.repository,
        &[
            "update-ref",
            &reference,
            &format!("refs/heads/{}", place.branch),
        ],
    )?;
    git(
        &place.repository,
        &["worktree", "remove", "--force", &directory],
    )?;
    git(&place.repository, &["branch", "-D", &place.branch])?;
    Ok(Removed {
        recovery_ref: Some(reference),
        patch: None,
    })
}

pub fn diff(place: &Place) -> Result<String, GitError> {
    let base = place.base_commit.as_deref().unwrap_or("HEAD");
    git(&place.worktree, &["diff", base])
}
