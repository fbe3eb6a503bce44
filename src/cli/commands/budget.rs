//! `gluon budget`: how much may be spent, and how much was.

use clap::{Args, Subcommand};

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::pick;
use crate::client::Client;
use crate::domain::budget::{Budget, BudgetOf, BudgetState, Limit};
use crate::protocol::{Api, Budgets, SetBudget};

const AFTER_HELP: &str = "\
What: a task, `day`, `project:NAME` or `workspace:NAME`; projects and
workspaces count by the calendar month. At 80 % of a budget you are warned; when
it is used up, the agent at work finishes its turn (or is interrupted, as
budget.at_limit in config.toml says) and waits until you raise it. Nothing else
is started in it. Usual budgets are in config.toml, below [budget].

Examples:
  gluon budget                       how all of them stand
  gluon budget status 12             those that hold task 12
  gluon budget raise 12 5            5 dollars more
  gluon budget raise day 20          for today alone
  gluon budget set project:api 100
  gluon budget set 12 unlimited";

const STATUS_EXAMPLES: &str = "\
Examples:
  gluon budget status                the day, and what is at work
  gluon budget status 12             those that hold task 12
  gluon budget status --json";

const SET_EXAMPLES: &str = "\
Examples:
  gluon budget set 12 5
  gluon budget set day 100
  gluon budget set project:api 200
  gluon budget set workspace:work unlimited";

const RAISE_EXAMPLES: &str = "\
Examples:
  gluon budget raise 12 5            it goes on, if it waited for that
  gluon budget raise day 20          for today alone";

/// Show, set and raise budgets
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct BudgetCommand {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// How they stand
    #[command(after_help = STATUS_EXAMPLES)]
    Status {
        /// Only those that hold this task
        task: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Set a budget
    #[command(after_help = SET_EXAMPLES)]
    Set(Change),
    /// Give a budget more
    #[command(after_help = RAISE_EXAMPLES)]
    Raise(Change),
}

#[derive(Debug, Args)]
struct Change {
    /// A task, `day`, `project:NAME` or `workspace:NAME`
    #[arg(value_name = "WHAT")]
    of: String,
    /// Dollars, or `unlimited`
    #[arg(value_parser = Limit::parse, allow_negative_numbers = true)]
    amount: Limit,
    #[command(flatten)]
    format: Format,
}

impl BudgetCommand {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let (budgets, format) = match self.action {
            None => (client.list_budgets(None).await?, self.format),
            Some(Action::Status { task, format }) => {
                let task = match task {
                    Some(task) => Some(pick::task(&client, &task).await?),
                    None => None,
                };
                (client.list_budgets(task).await?, format)
            }
            Some(Action::Set(change)) => change.make(&client, false).await?,
            Some(Action::Raise(change)) => change.make(&client, true).await?,
        };
        if format.json || self.format.json {
            return ctx.out.json(&budgets);
        }
        tell(ctx, &budgets)
    }
}

impl Change {
    async fn make(self, client: &Client, raise: bool) -> Outcome<(Budgets, Format)> {
        let of = match self.of.split_once(':') {
            Some(("project", name)) => {
                let projects = client.list_projects(()).await?;
                BudgetOf::Project(pick::project(&projects, name)?.id)
            }
            Some(("workspace", name)) => {
                let projects = client.list_projects(()).await?;
                if !projects.iter().any(|project| project.workspace == name) {
                    let message = format!("there is no workspace `{name}`");
                    return Err(Failure::new(Code::NotFound, message)
                        .with_hint("`gluon project ls` shows which there are"));
                }
                BudgetOf::Workspace(name.to_owned())
            }
            _ if self.of == "day" => BudgetOf::Day,
            _ => BudgetOf::Task(pick::task(client, &self.of).await?),
        };
        let set = SetBudget {
            of,
            limit: self.amount,
            raise,
        };
        Ok((client.set_budget(set).await?, self.format))
    }
}

fn tell(ctx: &Context, budgets: &Budgets) -> Outcome {
    let mut table = Table::new([
        text("OF"),
        right("SPENT"),
        right("LIMIT"),
        right("%"),
        left("STATE"),
        right("RECKONED"),
    ]);
    for budget in &budgets.budgets {
        let spent = budget
            .spent
            .map_or("$0.00".to_owned(), |cost| cost.to_string());
        let percent = budget.percent().map(|percent| percent.to_string());
        let reserved = match budget.reserved.0 {
            0 => String::new(),
            _ => budget.reserved.to_string(),
        };
        table.row([
            Cell::new(clean::line(&budget.name), Role::Strong),
            Cell::new(spent, Role::Plain),
            Cell::new(budget.limit.to_string(), Role::Plain),
            Cell::new(percent.unwrap_or_default(), Role::Plain),
            state(budget),
            Cell::new(reserved, Role::Dim),
        ]);
    }
    ctx.out.table(&table)?;
    if budgets.budgets.iter().any(Budget::is_uncertain) {
        let note = "+ and unpriced: some models have no price, so no budget can hold them";
        ctx.out.line(ctx.out.paint(Role::Dim, note))?;
    }
    Ok(())
}

fn state(budget: &Budget) -> Cell {
    match budget.state {
        BudgetState::Enough if budget.limit == Limit::Unlimited => Cell::new("", Role::Dim),
        BudgetState::Enough => Cell::new("enough", Role::Good),
        BudgetState::Short => Cell::new("short", Role::Warn),
        BudgetState::Spent => Cell::new("used up", Role::Bad),
    }
}
