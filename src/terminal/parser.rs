//! Bytes → characters, controls and sequences: the state machine every emulator has.
//!
//! Owns the unfinished end of the stream ([`Parser::carry`]). Invariants: feeding `carry` to a new parser
//! brings it into the same state; nothing here grows beyond [`STRING_LIMIT`]; C1 controls are recognised
//! in their two-byte form only, since the stream is UTF-8.

/// The longest string sequence (OSC, DCS …) that is looked at. Longer ones are swallowed to their end.
pub(super) const STRING_LIMIT: usize = 64 * 1024;
/// Parameters of a control sequence that are looked at.
const MAX_PARAMS: usize = 32;
/// Bytes of an unfinished control sequence kept; longer ones are nonsense and are ignored to their end.
const SEQUENCE_LIMIT: usize = 256;

/// What a parser calls.
pub(super) trait Sink {
    /// Printable ASCII characters.
    fn print_ascii(&mut self, run: &[u8]);
    /// One other character, never a C0 control.
    fn print(&mut self, c: char);
    /// A C0 control.
    fn execute(&mut self, byte: u8);
    /// An escape sequence: its intermediate byte (0: none) and its last.
    fn escape(&mut self, intermediate: u8, last: u8);
    /// A control sequence.
    fn control(&mut self, csi: &Csi);
    /// A string sequence; `bell` if it ended in BEL instead of ST.
    fn string(&mut self, kind: StringKind, payload: &[u8], bell: bool);
}

/// Which string sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StringKind {
    Osc,
    Dcs,
    /// APC, PM, SOS: of no use here.
    Other,
}

/// A control sequence.
#[derive(Debug, Clone, Default)]
pub(super) struct Csi {
    params: [u16; MAX_PARAMS],
    count: usize,
    /// Bit i: parameter i was joined to the one before it with a colon.
    joined: u32,
    /// `<`, `=`, `>`, `?`, or 0.
    pub(super) private: u8,
    /// The last intermediate byte, or 0.
    pub(super) intermediate: u8,
    /// The final byte.
    pub(super) last: u8,
}

impl Csi {
    fn clear(&mut self) {
        *self = Csi::default();
    }

    /// The parameters.
    pub(super) fn params(&self) -> &[u16] {
        &self.params[..self.count]
    }

    /// Parameter `index`; 0 if it is not there.
    pub(super) fn get(&self, index: usize) -> u16 {
        self.params().get(index).copied().unwrap_or(0)
    }

    /// Parameter `index` as a count: at least 1.
    pub(super) fn count(&self, index: usize) -> usize {
        usize::from(self.get(index).max(1))
    }

    /// Whether parameter `index` belongs to the one before it.
    pub(super) fn is_joined(&self, index: usize) -> bool {
        index < MAX_PARAMS && self.joined & (1 << index) != 0
    }

    fn digit(&mut self, byte: u8) {
        self.count = self.count.max(1);
        let param = &mut self.params[self.count - 1];
        *param = param
            .saturating_mul(10)
            .saturating_add(u16::from(byte - b'0'));
    }

    /// Starts the next parameter. Says whether there was room.
    fn separator(&mut self, byte: u8) -> bool {
        self.count = self.count.max(1);
        if self.count == MAX_PARAMS {
            return false;
        }
        if byte == b':' {
            self.joined |= 1 << self.count;
        }
        self.count += 1;
        true
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ground,
    /// Within a character.
    Utf8,
    Escape,
    Csi,
    CsiIgnore,
    String(StringKind),
    /// A string that is too long: waiting for its end.
    Swallow(StringKind),
}

/// The state machine.
#[derive(Debug)]
pub(super) struct Parser {
    state: State,
    /// Everything since the start of what is unfinished; a string's payload with its introducer.
    carry: Vec<u8>,
    csi: Csi,
    intermediate: u8,
}

impl Default for Parser {
    fn default() -> Self {
        Parser {
            state: State::Ground,
            carry: Vec::new(),
            csi: Csi::default(),
            intermediate: 0,
        }
    }
}

impl Parser {
    /// The unfinished end of what was fed.
    pub(super) fn carry(&self) -> &[u8] {
        match self.state {
            State::Ground => &[],
            State::CsiIgnore => b"\x1b[<<",
            // What nobody reads, ended by the same bytes.
            State::Swallow(StringKind::Osc) => b"\x1b]!",
            State::Swallow(_) => b"\x1bX",
            State::Utf8 | State::Escape | State::Csi | State::String(_) => &self.carry,
        }
    }

