//! `gluon explain`: why a task's agent is said to do what it is said to do, and what happened to the task.

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::{describe, pick};
use crate::domain::units::short_duration;
use crate::domain::{Activity, Source, Standing, Timestamp, Verdict};
use crate::protocol::{Api, Why};

const AFTER_HELP: &str = "\
Examples:
  gluon explain 12
  gluon explain 12 --json";

/// Say why a task is shown as it is: who said what, which rule decided, how it is doing, what happened before
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Explain {
    #[command(flatten)]
    task: OneTask,
    #[command(flatten)]
    format: Format,
}

impl Explain {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let detail = client.show_task(task).await?;
        if self.format.json {
            return ctx.out.json(&serde_json::json!({
                "activity": detail.why,
                "health": detail.health,
                "events": detail.events,
            }));
        }
        if let Some(why) = &detail.why {
            activity(ctx, why)?;
        }
        if let Some(view) = &detail.health {
            health(ctx, &view.verdict)?;
        }
        let mut table = Table::new([right("AGO"), left("WHAT"), left("BY"), text("WHY")]);
        for event in detail.events.iter().rev() {
            table.row([
                describe::age(ctx.now, event.at),
                Cell::new(&event.kind, Role::Strong),
                Cell::new(&event.actor, Role::Plain),
                Cell::new(&event.detail, Role::Plain),
            ]);
        }
        ctx.out.table(&table)
    }
}

/// What is shown, why, what everybody said, and what would change it.
fn activity(ctx: &Context, why: &Why) -> Outcome<()> {
    let decision = &why.decision;
    let ago = |at: Timestamp| short_duration(ctx.now.since(at));
    let by = decision
        .by
        .map_or(String::new(), |by| format!(" says {}", by.name()));
    let words = activity_words(&decision.activity);
    let shown = format!("{words} for {}{by}", ago(why.since));
    ctx.out.line(ctx.out.paint(Role::Strong, &shown))?;
    let facts = [
        ("rule", decision.rule.sentence().to_owned()),
        ("changes by", decision.would_change().to_owned()),
    ];
    for (name, value) in facts {
        let name = ctx.out.paint(Role::Dim, &format!("{name:>10}"));
        ctx.out.line(format!("{name}  {value}"))?;
    }
    ctx.out.line("")?;
    if !why.claims.is_empty() {
        let columns = [
            left("SOURCE"),
            left("SAYS"),
            right("SINCE"),
            left("STANDS"),
            text("SEEN"),
        ];
        let mut table = Table::new(columns);
        for (claim, standing) in &why.claims {
            table.row([
                Cell::new(claim.source.name(), Role::Strong),
                Cell::new(activity_words(&claim.says), Role::Plain),
                Cell::new(ago(claim.at), Role::Dim),
                standing_cell(*standing),
                Cell::new(clean::line(&claim.words), Role::Dim),
            ]);
        }
        ctx.out.table(&table)?;
        ctx.out.line("")?;
    }
    if why.past.len() > 1 {
        let mut table = Table::new([right("AGO"), left("SHOWN"), text("BY")]);
        for turn in &why.past {
            table.row([
                Cell::new(ago(turn.at), Role::Dim),
                Cell::new(activity_words(&turn.activity), Role::Strong),
                Cell::new(turn.by.map_or("nobody", Source::name), Role::Plain),
            ]);
        }
        ctx.out.table(&table)?;
        ctx.out.line("")?;
    }
    Ok(())
}

/// How it is doing, by which rule, what was seen, and what would change it.
fn health(ctx: &Context, verdict: &Verdict) -> Outcome<()> {
    let sentence = clean::line(&verdict.sentence(ctx.now)).into_owned();
    let shown = match verdict.health {
        Some(health) => format!("{}: {sentence}", health.word()),
        None => format!("no verdict: {sentence}"),
    };
    let role = match verdict.is_ill() {
        true => Role::Bad,
        false => Role::Strong,
    };
    ctx.out.line(ctx.out.paint(role, &shown))?;
    for (name, value) in [
        ("rule", verdict.rule.sentence()),
        ("changes by", verdict.changes_by.as_str()),
    ] {
        let name = ctx.out.paint(Role::Dim, &format!("{name:>10}"));
        ctx.out.line(format!("{name}  {value}"))?;
    }
    ctx.out.line("")?;
    if !verdict.seen.is_empty() {
        let mut table = Table::new([right("AGO"), text("SEEN")]);
        for seen in &verdict.seen {
            table.row([
                describe::age(ctx.now, seen.at),
                Cell::new(clean::line(&seen.what), Role::Plain),
            ]);
        }
        ctx.out.table(&table)?;
        ctx.out.line("")?;
    }
    Ok(())
}

fn activity_words(activity: &Activity) -> String {
    match activity {
        Activity::Waiting(ask) if !ask.text.is_empty() => {
            format!("waiting: {}", clean::line(&ask.text))
        }
        activity => activity.word().to_owned(),
    }
}

fn standing_cell(standing: Standing) -> Cell {
    match standing {
        Standing::Decides => Cell::new("decides", Role::Good),
        Standing::Overruled => Cell::new("overruled", Role::Dim),
        Standing::Expired => Cell::new("too old", Role::Dim),
        Standing::TooFresh => Cell::new("too fresh", Role::Dim),
    }
}
