//! Whether the user trusts a project with an agent, by the agent's own settings, which are only read.
//!
//! Seen with Claude Code 2.1.330 and Codex 0.169.0: both ask about the directory that they are started in
//! unless the repository's own checkout is trusted; that counts for all of its worktrees. Gemini CLI 0.61.0
//! asks about each directory by its path, and opencode about none.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::agent::Trace;
use super::transcripts::Transcripts;

/// The longest file of settings that is read, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// How it comes about that an agent does not ask whether to trust a project's worktrees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trust {
    /// Whether its own settings say that the project's checkout is trusted; `None`: that would not help.
    pub own: Option<bool>,
    /// Whether it can be told so at each start, once the user trusts the project with gluon.
    pub told: bool,
}

/// Whether the agent's settings say that the repository at `checkout` is trusted.
pub(super) fn own(whose: Transcripts, trace: &Trace<'_>, checkout: &Path) -> Option<bool> {
    let home = whose.home(trace)?;
    let path = match whose {
        Transcripts::Claude => {
            // Beside its directory, unless the user has put that somewhere.
            let moved = (trace.env)("CLAUDE_CONFIG_DIR").filter(|dir| !dir.is_empty());
            match moved {
                Some(dir) => PathBuf::from(dir).join(".claude.json"),
                None => home.with_file_name(".claude.json"),
            }
        }
        Transcripts::Codex => home.join("config.toml"),
        Transcripts::Gemini | Transcripts::Opencode => return None,
    };
    let text = read(&path).unwrap_or_default();
    let checkout = checkout.to_str()?;
    Some(match whose {
        Transcripts::Claude => claude(&text, checkout),
        _ => codex(&text, checkout),
    })
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

fn claude(text: &str, checkout: &str) -> bool {
    let state: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    state["projects"][checkout]["hasTrustDialogAccepted"] == true
}

fn codex(text: &str, checkout: &str) -> bool {
    let config: toml::Table = text.parse().unwrap_or_default();
    let project = config.get("projects").and_then(|all| all.get(checkout));
    let level = project.and_then(|project| project.get("trust_level"));
    level.and_then(toml::Value::as_str) == Some("trusted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn what_agents_say_of_a_checkout_is_read() {
        let trusted = r#"{"projects": {"/src/a": {"hasTrustDialogAccepted": true}, "/src/b": {}}}"#;
        for (text, at, expected) in [
            (trusted, "/src/a", true),
            (trusted, "/src/b", false),
            (trusted, "/src", false),
            ("{\"projects\": 7", "/src/a", false),
            ("", "/src/a", false),
        ] {
            assert_eq!(claude(text, at), expected, "{text} {at}");
        }
        let trusted = "[projects.\"/src/a\"]\ntrust_level = \"trusted\"\n\
                       [projects.\"/src/b\"]\ntrust_level = \"untrusted\"\n";
        for (text, at, expected) in [
            (trusted, "/src/a", true),
            (trusted, "/src/b", false),
            ("projects = 3", "/src/a", false),
            ("[projects", "/src/a", false),
        ] {
            assert_eq!(codex(text, at), expected, "{text} {at}");
        }
    }

    #[test]
    fn it_is_read_where_the_agent_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().as_os_str().to_owned();
        let state = r#"{"projects": {"/src/a": {"hasTrustDialogAccepted": true}}}"#;
        std::fs::write(dir.path().join(".claude.json"), state).unwrap();
        for variable in ["HOME", "CLAUDE_CONFIG_DIR"] {
            let trace = Trace {
                cwd: Path::new("/"),
                since: Timestamp(0),
                env: &|name| (name == variable).then(|| home.clone()),
            };
            let known = own(Transcripts::Claude, &trace, Path::new("/src/a"));
            assert_eq!(known, Some(true));
        }
        let trace = Trace {
            cwd: Path::new("/"),
            since: Timestamp(0),
            env: &|name| (name == "HOME").then(|| home.clone()),
        };
        let of = |whose| own(whose, &trace, Path::new("/src/a"));
        assert_eq!(
            (of(Transcripts::Codex), of(Transcripts::Gemini)),
            (Some(false), None)
        );
    }
}
