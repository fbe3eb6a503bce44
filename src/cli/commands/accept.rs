//! `gluon accept`: calls tasks done.

use clap::Args;

use super::super::args::{Format, SomeTasks, Yes};
use super::super::context::{Context, confirmed};
use super::super::failure::Outcome;
use super::super::output::clean;
use super::super::pick;
use crate::protocol::{Api, ConfirmTask};

const AFTER_HELP: &str = "\
The branch stays; how to merge it is printed. It asks where work could be lost.

Examples:
  gluon accept 12
  gluon accept 12 13 --yes";

/// Call tasks done
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Accept {
    #[command(flatten)]
    tasks: SomeTasks,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    format: Format,
}

impl Accept {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let mut all = Vec::new();
        for task in pick::tasks(&client, &self.tasks.tasks).await? {
            let accepted = confirmed(self.yes.yes, |confirm| {
                client.accept_task(ConfirmTask { task, confirm })
            })
            .await?;
            if !self.format.json {
                super::tell_card(ctx, &accepted.card, false)?;
                ctx.out.line(clean::block(&accepted.how_to_merge))?;
            }
            all.push(accepted);
        }
        if self.format.json {
            ctx.out.json(&all)?;
        }
        Ok(())
    }
}
