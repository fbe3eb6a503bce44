//! tmux, with its defaults, on a server of its own.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Mux;
use crate::driver::Client;

pub struct Tmux {
    socket: String,
    version: String,
}

impl Tmux {
    pub fn new(scratch: &Path) -> Option<Self> {
        let version = Command::new("tmux").arg("-V").output().ok()?;
        Some(Self {
            socket: scratch.join("tmux.sock").to_str()?.to_owned(),
            version: String::from_utf8_lossy(&version.stdout).trim().to_owned(),
        })
    }

    fn command(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-S", &self.socket, "-f", "/dev/null"])
            .args(arguments)
            .env_remove("TMUX")
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn start(&self, command: &str) {
        self.command(&[
            "new-session",
            "-d",
            "-x",
            "200",
            "-y",
            "50",
            "sh",
            "-c",
            command,
        ]);
    }

    fn attach(&self) -> Client {
        let arguments = ["tmux", "-S", &self.socket, "-f", "/dev/null", "attach"];
        let mut client = Client::spawn(&arguments, &[], 200, 50);
        client.settle(Duration::from_millis(200));
        client
    }

    fn has_session(&self) -> bool {
        !self.command(&["list-sessions"]).is_empty()
    }
}

impl Mux for Tmux {
    fn name(&self) -> String {
        self.version.clone()
    }

    fn open(&mut self, command: &str) -> Client {
        if self.has_session() {
            self.command(&["new-window", "sh", "-c", command]);
        } else {
            self.start(command);
        }
        self.attach()
    }

    fn open_hidden(&mut self, command: &str) {
        self.start(command);
    }

    fn open_beside(&mut self, command: &str, other: &str) -> Option<Client> {
        self.start(other);
        self.command(&["split-window", "-h", "sh", "-c", command]);
        Some(self.attach())
    }

    fn open_many(&mut self, count: usize, command: &str) {
        for _ in 0..count {
            self.start(command);
        }
    }

    fn servers(&self) -> Vec<u32> {
        let pid = self.command(&["display-message", "-p", "#{pid}"]);
        pid.trim().parse().into_iter().collect()
    }

    fn first_frame(&mut self) -> Duration {
        if !self.has_session() {
            self.start("printf first-frame; sleep 3600");
            drop(self.attach());
        }
        let start = Instant::now();
        let arguments = ["tmux", "-S", &self.socket, "-f", "/dev/null", "attach"];
        let mut client = Client::spawn(&arguments, &[], 200, 50);
        client.wait_for("first-frame");
        start.elapsed()
    }

    fn clear(&mut self) {
        self.command(&["kill-server"]);
        let gone = Instant::now();
        while self.has_session() && gone.elapsed() < Duration::from_secs(5) {
            std::thread::yield_now();
        }
    }
}
