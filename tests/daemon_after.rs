//! Beside and after a review: the radar, forks, tidying up, the report.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use std::path::Path;
use std::process::Command;

use daemon_support::{Watcher, World, git};
use gluon::domain::accept::Way;
use gluon::domain::loops::{Most, NewLimits};
use gluon::domain::{Mode, Status, TaskId};
use gluon::protocol::{
    AcceptPlan, Against, Api, ArchiveWish, ConfirmTask, ErrorCode, ForkTask, MoveTask, NewLoop,
    NewTask, ReportWish, StartTask, TidyWish, UndoWish,
};

fn world() -> World {
    let world = World::new();
    for (key, value) in [
        ("user.name", "Test"),
        ("user.email", "test@example.org"),
        ("commit.gpgSign", "false"),
    ] {
        git(&world.repo, &["config", key, value]);
    }
    world
}

fn said(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(dir).output();
    String::from_utf8(output.unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

async fn done(world: &World, watcher: &mut Watcher, script: &str) -> TaskId {
    let new = NewTask {
        title: "try".into(),
        ..world.task(script)
    };
    let id = watcher.client.create_task(new).await.unwrap().task.id;
    watcher.status(id, Status::Review).await;
    id
}

#[tokio::test]
async fn the_radar_sees_conflicts_before_anybody_merges() {
    let world = world();
    let mut watcher = world.client().await;
    // Nothing of it is committed; the first still runs.
    let running = world.task("echo first > README; echo x > a; read line");
    let first = watcher.client.create_task(running).await.unwrap().task.id;
    let second = done(&world, &mut watcher, "echo second > README; echo y > b").await;
    let third = done(&world, &mut watcher, "echo z > c").await;
    let card = watcher.status(first, Status::Running).await;
    let worktree = card.task.worktree.unwrap();
    daemon_support::soon("the files", async {
        while !worktree.join("a").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let objects = said(&world.repo, &["count-objects"]);
    let found = watcher.client.list_overlaps(None).await.unwrap();
    let [clash] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((clash.task, &clash.with), (first, &Against::Task(second)));
    assert_eq!(
        (clash.both.as_slice(), clash.conflicts.as_slice()),
        (&["README".to_owned()][..], &["README".to_owned()][..])
    );
    assert_eq!(
        said(&world.repo, &["count-objects"]),
        objects,
        "the repository gets nothing"
    );
    let card = watcher
        .card(second, |card| !card.review.clashes.is_empty())
        .await;
    assert_eq!(card.review.clashes[0].with, Against::Task(first));
    assert!(
        watcher
            .client
            .show_task(third)
            .await
            .unwrap()
            .card
            .review
            .clashes
            .is_empty()
    );

    // The target moves into the way of both.
    std::fs::write(world.repo.join("README"), "main\n").unwrap();
    git(&world.repo, &["commit", "-q", "-am", "main moves"]);
    let found = watcher.client.list_overlaps(None).await.unwrap();
    let with_main = found
        .iter()
        .filter(|found| found.with == Against::Target("main".into()));
    assert_eq!(with_main.count(), 2);
}

#[tokio::test]
async fn a_fork_begins_where_the_first_did_and_they_are_compared() {
    let world = world();
    let mut watcher = world.client().await;
    let first = done(&world, &mut watcher, "echo one > same").await;
    std::fs::write(world.repo.join("later"), "x").unwrap();
    git(&world.repo, &["add", "."]);
    git(&world.repo, &["commit", "-q", "-m", "later"]);
    let fork = ForkTask {
        task: first,
        agent: None,
        start: true,
    };
    let fork = watcher.client.fork_task(fork).await.unwrap();
    assert_eq!(fork.review.fork_of, Some(first));
    let second = fork.task.id;
    let card = watcher.status(second, Status::Review).await;
    let start = watcher
        .client
        .show_task(first)
        .await
        .unwrap()
        .card
        .task
        .base_commit;
    assert_eq!(
        card.task.base_commit, start,
        "not from where main is by now"
    );
    std::fs::write(card.task.worktree.unwrap().join("same"), "two\n").unwrap();
    let diff = watcher.client.compare((first, second)).await.unwrap();
    assert!(diff.contains("-one\n+two\n"), "{diff}");

    let plan = AcceptPlan {
        task: Some(second),
        way: Some(Way::Squash),
        ..AcceptPlan::default()
    };
    let done = watcher.client.integrate(plan).await.unwrap();
    assert_eq!(done.into, "main", "a fork lands where the first would");
    assert!(
        done.notes
            .iter()
            .any(|note| note.contains("#1 tried the same")),
        "{:?}",
        done.notes
    );
}

#[tokio::test]
async fn done_tasks_are_tidied_up_after_once_they_have_landed_and_are_reported() {
    let world = world();
    let mut watcher = world.client().await;
    let landed = done(&world, &mut watcher, "echo one > one").await;
    let left = done(&world, &mut watcher, "echo two > two").await;
    for (task, way, commit) in [(landed, Way::Squash, None), (left, Way::Leave, Some(true))] {
        let plan = AcceptPlan {
            task: Some(task),
            way: Some(way),
            commit,
            ..AcceptPlan::default()
        };
        watcher.client.integrate(plan).await.unwrap();
    }
    let all = TidyWish::default();
    let seen = watcher.client.tidy(all.clone()).await.unwrap();
    let goes: Vec<_> = seen
        .iter()
        .map(|view| (view.task, view.goes, view.removed))
        .collect();
    assert_eq!(goes, [(landed, true, true), (left, false, false)]);
    let card = watcher.client.show_task(landed).await.unwrap().card;
    assert_eq!((card.task.worktree, card.task.branch), (None, None));

    // Squashed by the user: recognised all the same.
    let branch = watcher
        .client
        .show_task(left)
        .await
        .unwrap()
        .card
        .task
        .branch
        .unwrap();
    git(&world.repo, &["merge", "-q", "--squash", &branch]);
    git(&world.repo, &["commit", "-q", "-m", "by hand"]);
    let seen = watcher.client.tidy(all).await.unwrap();
    assert_eq!((seen[0].task, seen[0].removed), (left, true));
    let undone = watcher
        .client
        .undo(UndoWish {
            confirm: true,
            ..UndoWish::default()
        })
        .await
        .unwrap();
    assert_eq!(undone.card.task.branch.as_deref(), Some(&*branch));
    assert!(undone.card.task.worktree.unwrap().join("two").exists());

    let wish = ReportWish {
        days: 1,
        project: None,
    };
    let report = watcher.client.report(wish).await.unwrap();
    let tasks: Vec<TaskId> = report.lines.iter().map(|line| line.task).collect();
    assert_eq!(tasks, [left, landed]);
    assert!(
        report.lines[1].how.starts_with("squashed into main"),
        "{report:?}"
    );
    assert!(report.waited >= 0);
    // What was tidied up after can be gone on with, from where it would start anew.
    let reopened = gluon::protocol::MoveTask {
        task: landed,
        to: Status::Review,
        before: None,
        confirm: false,
    };
    watcher.client.move_task(reopened).await.unwrap();
    let start = StartTask {
        task: landed,
        message: None,
        fresh: true,
        recap: true,
        size: None,
    };
    watcher.client.start_task(start).await.unwrap();
    watcher.status(landed, Status::Review).await;
}

fn archive(tasks: &[TaskId], back: bool) -> ArchiveWish {
    ArchiveWish {
        tasks: tasks.to_vec(),
        days: None,
        back,
    }
}

#[tokio::test]
async fn done_tasks_are_archived_and_come_back_and_nothing_of_them_goes() {
    let world = world();
    let mut watcher = world.client().await;
    let (first, second) = (
        done(&world, &mut watcher, "echo one > one").await,
        done(&world, &mut watcher, "true").await,
    );
    let leave = AcceptPlan {
        task: Some(first),
        way: Some(Way::Leave),
        commit: Some(true),
        ..AcceptPlan::default()
    };
    let before = watcher.client.integrate(leave).await.unwrap().card;
    // All or none of them.
    let both = archive(&[first, second], false);
    let error = watcher.client.archive(both).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused, "{error:?}");
    assert!(error.message.contains("not done but review"), "{error:?}");
    let not_yet = ArchiveWish {
        days: Some(1),
        ..ArchiveWish::default()
    };
    assert_eq!(watcher.client.archive(not_yet).await.unwrap(), []);
    let by_age = ArchiveWish {
        days: Some(0),
        ..ArchiveWish::default()
    };
    let cards = watcher.client.archive(by_age.clone()).await.unwrap();
    assert_eq!(cards.len(), 1);
    assert!(cards[0].review.archived.is_some());
    assert_eq!(cards[0].task, before.task, "the task is as it was");
    assert!(before.task.worktree.unwrap().join("one").exists());
    assert_eq!(watcher.client.archive(by_age).await.unwrap(), []);

    let back = archive(&[first], true);
    let cards = watcher.client.archive(back.clone()).await.unwrap();
    assert_eq!(cards[0].review.archived, None);
    let error = watcher.client.archive(back).await.unwrap_err();
    assert!(error.message.contains("is not archived"), "{error:?}");

    // Taken up again it is on the board, whatever was.
    watcher
        .client
        .archive(archive(&[first], false))
        .await
        .unwrap();
    let reopen = MoveTask {
        task: first,
        to: Status::Review,
        before: None,
        confirm: false,
    };
    let card = watcher.client.move_task(reopen).await.unwrap();
    assert_eq!(card.review.archived, None);
    let events = watcher.client.show_task(first).await.unwrap().events;
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    let count = |kind| kinds.iter().filter(|other| **other == kind).count();
    assert_eq!(
        (count("archived"), count("unarchived")),
        (2, 1),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn a_loop_that_was_removed_comes_back_as_it_was() {
    let world = world();
    let mut watcher = world.client().await;
    let looped = NewTask {
        mode: Mode::Loop,
        looped: Some(NewLoop {
            limits: NewLimits {
                iterations: Some(Most::At(1)),
                pause: Some(0),
                ..NewLimits::default()
            },
            check: Some("true".into()),
            ..NewLoop::default()
        }),
        ..world.task("echo x > x")
    };
    let id = watcher.client.create_task(looped).await.unwrap().task.id;
    let card = watcher
        .card(id, |card| card.task.status == Status::Review)
        .await;
    let before = card.loop_view.expect("it has begun");
    let history = watcher.client.loop_history(id).await.unwrap();
    assert_eq!(history.iterations.len(), 1);
    let remove = ConfirmTask {
        task: id,
        confirm: true,
    };
    watcher.client.remove_task(remove).await.unwrap();
    watcher.client.loop_history(id).await.unwrap_err();
    let undo = UndoWish {
        confirm: true,
        ..UndoWish::default()
    };
    let undone = watcher.client.undo(undo).await.unwrap();
    let after = undone.card.loop_view.expect("its loop is there again");
    assert_eq!(after.limits, before.limits);
    assert_eq!(after.check_command, before.check_command);
    assert_eq!(
        (after.iteration, after.stage),
        (before.iteration, before.stage)
    );
    let again = watcher.client.loop_history(id).await.unwrap();
    assert_eq!(again.iterations, history.iterations);
}
