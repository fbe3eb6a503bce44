//! The real Claude Code and Codex in a loop: a feature over several iterations, a stuck one, a usage limit, and
//! a daemon that dies in the middle. What an iteration does is chosen by its prompt: the task names the first
//! play, and what an iteration recommends, which the next one is told, the following.
#![allow(clippy::unwrap_used)]

mod real_support;

use gluon::domain::loops::{BreakerState, CheckOutcome, PartKind};
use gluon::domain::{Activity, Reason, Status};
use gluon::protocol::{Api, LoopStage, LoopView, TaskDetail};
use real_support::model::{Act, Play, reply};
use real_support::{Lab, TASK, Watch};
use serde_json::json;

/// Checks, in the words that make tests read like the issue they hold.
const CHECK: &str = "test -e good.txt || { echo 'error: no good.txt'; exit 3; }";

/// One of the two CLIs.
struct Agent {
    name: &'static str,
    lab: fn() -> Option<Lab>,
    /// The call of its shell that nobody is asked about.
    shell: fn(&str) -> Act,
}

const CLAUDE: Agent = Agent {
    name: "claude",
    lab: claude,
    shell: Act::run,
};
const CODEX: Agent = Agent {
    name: "codex",
    lab: Lab::codex,
    shell: |command| Act::Tool("exec_command".into(), json!({ "cmd": command })),
};

/// Claude Code that may use its shell without being asked.
fn claude() -> Option<Lab> {
    let lab = Lab::claude()?;
    let allowed = json!({"permissions": {"allow": ["Bash"]}});
    lab.write_home(".claude/settings.json", &allowed.to_string());
    Some(lab)
}

/// The final message of an iteration; `next` names the play of the following one.
fn says(status: &str, exit: bool, next: &str) -> Play {
    vec![reply([Act::Say(format!(
        "That was it.\n\n---RALPH_STATUS---\nSTATUS: {status}\nEXIT_SIGNAL: {exit}\n\
         RECOMMENDATION: play:{next}\n---END_RALPH_STATUS---"
    ))])]
}

impl Agent {
    /// An iteration that runs a command.
    fn does(&self, command: &str, last: Play) -> Play {
        [vec![reply([(self.shell)(command)])], last].concat()
    }

    /// Begins the loop with the play `first`.
    async fn begin<'a>(&self, lab: &'a Lab, flags: &[&str]) -> Watch<'a> {
        let mut all = vec!["--loop", "--agent", self.name, "--rest", "0s"];
        all.extend(flags);
        lab.start_as(&all, "Write the feature. play:first").await
    }
}

fn view(detail: &TaskDetail) -> &LoopView {
    detail.card.loop_view.as_ref().expect("a loop")
}

fn seen(detail: &TaskDetail, wanted: impl Fn(&LoopView) -> bool) -> bool {
    detail.card.loop_view.as_ref().is_some_and(wanted)
}

/// Waits until the loop is over.
async fn over(watch: &mut Watch<'_>) -> TaskDetail {
    let over = |detail: &TaskDetail| detail.card.task.status == Status::Review;
    watch.until("the end of the loop", over).await
}

/// What the iterations' prompts were, the first of each.
fn prompts(lab: &Lab) -> Vec<String> {
    let turns = lab.model.turns().into_iter();
    turns
        .filter(|turn| turn.step == 0)
        .map(|turn| turn.prompt)
        .collect()
}

