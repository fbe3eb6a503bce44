//! The cases of Claude Code.

use std::time::Duration;

use super::Stage;
use crate::real_support::model::{Act, Happening, reply};

type Script = (&'static str, &'static str, &'static str, fn(&mut Stage));

pub const CASES: &[Script] = &[
    (
        "claude",
        "turn",
        "a prompt, an answer, another prompt",
        turn,
    ),
    ("claude", "steps", "a turn of many quick steps", steps),
    (
        "claude",
        "permission-yes",
        "leave is asked for and given",
        permission_yes,
    ),
    (
        "claude",
        "permission-no",
        "leave is asked for and refused",
        permission_no,
    ),
    (
        "claude",
        "question",
        "a question is asked and answered",
        question,
    ),
    ("claude", "interrupt", "a turn is interrupted", interrupt),
    (
        "claude",
        "queued",
        "a prompt is typed while it works",
        queued,
    ),
    ("claude", "fail-401", "the key is refused", fail_401),
    (
        "claude",
        "limit-429",
        "the usage limit is reached",
        limit_429,
    ),
    (
        "claude",
        "overloaded-529",
        "the service is overloaded, then not",
        overloaded_529,
    ),
    (
        "claude",
        "overloaded-mid",
        "the service fails in the middle of an answer",
        overloaded_mid,
    ),
    (
        "claude",
        "dropped",
        "the connection breaks in the middle of an answer",
        dropped,
    ),
    ("claude", "clear", "the conversation is cleared", clear),
    (
        "claude",
        "compact",
        "the conversation is made shorter",
        compact,
    ),
    ("claude", "subagent", "a subagent works", subagent),
    (
        "claude",
        "background",
        "a shell goes on in the background",
        background,
    ),
    (
        "claude",
        "hang",
        "the model falls silent in the middle of an answer",
        hang,
    ),
    (
        "claude",
        "killed",
        "the process is killed while it works",
        killed,
    ),
    (
        "claude",
        "resize",
        "the terminal is resized while it works",
        resize,
    ),
    (
        "claude",
        "resume",
        "an earlier conversation goes on",
        resume,
    ),
    ("claude", "quit", "it is left by the user", quit),
];

/// Starts with a prompt whose answer holds, and lets it come after a while.
fn turn(stage: &mut Stage) {
    stage.model().play(
        "first",
        vec![reply([Act::gate("first"), Act::say("Hello there.")])],
    );
    stage.start(Some("Say hello. play:first"));
    stage.asked();
    stage.held("first");
    stage.rest(3.0);
    stage.open("first");
    stage.finished();
    stage.rest(4.0);
    stage.model().play(
        "second",
        vec![reply([Act::gate("second"), Act::say("Goodbye.")])],
    );
    stage.prompt("And goodbye. play:second");
    stage.asked();
    stage.rest(2.5);
    stage.open("second");
    stage.finished();
    stage.rest(3.0);
}

fn steps(stage: &mut Stage) {
    let mut play: Vec<_> = (0..5)
        .map(|number| {
            reply([
                Act::say("One more look."),
                Act::run(&format!("ls -{number}")),
            ])
        })
        .collect();
    play.push(reply([Act::say("That is all.")]));
    stage.model().play("steps", play);
    stage.start(Some("Look around. play:steps"));
    stage.asked();
    for _ in 0..5 {
        stage.answered("working", "a command runs that needs no leave");
    }
    stage.finished();
    stage.rest(3.0);
}

fn permission_yes(stage: &mut Stage) {
    let first = reply([Act::gate("think"), Act::write("note.txt", "hello\n")]);
    let then = reply([Act::gate("then"), Act::say("Written.")]);
    stage.model().play("write", vec![first, then]);
    stage.start(Some("Write a note. play:write"));
    stage.asked();
    stage.rest(2.0);
    stage.open("think");
    stage.answered("working|waiting(permission)", "it wants to write a file");
    dialog(stage);
    stage.asks("note.txt");
    stage.rest(8.0);
    stage.truth("waiting(permission)|working", "yes is typed");
    stage.keys("1", "1");
    stage.asked();
    stage.rest(2.0);
    stage.open("then");
    stage.finished();
    stage.rest(3.0);
}

fn permission_no(stage: &mut Stage) {
    stage
        .model()
        .play("run", vec![reply([Act::run("touch note.txt")])]);
    stage.start(Some("Run something. play:run"));
    stage.asked();
    stage.answered("working|waiting(permission)", "it wants to run a command");
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
    stage.prompt("Then say hello.");
    stage.asked();
    stage.finished();
    stage.rest(2.0);
}

fn question(stage: &mut Stage) {
    let then = reply([Act::gate("then"), Act::say("Red it is.")]);
    stage
        .model()
        .play("ask", vec![reply([Act::Ask("Which colour?".into())]), then]);
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

/// A prompt of which nothing has come yet would go back into its editor.
fn interrupt(stage: &mut Stage) {
    let hold = [reply([Act::run("ls")]), reply([Act::gate("never")])];
    stage.model().play("hold", hold.to_vec());
    stage.start(Some("Think. play:hold"));
    stage.asked();
    stage.held("never");
    stage.rest(3.0);
    stage.truth("working|idle", "escape is pressed");
    stage.keys("\x1b", "escape");
    stage.sees_end("idle");
    stage.rest(4.0);
    stage.prompt("And now say hello.");
    stage.asked();
    stage.finished();
    stage.rest(2.0);
}

fn queued(stage: &mut Stage) {
    let hold = [reply([Act::gate("first"), Act::say("First.")])];
    stage.model().play("first", hold.to_vec());
    stage.start(Some("Think. play:first"));
    stage.asked();
    stage.rest(1.5);
    stage.keys("\x1b[200~One more thing.\x1b[201~", "One more thing.");
    stage.rest(0.3);
    stage.keys("\r", "enter");
    stage.rest(2.0);
    stage.open("first");
    stage.answered("working|idle", "the answer is given; a prompt is waiting");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

/// A turn before the one that fails.
fn greet(stage: &mut Stage) {
    stage.start(Some("Say hello."));
    stage.asked();
    stage.finished();
    stage.rest(2.5);
}

/// The last time that the service refuses: its client may try once more before it gives up.
fn refused(stage: &mut Stage, times: usize, words: &str) {
    for _ in 0..times {
        stage.next("the refusal", |what| {
            matches!(what, Happening::Failed { .. } | Happening::Dropped(_))
        });
    }
    stage.truth(
        &format!("working|{words}"),
        "the service has refused for the last time",
    );
    stage.sees_end(words);
}

const DIALOG: &str = "Do you want to";

fn dialog(stage: &mut Stage) {
    stage.sees(DIALOG, true, "waiting(permission)", "its dialog stands");
}

fn fail_401(stage: &mut Stage) {
    let refusal = Act::fail(401, "authentication_error", "invalid x-api-key");
    stage.model().play("key", vec![reply([refusal])]);
    greet(stage);
    stage.prompt("Once more. play:key");
    stage.asked();
    refused(stage, 1, "waiting(auth)");
    stage.rest(4.0);
    stage.prompt("Does it work again?");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

fn limit_429(stage: &mut Stage) {
    let now = std::time::SystemTime::now();
    let hour = Duration::from_secs(3600);
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    let resets = (now + hour).as_secs() / 3600 * 3600;
    stage
        .model()
        .play("limit", vec![reply([Act::used_up(resets)])]);
    greet(stage);
    stage.prompt("Once more. play:limit");
    stage.asked();
    refused(stage, 1, "limited");
    stage.rest(5.0);
    stage.prompt("Does it work again?");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

fn overloaded_529(stage: &mut Stage) {
    let refusal = Act::fail(529, "overloaded_error", "Overloaded");
    stage.model().play("load", vec![reply([refusal])]);
    greet(stage);
    stage.prompt("Once more. play:load");
    stage.asked();
    refused(stage, 2, "idle");
    stage.rest(4.0);
    stage.prompt("Does it work again?");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

fn overloaded_mid(stage: &mut Stage) {
    let first = reply([Act::say("I was about to"), Act::gate("mid"), Act::Overload]);
    stage.model().play("mid", vec![first]);
    stage.start(Some("Tell me. play:mid"));
    stage.asked();
    stage.rest(2.0);
    stage.open("mid");
    refused(stage, 2, "idle");
    stage.rest(4.0);
}

fn dropped(stage: &mut Stage) {
    let first = reply([Act::say("I was about to"), Act::gate("mid"), Act::Drop]);
    stage.model().play("drop", vec![first]);
    stage.start(Some("Tell me. play:drop"));
    stage.asked();
    stage.rest(2.0);
    stage.open("mid");
    refused(stage, 2, "idle");
    stage.rest(4.0);
}

fn clear(stage: &mut Stage) {
    greet(stage);
    stage.keys("/clear", "/clear");
    stage.rest(0.5);
    stage.keys("\r", "enter");
    stage.rest(4.0);
    stage.prompt("Who are you?");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

fn compact(stage: &mut Stage) {
    greet(stage);
    stage.keys("/compact", "/compact");
    stage.rest(0.5);
    stage.truth("idle|working", "the command is submitted");
    stage.keys("\r", "enter");
    let entry = stage.next("a summary", |what| matches!(what, Happening::Asked(_)));
    stage.truth_since(&entry, "working|idle", "the model is asked for a summary");
    let entry = stage.next("the summary", |what| {
        matches!(what, Happening::Answered { .. })
    });
    stage.truth_since(&entry, "idle|working", "the summary is given; it tidies up");
    stage.rest(3.0);
    stage.truth("idle", "the command is over");
    stage.rest(3.0);
    stage.prompt("Do you remember?");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

fn subagent(stage: &mut Stage) {
    let first = reply([Act::Delegate("Look into it. play:errand".into())]);
    let then = reply([Act::gate("then"), Act::say("It is done.")]);
    stage.model().play("delegate", vec![first, then]);
    let errand = [
        reply([Act::run("ls")]),
        reply([Act::gate("errand"), Act::say("Found.")]),
    ];
    stage.model().play("errand", errand.to_vec());
    stage.start(Some("Delegate it. play:delegate"));
    stage.asked();
    stage.answered("working", "it delegates");
    stage.held("errand");
    stage.background(1);
    stage.rest(4.0);
    stage.open("errand");
    stage.held("then");
    stage.background(0);
    stage.rest(2.0);
    stage.open("then");
    stage.finished();
    stage.rest(3.0);
}

fn background(stage: &mut Stage) {
    let input = serde_json::json!({
        "command": "sleep 9",
        "description": "Wait",
        "run_in_background": true,
    });
    let first = reply([Act::Tool("Bash".into(), input)]);
    stage
        .model()
        .play("shell", vec![first, reply([Act::say("It waits.")])]);
    stage.start(Some("Wait in the background. play:shell"));
    stage.asked();
    stage.answered("working|waiting(permission)", "it wants to run a shell");
    dialog(stage);
    stage.rest(1.5);
    stage.truth("waiting(permission)|working", "yes is typed");
    stage.keys("1", "1");
    stage.asked();
    stage.finished();
    stage.background(1);
    stage.rest(5.0);
    // Once it is over the agent takes a turn of its own accord.
    stage.background(0);
    stage.truth("idle|working", "the shell is about to end");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

fn hang(stage: &mut Stage) {
    stage.model().play(
        "hang",
        vec![reply([Act::say("Let me"), Act::gate("never")])],
    );
    stage.start(Some("Think hard. play:hang"));
    stage.asked();
    stage.held("never");
    stage.rest(45.0);
    stage.truth("working|idle", "escape is pressed");
    stage.keys("\x1b", "escape");
    stage.sees_end("idle");
    stage.rest(3.0);
}

fn killed(stage: &mut Stage) {
    stage.model().play(
        "hold",
        vec![reply([Act::say("Let me"), Act::gate("never")])],
    );
    stage.start(Some("Think. play:hold"));
    stage.asked();
    stage.held("never");
    stage.rest(2.0);
    stage.kill();
    stage.rest(1.0);
}

fn resize(stage: &mut Stage) {
    let hold = reply([Act::say("Let me"), Act::gate("hold"), Act::say(" see.")]);
    stage.model().play("hold", vec![hold]);
    stage.start(Some("Think. play:hold"));
    stage.asked();
    stage.held("hold");
    stage.rest(1.5);
    for (cols, rows) in [(80, 24), (60, 20), (140, 45), (100, 30)] {
        stage.resize(cols, rows);
        stage.rest(1.2);
    }
    stage.open("hold");
    stage.finished();
    stage.rest(2.0);
    for (cols, rows) in [(80, 24), (120, 40)] {
        stage.resize(cols, rows);
        stage.rest(2.5);
    }
}

fn resume(stage: &mut Stage) {
    let conversation = stage.start(Some("Remember the number 42."));
    stage.asked();
    stage.finished();
    stage.rest(1.0);
    stage.kill();
    stage.resume(&conversation);
    stage.ready();
    stage.rest(3.0);
    stage
        .model()
        .play("which", vec![reply([Act::gate("which"), Act::say("42.")])]);
    stage.prompt("Which number? play:which");
    stage.asked();
    stage.rest(2.0);
    stage.open("which");
    stage.finished();
    stage.rest(3.0);
}

fn quit(stage: &mut Stage) {
    greet(stage);
    stage.keys("/exit", "/exit");
    stage.rest(0.5);
    stage.truth("idle|exited", "the command is submitted");
    stage.keys("\r", "enter");
    stage.wait_exit();
    stage.rest(1.0);
}
