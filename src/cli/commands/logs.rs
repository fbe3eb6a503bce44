//! `gluon logs`: what a task's agent has printed.

use std::time::Duration;

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::ansi::Stripper;
use super::super::output::clean;
use super::super::pick;
use crate::protocol::{Api, LogChunk, ReadLog};

/// Bytes asked for at once.
const PIECE: u32 = 256 * 1024;
/// How often a log that is followed is looked at.
const PAUSE: Duration = Duration::from_millis(200);

const AFTER_HELP: &str = "\
The output is shown without its colours and cursor movements; of an agent that
draws a full screen, `gluon capture --scrollback` gives the better picture.

Examples:
  gluon logs 12
  gluon logs 12 --follow
  gluon logs 12 --raw > session.ansi
  gluon logs 12 --json               offset, text and whether it lives, one object a line";

/// Print what a task's agent has printed
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Logs {
    #[command(flatten)]
    task: OneTask,
    /// Go on until the agent ends
    #[arg(long, short)]
    follow: bool,
    /// The last so many bytes only; 0 is everything that is kept
    #[arg(long, value_name = "COUNT", default_value_t = 64 * 1024)]
    bytes: u32,
    /// The bytes as they were, escape sequences and all; not to a terminal
    #[arg(long, conflicts_with = "json")]
    raw: bool,
    #[command(flatten)]
    format: Format,
}

impl Logs {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        if self.raw && ctx.out.is_terminal() {
            return Err(Failure::new(
                Code::Refused,
                "an agent's raw output could take over your terminal",
            )
            .with_hint("send it into a file, or leave out --raw"));
        }
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let mut stripper = Stripper::default();
        let mut request = match self.bytes {
            0 => ReadLog {
                task,
                offset: Some(0),
                max: PIECE,
            },
            bytes => ReadLog {
                task,
                offset: None,
                max: bytes,
            },
        };
        loop {
            let chunk = client.read_log(request).await?;
            self.print(ctx, &mut stripper, &chunk)?;
            let at_end = chunk.bytes.is_empty() || self.bytes != 0 && !self.follow;
            if at_end && !(self.follow && chunk.live) {
                return Ok(());
            }
            if chunk.bytes.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
            request = ReadLog {
                task,
                offset: Some(chunk.offset + chunk.bytes.len() as u64),
                max: PIECE,
            };
        }
    }

    fn print(&self, ctx: &Context, stripper: &mut Stripper, chunk: &LogChunk) -> Outcome {
        if self.raw {
            ctx.out.bytes(&chunk.bytes)
        } else if self.format.json {
            // One line a piece, so that what is followed can be read as it comes.
            let piece = serde_json::json!({
                "offset": chunk.offset,
                "text": stripper.strip(&chunk.bytes),
                "live": chunk.live,
            });
            ctx.out.line(clean::json(&piece.to_string()))
        } else {
            ctx.out.text(stripper.strip(&chunk.bytes))
        }
    }
}
