//! A command of the demo agent: run in `sh` in a process group of its own, its output read as it comes.

use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use super::entry::Tool;
use super::work::{GIT_ENV, plural};

/// The most output kept, in bytes; the beginning goes first.
const MAX_OUTPUT: usize = 64 * 1024;

/// The most rows of output shown.
const MAX_ROWS: usize = 6;

/// A command that runs, or has just ended.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    output: PipeReader,
    kept: Vec<u8>,
    lines: usize,
}

impl Running {
    /// Starts `command` in `dir`.
    ///
    /// # Errors
    /// Where there is no `sh` or no pipe to be had.
    pub fn start(command: &str, dir: &Path) -> io::Result<Self> {
        let (output, input) = io::pipe()?;
        rustix::io::ioctl_fionbio(&output, true)?;
        let child = Command::new("sh")
            .args(["-c", command])
            .current_dir(dir)
            .envs(GIT_ENV.iter().copied())
            .stdin(Stdio::null())
            .stdout(input.try_clone()?)
            .stderr(input)
            .process_group(0)
            .spawn()?;
        Ok(Self {
            command: command.to_owned(),
            child,
            output,
            kept: Vec::new(),
            lines: 0,
        })
    }

    /// Reads what has come and looks whether it has ended; then: what became of it.
    pub fn poll(&mut self) -> Option<Tool> {
        // First the end, then the output, so that nothing written before the end is missed.
        let ended = self.child.try_wait().ok().flatten();
        let mut chunk = [0; 8192];
        // Bounded, for what writes faster than it is read; the rest comes with the next look.
        for _ in 0..if ended.is_some() { 100_000 } else { 128 } {
            match self.output.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => self.keep(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let status = ended?;
        let code = status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        let lines = plural(self.lines, "line");
        let mut details: Vec<String> = self.rows(MAX_ROWS);
        let hidden = self.lines.saturating_sub(details.len());
        if hidden > 0 {
            details.insert(0, format!("  … {}", plural(hidden, "line")));
        }
        Some(Tool {
            verb: "Run".to_owned(),
            target: self.command.clone(),
            result: match code {
                0 if self.lines == 0 => "done".to_owned(),
                0 => lines,
                code => format!("exit code {code}"),
            },
            ok: code == 0,
            details,
        })
    }

    /// The last rows of its output.
    pub fn rows(&self, count: usize) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.kept);
        let mut rows: Vec<String> = text
            .lines()
            .rev()
            .take(count)
            .map(|line| format!("  {}", line.rsplit('\r').next().unwrap_or_default()))
            .collect();
        rows.reverse();
        rows
    }

    /// Its output, to wait on.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.lines += bytes.iter().filter(|byte| **byte == b'\n').count();
        self.kept.extend_from_slice(bytes);
        if self.kept.len() > MAX_OUTPUT {
            self.kept.drain(..self.kept.len() - MAX_OUTPUT / 2);
        }
    }
}

/// Whatever still runs of it ends with it.
impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};

    fn finish(mut running: Running) -> Tool {
        loop {
            if let Some(tool) = running.poll() {
                return tool;
            }
            let mut fds = [PollFd::new(&running.output, PollFlags::IN)];
            let wait = rustix::time::Timespec {
                tv_sec: 0,
                tv_nsec: 5_000_000,
            };
            poll(&mut fds, Some(&wait)).unwrap();
        }
    }

    fn run(command: &str) -> Tool {
        finish(Running::start(command, Path::new("/")).unwrap())
    }

    #[test]
    fn results() {
        let tool = run("echo a; echo b >&2");
        assert_eq!((tool.ok, tool.result.as_str()), (true, "2 lines"));
        assert_eq!(tool.details, ["  a", "  b"]);
        assert_eq!(run("true").result, "done");
        assert_eq!(run("exit 3").result, "exit code 3");
        assert_eq!(run("kill -9 $$").result, "exit code 137");
    }

    #[test]
    fn long_output_is_cut() {
        let tool = run("seq 100000");
        assert_eq!(tool.details.len(), MAX_ROWS + 1);
        assert_eq!(tool.details[0], "  … 99994 lines");
        assert_eq!(tool.details[MAX_ROWS], "  100000");
    }

    #[test]
    fn nothing_of_it_outlives_it() {
        let running = Running::start("sleep 1000 & sleep 1000", Path::new("/")).unwrap();
        let mut output = running.output.try_clone().unwrap();
        drop(running);
        rustix::io::ioctl_fionbio(&output, false).unwrap();
        // The pipe ends only when the last process that could write into it has gone.
        assert_eq!(output.read_to_end(&mut Vec::new()).unwrap(), 0);
    }
}
