//! What survives what: the daemon killed, replaced, the machine restarted.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{World, kill, soon};
use gluon::domain::{Reason, SessionState, Status, TaskId};
use gluon::protocol::{Api, Event, Input, LinkEvent, Shutdown, StartTask};
use gluon::pty::KeeperClient;

/// Prints numbered lines until it reads a line, then ends.
const COUNT: &str = "stty -echo; n=0; while [ $n -lt 40000 ]; do n=$((n+1)); echo line $n; done; \
     echo ready; read answer; echo bye $answer";

fn numbered(log: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(log);
    text.lines()
        .filter_map(|line| line.strip_prefix("line ")?.trim().parse().ok())
        .collect()
}

#[tokio::test]
async fn a_killed_daemon_costs_nothing() {
    let world = World::new();
    let mut watcher = world.client().await;
    let card = watcher.client.create_task(world.task(COUNT)).await.unwrap();
    let id = card.task.id;
    let session = card.session.unwrap().session.id;
    // Twice, while it prints: a terminal nobody reads holds far less than what is still to come.
    for seen in ["line 1", "line 2"] {
        watcher
            .screen(session, |screen| screen.text().contains(seen))
            .await;
        let pid = watcher.client.status(()).await.unwrap().pid;
        kill(pid);
        watcher.reconnected().await;
        assert_ne!(watcher.client.status(()).await.unwrap().pid, pid);
    }

    let screen = watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
    let expected: Vec<String> = (39978..=40000).map(|n| format!("line {n}")).collect();
    assert!(
        screen.text().contains(&expected[3..].join("\n")),
        "{}",
        screen.text()
    );
    let input = vec![Input::Text("now\r".into())];
    watcher.client.send_input((id, input)).await.unwrap();
    watcher.status(id, Status::Review).await;
    let log = watcher.log(id).await;
    assert_eq!(numbered(&log), (1..=40000).collect::<Vec<_>>());
    assert!(String::from_utf8_lossy(&log).contains("bye now"));
}

#[tokio::test]
async fn another_binary_takes_over() {
    let mut world = World::new();
    let mut watcher = world.client().await;
    let card = watcher.client.create_task(world.task(COUNT)).await.unwrap();
    let session = card.session.unwrap().session.id;
    let before = watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
    let copy = world.paths.state.join("gluon-next");
    std::fs::copy(&world.program, &copy).unwrap();
    world.program = copy.clone();
    let keeper = KeeperClient::connect(&world.paths.keeper_socket(), None).unwrap();
    let pid = watcher.client.status(()).await.unwrap().pid;
    let program = copy.to_str().unwrap().to_owned();
    tokio::task::spawn_blocking(move || keeper.restart_daemon(Some(program)))
        .await
        .unwrap()
        .unwrap();
    watcher.reconnected().await;
    let status = watcher.client.status(()).await.unwrap();
    assert_ne!(status.pid, pid);
    let exe = std::path::PathBuf::from(format!("/proc/{}/exe", status.pid));
    if exe.exists() {
        assert_eq!(exe.read_link().unwrap(), copy.canonicalize().unwrap());
    }
    let after = watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
    assert_eq!(after.rows, before.rows);
    assert_eq!(after.cursor, before.cursor);
}

#[tokio::test]
async fn a_restart_on_request_keeps_agents() {
    let world = World::new();
    let mut watcher = world.client().await;
    let card = watcher.client.create_task(world.task(COUNT)).await.unwrap();
    let session = card.session.unwrap().session.id;
    watcher.client.shutdown(Shutdown::Restart).await.unwrap();
    watcher.reconnected().await;
    watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
}

#[tokio::test]
async fn after_a_reboot_sessions_are_interrupted_and_resumed() {
    let world = World::new();
    let mut watcher = world.client().await;
    let card = watcher.client.create_task(world.task(COUNT)).await.unwrap();
    let (id, session) = (card.task.id, card.session.unwrap().session.id);
    let before = watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
    let status = watcher.client.status(()).await.unwrap();
    kill(status.keeper_pid.unwrap());
    kill(status.pid);
    drop(watcher);
    soon("their end", async {
        while daemon_support::is_running(status.pid) {
            tokio::task::yield_now().await;
        }
    })
    .await;

    let mut watcher = world.client().await;
    let card = watcher.status(id, Status::Queued).await;
    assert_eq!(card.task.reason, Some(Reason::Interrupted));
    assert!(card.task.held);
    let view = card.session.unwrap();
    assert_eq!(view.session.state, SessionState::Interrupted);
    let screen = watcher.capture(id).await;
    let last = before.text();
    assert!(screen.contains(last.trim_end()), "{screen}\n---\n{last}");

    let start = StartTask {
        task: id,
        message: None,
        fresh: false,
        recap: false,
        size: None,
    };
    let card = watcher.client.start_task(start).await.unwrap();
    assert_eq!(card.task.status, Status::Running);
    let session = card.session.unwrap().session.id;
    watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
}

