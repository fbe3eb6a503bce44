//! Bytes of the terminal's input become keys. Old encodings, the kitty keyboard protocol, bracketed paste
//! and answers to queries; whatever else comes is swallowed whole.

/// The longest paste and the longest control sequence kept, in bytes.
const MAX_PASTE: usize = 1024 * 1024;
const MAX_SEQUENCE: usize = 4096;

const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Something that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Key {
    Char(char),
    /// Enter with shift or alt, or Ctrl-J.
    Newline,
    Enter,
    Escape,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    WordLeft,
    WordRight,
    /// Control with a small letter.
    Ctrl(char),
    /// A bracketed paste.
    Paste(String),
    /// The terminal's answer to the question what it is (DA1).
    DeviceAttributes,
}

/// Turns bytes into keys; sequences may be cut anywhere.
#[derive(Debug, Default)]
pub struct KeyParser {
    buffer: Vec<u8>,
}

impl KeyParser {
    /// Takes in bytes and gives the keys that are complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.buffer.extend_from_slice(bytes);
        let mut keys = Vec::new();
        let mut at = 0;
        while at < self.buffer.len() {
            match next(&self.buffer[at..]) {
                Parsed::Key(len, key) => {
                    keys.push(key);
                    at += len;
                }
                Parsed::Nothing(len) => at += len,
                Parsed::Incomplete => break,
            }
        }
        self.buffer.drain(..at);
        let pasting = self.buffer.starts_with(PASTE_START);
        if self.buffer.len() > if pasting { MAX_PASTE } else { MAX_SEQUENCE } {
            // A paste without end is taken as it is; an endless sequence is dropped.
            if pasting {
                keys.push(paste(&self.buffer[PASTE_START.len()..]));
            }
            self.buffer.clear();
        }
        keys
    }

    /// Whether an Escape waits to be told from the start of a sequence.
    pub fn is_pending(&self) -> bool {
        self.buffer.first() == Some(&0x1b) && !self.buffer.starts_with(PASTE_START)
    }

    /// Nothing came for a while: what waits was an Escape.
    pub fn flush(&mut self) -> Option<Key> {
        let lone = self.buffer == b"\x1b";
        if self.is_pending() {
            self.buffer.clear();
        }
        lone.then_some(Key::Escape)
    }
}

enum Parsed {
    Key(usize, Key),
    Nothing(usize),
    Incomplete,
}

fn next(bytes: &[u8]) -> Parsed {
    match bytes[0] {
        0x1b => escape(bytes),
        b'\r' => Parsed::Key(1, Key::Enter),
        b'\n' => Parsed::Key(1, Key::Newline),
        b'\t' => Parsed::Key(1, Key::Tab),
        0x7f | 0x08 => Parsed::Key(1, Key::Backspace),
        byte @ 1..=26 => Parsed::Key(1, Key::Ctrl(char::from(byte | 0x60))),
        0..=31 => Parsed::Nothing(1),
        _ => character(bytes),
    }
}

fn character(bytes: &[u8]) -> Parsed {
    let length = match bytes[0] {
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Parsed::Nothing(1),
    };
    let Some(bytes) = bytes.get(..length) else {
        return Parsed::Incomplete;
    };
    match std::str::from_utf8(bytes)
        .ok()
        .and_then(|s| s.chars().next())
    {
        Some(c) if !c.is_control() => Parsed::Key(length, Key::Char(c)),
        Some(_) => Parsed::Nothing(length),
        None => Parsed::Nothing(1),
    }
}

fn escape(bytes: &[u8]) -> Parsed {
    match bytes.get(1) {
        None => Parsed::Incomplete,
        Some(b'[') => csi(bytes),
        Some(b'O') => match bytes.get(2) {
            None => Parsed::Incomplete,
            Some(byte) => named(3, arrow(*byte, false)),
        },
        Some(b']' | b'P' | b'_' | b'^' | b'X') => string(bytes),
        Some(b'\r' | b'\n') => Parsed::Key(2, Key::Newline),
        Some(b'b') => Parsed::Key(2, Key::WordLeft),
        Some(b'f') => Parsed::Key(2, Key::WordRight),
        Some(0x7f) => Parsed::Key(2, Key::Ctrl('w')),
        Some(0x1b) => Parsed::Key(1, Key::Escape),
        Some(_) => Parsed::Nothing(2),
    }
}

/// An answer that is a string (OSC, DCS, …): swallowed up to its end.
fn string(bytes: &[u8]) -> Parsed {
    for at in 2..bytes.len() {
        if bytes[at] == 0x07 {
            return Parsed::Nothing(at + 1);
        }
        if bytes[at] == b'\\' && bytes[at - 1] == 0x1b {
            return Parsed::Nothing(at + 1);
        }
    }
    Parsed::Incomplete
}

