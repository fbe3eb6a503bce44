//! The processes and their PTYs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, waitid, waitpid,
};

use super::connection::Connection;
use crate::domain::Exit;
use crate::pty::wire::{KeptRun, Reply, Spawn};

/// Runs that are kept at once, ended ones included. Far above what a machine carries.
const MAX_RUNS: usize = 10_000;

/// Starting a process and opening a PTY happen one at a time: a descriptor that is not yet close-on-exec
/// must not slip into another process, where it would keep a PTY open for ever.
pub(super) static SPAWNING: Mutex<()> = Mutex::new(());

/// All runs, and the connection that hears of their ends.
#[derive(Default)]
pub(super) struct Runs {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    kept: BTreeMap<i64, Kept>,
    daemon: Option<Arc<Connection>>,
}

struct Kept {
    pid: u32,
    master: Arc<OwnedFd>,
    exit: Option<Exit>,
}

impl Runs {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `connection` hears of ends.
    pub(super) fn claim(&self, connection: &Arc<Connection>) {
        self.lock().daemon = Some(connection.clone());
    }

    pub(super) fn list(&self) -> Vec<KeptRun> {
        let inner = self.lock();
        let runs = inner.kept.iter().map(|(run, kept)| KeptRun {
            run: *run,
            pid: kept.pid,
            exit: kept.exit,
        });
        runs.collect()
    }

    pub(super) fn master(&self, run: i64) -> Option<Arc<OwnedFd>> {
        self.lock().kept.get(&run).map(|kept| kept.master.clone())
    }

    pub(super) fn forget(&self, run: i64) {
        let mut inner = self.lock();
        if inner.kept.get(&run).is_some_and(|kept| kept.exit.is_some()) {
            inner.kept.remove(&run);
        }
    }

    /// Sends a signal to a run that has not been reaped; so its pid cannot be anybody else's.
    pub(super) fn signal(&self, run: i64, signal: i32, group: bool) -> Result<(), String> {
        let inner = self.lock();
        let Some(kept) = inner.kept.get(&run) else {
            return Err(format!("there is no run {run}"));
        };
        if kept.exit.is_some() {
            return Ok(());
        }
        let pid = Pid::from_raw(kept.pid as i32).ok_or("a process without a number")?;
        let signal =
            Signal::from_named_raw(signal).ok_or(format!("there is no signal {signal}"))?;
        let done = if group {
            // The agent leads a session of its own; what is in the foreground there may be another group.
            let foreground = rustix::termios::tcgetpgrp(&*kept.master).ok();
            if let Some(group) = foreground.filter(|group| *group != pid) {
                let _ = rustix::process::kill_process_group(group, signal);
            }
            rustix::process::kill_process_group(pid, signal)
        } else {
            rustix::process::kill_process(pid, signal)
        };
        match done {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(format!("the signal could not be sent: {error}")),
        }
    }

