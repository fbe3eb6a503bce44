//! Waiting for the user: asks answered and verified, the inbox.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{Watcher, World};
use gluon::domain::{Need, Status, TaskId};
use gluon::protocol::{AnswerAsk, Api, ErrorCode, InboxEntry, NewTask, Notice, inbox};

/// An agent that asks for leave twice in the same words, and says which answers it got.
const ASKS: &str = r"
stty -icanon -echo min 1
ask() { printf '\033]7501;state=blocked:app=x:kind=permission:msg=UnVuIGl0Pw==\007'; }
work() { printf '\033]7501;state=working:app=x\007'; }
key() { dd bs=1 count=1 2>/dev/null; }
ask; first=$(key); work; echo first $first; sleep 0.2
ask; second=$(key); work; echo second $second
printf '\033]7501;state=idle:app=x\007'
sleep 1000";

/// A manifest for an agent of that script, with the keys that answer it.
fn world(script: &str) -> World {
    let world = World::new();
    let dir = world.paths.agents();
    std::fs::create_dir_all(&dir).unwrap();
    let program = world.paths.state.join("asks.sh");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let manifest = format!(
        "title = \"Asks\"\nprogram = {:?}\nconversation = \"none\"\n\
         [start]\nargs = []\n[resume]\nargs = []\n\
         [answers]\napprove = \"y\"\ndeny = \"n\"\n\
         [hints]\nosc7501 = \"always\"\n",
        program.display().to_string()
    );
    std::fs::write(dir.join("asks.toml"), manifest).unwrap();
    world
}

fn task(world: &World) -> NewTask {
    NewTask {
        command: None,
        agent: Some("asks".into()),
        ..world.task("")
    }
}

/// Waits until the inbox has exactly what `wanted` likes.
async fn inbox_with(
    watcher: &mut Watcher,
    wanted: impl Fn(&[InboxEntry]) -> bool,
) -> Vec<InboxEntry> {
    loop {
        let entries = inbox(&watcher.client.board(()).await.unwrap().cards);
        if wanted(&entries) {
            return entries;
        }
        watcher.next().await;
    }
}

async fn asked(watcher: &mut Watcher, task: TaskId, before: u64) -> InboxEntry {
    let entries = inbox_with(
        watcher,
        |entries| matches!(entries, [one] if one.need == Need::Permission && one.wait > before),
    );
    let entry = entries.await.remove(0);
    assert_eq!((entry.task, entry.words.as_str()), (task, "Run it?"));
    entry
}

fn answer(entry: &InboxEntry, yes: bool) -> AnswerAsk {
    AnswerAsk {
        task: entry.task,
        ask: entry.words.clone(),
        wait: entry.wait,
        yes,
    }
}

#[tokio::test]
async fn an_answer_is_for_the_ask_that_was_seen_and_done_when_it_is_taken() {
    let world = world(ASKS);
    let mut watcher = world.client().await;
    let id = watcher.client.create_task(task(&world)).await.unwrap();
    let id = id.task.id;
    let first = asked(&mut watcher, id, 0).await;
    watcher
        .client
        .answer_ask(answer(&first, true))
        .await
        .unwrap();
    let second = asked(&mut watcher, id, first.wait).await;
    // The same words, but another ask.
    let error = watcher.client.answer_ask(answer(&first, true)).await;
    let error = error.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(error.message.contains("once more"), "{error}");
    watcher
        .client
        .answer_ask(answer(&second, false))
        .await
        .unwrap();
    inbox_with(
        &mut watcher,
        |entries| matches!(entries, [one] if one.need == Need::Idle),
    )
    .await;
    let screen = watcher.capture(id).await;
    assert!(
        screen.contains("first y") && screen.contains("second n"),
        "{screen}"
    );
    let error = watcher.client.answer_ask(answer(&second, true)).await;
    assert_eq!(error.unwrap_err().code, ErrorCode::Refused);
    // How long the agent waited each time can be told later; it is written down a moment after it is shown.
    daemon_support::soon("the history", async {
        loop {
            let events = watcher.client.show_task(id).await.unwrap().events;
            let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
            let asks = ["asked", "answered"];
            let waits: Vec<&str> = kinds
                .iter()
                .copied()
                .filter(|kind| asks.contains(kind))
                .collect();
            let given = kinds.contains(&"allowed") && kinds.contains(&"denied");
            let pairs = waits == ["answered", "asked", "answered", "asked"];
            if given && pairs {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_agent_that_asks_on_is_an_error_that_says_so() {
    let world = world(
        r"printf '\033]7501;state=blocked:app=x:kind=permission:msg=UnVuIGl0Pw==\007'; sleep 1000",
    );
    let mut watcher = world.client().await;
    let id = watcher.client.create_task(task(&world)).await.unwrap();
    let entry = asked(&mut watcher, id.task.id, 0).await;
    let error = watcher.client.answer_ask(answer(&entry, true)).await;
    let error = error.unwrap_err();
    assert_eq!(error.code, ErrorCode::Failed);
    assert!(error.message.contains("still asks: Run it?"), "{error}");
    assert!(error.hint.unwrap().contains("gluon attach"));
}

#[tokio::test]
async fn what_ended_unseen_waits_until_it_is_looked_at_also_for_the_next_daemon() {
    let world = World::new();
    let mut watcher = world.client().await;
    let card = watcher.client.create_task(world.task("exit 3")).await;
    let id = card.unwrap().task.id;
    watcher.status(id, Status::Review).await;
    let one = |entries: &[InboxEntry]| matches!(entries, [one] if one.need == Need::Failed);
    inbox_with(&mut watcher, one).await;

    let restart = gluon::protocol::Shutdown::Restart;
    watcher.client.shutdown(restart).await.unwrap();
    watcher.reconnected().await;
    let entries = inbox_with(&mut watcher, one).await;
    assert!(entries[0].words.contains('3'), "{entries:?}");

    let session = entries[0].session.unwrap();
    watcher.client.notify(Notice::Seen(session));
    inbox_with(&mut watcher, |entries| entries.is_empty()).await;
}
