//! Raw output as plain text, for logs: no control sequences, and lines as they would have been left.

use super::parser::{Csi, Parser, Sink, StringKind};

/// The longest line kept in one piece; a longer one is cut, so that hostile output costs no memory.
const MAX_LINE: usize = 64 * 1024;

/// Takes control sequences out of `bytes`. A carriage return starts its line anew, so of a progress bar
/// only the last state remains; a backspace moves back; moving the cursor elsewhere is not followed.
pub fn strip(bytes: &[u8]) -> String {
    let mut strip = Strip::default();
    Parser::default().advance(&mut strip, bytes);
    strip.flush();
    strip.out
}

#[derive(Default)]
struct Strip {
    out: String,
    line: Vec<char>,
    col: usize,
}

impl Strip {
    fn put(&mut self, c: char) {
        if self.col < self.line.len() {
            self.line[self.col] = c;
        } else {
            self.line.push(c);
        }
        self.col += 1;
        if self.col >= MAX_LINE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let text: String = self.line.drain(..).collect();
        self.out.push_str(text.trim_end());
        self.col = 0;
    }
}

impl Sink for Strip {
    fn print_ascii(&mut self, run: &[u8]) {
        for byte in run {
            self.put(char::from(*byte));
        }
    }

    fn print(&mut self, c: char) {
        if !c.is_control() {
            self.put(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.flush();
                self.out.push('\n');
            }
            b'\r' => self.col = 0,
            0x08 => self.col = self.col.saturating_sub(1),
            b'\t' => {
                let next = (self.col / 8 + 1) * 8;
                while self.col < self.line.len().min(next) {
                    self.col += 1;
                }
                (self.col..next).for_each(|_| self.put(' '));
            }
            _ => {}
        }
    }

    fn escape(&mut self, _intermediate: u8, _last: u8) {}

    fn control(&mut self, csi: &Csi) {
        // The end of a line is erased: what a shorter text did not cover is gone.
        if csi.last == b'K' && csi.private == 0 && csi.get(0) != 1 {
            let keep = if csi.get(0) == 2 { 0 } else { self.col };
            self.line.truncate(keep.min(self.line.len()));
            self.col = self.col.min(self.line.len());
        }
    }

    fn string(&mut self, _kind: StringKind, _payload: &[u8], _bell: bool) {}
}
