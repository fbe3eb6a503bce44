//! `gluon pause` and `gluon continue`: stopping everything at once, and letting it go on.

use clap::Args;

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::Outcome;
use crate::protocol::{Api, Paused};

const AFTER_HELP: &str = "\
With --all every agent's turn ends as well: one with a screen is interrupted
with its own key and stays where it is; one without a screen, or one that does
not listen within 5 seconds, is ended and can be resumed. Plain shells are left
alone.

Examples:
  gluon pause               nothing starts by itself; what runs, runs on
  gluon pause --all         everything stops
  gluon continue            it all goes on";

const AFTER_CONTINUE: &str = "\
Agents that were ended are resumed as slots become free; one that was
interrupted stays where it is and waits for a message.

Examples:
  gluon continue";

/// Pause the queue, or stop everything at once
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Pause {
    /// End every agent's turn too
    #[arg(long)]
    all: bool,
    /// Let it all go on
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    format: Format,
}

/// Let everything go on that `gluon pause` stopped
#[derive(Debug, Args)]
#[command(after_help = AFTER_CONTINUE)]
pub(in crate::cli) struct Continue {
    #[command(flatten)]
    format: Format,
}

impl Pause {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let paused = match (self.all, self.undo) {
            (_, true) => client.pause_all(false).await?,
            (true, false) => client.pause_all(true).await?,
            (false, false) => Paused {
                queue_paused: client.pause_queue(true).await?.paused,
                ..Paused::default()
            },
        };
        tell(ctx, &paused, self.format)
    }
}

impl Continue {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let paused = ctx.client().await?.pause_all(false).await?;
        tell(ctx, &paused, self.format)
    }
}

fn tell(ctx: &Context, paused: &Paused, format: Format) -> Outcome {
    match format.json {
        true => ctx.out.json(paused),
        false => ctx.out.line(paused.words()),
    }
}
