//! Removing a worktree and its branch, after a recovery ref and a patch hold everything they had.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::diff::PLAIN;
use super::error::{GitError, Result};
use super::filters;
use super::nested;
use super::registry::{checked_out_at, is_registered, real, remove_registration};
use super::repo;
use super::risk::other_tips;
use super::run::Git;
use super::scratch::Scratch;
use super::snapshot::{self, Aside};
use super::status::number;
use super::worktree::empty_tree;

/// Who makes recovery commits; the user's own name may not be configured.
const IDENTITY: &[(&str, &str)] = &[
    ("GIT_AUTHOR_NAME", "gluon"),
    ("GIT_AUTHOR_EMAIL", "gluon@localhost"),
    ("GIT_COMMITTER_NAME", "gluon"),
    ("GIT_COMMITTER_EMAIL", "gluon@localhost"),
];

/// What was left behind as the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The ref that holds the branch's commits, and everything uncommitted as a commit on top of them;
    /// `None` where there was neither a commit nor a file.
    pub reference: Option<String>,
    /// The same as a patch file; `None` where nothing differs from what other branches have.
    pub patch: Option<PathBuf>,
    /// Ignored files and directories that went with the worktree: they are not in the recovery.
    pub ignored: u32,
    /// What the user should know, a sentence each.
    pub notes: Vec<String>,
}

/// Removes `worktree` and `branch` of the repository at `root`. Before anything goes, the ref
/// `refs/gluon/recovery/<id>-<stamp>` holds all commits and all files that git does not ignore, and a patch
/// lies in `recovery_dir`. A worktree that is gone already, or a branch, is no error.
///
/// Must not be called while an agent still writes there: what it writes meanwhile is lost.
///
/// # Errors
/// Where the work cannot be held: nothing has been removed then. Or where the removal fails.
pub fn remove_worktree(
    git: &Git,
    root: &Path,
    worktree: &Path,
    branch: &str,
    recovery_dir: &Path,
    id: i64,
    stamp: &str,
) -> Result<Recovery> {
    let repo = repo::open(root)?;
    repo::full_name(branch)?;
    let there = worktree.symlink_metadata().is_ok();
    if there {
        if worktree.join(".git").symlink_metadata().is_err() && is_registered(root, worktree) {
            // An agent has removed it; the files are still there to be held.
            git.run(root, &["worktree", "repair"])?;
        }
        check_is_worktree(&repo, root, worktree)?;
    }
    let tip = repo::branch_tip(&repo, branch)?;
    let held = match there {
        true => hold(git, worktree, tip)?,
        false => hold_missing(git, &repo, root, worktree, tip)?,
    };
    let mut recovery = Recovery {
        reference: None,
        patch: None,
        ignored: held.ignored,
        notes: Vec::new(),
    };
    if let Some(commit) = held.commit {
        let name = reference_name(&repo, id, stamp)?;
        let null = gix::ObjectId::null(repo.object_hash()).to_string();
        let args = ["update-ref", "-m", "gluon: recovery", &name, &commit, &null];
        git.run(root, &args)?;
        recovery.patch = write_patch(git, &repo, root, branch, recovery_dir, &name, &commit)?;
        recovery.reference = Some(name);
    }
    remove_files(git, root, worktree, there)?;
    remove_branch(git, root, branch, tip, &mut recovery.notes);
    Ok(recovery)
}

/// What there was to hold.
struct Held {
    /// The commit that reaches all of it.
    commit: Option<String>,
    /// Ignored files and directories.
    ignored: u32,
}

/// Refuses what is not a linked worktree of this repository.
fn check_is_worktree(repo: &gix::Repository, root: &Path, worktree: &Path) -> Result<()> {
    let not = || GitError::NotAWorktree {
        path: worktree.to_owned(),
        root: root.to_owned(),
    };
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let inner = repo::open(worktree).map_err(|_| not())?;
    let ours = real(inner.common_dir()) == real(repo.common_dir());
    let linked = inner.kind() == gix::repository::Kind::LinkedWorkTree;
    let top = inner.workdir().and_then(real) == real(worktree);
    match ours && linked && top {
        true => Ok(()),
        false => Err(not()),
    }
}

