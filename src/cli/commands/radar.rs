//! `gluon radar`: which tasks change the same files right now.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::Format;
use super::super::complete;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, text};
use super::super::pick;
use crate::protocol::{Against, Api};

const AFTER_HELP: &str = "\
What running tasks and those in review have right now is merged, in memory,
with each other and with the branch they would land on. Uncommitted files count.

Examples:
  gluon radar
  gluon radar --json | jq '.[] | select(.conflicts != [])'";

/// Show which tasks change the same files, and where that is a conflict
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Radar {
    /// Only this project: its name, number or a directory in it
    #[arg(long, short, add = ArgValueCandidates::new(complete::projects))]
    project: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Radar {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let project = match &self.project {
            Some(named) => Some(pick::project(&client.list_projects(()).await?, named)?.id),
            None => None,
        };
        let found = client.list_overlaps(project).await?;
        if self.format.json {
            return ctx.out.json(&found);
        }
        if found.is_empty() {
            let calm = "no two tasks change the same file, and none is in conflict with its target";
            return ctx.out.line(ctx.out.paint(Role::Dim, calm));
        }
        let mut table = Table::new([left("TASK"), left("WITH"), left(""), text("FILES")]);
        for overlap in &found {
            let with = match &overlap.with {
                Against::Target(branch) => branch.clone(),
                Against::Task(task) => format!("#{task}"),
            };
            let (word, role, files) = match overlap.conflicts.is_empty() {
                true => ("same files", Role::Warn, &overlap.both),
                false => ("conflict", Role::Bad, &overlap.conflicts),
            };
            table.row([
                Cell::new(format!("#{}", overlap.task), Role::Accent),
                Cell::from(with),
                Cell::new(word, role),
                Cell::from(files.join(", ")),
            ]);
        }
        ctx.out.table(&table)
    }
}
