//! Why git cannot do it, as one sentence for a person and, where there is one, the way out.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The result of everything in this layer.
pub type Result<T, E = GitError> = std::result::Result<T, E>;

/// Why git cannot do it. Each variant reads as one sentence.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git`.
    #[error("git is not installed, or not on the PATH")]
    NotInstalled,
    /// The path does not exist.
    #[error("{0} does not exist")]
    NoSuchPath(PathBuf),
    /// No repository at or above the path.
    #[error("{0} is not inside a git repository")]
    NotARepository(PathBuf),
    /// The path is not text; gluon stores and shows paths as text.
    #[error("the path {0:?} is not valid UTF-8, which gluon needs")]
    NotUtf8(PathBuf),
    /// Git refuses a repository of somebody else.
    #[error("the repository {0} belongs to another user, so git refuses it")]
    NotOwned(PathBuf),
    /// A worktree of a repository without a commit would lack the files that are there.
    #[error("{root} has no commit yet, so a worktree would lack the {files} files that are in it")]
    NoCommit {
        /// The repository.
        root: PathBuf,
        /// Files in its work tree that git would keep.
        files: u32,
    },
    /// This git cannot make a worktree without a commit.
    #[error("{0} has no commit yet, and this git is too old to make a worktree of it")]
    NoOrphan(PathBuf),
    /// The base is no commit.
    #[error("there is no branch, tag or commit called `{0}` to start from")]
    NoSuchBase(String),
    /// The name is no legal branch name.
    #[error("`{0}` cannot be the name of a branch")]
    BadName(String),
    /// Git keeps branches as paths: `a` and `a/b` exclude each other.
    #[error("the branch `{existing}` is in the way of the branch `{wanted}`")]
    NameInTheWay {
        /// What was asked for.
        wanted: String,
        /// What is there.
        existing: String,
    },
    /// The directory is no worktree of this repository.
    #[error("{path} is not a worktree of {root}")]
    NotAWorktree {
        /// The directory.
        path: PathBuf,
        /// The repository.
        root: PathBuf,
    },
    /// A repository inside the worktree holds work that a recovery ref of the outer one cannot hold.
    #[error("{0} is a repository of its own with work that is nowhere else")]
    NestedWork(PathBuf),
    /// What `.worktreeinclude` names is too much to copy.
    #[error(".worktreeinclude names {files} files with {bytes} bytes, more than gluon copies")]
    IncludeTooLarge {
        /// How many.
        files: u64,
        /// How large.
        bytes: u64,
    },
    /// Something else holds git's lock.
    #[error("another git process is at work in the repository, or one has crashed: {0} exists")]
    Locked(String),
    /// No room.
    #[error("the disk is full: {0} could not be written")]
    DiskFull(PathBuf),
    /// No permission.
    #[error("no permission to write {0}")]
    Denied(PathBuf),
    /// The file system refused otherwise.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It took too long and was ended.
    #[error("`git {command}` took longer than {} s and was ended", limit.as_secs())]
    Timeout {
        /// The subcommand.
        command: String,
        /// The limit.
        limit: Duration,
    },
    /// It printed more than anyone can use.
    #[error("`git {0}` printed more than gluon reads")]
    TooMuch(String),
    /// Git said no.
    #[error("`git {command}` failed: {message}")]
    Failed {
        /// The subcommand.
        command: String,
        /// Git's own words, one line.
        message: String,
    },
    /// Two changes of the same lines.
    #[error("it is in conflict with {with}: {}", files.join(", "))]
    Conflict {
        /// With what.
        with: String,
        /// The files.
        files: Vec<String>,
        /// What git said and the hunks, for whoever is to resolve it.
        output: String,
    },
    /// A git that makes commits said no: a hook, a signature, an identity that is not configured.
    #[error("`git {command}` failed: {message}")]
    Rejected {
        /// The subcommand.
        command: String,
        /// The line that says why.
        message: String,
        /// Everything it said.
        output: String,
    },
    /// There is uncommitted work, and it was not said what is to become of it.
    #[error("{0} files in the worktree are not committed")]
    Uncommitted(u32),
    /// Git has begun something there that has to be ended first.
    #[error("{what} is under way in {path}")]
    UnderWay {
        /// Where.
        path: PathBuf,
        /// What.
        what: &'static str,
    },
    /// The worktree has something else checked out than the task's branch.
    #[error("the worktree is on {head}, which does not continue {branch}")]
    Elsewhere {
        /// The task's branch.
        branch: String,
        /// What is checked out.
        head: String,
    },
    /// The target is checked out with changes.
    #[error("{branch} is checked out in {path} with {files} changed files")]
    CheckoutDirty {
        /// The branch.
        branch: String,
        /// Where.
        path: PathBuf,
        /// How many.
        files: u32,
    },
    /// The target is somewhere else than it was seen.
    #[error("{0} has moved meanwhile")]
    TargetMoved(String),
    /// What is to be taken back has been built upon.
    #[error("{branch} has {commits} commits on top of it by now")]
    BuiltUpon {
        /// The branch.
        branch: String,
        /// How many.
        commits: u32,
    },
    /// The target has commits that the branch does not have.
    #[error("{target} has commits that {branch} does not have, so it cannot just move there")]
    NotFastForward {
        /// The target.
        target: String,
        /// The branch.
        branch: String,
    },
    /// There is something where a worktree is to come back.
    #[error("{0} is taken by something else")]
    Taken(PathBuf),
    /// Nowhere to push to.
    #[error("the repository has no remote to push to, or several and none called origin")]
    NoRemote,
    /// This git cannot do it.
    #[error("this git is too old for that; {0} can do it")]
    TooOld(&'static str),
    /// The repository could not be read.
    #[error("the repository {path} cannot be read: {message}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        message: String,
    },
}

