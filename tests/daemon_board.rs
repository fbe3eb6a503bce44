//! Cards: what every move of one means for its agent.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{World, git, soon};
use gluon::domain::{Reason, SessionState, Status, TaskId};
use gluon::protocol::{
    Api, ConfirmTask, ErrorCode, Event, HoldView, Input, LinkEvent, ListSessions, MoveTask,
    NewTask, SendMessage, Shutdown, StartTask,
};

/// Waits for lines, and ends at `end`.
const LISTEN: &str = "echo ready; while read line; do echo got $line; \
                      if [ \"$line\" = end ]; then exit 0; fi; done";

fn confirm(task: TaskId) -> ConfirmTask {
    ConfirmTask {
        task,
        confirm: true,
    }
}

fn ask(task: TaskId) -> ConfirmTask {
    ConfirmTask {
        task,
        confirm: false,
    }
}

fn to(task: TaskId, to: Status) -> MoveTask {
    MoveTask {
        task,
        to,
        before: None,
        confirm: false,
    }
}

#[tokio::test]
async fn the_queue_keeps_to_its_slots_and_dependencies() {
    let world = World::with_config("[queue]\nslots = 1\n");
    let mut watcher = world.client().await;
    let queued = |script: &str| NewTask {
        start: false,
        ..world.task(script)
    };
    let first = watcher.client.create_task(queued(LISTEN)).await.unwrap();
    let first = first.task.id;
    watcher.status(first, Status::Running).await;
    let second = watcher.client.create_task(queued("true")).await.unwrap();
    let second = second.task.id;
    let third = NewTask {
        depends_on: vec![second],
        ..queued("true")
    };
    let third = watcher.client.create_task(third).await.unwrap().task.id;
    watcher
        .card(second, |card| card.hold == Some(HoldView::NoSlot))
        .await;
    let waits = Some(HoldView::After(vec![second]));
    watcher.card(third, |card| card.hold == waits).await;
    let queue = watcher.client.board(()).await.unwrap().queue;
    assert_eq!((queue.used, queue.slots), (1, 1));

    // The first ends, the second runs, the third still waits: review is not done.
    let message = SendMessage {
        task: first,
        text: "end".into(),
    };
    watcher.client.send_message(message).await.unwrap();
    watcher.status(first, Status::Review).await;
    watcher.status(second, Status::Review).await;
    watcher.card(third, |card| card.hold == waits).await;
    watcher.client.accept_task(ask(second)).await.unwrap();
    watcher.status(third, Status::Review).await;

    // A paused queue starts nothing.
    assert!(watcher.client.pause_queue(true).await.unwrap().paused);
    let fourth = watcher.client.create_task(queued("true")).await.unwrap();
    assert_eq!(fourth.hold, Some(HoldView::Paused));
    watcher.client.pause_queue(false).await.unwrap();
    watcher.status(fourth.task.id, Status::Review).await;
}

#[tokio::test]
async fn a_start_that_fails_comes_to_review_with_its_reason() {
    let world = World::new();
    let mut watcher = world.client().await;
    let failed = |reason: &Option<Reason>| match reason {
        Some(Reason::Failed(why)) => why.clone(),
        other => panic!("{other:?}"),
    };
    let missing = NewTask {
        command: Some(vec!["gluon-no-such-program".into()]),
        ..world.task("")
    };
    let card = watcher.client.create_task(missing).await.unwrap();
    assert_eq!(card.task.status, Status::Review);
    let why = failed(&card.task.reason);
    assert!(why.contains("gluon-no-such-program"), "{why}");
    assert_eq!(card.task.worktree, None, "nothing is half made");

    let base = NewTask {
        base: Some("no-such-branch".into()),
        ..world.task("true")
    };
    let card = watcher.client.create_task(base).await.unwrap();
    let why = failed(&card.task.reason);
    assert!(why.contains("no-such-branch"), "{why}");
    assert_eq!(card.task.branch, None);

    let card = watcher.client.create_task(world.task("exit 3")).await;
    let card = watcher.status(card.unwrap().task.id, Status::Review).await;
    let why = failed(&card.task.reason);
    assert!(why.contains('3'), "{why}");
}

