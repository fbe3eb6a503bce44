//! `gluon demo`: the whole product on a throw-away repository.
//!
//! Invariant: the user's own gluon is never touched, and nothing is left behind, however the demo ends.
//! So the program starts itself anew with directories of its own (`--inside`), and a process apart
//! (`--sweep`) waits for the end of that one, be it a `SIGKILL`, to stop the daemon and remove everything.

mod stage;
mod sweep;
mod tasks;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::screen;

const AFTER_HELP: &str = "\
A repository, twelve tasks in all states, and a scripted agent that really
edits, tests and commits. Nothing of it calls a model (what it says it costs
is made up), your own tasks are not touched, and all of it is removed when you
quit. So that every dot is seen, silence is slow after 15 seconds in there and
stuck after 40; outside of the demo that takes 5 and 15 minutes.

Examples:
  gluon demo";

/// Show everything on a throw-away repository, without any key
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Demo {
    /// Print the board once it is all there, and end; needs no terminal
    #[arg(long)]
    print: bool,
    /// Be the demo in this directory
    #[arg(long, hide = true, value_name = "DIR")]
    inside: Option<PathBuf>,
    /// Wait for the demo's end and remove this directory
    #[arg(long, hide = true, value_name = "DIR")]
    sweep: Option<PathBuf>,
}

impl Demo {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome<ExitCode> {
        if let Some(dir) = &self.sweep {
            sweep::wait_and_sweep(dir)?;
            return Ok(ExitCode::SUCCESS);
        }
        if !self.print {
            screen::require_terminal()?;
        }
        let Some(dir) = self.inside else {
            return Err(stage::enter(self.print)?);
        };
        let broom = sweep::Broom::start(&dir)?;
        let outcome = play(ctx, &dir, self.print).await;
        broom.finish();
        outcome.map(|()| ExitCode::SUCCESS)
    }
}

async fn play(ctx: &Context, dir: &std::path::Path, print: bool) -> Outcome {
    let repo = stage::build(ctx, dir)?;
    std::env::set_current_dir(&repo)?;
    let client = ctx.client().await?;
    if print {
        tasks::make(&client, &repo).await?;
        return super::ls::Ls::default().run(ctx).await;
    }
    // The board is there at once; the tasks come while it is looked at. Where they cannot be made there is
    // nothing to look at: the board closes, and the reason is printed.
    let making = async {
        match tasks::make(&client, &repo).await {
            Ok(()) => std::future::pending().await,
            Err(error) => Outcome::Err(error.into()),
        }
    };
    tokio::select! {
        shown = screen::board(ctx, true) => shown,
        failed = making => failed,
    }
}
