//! `gluon costs`: what was spent.

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::{complete, pick};
use crate::domain::{Basis, Cost, Day, MicroUsd};
use crate::protocol::{Api, CostBy, CostLine, ListCosts, Since};

const AFTER_HELP: &str = "\
A cost is as the agent reports it, or estimated (~) from its tokens and a
table of prices; your own prices.json in the configuration directory changes
and adds models. A model without a price is unpriced: what it cost is not in
the sums, which then end in +. Days are those of the machine gluon runs on.

Examples:
  gluon costs                           day by day
  gluon costs --by task --since 7d      what the tasks of a week cost, the dearest first
  gluon costs --by model --since 2026-11-01 --csv > models.csv
  gluon costs --since today --json";

/// Show what was spent
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Costs {
    /// Add up by this
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// Only from this day on: YYYY-MM-DD, today, or so many days, as 7d
    #[arg(long, value_name = "DATE", value_parser = since)]
    since: Option<Since>,
    /// Only this project
    #[arg(long, short, add = ArgValueCandidates::new(complete::projects))]
    project: Option<String>,
    /// Print JSON; money in millionths of a dollar
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print comma-separated values
    #[arg(long)]
    csv: bool,
}

/// What costs are added up by.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum By {
    #[default]
    Day,
    Task,
    Session,
    Project,
    Workspace,
    Agent,
    Model,
}

impl From<By> for CostBy {
    fn from(by: By) -> CostBy {
        match by {
            By::Day => CostBy::Day,
            By::Task => CostBy::Task,
            By::Session => CostBy::Session,
            By::Project => CostBy::Project,
            By::Workspace => CostBy::Workspace,
            By::Agent => CostBy::Agent,
            By::Model => CostBy::Model,
        }
    }
}

fn since(text: &str) -> Result<Since, String> {
    if text == "today" {
        return Ok(Since::Days(1));
    }
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    match days {
        Some(days) if days > 0 => Ok(Since::Days(days)),
        _ => Day::parse(text)
            .map(Since::Day)
            .ok_or_else(|| "it is no day; write 2026-11-23, today or 7d".to_owned()),
    }
}

impl Costs {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let project = match &self.project {
            Some(text) => Some(pick::project(&client.list_projects(()).await?, text)?.id),
            None => None,
        };
        let wanted = ListCosts {
            by: self.by.into(),
            since: self.since,
            project,
        };
        let lines = client.list_costs(wanted).await?;
        if self.json {
            return ctx.out.json(&lines);
        }
        if self.csv {
            return ctx.out.text(csv(&lines));
        }
        let Some(all) = lines.iter().map(|line| line.cost).reduce(Cost::and) else {
            return ctx.out.line(ctx.out.paint(Role::Dim, "nothing was spent"));
        };
        let title = match self.by {
            By::Day => "DAY",
            By::Task => "TASK",
            By::Session => "SESSION",
            By::Project => "PROJECT",
            By::Workspace => "WORKSPACE",
            By::Agent => "AGENT",
            By::Model => "MODEL",
        };
        ctx.out.table(&table(title, &lines, all))
    }
}

fn table(title: &'static str, lines: &[CostLine], all: Cost) -> Table {
    let mut table = Table::new([
        left(title),
        text("TITLE"),
        right("REQUESTS"),
        right("INPUT"),
        right("CACHED"),
        right("OUTPUT"),
        right("COST"),
    ]);
    for line in lines {
        let usage = &line.usage;
        let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
        let number = |number: u64| Cell::from(number.to_string());
        table.row([
            Cell::new(&line.key, Role::Accent),
            Cell::new(&line.label, Role::Strong),
            number(line.requests),
            number(usage.input.saturating_add(written)),
            number(usage.cache_read),
            number(usage.output),
            Cell::new(line.cost.to_string(), Role::Plain),
        ]);
    }
    if lines.len() > 1 {
        let mut row = vec![Cell::new("all", Role::Dim)];
        row.resize_with(6, Cell::default);
        row.push(Cell::new(all.to_string(), Role::Strong));
        table.row(row);
    }
    table
}

fn csv(lines: &[CostLine]) -> String {
    let mut csv = String::from(
        "key,title,requests,input,cache_read,cache_write_5m,cache_write_1h,output,reasoning,usd,basis,unpriced\n",
    );
    for line in lines {
        let usage = &line.usage;
        let cost = &line.cost;
        // What is not known is not 0.
        let usd = match cost.is_unpriced() {
            true => String::new(),
            false => dollars(cost.usd),
        };
        let basis = match cost.basis {
            Basis::Reported => "reported",
            Basis::Estimated => "estimated",
        };
        csv.push_str(&format!(
            "{},{},{},{},{},{},{},{},{},{usd},{basis},{}\n",
            quoted(&line.key),
            quoted(&line.label),
            line.requests,
            usage.input,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.output,
            usage.reasoning,
            cost.unpriced,
        ));
    }
    csv
}

/// All six decimals.
fn dollars(usd: MicroUsd) -> String {
    let sign = if usd.0 < 0 { "-" } else { "" };
    let micros = usd.0.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A field that no comma, quote or line in it breaks, and that a spreadsheet takes for no formula.
fn quoted(field: &str) -> String {
    let field = clean::line(field);
    let guard = match field.chars().next() {
        Some('=' | '+' | '-' | '@') => "'",
        _ => "",
    };
    if guard.is_empty() && !field.contains([',', '"']) {
        return field.to_string();
    }
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Usage;

    #[test]
    fn days_are_said_in_several_ways() {
        assert_eq!(since("2026-11-23"), Ok(Since::Day(Day(20_780))));
        assert_eq!(since("today"), Ok(Since::Days(1)));
        assert_eq!(since("7d"), Ok(Since::Days(7)));
        for wrong in ["", "0d", "-1d", "d", "2026-02-30", "yesterday"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_are_separated_by_commas_only() {
        let line = |key: &str, label: &str, usd, unpriced| CostLine {
            key: key.into(),
            label: label.into(),
            requests: 2,
            usage: Usage {
                input: 1,
                cache_read: 2,
                cache_write_5m: 3,
                cache_write_1h: 4,
                output: 5,
                reasoning: 6,
            },
            cost: Cost {
                usd: MicroUsd(usd),
                basis: Basis::Estimated,
                unpriced,
                tokens: 15,
            },
        };
        let lines = [
            line("1", "say \"hi\", then\nstop", 1_024_600, false),
            line("2", "=1+1", 0, true),
        ];
        let csv = csv(&lines);
        let rows: Vec<&str> = csv.lines().skip(1).collect();
        assert!(
            rows[0].starts_with("1,\"say \"\"hi\"\", then"),
            "{}",
            rows[0]
        );
        assert!(rows[0].ends_with(",2,1,2,3,4,5,6,1.024600,estimated,false"));
        assert_eq!(rows[1], "2,\"'=1+1\",2,1,2,3,4,5,6,,estimated,true");
        assert_eq!(rows.len(), 2);
    }
}