#[tokio::test]
async fn stopped_resumed_messaged_accepted_reopened() {
    let world = World::new();
    let mut watcher = world.client().await;
    let card = watcher
        .client
        .create_task(world.task(LISTEN))
        .await
        .unwrap();
    let id = card.task.id;
    let session = card.session.unwrap().session.id;
    watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
    // A running card cannot be accepted, and is stopped when it is dragged out of Running.
    let refused = watcher.client.accept_task(confirm(id)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    let card = watcher
        .client
        .move_task(to(id, Status::Queued))
        .await
        .unwrap();
    assert_eq!(card.task.reason, Some(Reason::Stopped));
    assert!(card.task.held);
    assert_eq!(card.session.unwrap().session.state, SessionState::Ended);

    // A message brings it back.
    let message = |text: &str| SendMessage {
        task: id,
        text: text.into(),
    };
    let card = watcher
        .client
        .move_task(to(id, Status::Running))
        .await
        .unwrap();
    assert_eq!(card.task.status, Status::Running, "{:?}", card.task.reason);
    let session = card.session.unwrap().session.id;
    watcher.client.send_message(message("hello")).await.unwrap();
    watcher
        .screen(session, |screen| screen.text().contains("got hello"))
        .await;
    watcher.client.send_message(message("end")).await.unwrap();
    let card = watcher.status(id, Status::Review).await;
    assert_eq!(card.task.reason, Some(Reason::Finished));

    // What is not committed asks before it is accepted.
    let worktree = card.task.worktree.unwrap();
    std::fs::write(worktree.join("new"), "x\n").unwrap();
    let asked = watcher.client.accept_task(ask(id)).await.unwrap_err();
    assert_eq!(asked.code, ErrorCode::Confirm, "{asked}");
    git(&worktree, &["add", "."]);
    git(&worktree, &["commit", "-q", "-m", "more"]);
    let accepted = watcher.client.accept_task(ask(id)).await.unwrap();
    let branch = accepted.card.task.branch.unwrap();
    assert!(
        accepted
            .how_to_merge
            .contains(&format!("git merge {branch}"))
    );
    git(&world.repo, &["merge", "-q", &branch]);
    let card = watcher
        .client
        .move_task(to(id, Status::Review))
        .await
        .unwrap();
    assert_eq!(card.task.status, Status::Review);
    let detail = watcher.client.show_task(id).await.unwrap();
    assert_eq!(detail.sessions.len(), 2);
    for kind in [
        "created", "started", "stopped", "finished", "accepted", "reopened",
    ] {
        let found = detail.events.iter().any(|event| event.kind == kind);
        assert!(found, "{kind} in {:?}", detail.events);
    }
}

#[tokio::test]
async fn removing_asks_and_leaves_a_way_back() {
    let world = World::new();
    let mut watcher = world.client().await;
    let script = "echo work > work.txt; git add work.txt; \
                  git -c user.name=T -c user.email=t@example.org commit -qm work; echo more > new";
    let card = watcher
        .client
        .create_task(world.task(script))
        .await
        .unwrap();
    let id = card.task.id;
    let card = watcher.status(id, Status::Review).await;
    let worktree = card.task.worktree.unwrap();
    let risk = watcher.client.task_risk(id).await.unwrap();
    assert_eq!((risk.untracked, risk.unmerged_commits), (1, 1), "{risk:?}");
    let asked = watcher.client.remove_task(ask(id)).await.unwrap_err();
    assert_eq!(asked.code, ErrorCode::Confirm);
    assert!(asked.message.contains("1 commit"), "{asked}");
    assert!(worktree.exists());
    assert!(watcher.client.diff(id).await.unwrap().contains("work.txt"));
    let removed = watcher.client.remove_task(confirm(id)).await.unwrap();
    assert!(!worktree.exists());
    let way_back = removed.recovery_ref.unwrap();
    git(&world.repo, &["rev-parse", "--verify", "-q", &way_back]);
    assert_eq!(
        watcher.client.show_task(id).await.unwrap_err().code,
        ErrorCode::NotFound
    );
}

#[tokio::test]
async fn cancelling_ends_the_agent_and_keeps_the_work() {
    let world = World::new();
    let mut watcher = world.client().await;
    // One that does not want to end.
    let script = "trap '' TERM HUP; echo ready; while :; do read x || sleep 1; done";
    let card = watcher
        .client
        .create_task(world.task(script))
        .await
        .unwrap();
    let id = card.task.id;
    let session = card.session.unwrap().session.id;
    watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
    let asked = watcher.client.cancel_task(ask(id)).await.unwrap_err();
    assert_eq!(asked.code, ErrorCode::Confirm);
    let card = soon("the kill", watcher.client.cancel_task(confirm(id)))
        .await
        .unwrap();
    assert_eq!(card.task.status, Status::Cancelled);
    assert!(card.task.worktree.unwrap().exists());
    assert_eq!(card.session.unwrap().session.state, SessionState::Ended);
    let live = ListSessions {
        live: true,
        ..ListSessions::default()
    };
    assert!(watcher.client.list_sessions(live).await.unwrap().is_empty());
}

#[tokio::test]
async fn cards_are_put_where_they_are_dropped() {
    let world = World::new();
    let watcher = world.client().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let held = NewTask {
            start: false,
            held: true,
            ..world.task("true")
        };
        ids.push(watcher.client.create_task(held).await.unwrap().task.id);
    }
    // Again and again into the same gap, until there is none and all are numbered anew.
    for round in 0..30 {
        let moved = [ids[2], ids[1]][round % 2];
        let before = [ids[1], ids[2]][round % 2];
        let drop = MoveTask {
            before: Some(before),
            ..to(moved, Status::Queued)
        };
        watcher.client.move_task(drop).await.unwrap();
        let cards = watcher.client.board(()).await.unwrap().cards;
        let place = |id| {
            let card = cards.iter().find(|card| card.task.id == id).unwrap();
            card.task.position
        };
        assert!(place(ids[0]) < place(moved) && place(moved) < place(before));
    }
}

