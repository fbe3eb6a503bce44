//! The wrapper around `git`.

use std::time::{Duration, Instant};

use super::*;
use crate::git::GitError;

/// A program that stands in for git.
fn stand_in(dir: &Path, body: &str) -> Git {
    let path = dir.join("stand-in");
    script(&path, &format!("#!/bin/sh\n{body}\n"));
    Git::new().with_program(path)
}

#[test]
fn a_git_that_hangs_is_ended_with_all_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let pid = dir.path().join("pid");
    let body = format!("sleep 1000 & echo $! > {}; wait", pid.display());
    let git = stand_in(dir.path(), &body).with_timeout(Duration::from_millis(500));
    let began = Instant::now();
    let error = git.run(dir.path(), &["status"]).unwrap_err();
    assert!(matches!(error, GitError::Timeout { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(60));
    let pid: i32 = read(&pid).trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    // Killed; it may take the system a moment to forget it, or it stays a zombie without a reaper.
    let gone = || match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.contains(") Z"),
        Err(_) => rustix::process::test_kill_process(pid).is_err(),
    };
    while !gone() {
        assert!(began.elapsed() < Duration::from_secs(60), "still alive");
        std::thread::yield_now();
    }
}

#[test]
fn output_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let git = stand_in(
        dir.path(),
        "yes 'a long line of output that goes on and on' ",
    );
    let error = git.run(dir.path(), &["log"]).unwrap_err();
    assert!(matches!(error, GitError::TooMuch(_)), "{error}");
    let output = git.call(dir.path(), &["log"]).limit(1000).run().unwrap();
    assert_eq!((output.stdout.len(), output.cut), (1000, true));
    let noisy = stand_in(dir.path(), "head -c 1000000 /dev/zero >&2; echo done");
    let output = noisy.run(dir.path(), &["log"]).unwrap();
    assert_eq!(output.text(), "done");
    assert!(output.stderr.len() <= 64 << 10);
}

#[test]
fn a_child_that_outlives_git_does_not_hold_us() {
    let dir = tempfile::tempdir().unwrap();
    let pid = dir.path().join("pid");
    let git = stand_in(
        dir.path(),
        &format!("echo out; sleep 1000 & echo $! > {}; exit 3", pid.display()),
    );
    let began = Instant::now();
    let output = git.call(dir.path(), &["gc"]).status().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(began.elapsed() < Duration::from_secs(60));
    let pid: i32 = read(&pid).trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn the_environment_is_ours() {
    let dir = tempfile::tempdir().unwrap();
    let git = stand_in(dir.path(), "env; cat");
    let output = git
        .call(dir.path(), &["x"])
        .stdin(b"input".to_vec())
        .run()
        .unwrap();
    let text = output.text();
    for line in [
        "GIT_TERMINAL_PROMPT=0",
        "LC_ALL=C",
        "GIT_OPTIONAL_LOCKS=0",
        "GIT_CONFIG_KEY_0=core.fsmonitor",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    for name in ["GIT_DIR=", "GIT_INDEX_FILE=", "GIT_WORK_TREE="] {
        assert!(!text.lines().any(|l| l.starts_with(name)));
    }
    assert!(text.ends_with("input"));
}

#[test]
fn a_missing_git_and_a_missing_directory_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let git = Git::new().with_program("no-such-git-here");
    let error = git.run(dir.path(), &["status"]).unwrap_err();
    assert!(matches!(error, GitError::NotInstalled), "{error}");
    let error = Git::new()
        .run(&dir.path().join("gone"), &["status"])
        .unwrap_err();
    assert!(matches!(error, GitError::NoSuchPath(_)), "{error}");
}

#[test]
fn complaints_become_sentences() {
    let told = |stderr: &str| GitError::from_stderr("add", Path::new("/r"), stderr);
    let full = told("error: unable to write file x: No space left on device\nfatal: no");
    assert!(matches!(full, GitError::DiskFull(_)));
    assert_eq!(
        full.to_string(),
        "the disk is full: /r could not be written"
    );
    let locked = told("fatal: Unable to create '/r/.git/index.lock': File exists.\n\nAnother git");
    assert!(matches!(&locked, GitError::Locked(path) if path == "/r/.git/index.lock"));
    assert!(locked.hint().unwrap().contains("rm '/r/.git/index.lock'"));
    assert!(matches!(
        told("fatal: detected dubious ownership in repository at '/r'"),
        GitError::NotOwned(_)
    ));
    assert!(matches!(
        told("fatal: could not create x: Permission denied"),
        GitError::Denied(_)
    ));
    let odd = told("warning: a\nfatal: b \u{1b}[31mred\nhint: c");
    assert_eq!(odd.to_string(), "`git add` failed: b  [31mred");
    assert_eq!(told("").to_string(), "`git add` failed: it said nothing");
}
