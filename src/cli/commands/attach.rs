//! `gluon attach`: a session's terminal on the whole screen.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};
use super::super::{complete, pick, screen};
use crate::domain::{SessionState, Status};
use crate::protocol::{Api, TaskCard};

const AFTER_HELP: &str = "\
Ctrl-Q leaves it (Ctrl-B d does too); the agent works on. Without a task it
takes the one that needs you, or else the one that started last.

Examples:
  gluon attach 12
  gluon attach";

/// Look at a task's agent and type to it
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Attach {
    /// The task: its number or the beginning of its title
    #[arg(add = ArgValueCandidates::new(complete::tasks))]
    task: Option<String>,
}

impl Attach {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        screen::require_terminal()?;
        let client = ctx.client().await?;
        let task = match &self.task {
            Some(text) => pick::task(&client, text).await?,
            None => {
                let board = client.board(()).await?;
                let card = wanted(&board.cards).ok_or_else(|| {
                    Failure::new(Code::NotFound, "no agent is running")
                        .with_hint("`gluon start TASK --attach` starts one and looks at it")
                })?;
                card.task.id
            }
        };
        drop(client);
        screen::attach(ctx, task).await
    }
}

/// The running card that needs the user, or else the one that started last.
fn wanted(cards: &[TaskCard]) -> Option<&TaskCard> {
    let live = |card: &&TaskCard| {
        card.task.status == Status::Running
            && card
                .session
                .as_ref()
                .is_some_and(|view| view.session.state == SessionState::Live)
    };
    cards.iter().filter(live).max_by_key(|card| {
        (
            card.need().is_some(),
            card.session.as_ref().map(|view| view.session.started_at),
        )
    })
}
