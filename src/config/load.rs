//! Reading the files: missing is fine, wrong is said with file, line and fix.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::paths::{Paths, fnv1a};
use super::schema::{Config, HealthConfig, ProjectFile};

/// The longest settings file read, in bytes; a project's file is untrusted.
const MAX_FILE: u64 = 256 * 1024;

/// The most lines of scrollback: what more costs in memory, nobody wants for every session.
const MAX_SCROLLBACK: u32 = 1_000_000;

/// The longest time something may stand untold, in seconds.
const MAX_GRACE: u64 = 3600;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It says something that cannot be.
    #[error("{path}, line {line}: {message}")]
    Wrong {
        /// Which.
        path: PathBuf,
        /// Where; from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

/// The user's settings.
///
/// # Errors
/// Where the file is there but cannot be read or understood.
pub fn load(paths: &Paths) -> Result<Config, ConfigError> {
    load_file(&paths.config_file())
}

/// The settings in `file`.
///
/// # Errors
/// Where the file is there but cannot be read or understood.
pub fn load_file(file: &Path) -> Result<Config, ConfigError> {
    let (config, text) = read::<Config>(file)?;
    let problem = if config.queue.slots == 0 {
        Some((
            "slots",
            "queue.slots must be at least 1 (`gluon queue pause` pauses the queue)".to_owned(),
        ))
    } else if config.terminal.scrollback > MAX_SCROLLBACK {
        let message = format!("terminal.scrollback must be at most {MAX_SCROLLBACK}");
        Some(("scrollback", message))
    } else if config
        .worktrees
        .dir
        .as_ref()
        .is_some_and(|dir| !dir.is_absolute())
    {
        let message = "worktrees.dir must be an absolute path (`~` is not expanded)".to_owned();
        Some(("dir", message))
    } else if config.notify.grace > MAX_GRACE {
        let message = format!("notify.grace must be at most {MAX_GRACE} seconds");
        Some(("grace", message))
    } else {
        wrong_health(&config.health)
    };
    match problem {
        Some((key, message)) => Err(ConfigError::Wrong {
            path: file.to_owned(),
            line: line_with(&text, key),
            message,
        }),
        None => Ok(config),
    }
}

fn wrong_health(health: &HealthConfig) -> Option<(&'static str, String)> {
    let wrong = |key: &'static str, what: &str| Some((key, format!("health.{key} must be {what}")));
    if !(1..=3600).contains(&health.every) {
        wrong("every", "between 1 and 3600")
    } else if health.slow == 0 {
        wrong("slow", "at least 1")
    } else if health.stuck < health.slow {
        wrong("stuck", "at least as long as health.slow")
    } else if health.repeats < 2 {
        wrong("repeats", "at least 2: doing something once is no loop")
    } else if health.rewrites < 3 {
        wrong("rewrites", "at least 3: back and forth takes that many")
    } else {
        None
    }
}

/// The wishes of the project whose repository is at `root`.
///
/// # Errors
/// Where the file is there but cannot be read or understood.
pub fn load_project(root: &Path) -> Result<ProjectFile, ConfigError> {
    Ok(read(&root.join(".gluon.toml"))?.0)
}

/// What a setup command is trusted by: its text, so that a changed command has to be trusted again.
pub fn setup_hash(command: &str) -> String {
    format!("{:016x}-{}", fnv1a(command.as_bytes()), command.len())
}

/// What a file says, and its text.
fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<(T, String), ConfigError> {
    let io = |source| ConfigError::Io {
        path: path.to_owned(),
        source,
    };
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = match fs::File::options()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)
    {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((T::default(), String::new()));
        }
        Err(error) => return Err(io(error)),
    };
    // A project's file is untrusted: a device would never end, a pipe never begin (`O_NONBLOCK` below).
    if !file.metadata().map_err(io)?.is_file() {
        return Err(io(std::io::Error::other("it is not a regular file")));
    }
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(io)?;
    match toml::from_str(&text) {
        Ok(value) => Ok((value, text)),
        Err(error) => Err(ConfigError::Wrong {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line_of(&text, span.start)),
            message: error.message().replace('\n', " "),
        }),
    }
}

/// The line that sets `key`: where a value was understood but cannot be.
fn line_with(text: &str, key: &str) -> usize {
    let sets = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(sets).map_or(1, |index| index + 1)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(dir: &Path) -> Paths {
        Paths {
            state: dir.into(),
            data: dir.into(),
            config: dir.into(),
            runtime: dir.into(),
        }
    }

    #[test]
    fn no_file_means_defaults() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(&paths(dir.path())).unwrap(), Config::default());
        assert_eq!(load_project(dir.path()).unwrap(), ProjectFile::default());
    }

    #[test]
    fn what_is_set_is_taken_and_the_rest_stays() {
        let dir = tempfile::tempdir().unwrap();
        let text = "[queue]\nslots = 7\n[tui]\nascii = \"always\"\n[keys]\naccept = \"A\"\n";
        fs::write(dir.path().join("config.toml"), text).unwrap();
        let config = load(&paths(dir.path())).unwrap();
        assert_eq!(config.queue.slots, 7);
        assert_eq!(config.keys["accept"], "A");
        assert_eq!(config.terminal, crate::config::TerminalConfig::default());
    }

    #[test]
    fn what_is_told_can_be_set() {
        let dir = tempfile::tempdir().unwrap();
        let text = "[notify]\nquiet = [\"mon-fri 22:00-07:00\"]\ncommand = \"x\"\n\
                    desktop = \"off\"\n[notify.kinds]\nidle = false\n";
        fs::write(dir.path().join("config.toml"), text).unwrap();
        let config = load(&paths(dir.path())).unwrap();
        let rules = config.notify.rules();
        assert_eq!(rules.off, [crate::domain::Need::Idle].into());
        assert_eq!((rules.quiet.len(), rules.grace), (1, 4000));
        // Those that were right are kept as they were.
        let again: Config = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
        assert_eq!(again, config);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_or_a_directory_in_place_of_the_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(".gluon.toml");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &file,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let error = load_project(dir.path()).unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(load_project(dir.path()).is_err());
    }

    #[test]
    fn mistakes_name_file_and_line() {
        let dir = tempfile::tempdir().unwrap();
        for (text, line, word) in [
            ("[queue]\nslots = \"many\"\n", 2, "slots"),
            ("[queue]\n\nslot = 3\n", 3, "slot"),
            ("[queue\n", 1, ""),
            ("[queue]\nslots = 0\n", 2, "at least 1"),
            ("[terminal]\n\n scrollback=2000000\n", 3, "at most"),
            ("[worktrees]\ndir = \"~/w\"\n", 2, "absolute"),
            ("[health]\nslow = 9\nstuck = 8\n", 3, "at least as long"),
            ("[health]\nrepeats = 1\n", 2, "once is no loop"),
            ("[notify]\ngrace = 3601\n", 2, "at most"),
            ("[notify]\nterminal = \"osc8\"\n", 2, "osc777"),
            ("[notify]\nquiet = [\"22-7\"]\n", 2, "mon-fri"),
            ("[notify.kinds]\nboring = true\n", 2, "boring"),
        ] {
            fs::write(dir.path().join("config.toml"), text).unwrap();
            let error = load(&paths(dir.path())).unwrap_err().to_string();
            let place = format!("config.toml, line {line}: ");
            assert!(error.contains(&place), "{error}");
            assert!(
                word.is_empty() || error.contains(word) || text.contains(word),
                "{error}"
            );
        }
    }
}
