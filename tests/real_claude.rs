//! The real Claude Code, driven through gluon.
#![allow(clippy::unwrap_used)]

mod real_support;

use gluon::domain::{Activity, Ask, AskKind, Exit, Source, Timestamp};
use real_support::Lab;
use real_support::model::{Act, Happening, Usage, reply};

fn working(activity: &Activity) -> bool {
    *activity == Activity::Working
}

fn idle(activity: &Activity) -> bool {
    *activity == Activity::Idle
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_asks_is_answered_from_the_board_and_costs_what_it_used() {
    let Some(lab) = Lab::claude() else { return };
    let first = reply([Act::gate("think"), Act::write("note.txt", "hello\n")]);
    let then = reply([Act::say("Written.")]);
    lab.model.play("write", vec![first, then]);
    let mut watch = lab.start("claude", "Please write a note. play:write").await;
    lab.model.wait_held("think");
    watch.shows("work", working).await;

    lab.model.open("think");
    let detail = watch
        .shows("a question", |activity| {
            matches!(activity, Activity::Waiting(_))
        })
        .await;
    let session = detail.card.session.unwrap();
    let Activity::Waiting(ask) = &session.activity else {
        unreachable!()
    };
    assert_eq!(ask.kind, AskKind::Permission);
    assert!(ask.text.contains("note.txt"), "{ask:?}");
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
    let Some(lab) = Lab::claude() else { return };
    // A prompt of which nothing has come yet would go back into its editor.
    let hold = reply([Act::say("Let me see."), Act::gate("never")]);
    let begun = hold.usage;
    lab.model.play("hold", vec![reply([Act::run("ls")]), hold]);
    let mut watch = lab.start("claude", "Please think. play:hold").await;
    lab.model.wait_held("never");
    watch.shows("work", working).await;
    // Interrupted before it has read the head of the answer, it would not know what that took.
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
    // Of an answer cut off it counts what was sent to the model, the token that its head tells, and an
    // estimate of what was said: a token for four letters.
    let cut_off = Usage { output: 4, ..begun };
    lab.assert_costs_with(&[cut_off]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_it_has_ended_and_resumed_it_knows_the_conversation() {
    let Some(lab) = Lab::claude() else { return };
    lab.model.play("hold", vec![reply([Act::gate("never")])]);
    let mut watch = lab.start("claude", "Remember the number 42.").await;
    let detail = watch.turn_since(Timestamp(0)).await;
    let before = detail.card.session.unwrap().session;
    lab.gluon(&["send", "1", "Go on. play:hold"]);
    lab.model.wait_held("never");
    watch.shows("work", working).await;

    lab.kill_agent("claude");
    let detail = watch
        .shows("its end", |activity| {
            matches!(activity, Activity::Exited(_))
        })
        .await;
    let session = detail.card.session.unwrap();
    assert!(session.resumable);
    assert_eq!(session.session.conversation, before.conversation);
    let Activity::Exited(exit) = session.activity else {
        unreachable!()
    };
    assert_eq!(exit, Exit::Signal(9));

    watch.resume(&[]).await;
    watch.shows("the resumed agent", idle).await;
    let detail = watch.turn("Which number?").await;
    let asked = lab.model.turns().pop().unwrap();
    assert_eq!(asked.prompt, "Which number?");
    let known = asked.body["messages"].to_string();
    assert!(known.contains("Remember the number 42."), "{known}");
    let after = detail.card.session.unwrap().session;
    assert_eq!(after.id, before.id);
    assert_eq!(after.conversation, before.conversation);
    lab.assert_costs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_service_is_not_work_for_ever() {
    let Some(lab) = Lab::claude() else { return };
    let refused = Act::fail(401, "authentication_error", "invalid x-api-key");
    lab.model.play("key", vec![reply([refused])]);
    let overloaded = Act::fail(529, "overloaded_error", "Overloaded");
    lab.model.play("load", vec![reply([overloaded])]);
    let hour = std::time::Duration::from_secs(3600);
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    let resets = (now + hour).as_secs() / 3600 * 3600;
    lab.model.play("limit", vec![reply([Act::used_up(resets)])]);
    let mut watch = lab.start("claude", "Say hello.").await;
    watch.turn_since(Timestamp(0)).await;
    let auth = |ask: &Ask| ask.kind == AskKind::Auth && ask.text.contains("Invalid API key");
    let key = |activity: &Activity| matches!(activity, Activity::Waiting(ask) if auth(ask));
    // With a key it does not say until when.
    let limit = |activity: &Activity| *activity == Activity::Limited(None);
    // That the turn is over is known before the hook says why.
    watch.turn("Once more. play:load").await;
    watch.shows("an overload", idle).await;
    watch.turn("Once more. play:limit").await;
    watch.shows("the limit", limit).await;
    watch.turn("Once more. play:key").await;
    watch.shows("the refused key", key).await;
    lab.assert_costs();
}
