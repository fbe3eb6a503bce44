//! Real repositories in temporary directories, independent of the user's configuration.

mod adding;
mod changes;
mod hostile;
mod including;
mod integrating;
mod random;
mod reading;
mod removing;
mod running;
mod tidying;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Git, Worktree, WorktreeSpec, add_worktree};

/// A temporary directory with a repository `repo` in it.
pub(super) struct Fixture {
    dir: tempfile::TempDir,
    pub(super) root: PathBuf,
    pub(super) git: Git,
}

impl Fixture {
    /// A repository without a commit.
    pub(super) fn unborn() -> Self {
        Self::at("repo", &[])
    }

    /// A repository with the files `a.txt` (three lines) and `dir/b.txt` in one commit on `main`.
    pub(super) fn new() -> Self {
        Self::named("repo")
    }

    /// The same at another place below the temporary directory.
    pub(super) fn named(name: &str) -> Self {
        let fixture = Self::at(name, &[]);
        fixture.write("a.txt", "one\ntwo\nthree\n");
        fixture.write("dir/b.txt", "b\n");
        fixture.commit("first");
        fixture
    }

    /// A bare repository with the same commit.
    pub(super) fn bare() -> Self {
        let source = Self::new();
        let fixture = Self::at("repo.git", &["--bare"]);
        let url = source.root.to_string_lossy().into_owned();
        git(&fixture.root, &["fetch", "-q", &url, "main:main"]);
        fixture
    }

    fn at(name: &str, init: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let real = std::fs::canonicalize(dir.path()).unwrap();
        let root = real.join(name);
        std::fs::create_dir_all(&root).unwrap();
        git(&root, &[&["init", "-q", "-b", "main"], init].concat());
        Self {
            dir,
            root,
            git: Git::new(),
        }
    }

    /// The temporary directory.
    pub(super) fn path(&self) -> PathBuf {
        std::fs::canonicalize(self.dir.path()).unwrap()
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        write(&self.root.join(path), content);
    }

    /// Commits everything.
    pub(super) fn commit(&self, message: &str) -> String {
        commit(&self.root, message)
    }

    pub(super) fn run(&self, args: &[&str]) -> String {
        git(&self.root, args)
    }

    pub(super) fn spec(&self) -> WorktreeSpec {
        WorktreeSpec {
            root: self.root.clone(),
            branch: "gluon/1-task".to_owned(),
            path: self.path().join("trees").join("1-task"),
            base: None,
        }
    }

    /// A worktree as `spec` has it.
    pub(super) fn worktree(&self) -> Worktree {
        add_worktree(&self.git, &self.spec()).unwrap()
    }

    pub(super) fn remove(&self, worktree: &Worktree) -> super::Result<super::Recovery> {
        super::remove_worktree(
            &self.git,
            &self.root,
            &worktree.path,
            &worktree.branch,
            &self.recovery_dir(),
            1,
            "20250102T030405Z",
        )
    }

    pub(super) fn recovery_dir(&self) -> PathBuf {
        self.path().join("recovery")
    }

    /// Fails unless neither directory nor branch nor anything git keeps of a worktree is there.
    pub(super) fn assert_nothing_made(&self) {
        assert!(!self.path().join("trees").exists(), "a directory is left");
        let refs = self.run(&["for-each-ref", "refs/heads/gluon"]);
        assert_eq!(refs, "", "a branch is left");
        let list = self.run(&["worktree", "list", "--porcelain"]);
        assert_eq!(list.matches("worktree ").count(), 1, "registered: {list}");
    }

    /// As `assert_nothing_made`; the directory that held the worktrees may stay.
    pub(super) fn assert_nothing_left(&self) {
        let trees = self.path().join("trees");
        assert_eq!(std::fs::read_dir(&trees).unwrap().count(), 0);
        std::fs::remove_dir(trees).unwrap();
        self.assert_nothing_made();
    }
}

/// Runs git as a user without any configuration would; its output, trimmed.
pub(super) fn git(dir: &Path, args: &[&str]) -> String {
    let output = command(dir, args).output().unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The same for a git that is to fail.
pub(super) fn git_fails(dir: &Path, args: &[&str]) {
    let output = command(dir, args).output().unwrap();
    assert!(!output.status.success(), "git {args:?}");
}

/// A git that does not depend on who runs the tests.
pub(super) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "protocol.file.allow=always"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "A")
        .env("GIT_AUTHOR_EMAIL", "a@example.com")
        .env("GIT_COMMITTER_NAME", "A")
        .env("GIT_COMMITTER_EMAIL", "a@example.com")
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE");
    command
}

pub(super) fn commit(dir: &Path, message: &str) -> String {
    git(dir, &["add", "-A"]);
    git(
        dir,
        &[
            "-c",
            "commit.gpgSign=false",
            "commit",
            "-q",
            "--no-verify",
            "-m",
            message,
        ],
    );
    git(dir, &["rev-parse", "HEAD"])
}

pub(super) fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// Writes an executable file. By another process: while this one has it open for writing, a test beside
/// us could fork and hold it open, and running it would fail.
pub(super) fn script(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let written = Command::new("sh")
        .args([
            "-c",
            r#"printf %s "$1" > "$2" && chmod 755 "$2""#,
            "sh",
            content,
        ])
        .arg(path)
        .status();
    assert!(written.unwrap().success());
}

pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
