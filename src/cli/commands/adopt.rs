//! `gluon adopt`: a task that goes on with a conversation begun without gluon.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::{complete, pick, screen};
use crate::protocol::{AdoptConversation, Api};

const AFTER_HELP: &str = "\
The task gets a worktree and a branch of its own; changes that are not committed
stay where they are. There the agent goes on from what was said, under a new id:
the conversation adopted stays as it is and can still be resumed without gluon.
An agent that cannot take a conversation to another directory (opencode) begins
a new one, which is told what was said.

Examples:
  gluon sessions --foreign              which there are
  gluon adopt 6d5a17fb                  into the queue, held
  gluon adopt 6d5a17fb --start \"now write the tests\"
  gluon adopt ses_df4b --project api --attach";

/// Make a task of a conversation that was begun without gluon
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Adopt {
    /// The conversation: its id or the beginning of it
    id: String,
    /// What the agent is told when it goes on; starts it
    message: Option<String>,
    /// The project; without it the one it was led in
    #[arg(long, short, add = ArgValueCandidates::new(complete::projects))]
    project: Option<String>,
    /// The task's title; without it the conversation's
    #[arg(long, short, default_value = "", hide_default_value = true)]
    title: String,
    /// Go on with it now
    #[arg(long)]
    start: bool,
    /// Go on with it now and look at it
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    format: Format,
}

impl Adopt {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let project = match &self.project {
            Some(text) => Some(pick::project(&client.list_projects(()).await?, text)?.id),
            None => None,
        };
        let start = self.start || self.attach || self.message.is_some();
        let adopt = AdoptConversation {
            id: self.id,
            project,
            title: self.title,
            start,
            message: self.message,
            size: screen::size(),
        };
        let card = client.adopt_conversation(adopt).await?;
        if self.attach {
            super::require_started(ctx, std::slice::from_ref(&card))?;
            return screen::attach(ctx, card.task.id).await;
        }
        match start {
            true => super::tell_started(ctx, &card, self.format.json),
            false => super::tell_card(ctx, &card, self.format.json),
        }
    }
}
