//! `gluon resume`: goes on with a conversation.

use clap::Args;

use clap_complete::engine::ArgValueCandidates;

use super::super::args::{Format, Yes};
use super::super::complete;
use super::super::context::{Context, confirmed};
use super::super::failure::{Failure, Outcome};
use super::super::output::clean;
use super::super::{pick, screen};
use crate::protocol::{Api, StartTask};

const AFTER_HELP: &str = "\
The agent goes on with the same conversation, by its own means. Where it no
longer has it, gluon asks before it begins a new one, in which the agent is
told what was done so far; --fresh begins one in any case.

Examples:
  gluon resume 12
  gluon resume 12 \"the tests still fail on macOS\"
  gluon resume 12 --attach
  gluon resume --all                      everything a reboot interrupted";

/// Resume a task that was stopped, interrupted or is in review
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Resume {
    /// The task: its number or the beginning of its title
    #[arg(required_unless_present = "all", add = ArgValueCandidates::new(complete::tasks))]
    task: Option<String>,
    /// What the agent is told
    message: Option<String>,
    /// All tasks that were interrupted, one after the other
    #[arg(long, conflicts_with_all = ["task", "message", "attach", "fresh"])]
    all: bool,
    /// Begin a new conversation that is told what was done so far
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    yes: Yes,
    /// Look at it
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    format: Format,
}

impl Resume {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let Some(task) = &self.task else {
            let cards = client.resume_all(()).await?;
            if cards.is_empty() && !self.format.json {
                return ctx.out.line("nothing was interrupted");
            }
            if self.format.json {
                return ctx.out.json(&cards);
            }
            for card in &cards {
                let (id, title) = (card.task.id, clean::line(&card.task.title));
                ctx.out.line(format!("#{id} {title} comes back"))?;
            }
            return Ok(());
        };
        if task.is_empty() {
            return Err(Failure::usage("the task's name is empty"));
        }
        let task = pick::task(&client, task).await?;
        let card = confirmed(self.yes.yes || self.fresh, |recap| {
            client.start_task(StartTask {
                task,
                message: self.message.clone(),
                fresh: self.fresh,
                recap,
                size: screen::size(),
            })
        })
        .await?;
        if self.attach {
            super::require_started(ctx, std::slice::from_ref(&card))?;
            return screen::attach(ctx, task).await;
        }
        super::tell_started(ctx, &card, self.format.json)?;
        let waiting = match card.follow_ups {
            0 => return Ok(()),
            _ if self.format.json => return Ok(()),
            1 => "1 message waits".to_owned(),
            count => format!("{count} messages wait"),
        };
        ctx.out.line(format!(
            "{waiting} until it is idle (`gluon send {task} --list`)"
        ))
    }
}
