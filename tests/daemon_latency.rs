//! How long it takes: bounds that a debug build on a busy machine keeps, for what must not wait. The real
//! figures are the benchmark's.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use std::time::{Duration, Instant};

use daemon_support::{Watcher, World};
use gluon::domain::SessionId;
use gluon::protocol::{Api, Attach, Input, LinkEvent, Notice, ScreenState};

/// Types a character at a time and waits for each to be shown; the times in ascending order.
async fn echoes(watcher: &mut Watcher, session: SessionId, count: usize) -> Vec<Duration> {
    let attach = Attach {
        session,
        size: (80, 24),
        claim: true,
    };
    watcher.client.attach(attach).await.unwrap();
    let mut screen = ScreenState::default();
    let mut times = Vec::new();
    for number in 0..count {
        let key = char::from(b'a' + (number % 26) as u8);
        let start = Instant::now();
        watcher.client.notify(Notice::Input {
            session,
            input: Input::Text(key.to_string()),
        });
        let wanted = number + 1;
        loop {
            let LinkEvent::Screen(update) = watcher.next().await else {
                continue;
            };
            screen.apply(&update).unwrap();
            let seq = update.seq;
            watcher.client.notify(Notice::Ack { session, seq });
            let text = screen.text();
            if text.chars().filter(char::is_ascii_lowercase).count() >= wanted {
                break;
            }
        }
        times.push(start.elapsed());
    }
    watcher.client.detach(session).await.unwrap();
    times.sort();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_is_shown_at_once() {
    let world = World::new();
    let mut watcher = world.client().await;
    let card = watcher.client.create_task(world.task("exec cat")).await;
    let session = card.unwrap().session.unwrap().session.id;
    let idle = echoes(&mut watcher, session, 100).await;
    println!("idle: median {:?}, p99 {:?}", idle[50], idle[98]);
    assert!(idle[50] < Duration::from_millis(40), "{:?}", idle[50]);

    // While another session floods, and its screen is followed by nobody.
    let flood = watcher.client.create_task(world.task("exec yes FLOOD"));
    let flood = flood.await.unwrap();
    let busy = echoes(&mut watcher, session, 100).await;
    println!("beside a flood: median {:?}, p99 {:?}", busy[50], busy[98]);
    assert!(busy[50] < Duration::from_millis(80), "{:?}", busy[50]);
    watcher.client.stop_task(flood.task.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_keeps_its_pane_and_its_log_in_bounds() {
    let world = World::new();
    let mut watcher = world.client().await;
    let script = "yes 'the quick brown fox jumps over the lazy dog' | head -c 8000000; echo DONE";
    let start = Instant::now();
    let card = watcher.client.create_task(world.task(script)).await;
    let session = card.unwrap().session.unwrap().session.id;
    watcher
        .screen(session, |screen| screen.text().contains("DONE"))
        .await;
    println!("8 MB in {:?}", start.elapsed());
    let dir = world.paths.session_dir(session);
    let size: u64 = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size < 8 << 20, "{size}");
}

/// Idle means idle: sessions that say nothing cost no processor time, and nor does the daemon.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_idle_daemon_sleeps() {
    let world = World::new();
    let mut watcher = world.client().await;
    for _ in 0..3 {
        let card = watcher.client.create_task(world.task("echo on; exec cat"));
        let session = card.await.unwrap().session.unwrap().session.id;
        watcher
            .screen(session, |screen| screen.text().contains("on"))
            .await;
    }
    let status = watcher.client.status(()).await.unwrap();
    let servers = [status.pid, status.keeper_pid.unwrap()];
    // A session takes two seconds to find that it is quiet, and git is looked at then.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let deadline = Instant::now() + daemon_support::PATIENCE;
    let mut before = wake_ups(&servers);
    loop {
        tokio::time::sleep(Duration::from_millis(600)).await;
        let after = wake_ups(&servers);
        if before == after {
            return;
        }
        assert!(Instant::now() < deadline, "{before:?}, then {after:?}");
        before = after;
    }
}

/// How often each thread of these processes has gone to sleep: what never wakes uses no time at all.
#[cfg(target_os = "linux")]
fn wake_ups(pids: &[u32]) -> std::collections::BTreeMap<String, String> {
    let tasks = pids
        .iter()
        .flat_map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).unwrap());
    tasks
        .map(|task| {
            let path = task.unwrap().path();
            // A thread may end while it is looked at.
            let status = std::fs::read_to_string(path.join("status")).unwrap_or_default();
            let mut lines = status.lines();
            let switches = lines.find(|line| line.starts_with("voluntary_ctxt_switches"));
            let name = path.display().to_string();
            (name, switches.unwrap_or_default().to_owned())
        })
        .collect()
}