#[tokio::test]
async fn stopping_the_daemon_asks_and_leaves_sessions_resumable() {
    let world = World::new();
    let watcher = world.client().await;
    let card = watcher
        .client
        .create_task(world.task(LISTEN))
        .await
        .unwrap();
    let id = card.task.id;
    let status = watcher.client.status(()).await.unwrap();
    let asked = watcher
        .client
        .shutdown(Shutdown::Stop { confirm: false })
        .await
        .unwrap_err();
    assert_eq!(asked.code, ErrorCode::Confirm);
    watcher
        .client
        .shutdown(Shutdown::Stop { confirm: true })
        .await
        .unwrap();
    soon("the end", async {
        while daemon_support::is_running(status.pid)
            || daemon_support::is_running(status.keeper_pid.unwrap())
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(watcher);
    let mut watcher = world.client().await;
    let card = watcher.status(id, Status::Queued).await;
    assert_eq!(card.task.reason, Some(Reason::Stopped));
    let start = StartTask {
        task: id,
        message: None,
        fresh: false,
        recap: false,
        size: None,
    };
    let card = watcher.client.start_task(start).await.unwrap();
    assert_eq!(card.task.status, Status::Running);
}

/// As on a full disk, for which root would be needed.
#[tokio::test]
async fn an_end_that_cannot_be_recorded_is_recorded_later() {
    let world = World::new();
    let mut watcher = world.client().await;
    let card = watcher.client.create_task(world.task("read line; exit 7"));
    let card = card.await.unwrap();
    let id = card.task.id;
    let database = rusqlite::Connection::open(world.paths.database()).unwrap();
    let refuse =
        "CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(FAIL, 'full'); END";
    database.execute_batch(refuse).unwrap();
    let input = vec![Input::Text("\r".into())];
    watcher.client.send_input((id, input)).await.unwrap();
    soon("a word about it", async {
        loop {
            if let LinkEvent::Event(Event::Message { text, .. }) = watcher.next().await
                && text.contains("cannot be recorded yet")
            {
                return;
            }
        }
    })
    .await;
    database.execute_batch("DROP TRIGGER full").unwrap();
    let card = watcher.status(id, Status::Review).await;
    let Some(Reason::Failed(why)) = card.task.reason else {
        panic!("{:?}", card.task.reason);
    };
    assert!(why.contains('7'), "{why}");
}
