//! `gluon retry`: starts over with a new conversation.

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::{pick, screen};
use crate::protocol::{Api, StartTask};

const AFTER_HELP: &str = "\
The worktree stays as it is; only the conversation is a new one.

Examples:
  gluon retry 12
  gluon retry 12 --attach";

/// Start a task again with a new conversation
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Retry {
    #[command(flatten)]
    task: OneTask,
    /// Look at it
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    format: Format,
}

impl Retry {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let start = StartTask {
            task,
            message: None,
            fresh: true,
            recap: false,
            size: screen::size(),
        };
        let card = client.start_task(start).await?;
        if self.attach {
            super::require_started(ctx, std::slice::from_ref(&card))?;
            return screen::attach(ctx, task).await;
        }
        super::tell_started(ctx, &card, self.format.json)
    }
}
