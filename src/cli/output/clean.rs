//! Making untrusted text safe for the user's terminal: agents, repositories and file names may hold
//! escape sequences, and marks that reverse the order of what is read.

use std::borrow::Cow;

/// One line: control characters are gone, line ends and tabs are blanks.
pub(in crate::cli) fn line(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let clean = text
        .chars()
        .filter_map(|c| match c {
            '\n' | '\t' => Some(' '),
            c => is_harmless(c).then_some(c),
        })
        .collect();
    Cow::Owned(clean)
}

/// Several lines: other control characters are shown as `^[` and the like, so that nothing is hidden.
pub(in crate::cli) fn block(text: &str) -> Cow<'_, str> {
    let stays = |c: char| is_harmless(c) || c == '\n' || c == '\t';
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if stays(c) => clean.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\0'..='\x1f' => {
                clean.push('^');
                clean.push(char::from(b'@' + c as u8));
            }
            '\x7f' => clean.push_str("^?"),
            c => clean.push_str(&format!("<U+{:04X}>", u32::from(c))),
        }
    }
    Cow::Owned(clean)
}

/// JSON with every character escaped that a terminal could take for a command. Outside of strings JSON
/// has none of them, so the document stays the same.
pub(in crate::cli) fn json(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| is_harmless(c) || c == '\n') {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmless(c) || c == '\n' {
            clean.push(c);
        } else {
            clean.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    Cow::Owned(clean)
}

/// Neither a control character (C0, delete, C1) nor one that changes the direction of writing.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_what_a_terminal_would_obey() {
        for (text, expected) in [
            ("plain ä 日本 👩‍💻", "plain ä 日本 👩‍💻"),
            ("\u{1b}]0;title\u{7}x", "]0;titlex"),
            ("a\nb\tc\r", "a b c"),
            ("\u{9b}31mred\u{7f}", "31mred"),
            ("\u{202e}gnp.exe", "gnp.exe"),
        ] {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn blocks_show_what_was_there() {
        for (text, expected) in [
            ("a\n\tb\r\n", "a\n\tb\n"),
            ("\u{1b}[31m", "^[[31m"),
            ("x\ry\0\u{7f}", "x^My^@^?"),
            ("\u{9b}\u{202e}", "<U+009B><U+202E>"),
        ] {
            assert_eq!(block(text), expected);
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = "\u{9b}a\u{7f}\u{202e}\u{1b}";
        let text = serde_json::to_string(value).unwrap();
        let clean = json(&text);
        assert!(clean.chars().all(is_harmless), "{clean}");
        assert_eq!(serde_json::from_str::<String>(&clean).unwrap(), value);
    }
}