    /// Feeds bytes.
    pub(super) fn advance(&mut self, sink: &mut impl Sink, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            at = match self.state {
                State::Ground => self.ground(sink, bytes, at),
                State::Utf8 => self.utf8(sink, bytes, at),
                State::Escape => self.escape(sink, bytes, at),
                State::Csi | State::CsiIgnore => self.csi(sink, bytes, at),
                State::String(kind) | State::Swallow(kind) => self.string(sink, kind, bytes, at),
            };
        }
        if self.carry.capacity() > 4096 && self.state == State::Ground {
            self.carry = Vec::new();
        }
    }

    fn ground(&mut self, sink: &mut impl Sink, bytes: &[u8], start: usize) -> usize {
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                0x20..=0x7e => {
                    let run = ascii_run(&bytes[at..]);
                    sink.print_ascii(&bytes[at..at + run]);
                    at += run;
                }
                0x1b => {
                    self.begin_escape();
                    return at + 1;
                }
                0x00..=0x1f => {
                    sink.execute(byte);
                    at += 1;
                }
                0x7f => at += 1,
                0x80.. => match decode(&bytes[at..]) {
                    Decoded::Char(c, len) => {
                        sink.print(c);
                        at += len;
                    }
                    Decoded::Invalid(len) => {
                        sink.print(char::REPLACEMENT_CHARACTER);
                        at += len;
                    }
                    Decoded::Incomplete => {
                        self.state = State::Utf8;
                        self.carry.clear();
                        self.carry.extend_from_slice(&bytes[at..]);
                        return bytes.len();
                    }
                },
            }
        }
        at
    }

    /// Goes on with a character whose first bytes came earlier.
    fn utf8(&mut self, sink: &mut impl Sink, bytes: &[u8], at: usize) -> usize {
        let had = self.carry.len();
        self.carry.push(bytes[at]);
        match decode(&self.carry) {
            Decoded::Incomplete => at + 1,
            Decoded::Char(c, _) => {
                self.state = State::Ground;
                sink.print(c);
                at + 1
            }
            Decoded::Invalid(len) => {
                self.state = State::Ground;
                sink.print(char::REPLACEMENT_CHARACTER);
                // The byte that broke it is looked at again, as the start of something else.
                at + usize::from(len > had)
            }
        }
    }

    fn begin_escape(&mut self) {
        self.state = State::Escape;
        self.carry.clear();
        self.carry.push(0x1b);
        self.intermediate = 0;
    }

    fn escape(&mut self, sink: &mut impl Sink, bytes: &[u8], at: usize) -> usize {
        let byte = bytes[at];
        match byte {
            0x1b => self.begin_escape(),
            0x18 | 0x1a => self.state = State::Ground,
            0x00..=0x1f => sink.execute(byte),
            0x20..=0x2f => {
                if self.carry.len() < SEQUENCE_LIMIT {
                    self.carry.push(byte);
                }
                // A second one makes a sequence that nobody knows.
                self.intermediate = if self.intermediate == 0 { byte } else { 0xff };
            }
            b'[' if self.intermediate == 0 => {
                self.state = State::Csi;
                self.carry.push(byte);
                self.csi.clear();
            }
            b']' if self.intermediate == 0 => self.begin_string(StringKind::Osc, byte),
            b'P' if self.intermediate == 0 => self.begin_string(StringKind::Dcs, byte),
            b'X' | b'^' | b'_' if self.intermediate == 0 => {
                self.begin_string(StringKind::Other, byte);
            }
            0x30..=0x7e => {
                self.state = State::Ground;
                sink.escape(self.intermediate, byte);
            }
            0x7f => {}
            // Not ASCII: the sequence is broken off, the character shown.
            0x80.. => {
                self.state = State::Ground;
                return at;
            }
        }
        at + 1
    }

    fn begin_string(&mut self, kind: StringKind, byte: u8) {
        self.state = State::String(kind);
        self.carry.clear();
        self.carry.extend_from_slice(&[0x1b, byte]);
    }

    fn csi(&mut self, sink: &mut impl Sink, bytes: &[u8], start: usize) -> usize {
        let mut at = start;
        let mut kept = start;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'0'..=b'9' if self.csi.intermediate == 0 => self.csi.digit(byte),
                b';' | b':' if self.csi.intermediate == 0 => {
                    // Too many parameters: those that fit count, as in xterm.
                    if !self.csi.separator(byte) {
                        self.state = State::CsiIgnore;
                    }
                }
                b'<'..=b'?' => {
                    let first = self.csi.count == 0 && self.csi.intermediate == 0;
                    if first && self.csi.private == 0 {
                        self.csi.private = byte;
                    } else {
                        self.state = State::CsiIgnore;
                    }
                }
                0x20..=0x2f => self.csi.intermediate = byte,
                0x30..=0x3f => self.state = State::CsiIgnore,
                0x40..=0x7e => {
                    let known = self.state == State::Csi;
                    self.state = State::Ground;
                    if known {
                        self.csi.last = byte;
                        sink.control(&self.csi);
                    }
                    return at;
                }
                0x1b => {
                    self.begin_escape();
                    return at;
                }
                0x18 | 0x1a => {
                    self.state = State::Ground;
                    return at;
                }
                0x00..=0x1f => {
                    // Obeyed at once, so it must not be in the carry.
                    self.keep(&bytes[kept..at - 1]);
                    kept = at;
                    sink.execute(byte);
                }
                0x7f => {
                    self.keep(&bytes[kept..at - 1]);
                    kept = at;
                }
                0x80.. => {
                    self.state = State::Ground;
                    return at - 1;
                }
            }
        }
        self.keep(&bytes[kept..]);
        at
    }

    /// Remembers a part of an unfinished control sequence.
    fn keep(&mut self, part: &[u8]) {
        self.carry.extend_from_slice(part);
        if self.carry.len() > SEQUENCE_LIMIT {
            self.carry.truncate(SEQUENCE_LIMIT);
            self.state = State::CsiIgnore;
        }
    }

    fn string(&mut self, sink: &mut impl Sink, kind: StringKind, bytes: &[u8], at: usize) -> usize {
        let rest = &bytes[at..];
        let end = rest.iter().position(|byte| {
            matches!(byte, 0x07 if kind == StringKind::Osc) || matches!(byte, 0x1b | 0x18 | 0x1a)
        });
        let part = &rest[..end.unwrap_or(rest.len())];
        if matches!(self.state, State::String(_)) {
            if self.carry.len() + part.len() > STRING_LIMIT {
                self.state = State::Swallow(kind);
                self.carry = Vec::new();
            } else {
                self.carry.extend_from_slice(part);
            }
        }
        let Some(end) = end else { return bytes.len() };
        let whole = matches!(self.state, State::String(_));
        let payload = std::mem::take(&mut self.carry);
        let last = rest[end];
        self.state = State::Ground;
        if last == 0x1b {
            self.begin_escape();
        }
        if whole && matches!(last, 0x07 | 0x1b) {
            sink.string(kind, payload.get(2..).unwrap_or_default(), last == 0x07);
        }
        at + end + 1
    }
}

