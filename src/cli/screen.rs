//! What takes the whole screen: the board and a single pane.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use super::context::Context;
use super::failure::{Code, Failure, Outcome};
use crate::client::{Client, ConnectOptions, Events};
use crate::config;
use crate::domain::TaskId;
use crate::protocol::Api;
use crate::tui::{self, TuiOptions};

/// Columns and rows of the user's terminal, so that an agent starts in the size it will be looked at.
pub(super) fn size() -> Option<(u16, u16)> {
    let both = io::stdin().is_terminal() && io::stdout().is_terminal();
    both.then(crossterm::terminal::size)?.ok()
}

/// Says so where there is no terminal to draw on.
pub(super) fn require_terminal() -> Outcome {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage("this needs a terminal")
        .with_hint("`gluon ls`, `gluon show` and `gluon capture` print instead"))
}

/// A task's terminal on the whole screen, until the user leaves it.
pub(super) async fn attach(ctx: &Context, task: TaskId) -> Outcome {
    require_terminal()?;
    let options = options(ctx)?;
    let (client, link) = connect(ctx).await?;
    let detail = client.show_task(task).await?;
    let Some(view) = detail.sessions.first() else {
        let message = format!("task {task} has not been started yet, so it has no terminal");
        let hint = format!("`gluon start {task} --attach` starts it and looks at it");
        return Err(Failure::new(Code::NotFound, message).with_hint(hint));
    };
    tui::attach(Arc::new(client), link, task, view.session.id, options).await?;
    Ok(())
}

/// The board, until the user quits.
pub(super) async fn board(ctx: &Context, demo: bool) -> Outcome {
    require_terminal()?;
    let options = TuiOptions {
        demo,
        ..options(ctx)?
    };
    let (client, link) = connect(ctx).await?;
    tui::run(Arc::new(client), link, options).await?;
    Ok(())
}

/// What is wrong with the settings is said before anything is started.
pub(super) fn options(ctx: &Context) -> Outcome<TuiOptions> {
    let config = config::load(&ctx.paths)?;
    let cwd = std::env::current_dir()?;
    TuiOptions::load(&config, &ctx.paths.themes(), cwd).map_err(|error| {
        let message = format!("{}: {error:#}", ctx.paths.config_file().display());
        Failure::new(Code::Failed, message)
            .with_hint("correct it there; `gluon doctor` looks at it again")
    })
}

/// A connection that comes back by itself.
pub(super) async fn connect(ctx: &Context) -> Outcome<(Client, Events)> {
    ctx.paths.ensure()?;
    Ok(Client::connect(&ctx.paths, ConnectOptions::default()).await?)
}
