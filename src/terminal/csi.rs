//! Controls, escape sequences and control sequences, each to what it does.

use super::modes::{Charset, Modes};
use super::parser::{Csi, Sink, StringKind};
use super::screen::{Pos, Screen};
use super::sgr;
use crate::protocol::CursorShape;

/// Titles saved at most.
const MAX_TITLES: usize = 16;

impl Sink for Screen {
    fn print_ascii(&mut self, run: &[u8]) {
        self.put_ascii(run);
    }

    fn print(&mut self, c: char) {
        self.put(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            0x07 => self.events.push(super::TermEvent::Bell),
            0x08 => self.left(1),
            0x09 => self.tab(1),
            0x0a..=0x0c => {
                self.cursor.pending = false;
                self.index();
                if self.modes.has(Modes::NEW_LINE) {
                    self.cursor.col = 0;
                }
            }
            0x0d => {
                self.cursor.col = 0;
                self.cursor.pending = false;
            }
            0x0e => self.cursor.charset = 1,
            0x0f => self.cursor.charset = 0,
            _ => {}
        }
    }

    fn escape(&mut self, intermediate: u8, last: u8) {
        match (intermediate, last) {
            (0, b'7') => self.save_cursor(),
            (0, b'8') => self.restore_cursor(),
            (0, b'=') => self.modes.set(Modes::APP_KEYPAD, true),
            (0, b'>') => self.modes.set(Modes::APP_KEYPAD, false),
            (0, b'D') => {
                self.cursor.pending = false;
                self.index();
            }
            (0, b'E') => {
                self.cursor.pending = false;
                self.cursor.col = 0;
                self.index();
            }
            (0, b'H') => self.tabs[self.cursor.col] = true,
            (0, b'M') => {
                self.cursor.pending = false;
                self.reverse_index();
            }
            (0, b'Z') => self.answer_primary(),
            (0, b'c') => self.reset(),
            (0, b'n') => self.cursor.charset = 2,
            (0, b'o') => self.cursor.charset = 3,
            (b'#', b'8') => self.alignment(),
            (b'('..=b'+', set) => {
                let charset = if set == b'0' {
                    Charset::Lines
                } else {
                    Charset::Ascii
                };
                self.cursor.charsets[usize::from(intermediate - b'(')] = charset;
            }
            _ => {}
        }
    }

    fn control(&mut self, csi: &Csi) {
        match (csi.private, csi.intermediate) {
            (0, 0) => self.plain(csi),
            (b'?', 0) => self.private(csi),
            (private @ (b'<' | b'=' | b'>'), 0) => self.extended(csi, private),
            (0, b' ') if csi.last == b'q' => self.cursor_style(csi.get(0)),
            (0, b'!') if csi.last == b'p' => self.soft_reset(),
            (0, b'$') if csi.last == b'p' => self.answer_mode(csi.get(0), false),
            (b'?', b'$') if csi.last == b'p' => self.answer_mode(csi.get(0), true),
            _ => {}
        }
    }

    fn string(&mut self, kind: StringKind, payload: &[u8], bell: bool) {
        match kind {
            StringKind::Osc => self.osc(payload, bell),
            StringKind::Dcs => self.dcs(payload),
            StringKind::Other => {}
        }
    }
}

impl Screen {
    fn plain(&mut self, csi: &Csi) {
        let count = csi.count(0);
        match csi.last {
            b'@' => self.insert_blanks(count),
            b'A' => self.up(count),
            b'B' | b'e' => self.down(count),
            b'C' | b'a' => self.right(count),
            b'D' => self.left(count),
            b'E' => {
                self.down(count);
                self.cursor.col = 0;
            }
            b'F' => {
                self.up(count);
                self.cursor.col = 0;
            }
            b'G' | b'`' => {
                self.cursor.col = (count - 1).min(self.cols - 1);
                self.cursor.pending = false;
            }
            b'H' | b'f' => self.go_to(count - 1, csi.count(1) - 1),
            b'I' => self.tab(count),
            b'J' => self.erase_screen(csi.get(0)),
            b'K' => self.erase_line(csi.get(0)),
            b'L' => self.insert_lines(count),
            b'M' => self.delete_lines(count),
            b'P' => self.delete_chars(count),
            b'S' => self.scroll_up(self.region.0, count),
            // With more parameters it is an old form of mouse tracking.
            b'T' if csi.params().len() <= 1 => self.scroll_down(self.region.0, count),
            b'X' => self.erase_chars(count),
            b'Z' => self.back_tab(count),
            b'b' => self.repeat(count),
            b'c' if csi.get(0) == 0 => self.answer_primary(),
            b'd' => {
                let col = self.cursor.col;
                self.go_to(count - 1, col);
            }
            b'g' => match csi.get(0) {
                0 => self.tabs[self.cursor.col] = false,
                3 => self.tabs.fill(false),
                _ => {}
            },
            b'h' | b'l' => {
                for number in csi.params() {
                    self.set_mode(*number, csi.last == b'h');
                }
            }
            b'm' => sgr::apply(csi, &mut self.cursor.pen, &mut self.tables),
            b'n' => self.answer_status(csi.get(0), false),
            b'r' => self.set_region(csi),
            b's' => self.save_cursor(),
            b't' => self.window(csi),
            b'u' => self.restore_cursor(),
            _ => {}
        }
        if csi.last == b'm' && self.tables.is_full() {
            self.collect();
        }
    }

