//! Completion while typing: task numbers with their titles, projects, agents, asked of the daemon where
//! one runs already. Quick or nothing: a shell waits for it.

use std::time::Duration;

use clap_complete::engine::CompletionCandidate;

use super::output::clean;
use crate::client::{Client, ConnectOptions};
use crate::config::Paths;
use crate::protocol::Api;

/// A shell gets no candidates after this.
const PATIENCE: Duration = Duration::from_millis(500);

/// Tasks that are on the board.
pub(super) fn tasks() -> Vec<CompletionCandidate> {
    let cards = ask(async |client: Client| client.board(()).await.ok()).map(|board| board.cards);
    cards
        .unwrap_or_default()
        .into_iter()
        .map(|card| {
            let help = format!("{}: {}", card.task.status, clean::line(&card.task.title));
            CompletionCandidate::new(card.task.id.to_string()).help(Some(help.into()))
        })
        .collect()
}

/// Registered projects.
pub(super) fn projects() -> Vec<CompletionCandidate> {
    ask(async |client: Client| client.list_projects(()).await.ok())
        .unwrap_or_default()
        .into_iter()
        .map(|project| {
            let path = project.path.display().to_string();
            CompletionCandidate::new(project.name)
                .help(Some(clean::line(&path).into_owned().into()))
        })
        .collect()
}

/// Agents of the registry.
pub(super) fn agents() -> Vec<CompletionCandidate> {
    ask(async |client: Client| client.list_agents(()).await.ok())
        .unwrap_or_default()
        .into_iter()
        .map(|agent| CompletionCandidate::new(agent.name).help(Some(agent.title.into())))
        .collect()
}

fn ask<T>(question: impl AsyncFnOnce(Client) -> Option<T>) -> Option<T> {
    let paths = Paths::from_env().ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let options = ConnectOptions {
        autostart: false,
        reconnect: false,
        ..ConnectOptions::default()
    };
    runtime.block_on(async {
        let answer = async {
            let (client, _) = Client::connect(&paths, options).await.ok()?;
            question(client).await
        };
        tokio::time::timeout(PATIENCE, answer).await.ok()?
    })
}
