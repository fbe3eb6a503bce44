//! `gluon send`: a message to a task's agent.

use std::io::Read;

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::{Failure, Outcome};
use super::super::pick;
use crate::protocol::{Api, SendMessage};

/// The longest message, in bytes.
const MAX_MESSAGE: u64 = 1024 * 1024;

const AFTER_HELP: &str = "\
An agent that has ended is resumed with the message. For single keys see
`gluon keys`.

Examples:
  gluon send 12 \"use the existing helper instead\"
  cargo test 2>&1 | gluon send 12 -";

/// Tell a task's agent something
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Send {
    #[command(flatten)]
    task: OneTask,
    /// The message; `-` is standard input
    message: String,
    #[command(flatten)]
    format: Format,
}

impl Send {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let text = match self.message.as_str() {
            "-" => {
                let mut text = String::new();
                std::io::stdin()
                    .take(MAX_MESSAGE + 1)
                    .read_to_string(&mut text)?;
                text
            }
            _ => self.message,
        };
        if text.trim().is_empty() {
            return Err(Failure::usage("the message is empty"));
        }
        if text.len() as u64 > MAX_MESSAGE {
            return Err(Failure::usage("the message is longer than 1 MiB")
                .with_hint("put it into a file and tell the agent to read that"));
        }
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let card = client.send_message(SendMessage { task, text }).await?;
        super::tell_started(ctx, &card, self.format.json)
    }
}
