//! Where things are. Each of the four directories can be set by an environment variable.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::domain::SessionId;

/// The longest path a unix socket can have, less what the file's own name takes (`sun_path` is 104 bytes
/// on macOS and the BSDs, 108 on Linux).
const MAX_SOCKET_DIR: usize = 104 - 14;

/// Why gluon cannot have its directories.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// There is no home directory to put them into.
    #[error("cannot find your home directory; set HOME, or GLUON_STATE_DIR and its siblings")]
    NoHome,
    /// One cannot be made or looked at.
    #[error("cannot use the directory {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody else could put things into it.
    #[error("the directory {path} {problem}; gluon needs one that only you can use")]
    Unsafe {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// The places of one user's gluon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Database, logs, the output of sessions.
    pub state: PathBuf,
    /// Worktrees.
    pub data: PathBuf,
    /// What the user writes: `config.toml`, `agents/*.toml`, `themes/*.toml`.
    pub config: PathBuf,
    /// Sockets and locks.
    pub runtime: PathBuf,
}

impl Paths {
    /// The places by the environment and the conventions of the system.
    ///
    /// # Errors
    /// [`PathError::NoHome`] where nothing says where the user's files are.
    pub fn from_env() -> Result<Self, PathError> {
        let set = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let dirs = directories::ProjectDirs::from("", "", "gluon");
        let place = |name: &str, usual: fn(&directories::ProjectDirs) -> PathBuf| {
            set(name)
                .or_else(|| dirs.as_ref().map(usual))
                .ok_or(PathError::NoHome)
        };
        let state = place("GLUON_STATE_DIR", |dirs| {
            dirs.state_dir()
                .unwrap_or_else(|| dirs.data_local_dir())
                .to_owned()
        })?;
        let data = place("GLUON_DATA_DIR", |dirs| dirs.data_dir().to_owned())?;
        let config = place("GLUON_CONFIG_DIR", |dirs| dirs.config_dir().to_owned())?;
        let runtime = set("GLUON_RUNTIME_DIR")
            .or_else(|| dirs.as_ref()?.runtime_dir().map(Path::to_owned))
            .unwrap_or_else(|| state.join("run"));
        Ok(Self {
            runtime: short_enough(runtime),
            state,
            data,
            config,
        })
    }

    /// The daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.runtime.join("daemon.sock")
    }

    /// The daemon's lock.
    pub fn daemon_lock(&self) -> PathBuf {
        self.runtime.join("daemon.lock")
    }

    /// The keeper's socket.
    pub fn keeper_socket(&self) -> PathBuf {
        self.runtime.join("keeper.sock")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.state.join("gluon.db")
    }

    /// The index of the conversations on this machine; it can be made again at any time.
    pub fn conversations(&self) -> PathBuf {
        self.state.join("conversations.db")
    }

    /// The directory of the programs' own logs.
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// The daemon's log.
    pub fn daemon_log(&self) -> PathBuf {
        self.logs().join("daemon.log")
    }

    /// The keeper's log.
    pub fn keeper_log(&self) -> PathBuf {
        self.logs().join("keeper.log")
    }

    /// The output log of a session.
    pub fn session_dir(&self, id: SessionId) -> PathBuf {
        self.state.join("sessions").join(id.to_string())
    }

    /// Where worktrees are made, unless configured otherwise.
    pub fn worktrees(&self) -> PathBuf {
        self.data.join("worktrees")
    }

    /// Where patches of removed work are kept.
    pub fn recovery(&self) -> PathBuf {
        self.state.join("recovery")
    }

    /// Where integrations are worked out.
    pub fn benches(&self) -> PathBuf {
        self.data.join("benches")
    }

    /// The output of the sessions that an operation has removed.
    pub fn removed(&self, operation: i64) -> PathBuf {
        self.state.join("removed").join(operation.to_string())
    }

    /// The user's settings.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The user's own agents.
    pub fn agents(&self) -> PathBuf {
        self.config.join("agents")
    }

    /// The user's own prices of models, which win over the built-in ones.
    pub fn prices(&self) -> PathBuf {
        self.config.join("prices.json")
    }

    /// The user's own themes.
    pub fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }

    /// Makes the directories that hold state, with mode 0700.
    ///
    /// # Errors
    /// Where one cannot be made, belongs to somebody else, or others can write into it.
    pub fn ensure(&self) -> Result<(), PathError> {
        for path in [&self.runtime, &self.state] {
            private_dir(path)?;
        }
        for path in [self.logs(), self.state.join("sessions"), self.recovery()] {
            private_dir(&path)?;
        }
        Ok(())
    }
}

/// Makes `path` with mode 0700 where it is missing, narrows its mode where it is the user's own.
fn private_dir(path: &Path) -> Result<(), PathError> {
    let io = |source| PathError::Io {
        path: path.to_owned(),
        source,
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(io)?;
    let uid = rustix::process::geteuid().as_raw();
    let meta = fs::metadata(path).map_err(io)?;
    // The link too, where it is one: whoever owns it can point it elsewhere at any time.
    let link = fs::symlink_metadata(path).map_err(io)?;
    if let Some(stranger) = [meta.uid(), link.uid()].into_iter().find(|id| *id != uid) {
        return Err(PathError::Unsafe {
            path: path.to_owned(),
            problem: format!("belongs to uid {stranger}"),
        });
    }
    if meta.mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io)?;
    }
    Ok(())
}

/// `dir`, or where its sockets' paths would be too long for the system, a short directory of its own
/// below the temporary one, named after a hash of `dir`.
fn short_enough(dir: PathBuf) -> PathBuf {
    let bytes = dir.as_os_str().as_bytes();
    if bytes.len() <= MAX_SOCKET_DIR {
        return dir;
    }
    let uid = rustix::process::geteuid().as_raw();
    PathBuf::from(format!("/tmp/gluon-{uid}-{:016x}", fnv1a(bytes)))
}

/// FNV-1a, 64 bits: stable over versions and machines, which the standard library's hashes are not.
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runtime_directories_get_a_short_stand_in() {
        let short = PathBuf::from("/run/user/1000/gluon");
        assert_eq!(short_enough(short.clone()), short);
        let long = PathBuf::from(format!("/{}", "x".repeat(200)));
        let stand_in = short_enough(long.clone());
        assert!(stand_in.as_os_str().len() <= MAX_SOCKET_DIR);
        assert_eq!(stand_in, short_enough(long));
    }

    #[test]
    fn directories_are_private() {
        let home = tempfile::tempdir().unwrap();
        let open = home.path().join("state");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let paths = Paths {
            state: open.clone(),
            data: home.path().join("data"),
            config: home.path().join("config"),
            runtime: home.path().join("a/b/run"),
        };
        paths.ensure().unwrap();
        for dir in [&paths.runtime, &open, &paths.logs()] {
            assert_eq!(fs::metadata(dir).unwrap().mode() & 0o777, 0o700, "{dir:?}");
        }
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let error = private_dir(&file.join("run")).unwrap_err();
        assert!(error.to_string().contains("file/run"), "{error}");
    }
}