/// How many bytes at the front are printable ASCII; at least the first is.
fn ascii_run(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut at = 0;
    for chunk in bytes.chunks_exact(8) {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        let word = u64::from_ne_bytes(word);
        // A byte below 0x20 borrows, one of 0x7f carries, one above has its high bit: exact enough to stop.
        let odd = (word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES) | word) & HIGH;
        if odd != 0 {
            break;
        }
        at += 8;
    }
    bytes[at..]
        .iter()
        .position(|byte| !matches!(byte, 0x20..=0x7e))
        .map_or(bytes.len(), |more| at + more)
}

enum Decoded {
    Char(char, usize),
    Invalid(usize),
    Incomplete,
}

/// The first character of `bytes`, which starts with a byte that is not ASCII.
fn decode(bytes: &[u8]) -> Decoded {
    if let [a @ 0xe1..=0xec, b @ 0x80..=0xbf, c @ 0x80..=0xbf, ..] = *bytes {
        let code = u32::from(a & 0x0f) << 12 | u32::from(b & 0x3f) << 6 | u32::from(c & 0x3f);
        if let Some(c) = char::from_u32(code) {
            return Decoded::Char(c, 3);
        }
    }
    let head = &bytes[..bytes.len().min(4)];
    let (valid, error) = match std::str::from_utf8(head) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default();
            (valid, Some(error))
        }
    };
    match (valid.chars().next(), error) {
        (Some(c), _) => Decoded::Char(c, c.len_utf8()),
        (None, Some(error)) => error
            .error_len()
            .map_or(Decoded::Incomplete, Decoded::Invalid),
        (None, None) => Decoded::Incomplete,
    }
}
