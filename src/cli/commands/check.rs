//! `gluon check`: runs the project's check command in a task's worktree.

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::pick;
use crate::domain::check::{Verdict, sentence};
use crate::protocol::Api;

const AFTER_HELP: &str = "\
The command is `check = \"…\"` in .gluon.toml, once `gluon project trust` has
allowed it, or `check` in [review] of your settings. Its verdict stands on the
card, for the files as they were.

Examples:
  gluon check 12
  gluon check 12 --last     what the last one said";

/// Run a task's check command
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Check {
    #[command(flatten)]
    task: OneTask,
    /// Show what the last check said instead of running one
    #[arg(long)]
    last: bool,
    #[command(flatten)]
    format: Format,
}

impl Check {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let report = match self.last {
            true => client.show_check(task).await?,
            false => client.check_task(task).await?,
        };
        if self.format.json {
            ctx.out.json(&report)?;
        } else {
            ctx.out.text(clean::block(&report.output))?;
        }
        let verdict = match (&report.check.verdict, report.check.running) {
            (_, true) => return ctx.out.line("the check is still running"),
            (None, _) => return Ok(()),
            (Some(verdict), false) => verdict,
        };
        let words = format!("the check {}", sentence(verdict, report.check.freshness));
        match verdict {
            Verdict::Passed if self.format.json => Ok(()),
            Verdict::Passed => ctx.out.line(ctx.out.paint(Role::Good, &words)),
            _ => Err(Failure::new(Code::Failed, clean::line(&words))),
        }
    }
}
