//! `gluon cancel`: gives tasks up.

use clap::Args;

use super::super::args::{Format, SomeTasks, Yes};
use super::super::context::{Context, confirmed};
use super::super::failure::Outcome;
use super::super::pick;
use crate::protocol::{Api, ConfirmTask};

const AFTER_HELP: &str = "\
Branch and worktree stay; `gluon move TASK queue` takes it back. It asks where
an agent is at work.

Examples:
  gluon cancel 12
  gluon cancel 12 --yes";

/// Give tasks up
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Cancel {
    #[command(flatten)]
    tasks: SomeTasks,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    format: Format,
}

impl Cancel {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let mut cards = Vec::new();
        for task in pick::tasks(&client, &self.tasks.tasks).await? {
            let call = |confirm| client.cancel_task(ConfirmTask { task, confirm });
            cards.push(confirmed(self.yes.yes, call).await?);
        }
        super::tell_cards(ctx, &cards, self.format.json)
    }
}
