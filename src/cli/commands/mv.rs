//! `gluon move`: puts a card elsewhere.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::{Format, OneTask, Yes};
use super::super::context::{Context, confirmed};
use super::super::failure::Outcome;
use super::super::{complete, pick};
use crate::domain::Status;
use crate::protocol::{Api, MoveTask};

const AFTER_HELP: &str = "\
A move does what dragging the card does: onto running it starts, out of
running it stops (resumably), onto done it is accepted.

Examples:
  gluon move 12 running
  gluon move 12 queue --before 9
  gluon move 12 done";

/// Move a task to another column, or within its own
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, visible_alias = "mv")]
pub(in crate::cli) struct Move {
    #[command(flatten)]
    task: OneTask,
    /// The column: queue, running, review, done or cancelled
    #[arg(value_parser = super::ls::status)]
    to: Status,
    /// Before this task [default: last]
    #[arg(long, value_name = "TASK", add = ArgValueCandidates::new(complete::tasks))]
    before: Option<String>,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    format: Format,
}

impl Move {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let before = match &self.before {
            Some(text) => Some(pick::task(&client, text).await?),
            None => None,
        };
        let card = confirmed(self.yes.yes, |confirm| {
            client.move_task(MoveTask {
                task,
                to: self.to,
                before,
                confirm,
            })
        })
        .await?;
        match self.to {
            Status::Running => super::tell_started(ctx, &card, self.format.json),
            _ => super::tell_card(ctx, &card, self.format.json),
        }
    }
}
