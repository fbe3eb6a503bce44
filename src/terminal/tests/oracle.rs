//! The same output through `alacritty_terminal`, an emulator that many people look at all day: where both
//! mean the same, both show the same. Left out is where it differs from xterm, which we follow: it has no
//! blinking; inserting and deleting lines leaves the cursor's column; ED 1 forgets the first row; deleting
//! characters near the end takes some before the cursor; editing and moving up or down keep a pending wrap;
//! REP maps its character again; wide characters that are cut in half.

use alacritty_terminal::event::VoidListener;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::test::TermSize;
use alacritty_terminal::term::{Config, Term};
use alacritty_terminal::vte::ansi::{Color as OtherColor, NamedColor, Processor, Rgb};
use proptest::prelude::*;

use super::*;
use crate::protocol::{Color, Style};

const COLS: usize = 14;
const ROWS: usize = 6;

fn color(color: OtherColor) -> Color {
    match color {
        OtherColor::Named(NamedColor::Foreground | NamedColor::Background) => Color::Default,
        OtherColor::Named(name) => Color::Indexed(name as u8),
        OtherColor::Indexed(index) => Color::Indexed(index),
        OtherColor::Spec(Rgb { r, g, b }) => Color::Rgb(r, g, b),
    }
}

fn attrs(flags: Flags) -> u16 {
    let pairs = [
        (Flags::BOLD, Style::BOLD),
        (Flags::DIM, Style::DIM),
        (Flags::ITALIC, Style::ITALIC),
        (Flags::UNDERLINE, Style::UNDERLINE),
        (Flags::INVERSE, Style::REVERSE),
        (Flags::HIDDEN, Style::HIDDEN),
        (Flags::STRIKEOUT, Style::STRIKE),
        (Flags::UNDERCURL, Style::CURLY_UNDERLINE),
    ];
    pairs
        .iter()
        .filter(|pair| flags.contains(pair.0))
        .map(|pair| pair.1)
        .sum()
}

/// The other emulator's rows in the form of ours, and its cursor.
fn other(bytes: &[u8]) -> (Vec<Vec<CellView>>, (usize, usize)) {
    let size = TermSize::new(COLS, ROWS);
    let config = Config {
        scrolling_history: 0,
        ..Config::default()
    };
    let mut term = Term::new(config, &size, VoidListener);
    let mut processor: Processor = Processor::new();
    processor.advance(&mut term, bytes);
    processor.stop_sync(&mut term);
    let rows = (0..ROWS as i32).map(|line| {
        let mut row = Vec::new();
        for col in 0..COLS {
            let cell = &term.grid()[Line(line)][Column(col)];
            if cell.flags.contains(Flags::WIDE_CHAR_SPACER) {
                row.push(CellView::default());
                continue;
            }
            if cell.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER) {
                row.push((" ".to_owned(), Style::default()));
                continue;
            }
            let mut text = String::from(if cell.c == '\t' { ' ' } else { cell.c });
            text.extend(cell.zerowidth().unwrap_or_default());
            let style = Style {
                fg: color(cell.fg),
                bg: color(cell.bg),
                attrs: attrs(cell.flags),
                ..Style::default()
            };
            row.push((text, style));
        }
        while row
            .last()
            .is_some_and(|cell| cell.0 == " " && cell.1 == Style::default())
        {
            row.pop();
        }
        row
    });
    let rows = rows.collect();
    let cursor = term.grid().cursor.point;
    (rows, (cursor.line.0 as usize, cursor.column.0))
}

/// The second half of a wide character has no look of its own on the wire.
fn ours(bytes: &[u8]) -> (Vec<Vec<CellView>>, (usize, usize)) {
    let state = seen(&mut fed(COLS as u16, ROWS as u16, bytes));
    let mut rows: Vec<_> = cells(&state).into_iter().map(|row| row.0).collect();
    for cell in rows.iter_mut().flatten().filter(|cell| cell.0.is_empty()) {
        *cell = CellView::default();
    }
    (rows, (state.cursor.row.into(), state.cursor.col.into()))
}

fn agree(pieces: &[String]) -> Result<(), TestCaseError> {
    let bytes = pieces.concat();
    prop_assert_eq!(
        ours(bytes.as_bytes()),
        other(bytes.as_bytes()),
        "{:?}",
        bytes
    );
    Ok(())
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn editing_agrees(
        pieces in prop::collection::vec(
            prop_oneof![
                4 => "[ -~]{1,10}",
                2 => Just("\r\n".to_owned()),
                2 => "\x1b\\[[1-6]?;([1-9]|1[0-4])?H",
                3 => "\x1b\\[[0-9]?[STCDGdI]|[ -~]{1,3}\x1b\\[[0-9]?b|\x1b\\[D\x1b\\[[0-9]?[@XZ]|\x1b\\[D\x1b\\[P",
                2 => "\x1b\\[[02]?[JK]|\x1b\\[1K",
                2 => "\x1b\\[[0-4]?m|\x1b\\[2[2-9]m|\x1b\\[[7-9]m|\x1b\\[9[0-7]m|\x1b\\[3[0-7];4[0-7]m|\x1b\\[38;5;[0-9]m|\x1b\\[48:2::1:2:[0-9]m",
                1 => "\x1b\\[[1-3];[4-6]r|\x1b\\[r|\x1b\\[4[hl]|\x1b\\[\\?7[hl]",
                1 => "\x1b[78E]|\x1b\\[D\x1b[DM]|\x1b\\[D\t|\x08|\x1b\\(0|\x1b\\(B|\x0e|\x0f|\x1b\\)0",
            ],
            0..24,
        ),
    ) {
        agree(&pieces)?;
    }

    #[test]
    fn wide_and_combining_characters_agree(
        pieces in prop::collection::vec(
            prop_oneof![
                6 => "[日本🙂éx─\u{301}\u{200d}\u{fe0f}]{1,8}",
                2 => Just("\r\n".to_owned()),
                1 => "\x1b\\[[1-6];1H",
                1 => "\x1b\\[2J|\x1b\\[2K",
            ],
            0..16,
        ),
    ) {
        agree(&pieces)?;
    }
}
