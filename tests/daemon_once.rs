//! Tasks in mode once: one run without a screen, shown as text, judged by what its agent says.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{World, soon};
use gluon::domain::{Activity, MicroUsd, Mode, Reason, Source, Status, TaskId};
use gluon::protocol::{Api, NewTask, SendMessage, StartTask, TaskCard};

/// An agent without a screen: tells what the file beside it says, waits where a line is `wait`, and writes down
/// how it was called.
const AGENT: &str = r#"
printf '%s\n' "$*" >> "$ROOT/calls"
echo '{"type":"system","subtype":"init","session_id":"'"$2"'","model":"claude-opus-5-5"}'
while IFS= read -r line; do
    case $line in
        wait) until [ -e "$ROOT/go" ]; do sleep 0.05; done ;;
        exit*) exit ${line#exit } ;;
        *) printf '%s\n' "$line" ;;
    esac
done < "$ROOT/play"
"#;

const WRITES: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"I write it."},{"type":"tool_use","id":"t1","name":"Write","input":{"file_path":"hello.txt"}}]}}
{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"written"}]}}
"#;

const GOOD: &str = r#"{"type":"result","is_error":false,"subtype":"success","result":"It is written.","num_turns":2,"model_usage_since_last_result":{"claude-opus-5-5":{"inputTokens":100,"outputTokens":10,"costUSD":0.25}}}
"#;

struct Once {
    world: World,
    watcher: daemon_support::Watcher,
    task: TaskId,
}

impl Once {
    /// A task whose agent plays `play`.
    async fn new(play: &str) -> Once {
        let world = World::new();
        let root = world.repo.parent().unwrap().to_owned();
        let script = root.join("agent.sh");
        std::fs::write(&script, AGENT).unwrap();
        std::fs::write(root.join("play"), play).unwrap();
        let manifest = format!(
            "title = \"Teller\"\nprogram = \"/bin/sh\"\nconversation = \"chosen\"\nstream = \"claude\"\n\
             [start]\nargs = [\"-c\", \"exit 7\"]\n\
             [headless]\nargs = [{script:?}, \"new\", \"{{conversation}}\", \"{{prompt}}\"]\n\
             [headless_resume]\nargs = [{script:?}, \"resume\", \"{{conversation}}\", \"{{prompt}}\"]\n\
             [env]\nROOT = {root:?}\n",
        );
        std::fs::create_dir_all(world.paths.agents()).unwrap();
        std::fs::write(world.paths.agents().join("teller.toml"), manifest).unwrap();
        let watcher = world.client().await;
        let task = NewTask {
            command: None,
            agent: Some("teller".into()),
            mode: Mode::Once,
            prompt: "do it".into(),
            ..world.task("")
        };
        let task = watcher.client.create_task(task).await.unwrap().task.id;
        Once {
            world,
            watcher,
            task,
        }
    }

    fn plays(&self, play: &str) {
        std::fs::write(self.root().join("play"), play).unwrap();
    }

    fn root(&self) -> std::path::PathBuf {
        self.world.repo.parent().unwrap().to_owned()
    }

    fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.root().join("calls")).unwrap();
        calls.lines().map(str::to_owned).collect()
    }

    async fn over(&mut self) -> TaskCard {
        self.watcher.status(self.task, Status::Review).await
    }

    /// Waits until what it costs is known.
    async fn costs(&mut self) -> MicroUsd {
        let card = self.watcher.card(self.task, |card| card.cost.is_some());
        card.await.cost.unwrap().usd
    }

    async fn screen(&self) -> String {
        self.watcher.capture(self.task).await
    }
}

