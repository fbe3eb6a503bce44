//! The radar: what tasks are changing right now, uncommitted files too, and where that would be in conflict.
//!
//! Everything it makes goes into an object directory of its own: the repository gets nothing, not even loose
//! objects. The same files give the same commit, so that what was compared once need not be again.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::error::{GitError, Result};
use super::merge::{self, Objects};
use super::run::Git;
use super::scratch::Scratch;
use super::snapshot::{self, Aside, quoted};
use super::{filters, repo};

/// How large its object directory may become, in bytes, before it begins anew.
const MAX_OBJECTS: u64 = 256 << 20;

/// Where the radar of a repository keeps its objects.
#[derive(Debug, Clone)]
pub struct Radar {
    root: PathBuf,
    own: PathBuf,
    env: Vec<(&'static str, OsString)>,
}

/// What a task has right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    /// A commit of all its files; the same for the same files.
    pub commit: String,
    /// The files it has changed since it left its target (untrusted bytes), sorted.
    pub files: Vec<Vec<u8>>,
}

impl Radar {
    /// The radar of the repository at `root`, with its objects in `dir`.
    ///
    /// # Errors
    /// Where the directory cannot be made.
    pub fn open(root: &Path, dir: &Path) -> Result<Self> {
        let repo = repo::open(root)?;
        if size(dir) > MAX_OBJECTS {
            let _ = std::fs::remove_dir_all(dir);
        }
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| GitError::io(dir, error))?;
        let theirs = std::path::absolute(repo.common_dir().join("objects"))
            .map_err(|error| GitError::io(root, error))?;
        Ok(Self {
            root: root.to_owned(),
            own: dir.to_owned(),
            env: vec![
                ("GIT_OBJECT_DIRECTORY", dir.as_os_str().to_owned()),
                ("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&theirs)),
            ],
        })
    }

    pub(super) fn objects(&self) -> Objects<'_> {
        &self.env
    }

    /// What the task in `worktree` has right now, since it left `target`.
    ///
    /// # Errors
    /// Where the worktree cannot be read.
    pub fn echo(&self, git: &Git, worktree: &Path, target: &str) -> Result<Echo> {
        let repo = repo::open(worktree)?;
        let head = repo
            .head_id()
            .map_err(|_| GitError::NoSuchBase("HEAD".to_owned()))?
            .detach();
        let (target, _) = repo::resolve(&repo, target)?;
        let scratch = Scratch::new()?;
        let filters = filters::trusted_only(git, worktree);
        let aside = Aside::objects_in(&scratch, &repo, filters, &self.own)?;
        snapshot::stage_all(git, worktree, &aside)?;
        let tree = aside.on(git.call(worktree, &["write-tree"])).run()?.text();
        let head_tree = repo
            .find_commit(head)
            .and_then(|commit| commit.tree_id().map(gix::Id::detach))
            .map_err(|error| super::status::read(worktree, error))?;
        let head_tree = head_tree.to_string();
        let commit = match tree == head_tree {
            true => head.to_string(),
            false => {
                let head = head.to_string();
                let args = ["commit-tree", &tree, "-p", &head, "-m", "gluon: right now"];
                let mut call = git.call(&self.root, &args);
                for (key, value) in self.objects() {
                    call = call.env(key, value);
                }
                // Always the same, so that the same files are the same commit.
                for (who, date) in [
                    ("GIT_AUTHOR", "GIT_AUTHOR_DATE"),
                    ("GIT_COMMITTER", "GIT_COMMITTER_DATE"),
                ] {
                    call = call
                        .env(&format!("{who}_NAME"), "gluon")
                        .env(&format!("{who}_EMAIL"), "gluon@localhost")
                        .env(date, "1000000000 +0000");
                }
                call.run()?.text()
            }
        };
        let since = repo::merge_base(&repo, head, target)?;
        let since = since.map_or_else(super::worktree::empty_tree, |id| id.to_string());
        let files = merge::changed(git, &self.root, self.objects(), &since, &commit)?;
        Ok(Echo { commit, files })
    }

    /// The files that would be in conflict if both were merged (untrusted text).
    ///
    /// # Errors
    /// Where one of them cannot be read, or git is too old.
    pub fn conflicts(&self, git: &Git, one: &str, two: &str) -> Result<Vec<String>> {
        Ok(merge::merge(git, &self.root, self.objects(), one, two, None)?.conflicts)
    }
}

/// The files that two have changed both (untrusted text), at most `most`.
pub fn overlap(one: &Echo, two: &Echo, most: usize) -> Vec<String> {
    let theirs: BTreeSet<&Vec<u8>> = two.files.iter().collect();
    one.files
        .iter()
        .filter(|file| theirs.contains(file))
        .take(most)
        .map(|file| super::error::one_line(&String::from_utf8_lossy(file)))
        .collect()
}

/// How large the files in the two levels of an object directory are.
fn size(dir: &Path) -> u64 {
    let entries = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries(dir)
        .flat_map(|entry| entries(&entry.path()).collect::<Vec<_>>())
        .filter_map(|entry| entry.metadata().ok())
        .map(|meta| meta.len())
        .sum()
}
