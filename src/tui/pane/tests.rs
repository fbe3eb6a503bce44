use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::*;
use crate::protocol::{Cursor, Row, Style, StyleRun, TermModes};
use crate::tui::theme::Theme;

fn update(seq: u64, cols: u16, rows: &[&str], history_end: u64) -> ScreenUpdate {
    ScreenUpdate {
        session: SessionId(1),
        seq,
        base: 0,
        cols,
        rows: rows.len() as u16,
        scroll: 0,
        styles: vec![Style::default()],
        changed: rows
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let row = Row {
                    text: text.trim_end_matches('\\').to_owned(),
                    runs: Vec::new(),
                    wrapped: text.ends_with('\\'),
                };
                (index as u16, row)
            })
            .collect(),
        cursor: Cursor {
            visible: true,
            row: rows.len() as u16 - 1,
            ..Cursor::default()
        },
        modes: TermModes::default(),
        title: None,
        history_start: 0,
        history_end,
    }
}

fn pane(cols: u16, rows: &[&str], history_end: u64) -> PaneState {
    let mut pane = PaneState::new(SessionId(1));
    pane.apply(&update(1, cols, rows, history_end)).unwrap();
    pane
}

fn drawn(pane: &PaneState, width: u16, height: u16) -> (Vec<String>, Option<Position>) {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    let look = PaneLook {
        focused: true,
        dim: false,
        theme: &Theme::default(),
    };
    let cursor = draw(&mut buf, area, pane, &look);
    let rows = (0..height).map(|y| {
        let mut line = String::new();
        let mut x = 0;
        while x < width {
            let symbol = buf[(x, y)].symbol();
            line.push_str(symbol);
            x += unicode_width::UnicodeWidthStr::width(symbol).max(1) as u16;
        }
        line
    });
    (rows.collect(), cursor)
}

fn history(pane: &mut PaneState, first: u64, lines: &[&str]) {
    pane.lines_arrived(&Lines {
        first,
        rows: lines
            .iter()
            .map(|text| Row {
                text: (*text).to_owned(),
                ..Row::default()
            })
            .collect(),
        styles: vec![Style::default()],
        history_start: 0,
        end: 100,
    });
}

#[test]
fn a_small_screen_is_padded_and_a_large_one_shows_its_end() {
    let pane = pane(4, &["one", "two", "tre"], 0);
    assert_eq!(
        drawn(&pane, 6, 4).0,
        ["one   ", "two   ", "tre   ", "      "]
    );
    let (rows, cursor) = drawn(&pane, 3, 2);
    assert_eq!(rows, ["two", "tre"]);
    assert_eq!(cursor, Some(Position::new(0, 1)));
}

#[test]
fn unused_rows_below_do_not_push_the_text_out() {
    let mut pane = pane(10, &["$ ls", "", "", "", ""], 0);
    pane.screen.cursor.row = 0;
    assert_eq!(drawn(&pane, 10, 2).0[0].trim_end(), "$ ls");
}

#[test]
fn wide_characters_are_never_cut_in_half() {
    let pane = pane(6, &["a日本"], 0);
    assert_eq!(drawn(&pane, 6, 1).0, ["a日本 "]);
    assert_eq!(drawn(&pane, 4, 1).0, ["a日 "]);
    assert_eq!(drawn(&pane, 2, 1).0, ["a "]);
}

#[test]
fn joiners_and_controls_never_reach_the_terminal() {
    let pane = pane(8, &["👩\u{200d}👦\u{1b}[2Jx"], 0);
    let (rows, _) = drawn(&pane, 8, 1);
    assert!(
        !rows[0].contains('\u{200d}') && !rows[0].contains('\u{1b}'),
        "{rows:?}"
    );
}

#[test]
fn scrolling_asks_for_lines_once_and_stays_when_output_comes() {
    let mut pane = pane(10, &["s0", "s1", "s2"], 100);
    assert_eq!(pane.wanted_lines(3), None);
    pane.scroll_by(-5, 3);
    let wanted = pane.wanted_lines(3).unwrap();
    assert!(wanted.first <= 95 && wanted.first + u64::from(wanted.count) == 100);
    assert_eq!(pane.wanted_lines(3), None);
    history(&mut pane, 94, &["h94", "h95", "h96", "h97", "h98", "h99"]);
    let shown = |pane: &PaneState| -> Vec<String> {
        let (rows, _) = drawn(pane, 4, 3);
        rows.iter().map(|row| row.trim_end().to_owned()).collect()
    };
    assert_eq!(shown(&pane), ["h95", "h96", "h97"]);
    assert_eq!(pane.position(), Some((96, 103)));
    pane.apply(&update(2, 10, &["s1", "s2", "s3"], 101))
        .unwrap();
    assert_eq!(shown(&pane), ["h95", "h96", "h97"]);
    pane.scroll_by(50, 3);
    assert!(pane.is_live());
    assert_eq!(shown(&pane), ["s1", "s2", "s3"]);
}

#[test]
fn the_alternate_screen_has_no_scrollback() {
    let mut pane = pane(10, &["a"], 50);
    pane.screen.modes.alternate = true;
    pane.scroll_by(-5, 1);
    assert!(pane.is_live());
}

