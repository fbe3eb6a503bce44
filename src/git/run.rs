//! The one way gluon runs `git`: bounded in time and output, with an environment of its own.
//!
//! Invariants: the subprocess leads its own process group and the whole group dies on timeout; nothing
//! can ask at a terminal; variables of a surrounding git (a hook that started gluon) do not leak in; no
//! file-system monitor, pager, signing or (unless asked for) hook that is configured is run.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::error::{GitError, Result};
use super::process::{GRACE, gather, kill_group, wait};

/// How long an ordinary `git` may take.
const TIMEOUT: Duration = Duration::from_secs(120);

/// How much an ordinary `git` may print, in bytes.
const MAX_OUTPUT: usize = 64 << 20;

/// How much of its complaints is kept, in bytes.
const MAX_STDERR: usize = 64 << 10;

/// Settings that hold for every call, whatever the user or the repository has configured.
const SETTINGS: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("core.quotePath", "false"),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("color.ui", "false"),
    ("advice.detachedHead", "false"),
];

/// The variables beginning with `GIT_` that mean the user, not a surrounding repository.
const KEPT: &[&str] = &[
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_EXEC_PATH",
    "GIT_TEMPLATE_DIR",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GIT_SSL_NO_VERIFY",
];

/// Runs `git`.
#[derive(Debug, Clone)]
pub struct Git {
    program: PathBuf,
    timeout: Duration,
}

/// What a `git` has printed.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its output, at most as much as was asked for.
    pub stdout: Vec<u8>,
    /// Its complaints, cut.
    pub stderr: String,
    /// Whether there was more output than was asked for.
    pub cut: bool,
}

impl Output {
    /// The output as text, without the newline at its end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end().to_owned()
    }

    /// The output of `-z`: the entries between the NULs.
    pub fn entries(&self) -> impl Iterator<Item = &[u8]> {
        self.stdout.split(|b| *b == 0).filter(|e| !e.is_empty())
    }
}

/// One call, to be refined before it runs.
#[derive(Debug)]
pub(super) struct Call<'a> {
    git: &'a Git,
    dir: &'a Path,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    settings: Vec<(String, String)>,
    hooks: bool,
    signing: bool,
    timeout: Duration,
    stdin: Option<Vec<u8>>,
    limit: usize,
}

impl Default for Git {
    fn default() -> Self {
        Self::new()
    }
}

impl Git {
    /// The `git` on the PATH, with two minutes for each call.
    pub fn new() -> Self {
        Self {
            program: PathBuf::from("git"),
            timeout: TIMEOUT,
        }
    }

    /// The same with another time limit for each call.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same with another program.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Runs `git args` in `dir`.
    ///
    /// # Errors
    /// Where it cannot be started, takes too long, prints too much, or ends with another status than 0.
    pub fn run<S: AsRef<OsStr>>(&self, dir: &Path, args: &[S]) -> Result<Output> {
        self.call(dir, args).run()
    }

    /// A call to refine.
    pub(super) fn call<'a, S: AsRef<OsStr>>(&'a self, dir: &'a Path, args: &[S]) -> Call<'a> {
        Call {
            git: self,
            dir,
            args: args.iter().map(|arg| arg.as_ref().to_owned()).collect(),
            env: Vec::new(),
            settings: Vec::new(),
            hooks: false,
            signing: false,
            timeout: self.timeout,
            stdin: None,
            limit: MAX_OUTPUT,
        }
    }
}

