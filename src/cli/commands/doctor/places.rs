//! Directories with their modes, the room on their disks, and whether what runs there outlives the login.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Finding, Level};
use crate::cli::context::Context;

/// Below so much room, in bytes, worktrees and logs will not fit for long.
const LITTLE: u64 = 1 << 30;
/// Below so much nothing is safe: the output of agents is shown but not kept on a full disk.
const NONE: u64 = 64 << 20;

/// gluon's directories, as they are: nothing is made and nothing is changed here.
pub(super) fn directories(ctx: &Context) -> Vec<Finding> {
    let paths = &ctx.paths;
    [
        ("state", &paths.state, true),
        ("sockets", &paths.runtime, true),
        ("worktrees", &paths.worktrees(), false),
        ("config", &paths.config, false),
    ]
    .map(|(about, path, private)| directory(about, path, private))
    .into()
}

/// A directory; a `private` one gluon makes the user's alone when it starts, where it can.
fn directory(about: &str, path: &Path, private: bool) -> Finding {
    let place = path.display();
    let fail = |problem: &str, fix: &str| {
        let variable = match about {
            "state" => "GLUON_STATE_DIR",
            "sockets" => "GLUON_RUNTIME_DIR",
            "worktrees" => "GLUON_DATA_DIR",
            _ => "GLUON_CONFIG_DIR",
        };
        Finding::new(about, Level::Fail, format!("{place} {problem}"))
            .fix(format!("{fix}, or set {variable} to another place"))
    };
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Finding::new(about, Level::Ok, format!("{place} (not there yet)"));
        }
        Err(error) => return fail(&format!("cannot be used: {error}"), "put it right"),
    };
    let mode = meta.mode() & 0o7777;
    if !meta.is_dir() {
        return fail("is not a directory", "move it away");
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        let problem = format!("belongs to uid {}", meta.uid());
        return fail(&problem, "make it yours (chown)");
    }
    if !private && mode & 0o002 != 0 {
        let problem = format!("has mode {mode:04o}: anyone can write to it");
        return fail(&problem, &format!("chmod go-w {place}"));
    }
    if private && mode & 0o077 != 0 {
        let text = format!("{place} has mode {mode:04o}; gluon makes it 0700 when it starts");
        return Finding::new(about, Level::Warn, text);
    }
    Finding::new(about, Level::Ok, format!("{place} (mode {mode:04o})"))
}

/// The room for state and worktrees.
pub(super) fn disk(ctx: &Context) -> Vec<Finding> {
    let mut seen = Vec::new();
    let mut findings = Vec::new();
    for path in [ctx.paths.state.clone(), ctx.paths.worktrees()] {
        let Some(there) = first_there(path) else {
            continue;
        };
        let device = std::fs::metadata(&there).map(|meta| meta.dev()).ok();
        if seen.contains(&device) {
            continue;
        }
        seen.push(device);
        if let Ok(disk) = rustix::fs::statvfs(&there) {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            findings.push(room(&there, free));
        }
    }
    findings
}

/// The path, or the nearest directory above it that is there.
fn first_there(path: PathBuf) -> Option<PathBuf> {
    path.ancestors()
        .find(|path| path.exists())
        .map(Path::to_owned)
}

fn room(path: &Path, free: u64) -> Finding {
    let amount = match free {
        0..LITTLE => format!("{} MB", free >> 20),
        LITTLE.. => format!("{:.1} GB", free as f64 / (1u64 << 30) as f64),
    };
    let text = format!("{amount} free at {}", path.display());
    let fix = "make room; the output of agents is shown but not kept while the disk is full";
    match free {
        LITTLE.. => Finding::new("disk", Level::Ok, text),
        NONE.. => Finding::new("disk", Level::Warn, text).fix(fix),
        _ => Finding::new("disk", Level::Fail, text).fix(fix),
    }
}

/// What the system does with a user's processes when the last login ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Logout {
    /// Whether the login manager ends them; `None` where it does not say.
    kills: Option<bool>,
    /// Whether the user's own services stay.
    lingers: bool,
}

/// Whether agents run on after a logout; nothing to say where there is no systemd.
pub(super) async fn logout() -> Option<Finding> {
    if !Path::new("/run/systemd/system").exists() || rustix::process::geteuid().is_root() {
        return None;
    }
    let user = std::env::var_os("USER").or_else(|| std::env::var_os("LOGNAME"))?;
    let lingers = Path::new("/var/lib/systemd/linger").join(user).exists();
    let property = super::programs::version(
        [
            "busctl",
            "get-property",
            "org.freedesktop.login1",
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "KillUserProcesses",
        ]
        .map(str::to_owned)
        .to_vec(),
    )
    .await;
    let kills = match property.as_deref() {
        Some("b true") => Some(true),
        Some("b false") => Some(false),
        _ => None,
    };
    Some(after_logout(Logout { kills, lingers }))
}

fn after_logout(logout: Logout) -> Finding {
    let fix = "`loginctl enable-linger` lets them run on; then `gluon daemon stop` once, when no \
               agent is at work";
    match logout {
        Logout { lingers: true, .. } => {
            let text = "agents run on after you log out (lingering is on)";
            Finding::new("logout", Level::Ok, text)
        }
        Logout {
            kills: Some(true), ..
        } => {
            let text = "this system ends your agents when you log out (KillUserProcesses=yes)";
            Finding::new("logout", Level::Warn, text).fix(fix)
        }
        Logout {
            kills: Some(false), ..
        } => {
            let text = "agents run on after you log out (KillUserProcesses=no)";
            Finding::new("logout", Level::Ok, text)
        }
        Logout { kills: None, .. } => {
            let text = "whether agents run on after you log out is not known";
            Finding::new("logout", Level::Note, text).fix(fix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_said() {
        let level = |free| room(Path::new("/x"), free).level;
        assert_eq!(level(0), Level::Fail);
        assert_eq!(level(500 << 20), Level::Warn);
        assert_eq!(level(LITTLE), Level::Ok);
        assert_eq!(room(Path::new("/x"), 3 << 29).text, "1.5 GB free at /x");
        assert_eq!(room(Path::new("/x"), 5 << 20).text, "5 MB free at /x");
    }

    #[test]
    fn a_logout_that_ends_agents_is_said_with_the_way_out() {
        let level = |kills, lingers| after_logout(Logout { kills, lingers }).level;
        assert_eq!(level(Some(true), true), Level::Ok);
        assert_eq!(level(Some(false), false), Level::Ok);
        assert_eq!(level(None, false), Level::Note);
        let finding = after_logout(Logout {
            kills: Some(true),
            lingers: false,
        });
        assert_eq!(finding.level, Level::Warn);
        assert!(finding.fix.unwrap().contains("loginctl enable-linger"));
    }

    #[test]
    fn a_directory_anyone_can_write_to_is_a_failure() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |mode| {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(dir.path(), mode).unwrap();
            directory("config", dir.path(), false)
        };
        assert_eq!(mode(0o777).level, Level::Fail);
        let fine = mode(0o755);
        assert_eq!(fine.level, Level::Ok);
        assert!(fine.text.ends_with("(mode 0755)"), "{}", fine.text);
        assert_eq!(directory("state", dir.path(), true).level, Level::Warn);
        let at = |name: &str| directory("state", &dir.path().join(name), true);
        assert_eq!(at("no").level, Level::Ok);
        assert!(!dir.path().join("no").exists(), "looking makes nothing");
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(at("file").fix.unwrap().contains("GLUON_STATE_DIR"));
        assert_eq!(at("file/below").level, Level::Fail);
    }
}
