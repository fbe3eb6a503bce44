//! Making a worktree on a branch of its own: whole, or not at all.

use std::path::{Path, PathBuf};

use crate::domain::names::first_free;

use super::error::{GitError, Result, one_line};
use super::registry::{real, registered, remove_registration};
use super::repo::{self, HeadState};
use super::run::Git;
use super::{filters, submodule};

/// The worktree that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorktreeSpec {
    /// The repository, as [`super::RepoInfo::root`] has it.
    pub root: PathBuf,
    /// The branch to make. Where it is taken, `-2`, `-3`, … is appended.
    pub branch: String,
    /// Where to make it, outside the repository. Numbered together with the branch.
    pub path: PathBuf,
    /// The branch, tag or commit to start from; `None`: what is checked out at `root`.
    pub base: Option<String>,
}

/// The worktree that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Where it is.
    pub path: PathBuf,
    /// Its branch.
    pub branch: String,
    /// The commit it started from; of a repository without a commit, the empty tree.
    pub base_commit: String,
    /// The branch or commit it started from, for people.
    pub base_name: String,
    /// What the user should know, a sentence each.
    pub notes: Vec<String>,
}

/// What the new branch starts from.
enum Start {
    Commit(gix::ObjectId, String),
    Unborn(String),
}

/// Makes a worktree on a new branch.
///
/// # Errors
/// Where it cannot be made; then neither directory nor branch nor anything of it in the repository is left.
pub fn add_worktree(git: &Git, spec: &WorktreeSpec) -> Result<Worktree> {
    let repo = repo::open(&spec.root)?;
    repo::full_name(&spec.branch)?;
    let start = find_start(git, &repo, spec)?;
    let (branch, path) = free_names(&repo, spec)?;
    drop(repo);
    let mut attempt = Attempt::new(git, &spec.root, path, branch);
    match attempt.make(&start) {
        Ok(()) => {}
        Err(error) => {
            attempt.undo();
            return Err(error);
        }
    }
    let Attempt { path, branch, .. } = attempt;
    let born = matches!(start, Start::Commit(..));
    let (base_commit, base_name) = match start {
        Start::Commit(id, name) => (id.to_string(), name),
        Start::Unborn(name) => (empty_tree(), name),
    };
    let mut notes = Vec::new();
    if branch != spec.branch {
        notes.push(format!(
            "the branch {} was taken; this is {branch}",
            spec.branch
        ));
    }
    submodule::initialise(git, &spec.root, &path, &mut notes);
    filters::fetch_lfs(git, &path, &mut notes);
    if born {
        post_checkout(git, &path, &base_commit, &mut notes);
    }
    Ok(Worktree {
        path,
        branch,
        base_commit,
        base_name,
        notes,
    })
}

/// The tree without entries: what a repository without a commit is compared with.
pub(super) fn empty_tree() -> String {
    gix::ObjectId::empty_tree(gix::hash::Kind::Sha1).to_string()
}

/// What `spec` starts from.
fn find_start(git: &Git, repo: &gix::Repository, spec: &WorktreeSpec) -> Result<Start> {
    let head = repo::head_state(repo)?;
    match (&spec.base, head) {
        (None, HeadState::Unborn(name)) => unborn(git, repo, spec, name),
        (Some(base), HeadState::Unborn(name)) if *base == name => unborn(git, repo, spec, name),
        (Some(base), _) => repo::resolve(repo, base).map(|(id, name)| Start::Commit(id, name)),
        (None, HeadState::Branch(name)) => {
            repo::resolve(repo, &name).map(|(id, name)| Start::Commit(id, name))
        }
        (None, HeadState::Detached(id)) => {
            repo::resolve(repo, &id).map(|(id, name)| Start::Commit(id, name))
        }
    }
}

