//! Whether a branch has landed, however that was done: by its commits, squashed, or picked.

use std::path::Path;

use super::error::{Result, one_line};
use super::integrate::fork_of;
use super::run::Git;
use super::{GitError, merge, recovery, repo, status};

/// How what is on a branch is in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landed {
    /// All of its commits are there.
    Commits,
    /// Merging it would change nothing: its changes are there, squashed or otherwise.
    Files,
    /// Commits with the same changes are there: each of them, or one with all of them.
    Patches,
}

/// How what is on the branch or commit `work`, begun at `base_commit`, is in `target`; `None` where something
/// of it is not.
///
/// # Errors
/// Where one of them cannot be read.
pub fn landed(
    git: &Git,
    root: &Path,
    work: &str,
    base_commit: &str,
    target: &str,
) -> Result<Option<Landed>> {
    let repo = repo::open(root)?;
    let (work, _) = repo::resolve(&repo, work)?;
    let (tip, _) = repo::resolve(&repo, target)?;
    let common = repo::merge_base(&repo, work, tip)?;
    if common == Some(work) {
        return Ok(Some(Landed::Commits));
    }
    let tree = |id: gix::ObjectId| -> Result<String> {
        let found = repo
            .find_commit(id)
            .and_then(|commit| commit.tree_id().map(gix::Id::detach));
        Ok(found
            .map_err(|error| status::read(root, error))?
            .to_string())
    };
    let (ours, theirs) = (tip.to_string(), work.to_string());
    let fork = fork_of(&repo, base_commit, work, common)?;
    match merge::merge(git, root, &[], &ours, &theirs, Some(&fork)) {
        Ok(merged) if merged.tree.as_deref() == Some(&*tree(tip)?) => {
            return Ok(Some(Landed::Files));
        }
        // An old git has no such merge; the patches still tell.
        Ok(_) | Err(GitError::TooOld(_)) => {}
        Err(error) => return Err(error),
    }
    let all = recovery::commit(
        git,
        root,
        &tree(work)?,
        std::slice::from_ref(&fork),
        "gluon: all of it",
    )?;
    for head in [&theirs, &all] {
        let output = git.run(root, &["cherry", &ours, head, &fork])?.text();
        let mut lines = output.lines().peekable();
        if lines.peek().is_some() && lines.all(|line| line.starts_with('-')) {
            return Ok(Some(Landed::Patches));
        }
    }
    Ok(None)
}

/// A diff between two commits as unified text, with the objects of `radar`; bounded, cut at the end.
///
/// # Errors
/// Where one of them cannot be read.
pub fn diff_between(
    git: &Git,
    radar: &super::Radar,
    root: &Path,
    old: &str,
    new: &str,
) -> Result<String> {
    /// The longest diff, in bytes.
    const MOST: usize = 6 << 20;
    let mut call = git
        .call(root, &["diff"])
        .args(super::diff::PLAIN)
        .args(&[old, new, "--"])
        .limit(MOST);
    for (key, value) in radar.objects() {
        call = call.env(key, value);
    }
    let output = call.run()?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.cut {
        text.push_str(&format!(
            "\n[gluon: the rest of this diff is too long to be shown: {}]\n",
            one_line(old)
        ));
    }
    Ok(text)
}
