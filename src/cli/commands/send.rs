//! `gluon send`: a message to a task's agent, now or when it is idle.

use std::io::Read;

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::{Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::pick;
use crate::client::Client;
use crate::domain::TaskId;
use crate::domain::follow_up::FollowUp;
use crate::domain::units::short_duration;
use crate::protocol::{Api, DropMessages, SendMessage, Which};

/// The longest message, in bytes.
const MAX_MESSAGE: u64 = 1024 * 1024;

const AFTER_HELP: &str = "\
It is typed for the agent, never into a dialog of its, and the command ends
once the agent has taken it. An agent that has ended is resumed with it. One
that works takes it as it does: Claude Code after its turn, Codex at once. With
--when-idle gluon keeps it until the agent is idle, also if that ends before.
For single keys see `gluon keys`.

Examples:
  gluon send 12 \"use the existing helper instead\"
  cargo test 2>&1 | gluon send 12 -
  gluon send 12 --when-idle \"then write the changelog\"
  gluon send 12 --list
  gluon send 12 --drop 3";

/// Tell a task's agent something
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Send {
    #[command(flatten)]
    task: OneTask,
    /// The message; `-` is standard input
    #[arg(required_unless_present_any = ["list", "drop"])]
    message: Option<String>,
    /// Keep it until the agent is idle
    #[arg(long, short = 'q', visible_alias = "queue", conflicts_with_all = ["list", "drop"])]
    when_idle: bool,
    /// Show the messages that wait
    #[arg(long, short, conflicts_with_all = ["message", "drop"])]
    list: bool,
    /// Drop a message that waits, by its number in the list, or `all`
    #[arg(long, value_name = "NUMBER", conflicts_with = "message")]
    drop: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Send {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        // What is wrong with it is said before anything is started.
        let text = self.message.map(read).transpose()?;
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        if self.list {
            let waiting = client.show_task(task).await?.follow_ups;
            return tell(ctx, &waiting, self.format.json);
        }
        if let Some(number) = &self.drop {
            return drop_some(ctx, &client, task, number, self.format.json).await;
        }
        let text = text.unwrap_or_default();
        let message = SendMessage { task, text };
        if !self.when_idle {
            let card = client.send_message(message).await?;
            return super::tell_started(ctx, &card, self.format.json);
        }
        let card = client.queue_message(message).await?;
        if self.format.json {
            return ctx.out.json(&card);
        }
        let id = ctx.out.paint(Role::Accent, &format!("#{task}"));
        ctx.out.line(format!(
            "{id} {}: {}",
            clean::line(&card.task.title),
            match card.follow_ups {
                0 => "the agent is idle and has it".to_owned(),
                1 => "the message waits until the agent is idle".to_owned(),
                count => format!("{count} messages wait until the agent is idle"),
            }
        ))
    }
}

fn read(message: String) -> Outcome<String> {
    let text = match message.as_str() {
        "-" => {
            let mut text = String::new();
            std::io::stdin()
                .take(MAX_MESSAGE + 1)
                .read_to_string(&mut text)?;
            text
        }
        _ => message,
    };
    if text.trim().is_empty() {
        return Err(Failure::usage("the message is empty"));
    }
    if text.len() as u64 > MAX_MESSAGE {
        return Err(Failure::usage("the message is longer than 1 MiB")
            .with_hint("put it into a file and tell the agent to read that"));
    }
    Ok(text)
}

/// The messages that wait, numbered in their order.
pub(super) fn tell(ctx: &Context, waiting: &[FollowUp], json: bool) -> Outcome {
    if json {
        return ctx.out.json(&waiting);
    }
    if waiting.is_empty() {
        return ctx.out.line("no message waits");
    }
    for (one, number) in waiting.iter().zip(1..) {
        let since = short_duration(ctx.now.since(one.created_at));
        let tried = match one.tried {
            Some(_) => ", typed but not seen to be taken",
            None => "",
        };
        let number = ctx.out.paint(Role::Accent, &format!("{number:>3}"));
        let since = ctx.out.paint(Role::Dim, &format!("(for {since}{tried})"));
        ctx.out
            .line(format!("{number}  {} {since}", clean::line(&one.line(200))))?;
    }
    Ok(())
}

/// Drops what a number of the list means, or all.
async fn drop_some(
    ctx: &Context,
    client: &Client,
    task: TaskId,
    number: &str,
    json: bool,
) -> Outcome {
    let which = match number {
        "all" => Which::All,
        number => {
            let waiting = client.show_task(task).await?.follow_ups;
            let index = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            let one = index.and_then(|index| waiting.get(index));
            let Some(one) = one else {
                let message = format!("there is no message {number}; {} wait", waiting.len());
                return Err(Failure::usage(message)
                    .with_hint(format!("`gluon send {task} --list` numbers them")));
            };
            Which::One(one.id)
        }
    };
    let dropped = client.drop_messages(DropMessages { task, which }).await?;
    if json {
        return ctx.out.json(&dropped);
    }
    if dropped.is_empty() {
        return ctx.out.line("no message waits");
    }
    for one in &dropped {
        ctx.out
            .line(format!("dropped: {}", clean::line(&one.line(200))))?;
    }
    Ok(())
}
