//! `gluon tui`: the board.

use clap::Args;

use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::screen;

const AFTER_HELP: &str = "\
Quitting leaves every agent running. `?` shows the keys.

Examples:
  gluon            the same, on a terminal
  gluon tui";

/// Open the board with live panes
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Tui {}

impl Tui {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        screen::require_terminal()?;
        screen::board(ctx, false).await
    }
}
