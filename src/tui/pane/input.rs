//! From the terminal's events to what the protocol calls input. (First cut.)

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::layout::Rect;

use crate::protocol::{Key, KeyPress, Modifiers, MouseInput};

/// A key, if it is one that agents can be told of.
pub fn from_key(event: KeyEvent) -> Option<KeyPress> {
    let key = match event.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Tab => Key::Tab,
        _ => return None,
    };
    let modifiers = Modifiers {
        shift: event.modifiers.contains(KeyModifiers::SHIFT),
        alt: event.modifiers.contains(KeyModifiers::ALT),
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        meta: event.modifiers.contains(KeyModifiers::SUPER),
    };
    Some(KeyPress {
        key,
        modifiers,
        kind: crate::protocol::input::KeyKind::Press,
    })
}

/// Something done with the mouse over the pane's inner `area`, in cells of the session's screen.
pub fn from_mouse(_event: MouseEvent, _area: Rect) -> Option<MouseInput> {
    None
}
