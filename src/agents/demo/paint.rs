//! Puts rows on the terminal: the transcript flows into the scrollback, the live area stays at the bottom
//! and is drawn anew in place. Pure: what is to be shown goes in, bytes come out.

use super::text::{Line, Style};

/// What is drawn below the transcript, and where the cursor stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// Its rows, at most as wide as the terminal.
    pub lines: Vec<Line>,
    /// Row and column of the cursor; `None`: it is hidden.
    pub cursor: Option<(usize, usize)>,
}

/// What stands on the terminal.
#[derive(Debug, Default)]
pub struct Painter {
    /// The live area as it was drawn.
    live: Live,
    /// The row in it in which the cursor was left.
    row: usize,
}

impl Painter {
    /// The bytes that add `flood` (as it is) and `lines` to the transcript and draw `live` below it, on a
    /// terminal with `height` rows; none where nothing changes.
    pub fn paint(&mut self, flood: &[u8], lines: &[Line], live: Live, height: usize) -> Vec<u8> {
        let live = fit(live, height);
        if flood.is_empty() && lines.is_empty() && live == self.live {
            return Vec::new();
        }
        let mut out = String::from("\x1b[?2026h\x1b[?25l");
        self.erase(&mut out);
        let mut bytes = out.into_bytes();
        bytes.extend_from_slice(flood);
        let mut out = String::new();
        if flood.last().is_some_and(|last| *last != b'\n') {
            out.push_str("\r\n");
        }
        for line in lines {
            put(&mut out, line);
            out.push_str("\r\n");
        }
        self.draw(live, &mut out);
        bytes.extend_from_slice(out.as_bytes());
        bytes
    }

    /// The bytes that draw everything anew after a change of size. The scrollback holds rows of another
    /// width then, so it goes too and comes back with `lines`, the whole transcript.
    pub fn repaint(&mut self, lines: &[Line], live: Live, height: usize) -> Vec<u8> {
        let mut out = String::from("\x1b[?2026h\x1b[?25l\x1b[H\x1b[2J\x1b[3J");
        for line in lines {
            put(&mut out, line);
            out.push_str("\r\n");
        }
        self.draw(fit(live, height), &mut out);
        out.into_bytes()
    }

    /// The bytes that leave the terminal with the transcript on it and the cursor below.
    pub fn leave(&mut self) -> Vec<u8> {
        let mut out = String::new();
        self.erase(&mut out);
        self.live = Live::default();
        self.row = 0;
        out.push_str("\x1b[0m\x1b[?25h");
        out.into_bytes()
    }

    fn erase(&self, out: &mut String) {
        out.push('\r');
        if self.row > 0 {
            out.push_str(&format!("\x1b[{}A", self.row));
        }
        out.push_str("\x1b[J");
    }

    fn draw(&mut self, live: Live, out: &mut String) {
        for (index, line) in live.lines.iter().enumerate() {
            if index > 0 {
                out.push_str("\r\n");
            }
            put(out, line);
        }
        let last = live.lines.len().saturating_sub(1);
        self.row = last;
        if let Some((row, column)) = live.cursor {
            self.row = row.min(last);
            if last > self.row {
                out.push_str(&format!("\x1b[{}A", last - self.row));
            }
            out.push_str(&format!("\x1b[{}G\x1b[?25h", column + 1));
        }
        out.push_str("\x1b[?2026l");
        self.live = live;
    }
}

/// The last rows that fit, one row less than the terminal has so that something of the transcript shows.
fn fit(mut live: Live, height: usize) -> Live {
    let extra = live
        .lines
        .len()
        .saturating_sub(height.saturating_sub(1).max(1));
    live.lines.drain(..extra);
    live.cursor = live
        .cursor
        .and_then(|(row, column)| Some((row.checked_sub(extra)?, column)));
    live
}

fn put(out: &mut String, line: &Line) {
    for (style, text) in &line.0 {
        match style {
            Style::Plain => out.push_str(text),
            _ => out.push_str(&format!("\x1b[{}m{text}\x1b[0m", style.sgr())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(rows: &[&str], cursor: Option<(usize, usize)>) -> Live {
        let lines = rows.iter().map(|row| Line::new(Style::Plain, *row));
        Live {
            lines: lines.collect(),
            cursor,
        }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_live_area_is_drawn_in_place() {
        let mut painter = Painter::default();
        let first = text(painter.paint(b"", &[], live(&["a", "b", "c"], Some((1, 2))), 24));
        assert_eq!(
            first,
            "\x1b[?2026h\x1b[?25l\r\x1b[Ja\r\nb\r\nc\x1b[1A\x1b[3G\x1b[?25h\x1b[?2026l"
        );
        let row = Line::new(Style::Good, "said");
        let second = text(painter.paint(b"", &[row], live(&["x"], None), 24));
        assert_eq!(
            second,
            "\x1b[?2026h\x1b[?25l\r\x1b[1A\x1b[J\x1b[0;32msaid\x1b[0m\r\nx\x1b[?2026l"
        );
    }

    #[test]
    fn nothing_new_writes_nothing() {
        let mut painter = Painter::default();
        assert!(!painter.paint(b"", &[], live(&["a"], None), 24).is_empty());
        assert!(painter.paint(b"", &[], live(&["a"], None), 24).is_empty());
        assert!(
            !painter
                .paint(b"flood", &[], live(&["a"], None), 24)
                .is_empty()
        );
    }

    #[test]
    fn a_tall_live_area_is_cut_at_its_top() {
        let mut painter = Painter::default();
        let bytes = painter.paint(b"", &[], live(&["1", "2", "3", "4", "5"], Some((4, 0))), 3);
        let text = text(bytes);
        assert!(!text.contains('3') || text.contains("\x1b["), "{text}");
        assert_eq!(painter.live.lines.len(), 2);
        assert_eq!(painter.row, 1);
    }
}