    fn private(&mut self, csi: &Csi) {
        match csi.last {
            b'J' => self.erase_screen(csi.get(0)),
            b'K' => self.erase_line(csi.get(0)),
            b'h' | b'l' => {
                for number in csi.params() {
                    self.set_private_mode(*number, csi.last == b'h');
                }
            }
            b'm' if csi.get(0) == 4 => self.answer_other_keys(),
            b'n' => self.answer_status(csi.get(0), true),
            b'u' => self.answer_keyboard(),
            _ => {}
        }
    }

    fn extended(&mut self, csi: &Csi, private: u8) {
        match (private, csi.last) {
            (b'>', b'c') => self.answer_secondary(),
            (b'=', b'c') => self.answer_tertiary(),
            (b'>', b'q') => self.answer_version(),
            (b'>', b'm') => {
                let (what, level) = (csi.get(0), csi.get(1));
                if what == 4 || csi.params().is_empty() {
                    self.modes.set(Modes::OTHER_KEYS_1, level == 1);
                    self.modes.set(Modes::OTHER_KEYS_2, level == 2);
                }
            }
            (b'>', b'n') if csi.get(0) == 4 => {
                self.modes
                    .set(Modes::OTHER_KEYS_1 | Modes::OTHER_KEYS_2, false);
            }
            (b'>', b'u') => self.keyboard().push(csi.get(0)),
            (b'<', b'u') => self.keyboard().pop(csi.count(0)),
            (b'=', b'u') => self.keyboard().apply(csi.get(0), csi.get(1)),
            _ => {}
        }
    }

    fn set_region(&mut self, csi: &Csi) {
        let top = csi.count(0) - 1;
        let bottom = match usize::from(csi.get(1)) {
            0 => self.rows,
            row => row.min(self.rows),
        };
        if top + 1 < bottom {
            self.region = (top, bottom);
            self.go_to(0, 0);
        }
    }

    fn cursor_style(&mut self, style: u16) {
        self.shape = match style {
            3 | 4 => CursorShape::Underline,
            5 | 6 => CursorShape::Bar,
            _ => CursorShape::Block,
        };
        self.blinking = matches!(style, 1 | 3 | 5);
    }

    fn window(&mut self, csi: &Csi) {
        match csi.get(0) {
            22 if csi.get(1) != 1 => {
                if self.titles.len() >= MAX_TITLES {
                    self.titles.remove(0);
                }
                self.titles.push(self.title.clone());
            }
            23 if csi.get(1) != 1 => {
                if let Some(title) = self.titles.pop() {
                    self.set_title(title);
                }
            }
            what => self.answer_window(what),
        }
    }

    /// Sets a title that is clean.
    pub(super) fn set_title(&mut self, title: String) {
        if self.title != title {
            self.title.clone_from(&title);
            self.events.push(super::TermEvent::Title(title));
        }
    }

    /// DECSTR.
    pub(super) fn soft_reset(&mut self) {
        self.modes
            .set(Modes::INSERT | Modes::APP_CURSOR | Modes::APP_KEYPAD, false);
        self.modes.set(Modes::SHOW_CURSOR | Modes::WRAP, true);
        self.region = (0, self.rows);
        self.cursor = Pos {
            row: self.cursor.row,
            col: self.cursor.col,
            ..Pos::default()
        };
        self.saved[usize::from(self.alternate())] = None;
    }

    /// RIS: as new, but for the history and the title's events.
    pub(super) fn reset(&mut self) {
        self.show_alternate(false);
        self.cursor = Pos::default();
        self.saved = [None, None];
        self.region = (0, self.rows);
        self.modes = Modes::default();
        self.keyboards = Default::default();
        self.shape = CursorShape::Block;
        self.blinking = false;
        self.titles.clear();
        self.set_title(String::new());
        self.last_char = None;
        self.sync = false;
        self.reset_tabs();
        self.erase_screen(2);
    }
}
