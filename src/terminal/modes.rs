//! What a program can switch: modes, character sets, keyboard protocol.

use serde::{Deserialize, Serialize};

use super::screen::{Pos, Screen};
use crate::protocol::TermModes;
use crate::protocol::screen::MouseMode;

/// The deepest stack of keyboard flags; the oldest goes when it is full.
const KEYBOARD_DEPTH: usize = 64;

/// Switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Modes(u32);

impl Default for Modes {
    fn default() -> Self {
        Modes(Self::WRAP | Self::SHOW_CURSOR | Self::ALTERNATE_SCROLL)
    }
}

impl Modes {
    pub(super) const WRAP: u32 = 1;
    pub(super) const SHOW_CURSOR: u32 = 1 << 1;
    pub(super) const ALTERNATE_SCROLL: u32 = 1 << 2;
    pub(super) const INSERT: u32 = 1 << 3;
    pub(super) const NEW_LINE: u32 = 1 << 4;
    pub(super) const APP_CURSOR: u32 = 1 << 5;
    pub(super) const APP_KEYPAD: u32 = 1 << 6;
    pub(super) const PASTE: u32 = 1 << 7;
    pub(super) const FOCUS: u32 = 1 << 8;
    pub(super) const MOUSE_X10: u32 = 1 << 9;
    pub(super) const MOUSE_CLICKS: u32 = 1 << 10;
    pub(super) const MOUSE_DRAGS: u32 = 1 << 11;
    pub(super) const MOUSE_MOTION: u32 = 1 << 12;
    pub(super) const MOUSE_UTF8: u32 = 1 << 13;
    pub(super) const MOUSE_SGR: u32 = 1 << 14;
    pub(super) const MOUSE_URXVT: u32 = 1 << 15;
    pub(super) const MOUSE_PIXELS: u32 = 1 << 16;
    pub(super) const COLOR_SCHEME: u32 = 1 << 17;
    /// modifyOtherKeys 1 and 2.
    pub(super) const OTHER_KEYS_1: u32 = 1 << 18;
    pub(super) const OTHER_KEYS_2: u32 = 1 << 19;

    const MOUSE: u32 =
        Self::MOUSE_X10 | Self::MOUSE_CLICKS | Self::MOUSE_DRAGS | Self::MOUSE_MOTION;
    const ENCODINGS: u32 =
        Self::MOUSE_UTF8 | Self::MOUSE_SGR | Self::MOUSE_URXVT | Self::MOUSE_PIXELS;

    pub(super) fn has(self, mode: u32) -> bool {
        self.0 & mode != 0
    }

    pub(super) fn set(&mut self, mode: u32, on: bool) {
        // The mouse's modes exclude each other, and so do its encodings.
        for group in [Self::MOUSE, Self::ENCODINGS] {
            if on && group & mode != 0 {
                self.0 &= !group;
            }
        }
        if on {
            self.0 |= mode;
        } else {
            self.0 &= !mode;
        }
    }

    /// How much of the mouse is wanted.
    pub(super) fn mouse(self) -> MouseMode {
        if self.has(Self::MOUSE_MOTION) {
            MouseMode::Motion
        } else if self.has(Self::MOUSE_DRAGS) {
            MouseMode::Drags
        } else if self.has(Self::MOUSE_CLICKS | Self::MOUSE_X10) {
            MouseMode::Clicks
        } else {
            MouseMode::Off
        }
    }
}

/// A set of graphic characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Charset {
    #[default]
    Ascii,
    /// DEC's line drawing.
    Lines,
}

impl Charset {
    pub(super) fn map(self, c: char) -> char {
        const LINES: [char; 31] = [
            '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻',
            '─', '⎼', '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
        ];
        match (self, c) {
            (Charset::Lines, '_') => ' ',
            (Charset::Lines, '`'..='~') => LINES[c as usize - '`' as usize],
            _ => c,
        }
    }
}

/// The kitty keyboard protocol's flags and their stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Keyboard {
    pub(super) flags: u8,
    pub(super) stack: Vec<u8>,
}

impl Keyboard {
    pub(super) fn push(&mut self, flags: u16) {
        if self.stack.len() >= KEYBOARD_DEPTH {
            self.stack.remove(0);
        }
        self.stack.push(self.flags);
        self.flags = flags as u8 & 31;
    }

    pub(super) fn pop(&mut self, count: usize) {
        for _ in 0..count.min(KEYBOARD_DEPTH) {
            self.flags = self.stack.pop().unwrap_or(0);
        }
    }

    /// Makes one that was read from bytes fit.
    pub(super) fn bound(&mut self) {
        self.stack.truncate(KEYBOARD_DEPTH);
        self.flags &= 31;
    }

    pub(super) fn apply(&mut self, flags: u16, how: u16) {
        let flags = flags as u8 & 31;
        match how {
            2 => self.flags |= flags,
            3 => self.flags &= !flags,
            _ => self.flags = flags,
        }
    }
}

