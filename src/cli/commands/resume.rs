//! `gluon resume`: goes on with a conversation.

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::{pick, screen};
use crate::protocol::{Api, StartTask};

const AFTER_HELP: &str = "\
Examples:
  gluon resume 12
  gluon resume 12 \"the tests still fail on macOS\"
  gluon resume 12 --attach";

/// Resume a task that was stopped, interrupted or is in review
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Resume {
    #[command(flatten)]
    task: OneTask,
    /// What the agent is told
    message: Option<String>,
    /// Look at it
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    format: Format,
}

impl Resume {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let start = StartTask {
            task,
            message: self.message,
            fresh: false,
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
