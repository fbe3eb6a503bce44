//! `gluon tidy`: removes worktrees and branches of done tasks.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::{Format, Yes};
use super::super::complete;
use super::super::context::{Context, ask};
use super::super::failure::Outcome;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::pick;
use crate::protocol::{Api, TidyView, TidyWish};

const AFTER_HELP: &str = "\
Without names: those whose work has landed, by its commits, squashed or picked.
What they had stays in a recovery ref; `gluon undo` brings it back. `tidy_days`
in [review] of your settings does it by itself after so many days.

Examples:
  gluon tidy --dry-run
  gluon tidy --days 14 --yes
  gluon tidy 12            also if it has not landed";

/// Remove worktrees and branches of done tasks
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Tidy {
    /// These tasks, landed or not
    #[arg(value_name = "TASK", add = ArgValueCandidates::new(complete::tasks))]
    tasks: Vec<String>,
    /// Only those that are done for so many days
    #[arg(long)]
    days: Option<u32>,
    /// Only say which
    #[arg(long, short = 'n')]
    dry_run: bool,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    format: Format,
}

impl Tidy {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let wish = TidyWish {
            tasks: pick::tasks(&client, &self.tasks).await?,
            days: self.days,
            dry_run: true,
        };
        let mut seen = client.tidy(wish.clone()).await?;
        let going = seen.iter().filter(|view| view.goes).count();
        if !self.dry_run && going > 0 {
            if !self.yes.yes {
                show(ctx, &seen)?;
                ask(&format!("Remove {going} worktrees with their branches?"))?;
            }
            let wish = TidyWish {
                dry_run: false,
                ..wish
            };
            seen = client.tidy(wish).await?;
        }
        match self.format.json {
            true => ctx.out.json(&seen),
            false => show(ctx, &seen),
        }
    }
}

fn show(ctx: &Context, seen: &[TidyView]) -> Outcome {
    if seen.is_empty() {
        let tidy = "no done task has a worktree left";
        return ctx.out.line(ctx.out.paint(Role::Dim, tidy));
    }
    let mut table = Table::new([
        right("ID"),
        left("TITLE"),
        text("BRANCH"),
        left("LANDED"),
        left(""),
    ]);
    for view in seen {
        let (word, role) = match (view.removed, view.goes) {
            (true, _) => ("removed", Role::Good),
            (false, true) => ("can go", Role::Warn),
            (false, false) => ("stays", Role::Dim),
        };
        let landed = match view.landed.is_empty() {
            true => Cell::new("not all of it", Role::Warn),
            false => Cell::from(view.landed.clone()),
        };
        table.row([
            Cell::new(format!("#{}", view.task), Role::Accent),
            Cell::from(view.title.clone()),
            Cell::from(view.branch.clone()),
            landed,
            Cell::new(word, role),
        ]);
    }
    ctx.out.table(&table)
}
