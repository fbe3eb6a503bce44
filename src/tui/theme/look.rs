//! Reads a look as a theme file writes it: `bold yellow on #202020`.

use ratatui::style::{Color, Modifier, Style};

/// The style that `words` describe.
pub(super) fn parse(words: &str) -> Result<Style, String> {
    let mut style = Style::default();
    let mut background = false;
    for word in words.split_whitespace() {
        if word == "on" {
            background = true;
        } else if let Some(modifier) = modifier(word) {
            style = style.add_modifier(modifier);
        } else {
            let color =
                color(word).ok_or_else(|| format!("`{word}` is neither look nor colour"))?;
            style = if background {
                style.bg(color)
            } else {
                style.fg(color)
            };
        }
    }
    Ok(style)
}

fn modifier(word: &str) -> Option<Modifier> {
    Some(match word {
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underline" => Modifier::UNDERLINED,
        "reverse" => Modifier::REVERSED,
        "strike" => Modifier::CROSSED_OUT,
        _ => return None,
    })
}

fn color(word: &str) -> Option<Color> {
    let named = match word {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return numbered(word),
    };
    Some(named)
}

fn numbered(word: &str) -> Option<Color> {
    let Some(hex) = word.strip_prefix('#') else {
        return word.parse().ok().map(Color::Indexed);
    };
    if hex.len() != 6 || !hex.is_ascii() {
        return None;
    }
    let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
    Some(Color::Rgb(part(0)?, part(2)?, part(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_read() {
        let bold = Modifier::BOLD;
        for (words, style) in [
            ("", Style::default()),
            ("default", Style::default().fg(Color::Reset)),
            (
                "bold red",
                Style::default().fg(Color::Red).add_modifier(bold),
            ),
            (
                "208 on 17",
                Style::default()
                    .fg(Color::Indexed(208))
                    .bg(Color::Indexed(17)),
            ),
            ("on #0a0B0c", Style::default().bg(Color::Rgb(10, 11, 12))),
        ] {
            assert_eq!(parse(words), Ok(style), "{words}");
        }
        for bad in ["purple-ish", "#12", "#12345g", "256", "#ä234"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
