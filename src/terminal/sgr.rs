//! SGR: from parameters to the pen, and from a look back to parameters.

use std::fmt::Write as _;

use super::cell::{ATTRS, Cell, Extra, Look, Tables, pack, unpack};
use super::parser::Csi;
use crate::protocol::{Color, Style};

const UNDERLINES: u16 = Style::UNDERLINE
    | Style::DOUBLE_UNDERLINE
    | Style::CURLY_UNDERLINE
    | Style::DOTTED_UNDERLINE
    | Style::DASHED_UNDERLINE;

/// Applies SGR to a pen.
pub(super) fn apply(csi: &Csi, pen: &mut Cell, tables: &mut Tables) {
    if csi.params().is_empty() {
        reset(pen, tables);
        return;
    }
    let mut index = 0;
    while index < csi.params().len() {
        index += attribute(csi, index, pen, tables);
    }
}

/// Everything but the hyperlink.
fn reset(pen: &mut Cell, tables: &mut Tables) {
    let extra = pen.extra;
    *pen = Cell::BLANK;
    pen.extra = extra;
    set_underline(pen, 0, tables);
}

fn set_underline(pen: &mut Cell, underline: u32, tables: &mut Tables) {
    if pen.extra == 0 && underline == 0 {
        return;
    }
    let old = tables.extra(pen.extra);
    if old.underline != underline {
        pen.extra = tables.intern(Extra { underline, ..old });
    }
}

/// Applies the attribute at `index`; says how many parameters it took.
fn attribute(csi: &Csi, index: usize, pen: &mut Cell, tables: &mut Tables) -> usize {
    let joined = (index + 1..csi.params().len())
        .take_while(|next| csi.is_joined(*next))
        .count();
    match csi.get(index) {
        0 => reset(pen, tables),
        1 => pen.attrs |= Style::BOLD,
        2 => pen.attrs |= Style::DIM,
        3 => pen.attrs |= Style::ITALIC,
        4 => {
            let kind = if joined > 0 { csi.get(index + 1) } else { 1 };
            underline(pen, kind);
        }
        5 | 6 => pen.attrs |= Style::BLINK,
        7 => pen.attrs |= Style::REVERSE,
        8 => pen.attrs |= Style::HIDDEN,
        9 => pen.attrs |= Style::STRIKE,
        21 => underline(pen, 2),
        22 => pen.attrs &= !(Style::BOLD | Style::DIM),
        23 => pen.attrs &= !Style::ITALIC,
        24 => underline(pen, 0),
        25 => pen.attrs &= !Style::BLINK,
        27 => pen.attrs &= !Style::REVERSE,
        28 => pen.attrs &= !Style::HIDDEN,
        29 => pen.attrs &= !Style::STRIKE,
        code @ 30..=37 => pen.fg = pack(Color::Indexed(code as u8 - 30)),
        39 => pen.fg = 0,
        code @ 40..=47 => pen.bg = pack(Color::Indexed(code as u8 - 40)),
        49 => pen.bg = 0,
        59 => set_underline(pen, 0, tables),
        code @ 90..=97 => pen.fg = pack(Color::Indexed(code as u8 - 82)),
        code @ 100..=107 => pen.bg = pack(Color::Indexed(code as u8 - 92)),
        code @ (38 | 48 | 58) => {
            let (color, taken) = color(csi, index, joined);
            if let Some(color) = color {
                match code {
                    38 => pen.fg = pack(color),
                    48 => pen.bg = pack(color),
                    _ => set_underline(pen, pack(color), tables),
                }
            }
            return taken;
        }
        _ => {}
    }
    1 + joined
}

fn underline(pen: &mut Cell, kind: u16) {
    pen.attrs &= !UNDERLINES;
    pen.attrs |= match kind {
        0 => 0,
        2 => Style::DOUBLE_UNDERLINE,
        3 => Style::CURLY_UNDERLINE,
        4 => Style::DOTTED_UNDERLINE,
        5 => Style::DASHED_UNDERLINE,
        _ => Style::UNDERLINE,
    };
}

/// An extended colour, and how many parameters it took.
fn color(csi: &Csi, index: usize, joined: usize) -> (Option<Color>, usize) {
    let byte = |at: usize| u8::try_from(csi.get(at)).ok();
    let rgb = |at: usize| Some(Color::Rgb(byte(at)?, byte(at + 1)?, byte(at + 2)?));
    if joined > 0 {
        let color = match csi.get(index + 1) {
            5 if joined >= 2 => byte(index + 2).map(Color::Indexed),
            // With a colour space, as the standard has it, or without, as most write it.
            2 if joined >= 5 => rgb(index + 3),
            2 if joined == 4 => rgb(index + 2),
            _ => None,
        };
        return (color, 1 + joined);
    }
    let left = csi.params().len() - index;
    match csi.get(index + 1) {
        5 if left >= 3 => (byte(index + 2).map(Color::Indexed), 3),
        2 if left >= 5 => (rgb(index + 2), 5),
        _ => (None, left),
    }
}

/// The parameters that make a look out of the default one, beginning with the reset.
pub(super) fn parameters(look: &Look) -> String {
    let mut out = String::from("0");
    let codes = [
        (Style::BOLD, "1"),
        (Style::DIM, "2"),
        (Style::ITALIC, "3"),
        (Style::UNDERLINE, "4"),
        (Style::DOUBLE_UNDERLINE, "4:2"),
        (Style::CURLY_UNDERLINE, "4:3"),
        (Style::DOTTED_UNDERLINE, "4:4"),
        (Style::DASHED_UNDERLINE, "4:5"),
        (Style::BLINK, "5"),
        (Style::REVERSE, "7"),
        (Style::HIDDEN, "8"),
        (Style::STRIKE, "9"),
    ];
    for (attr, code) in codes {
        if look.attrs & ATTRS & attr != 0 {
            out.push(';');
            out.push_str(code);
        }
    }
    push_color(&mut out, look.fg, 30);
    push_color(&mut out, look.bg, 40);
    push_color(&mut out, look.extra.underline, 50);
    out
}

fn push_color(out: &mut String, packed: u32, base: u8) {
    // Writing to a string cannot fail.
    let _ = match unpack(packed) {
        Color::Default => Ok(()),
        Color::Indexed(index @ 0..=7) if base < 50 => write!(out, ";{}", base + index),
        Color::Indexed(index @ 8..=15) if base < 50 => write!(out, ";{}", base + 52 + index),
        Color::Indexed(index) if base < 50 => write!(out, ";{};5;{index}", base + 8),
        Color::Indexed(index) => write!(out, ";58:5:{index}"),
        Color::Rgb(r, g, b) if base < 50 => write!(out, ";{};2;{r};{g};{b}", base + 8),
        Color::Rgb(r, g, b) => write!(out, ";58:2::{r}:{g}:{b}"),
    };
}
