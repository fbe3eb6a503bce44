//! What the user's terminal can, by what its surroundings say.

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// None are wanted, or there are none.
    None,
    /// The usual sixteen.
    Ansi,
    /// 256.
    Indexed,
    /// All.
    True,
}

/// The colour depth by `NO_COLOR`, `COLORTERM` and `TERM`, which `get` looks up.
pub fn color_depth(get: impl Fn(&str) -> Option<String>) -> ColorDepth {
    let get = |name: &str| get(name).filter(|value| !value.is_empty());
    let term = get("TERM").unwrap_or_default();
    if get("NO_COLOR").is_some() || term == "dumb" || term.contains("-m") && term.starts_with("vt")
    {
        return ColorDepth::None;
    }
    let color = get("COLORTERM").unwrap_or_default();
    if color == "truecolor" || color == "24bit" || term.contains("direct") {
        ColorDepth::True
    } else if term.contains("256") || term.contains("kitty") || term.contains("ghostty") {
        ColorDepth::Indexed
    } else {
        ColorDepth::Ansi
    }
}

/// Whether the locale cannot show more than ASCII.
pub fn wants_ascii(get: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| get(name).filter(|value| !value.is_empty()));
    match locale {
        // macOS starts programs without a locale in terminals that show everything.
        None => !cfg!(target_os = "macos"),
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            !(locale.contains("utf-8") || locale.contains("utf8"))
        }
    }
}

/// A colour: red, green, blue.
type Rgb = (u8, u8, u8);

/// How long the terminal has to tell its colours. Those that cannot tell them say so at once, by answering the
/// question behind it.
const TELLS_WITHIN: std::time::Duration = std::time::Duration::from_millis(200);

/// The terminal's foreground and background, where it tells them. Asks it, so only before anybody reads it.
pub fn colours() -> Option<(Rgb, Rgb)> {
    let mut options = terminal_colorsaurus::QueryOptions::default();
    options.timeout = TELLS_WITHIN;
    let palette = terminal_colorsaurus::color_palette(options).ok()?;
    Some((
        palette.foreground.scale_to_8bit(),
        palette.background.scale_to_8bit(),
    ))
}

/// The size of a cell in pixels: width, height; where the terminal tells it.
pub fn cell_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    let part = |pixels: u16, cells: u16| (pixels > 0).then(|| pixels.checked_div(cells)).flatten();
    Some((
        part(size.ws_xpixel, size.ws_col)?,
        part(size.ws_ypixel, size.ws_row)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn colours_by_the_surroundings() {
        for (pairs, depth) in [
            (&[("TERM", "xterm-256color")][..], ColorDepth::Indexed),
            (
                &[("TERM", "xterm"), ("COLORTERM", "truecolor")],
                ColorDepth::True,
            ),
            (
                &[
                    ("TERM", "xterm"),
                    ("NO_COLOR", "1"),
                    ("COLORTERM", "truecolor"),
                ],
                ColorDepth::None,
            ),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], ColorDepth::Ansi),
            (&[("TERM", "linux")], ColorDepth::Ansi),
            (&[("TERM", "dumb")], ColorDepth::None),
            (&[], ColorDepth::Ansi),
        ] {
            assert_eq!(color_depth(env(pairs)), depth, "{pairs:?}");
        }
    }

    #[test]
    fn ascii_by_the_locale() {
        for (pairs, ascii) in [
            (&[("LANG", "C.UTF-8")][..], false),
            (&[("LANG", "de_DE.utf8")], false),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], true),
            (&[("LC_ALL", ""), ("LANG", "en_US.UTF-8")], false),
        ] {
            assert_eq!(wants_ascii(env(pairs)), ascii, "{pairs:?}");
        }
    }
}
