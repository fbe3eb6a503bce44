//! What a user does → the bytes an agent expects, by the modes it has set.
//!
//! Three ways of writing keys: the old one, xterm's modifyOtherKeys, and the kitty keyboard protocol.
//! Pasted text can never leave its brackets.

use super::modes::Modes;
use super::screen::Screen;
use crate::protocol::input::KeyKind;
use crate::protocol::{Input, Key, KeyPress, Modifiers};

/// Flags of the kitty keyboard protocol.
const DISAMBIGUATE: u8 = 1;
const EVENT_TYPES: u8 = 2;
const ALTERNATES: u8 = 4;
const ALL_KEYS: u8 = 8;
const WITH_TEXT: u8 = 16;

impl Screen {
    /// The bytes for an input; none where the agent does not want to hear of it.
    pub(super) fn encode(&self, input: &Input) -> Vec<u8> {
        match input {
            Input::Key(key) => self.key(key),
            Input::Text(text) => text.chars().flat_map(|c| self.key(&typed(c))).collect(),
            Input::Paste(text) => self.paste(text),
            Input::Mouse(mouse) => self.mouse(mouse),
            Input::Focus(on) if self.modes.has(Modes::FOCUS) => {
                if *on {
                    b"\x1b[I".to_vec()
                } else {
                    b"\x1b[O".to_vec()
                }
            }
            Input::Focus(_) => Vec::new(),
            Input::Raw(bytes) => bytes.clone(),
        }
    }

    fn paste(&self, text: &str) -> Vec<u8> {
        let bracketed = self.modes.has(Modes::PASTE);
        let text = text.replace("\r\n", "\n");
        // Without escape characters there is no end marker that a paste could bring along.
        let clean = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
        let clean: String = if bracketed {
            clean.map(|c| if c == '\r' { '\n' } else { c }).collect()
        } else {
            clean.map(|c| if c == '\n' { '\r' } else { c }).collect()
        };
        if bracketed {
            [b"\x1b[200~", clean.as_bytes(), b"\x1b[201~"].concat()
        } else {
            clean.into_bytes()
        }
    }

    /// One key.
    pub(super) fn key(&self, key: &KeyPress) -> Vec<u8> {
        let flags = self.keyboard_flags();
        let kitty = flags & (DISAMBIGUATE | ALL_KEYS) != 0;
        let releases = kitty && flags & EVENT_TYPES != 0;
        if key.kind == KeyKind::Release && !releases {
            return Vec::new();
        }
        if kitty {
            return kitty_key(key, flags);
        }
        let level = match () {
            () if self.modes.has(Modes::OTHER_KEYS_2) => 2,
            () if self.modes.has(Modes::OTHER_KEYS_1) => 1,
            () => 0,
        };
        other_key(key, level).unwrap_or_else(|| old_key(key, self.modes.has(Modes::APP_CURSOR)))
    }
}

/// The key that types a character.
fn typed(c: char) -> KeyPress {
    match c {
        '\n' | '\r' => KeyPress::plain(Key::Enter),
        '\t' => KeyPress::plain(Key::Tab),
        '\x1b' => KeyPress::plain(Key::Escape),
        '\x7f' | '\x08' => KeyPress::plain(Key::Backspace),
        '\0' => KeyPress::ctrl(' '),
        c @ '\x01'..='\x1a' => KeyPress::ctrl((c as u8 + 0x60) as char),
        c @ '\x1c'..='\x1f' => KeyPress::ctrl((c as u8 + 0x40) as char),
        c => KeyPress::plain(Key::Char(c)),
    }
}

/// Modifiers as xterm and kitty number them; 1: none.
fn modifier_code(modifiers: Modifiers) -> u8 {
    1 + u8::from(modifiers.shift)
        + 2 * u8::from(modifiers.alt)
        + 4 * u8::from(modifiers.ctrl)
        + 8 * u8::from(modifiers.meta)
}

/// How a key that makes no character is written: a letter after `CSI` or `SS3`, or a number before `~`.
enum Form {
    Letter(char),
    Number(u8),
}

fn form(key: Key) -> Option<Form> {
    Some(match key {
        Key::Up => Form::Letter('A'),
        Key::Down => Form::Letter('B'),
        Key::Right => Form::Letter('C'),
        Key::Left => Form::Letter('D'),
        Key::Home => Form::Letter('H'),
        Key::End => Form::Letter('F'),
        Key::Insert => Form::Number(2),
        Key::Delete => Form::Number(3),
        Key::PageUp => Form::Number(5),
        Key::PageDown => Form::Number(6),
        Key::Function(number @ 1..=4) => Form::Letter(char::from(b'P' + number - 1)),
        Key::Function(5) => Form::Number(15),
        Key::Function(number @ 6..=10) => Form::Number(number + 11),
        Key::Function(number @ 11..=14) => Form::Number(number + 12),
        Key::Function(number @ 15..=16) => Form::Number(number + 13),
        Key::Function(number @ 17..=20) => Form::Number(number + 14),
        _ => return None,
    })
}

