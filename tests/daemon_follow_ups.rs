//! Messages that wait until an agent is idle: in order, one at a time, through the agent's end and the daemon's.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{Watcher, World};
use gluon::domain::{Activity, Status, TaskId};
use gluon::protocol::{
    Api, DropMessages, ErrorCode, Event, Input, LinkEvent, NewTask, SendMessage, Shutdown,
    StartTask, TaskCard, Which,
};

/// An agent that says what it got. Some words it takes as orders.
const AGENT: &str = r#"
stty -icanon -echo
says() { printf '\033]7501;state=%s:app=x\007' "$1"; }
echo begin; says idle
while IFS= read -r line; do
  echo "got $line"
  case $line in
    work) says working; read -r line; says idle;;
    ask) says blocked:kind=permission:msg=UnVuIGl0Pw==; read -r line; echo "answer $line"; says working; says idle;;
    die) exit 0;;
    *) says working; says idle;;
  esac
done"#;

fn world() -> World {
    let world = World::new();
    let dir = world.paths.agents();
    std::fs::create_dir_all(&dir).unwrap();
    let program = world.paths.state.join("agent.sh");
    std::fs::write(&program, format!("#!/bin/sh\n{AGENT}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let manifest = format!(
        "title = \"Fake\"\nprogram = {:?}\nconversation = \"none\"\n\
         [start]\nargs = []\n[resume]\nargs = []\n[hints]\nosc7501 = \"always\"\n",
        program.display().to_string()
    );
    std::fs::write(dir.join("fake.toml"), manifest).unwrap();
    world
}

async fn started(world: &World, watcher: &mut Watcher) -> TaskId {
    let new = NewTask {
        command: None,
        agent: Some("fake".into()),
        ..world.task("")
    };
    let id = watcher.client.create_task(new).await.unwrap().task.id;
    does(watcher, id, Activity::Idle).await;
    id
}

/// Waits until the agent of a task is seen to do something.
async fn does(watcher: &mut Watcher, id: TaskId, activity: Activity) -> TaskCard {
    until(watcher, id, |card| {
        card.session
            .as_ref()
            .is_some_and(|view| view.activity == activity)
    })
    .await
}

async fn until(watcher: &mut Watcher, id: TaskId, wanted: impl Fn(&TaskCard) -> bool) -> TaskCard {
    loop {
        let card = watcher.client.show_task(id).await.unwrap().card;
        if wanted(&card) {
            return card;
        }
        watcher.next().await;
    }
}

async fn types(watcher: &Watcher, id: TaskId, text: &str) {
    let input = vec![Input::Text(format!("{text}\n"))];
    watcher.client.send_input((id, input)).await.unwrap();
}

fn message(task: TaskId, text: &str) -> SendMessage {
    SendMessage {
        task,
        text: text.into(),
    }
}

async fn queue(watcher: &Watcher, id: TaskId, text: &str) -> TaskCard {
    watcher
        .client
        .queue_message(message(id, text))
        .await
        .unwrap()
}

/// What the agent got, in order.
async fn got(watcher: &Watcher, id: TaskId) -> Vec<String> {
    let log = String::from_utf8_lossy(&watcher.log(id).await).into_owned();
    let lines = log.lines().filter_map(|line| line.split("got ").nth(1));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[tokio::test]
async fn they_are_given_in_order_each_once_it_is_idle() {
    let world = world();
    let mut watcher = world.client().await;
    let id = started(&world, &mut watcher).await;
    types(&watcher, id, "work").await;
    does(&mut watcher, id, Activity::Working).await;
    for (text, waiting) in [("one", 1), ("ask", 2), ("two", 3)] {
        assert_eq!(queue(&watcher, id, text).await.follow_ups, waiting);
    }
    let detail = watcher.client.show_task(id).await.unwrap();
    let texts: Vec<&str> = detail
        .follow_ups
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    assert_eq!(texts, ["one", "ask", "two"]);
    assert_eq!(got(&watcher, id).await, ["work"]);

    types(&watcher, id, "that is all").await;
    // The second makes it ask: the third waits for the answer.
    until(&mut watcher, id, |card| {
        card.follow_ups == 1 && card.need() == Some(gluon::domain::Need::Permission)
    })
    .await;
    assert_eq!(got(&watcher, id).await, ["work", "one", "ask"]);
    types(&watcher, id, "yes").await;
    until(&mut watcher, id, |card| card.follow_ups == 0).await;
    assert_eq!(got(&watcher, id).await, ["work", "one", "ask", "two"]);
    assert!(watcher.capture(id).await.contains("answer yes"));
    let events = watcher.client.show_task(id).await.unwrap().events;
    let given = events.iter().filter(|event| event.kind == "message");
    assert_eq!(given.count(), 3);
}

#[tokio::test]
async fn they_outlive_the_daemon_and_the_agent() {
    let world = world();
    let mut watcher = world.client().await;
    let id = started(&world, &mut watcher).await;
    types(&watcher, id, "work").await;
    does(&mut watcher, id, Activity::Working).await;
    queue(&watcher, id, "later").await;
    watcher.client.shutdown(Shutdown::Restart).await.unwrap();
    watcher.reconnected().await;
    let card = does(&mut watcher, id, Activity::Working).await;
    assert_eq!(card.follow_ups, 1);

    watcher.client.stop_task(id).await.unwrap();
    let card = until(&mut watcher, id, |card| card.task.status != Status::Running).await;
    assert_eq!(card.follow_ups, 1);
    let start = StartTask {
        task: id,
        message: None,
        fresh: false,
        recap: true,
        size: None,
    };
    let card = watcher.client.start_task(start).await.unwrap();
    assert_eq!(card.follow_ups, 1, "who resumes it is told");
    until(&mut watcher, id, |card| card.follow_ups == 0).await;
    assert_eq!(got(&watcher, id).await, ["work", "later"]);
}

#[tokio::test]
async fn they_can_be_taken_out_again() {
    let world = world();
    let mut watcher = world.client().await;
    let id = started(&world, &mut watcher).await;
    types(&watcher, id, "work").await;
    does(&mut watcher, id, Activity::Working).await;
    for text in ["one", "two", "three", "four"] {
        queue(&watcher, id, text).await;
    }
    let drop = async |which| {
        let which = DropMessages { task: id, which };
        let dropped = watcher.client.drop_messages(which).await;
        dropped.map(|dropped| {
            let texts = dropped.into_iter().map(|one| one.text);
            texts.collect::<Vec<_>>()
        })
    };
    assert_eq!(drop(Which::Last).await.unwrap(), ["four"]);
    let two = watcher.client.show_task(id).await.unwrap().follow_ups[1].id;
    assert_eq!(drop(Which::One(two)).await.unwrap(), ["two"]);
    assert_eq!(
        drop(Which::One(two)).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    assert_eq!(drop(Which::All).await.unwrap(), ["one", "three"]);
    assert!(drop(Which::All).await.unwrap().is_empty());
    assert_eq!(
        drop(Which::Last).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    types(&watcher, id, "idle").await;
    does(&mut watcher, id, Activity::Idle).await;
    assert_eq!(got(&watcher, id).await, ["work"]);
}

#[tokio::test]
async fn where_nobody_could_say_when_it_is_refused() {
    let world = world();
    let watcher = world.client().await;
    let new = NewTask {
        command: None,
        agent: Some("shell".into()),
        held: true,
        start: false,
        title: "a shell".into(),
        ..world.task("")
    };
    let id = watcher.client.create_task(new).await.unwrap().task.id;
    let refused = watcher.client.queue_message(message(id, "x")).await;
    let error = refused.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(error.message.contains("idle"), "{error}");
}

#[tokio::test]
async fn a_message_sent_now_is_done_when_it_is_taken_and_never_lands_in_a_dialog() {
    let world = world();
    let mut watcher = world.client().await;
    let id = started(&world, &mut watcher).await;
    watcher
        .client
        .send_message(message(id, "hello"))
        .await
        .unwrap();
    assert_eq!(got(&watcher, id).await, ["hello"]);
    types(&watcher, id, "ask").await;
    until(&mut watcher, id, |card| {
        card.need().is_some_and(gluon::domain::Need::blocks)
    })
    .await;
    let error = watcher
        .client
        .send_message(message(id, "no"))
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(error.message.contains("Run it?"), "{error}");
    types(&watcher, id, "yes").await;
    does(&mut watcher, id, Activity::Idle).await;
    // One that ends with it has had it.
    watcher
        .client
        .send_message(message(id, "die"))
        .await
        .unwrap();
    until(&mut watcher, id, |card| card.task.status == Status::Review).await;
    assert_eq!(got(&watcher, id).await, ["hello", "ask", "die"]);
    while let Ok(event) = watcher.events.try_recv() {
        assert!(!matches!(event, LinkEvent::Event(Event::Closing { .. })));
    }
}