/// As when the keeper before it is still dying: the first one that is started leaves at once.
#[tokio::test]
async fn a_keeper_that_found_its_place_taken_is_started_again() {
    let mut world = World::new();
    let script = world.dir.path().join("gluon");
    let stamp = world.dir.path().join("stamp");
    let text = format!(
        "#!/bin/sh\nif [ -e '{stamp}' ]; then exec '{program}' \"$@\"; fi\n: > '{stamp}'\n",
        stamp = stamp.display(),
        program = world.program.display()
    );
    std::fs::write(&script, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).unwrap();
    world.program = script;
    let watcher = world.client().await;
    assert!(stamp.exists());
    assert!(
        watcher
            .client
            .status(())
            .await
            .unwrap()
            .keeper_pid
            .is_some()
    );
}

/// A shell that a hang-up does not end.
const STUBBORN: &str = "trap '' HUP; echo pid $$.; while :; do sleep 1; done";

async fn start_stubborn(watcher: &mut daemon_support::Watcher, world: &World) -> (TaskId, u32) {
    let card = watcher.client.create_task(world.task(STUBBORN)).await;
    let card = card.unwrap();
    let session = card.session.unwrap().session.id;
    let screen = watcher
        .screen(session, |screen| screen.text().contains('.'))
        .await;
    let text = screen.text();
    let pid = text.trim().strip_prefix("pid ").unwrap();
    let pid = pid.strip_suffix('.').unwrap().parse().unwrap();
    assert!(daemon_support::is_running(pid));
    (card.task.id, pid)
}

async fn gone(what: &str, pid: u32) {
    soon(what, async {
        while daemon_support::is_running(pid) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The client stays open all the time and finds the next daemon by itself.
#[tokio::test]
async fn a_killed_keeper_leaves_nothing_behind_and_everything_to_be_resumed() {
    let world = World::new();
    let mut watcher = world.client().await;
    let (stubborn, pid) = start_stubborn(&mut watcher, &world).await;
    let card = watcher.client.create_task(world.task(COUNT)).await.unwrap();
    let (id, session) = (card.task.id, card.session.unwrap().session.id);
    let before = watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
    let status = watcher.client.status(()).await.unwrap();

    kill(status.keeper_pid.unwrap());
    let said = soon("a word about it", async {
        loop {
            if let LinkEvent::Event(Event::Message { text, .. }) = watcher.next().await {
                return text;
            }
        }
    });
    assert!(said.await.contains("keeper was killed"));
    watcher.reconnected().await;
    gone("the daemon's end", status.pid).await;
    assert!(!daemon_support::is_running(pid), "an agent was left behind");
    let after = watcher.client.status(()).await.unwrap();
    assert_ne!(after.pid, status.pid);
    for id in [id, stubborn] {
        let card = watcher.status(id, Status::Queued).await;
        assert_eq!(card.task.reason, Some(Reason::Interrupted));
        let view = card.session.unwrap();
        assert_eq!(view.session.state, SessionState::Interrupted);
    }
    let screen = watcher.capture(id).await;
    assert!(screen.contains(before.text().trim_end()), "{screen}");
    assert_eq!(numbered(&watcher.log(id).await).len(), 40000);

    let start = StartTask {
        task: id,
        message: None,
        fresh: false,
        recap: false,
        size: None,
    };
    watcher.client.start_task(start).await.unwrap();
    watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_outlives_keeper_and_daemon_is_ended_by_the_next_daemon() {
    let world = World::new();
    let mut watcher = world.client().await;
    let (id, pid) = start_stubborn(&mut watcher, &world).await;
    let status = watcher.client.status(()).await.unwrap();
    kill(status.pid);
    kill(status.keeper_pid.unwrap());
    drop(watcher);
    gone("the daemon's end", status.pid).await;
    gone("the keeper's end", status.keeper_pid.unwrap()).await;

    let mut watcher = world.client().await;
    let card = watcher.status(id, Status::Queued).await;
    assert_eq!(card.task.reason, Some(Reason::Interrupted));
    assert!(!daemon_support::is_running(pid), "an agent was left behind");
}

#[tokio::test]
async fn two_clients_at_once_get_one_daemon() {
    let world = World::new();
    let clients = futures_util::future::join_all((0..6).map(|_| world.client())).await;
    let mut pids = Vec::new();
    for watcher in &clients {
        pids.push(watcher.client.status(()).await.unwrap().pid);
    }
    pids.dedup();
    assert_eq!(pids.len(), 1);
}
