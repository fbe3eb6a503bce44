//! A terminal to look at a program through: a real PTY and gluon's own emulator.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use gluon::terminal::{Options, TermEvent, Terminal};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::PATIENCE;

/// A program in a terminal.
pub struct Screen {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    fd: OwnedFd,
    terminal: Terminal,
    /// Everything the program has written, for tests of what it leaves behind.
    pub written: Vec<u8>,
}

impl Screen {
    pub fn open(
        program: &Path,
        arguments: &[&str],
        dir: &Path,
        env: &[(OsString, OsString)],
        (cols, rows): (u16, u16),
    ) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).expect("a PTY");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(dir);
        command.env_clear();
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).expect("it starts");
        let raw = pty.master.as_raw_fd().expect("a descriptor");
        // SAFETY: the master lives as long as this borrow.
        #[allow(unsafe_code)]
        let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(raw) };
        let fd = borrowed.try_clone_to_owned().expect("a descriptor");
        Self {
            child,
            master: pty.master,
            fd,
            terminal: Terminal::new(cols, rows, Options::default()),
            written: Vec::new(),
        }
    }

    /// Reads what comes within `wait`; `false` once the program has closed its terminal.
    fn read(&mut self, wait: Duration) -> bool {
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        let timeout = Timespec::try_from(wait).expect("a short time");
        if matches!(poll(&mut fds, Some(&timeout)), Ok(0) | Err(_)) {
            return true;
        }
        let mut buffer = [0u8; 16 * 1024];
        let Ok(length @ 1..) = rustix::io::read(&self.fd, &mut buffer) else {
            return false;
        };
        self.written.extend_from_slice(&buffer[..length]);
        self.terminal.feed(&buffer[..length]);
        for event in self.terminal.take_events() {
            if let TermEvent::Answer(bytes) = event {
                self.bytes(&bytes);
            }
        }
        true
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.terminal.text(0, false)
    }

    /// Garbles the screen behind the program's back, as a stray background job does.
    pub fn scribble(&mut self, text: &str) {
        self.terminal.feed(b"\x1b[2J\x1b[H");
        self.terminal.feed(text.as_bytes());
    }

    /// Waits until the screen is as `check` wants it.
    pub fn wait(&mut self, what: &str, mut check: impl FnMut(&str) -> bool) {
        let start = Instant::now();
        loop {
            let text = self.text();
            if check(&text) {
                return;
            }
            let alive = self.read(Duration::from_millis(100));
            assert!(
                start.elapsed() < PATIENCE && (alive || check(&self.text())),
                "waited in vain for {what}; the screen:\n{text}"
            );
        }
    }

    pub fn wait_for(&mut self, text: &str) {
        self.wait(&format!("“{text}”"), |screen| screen.contains(text));
    }

    /// Waits until the program has written `bytes`, whatever that does to the screen.
    pub fn wait_written(&mut self, bytes: &str) {
        let start = Instant::now();
        while !String::from_utf8_lossy(&self.written).contains(bytes) {
            let alive = self.read(Duration::from_millis(100));
            assert!(
                alive && start.elapsed() < PATIENCE,
                "waited in vain for {bytes:?} to be written"
            );
        }
    }

    pub fn wait_gone(&mut self, text: &str) {
        self.wait(&format!("“{text}” to go"), |screen| {
            !screen.contains(text)
        });
    }

    /// Where `text` begins: column and row, from 0.
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        self.text().lines().enumerate().find_map(|(row, line)| {
            let at = line.find(text)?;
            let col = unicode_width::UnicodeWidthStr::width(&line[..at]);
            Some((col as u16, row as u16))
        })
    }

    pub fn bytes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match rustix::io::write(&self.fd, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(_) => return,
            }
        }
    }

    /// Types characters, one after the other.
    pub fn keys(&mut self, keys: &str) {
        self.bytes(keys.as_bytes());
    }

    fn mouse(&mut self, button: u16, (col, row): (u16, u16), end: char) {
        self.keys(&format!("\x1b[<{button};{};{}{end}", col + 1, row + 1));
    }

    /// Clicks where `text` is, once it is there.
    pub fn click(&mut self, text: &str) {
        self.wait_for(text);
        let at = self.find(text);
        let at = at.unwrap_or_else(|| panic!("no “{text}” to click on:\n{}", self.text()));
        self.click_at(at);
    }

    pub fn click_at(&mut self, at: (u16, u16)) {
        self.mouse(0, at, 'M');
        self.mouse(0, at, 'm');
    }

    /// Drags from where one text is to a cell.
    pub fn drag(&mut self, from: (u16, u16), to: (u16, u16)) {
        self.mouse(0, from, 'M');
        for step in 1..=4u16 {
            let part = |from: u16, to: u16| {
                (i32::from(from) + (i32::from(to) - i32::from(from)) * i32::from(step) / 4) as u16
            };
            self.mouse(32, (part(from.0, to.0), part(from.1, to.1)), 'M');
        }
        self.mouse(0, to, 'm');
    }

    pub fn resize(&mut self, cols: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).expect("it can be resized");
        self.terminal.resize(cols, rows);
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Everything a program takes of a terminal has been given back.
    pub fn assert_restored(&self) {
        let written = String::from_utf8_lossy(&self.written);
        for (taken, given) in [
            ("\x1b[?1049h", "\x1b[?1049l"),
            ("\x1b[?25l", "\x1b[?25h"),
            ("\x1b[?2004h", "\x1b[?2004l"),
            ("\x1b[?1004h", "\x1b[?1004l"),
            ("\x1b[?1006h", "\x1b[?1006l"),
            ("\x1b[>", "\x1b[<"),
        ] {
            let last = |what: &str| written.rfind(what);
            if last(taken).is_some() {
                assert!(
                    last(given) > last(taken),
                    "{given:?} does not follow {taken:?}"
                );
            }
        }
        assert!(written.contains("\x1b[?1049h"), "it never took the screen");
        assert!(!self.text().contains("BOARD"), "{}", self.text());
    }

    /// Nothing more is written for as long as `wait`.
    pub fn assert_quiet(&mut self, wait: Duration) {
        let before = self.written.len();
        let start = Instant::now();
        while start.elapsed() < wait {
            self.read(wait.saturating_sub(start.elapsed()));
            let more = String::from_utf8_lossy(&self.written[before..]);
            assert!(more.is_empty(), "it wrote {more:?}");
        }
    }

    /// Waits for the program to end; the answer is whether it ended well.
    pub fn wait_end(&mut self) -> bool {
        let start = Instant::now();
        while self.read(Duration::from_millis(100)) {
            if let Ok(Some(status)) = self.child.try_wait() {
                while self.read(Duration::from_millis(20)) && start.elapsed() < PATIENCE {
                    let mut fds = [PollFd::from_borrowed_fd(self.fd.as_fd(), PollFlags::IN)];
                    if matches!(poll(&mut fds, Some(&Timespec::default())), Ok(0)) {
                        break;
                    }
                }
                return status.success();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "it did not end:\n{}",
                self.text()
            );
        }
        self.child.wait().expect("it can be waited for").success()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("a screen:\n{}", self.text());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