/// Makes a commit that reaches everything in `worktree` and the branch's `tip`.
fn hold(git: &Git, worktree: &Path, tip: Option<gix::ObjectId>) -> Result<Held> {
    let repo = repo::open(worktree)?;
    let head = repo.head_id().ok().map(gix::Id::detach);
    let head_tree = repo
        .head_tree_id()
        .map_or_else(|_| empty_tree(), |id| id.to_string());
    let scratch = Scratch::new()?;
    let filters = filters::without_missing_lfs(git, worktree);
    let aside = Aside::index_only(&scratch, &repo, filters.clone())?;
    // What was staged may differ from what is in the files. In a conflict there is no such tree.
    let staged = aside
        .on(git.call(worktree, &["write-tree"]))
        .run()
        .map(|output| output.text());
    snapshot::stage_all(git, worktree, &aside)
        .map_err(|error| nested::staging_error(worktree, error))?;
    nested::check(git, worktree, &aside, &filters)?;
    let tree = aside.on(git.call(worktree, &["write-tree"])).run()?.text();
    let args = [
        "ls-files",
        "-z",
        "--others",
        "--ignored",
        "--exclude-standard",
        "--directory",
    ];
    let ignored = git
        .run(worktree, &args)
        .map_or(0, |output| number(output.entries().count()));
    let mut parents: Vec<String> = head.iter().map(ToString::to_string).collect();
    if let Some(tip) = tip.filter(|tip| Some(*tip) != head) {
        parents.push(tip.to_string());
    }
    parents.extend(autostash(git, worktree, &repo));
    let staged = staged
        .ok()
        .filter(|staged| *staged != head_tree && *staged != tree);
    if let Some(staged) = &staged {
        let message = "gluon: staged in the index";
        parents.push(commit(git, worktree, staged, &parents, message)?);
    }
    let unchanged = tree == head_tree && staged.is_none();
    let commit = match (unchanged, parents.as_slice()) {
        (true, []) => None,
        (true, [only]) => Some(only.clone()),
        _ => Some(commit(
            git,
            worktree,
            &tree,
            &parents,
            "gluon: everything that was in the worktree",
        )?),
    };
    Ok(Held { commit, ignored })
}

/// What a rebase or merge under way has put aside: it is in no ref.
fn autostash(git: &Git, worktree: &Path, repo: &gix::Repository) -> Option<String> {
    [
        "rebase-merge/autostash",
        "rebase-apply/autostash",
        "MERGE_AUTOSTASH",
    ]
    .iter()
    .find_map(|name| std::fs::read_to_string(repo.git_dir().join(name)).ok())
    .map(|id| id.trim().to_owned())
    .filter(|id| !id.starts_with('-'))
    .filter(|id| {
        let commit = format!("{id}^{{commit}}");
        git.run(worktree, &["rev-parse", "-q", "--verify", &commit])
            .is_ok()
    })
}

/// The worktree is gone: the branch is what is left, and a head that was detached.
fn hold_missing(
    git: &Git,
    repo: &gix::Repository,
    root: &Path,
    worktree: &Path,
    tip: Option<gix::ObjectId>,
) -> Result<Held> {
    let head = repo
        .worktrees()
        .map_err(|error| super::status::read(root, error))?
        .into_iter()
        .find(|proxy| proxy.base().is_ok_and(|base| base == real(worktree)))
        .and_then(|proxy| proxy.into_repo_with_possibly_inaccessible_worktree().ok())
        .and_then(|inner| inner.head_id().ok().map(gix::Id::detach));
    let mut commits: Vec<gix::ObjectId> = tip.into_iter().chain(head).collect();
    commits.dedup();
    let commit = match commits.as_slice() {
        [] => None,
        [only] => Some(only.to_string()),
        [first, ..] => {
            let tree = format!("{first}^{{tree}}");
            let parents: Vec<String> = commits.iter().map(ToString::to_string).collect();
            let message = "gluon: the branch, and the head that was detached";
            Some(commit(git, root, &tree, &parents, message)?)
        }
    };
    Ok(Held { commit, ignored: 0 })
}

/// Makes a commit by plumbing: no hook, no signature, no configured identity.
pub(super) fn commit(
    git: &Git,
    dir: &Path,
    tree: &str,
    parents: &[String],
    message: &str,
) -> Result<String> {
    let mut call = git.call(dir, &["commit-tree", tree, "-m", message]);
    for parent in parents {
        call = call.arg("-p").arg(parent);
    }
    for (key, value) in IDENTITY {
        call = call.env(key, value);
    }
    Ok(call.run()?.text())
}

