//! Accepting with integration, and taking it back: by the daemon, killed at every step.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use std::path::Path;
use std::process::Command;

use daemon_support::{Watcher, World, git, soon};
use gluon::domain::accept::Way;
use gluon::domain::operation::{OperationKind, OperationState};
use gluon::domain::{Status, TaskId};
use gluon::protocol::{AcceptPlan, Api, ConfirmTask, ErrorCode, NewTask, TaskCard, UndoWish};

/// A world whose repository commits as somebody, whoever runs the tests.
fn world(config: &str) -> World {
    let world = World::with_config(config);
    for (key, value) in [
        ("user.name", "Test"),
        ("user.email", "test@example.org"),
        ("commit.gpgSign", "false"),
    ] {
        git(&world.repo, &["config", key, value]);
    }
    world
}

/// What git prints.
fn said(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(dir).output();
    String::from_utf8(output.unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

/// A script that commits one file and leaves another uncommitted.
fn work(name: &str) -> String {
    format!(
        "echo {name} > {name}.txt && git add {name}.txt && \
         git -c user.name=A -c user.email=a@b commit -q -m 'add {name}' && echo loose > loose-{name}.txt"
    )
}

/// A task in review that has done that.
async fn worked(world: &World, watcher: &mut Watcher, name: &str) -> TaskCard {
    let new = NewTask {
        title: format!("Add {name}"),
        ..world.task(&work(name))
    };
    let id = watcher.client.create_task(new).await.unwrap().task.id;
    watcher.status(id, Status::Review).await
}

fn by(task: TaskId, way: Way) -> AcceptPlan {
    AcceptPlan {
        task: Some(task),
        way: Some(way),
        ..AcceptPlan::default()
    }
}

fn yes() -> UndoWish {
    UndoWish {
        confirm: true,
        ..UndoWish::default()
    }
}

/// Everything a crash could leave half done, of a task and of the target's checkout.
fn state(world: &World, card: &TaskCard) -> String {
    let worktree = card.task.worktree.as_deref().unwrap();
    let status = ["status", "--porcelain", "--untracked-files=all"];
    let branch = card.task.branch.as_deref().unwrap();
    format!(
        "{} {} {} {}",
        said(&world.repo, &["rev-parse", "main", branch]),
        said(&world.repo, &status),
        said(worktree, &status),
        said(&world.repo, &["worktree", "list"])
            .matches("prunable")
            .count(),
    )
}

#[tokio::test]
async fn a_task_is_squashed_and_taken_back() {
    let world = world("[review]\nway = \"squash\"\n");
    let mut watcher = world.client().await;
    let card = worked(&world, &mut watcher, "one").await;
    let id = card.task.id;
    let before = state(&world, &card);
    let plan = AcceptPlan {
        task: Some(id),
        ..AcceptPlan::default()
    };
    let preview = watcher.client.preview_accept(plan.clone()).await.unwrap();
    assert_eq!((preview.way, preview.into.as_str()), (Way::Squash, "main"));
    assert_eq!(
        (preview.files, preview.commits, preview.uncommitted),
        (2, 1, 1)
    );
    assert_eq!(
        (preview.message.as_str(), preview.obstacle),
        ("Add one", None)
    );
    assert_eq!(state(&world, &card), before, "a preview changes nothing");

    let done = watcher.client.integrate(plan).await.unwrap();
    assert_eq!(done.card.task.status, Status::Done);
    assert_eq!(done.card.review.landed, Some((Way::Squash, "main".into())));
    assert_eq!(
        said(&world.repo, &["log", "--format=%s", "-2"]),
        "Add one\nfirst"
    );
    assert!(
        world.repo.join("loose-one.txt").exists(),
        "the checkout moved along"
    );
    assert_eq!(said(&world.repo, &["status", "--porcelain"]), "");

    let error = watcher.client.undo(UndoWish::default()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Confirm);
    assert!(
        error.message.contains("Add one (squash into main)"),
        "{error}"
    );
    let undone = watcher.client.undo(yes()).await.unwrap();
    assert_eq!(undone.card.task.status, Status::Review);
    assert_eq!(state(&world, &card), before);
    let error = watcher.client.undo(yes()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound, "once is enough");
}

#[tokio::test]
async fn what_is_in_the_way_is_said_and_the_result_kept() {
    let world = world("");
    let mut watcher = world.client().await;
    let card = worked(&world, &mut watcher, "one").await;
    std::fs::write(world.repo.join("README"), "mine\n").unwrap();
    let before = state(&world, &card);
    let plan = by(card.task.id, Way::Merge);
    let preview = watcher.client.preview_accept(plan.clone()).await.unwrap();
    assert!(preview.obstacle.unwrap().contains("uncommitted changes"));
    let error = watcher.client.integrate(plan.clone()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(
        error.message.contains("the result is on gluon/1-result"),
        "{error}"
    );
    assert_eq!(state(&world, &card), before);
    assert_eq!(
        said(&world.repo, &["show", "gluon/1-result:one.txt"]),
        "one"
    );
    git(&world.repo, &["checkout", "-q", "README"]);
    watcher.client.integrate(plan).await.unwrap();

    // Built upon, it is taken back by a commit on top.
    std::fs::write(world.repo.join("top"), "top\n").unwrap();
    git(&world.repo, &["add", "top"]);
    git(&world.repo, &["commit", "-q", "-m", "top"]);
    let error = watcher.client.undo(yes()).await.unwrap_err();
    assert!(error.hint.unwrap().contains("--revert"));
    let undo = UndoWish {
        revert: true,
        ..yes()
    };
    let undone = watcher.client.undo(undo).await.unwrap();
    assert_eq!(undone.card.task.status, Status::Review);
    assert_eq!(
        said(&world.repo, &["log", "-1", "--format=%s"]),
        "Revert \"Add one\""
    );
    assert!(!world.repo.join("one.txt").exists());
    assert!(world.repo.join("top").exists());
    assert_eq!(said(&world.repo, &["status", "--porcelain"]), "");
}

#[tokio::test]
async fn what_is_removed_or_cancelled_comes_back() {
    let world = world("");
    let mut watcher = world.client().await;
    let card = worked(&world, &mut watcher, "one").await;
    let id = card.task.id;
    let before = state(&world, &card);
    let log = watcher.log(id).await;
    let confirm = ConfirmTask {
        task: id,
        confirm: true,
    };
    watcher.client.remove_task(confirm.clone()).await.unwrap();
    assert!(watcher.client.show_task(id).await.is_err());
    let undone = watcher.client.undo(yes()).await.unwrap();
    assert_eq!(undone.card.task, card.task);
    assert_eq!(state(&world, &card), before);
    assert_eq!(watcher.log(id).await, log, "its output came back too");

    watcher.client.cancel_task(confirm).await.unwrap();
    let undone = watcher.client.undo(yes()).await.unwrap();
    assert_eq!(undone.card.task.status, Status::Review);
}

#[tokio::test]
async fn a_pull_request_is_opened_by_its_program() {
    let command =
        "echo \\\"$GLUON_TITLE|$GLUON_BRANCH|$GLUON_INTO\\\" > asked; echo https://host/pull/1";
    let world = world(&format!("[review]\npull_request = \"{command}\"\n"));
    let origin = world.dir.path().join("origin.git");
    git(
        &world.repo,
        &["init", "-q", "--bare", origin.to_str().unwrap()],
    );
    git(
        &world.repo,
        &["remote", "add", "origin", origin.to_str().unwrap()],
    );
    let mut watcher = world.client().await;
    let card = worked(&world, &mut watcher, "one").await;
    let branch = card.task.branch.clone().unwrap();
    let plan = by(card.task.id, Way::PullRequest);
    let done = watcher.client.integrate(plan).await.unwrap();
    assert_eq!(done.card.task.status, Status::Done);
    assert_eq!(done.sentence, "the pull request is https://host/pull/1");
    let asked = std::fs::read_to_string(world.repo.join("asked")).unwrap();
    assert_eq!(asked, format!("Add one|{branch}|main\n"));
    let pushed = said(&origin, &["show", &format!("{branch}:loose-one.txt")]);
    assert_eq!(pushed, "loose", "what was not committed is pushed too");
}

/// The daemon is killed at every step of an acceptance, of taking it back, and of a removal: what its
/// successor shows is before or after. A world for each, since the keeper takes its time with a daemon that
/// dies again and again.
#[cfg(debug_assertions)]
#[tokio::test]
async fn a_kill_while_it_is_worked_out_leaves_everything_as_it_was() {
    for (step, back, removal) in [
        ("journal", "undoing", "remove"),
        ("bench", "move the target back", "removed"),
        ("commit the uncommitted", "move the branch back", "remove"),
        ("integrate", "settle the undo", "removed"),
        ("hold", "undoing", "remove"),
    ] {
        killed(step, false, back, removal).await;
    }
}

#[cfg(debug_assertions)]
#[tokio::test]
async fn a_kill_while_branches_move_is_finished() {
    for (step, back, removal) in [
        ("moving", "move the target back", "removed"),
        ("move the target", "move the branch back", "remove"),
        ("move the branch", "settle the undo", "removed"),
        ("settle", "undoing", "remove"),
    ] {
        killed(step, true, back, removal).await;
    }
}

#[cfg(debug_assertions)]
async fn killed(step: &str, after: bool, back: &str, removal: &str) {
    let world = world("");
    let mut watcher = world.client().await;
    let fault = world.paths.state.join("fault");
    let card = worked(&world, &mut watcher, "one").await;
    let id = card.task.id;
    let before = state(&world, &card);
    std::fs::write(&fault, step).unwrap();
    let _ = watcher.client.integrate(by(id, Way::Merge)).await;
    settled(&mut watcher, &fault, step).await;
    let now = watcher.client.show_task(id).await.unwrap().card;
    if after {
        assert_eq!(now.task.status, Status::Done, "{step}");
    } else {
        assert_eq!(now.task.status, Status::Review, "{step}");
        assert_eq!(state(&world, &card), before, "{step}");
        let held = said(&world.repo, &["for-each-ref", "refs/gluon"]);
        assert_eq!(held, "", "{step}");
        // And nothing is in the way of doing it.
        watcher.client.integrate(by(id, Way::Merge)).await.unwrap();
    }
    let loose = said(&world.repo, &["show", "main:loose-one.txt"]);
    assert_eq!(loose, "loose", "{step}");
    assert_eq!(said(&world.repo, &["status", "--porcelain"]), "", "{step}");
    let worktree = card.task.worktree.as_deref().unwrap();
    assert_eq!(said(worktree, &["status", "--porcelain"]), "", "{step}");

    std::fs::write(&fault, back).unwrap();
    let _ = watcher.client.undo(yes()).await;
    settled(&mut watcher, &fault, back).await;
    let now = watcher.client.show_task(id).await.unwrap().card;
    assert_eq!(now.task.status, Status::Review, "{back}");
    assert_eq!(state(&world, &card), before, "{back}");

    std::fs::write(&fault, removal).unwrap();
    let confirm = ConfirmTask {
        task: id,
        confirm: true,
    };
    let _ = watcher.client.remove_task(confirm.clone()).await;
    settled(&mut watcher, &fault, removal).await;
    if watcher.client.show_task(id).await.is_ok() {
        assert_eq!(removal, "remove");
        assert_eq!(state(&world, &card), before, "{removal}");
        watcher.client.remove_task(confirm).await.unwrap();
    }
    watcher.client.undo(yes()).await.unwrap();
    assert_eq!(state(&world, &card), before, "brought back after {removal}");
}

/// Waits until the daemon was killed and its successor has settled everything.
#[cfg(debug_assertions)]
async fn settled(watcher: &mut Watcher, fault: &Path, step: &str) {
    assert!(!fault.exists(), "nobody came to {step}");
    watcher.reconnected().await;
    soon("settling", async {
        loop {
            if let Ok(all) = watcher.client.list_operations(()).await
                && all.iter().all(|operation| !operation.state.is_open())
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn operations_are_listed() {
    let world = world("");
    let mut watcher = world.client().await;
    let card = worked(&world, &mut watcher, "one").await;
    watcher
        .client
        .integrate(by(card.task.id, Way::Rebase))
        .await
        .unwrap();
    let all = watcher.client.list_operations(()).await.unwrap();
    let [accepted] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_eq!(accepted.kind, OperationKind::Accept);
    assert_eq!(
        (accepted.state, accepted.undoable),
        (OperationState::Done, true)
    );
    assert_eq!(accepted.sentence, "accepted #1 Add one (rebase into main)");
}
