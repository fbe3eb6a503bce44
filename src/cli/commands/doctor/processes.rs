//! Keeper and daemon, and the socket they are reached at.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Finding, Level};
use crate::cli::commands::daemon;
use crate::cli::context::Context;
use crate::client::ConnectError;
use crate::protocol::{Api, DaemonStatus};
use crate::pty::KeeperClient;
use crate::pty::wire::KeeperStatus;

/// The version of this program.
const OURS: &str = env!("CARGO_PKG_VERSION");

/// What is to be said of the processes in the background.
pub(super) async fn processes(ctx: &Context) -> Vec<Finding> {
    let keeper = daemon::with_keeper(ctx, KeeperClient::status).await;
    let keeper = keeper.and_then(Result::ok);
    let (finding, status) = match daemon::running(ctx).await {
        Ok(Some(client)) => match client.status(()).await {
            Ok(status) => (of_daemon(ctx, &status, keeper.as_ref()), Some(status)),
            Err(error) => (unwell(error.to_string()), None),
        },
        Ok(None) => (none(ctx, keeper.as_ref()), None),
        Err(error @ ConnectError::Version(_)) => {
            let finding = Finding::new("daemon", Level::Warn, error.to_string());
            (finding, None)
        }
        Err(error) => (unwell(error.to_string()), None),
    };
    let mut findings = vec![finding, socket(&ctx.paths.socket(), status.is_some())];
    findings.extend(status.and_then(|status| older_than_settings(ctx, &status)));
    findings
}

fn unwell(why: String) -> Finding {
    Finding::new("daemon", Level::Fail, why)
        .fix("`gluon daemon restart` starts it anew; agents run on")
}

/// No daemon answers.
fn none(ctx: &Context, keeper: Option<&KeeperStatus>) -> Finding {
    let Some(keeper) = keeper else {
        let text = format!("not running; it starts when it is needed (version {OURS})");
        return Finding::new("daemon", Level::Ok, text);
    };
    let text = format!(
        "the keeper (process {}) cannot keep a daemon up",
        keeper.pid
    );
    let log = ctx.paths.daemon_log();
    Finding::new("daemon", Level::Fail, text).fix(format!("see {}", log.display()))
}

fn of_daemon(ctx: &Context, status: &DaemonStatus, keeper: Option<&KeeperStatus>) -> Finding {
    if status.version != OURS {
        let text = format!("version {} runs, this is {OURS}", status.version);
        return Finding::new("daemon", Level::Warn, text)
            .fix("`gluon daemon restart` starts this version; agents run on");
    }
    if let Some(keeper) = keeper.filter(|keeper| keeper.version != OURS) {
        let text = format!(
            "the keeper is still version {}, this is {OURS}",
            keeper.version
        );
        return Finding::new("daemon", Level::Note, text)
            .fix("`gluon daemon stop` when no agent is at work; it comes back by itself");
    }
    let crashes = keeper.map_or(0, |keeper| keeper.crashes);
    let count = |number: u32, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    let text = format!(
        "process {}, version {} as this one, {}, {}",
        status.pid,
        status.version,
        count(status.live_sessions, "live session"),
        match crashes {
            0 => "no crash".to_owned(),
            1 => "1 crash".to_owned(),
            _ => format!("{crashes} crashes"),
        }
    );
    let log = ctx.paths.daemon_log();
    match crashes {
        0 => Finding::new("daemon", Level::Ok, text),
        _ => Finding::new("daemon", Level::Warn, text).fix(format!("see {}", log.display())),
    }
}

/// The socket: who may use it, and whether somebody is behind it.
fn socket(path: &Path, answered: bool) -> Finding {
    let place = path.display();
    match std::fs::symlink_metadata(path) {
        Err(_) => Finding::new("socket", Level::Ok, format!("{place} (not there yet)")),
        Ok(meta) if meta.mode() & 0o077 != 0 => {
            let text = format!("{place} has mode {:04o}", meta.mode() & 0o7777);
            Finding::new("socket", Level::Fail, text)
                .fix("`gluon daemon restart` makes it anew, for you alone")
        }
        Ok(_) if !answered => {
            let text = format!("{place} is left over or does not answer; the next start clears it");
            Finding::new("socket", Level::Note, text)
        }
        Ok(meta) => {
            let text = format!("{place} (mode {:04o})", meta.mode() & 0o7777);
            Finding::new("socket", Level::Ok, text)
        }
    }
}

/// Settings that were changed since the daemon read them.
fn older_than_settings(ctx: &Context, status: &DaemonStatus) -> Option<Finding> {
    let changed = std::fs::metadata(ctx.paths.config_file()).ok()?.mtime();
    (changed > status.started_at.0.div_euclid(1000)).then(|| {
        let text = "config.toml was changed after the daemon started";
        Finding::new("settings", Level::Note, text)
            .fix("`gluon daemon restart` takes them up; agents run on")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_others_can_use_is_a_failure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        assert_eq!(socket(&path, false).level, Level::Ok);
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mode = |mode| {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(0o666);
        assert_eq!(socket(&path, true).level, Level::Fail);
        mode(0o600);
        assert_eq!(socket(&path, true).level, Level::Ok);
        assert_eq!(socket(&path, false).level, Level::Note);
    }
}
