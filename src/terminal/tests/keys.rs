//! Input → bytes, by the modes the agent has set.

use super::*;
use crate::protocol::input::KeyKind;
use crate::protocol::{Input, Key, KeyPress, Modifiers, MouseButton, MouseInput, MouseKind};

const PLAIN: Modifiers = Modifiers {
    shift: false,
    alt: false,
    ctrl: false,
    meta: false,
};
const SHIFT: Modifiers = Modifiers {
    shift: true,
    ..PLAIN
};
const ALT: Modifiers = Modifiers { alt: true, ..PLAIN };
const CTRL: Modifiers = Modifiers {
    ctrl: true,
    ..PLAIN
};
const CTRL_SHIFT: Modifiers = Modifiers {
    shift: true,
    ..CTRL
};

fn key(modes: &str, key: Key, modifiers: Modifiers, kind: KeyKind) -> String {
    let press = KeyPress {
        key,
        modifiers,
        kind,
    };
    String::from_utf8(fed(80, 24, modes).encode(&Input::Key(press))).unwrap()
}

#[test]
fn keys_the_old_way() {
    let cases: &[(&str, Key, Modifiers, &str)] = &[
        ("", Key::Char('a'), PLAIN, "a"),
        ("", Key::Char('A'), SHIFT, "A"),
        ("", Key::Char('é'), PLAIN, "é"),
        ("", Key::Char('a'), CTRL, "\x01"),
        ("", Key::Char('a'), ALT, "\x1ba"),
        ("", Key::Char(' '), CTRL, "\0"),
        ("", Key::Char('['), CTRL, "\x1b"),
        ("", Key::Enter, PLAIN, "\r"),
        ("", Key::Enter, SHIFT, "\r"),
        ("", Key::Enter, ALT, "\x1b\r"),
        ("", Key::Tab, SHIFT, "\x1b[Z"),
        ("", Key::Backspace, PLAIN, "\x7f"),
        ("", Key::Backspace, CTRL, "\x08"),
        ("", Key::Escape, PLAIN, "\x1b"),
        ("", Key::Up, PLAIN, "\x1b[A"),
        ("\x1b[?1h", Key::Up, PLAIN, "\x1bOA"),
        ("\x1b[?1h", Key::Up, CTRL, "\x1b[1;5A"),
        ("\x1b[?1h", Key::Home, PLAIN, "\x1bOH"),
        ("", Key::End, SHIFT, "\x1b[1;2F"),
        ("", Key::PageUp, PLAIN, "\x1b[5~"),
        ("", Key::Delete, ALT, "\x1b[3;3~"),
        ("", Key::Function(1), PLAIN, "\x1bOP"),
        ("", Key::Function(3), SHIFT, "\x1b[1;2R"),
        ("", Key::Function(5), PLAIN, "\x1b[15~"),
        ("", Key::Function(12), PLAIN, "\x1b[24~"),
        ("", Key::Function(20), PLAIN, "\x1b[34~"),
        ("", Key::Function(99), PLAIN, ""),
        ("\x1b[>4;2m", Key::Enter, SHIFT, "\x1b[27;2;13~"),
        ("\x1b[>4;2m", Key::Char('a'), CTRL, "\x1b[27;5;97~"),
        ("\x1b[>4;2m", Key::Char('A'), SHIFT, "A"),
        ("\x1b[>4;1m", Key::Char('a'), CTRL, "\x01"),
        ("\x1b[>4;1m", Key::Char(','), CTRL, "\x1b[27;5;44~"),
        ("\x1b[>4;2m\x1b[>4m", Key::Char('a'), CTRL, "\x01"),
    ];
    for (modes, name, modifiers, expected) in cases {
        assert_eq!(
            key(modes, *name, *modifiers, KeyKind::Press),
            *expected,
            "{modes:?} {name:?} {modifiers:?}"
        );
    }
    assert_eq!(key("", Key::Char('a'), PLAIN, KeyKind::Release), "");
}

#[test]
fn keys_in_the_kitty_protocol() {
    let press = KeyKind::Press;
    let cases: &[(&str, Key, Modifiers, KeyKind, &str)] = &[
        ("1", Key::Char('a'), PLAIN, press, "a"),
        ("1", Key::Char('A'), SHIFT, press, "A"),
        ("1", Key::Char('c'), CTRL, press, "\x1b[99;5u"),
        ("1", Key::Char('C'), CTRL_SHIFT, press, "\x1b[99;6u"),
        ("1", Key::Char('a'), ALT, press, "\x1b[97;3u"),
        ("1", Key::Enter, PLAIN, press, "\r"),
        ("1", Key::Enter, SHIFT, press, "\x1b[13;2u"),
        ("1", Key::Tab, SHIFT, press, "\x1b[9;2u"),
        ("1", Key::Backspace, CTRL, press, "\x1b[127;5u"),
        ("1", Key::Escape, PLAIN, press, "\x1b[27u"),
        ("1", Key::Up, PLAIN, press, "\x1b[A"),
        ("1", Key::Up, CTRL, press, "\x1b[1;5A"),
        ("1", Key::Delete, SHIFT, press, "\x1b[3;2~"),
        ("1", Key::Function(1), PLAIN, press, "\x1b[P"),
        ("1", Key::Function(3), PLAIN, press, "\x1b[13~"),
        ("1", Key::Function(13), PLAIN, press, "\x1b[57376u"),
        ("3", Key::Up, PLAIN, KeyKind::Release, "\x1b[1;1:3A"),
        ("3", Key::Char('a'), PLAIN, KeyKind::Repeat, "a"),
        ("3", Key::Char('a'), PLAIN, KeyKind::Release, "\x1b[97;1:3u"),
        ("3", Key::Enter, PLAIN, KeyKind::Release, ""),
        ("1", Key::Up, PLAIN, KeyKind::Release, ""),
        ("5", Key::Char('C'), CTRL_SHIFT, press, "\x1b[99:67;6u"),
        ("8", Key::Char('a'), PLAIN, press, "\x1b[97u"),
        ("8", Key::Enter, PLAIN, press, "\x1b[13u"),
        ("24", Key::Char('a'), PLAIN, press, "\x1b[97;;97u"),
        ("24", Key::Char('A'), SHIFT, press, "\x1b[97;2;65u"),
    ];
    for (flags, name, modifiers, kind, expected) in cases {
        let modes = format!("\x1b[>{flags}u");
        assert_eq!(
            key(&modes, *name, *modifiers, *kind),
            *expected,
            "{flags} {name:?} {modifiers:?} {kind:?}"
        );
    }
}

