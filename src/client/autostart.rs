//! Starting the keeper (which starts the daemon) from a client, so that nobody has to start a service.
//!
//! Two clients may do it at once: the keeper holds a lock, so the second one ends at once and both
//! clients find the first one's daemon.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::config::Paths;
use crate::protocol::CANNOT_RUN;

/// This program. After an upgrade the kernel calls the old file deleted; the new one is in its place.
pub(super) fn own_program() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let kept = path
        .to_str()
        .and_then(|text| text.strip_suffix(" (deleted)"));
    Ok(kept.map_or_else(|| path.clone(), PathBuf::from))
}

/// A service manager that cannot start it says so at once.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

/// How much of the daemon's log is read for the reason of a failed start, in bytes.
const LOG_TAIL: u64 = 64 * 1024;

/// Where the daemon's log ends now.
pub(super) fn log_end(paths: &Paths) -> u64 {
    std::fs::metadata(paths.daemon_log()).map_or(0, |meta| meta.len())
}

/// Why the daemon does not start, as often as it has said so in its log since that was `from` bytes long.
pub(super) fn reasons_in_log(paths: &Paths, from: u64) -> Vec<String> {
    let tail = || -> io::Result<Vec<u8>> {
        let mut file = File::open(paths.daemon_log())?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.max(end.saturating_sub(LOG_TAIL))))?;
        let mut text = Vec::new();
        file.take(LOG_TAIL).read_to_end(&mut text)?;
        Ok(text)
    };
    let text = String::from_utf8_lossy(&tail().unwrap_or_default()).into_owned();
    let reasons = text.lines().filter_map(|line| line.split_once(CANNOT_RUN));
    reasons
        .map(|(_, reason)| reason.trim().to_owned())
        .collect()
}

/// Starts `program keeper` apart from this process. Only says whether it could be started: whether a
/// daemon comes of it is seen at the socket.
pub(super) fn start_keeper(program: &Path, paths: &Paths) -> io::Result<()> {
    let _ = paths.ensure();
    let mut options = OpenOptions::new();
    let options = options.create(true).append(true).mode(0o600);
    let log = options.open(paths.keeper_log()).ok();
    let scoped = has_lasting_manager();
    let mut child = if scoped {
        // A login's scope may be cleared when the user logs out; the agents shall go on.
        let mut command = Command::new("systemd-run");
        command
            .args(["--user", "--scope", "--quiet", "--collect", "--"])
            .arg(program);
        apart(command, paths, log.as_ref())
    } else {
        apart(Command::new(program), paths, log.as_ref())
    }
    .spawn()?;
    let mut plain = apart(Command::new(program), paths, log.as_ref());
    let started = Instant::now();
    // Reaps it should it end before this client does.
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(move || {
            let done = child.wait().is_ok_and(|status| status.success());
            // The manager did not want it. Where it was the keeper that ended, a second one ends as well.
            if scoped && !done && started.elapsed() < REFUSED_WITHIN {
                let _ = plain.spawn().and_then(|mut child| child.wait());
            }
        })?;
    Ok(())
}

/// Completes the command line so that the keeper has nothing of this process but its environment.
fn apart(mut command: Command, paths: &Paths, log: Option<&File>) -> Command {
    let log = log.and_then(|file| file.try_clone().ok());
    command
        .arg("keeper")
        .env("GLUON_STATE_DIR", &paths.state)
        .env("GLUON_DATA_DIR", &paths.data)
        .env("GLUON_CONFIG_DIR", &paths.config)
        .env("GLUON_RUNTIME_DIR", &paths.runtime)
        // The keeper outlives this client's directory, which may be a worktree that is removed.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.map_or_else(Stdio::null, Stdio::from));
    command
}

/// Whether there is a user's service manager that stays when the user logs out.
///
/// Without lingering the manager ends seconds after the last login, and all its scopes with it: there the
/// keeper is safer where it is, since most systems leave what a login has left behind alone.
fn has_lasting_manager() -> bool {
    let lingers = |user: OsString| Path::new("/var/lib/systemd/linger").join(user).exists();
    let user = std::env::var_os("USER").or_else(|| std::env::var_os("LOGNAME"));
    user.filter(|user| !user.is_empty()).is_some_and(lingers)
        && std::env::var_os("XDG_RUNTIME_DIR")
            .is_some_and(|dir| Path::new(&dir).join("systemd/private").exists())
        && std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|dir| dir.join("systemd-run").is_file())
        })
}
