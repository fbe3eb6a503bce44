//! Starting the keeper (which starts the daemon) from a client, so that nobody has to start a service.
//!
//! Two clients may do it at once: the keeper holds a lock, so the second one ends at once and both
//! clients find the first one's daemon.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::config::Paths;

/// This program. After an upgrade the kernel calls the old file deleted; the new one is in its place.
pub(super) fn own_program() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let kept = path
        .to_str()
        .and_then(|text| text.strip_suffix(" (deleted)"));
    Ok(kept.map_or_else(|| path.clone(), PathBuf::from))
}

/// Starts `program keeper` apart from this process. Only says whether it could be started: whether a
/// daemon comes of it is seen at the socket.
pub(super) fn start_keeper(program: &Path, paths: &Paths) -> io::Result<()> {
    let _ = paths.ensure();
    let mut options = OpenOptions::new();
    let options = options.create(true).append(true).mode(0o600);
    let log = match options.open(paths.keeper_log()) {
        Ok(file) => Stdio::from(file),
        Err(_) => Stdio::null(),
    };
    let mut command = if outside_of_login() {
        // A login's scope may be cleared when the user logs out; the agents shall go on.
        let mut command = Command::new("systemd-run");
        command
            .args(["--user", "--scope", "--quiet", "--collect", "--"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
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
        .stderr(log);
    let mut child = command.spawn()?;
    // Reaps it should it end before this client does.
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(move || {
            let _ = child.wait();
        })?;
    Ok(())
}

/// Whether there is a user's service manager that can keep it apart from the login.
fn outside_of_login() -> bool {
    std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|dir| Path::new(&dir).join("systemd/private").exists())
        && std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|dir| dir.join("systemd-run").is_file())
        })
}
