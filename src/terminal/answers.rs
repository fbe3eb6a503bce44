//! Answers to an agent's queries. They are given while the stream is read, so their order is the stream's.

use super::modes::Modes;
use super::screen::Screen;
use super::sgr;
use crate::protocol::CursorShape;

/// Colours for a terminal nobody has told us about: light on dark.
const FOREGROUND: (u8, u8, u8) = (0xd8, 0xd8, 0xd8);
const BACKGROUND: (u8, u8, u8) = (0x18, 0x18, 0x18);
/// A cell in pixels where nobody has told us.
const CELL: (u16, u16) = (8, 16);

/// The sixteen colours most terminals start with.
const ANSI: [(u8, u8, u8); 16] = [
    (0x00, 0x00, 0x00),
    (0xcd, 0x00, 0x00),
    (0x00, 0xcd, 0x00),
    (0xcd, 0xcd, 0x00),
    (0x00, 0x00, 0xee),
    (0xcd, 0x00, 0xcd),
    (0x00, 0xcd, 0xcd),
    (0xe5, 0xe5, 0xe5),
    (0x7f, 0x7f, 0x7f),
    (0xff, 0x00, 0x00),
    (0x00, 0xff, 0x00),
    (0xff, 0xff, 0x00),
    (0x5c, 0x5c, 0xff),
    (0xff, 0x00, 0xff),
    (0x00, 0xff, 0xff),
    (0xff, 0xff, 0xff),
];

