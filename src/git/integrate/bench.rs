//! The bench: a worktree of gluon's own in which integrations are worked out. Holds nothing of value, ever.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::error::{GitError, Result, one_line, telling_line};
use super::super::filters;
use super::super::registry::{is_registered, remove_registration};
use super::super::repo;
use super::super::run::{Call, Git, Output};
use super::assess::under_way;

/// A bench of a repository. One at a time uses it.
#[derive(Debug, Clone)]
pub struct Bench {
    git: Git,
    root: PathBuf,
    path: PathBuf,
    filters: filters::Settings,
}

impl Bench {
    /// The bench at `path` of the repository at `root`, made where it is missing; `at` is any commit.
    ///
    /// # Errors
    /// Where it cannot be made; nothing of it is left then.
    pub fn open(git: &Git, root: &Path, path: &Path, at: &str) -> Result<Self> {
        let bench = Self {
            git: git.clone(),
            root: root.to_owned(),
            path: path.to_owned(),
            filters: filters::without_missing_lfs(git, root),
        };
        let sound = path.join(".git").is_file() && is_registered(root, path);
        if sound && repo::open(path).is_ok() {
            bench.quit();
            return Ok(bench);
        }
        bench.remove();
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| GitError::io(parent, error))?;
        }
        let args = ["worktree", "add", "--quiet", "--detach", "--force", "--"];
        let made = bench
            .git
            .call(root, &args)
            .arg(path)
            .arg(at)
            .settings(&bench.filters)
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .long()
            .run();
        if let Err(error) = made {
            bench.remove();
            return Err(error);
        }
        Ok(bench)
    }

    /// The git that works here.
    pub(super) fn git(&self) -> &Git {
        &self.git
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it with everything in it.
    pub fn remove(&self) {
        let args = ["worktree", "remove", "--force", "--force", "--"];
        let _ = self.git.call(&self.root, &args).arg(&self.path).run();
        let _ = std::fs::remove_dir_all(&self.path);
        remove_registration(&self.root, &self.path);
    }

    /// Ends whatever was begun here before.
    fn quit(&self) {
        let busy = repo::open(&self.path).is_ok_and(|repo| under_way(repo.git_dir()).is_some());
        if !busy {
            return;
        }
        for args in [
            ["rebase", "--quit"],
            ["cherry-pick", "--quit"],
            ["merge", "--quit"],
        ] {
            let _ = self.call(&args).run();
        }
    }

    /// Checks `commit` out, detached, whatever is there. Ignored files stay: they are what builds need.
    pub(super) fn reset(&self, commit: &str) -> Result<()> {
        self.quit();
        self.call(&["reset", "--quiet", "--hard"]).run()?;
        self.call(&["checkout", "--quiet", "--detach", "--force"])
            .arg(commit)
            .arg("--")
            .long()
            .run()?;
        self.call(&["clean", "--quiet", "-ffd"]).long().run()?;
        Ok(())
    }

    /// Shows the files of `commit`, if they are not there already.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn show(&self, commit: &str) -> Result<()> {
        match self.head()? == commit {
            true => Ok(()),
            false => self.reset(commit),
        }
    }

    /// A call in the bench; without hooks and signatures.
    pub(super) fn call<S: AsRef<OsStr>>(&self, args: &[S]) -> Call<'_> {
        self.git
            .call(&self.path, args)
            .settings(&self.filters)
            .setting("core.safecrlf", "false")
            // A rebase here must not take other branches along.
            .setting("rebase.updateRefs", "false")
            .setting("rebase.autoStash", "false")
            .setting("merge.autoStash", "false")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
    }

    /// A call that makes commits as the user would: signed if they are, with hooks unless `hooks` is false.
    pub(super) fn as_user<S: AsRef<OsStr>>(&self, args: &[S], hooks: bool) -> Call<'_> {
        let call = self.call(args).signing().long();
        match hooks {
            true => call.hooks(),
            false => call,
        }
    }

    /// The commit that is checked out.
    pub(super) fn head(&self) -> Result<String> {
        Ok(self.call(&["rev-parse", "HEAD"]).run()?.text())
    }

    /// The tree of `commit`.
    pub(super) fn tree(&self, commit: &str) -> Result<String> {
        let tree = format!("{commit}^{{tree}}");
        Ok(self.call(&["rev-parse", &tree]).run()?.text())
    }

    /// The files in conflict.
    pub(super) fn conflicts(&self) -> Result<Vec<String>> {
        let args = ["diff", "--name-only", "--diff-filter=U", "-z"];
        let output = self.call(&args).run()?;
        let names = output
            .entries()
            .map(|name| one_line(&String::from_utf8_lossy(name)));
        Ok(names.collect())
    }

    /// The error of a call that has failed: a conflict, or what a hook said.
    pub(super) fn failure(&self, what: &str, onto: &str, output: &Output) -> GitError {
        let said = said(output);
        match self.conflicts() {
            Ok(files) if !files.is_empty() => GitError::Conflict {
                with: onto.to_owned(),
                files,
                output: self.conflict_text(&said),
            },
            // What a hook says may look like anything.
            _ => match GitError::from_stderr(what, &self.path, &output.stderr) {
                error @ (GitError::Locked(_) | GitError::DiskFull(_)) => error,
                _ => GitError::Rejected {
                    command: what.to_owned(),
                    message: telling_line(&output.stderr),
                    output: said,
                },
            },
        }
    }

    /// What git says about a conflict, with the conflicting hunks themselves, bounded.
    fn conflict_text(&self, said: &str) -> String {
        /// The most that is quoted of the hunks, in bytes.
        const MOST: usize = 12 * 1024;
        let diff = self.call(&["diff", "--no-ext-diff"]).limit(MOST).run();
        let diff = diff.map(|output| output.text()).unwrap_or_default();
        format!("{said}\n\n{diff}").trim().to_owned()
    }
}

/// Removes the bench at `path`, whatever state it is in.
pub fn remove_bench(git: &Git, root: &Path, path: &Path) {
    let bench = Bench {
        git: git.clone(),
        root: root.to_owned(),
        path: path.to_owned(),
        filters: Vec::new(),
    };
    bench.remove();
}

/// Everything a call has said, on both outputs.
fn said(output: &Output) -> String {
    let text = format!("{}\n{}", output.text(), output.stderr.trim());
    text.trim().to_owned()
}
