//! Output made to cost memory, time or a panic: each costs a bounded amount.

use super::*;

#[test]
fn strings_without_end_are_swallowed() {
    for start in [
        "\x1b]2;", "\x1b]8;;", "\x1bP+q", "\x1b_G", "\x1bX", "\x1b]9;",
    ] {
        let mut terminal = fed(80, 24, start);
        let block = vec![b'x'; 64 * 1024];
        for _ in 0..64 {
            terminal.feed(&block);
        }
        assert!(terminal.carry().len() <= super::super::parser::STRING_LIMIT);
        terminal.feed(b"\x1b\\back");
        assert_eq!(text(&mut terminal).trim_end(), "back", "{start:?}");
    }
}

#[test]
fn a_control_sequence_without_end_is_bounded() {
    let mut terminal = fed(80, 24, "\x1b[");
    for _ in 0..100 {
        terminal.feed(&[b';'; 1000]);
    }
    assert!(terminal.carry().len() <= 300);
    terminal.feed(b"1mback");
    assert_eq!(text(&mut terminal).trim_end(), "back");
    let mut spaces = fed(80, 24, "\x1b");
    spaces.feed(&[b' '; 100_000]);
    assert!(spaces.carry().len() <= 300);
}

#[test]
fn stacks_are_shallow() {
    let mut terminal = fed(80, 24, "\x1b[>1u".repeat(10_000));
    assert_eq!(terminal.screen.keyboards[0].stack.len(), 64);
    terminal.feed("\x1b]2;t\x07\x1b[22t".repeat(10_000).as_bytes());
    assert_eq!(terminal.screen.titles.len(), 16);
    terminal.feed("\x1b[<65535u".repeat(100).as_bytes());
    assert_eq!(terminal.modes().kitty_keyboard, 0);
}

#[test]
fn hyperlinks_are_collected() {
    let mut terminal = fed(80, 24, "");
    for link in 0..30_000 {
        terminal.feed(format!("\x1b]8;;https://x.example/{link}\x1b\\x").as_bytes());
    }
    let (_, extras, bytes) = terminal.screen.tables.held();
    assert!(extras <= 8192 && bytes <= 1024 * 1024, "{extras} {bytes}");
    // The newest still lead where they should.
    let state = seen(&mut terminal);
    let row = &cells(&state)[22].0;
    let link = row[79].1.link.clone().unwrap();
    assert!(link.starts_with("https://x.example/299"), "{link}");
}

#[test]
fn long_links_are_dropped() {
    let mut terminal = fed(80, 24, "");
    for link in 0..5_000 {
        let target = format!("https://x.example/{link}/{}", "y".repeat(2000));
        terminal.feed(format!("\x1b]8;;{target}\x1b\\x").as_bytes());
    }
    let (_, _, bytes) = terminal.screen.tables.held();
    assert!(bytes <= 1024 * 1024 + 4096, "{bytes}");
}

#[test]
fn combining_characters_do_not_pile_up() {
    let mut terminal = fed(80, 24, "x");
    terminal.feed("\u{301}".repeat(100_000).as_bytes());
    assert_eq!(text(&mut terminal).trim_end().chars().count(), 16);
    // On ever new cells the table is collected.
    terminal.feed("\re\u{301}".repeat(100_000).as_bytes());
    let (clusters, _, _) = terminal.screen.tables.held();
    assert!(clusters <= 8192, "{clusters}");
}

#[test]
fn huge_counts_end_at_the_screen() {
    let mut terminal = fed(80, 24, "x");
    for last in "bSTLM@PXABCDEFGHIZd`ae".chars() {
        terminal.feed(format!("\x1b[65535{last}\x1b[99999999999;99999999999{last}").as_bytes());
    }
    terminal.feed("x\x1b[65535b".repeat(200).as_bytes());
    assert!(terminal.screen.history.end() - terminal.screen.history.start() <= 100);
}

#[test]
fn the_scrollback_is_bounded_in_lines_and_bytes() {
    let mut terminal = fed(200, 50, "");
    // Every cell in a look of its own is the most a line can cost.
    for line in 0..1_000_u32 {
        let cells = (0..200_u32).map(|cell| {
            let [_, r, g, b] = (line * 200 + cell).to_be_bytes();
            format!("\x1b[38;2;{r};{g};{b}m#")
        });
        terminal.feed(cells.collect::<String>().as_bytes());
        terminal.feed(b"\r\n");
    }
    let limit = 100 * super::super::history::BYTES_PER_LINE;
    let chunk = 128 * 200 * 64;
    assert!(
        terminal.scrollback_bytes() < limit + 2 * chunk,
        "{}",
        terminal.scrollback_bytes()
    );
    let page = terminal.lines(0, 500);
    assert!(page.rows.len() <= 150);
}

#[test]
fn a_plain_session_is_small() {
    let mut terminal = Terminal::new(200, 50, Options::default());
    for line in 0..2_050 {
        let text = "lorem ipsum dolor sit amet ".repeat(3);
        terminal.feed(format!("\x1b[32m{line:>6}\x1b[0m {text}\r\n").as_bytes());
    }
    let cells: usize = terminal
        .screen
        .grid
        .iter()
        .map(|row| row.cells.capacity())
        .sum();
    let screen = cells * size_of::<super::super::cell::Cell>();
    assert!(screen <= 200 * 50 * 16);
    assert!(
        terminal.scrollback_bytes() < 300 * 1024,
        "{}",
        terminal.scrollback_bytes()
    );
}

#[test]
fn events_do_not_pile_up() {
    let mut terminal = fed(80, 24, "");
    for n in 0..2_000 {
        terminal.feed(format!("\x1b]9;note {n}\x07\x1b[c\x07\x1b]2;{n}\x07").as_bytes());
    }
    let events = terminal.take_events();
    assert!(events.len() <= 600, "{}", events.len());
    assert!(events.contains(&TermEvent::Title("1999".into())));
    terminal.feed("\x1b[c".repeat(100_000).as_bytes());
    assert!(answers(&mut terminal).len() <= 64 * 1024);
}

#[test]
fn sizes_are_clamped_and_storms_survived() {
    let mut terminal = Terminal::new(0, 0, Options::default());
    assert_eq!(terminal.size(), (2, 1));
    terminal.feed("日本語\r\n\x1b[5;5Hx".as_bytes());
    for step in 0..300_u32 {
        terminal.resize((step * 7919 % 300) as u16, (step * 6007 % 100) as u16);
        terminal.feed("x日".as_bytes());
    }
    terminal.resize(u16::MAX, u16::MAX);
    assert_eq!(terminal.size(), (1000, 1000));
}

#[test]
fn forged_snapshots_are_harmless() {
    let mut terminal = fed(80, 24, "\x1bP=gluon1;AAAA\x1b\\\x1bP=gluon1;.\x1b\\");
    terminal.feed(b"\x1bP=gluon1;!!\x1b\\\x1bP=gluon1;.\x1b\\\x1bP=gluon9;.\x1b\\ok");
    let piece = format!("\x1bP=gluon1;{}\x1b\\", "A".repeat(32 * 1024));
    for _ in 0..300 {
        terminal.feed(piece.as_bytes());
    }
    assert!(terminal.screen.snapshot.len() <= 4 * 1024 * 1024);
    assert_eq!(text(&mut terminal).trim_end(), "ok");
}
