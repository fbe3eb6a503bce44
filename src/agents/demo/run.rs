//! The two ways to run: on a screen, as an event loop; without one, as a stream of text.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::app::App;
use super::entry::Entry;
use super::history::History;
use super::keys::{Key, KeyParser};
use super::player::{Out, Player, State};
use super::script;
use super::tty::{Signals, Tty};

/// How long the terminal has to say what it is.
const ANSWER: Duration = Duration::from_millis(300);

/// How long an Escape waits for the rest of a sequence.
const ESCAPE: Duration = Duration::from_millis(30);

/// Runs on the terminal until the end; gives the exit code.
///
/// # Errors
/// Where the terminal fails.
pub fn on_screen(app: &mut App, prompt: Option<&str>, id: &str) -> io::Result<u8> {
    let tty = Tty::enter()?;
    let result = event_loop(app, &tty, prompt);
    let code = *result.as_ref().unwrap_or(&1);
    // Whoever ended it may have taken the terminal along.
    let _ = tty.write(&app.leave(id, code));
    result
}

fn event_loop(app: &mut App, tty: &Tty, prompt: Option<&str>) -> io::Result<u8> {
    let mut keys = KeyParser::default();
    let mut start_by = Some(Instant::now() + ANSWER);
    let mut escape_by = None;
    let (columns, rows) = tty.size();
    app.resize(columns, rows);
    loop {
        let now = Instant::now();
        if start_by.is_some_and(|by| by <= now) {
            start_by = None;
            app.start(prompt, now);
        }
        if escape_by.is_some_and(|by| by <= now) {
            escape_by = None;
            if let Some(key) = keys.flush() {
                app.key(&key, now);
            }
        }
        app.tick(now);
        match tty.write(&app.frame(now)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(143),
            Err(error) => return Err(error),
        }
        if let Some(code) = app.quit() {
            return Ok(code);
        }
        let until = [start_by, escape_by, app.wake(now)]
            .into_iter()
            .flatten()
            .min();
        let arrived = tty.wait(app.output(), until)?;
        if let Some(signal) = arrived.ended_by {
            return Ok(u8::try_from(128 + signal).unwrap_or(1));
        }
        if arrived.closed {
            return Ok(129);
        }
        if arrived.resized {
            let (columns, rows) = tty.size();
            app.resize(columns, rows);
        }
        let now = Instant::now();
        for key in keys.feed(&arrived.input) {
            match key {
                Key::DeviceAttributes if start_by.is_some() => start_by = Some(now),
                Key::DeviceAttributes => {}
                key => app.key(&key, now),
            }
        }
        if !arrived.input.is_empty() {
            escape_by = keys.is_pending().then(|| now + ESCAPE);
        }
    }
}

/// Runs one prompt and writes what happens to `out`; leave is given, questions are answered for the user.
///
/// # Errors
/// Where `out` fails.
pub fn headless(
    player: &mut Player,
    history: &mut History,
    prompt: &str,
    out: &mut impl Write,
) -> io::Result<u8> {
    let signals = Signals::catch()?;
    history.add(&Entry::Prompt {
        text: prompt.to_owned(),
    });
    let request = script::request(prompt);
    let mut outs = player.begin(&request.words, request.steps);
    let mut said = false;
    loop {
        let mut answers = Vec::new();
        for out_ in std::mem::take(&mut outs) {
            match out_ {
                Out::Words(words) => {
                    said = true;
                    out.write_all(plain(&words).as_bytes())?;
                }
                Out::Entry(entry) => {
                    history.add(&entry);
                    match entry {
                        Entry::Say { .. } if std::mem::take(&mut said) => writeln!(out)?,
                        entry => out.write_all(plain(&entry.plain()).as_bytes())?,
                    }
                }
                Out::Flood(bytes) => out.write_all(&bytes)?,
                Out::Exit(code) => {
                    out.flush()?;
                    return Ok(code);
                }
                Out::State(State::Permission(_)) => answers.extend(player.permit(true)),
                Out::State(State::Question(_)) => {
                    answers.extend(player.answer("as you think best"));
                }
                Out::State(_) => {}
            }
        }
        out.flush()?;
        outs.extend(answers.into_iter().flatten());
        outs.extend(player.advance(Instant::now()));
        if outs.is_empty() {
            if !player.is_busy() {
                return Ok(0);
            }
            let arrived = signals.wait(false, player.output(), player.wake())?;
            if let Some(signal) = arrived.ended_by {
                return Ok(u8::try_from(128 + signal).unwrap_or(1));
            }
        }
    }
}

/// `text` without control characters, so that no file's content drives the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .collect()
}
