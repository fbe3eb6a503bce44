//! `gluon new`: makes a task.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::Format;
use super::super::complete;
use super::super::context::Context;
use super::super::failure::{Failure, Outcome};
use super::super::{pick, screen};
use super::loops::LimitArgs;
use crate::client::Client;
use crate::domain::budget::Limit;
use crate::domain::{MicroUsd, Mode, Priority};
use crate::protocol::{Api, NewLoop, NewTask};

/// The longest prompt read from a file, in bytes; a frame to the daemon has to hold it.
const MAX_PROMPT: u64 = 4 * 1024 * 1024;

const AFTER_HELP: &str = "\
Examples:
  gluon new \"fix the login bug\"                     into the queue of this repository
  gluon new \"fix the login bug\" --start --attach    start it now and look at it
  gluon new \"bump deps\" --agent codex --after 12    once task 12 is done
  gluon new \"fix the typos\" --once --start         one run without a screen, then review
  gluon new \"docs\" --prompt-file notes.md           title here, prompt from a file
  gluon new \"port it\" --loop --check \"cargo test\" --max-iterations 20 --start
  git log -5 | gluon new \"release notes\" --prompt-file -
  gluon new \"watch the logs\" --start -- tail -f app.log";

/// Make a task
///
/// The text is what the agent is told; its first line becomes the title. With --prompt-file or a command
/// it is the title alone.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct New {
    /// What is to be done
    text: Option<String>,
    /// The title, where it shall not be the first line
    #[arg(long)]
    title: Option<String>,
    /// Read the prompt from a file; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    prompt_file: Option<PathBuf>,
    /// The project: name, number or a directory in it [default: the repository around]
    #[arg(long, short, add = ArgValueCandidates::new(complete::projects))]
    project: Option<String>,
    /// The agent [default: the configured one, or the first that is installed]
    #[arg(long, short, add = ArgValueCandidates::new(complete::agents), conflicts_with = "command")]
    agent: Option<String>,
    /// How the agent is driven: interactive, once or loop
    #[arg(long, default_value = "interactive", value_parser = mode, hide_default_value = true)]
    mode: Mode,
    /// Short for --mode once: one run without a screen of the agent's own, shown as text, then review
    #[arg(long, conflicts_with = "mode")]
    once: bool,
    /// Short for --mode loop
    #[arg(long = "loop", conflicts_with_all = ["mode", "once"])]
    looped: bool,
    /// The branch or commit to start from [default: what is checked out]
    #[arg(long)]
    base: Option<String>,
    /// From 0, most urgent, to 3 [default: 2]
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=3))]
    priority: Option<u8>,
    /// A word to filter by; may be repeated
    #[arg(long, short, value_name = "WORD", value_delimiter = ',')]
    label: Vec<String>,
    /// Start only when this task is done; may be repeated
    #[arg(long, value_name = "TASK", value_delimiter = ',', add = ArgValueCandidates::new(complete::tasks))]
    after: Vec<String>,
    /// The most it may cost, in dollars; or `unlimited`
    #[arg(long, value_name = "DOLLARS", value_parser = budget, allow_negative_numbers = true)]
    budget: Option<MicroUsd>,
    #[command(flatten, next_help_heading = "Loop")]
    limits: LimitArgs,
    /// The loop's own check command, in place of the project's
    #[arg(long, value_name = "CMD", help_heading = "Loop")]
    check: Option<String>,
    /// Loop without a check command, though the project has one
    #[arg(long, conflicts_with = "check", help_heading = "Loop")]
    no_check: bool,
    /// The plan file, whose boxes are evidence [default: TODO.md, TASKS.md, fix_plan.md, PLAN.md]
    #[arg(long, value_name = "FILE", help_heading = "Loop")]
    plan: Option<String>,
    /// Go on with the same conversation instead of a fresh one for each iteration
    #[arg(long, help_heading = "Loop")]
    same_conversation: bool,
    /// The loop's own template of what the agent is told
    #[arg(long, value_name = "FILE", help_heading = "Loop")]
    template: Option<PathBuf>,
    /// Leave it in the queue until it is started by hand
    #[arg(long, conflicts_with_all = ["start", "attach"])]
    hold: bool,
    /// Start it now, whether a slot is free or not
    #[arg(long, short)]
    start: bool,
    /// Start it now and look at it
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    format: Format,
    /// A command to run in place of an agent
    #[arg(last = true, value_name = "CMD")]
    command: Vec<String>,
}

