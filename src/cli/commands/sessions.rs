//! `gluon sessions`: every session on this machine, and every conversation that gluon did not start.

use std::collections::{HashMap, HashSet};

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use serde::Serialize;

use super::super::args::Format;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::{complete, describe, pick};
use crate::client::Client;
use crate::domain::{Project, ProjectId, Speaker};
use crate::protocol::{
    Api, ConversationView, Conversations, FindLines, FoundLine, ListConversations, ListSessions,
};

const AFTER_HELP: &str = "\
`gluon resume TASK` goes on with a session that can be resumed. A conversation
that was begun without gluon becomes a task with `gluon adopt ID`; `gluon show
--transcript ID` shows what was said in it.

Examples:
  gluon sessions
  gluon sessions --live
  gluon sessions --project api --json
  gluon sessions --foreign              what was begun without gluon
  gluon sessions --search \"rate limit\"   in titles, prompts and what was said,
                                        with the line in which it stands";

/// List sessions, live ones first
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Sessions {
    /// Only this project
    #[arg(long, short, add = ArgValueCandidates::new(complete::projects))]
    project: Option<String>,
    /// Only live ones
    #[arg(long)]
    live: bool,
    /// The conversations of all agents on this machine, whoever started them
    #[arg(long, short, conflicts_with = "live")]
    all: bool,
    /// Only conversations that gluon did not start
    #[arg(long, conflicts_with = "live")]
    foreign: bool,
    /// Only conversations with these words, or words beginning so
    #[arg(long, short, value_name = "WORDS", conflicts_with = "live")]
    search: Option<String>,
    /// Only conversations of this agent
    #[arg(long, value_name = "AGENT", conflicts_with = "live")]
    #[arg(add = ArgValueCandidates::new(complete::agents))]
    agent: Option<String>,
    /// So many conversations at most
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    format: Format,
}

impl Sessions {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let conversations =
            self.all || self.foreign || self.search.is_some() || self.agent.is_some();
        let projects = match conversations || self.project.is_some() {
            true => client.list_projects(()).await?,
            false => Vec::new(),
        };
        let project = match &self.project {
            Some(text) => Some(pick::project(&projects, text)?.id),
            None => None,
        };
        if conversations {
            let wanted = ListConversations {
                words: self.search.clone().unwrap_or_default(),
                project,
                agent: self.agent.clone(),
                foreign: self.foreign,
                limit: self.limit,
                wait: true,
                ..ListConversations::default()
            };
            let found = client.list_conversations(wanted).await?;
            let lines = match &self.search {
                Some(words) => lines_of(&client, &found.rows, words).await?,
                None => HashMap::new(),
            };
            return self.tell(ctx, &found, &lines, &projects);
        }
        let wanted = ListSessions {
            project,
            live: self.live,
        };
        let sessions = client.list_sessions(wanted).await?;
        if self.format.json {
            return ctx.out.json(&sessions);
        }
        if sessions.is_empty() {
            return ctx.out.line(ctx.out.paint(Role::Dim, "no sessions"));
        }
        ctx.out.table(&super::show::sessions(ctx, &sessions, true))
    }

    fn tell(
        &self,
        ctx: &Context,
        found: &Conversations,
        lines: &HashMap<String, FoundLine>,
        projects: &[Project],
    ) -> Outcome {
        if self.format.json {
            let rows = found.rows.iter().map(|view| Row {
                view,
                found: lines.get(&view.conversation.id),
            });
            return ctx.out.json(&rows.collect::<Vec<_>>());
        }
        if found.rows.is_empty() {
            let words = match (&self.search, self.foreign) {
                (Some(_), _) => "no conversation has these words",
                (None, true) => "no conversation was begun without gluon",
                (None, false) => "no conversations",
            };
            return ctx.out.line(ctx.out.paint(Role::Dim, words));
        }
        ctx.out.table(&table(ctx, &found.rows, lines, projects))?;
        let more = (found.all as usize).saturating_sub(found.rows.len());
        if more == 0 {
            return Ok(());
        }
        let words = format!("{more} more; --limit shows them, --search and --project narrow it");
        ctx.out.line(ctx.out.paint(Role::Dim, &words))
    }
}

/// A conversation as JSON: with the line that was found in it, where words were searched.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    view: &'a ConversationView,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'a FoundLine>,
}