/// A repository without a commit: a worktree of it is empty, which is right only if the repository is.
fn unborn(git: &Git, repo: &gix::Repository, spec: &WorktreeSpec, name: String) -> Result<Start> {
    if repo.workdir().is_some() {
        let args = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        let files = git.run(&spec.root, &args)?.entries().count();
        if files > 0 {
            return Err(GitError::NoCommit {
                root: spec.root.clone(),
                files: u32::try_from(files).unwrap_or(u32::MAX),
            });
        }
    }
    Ok(Start::Unborn(name))
}

/// The first branch and directory, numbered alike, that are both free.
fn free_names(repo: &gix::Repository, spec: &WorktreeSpec) -> Result<(String, PathBuf)> {
    let parts: Vec<&str> = spec.branch.split('/').collect();
    for count in 1..parts.len() {
        let parent = parts[..count].join("/");
        if ref_exists(repo, &parent) {
            return Err(GitError::NameInTheWay {
                wanted: spec.branch.clone(),
                existing: parent,
            });
        }
    }
    let registered = registered(&spec.root);
    let path_of = |branch: &str| {
        let mut path = spec.path.clone().into_os_string();
        path.push(&branch[spec.branch.len()..]);
        PathBuf::from(path)
    };
    let branch = first_free(&spec.branch, |branch| {
        let path = path_of(branch);
        ref_exists(repo, branch)
            || has_children(repo, branch)
            || path.symlink_metadata().is_ok()
            || registered.iter().any(|(base, _)| *base == real(&path))
    });
    let path = path_of(&branch);
    Ok((branch, path))
}

/// Whether there is such a branch, sound or not.
fn ref_exists(repo: &gix::Repository, branch: &str) -> bool {
    let Ok(name) = repo::full_name(branch) else {
        return false;
    };
    // Unreadable counts as there.
    !matches!(repo.try_find_reference(name.as_ref()), Ok(None))
}

/// Whether there are branches `branch/…`.
fn has_children(repo: &gix::Repository, branch: &str) -> bool {
    let prefix = format!("refs/heads/{branch}/");
    let Ok(platform) = repo.references() else {
        return false;
    };
    platform
        .local_branches()
        .into_iter()
        .flatten()
        .flatten()
        .any(|reference| reference.name().as_bstr().starts_with(prefix.as_bytes()))
}

/// Runs the repository's `post-checkout` hook, as `git worktree add` would. Its failure harms nothing.
fn post_checkout(git: &Git, path: &Path, commit: &str, notes: &mut Vec<String>) {
    let null = gix::ObjectId::null(gix::hash::Kind::Sha1).to_string();
    let args = ["hook", "run", "--ignore-missing", "post-checkout", "--"];
    let call = git.call(path, &args).arg(null).arg(commit).arg("1").hooks();
    match call.status() {
        Ok(output) if output.status.success() => {}
        // Git before 2.36 has no `git hook`.
        Ok(output) if output.stderr.contains("is not a git command") => {}
        Ok(output) => notes.push(format!(
            "the repository's post-checkout hook failed ({}): {}",
            output.status,
            one_line(output.stderr.lines().last().unwrap_or("it said nothing"))
        )),
        Err(error) => notes.push(format!("the repository's post-checkout hook: {error}")),
    }
}

/// Git does not say why it could not write a file of the worktree at `path`: look, before it is undone.
fn full_disk(path: &Path, error: GitError) -> GitError {
    /// Less than this, in bytes, counts as full: what git could not finish it has removed again.
    const LITTLE: u64 = 64 << 20;
    let writing = match &error {
        GitError::Failed { message, .. } => message.starts_with("unable to write"),
        GitError::DiskFull(_) => return GitError::DiskFull(path.to_owned()),
        _ => false,
    };
    let is_full = || {
        // Git may have removed the directory itself already.
        let there = path.ancestors().find(|dir| dir.exists())?;
        let fs = rustix::fs::statvfs(there).ok()?;
        // Some file systems do not count files at all.
        let no_files = fs.f_files > 0 && fs.f_favail == 0;
        Some(no_files || fs.f_bavail.saturating_mul(fs.f_frsize) < LITTLE)
    };
    match writing && is_full() == Some(true) {
        true => GitError::DiskFull(path.to_owned()),
        false => error,
    }
}

