//! What a user does to a session's terminal, before it is bytes: the daemon encodes it for the modes the
//! agent has set, so that every client types alike.

use serde::{Deserialize, Serialize};

/// One thing typed, pasted or done with the mouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A key.
    Key(KeyPress),
    /// Text put in as if typed, key by key, without bracketing.
    Text(String),
    /// Text put in as a paste; bracketed if the agent asked for it. Control sequences are taken out.
    Paste(String),
    /// The mouse; dropped unless the agent asked for it.
    Mouse(MouseInput),
    /// The user's terminal got or lost the focus; dropped unless the agent asked for it.
    Focus(bool),
    /// Bytes as they are (`gluon keys --raw`).
    Raw(Vec<u8>),
}

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyPress {
    /// The key.
    pub key: Key,
    /// What was held down.
    pub modifiers: Modifiers,
    /// What happened to it; agents hear of repeats and releases only if they asked.
    pub kind: KeyKind,
}

/// What happened to a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    /// It went down.
    #[default]
    Press,
    /// It is held.
    Repeat,
    /// It went up.
    Release,
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Key {
    /// One that makes a character, as the character it makes (`A` with shift).
    Char(char),
    /// F1 to F35.
    Function(u8),
    #[allow(missing_docs)]
    Enter,
    #[allow(missing_docs)]
    Tab,
    #[allow(missing_docs)]
    Backspace,
    #[allow(missing_docs)]
    Escape,
    #[allow(missing_docs)]
    Up,
    #[allow(missing_docs)]
    Down,
    #[allow(missing_docs)]
    Left,
    #[allow(missing_docs)]
    Right,
    #[allow(missing_docs)]
    Home,
    #[allow(missing_docs)]
    End,
    #[allow(missing_docs)]
    PageUp,
    #[allow(missing_docs)]
    PageDown,
    #[allow(missing_docs)]
    Insert,
    #[allow(missing_docs)]
    Delete,
}

/// Modifiers held down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Modifiers {
    #[allow(missing_docs)]
    pub shift: bool,
    #[allow(missing_docs)]
    pub alt: bool,
    #[allow(missing_docs)]
    pub ctrl: bool,
    #[allow(missing_docs)]
    pub meta: bool,
}

/// Something done with the mouse, in cells of the session's screen from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MouseInput {
    /// What.
    pub kind: MouseKind,
    /// Column.
    pub col: u16,
    /// Row.
    pub row: u16,
    /// What was held down.
    pub modifiers: Modifiers,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MouseKind {
    #[allow(missing_docs)]
    Down(MouseButton),
    #[allow(missing_docs)]
    Up(MouseButton),
    #[allow(missing_docs)]
    Drag(MouseButton),
    #[allow(missing_docs)]
    Moved,
    #[allow(missing_docs)]
    WheelUp,
    #[allow(missing_docs)]
    WheelDown,
    #[allow(missing_docs)]
    WheelLeft,
    #[allow(missing_docs)]
    WheelRight,
}

/// A button of the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MouseButton {
    #[allow(missing_docs)]
    Left,
    #[allow(missing_docs)]
    Middle,
    #[allow(missing_docs)]
    Right,
}

impl KeyPress {
    /// A key without modifiers.
    pub fn plain(key: Key) -> Self {
        Self {
            key,
            modifiers: Modifiers::default(),
            kind: KeyKind::Press,
        }
    }

    /// A character with control held down.
    pub fn ctrl(c: char) -> Self {
        Self {
            key: Key::Char(c),
            modifiers: Modifiers {
                ctrl: true,
                ..Modifiers::default()
            },
            kind: KeyKind::Press,
        }
    }
}
