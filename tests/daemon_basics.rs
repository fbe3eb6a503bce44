//! The daemon from the outside: a task from its making to its end.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::World;
use gluon::domain::{Reason, Status};
use gluon::protocol::Api;

#[tokio::test]
async fn a_task_runs_and_comes_to_review() {
    let world = World::new();
    let mut watcher = world.client().await;
    let card = watcher
        .client
        .create_task(world.task("echo hello from $PWD"))
        .await
        .unwrap();
    let id = card.task.id;
    let card = watcher.status(id, Status::Review).await;
    assert_eq!(card.task.reason, Some(Reason::Finished));
    let log = String::from_utf8(watcher.log(id).await).unwrap();
    assert!(log.starts_with("hello from "), "{log}");
    assert!(log.contains("worktrees"), "{log}");
    let screen = watcher.capture(id).await;
    assert!(screen.starts_with("hello from"), "{screen}");
}
