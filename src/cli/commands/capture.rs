//! `gluon capture`: a task's screen as text.

use clap::Args;
use serde::Serialize;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::clean;
use super::super::pick;
use crate::domain::TaskId;
use crate::protocol::{self, Api};

const AFTER_HELP: &str = "\
Examples:
  gluon capture 12
  gluon capture 12 --scrollback 500 > log.txt
  gluon capture 12 --styled          with its colours";

/// Print a task's screen
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Capture {
    #[command(flatten)]
    task: OneTask,
    /// So many lines of scrollback before it
    #[arg(
        long,
        value_name = "LINES",
        default_value_t = 0,
        hide_default_value = true
    )]
    scrollback: u32,
    /// With colours and attributes, written anew by gluon
    #[arg(long)]
    styled: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Captured {
    task: TaskId,
    text: String,
}

impl Capture {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let request = protocol::Capture {
            task,
            scrollback: self.scrollback,
            styled: self.styled,
        };
        let text = client.capture(request).await?;
        if self.format.json {
            return ctx.out.json(&Captured { task, text });
        }
        // Styled text holds only the attributes that gluon has written itself.
        let text = match self.styled {
            true => text.into(),
            false => clean::block(&text),
        };
        ctx.out.line(text.trim_end_matches('\n'))
    }
}