    /// Starts a process; the answer is its pid and its PTY's master.
    pub(super) fn spawn(self: &Arc<Self>, spawn: &Spawn) -> Result<(u32, Arc<OwnedFd>), String> {
        // Held to the end, so that no number is given twice.
        let _guard = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let inner = self.lock();
            if inner.kept.contains_key(&spawn.run) {
                return Err(format!("run {} exists already", spawn.run));
            }
            if inner.kept.len() >= MAX_RUNS {
                return Err(format!("{MAX_RUNS} processes are kept already"));
            }
        }
        let (pid, master) = open(spawn)?;
        let master = Arc::new(master);
        let kept = Kept {
            pid,
            master: master.clone(),
            exit: None,
        };
        self.lock().kept.insert(spawn.run, kept);
        let (runs, run) = (self.clone(), spawn.run);
        let reaper = std::thread::Builder::new()
            .name(format!("reap-{run}"))
            .stack_size(64 * 1024)
            .spawn(move || {
                wait_for_end(pid);
                runs.ended(run, pid);
            });
        if let Err(error) = reaper {
            // Without a reaper its end would never be known: rather no process at all.
            self.lock().kept.remove(&spawn.run);
            if let Some(pid) = Pid::from_raw(pid as i32) {
                let _ = rustix::process::kill_process_group(pid, Signal::KILL);
            }
            reap(pid);
            return Err(format!(
                "the system has no room for another process: {error}"
            ));
        }
        Ok((pid, master))
    }

    fn ended(&self, run: i64, pid: u32) {
        let mut inner = self.lock();
        // Reaped under the lock: until then its number is its own, and from then on nobody signals it.
        let exit = reap(pid);
        if let Some(kept) = inner.kept.get_mut(&run) {
            kept.exit = Some(exit);
        }
        let daemon = inner.daemon.clone();
        drop(inner);
        // Never written under the lock: a daemon that does not read would hold up the whole keeper. It
        // finds the status in `List` when it comes back.
        if let Some(daemon) = daemon
            && daemon.send(&Reply::Exited { run, exit }, None).is_err()
        {
            let mut inner = self.lock();
            if inner
                .daemon
                .as_ref()
                .is_some_and(|now| Arc::ptr_eq(now, &daemon))
            {
                inner.daemon = None;
            }
        }
    }

    /// Ends what still runs, as a closing terminal does.
    pub(super) fn hang_up(&self) {
        let runs: Vec<i64> = self.list().iter().map(|kept| kept.run).collect();
        for run in runs {
            let _ = self.signal(run, libc::SIGHUP, true);
        }
    }
}

/// Opens a PTY and starts the process in it; [`SPAWNING`] is held by the caller.
fn open(spawn: &Spawn) -> Result<(u32, OwnedFd), String> {
    let cwd = Path::new(std::ffi::OsStr::from_bytes(&spawn.cwd));
    if !cwd.is_dir() {
        return Err(format!("the directory {} is not there", cwd.display()));
    }
    let argv: Vec<OsString> = spawn
        .argv
        .iter()
        .map(|argument| OsString::from_vec(argument.clone()))
        .collect();
    if argv.is_empty() {
        return Err("there is no command to run".to_owned());
    }
    let mut builder = CommandBuilder::from_argv(argv);
    builder.env_clear();
    for (name, value) in &spawn.env {
        let (name, value) = (name.clone(), value.clone());
        builder.env(OsString::from_vec(name), OsString::from_vec(value));
    }
    builder.cwd(cwd);

    let size = PtySize {
        rows: spawn.rows,
        cols: spawn.cols,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pty = native_pty_system()
        .openpty(size)
        .map_err(|error| format!("no pseudo-terminal could be opened: {error}"))?;
    let raw = pty
        .master
        .as_raw_fd()
        .ok_or_else(|| "the pseudo-terminal has no descriptor".to_owned())?;
    // SAFETY: `pty.master` owns the descriptor and lives to the end of this function.
    #[allow(unsafe_code)]
    let borrowed = unsafe { BorrowedFd::borrow_raw(raw) };
    // Before there is a process, which nobody would look after if this failed.
    let master = borrowed
        .try_clone_to_owned()
        .map_err(|error| format!("no descriptor is left: {error}"))?;
    let child = pty
        .slave
        .spawn_command(builder)
        .map_err(|error| format!("{} could not be started: {error:#}", program(spawn)))?;
    let pid = child
        .process_id()
        .ok_or_else(|| "the process has no number".to_owned())?;
    // Reaped by number, because portable-pty's own status does not tell signals exactly.
    drop(child);
    Ok((pid, master))
}

fn program(spawn: &Spawn) -> String {
    let name = spawn.argv.first().map_or(&[][..], Vec::as_slice);
    String::from_utf8_lossy(name).into_owned()
}

/// Waits until the process has ended; it keeps its number.
fn wait_for_end(pid: u32) {
    let Some(pid) = Pid::from_raw(pid as i32) else {
        return;
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
}

/// The status of a process that has ended; waits where it has not.
fn reap(pid: u32) -> Exit {
    let Some(pid) = Pid::from_raw(pid as i32) else {
        return Exit::Lost;
    };
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return exit(status),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Exit::Lost,
        }
    }
}

fn exit(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Lost,
    }
}
