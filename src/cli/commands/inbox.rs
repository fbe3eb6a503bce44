//! `gluon inbox`: who needs the user, for what, since when.

use clap::Args;
use serde_json::json;

use super::super::args::Format;
use super::super::context::{Context, now};
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::screen;
use crate::client::Client;
use crate::domain::Need;
use crate::domain::units::short_duration;
use crate::protocol::{Api, Event, InboxEntry, LinkEvent, inbox};

const AFTER_HELP: &str = "\
What holds an agent up stays until it is answered; what is only news (idle,
finished, failed, limited) stays until you have looked. Who waits longest
stands first of its kind.

Examples:
  gluon inbox
  gluon approve 12
  gluon inbox --watch
  gluon inbox --json | jq -r '.[] | select(.need == \"permission\") | .words'";

/// Show who waits for you, for what, and since when
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Inbox {
    /// Go on showing it whenever it changes; with --json a line each time
    #[arg(long, short)]
    watch: bool,
    #[command(flatten)]
    format: Format,
}

impl Inbox {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        if self.watch {
            return self.follow(ctx).await;
        }
        let client = ctx.client().await?;
        let entries = entries(&client).await?;
        if self.format.json {
            return ctx.out.json(&entries);
        }
        tell(ctx, &entries)
    }

    /// Shows it again whenever it is another, until the daemon goes or the user ends it.
    async fn follow(self, ctx: &Context) -> Outcome {
        let (client, mut events) = screen::connect(ctx).await?;
        let mut shown: Option<Vec<InboxEntry>> = None;
        loop {
            let event = events.recv().await;
            match event {
                Some(LinkEvent::Connected) => client.subscribe(()).await?,
                Some(LinkEvent::Event(event)) if !changes(&event) => continue,
                Some(LinkEvent::Event(_)) => {}
                Some(LinkEvent::Lost(why)) => return Err(Failure::new(Code::Unavailable, why)),
                Some(_) => continue,
                None => return Ok(()),
            }
            let entries = entries(&client).await?;
            if shown.as_ref() == Some(&entries) {
                continue;
            }
            if self.format.json {
                let line = json!(entries).to_string();
                ctx.out.line(clean::json(&line))?;
            } else {
                let ctx = Context {
                    now: now(),
                    ..ctx.clone()
                };
                if ctx.out.is_terminal() {
                    ctx.out.text("\x1b[H\x1b[2J")?;
                } else if shown.is_some() {
                    ctx.out.line("")?;
                }
                tell(&ctx, &entries)?;
            }
            shown = Some(entries);
        }
    }
}

async fn entries(client: &Client) -> Outcome<Vec<InboxEntry>> {
    Ok(inbox(&client.board(()).await?.cards))
}

/// Whether an event may change who waits.
fn changes(event: &Event) -> bool {
    matches!(
        event,
        Event::Task(_) | Event::TaskRemoved(_) | Event::Session(_) | Event::ProjectRemoved(_)
    )
}

fn tell(ctx: &Context, entries: &[InboxEntry]) -> Outcome {
    if entries.is_empty() {
        return ctx.out.line("nobody waits for you");
    }
    for entry in entries {
        let role = match entry.need {
            need if need.blocks() => Role::Warn,
            Need::Failed => Role::Bad,
            Need::Finished => Role::Good,
            _ => Role::Plain,
        };
        let id = ctx.out.paint(Role::Accent, &format!("#{}", entry.task));
        let title = ctx.out.paint(Role::Strong, &clean::line(&entry.title));
        let need = ctx.out.paint(role, entry.need.words());
        let who = format!(
            "{}, {}, for {}",
            clean::line(&entry.project),
            clean::line(&entry.agent),
            short_duration(ctx.now.since(entry.since))
        );
        let who = ctx.out.paint(Role::Dim, &who);
        ctx.out.line(format!("{id} {title} {need} ({who})"))?;
        // The exact words, however long.
        let words = clean::line(&entry.words);
        if !words.trim().is_empty() {
            ctx.out.line(format!("    {}", words.trim()))?;
        }
    }
    Ok(())
}