/// The lines in which the words stand, by conversation; the daemon gives some at a time.
async fn lines_of(
    client: &Client,
    rows: &[ConversationView],
    words: &str,
) -> Outcome<HashMap<String, FoundLine>> {
    let mut ids: Vec<String> = rows.iter().map(|row| row.conversation.id.clone()).collect();
    let mut lines = HashMap::new();
    while !ids.is_empty() {
        let find = FindLines {
            ids: ids.clone(),
            words: words.to_owned(),
        };
        let found = client.find_lines(find).await?;
        if found.is_empty() {
            break;
        }
        ids.retain(|id| !found.iter().any(|line| line.id == *id));
        let with_line = found.into_iter().filter(|line| line.line.is_some());
        lines.extend(with_line.map(|line| (line.id.clone(), line)));
    }
    Ok(lines)
}

/// Who said it, and the line.
fn found_line(found: &FoundLine, agent: &str) -> Option<Cell> {
    let who = match found.speaker {
        Speaker::User => "you",
        Speaker::Tool => "tool",
        _ => agent,
    };
    let line = found.line.as_deref()?;
    Some(Cell::new(format!("{who}: {}", line.trim()), Role::Dim))
}

fn table(
    ctx: &Context,
    rows: &[ConversationView],
    lines: &HashMap<String, FoundLine>,
    projects: &[Project],
) -> Table {
    let names: HashMap<ProjectId, &str> = projects
        .iter()
        .map(|project| (project.id, project.name.as_str()))
        .collect();
    let short = short_ids(rows);
    let mut table = Table::new([
        left("ID"),
        right("TASK"),
        text("TITLE"),
        left("AGENT"),
        text("PROJECT"),
        right("SAID"),
        right("COST"),
        right("AGE"),
    ]);
    for (view, id) in rows.iter().zip(short) {
        let conversation = &view.conversation;
        let task = view.task.map(|task| task.to_string()).unwrap_or_default();
        let place = match view.project.and_then(|project| names.get(&project)) {
            Some(name) => (*name).to_owned(),
            None => conversation.directory.display().to_string(),
        };
        let title = match conversation.title.as_str() {
            "" => "(nothing asked)",
            title => title,
        };
        table.row([
            Cell::new(id, Role::Accent),
            Cell::new(task, Role::Accent),
            Cell::new(title, Role::Strong),
            Cell::new(&conversation.agent, Role::Plain),
            Cell::new(place, Role::Plain),
            Cell::from(conversation.messages.to_string()),
            describe::cost(conversation.cost),
            describe::age(ctx.now, conversation.changed_at),
        ]);
        let found = lines.get(&conversation.id);
        if let Some(found) = found.and_then(|found| found_line(found, &conversation.agent)) {
            table.under(found);
        }
    }
    table
}

/// The ids, as short as they can be told apart among each other: ids made from the time begin alike.
fn short_ids(rows: &[ConversationView]) -> Vec<&str> {
    let ids: Vec<&str> = rows
        .iter()
        .map(|row| row.conversation.id.as_str())
        .collect();
    let different: HashSet<&str> = ids.iter().copied().collect();
    let head = |id: &'_ str, length: usize| id.floor_char_boundary(length);
    let enough = (8..36).find(|length| {
        let heads: HashSet<&str> = ids.iter().map(|id| &id[..head(id, *length)]).collect();
        heads.len() == different.len()
    });
    let length = enough.unwrap_or(usize::MAX);
    ids.iter()
        .map(|id| id[..head(id, length)].trim_end_matches('-'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Conversation;

    #[test]
    fn ids_are_cut_where_they_differ() {
        let row = |id: &str| ConversationView {
            conversation: Conversation {
                id: id.to_owned(),
                ..Conversation::default()
            },
            ..ConversationView::default()
        };
        let rows = [
            "01a20949-304c-7650",
            "01a20949-3fb2-7df1",
            "ses_df4b323a2ffe",
            "x",
        ]
        .map(row);
        let short = short_ids(&rows);
        assert_eq!(short, ["01a20949-30", "01a20949-3f", "ses_df4b323", "x"]);
        assert_eq!(
            short_ids(&[row("12345678-90"), row("12345678-90")]),
            ["12345678"; 2]
        );
    }
}
