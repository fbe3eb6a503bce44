//! A client in a PTY of fixed size: spawned, answered, drained, typed into.

use std::os::fd::{FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Nothing here takes longer, whatever is measured.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program in a PTY, with the bench as its terminal.
pub struct Client {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    fd: OwnedFd,
    seen: Vec<u8>,
}

impl Client {
    pub fn spawn(command: &[&str], env: &[(String, String)], cols: u16, rows: u16) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let mut builder = CommandBuilder::new(command[0]);
        builder.args(&command[1..]);
        builder.env("TERM", "xterm-256color");
        builder.env_remove("TMUX");
        for (name, value) in env {
            builder.env(name, value);
        }
        let child = pty.slave.spawn_command(builder).unwrap();
        let raw = pty.master.as_raw_fd().unwrap();
        // SAFETY: dup gives a descriptor of its own; the bench owns it from here on.
        #[allow(unsafe_code)]
        let fd = unsafe { OwnedFd::from_raw_fd(libc::dup(raw)) };
        Self {
            child,
            _master: pty.master,
            fd,
            seen: Vec::new(),
        }
    }

    /// Reads what is there within `wait`; `None` at the end of the program's output.
    fn read(&mut self, wait: Duration) -> Option<usize> {
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        let timeout = Timespec::try_from(wait).unwrap();
        if poll(&mut fds, Some(&timeout)).unwrap() == 0 {
            return Some(0);
        }
        let mut buffer = [0u8; 64 * 1024];
        let length = match rustix::io::read(&self.fd, &mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(length) => length,
        };
        self.answer(&buffer[..length]);
        self.seen.extend_from_slice(&buffer[..length]);
        Some(length)
    }

    /// Answers the questions a program asks its terminal when it starts.
    fn answer(&mut self, bytes: &[u8]) {
        for (question, answer) in [
            (&b"\x1b]10;?"[..], &b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\"[..]),
            (b"\x1b]11;?", b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
            (b"\x1b[?u", b"\x1b[?0u"),
            (b"\x1b[6n", b"\x1b[1;1R"),
            (b"\x1b[c", b"\x1b[?62;22c"),
        ] {
            if contains(bytes, question) {
                self.type_bytes(answer);
            }
        }
    }

    pub fn type_bytes(&mut self, bytes: &[u8]) {
        let _ = rustix::io::write(&self.fd, bytes);
    }

    /// Drains until `done` says so; it is asked at least every 2 ms.
    pub fn drain_until(&mut self, mut done: impl FnMut(&[u8]) -> bool) {
        let start = Instant::now();
        loop {
            let length = self.read(Duration::from_millis(2));
            if done(&self.seen) {
                return;
            }
            if self.seen.len() > 1 << 20 {
                self.seen.clear();
            }
            assert!(
                length.is_some() && start.elapsed() < PATIENCE,
                "the client did not get there; last seen: {:?}",
                String::from_utf8_lossy(&self.seen[self.seen.len().saturating_sub(2000)..])
            );
        }
    }

    pub fn wait_for(&mut self, text: &str) {
        self.drain_until(|seen| contains(seen, text.as_bytes()));
        self.seen.clear();
    }

    /// Drains until nothing has come for `quiet`, or for 2 s in a pane that never rests.
    pub fn settle(&mut self, quiet: Duration) {
        let start = Instant::now();
        let mut last = start;
        while last.elapsed() < quiet && start.elapsed() < Duration::from_secs(2) {
            match self.read(Duration::from_millis(5)) {
                Some(0) => {}
                Some(_) => last = Instant::now(),
                None => break,
            }
        }
        self.seen.clear();
    }

    /// Types `keys` single keys, each after a pause, and times each until it appears.
    pub fn echo(&mut self, keys: usize) -> Stats {
        self.settle(Duration::from_millis(200));
        // Letters that no frame around a pane draws by itself.
        let letters = b"QZXJKQZXJ";
        let mut times = Vec::new();
        for index in 0..keys {
            let key = letters[index % letters.len()];
            let pause = Instant::now();
            // Of varying length, so that no frame clock can fall in step with it.
            let length = Duration::from_millis(20 + (index as u64 * 7) % 23);
            while pause.elapsed() < length {
                self.read(length.saturating_sub(pause.elapsed()));
            }
            self.seen.clear();
            let start = Instant::now();
            self.type_bytes(&[key]);
            while !self.seen.contains(&key) {
                let alive = self.read(Duration::from_millis(500));
                assert!(
                    alive.is_some() && start.elapsed() < PATIENCE,
                    "a key was never echoed"
                );
                if start.elapsed() > Duration::from_secs(5) {
                    break;
                }
            }
            times.push(start.elapsed());
            if index % 60 == 59 {
                self.type_bytes(b"\r");
            }
        }
        Stats::of(times)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// Times, sorted.
pub struct Stats(Vec<Duration>);

impl Stats {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    pub fn median_ms(&self) -> f64 {
        self.at(0.5)
    }

    pub fn p99_ms(&self) -> f64 {
        self.at(0.99)
    }

    fn at(&self, part: f64) -> f64 {
        let index = ((self.0.len() - 1) as f64 * part).round() as usize;
        self.0[index].as_secs_f64() * 1000.0
    }
}
