//! An agent's raw output as plain text: escape sequences are left out, also where they are split.

/// Where in an escape sequence the stream is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    /// `ESC (` and the like: one more byte.
    Designate,
    /// `ESC [`.
    Control,
    /// `ESC ]`, `ESC P` and the like, up to BEL or ST.
    Text,
    /// An escape within such a text.
    TextEscape,
}

/// Takes bytes in any pieces and gives text that is safe to print.
#[derive(Debug, Default)]
pub(in crate::cli) struct Stripper {
    state: State,
    /// The bytes of a character that is not complete yet; never more than three.
    partial: Vec<u8>,
    /// A carriage return whose line feed may still come.
    returned: bool,
}

impl Stripper {
    /// The text in `bytes`.
    pub(in crate::cli) fn strip(&mut self, bytes: &[u8]) -> String {
        let mut plain = std::mem::take(&mut self.partial);
        for &byte in bytes {
            self.take(byte, &mut plain);
        }
        let end = complete(&plain);
        self.partial = plain.split_off(end);
        super::clean::block(&String::from_utf8_lossy(&plain)).into_owned()
    }

    fn take(&mut self, byte: u8, plain: &mut Vec<u8>) {
        self.state = match (self.state, byte) {
            (State::Text | State::TextEscape, 0x07 | 0x18 | 0x1a) => State::Ground,
            (State::Text, 0x1b) => State::TextEscape,
            (State::Text, _) => State::Text,
            (State::TextEscape, b'\\') => State::Ground,
            // Anything else starts another sequence.
            (State::TextEscape | State::Escape, byte) => escape(byte),
            (_, 0x1b) => State::Escape,
            (State::Designate, _) => State::Ground,
            (State::Control, 0x40..=0x7e | 0x18 | 0x1a) => State::Ground,
            (State::Control, _) => State::Control,
            (State::Ground, byte) => {
                self.plain(byte, plain);
                State::Ground
            }
        };
    }

    /// A lone carriage return ends a line too: what it overwrites was printed and stays readable.
    fn plain(&mut self, byte: u8, plain: &mut Vec<u8>) {
        let returned = std::mem::replace(&mut self.returned, byte == b'\r');
        match byte {
            b'\r' => {}
            b'\n' => plain.push(b'\n'),
            byte => {
                if returned {
                    plain.push(b'\n');
                }
                // Bells, backspaces and the like mean nothing in a text.
                if byte >= 0x20 && byte != 0x7f || byte == b'\t' {
                    plain.push(byte);
                }
            }
        }
    }
}

fn escape(byte: u8) -> State {
    match byte {
        b'[' => State::Control,
        b']' | b'P' | b'X' | b'^' | b'_' => State::Text,
        b' ' | b'#' | b'%' | b'('..=b'/' => State::Designate,
        0x1b => State::Escape,
        _ => State::Ground,
    }
}

/// How many bytes at the start are no unfinished character.
fn complete(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for (at, byte) in bytes.iter().enumerate().skip(tail) {
        let wanted = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => continue,
        };
        if at + wanted > bytes.len() {
            return at;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &[(&[u8], &str)] = &[
        (b"plain\r\nnext\n", "plain\nnext\n"),
        (b"\x1b[1;31mred\x1b[0m \x1b[?25lx", "red x"),
        (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
        (b"\x1bPq#0;1\x1b\\c\x1b(Bd\x1b=e", "cde"),
        (b"10%\r20%\r30%\r\n", "10%\n20%\n30%\n"),
        (b"bell\x07 back\x08s \x1b[2J\x1b[Hx", "bell backs x"),
        ("ä日👩".as_bytes(), "ä日👩"),
        (b"bad \xff\xfe utf", "bad \u{fffd}\u{fffd} utf"),
        (b"\x1b]0;cut\x1b[31mred", "red"),
    ];

    #[test]
    fn sequences_are_left_out_however_they_are_split() {
        for (bytes, expected) in CASES {
            assert_eq!(Stripper::default().strip(bytes), *expected, "{bytes:?}");
            let mut stripper = Stripper::default();
            let single: String = bytes.iter().map(|byte| stripper.strip(&[*byte])).collect();
            assert_eq!(single, *expected, "{bytes:?} byte by byte");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_comes_out(bytes: Vec<u8>, at: usize) {
            let mut stripper = Stripper::default();
            let (first, second) = bytes.split_at(at % (bytes.len() + 1));
            let text = stripper.strip(first) + &stripper.strip(second);
            assert!(text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{text:?}");
        }
    }
}
