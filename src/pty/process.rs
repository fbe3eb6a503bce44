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

/// The processes that live in the session that `leader` leads: an agent with everything it started that
/// has not gone its own way. Where the system does not tell, the leader alone.
pub fn session_members(leader: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc").map(|entries| entries.flatten()) else {
        return alone(leader);
    };
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut numbers = numbers.peekable();
    if numbers.peek().is_none() {
        return alone(leader);
    }
    numbers
        .filter(|pid| {
            std::fs::read_to_string(format!("/proc/{pid}/stat"))
                .is_ok_and(|stat| lives_in(&stat, leader))
        })
        .collect()
}

/// Whether `/proc/PID/stat` is that of a process in this session that has not ended.
fn lives_in(stat: &str, leader: u32) -> bool {
    // The name, in brackets, may hold anything.
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return false;
    };
    let mut fields = rest.split_whitespace();
    let state = fields.next();
    let session = fields.nth(2).and_then(|field| field.parse().ok());
    session == Some(leader) && !matches!(state, Some("Z" | "X"))
}

fn alone(leader: u32) -> Vec<u32> {
    let pid = Pid::from_raw(leader as i32);
    let leads = pid.is_some_and(|pid| rustix::process::getsid(Some(pid)) == Ok(pid));
    if leads { vec![leader] } else { Vec::new() }
}

/// Whether a process was started with `name=value` in its environment; `None` where the system does not
/// tell.
pub fn was_given(pid: u32, name: &str, value: &str) -> Option<bool> {
    let given = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    if given.is_empty() {
        // Just now becoming its program, or already gone.
        return None;
    }
    let wanted = format!("{name}={value}");
    let mut entries = given.split(|byte| *byte == 0);
    Some(entries.any(|entry| entry == wanted.as_bytes()))
}

/// Sends a signal to a process; whether it was still there.
pub fn signal(pid: u32, signal: i32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let signal = rustix::process::Signal::from_named_raw(signal);
    match (pid, signal) {
        (Some(pid), Some(signal)) => rustix::process::kill_process(pid, signal).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_off_its_processes() {
        assert!(lives_in("12 (a) b) S 1 12 12 34816 12 0", 12));
        assert!(!lives_in("12 (a) Z 1 12 12 34816 12 0", 12));
        assert!(!lives_in("13 (a) S 1 12 120 34816 12 0", 12));
        assert!(!lives_in("13 a", 12));
        assert!(!lives_in("", 12));
    }

    #[test]
    fn processes_are_known_by_what_they_were_given() {
        let sleep = std::process::Command::new("sleep")
            .arg("60")
            .env("GLUON_TASK", "5")
            .spawn();
        let mut sleep = sleep.unwrap();
        let pid = sleep.id();
        // Until it has become `sleep` it has nothing, or still what this process was given.
        let comm = || std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        while cfg!(target_os = "linux")
            && (comm().trim() != "sleep" || was_given(pid, "", "").is_none())
        {
            std::thread::yield_now();
        }
        let sure = was_given(pid, "GLUON_TASK", "5");
        let wrong = was_given(pid, "GLUON_TASK", "51");
        assert!(signal(pid, libc::SIGKILL));
        sleep.wait().unwrap();
        assert_ne!(sure, Some(false));
        assert_ne!(wrong, Some(true));
        assert!(!signal(pid, libc::SIGKILL));
    }
}
