//! `gluon explain`: what happened to a task, why, by whom.

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::{describe, pick};
use crate::protocol::Api;

const AFTER_HELP: &str = "\
Examples:
  gluon explain 12
  gluon explain 12 --json";

/// Print a task's history: what happened, why, by whom
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Explain {
    #[command(flatten)]
    task: OneTask,
    #[command(flatten)]
    format: Format,
}

impl Explain {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let detail = client.show_task(task).await?;
        if self.format.json {
            return ctx.out.json(&detail.events);
        }
        let mut table = Table::new([right("AGO"), left("WHAT"), left("BY"), text("WHY")]);
        for event in detail.events.iter().rev() {
            table.row([
                describe::age(ctx.now, event.at),
                Cell::new(&event.kind, Role::Strong),
                Cell::new(&event.actor, Role::Plain),
                Cell::new(&event.detail, Role::Plain),
            ]);
        }
        ctx.out.table(&table)
    }
}