/// A worktree in the making, which knows what it has made so far.
struct Attempt<'a> {
    git: &'a Git,
    root: &'a Path,
    path: PathBuf,
    branch: String,
    /// Directories made, outermost first.
    made: Vec<PathBuf>,
    /// The commit the branch was made at.
    branched: Option<String>,
    /// Whether `git worktree add` was run.
    added: bool,
}

impl<'a> Attempt<'a> {
    fn new(git: &'a Git, root: &'a Path, path: PathBuf, branch: String) -> Self {
        Self {
            git,
            root,
            path,
            branch,
            made: Vec::new(),
            branched: None,
            added: false,
        }
    }

    /// Makes directory, branch and worktree. The directory and the branch are made by calls that fail where
    /// they exist, so that what is undone later is ours for certain.
    fn make(&mut self, start: &Start) -> Result<()> {
        self.make_dirs()?;
        let filters = filters::without_missing_lfs(self.git, self.root);
        let add = |args: &[&str]| {
            self.git
                .call(self.root, &["worktree", "add", "--quiet"])
                .setting("worktree.guessRemote", "false")
                .settings(&filters)
                .env("GIT_LFS_SKIP_SMUDGE", "1")
                .long()
                .args(args)
        };
        let call = match start {
            Start::Commit(id, _) => {
                let id = id.to_string();
                let name = format!("refs/heads/{}", self.branch);
                let null = gix::ObjectId::null(gix::hash::Kind::Sha1).to_string();
                let args = ["update-ref", "-m", "gluon: start", &name, &id, &null];
                self.git.run(self.root, &args)?;
                self.branched = Some(id);
                add(&["--"]).arg(&self.path).arg(&self.branch)
            }
            Start::Unborn(_) => add(&["--orphan", "-b", &self.branch, "--"]).arg(&self.path),
        };
        self.added = true;
        match (call.run(), start) {
            (Ok(_), _) => Ok(()),
            (Err(GitError::Failed { message, .. }), Start::Unborn(_))
                if message.contains("unknown option") || message.contains("orphan") =>
            {
                Err(GitError::NoOrphan(self.root.to_owned()))
            }
            (Err(error), _) => Err(full_disk(&self.path, error)),
        }
    }

    /// Makes the worktree's directory and what lacks above it.
    fn make_dirs(&mut self) -> Result<()> {
        let mut lacking: Vec<&Path> = Vec::new();
        for dir in self.path.ancestors() {
            if dir.as_os_str().is_empty() || dir.symlink_metadata().is_ok() {
                break;
            }
            lacking.push(dir);
        }
        for dir in lacking.into_iter().rev() {
            match std::fs::create_dir(dir) {
                Ok(()) => self.made.push(dir.to_owned()),
                // Another task has made a directory above ours meanwhile; ours itself must be new.
                Err(error)
                    if error.kind() == std::io::ErrorKind::AlreadyExists && dir != self.path => {}
                Err(error) => return Err(GitError::io(dir, error)),
            }
        }
        Ok(())
    }

    /// Takes back whatever was made. What fails here was reported by the failure that led here.
    fn undo(&self) {
        let ours = self.made.last() == Some(&self.path);
        if self.added {
            let args = ["worktree", "remove", "--force", "--force", "--"];
            let _ = self.git.call(self.root, &args).arg(&self.path).run();
        }
        if ours {
            let _ = std::fs::remove_dir_all(&self.path);
        }
        if self.added {
            remove_registration(self.root, &self.path);
        }
        if let Some(id) = &self.branched {
            let name = format!("refs/heads/{}", self.branch);
            let _ = self.git.run(self.root, &["update-ref", "-d", &name, id]);
        }
        for dir in self.made.iter().rev() {
            // Only if empty: another task may have moved in.
            let _ = std::fs::remove_dir(dir);
        }
    }
}
