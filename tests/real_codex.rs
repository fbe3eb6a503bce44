//! The real Codex, driven through gluon.
#![allow(clippy::unwrap_used)]

mod real_support;

use std::time::{SystemTime, UNIX_EPOCH};

use gluon::domain::{Activity, AskKind, Source, Timestamp};
use real_support::Lab;
use real_support::model::{Act, Happening, reply};

fn working(activity: &Activity) -> bool {
    *activity == Activity::Working
}

fn idle(activity: &Activity) -> bool {
    *activity == Activity::Idle
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_asks_is_answered_from_the_board_and_costs_what_it_used() {
    let Some(lab) = Lab::codex() else { return };
    let first = reply([Act::gate("think"), Act::run("echo hello > note.txt")]);
    let then = reply([Act::say("Written.")]);
    lab.model.play("write", vec![first, then]);
    let mut watch = lab.start("codex", "Please write a note. play:write").await;
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
    assert_eq!(why.decision.by, Some(Source::Program), "{why:?}");
    lab.assert_costs();
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_is_idle_and_takes_the_next_message() {
    let Some(lab) = Lab::codex() else { return };
    let hold = reply([Act::say("Let me see."), Act::gate("never")]);
    lab.model.play("hold", vec![hold]);
    let mut watch = lab.start("codex", "Please think. play:hold").await;
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
    let Some(lab) = Lab::codex() else { return };
    lab.model.play("hold", vec![reply([Act::gate("never")])]);
    let mut watch = lab.start("codex", "Remember the number 42.").await;
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

    lab.kill_agent("codex");
    let ended = |activity: &Activity| matches!(activity, Activity::Exited(_));
    let detail = watch.shows("its end", ended).await;
    let session = detail.card.session.unwrap();
    assert!(session.resumable);
    assert_eq!(session.session.conversation, before.conversation);

    watch.resume(&[]).await;
    watch.shows("the resumed agent", idle).await;
    let detail = watch.turn("Which number?").await;
    let asked = lab.model.turns().pop().unwrap();
    assert_eq!(asked.prompt, "Which number?");
    let known = asked.body["input"].to_string();
    assert!(known.contains("Remember the number 42."), "{known}");
    let after = detail.card.session.unwrap().session;
    assert_eq!(after.id, before.id);
    assert_eq!(after.conversation, before.conversation);
    lab.assert_costs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_service_is_not_work_for_ever() {
    let Some(lab) = Lab::codex() else { return };
    let refused = Act::fail(401, "invalid_api_key", "Incorrect API key provided");
    lab.model.play("key", vec![reply([refused])]);
    let broken = Act::fail(400, "invalid_request_error", "It is broken.");
    lab.model.play("broken", vec![reply([broken])]);
    let mut watch = lab.start("codex", "Say hello.").await;
    watch.turn_since(Timestamp(0)).await;
    watch.turn("Once more. play:broken").await;
    watch.shows("a failure", idle).await;
    watch.turn("Once more. play:key").await;
    let auth = |activity: &Activity| match activity {
        Activity::Waiting(ask) => ask.kind == AskKind::Auth,
        _ => false,
    };
    watch.shows("the refused key", auth).await;
    lab.assert_costs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_plan_is_limited_until_it_is_full_again() {
    let Some(lab) = Lab::codex() else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    // It is told in minutes.
    let resets = now.as_secs() / 60 * 60 + 2 * 3600;
    let used_up = reply([Act::used_up_chatgpt(resets)]);
    lab.model.play("limit", vec![used_up]);
    let mut watch = lab.start("codex", "Say hello.").await;
    watch.turn_since(Timestamp(0)).await;
    lab.gluon(&["send", "1", "Once more. play:limit"]);
    let until = Timestamp(resets as i64 * 1000);
    let limited = |activity: &Activity| *activity == Activity::Limited(Some(until));
    watch.shows("the limit, with its end", limited).await;
    let rows = lab.json(&["ls", "--json"]);
    let said = &rows[0]["session"]["activity"];
    assert_eq!(said["limited"], resets * 1000, "{rows}");

    // It offers a cheaper model, which a message's Enter would take.
    let offer = || {
        lab.gluon(&["capture", "1"])
            .contains("Switch to gpt")
            .then_some(())
    };
    real_support::support::wait_until("the offer", offer);
    let sent = lab.home.try_gluon(&lab.repo, &["send", "1", "Go on."]);
    let refused = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert!(
        !sent.status.success() && refused.contains("Switch to gpt"),
        "{refused}"
    );

    // Whoever knows better goes on.
    lab.gluon(&["keys", "1", "escape"]);
    let gone = || (!lab.gluon(&["capture", "1"]).contains("Switch to gpt")).then_some(());
    real_support::support::wait_until("its end", gone);
    let detail = watch.turn("And now say hello.").await;
    assert!(idle(&detail.card.session.unwrap().activity));
    let asked = lab.model.turns().pop().unwrap();
    assert_eq!(asked.model, "gpt-5.2-codex");
    lab.assert_costs();
}
