//! `gluon fork`: the same task once more, with another agent, beside the first.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::{Format, OneTask};
use super::super::complete;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::pick;
use crate::protocol::{Api, ForkTask};

const AFTER_HELP: &str = "\
The fork starts from the same commit, in a worktree of its own. Compare them with
`gluon diff 12 14`, or with `f` on the board; accepting one names the others, to
be removed. Another model is an agent of your own: a file in `agents` beside
config.toml that extends the agent's, with the model in its arguments.

Examples:
  gluon fork 12 --agent codex --start
  gluon fork 12 --agent codex-fast --start    an agent of your own
  gluon diff 12 14";

/// Try a task once more with another agent, beside the first
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Fork {
    #[command(flatten)]
    task: OneTask,
    /// The other agent; else the same once more
    #[arg(long, short, add = ArgValueCandidates::new(complete::agents))]
    agent: Option<String>,
    /// Start it now
    #[arg(long, short)]
    start: bool,
    #[command(flatten)]
    format: Format,
}

impl Fork {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let fork = ForkTask {
            task,
            agent: self.agent,
            start: self.start,
        };
        let card = client.fork_task(fork).await?;
        super::tell_card(ctx, &card, self.format.json)
    }
}
