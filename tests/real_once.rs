//! The real Claude Code and Codex in mode once: headless, shown as text, judged by what they say.
#![allow(clippy::unwrap_used)]

mod real_support;

use gluon::domain::stream::FailureKind;
use gluon::domain::{Activity, Reason, Source, Status};
use gluon::protocol::TaskDetail;
use real_support::model::{Act, Happening, reply};
use real_support::{Lab, Watch};

const CLAUDE: [&str; 3] = ["--once", "--agent", "claude"];
const CODEX: [&str; 3] = ["--once", "--agent", "codex"];

const WRITE: &str = "printf 'hello\\n' > note.txt && cat note.txt";

/// Waits until the run is over; how.
async fn over(watch: &mut Watch<'_>) -> (Option<Reason>, TaskDetail) {
    let over = |detail: &TaskDetail| detail.card.task.status == Status::Review;
    let detail = watch.until("the end of the run", over).await;
    (detail.card.task.reason.clone(), detail)
}

/// Works, is shown as text, costs what it used, and goes on with its conversation.
async fn works(lab: &Lab, flags: &[&str], run: Act, call: &str) {
    let first = reply([Act::say("I write the note."), Act::gate("think"), run]);
    let then = reply([Act::say("It is **written**.")]);
    lab.model.play("write", vec![first, then]);
    let mut watch = lab.start_as(flags, "Please write a note. play:write").await;
    lab.model.wait_held("think");
    let detail = watch
        .shows("work", |activity| *activity == Activity::Working)
        .await;
    assert_eq!(detail.why.unwrap().decision.by, Some(Source::Stream));
    lab.model.open("think");
    let (reason, detail) = over(&mut watch).await;
    assert_eq!(
        reason,
        Some(Reason::Finished),
        "{}",
        lab.gluon(&["capture", "1"])
    );
    let screen = lab.gluon(&["capture", "1"]);
    let note = std::fs::read_to_string(lab.worktree().join("note.txt"));
    assert_eq!(note.unwrap_or_default(), "hello\n", "{screen}");

    for words in [
        "I write the note.",
        call,
        "⎿ hello",
        "It is written.",
        "✓ done",
    ] {
        assert!(screen.contains(words), "no {words} in\n{screen}");
    }
    assert!(!screen.contains("{\""), "{screen}");
    let run = detail.last_run.unwrap();
    assert_eq!(run.message.as_deref(), Some("It is **written**."));
    assert_eq!((run.finished, run.denied, run.calls), (Some(true), 0, 1));
    let session = detail.card.session.unwrap();
    assert!(session.resumable);
    assert_eq!(run.conversation, session.session.conversation);
    let bytes = lab.gluon(&["logs", "1", "--raw"]);
    assert!(bytes.contains("{\"type\":"), "{bytes}");
    cost_is_right(lab, &mut watch).await;

    lab.gluon(&["send", "1", "And what did you write?"]);
    let detail = watch
        .until("the second run", |detail| {
            detail.runs.len() == 2 && detail.card.task.status == Status::Review
        })
        .await;
    let asked = lab.model.turns().pop().unwrap();
    assert_eq!(asked.prompt, "And what did you write?");
    let known = asked.body.to_string();
    assert!(known.contains("Please write a note."), "{known}");
    let after = detail.card.session.unwrap().session;
    assert_eq!(after.id, session.session.id);
    assert_eq!(after.conversation, session.session.conversation);
    cost_is_right(lab, &mut watch).await;
}