#[test]
fn keyboard_flags_belong_to_their_screen() {
    let shift_enter = KeyPress {
        modifiers: SHIFT,
        ..KeyPress::plain(Key::Enter)
    };
    let mut terminal = fed(80, 24, "\x1b[>1u\x1b[?1049h");
    assert_eq!(terminal.encode(&Input::Key(shift_enter)), b"\r");
    terminal.feed(b"\x1b[?1049l");
    assert_eq!(terminal.encode(&Input::Key(shift_enter)), b"\x1b[13;2u");
}

#[test]
fn pastes_cannot_break_out() {
    let evil = "a\x1b[201~rm\r\nb\u{9b}31m\tc\x03";
    let paste = Input::Paste(evil.into());
    assert_eq!(fed(80, 24, "").encode(&paste), b"a[201~rm\rb31m\tc");
    assert_eq!(
        fed(80, 24, "\x1b[?2004h").encode(&paste),
        b"\x1b[200~a[201~rm\nb31m\tc\x1b[201~"
    );
    let text = Input::Text("ls\n\x1b\x03".into());
    assert_eq!(fed(80, 24, "\x1b[?2004h").encode(&text), b"ls\r\x1b\x03");
    assert_eq!(fed(80, 24, "").encode(&Input::Raw(vec![0, 27])), [0, 27]);
}

#[test]
fn focus_is_told_only_where_wanted() {
    assert!(fed(80, 24, "").encode(&Input::Focus(true)).is_empty());
    let terminal = fed(80, 24, "\x1b[?1004h");
    assert_eq!(terminal.encode(&Input::Focus(true)), b"\x1b[I");
    assert_eq!(terminal.encode(&Input::Focus(false)), b"\x1b[O");
}

#[test]
fn the_mouse_in_every_way() {
    use MouseKind::{Down, Drag, Moved, Up, WheelUp};
    let left = MouseButton::Left;
    let cases: &[(&str, MouseKind, u16, &[u8])] = &[
        ("", Down(left), 4, b""),
        ("\x1b[?1000h", Down(left), 4, b"\x1b[M \x25\x23"),
        ("\x1b[?1000h", Up(left), 4, b"\x1b[M#\x25\x23"),
        ("\x1b[?1000h", Drag(left), 4, b""),
        ("\x1b[?9h", Down(left), 4, b"\x1b[M \x25\x23"),
        ("\x1b[?9h", Up(left), 4, b""),
        (
            "\x1b[?1000;1006h",
            Down(MouseButton::Right),
            4,
            b"\x1b[<2;5;3M",
        ),
        ("\x1b[?1000;1006h", Up(left), 4, b"\x1b[<0;5;3m"),
        ("\x1b[?1002;1006h", Drag(left), 4, b"\x1b[<32;5;3M"),
        ("\x1b[?1002;1006h", Moved, 4, b""),
        ("\x1b[?1003;1006h", Moved, 4, b"\x1b[<35;5;3M"),
        ("\x1b[?1000;1006h", WheelUp, 4, b"\x1b[<64;5;3M"),
        ("\x1b[?1000;1015h", Down(left), 4, b"\x1b[32;5;3M"),
        ("\x1b[?1000;1016h", Down(left), 4, b"\x1b[<0;37;41M"),
        ("\x1b[?1000h", Down(left), 299, b""),
        ("\x1b[?1000;1005h", Down(left), 299, b"\x1b[M \xc5\x8c#"),
        ("\x1b[?1000;1006h", Down(left), 300, b""),
        ("\x1b[?1049h", WheelUp, 4, b"\x1b[A\x1b[A\x1b[A"),
        ("\x1b[?1049;1h", WheelUp, 4, b"\x1bOA\x1bOA\x1bOA"),
        ("\x1b[?1049h\x1b[?1007l", WheelUp, 4, b""),
        ("\x1b[?1000h\x1b[?1000l", WheelUp, 4, b""),
    ];
    for (modes, kind, col, expected) in cases {
        let mouse = MouseInput {
            kind: *kind,
            col: *col,
            row: 2,
            modifiers: PLAIN,
        };
        let bytes = fed(300, 24, modes).encode(&Input::Mouse(mouse));
        assert_eq!(bytes, *expected, "{modes:?} {kind:?}");
    }
    let with_ctrl = MouseInput {
        kind: Down(left),
        col: 0,
        row: 0,
        modifiers: CTRL,
    };
    let bytes = fed(80, 24, "\x1b[?1000;1006h").encode(&Input::Mouse(with_ctrl));
    assert_eq!(bytes, b"\x1b[<16;1;1M");
}
