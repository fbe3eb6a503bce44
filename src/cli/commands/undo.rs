//! `gluon undo`: takes back the last acceptance, removal or cancellation.

use clap::Args;

use super::super::args::{Format, Yes};
use super::super::context::{Context, confirmed};
use super::super::failure::Outcome;
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right};
use crate::domain::units::short_duration;
use crate::protocol::{Api, UndoWish};

const AFTER_HELP: &str = "\
It says what is taken back, and asks. A branch goes back only where nobody has
built upon it; `--revert` takes it back by a commit on top instead.

Examples:
  gluon undo
  gluon undo --list        what was done, the newest first
  gluon undo 7 --revert";

/// Take back the last acceptance, removal or cancellation
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Undo {
    /// The number of the operation in --list; else the last one
    operation: Option<i64>,
    /// By a commit on top of the branch
    #[arg(long)]
    revert: bool,
    /// List what was done
    #[arg(long, conflicts_with_all = ["operation", "revert"])]
    list: bool,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    format: Format,
}

impl Undo {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        if self.list {
            return list(ctx, &client.list_operations(()).await?, self.format);
        }
        let undone = confirmed(self.yes.yes, |confirm| {
            client.undo(UndoWish {
                operation: self.operation,
                revert: self.revert,
                confirm,
            })
        })
        .await?;
        if self.format.json {
            return ctx.out.json(&undone);
        }
        let words = format!("taken back: {}", undone.operation.sentence);
        ctx.out.line(clean::line(&words))?;
        super::tell_card(ctx, &undone.card, false)?;
        for note in &undone.notes {
            ctx.out
                .line(ctx.out.paint(Role::Warn, &clean::line(note)))?;
        }
        Ok(())
    }
}

fn list(ctx: &Context, all: &[crate::protocol::OperationView], format: Format) -> Outcome {
    if format.json {
        return ctx.out.json(&all);
    }
    let mut table = Table::new([right("ID"), right("AGO"), left("STATE"), left("WHAT")]);
    for operation in all {
        let role = if operation.undoable {
            Role::Plain
        } else {
            Role::Dim
        };
        table.row([
            Cell::new(operation.id.to_string(), Role::Accent),
            Cell::new(short_duration(ctx.now.since(operation.at)), Role::Dim),
            Cell::new(operation.state.word(), role),
            Cell::new(&operation.sentence, role),
        ]);
    }
    ctx.out.table(&table)
}