impl Call<'_> {
    /// Adds an argument.
    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub(super) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(OsString::from));
        self
    }

    /// Adds an environment variable.
    pub(super) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((key.into(), value.as_ref().to_owned()));
        self
    }

    /// Adds a setting, as `-c` would. Through the environment, since a subsection may hold any character.
    pub(super) fn setting(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((key.into(), value.into()));
        self
    }

    /// Adds settings.
    pub(super) fn settings(mut self, settings: &[(String, String)]) -> Self {
        self.settings.extend_from_slice(settings);
        self
    }

    /// Lets it run the repository's hooks.
    pub(super) fn hooks(mut self) -> Self {
        self.hooks = true;
        self
    }

    /// Lets it sign what it makes, if the user has configured that.
    pub(super) fn signing(mut self) -> Self {
        self.signing = true;
        self
    }

    /// Gives it ten times as long: it moves as much data as the repository has.
    pub(super) fn long(mut self) -> Self {
        self.timeout *= 10;
        self
    }

    /// Gives it something to read.
    pub(super) fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = Some(bytes);
        self
    }

    /// Reads at most `bytes` of its output; more is cut, which is no error then.
    pub(super) fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Runs it; any other status than 0 is an error.
    pub(super) fn run(self) -> Result<Output> {
        let (command, dir) = (self.name(), self.dir.to_owned());
        let cut_is_fine = self.limit != MAX_OUTPUT;
        let output = self.status()?;
        if output.cut && !cut_is_fine {
            return Err(GitError::TooMuch(command));
        }
        if output.status.success() || output.cut {
            return Ok(output);
        }
        Err(GitError::from_stderr(&command, &dir, &output.stderr))
    }

    /// Runs it; whatever status it ends with is for the caller to judge.
    pub(super) fn status(self) -> Result<Output> {
        let spawned = self.command().spawn();
        let mut child = spawned.map_err(|error| self.not_started(error))?;
        if let (Some(bytes), Some(mut stdin)) = (self.stdin.as_ref(), child.stdin.take()) {
            let bytes = bytes.clone();
            // A child that does not read is ended by the timeout, which ends this thread too.
            std::thread::spawn(move || stdin.write_all(&bytes));
        }
        let deadline = Instant::now() + self.timeout;
        let stdout = gather(child.stdout.take(), self.limit, true);
        let stderr = gather(child.stderr.take(), MAX_STDERR, false);
        let status = wait(&mut child, &stdout, deadline);
        let Some((status, first)) = status else {
            kill_group(&mut child);
            return Err(GitError::Timeout {
                command: self.name(),
                limit: self.timeout,
            });
        };
        let (out, cut) = first
            .or_else(|| stdout.recv_timeout(GRACE).ok())
            .unwrap_or_default();
        let (err, _) = stderr.recv_timeout(GRACE).unwrap_or_default();
        Ok(Output {
            status,
            stdout: out,
            stderr: String::from_utf8_lossy(&err).into_owned(),
            cut,
        })
    }

    /// Why it could not be started.
    fn not_started(&self, error: std::io::Error) -> GitError {
        use std::io::ErrorKind::{NotFound, PermissionDenied};
        // `dir/.` needs the permission to go into it.
        let dir_is_fine = self.dir.join(".").metadata().is_ok();
        match error.kind() {
            // Denied is what the search gives where a directory of the PATH is closed to us.
            NotFound | PermissionDenied if dir_is_fine => GitError::NotInstalled,
            NotFound => GitError::NoSuchPath(self.dir.to_owned()),
            _ => GitError::io(self.dir, error),
        }
    }

    /// The subcommand, for errors.
    fn name(&self) -> String {
        self.args
            .first()
            .map(|arg| arg.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The subprocess, not started.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.git.program);
        for (key, _) in std::env::vars_os() {
            let name = key.to_string_lossy();
            if name.starts_with("GIT_") && !KEPT.contains(&name.as_ref()) {
                command.env_remove(&key);
            }
        }
        let no_hooks = [("core.hooksPath", "/dev/null")];
        let settings = SETTINGS
            .iter()
            .filter(|(key, _)| !self.signing || !key.ends_with(".gpgSign"))
            .chain(no_hooks.iter().filter(|_| !self.hooks))
            .map(|(key, value)| (*key, *value))
            .chain(self.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let mut count = 0;
        for (key, value) in settings {
            command.env(format!("GIT_CONFIG_KEY_{count}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command
            .env("GIT_CONFIG_COUNT", count.to_string())
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_PAGER", "cat")
            .env("GIT_EDITOR", "false")
            .env("GIT_ASKPASS", "false")
            .env("SSH_ASKPASS", "false")
            .env("LC_ALL", "C")
            .env_remove("LANGUAGE")
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .args(&self.args)
            .current_dir(self.dir)
            .stdin(match self.stdin {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }
}
