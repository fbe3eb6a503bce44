//! Programs: git, and the agents' own.

use std::process::Stdio;
use std::time::Duration;

use super::{Finding, Level};
use crate::agents::{self, Agent, Registry};
use crate::cli::context::Context;
use crate::config::Config;
use crate::domain::names;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(3);
/// The oldest git that is known to do.
const OLDEST_GIT: (u32, u32) = (2, 31);

/// Whether git is there, and new enough.
pub(super) async fn git() -> Finding {
    let command = ["git", "--version"].map(str::to_owned);
    let Some(text) = version(command.to_vec()).await else {
        return Finding::new("git", Level::Fail, "git is not installed, or does not run")
            .fix("install git with your system's package manager");
    };
    match version_of(&text) {
        Some(version) if version >= OLDEST_GIT => Finding::new("git", Level::Ok, text),
        _ => {
            let wanted = format!("{}.{}", OLDEST_GIT.0, OLDEST_GIT.1);
            Finding::new("git", Level::Warn, format!("{text} is older than {wanted}"))
                .fix(format!("install git {wanted} or later"))
        }
    }
}

/// The first two numbers of a version in `text`.
fn version_of(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
            _ => None,
        }
    })
}

/// The agents, found or missing; `config` is the settings where they could be read.
pub(super) async fn agents(ctx: &Context, config: Option<&Config>) -> Vec<Finding> {
    let (registry, problems) = Registry::load(Some(&ctx.paths.agents()));
    let mut findings: Vec<Finding> = problems
        .iter()
        .map(|problem| Finding::new("agents", Level::Warn, problem.to_string()))
        .collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut installed = 0;
    let mut asked = Vec::new();
    for agent in registry.iter() {
        match agents::installed(agent.as_ref(), &path) {
            Some(place) => {
                // The demo agent and the shell are always there.
                installed += usize::from(!names::is_named_only(agent.name()));
                let version = tokio::spawn(version(agent.version_command()));
                asked.push((agent.clone(), Some((place, version))));
            }
            None => asked.push((agent.clone(), None)),
        }
    }
    for (agent, found) in asked {
        findings.push(match found {
            Some((place, version)) => {
                let said = version.await.ok().flatten();
                let said = said.unwrap_or_else(|| "it does not say its version".to_owned());
                let text = format!("{said} ({})", place.display());
                Finding::new(agent.name(), Level::Ok, text)
            }
            None => missing(agent.as_ref()),
        });
    }
    let default = config.and_then(|config| config.agents.default.as_deref());
    if let Some(name) = default.filter(|name| registry.get(name).is_none()) {
        let text = format!("agents.default is {name}, and there is no such agent");
        let finding = Finding::new("agents", Level::Warn, text);
        findings.push(finding.fix("name one of those above in config.toml"));
    }
    if installed == 0 {
        findings.push(
            Finding::new("agents", Level::Warn, "no coding agent is installed")
                .fix("install one of those above; `gluon demo` needs none"),
        );
    }
    findings
}

fn missing(agent: &dyn Agent) -> Finding {
    let text = format!("{} is not installed", agent.program());
    let finding = Finding::new(agent.name(), Level::Note, text);
    match agent.install_hint() {
        "" => finding,
        hint => finding.fix(hint),
    }
}

/// The first line of what a program says of its version.
pub(super) async fn version(command: Vec<String>) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let child = tokio::process::Command::new(program)
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, child).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(line.trim().chars().take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, expected) in [
            ("git version 2.39.5", Some((2, 39))),
            ("git version 2.50.1 (Apple Git-155)", Some((2, 50))),
            ("git version 2.47.0.windows.1", Some((2, 47))),
            ("no", None),
        ] {
            assert_eq!(version_of(text), expected, "{text}");
        }
    }
}
