//! The command line. For now only the roles that processes start themselves.

use std::process::ExitCode;

use crate::config::Paths;
use crate::pty::keeper::{self, KeeperOptions};

/// Runs the role that the first argument names.
pub fn main() -> ExitCode {
    let result = match std::env::args().nth(1).as_deref() {
        Some("keeper") => run_keeper().map(|()| 0),
        Some("daemon") => crate::daemon::main(),
        _ => Err(anyhow::anyhow!("there is no such command yet")),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("gluon: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_keeper() -> anyhow::Result<()> {
    let paths = Paths::from_env()?;
    paths.ensure()?;
    let options = KeeperOptions {
        socket: paths.keeper_socket(),
        daemon: std::env::current_exe()?,
        daemon_args: vec!["daemon".to_owned()],
        daemon_log: paths.daemon_log(),
    };
    Ok(keeper::run(options)?)
}
