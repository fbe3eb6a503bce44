//! Queries are answered, in the stream's order.

use super::*;
use crate::protocol::TerminalInfo;

#[test]
fn each_query_has_its_answer() {
    let cases: &[(&str, &str)] = &[
        ("\x1b[c", "\x1b[?62;22;52c"),
        ("\x1bZ", "\x1b[?62;22;52c"),
        ("\x1b[>c", "\x1b[>1;100;0c"),
        ("\x1b[=c", "\x1bP!|676C756E\x1b\\"),
        (
            "\x1b[>0q",
            concat!("\x1bP>|gluon(", env!("CARGO_PKG_VERSION"), ")\x1b\\"),
        ),
        ("\x1b[5n", "\x1b[0n"),
        ("ab\x1b[6n", "\x1b[1;3R"),
        ("\x1b[?6n", "\x1b[?1;1;1R"),
        ("\x1b[2;4r\x1b[?6h\x1b[6n", "\x1b[1;1R"),
        ("\x1b[?u", "\x1b[?0u"),
        ("\x1b[>5u\x1b[?u", "\x1b[?5u"),
        (
            "\x1b[>5u\x1b[=2;2u\x1b[?u\x1b[<u\x1b[?u",
            "\x1b[?7u\x1b[?0u",
        ),
        ("\x1b[>4;2m\x1b[?4m", "\x1b[>4;2m"),
        ("\x1b[?2026$p", "\x1b[?2026;2$y"),
        ("\x1b[?2026h\x1b[?2026$p", "\x1b[?2026;1$y"),
        ("\x1b[?2027$p\x1b[?1016$p", "\x1b[?2027;0$y\x1b[?1016;2$y"),
        (
            "\x1b[?2004h\x1b[?2004$p\x1b[?1004$p",
            "\x1b[?2004;1$y\x1b[?1004;2$y",
        ),
        ("\x1b[?2031$p\x1b[4$p", "\x1b[?2031;2$y\x1b[4;2$y"),
        ("\x1b[?996n", "\x1b[?997;1n"),
        (
            "\x1b[14t\x1b[16t\x1b[18t",
            "\x1b[4;80;200t\x1b[6;20;10t\x1b[8;4;20t",
        ),
        ("\x1b]10;?\x1b\\", "\x1b]10;rgb:0101/0202/0303\x1b\\"),
        ("\x1b]11;?\x07", "\x1b]11;rgb:0404/0505/0606\x07"),
        (
            "\x1b]10;?;?\x07",
            "\x1b]10;rgb:0101/0202/0303\x07\x1b]11;rgb:0404/0505/0606\x07",
        ),
        (
            "\x1b]4;1;?;255;?\x07",
            "\x1b]4;1;rgb:cdcd/0000/0000\x07\x1b]4;255;rgb:eeee/eeee/eeee\x07",
        ),
        ("\x1bP$qm\x1b\\", "\x1bP1$r0m\x1b\\"),
        ("\x1b[1;38;5;9m\x1bP$qm\x1b\\", "\x1bP1$r0;1;91m\x1b\\"),
        ("\x1bP$qr\x1b\\", "\x1bP1$r1;4r\x1b\\"),
        ("\x1b[5 q\x1bP$q q\x1b\\", "\x1bP1$r5 q\x1b\\"),
        ("\x1bP$qz\x1b\\", "\x1bP0$r\x1b\\"),
        (
            "\x1bP+q544e;7878\x1b\\",
            "\x1bP1+r544e=787465726D2D323536636F6C6F72\x1b\\\x1bP0+r7878\x1b\\",
        ),
        ("\x1b[21t\x1b]52;c;?\x07", ""),
    ];
    for (query, expected) in cases {
        let mut terminal = fed(20, 4, "");
        terminal.set_outer(&TerminalInfo {
            foreground: Some((1, 2, 3)),
            background: Some((4, 5, 6)),
            cell: Some((10, 20)),
        });
        terminal.feed(query.as_bytes());
        assert_eq!(answers(&mut terminal), *expected, "{query:?}");
    }
}

#[test]
fn a_start_up_is_answered_in_order() {
    let query = "\x1b[?2004h\x1b[?2031h\x1b[?1004h\x1b[>0q\x1b[?u\x1b]7501;?\x07\x1b[c";
    let mut whole = fed(80, 24, query);
    let mut cut = fed(80, 24, "");
    query.bytes().for_each(|byte| cut.feed(&[byte]));
    let all = answers(&mut whole);
    assert_eq!(all, answers(&mut cut));
    let positions: Vec<_> = ["gluon(", "\x1b[?0u", "]7501;?:states=", "\x1b[?62"]
        .map(|part| all.find(part))
        .into();
    assert!(positions.iter().all(Option::is_some), "{all:?}");
    assert!(positions.is_sorted(), "{all:?}");
}

#[test]
fn the_colour_scheme_is_told_when_it_changes() {
    let mut terminal = fed(80, 24, "\x1b[?2031h");
    let light = TerminalInfo {
        background: Some((255, 255, 255)),
        ..TerminalInfo::default()
    };
    terminal.set_outer(&light);
    assert_eq!(answers(&mut terminal), "\x1b[?997;2n");
    terminal.set_outer(&light);
    assert_eq!(answers(&mut terminal), "");
}

#[test]
fn a_clipboard_that_is_not_allowed_is_not_offered() {
    let mut terminal = Terminal::new(80, 24, Options::default());
    terminal.feed(b"\x1b]52;c;aGk=\x07\x1b[c");
    assert_eq!(
        terminal.take_events(),
        [TermEvent::Answer(b"\x1b[?62;22c".to_vec())]
    );
}
