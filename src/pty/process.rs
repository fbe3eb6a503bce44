//! Processes: starting one that outlives us, looking after those an agent has started.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Pid;
use rustix::termios::Winsize;

/// Starts `program` so that neither the end of this process nor that of the terminal reaches it. What it
/// writes goes to `log`.
///
/// Where the user's systemd runs, it is put into a scope of its own, because a login's scope may be
/// cleared when the user logs out.
///
/// # Errors
/// Where the program cannot be started.
pub fn spawn_detached(program: &Path, args: &[&str], log: &Path) -> io::Result<()> {
    let plain = || {
        let mut command = Command::new(program);
        command.args(args);
        command
    };
    if systemd_is_there() {
        let mut command = Command::new("systemd-run");
        command
            .args(["--user", "--scope", "--quiet", "--collect", "--"])
            .arg(program)
            .args(args);
        if detach(&mut command, log).is_ok() {
            return Ok(());
        }
    }
    detach(&mut plain(), log)
}

fn detach(command: &mut Command, log: &Path) -> io::Result<()> {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(log)?;
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // A group of its own: Ctrl-C in the terminal it is started from is not for it.
        .process_group(0);
    let mut child = command.spawn()?;
    // Reaped if it ends while this process still lives, so that no zombie is left.
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(move || child.wait())?;
    Ok(())
}

fn systemd_is_there() -> bool {
    std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|dir| Path::new(&dir).join("systemd/private").exists())
}

/// Tells the processes in a PTY how large it is now.
///
/// # Errors
/// Where the PTY is gone.
pub fn set_size(master: impl AsFd, cols: u16, rows: u16) -> io::Result<()> {
    let size = Winsize {
        ws_col: cols,
        ws_row: rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    Ok(rustix::termios::tcsetwinsize(master, size)?)
}

/// Whether a process of that number exists (whoever's it is).
pub fn exists(pid: u32) -> bool {
    let Some(pid) = Pid::from_raw(pid as i32) else {
        return false;
    };
    !matches!(
        rustix::process::test_kill_process(pid),
        Err(rustix::io::Errno::SRCH)
    )
}

/// The command in the foreground of a PTY, where the system tells: what a shell is running.
pub fn foreground_command(master: impl AsFd) -> Option<String> {
    let group = rustix::termios::tcgetpgrp(master).ok()?;
    let text = std::fs::read_to_string(format!("/proc/{}/comm", group.as_raw_nonzero())).ok()?;
    Some(text.trim().chars().filter(|c| !c.is_control()).collect())
}
