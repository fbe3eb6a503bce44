//! What the user's terminal reports, in the words of the protocol.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton as TermButton, MouseEvent,
    MouseEventKind,
};

use crate::protocol::input::KeyKind;
use crate::protocol::{Key, KeyPress, Modifiers, MouseButton, MouseInput, MouseKind};

/// A key for an agent; `None` for keys that have no meaning in a terminal (media keys, lone modifiers).
pub fn from_key(event: KeyEvent) -> Option<KeyPress> {
    let mut modifiers = modifiers(event.modifiers);
    let key = match event.code {
        KeyCode::Char(c) => {
            // Some terminals report Shift beside the capital it made.
            if !c.is_alphabetic() && !modifiers.ctrl && !modifiers.alt {
                modifiers.shift = false;
            }
            Key::Char(c)
        }
        KeyCode::F(number) => Key::Function(number),
        KeyCode::Enter => Key::Enter,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => {
            modifiers.shift = true;
            Key::Tab
        }
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Esc => Key::Escape,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Insert => Key::Insert,
        KeyCode::Delete => Key::Delete,
        KeyCode::Null => {
            modifiers.ctrl = true;
            Key::Char(' ')
        }
        _ => return None,
    };
    let kind = match event.kind {
        KeyEventKind::Press => KeyKind::Press,
        KeyEventKind::Repeat => KeyKind::Repeat,
        KeyEventKind::Release => KeyKind::Release,
    };
    Some(KeyPress {
        key,
        modifiers,
        kind,
    })
}

/// The mouse for an agent, at a cell of its screen.
pub fn from_mouse(event: MouseEvent, (col, row): (u16, u16)) -> Option<MouseInput> {
    let button = |button| match button {
        TermButton::Left => MouseButton::Left,
        TermButton::Middle => MouseButton::Middle,
        TermButton::Right => MouseButton::Right,
    };
    let kind = match event.kind {
        MouseEventKind::Down(which) => MouseKind::Down(button(which)),
        MouseEventKind::Up(which) => MouseKind::Up(button(which)),
        MouseEventKind::Drag(which) => MouseKind::Drag(button(which)),
        MouseEventKind::Moved => MouseKind::Moved,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        MouseEventKind::ScrollLeft => MouseKind::WheelLeft,
        MouseEventKind::ScrollRight => MouseKind::WheelRight,
    };
    Some(MouseInput {
        kind,
        col,
        row,
        modifiers: modifiers(event.modifiers),
    })
}

fn modifiers(modifiers: KeyModifiers) -> Modifiers {
    Modifiers {
        shift: modifiers.contains(KeyModifiers::SHIFT),
        alt: modifiers.contains(KeyModifiers::ALT),
        ctrl: modifiers.contains(KeyModifiers::CONTROL),
        meta: modifiers.intersects(KeyModifiers::META | KeyModifiers::SUPER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_for_the_agent() {
        let press = |code, mods| from_key(KeyEvent::new(code, mods));
        let none = KeyModifiers::NONE;
        assert_eq!(
            press(KeyCode::Char('é'), none),
            Some(KeyPress::plain(Key::Char('é')))
        );
        assert_eq!(
            press(KeyCode::Char('c'), KeyModifiers::CONTROL),
            Some(KeyPress::ctrl('c'))
        );
        let shift_enter = press(KeyCode::Enter, KeyModifiers::SHIFT).unwrap();
        assert_eq!(
            (shift_enter.key, shift_enter.modifiers.shift),
            (Key::Enter, true)
        );
        let back_tab = press(KeyCode::BackTab, KeyModifiers::SHIFT).unwrap();
        assert_eq!((back_tab.key, back_tab.modifiers.shift), (Key::Tab, true));
        // AltGr characters come as they are.
        assert_eq!(
            press(KeyCode::Char('@'), none),
            Some(KeyPress::plain(Key::Char('@')))
        );
        assert_eq!(press(KeyCode::CapsLock, none), None);
        let mut release = KeyEvent::new(KeyCode::Char('a'), none);
        release.kind = KeyEventKind::Release;
        assert_eq!(from_key(release).unwrap().kind, KeyKind::Release);
    }
}