fn csi(bytes: &[u8]) -> Parsed {
    if bytes.starts_with(PASTE_START) {
        let body = &bytes[PASTE_START.len()..];
        let end = body.windows(PASTE_END.len()).position(|w| w == PASTE_END);
        return match end {
            Some(end) => Parsed::Key(
                PASTE_START.len() + end + PASTE_END.len(),
                paste(&body[..end]),
            ),
            None => Parsed::Incomplete,
        };
    }
    let Some(end) = bytes[2..].iter().position(|b| (0x40..=0x7e).contains(b)) else {
        return Parsed::Incomplete;
    };
    let parameters = &bytes[2..2 + end];
    let length = end + 3;
    let last = bytes[length - 1];
    if parameters.first() == Some(&b'?') {
        return match last {
            b'c' => Parsed::Key(length, Key::DeviceAttributes),
            _ => Parsed::Nothing(length),
        };
    }
    let text = String::from_utf8_lossy(parameters);
    let numbers: Vec<u32> = text
        .split(';')
        .map(|part| {
            part.split(':')
                .next()
                .unwrap_or_default()
                .parse()
                .unwrap_or(0)
        })
        .collect();
    let number = |index: usize| numbers.get(index).copied().unwrap_or(0);
    let held = number(1).saturating_sub(1);
    named(
        length,
        match last {
            b'u' => coded(number(0), held),
            b'~' if number(0) == 27 => coded(number(2), held),
            b'~' => match number(0) {
                1 | 7 => Some(Key::Home),
                4 | 8 => Some(Key::End),
                3 => Some(Key::Delete),
                _ => None,
            },
            other => arrow(other, held & 0b110 != 0),
        },
    )
}

fn named(length: usize, key: Option<Key>) -> Parsed {
    key.map_or(Parsed::Nothing(length), |key| Parsed::Key(length, key))
}

fn arrow(last: u8, by_words: bool) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if by_words => Key::WordRight,
        b'D' if by_words => Key::WordLeft,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => return None,
    })
}

/// A key of the kitty protocol or of modifyOtherKeys; `held` has 1 for shift, 2 for alt, 4 for control.
fn coded(code: u32, held: u32) -> Option<Key> {
    let (shift_or_alt, control) = (held & 0b011 != 0, held & 0b100 != 0);
    Some(match code {
        13 if shift_or_alt || control => Key::Newline,
        13 => Key::Enter,
        27 => Key::Escape,
        9 => Key::Tab,
        8 | 127 if shift_or_alt || control => Key::Ctrl('w'),
        8 | 127 => Key::Backspace,
        _ => match char::from_u32(code)? {
            'j' if control => Key::Newline,
            c @ 'a'..='z' if control => Key::Ctrl(c),
            'b' if held & 0b010 != 0 => Key::WordLeft,
            'f' if held & 0b010 != 0 => Key::WordRight,
            c if !c.is_control() && held <= 1 => Key::Char(c),
            _ => return None,
        },
    })
}

fn paste(bytes: &[u8]) -> Key {
    let text = String::from_utf8_lossy(bytes)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    Key::Paste(
        text.chars()
            .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        KeyParser::default().feed(bytes)
    }

    #[test]
    fn keys_of_all_kinds() {
        for (bytes, expected) in [
            (&b"a\xc3\xbc"[..], vec![Key::Char('a'), Key::Char('ü')]),
            (b"\r", vec![Key::Enter]),
            (b"\n", vec![Key::Newline]),
            (b"\x1b[13;2u", vec![Key::Newline]),
            (b"\x1b[27;2;13~", vec![Key::Newline]),
            (b"\x1b\r", vec![Key::Newline]),
            (b"\x1b[27u", vec![Key::Escape]),
            (b"\x1b[99;5u\x03", vec![Key::Ctrl('c'), Key::Ctrl('c')]),
            (b"\x1b[A\x1bOB", vec![Key::Up, Key::Down]),
            (b"\x1b[1;5D", vec![Key::WordLeft]),
            (b"\x1b[3~\x7f", vec![Key::Delete, Key::Backspace]),
            (b"\x1b[?62;4c", vec![Key::DeviceAttributes]),
            (b"\x1b[?0u\x1b]11;rgb:0/0/0\x1b\\x", vec![Key::Char('x')]),
            (
                b"\x1b[200~a\r\nb\x1b[31m\x1b[201~",
                vec![Key::Paste("a\nb[31m".into())],
            ),
            (b"\xff\xfe\x00z", vec![Key::Char('z')]),
        ] {
            assert_eq!(keys(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn sequences_may_be_cut_anywhere() {
        let bytes = b"\x1b[200~p\xc3\xa4ste\x1b[201~\x1b[13;2u\x1b[?6c\xe6\x97\xa5";
        let whole = keys(bytes);
        assert_eq!(whole.len(), 4);
        for cut in 1..bytes.len() {
            let mut parser = KeyParser::default();
            let mut parts = parser.feed(&bytes[..cut]);
            parts.extend(parser.feed(&bytes[cut..]));
            assert_eq!(parts, whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_lone_escape_is_told_by_time() {
        let mut parser = KeyParser::default();
        assert_eq!(parser.feed(b"\x1b"), []);
        assert!(parser.is_pending());
        assert_eq!(parser.flush(), Some(Key::Escape));
        assert_eq!(parser.flush(), None);
        assert_eq!(parser.feed(b"x"), [Key::Char('x')]);
    }

    #[test]
    fn endless_input_is_bounded() {
        let mut parser = KeyParser::default();
        for _ in 0..100 {
            parser.feed(b"\x1b]1");
            parser.feed(&[b'1'; 1000]);
        }
        assert!(parser.buffer.len() <= MAX_SEQUENCE);
        let mut parser = KeyParser::default();
        parser.feed(PASTE_START);
        let mut pasted = 0;
        for _ in 0..40 {
            for key in parser.feed(&[b'a'; 64 * 1024]) {
                pasted += usize::from(matches!(key, Key::Paste(_)));
            }
        }
        assert!(pasted > 0 && parser.buffer.len() <= MAX_PASTE);
    }
}