/// One of the 256 colours.
fn palette(index: u8) -> (u8, u8, u8) {
    match index {
        0..=15 => ANSI[usize::from(index)],
        16..=231 => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            (level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        232..=255 => {
            let gray = 8 + 10 * (index - 232);
            (gray, gray, gray)
        }
    }
}

impl Screen {
    fn answer(&mut self, text: &str) {
        self.events.answer(text.as_bytes());
    }

    /// A cell in pixels.
    pub(super) fn cell_size(&self) -> (u16, u16) {
        let (width, height) = self.outer.cell.unwrap_or(CELL);
        (width.clamp(1, 256), height.clamp(1, 256))
    }

    /// DA1: a VT220 with colours, and a clipboard if it may be written.
    pub(super) fn answer_primary(&mut self) {
        let clipboard = if self.clipboard_write { ";52" } else { "" };
        self.answer(&format!("\x1b[?62;22{clipboard}c"));
    }

    /// DA2.
    pub(super) fn answer_secondary(&mut self) {
        self.answer("\x1b[>1;100;0c");
    }

    /// DA3.
    pub(super) fn answer_tertiary(&mut self) {
        self.answer("\x1bP!|676C756E\x1b\\");
    }

    /// XTVERSION.
    pub(super) fn answer_version(&mut self) {
        self.answer(concat!(
            "\x1bP>|gluon(",
            env!("CARGO_PKG_VERSION"),
            ")\x1b\\"
        ));
    }

    /// DSR.
    pub(super) fn answer_status(&mut self, what: u16, private: bool) {
        let top = if self.cursor.origin { self.region.0 } else { 0 };
        let row = self.cursor.row.saturating_sub(top) + 1;
        let col = self.cursor.col + 1;
        match (private, what) {
            (false, 5) => self.answer("\x1b[0n"),
            (false, 6) => self.answer(&format!("\x1b[{row};{col}R")),
            (true, 6) => self.answer(&format!("\x1b[?{row};{col};1R")),
            (true, 996) => self.answer_scheme(),
            _ => {}
        }
    }

    /// Whether the colours are dark (1) or light (2).
    pub(super) fn answer_scheme(&mut self) {
        let (r, g, b) = self.outer.background.unwrap_or(BACKGROUND);
        let light = u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 > 127_500;
        self.answer(&format!("\x1b[?997;{}n", if light { 2 } else { 1 }));
    }

    /// DECRQM.
    pub(super) fn answer_mode(&mut self, number: u16, private: bool) {
        let state = self.mode_state(number, private);
        let mark = if private { "?" } else { "" };
        self.answer(&format!("\x1b[{mark}{number};{state}$y"));
    }

    /// The kitty keyboard flags.
    pub(super) fn answer_keyboard(&mut self) {
        let flags = self.keyboard_flags();
        self.answer(&format!("\x1b[?{flags}u"));
    }

    /// XTQMODKEYS.
    pub(super) fn answer_other_keys(&mut self) {
        let level = match () {
            () if self.modes.has(Modes::OTHER_KEYS_2) => 2,
            () if self.modes.has(Modes::OTHER_KEYS_1) => 1,
            () => 0,
        };
        self.answer(&format!("\x1b[>4;{level}m"));
    }

    /// Sizes. Title and position are nobody's business.
    pub(super) fn answer_window(&mut self, what: u16) {
        let (width, height) = self.cell_size();
        let (cols, rows) = (self.cols, self.rows);
        let pixels = (cols * usize::from(width), rows * usize::from(height));
        match what {
            11 => self.answer("\x1b[1t"),
            14 => self.answer(&format!("\x1b[4;{};{}t", pixels.1, pixels.0)),
            16 => self.answer(&format!("\x1b[6;{height};{width}t")),
            18 => self.answer(&format!("\x1b[8;{rows};{cols}t")),
            19 => self.answer(&format!("\x1b[9;{rows};{cols}t")),
            _ => {}
        }
    }

    /// The colour behind OSC `code` (4 with an index, 10, 11, 12), as the user sees it.
    pub(super) fn answer_color(&mut self, code: u16, index: u8, bell: bool) {
        let foreground = self.outer.foreground.unwrap_or(FOREGROUND);
        let (r, g, b) = match code {
            4 => palette(index),
            11 => self.outer.background.unwrap_or(BACKGROUND),
            _ => foreground,
        };
        let name = if code == 4 {
            format!("4;{index}")
        } else {
            code.to_string()
        };
        let end = if bell { "\x07" } else { "\x1b\\" };
        self.answer(&format!(
            "\x1b]{name};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{end}"
        ));
    }

    /// That the Program Status Protocol is spoken here.
    pub(super) fn answer_program(&mut self) {
        self.answer(concat!(
            "\x1b]7501;?:states=idle,working,done,blocked,error",
            ":kinds=permission,question,auth\x1b\\"
        ));
    }

    /// DCS sequences: DECRQSS, XTGETTCAP, and our own snapshots.
    pub(super) fn dcs(&mut self, payload: &[u8]) {
        if let Some(what) = payload.strip_prefix(b"$q") {
            self.answer_setting(what);
        } else if let Some(names) = payload.strip_prefix(b"+q") {
            self.answer_capabilities(names);
        } else if let Some(piece) = payload.strip_prefix(super::snapshot::MARK) {
            self.read_snapshot(piece);
        }
    }

    /// DECRQSS.
    fn answer_setting(&mut self, what: &[u8]) {
        let value = match what {
            b"m" => format!("{}m", sgr::parameters(&self.tables.look(&self.cursor.pen))),
            b"r" => format!("{};{}r", self.region.0 + 1, self.region.1),
            b" q" => {
                let shape = match self.shape {
                    CursorShape::Block => 2,
                    CursorShape::Underline => 4,
                    CursorShape::Bar => 6,
                };
                format!("{} q", shape - u8::from(self.blinking))
            }
            b"\"p" => "62;1\"p".to_owned(),
            _ => return self.answer("\x1bP0$r\x1b\\"),
        };
        self.answer(&format!("\x1bP1$r{value}\x1b\\"));
    }

    /// XTGETTCAP: names and values in hexadecimal.
    fn answer_capabilities(&mut self, names: &[u8]) {
        for name in names.split(|byte| *byte == b';').take(64) {
            // Echoed, so it has to be what it says it is.
            let fits = name.len() <= 64 && name.iter().all(u8::is_ascii_hexdigit);
            let Some(name) = std::str::from_utf8(name).ok().filter(|_| fits) else {
                self.answer("\x1bP0+r\x1b\\");
                continue;
            };
            let value: Option<&str> = match unhex(name).as_slice() {
                b"TN" | b"name" => Some("xterm-256color"),
                b"Co" | b"colors" => Some("256"),
                b"RGB" => Some("8/8/8"),
                b"Tc" | b"Su" | b"fullkbd" => Some(""),
                b"Smulx" => Some("\x1b[4:%p1%dm"),
                b"Setulc" => {
                    Some("\x1b[58:2::%p1%{65536}%/%d:%p1%{256}%/%{255}%&%d:%p1%{255}%&%d%;m")
                }
                b"Ss" => Some("\x1b[%p1%d q"),
                b"Se" => Some("\x1b[2 q"),
                b"Sync" => Some("\x1b[?2026%?%p1%{1}%-%tl%eh%;"),
                b"Ms" if self.clipboard_write => Some("\x1b]52;%p1%s;%p2%s\x07"),
                _ => None,
            };
            match value {
                Some("") => self.answer(&format!("\x1bP1+r{name}\x1b\\")),
                Some(value) => {
                    let value: String = value.bytes().map(|byte| format!("{byte:02X}")).collect();
                    self.answer(&format!("\x1bP1+r{name}={value}\x1b\\"));
                }
                None => self.answer(&format!("\x1bP0+r{name}\x1b\\")),
            }
        }
    }
}

/// Bytes from hexadecimal digits; an odd one at the end is left out.
fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}
