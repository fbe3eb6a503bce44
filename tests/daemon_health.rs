//! How an agent is doing: from its hooks, its children and its silence to the dot, the inbox and the history.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::PATIENCE;
use daemon_support::told::Told;
use gluon::domain::health::Sign;
use gluon::domain::{Health, HealthRule, Need, Verdict};
use gluon::protocol::{Api, TaskDetail, inbox};

const ID: &str = "774b20e8-4b92-4a9f-855f-952f924f3b7e";
/// Everything a minute and more takes, in seconds.
const QUICK: &str = "[health]\nevery = 1\nslow = 3\nstuck = 6\n";
const PROMPT: &str = r#""hook_event_name":"UserPromptSubmit""#;

async fn becomes(told: &mut Told, health: Option<Health>, rule: HealthRule) -> Verdict {
    let is = |verdict: &Verdict| verdict.health == health && verdict.rule == rule;
    let becoming = told.session(|session| session.health.as_ref().is_some_and(is));
    match tokio::time::timeout(PATIENCE / 2, becoming).await {
        Ok(card) => card.session.unwrap().health.unwrap(),
        Err(_) => panic!(
            "not {health:?} by {rule:?}: {:#?}",
            detail(told).await.health
        ),
    }
}

async fn detail(told: &Told) -> TaskDetail {
    told.watcher.client.show_task(told.task).await.unwrap()
}

fn call(command: &str, output: &str) -> String {
    format!(
        r#""hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{{"command":"{command}"}},"tool_response":{{"stdout":"{output}"}}"#
    )
}

#[tokio::test]
async fn who_is_silent_becomes_slow_then_stuck_and_a_child_at_work_is_life() {
    let mut told = Told::with_config(QUICK).await;
    told.hook(ID, PROMPT).await;
    becomes(&mut told, Some(Health::Healthy), HealthRule::Progress).await;
    becomes(&mut told, Some(Health::Slow), HealthRule::Silent).await;
    if !cfg!(target_os = "linux") {
        // Whether a child works cannot be seen, so nobody is said to be stuck.
        return;
    }
    let verdict = becomes(&mut told, Some(Health::Stuck), HealthRule::Dead).await;
    assert_eq!(
        verdict.evidence,
        "nothing was seen of it, and no child process works"
    );
    let board = told.watcher.client.board(()).await.unwrap();
    let entry = &inbox(&board.cards)[0];
    assert_eq!((entry.need, &entry.words), (Need::Stuck, &verdict.evidence));

    told.does("busy").await;
    becomes(&mut told, Some(Health::Healthy), HealthRule::Progress).await;
    let signs = detail(&told).await.health.unwrap().signs;
    let busy = signs
        .iter()
        .any(|(_, sign)| matches!(sign, Sign::Child { name, .. } if name == "sh"));
    assert!(busy, "{signs:?}");
    // A child that waits for something is no life, but no reason to call its agent stuck either.
    told.does("waits").await;
    becomes(&mut told, Some(Health::Slow), HealthRule::Silent).await;
    let verdict = becomes(&mut told, Some(Health::Slow), HealthRule::ChildWaits).await;
    assert!(
        verdict.evidence.contains("its child sleep 999 is there"),
        "{verdict:?}"
    );

    // Each change from well to ill and back is in the history, once.
    told.hook(ID, &call("ls", "a")).await;
    becomes(&mut told, Some(Health::Healthy), HealthRule::Progress).await;
    let events = detail(&told).await.events;
    let health: Vec<&str> = events
        .iter()
        .rev()
        .filter(|event| event.kind == "health")
        .map(|event| event.detail.split([':', ' ']).next().unwrap())
        .collect();
    assert_eq!(
        health,
        ["slow", "stuck", "healthy", "slow", "healthy"],
        "{events:?}"
    );

    // Who waits for the user is not ill, however long.
    let asks = r#""hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{"command":"rm x"}"#;
    told.hook(ID, asks).await;
    becomes(&mut told, None, HealthRule::Waiting).await;
}

#[tokio::test]
async fn who_does_the_same_over_and_over_loops_until_it_does_something_else() {
    let mut told = Told::with_config("[health]\nevery = 1\n").await;
    told.hook(ID, PROMPT).await;
    for _ in 0..3 {
        told.hook(ID, &call("make", "1 test failed")).await;
    }
    let verdict = becomes(&mut told, Some(Health::Looping), HealthRule::SameCall).await;
    assert!(verdict.evidence.ends_with(": Bash: make"), "{verdict:?}");
    assert_eq!(verdict.seen.len(), 3);
    let board = told.watcher.client.board(()).await.unwrap();
    assert_eq!(inbox(&board.cards)[0].need, Need::Looping);
    for other in ["a", "b", "c"] {
        told.hook(ID, &call("ls", other)).await;
    }
    becomes(&mut told, Some(Health::Healthy), HealthRule::Progress).await;

    let failed = r#""hook_event_name":"PostToolUseFailure","tool_name":"Bash","tool_input":{"command":"cargo test NUMBER"},"error":"error[E0308]: mismatched types""#;
    for number in ["1", "2", "3"] {
        told.hook(ID, &failed.replace("NUMBER", number)).await;
    }
    becomes(&mut told, Some(Health::Looping), HealthRule::SameError).await;
    // A word from the user begins anew.
    told.hook(ID, PROMPT).await;
    becomes(&mut told, Some(Health::Healthy), HealthRule::Progress).await;
}

#[tokio::test]
async fn a_file_that_goes_back_and_forth_is_seen_in_the_work_tree() {
    let config = "[health]\nevery = 1\nrewrites = 3\n";
    let mut told = Told::with_config(config).await;
    told.hook(ID, PROMPT).await;
    let session = told.session(|_| true).await.session.unwrap();
    let file = session.session.cwd.join("README");
    // As an editor would, now this, now that, each seen once before the next.
    let (mut seen, mut calls) = (0, 0);
    for turn in 0.. {
        std::fs::write(&file, if turn % 2 == 0 { "this" } else { "that" }).unwrap();
        let next = daemon_support::soon("a look at the tree", async {
            loop {
                let health = detail(&told).await.health.unwrap();
                let tree = |sign: &&(_, Sign)| matches!(sign.1, Sign::Tree(_));
                let trees = health.signs.iter().filter(tree).count();
                if trees > seen {
                    break (trees, health.verdict.rule);
                }
                calls += 1;
                // Something to look at the tree for, each time something else; no event tells that it was looked at.
                told.hook(ID, &call("date", &format!("{calls} o'clock")))
                    .await;
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            }
        });
        let (trees, rule) = next.await;
        if rule == HealthRule::BackAndForth {
            return;
        }
        assert!(turn < 9, "it never was called looping");
        seen = trees;
    }
}
