//! Feed → screen, scrollback and events.

use super::super::{ProgressState, PromptMark};
use super::*;
use crate::protocol::{Color, CursorShape, Style};

#[test]
fn output_becomes_rows() {
    let cases: &[(&str, &str)] = &[
        ("a\r\nb", "a\nb\n\n"),
        ("abcdefghijk", "abcdefghij\nk\n\n"),
        ("\x1b[2;3Hx", "\n  x\n\n"),
        ("ab\x1b[1Gx", "xb\n\n\n"),
        ("abc\x1b[2D\x1b[P", "ac\n\n\n"),
        ("abc\x1b[2D\x1b[@", "a bc\n\n\n"),
        ("abc\x1b[1K", "\n\n\n"),
        ("abc\r\x1b[2X", "  c\n\n\n"),
        ("1\r\n2\r\n3\x1b[2;4r\x1b[2;1H\x1b[M", "1\n3\n\n"),
        ("1\r\n2\r\n3\x1b[2;1H\x1b[L", "1\n\n2\n3"),
        ("a\x1b[3b", "aaaa\n\n\n"),
        ("\x1b(0qx\x1b(Bq", "─│q\n\n\n"),
        ("a\tb", "a       b\n\n\n"),
        ("日本語", "日本語\n\n\n"),
        ("123456789日", "123456789\n日\n\n"),
        ("日\x1b[1Gx", "x\n\n\n"),
        ("日\x1b[2Gx", " x\n\n\n"),
        ("e\u{301}x", "e\u{301}x\n\n\n"),
        ("\x1b[?7labcdefghijkl", "abcdefghil\n\n\n"),
        ("abc\x1b[?1049hxyz\x1b[?1049ld", "abcd\n\n\n"),
        ("a\x1b7\x1b[3;3Hb\x1b8c", "ac\n\n  b\n"),
        (
            "\x1bPignored\x1b\\\x1b_G\x1b\\\x1b]1337;x\x07ok",
            "ok\n\n\n",
        ),
        ("\x1b[4habc\x1b[1Gx", "xabc\n\n\n"),
        ("\x1b#8\x1b[2J", "\n\n\n"),
        ("\x1b[2;3r\x1b[?6h\x1b[1;1Hx", "\nx\n\n"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(text(&mut fed(10, 4, bytes)), *expected, "{bytes:?}");
    }
}

#[test]
fn characters_may_be_cut_anywhere() {
    let bytes = "é日🙂\x1b[31mx\x1b]2;ti\u{301}tle\x1b\\y\u{301}".as_bytes();
    let mut whole = fed(20, 3, bytes);
    let mut cut = fed(20, 3, b"");
    bytes.iter().for_each(|byte| cut.feed(&[*byte]));
    assert_eq!(cells(&seen(&mut whole)), cells(&seen(&mut cut)));
    assert_eq!(cut.title(), "ti\u{301}tle");
    assert_eq!(
        text(&mut fed(9, 1, b"\xffa\xe6\x97b\xf0\x9f\x99")),
        "\u{fffd}a\u{fffd}b"
    );
}

#[test]
fn the_unfinished_end_is_carried() {
    let cases: &[(&str, &str)] = &[
        ("a\x1b", "\x1b"),
        ("a\x1b[3\n1", "\x1b[31"),
        ("a\x1b[3\x1b(", "\x1b("),
        ("a\x1b]2;ti", "\x1b]2;ti"),
        ("a\x1b]2;ti\x1b", "\x1b"),
        ("a\x1b]2;ti\x07", ""),
        ("a\x1bP$q", "\x1bP$q"),
        ("a\x1b[31m", ""),
    ];
    for (bytes, carry) in cases {
        assert_eq!(fed(10, 4, bytes).carry(), carry.as_bytes(), "{bytes:?}");
    }
    assert_eq!(fed(10, 4, b"a\xe6\x97").carry(), b"\xe6\x97");
}

#[test]
fn looks_come_through() {
    let bytes = "\x1b[1;3;4:3;58:2::1:2:3;38;5;200;48;2;9;8;7mX\x1b[0m\
                 \x1b]8;id=1;https://a.example/\x1b\\L\x1b]8;;\x1b\\\x1b[91;7mR\x1b[m";
    let state = seen(&mut fed(10, 1, bytes));
    let row = &cells(&state)[0].0;
    assert_eq!(
        row[0].1,
        Style {
            fg: Color::Indexed(200),
            bg: Color::Rgb(9, 8, 7),
            underline: Some(Color::Rgb(1, 2, 3)),
            attrs: Style::BOLD | Style::ITALIC | Style::CURLY_UNDERLINE,
            link: None,
        }
    );
    assert_eq!(row[1].1.link.as_deref(), Some("https://a.example/"));
    assert_eq!(
        (row[2].1.fg, row[2].1.attrs),
        (Color::Indexed(9), Style::REVERSE)
    );
}

#[test]
fn lines_that_leave_the_top_can_be_read_and_found() {
    let mut terminal = fed(10, 3, "");
    for line in 0..20 {
        terminal.feed(format!("\x1b[3{}mLine\x1b[m {line}\r\n", line % 8).as_bytes());
    }
    let state = seen(&mut terminal);
    assert_eq!((state.history_start, state.history_end), (0, 18));
    let page = terminal.lines(0, 500);
    assert_eq!((page.first, page.end, page.rows.len()), (0, 21, 21));
    assert_eq!(page.rows[5].text, "Line 5");
    let style = &page.styles[usize::from(page.rows[5].runs[0].style)];
    assert_eq!(style.fg, Color::Indexed(5));
    assert_eq!(terminal.lines(17, 2).rows[1].text, "Line 18");
    let found = terminal.search("line 1", 4);
    assert_eq!(
        found.iter().map(|found| found.line).collect::<Vec<_>>(),
        [19, 18, 17, 16]
    );
    assert_eq!((found[0].col, found[0].cells), (0, 6));
    assert!(terminal.search("lINE", 4).is_empty());
    assert_eq!(
        terminal.text(2, false),
        "Line 16\nLine 17\nLine 18\nLine 19\n"
    );
    assert!(terminal.text(0, true).starts_with("\x1b[0;32mLine\x1b[0m"));
    terminal.feed(b"\x1b[3J");
    assert_eq!(terminal.lines(0, 1).first, 18);
}

#[test]
fn a_region_at_the_top_feeds_the_scrollback_and_others_do_not() {
    let mut top = fed(10, 4, "1\r\n2\r\n3\r\n4\x1b[1;3r\x1b[3;1H\n");
    assert_eq!(text(&mut top), "2\n3\n\n4");
    assert_eq!(top.lines(0, 1).rows[0].text, "1");
    let mut middle = fed(10, 4, "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\n");
    assert_eq!(text(&mut middle), "1\n3\n\n4");
    assert_eq!(seen(&mut middle).history_end, 0);
    let mut alternate = fed(10, 2, "\x1b[?1049h1\r\n2\r\n3");
    assert_eq!(seen(&mut alternate).history_end, 0);
}

#[test]
fn events_are_told_clean_and_in_order() {
    let mut terminal = fed(
        10,
        2,
        "\x1b]0;a\u{1b}\\\x07\x1b]9;hi\u{202e} there\x07\x1b]777;notify;t;b\x07\x1b]9;4;1;40\x07\
         \x1b]7;file://h/x\x07\x1b]133;D;3\x07\x1b]52;c;aGk=\x07\x1b]52;c;?\x07\
         \x1b]7501;state=blocked:app=claude:kind=permission:msg=aGkKeW91:progress=7\x07",
    );
    let events = terminal.take_events();
    assert_eq!(events[0], TermEvent::Title("a".into()));
    assert_eq!(events[1], TermEvent::Bell);
    let note = |title: &str, body: &str| TermEvent::Notification {
        title: title.into(),
        body: body.into(),
    };
    assert_eq!(events[2], note("", "hi there"));
    assert_eq!(events[3], note("t", "b"));
    assert_eq!(
        events[4],
        TermEvent::Progress(Some(40), ProgressState::Running)
    );
    assert_eq!(events[5], TermEvent::Cwd("file://h/x".into()));
    assert_eq!(events[6], TermEvent::Mark(PromptMark::End(Some(3))));
    assert_eq!(events[7], TermEvent::Clipboard("hi".into()));
    let TermEvent::Program(status) = &events[8] else {
        panic!("{events:?}");
    };
    assert_eq!(
        (status.message.as_str(), status.progress),
        ("hi you", Some(7))
    );
    assert_eq!(events.len(), 9);
    assert!(!terminal.has_events());
}

#[test]
fn a_dead_program_leaves_its_screen_and_nothing_else() {
    let mut terminal = fed(
        10,
        4,
        "shell\x1b[?1049h\x1b[?1003;1006;2004;1004h\x1b[>7u\x1b[?25l\x1b[5 q\x1b[2;3r\x1b[31mlast\r\nscreen",
    );
    terminal.process_ended();
    let state = seen(&mut terminal);
    assert_eq!(state.text(), "last\nscreen\n\n");
    assert_eq!(terminal.lines(0, 1).rows[0].text, "shell");
    assert_eq!(
        state.modes,
        Terminal::new(10, 4, Options::default()).modes()
    );
    assert!(state.cursor.visible);
    assert_eq!(state.cursor.shape, CursorShape::Block);
    assert_eq!((state.cursor.row, state.cursor.col), (2, 0));
    terminal.feed(b"next");
    assert_eq!(cells(&seen(&mut terminal))[2].0[0].1, Style::default());
}

#[test]
fn what_follows_a_killed_program_starts_below_what_it_showed() {
    // A program that draws in the primary screen, killed with the cursor in its input box.
    let mut terminal = fed(10, 5, "talk\r\n----\r\n> \r\n----\x1b[A\x1b[3G");
    terminal.process_ended();
    terminal.process_ended();
    terminal.feed(b"next");
    assert_eq!(seen(&mut terminal).text(), "talk\n----\n>\n----\nnext");
    let mut terminal = fed(10, 5, "a\r\n\r\n\r\n");
    terminal.process_ended();
    assert_eq!(seen(&mut terminal).cursor.row, 3, "blank lines are kept");
}

#[test]
fn a_panic_costs_the_screen_only() {
    let mut terminal = fed(90, 3, "before\x1b]2;");
    let mut viewer = Viewer::new();
    let mut state = ScreenState::default();
    let first = terminal.update_for(&mut viewer, SessionId(1)).unwrap();
    state.apply(&first).unwrap();
    viewer.ack(first.seq);
    terminal.feed(PANIC);
    terminal.feed(b"after");
    assert!(terminal.carry().is_empty());
    let update = terminal.update_for(&mut viewer, SessionId(1)).unwrap();
    state.apply(&update).unwrap();
    assert!(
        state.text().contains("failed on this output"),
        "{}",
        state.text()
    );
    assert!(state.text().ends_with("\nafter\n"));
}

#[test]
fn a_synchronized_update_holds_back_frames() {
    let mut terminal = fed(10, 2, "a\x1b[?2026hb");
    let mut viewer = Viewer::new();
    assert!(terminal.sync_open());
    assert_eq!(terminal.update_for(&mut viewer, SessionId(1)), None);
    terminal.feed(b"c\x1b[?2026l");
    assert!(!terminal.sync_open());
    assert_eq!(text(&mut terminal), "abc\n");
    terminal.feed(b"\x1b[?2026hd");
    terminal.end_sync();
    assert!(terminal.update_for(&mut viewer, SessionId(1)).is_some());
}

#[test]
fn a_scroll_costs_only_the_new_rows() {
    let mut terminal = fed(10, 5, "1\r\n2\r\n3\r\n4\r\n5");
    let mut viewer = Viewer::new();
    let first = terminal.update_for(&mut viewer, SessionId(1)).unwrap();
    assert_eq!((first.base, first.changed.len()), (0, 5));
    assert!(!viewer.ready());
    terminal.feed(b"\r\n6\r\n7");
    assert_eq!(terminal.update_for(&mut viewer, SessionId(1)), None);
    viewer.ack(first.seq + 1);
    assert!(!viewer.ready());
    viewer.ack(first.seq);
    let next = terminal.update_for(&mut viewer, SessionId(1)).unwrap();
    assert_eq!((next.base, next.scroll), (first.seq, 2));
    assert_eq!(
        next.changed.iter().map(|row| row.0).collect::<Vec<_>>(),
        [3, 4]
    );
    viewer.ack(next.seq);
    assert_eq!(terminal.update_for(&mut viewer, SessionId(1)), None);
    // The same text written again is no change.
    terminal.feed(b"\r7");
    assert_eq!(terminal.update_for(&mut viewer, SessionId(1)), None);
    viewer.reset();
    assert_eq!(
        terminal.update_for(&mut viewer, SessionId(1)).unwrap().base,
        0
    );
}

#[test]
fn logs_become_plain_text() {
    let cases: &[(&[u8], &str)] = &[
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"\x1b[1mbold\x1b[0m\x1b]2;title\x07 x", "bold x"),
        (b"10%\r20%\r\x1b[Kdone\n", "done\n"),
        (b"abc\x08d\n", "abd\n"),
        (b"a\tb\n", "a       b\n"),
        (b"\xff\x1bPq\x1b\\z", "\u{fffd}z"),
        ("日\u{301}".as_bytes(), "日\u{301}"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(super::super::text::strip(bytes), *expected, "{bytes:?}");
    }
}
