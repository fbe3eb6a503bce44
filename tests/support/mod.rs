//! A gluon of its own for each test: own directories, own repository, own keeper and daemon, and a real
//! pseudo-terminal to look at it through. Nothing here sleeps: everything waits for what it wants to see.
#![allow(dead_code)]

pub mod recording;
pub mod screen;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

pub use screen::Screen;

/// Long enough for a machine that is busy with other tests; a test that works never waits so long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test.
pub const GLUON: &str = env!("CARGO_BIN_EXE_gluon");

/// One user's gluon, with nothing of the real user's in it. Ends its processes when dropped.
pub struct Home {
    dir: tempfile::TempDir,
    program: PathBuf,
    extra: Vec<(OsString, OsString)>,
}

impl Home {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(dir.path().join("home")).expect("a home");
        Self {
            dir,
            program: PathBuf::from(GLUON),
            extra: Vec::new(),
        }
    }

    /// Adds to the environment, or replaces what is in it.
    pub fn set_env(&mut self, name: &str, value: impl Into<OsString>) {
        self.extra.push((name.into(), value.into()));
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// From now on commands run this program (another version of gluon).
    pub fn use_program(&mut self, program: &Path) {
        self.program = program.to_owned();
    }

    /// The complete environment of every process of this test.
    pub fn env(&self) -> Vec<(OsString, OsString)> {
        let dir = |name: &str| self.dir.path().join(name).into_os_string();
        let mut env: Vec<(OsString, OsString)> = [
            ("GLUON_STATE_DIR", dir("state")),
            ("GLUON_DATA_DIR", dir("data")),
            ("GLUON_CONFIG_DIR", dir("config")),
            ("GLUON_RUNTIME_DIR", dir("run")),
            ("HOME", dir("home")),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
            ("GIT_CONFIG_SYSTEM", "/dev/null".into()),
            ("GIT_AUTHOR_NAME", "test".into()),
            ("GIT_AUTHOR_EMAIL", "test@localhost".into()),
            ("GIT_COMMITTER_NAME", "test".into()),
            ("GIT_COMMITTER_EMAIL", "test@localhost".into()),
            ("GLUON_DEMO_PACE", "0".into()),
            ("TERM", "xterm-256color".into()),
            ("COLORTERM", "truecolor".into()),
            ("LANG", "C.UTF-8".into()),
            ("SHELL", "/bin/sh".into()),
        ]
        .into_iter()
        .map(|(name, value): (&str, OsString)| (name.into(), value))
        .collect();
        if let Some(path) = std::env::var_os("PATH") {
            env.push(("PATH".into(), path));
        }
        for (name, value) in &self.extra {
            env.retain(|(other, _)| other != name);
            env.push((name.clone(), value.clone()));
        }
        env
    }

    /// A repository with one commit.
    pub fn repo(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(&path).expect("a directory");
        self.git(&path, &["init", "-q", "-b", "main"]);
        std::fs::write(path.join("README.md"), "# a project\n").expect("a file");
        self.git(&path, &["add", "."]);
        self.git(&path, &["commit", "-q", "-m", "start"]);
        path
    }

    pub fn git(&self, repo: &Path, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(repo)
            .env_clear()
            .envs(self.env())
            .output()
            .expect("git runs");
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs `gluon` in `dir`, whatever comes of it.
    pub fn try_gluon(&self, dir: &Path, arguments: &[&str]) -> Output {
        Command::new(&self.program)
            .args(arguments)
            .current_dir(dir)
            .env_clear()
            .envs(self.env())
            .output()
            .expect("gluon runs")
    }

    /// Runs `gluon` in `dir`; it must succeed.
    pub fn gluon(&self, dir: &Path, arguments: &[&str]) -> String {
        let output = self.try_gluon(dir, arguments);
        assert!(
            output.status.success(),
            "gluon {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs `gluon` in `dir` and reads its JSON.
    pub fn json(&self, dir: &Path, arguments: &[&str]) -> serde_json::Value {
        let text = self.gluon(dir, arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// Opens `gluon` with `arguments` in a terminal of `size` columns and rows.
    pub fn open(&self, dir: &Path, arguments: &[&str], size: (u16, u16)) -> Screen {
        self.open_program(&self.program, dir, arguments, size)
    }

    /// The same for another program than gluon.
    pub fn open_program(
        &self,
        program: impl AsRef<Path>,
        dir: &Path,
        arguments: &[&str],
        size: (u16, u16),
    ) -> Screen {
        Screen::open(program.as_ref(), arguments, dir, &self.env(), size)
    }

    /// The processes that run here: daemon and keeper.
    pub fn servers(&self) -> (u32, u32) {
        let status = self.json(self.path(), &["daemon", "status", "--json"]);
        let pid = |name: &str| {
            let number = status[name].as_u64();
            number.unwrap_or_else(|| panic!("no {name} in {status}")) as u32
        };
        (pid("pid"), pid("keeper_pid"))
    }
}

impl Home {
    /// For whoever reads how a test failed.
    fn tell_what_is_there(&self) {
        let log = self.dir.path().join("state/logs/daemon.log");
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let skip = log.lines().count().saturating_sub(40);
        let log: Vec<&str> = log.lines().skip(skip).collect();
        let board = self.try_gluon(self.path(), &["ls", "--json"]);
        let board = String::from_utf8_lossy(&board.stdout).into_owned();
        eprintln!("the daemon:\n{}\nthe board:\n{board}", log.join("\n"));
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell_what_is_there();
        }
        let _ = self.try_gluon(self.path(), &["daemon", "stop", "--yes"]);
    }
}

/// Asks again and again, with a breath in between, until `check` gives something.
pub fn wait_until<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// Ends a process of this test at once.
pub fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid as i32).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
}
