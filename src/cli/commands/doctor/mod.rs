//! `gluon doctor`: what is installed, what is missing, what to do about it.

mod places;
mod processes;
mod programs;
mod terminal;
mod trust;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::failure::{Code, Failure, Outcome};
use crate::cli::output::clean;
use crate::cli::output::paint::Role;
use crate::cli::screen;
use crate::config::{self, Config};

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
        let mut findings = vec![programs::git().await];
        findings.extend(places::directories(ctx));
        findings.extend(places::disk(ctx));
        let (settings, config) = settings(ctx);
        findings.push(settings);
        findings.extend(programs::agents(ctx, config.as_ref()).await);
        findings.extend(trust::trust(ctx).await);
        let notify = config.map(|config| config.notify).unwrap_or_default();
        findings.extend(terminal::terminal(&notify));
        findings.extend(places::logout().await);
        findings.extend(processes::processes(ctx).await);
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

/// The settings, and what is to be said of them: keys and theme too, which only the board reads.
fn settings(ctx: &Context) -> (Finding, Option<Config>) {
    let file = ctx.paths.config_file();
    let loaded = config::load(&ctx.paths).map_err(Failure::from);
    match loaded.and_then(|config| screen::options(ctx).map(|_| config)) {
        Ok(config) => {
            let text = match file.exists() {
                true => file.display().to_string(),
                false => format!("the defaults; {} would change them", file.display()),
            };
            (Finding::new("settings", Level::Ok, text), Some(config))
        }
        Err(error) => {
            let finding = Finding::new("settings", Level::Fail, error.to_string())
                .fix("correct it there; until then the daemon goes on with the settings of before");
            (finding, None)
        }
    }
}