#[tokio::test]
async fn it_is_shown_as_text_judged_by_its_word_and_costs_what_it_says() {
    let mut once = Once::new(&format!("{WRITES}{GOOD}")).await;
    let card = once.over().await;
    assert_eq!(card.task.reason, Some(Reason::Finished));
    let screen = once.screen().await;
    for words in [
        "I write it.",
        "⏺ Write(hello.txt)",
        "⎿ written",
        "✓ done",
        "$0.25",
    ] {
        assert!(screen.contains(words), "no {words} in\n{screen}");
    }
    assert!(!screen.contains('{'), "{screen}");
    let log = once.watcher.log(once.task).await;
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains(r#""type":"tool_use""#), "{log}");
    assert_eq!(once.costs().await, MicroUsd(250_000));

    let detail = once.watcher.client.show_task(once.task).await.unwrap();
    let run = detail.last_run.unwrap();
    assert_eq!(run.message.as_deref(), Some("It is written."));
    assert_eq!((run.calls, run.changes, run.turns), (1, 1, Some(2)));
    let session = card.session.unwrap();
    assert!(session.resumable);
    assert_eq!(run.conversation, session.session.conversation);
}

#[tokio::test]
async fn a_message_goes_on_with_the_conversation_and_nothing_is_counted_twice() {
    let mut once = Once::new(&format!("{WRITES}{GOOD}")).await;
    let first = once.over().await;
    let conversation = first.session.unwrap().session.conversation.unwrap();
    once.costs().await;
    once.plays(&format!("wait\n{GOOD}"));
    let send = |text: &str| SendMessage {
        task: once.task,
        text: text.into(),
    };
    once.watcher
        .client
        .send_message(send("and more"))
        .await
        .unwrap();
    // While it runs it hears nothing.
    let refused = once
        .watcher
        .client
        .send_message(send("hey"))
        .await
        .unwrap_err();
    assert!(refused.message.contains("hears nothing"), "{refused}");
    std::fs::write(once.root().join("go"), "").unwrap();
    once.watcher
        .card(once.task, |card| {
            card.cost.is_some_and(|cost| cost.usd == MicroUsd(500_000))
        })
        .await;
    let card = once.over().await;
    assert_eq!(card.task.reason, Some(Reason::Finished));
    assert_eq!(
        once.calls(),
        [
            format!("new {conversation} do it"),
            format!("resume {conversation} and more"),
        ]
    );
    // Resumed without a word it is told to go on.
    let resume = StartTask {
        task: once.task,
        message: None,
        fresh: false,
        recap: false,
        size: None,
    };
    once.watcher.client.start_task(resume).await.unwrap();
    once.over().await;
    assert!(
        once.calls()[2].contains("Go on with the task"),
        "{:?}",
        once.calls()
    );
    let screen = once.screen().await;
    assert!(screen.matches("✓ done").count() >= 2, "{screen}");
}

#[tokio::test]
async fn its_end_is_what_it_says_whatever_its_exit_code() {
    let denied = r#"{"type":"system","subtype":"permission_denied","tool_name":"Bash","tool_use_id":"t9"}
{"type":"result","is_error":false,"result":"Done!","permission_denials":[{"tool_name":"Bash","tool_use_id":"t9","tool_input":{"command":"make"}},{"tool_name":"Write","tool_use_id":"t8","tool_input":{}}]}
"#;
    let auth = r#"{"type":"result","is_error":true,"subtype":"success","api_error_status":401,"result":"Invalid API key"}
"#;
    let cut = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"I begin"}]}}
{"type":"resu"#;
    for (play, words) in [
        (
            denied.to_owned(),
            "it ended well having done nothing: 2 permissions were denied (Bash, Write)",
        ),
        (auth.to_owned(), "Invalid API key"),
        (format!("{auth}exit 1\n"), "Invalid API key"),
        (
            format!("{cut}\n"),
            "Teller ended without saying that it is done",
        ),
        (
            "no such model\nexit 3\n".to_owned(),
            "Teller ended with code 3: no such model",
        ),
    ] {
        let mut once = Once::new(&play).await;
        let card = once.over().await;
        assert_eq!(card.task.reason, Some(Reason::Failed(words.into())));
        if words.contains("denied") {
            let detail = once.watcher.client.show_task(once.task).await.unwrap();
            let event = detail.events.iter().find(|event| event.kind == "denied");
            assert_eq!(event.unwrap().detail, "Bash(make), Write");
        }
    }
}

#[tokio::test]
async fn stopped_it_can_be_resumed() {
    let mut once = Once::new(&format!("{WRITES}wait\n{GOOD}")).await;
    once.watcher
        .card(once.task, |card| {
            let session = card.session.as_ref();
            session.is_some_and(|session| session.activity == Activity::Working)
        })
        .await;
    let detail = once.watcher.client.show_task(once.task).await.unwrap();
    assert_eq!(detail.why.unwrap().decision.by, Some(Source::Stream));
    assert!(detail.last_run.unwrap().finished.is_none());
    let card = once.watcher.client.stop_task(once.task).await.unwrap();
    assert_eq!(card.task.status, Status::Queued);
    assert_eq!(card.task.reason, Some(Reason::Stopped));
    assert!(card.session.unwrap().resumable);
}

#[tokio::test]
async fn the_daemon_may_die_in_the_middle_of_a_run() {
    let mut once = Once::new(&format!("{WRITES}wait\n{GOOD}")).await;
    let session = once
        .watcher
        .card(once.task, |card| {
            let session = card.session.as_ref();
            session.is_some_and(|session| session.activity == Activity::Working)
        })
        .await
        .session
        .unwrap()
        .session
        .id;
    let before = once
        .watcher
        .screen(session, |screen| screen.text().contains("⎿ written"))
        .await;
    let daemon = std::fs::read_to_string(once.world.paths.daemon_lock()).unwrap();
    daemon_support::kill(daemon.trim().parse().unwrap());
    once.watcher.reconnected().await;
    let after = once
        .watcher
        .screen(session, |screen| screen.text().contains("⎿ written"))
        .await;
    assert_eq!(after.rows, before.rows);
    std::fs::write(once.root().join("go"), "").unwrap();
    let card = once.over().await;
    assert_eq!(card.task.reason, Some(Reason::Finished));
    assert_eq!(once.costs().await, MicroUsd(250_000));
    let detail = soon("the task", once.watcher.client.show_task(once.task))
        .await
        .unwrap();
    assert_eq!(detail.last_run.unwrap().calls, 1);
}
