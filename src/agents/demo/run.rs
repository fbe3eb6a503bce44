//! The two ways to run: on a screen, as an event loop; without one, as text or as JSON lines.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::app::App;
use super::entry::Entry;
use super::history::History;
use super::keys::{Key, KeyParser};
use super::player::{Out, Player, State};
use super::script;
use super::stream::Stream;
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

/// Where a run without a screen tells what happens.
trait Teller {
    /// More of what is said.
    fn words(&mut self, words: &str) -> io::Result<()>;
    /// Something for the transcript.
    fn entry(&mut self, entry: &Entry) -> io::Result<()>;
    /// It sets to this.
    fn works(&mut self, what: &str) -> io::Result<()>;
    /// Bytes that belong to nothing.
    fn flood(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// It is over, because of this failure if there was one.
    fn end(&mut self, failure: Option<&str>) -> io::Result<()>;
}

/// As text.
struct Text<'a, W> {
    out: &'a mut W,
    said: bool,
}

impl<W: Write> Teller for Text<'_, W> {
    fn words(&mut self, words: &str) -> io::Result<()> {
        self.said = true;
        self.out.write_all(plain(words).as_bytes())?;
        self.out.flush()
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        match entry {
            Entry::Say { .. } if std::mem::take(&mut self.said) => writeln!(self.out),
            entry => self.out.write_all(plain(&entry.plain()).as_bytes()),
        }
    }

    fn works(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn flood(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    fn end(&mut self, _: Option<&str>) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Teller for Stream<W> {
    fn words(&mut self, words: &str) -> io::Result<()> {
        Stream::words(self, words)
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        Stream::entry(self, entry)
    }

    fn works(&mut self, what: &str) -> io::Result<()> {
        Stream::works(self, what)
    }

    /// Nothing that a stream would have a place for.
    fn flood(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, failure: Option<&str>) -> io::Result<()> {
        Stream::end(self, failure)
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
    let said = false;
    play(player, history, prompt, &mut Text { out, said })
}

/// The same as JSON lines, in the conversation `id`.
///
/// # Errors
/// Where `out` fails.
pub fn streamed(
    player: &mut Player,
    history: &mut History,
    prompt: &str,
    id: &str,
    out: &mut impl Write,
) -> io::Result<u8> {
    play(player, history, prompt, &mut Stream::begin(out, id)?)
}

fn play(
    player: &mut Player,
    history: &mut History,
    prompt: &str,
    teller: &mut impl Teller,
) -> io::Result<u8> {
    let signals = Signals::catch()?;
    history.add(&Entry::Prompt {
        text: prompt.to_owned(),
    });
    let request = script::request(prompt);
    let mut outs = player.begin(&request.words, request.steps);
    let mut failure = None;
    loop {
        let mut answers = Vec::new();
        for out in std::mem::take(&mut outs) {
            match out {
                Out::Words(words) => teller.words(&words)?,
                Out::Entry(entry) => {
                    history.add(&entry);
                    teller.entry(&entry)?;
                }
                Out::Flood(bytes) => teller.flood(&bytes)?,
                Out::Exit(code) => {
                    let unsaid = || format!("it ended with code {code}");
                    let failed = (code != 0).then(|| failure.take().unwrap_or_else(unsaid));
                    teller.end(failed.as_deref())?;
                    return Ok(code);
                }
                Out::State(State::Permission(_)) => answers.extend(player.permit(true)),
                Out::State(State::Question(_)) => {
                    answers.extend(player.answer("as you think best"));
                }
                Out::State(State::Working(what)) => teller.works(&what)?,
                Out::State(State::Failed(why)) => failure = Some(why),
                Out::State(State::Idle(_)) => {}
            }
        }
        outs.extend(answers.into_iter().flatten());
        outs.extend(player.advance(Instant::now()));
        if outs.is_empty() {
            if !player.is_busy() {
                teller.end(None)?;
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
pub fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .collect()
}
