//! `gluon queue`: whether tasks start by themselves.

use clap::{Args, Subcommand};

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::Outcome;
use crate::protocol::{Api, QueueView};

const AFTER_HELP: &str = "\
Examples:
  gluon queue             how it stands
  gluon queue pause       nothing starts by itself
  gluon queue resume";

/// Pause and resume the queue
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Queue {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Action {
    /// Start nothing by itself; what runs, runs on
    Pause,
    /// Start tasks as slots become free
    Resume,
}

impl Queue {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let queue = match self.action {
            Some(Action::Pause) => client.pause_queue(true).await?,
            Some(Action::Resume) => client.pause_queue(false).await?,
            None => client.board(()).await?.queue,
        };
        if self.format.json {
            return ctx.out.json(&queue);
        }
        ctx.out.line(words(&queue))
    }
}

fn words(queue: &QueueView) -> String {
    let state = if queue.paused { "paused" } else { "open" };
    format!(
        "the queue is {state}; {} of {} slots are taken",
        queue.used, queue.slots
    )
}
