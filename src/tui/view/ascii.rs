//! What agents, repositories and users write, on a terminal that shows nothing but ASCII.
//!
//! The interface draws itself from the ASCII glyphs; everything else in the buffer comes from elsewhere and
//! is replaced here, cell by cell, so that nothing moves: lines stay lines, a letter loses its marks, and
//! what has no likeness is a `?`.

use ratatui::buffer::{Buffer, Cell};

use crate::domain::names::unmarked;

/// Replaces everything that is not ASCII.
pub(super) fn replace(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            replace_in(cell);
        }
    }
}

/// The cells behind a wide character are blank already; they stay so.
fn replace_in(cell: &mut Cell) {
    let letter = cell.symbol().chars().next().unwrap_or(' ');
    let like = likeness(letter);
    cell.set_char(like);
}

fn likeness(letter: char) -> char {
    match letter {
        ' '..='~' => letter,
        '\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{3000}' | '\u{2800}' => ' ',
        '─'
        | '━'
        | '┄'..='┇'
        | '┈'
        | '┉'
        | '╌'
        | '╍'
        | '╴'
        | '╶'
        | '╸'
        | '╺'
        | '╼'
        | '╾'
        | '‐'..='―'
        | '−' => '-',
        '═' => '=',
        '│' | '┃' | '┊' | '┋' | '╎' | '╏' | '║' | '╵' | '╷' | '╹' | '╻' | '╽' | '╿' | '⎿' => {
            '|'
        }
        '┌'..='╋' | '╒'..='╬' | '╭'..='╰' => '+',
        '╱' => '/',
        '╲' => '\\',
        '╳' | '×' | '✕'..='✘' => 'x',
        '✓' | '✔' | '√' => 'v',
        '█' | '▓' | '▇' | '▆' | '▅' | '▌' | '▐' => '#',
        '░' | '▒' | '▁'..='▄' => '.',
        // The middle of a spinner, whichever dots are lit.
        '\u{2801}'..='\u{28ff}' => '*',
        '•' | '●' | '⏺' | '◆' | '■' | '▪' | '★' | '✦' | '✢'..='✿' | '∗' => {
            '*'
        }
        '○' | '◦' | '◯' | '◇' | '□' | '°' => 'o',
        '·' | '…' => '.',
        '‘'..='‛' | '′' | '´' => '\'',
        '“'..='‟' | '″' => '"',
        '‹' | '«' | '←' | '❮' | '◀' | '◂' => '<',
        '›' | '»' | '→' | '❯' | '▶' | '▸' | '⇒' | '➜' => '>',
        '↑' | '▲' | '▴' | '⇧' => '^',
        '↓' | '▼' | '▾' => 'v',
        '⏎' | '↵' => '<',
        _ => unmarked_letter(letter).unwrap_or('?'),
    }
}

/// A Latin letter without its marks; of those that become two, the first.
fn unmarked_letter(letter: char) -> Option<char> {
    let lower = letter.to_lowercase().next()?;
    let plain = unmarked(lower).chars().next()?;
    Some(match letter == lower {
        true => plain,
        false => plain.to_ascii_uppercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn every_cell_is_ascii_and_stays_where_it_is() {
        for (text, plain) in [
            ("╭─ a ─╮", "+- a -+"),
            ("│ └ ok ┤", "| + ok +"),
            ("● Größe: Ünïcode…", "* Grose: Unicode."),
            ("漢字!", "? ? !"),
            ("e\u{301}🦀|", "e? |"),
            ("⠋ ❯ “x” → ✓", "* > \"x\" > v"),
        ] {
            let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
            buf.set_string(0, 0, text, Style::default());
            replace(&mut buf);
            let row: String = buf.content.iter().map(Cell::symbol).collect();
            assert_eq!(row.trim_end(), plain);
        }
    }

    #[test]
    fn any_character_has_a_likeness() {
        for letter in ('\0'..=char::MAX).filter(|letter| !letter.is_control()) {
            let like = likeness(letter);
            assert!((' '..='~').contains(&like), "{letter:?}");
        }
    }
}
