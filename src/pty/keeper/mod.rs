//! The keeper: opens PTYs, spawns and reaps agents, holds every PTY's master, keeps the daemon alive.
//!
//! The error kernel of gluon, so it stays small: no parsing of what agents write, no database, no async
//! runtime. Invariants: one keeper per runtime directory (a lock decides); an exit status is kept until
//! the daemon has acknowledged it; the daemon may come and go.

mod connection;
mod runs;
mod serve;
mod supervise;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};

use runs::Runs;
use supervise::Supervisor;

/// What a keeper needs to know.
#[derive(Debug, Clone)]
pub struct KeeperOptions {
    /// Its socket; the directory exists and is private.
    pub socket: PathBuf,
    /// The program to run as daemon.
    pub daemon: PathBuf,
    /// Its arguments.
    pub daemon_args: Vec<String>,
    /// What the daemon writes to its standard error goes here.
    pub daemon_log: PathBuf,
}

/// Why a keeper cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another one does already.
    #[error("a keeper is already running")]
    AlreadyRunning,
    /// The system refuses.
    #[error("the keeper cannot use {path}: {source}")]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Runs the keeper until the daemon ends for good or somebody stops it.
///
/// # Errors
/// [`RunError::AlreadyRunning`] at once where there is one.
pub fn run(options: KeeperOptions) -> Result<(), RunError> {
    // It may already lead a session, started by a service manager: then that is fine too.
    let _ = rustix::process::setsid();
    ignore_hangups();
    let usual = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));

    let _lock = lock(&options)?;
    let named = |source| RunError::Io {
        path: options.socket.clone(),
        source,
    };
    // The lock is ours, so whatever socket lies here is a dead keeper's.
    match std::fs::remove_file(&options.socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(error)),
        _ => {}
    }
    let listener = UnixListener::bind(&options.socket).map_err(named)?;
    // Daemon and agents inherit it: what an agent writes into its worktree has the modes its user is used
    // to. gluon's own files lie in private directories, and the keeper names their modes.
    rustix::process::umask(usual);

    let runs = Arc::new(Runs::default());
    let supervisor = Arc::new(Supervisor::new(&options));
    tracing::info!(pid = std::process::id(), "the keeper is up");
    serve::accept_in_background(listener, runs.clone(), supervisor.clone()).map_err(named)?;
    supervisor.run(&runs);
    tracing::info!("the keeper ends");
    let _ = std::fs::remove_file(&options.socket);
    runs.hang_up();
    Ok(())
}

/// Held for as long as the keeper lives; the system releases it however that ends.
fn lock(options: &KeeperOptions) -> Result<File, RunError> {
    let path = options.socket.with_extension("lock");
    let named = |source| RunError::Io {
        path: path.clone(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(named)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(RunError::AlreadyRunning),
        Err(error) => Err(named(error.into())),
    }
}

/// The terminal gluon was started from may go away; the keeper stays. And whoever started it may have
/// ignored the ends of children, which would take their exit statuses from us.
fn ignore_hangups() {
    let ignored = [libc::SIGHUP, libc::SIGPIPE, libc::SIGINT, libc::SIGQUIT];
    let signals = ignored.map(|signal| (signal, libc::SIG_IGN));
    for (signal, action) in signals.into_iter().chain([(libc::SIGCHLD, libc::SIG_DFL)]) {
        // SAFETY: this installs no handler, so nothing of ours runs in a signal's context.
        #[allow(unsafe_code)]
        unsafe {
            libc::signal(signal, action);
        }
    }
}
