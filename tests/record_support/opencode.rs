//! The cases of opencode.

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
    ("new", "another conversation is begun", new),
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

const DIALOG: &str = "Permission required";

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
    let refusal = Act::fail(401, "invalid_api_key", "Incorrect API key provided.");
    fail(stage, refusal, "waiting(auth)");
}

/// It tries again until the limit is over: it is interrupted.
fn limit_429(stage: &mut Stage) {
    let later = vec![("retry-after".to_owned(), "3600".to_owned())];
    let limit = Act::Fail(429, "rate_limit".into(), "It is used up.".into(), later);
    stage.model().play("fail", vec![reply([limit])]);
    stage.greet();
    stage.prompt("Once more. play:fail");
    stage.asked();
    let failed = stage.next("the refusal", |what| {
        matches!(what, Happening::Failed { .. })
    });
    stage.truth_since(&failed, "limited", "the service refuses for an hour");
    stage.rest(5.0);
    stage.escape();
    stage.rest(3.0);
    again(stage);
}

/// It tries again; the service is back the third time.
fn overloaded_500(stage: &mut Stage) {
    let refusal = Act::fail(500, "server_error", "An internal error.");
    stage.model().play("fail", vec![reply([refusal])]);
    stage.greet();
    stage.prompt("Once more. play:fail");
    stage.asked();
    stage.rest(12.0);
    stage.model().play("fail", vec![reply([Act::say("Back.")])]);
    stage.skip();
    stage.finished();
    stage.rest(3.0);
}

/// It tries again; the service is back a little later.
fn dropped(stage: &mut Stage) {
    let broken = reply([Act::say("I was about to"), Act::gate("mid"), Act::Drop]);
    stage.model().play("mid", vec![broken]);
    stage.start(Some("Tell me. play:mid"));
    stage.asked();
    stage.rest(2.0);
    stage.open("mid");
    stage.rest(4.0);
    let back = vec![reply([Act::say("Back.")])];
    stage.model().play("mid", back);
    stage.skip();
    stage.finished();
    stage.rest(4.0);
}

fn new(stage: &mut Stage) {
    begin_anew(stage, "/new");
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
    stage.sees_end("idle");
    stage.rest(4.0);
    again(stage);
}

/// Its subagents work in the foreground.
fn subagent(stage: &mut Stage) {
    let first = reply([Act::Delegate("Look into it. play:errand".into())]);
    stage.model().play("delegate", vec![first]);
    let errand = [
        reply([Act::Tool("glob".into(), json!({"pattern": "*"}))]),
        reply([Act::gate("errand"), Act::say("Found.")]),
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
