//! `gluon report`: what was accepted in a day or a week, and what that cost.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::Format;
use super::super::complete;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::pick;
use crate::domain::units::short_duration;
use crate::protocol::{Api, ReportView, ReportWish};

const AFTER_HELP: &str = "\
REVIEW is how long a task stood in review before somebody decided, ANSWERS how
long its agent waited for answers. Costs are as `gluon costs` has them.

Examples:
  gluon report
  gluon report --week
  gluon report --days 30 --json";

/// Report what was accepted, what it cost, how long it waited for you
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Report {
    /// Of today (the default)
    #[arg(long, conflicts_with_all = ["week", "days"])]
    day: bool,
    /// Of the last seven days
    #[arg(long, conflicts_with = "days")]
    week: bool,
    /// Of so many days up to today
    #[arg(long)]
    days: Option<u32>,
    /// Only this project: its name, number or a directory in it
    #[arg(long, short, add = ArgValueCandidates::new(complete::projects))]
    project: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Report {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let project = match &self.project {
            Some(named) => Some(pick::project(&client.list_projects(()).await?, named)?.id),
            None => None,
        };
        let days = match (self.days, self.week) {
            (Some(days), _) => days,
            (None, true) => 7,
            (None, false) => 1,
        };
        let report = client.report(ReportWish { days, project }).await?;
        match self.format.json {
            true => ctx.out.json(&report),
            false => show(ctx, &report),
        }
    }
}

fn show(ctx: &Context, report: &ReportView) -> Outcome {
    if report.lines.is_empty() {
        let quiet = "nothing was accepted in that time";
        return ctx.out.line(ctx.out.paint(Role::Dim, quiet));
    }
    let mut table = Table::new([
        right("ID"),
        left("TITLE"),
        left("PROJECT"),
        left("AGENT"),
        right("COST"),
        right("REVIEW"),
        right("ANSWERS"),
        text("HOW"),
    ]);
    for line in &report.lines {
        let cost = line.cost.map(|cost| cost.to_string());
        table.row([
            Cell::new(format!("#{}", line.task), Role::Accent),
            Cell::new(&line.title, Role::Strong),
            Cell::from(line.project.clone()),
            Cell::from(line.agent.clone()),
            Cell::from(cost.unwrap_or_else(|| "-".to_owned())),
            Cell::from(short_duration(line.waited)),
            Cell::from(short_duration(line.asked)),
            Cell::new(&line.how, Role::Dim),
        ]);
    }
    ctx.out.table(&table)?;
    let changes = match report.lines.len() {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    ctx.out.line(format!(
        "{changes}, {}; waited {} for you in review, {} for answers",
        costs(report),
        short_duration(report.waited),
        short_duration(report.asked)
    ))?;
    match report.spent {
        Some(spent) => {
            let words = format!("everything in that time: {spent}");
            ctx.out.line(ctx.out.paint(Role::Dim, &words))
        }
        None => Ok(()),
    }
}

/// `$1.44 altogether, $0.72 each (of 1 it is not known)`.
fn costs(report: &ReportView) -> String {
    let (Some(cost), Some(each)) = (report.cost, report.cost_each) else {
        return "what they cost is not known".to_owned();
    };
    let unknown = match report.unknown {
        0 => String::new(),
        count => format!(" (of {count} it is not known)"),
    };
    format!("{cost} altogether, {each} each{unknown}")
}
