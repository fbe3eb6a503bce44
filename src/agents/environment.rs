//! The environment of an agent: the user's own, without what belongs to the terminal or the agent that
//! happened to start gluon.

use std::ffi::{OsStr, OsString};
use std::fmt;

use super::agent::Launch;

/// Names that are not passed on, each for one of these reasons: they name a terminal that the agent is not
/// in, they make an agent believe it runs inside another, or they point git at another repository.
const DROPPED: &[&str] = &[
    // Terminals and multiplexers.
    "TERM",
    "COLORTERM",
    "COLORFGBG",
    "TERMCAP",
    "TERMINFO",
    "TERM_SESSION_ID",
    "LC_TERMINAL",
    "LC_TERMINAL_VERSION",
    "COLUMNS",
    "LINES",
    "TMUX",
    "TMUX_PANE",
    "STY",
    "WINDOW",
    "WINDOWID",
    "VTE_VERSION",
    "WT_SESSION",
    "WT_PROFILE_ID",
    "INSIDE_EMACS",
    // The shell that started us.
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    // Agents that started us.
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_CHILD_SESSION",
    "CODEX_SANDBOX",
    "CODEX_SANDBOX_NETWORK_DISABLED",
    "CODEX_THREAD_ID",
    "GEMINI_CLI",
    "QWEN_CODE",
    "OPENCODE",
    "AI_AGENT",
    // A git hook or alias that started us.
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// Beginnings of names that are not passed on, for the same reasons.
const DROPPED_PREFIXES: &[&str] = &[
    "ZELLIJ",
    "TERM_PROGRAM",
    "WEZTERM_",
    "KITTY_",
    "ITERM_",
    "ALACRITTY_",
    "GHOSTTY_",
    "KONSOLE_",
    "GLUON_",
];

/// Of our own names, those that say where gluon is, so that `gluon` inside an agent finds the same daemon,
/// and those that tune the demo agent.
const OURS: &[&str] = &[
    "GLUON_STATE_DIR",
    "GLUON_DATA_DIR",
    "GLUON_CONFIG_DIR",
    "GLUON_RUNTIME_DIR",
    "GLUON_DEMO_HOME",
    "GLUON_DEMO_PACE",
];

/// A complete environment. Its `Debug` shows names, never values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ChildEnv(Vec<(OsString, OsString)>);

impl ChildEnv {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let pair = self.0.iter().find(|(key, _)| key == name);
        pair.map(|(_, value)| value.as_os_str())
    }

    /// All pairs, each name once.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// All pairs, each name once.
    pub fn into_vec(self) -> Vec<(OsString, OsString)> {
        self.0
    }

    fn set(&mut self, name: OsString, value: OsString) {
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some(pair) => pair.1 = value,
            None => self.0.push((name, value)),
        }
    }
}

impl fmt::Debug for ChildEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name.to_string_lossy());
        f.debug_list().entries(names).finish()
    }
}

/// The environment an agent is started with: `parent` without what is not its own, then the terminal's
/// names, then what the launch says, then `extras` (`GLUON_TASK`, `GLUON_SESSION`, …), the later winning.
pub fn child_env(
    parent: impl IntoIterator<Item = (OsString, OsString)>,
    launch: &Launch,
    extras: &[(String, String)],
) -> ChildEnv {
    let mut env = ChildEnv::default();
    for (name, value) in parent {
        let removed = launch.env_remove.iter().any(|other| name == other.as_str());
        if !removed && is_passed_on(&name) {
            env.set(name, value);
        }
    }
    env.set("TERM".into(), "xterm-256color".into());
    env.set("COLORTERM".into(), "truecolor".into());
    for (name, value) in launch.env.iter().chain(extras) {
        env.set(name.into(), value.into());
    }
    env
}

fn is_passed_on(name: &OsStr) -> bool {
    // A name that is not UTF-8 is none of ours.
    let Some(name) = name.to_str() else {
        return true;
    };
    OURS.contains(&name)
        || !(DROPPED.contains(&name)
            || DROPPED_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(parent: &[(&str, &str)], launch: &Launch) -> ChildEnv {
        let parent = parent.iter().map(|(n, v)| (n.into(), v.into()));
        let extras = [("GLUON_TASK".to_owned(), "7".to_owned())];
        child_env(parent.collect::<Vec<_>>(), launch, &extras)
    }

    #[test]
    fn the_users_things_stay_and_the_terminals_go() {
        let env = env(
            &[
                ("PATH", "/bin"),
                ("ANTHROPIC_API_KEY", "sk"),
                ("TMUX", "/tmp/x"),
                ("TERM", "tmux-256color"),
                ("TERM_PROGRAM_VERSION", "3"),
                ("ZELLIJ_PANE_ID", "1"),
                ("CLAUDECODE", "1"),
                ("GIT_DIR", "/elsewhere/.git"),
                ("GLUON_TASK", "1"),
                ("GLUON_SESSION", "2"),
                ("GLUON_STATE_DIR", "/state"),
            ],
            &Launch::default(),
        );
        let mut names: Vec<_> = env.iter().map(|(n, _)| n.to_str().unwrap()).collect();
        names.sort_unstable();
        let expected = [
            "ANTHROPIC_API_KEY",
            "COLORTERM",
            "GLUON_STATE_DIR",
            "GLUON_TASK",
            "PATH",
            "TERM",
        ];
        assert_eq!(names, expected);
        assert_eq!(env.get("GLUON_TASK").unwrap(), "7");
        assert_eq!(env.get("TERM").unwrap(), "xterm-256color");
    }

    #[test]
    fn the_launch_adds_and_removes() {
        let launch = Launch {
            env: vec![("PATH".into(), "/mine".into())],
            env_remove: vec!["SECRET".into()],
            ..Launch::default()
        };
        let env = env(&[("PATH", "/bin"), ("SECRET", "x")], &launch);
        assert_eq!(env.get("PATH").unwrap(), "/mine");
        assert_eq!(env.get("SECRET"), None);
    }

    #[test]
    fn values_are_not_printed() {
        let launch = Launch {
            env: vec![("TOKEN".into(), "hunter2".into())],
            ..Launch::default()
        };
        let env = env(&[("KEY", "hunter3")], &launch);
        let shown = format!("{env:?} {launch:?}");
        assert!(shown.contains("TOKEN") && shown.contains("KEY"), "{shown}");
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