impl GitError {
    /// What the user can do about it, if that is known.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotInstalled => "install git and try again".to_owned(),
            Self::NotARepository(_) => "run `git init` there, or go into a repository".to_owned(),
            Self::NotUtf8(_) => "rename the directory".to_owned(),
            Self::NotOwned(path) => format!(
                "if you trust it: `git config --global --add safe.directory '{}'`",
                path.display()
            ),
            Self::NoCommit { .. } => "commit them: `git add -A && git commit -m start`".to_owned(),
            Self::NoOrphan(_) => {
                "make a first commit: `git commit --allow-empty -m start`".to_owned()
            }
            Self::NoSuchBase(_) => "`git branch -a` lists the branches".to_owned(),
            Self::NameInTheWay { existing, .. } => {
                format!("rename it: `git branch -m '{existing}' '{existing}-old'`")
            }
            Self::NestedWork(path) => format!(
                "commit and push in it, or move it elsewhere: {}",
                path.display()
            ),
            Self::IncludeTooLarge { .. } => {
                "name fewer files in it, or let the setup command make them".to_owned()
            }
            Self::Locked(lock) => {
                format!("if no git is running, remove the lock: `rm '{lock}'`")
            }
            Self::Conflict { with, .. } => {
                format!("send it back to its agent: it can merge {with} and resolve them")
            }
            Self::Rejected { output, .. } if output.contains("tell me who you are") => {
                "`git config --global user.name` and `user.email` say who you are".to_owned()
            }
            Self::Rejected { .. } => {
                "correct it, or go without the repository's hooks (--no-verify)".to_owned()
            }
            Self::Uncommitted(_) => "commit them first, or let gluon do it".to_owned(),
            Self::UnderWay { path, .. } => format!("end it first, in {}", path.display()),
            Self::Elsewhere { branch, .. } => {
                format!("check {branch} out in the worktree, with what is to be integrated")
            }
            Self::CheckoutDirty { path, .. } => {
                format!("commit or stash them, in {}", path.display())
            }
            Self::TargetMoved(_) => "look at it again, then try again".to_owned(),
            Self::BuiltUpon { .. } => "a revert commit on top can take it back".to_owned(),
            Self::NotFastForward { .. } => "rebase or merge it instead".to_owned(),
            Self::TooOld(_) => "update git".to_owned(),
            Self::Taken(_) => "move it away".to_owned(),
            Self::NoRemote => "`git remote add origin URL` gives it one".to_owned(),
            Self::DiskFull(_) => "make room and try again".to_owned(),
            Self::Denied(_) => "check who owns the directory".to_owned(),
            Self::Timeout { .. }
            | Self::TooMuch(_)
            | Self::Failed { .. }
            | Self::Unreadable { .. }
            | Self::NoSuchPath(_)
            | Self::BadName(_)
            | Self::NotAWorktree { .. }
            | Self::Io { .. } => return None,
        })
    }

    /// The error of a file operation at `path`.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(path),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied(path)
            }
            _ => Self::Io { path, source },
        }
    }

    /// The error of a reading by gix: what it says, all causes in one line.
    pub(super) fn unreadable(path: &Path, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = error.source();
        }
        Self::Unreadable {
            path: path.to_owned(),
            message: one_line(&message),
        }
    }

    /// The error of `git command` in `dir`, told by what it printed (in the C locale).
    pub(super) fn from_stderr(command: &str, dir: &Path, stderr: &str) -> Self {
        let has = |needle: &str| stderr.contains(needle);
        if has("No space left on device") || has("Disk quota exceeded") {
            Self::DiskFull(dir.to_owned())
        } else if has("dubious ownership") {
            Self::NotOwned(dir.to_owned())
        } else if has(".lock': File exists") {
            Self::Locked(quoted_lock(stderr).unwrap_or_else(|| "a lock file".to_owned()))
        } else if has("Permission denied") || has("Read-only file system") {
            Self::Denied(dir.to_owned())
        } else {
            Self::Failed {
                command: command.to_owned(),
                message: telling_line(stderr),
            }
        }
    }
}

/// The lock file that git names: `Unable to create '/x/index.lock': File exists`.
fn quoted_lock(stderr: &str) -> Option<String> {
    let head = &stderr[..stderr.find("': File exists")?];
    let name = &head[head.rfind('\'')? + 1..];
    Some(name.to_owned())
}

/// The line that says why: the first `error:` or `fatal:`, else the last one.
pub(super) fn telling_line(stderr: &str) -> String {
    let lines = || {
        stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let line = lines()
        .find_map(|line| {
            line.strip_prefix("error: ")
                .or_else(|| line.strip_prefix("fatal: "))
        })
        .or_else(|| lines().next_back())
        .unwrap_or("it said nothing");
    one_line(line)
}

/// `text` without control characters, at most 300 characters: it may come from a hostile repository.
pub(super) fn one_line(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(300)
        .collect();
    clean.trim().to_owned()
}
