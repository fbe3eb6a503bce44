//! Processes in a PTY: how large it is for them, which of them is in the foreground.
//!
//! Starting the keeper is not here but with the clients, who must not know of PTYs.

use std::io;
use std::os::fd::AsFd;

use rustix::process::Pid;
use rustix::termios::Winsize;

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
