//! Terminal emulation: bytes → grid → screen updates; scrollback; input encoding.
//!
//! Owns [`Terminal`], one session's emulator, and [`Viewer`], one client's view of it. No I/O, no clock, no
//! threads; imports the domain and the protocol only. An agent's bytes are hostile: whatever they are,
//! nothing here panics outward, nothing grows without bound, and every string that leaves is clean.
//!
//! The emulator is our own (`parser` → `screen`), checked in the tests against `alacritty_terminal`: that
//! is what lets a snapshot be exact, a session stay near tmux's memory and answers keep the stream's order.

mod answers;
mod cell;
mod csi;
mod edit;
mod events;
mod grid;
mod history;
mod input;
mod modes;
mod mouse;
mod osc;
mod parser;
mod read;
mod resize;
pub mod sanitize;
mod screen;
mod sgr;
mod snapshot;
pub mod text;
mod update;

#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

use unicode_width::UnicodeWidthChar as _;

pub use events::{BlockKind, ProgramState, ProgramStatus, ProgressState, PromptMark, TermEvent};
pub use update::Viewer;

use crate::domain::SessionId;
use crate::protocol::screen::MAX_SIDE;
use crate::protocol::{Input, Lines, Match, ScreenUpdate, TermModes, TerminalInfo};
use history::History;
use parser::Parser;
use screen::Screen;

/// What a terminal is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Lines of scrollback; they are also bounded to 512 bytes each on average.
    pub scrollback: usize,
    /// Whether the agent may write to the user's clipboard.
    pub clipboard_write: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            scrollback: 10_000,
            clipboard_write: false,
        }
    }
}

/// One session's terminal.
#[derive(Debug)]
pub struct Terminal {
    parser: Parser,
    screen: Screen,
    options: Options,
    generation: u64,
}

impl Terminal {
    /// A blank terminal; sizes are brought into 2..=1000 columns and 1..=1000 rows.
    pub fn new(cols: u16, rows: u16, options: Options) -> Self {
        let (cols, rows) = clamp(cols, rows);
        let history = History::new(options.scrollback, 0);
        Terminal {
            parser: Parser::default(),
            screen: Screen::new(cols, rows, history, options.clipboard_write),
            options,
            generation: 1,
        }
    }

    /// Reads what the agent printed. Never panics: where the emulator does, the screen is replaced by a
    /// notice and goes on blank.
    pub fn feed(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.generation += 1;
        self.guard(|parser, screen| {
            #[cfg(test)]
            tests::maybe_panic(bytes);
            parser.advance(screen, bytes);
        });
    }

    /// Runs what may panic, and starts anew if it does.
    fn guard(&mut self, run: impl FnOnce(&mut Parser, &mut Screen)) {
        let (parser, screen) = (&mut self.parser, &mut self.screen);
        if catch_unwind(AssertUnwindSafe(|| run(parser, screen))).is_ok() {
            return;
        }
        let broken = &mut self.screen;
        // Ids go on after those that were given, so that no client takes new lines for old ones.
        let history = History::new(self.options.scrollback, broken.history.end());
        let events = std::mem::take(&mut broken.events);
        let outer = std::mem::take(&mut broken.outer);
        let clock = broken.clock + 1;
        let (cols, rows) = (broken.cols, broken.rows);
        let mut screen = Screen::new(cols, rows, history, self.options.clipboard_write);
        screen.events = events;
        screen.outer = outer;
        screen.clock = clock;
        screen.put_ascii(
            b"gluon: the terminal emulator failed on this output; the screen starts anew.",
        );
        screen.cursor.pending = false;
        screen.cursor.col = 0;
        screen.index();
        self.screen = screen;
        self.parser = Parser::default();
        self.generation += 1;
    }

    /// What the output said besides the screen since the last call, in order.
    pub fn take_events(&mut self) -> Vec<TermEvent> {
        self.screen.events.take()
    }

    /// Whether there is something to take.
    pub fn has_events(&self) -> bool {
        !self.screen.events.is_empty()
    }