/// The name of the ref that holds what is removed of task `id`, first of those with this `stamp`.
pub fn recovery_ref(id: i64, stamp: &str) -> String {
    let stamp: String = stamp.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("refs/gluon/recovery/{id}-{stamp}")
}

/// A recovery ref that does not exist yet.
fn reference_name(repo: &gix::Repository, id: i64, stamp: &str) -> Result<String> {
    let name = recovery_ref(id, stamp);
    let taken = |name: &str| {
        gix::refs::FullName::try_from(name)
            .is_ok_and(|name| !matches!(repo.try_find_reference(name.as_ref()), Ok(None)))
    };
    Ok(crate::domain::names::first_free(&name, taken))
}

/// Writes what `commit` has over the other branches as a patch that `git apply` takes.
fn write_patch(
    git: &Git,
    repo: &gix::Repository,
    root: &Path,
    branch: &str,
    dir: &Path,
    reference: &str,
    commit: &str,
) -> Result<Option<PathBuf>> {
    let base = patch_base(repo, branch, commit)?;
    // A patch may hold what nobody else should read.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| GitError::io(dir, error))?;
    let name = reference.rsplit('/').next().unwrap_or("recovery");
    let file = dir.join(format!("{name}.patch"));
    let mut output = std::ffi::OsString::from("--output=");
    output.push(std::path::absolute(&file).map_err(|error| GitError::io(&file, error))?);
    let written = git
        .call(root, &["diff", "--binary", "--full-index"])
        .args(PLAIN)
        .arg(output)
        .args(&[&base, commit, "--"])
        .run();
    if let Err(error) = written {
        let _ = std::fs::remove_file(&file);
        return Err(error);
    }
    let length = file.metadata().map_or(0, |meta| meta.len());
    if length == 0 {
        let _ = std::fs::remove_file(&file);
        return Ok(None);
    }
    Ok(Some(file))
}

/// Where `commit` left the other branches: the nearest of the common ancestors.
fn patch_base(repo: &gix::Repository, branch: &str, commit: &str) -> Result<String> {
    /// The most branches that are looked at.
    const MAX_BRANCHES: usize = 64;
    let Ok(commit) = gix::ObjectId::from_hex(commit.as_bytes()) else {
        return Ok(empty_tree());
    };
    let mut best: Option<(i64, gix::ObjectId)> = None;
    for other in other_tips(repo, branch)?.into_iter().take(MAX_BRANCHES) {
        let Some(base) = repo::merge_base(repo, commit, other)? else {
            continue;
        };
        let time = repo
            .find_commit(base)
            .ok()
            .and_then(|commit| commit.time().ok())
            .map_or(i64::MIN, |time| time.seconds);
        if best.is_none_or(|(known, _)| time > known) {
            best = Some((time, base));
        }
    }
    Ok(best.map_or_else(empty_tree, |(_, base)| base.to_string()))
}

/// Removes the worktree and what the repository keeps about it.
fn remove_files(git: &Git, root: &Path, worktree: &Path, there: bool) -> Result<()> {
    let registered = is_registered(root, worktree);
    if registered {
        let args = ["worktree", "remove", "--force", "--force", "--"];
        let removed = git.call(root, &args).arg(worktree).long().run();
        // A file that cannot be removed stops git half-way; say what it was.
        if let (Err(error), true) = (removed, there)
            && worktree.symlink_metadata().is_ok()
        {
            return Err(error);
        }
    }
    remove_registration(root, worktree);
    Ok(())
}

/// Removes the branch if it is still where it was and nobody else has it checked out.
fn remove_branch(
    git: &Git,
    root: &Path,
    branch: &str,
    tip: Option<gix::ObjectId>,
    notes: &mut Vec<String>,
) {
    let Some(tip) = tip else { return };
    let elsewhere = repo::open(root)
        .ok()
        .and_then(|repo| checked_out_at(&repo, branch));
    if let Some(path) = elsewhere {
        notes.push(format!(
            "the branch {branch} stays, it is checked out in {}",
            path.display()
        ));
        return;
    }
    let (name, tip) = (format!("refs/heads/{branch}"), tip.to_string());
    if let Err(error) = git.run(root, &["update-ref", "-d", &name, &tip]) {
        notes.push(format!("the branch {branch} could not be removed: {error}"));
        return;
    }
    let section = format!("branch.{branch}");
    // Fails where there is none, as there is for most.
    let _ = git.run(root, &["config", "--local", "--remove-section", &section]);
}
