//! The cases of Gemini CLI.

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
        "overloaded-500",
        "the service fails, then not",
        overloaded_500,
    ),
    (
        "dropped",
        "the connection breaks in the middle of an answer",
        dropped,
    ),
    ("clear", "the conversation is cleared", clear),
    ("compact", "the conversation is made shorter", compact),
    ("subagent", "a subagent does it", subagent),
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

const DIALOG: &str = "Allow execution of";

/// Looking needs no leave.
fn steps(stage: &mut Stage) {
    common::steps(stage, |number| {
        let pattern = format!("*.{number}");
        Act::Tool("glob".into(), json!({"pattern": pattern}))
    });
}

fn ask(stage: &mut Stage, then: Act) {
    let first = reply([Act::gate("think"), Act::run("touch note.txt")]);
    let then = reply([then, Act::say("Done.")]);
    stage.model().play("run", vec![first, then]);
    stage.start(Some("Run something. play:run"));
    stage.asked();
    stage.rest(2.0);
    stage.open("think");
    stage.answered("working|waiting(permission)", "it wants to run a command");
    stage.sees(DIALOG, true, "waiting(permission)", "its dialog stands");
    stage.asks("touch note.txt");
    stage.rest(6.0);
}

fn permission_yes(stage: &mut Stage) {
    ask(stage, Act::gate("then"));
    stage.truth("waiting(permission)|working", "yes is chosen");
    stage.keys("\r", "enter");
    stage.asked();
    stage.rest(2.0);
    stage.open("then");
    stage.finished();
    stage.rest(3.0);
}

fn permission_no(stage: &mut Stage) {
    ask(stage, Act::say("Never."));
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
    let stands = "its question stands";
    stage.sees("Which colour?", true, "waiting(question)", stands);
    stage.asks("Which colour?");
    stage.rest(4.0);
    stage.truth("waiting(question)|working", "an answer is chosen");
    stage.keys("\r", "enter");
    stage.asked();
    stage.rest(2.0);
    stage.open("then");
    stage.finished();
    stage.rest(3.0);
}

fn fail_401(stage: &mut Stage) {
    let refusal = Act::fail(401, "UNAUTHENTICATED", "API key not valid.");
    fail(stage, refusal, "waiting(auth)");
}

/// It asks whether to keep trying.
fn limit_429(stage: &mut Stage) {
    let words = "You exceeded your current quota. Please retry in 3600s.";
    let limit = Act::fail(429, "RESOURCE_EXHAUSTED", words);
    stage.model().play("fail", vec![reply([limit])]);
    stage.greet();
    stage.prompt("Once more. play:fail");
    stage.asked();
    let failed = |what: &Happening| matches!(what, Happening::Failed { .. });
    let failed = stage.next("the refusal", failed);
    let why = "the service refuses for an hour";
    stage.truth_since(&failed, "working|limited", why);
    let stands = "it says so, and asks what to do";
    stage.sees("Usage limit reached", true, "limited", stands);
    stage.rest(6.0);
    stage.truth("limited|idle", "to stop is chosen");
    stage.keys("2", "2");
    let gone = "its dialog is gone";
    stage.sees("Usage limit reached", false, "idle", gone);
    stage.rest(4.0);
    again(stage);
}

/// It tries again; the service is back a little later.
fn overloaded_500(stage: &mut Stage) {
    let refusal = Act::fail(500, "INTERNAL", "An internal error.");
    stage.model().play("fail", vec![reply([refusal])]);
    stage.greet();
    stage.prompt("Once more. play:fail");
    stage.asked();
    stage.rest(8.0);
    let back = vec![reply([Act::say("Back.")])];
    stage.model().play("fail", back);
    stage.skip();
    stage.finished();
    stage.rest(3.0);
}

fn dropped(stage: &mut Stage) {
    common::breaks(stage, Act::Drop, "idle");
}

fn clear(stage: &mut Stage) {
    begin_anew(stage, "/clear");
}

fn compact(stage: &mut Stage) {
    stage.greet();
    again(stage);
    stage.truth("idle|working", "the command is submitted");
    stage.command("/compress");
    let asked = stage.next("a summary", |what| matches!(what, Happening::Asked(_)));
    stage.truth_since(&asked, "working|idle", "the model is asked for a summary");
    stage.sees("ompressed", true, "idle", "it says that it is done");
    stage.rest(4.0);
    again(stage);
}

/// Its subagents work in the foreground.
fn subagent(stage: &mut Stage) {
    let first = reply([Act::Delegate("Look into it. play:errand".into())]);
    stage.model().play("delegate", vec![first]);
    let done = json!({"result": {"response": "Found."}});
    let errand = [
        reply([Act::Tool("glob".into(), json!({"pattern": "*"}))]),
        reply([Act::gate("errand"), Act::Tool("complete_task".into(), done)]),
    ];
    stage.model().play("errand", errand.to_vec());
    stage.start(Some("Delegate it. play:delegate"));
    stage.asked();
    stage.held("errand");
    stage.rest(5.0);
    stage.skip();
    stage.open("errand");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}
