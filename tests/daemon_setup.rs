//! A project's setup command: run only where it is trusted, seen in the session, its failure told apart
//! from the agent's.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{World, git};
use gluon::domain::{Reason, Status};
use gluon::protocol::{AddProject, Api, EditProject, StartTask};

fn with_setup(command: &str) -> World {
    let world = World::new();
    let text = format!("setup = {command:?}\n");
    std::fs::write(world.repo.join(".gluon.toml"), text).unwrap();
    git(&world.repo, &["add", "."]);
    git(&world.repo, &["commit", "-q", "-m", "setup"]);
    world
}

async fn trust(world: &World, watcher: &daemon_support::Watcher) {
    let add = AddProject {
        directory: world.repo.clone(),
        name: None,
    };
    let project = watcher.client.add_project(add).await.unwrap().id;
    let edit = EditProject {
        project,
        slots: None,
        trust_setup: Some(true),
    };
    watcher.client.edit_project(edit).await.unwrap();
}

#[tokio::test]
async fn a_setup_command_runs_only_if_trusted() {
    let world = with_setup("echo prepared | tee made-by-setup");
    let mut watcher = world.client().await;
    let script = "ls made-by-setup; echo agent was here";
    let card = watcher
        .client
        .create_task(world.task(script))
        .await
        .unwrap();
    let id = card.task.id;
    watcher.status(id, Status::Review).await;
    let screen = watcher.capture(id).await;
    assert!(screen.contains("gluon project trust repo"), "{screen}");
    assert!(!screen.contains("prepared"), "{screen}");

    trust(&world, &watcher).await;
    let card = watcher
        .client
        .create_task(world.task(script))
        .await
        .unwrap();
    let id = card.task.id;
    watcher.status(id, Status::Review).await;
    let screen = watcher.capture(id).await;
    let at = |what: &str| screen.find(what).unwrap_or_else(|| panic!("{screen}"));
    assert!(at("prepared") < at("agent was here"));
}

#[tokio::test]
async fn a_setup_command_that_fails_is_the_reason_and_is_tried_again() {
    let world = with_setup("test -e ../../allowed && echo set up");
    let mut watcher = world.client().await;
    trust(&world, &watcher).await;
    let card = watcher
        .client
        .create_task(world.task("echo agent was here"))
        .await;
    let id = card.unwrap().task.id;
    let card = watcher.status(id, Status::Review).await;
    let Some(Reason::Failed(why)) = card.task.reason else {
        panic!("{:?}", card.task.reason);
    };
    assert!(why.contains("setup"), "{why}");
    assert!(!watcher.capture(id).await.contains("agent was here"));

    let worktree = card.task.worktree.unwrap();
    let allowed = worktree.parent().unwrap().parent().unwrap().join("allowed");
    std::fs::write(allowed, "").unwrap();
    let start = StartTask {
        task: id,
        message: None,
        fresh: true,
        recap: false,
        size: None,
    };
    watcher.client.start_task(start).await.unwrap();
    let done = Some(Reason::Finished);
    watcher.card(id, |card| card.task.reason == done).await;
    let screen = watcher.capture(id).await;
    assert!(
        screen.contains("set up") && screen.contains("agent was here"),
        "{screen}"
    );
}
