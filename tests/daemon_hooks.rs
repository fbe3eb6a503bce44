//! What an agent tells by its hooks and in its own registry reaches the screen, and can say why.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use std::io::Write;
use std::process::{Command, Stdio};

use daemon_support::told::Told;
use gluon::domain::{Activity, AskKind, Source};
use gluon::protocol::Api;

const FIRST: &str = "774b20e8-4b92-4a9f-855f-952f924f3b7e";
const CLEARED: &str = "f86a5bc0-9a85-4a96-ab46-39c8c0aa39a2";

#[tokio::test]
async fn hooks_tell_turns_asks_and_the_conversation() {
    let mut told = Told::new().await;
    let first = told.session(|_| true).await;
    let chosen = first.session.unwrap().session.conversation.unwrap();

    told.hook(&chosen, r#""hook_event_name":"UserPromptSubmit""#)
        .await;
    told.shows(|activity| *activity == Activity::Working).await;
    told.hook(
        &chosen,
        r#""hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{"command":"rm x"}"#,
    )
    .await;
    let asks = |activity: &Activity| matches!(activity, Activity::Waiting(ask) if ask.kind == AskKind::Permission && ask.text == "Bash: rm x");
    told.shows(asks).await;
    let detail = told.watcher.client.show_task(told.task).await.unwrap();
    assert_eq!(detail.why.unwrap().decision.by, Some(Source::Hook));

    told.hook(
        &chosen,
        r#""hook_event_name":"Stop","background_tasks":[{}]"#,
    )
    .await;
    let card = told.shows(|activity| *activity == Activity::Idle).await;
    assert_eq!(card.session.unwrap().background, 1);

    // After `/clear` the session goes on under another id, from its first prompt on.
    told.hook(
        CLEARED,
        r#""hook_event_name":"SessionStart","source":"clear""#,
    )
    .await;
    told.hook(CLEARED, r#""hook_event_name":"UserPromptSubmit""#)
        .await;
    let card = told
        .session(|session| session.session.conversation.as_deref() == Some(CLEARED))
        .await;
    assert_eq!(card.session.unwrap().background, 0);
    let events = told
        .watcher
        .client
        .show_task(told.task)
        .await
        .unwrap()
        .events;
    let noted = events
        .iter()
        .find(|event| event.kind == "conversation")
        .unwrap();
    assert_eq!(noted.detail, format!("{chosen} → {CLEARED}"));

    told.hook(
        CLEARED,
        r#""hook_event_name":"StopFailure","error":"rate_limit","last_assistant_message":"limit reached, try again in 2 hours""#,
    )
    .await;
    told.shows(|activity| matches!(activity, Activity::Limited(Some(_))))
        .await;
}

#[tokio::test]
async fn the_registry_tells_where_nothing_better_does() {
    let mut told = Told::new().await;
    told.does(&format!("note busy {FIRST}")).await;
    told.shows(|activity| *activity == Activity::Working).await;
    let detail = told.watcher.client.show_task(told.task).await.unwrap();
    assert_eq!(detail.why.unwrap().decision.by, Some(Source::Registry));
    let id = detail.sessions[0].session.conversation.clone();
    assert_eq!(id.as_deref(), Some(FIRST));
    // What it says later than a hook, and what it says at all, goes before the hook's word.
    told.hook(FIRST, r#""hook_event_name":"Stop""#).await;
    told.does(&format!("note idle {FIRST}")).await;
    told.shows(|activity| *activity == Activity::Idle).await;
}

/// The agent must never hear of a failure of ours, nor wait for it.
#[test]
fn a_hook_is_silent_and_succeeds_whatever_happens() {
    let dir = tempfile::tempdir().unwrap();
    for payload in [&b""[..], b"\xff\xfe{", br#"{"hook_event_name":"Stop"}"#] {
        for run in [None, Some("1"), Some("x")] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gluon"));
            command
                .arg("hook")
                .env_clear()
                .env("GLUON_STATE_DIR", dir.path().join("state"))
                .env("GLUON_DATA_DIR", dir.path().join("data"))
                .env("GLUON_CONFIG_DIR", dir.path().join("config"))
                .env("GLUON_RUNTIME_DIR", dir.path().join("run"))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command.envs(run.map(|run| ("GLUON_RUN", run)));
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(payload).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()));
        }
    }
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 0, "a hook starts and makes nothing");
}

#[tokio::test]
async fn a_run_that_is_not_there_tells_nothing() {
    let mut told = Told::new().await;
    let payload = format!(r#"{{"session_id":"{FIRST}","hook_event_name":"Stop"}}"#);
    let mut child = Command::new(env!("CARGO_BIN_EXE_gluon"))
        .arg("hook")
        .env("GLUON_RUN", "4711")
        .env("GLUON_RUNTIME_DIR", &told.world.paths.runtime)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(payload.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
    // Its own hooks still do.
    let line = r#""hook_event_name":"UserPromptSubmit""#;
    told.hook(FIRST, line).await;
    told.shows(|activity| *activity == Activity::Working).await;
    let why = told.watcher.client.show_task(told.task).await.unwrap().why;
    let idle = why
        .unwrap()
        .past
        .iter()
        .any(|turn| turn.activity == Activity::Idle);
    assert!(!idle);
}
