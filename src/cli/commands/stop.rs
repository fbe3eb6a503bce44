//! `gluon stop`: ends agents, resumably.

use clap::Args;

use super::super::args::{Format, SomeTasks};
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::pick;
use crate::protocol::Api;

const AFTER_HELP: &str = "\
The task goes back to the queue and is held there; `gluon resume` goes on
where it stopped.

Examples:
  gluon stop 12
  gluon stop 12 13";

/// Stop tasks; their sessions stay resumable
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Stop {
    #[command(flatten)]
    tasks: SomeTasks,
    #[command(flatten)]
    format: Format,
}

impl Stop {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let mut cards = Vec::new();
        for task in pick::tasks(&client, &self.tasks.tasks).await? {
            cards.push(client.stop_task(task).await?);
        }
        super::tell_cards(ctx, &cards, self.format.json)
    }
}
