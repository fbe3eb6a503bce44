//! A loop whose agent tells what it does as Claude Code does, and does what a shell script says.

use std::os::unix::fs::PermissionsExt;

use gluon::domain::loops::NewLimits;
use gluon::domain::{Mode, TaskId};
use gluon::protocol::{Api, ControlLoop, LoopControl, LoopView, NewLoop, NewTask, TaskCard};

use super::{Watcher, World};

/// Counts the iterations outside of the worktree, as `$n`, and keeps what each was told and how it was called.
const AGENT: &str = r#"#!/bin/sh
for prompt; do :; done
id=$2
n=$(( $(cat ROOT/count 2>/dev/null || echo 0) + 1 )); echo $n > ROOT/count
printf '%s' "$prompt" > ROOT/prompt$n
printf '%s %s' "$1" "$2" > ROOT/call$n
save() { git add -A && git -c user.name=a -c user.email=a@b commit -qm "$1"; }
tell() { printf '{"type":"result","subtype":"success","is_error":%s,"result":"%s","session_id":"%s",%s"permission_denials":[]}\n' "$1" "$2" "$id" "$3"; }
result() { tell "$1" "$2" '"total_cost_usd":0.25,"usage":{},"modelUsage":{"m":{"inputTokens":10,"outputTokens":5,"costUSD":0.25}},'; }
block() { printf '%s' "---RALPH_STATUS---\\nSTATUS: $1\\nEXIT_SIGNAL: $2\\n---END_RALPH_STATUS---"; }
hold() { while ! [ -e ROOT/$1 ]; do sleep 0.05; done; }
printf '{"type":"system","subtype":"init","session_id":"%s","model":"m"}\n' "$id"
"#;

/// The task of such a loop, with no pause between iterations.
pub fn streaming(world: &World, body: &str) -> NewTask {
    let (dir, program) = (world.dir.path(), world.dir.path().join("fake"));
    let script = AGENT.replace("ROOT", dir.to_str().unwrap()) + body + "\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::create_dir_all(world.paths.agents()).unwrap();
    let manifest = format!(
        "title = \"Fake\"\nprogram = \"{}\"\nconversation = \"chosen\"\nstream = \"claude\"\nfirst_prompt = \"argument\"\n\
         [start]\nargs = [[\"--\", \"{{prompt}}\"]]\n\
         [headless]\nargs = [[\"--session-id\", \"{{conversation}}\"], [\"--\", \"{{prompt}}\"]]\n\
         [headless_resume]\nargs = [\"--resume\", \"{{conversation}}\", [\"--\", \"{{prompt}}\"]]\n",
        program.display()
    );
    std::fs::write(world.paths.agents().join("fake.toml"), manifest).unwrap();
    NewTask {
        agent: Some("fake".into()),
        command: None,
        prompt: "Write the parser.".into(),
        mode: Mode::Loop,
        looped: Some(NewLoop {
            limits: NewLimits {
                pause: Some(0),
                ..NewLimits::default()
            },
            ..NewLoop::default()
        }),
        ..world.task("")
    }
}

/// What iteration `number` of such a loop was told.
pub fn prompt(world: &World, number: u32) -> String {
    kept(world, "prompt", number)
}

/// How it was called: the first two arguments.
pub fn call(world: &World, number: u32) -> String {
    kept(world, "call", number)
}

fn kept(world: &World, what: &str, number: u32) -> String {
    let path = world.dir.path().join(format!("{what}{number}"));
    std::fs::read_to_string(path).unwrap()
}

/// Opens a gate at which the agent holds.
pub fn open(world: &World, gate: &str) {
    std::fs::write(world.dir.path().join(gate), "").unwrap();
}

pub async fn begin(watcher: &Watcher, task: NewTask) -> TaskId {
    watcher.client.create_task(task).await.unwrap().task.id
}

pub fn view(card: &TaskCard) -> &LoopView {
    card.loop_view.as_ref().expect("a loop")
}

/// Whether a card's loop has begun and is as `wanted` likes it.
pub fn seen(card: &TaskCard, wanted: impl Fn(&LoopView) -> bool) -> bool {
    card.loop_view.as_ref().is_some_and(wanted)
}

/// Waits until a loop is as `wanted` likes it.
pub async fn until(
    watcher: &mut Watcher,
    task: TaskId,
    wanted: impl Fn(&LoopView) -> bool,
) -> TaskCard {
    watcher.card(task, |card| seen(card, &wanted)).await
}

pub async fn steer(watcher: &Watcher, task: TaskId, what: LoopControl) -> LoopView {
    let control = ControlLoop { task, what };
    watcher.client.control_loop(control).await.unwrap()
}
