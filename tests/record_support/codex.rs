//! The cases of Codex.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::common::{self, again, begin_anew, fail};
use super::{Script, Stage};
use crate::real_support::model::{Act, reply};

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
    ("interrupt", "a turn is interrupted", common::interrupt),
    ("fail-401", "the key is refused", fail_401),
    ("limit-429", "the usage limit is reached", limit_429),
    (
        "overloaded-503",
        "the service is overloaded, then not",
        overloaded_503,
    ),
    ("new", "another conversation is begun", new),
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

const DIALOG: &str = "Would you like to";

/// Commands that run in its sandbox need no leave.
fn steps(stage: &mut Stage) {
    common::steps(stage, |number| {
        Act::Tool(
            "exec_command".into(),
            json!({"cmd": format!("ls -{number}")}),
        )
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
    stage.truth("waiting(permission)|working", "yes is typed");
    stage.keys("y", "y");
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

fn fail_401(stage: &mut Stage) {
    let refusal = Act::fail(401, "invalid_api_key", "Incorrect API key provided.");
    fail(stage, refusal, "waiting(auth)");
}

fn limit_429(stage: &mut Stage) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let then = now.expect("after 1970") + Duration::from_secs(7200);
    let then = then.as_secs() / 60 * 60;
    fail(stage, Act::used_up_chatgpt(then), "limited");
}

fn overloaded_503(stage: &mut Stage) {
    let refusal = Act::fail(503, "server_error", "The service is overloaded.");
    fail(stage, refusal, "idle");
}

fn new(stage: &mut Stage) {
    begin_anew(stage, "/new");
}
