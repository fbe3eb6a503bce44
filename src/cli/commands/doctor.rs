//! `gluon doctor`: what is installed, what is missing, what to do about it.

use std::io::{self, IsTerminal};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::screen;
use super::daemon;
use crate::agents::{self, Agent, Registry};
use crate::config;
use crate::protocol::Api;
use crate::pty::KeeperClient;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(3);
/// The oldest git that is known to do.
const OLDEST_GIT: (u32, u32) = (2, 31);

const AFTER_HELP: &str = "\
It changes nothing. The exit code is 1 where something is wrong.

Examples:
  gluon doctor
  gluon doctor --json";

/// Look for what is missing or wrong
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Doctor {
    #[command(flatten)]
    format: Format,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Ok,
    Note,
    Warn,
    Fail,
}

/// A line of the findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    about: String,
    level: Level,
    text: String,
    fix: Option<String>,
}

impl Finding {
    fn new(about: &str, level: Level, text: impl Into<String>) -> Self {
        Self {
            about: about.to_owned(),
            level,
            text: text.into(),
            fix: None,
        }
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

impl Doctor {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome<ExitCode> {
        let mut findings = vec![git().await];
        findings.push(directories(ctx));
        findings.push(settings(ctx));
        findings.extend(agents(ctx).await);
        findings.extend(terminal());
        findings.push(processes(ctx).await);
        if self.format.json {
            ctx.out.json(&findings)?;
        } else {
            for finding in &findings {
                tell(ctx, finding)?;
            }
        }
        let failed = findings.iter().any(|finding| finding.level == Level::Fail);
        Ok(match failed {
            true => ExitCode::from(Code::Failed as u8),
            false => ExitCode::SUCCESS,
        })
    }
}

fn tell(ctx: &Context, finding: &Finding) -> Outcome {
    let (word, role) = match finding.level {
        Level::Ok => ("ok  ", Role::Good),
        Level::Note => ("note", Role::Dim),
        Level::Warn => ("warn", Role::Warn),
        Level::Fail => ("FAIL", Role::Bad),
    };
    let word = ctx.out.paint(role, word);
    let about = ctx
        .out
        .paint(Role::Strong, &format!("{:<10}", finding.about));
    ctx.out
        .line(format!("{word}  {about}  {}", clean::line(&finding.text)))?;
    if let Some(fix) = &finding.fix {
        let arrow = ctx.out.paint(Role::Accent, "fix:");
        ctx.out
            .line(format!("{:18}{arrow} {}", "", clean::line(fix)))?;
    }
    Ok(())
}

async fn git() -> Finding {
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

fn directories(ctx: &Context) -> Finding {
    let paths = &ctx.paths;
    match paths.ensure() {
        Ok(()) => {
            let text = format!(
                "state {}, worktrees {}, settings {}, sockets {}",
                paths.state.display(),
                paths.worktrees().display(),
                paths.config.display(),
                paths.runtime.display()
            );
            Finding::new("places", Level::Ok, text)
        }
        Err(error) => Finding::new("places", Level::Fail, error.to_string()).fix(
            "make it yours alone (chown, chmod 700), or set GLUON_STATE_DIR and GLUON_RUNTIME_DIR",
        ),
    }
}

fn settings(ctx: &Context) -> Finding {
    let file = ctx.paths.config_file();
    let loaded = config::load(&ctx.paths).map_err(Failure::from);
    match loaded.and_then(|config| screen::options(ctx).map(|_| config)) {
        Ok(_) if file.exists() => Finding::new("settings", Level::Ok, file.display().to_string()),
        Ok(_) => {
            let text = format!("the defaults; {} would change them", file.display());
            Finding::new("settings", Level::Ok, text)
        }
        Err(error) => Finding::new("settings", Level::Fail, error.to_string())
            .fix("correct it there; until then the daemon goes on with the settings of before"),
    }
}

async fn agents(ctx: &Context) -> Vec<Finding> {
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
                installed += usize::from(!matches!(agent.name(), "demo" | "shell"));
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
    if installed == 0 {
        findings.push(
            Finding::new("agents", Level::Warn, "no coding agent is installed")
                .fix("install one of those above; `gluon demo` needs none"),
        );
    } else {
        findings.push(Finding::new(
            "trust",
            Level::Note,
            "agents may ask once for each new worktree whether to trust it; answer in the pane. \
             gluon does not edit the agents' own settings",
        ));
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
async fn version(command: Vec<String>) -> Option<String> {
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

fn terminal() -> Vec<Finding> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return vec![Finding::new(
            "terminal",
            Level::Note,
            "none here; run this in yours",
        )];
    }
    let term = set("TERM").unwrap_or_default();
    let truecolor = set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    let kitty = crossterm::terminal::supports_keyboard_enhancement().unwrap_or(false);
    let size = crossterm::terminal::size().unwrap_or_default();
    let text = format!(
        "TERM={term}, {}x{}, {}, {}",
        size.0,
        size.1,
        if truecolor {
            "24-bit colour"
        } else {
            "256 colours or fewer"
        },
        if kitty {
            "kitty keyboard protocol"
        } else {
            "no kitty keyboard protocol"
        },
    );
    let mut findings = vec![match term.as_str() {
        "" | "dumb" => Finding::new("terminal", Level::Fail, text)
            .fix("set TERM to what your terminal is, such as xterm-256color"),
        _ => Finding::new("terminal", Level::Ok, text),
    }];
    if !kitty {
        findings.push(Finding::new(
            "keys",
            Level::Note,
            "Shift+Enter cannot be told from Enter in this terminal; Alt+Enter makes a new line in most agents",
        ));
    }
    if set("TMUX").is_some() {
        findings.push(
            Finding::new("tmux", Level::Note, "gluon runs inside tmux, which takes Ctrl-B first").fix(
                "set `prefix` under [tui] in config.toml, and `set -g focus-events on`, `set -s escape-time 0` in tmux",
            ),
        );
    }
    findings
}

async fn processes(ctx: &Context) -> Finding {
    let keeper = daemon::with_keeper(ctx, KeeperClient::status).await;
    let keeper = keeper.and_then(Result::ok);
    let ours = env!("CARGO_PKG_VERSION");
    let status = match daemon::running(ctx).await {
        Ok(Some(client)) => client.status(()).await.map_err(|error| error.to_string()),
        Ok(None) => {
            return match keeper {
                Some(keeper) => Finding::new(
                    "daemon",
                    Level::Fail,
                    format!(
                        "the keeper (process {}) cannot keep a daemon up",
                        keeper.pid
                    ),
                )
                .fix(format!("see {}", ctx.paths.daemon_log().display())),
                None => Finding::new(
                    "daemon",
                    Level::Ok,
                    "not running; it starts when it is needed",
                ),
            };
        }
        Err(error) => Err(error.to_string()),
    };
    match (status, keeper) {
        (Err(error), _) => Finding::new("daemon", Level::Fail, error)
            .fix("`gluon daemon restart` starts it anew; agents run on"),
        (Ok(status), _) if status.version != ours => {
            let text = format!("version {} runs, this is {ours}", status.version);
            Finding::new("daemon", Level::Warn, text)
                .fix("`gluon daemon restart` starts this version; agents run on")
        }
        (Ok(_), Some(keeper)) if keeper.version != ours => {
            let text = format!(
                "the keeper is still version {}, this is {ours}",
                keeper.version
            );
            Finding::new("daemon", Level::Note, text)
                .fix("`gluon daemon stop` when no agent is at work; it comes back by itself")
        }
        (Ok(status), keeper) => {
            let crashes = keeper.map_or(0, |keeper| keeper.crashes);
            let text = format!(
                "process {}, version {}, {} live sessions, {crashes} crashes",
                status.pid, status.version, status.live_sessions
            );
            let level = if crashes == 0 { Level::Ok } else { Level::Warn };
            let finding = Finding::new("daemon", level, text);
            match crashes {
                0 => finding,
                _ => finding.fix(format!("see {}", ctx.paths.daemon_log().display())),
            }
        }
    }
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
