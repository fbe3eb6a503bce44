//! Agents that choose the id of a conversation themselves and tell nobody, as Codex does: it is known while they
//! work, follows to another one, and is what they are resumed with.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::World;
use gluon::domain::Status;
use gluon::protocol::{Api, Input, NewTask, StartTask};

const FIRST: &str = "01a20949-304c-7650-b0cf-7080c068aedb";
const SECOND: &str = "01a20949-3fb2-7df1-a7a2-0d8b1c7c9a11";

/// Begins a thread with each line it is given: its rollout is there from then on.
const AGENT: &str = r#"
echo "started as $1 $2"
while read id; do
    dir="$CODEX_HOME/sessions/2026/11/23"
    mkdir -p "$dir"
    printf '{"timestamp":"2026-11-23T16:42:01.291Z","type":"session_meta","payload":{"id":"%s","cwd":"%s","source":"cli"}}\n' \
        "$id" "$(pwd -P)" > "$dir/rollout-2026-11-23T16-42-01-$id.jsonl"
    echo "begun: $id"
done
"#;

#[tokio::test]
async fn a_conversation_is_learnt_while_it_is_led_followed_and_resumed() {
    let world = World::new();
    let root = world.repo.parent().unwrap().to_owned();
    let script = root.join("agent.sh");
    std::fs::write(&script, AGENT).unwrap();
    let manifest = format!(
        "title = \"Learnt\"\nprogram = \"/bin/sh\"\nconversation = \"learnt\"\n\
         transcripts = \"codex\"\nfirst_prompt = \"argument\"\n\
         [start]\nargs = [{script:?}, \"new\"]\n\
         [resume]\nargs = [{script:?}, \"resume\", \"{{conversation}}\"]\n\
         [env]\nCODEX_HOME = {:?}\n",
        root.join("home"),
    );
    std::fs::create_dir_all(world.paths.agents()).unwrap();
    std::fs::write(world.paths.agents().join("learnt.toml"), manifest).unwrap();
    let mut watcher = world.client().await;
    let client = watcher.client.clone();
    let task = NewTask {
        command: None,
        agent: Some("learnt".into()),
        ..world.task("")
    };
    let task = client.create_task(task).await.unwrap().task.id;
    let type_line = async |line: &str| {
        let input = Input::Raw(format!("{line}\n").into_bytes());
        client.send_input((task, vec![input])).await.unwrap();
    };
    let session = watcher
        .card(task, |card| card.session.is_some())
        .await
        .session
        .unwrap();
    assert_eq!(session.session.conversation, None, "nothing was said yet");
    type_line(FIRST).await;
    // Known while it works. What it prints is what makes gluon look.
    let learnt = daemon_support::soon("its conversation", async {
        loop {
            let card = client.show_task(task).await.unwrap().card;
            if let Some(id) = card.session.unwrap().session.conversation {
                return id;
            }
            type_line(FIRST).await;
            watcher.next().await;
        }
    });
    assert_eq!(learnt.await, FIRST);
    // It goes on with another one, and that is the one to be resumed.
    type_line(SECOND).await;
    let begun = format!("begun: {SECOND}");
    watcher
        .screen(session.session.id, |screen| screen.text().contains(&begun))
        .await;
    client.stop_task(task).await.unwrap();
    let stopped = |card: &gluon::protocol::TaskCard| {
        let session = card.session.as_ref().map(|view| &view.session);
        session.is_some_and(|session| session.conversation.as_deref() == Some(SECOND))
    };
    watcher.card(task, stopped).await;
    let start = StartTask {
        task,
        message: None,
        fresh: false,
        recap: false,
        size: None,
    };
    client.start_task(start).await.unwrap();
    watcher.status(task, Status::Running).await;
    let resumed = format!("started as resume {SECOND}");
    watcher
        .screen(session.session.id, |screen| {
            screen.text().contains(&resumed)
        })
        .await;
}
