//! The real Gemini CLI, driven through gluon.
#![allow(clippy::unwrap_used)]

mod real_support;

use gluon::domain::{Activity, AskKind, Source, Timestamp};
use real_support::Lab;
use real_support::model::{Act, Happening, reply};

fn working(activity: &Activity) -> bool {
    *activity == Activity::Working
}

fn idle(activity: &Activity) -> bool {
    *activity == Activity::Idle
}

fn waiting(activity: &Activity) -> bool {
    matches!(activity, Activity::Waiting(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_asks_is_answered_from_the_board_and_costs_what_it_used() {
    let Some(lab) = Lab::gemini() else { return };
    // It asks in each new directory, unless it is told for this start.
    lab.gluon(&["project", "add"]);
    lab.gluon(&["project", "trust", "repo", "--yes"]);
    let first = reply([Act::gate("think"), Act::run("echo hello > note.txt")]);
    let then = reply([Act::say("Written.")]);
    lab.model.play("write", vec![first, then]);
    let mut watch = lab.start("gemini", "Please write a note. play:write").await;
    lab.model.wait_held("think");
    watch.shows("work", working).await;

    lab.model.open("think");
    let wanted = "echo hello > note.txt";
    let asks = |activity: &Activity| match activity {
        Activity::Waiting(ask) => ask.kind == AskKind::Permission && ask.text.contains(wanted),
        _ => false,
    };
    watch.shows("the exact question", asks).await;
    assert!(!lab.worktree().join("note.txt").exists());

    let mut board = lab.home.open(&lab.repo, &["tui"], (120, 40));
    board.wait_for("real");
    board.keys("y");
    watch.shows("the end of the turn", idle).await;
    let note = std::fs::read_to_string(lab.worktree().join("note.txt")).unwrap();
    assert_eq!(note, "hello\n");
    drop(board);

    let why = watch.detail().await.why.unwrap();
    assert_eq!(why.decision.by, Some(Source::Title), "{why:?}");
    lab.assert_costs();
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_is_idle_and_takes_the_next_message() {
    let Some(lab) = Lab::gemini() else { return };
    // It asks in each new directory, unless it is told for this start.
    lab.gluon(&["project", "add"]);
    lab.gluon(&["project", "trust", "repo", "--yes"]);
    let hold = reply([Act::say("Let me see."), Act::gate("never")]);
    lab.model.play("hold", vec![hold]);
    let mut watch = lab.start("gemini", "Please think. play:hold").await;
    lab.model.wait_held("never");
    watch.shows("work", working).await;
    let mut board = lab.home.open(&lab.repo, &["tui"], (120, 40));
    board.wait_for("Let me see.");
    drop(board);

    lab.gluon(&["keys", "1", "escape"]);
    lab.model
        .wait("the interrupt", |what| matches!(what, Happening::HungUp(_)));
    watch.shows("the end of the turn", idle).await;

    let detail = watch.turn("And now say hello.").await;
    assert!(idle(&detail.card.session.unwrap().activity));
    assert_eq!(
        lab.model.turns().last().unwrap().prompt,
        "And now say hello."
    );
    // What an answer cut off took is told by nobody.
    lab.assert_costs();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_it_has_ended_and_resumed_it_knows_the_conversation() {
    let Some(lab) = Lab::gemini() else { return };
    // It asks in each new directory, unless it is told for this start.
    lab.gluon(&["project", "add"]);
    lab.gluon(&["project", "trust", "repo", "--yes"]);
    lab.model.play("hold", vec![reply([Act::gate("never")])]);
    let mut watch = lab.start("gemini", "Remember the number 42.").await;
    watch.turn_since(Timestamp(0)).await;
    let known = |detail: &gluon::protocol::TaskDetail| {
        let session = detail.card.session.as_ref();
        session.is_some_and(|session| session.session.conversation.is_some())
    };
    let detail = watch.until("the conversation's id", known).await;
    let before = detail.card.session.unwrap().session;
    lab.gluon(&["send", "1", "Go on. play:hold"]);
    lab.model.wait_held("never");
    watch.shows("work", working).await;

    lab.kill_agent("gemini");
    let ended = |activity: &Activity| matches!(activity, Activity::Exited(_));
    let detail = watch.shows("its end", ended).await;
    let session = detail.card.session.unwrap();
    assert!(session.resumable);
    assert_eq!(session.session.conversation, before.conversation);

    // What is typed while it begins may stay in its editor: it says that it is ready before it is.
    let resumed = watch.now().await;
    watch.resume(&["Which number?"]).await;
    let detail = watch.turn_since(resumed).await;
    let asked = lab.model.turns().pop().unwrap();
    assert_eq!(asked.prompt, "Which number?");
    let known = asked.body["contents"].to_string();
    assert!(known.contains("Remember the number 42."), "{known}");
    let after = detail.card.session.unwrap().session;
    assert_eq!(after.id, before.id);
    assert_eq!(after.conversation, before.conversation);
    lab.assert_costs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_service_is_not_work_for_ever() {
    let Some(lab) = Lab::gemini() else { return };
    lab.gluon(&["project", "add"]);
    lab.gluon(&["project", "trust", "repo", "--yes"]);
    let refused = Act::fail(401, "UNAUTHENTICATED", "invalid x-api-key");
    lab.model.play("key", vec![reply([refused])]);
    let mut watch = lab.start("gemini", "Say hello.").await;
    watch.turn_since(Timestamp(0)).await;
    // Its title does not say that a turn has failed: its screen does.
    lab.gluon(&["send", "1", "Once more. play:key"]);
    let auth = |activity: &Activity| match activity {
        Activity::Waiting(ask) => ask.kind == AskKind::Auth && ask.text.contains("x-api-key"),
        _ => false,
    };
    watch.shows("the refused key", auth).await;
    watch.turn("And now say hello.").await;
    watch.shows("the end of the turn", idle).await;
    lab.assert_costs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_it_does_not_trust_is_asked_about() {
    let Some(lab) = Lab::gemini() else { return };
    let mut watch = lab.start("gemini", "Say hello.").await;
    let asks = |activity: &Activity| match activity {
        Activity::Waiting(ask) => ask.text.contains("Do you trust the files in this folder?"),
        _ => false,
    };
    let detail = watch.shows("the question of trust", asks).await;
    assert!(waiting(&detail.card.session.unwrap().activity));
    let why = watch.detail().await.why.unwrap();
    // Its title says that it is ready.
    assert_eq!(why.decision.by, Some(Source::Screen), "{why:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_while_it_starts_is_not_lost() {
    let Some(lab) = Lab::gemini() else { return };
    lab.gluon(&["project", "add"]);
    lab.gluon(&["project", "trust", "repo", "--yes"]);
    let mut watch = lab.start("gemini", "Say hello.").await;
    watch
        .shows("its start", |activity| *activity == Activity::Starting)
        .await;
    let sent = watch.now().await;
    lab.gluon(&["send", "1", "Which number?"]);
    let asked = |what: &Happening| matches!(what, Happening::Asked(asked) if asked.prompt == "Which number?");
    lab.model.wait("the message", asked);
    watch.turn_since(sent).await;
    watch.shows("the end of its turns", idle).await;
    let prompts: Vec<String> = lab
        .model
        .turns()
        .into_iter()
        .map(|turn| turn.prompt)
        .collect();
    assert_eq!(prompts, ["Say hello.", "Which number?"]);
}
