//! Git: repositories, worktrees, status, diff, recovery. The only caller of gix and of the `git` program.
//!
//! May use the domain and the configuration. Everything here blocks; the daemon calls it on blocking
//! threads. Invariants: whatever is made is made whole or not at all; nothing that could hold work is
//! removed before a recovery ref holds it; readings change nothing in the repository, not even its index,
//! and run no program the repository names.
//!
//! Readings are gix's, except where it would mean rebuilding git: the text of a diff and lists of ignored
//! files come from `git`, as does everything that writes.

mod changed;
mod diff;
mod done;
mod error;
mod filters;
mod fingerprint;
mod include;
pub mod integrate;
mod landed;
mod merge;
mod nested;
mod process;
mod radar;
mod recovery;
mod registry;
mod repo;
mod restore;
mod reviewed;
mod risk;
mod run;
mod scratch;
mod snapshot;
mod stat;
mod status;
mod submodule;
mod watch;
mod worktree;

#[cfg(test)]
mod tests;

pub use changed::{changed_paths, dirty};
pub use diff::{Wanted, Which, changes, diff, diff_since};
pub use done::{Done, done};
pub use error::{GitError, Result};
pub use fingerprint::{Fingerprint, commits_since, fingerprint};
pub use include::copy_included;
pub use landed::{Landed, diff_between, landed};
pub use radar::{Echo, Radar, overlap};
pub use recovery::{Recovery, recovery_ref, remove_worktree};
pub use repo::{HeadState, RepoInfo, branches, discover, is_merged};
pub use restore::{is_worktree, keep_on_branch, push, restore_worktree, tip};
pub use reviewed::{forget_reviewed, mark_reviewed};
pub use risk::{Risk, risk};
pub use run::{Git, Output};
pub use status::{Summary, summary};
pub use watch::{TreeState, TreeWatch};
pub use worktree::{Worktree, WorktreeSpec, add_worktree};
