//! The demo agent as it is run: the real binary on a real pseudo-terminal.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

const CLEAN: &[(&str, &str)] = &[
    ("GLUON_DEMO_PACE", "0"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("TERM", "xterm-256color"),
];

struct Screen {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Screen {
    /// Starts the demo agent in `dir/work`, with conversations in `dir/home`.
    fn start(dir: &Path, args: &[&str]) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_gluon"));
        command.arg("demo-agent");
        command.args(args);
        command.cwd(dir.join("work"));
        for (name, value) in CLEAN {
            command.env(name, value);
        }
        command.env("GLUON_DEMO_HOME", dir.join("home"));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let (sender, pieces) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            master: pair.master,
            writer,
            pieces,
            seen: String::new(),
        }
    }

    fn send(&mut self, bytes: &str) {
        self.writer.write_all(bytes.as_bytes()).unwrap();
    }

    /// Reads until `words` have come; forgets everything up to their end.
    fn wait_for(&mut self, words: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(words) {
                return self.seen.drain(..at + words.len()).collect();
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.pieces.recv_timeout(left) {
                // A character cut in two is of no importance to what is looked for.
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("no {words:?} in:\n{}", self.seen),
            }
        }
    }

    fn exit_code(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(args).current_dir(dir);
    command.envs(CLEAN.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A directory with an empty repository in it.
fn place() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let work = dir.path().join("work");
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "-q"]);
    dir
}

#[test]
fn a_conversation_from_start_to_resume() {
    let dir = place();
    let work = dir.path().join("work");
    let mut screen = Screen::start(dir.path(), &["--session-id", "c-1", "Add a cache"]);
    // It asks what the terminal is, and begins as soon as it knows.
    screen.wait_for("\x1b[c");
    screen.send("\x1b[?62;4c");
    screen.wait_for("state=working");
    screen.wait_for("state=blocked:app=gluon-demo:kind=permission");
    screen.wait_for("Permission");
    screen.send("y");
    screen.wait_for("Allowed:");
    screen.wait_for("state=done");
    screen.wait_for("state=idle");
    screen.wait_for("\x1b[?2026l");
    assert_eq!(
        git(&work, &["log", "--format=%s|%an"]),
        "Add a cache|gluon demo agent\n"
    );
    assert!(work.join("add_a_cache.md").is_file());
    // A second prompt, as it is delivered: a paste, and Enter in a write of its own.
    screen.send("\x1b[200~What shall I do?\n@@ask\x1b[201~");
    screen.wait_for("@@ask");
    screen.send("\r");
    screen.wait_for("kind=question");
    screen.wait_for("Your answer");
    screen.send("buy milk\r");
    screen.wait_for("state=done");
    assert!(
        std::fs::read_to_string(work.join("NOTES.md"))
            .unwrap()
            .contains("- buy milk\n")
    );
    screen.wait_for("\x1b[?2026l");
    screen.send("/exit\r");
    screen.wait_for("Conversation c-1");
    assert_eq!(screen.exit_code(), 0);

    let mut screen = Screen::start(dir.path(), &["--resume", "c-1"]);
    screen.wait_for("Add a cache");
    screen.wait_for("buy milk");
    screen.wait_for("Resumed: ");
    screen.send("\x04");
    assert_eq!(screen.exit_code(), 0);
}

#[test]
fn it_starts_without_an_answer_and_fails_on_request() {
    let dir = place();
    let mut screen = Screen::start(dir.path(), &["go @@fail=3"]);
    screen.wait_for("state=error");
    screen.wait_for("a failure on request");
    assert_eq!(screen.exit_code(), 3);
}

#[test]
fn it_is_drawn_anew_when_the_size_changes_and_leaves_the_terminal_as_it_was() {
    let dir = place();
    let mut screen = Screen::start(dir.path(), &["hold on @@hang"]);
    screen.wait_for("esc interrupts");
    let size = PtySize {
        rows: 12,
        cols: 40,
        pixel_width: 0,
        pixel_height: 0,
    };
    screen.master.resize(size).unwrap();
    screen.wait_for("\x1b[2J");
    screen.wait_for("hold on");
    screen.wait_for("esc interrupts");
    screen.send("\x1b");
    screen.wait_for("Interrupted.");
    screen.send("\x03");
    screen.wait_for("Ctrl-C once more");
    screen.send("\x03");
    screen.wait_for("\x1b[<u\x1b[?2004l\x1b[?25h");
    assert_eq!(screen.exit_code(), 0);
}

#[test]
fn without_a_screen_it_prints_and_ends() {
    let dir = place();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gluon"));
        command.arg("demo-agent").args(args);
        command.current_dir(dir.path().join("work"));
        command.envs(CLEAN.iter().copied());
        command.env("GLUON_DEMO_HOME", dir.path().join("home"));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text + &words)
    };
    let (code, text) = run(&["-p", "--session-id", "h", "Note it @@approve @@quick"]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("[Allowed: Run `ls -l`?]") && text.contains("* Commit Add a note: 1 file"),
        "{text}"
    );
    assert_eq!(run(&["-p", "x @@exit=5"]).0, 5);
    let (code, text) = run(&["-p", "--resume", "h", "@@exit=0"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = run(&["--resume", "nobody"]);
    assert!(
        code == 2 && text.contains("no conversation of that id here"),
        "{text}"
    );
    let (code, text) = run(&["hello"]);
    assert!(code == 2 && text.contains("needs a terminal"), "{text}");
}
