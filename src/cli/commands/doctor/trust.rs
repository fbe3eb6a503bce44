//! Which agents ask whether to trust a project's worktrees, and how to be asked no more.

use std::path::Path;

use super::{Finding, Level};
use crate::agents::{self, Registry, Trace, Trust};
use crate::cli::commands::daemon;
use crate::cli::context::Context;
use crate::domain::{Project, Timestamp};
use crate::protocol::Api;

/// The most projects that are spoken of.
const MOST: usize = 20;

/// An agent that is installed, and how it comes to trust a project.
struct Installed {
    title: String,
    program: String,
    trust: Trust,
}

/// What is to be said of each project; in general where there are none, or no daemon that knows them.
pub(super) async fn trust(ctx: &Context) -> Vec<Finding> {
    let projects = match daemon::running(ctx).await {
        Ok(Some(client)) => client.list_projects(()).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let (registry, _) = Registry::load(Some(&ctx.paths.agents()));
    let of = |project: &Project| of_project(project, &installed(&registry, &project.path));
    let findings: Vec<Finding> = projects.iter().take(MOST).filter_map(of).collect();
    let any = || !installed(&registry, Path::new("/")).is_empty();
    match findings.is_empty() && any() {
        true => vec![Finding::new("trust", Level::Note, IN_GENERAL)],
        false => findings,
    }
}

const IN_GENERAL: &str = "agents ask whether to trust a new worktree, unless they know the project: \
    Claude Code and Codex by an answer in its own checkout, Codex and Gemini CLI by `gluon project trust`. \
    gluon does not edit the agents' own settings";

/// The agents that may ask.
fn installed(registry: &Registry, checkout: &Path) -> Vec<Installed> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let trace = Trace {
        cwd: checkout,
        since: Timestamp(0),
        env: &|name| std::env::var_os(name),
    };
    let there = registry
        .iter()
        .filter(|agent| agents::installed(agent.as_ref(), &path).is_some());
    there
        .map(|agent| Installed {
            title: agent.title().to_owned(),
            program: agent.program().to_owned(),
            trust: agent.trust(&trace, checkout),
        })
        .filter(|agent| agent.trust != Trust::default())
        .collect()
}

/// Nothing where no agent would ask in any case.
fn of_project(project: &Project, agents: &[Installed]) -> Option<Finding> {
    if agents.is_empty() {
        return None;
    }
    let asks = |agent: &&Installed| {
        agent.trust.own != Some(true) && !(agent.trust.told && project.trusted)
    };
    let asking: Vec<&Installed> = agents.iter().filter(asks).collect();
    let name = &project.name;
    if asking.is_empty() {
        let text = format!("{name}: no agent asks in its worktrees");
        return Some(Finding::new("trust", Level::Ok, text));
    }
    let titles: Vec<&str> = asking.iter().map(|agent| agent.title.as_str()).collect();
    let verb = if asking.len() == 1 { "asks" } else { "ask" };
    let text = format!(
        "{name} is not trusted yet: {} {verb} in each new worktree",
        listed(&titles)
    );
    let mut ways = Vec::new();
    if asking.iter().any(|agent| agent.trust.told) {
        ways.push(format!("`gluon project trust {name}`"));
    }
    // Those that can be told need no answer of their own.
    for agent in asking.iter().filter(|agent| !agent.trust.told) {
        ways.push(format!(
            "run `{}` once in {} and answer there, which counts for its worktrees",
            agent.program,
            project.path.display()
        ));
    }
    Some(Finding::new("trust", Level::Note, text).fix(ways.join("; ")))
}

/// `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ProjectId;

    fn agent(title: &str, own: Option<bool>, told: bool) -> Installed {
        Installed {
            title: title.to_owned(),
            program: title.to_lowercase(),
            trust: Trust { own, told },
        }
    }

    #[test]
    fn who_asks_is_said_with_the_way_on() {
        let all = |claude, codex| {
            [
                agent("Claude", Some(claude), false),
                agent("Codex", Some(codex), true),
                agent("Gemini", None, true),
            ]
        };
        let trust = "`gluon project trust api`";
        let claude =
            "run `claude` once in /src/api and answer there, which counts for its worktrees";
        for (trusted, agents, asking, fix) in [
            (
                false,
                all(false, false),
                "Claude, Codex and Gemini ask",
                format!("{trust}; {claude}"),
            ),
            (false, all(true, true), "Gemini asks", trust.to_owned()),
            (true, all(false, false), "Claude asks", claude.to_owned()),
            (true, all(true, false), "no agent asks", String::new()),
        ] {
            let project = Project {
                id: ProjectId(1),
                name: "api".into(),
                path: "/src/api".into(),
                workspace: String::new(),
                slots: None,
                trusted_setup: None,
                trusted_check: None,
                trusted,
                created_at: Timestamp(0),
            };
            let finding = of_project(&project, &agents).unwrap();
            assert!(finding.text.contains(asking), "{}", finding.text);
            assert_eq!(finding.fix.unwrap_or_default(), fix);
        }
    }
}
