//! `gluon notify`: how you are told what needs you, and trying it out.

use std::io::IsTerminal;

use clap::{Args, Subcommand};

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use crate::config::{self, NotifyConfig};
use crate::domain::Need;
use crate::domain::notify::Announcement;
use crate::protocol::{Api, WayReport};
use crate::tui::term::{Speaker, Voice};

const AFTER_HELP: &str = "\
You are told when something needs you and nobody looks: through the terminal
gluon is open in, else on the desktop, and by a command of yours. What, how and
when not is set under [notify] in config.toml.

Examples:
  gluon notify                how it is set
  gluon notify test           tells you something by every way
  gluon notify test --json";

/// Show how you are told what needs you, and try it out
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Notify {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Action {
    /// Tell you something by every way, and say what came of it
    Test {
        #[command(flatten)]
        format: Format,
    },
}

impl Notify {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let config = config::load(&ctx.paths)?.notify;
        match self.action {
            Some(Action::Test { format }) => {
                test(ctx, &config, self.format.json || format.json).await
            }
            None if self.format.json => ctx.out.json(&config),
            None => show(ctx, &config),
        }
    }
}

fn speaker(config: &NotifyConfig) -> Speaker {
    Speaker::new(config, |name| std::env::var(name).ok())
}

fn show(ctx: &Context, config: &NotifyConfig) -> Outcome {
    let rules = config.rules();
    let (off, on): (Vec<Need>, Vec<Need>) = Need::ALL
        .into_iter()
        .partition(|need| rules.off.contains(need));
    let list = |needs: &[Need]| {
        let words: Vec<&str> = needs.iter().map(|need| need.word()).collect();
        words.join(", ")
    };
    let quiet: Vec<String> = config.quiet.iter().map(ToString::to_string).collect();
    let desktop = format!("{:?}", config.desktop).to_lowercase();
    let mut facts = vec![
        ("terminal", speaker(config).words()),
        ("desktop", desktop),
        (
            "command",
            config.command.clone().unwrap_or_else(|| "none".to_owned()),
        ),
        ("told", list(&on)),
        ("after", format!("{} s", config.grace)),
    ];
    if !off.is_empty() {
        facts.push(("not told", list(&off)));
    }
    if !quiet.is_empty() {
        facts.push(("quiet", quiet.join("; ")));
    }
    for (name, value) in facts {
        let name = ctx.out.paint(Role::Dim, &format!("{name:>10}"));
        ctx.out.line(format!("{name}  {}", clean::line(&value)))?;
    }
    Ok(())
}

async fn test(ctx: &Context, config: &NotifyConfig, json: bool) -> Outcome {
    let client = ctx.client().await?;
    let mut reports = vec![through_terminal(config)];
    reports.extend(client.test_notify(()).await?);
    if json {
        ctx.out.json(&reports)?;
    } else {
        for report in &reports {
            let (word, role) = match report.told {
                true => ("told", Role::Good),
                false => ("not ", Role::Warn),
            };
            let word = ctx.out.paint(role, word);
            let way = ctx.out.paint(Role::Strong, &format!("{:<9}", report.way));
            let words = clean::line(&report.words);
            ctx.out.line(format!("{word}  {way} {words}"))?;
        }
    }
    match reports.iter().any(|report| report.told) {
        true => Ok(()),
        false => Err(Failure::new(Code::Failed, "no way reaches you")
            .with_hint("`gluon doctor` says what your terminal understands")),
    }
}

/// Tells something through this terminal. Whether it shows it, only who sits there can say.
fn through_terminal(config: &NotifyConfig) -> WayReport {
    let report = |told, words: &str| WayReport {
        way: "terminal".to_owned(),
        told,
        words: words.to_owned(),
    };
    let speaker = speaker(config);
    if speaker.voice == Voice::Silent {
        return report(false, "switched off by `notify.terminal` in config.toml");
    }
    // The terminal itself, so that it works with the output in a pipe too.
    let terminal = std::fs::File::options().write(true).open("/dev/tty");
    let sequence = speaker.announce(&Announcement::trial());
    let written = match terminal {
        Ok(mut terminal) => std::io::Write::write_all(&mut terminal, sequence.as_bytes()),
        Err(error) => Err(error),
    };
    match written {
        Ok(()) => {
            let hint = match std::io::stdout().is_terminal() && speaker.voice == Voice::Bell {
                true => "; `gluon doctor` says whether it understands more",
                false => "",
            };
            report(true, &format!("sent as {}{hint}", speaker.words()))
        }
        Err(error) => report(false, &format!("there is none here: {error}")),
    }
}
