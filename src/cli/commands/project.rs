//! `gluon project`: the registered repositories.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use super::super::args::{Format, Yes};
use super::super::context::{Context, ask, confirmed};
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::{complete, pick};
use crate::client::Client;
use crate::config;
use crate::domain;
use crate::protocol::{AddProject, Api, EditProject, RemoveProject};

const AFTER_HELP: &str = "\
A repository is registered by using it (`gluon new` or `gluon tui` in it), too.

Examples:
  gluon project add ~/src/api --name api
  gluon project ls
  gluon project trust api       let its setup and check commands run
  gluon project slots api 2     at most two tasks at once";

/// Register repositories and set what holds for them
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Project {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Register a repository
    Add {
        /// A directory in it [default: this one]
        directory: Option<PathBuf>,
        /// Its name [default: the directory's]
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// List the registered repositories
    #[command(visible_alias = "list")]
    Ls {
        #[command(flatten)]
        format: Format,
    },
    /// Forget a project with its tasks; the repository stays
    Rm {
        #[command(flatten)]
        project: Named,
        #[command(flatten)]
        yes: Yes,
    },
    /// Trust its files, and let the setup and check commands of its .gluon.toml run in its worktrees
    ///
    /// The commands are shown first; another one has to be trusted again. Agents that can be told so when
    /// they are started no longer ask whether its files can be trusted.
    Trust {
        #[command(flatten)]
        project: Named,
        /// Trust it no longer
        #[arg(long)]
        revoke: bool,
        #[command(flatten)]
        yes: Yes,
    },
    /// Limit how many of its tasks run at once
    Slots {
        #[command(flatten)]
        project: Named,
        /// How many; 0 removes the limit
        slots: u32,
    },
}

#[derive(Debug, Args)]
struct Named {
    /// The project: its name, number or a directory in it
    #[arg(add = ArgValueCandidates::new(complete::projects))]
    project: String,
}

impl Project {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        match self.action {
            Action::Add {
                directory,
                name,
                format,
            } => add(ctx, &client, directory, name, format).await,
            Action::Ls { format } => list(ctx, &client, format).await,
            Action::Rm { project, yes } => remove(ctx, &client, &project, yes).await,
            Action::Trust {
                project,
                revoke,
                yes,
            } => trust(ctx, &client, &project, revoke, yes).await,
            Action::Slots { project, slots } => {
                let project = find(&client, &project).await?;
                let edit = EditProject {
                    project: project.id,
                    slots: Some(slots),
                    trust_setup: None,
                };
                let name = client.edit_project(edit).await?.name;
                ctx.out.line(match slots {
                    0 => format!("{} has no limit of its own", clean::line(&name)),
                    1 => format!("{} runs one task at once", clean::line(&name)),
                    _ => format!("{} runs at most {slots} tasks at once", clean::line(&name)),
                })
            }
        }
    }
}

async fn find(client: &Client, named: &Named) -> Outcome<domain::Project> {
    pick::project(&client.list_projects(()).await?, &named.project)
}

async fn add(
    ctx: &Context,
    client: &Client,
    directory: Option<PathBuf>,
    name: Option<String>,
    format: Format,
) -> Outcome {
    let directory = directory.unwrap_or_else(|| PathBuf::from("."));
    let directory = directory.canonicalize().map_err(|error| {
        let message = format!("cannot use {}: {error}", directory.display());
        Failure::new(Code::Failed, message)
    })?;
    let project = client.add_project(AddProject { directory, name }).await?;
    if format.json {
        return ctx.out.json(&project);
    }
    let name = ctx.out.paint(Role::Strong, &clean::line(&project.name));
    let path = project.path.display().to_string();
    ctx.out.line(format!("{name} is {}", clean::line(&path)))
}

async fn list(ctx: &Context, client: &Client, format: Format) -> Outcome {
    let projects = client.list_projects(()).await?;
    if format.json {
        return ctx.out.json(&projects);
    }
    if projects.is_empty() {
        let hint = "no projects; `gluon project add DIR` registers one";
        return ctx.out.line(ctx.out.paint(Role::Dim, hint));
    }
    let mut table = Table::new([
        right("ID"),
        left("NAME"),
        text("PATH"),
        right("SLOTS"),
        left("COMMANDS"),
    ]);
    for project in projects {
        let slots = project
            .slots
            .map(|slots| slots.to_string())
            .unwrap_or_default();
        table.row([
            Cell::new(project.id.to_string(), Role::Accent),
            Cell::new(&project.name, Role::Strong),
            Cell::from(project.path.display().to_string()),
            Cell::from(slots),
            setup_state(&project),
        ]);
    }
    ctx.out.table(&table)
}

fn setup_state(project: &domain::Project) -> Cell {
    let Ok(file) = config::load_project(&project.path) else {
        return Cell::new("unreadable", Role::Bad);
    };
    let wanted = [
        (&file.setup, &project.trusted_setup),
        (&file.check, &project.trusted_check),
    ];
    let wanted = wanted.iter().filter_map(|(command, trusted)| {
        let hash = command.as_deref().map(config::setup_hash)?;
        Some(trusted.as_ref() == Some(&hash))
    });
    let wanted: Vec<bool> = wanted.collect();
    match wanted.as_slice() {
        [] if project.trusted => Cell::new("trusted", Role::Good),
        [] => Cell::default(),
        all if all.iter().all(|trusted| *trusted) => Cell::new("trusted", Role::Good),
        _ => Cell::new("not trusted", Role::Warn),
    }
}

async fn remove(ctx: &Context, client: &Client, named: &Named, yes: Yes) -> Outcome {
    let project = find(client, named).await?;
    confirmed(yes.yes, |confirm| {
        client.remove_project(RemoveProject {
            project: project.id,
            confirm,
        })
    })
    .await?;
    let name = clean::line(&project.name).into_owned();
    ctx.out
        .line(format!("{name} is forgotten; its repository stays"))
}

async fn trust(ctx: &Context, client: &Client, named: &Named, revoke: bool, yes: Yes) -> Outcome {
    let project = find(client, named).await?;
    let name = clean::line(&project.name).into_owned();
    if !revoke {
        let file = config::load_project(&project.path)?;
        ctx.out.line(format!(
            "agents are told that the files of {name} can be trusted, where they can be told so for one \
             start (Codex, Gemini CLI); Claude Code takes the answer given to it in the project's own checkout"
        ))?;
        let show = |when: &str, command: &Option<String>| -> Outcome {
            let Some(command) = command else {
                return Ok(());
            };
            ctx.out.line(format!("{name} wants to run {when}:"))?;
            let command = clean::block(command).replace('\n', "\n  ");
            ctx.out.line(format!("  {command}"))
        };
        show("in every new worktree", &file.setup)?;
        show("as the check of a task, in its worktree", &file.check)?;
        if !yes.yes {
            ask("Trust it?")?;
        }
    }
    let edit = EditProject {
        project: project.id,
        slots: None,
        trust_setup: Some(!revoke),
    };
    client.edit_project(edit).await?;
    let word = if revoke {
        "no longer trusted"
    } else {
        "trusted"
    };
    ctx.out.line(format!("{name} is {word}"))
}
