//! What was done on a branch, in words: the subjects of its commits and the files with uncommitted changes.

use std::path::Path;

use super::error::{Result, one_line};
use super::status::{Base, open_for_status, read, uncommitted};

/// What was done since a branch left its base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// The first lines of its commits, the newest first.
    pub subjects: Vec<String>,
    /// Files with uncommitted changes, new ones too (untrusted text).
    pub files: Vec<String>,
}

/// What was done in `worktree`, which started at `base_commit` of the branch `base_name`; `most` subjects and
/// files.
///
/// # Errors
/// Where the worktree or `base_commit` cannot be read.
pub fn done(
    worktree: &Path,
    base_commit: &str,
    base_name: Option<&str>,
    most: usize,
) -> Result<Done> {
    let repo = open_for_status(worktree)?;
    let base = Base::find(&repo, worktree, base_commit, base_name)?;
    let tip = repo.head_id().ok().map(gix::Id::detach);
    let mut subjects = Vec::new();
    let news = tip.filter(|tip| !base.tips().contains(tip));
    if let Some(tip) = news {
        let walk = repo
            .rev_walk([tip])
            .with_hidden(base.tips().iter().copied())
            .all()
            .map_err(|error| read(worktree, error))?;
        // A commit that cannot be read ends the history there, as in a shallow clone.
        for commit in walk.take(most).map_while(std::result::Result::ok) {
            let Ok(commit) = repo.find_commit(commit.id) else {
                break;
            };
            let message = commit.message_raw_sloppy().to_string();
            subjects.push(one_line(message.lines().next().unwrap_or_default()));
        }
    }
    let state = uncommitted(&repo)?;
    let files = state.dirty.iter().chain(&state.untracked);
    let files = files.take(most).map(|path| one_line(&path.to_string()));
    Ok(Done {
        subjects,
        files: files.collect(),
    })
}
