//! A key with its modifiers, as people write it: `ctrl-q`, `K`, `shift-tab`, `f5`.

use std::fmt;
use std::str::FromStr;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers. For keys that make a character, shift is in the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key.
    pub code: KeyCode,
    /// What is held down.
    pub modifiers: KeyModifiers,
}

const NAMES: &[(&str, &str, KeyCode)] = &[
    ("enter", "Enter", KeyCode::Enter),
    ("esc", "Esc", KeyCode::Esc),
    ("tab", "Tab", KeyCode::Tab),
    ("space", "Space", KeyCode::Char(' ')),
    ("backspace", "Backspace", KeyCode::Backspace),
    ("delete", "Delete", KeyCode::Delete),
    ("insert", "Insert", KeyCode::Insert),
    ("up", "Up", KeyCode::Up),
    ("down", "Down", KeyCode::Down),
    ("left", "Left", KeyCode::Left),
    ("right", "Right", KeyCode::Right),
    ("home", "Home", KeyCode::Home),
    ("end", "End", KeyCode::End),
    ("pageup", "PgUp", KeyCode::PageUp),
    ("pagedown", "PgDn", KeyCode::PageDown),
];

impl Chord {
    /// The chord of a key event, made comparable: shift dropped from characters, `Shift-Tab` in one form.
    pub fn of(event: KeyEvent) -> Self {
        let mut modifiers = event.modifiers
            & (KeyModifiers::CONTROL
                | KeyModifiers::ALT
                | KeyModifiers::SHIFT
                | KeyModifiers::SUPER);
        let code = match event.code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) => {
                let shifted = modifiers.contains(KeyModifiers::SHIFT);
                modifiers -= KeyModifiers::SHIFT;
                if modifiers.is_empty() {
                    // Some terminals report the bare key and the modifier.
                    KeyCode::Char(if shifted && c.is_ascii_lowercase() {
                        c.to_ascii_uppercase()
                    } else {
                        c
                    })
                } else {
                    KeyCode::Char(c.to_ascii_lowercase())
                }
            }
            code => code,
        };
        Self { code, modifiers }
    }

    /// The chord as footer and help write it: `Ctrl-Q`, `K`.
    pub fn label(&self) -> String {
        let mut label = String::new();
        for (flag, word) in [
            (KeyModifiers::CONTROL, "Ctrl-"),
            (KeyModifiers::ALT, "Alt-"),
            (KeyModifiers::SHIFT, "Shift-"),
        ] {
            if self.modifiers.contains(flag) {
                label.push_str(word);
            }
        }
        let named = NAMES.iter().find(|(_, _, code)| *code == self.code);
        match (self.code, named) {
            (_, Some((_, word, _))) => label.push_str(word),
            (KeyCode::Char(c), None) if self.modifiers.is_empty() => label.push(c),
            (KeyCode::Char(c), None) => label.push(c.to_ascii_uppercase()),
            (KeyCode::F(number), None) => label.push_str(&format!("F{number}")),
            _ => label.push('?'),
        }
        label
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())
    }
}

impl FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text.trim();
        while let Some((word, tail)) = rest.split_once('-').filter(|(_, tail)| !tail.is_empty()) {
            modifiers |= match word.to_ascii_lowercase().as_str() {
                "ctrl" | "control" | "c" => KeyModifiers::CONTROL,
                "alt" | "meta" | "a" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => {
                    return Err(format!(
                        "`{text}` is not a key; keys look like `ctrl-q` or `K`"
                    ));
                }
            };
            rest = tail;
        }
        let lower = rest.to_ascii_lowercase();
        let named = NAMES.iter().find(|(word, _, _)| *word == lower);
        let mut characters = rest.chars();
        let code = match (named, characters.next(), characters.next()) {
            (Some((_, _, code)), _, _) => *code,
            (None, Some(c), None) => KeyCode::Char(c),
            (None, Some('f' | 'F'), Some(_)) => match rest[1..].parse() {
                Ok(number @ 1..=35) => KeyCode::F(number),
                _ => return Err(format!("`{text}` is not a key")),
            },
            _ => {
                return Err(format!(
                    "`{text}` is not a key; keys look like `ctrl-q` or `K`"
                ));
            }
        };
        Ok(Chord::of(KeyEvent::new(code, modifiers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_read_and_written() {
        for (text, label) in [
            ("ctrl-q", "Ctrl-Q"),
            ("C-b", "Ctrl-B"),
            ("K", "K"),
            ("shift-k", "K"),
            ("shift-tab", "Shift-Tab"),
            ("enter", "Enter"),
            ("f12", "F12"),
            ("-", "-"),
            ("ctrl--", "Ctrl--"),
            ("space", "Space"),
            ("ctrl-alt-x", "Ctrl-Alt-X"),
        ] {
            let chord: Chord = text.parse().unwrap();
            assert_eq!(chord.label(), label);
            assert_eq!(label.parse(), Ok(chord), "{label}");
        }
        for bad in ["", "hyper-x", "f99", "fx", "enterr", "ctrl-"] {
            assert!(bad.parse::<Chord>().is_err(), "{bad}");
        }
    }

    #[test]
    fn terminals_report_the_same_key_in_several_ways() {
        let event = KeyEvent::new;
        for (left, right) in [
            (event(KeyCode::Char('K'), KeyModifiers::SHIFT), "K"),
            (event(KeyCode::Char('k'), KeyModifiers::SHIFT), "K"),
            (event(KeyCode::Char('Q'), KeyModifiers::CONTROL), "ctrl-q"),
            (event(KeyCode::BackTab, KeyModifiers::SHIFT), "shift-tab"),
            (event(KeyCode::BackTab, KeyModifiers::NONE), "shift-tab"),
            (event(KeyCode::Char('?'), KeyModifiers::SHIFT), "?"),
        ] {
            assert_eq!(Ok(Chord::of(left)), right.parse());
        }
    }
}
