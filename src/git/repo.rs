//! What a repository is: where it begins, what is checked out, its branches. Readings by gix.

use std::path::{Path, PathBuf};

use gix::bstr::{BStr, ByteSlice};
use gix::sec::Permission;

use super::error::{GitError, Result};

/// What `HEAD` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadState {
    /// A branch, by its short name.
    Branch(String),
    /// A commit, by its full id.
    Detached(String),
    /// A branch without a commit.
    Unborn(String),
}

/// A repository that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoInfo {
    /// Its main work tree, or its git directory if it is bare; without symbolic links.
    pub root: PathBuf,
    /// Whether it has no main work tree.
    pub bare: bool,
    /// What the main work tree has checked out.
    pub head: HeadState,
    /// What is checked out where the search began; differs from `head` in a linked worktree.
    pub here: HeadState,
    /// A name for it: that of its directory, without a `.git` at the end.
    pub name: String,
}

impl HeadState {
    /// The name of the branch, if there is one.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Branch(name) | Self::Unborn(name) => Some(name),
            Self::Detached(_) => None,
        }
    }
}

/// Finds the repository that `path` is in. Inside a linked worktree that is its main repository.
///
/// # Errors
/// Where `path` does not exist or is not text, is in no repository, or the repository cannot be read.
pub fn discover(path: &Path) -> Result<RepoInfo> {
    utf8(path)?;
    let real = std::fs::canonicalize(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => GitError::NoSuchPath(path.to_owned()),
        _ => GitError::io(path, error),
    })?;
    let start = match real.is_dir() {
        true => real.as_path(),
        false => real.parent().unwrap_or(&real),
    };
    let trust = gix::sec::trust::Mapping {
        full: options(),
        reduced: options().bail_if_untrusted(true),
    };
    let (git_dir, owned) = gix::discover::upwards(start)
        .map_err(|_| GitError::NotARepository(path.to_owned()))
        .map(|(found, trust)| (found.into_repository_and_work_tree_directories().0, trust))?;
    let repo = gix::ThreadSafeRepository::discover_opts(start, Default::default(), trust)
        .map(|repo| repo.to_thread_local())
        .map_err(|error| match owned {
            gix::sec::Trust::Reduced => GitError::NotOwned(start.to_owned()),
            gix::sec::Trust::Full => GitError::unreadable(&git_dir, &error),
        })?;
    let here = head_state(&repo)?;
    let main = match repo.kind() {
        gix::repository::Kind::LinkedWorkTree => repo
            .main_repo()
            .map_err(|error| GitError::unreadable(&git_dir, &error))?,
        _ => repo,
    };
    let root = main.workdir().unwrap_or_else(|| main.common_dir());
    let root = std::fs::canonicalize(root).map_err(|error| GitError::io(root, error))?;
    utf8(&root)?;
    Ok(RepoInfo {
        bare: main.workdir().is_none(),
        head: head_state(&main)?,
        here,
        name: default_name(&root),
        root,
    })
}