async fn builds_a_feature(agent: Agent) {
    let Some(lab) = (agent.lab)() else { return };
    let plan = "printf -- '- [x] one\\n- [ ] two\\n' > TODO.md && echo half > half.txt";
    // It says that it is complete; the check says that it is not.
    let lies = "printf -- '- [x] one\\n- [x] two\\n' > TODO.md && echo more > more.txt";
    let last = "echo good > good.txt";
    let model = &lab.model;
    model.play(
        "first",
        agent.does(plan, says("IN_PROGRESS", false, "second")),
    );
    model.play("second", agent.does(lies, says("COMPLETE", true, "third")));
    model.play("third", agent.does(last, says("COMPLETE", true, "nothing")));
    let mut watch = agent.begin(&lab, &["--check", CHECK]).await;
    let detail = over(&mut watch).await;
    assert_eq!(
        detail.card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        view(&detail)
    );
    let ended = view(&detail);
    assert!(matches!(
        ended.stage,
        LoopStage::Ended { complete: true, .. }
    ));
    assert_eq!(ended.breaker.state, BreakerState::Closed);
    for part in [PartKind::Block, PartKind::Plan, PartKind::Check] {
        let found = ended.confidence.parts.iter().find(|seen| seen.what == part);
        assert!(found.is_some_and(|seen| seen.points > 0), "{part:?}");
    }
    let history = watch.client.loop_history(TASK).await.unwrap().iterations;
    let checks: Vec<_> = history
        .iter()
        .rev()
        .map(|one| (one.progress, one.check))
        .collect();
    let (passed, failed) = (Some(CheckOutcome::Passed), Some(CheckOutcome::Failed));
    assert_eq!(checks, [(true, failed), (true, failed), (true, passed)]);

    // A fresh conversation each, which is told what it must know of the ones before.
    let told = prompts(&lab);
    assert_eq!(told.len(), 3, "{}", lab.journal());
    assert!(!told[0].contains("did not pass"));
    for words in ["error: no good.txt", "play:second", "1 of 2", "Iteration 1"] {
        assert!(told[1].contains(words), "no {words} in\n{}", told[1]);
    }
    assert!(told[2].contains("error: no good.txt") && told[2].contains("2 of 2"));
    assert_eq!((detail.sessions.len(), detail.runs.len()), (1, 3));
    // Shown as text while it happened, not as JSON.
    let screen = lab.gluon(&["capture", "1", "--scrollback", "500"]);
    for words in [
        "iteration 3",
        "echo good > good.txt",
        "the check passed",
        "the loop ended",
    ] {
        assert!(screen.contains(words), "no {words} in\n{screen}");
    }
    assert!(!screen.contains("{\""), "{screen}");
    // What it cost is known, and the loop's sum is the task's.
    let cost = detail.card.cost.expect("a cost").usd;
    assert!(cost.0 > 0);
    assert_eq!(view(&detail).spent, cost);
    // Nothing of gluon's is in the worktree.
    let status = lab.home.git(&lab.worktree(), &["status", "--porcelain"]);
    let mut files: Vec<&str> = status.lines().map(|line| &line[3..]).collect();
    files.sort_unstable();
    assert_eq!(files, ["TODO.md", "good.txt", "half.txt", "more.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_builds_a_feature_over_several_iterations() {
    builds_a_feature(CLAUDE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_builds_a_feature_over_several_iterations() {
    builds_a_feature(CODEX).await;
}

async fn gets_nowhere(agent: Agent) {
    let Some(lab) = (agent.lab)() else { return };
    lab.model.play("first", says("IN_PROGRESS", false, "first"));
    // The same check fails with no change in between: open after the third.
    let mut watch = agent.begin(&lab, &["--check", CHECK]).await;
    let detail = over(&mut watch).await;
    let words = "the same failing check with no change 3 times in a row";
    assert!(
        matches!(&detail.card.task.reason, Some(Reason::Failed(why)) if why.contains(words)),
        "{:?}",
        detail.card.task.reason
    );
    let stuck = view(&detail);
    assert_eq!(
        (stuck.iteration, stuck.breaker.state),
        (3, BreakerState::Open)
    );
    assert!(matches!(stuck.stage, LoopStage::Ended { bad: true, .. }));
    assert!(lab.gluon(&["loop", "status", "1"]).contains(words));

    // "Continue" gives it one iteration to try, which may close it again.
    lab.model.play(
        "first",
        agent.does("echo good > good.txt", says("COMPLETE", true, "nothing")),
    );
    lab.gluon(&["loop", "continue", "1"]);
    let complete = |detail: &TaskDetail| detail.card.task.reason == Some(Reason::Finished);
    let detail = watch.until("the probe to succeed", complete).await;
    let probed = view(&detail);
    assert_eq!(
        (probed.iteration, probed.breaker.state),
        (4, BreakerState::Closed)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_getting_nowhere_is_stopped_by_the_breaker() {
    gets_nowhere(CLAUDE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_getting_nowhere_is_stopped_by_the_breaker() {
    gets_nowhere(CODEX).await;
}

async fn outlives_the_daemon(agent: Agent) {
    let Some(lab) = (agent.lab)() else { return };
    let mut first = agent.does("echo one > one.txt", says("IN_PROGRESS", false, "second"));
    first[1].acts.insert(0, Act::gate("hold"));
    lab.model.play("first", first);
    lab.model.play(
        "second",
        agent.does("echo good > good.txt", says("COMPLETE", true, "nothing")),
    );
    let mut watch = agent.begin(&lab, &["--check", CHECK]).await;
    lab.model.wait_held("hold");
    let running = |detail: &TaskDetail| {
        seen(detail, |view| {
            matches!(view.stage, LoopStage::Running { .. })
        })
    };
    let before = watch.until("the iteration", running).await;
    let run = before.runs[0].id;
    let (daemon, keeper) = lab.home.servers();
    real_support::support::kill(daemon);
    watch.reconnected().await;
    let after = watch.detail().await;
    assert_eq!(view(&after).iteration_at, view(&before).iteration_at);
    assert_eq!((view(&after).iteration, after.runs.len()), (1, 1));
    let (next, same) = lab.home.servers();
    assert!(next != daemon && same == keeper);
    lab.model.open("hold");
    let detail = over(&mut watch).await;
    assert_eq!(
        detail.card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        view(&detail)
    );
    let history = watch.client.loop_history(TASK).await.unwrap().iterations;
    let told: Vec<_> = history
        .iter()
        .rev()
        .map(|one| (one.number, one.progress))
        .collect();
    assert_eq!(told, [(1, true), (2, true)], "{}", lab.journal());
    assert!(detail.runs.iter().any(|one| one.id == run));
    // Nothing was asked twice.
    assert_eq!(prompts(&lab).len(), 2, "{}", lab.journal());
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_goes_on_when_the_daemon_dies_in_the_middle() {
    outlives_the_daemon(CLAUDE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_goes_on_when_the_daemon_dies_in_the_middle() {
    outlives_the_daemon(CODEX).await;
}

/// Seconds since 1970.
fn now() -> u64 {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Is told of a usage limit, waits for its end and goes on with nobody's help.
async fn waits_for_a_limit(agent: Agent, lab: Lab, limit: Act) {
    lab.model.play("first", vec![reply([limit])]);
    let mut watch = agent.begin(&lab, &["--check", CHECK]).await;
    let parked = |view: &LoopView| matches!(view.stage, LoopStage::Parked { limit: true, .. });
    let detail = watch
        .until("the limit", |detail| seen(detail, parked))
        .await;
    let session = detail.card.session.as_ref().unwrap();
    let Activity::Limited(Some(until)) = session.activity else {
        panic!("{:?}", session.activity);
    };
    let wait = until.0 / 1000 - now() as i64;
    assert!(wait < 120, "{wait} s: not as it was told");
    assert_eq!(
        (detail.card.task.status, view(&detail).counted),
        (Status::Running, 0)
    );
    let last = agent.does("echo good > good.txt", says("COMPLETE", true, "nothing"));
    lab.model.play("first", last);
    let detail = over(&mut watch).await;
    assert_eq!(
        detail.card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        view(&detail)
    );
    let done = view(&detail);
    // What the limit ended counts for nothing, neither as an iteration nor for the breaker.
    assert_eq!((done.iteration, done.counted), (2, 1));
    assert_eq!(done.breaker.state, BreakerState::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_parked_by_a_usage_limit_goes_on_by_itself() {
    let Some(mut lab) = claude() else { return };
    // Who pays by the key has no such limits; this is a plan's.
    lab.home.set_env("ANTHROPIC_API_KEY", "");
    lab.home
        .set_env("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-dummy-of-the-tests");
    // Long enough to be seen, short enough to be waited for.
    waits_for_a_limit(CLAUDE, lab, Act::used_up(now() + 4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_parked_by_a_usage_limit_goes_on_by_itself() {
    let Some(mut lab) = Lab::codex() else { return };
    // It tells hour and minute alone. The zone is one whose minute is over soon.
    let left = 60 - (now() + 6) % 60;
    lab.home
        .set_env("TZ", format!("TST-00:00:{:02}", left % 60));
    let error = json!({"error": {
        "type": "usage_limit_reached",
        "message": "The usage limit has been reached",
        "plan_type": "plus",
        "resets_at": now() + 6,
    }});
    waits_for_a_limit(CODEX, lab, Act::Refuse(429, error)).await;
}