/// What gluon says that it cost is, some time soon, what the model counted by tokens and price.
async fn cost_is_right(lab: &Lab, watch: &mut Watch<'_>) {
    let micros = (real_support::price(&lab.model.usage(true)) * 1e6).round() as i64;
    watch
        .until("the cost", |detail| {
            detail.card.cost.is_some_and(|cost| cost.usd.0 == micros)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_works_and_goes_on() {
    let Some(lab) = Lab::claude() else { return };
    // What it may do without being asked.
    let allowed = serde_json::json!({"permissions": {"allow": ["Bash"]}});
    lab.write_home(".claude/settings.json", &allowed.to_string());
    works(
        &lab,
        &CLAUDE,
        Act::run(WRITE),
        "⏺ Bash(printf 'hello\\n' > note.txt && cat note.txt)",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_works_and_goes_on() {
    let Some(lab) = Lab::codex() else { return };
    // Within the sandbox, so that nobody is asked.
    let run = Act::Tool("exec_command".into(), serde_json::json!({"cmd": WRITE}));
    works(
        &lab,
        &CODEX,
        run,
        "⏺ Shell(printf 'hello\\n' > note.txt && cat note.txt)",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_ending_well_having_done_nothing_has_failed() {
    let Some(lab) = Lab::claude() else { return };
    let make = reply([Act::run("make install > /dev/null")]);
    let again = reply([Act::run("make uninstall > /dev/null")]);
    lab.model
        .play("make", vec![make, again, reply([Act::say("All done!")])]);
    let mut watch = lab.start_as(&CLAUDE, "Install it. play:make").await;
    let (reason, detail) = over(&mut watch).await;
    let words = "it ended well having done nothing: 2 permissions were denied (Bash)";
    assert_eq!(reason, Some(Reason::Failed(words.into())));
    let run = detail.last_run.unwrap();
    assert_eq!(run.denied, 2);
    assert!(run.denials[0].what.contains("make install"), "{run:?}");
    let screen = lab.gluon(&["capture", "1"]);
    assert!(screen.contains("⊘ denied: Bash(make install"), "{screen}");
    assert!(screen.contains("✗ nothing was done"), "{screen}");
    assert!(lab.gluon(&["show", "1"]).contains("2 (Bash(make install"));
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_is_refused_what_its_sandbox_does_not_allow() {
    let Some(lab) = Lab::codex() else { return };
    lab.model.play("make", vec![reply([Act::run("touch x")])]);
    let mut watch = lab.start_as(&CODEX, "Install it. play:make").await;
    let (reason, _) = over(&mut watch).await;
    let words = "it ended well having done nothing: 1 permission was denied (Shell)";
    assert_eq!(reason, Some(Reason::Failed(words.into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_the_service_are_told_apart() {
    use FailureKind::{Auth, Billing, Limit, Overload};
    let refused = Act::fail(401, "authentication_error", "invalid x-api-key");
    let poor = Act::fail(
        400,
        "invalid_request_error",
        "Your credit balance is too low",
    );
    let busy = Act::fail(529, "overloaded_error", "Overloaded");
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (act, kind) in [
        (refused, Auth),
        (poor, Billing),
        (busy, Overload),
        (Act::used_up(now + 3600), Limit),
    ] {
        let Some(lab) = Lab::claude() else { return };
        lab.model.play("fail", vec![reply([act])]);
        let mut watch = lab.start_as(&CLAUDE, "Say hello. play:fail").await;
        let (reason, detail) = over(&mut watch).await;
        let run = detail.last_run.unwrap();
        let failure = run.failure.unwrap();
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert_eq!(reason, Some(Reason::Failed(failure.text)));
    }
    for (act, kind) in [
        (Act::fail(401, "authentication_error", "invalid key"), Auth),
        (
            Act::fail(429, "insufficient_quota", "You exceeded your quota"),
            Billing,
        ),
    ] {
        let Some(lab) = Lab::codex() else { return };
        lab.model.play("fail", vec![reply([act])]);
        let mut watch = lab.start_as(&CODEX, "Say hello. play:fail").await;
        let (reason, detail) = over(&mut watch).await;
        let failure = detail.last_run.unwrap().failure.unwrap();
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert_eq!(reason, Some(Reason::Failed(failure.text)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_from_its_pane_or_stopped_it_can_go_on() {
    let Some(lab) = Lab::claude() else { return };
    let hold = [reply([Act::run("ls")]), reply([Act::gate("never")])];
    lab.model.play("hold", hold.to_vec());
    let mut watch = lab.start_as(&CLAUDE, "Please think. play:hold").await;
    lab.model.wait_held("never");
    lab.gluon(&["keys", "1", "ctrl-c"]);
    lab.model
        .wait("the interrupt", |what| matches!(what, Happening::HungUp(_)));
    let (reason, _) = over(&mut watch).await;
    assert_eq!(reason, Some(Reason::Stopped));

    lab.model.play("more", vec![reply([Act::gate("never")])]);
    lab.gluon(&["send", "1", "Go on. play:more"]);
    lab.model.wait_held("never");
    watch
        .shows("work", |activity| *activity == Activity::Working)
        .await;
    lab.gluon(&["stop", "1"]);
    let detail = watch.detail().await;
    assert_eq!(detail.card.task.status, Status::Queued);
    assert_eq!(detail.card.task.reason, Some(Reason::Stopped));
    assert!(detail.card.session.unwrap().resumable);
}
