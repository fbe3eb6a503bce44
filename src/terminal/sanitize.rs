//! Strings of an agent, made fit to leave the emulator.

/// The longest title, in characters.
pub(super) const TITLE: usize = 256;
/// The longest notification, message or path, in characters.
pub(super) const TEXT: usize = 2048;

/// One line: no control characters, no marks that turn the direction of writing, at most `limit`
/// characters. Line breaks and tabs become blanks.
pub fn line(text: &str, limit: usize) -> String {
    let clean = text.chars().filter_map(|c| match c {
        '\n' | '\r' | '\t' => Some(' '),
        c if c.is_control() || turns(c) => None,
        c => Some(c),
    });
    clean.take(limit).collect::<String>().trim().to_owned()
}

/// Like [`line()`], of bytes that may not be UTF-8.
pub(super) fn line_of(bytes: &[u8], limit: usize) -> String {
    // Cut before decoding: four bytes a character are enough.
    let head = &bytes[..bytes.len().min(limit * 4)];
    line(&String::from_utf8_lossy(head), limit)
}

/// The target of a link: printable, without blanks; `None` if it is empty or too long.
pub(super) fn link(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let fits = !text.is_empty() && text.len() <= TEXT;
    let clean = !text
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || turns(c));
    (fits && clean).then(|| text.to_owned())
}

/// Whether a character turns the direction of the text around it, and so can make it lie.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}
