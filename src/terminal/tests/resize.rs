//! Another size: lines are wrapped anew and none is lost.

use super::*;

#[test]
fn wrapped_lines_are_wrapped_anew() {
    let mut terminal = fed(10, 4, "abcdefghijklmno\r\n1");
    terminal.resize(20, 4);
    assert_eq!(text(&mut terminal), "abcdefghijklmno\n1\n\n");
    terminal.resize(5, 6);
    assert_eq!(text(&mut terminal), "abcde\nfghij\nklmno\n1\n\n");
    let cursor = seen(&mut terminal).cursor;
    assert_eq!((cursor.row, cursor.col), (3, 1));
    terminal.feed(b"2");
    terminal.resize(10, 4);
    assert_eq!(text(&mut terminal), "abcdefghij\nklmno\n12\n");
}

#[test]
fn wide_characters_are_never_halved() {
    let mut terminal = fed(7, 4, "日本語漢");
    assert_eq!(text(&mut terminal), "日本語\n漢\n\n");
    terminal.resize(5, 4);
    assert_eq!(text(&mut terminal), "日本\n語漢\n\n");
    terminal.resize(8, 4);
    assert_eq!(text(&mut terminal), "日本語漢\n\n\n");
}

#[test]
fn the_cursor_stays_with_its_text() {
    let mut terminal = fed(10, 4, "0123456789");
    terminal.resize(5, 4);
    terminal.feed(b"x");
    assert_eq!(text(&mut terminal), "01234\n56789\nx\n");
    terminal.resize(11, 4);
    assert_eq!(text(&mut terminal), "0123456789x\n\n\n");
}

#[test]
fn what_no_longer_fits_is_in_the_scrollback() {
    let mut terminal = fed(10, 4, "1\r\n2\r\n3\r\n4");
    terminal.resize(10, 2);
    assert_eq!(text(&mut terminal), "3\n4");
    assert_eq!(terminal.text(9, false), "1\n2\n3\n4\n");
    terminal.resize(10, 4);
    assert_eq!(text(&mut terminal), "3\n4\n\n");
    assert_eq!(terminal.text(9, false), "1\n2\n3\n4\n");
}

#[test]
fn blank_rows_go_first() {
    let mut terminal = fed(10, 8, "1\r\n2");
    terminal.resize(10, 2);
    assert_eq!(text(&mut terminal), "1\n2");
    assert_eq!(seen(&mut terminal).history_end, 0);
}

#[test]
fn the_screen_put_aside_is_wrapped_too() {
    let mut terminal = fed(10, 4, "abcdefghijklm\x1b[?1049h\x1b[Hfull\r\nno\r\n");
    terminal.resize(5, 3);
    assert_eq!(text(&mut terminal), "full\nno\n");
    terminal.feed(b"\x1b[?1049l!");
    assert_eq!(text(&mut terminal), "abcde\nfghij\nklm!");
}

#[test]
fn a_saved_cursor_does_not_wrap_in_the_middle() {
    let mut terminal = fed(3, 1, "abc\x1b7");
    terminal.resize(6, 1);
    terminal.feed(b"\x1b8x");
    assert_eq!(text(&mut terminal), "abx");
}