    /// Takes another size. Wrapped lines of the primary screen are wrapped anew; lines that no longer fit
    /// go to the scrollback, and stay there when the screen grows again.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        let (cols, rows) = clamp(cols, rows);
        if (cols, rows) != (self.screen.cols, self.screen.rows) {
            self.generation += 1;
            self.guard(|_, screen| screen.resize(cols, rows));
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        (self.screen.cols as u16, self.screen.rows as u16)
    }

    /// Grows with every change that a viewer could see (and sometimes without one).
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether a synchronized update is open: until it ends, viewers get nothing.
    pub fn sync_open(&self) -> bool {
        self.screen.sync
    }

    /// Ends a synchronized update that has been open for too long.
    pub fn end_sync(&mut self) {
        if self.screen.sync {
            self.screen.sync = false;
            self.generation += 1;
        }
    }

    /// The difference from what the viewer has; `None` if there is none, an update is still in flight to
    /// it, or a synchronized update is open. [`Self::generation`] grows if the update is only a part.
    pub fn update_for(&mut self, viewer: &mut Viewer, session: SessionId) -> Option<ScreenUpdate> {
        let (update, partial) = self.screen.update_for(viewer, session)?;
        self.generation += u64::from(partial);
        Some(update)
    }

    /// Bytes that make a new terminal into this one: screens, newest 2,000 lines of scrollback, cursor,
    /// modes, title and all else but what is unfinished ([`Self::carry`]). Of another size, it is resized.
    pub fn snapshot(&self) -> Vec<u8> {
        self.screen.snapshot()
    }

    /// The unfinished sequence or character at the end of what was fed; at most 64 KiB.
    pub fn carry(&self) -> &[u8] {
        self.parser.carry()
    }

    /// Lines from `first` on (or the oldest there is), 500 at most, the screen's own included.
    pub fn lines(&self, first: u64, count: u32) -> Lines {
        self.screen.lines(first, count)
    }

    /// Where `query` stands in scrollback and screen, the newest first. Without capitals in the query,
    /// capitals do not matter.
    pub fn search(&self, query: &str, limit: u32) -> Vec<Match> {
        self.screen.search(query, limit)
    }

    /// The text of the line that the cursor is in.
    pub fn cursor_line(&self) -> String {
        self.screen.cursor_line()
    }

    /// The screen with so many lines before it as text, ending in one line break; styled: with SGR
    /// sequences, all written by us.
    pub fn text(&self, scrollback: u32, styled: bool) -> String {
        self.screen.text(scrollback, styled)
    }

    /// What is to be written to the PTY for an input, by the modes the agent has set. May be empty.
    pub fn encode(&self, input: &Input) -> Vec<u8> {
        self.screen.encode(input)
    }

    /// The program has ended: its modes are reset, its last screen stays visible, and whatever is printed
    /// next starts on a line of its own.
    pub fn process_ended(&mut self) {
        self.generation += 1;
        self.parser = Parser::default();
        self.guard(|_, screen| screen.leave_program());
    }

    /// What the user's terminal is, so that queries are answered as it would.
    pub fn set_outer(&mut self, info: &TerminalInfo) {
        let changed = self.screen.outer.background != info.background;
        self.screen.outer = info.clone();
        if changed && self.screen.modes.has(modes::Modes::COLOR_SCHEME) {
            self.screen.answer_scheme();
        }
    }

    /// The title: one line, at most 256 characters.
    pub fn title(&self) -> &str {
        &self.screen.title
    }

    /// The modes a client has to know.
    pub fn modes(&self) -> TermModes {
        self.screen.term_modes()
    }

    /// About how many bytes the scrollback takes.
    pub fn scrollback_bytes(&self) -> usize {
        self.screen.history.bytes()
    }
}

fn clamp(cols: u16, rows: u16) -> (usize, usize) {
    (
        cols.clamp(2, MAX_SIDE).into(),
        rows.clamp(1, MAX_SIDE).into(),
    )
}

/// How many columns a character takes; `None` for controls, which are not shown. The same table as the
/// clients'; the one character it gives three columns is refused, since a cell has at most two.
fn width(c: char) -> Option<usize> {
    if c.is_ascii() {
        return (!c.is_ascii_control()).then_some(1);
    }
    c.width().filter(|width| *width <= 2)
}
