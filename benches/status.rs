//! How quickly what an agent does is known: the time a hook costs the agent, and the time until a client
//! hears of a change, by a hook and by the program's own word (OSC 7501).
//!
//! `cargo bench --bench status`; `GLUON_BENCH_TIMES` (default 300) is how often each is done. No verdicts
//! here: the figures are for people to read.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/daemon_support/mod.rs"]
mod daemon_support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use daemon_support::{Watcher, World};
use gluon::domain::{Activity, TaskId};
use gluon::protocol::{Api, Input};

/// A payload of the usual kind and length.
const PAYLOAD: &str = r#"{"session_id":"774b20e8-4b92-4a9f-855f-952f924f3b7e","transcript_path":"/home/me/.claude/projects/-home-me-work/774b20e8-4b92-4a9f-855f-952f924f3b7e.jsonl","cwd":"/home/me/work","permission_mode":"default","hook_event_name":"EVENT","tool_name":"Bash","tool_input":{"command":"cargo test --workspace","description":"Run the tests"},"background_tasks":[]}"#;
/// An agent that says what each line says that it is given; what it is called by is its run.
const AGENT: &str = r#"echo "$GLUON_RUN" > "$RUN_FILE"; while read state; do printf '\033]7501;state=%s:app=bench\007' "$state"; done"#;

/// Changes are told at most every 50 ms; an agent's are seconds apart.
const APART: Duration = Duration::from_millis(60);

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let times = std::env::var("GLUON_BENCH_TIMES").ok();
    let times = times.and_then(|times| times.parse().ok()).unwrap_or(300);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(times));
}

async fn measure(times: usize) {
    println!("| | median ms | p99 ms | worst ms |\n|---|---:|---:|---:|");
    let world = World::new();
    hooks(
        "a hook, no daemon",
        times,
        &world.paths.runtime,
        "1",
        &working(),
    );
    let mut watcher = world.client().await;
    let run_file = world.repo.join("run");
    let script = AGENT.replace("$RUN_FILE", run_file.to_str().unwrap());
    let card = watcher
        .client
        .create_task(world.task(&script))
        .await
        .unwrap();
    let task = card.task.id;
    let run = loop {
        let run = std::fs::read_to_string(&run_file).unwrap_or_default();
        if run.ends_with('\n') {
            break run.trim().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let runtime = &world.paths.runtime;
    hooks("a hook", times, runtime, &run, &working());
    hooks(
        "a hook with garbage",
        times,
        runtime,
        &run,
        &"\u{1b}{[".repeat(20_000),
    );
    settle(&mut watcher).await;
    let mut heard = Vec::new();
    for number in 0..times {
        let (event, activity) = match number % 2 {
            0 => ("Stop", Activity::Idle),
            _ => ("UserPromptSubmit", Activity::Working),
        };
        let start = Instant::now();
        hook(runtime, &run, &PAYLOAD.replace("EVENT", event));
        hears(&mut watcher, task, &activity).await;
        heard.push(start.elapsed());
        settle(&mut watcher).await;
    }
    report("a client hears of a hook (with its process)", heard);
    let mut heard = Vec::new();
    for number in 0..times {
        let (state, activity) = match number % 2 {
            0 => ("idle", Activity::Idle),
            _ => ("working", Activity::Working),
        };
        let input = Input::Raw(format!("{state}\n").into_bytes());
        let start = Instant::now();
        watcher
            .client
            .send_input((task, vec![input]))
            .await
            .unwrap();
        hears(&mut watcher, task, &activity).await;
        heard.push(start.elapsed());
        settle(&mut watcher).await;
    }
    report("a client hears of OSC 7501 (with a key typed)", heard);
}

fn working() -> String {
    PAYLOAD.replace("EVENT", "UserPromptSubmit")
}

/// Waits until nothing more is told: what is left of one change must not be taken for the next.
async fn settle(watcher: &mut Watcher) {
    while tokio::time::timeout(APART, watcher.events.recv())
        .await
        .is_ok()
    {}
}

/// Waits for the event that says so.
async fn hears(watcher: &mut Watcher, task: TaskId, activity: &Activity) {
    watcher
        .card(task, |card| {
            let session = card.session.as_ref();
            session.is_some_and(|session| session.activity == *activity)
        })
        .await;
}

fn hooks(name: &str, times: usize, runtime: &Path, run: &str, payload: &str) {
    report(
        name,
        (0..times).map(|_| hook(runtime, run, payload)).collect(),
    );
}

/// Runs a hook as an agent does; how long that takes.
fn hook(runtime: &Path, run: &str, payload: &str) -> Duration {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gluon"))
        .arg("hook")
        .env("GLUON_RUN", run)
        .env("GLUON_RUNTIME_DIR", runtime)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(payload.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
    start.elapsed()
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "| {name} | {:.1} | {:.1} | {:.1} |",
        at(50),
        at(99),
        at(100)
    );
}