impl New {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let (title, prompt) = self.words()?;
        let looped = self.looped()?;
        let client = ctx.client().await?;
        let size = (self.start || self.attach).then(screen::size).flatten();
        let task = NewTask {
            directory: self.directory(&client).await?,
            title,
            prompt,
            agent: self.agent,
            command: (!self.command.is_empty()).then_some(self.command),
            mode: match (self.looped, self.once) {
                (true, _) => Mode::Loop,
                (_, true) => Mode::Once,
                _ => self.mode,
            },
            base: self.base,
            priority: self.priority.map(Priority::new).unwrap_or_default(),
            labels: self.label,
            depends_on: pick::tasks(&client, &self.after).await?,
            budget: self.budget,
            held: self.hold,
            start: self.start || self.attach,
            size,
            looped,
        };
        let card = client.create_task(task).await?;
        if self.attach {
            super::require_started(ctx, std::slice::from_ref(&card))?;
            drop(client);
            return screen::attach(ctx, card.task.id).await;
        }
        super::tell_started(ctx, &card, self.format.json)
    }

    /// What is wanted of the loop.
    fn looped(&self) -> Outcome<Option<NewLoop>> {
        let wanted = self.limits.is_some()
            || self.check.is_some()
            || self.no_check
            || self.plan.is_some()
            || self.same_conversation
            || self.template.is_some();
        if !self.looped && self.mode != Mode::Loop {
            if wanted {
                return Err(Failure::usage("that is said of loops only").with_hint("add --loop"));
            }
            return Ok(None);
        }
        Ok(Some(NewLoop {
            limits: self.limits.limits(None)?,
            check: self.check.clone(),
            no_check: self.no_check,
            plan: self.plan.clone(),
            same_conversation: self.same_conversation,
            template: self.template.as_ref().map(read_prompt).transpose()?,
        }))
    }

    /// Title and prompt.
    fn words(&self) -> Outcome<(String, String)> {
        let text = self.text.clone().unwrap_or_default();
        let title = self.title.clone();
        if let Some(file) = &self.prompt_file {
            let prompt = read_prompt(file)?;
            let title = title.unwrap_or(text);
            if title.trim().is_empty() && prompt.trim().is_empty() {
                return Err(Failure::usage("the prompt is empty"));
            }
            return Ok((title, prompt));
        }
        if !self.command.is_empty() {
            let title = title.or(self.text.clone());
            return Ok((
                title.unwrap_or_else(|| self.command.join(" ")),
                String::new(),
            ));
        }
        if text.trim().is_empty() && title.is_none() {
            return Err(Failure::usage("a task needs a text")
                .with_hint("gluon new \"what is to be done\"; `gluon new --help` has examples"));
        }
        Ok((title.unwrap_or_default(), text))
    }

    /// A directory in the project meant.
    async fn directory(&self, client: &Client) -> Outcome<PathBuf> {
        let Some(text) = &self.project else {
            return Ok(std::env::current_dir()?);
        };
        match pick::project(&client.list_projects(()).await?, text) {
            Ok(project) => Ok(project.path),
            // A repository that is not registered yet is so by being used.
            Err(_) if PathBuf::from(text).is_dir() => Ok(fs::canonicalize(text)?),
            Err(failure) => Err(failure),
        }
    }
}

fn read_prompt(file: &PathBuf) -> Outcome<String> {
    let named = |error: std::io::Error| {
        Failure::new(
            super::super::failure::Code::Failed,
            format!("cannot read the prompt from {}: {error}", file.display()),
        )
    };
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin()
            .take(MAX_PROMPT + 1)
            .read_to_string(&mut text)
    } else {
        let opened = fs::File::open(file).map_err(named)?;
        opened.take(MAX_PROMPT + 1).read_to_string(&mut text)
    }
    .map_err(named)?;
    if text.len() as u64 > MAX_PROMPT {
        return Err(Failure::usage("the prompt is longer than 4 MiB")
            .with_hint("put it into a file and tell the agent to read that"));
    }
    Ok(text)
}

fn mode(word: &str) -> Result<Mode, String> {
    Mode::from_word(word).ok_or_else(|| "one of interactive, once, loop".to_owned())
}

/// Dollars, or `unlimited`.
fn budget(text: &str) -> Result<MicroUsd, String> {
    Limit::parse(text).map(Limit::stored)
}

/// Dollars.
pub(super) fn dollars(text: &str) -> Result<MicroUsd, String> {
    let limit = Limit::parse(text).ok().and_then(Limit::usd);
    limit.ok_or_else(|| "an amount such as 5 or 0.75".to_owned())
}
