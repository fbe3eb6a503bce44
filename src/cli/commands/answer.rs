//! `gluon approve` and `gluon deny`: answers to what agents ask leave for.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use serde::Serialize;

use super::super::args::{Format, SomeTasks};
use super::super::context::{Context, ask};
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::{complete, output, pick};
use crate::client::Client;
use crate::domain::{Need, TaskId};
use crate::protocol::{AnswerAsk, Api, InboxEntry, SendMessage, inbox};

const APPROVE_HELP: &str = "\
The answer is typed only while the agent asks exactly what is shown, and the
command ends once the agent has taken it. `gluon inbox` shows what is asked.

Examples:
  gluon approve 12
  gluon approve 12 13
  gluon approve --all";

const DENY_HELP: &str = "\
The answer is typed only while the agent asks exactly what is shown, and the
command ends once the agent has taken it. `gluon inbox` shows what is asked.

Examples:
  gluon deny 12
  gluon deny 12 --message \"use the existing helper instead\"";

/// Say yes to what agents ask leave for
#[derive(Debug, Args)]
#[command(after_help = APPROVE_HELP)]
pub(in crate::cli) struct Approve {
    /// The tasks: their numbers or the beginning of their titles
    #[arg(
        value_name = "TASK",
        required_unless_present = "all",
        add = ArgValueCandidates::new(complete::tasks)
    )]
    tasks: Vec<String>,
    /// All that ask for a permission now; shows what they ask first
    #[arg(long, conflicts_with = "tasks")]
    all: bool,
    /// With --all: do not ask before
    #[arg(long, short, requires = "all")]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

/// Say no to what agents ask leave for
#[derive(Debug, Args)]
#[command(after_help = DENY_HELP)]
pub(in crate::cli) struct Deny {
    #[command(flatten)]
    tasks: SomeTasks,
    /// Then tell the agents this
    #[arg(long, short, value_name = "WORDS")]
    message: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// What was answered.
#[derive(Serialize)]
struct Told {
    task: TaskId,
    title: String,
    ask: String,
    answer: &'static str,
    taken: bool,
    error: Option<String>,
}

impl Approve {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let asks = if self.all {
            let asks = asking(&client).await?;
            if asks.is_empty() {
                return Err(nobody());
            }
            if !self.yes {
                let list: Vec<String> = asks.iter().map(sentence).collect();
                ask(&format!("Say yes to all of these?\n{}", list.join("\n")))?;
            }
            asks
        } else {
            named(&client, &self.tasks).await?
        };
        answer(ctx, &client, asks, true, None, self.format.json).await
    }
}

impl Deny {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let asks = named(&client, &self.tasks.tasks).await?;
        let message = self.message.as_deref();
        answer(ctx, &client, asks, false, message, self.format.json).await
    }
}

/// Everyone who asks for a permission now.
async fn asking(client: &Client) -> Outcome<Vec<InboxEntry>> {
    let board = client.board(()).await?;
    let mut entries = inbox(&board.cards);
    entries.retain(|entry| entry.need == Need::Permission);
    Ok(entries)
}

/// The asks of the tasks named; all of them ask, or nothing is answered.
async fn named(client: &Client, names: &[String]) -> Outcome<Vec<InboxEntry>> {
    let mut tasks = pick::tasks(client, names).await?;
    tasks.dedup();
    let entries = inbox(&client.board(()).await?.cards);
    let mut asks = Vec::new();
    for task in tasks {
        let entry = entries.iter().find(|entry| entry.task == task);
        match entry {
            Some(entry) if entry.need == Need::Permission => asks.push(entry.clone()),
            _ => {
                // One that is not there at all has its own words.
                client.show_task(task).await?;
                let (message, hint) = match entry {
                    Some(entry) if entry.need.blocks() => (
                        format!("#{task} {}, which is no yes or no", entry.need.words()),
                        format!("`gluon attach {task}` opens its pane"),
                    ),
                    _ => (
                        format!("#{task} asks for no permission now"),
                        "`gluon inbox` shows who does".to_owned(),
                    ),
                };
                return Err(Failure::new(Code::Refused, message).with_hint(hint));
            }
        }
    }
    Ok(asks)
}

/// Answers one after the other; one that fails does not keep the others from their answer.
async fn answer(
    ctx: &Context,
    client: &Client,
    asks: Vec<InboxEntry>,
    yes: bool,
    message: Option<&str>,
    json: bool,
) -> Outcome {
    let word = if yes { "approved" } else { "denied" };
    let mut told = Vec::new();
    let mut failure = None;
    for entry in asks {
        let given = AnswerAsk {
            task: entry.task,
            ask: entry.words.clone(),
            wait: entry.wait,
            yes,
        };
        let mut result = client.answer_ask(given).await;
        let taken = result.is_ok();
        if taken && !json {
            let shown = ctx.out.paint(Role::Strong, word);
            ctx.out.line(format!("{shown} {}", sentence(&entry)))?;
        }
        if let (true, Some(text)) = (taken, message) {
            let task = entry.task;
            let text = text.to_owned();
            let sent = client.send_message(SendMessage { task, text }).await;
            result = sent.map(|_| ());
        }
        let error = result.err().map(|mut error| {
            error.message = format!("#{}: {}", entry.task, error.message);
            Failure::from(error)
        });
        told.push(Told {
            task: entry.task,
            title: entry.title,
            ask: entry.words,
            answer: word,
            taken,
            error: error.as_ref().map(|error| error.message.clone()),
        });
        if let Some(error) = error {
            // The last one ends the command.
            if let Some(earlier) = failure.replace(error) {
                output::report(&earlier, ctx.out.when);
            }
        }
    }
    if json {
        ctx.out.json(&told)?;
    }
    failure.map_or(Ok(()), Err)
}

/// `#12 login bug: Run cargo test?`
fn sentence(entry: &InboxEntry) -> String {
    let words = match entry.words.trim() {
        "" => entry.need.words(),
        words => words,
    };
    let title = clean::line(&entry.title);
    format!("#{} {title}: {}", entry.task, clean::line(words))
}

fn nobody() -> Failure {
    Failure::new(Code::Refused, "nobody asks for a permission now")
        .with_hint("`gluon inbox` shows who waits for what")
}
