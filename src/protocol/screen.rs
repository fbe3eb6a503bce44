//! A session's screen as it travels: a frame is the difference from a state the client has acknowledged.
//!
//! Invariant: applying an update to the state named by its `base` gives the daemon's screen at `seq`,
//! cell for cell; an update with another base is refused and changes nothing.

use serde::{Deserialize, Serialize};

use crate::domain::SessionId;

/// The largest screen, in columns and in rows. Larger wishes are cut.
pub const MAX_SIDE: u16 = 1000;

/// A colour as the agent named it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Color {
    /// The terminal's own.
    #[default]
    Default,
    /// One of the 256.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How cells look. `attrs` is a set of the constants of this type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Style {
    /// Foreground.
    pub fg: Color,
    /// Background.
    pub bg: Color,
    /// The underline's own colour.
    pub underline: Option<Color>,
    /// Bold, italic and so on.
    pub attrs: u16,
    /// The target of a hyperlink (untrusted text).
    pub link: Option<String>,
}

#[allow(missing_docs)]
impl Style {
    pub const BOLD: u16 = 1;
    pub const DIM: u16 = 1 << 1;
    pub const ITALIC: u16 = 1 << 2;
    pub const UNDERLINE: u16 = 1 << 3;
    pub const DOUBLE_UNDERLINE: u16 = 1 << 4;
    pub const CURLY_UNDERLINE: u16 = 1 << 5;
    pub const DOTTED_UNDERLINE: u16 = 1 << 6;
    pub const DASHED_UNDERLINE: u16 = 1 << 7;
    pub const BLINK: u16 = 1 << 8;
    pub const REVERSE: u16 = 1 << 9;
    pub const HIDDEN: u16 = 1 << 10;
    pub const STRIKE: u16 = 1 << 11;

    /// Whether all of `attrs` are set.
    pub fn has(&self, attrs: u16) -> bool {
        self.attrs & attrs == attrs
    }
}

/// So many cells in one style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StyleRun {
    /// Cells.
    pub cells: u16,
    /// Index into the styles that come with the row.
    pub style: u16,
}

/// A row: its characters, and how they look.
///
/// The text holds a character for every cell; one of width 2 stands for two cells, one of width 0 joins
/// the cell before it (`unicode-width` decides on both sides). Cells behind the text are blank; cells
/// behind the last run have the default style.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Row {
    /// The characters.
    pub text: String,
    /// Their looks.
    pub runs: Vec<StyleRun>,
    /// Whether the line goes on in the next row.
    pub wrapped: bool,
}

/// The cursor's form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CursorShape {
    #[allow(missing_docs)]
    #[default]
    Block,
    #[allow(missing_docs)]
    Underline,
    #[allow(missing_docs)]
    Bar,
}

/// The cursor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// Row from 0.
    pub row: u16,
    /// Column from 0.
    pub col: u16,
    /// Whether it shows.
    pub visible: bool,
    /// Whether it blinks.
    pub blinking: bool,
    /// Its form.
    pub shape: CursorShape,
}

/// What the agent has asked of its terminal, as far as a client has to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TermModes {
    /// The alternate screen is shown: there is no scrollback to look at.
    pub alternate: bool,
    /// It wants clicks, drags or motion.
    pub mouse: MouseMode,
    /// It wants pastes bracketed.
    pub bracketed_paste: bool,
    /// It wants to hear of the focus.
    pub focus_events: bool,
    /// It wants keys in the kitty protocol (the flags it set; 0: not).
    pub kitty_keyboard: u8,
    /// Wheel turns are sent as arrow keys while the alternate screen is shown.
    pub alternate_scroll: bool,
}

/// How much of the mouse an agent wants.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum MouseMode {
    /// Nothing.
    #[default]
    Off,
    /// Clicks and the wheel.
    Clicks,
    /// Drags too.
    Drags,
    /// Every motion.
    Motion,
}

/// The difference between two states of a session's screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenUpdate {
    /// Whose screen.
    pub session: SessionId,
    /// The state this leads to; grows.
    pub seq: u64,
    /// The state this starts from; 0 is the blank screen, so any client can take it.
    pub base: u64,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// First all rows move up by so many; new blank ones come in below.
    pub scroll: u16,
    /// The looks that the rows refer to.
    pub styles: Vec<Style>,
    /// Then these rows are replaced.
    pub changed: Vec<(u16, Row)>,
    /// The cursor.
    pub cursor: Cursor,
    /// The modes.
    pub modes: TermModes,
    /// The title, if it is another one (untrusted text without control characters).
    pub title: Option<String>,
    /// The id of the oldest line that scrollback still has.
    pub history_start: u64,
    /// The id of the line at the top of the screen; lines before it are scrollback.
    pub history_end: u64,
}

