//! `gluon sessions`: every session on this machine.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::paint::Role;
use super::super::{complete, pick};
use crate::protocol::{Api, ListSessions};

const AFTER_HELP: &str = "\
`gluon resume TASK` goes on with a session that can be resumed.

Examples:
  gluon sessions
  gluon sessions --live
  gluon sessions --project api --json";

/// List sessions, live ones first
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Sessions {
    /// Only this project
    #[arg(long, short, add = ArgValueCandidates::new(complete::projects))]
    project: Option<String>,
    /// Only live ones
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    format: Format,
}

impl Sessions {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let project = match &self.project {
            Some(text) => Some(pick::project(&client.list_projects(()).await?, text)?.id),
            None => None,
        };
        let wanted = ListSessions {
            project,
            live: self.live,
        };
        let sessions = client.list_sessions(wanted).await?;
        if self.format.json {
            return ctx.out.json(&sessions);
        }
        if sessions.is_empty() {
            return ctx.out.line(ctx.out.paint(Role::Dim, "no sessions"));
        }
        ctx.out.table(&super::show::sessions(ctx, &sessions, true))
    }
}
