//! What takes the whole screen: the board and a single pane.

use std::io::{self, IsTerminal};

use super::context::Context;
use super::failure::{Failure, Outcome};
use crate::domain::TaskId;

/// Columns and rows of the user's terminal, so that an agent starts in the size it will be looked at.
pub(super) fn size() -> Option<(u16, u16)> {
    let both = io::stdin().is_terminal() && io::stdout().is_terminal();
    both.then(crossterm::terminal::size)?.ok()
}

/// Says so where there is no terminal to draw on.
pub(super) fn require_terminal() -> Outcome {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage("this needs a terminal")
        .with_hint("`gluon ls`, `gluon show` and `gluon capture` print instead"))
}

/// A task's terminal on the whole screen.
pub(super) async fn attach(_ctx: &Context, _task: TaskId) -> Outcome {
    Err(Failure::usage("not yet"))
}

/// The board.
pub(super) async fn board(_ctx: &Context, _demo: bool) -> Outcome {
    Err(Failure::usage("not yet"))
}
