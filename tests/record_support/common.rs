//! The cases that are the same for every agent.

use super::Stage;
use crate::real_support::model::{Act, reply};

/// A prompt whose answer comes after a while, and another.
pub fn turn(stage: &mut Stage) {
    let first = reply([Act::gate("first"), Act::say("Hello there.")]);
    stage.model().play("first", vec![first]);
    stage.start(Some("Say hello. play:first"));
    stage.asked();
    stage.held("first");
    stage.rest(3.0);
    stage.open("first");
    stage.finished();
    stage.rest(4.0);
    let second = reply([Act::gate("second"), Act::say("Goodbye.")]);
    stage.model().play("second", vec![second]);
    stage.prompt("And goodbye. play:second");
    stage.asked();
    stage.rest(2.5);
    stage.open("second");
    stage.finished();
    stage.rest(3.0);
}

/// Five steps that need no leave, as fast as they go.
pub fn steps(stage: &mut Stage, step: fn(usize) -> Act) {
    let mut play: Vec<_> = (0..5).map(|number| reply([step(number)])).collect();
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

/// Starts, and leaves it in the middle of an answer that does not go on.
fn hold(stage: &mut Stage) {
    let hold = reply([Act::say("Let me"), Act::gate("never")]);
    stage.model().play("hold", vec![hold]);
    stage.start(Some("Think. play:hold"));
    stage.asked();
    stage.held("never");
}

pub fn interrupt(stage: &mut Stage) {
    hold(stage);
    stage.rest(3.0);
    stage.escape();
    stage.rest(4.0);
    again(stage);
}

/// Another prompt, answered at once.
pub fn again(stage: &mut Stage) {
    let again = reply([Act::gate("again"), Act::say("Hello again.")]);
    stage.model().play("again", vec![again]);
    stage.prompt("Say hello again. play:again");
    stage.asked();
    stage.rest(1.0);
    stage.open("again");
    stage.finished();
    stage.rest(3.0);
}

/// The service refuses, for whatever reason, and then it does not.
pub fn fail(stage: &mut Stage, refusal: Act, words: &str) {
    stage.model().play("fail", vec![reply([refusal])]);
    stage.greet();
    stage.prompt("Once more. play:fail");
    stage.asked();
    stage.refused(words);
    stage.rest(4.0);
    again(stage);
}

/// Another conversation is begun in the same process.
pub fn begin_anew(stage: &mut Stage, command: &str) {
    stage.greet();
    stage.truth("idle|working", "the command is submitted");
    stage.command(command);
    stage.rest(1.5);
    if stage
        .text()
        .contains("Where should the new conversation run?")
    {
        stage.keys("\r", "enter");
        stage.rest(1.5);
    }
    stage.truth("idle", "the command is over");
    stage.rest(3.0);
    again(stage);
}

pub fn hang(stage: &mut Stage) {
    hold(stage);
    stage.rest(45.0);
    stage.escape();
    stage.rest(3.0);
}

pub fn killed(stage: &mut Stage) {
    hold(stage);
    stage.rest(2.0);
    stage.kill();
    stage.rest(1.0);
}

/// While it works, and while it is idle.
pub fn resize(stage: &mut Stage) {
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

pub fn resume(stage: &mut Stage) {
    stage.greet();
    stage.resume();
    stage.ready();
    stage.rest(3.0);
    let which = reply([Act::gate("which"), Act::say("42.")]);
    stage.model().play("which", vec![which]);
    stage.prompt("Which number? play:which");
    stage.asked();
    stage.rest(2.0);
    stage.open("which");
    stage.finished();
    stage.rest(3.0);
}

/// A prompt is typed while it works on another.
pub fn queued(stage: &mut Stage) {
    let first = reply([Act::gate("first"), Act::say("First.")]);
    stage.model().play("first", vec![first]);
    stage.start(Some("Think. play:first"));
    stage.asked();
    stage.rest(1.5);
    stage.keys("\x1b[200~One more thing.\x1b[201~", "One more thing.");
    stage.rest(0.6);
    stage.keys("\r", "enter");
    stage.rest(2.0);
    stage.open("first");
    stage.answered("working|idle", "the answer is given; a prompt is waiting");
    stage.asked();
    stage.finished();
    stage.rest(3.0);
}

/// The answer breaks off after its beginning.
pub fn breaks(stage: &mut Stage, how: Act, words: &str) {
    let broken = reply([Act::say("I was about to"), Act::gate("mid"), how]);
    stage.model().play("mid", vec![broken]);
    stage.start(Some("Tell me. play:mid"));
    stage.asked();
    stage.rest(2.0);
    stage.open("mid");
    stage.refused(words);
    stage.rest(4.0);
}

pub fn quit(stage: &mut Stage) {
    stage.greet();
    stage.truth("idle|exited", "the command is submitted");
    stage.command("/quit");
    stage.wait_exit();
    stage.rest(1.0);
}
