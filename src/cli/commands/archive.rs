//! `gluon archive`: puts done tasks out of sight, and brings them back.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::Format;
use super::super::complete;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::paint::Role;
use super::super::pick;
use crate::protocol::{Api, ArchiveWish};

const AFTER_HELP: &str = "\
Nothing is removed: branch, worktree, sessions and costs stay. Done tasks go there
by themselves after `archive_days` in [review] of your settings (7; 0 is never).

Examples:
  gluon archive 12 13
  gluon archive --days 2       all that are done for two days or longer
  gluon archive --back 12
  gluon ls --archived";

/// Put done tasks out of sight, or bring them back
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Archive {
    /// The tasks: their numbers or the beginning of their titles
    #[arg(
        value_name = "TASK",
        required_unless_present = "days",
        add = ArgValueCandidates::new(complete::tasks)
    )]
    tasks: Vec<String>,
    /// All that are done for so many days
    #[arg(long, conflicts_with_all = ["tasks", "back"])]
    days: Option<u32>,
    /// Bring them back
    #[arg(long, short)]
    back: bool,
    #[command(flatten)]
    format: Format,
}

impl Archive {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let wish = ArchiveWish {
            tasks: pick::tasks(&client, &self.tasks).await?,
            days: self.days,
            back: self.back,
        };
        let cards = client.archive(wish).await?;
        if cards.is_empty() && !self.format.json {
            let none = "no task is done for that long and not archived yet";
            return ctx.out.line(ctx.out.paint(Role::Dim, none));
        }
        super::tell_cards(ctx, &cards, self.format.json)
    }
}
