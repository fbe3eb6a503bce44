//! The roles of the binary that are no commands: keeper, daemon, demo agent.

use std::ffi::OsString;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use super::failure::Outcome;
use crate::agents;
use crate::config::Paths;
use crate::pty::KeeperClient;
use crate::pty::keeper::{self, KeeperOptions, RunError};

/// Holds the agents' terminals and keeps a daemon running.
pub(super) fn keeper() -> Outcome<ExitCode> {
    let paths = Paths::from_env()?;
    paths.ensure()?;
    // Whoever starts the keeper sends its standard error to its log.
    let filter = EnvFilter::try_from_env("GLUON_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .try_init();
    let options = KeeperOptions {
        socket: paths.keeper_socket(),
        daemon: agents::own_program(),
        daemon_args: vec!["daemon".to_owned(), "run".to_owned()],
        daemon_log: paths.daemon_log(),
    };
    match keeper::run(options) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // Two clients started one at once: the other one's will do.
        Err(RunError::AlreadyRunning) => {
            hurry(&paths);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(anyhow::Error::from(error).into()),
    }
}

/// A keeper whose daemon has died may be in a long pause before the next attempt; somebody waits now.
fn hurry(paths: &Paths) {
    let Ok(keeper) = KeeperClient::connect(&paths.keeper_socket(), None) else {
        return;
    };
    let pausing = keeper
        .status()
        .is_ok_and(|status| status.daemon.is_none() && status.crashes > 0);
    if pausing {
        let _ = keeper.restart_daemon(None);
    }
}

/// Is the daemon; its exit code tells the keeper what comes next.
pub(super) fn daemon() -> Outcome<ExitCode> {
    Ok(ExitCode::from(crate::daemon::main()?))
}

/// Is the demo agent.
pub(super) fn demo_agent(args: Vec<OsString>) -> ExitCode {
    agents::demo::main(args)
}