/// The switch behind the number of a private mode, where there is one.
fn switch(number: u16) -> Option<u32> {
    Some(match number {
        1 => Modes::APP_CURSOR,
        7 => Modes::WRAP,
        9 => Modes::MOUSE_X10,
        25 => Modes::SHOW_CURSOR,
        66 => Modes::APP_KEYPAD,
        1000 => Modes::MOUSE_CLICKS,
        1002 => Modes::MOUSE_DRAGS,
        1003 => Modes::MOUSE_MOTION,
        1004 => Modes::FOCUS,
        1005 => Modes::MOUSE_UTF8,
        1006 => Modes::MOUSE_SGR,
        1007 => Modes::ALTERNATE_SCROLL,
        1015 => Modes::MOUSE_URXVT,
        1016 => Modes::MOUSE_PIXELS,
        2004 => Modes::PASTE,
        2031 => Modes::COLOR_SCHEME,
        _ => return None,
    })
}

impl Screen {
    /// The keyboard flags of the screen that is shown.
    pub(super) fn keyboard(&mut self) -> &mut Keyboard {
        let index = usize::from(self.alternate());
        &mut self.keyboards[index]
    }

    /// The keyboard flags in force.
    pub(super) fn keyboard_flags(&self) -> u8 {
        self.keyboards[usize::from(self.alternate())].flags
    }

    /// The modes as they travel.
    pub(super) fn term_modes(&self) -> TermModes {
        TermModes {
            alternate: self.alternate(),
            mouse: self.modes.mouse(),
            bracketed_paste: self.modes.has(Modes::PASTE),
            focus_events: self.modes.has(Modes::FOCUS),
            kitty_keyboard: self.keyboard_flags(),
            alternate_scroll: self.modes.has(Modes::ALTERNATE_SCROLL),
        }
    }

    /// SM and RM.
    pub(super) fn set_mode(&mut self, number: u16, on: bool) {
        match number {
            4 => self.modes.set(Modes::INSERT, on),
            20 => self.modes.set(Modes::NEW_LINE, on),
            _ => {}
        }
    }

    /// DECSET and DECRST.
    pub(super) fn set_private_mode(&mut self, number: u16, on: bool) {
        match number {
            // The width stays; what goes with it happens.
            3 => {
                self.region = (0, self.rows);
                self.cursor.origin = false;
                self.clear_rows(0, self.rows);
                self.go_to(0, 0);
            }
            6 => {
                self.cursor.origin = on;
                self.go_to(0, 0);
            }
            12 => self.blinking = on,
            47 | 1047 => self.show_alternate(on),
            1048 if on => self.save_cursor(),
            1048 => self.restore_cursor(),
            1049 if on => {
                if !self.alternate() {
                    self.save_cursor();
                    self.show_alternate(true);
                }
            }
            1049 => {
                if self.alternate() {
                    self.show_alternate(false);
                    self.restore_cursor();
                }
            }
            2026 => self.sync = on,
            _ => {
                if let Some(switch) = switch(number) {
                    self.modes.set(switch, on);
                }
            }
        }
    }

    /// What DECRQM answers: 0 unknown, 1 set, 2 reset.
    pub(super) fn mode_state(&self, number: u16, private: bool) -> u8 {
        let on = match (private, number) {
            (false, 4) => self.modes.has(Modes::INSERT),
            (false, 20) => self.modes.has(Modes::NEW_LINE),
            (false, _) => return 0,
            (true, 6) => self.cursor.origin,
            (true, 12) => self.blinking,
            (true, 47 | 1047 | 1049) => self.alternate(),
            (true, 2026) => self.sync,
            (true, _) => match switch(number) {
                Some(switch) => self.modes.has(switch),
                None => return 0,
            },
        };
        if on { 1 } else { 2 }
    }

    /// Shows the alternate screen, always blank at first, or the primary one again.
    pub(super) fn show_alternate(&mut self, on: bool) {
        if on == self.alternate() {
            return;
        }
        if on {
            let mut blank = Vec::new();
            blank.resize_with(self.rows, Default::default);
            self.primary = Some(std::mem::replace(&mut self.grid, blank));
            self.clear_rows(0, self.rows);
        } else if let Some(primary) = self.primary.take() {
            self.grid = primary;
            self.saved[1] = None;
        }
        self.touch(0, self.rows);
    }

    /// DECSC.
    pub(super) fn save_cursor(&mut self) {
        let index = usize::from(self.alternate());
        self.saved[index] = Some(self.cursor);
    }

    /// DECRC.
    pub(super) fn restore_cursor(&mut self) {
        let index = usize::from(self.alternate());
        let saved = self.saved[index].unwrap_or_default();
        self.cursor = Pos {
            row: saved.row.min(self.rows - 1),
            col: saved.col.min(self.cols - 1),
            ..saved
        };
    }
}
