//! The settings the daemon runs by: the user's, or where the file is wrong, those it ran by before.
//!
//! A daemon that did not start for a slip in a file would leave agents without anybody who follows them;
//! one that took the defaults could look for worktrees in another place. The clients tell the user.

use std::io;
use std::path::PathBuf;

use crate::config::{self, Config, ConfigError, Paths};

/// The settings, and what is wrong with the file if they are not what it says.
pub(super) fn load(paths: &Paths) -> (Config, Option<ConfigError>) {
    let kept = kept(paths);
    match config::load(paths) {
        Ok(config) => {
            if let Err(error) = keep(&kept, &config) {
                tracing::warn!(%error, path = %kept.display(), "the settings are not kept");
            }
            (config, None)
        }
        Err(error) => (config::load_file(&kept).unwrap_or_default(), Some(error)),
    }
}

/// Where the settings are kept that were right.
fn kept(paths: &Paths) -> PathBuf {
    paths.state.join("settings.toml")
}

fn keep(path: &PathBuf, config: &Config) -> io::Result<()> {
    let text = toml::to_string(config).map_err(io::Error::other)?;
    if std::fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    // Whole or not at all, also on a full disk.
    let part = path.with_extension("part");
    std::fs::write(&part, text)?;
    std::fs::rename(part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_leave_those_of_before() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let paths = Paths {
            state: at("state"),
            data: at("data"),
            config: at("config"),
            runtime: at("run"),
        };
        paths.ensure().unwrap();
        std::fs::create_dir(&paths.config).unwrap();
        let write = |text: &str| std::fs::write(paths.config_file(), text).unwrap();
        write("[queue\n");
        let (config, wrong) = load(&paths);
        assert_eq!((config, wrong.is_some()), (Config::default(), true));

        let text = "[queue]\nslots = 7\n[worktrees]\ndir = \"/w\"\n[keys]\naccept = \"A\"\n";
        write(text);
        let (config, wrong) = load(&paths);
        assert!(wrong.is_none());
        assert_eq!(config.queue.slots, 7);
        write("[queue]\nslots = 9\nnonsense = 1\n");
        let (after, wrong) = load(&paths);
        assert_eq!(after, config);
        assert!(wrong.unwrap().to_string().contains("line 3"));

        std::fs::remove_file(paths.config_file()).unwrap();
        assert_eq!(load(&paths).0, Config::default());
        write("no\n");
        assert_eq!(load(&paths).0, Config::default());
    }
}
