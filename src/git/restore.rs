//! The way back: a branch and a worktree that were removed, from what holds them. And small moves of refs.

use std::path::Path;

use super::error::{GitError, Result, one_line};
use super::filters;
use super::registry::is_registered;
use super::repo;
use super::run::Git;

/// Brings back `branch` (its name and commit) and `worktree` with the files that `recovery` holds: what was
/// not committed is not committed again. What is there already is left as it is; may be done again after a
/// crash. What the user should know comes back, a sentence each.
///
/// # Errors
/// Where the branch is somewhere else by now, the directory is taken, or what held them is gone.
pub fn restore_worktree(
    git: &Git,
    root: &Path,
    branch: Option<(&str, &str)>,
    worktree: Option<&Path>,
    recovery: Option<&str>,
) -> Result<Vec<String>> {
    let Some((name, commit)) = branch else {
        return Ok(vec!["there was no branch to bring back".to_owned()]);
    };
    match tip(root, name)? {
        Some(now) if now == commit => {}
        Some(_) => {
            return Err(GitError::NameInTheWay {
                wanted: name.to_owned(),
                existing: name.to_owned(),
            });
        }
        None => {
            let full = format!("refs/heads/{name}");
            let null = gix::ObjectId::null(gix::hash::Kind::Sha1).to_string();
            let args = ["update-ref", "-m", "gluon: undo", &full, commit, &null];
            git.run(root, &args)?;
        }
    }
    let Some(worktree) = worktree else {
        return Ok(Vec::new());
    };
    let mut notes = Vec::new();
    let filters = filters::without_missing_lfs(git, root);
    if !(worktree.join(".git").exists() && is_registered(root, worktree)) {
        if worktree
            .read_dir()
            .is_ok_and(|mut files| files.next().is_some())
        {
            return Err(GitError::Taken(worktree.to_owned()));
        }
        let args = ["worktree", "add", "--quiet", "--force", "--"];
        git.call(root, &args)
            .arg(worktree)
            .arg(name)
            .settings(&filters)
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .long()
            .run()?;
    }
    let call = |args: &[&str]| git.call(worktree, args).settings(&filters).long().run();
    if let Some(recovery) = recovery {
        let tree = format!("{recovery}^{{tree}}");
        call(&["read-tree", "--reset", "-u", &tree])?;
        call(&["read-tree", "HEAD"])?;
        let _ = call(&["update-index", "-q", "--refresh"]);
    }
    filters::fetch_lfs(git, worktree, &mut notes);
    Ok(notes)
}

/// The commit at the tip of the local branch `name`; `None` where there is no such branch.
///
/// # Errors
/// Where the repository cannot be read.
pub fn tip(root: &Path, name: &str) -> Result<Option<String>> {
    let repo = repo::open(root)?;
    Ok(repo::branch_tip(&repo, name)?.map(|id| id.to_string()))
}

/// Whether the repository at `root` knows a worktree at `path`.
pub fn is_worktree(root: &Path, path: &Path) -> bool {
    is_registered(root, path)
}

/// Keeps `commit` on the branch `name`, or on one with a number behind it; which one.
///
/// # Errors
/// Where no branch can be made.
pub fn keep_on_branch(git: &Git, root: &Path, name: &str, commit: &str) -> Result<String> {
    let free = crate::domain::names::first_free(name, |name| !matches!(tip(root, name), Ok(None)));
    let full = format!("refs/heads/{free}");
    let null = gix::ObjectId::null(gix::hash::Kind::Sha1).to_string();
    let args = ["update-ref", "-m", "gluon: result", &full, commit, &null];
    git.run(root, &args)?;
    Ok(free)
}

/// Pushes `branch` to where it is tracked, or to `origin`, or to the only remote; the remote's address.
///
/// # Errors
/// Where there is no remote, or it refuses.
pub fn push(git: &Git, root: &Path, branch: &str) -> Result<String> {
    let listed = git.run(root, &["remote"])?.text();
    let remotes: Vec<&str> = listed.lines().collect();
    let tracked = git.run(
        root,
        &["config", "--get", &format!("branch.{branch}.remote")],
    );
    let tracked = tracked.map(|output| output.text()).unwrap_or_default();
    let remote = if remotes.contains(&tracked.as_str()) {
        tracked.as_str()
    } else if remotes.contains(&"origin") {
        "origin"
    } else if let [only] = remotes[..] {
        only
    } else {
        return Err(GitError::NoRemote);
    };
    let spec = format!("refs/heads/{branch}:refs/heads/{branch}");
    let args = [
        "push",
        "--set-upstream",
        "--quiet",
        "--porcelain",
        remote,
        &spec,
    ];
    let output = git.call(root, &args).hooks().long().status()?;
    if !output.status.success() {
        return Err(match GitError::from_stderr("push", root, &output.stderr) {
            GitError::Failed { command, message } => GitError::Failed {
                command,
                message: one_line(&message),
            },
            other => other,
        });
    }
    Ok(git.run(root, &["remote", "get-url", remote])?.text())
}
