//! The end of the demo: a process apart that waits for it and removes everything.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::super::failure::{Failure, Outcome};
use crate::agents;
use crate::config::Paths;
use crate::pty::KeeperClient;

/// How long the keeper may take to end, and files to be given up.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// The process that sweeps, waiting at its standard input for the demo to end.
pub(super) struct Broom {
    child: Child,
    alive: Option<ChildStdin>,
}

impl Broom {
    /// Starts it. From now on everything in `dir` goes when this process does.
    pub(super) fn start(dir: &Path) -> Outcome<Self> {
        let mut child = Command::new(agents::own_program())
            .args(["demo", "--sweep"])
            .arg(dir)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let alive = child.stdin.take();
        Ok(Self { child, alive })
    }

    /// Lets it sweep, and waits until it has.
    pub(super) fn finish(mut self) {
        drop(self.alive.take());
        let _ = self.child.wait();
    }
}

/// Waits for the end of the process at the other side of standard input, then sweeps.
pub(super) fn wait_and_sweep(dir: &Path) -> Outcome {
    let paths = Paths::from_env()?;
    let ours = dir.file_name().and_then(|name| name.to_str());
    if !ours.is_some_and(|name| name.starts_with("gluon-demo-")) || !paths.state.starts_with(dir) {
        return Err(Failure::usage("this is not a demo's directory"));
    }
    // Neither Ctrl-C nor the end of the terminal is meant for this process.
    let _ = rustix::process::setsid();
    let _ = io::stdin().lock().read_to_end(&mut Vec::new());
    stop(&paths);
    // Agents that were just hung up may still write.
    let start = Instant::now();
    for place in [dir, &paths.runtime] {
        while let Err(error) = fs::remove_dir_all(place) {
            if error.kind() == io::ErrorKind::NotFound || start.elapsed() > PATIENCE {
                break;
            }
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Ends the demo's keeper with its daemon and agents, and waits until they are gone.
fn stop(paths: &Paths) {
    let start = Instant::now();
    // A keeper that has just been started may not listen yet; its lock is there first.
    let lock = paths.keeper_socket().with_extension("lock");
    while lock.exists() && start.elapsed() < PATIENCE {
        match KeeperClient::connect(&paths.keeper_socket(), None) {
            Ok(keeper) => {
                let _ = keeper.stop();
            }
            // Nothing answers: it is gone, or still on its way.
            Err(_) if start.elapsed() > Duration::from_millis(300) => return,
            Err(_) => {}
        }
        std::thread::sleep(PAUSE);
    }
}
