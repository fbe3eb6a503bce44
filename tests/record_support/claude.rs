//! The cases of Claude Code.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::common::{self, again, begin_anew, fail};
use super::{Script, Stage};
use crate::real_support::model::{Act, Happening, reply};

pub const CASES: &[Script] = &[
    ("turn", "a prompt, an answer, another prompt", common::turn),
    ("steps", "a turn of many quick steps", steps),
    (
        "permission-yes",
        "leave is asked for and given",
        permission_yes,
    ),
    (
        "permission-no",
        "leave is asked for and refused",
        permission_no,
    ),
    ("question", "a question is asked and answered", question),
    ("interrupt", "a turn is interrupted", common::interrupt),
    ("queued", "a prompt is typed while it works", common::queued),
    ("fail-401", "the key is refused", fail_401),
    ("limit-429", "the usage limit is reached", limit_429),
    (
        "overloaded-529",
        "the service is overloaded, then not",
        overloaded_529,
    ),
    (
        "overloaded-mid",
        "the service fails in the middle of an answer",
        overloaded_mid,
    ),
    (
        "dropped",
        "the connection breaks in the middle of an answer",
        dropped,
    ),
    ("clear", "the conversation is cleared", clear),
    ("compact", "the conversation is made shorter", compact),
    ("subagent", "a subagent works in the background", subagent),
    (
        "background",
        "a shell goes on in the background",
        background,
    ),
    (
        "hang",
        "the model falls silent in the middle of an answer",
        common::hang,
    ),
    (
        "killed",
        "the process is killed while it works",
        common::killed,
    ),
    ("resize", "the terminal is resized", common::resize),
    ("resume", "an earlier conversation goes on", common::resume),
    ("quit", "it is left by the user", common::quit),
];

const DIALOG: &str = "Do you want to";

fn steps(stage: &mut Stage) {
    common::steps(stage, |number| Act::run(&format!("ls -{number}")));
}

fn dialog(stage: &mut Stage) {
    stage.answered("working|waiting(permission)", "it wants to use a tool");
    stage.sees(DIALOG, true, "waiting(permission)", "its dialog stands");
}

fn approve(stage: &mut Stage) {
    stage.truth("waiting(permission)|working", "yes is typed");
    stage.keys("1", "1");
}

fn permission_yes(stage: &mut Stage) {
    let first = reply([Act::gate("think"), Act::write("note.txt", "hello\n")]);
    let then = reply([Act::gate("then"), Act::say("Written.")]);
    stage.model().play("write", vec![first, then]);
    stage.start(Some("Write a note. play:write"));
    stage.asked();
    stage.rest(2.0);
    stage.open("think");
    dialog(stage);
    stage.asks("note.txt");
    stage.rest(8.0);
    approve(stage);
    stage.asked();
    stage.rest(2.0);
    stage.open("then");
    stage.finished();
    stage.rest(3.0);
}

fn permission_no(stage: &mut Stage) {
    let run = reply([Act::run("touch note.txt")]);
    stage.model().play("run", vec![run]);
    stage.start(Some("Run something. play:run"));
    stage.asked();
    dialog(stage);
    stage.asks("touch note.txt");
    stage.rest(3.0);
    stage.truth(
        "waiting(permission)|idle",
        "no is typed, which ends the turn",
    );
    stage.keys("\x1b", "escape");
    stage.sees(DIALOG, false, "idle", "its dialog is gone");
    stage.rest(4.0);
    again(stage);
}

fn question(stage: &mut Stage) {
    let ask = reply([Act::Ask("Which colour?".into())]);
    let then = reply([Act::gate("then"), Act::say("Red it is.")]);
    stage.model().play("ask", vec![ask, then]);
    stage.start(Some("Ask me something. play:ask"));
    stage.asked();
    stage.answered("working|waiting(question)", "it asks");
    stage.sees(
        "Enter to select",
        true,
        "waiting(question)",
        "its question stands",
    );
    stage.asks("Which colour?");
    stage.rest(3.0);
    stage.truth("waiting(question)|working", "an answer is chosen");
    stage.keys("\r", "enter");
    stage.asked();
    stage.rest(2.0);
    stage.open("then");
    stage.finished();
    stage.rest(3.0);
}

fn fail_401(stage: &mut Stage) {
    let refusal = Act::fail(401, "authentication_error", "invalid x-api-key");
    fail(stage, refusal, "waiting(auth)");
}

fn limit_429(stage: &mut Stage) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let then = now.expect("after 1970") + Duration::from_secs(3600);
    fail(stage, Act::used_up(then.as_secs() / 3600 * 3600), "limited");
}

fn overloaded_529(stage: &mut Stage) {
    let refusal = Act::fail(529, "overloaded_error", "Overloaded");
    fail(stage, refusal, "idle");
}

fn overloaded_mid(stage: &mut Stage) {
    common::breaks(stage, Act::Overload, "idle");
}

fn dropped(stage: &mut Stage) {
    common::breaks(stage, Act::Drop, "idle");
}

fn clear(stage: &mut Stage) {
    begin_anew(stage, "/clear");
}

fn compact(stage: &mut Stage) {
    stage.greet();
    stage.truth("idle|working", "the command is submitted");
    stage.command("/compact");
    let asked = stage.next("a summary", |what| matches!(what, Happening::Asked(_)));
    stage.truth_since(&asked, "working", "the model is asked for a summary");
    let given = stage.next("the summary", |what| {
        matches!(what, Happening::Answered { .. })
    });
    stage.truth_since(&given, "working|idle", "the summary is given");
    stage.sees(
        "Conversation compacted",
        true,
        "idle",
        "it says that it is done",
    );
    stage.rest(4.0);
    again(stage);
}

/// The turn ends before the subagent does, whose end begins another.
fn subagent(stage: &mut Stage) {
    let first = reply([Act::Delegate("Look into it. play:errand".into())]);
    let then = reply([Act::gate("then"), Act::say("Somebody is on it.")]);
    stage.model().play("delegate", vec![first, then]);
    let errand = [
        reply([Act::run("ls")]),
        reply([Act::gate("errand"), Act::say("Found.")]),
    ];
    stage.model().play("errand", errand.to_vec());
    stage.start(Some("Delegate it. play:delegate"));
    stage.asked();
    stage.held("errand");
    stage.background(1);
    stage.rest(3.0);
    // The turn is over and its subagent works: the agent itself calls that busy.
    stage.truth(
        "working|idle",
        "the last answer is given, its subagent works",
    );
    stage.open("then");
    stage.rest(4.0);
    stage.background(0);
    stage.truth("idle|working", "the subagent is about to end");
    stage.skip();
    stage.open("errand");
    stage.answered("idle|working", "the subagent has ended");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

/// As with the subagent: the end of the shell begins another turn.
fn background(stage: &mut Stage) {
    let input = json!({
        "command": "sleep 9",
        "description": "Wait",
        "run_in_background": true,
    });
    let first = reply([Act::Tool("Bash".into(), input)]);
    let then = reply([Act::say("It waits.")]);
    stage.model().play("shell", vec![first, then]);
    stage.start(Some("Wait in the background. play:shell"));
    stage.asked();
    stage.answered("working", "a shell runs that needs no leave");
    stage.finished();
    stage.background(1);
    stage.rest(5.0);
    stage.background(0);
    stage.truth("idle|working", "the shell is about to end");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}
