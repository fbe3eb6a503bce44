//! gluon, with its defaults, on directories of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Mux;
use crate::driver::Client;

const PROGRAM: &str = env!("CARGO_BIN_EXE_gluon");

pub struct Gluon {
    home: PathBuf,
    repository: PathBuf,
    env: Vec<(String, String)>,
}

impl Gluon {
    pub fn new(scratch: &Path) -> Self {
        let home = scratch.join("gluon");
        let repository = home.join("repo");
        std::fs::create_dir_all(&repository).unwrap();
        let mut env = Vec::new();
        for name in ["STATE", "DATA", "CONFIG", "RUNTIME"] {
            let path = home.join(name.to_lowercase());
            env.push((
                format!("GLUON_{name}_DIR"),
                path.to_str().unwrap().to_owned(),
            ));
        }
        for arguments in [
            &["init", "-q"][..],
            &[
                "-c",
                "user.name=bench",
                "-c",
                "user.email=bench@localhost",
                "commit",
                "-q",
                "--allow-empty",
                "-m",
                "start",
            ],
        ] {
            let status = Command::new("git")
                .args(arguments)
                .current_dir(&repository)
                .status()
                .unwrap();
            assert!(status.success());
        }
        Self {
            home,
            repository,
            env,
        }
    }

    fn command(&self, arguments: &[&str]) -> serde_json::Value {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .envs(self.env.iter().cloned())
            .current_dir(&self.repository)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "gluon {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// Starts a task that runs `command` and gives its id.
    fn start(&self, command: &str) -> String {
        let answer = self.command(&[
            "new", "bench", "--start", "--json", "--", "sh", "-c", command,
        ]);
        answer["task"]["id"].to_string()
    }

    fn client(&self, arguments: &[&str]) -> Client {
        let mut command = vec![PROGRAM];
        command.extend(arguments);
        std::env::set_current_dir(&self.repository).unwrap();
        Client::spawn(&command, &self.env, 200, 50)
    }
}

impl Mux for Gluon {
    fn name(&self) -> String {
        format!("gluon {}", env!("CARGO_PKG_VERSION"))
    }

    fn open(&mut self, command: &str) -> Client {
        let task = self.start(command);
        let mut client = self.client(&["attach", &task]);
        client.settle(Duration::from_millis(200));
        client
    }

    fn open_hidden(&mut self, command: &str) {
        self.start(command);
    }

    fn open_beside(&mut self, command: &str, other: &str) -> Option<Client> {
        self.start(other);
        self.start(command);
        let mut client = self.client(&["tui"]);
        client.wait_for("Queue");
        client.settle(Duration::from_millis(300));
        // From the running column's first card to its last, all running tiled, into its pane.
        client.type_bytes(b"j");
        client.settle(Duration::from_millis(100));
        client.type_bytes(b"t");
        client.settle(Duration::from_millis(300));
        client.type_bytes(b"\r");
        client.settle(Duration::from_millis(300));
        Some(client)
    }

    fn open_many(&mut self, count: usize, command: &str) {
        for _ in 0..count {
            self.start(command);
        }
    }

    fn servers(&self) -> Vec<u32> {
        let status = self.command(&["daemon", "status", "--json"]);
        ["pid", "keeper_pid"]
            .iter()
            .filter_map(|name| status[*name].as_u64())
            .map(|pid| pid as u32)
            .collect()
    }

    fn first_frame(&mut self) -> Duration {
        self.command(&["ls", "--json"]);
        let start = Instant::now();
        let mut client = self.client(&["tui"]);
        client.wait_for("Queue");
        start.elapsed()
    }

    fn clear(&mut self) {
        self.command(&["daemon", "stop", "--yes"]);
        for name in ["state", "data"] {
            let _ = std::fs::remove_dir_all(self.home.join(name));
        }
        let _ = Command::new("git")
            .args(["worktree", "prune"])
            .current_dir(&self.repository)
            .status();
    }
}