/// Why an update cannot be applied: it starts from a state this client does not have. Attach again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an update from state {base} cannot be applied to state {have}")]
pub struct Gap {
    /// The state it starts from.
    pub base: u64,
    /// The state there is.
    pub have: u64,
}

/// A row together with the looks it refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StyledRow {
    /// The row; its runs index `styles`.
    pub row: Row,
    /// The looks.
    pub styles: std::sync::Arc<[Style]>,
}

/// A session's screen as a client has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScreenState {
    /// The state; 0: nothing seen yet.
    pub seq: u64,
    /// Columns.
    pub cols: u16,
    /// The rows, all of them.
    pub rows: Vec<StyledRow>,
    /// The cursor.
    pub cursor: Cursor,
    /// The modes.
    pub modes: TermModes,
    /// The title.
    pub title: String,
    /// The id of the oldest line that scrollback still has.
    pub history_start: u64,
    /// The id of the line at the top of the screen.
    pub history_end: u64,
}

impl ScreenState {
    /// Applies an update.
    ///
    /// # Errors
    /// [`Gap`] where it starts from another state; nothing is changed then.
    pub fn apply(&mut self, update: &ScreenUpdate) -> Result<(), Gap> {
        if update.base != 0 && update.base != self.seq {
            return Err(Gap {
                base: update.base,
                have: self.seq,
            });
        }
        if update.base == 0 {
            self.rows.clear();
            self.title.clear();
        }
        let height = usize::from(update.rows.min(MAX_SIDE));
        let scroll = usize::from(update.scroll).min(self.rows.len());
        self.rows.drain(..scroll);
        self.rows.resize_with(height, StyledRow::default);
        let styles: std::sync::Arc<[Style]> = update.styles.as_slice().into();
        for (index, row) in &update.changed {
            if let Some(slot) = self.rows.get_mut(usize::from(*index)) {
                *slot = StyledRow {
                    row: row.clone(),
                    styles: styles.clone(),
                };
            }
        }
        self.seq = update.seq;
        self.cols = update.cols.min(MAX_SIDE);
        self.cursor = update.cursor;
        self.modes = update.modes;
        if let Some(title) = &update.title {
            self.title.clone_from(title);
        }
        self.history_start = update.history_start;
        self.history_end = update.history_end;
        Ok(())
    }

    /// The screen as text, trailing blanks removed from each row.
    pub fn text(&self) -> String {
        let rows: Vec<&str> = self
            .rows
            .iter()
            .map(|row| row.row.text.trim_end())
            .collect();
        rows.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(seq: u64, base: u64, scroll: u16, changed: &[(u16, &str)]) -> ScreenUpdate {
        ScreenUpdate {
            session: SessionId(1),
            seq,
            base,
            cols: 10,
            rows: 3,
            scroll,
            styles: vec![Style::default()],
            changed: changed
                .iter()
                .map(|(row, text)| {
                    let row_data = Row {
                        text: (*text).to_owned(),
                        ..Row::default()
                    };
                    (*row, row_data)
                })
                .collect(),
            cursor: Cursor::default(),
            modes: TermModes::default(),
            title: None,
            history_start: 0,
            history_end: 0,
        }
    }

    #[test]
    fn updates_build_the_screen() {
        let mut screen = ScreenState::default();
        screen
            .apply(&update(1, 0, 0, &[(0, "a"), (1, "b"), (2, "c")]))
            .unwrap();
        assert_eq!(screen.text(), "a\nb\nc");
        screen.apply(&update(2, 1, 1, &[(2, "d")])).unwrap();
        assert_eq!(screen.text(), "b\nc\nd");
        let before = screen.clone();
        assert_eq!(
            screen.apply(&update(9, 7, 0, &[])),
            Err(Gap { base: 7, have: 2 })
        );
        assert_eq!(screen, before);
        screen.apply(&update(9, 0, 0, &[(1, "x")])).unwrap();
        assert_eq!(screen.text(), "\nx\n");
    }

    #[test]
    fn hostile_numbers_stay_harmless() {
        let mut screen = ScreenState::default();
        let mut wild = update(1, 0, u16::MAX, &[(u16::MAX, "far")]);
        wild.rows = u16::MAX;
        wild.cols = u16::MAX;
        screen.apply(&wild).unwrap();
        assert_eq!(screen.rows.len(), usize::from(MAX_SIDE));
        assert_eq!(screen.cols, MAX_SIDE);
    }
}
