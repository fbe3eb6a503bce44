//! Runs a check command: in a directory, under a time limit, with what it prints bounded.
//!
//! The command is a shell's, and only ever one that the user has trusted or written; this module does not
//! ask. Whoever drops the run ends the command with everything it started. What it prints can be read while
//! it runs.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

use crate::domain::Exit;
use crate::domain::check::{Excerpt, Verdict};

/// How long output may trickle in after the command itself has ended.
const GRACE: Duration = Duration::from_millis(500);

/// What a command has printed so far; shared with whoever wants to look.
#[derive(Debug, Clone, Default)]
pub(super) struct Printed(Arc<Mutex<Excerpt>>);

impl Printed {
    /// What is kept of it.
    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).text()
    }

    fn push(&self, bytes: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(bytes);
    }
}

/// A check to be run.
#[derive(Debug, Clone)]
pub(super) struct Check {
    /// A command line for `/bin/sh`.
    pub(super) command: String,
    /// Where.
    pub(super) dir: PathBuf,
    /// How long it may take.
    pub(super) timeout: Duration,
    /// Variables it gets beside the daemon's own.
    pub(super) env: Vec<(OsString, OsString)>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    /// Passed or not.
    pub(super) verdict: Verdict,
    /// The beginning and the end of what it printed (untrusted text).
    pub(super) output: String,
    /// How long it took.
    pub(super) took: Duration,
}

/// The command's process group, which ends with this.
struct Group(Option<rustix::process::Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Runs `check`; what it prints, on both of its outputs, goes to `printed` as it comes.
pub(super) async fn run(check: &Check, printed: &Printed) -> Checked {
    let start = Instant::now();
    let verdict = match spawn(check) {
        Ok((child, output)) => follow(check, child, output, printed).await,
        Err(error) => Verdict::NotRun(error.to_string()),
    };
    Checked {
        verdict,
        output: printed.text(),
        took: start.elapsed(),
    }
}

/// Starts it with both outputs in one pipe, so that their order stays.
fn spawn(check: &Check) -> std::io::Result<(Child, pipe::Receiver)> {
    let (reader, writer) = std::io::pipe()?;
    let mut command = Command::new("/bin/sh");
    for (name, _) in std::env::vars_os() {
        // A surrounding git, or the agent gluon was started by, is none of its business.
        let text = name.to_string_lossy();
        if text.starts_with("GIT_") && !text.starts_with("GIT_CONFIG") && text != "GIT_SSH_COMMAND"
        {
            command.env_remove(&name);
        }
    }
    command
        .arg("-c")
        .arg(&check.command)
        .current_dir(&check.dir)
        .envs(check.env.iter().map(|(name, value)| (name, value)))
        .env("CI", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::from(writer.try_clone()?))
        .stderr(Stdio::from(writer))
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn()?;
    // The command holds its copies of the writing end until it goes; else the pipe would never end.
    drop(command);
    Ok((child, pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?))
}

async fn follow(
    check: &Check,
    mut child: Child,
    mut output: pipe::Receiver,
    printed: &Printed,
) -> Verdict {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let group = Group(id.and_then(rustix::process::Pid::from_raw));
    let deadline = tokio::time::Instant::now() + check.timeout;
    let mut buffer = vec![0; 16 * 1024];
    let mut open = true;
    let status = loop {
        tokio::select! {
            read = output.read(&mut buffer), if open => match read {
                Ok(count) if count > 0 => printed.push(&buffer[..count]),
                _ => open = false,
            },
            status = child.wait() => break Some(status),
            () = tokio::time::sleep_until(deadline) => break None,
        }
    };
    let Some(status) = status else {
        drop(group);
        let _ = child.wait().await;
        return Verdict::TimedOut(check.timeout.as_secs());
    };
    let rest = async {
        while let Ok(count) = output.read(&mut buffer).await
            && count > 0
        {
            printed.push(&buffer[..count]);
        }
    };
    if open {
        let _ = tokio::time::timeout(GRACE, rest).await;
    }
    match status {
        Ok(status) if status.success() => Verdict::Passed,
        Ok(status) => Verdict::Failed(match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => Exit::Lost,
        }),
        Err(error) => Verdict::NotRun(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &str) -> Check {
        Check {
            command: command.to_owned(),
            dir: std::env::temp_dir(),
            timeout: Duration::from_secs(60),
            env: vec![("WORD".into(), "hello".into())],
        }
    }

    async fn end(check: &Check) -> Checked {
        run(check, &Printed::default()).await
    }

    #[tokio::test]
    async fn what_it_says_and_how_it_ends_is_kept() {
        let ended = end(&check("echo $WORD; echo oops >&2; exit 3")).await;
        assert_eq!(ended.verdict, Verdict::Failed(Exit::Code(3)));
        assert_eq!(ended.output, "hello\noops\n");
        assert_eq!(end(&check("true")).await.verdict, Verdict::Passed);
        let killed = end(&check("kill -9 $$")).await;
        assert_eq!(killed.verdict, Verdict::Failed(Exit::Signal(9)));
        let nowhere = Check {
            dir: "/nonexistent".into(),
            ..check("true")
        };
        assert!(matches!(end(&nowhere).await.verdict, Verdict::NotRun(_)));
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_a_child_left_behind_holds_nothing_up() {
        let flood = end(&check("yes | head -c 5000000; sleep 600 & echo done")).await;
        assert_eq!(flood.verdict, Verdict::Passed);
        assert!(flood.output.len() < 70 * 1024 && flood.output.ends_with("done\n"));
    }

    #[tokio::test]
    async fn one_that_takes_too_long_ends_with_all_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("pid");
        let slow = Check {
            timeout: Duration::from_secs(2),
            ..check(&format!("sleep 600 & echo $! > '{}'; wait", mark.display()))
        };
        assert_eq!(end(&slow).await.verdict, Verdict::TimedOut(2));
        let pid: u32 = std::fs::read_to_string(&mark)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let gone = async {
            while lives(pid) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), gone)
            .await
            .unwrap();
    }

    /// Whether a process runs; one that has ended and was not reaped does not.
    fn lives(pid: u32) -> bool {
        match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => !stat.contains(") Z "),
            Err(_) => {
                !std::path::Path::new("/proc/self").exists() && crate::pty::process::exists(pid)
            }
        }
    }

    #[tokio::test]
    async fn what_is_printed_can_be_read_meanwhile() {
        let printed = Printed::default();
        let check = check("echo first; sleep 600");
        let running = run(&check, &printed);
        let seen = async {
            while printed.text() != "first\n" {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            _ = running => panic!("it goes on"),
            () = seen => {}
        }
    }
}
