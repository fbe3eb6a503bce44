//! `gluon show`: a task with everything about it.

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::{describe, pick};
use crate::domain::units::short_duration;
use crate::domain::{SessionState, Summary};
use crate::protocol::{Api, GitView, SessionView, TaskDetail};

const AFTER_HELP: &str = "\
Examples:
  gluon show 12
  gluon show 12 --json | jq -r .card.task.branch
  gluon show 12 --transcript            what was said, from the beginning
  gluon show 12 --transcript --last 20
  gluon show 6d5a17fb --transcript      of any conversation on this machine
  gluon show 12 --transcript --json     one passage a line";

/// Show a task with its sessions
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Show {
    #[command(flatten)]
    task: OneTask,
    /// What was said; the task may then be the id of any conversation too
    #[arg(long)]
    transcript: bool,
    /// Only so many of the last passages
    #[arg(long, value_name = "COUNT", requires = "transcript")]
    last: Option<u32>,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        if self.transcript {
            let name = &self.task.task;
            return super::transcript::print(ctx, name, self.last, self.format.json).await;
        }
        let client = ctx.client().await?;
        let id = pick::task(&client, &self.task.task).await?;
        let detail = client.show_task(id).await?;
        if self.format.json {
            return ctx.out.json(&detail);
        }
        let title = format!("#{id} {}", clean::line(&detail.card.task.title));
        ctx.out.line(ctx.out.paint(Role::Strong, &title))?;
        for (name, value) in facts(&detail, ctx) {
            let name = ctx.out.paint(Role::Dim, &format!("{name:>10}"));
            ctx.out.line(format!("{name}  {}", clean::line(&value)))?;
        }
        let prompt = detail.card.task.prompt.trim_end();
        if !prompt.is_empty() {
            let body = clean::block(prompt);
            let indented: Vec<String> = body.lines().map(|line| format!("  {line}")).collect();
            ctx.out.line(format!("\n{}", indented.join("\n")))?;
        }
        if let Some(message) = detail
            .last_run
            .as_ref()
            .and_then(|run| run.message.as_ref())
        {
            let body = clean::block(message.trim_end());
            let indented: Vec<String> = body.lines().map(|line| format!("  {line}")).collect();
            let heading = ctx.out.paint(Role::Dim, "The agent's last message:");
            ctx.out
                .line(format!("\n{heading}\n{}", indented.join("\n")))?;
        }
        if !detail.follow_ups.is_empty() {
            let heading = "waits until the agent is idle";
            ctx.out
                .line(format!("\n{}", ctx.out.paint(Role::Dim, heading)))?;
            super::send::tell(ctx, &detail.follow_ups, false)?;
        }
        if detail.sessions.is_empty() {
            return Ok(());
        }
        ctx.out.line("")?;
        ctx.out.table(&sessions(ctx, &detail.sessions, false))
    }
}

/// What there is to say in a line each.
fn facts(detail: &TaskDetail, ctx: &Context) -> Vec<(&'static str, String)> {
    let (card, task) = (&detail.card, &detail.card.task);
    let mut facts = vec![
        ("status", task.status.word().to_owned()),
        ("project", card.project_name.clone()),
        ("agent", task.agent.clone()),
        ("mode", task.mode.word().to_owned()),
    ];
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((name, value));
        }
    };
    add(
        "command",
        task.command.as_ref().map(|words| words.join(" ")),
    );
    add(
        "why",
        task.reason
            .as_ref()
            .map(|reason| describe::reason(reason, card.session.as_ref()).into_text()),
    );
    add("denied", detail.last_run.as_deref().and_then(denied));
    let live = card.session.as_ref();
    let live = live.filter(|view| view.session.state == SessionState::Live);
    add(
        "doing",
        live.map(|view| describe::activity(view, ctx.now).into_text()),
    );
    add(
        "health",
        detail.health.as_ref().map(|view| {
            let verdict = &view.verdict;
            match verdict.health {
                Some(health) => format!("{}: {}", health.word(), verdict.sentence(ctx.now)),
                None => verdict.sentence(ctx.now),
            }
        }),
    );
    add("hold", card.hold.as_ref().map(describe::hold_words));
    add("priority", Some(task.priority.level().to_string()));
    add("labels", Some(task.labels.join(", ")));
    let after: Vec<String> = task.depends_on.iter().map(|id| format!("#{id}")).collect();
    add("after", Some(after.join(", ")));
    add("cost", card.cost.map(|cost| cost.words()));
    add(
        "budget",
        card.budget.as_ref().map(|budget| budget.own.words()),
    );
    add(
        "over",
        card.budget
            .as_ref()
            .and_then(|budget| budget.refused.clone()),
    );
    add("base", task.base.clone());
    add("branch", task.branch.clone());
    add(
        "worktree",
        task.worktree
            .as_ref()
            .map(|path| path.display().to_string()),
    );
    add(
        "changes",
        card.git
            .as_ref()
            .filter(|git| **git != GitView::default())
            .map(|git| {
                let files = match git.files {
                    1 => "1 file".to_owned(),
                    files => format!("{files} files"),
                };
                format!(
                    "{files}, +{} -{}, {} ahead, {} behind, {} uncommitted",
                    git.insertions, git.deletions, git.ahead, git.behind, git.dirty
                )
            }),
    );
    let age = |then| format!("{} ago", short_duration(ctx.now.since(then)));
    add("created", Some(age(task.created_at)));
    add("changed", Some(age(task.changed_at)));
    facts
}

/// What the agent was not allowed to do in its last run.
fn denied(run: &Summary) -> Option<String> {
    let named = run
        .denials
        .iter()
        .map(|denial| match denial.what.is_empty() {
            true => denial.tool.clone(),
            false => format!("{}({})", denial.tool, denial.what),
        });
    let named: Vec<String> = named.take(5).collect();
    (run.denied > 0).then(|| format!("{} ({})", run.denied, named.join(", ")))
}

/// A table of sessions, with their tasks' titles where they are of several.
pub(super) fn sessions(ctx: &Context, sessions: &[SessionView], titles: bool) -> Table {
    let mut table = Table::new([
        right("SESSION"),
        right("TASK"),
        text("TITLE"),
        left("AGENT"),
        left("MODE"),
        left("STATE"),
        text("DOING"),
        right("RUNS"),
        right("COST"),
        right("AGE"),
        left("RESUME"),
    ]);
    for view in sessions {
        let session = &view.session;
        let title = if titles { view.task_title.as_str() } else { "" };
        table.row([
            Cell::new(session.id.to_string(), Role::Plain),
            Cell::new(session.task.to_string(), Role::Accent),
            Cell::new(title, Role::Strong),
            Cell::new(&session.agent, Role::Plain),
            Cell::new(session.mode.word(), Role::Plain),
            describe::session_state(session.state),
            describe::activity(view, ctx.now),
            Cell::from(view.runs.to_string()),
            describe::cost(view.cost),
            describe::age(ctx.now, session.started_at),
            Cell::new(if view.resumable { "yes" } else { "no" }, Role::Dim),
        ]);
    }
    table
}