#[test]
fn selected_text_is_what_a_person_means() {
    let spot = |line, col| Spot { line, col };
    let rows = [
        "echo one   ",
        "wrapped at the\\",
        " edge 日本 x",
        "src/main.rs:12 y",
    ];
    // (from, to, clicks, block, text)
    let table = [
        (spot(0, 5), spot(0, 7), 1, false, "one"),
        (spot(0, 7), spot(0, 5), 1, false, "one"),
        (spot(0, 5), spot(1, 6), 1, false, "one\nwrapped"),
        (spot(1, 8), spot(2, 4), 1, false, "at the edge"),
        (spot(2, 6), spot(2, 7), 1, false, "日"),
        (spot(2, 7), spot(2, 8), 1, false, "日本"),
        (spot(3, 4), spot(3, 4), 2, false, "src/main.rs:12"),
        (spot(0, 1), spot(0, 1), 3, false, "echo one"),
        (spot(0, 0), spot(1, 3), 1, true, "echo\nwrap"),
    ];
    for (from, to, clicks, block, text) in table {
        let mut pane = pane(20, &rows, 0);
        pane.press(from, clicks, block);
        if from != to {
            pane.drag(to);
        }
        assert_eq!(pane.release().as_deref(), Some(text), "{from:?} {to:?}");
    }
    let mut pane = pane(20, &rows, 0);
    pane.press(spot(0, 5), 1, false);
    assert_eq!(pane.release(), None, "a click alone selects nothing");
}

#[test]
fn copy_mode_by_keyboard() {
    let mut pane = pane(20, &["first line", "second line", "$ "], 0);
    let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
    pane.start_copy(3);
    let mut press = |keys: &str| {
        let mut last = CopyOutcome::Ignored;
        for c in keys.chars() {
            last = pane.copy_key(key(KeyCode::Char(c)), 3);
        }
        last
    };
    assert_eq!(press("kk0vllll"), CopyOutcome::Changed);
    assert_eq!(press("y"), CopyOutcome::Copy("first".into()));
    assert!(pane.is_live());
    assert_eq!(
        pane.copy_key(key(KeyCode::Char('j')), 3),
        CopyOutcome::Ignored
    );
    pane.start_copy(3);
    assert_eq!(
        pane.copy_key(key(KeyCode::Char('/')), 3),
        CopyOutcome::AskSearch
    );
    assert_eq!(pane.copy_key(key(KeyCode::Esc), 3), CopyOutcome::Leave);
}

#[test]
fn a_search_shows_its_newest_match_and_goes_round() {
    let mut pane = pane(10, &["s0", "s1"], 50);
    pane.start_copy(2);
    pane.set_search("x".into());
    assert_eq!(pane.wanted_search().unwrap().query, "x");
    assert_eq!(pane.wanted_search(), None);
    let found = |line| Match {
        line,
        col: 0,
        cells: 1,
    };
    pane.matches_arrived(vec![found(40), found(20)], 2);
    assert_eq!(pane.search_state(), Some(("x", 1, 2)));
    assert_eq!(pane.position().unwrap().0, 41);
    let n = KeyEvent::new(KeyCode::Char('n'), KeyModifiers::NONE);
    pane.copy_key(n, 2);
    assert_eq!(pane.position().unwrap().0, 21);
    pane.copy_key(n, 2);
    assert_eq!(pane.search_state(), Some(("x", 1, 2)));
}

#[test]
fn the_mouse_finds_the_agents_cell() {
    let pane = pane(10, &["a", "b", "c", "d"], 7);
    let area = Rect::new(5, 5, 8, 2);
    assert_eq!(agent_cell(area, &pane, 6, 5), Some((1, 2)));
    assert_eq!(agent_cell(area, &pane, 4, 5), None);
    assert_eq!(spot_at(area, &pane, 0, 0), Some(Spot { line: 9, col: 0 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn drawing_never_panics_and_never_leaks_control_characters(
        texts in prop::collection::vec("\\PC{0,30}|[\\x00-\\x20\\u{80}-\\u{9f}日👩\u{200d}é\u{301}]{0,30}", 1..8),
        runs in prop::collection::vec((0u16..40, 0u16..3), 0..6),
        cols in 0u16..40,
        cursor in (0u16..60, 0u16..60),
        area in (0u16..50, 0u16..20),
        scroll in -30i64..30,
        history_end in 0u64..40,
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut wild = update(1, cols, &texts, history_end);
        for (_, row) in &mut wild.changed {
            row.runs = runs
                .iter()
                .map(|(cells, style)| StyleRun { cells: *cells, style: *style })
                .collect();
        }
        (wild.cursor.row, wild.cursor.col) = cursor;
        let mut pane = PaneState::new(SessionId(1));
        pane.apply(&wild).unwrap();
        pane.scroll_by(scroll, area.1);
        pane.press(Spot { line: 1, col: 2 }, 2, false);
        pane.drag(Spot { line: 3, col: 4 });
        let (rows, _) = drawn(&pane, area.0, area.1);
        for row in rows {
            prop_assert!(!row.chars().any(char::is_control), "{row:?}");
        }
    }
}
