//! `gluon keys`: types into a task's terminal.

use clap::Args;

use super::super::args::OneTask;
use super::super::context::Context;
use super::super::failure::{Failure, Outcome};
use super::super::pick;
use crate::protocol::input::KeyKind;
use crate::protocol::{Api, Input, Key, KeyPress, Modifiers};

const AFTER_HELP: &str = "\
Each argument is a key (enter, tab, escape, backspace, up, down, left, right,
home, end, pageup, pagedown, insert, delete, space, f1 to f35), with ctrl-,
alt-, shift- before it if wanted, or else text to type.

Examples:
  gluon keys 12 y enter
  gluon keys 12 ctrl-c
  gluon keys 12 --literal \"enter the room\"
  gluon keys 12 --paste \"several
lines\"";

/// Type into a task's terminal
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Keys {
    #[command(flatten)]
    task: OneTask,
    /// Keys and texts
    #[arg(required = true, allow_hyphen_values = true)]
    keys: Vec<String>,
    /// Type every argument as text, whatever it names
    #[arg(long, short)]
    literal: bool,
    /// Put every argument in as a paste
    #[arg(long, short, conflicts_with = "literal")]
    paste: bool,
    /// Write the bytes as they are; `\e`, `\r`, `\n`, `\t`, `\\` and `\xNN` stand for bytes
    #[arg(long, conflicts_with_all = ["literal", "paste"])]
    raw: bool,
}

impl Keys {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let inputs = self
            .keys
            .iter()
            .map(|text| match (self.literal, self.paste, self.raw) {
                (true, ..) => Ok(Input::Text(text.clone())),
                (_, true, _) => Ok(Input::Paste(text.clone())),
                (.., true) => unescape(text).map(Input::Raw),
                _ => Ok(input(text)),
            })
            .collect::<Outcome<Vec<Input>>>()?;
        let client = ctx.running_client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        Ok(client.send_input((task, inputs)).await?)
    }
}

/// A key where `text` names one, else the text itself.
fn input(text: &str) -> Input {
    match key(text) {
        Some(press) => Input::Key(press),
        None => Input::Text(text.to_owned()),
    }
}

fn key(text: &str) -> Option<KeyPress> {
    let mut modifiers = Modifiers::default();
    let mut rest = text;
    while let Some((word, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "ctrl" | "c" => modifiers.ctrl = true,
            "alt" | "m" => modifiers.alt = true,
            "shift" | "s" => modifiers.shift = true,
            _ => return None,
        }
        rest = after;
    }
    let key = match rest.to_ascii_lowercase().as_str() {
        "enter" | "return" => Key::Enter,
        "tab" => Key::Tab,
        "escape" | "esc" => Key::Escape,
        "backspace" => Key::Backspace,
        "space" => Key::Char(' '),
        "up" => Key::Up,
        "down" => Key::Down,
        "left" => Key::Left,
        "right" => Key::Right,
        "home" => Key::Home,
        "end" => Key::End,
        "pageup" => Key::PageUp,
        "pagedown" => Key::PageDown,
        "insert" => Key::Insert,
        "delete" => Key::Delete,
        name => match name
            .strip_prefix('f')
            .and_then(|number| number.parse().ok())
        {
            Some(number @ 1..=35) => Key::Function(number),
            _ => single(rest, modifiers)?,
        },
    };
    Some(KeyPress {
        key,
        modifiers,
        kind: KeyKind::Press,
    })
}

/// One character is a key of its own only with a modifier; without one it is text.
fn single(text: &str, modifiers: Modifiers) -> Option<Key> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if modifiers != Modifiers::default() => Some(Key::Char(c)),
        _ => None,
    }
}

fn unescape(text: &str) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            let mut buffer = [0; 4];
            bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        bytes.push(match chars.next() {
            Some('e') => 0x1b,
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('\\') => b'\\',
            Some('x') => {
                let digits: String = chars.by_ref().take(2).collect();
                match (digits.len(), u8::from_str_radix(&digits, 16)) {
                    (2, Ok(byte)) => byte,
                    _ => return Err(Failure::usage("`\\x` wants two hexadecimal digits")),
                }
            }
            _ => {
                return Err(Failure::usage(
                    "a backslash wants one of e, r, n, t, \\, xNN behind it",
                ));
            }
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: Key, ctrl: bool, alt: bool, shift: bool) -> Input {
        Input::Key(KeyPress {
            key,
            modifiers: Modifiers {
                ctrl,
                alt,
                shift,
                meta: false,
            },
            kind: KeyKind::Press,
        })
    }

    #[test]
    fn keys_and_texts_are_told_apart() {
        for (text, expected) in [
            ("enter", press(Key::Enter, false, false, false)),
            ("ctrl-c", press(Key::Char('c'), true, false, false)),
            ("C-c", press(Key::Char('c'), true, false, false)),
            ("shift-enter", press(Key::Enter, false, false, true)),
            ("ctrl-alt-Delete", press(Key::Delete, true, true, false)),
            ("alt--", press(Key::Char('-'), false, true, false)),
            ("f12", press(Key::Function(12), false, false, false)),
            ("space", press(Key::Char(' '), false, false, false)),
            ("f36", Input::Text("f36".into())),
            ("y", Input::Text("y".into())),
            ("-", Input::Text("-".into())),
            ("well-known", Input::Text("well-known".into())),
            ("ctrl-", Input::Text("ctrl-".into())),
            ("two words", Input::Text("two words".into())),
        ] {
            assert_eq!(input(text), expected, "{text}");
        }
    }

    #[test]
    fn raw_bytes_are_read() {
        assert_eq!(
            unescape("a\\e[A\\x0d\\\\ä").unwrap(),
            "a\x1b[A\r\\ä".as_bytes()
        );
        for bad in ["\\", "\\q", "\\x1", "\\xzz"] {
            assert!(unescape(bad).is_err(), "{bad}");
        }
    }
}
