//! The roles of the binary that are no commands: keeper, daemon, demo agent.

use std::ffi::OsString;
use std::io::Read;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use super::failure::Outcome;
use crate::agents;
use crate::client;
use crate::config::Paths;
use crate::domain::RunId;
use crate::domain::hook::RUN;
use crate::protocol::Notice;
use crate::pty::KeeperClient;
use crate::pty::keeper::{self, KeeperOptions, RunError};

/// The most of a hook's payload that is read, in bytes; what it tells of stands at the beginning.
const MOST_HOOK: u64 = 1024 * 1024;

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

/// Is the hook of an agent: tells the daemon what the agent says of itself. Whatever happens, the agent
/// must not be told that anything failed, and must not wait.
pub(super) fn hook() -> ExitCode {
    let _ = report_hook();
    ExitCode::SUCCESS
}

fn report_hook() -> Option<()> {
    let mut input = std::io::stdin().lock();
    let mut payload = Vec::new();
    input
        .by_ref()
        .take(MOST_HOOK)
        .read_to_end(&mut payload)
        .ok()?;
    // The agent may mind if it cannot write all of it.
    let _ = std::io::copy(&mut input, &mut std::io::sink());
    let run = std::env::var(RUN).ok()?.parse().ok()?;
    let hook = agents::read_hook(&payload)?;
    let run = RunId(run);
    client::tell(&Paths::from_env().ok()?, Notice::Hook { run, hook }).ok()
}

/// Is the demo agent.
pub(super) fn demo_agent(args: Vec<OsString>) -> ExitCode {
    agents::demo::main(args)
}
