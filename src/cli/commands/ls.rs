//! `gluon ls`: the board as a table.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::{complete, describe, pick};
use crate::domain::board::sort_column;
use crate::domain::{ProjectId, Status, Task};
use crate::protocol::{Api, Board, TaskCard};

const AFTER_HELP: &str = "\
Examples:
  gluon ls                          every task on the board
  gluon ls --status running         only those at work
  gluon ls --project api --json     for scripts
  gluon ls --archived               only those in the archive
  gluon ls --all                    cancelled and archived ones too";

/// List tasks, in the order of the board
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER_HELP, visible_alias = "list")]
pub(in crate::cli) struct Ls {
    /// Only this project
    #[arg(long, short, add = ArgValueCandidates::new(complete::projects))]
    project: Option<String>,
    /// Only this status: queued, running, review, done, cancelled; may be repeated
    #[arg(long, short, value_name = "STATUS", value_delimiter = ',', value_parser = status)]
    status: Vec<Status>,
    /// Only with this label
    #[arg(long, short, value_name = "WORD")]
    label: Option<String>,
    /// Only this agent
    #[arg(long, short, add = ArgValueCandidates::new(complete::agents))]
    agent: Option<String>,
    /// Cancelled and archived tasks too
    #[arg(long)]
    all: bool,
    /// Only archived tasks
    #[arg(long, conflicts_with = "all")]
    archived: bool,
    #[command(flatten)]
    format: Format,
}

/// A status by its word, for clap.
pub(super) fn status(word: &str) -> Result<Status, String> {
    Status::from_word(word)
        .ok_or_else(|| "one of queued, running, review, done, cancelled".to_owned())
}

impl Ls {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let board = ctx.client().await?.board(()).await?;
        let project = match &self.project {
            Some(text) => Some(pick::project(&board.projects, text)?.id),
            None => None,
        };
        let mut cards = self.select(&board, project);
        let shown = |card: &&TaskCard| self.all || card.review.archived.is_some() == self.archived;
        let all = cards.len();
        cards.retain(shown);
        let hidden = if self.archived { 0 } else { all - cards.len() };
        if self.format.json {
            return ctx.out.json(&cards);
        }
        if cards.is_empty() && hidden == 0 {
            let hint = match self.archived {
                true => "no task is archived",
                false => "no tasks; `gluon new \"what is to be done\"` makes one",
            };
            return ctx.out.line(ctx.out.paint(Role::Dim, hint));
        }
        let mut table = Table::new([
            right("ID"),
            left("STATUS"),
            text("TITLE"),
            left("PROJECT"),
            left("AGENT"),
            text("DOING"),
            left("CHANGES"),
            right("COST"),
            right("AGE"),
        ]);
        for card in &cards {
            table.row([
                Cell::new(card.task.id.to_string(), Role::Accent),
                describe::status(card),
                Cell::new(&card.task.title, Role::Strong),
                Cell::new(&card.project_name, Role::Plain),
                Cell::new(&card.task.agent, Role::Plain),
                describe::doing(card, ctx.now),
                describe::changes(card.git.as_ref()),
                describe::cost(card.cost),
                describe::age(ctx.now, card.task.changed_at),
            ]);
        }
        if !cards.is_empty() {
            ctx.out.table(&table)?;
        }
        match hidden {
            0 => Ok(()),
            count => {
                let words = format!("{count} archived: `gluon ls --archived`");
                ctx.out.line(ctx.out.paint(Role::Dim, &words))
            }
        }
    }

    /// The cards asked for, column by column.
    fn select<'a>(&self, board: &'a Board, project: Option<ProjectId>) -> Vec<&'a TaskCard> {
        let wanted = |card: &&TaskCard| {
            let task = &card.task;
            let hidden = task.status == Status::Cancelled && !self.all && self.status.is_empty();
            !hidden
                && project.is_none_or(|id| task.project == id)
                && (self.status.is_empty() || self.status.contains(&task.status))
                && self
                    .label
                    .as_ref()
                    .is_none_or(|label| task.labels.contains(label))
                && self.agent.as_ref().is_none_or(|agent| task.agent == *agent)
        };
        let cards: Vec<&TaskCard> = board.cards.iter().filter(wanted).collect();
        let columns = Status::COLUMNS.into_iter().chain([Status::Cancelled]);
        columns
            .flat_map(|status| {
                let mut tasks: Vec<&Task> = cards
                    .iter()
                    .map(|card| &card.task)
                    .filter(|task| task.status == status)
                    .collect();
                sort_column(status, &mut tasks);
                let ids: Vec<_> = tasks.into_iter().map(|task| task.id).collect();
                let find = |id| cards.iter().copied().find(|card| card.task.id == id);
                ids.into_iter().filter_map(find).collect::<Vec<_>>()
            })
            .collect()
    }
}
