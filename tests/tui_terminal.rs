//! What the board does to the user's own terminal: it is quiet, and it gives everything back.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use gluon::tui::term::{TermOptions, TerminalGuard};
use rustix::process::{Pid, Signal, kill_process};
use support::{Home, Screen};

const EMPTY: &str = "Nothing to do yet";

/// Set for the process that is to panic.
const TO_PANIC: &str = "GLUON_TEST_PANIC";

#[test]
fn on_a_signal_it_is_given_back() {
    let home = Home::new();
    let repo = home.repo("api");
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut screen = home.open(&repo, &["tui"], (80, 24));
        screen.wait_for(EMPTY);
        let pid = Pid::from_raw(screen.pid() as i32).unwrap();
        kill_process(pid, signal).unwrap();
        screen.wait_end();
        screen.assert_restored();
    }
}

/// Not a test: what [`on_a_panic_it_is_given_back`] starts in a terminal.
#[test]
fn panics_where_it_is_asked_to() {
    if std::env::var_os(TO_PANIC).is_none() {
        return;
    }
    let options = TermOptions {
        mouse: true,
        title: "gluon".to_owned(),
        speaker: Default::default(),
    };
    let mut guard = TerminalGuard::enter(options).unwrap();
    let size = guard.size();
    let board = |buf: &mut ratatui::buffer::Buffer| {
        buf.set_string(0, 0, "BOARD", ratatui::style::Style::new());
        None
    };
    guard.draw(size, board).unwrap();
    guard.draw(size, |_| panic!("the view has a bug")).unwrap();
}

#[test]
fn on_a_panic_it_is_given_back() {
    let program = std::env::current_exe().unwrap();
    let arguments = ["panics_where_it_is_asked_to", "--exact", "--nocapture"];
    let env = [
        (TO_PANIC.into(), "1".into()),
        ("TERM".into(), "xterm-256color".into()),
        ("RUST_BACKTRACE".into(), "0".into()),
    ];
    let dir = Path::new("/");
    let mut screen = Screen::open(&program, &arguments, dir, &env, (80, 24));
    assert!(!screen.wait_end());
    screen.assert_restored();
    // The words are on the user's own screen, line under line.
    let text = screen.text();
    let line = text
        .lines()
        .find(|line| line.contains("the view has a bug"));
    assert!(
        line.is_some_and(|line| line.starts_with("the view")),
        "{text}"
    );
}

#[test]
fn an_idle_board_writes_nothing() {
    let home = Home::new();
    let repo = home.repo("api");
    let mut screen = home.open(&repo, &["tui"], (120, 40));
    screen.wait_for(EMPTY);
    screen.wait_for("q quit");
    screen.assert_quiet(Duration::from_millis(1500));
    screen.keys("?");
    screen.wait_gone(EMPTY);
    screen.keys("q");
    screen.wait_for(EMPTY);
}

#[test]
fn it_is_drawn_anew_on_request() {
    let home = Home::new();
    let repo = home.repo("api");
    let mut screen = home.open(&repo, &["tui"], (100, 30));
    screen.wait_for(EMPTY);
    for _ in 0..2 {
        screen.scribble("somebody else wrote this");
        assert!(!screen.text().contains(EMPTY));
        screen.bytes(b"\x0c");
        screen.wait_for(EMPTY);
        assert!(!screen.text().contains("somebody"), "{}", screen.text());
    }
}

#[test]
fn it_can_be_suspended() {
    let home = Home::new();
    let repo = home.repo("api");
    let mut screen = home.open_program("/bin/sh", &repo, &["-i"], (100, 30));
    let prompt = |text: &str| text.trim_end().ends_with(['#', '$']);
    screen.wait("a prompt", prompt);
    screen.keys(&format!("{} tui\r", env!("CARGO_BIN_EXE_gluon")));
    screen.wait_for(EMPTY);
    screen.bytes(b"\x1a");
    // Typed before that, it would be gluon's.
    screen.wait_for("Stopped");
    screen.assert_restored();
    screen.keys("fg\r");
    screen.wait_for(EMPTY);
    screen.keys("q");
    screen.wait("a prompt", prompt);
    screen.keys("exit\r");
    screen.wait_end();
}