/// The old way.
fn old_key(key: &KeyPress, app_cursor: bool) -> Vec<u8> {
    let modifiers = key.modifiers;
    if let Some(form) = form(key.key) {
        let code = modifier_code(modifiers);
        return match form {
            Form::Letter(letter) if code > 1 => format!("\x1b[1;{code}{letter}"),
            Form::Letter(letter @ 'P'..='S') => format!("\x1bO{letter}"),
            Form::Letter(letter) if app_cursor => format!("\x1bO{letter}"),
            Form::Letter(letter) => format!("\x1b[{letter}"),
            Form::Number(number) if code > 1 => format!("\x1b[{number};{code}~"),
            Form::Number(number) => format!("\x1b[{number}~"),
        }
        .into_bytes();
    }
    let mut out = Vec::new();
    if modifiers.alt && !matches!(key.key, Key::Function(_)) {
        out.push(0x1b);
    }
    match key.key {
        Key::Enter => out.push(b'\r'),
        Key::Tab if modifiers.shift => out.extend_from_slice(b"\x1b[Z"),
        Key::Tab => out.push(b'\t'),
        Key::Backspace if modifiers.ctrl => out.push(0x08),
        Key::Backspace => out.push(0x7f),
        Key::Escape => out.push(0x1b),
        Key::Char(c) => match control(c).filter(|_| modifiers.ctrl) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(c.to_string().as_bytes()),
        },
        _ => {}
    }
    out
}

/// The control character that Ctrl makes of a character.
fn control(c: char) -> Option<u8> {
    Some(match c {
        'a'..='z' => c as u8 - b'a' + 1,
        'A'..='Z' => c as u8 - b'A' + 1,
        ' ' | '@' | '2' => 0,
        '[' | '3' => 0x1b,
        '\\' | '4' => 0x1c,
        ']' | '5' => 0x1d,
        '^' | '6' | '~' => 0x1e,
        '_' | '7' | '/' => 0x1f,
        '?' | '8' => 0x7f,
        _ => return None,
    })
}

/// xterm's modifyOtherKeys, where it has something to say about a key.
fn other_key(key: &KeyPress, level: u8) -> Option<Vec<u8>> {
    let modifiers = key.modifiers;
    let code = modifier_code(modifiers);
    let beyond_shift = modifiers.ctrl || modifiers.alt || modifiers.meta;
    if level == 0 || code == 1 {
        return None;
    }
    let number = match key.key {
        Key::Enter => 13,
        Key::Tab if beyond_shift || level == 2 => 9,
        Key::Backspace if level == 2 => 127,
        Key::Escape if level == 2 => 27,
        Key::Char(c) if beyond_shift => {
            // The first level leaves alone what the old way can say.
            if level == 1 && !modifiers.meta && (!modifiers.ctrl || control(c).is_some()) {
                return None;
            }
            u32::from(c)
        }
        _ => return None,
    };
    Some(format!("\x1b[27;{code};{number}~").into_bytes())
}

/// The kitty keyboard protocol.
fn kitty_key(key: &KeyPress, flags: u8) -> Vec<u8> {
    let modifiers = key.modifiers;
    let code = modifier_code(modifiers);
    let all = flags & ALL_KEYS != 0;
    let beyond_shift = modifiers.ctrl || modifiers.alt || modifiers.meta;
    let event = match key.kind {
        _ if flags & EVENT_TYPES == 0 => "",
        KeyKind::Press => "",
        KeyKind::Repeat => ":2",
        KeyKind::Release => ":3",
    };
    let modified = match (code, event) {
        (1, "") => String::new(),
        (code, event) => format!(";{code}{event}"),
    };
    match key.key {
        // These stay as they are without modifiers, so that `reset` can be typed into a broken shell.
        Key::Enter | Key::Tab | Key::Backspace if code == 1 && !all => {
            if key.kind == KeyKind::Release {
                return Vec::new();
            }
            return old_key(key, false);
        }
        Key::Char(c) if !beyond_shift && !all && key.kind != KeyKind::Release => {
            return c.to_string().into_bytes();
        }
        _ => {}
    }
    // F13 and on have numbers of their own there.
    let old = !matches!(key.key, Key::Function(13..));
    if let Some(form) = form(key.key).filter(|_| old) {
        return match form {
            // F3's letter would read as a cursor position.
            Form::Letter('R') => format!("\x1b[13{modified}~"),
            Form::Letter(letter) if modified.is_empty() => format!("\x1b[{letter}"),
            Form::Letter(letter) => format!("\x1b[1{modified}{letter}"),
            Form::Number(number) => format!("\x1b[{number}{modified}~"),
        }
        .into_bytes();
    }
    let number = match key.key {
        Key::Enter => "13".to_owned(),
        Key::Tab => "9".to_owned(),
        Key::Backspace => "127".to_owned(),
        Key::Escape => "27".to_owned(),
        Key::Char(c) => {
            let base = c.to_lowercase().next().unwrap_or(c);
            if base != c && flags & ALTERNATES != 0 {
                format!("{}:{}", u32::from(base), u32::from(c))
            } else {
                u32::from(base).to_string()
            }
        }
        other => return function_code(other, &modified).into_bytes(),
    };
    let text = match key.key {
        Key::Char(c) if all && flags & WITH_TEXT != 0 && !beyond_shift => {
            let filled = if modified.is_empty() { ";" } else { "" };
            let released = key.kind == KeyKind::Release;
            if released {
                String::new()
            } else {
                format!("{filled};{}", u32::from(c))
            }
        }
        _ => String::new(),
    };
    format!("\x1b[{number}{modified}{text}u").into_bytes()
}

/// F13 and on have numbers of their own.
fn function_code(key: Key, modified: &str) -> String {
    match key {
        Key::Function(number @ 13..=35) => {
            format!("\x1b[{}{modified}u", 57376 + u32::from(number) - 13)
        }
        _ => String::new(),
    }
}
