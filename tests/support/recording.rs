//! A recorded session of a real agent CLI: what it printed, told and noted, when, and what it truly did
//! meanwhile. One text file a case, an event a line, so that a difference can be read.
//!
//! ```text
//! # a permission is asked for and given
//! agent claude
//! version 2.1.330
//! size 100 30
//! began 1795521600000
//!     0 truth starting|idle the process starts
//!   212 out \e[?2004h
//!   980 hook {"hook_event_name":"UserPromptSubmit"}
//! ```
//!
//! Times are milliseconds since the process was started, which was at `began` (since 1970, UTC). What is
//! true does not come from gluon: it is what the model server did and what the one at the keyboard typed.
//! From its line on one of the words is right; several where the moment of the change is the CLI's own.
#![allow(dead_code)]

use std::fmt::{self, Write};

/// A recorded session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// What happens in it, in a few words.
    pub about: String,
    /// gluon's name of the agent.
    pub agent: String,
    /// The CLI's version.
    pub version: String,
    /// Columns and rows at first.
    pub size: (u16, u16),
    /// When the process was started, in milliseconds since 1970.
    pub began: i64,
    /// What happened, in order; times in milliseconds.
    pub events: Vec<(u64, Event)>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The agent printed.
    Out(Vec<u8>),
    /// A hook of it was run with this payload.
    Hook(String),
    /// Its registry has this entry now; empty: none.
    Registry(String),
    /// Its server sent this event.
    Server(String),
    /// Its server, asked for this path, answered so.
    Answer(String, String),
    /// The terminal has another size.
    Size(u16, u16),
    /// The process ended: `code 0`, `signal 9`.
    Exit(String),
    /// Something was typed; for the reader.
    Typed(String),
    /// What is true from now on.
    Truth(Truth),
    /// What is asked has these words in it.
    Asks(String),
    /// So much goes on in the background, from now on.
    Background(u32),
    /// The recording ends; nothing more had happened until then.
    End,
}

/// What an agent truly does: one of these words, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// `working`, `waiting(permission)`, `exited`, …
    pub words: Vec<String>,
    pub why: String,
}

impl Truth {
    pub fn new(words: &str, why: &str) -> Self {
        Self {
            words: words.split('|').map(str::to_owned).collect(),
            why: why.to_owned(),
        }
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}", self.about)?;
        writeln!(f, "agent {}\nversion {}", self.agent, self.version)?;
        writeln!(f, "size {} {}", self.size.0, self.size.1)?;
        writeln!(f, "began {}", self.began)?;
        for (at, event) in &self.events {
            writeln!(f, "{at:>7} {event}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Out(bytes) => write!(f, "out {}", escaped(bytes)),
            Event::Hook(payload) => write!(f, "hook {payload}"),
            Event::Registry(entry) => write!(f, "registry {entry}"),
            Event::Server(event) => write!(f, "server {event}"),
            Event::Answer(path, body) => write!(f, "answer {path} {body}"),
            Event::Size(cols, rows) => write!(f, "size {cols} {rows}"),
            Event::Exit(how) => write!(f, "exit {how}"),
            Event::Typed(what) => write!(f, "typed {what}"),
            Event::Truth(truth) => write!(f, "truth {} {}", truth.words.join("|"), truth.why),
            Event::Asks(words) => write!(f, "asks {words}"),
            Event::Background(count) => write!(f, "background {count}"),
            Event::End => f.write_str("end"),
        }
    }
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Errors
    /// The line that is none, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut recording = Self {
            about: String::new(),
            agent: String::new(),
            version: String::new(),
            size: (0, 0),
            began: 0,
            events: Vec::new(),
        };
        for (number, line) in text.lines().enumerate() {
            let wrong = |what: &str| format!("line {}: {what}: {line}", number + 1);
            let (word, rest) = line.trim_start().split_once(' ').unwrap_or((line, ""));
            match word {
                "#" => recording.about = rest.to_owned(),
                "agent" => recording.agent = rest.to_owned(),
                "version" => recording.version = rest.to_owned(),
                "size" => recording.size = size(rest).ok_or_else(|| wrong("no size"))?,
                "began" => recording.began = rest.parse().map_err(|_| wrong("no time"))?,
                _ => {
                    let at = word.parse().map_err(|_| wrong("no time"))?;
                    let event = event(rest).ok_or_else(|| wrong("no event"))?;
                    recording.events.push((at, event));
                }
            }
        }
        Ok(recording)
    }
}

fn size(text: &str) -> Option<(u16, u16)> {
    let (cols, rows) = text.split_once(' ')?;
    Some((cols.parse().ok()?, rows.parse().ok()?))
}

fn event(text: &str) -> Option<Event> {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    let words = rest.to_owned();
    Some(match kind {
        "out" => Event::Out(unescaped(rest)?),
        "hook" => Event::Hook(words),
        "registry" => Event::Registry(words),
        "server" => Event::Server(words),
        "answer" => {
            let (path, body) = rest.split_once(' ')?;
            Event::Answer(path.to_owned(), body.to_owned())
        }
        "size" => size(rest).map(|(cols, rows)| Event::Size(cols, rows))?,
        "exit" => Event::Exit(words),
        "typed" => Event::Typed(words),
        "truth" => {
            let (words, why) = rest.split_once(' ').unwrap_or((rest, ""));
            Event::Truth(Truth::new(words, why))
        }
        "asks" => Event::Asks(words),
        "end" => Event::End,
        "background" => Event::Background(rest.parse().ok()?),
        _ => return None,
    })
}

/// Bytes as text: what can be read stays as it is.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\x1b' => text.push_str("\\e"),
                '\x07' => text.push_str("\\a"),
                '\r' => text.push_str("\\r"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\\' => text.push_str("\\\\"),
                // A space at the end of a line, or a character that no editor shows, must not get lost.
                c if c.is_control() || (c.is_whitespace() && c != ' ') => {
                    let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
                }
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    if text.ends_with(' ') {
        text.pop();
        text.push_str("\\s");
    }
    text
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        let kind = after.chars().next()?;
        rest = &after[kind.len_utf8()..];
        match kind {
            'e' => bytes.push(0x1b),
            'a' => bytes.push(0x07),
            'r' => bytes.push(b'\r'),
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            's' => bytes.push(b' '),
            '\\' => bytes.push(b'\\'),
            'x' => {
                bytes.push(u8::from_str_radix(rest.get(..2)?, 16).ok()?);
                rest = &rest[2..];
            }
            'u' => {
                let (code, after) = rest.strip_prefix('{')?.split_once('}')?;
                let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = after;
            }
            _ => return None,
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}
