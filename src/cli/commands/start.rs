//! `gluon start`: gives tasks their agents.

use clap::Args;

use super::super::args::{Format, SomeTasks, Yes};
use super::super::context::{Context, confirmed};
use super::super::failure::{Failure, Outcome};
use super::super::{pick, screen};
use crate::protocol::{Api, StartTask};

const AFTER_HELP: &str = "\
A task that was stopped goes on with its conversation; `gluon retry` begins a
new one.

Examples:
  gluon start 12
  gluon start 12 13 14
  gluon start 12 --attach";

/// Start tasks now, whether a slot is free or not
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Start {
    #[command(flatten)]
    tasks: SomeTasks,
    /// Look at it
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    format: Format,
}

impl Start {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        if self.attach && self.tasks.tasks.len() > 1 {
            return Err(Failure::usage("--attach takes one task"));
        }
        let client = ctx.client().await?;
        let mut cards = Vec::new();
        for task in pick::tasks(&client, &self.tasks.tasks).await? {
            let card = confirmed(self.yes.yes, |recap| {
                client.start_task(StartTask {
                    task,
                    message: None,
                    fresh: false,
                    recap,
                    size: screen::size(),
                })
            });
            cards.push(card.await?);
        }
        if self.attach {
            super::require_started(ctx, &cards)?;
        }
        if let (true, [card]) = (self.attach, cards.as_slice()) {
            return screen::attach(ctx, card.task.id).await;
        }
        super::tell_cards(ctx, &cards, self.format.json)?;
        super::require_started(ctx, &cards)
    }
}