/// The local branches: the one checked out at `root` first, then by their newest commit.
///
/// # Errors
/// Where the repository cannot be read.
pub fn branches(root: &Path) -> Result<Vec<String>> {
    let repo = open(root)?;
    let current = head_state(&repo)?;
    let failed = |error: gix::Error| GitError::unreadable(root, &error);
    let platform = repo.references().map_err(failed)?;
    let mut found: Vec<(bool, i64, String)> = Vec::new();
    for reference in platform.local_branches().map_err(failed)? {
        // A damaged or non-UTF-8 one is nothing to offer.
        let Ok(mut reference) = reference else {
            continue;
        };
        let Ok(name) = reference.name().shorten().to_str().map(str::to_owned) else {
            continue;
        };
        let time = reference
            .peel_to_commit()
            .ok()
            .and_then(|commit| commit.time().ok())
            .map_or(i64::MIN, |time| time.seconds);
        found.push((current.branch() == Some(name.as_str()), time, name));
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
    Ok(found.into_iter().map(|(_, _, name)| name).collect())
}

/// Whether every commit of `branch` is in `into` too. Both are branches, tags or commits.
///
/// # Errors
/// Where one of them does not exist or the repository cannot be read.
pub fn is_merged(root: &Path, branch: &str, into: &str) -> Result<bool> {
    let repo = open(root)?;
    let tip = resolve(&repo, branch)?.0;
    let into = resolve(&repo, into)?.0;
    let base = merge_base(&repo, tip, into)?;
    Ok(base == Some(tip))
}

/// Opens the repository or worktree at `path` itself, for reading.
pub(super) fn open(path: &Path) -> Result<gix::Repository> {
    if !path.exists() {
        return Err(GitError::NoSuchPath(path.to_owned()));
    }
    let mut repo = options()
        .open(path)
        .map(|repo| repo.to_thread_local())
        .map_err(|error| GitError::unreadable(path, &error))?;
    repo.object_cache_size_if_unset(4 << 20);
    Ok(repo)
}

/// How repositories are opened: without what a surrounding git has put into the environment.
fn options() -> gix::open::Options {
    let mut permissions = gix::open::Permissions::default();
    permissions.env.objects = Permission::Deny;
    // The same group of variables names the user's configuration file, which should be heard.
    let surrounded = [
        "GIT_INDEX_FILE",
        "GIT_WORK_TREE",
        "GIT_NAMESPACE",
        "GIT_SHALLOW_FILE",
    ];
    if surrounded.iter().any(|key| std::env::var_os(key).is_some()) {
        permissions.env.git_prefix = Permission::Deny;
    }
    gix::open::Options::default().permissions(permissions)
}

/// What `HEAD` of `repo` says.
pub(super) fn head_state(repo: &gix::Repository) -> Result<HeadState> {
    let head = repo
        .head()
        .map_err(|error| GitError::unreadable(repo.git_dir(), &error))?;
    let short = |name: &gix::refs::FullNameRef| name.shorten().to_str_lossy().into_owned();
    Ok(match &head.kind {
        gix::head::Kind::Symbolic(reference) => HeadState::Branch(short(reference.name.as_ref())),
        gix::head::Kind::Unborn(name) => HeadState::Unborn(short(name.as_ref())),
        gix::head::Kind::Detached { target, .. } => HeadState::Detached(target.to_string()),
    })
}

/// The commit that `name` means, and a name for it: a local branch before anything else.
pub(super) fn resolve(repo: &gix::Repository, name: &str) -> Result<(gix::ObjectId, String)> {
    let missing = || GitError::NoSuchBase(super::error::one_line(name));
    if name.is_empty() || name.starts_with('-') || name.contains('\0') {
        return Err(missing());
    }
    if let Some(tip) = branch_tip(repo, name)? {
        return Ok((tip, name.to_owned()));
    }
    let commit = repo
        .rev_parse_single(BStr::new(name))
        .ok()
        .and_then(|id| id.object().ok())
        .and_then(|object| object.peel_to_kind(gix::object::Kind::Commit).ok())
        .ok_or_else(missing)?;
    let shown = match name.len() == 40 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => commit.id.to_hex_with_len(10).to_string(),
        false => name.to_owned(),
    };
    Ok((commit.id, shown))
}

/// The commit at the tip of the local branch `name`, if there is one.
pub(super) fn branch_tip(repo: &gix::Repository, name: &str) -> Result<Option<gix::ObjectId>> {
    let Ok(full) = full_name(name) else {
        return Ok(None);
    };
    let found = repo
        .try_find_reference(full.as_ref())
        .map_err(|error| GitError::unreadable(repo.git_dir(), &error))?;
    Ok(match found {
        Some(mut reference) => reference.peel_to_commit().ok().map(|commit| commit.id),
        None => None,
    })
}

/// `refs/heads/name`, if that is a legal name.
pub(super) fn full_name(name: &str) -> Result<gix::refs::FullName> {
    let bad = || GitError::BadName(super::error::one_line(name));
    if name.starts_with('-') || name == "HEAD" {
        return Err(bad());
    }
    gix::refs::FullName::try_from(format!("refs/heads/{name}")).map_err(|_| bad())
}

/// The best common ancestor.
pub(super) fn merge_base(
    repo: &gix::Repository,
    one: gix::ObjectId,
    two: gix::ObjectId,
) -> Result<Option<gix::ObjectId>> {
    repo.merge_base(one, two)
        .map(|base| base.map(gix::Id::detach))
        .map_err(|error| GitError::unreadable(repo.git_dir(), &error))
}

/// The name of a repository at `root`.
fn default_name(root: &Path) -> String {
    let own = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let name = own(root).unwrap_or_else(|| "root".to_owned());
    let short = name.strip_suffix(".git").unwrap_or(&name);
    // `project/.git`, `project/.bare`: a bare repository that is named by where it lies.
    match short.is_empty() || short.starts_with('.') {
        true => root.parent().and_then(own).unwrap_or(name),
        false => short.to_owned(),
    }
}

/// Refuses a path that is not text.
fn utf8(path: &Path) -> Result<()> {
    match path.to_str() {
        Some(_) => Ok(()),
        None => Err(GitError::NotUtf8(path.to_owned())),
    }
}
