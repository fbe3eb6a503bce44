//! `gluon show --transcript`: what was said, page by page.

use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::pick;
use crate::client::Client;
use crate::domain::units::short_duration;
use crate::domain::{Passage, Speaker, TaskId};
use crate::protocol::{
    Api, ErrorCode, ReadTranscript, TranscriptFrom, TranscriptOf, TranscriptPage,
};

/// Passages asked for at once.
const PIECE: u32 = 200;
/// Lines shown of what a tool answered.
const OUTPUT: usize = 10;

/// Prints the transcript of the task or conversation that `name` means; of `last` passages only where that
/// is said.
pub(super) async fn print(ctx: &Context, name: &str, last: Option<u32>, json: bool) -> Outcome {
    let client = ctx.client().await?;
    let mut first = true;
    let mut read = ReadTranscript {
        of: TranscriptOf::Conversation(name.to_owned()),
        from: match last {
            Some(_) => TranscriptFrom::End,
            None => TranscriptFrom::Place(0),
        },
        limit: last.unwrap_or(PIECE).clamp(1, 500),
    };
    loop {
        let page = if first {
            let (of, page) = first_page(&client, name, &read).await?;
            read.of = of;
            page
        } else {
            client.read_transcript(read.clone()).await?
        };
        if first && !json {
            head(ctx, &page)?;
        }
        first = false;
        let skipped = match last {
            Some(last) => page.passages.len().saturating_sub(last as usize),
            None => 0,
        };
        for passage in page.passages.iter().skip(skipped) {
            match json {
                // One line a passage, so that endless ones can be read as they come.
                true => ctx
                    .out
                    .line(clean::json(&serde_json::to_string(passage)?))?,
                false => say(ctx, &page.conversation.agent, passage)?,
            }
        }
        if !page.more || last.is_some() {
            return Ok(());
        }
        read.from = TranscriptFrom::Place(page.end);
    }
}

/// A task by its number or title; else a conversation by its id.
async fn first_page(
    client: &Client,
    name: &str,
    read: &ReadTranscript,
) -> Outcome<(TranscriptOf, TranscriptPage)> {
    let conversation = TranscriptOf::Conversation(name.to_owned());
    let ask = async |of: &TranscriptOf| {
        let read = ReadTranscript {
            of: of.clone(),
            ..read.clone()
        };
        client.read_transcript(read).await
    };
    if let Ok(task) = pick::task(client, name).await {
        let of = TranscriptOf::Task(task);
        // The number may be the beginning of an id.
        let there = name.parse::<TaskId>().is_err() || client.show_task(task).await.is_ok();
        if there {
            return Ok((of.clone(), ask(&of).await?));
        }
    }
    match ask(&conversation).await {
        Ok(page) => Ok((conversation, page)),
        Err(error) if error.code == ErrorCode::NotFound => Err(Failure::new(
            Code::NotFound,
            format!("no task and no conversation is called `{name}`"),
        )
        .with_hint("`gluon ls` lists the tasks, `gluon sessions --all` the conversations")),
        Err(error) => Err(error.into()),
    }
}

fn head(ctx: &Context, page: &TranscriptPage) -> Outcome {
    let conversation = &page.conversation;
    let title = clean::line(&conversation.title);
    ctx.out.line(ctx.out.paint(Role::Strong, &title))?;
    let age = short_duration(ctx.now.since(conversation.changed_at));
    let mut facts = vec![conversation.agent.clone(), conversation.id.clone()];
    if !conversation.model.is_empty() {
        facts.push(conversation.model.clone());
    }
    facts.push(conversation.directory.display().to_string());
    facts.extend(conversation.cost.map(|cost| cost.to_string()));
    facts.push(format!("{age} ago"));
    let facts = facts.join(" · ");
    ctx.out.line(ctx.out.paint(Role::Dim, &clean::line(&facts)))
}

fn say(ctx: &Context, agent: &str, passage: &Passage) -> Outcome {
    let out = ctx.out;
    let text = clean::block(&passage.text);
    match passage.speaker {
        Speaker::Tool => out.line(out.paint(Role::Accent, &format!("  > {text}"))),
        Speaker::Note => out.line(out.paint(Role::Warn, &format!("  -- {text} --"))),
        Speaker::Output => {
            for line in text.lines().take(OUTPUT) {
                out.line(out.paint(Role::Dim, &format!("  | {line}")))?;
            }
            let more = text.lines().count().saturating_sub(OUTPUT);
            match more {
                0 => Ok(()),
                more => out.line(out.paint(Role::Dim, &format!("  | … {more} more lines"))),
            }
        }
        speaker => {
            let (name, role) = match speaker {
                Speaker::User => ("you", Role::Good),
                Speaker::Thought => ("thought", Role::Dim),
                _ => (agent, Role::Active),
            };
            let age = passage
                .at
                .map(|at| format!(", {} ago", short_duration(ctx.now.since(at))));
            let name = out.paint(role, &clean::line(name));
            let age = out.paint(Role::Dim, &age.unwrap_or_default());
            out.line(format!("\n{name}{age}"))?;
            let body = if speaker == Speaker::Thought {
                Role::Dim
            } else {
                Role::Plain
            };
            for line in text.lines() {
                out.line(out.paint(body, &format!("  {line}")))?;
            }
            Ok(())
        }
    }
}
