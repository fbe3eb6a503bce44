//! The mouse, in the four ways agents may ask for.

use super::modes::Modes;
use super::screen::Screen;
use crate::protocol::screen::MouseMode;
use crate::protocol::{Key, KeyPress, Modifiers, MouseButton, MouseInput, MouseKind};

/// Lines that one turn of the wheel moves where it is sent as arrow keys.
const WHEEL_LINES: usize = 3;

impl Screen {
    /// What the mouse did, if the agent wants to know.
    pub(super) fn mouse(&self, mouse: &MouseInput) -> Vec<u8> {
        let wanted = self.modes.mouse();
        let inside = usize::from(mouse.col) < self.cols && usize::from(mouse.row) < self.rows;
        if wanted == MouseMode::Off {
            return self.wheel_as_keys(mouse.kind);
        }
        let old = self.modes.has(Modes::MOUSE_X10);
        let told = match mouse.kind {
            MouseKind::Down(_) => true,
            MouseKind::Up(_) => !old,
            MouseKind::Drag(_) => wanted >= MouseMode::Drags,
            MouseKind::Moved => wanted == MouseMode::Motion,
            _ => !old,
        };
        if !told || !inside {
            return Vec::new();
        }
        self.report(mouse, old)
    }

    /// Where a program shows the alternate screen and knows no mouse, the wheel turns into arrow keys.
    fn wheel_as_keys(&self, kind: MouseKind) -> Vec<u8> {
        let key = match kind {
            MouseKind::WheelUp => Key::Up,
            MouseKind::WheelDown => Key::Down,
            _ => return Vec::new(),
        };
        if self.alternate() && self.modes.has(Modes::ALTERNATE_SCROLL) {
            self.key(&KeyPress::plain(key)).repeat(WHEEL_LINES)
        } else {
            Vec::new()
        }
    }

    fn report(&self, mouse: &MouseInput, old: bool) -> Vec<u8> {
        let released = matches!(mouse.kind, MouseKind::Up(_));
        let mut code = button(mouse.kind);
        if !old {
            code += modifiers(mouse.modifiers);
        }
        let (col, row) = (u32::from(mouse.col) + 1, u32::from(mouse.row) + 1);
        let end = if released { 'm' } else { 'M' };
        if self.modes.has(Modes::MOUSE_PIXELS) {
            // We know the cell only: its middle stands for it.
            let (width, height) = self.cell_size();
            let middle =
                |cell: u16, size: u16| u32::from(cell) * u32::from(size) + u32::from(size) / 2 + 1;
            let (x, y) = (middle(mouse.col, width), middle(mouse.row, height));
            return format!("\x1b[<{code};{x};{y}{end}").into_bytes();
        }
        if self.modes.has(Modes::MOUSE_SGR) {
            return format!("\x1b[<{code};{col};{row}{end}").into_bytes();
        }
        // The older ways cannot say which button was released.
        let code = if released { (code & !3) | 3 } else { code };
        if self.modes.has(Modes::MOUSE_URXVT) {
            return format!("\x1b[{};{col};{row}M", code + 32).into_bytes();
        }
        let utf8 = self.modes.has(Modes::MOUSE_UTF8);
        let limit = if utf8 { 2015 } else { 223 };
        if col > limit || row > limit {
            return Vec::new();
        }
        let mut out = b"\x1b[M".to_vec();
        for number in [code + 32, col + 32, row + 32] {
            if utf8 {
                let c = char::from_u32(number).unwrap_or(' ');
                out.extend_from_slice(c.to_string().as_bytes());
            } else {
                out.push(number as u8);
            }
        }
        out
    }
}

fn button(kind: MouseKind) -> u32 {
    let number = |button: MouseButton| match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
    };
    match kind {
        MouseKind::Down(button) | MouseKind::Up(button) => number(button),
        MouseKind::Drag(button) => number(button) + 32,
        MouseKind::Moved => 3 + 32,
        MouseKind::WheelUp => 64,
        MouseKind::WheelDown => 65,
        MouseKind::WheelLeft => 66,
        MouseKind::WheelRight => 67,
    }
}

fn modifiers(modifiers: Modifiers) -> u32 {
    4 * u32::from(modifiers.shift)
        + 8 * u32::from(modifiers.alt || modifiers.meta)
        + 16 * u32::from(modifiers.ctrl)
}
