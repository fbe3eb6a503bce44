//! A gluon of its own for each test: directories, a repository, keeper and daemon from the real binary,
//! and a client. Everything it started is ended with it.
#![allow(dead_code)]

pub mod looped;
pub mod told;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gluon::client::{Client, ConnectOptions, Events};
use gluon::config::Paths;
use gluon::domain::{SessionId, Status, TaskId};
use gluon::protocol::{
    Api, Attach, Capture, Event, LinkEvent, NewTask, Notice, ReadLog, ScreenState, TaskCard,
};
use gluon::pty::KeeperClient;

/// How long anything may take: generous, since the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    pub dir: tempfile::TempDir,
    pub paths: Paths,
    pub repo: PathBuf,
    pub program: PathBuf,
}

impl World {
    pub fn new() -> World {
        World::with_config("")
    }

    pub fn with_config(config: &str) -> World {
        let dir = tempfile::Builder::new().prefix("gl").tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let paths = Paths {
            state: root.join("state"),
            data: root.join("data"),
            config: root.join("config"),
            runtime: root.join("run"),
        };
        paths.ensure().unwrap();
        std::fs::create_dir_all(&paths.config).unwrap();
        std::fs::write(paths.config_file(), config).unwrap();
        let repo = root.join("repo");
        std::fs::create_dir(&repo).unwrap();
        git(&repo, &["init", "-q", "-b", "main"]);
        std::fs::write(repo.join("README"), "hello\n").unwrap();
        git(&repo, &["add", "."]);
        git(&repo, &["commit", "-q", "-m", "first"]);
        World {
            dir,
            paths,
            repo,
            program: env!("CARGO_BIN_EXE_gluon").into(),
        }
    }

    pub fn options(&self) -> ConnectOptions {
        ConnectOptions {
            autostart: true,
            reconnect: true,
            program: Some(self.program.clone()),
        }
    }

    /// A client that is connected and hears events.
    pub async fn client(&self) -> Watcher {
        let (client, events) = Client::connect(&self.paths, self.options())
            .await
            .unwrap_or_else(|error| panic!("{error}\n{}", self.log()));
        client.subscribe(()).await.unwrap();
        let mut watcher = Watcher { client, events };
        assert_eq!(watcher.next().await, LinkEvent::Connected);
        watcher
    }

    /// A task that runs `script` in a shell, started.
    pub fn task(&self, script: &str) -> NewTask {
        NewTask {
            directory: self.repo.clone(),
            title: "a test".into(),
            command: Some(["sh", "-c", script].map(str::to_owned).to_vec()),
            start: true,
            size: Some((80, 24)),
            ..NewTask::default()
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.paths.daemon_log()).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the daemon's log:\n{}", self.log());
        }
        let daemon = std::fs::read_to_string(self.paths.daemon_lock()).unwrap_or_default();
        if let Ok(keeper) = KeeperClient::connect(&self.paths.keeper_socket(), None) {
            for run in keeper.list().unwrap_or_default() {
                let _ = keeper.signal(gluon::domain::RunId(run.run), libc::SIGKILL, true);
            }
            if let Ok(status) = keeper.status() {
                kill(status.pid);
            }
        }
        if let Ok(daemon) = daemon.trim().parse::<u32>()
            && is_gluon(daemon)
        {
            kill(daemon);
        }
    }
}

/// Whether a process is a gluon of ours still: its number may have been given anew.
fn is_gluon(pid: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/cmdline")) {
        Ok(line) => line.contains("gluon"),
        Err(_) => !Path::new("/proc/self").exists(),
    }
}

pub fn kill(pid: u32) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid as i32) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

pub fn git(dir: &Path, args: &[&str]) {
    let status = Command::new("git")
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs([
            ("GIT_AUTHOR_NAME", "Test"),
            ("GIT_AUTHOR_EMAIL", "test@example.org"),
            ("GIT_COMMITTER_NAME", "Test"),
            ("GIT_COMMITTER_EMAIL", "test@example.org"),
        ])
        .status()
        .unwrap();
    assert!(status.success(), "git {args:?}");
}

/// Fails the test where `work` does not come to an end.
pub async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen in time"),
    }
}

pub struct Watcher {
    pub client: Client,
    pub events: Events,
}

impl Watcher {
    pub async fn next(&mut self) -> LinkEvent {
        soon("an event", self.events.recv()).await.expect("a link")
    }

    /// Waits for a card that `wanted` likes; the present one counts.
    pub async fn card(&mut self, id: TaskId, wanted: impl Fn(&TaskCard) -> bool) -> TaskCard {
        let card = self.client.show_task(id).await.unwrap().card;
        if wanted(&card) {
            return card;
        }
        soon("the card", async {
            loop {
                if let LinkEvent::Event(Event::Task(card)) = self.next().await
                    && card.task.id == id
                    && wanted(&card)
                {
                    return *card;
                }
            }
        })
        .await
    }

    pub async fn status(&mut self, id: TaskId, status: Status) -> TaskCard {
        self.card(id, |card| card.task.status == status).await
    }

    /// Waits until the link is connected again, and listens again.
    pub async fn reconnected(&mut self) {
        soon("the reconnection", async {
            loop {
                match self.next().await {
                    LinkEvent::Connected => return,
                    LinkEvent::Lost(why) => panic!("{why}"),
                    _ => {}
                }
            }
        })
        .await;
        self.client.subscribe(()).await.unwrap();
    }

    /// Follows a session until its screen is one that `wanted` likes.
    pub async fn screen(
        &mut self,
        session: SessionId,
        wanted: impl Fn(&ScreenState) -> bool,
    ) -> ScreenState {
        self.follow(session, (80, 24), false, wanted).await
    }

    pub async fn follow(
        &mut self,
        session: SessionId,
        size: (u16, u16),
        claim: bool,
        wanted: impl Fn(&ScreenState) -> bool,
    ) -> ScreenState {
        let attach = Attach {
            session,
            size,
            claim,
        };
        self.client.attach(attach).await.unwrap();
        let mut screen = ScreenState::default();
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                if let LinkEvent::Screen(update) = self.next().await
                    && update.session == session
                {
                    // What an earlier attachment still had under way does not fit.
                    if screen.apply(&update).is_err() {
                        continue;
                    }
                    let seq = update.seq;
                    self.client.notify(Notice::Ack { session, seq });
                    if wanted(&screen) {
                        return;
                    }
                }
            }
        })
        .await;
        assert!(found.is_ok(), "the screen stayed\n{}", screen.text());
        self.client.detach(session).await.unwrap();
        screen
    }

    pub async fn capture(&self, task: TaskId) -> String {
        let capture = Capture {
            task,
            scrollback: 0,
            styled: false,
        };
        self.client.capture(capture).await.unwrap()
    }

    /// All of a session's raw output.
    pub async fn log(&self, task: TaskId) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let read = ReadLog {
                task,
                offset: Some(bytes.len() as u64),
                max: 1 << 20,
            };
            let chunk = self.client.read_log(read).await.unwrap();
            assert_eq!(chunk.offset, bytes.len() as u64, "the log was cut");
            if chunk.bytes.is_empty() {
                return bytes;
            }
            bytes.extend(chunk.bytes);
        }
    }
}

/// Whether a process runs; one that has ended and was not reaped does not.
pub fn is_running(pid: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !stat.contains(") Z "),
        Err(_) => !Path::new("/proc/self").exists() && gluon::pty::process::exists(pid),
    }
}
