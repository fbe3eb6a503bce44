//! Reviewing: checks, and what their verdicts are worth.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{World, git};
use gluon::domain::check::{Freshness, Verdict};
use gluon::domain::{Exit, Status, TaskId};
use gluon::protocol::{Api, ConfirmTask, EditProject, ErrorCode};

/// A world whose project has `file` as its `.gluon.toml`.
fn with_project(config: &str, file: &str) -> World {
    let world = World::with_config(config);
    std::fs::write(world.repo.join(".gluon.toml"), file).unwrap();
    git(&world.repo, &["add", "."]);
    git(&world.repo, &["commit", "-q", "-m", "settings"]);
    world
}

fn trust() -> EditProject {
    EditProject {
        project: gluon::domain::ProjectId(1),
        slots: None,
        trust_setup: Some(true),
    }
}

#[tokio::test]
async fn a_check_runs_once_trusted_and_its_verdict_ages_with_the_files() {
    let world = with_project("", "check = \"echo looked; test -e good\"\n");
    let mut watcher = world.client().await;
    let task = watcher
        .client
        .create_task(world.task("echo x > work"))
        .await
        .unwrap()
        .task
        .id;
    let card = watcher.status(task, Status::Review).await;
    let worktree = card.task.worktree.unwrap();
    assert_eq!(card.review.check, None);
    let error = watcher.client.check_task(task).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(error.hint.unwrap().contains("project trust repo"));
    assert_eq!(
        watcher.client.show_check(task).await.unwrap_err().code,
        ErrorCode::NotFound
    );

    watcher.client.edit_project(trust()).await.unwrap();
    let failed = watcher.client.check_task(task).await.unwrap();
    assert_eq!(failed.check.verdict, Some(Verdict::Failed(Exit::Code(1))));
    assert_eq!(failed.output, "looked\n");
    assert_eq!(failed.check.freshness, Freshness::Current);

    std::fs::write(worktree.join("good"), "").unwrap();
    let passed = watcher.client.check_task(task).await.unwrap();
    assert_eq!(passed.check.verdict, Some(Verdict::Passed));
    let on_card = |card: &gluon::protocol::TaskCard, freshness| {
        card.review.check.as_ref().is_some_and(|check| {
            check.verdict == Some(Verdict::Passed) && check.freshness == freshness
        })
    };
    watcher
        .card(task, |card| on_card(card, Freshness::Current))
        .await;

    // The same files in a commit are still the same files; two commits later they are not.
    git(&worktree, &["add", "-A"]);
    git(&worktree, &["commit", "-q", "-m", "all"]);
    for name in ["one", "two"] {
        std::fs::write(worktree.join(name), name).unwrap();
        git(&worktree, &["add", "-A"]);
        git(&worktree, &["commit", "-q", "-m", name]);
    }
    let again = watcher.client.show_check(task).await.unwrap();
    assert_eq!(again.check.freshness, Freshness::CommitsAgo(3));
}

#[tokio::test]
async fn accepting_can_require_a_passed_check() {
    let config = "[review]\nrequire_check = true\ncheck = \"test -e good\"\n";
    let world = World::with_config(config);
    let mut watcher = world.client().await;
    let task = watcher
        .client
        .create_task(world.task("true"))
        .await
        .unwrap()
        .task
        .id;
    let card = watcher.status(task, Status::Review).await;
    let accept = |task: TaskId| ConfirmTask {
        task,
        confirm: false,
    };
    let error = watcher.client.accept_task(accept(task)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(error.message.contains("failed with code 1"), "{error}");
    let worktree = card.task.worktree.unwrap();
    std::fs::write(worktree.join("good"), "").unwrap();
    git(&worktree, &["add", "-A"]);
    git(&worktree, &["commit", "-q", "-m", "good"]);
    let done = watcher.client.accept_task(accept(task)).await.unwrap();
    assert_eq!(done.card.task.status, Status::Done);
}
