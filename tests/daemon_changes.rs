//! Reviewing: changes read in pages, comments kept and sent as one message, and what came back after them.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{Watcher, World, kill, soon};
use gluon::domain::comment::{Place, PlaceLine};
use gluon::domain::patch::{Patch, Side};
use gluon::domain::{Status, TaskId};
use gluon::protocol::{AddComment, Api, EditComment, ErrorCode, ReadChanges, Scope, SendReview};

/// An agent that writes a file, then writes down what it is told and changes the file.
const AGENT: &str = "echo one > new.txt; echo ready; while read line; do echo \"$line\" >> told.txt; \
                     echo two >> new.txt; done";

fn read(task: TaskId, scope: Scope) -> ReadChanges {
    ReadChanges {
        task,
        scope,
        ignore_space: false,
        offset: 0,
        version: None,
    }
}

fn comment(task: TaskId, text: &str) -> AddComment {
    AddComment {
        task,
        place: Place {
            path: "new.txt".into(),
            line: Some(PlaceLine {
                number: 1,
                before: 0,
                side: Side::New,
            }),
        },
        quote: "one".into(),
        text: text.into(),
    }
}

async fn files(watcher: &Watcher, read: ReadChanges) -> Vec<String> {
    let page = watcher.client.read_changes(read).await.unwrap();
    let files = Patch::read(&page.text).files;
    files
        .iter()
        .map(|file| format!("{} +{} -{}", file.path, file.added, file.removed))
        .collect()
}

async fn started(world: &World, watcher: &mut Watcher) -> TaskId {
    let card = watcher.client.create_task(world.task(AGENT)).await.unwrap();
    let id = card.task.id;
    let session = watcher.card(id, |card| card.session.is_some()).await;
    let session = session.session.unwrap().session.id;
    watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_become_one_message_and_what_comes_back_is_shown_by_itself() {
    let world = World::new();
    let mut watcher = world.client().await;
    let id = started(&world, &mut watcher).await;
    assert_eq!(
        files(&watcher, read(id, Scope::All)).await,
        ["new.txt +1 -0"]
    );
    assert!(files(&watcher, read(id, Scope::Committed)).await.is_empty());
    let early = watcher
        .client
        .read_changes(read(id, Scope::SinceReview))
        .await;
    assert_eq!(early.unwrap_err().code, ErrorCode::Refused);
    let nothing = SendReview {
        task: id,
        text: String::new(),
        recap: false,
    };
    let refused = watcher.client.send_review(nothing.clone()).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Invalid);

    let client = &watcher.client;
    let kept = client.add_comment(comment(id, "Why one?")).await.unwrap();
    let wrong = client.add_comment(comment(id, "Wrong")).await.unwrap();
    let edit = |comment, text: &str| EditComment {
        task: id,
        comment,
        text: text.into(),
    };
    client.edit_comment(edit(wrong.id, "")).await.unwrap();
    let left = client.edit_comment(edit(kept.id, "Why 1?")).await.unwrap();
    assert_eq!(left.len(), 1);

    // Comments outlive the daemon.
    kill(client.status(()).await.unwrap().pid);
    watcher.reconnected().await;
    watcher.client.send_review(nothing).await.unwrap();
    let told = watcher.client.show_task(id).await.unwrap().card.task;
    let told = told.worktree.unwrap().join("told.txt");
    let words = soon("the agent's work", async {
        loop {
            let text = std::fs::read_to_string(&told).unwrap_or_default();
            if text.contains("Why 1?") {
                return text;
            }
            watcher.next().await;
        }
    });
    let words = words.await;
    assert!(words.contains("- line 1 `one`: Why 1?"), "{words}");
    assert!(!words.contains("Wrong"), "{words}");

    let came_back = files(&watcher, read(id, Scope::SinceReview)).await;
    let names: Vec<&str> = came_back
        .iter()
        .filter_map(|file| file.split(' ').next())
        .collect();
    assert_eq!(names, ["new.txt", "told.txt"]);
    assert!(!came_back.contains(&"new.txt +1 -0".to_owned()) || words.lines().count() == 1);
    let comments = watcher.client.list_comments(id).await.unwrap();
    assert!(comments[0].sent_at.is_some());
    let fixed = watcher.client.edit_comment(edit(kept.id, "else")).await;
    assert_eq!(fixed.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_changes_come_in_pages_of_one_text() {
    let world = World::new();
    let mut watcher = world.client().await;
    let script = "i=0; while [ $i -lt 60000 ]; do echo \"line $i of a long file\"; i=$((i+1)); done > long.txt";
    let made = watcher.client.create_task(world.task(script)).await;
    let id = made.unwrap().task.id;
    watcher.status(id, Status::Review).await;
    let mut ask = read(id, Scope::All);
    let mut text = String::new();
    let mut pages = 0;
    loop {
        let page = watcher.client.read_changes(ask.clone()).await.unwrap();
        assert_eq!(page.offset, text.len() as u64);
        text.push_str(&page.text);
        pages += 1;
        if text.len() as u64 == page.total {
            break;
        }
        if pages == 1 {
            // What is written meanwhile is no part of this text.
            let card = watcher.client.show_task(id).await.unwrap().card;
            std::fs::write(card.task.worktree.unwrap().join("long.txt"), "short\n").unwrap();
        }
        ask.offset = text.len() as u64;
        ask.version = Some(page.version);
    }
    assert!(pages > 1, "{} bytes", text.len());
    assert_eq!(Patch::read(&text).counts(), (60_000, 0));
    assert_eq!(
        files(&watcher, read(id, Scope::All)).await,
        ["long.txt +1 -0"]
    );
    ask.version = Some(ask.version.unwrap() ^ 1);
    let gone = watcher.client.read_changes(ask).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
}
