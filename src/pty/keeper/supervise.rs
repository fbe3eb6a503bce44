//! Keeping a daemon: started, started again when it dies, with growing pauses; replaced when asked.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::KeeperOptions;
use super::runs::{Runs, SPAWNING};
use crate::pty::wire::KeeperStatus;

/// The exit code by which a daemon asks to be started again at once. 0 says that everything shall end;
/// anything else is a crash.
pub const EXIT_RESTART: i32 = 75;

/// The first pause before a daemon that died is started again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A daemon that lived so long was well: the pauses start anew.
const WELL: Duration = Duration::from_secs(30);
/// One that lived no longer is not started again at once, even where it asks for it: it may ask for ever.
const SHORT: Duration = Duration::from_secs(1);
/// A daemon that is asked to end gets so long before it is killed.
const GRACE: Duration = Duration::from_secs(10);

pub(super) struct Supervisor {
    state: Mutex<State>,
    changed: Condvar,
    args: Vec<String>,
    log: PathBuf,
}

struct State {
    program: PathBuf,
    daemon: Option<u32>,
    crashes: u32,
    restart_wanted: bool,
    stop_wanted: bool,
}

impl Supervisor {
    pub(super) fn new(options: &KeeperOptions) -> Self {
        Self {
            state: Mutex::new(State {
                program: options.daemon.clone(),
                daemon: None,
                crashes: 0,
                restart_wanted: false,
                stop_wanted: false,
            }),
            changed: Condvar::new(),
            args: options.daemon_args.clone(),
            log: options.daemon_log.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn status(&self) -> KeeperStatus {
        let state = self.lock();
        KeeperStatus {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            daemon: state.daemon,
            crashes: state.crashes,
        }
    }

    pub(super) fn restart(&self, program: Option<String>) -> Result<(), String> {
        let program = program.map(PathBuf::from);
        // A daemon that works is not given up for one that cannot start.
        if let Some(path) = program.as_ref().filter(|path| !path.is_file()) {
            return Err(format!("there is no program at {}", path.display()));
        }
        let mut state = self.lock();
        if let Some(program) = program {
            state.program = program;
        }
        state.restart_wanted = true;
        self.end_daemon(state);
        Ok(())
    }

    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stop_wanted = true;
        self.end_daemon(state);
    }

    /// Asks the daemon to end, and makes it if it does not.
    fn end_daemon(&self, state: MutexGuard<'_, State>) {
        let daemon = state.daemon;
        drop(state);
        self.changed.notify_all();
        let Some(pid) = daemon.and_then(|pid| Pid::from_raw(pid as i32)) else {
            return;
        };
        let _ = kill_process(pid, Signal::TERM);
        let deadline = Instant::now() + GRACE;
        let mut state = self.lock();
        while state.daemon == daemon {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // Still ours and not reaped, since `daemon` is cleared before it is.
                let _ = kill_process(pid, Signal::KILL);
                return;
            }
            let (guard, _) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
            state = guard;
        }
    }

    /// Keeps a daemon running until it ends for good.
    pub(super) fn run(&self, runs: &Runs) {
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            let ended = match self.start() {
                Ok(Some(mut child)) => self.wait(&mut child),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "the daemon could not be started");
                    None
                }
            };
            let lived = started.elapsed();
            let mut state = self.lock();
            let code = ended.and_then(|status| status.code());
            if state.stop_wanted || (code == Some(0) && !state.restart_wanted) {
                return;
            }
            if lived >= WELL || state.restart_wanted {
                pause = FIRST_PAUSE;
            }
            let wished = code == Some(EXIT_RESTART);
            if state.restart_wanted || (wished && lived >= SHORT) {
                continue;
            }
            if !wished {
                state.crashes = state.crashes.saturating_add(1);
                tracing::error!(status = ?ended, runs = runs.list().len(), "the daemon died");
            }
            let (state, _) = self
                .changed
                .wait_timeout_while(state, pause, |state| {
                    !state.stop_wanted && !state.restart_wanted
                })
                .unwrap_or_else(PoisonError::into_inner);
            if state.stop_wanted {
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Starts the daemon; `None` where nobody wants one any more.
    fn start(&self) -> std::io::Result<Option<Child>> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log);
        let stderr = log.map_or_else(|_| Stdio::null(), Stdio::from);
        // Locked until its number is known: whoever wants this one to end must find it.
        let mut state = self.lock();
        if state.stop_wanted {
            return Ok(None);
        }
        state.restart_wanted = false;
        let _guard = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
        let child = Command::new(&state.program)
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()?;
        state.daemon = Some(child.id());
        Ok(Some(child))
    }

    fn wait(&self, child: &mut Child) -> Option<ExitStatus> {
        // Waits without reaping first, so that the pid in `daemon` is never anybody else's.
        if let Some(pid) = Pid::from_raw(child.id() as i32) {
            let options =
                rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) =
                rustix::process::waitid(rustix::process::WaitId::Pid(pid), options)
            {}
        }
        self.lock().daemon = None;
        self.changed.notify_all();
        child.wait().ok()
    }
}
