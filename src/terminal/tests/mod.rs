//! Tests of the emulator, by subject.

mod answers;
mod basics;
mod bombs;
mod keys;
mod oracle;
mod properties;
mod resize;

use super::{Options, TermEvent, Terminal, Viewer};
use crate::domain::SessionId;
use crate::protocol::ScreenState;

/// Output that makes the emulator panic, in tests only: how else to see that a panic is contained?
const PANIC: &[u8] = b"panic in the emulator, please";

/// Panics when asked to.
pub(super) fn maybe_panic(bytes: &[u8]) {
    assert!(bytes != PANIC, "asked for");
}

/// So many cases unless `PROPTEST_CASES` says otherwise, and no files written where one fails: the failing
/// input is printed.
fn config(cases: u32) -> proptest::prelude::ProptestConfig {
    let default = proptest::prelude::ProptestConfig::default();
    let given = std::env::var_os("PROPTEST_CASES").is_some();
    proptest::prelude::ProptestConfig {
        cases: if given { default.cases } else { cases },
        failure_persistence: None,
        ..default
    }
}

/// A terminal that was fed something.
fn fed(cols: u16, rows: u16, bytes: impl AsRef<[u8]>) -> Terminal {
    let options = Options {
        scrollback: 100,
        clipboard_write: true,
    };
    let mut terminal = Terminal::new(cols, rows, options);
    terminal.feed(bytes.as_ref());
    terminal
}

/// The whole screen as a fresh viewer gets it.
fn seen(terminal: &mut Terminal) -> ScreenState {
    terminal.end_sync();
    let mut state = ScreenState::default();
    let update = terminal.update_for(&mut Viewer::new(), SessionId(1));
    state
        .apply(&update.expect("a new viewer always gets an update"))
        .unwrap();
    state
}

/// The screen's text.
fn text(terminal: &mut Terminal) -> String {
    seen(terminal).text()
}

/// All answers in one.
fn answers(terminal: &mut Terminal) -> String {
    let mut out = Vec::new();
    for event in terminal.take_events() {
        if let TermEvent::Answer(bytes) = event {
            out.extend(bytes);
        }
    }
    String::from_utf8(out).unwrap()
}

/// One cell as a client would draw it: its characters and look, none for the second half of a wide one.
type CellView = (String, crate::protocol::Style);

/// The cells of a screen, row by row, the numbering of looks and trailing blanks resolved.
fn cells(state: &ScreenState) -> Vec<(Vec<CellView>, bool)> {
    use unicode_width::UnicodeWidthChar as _;
    let rows = state.rows.iter().map(|row| {
        let mut cells: Vec<CellView> = Vec::new();
        for c in row.row.text.chars() {
            match c.width().unwrap_or(0) {
                0 => {
                    let at = cells.iter().rposition(|cell| !cell.0.is_empty());
                    cells[at.expect("a base")].0.push(c);
                }
                width => {
                    cells.push((c.to_string(), Default::default()));
                    if width == 2 {
                        cells.push(Default::default());
                    }
                }
            }
        }
        assert!(
            cells.len() <= usize::from(state.cols),
            "a row wider than the screen"
        );
        let mut at = 0;
        for run in &row.row.runs {
            let end = at + usize::from(run.cells);
            assert!(end <= cells.len(), "a run behind the text");
            for cell in &mut cells[at..end] {
                cell.1 = row.styles[usize::from(run.style)].clone();
            }
            at = end;
        }
        while cells
            .last()
            .is_some_and(|cell| cell.0 == " " && cell.1 == Default::default())
        {
            cells.pop();
        }
        (cells, row.row.wrapped)
    });
    rows.collect()
}
