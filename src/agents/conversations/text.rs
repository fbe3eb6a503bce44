//! Untrusted text made short and harmless, and calls of tools in a line.

use serde_json::Value;

use crate::domain::Speaker;

/// How much of a first prompt is kept, in bytes.
pub(super) const MAX_PROMPT: usize = 4 * 1024;
/// The longest passage of prose, in bytes.
const MAX_PROSE: usize = 64 * 1024;
/// How much of what a tool answered is shown, in bytes.
const MAX_OUTPUT: usize = 16 * 1024;
/// The longest call of a tool, in characters.
const MAX_CALL: usize = 400;

/// How long a passage may be, in bytes.
pub(super) fn longest(speaker: Speaker) -> usize {
    match speaker {
        Speaker::Output | Speaker::Note => MAX_OUTPUT,
        Speaker::Tool => MAX_CALL * 4,
        Speaker::User | Speaker::Agent | Speaker::Thought => MAX_PROSE,
    }
}

/// `text` cut to at most `most` bytes, between characters.
pub(super) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// The text without control characters (line breaks and tabs stay) and without escape sequences, blank
/// lines around it, at most `most` bytes of it; what was cut off is told.
pub(in crate::agents) fn clean(text: &str, most: usize) -> String {
    // Escape sequences are short: twice as much always holds what is shown.
    let looked_at = cut(text, most.saturating_mul(2));
    let mut clean = String::with_capacity(looked_at.len().min(most) + 8);
    let mut chars = looked_at.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => skip_sequence(&mut chars),
            '\n' | '\t' => clean.push(c),
            '\r' if chars.peek() != Some(&'\n') => clean.push('\n'),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    let whole = clean.len() <= most && looked_at.len() == text.len();
    let kept = cut(&clean, most).trim_end();
    let first = kept.len() - kept.trim_start_matches(['\n', '\r', ' ', '\t']).len();
    // The indentation of the first line that has text stays.
    let start = kept[..first].rfind('\n').map_or(0, |at| at + 1);
    let kept = &kept[start..];
    match whole || kept.is_empty() {
        true => kept.to_owned(),
        false => format!("{kept} …"),
    }
}

/// What follows an escape character, as far as it belongs to it.
fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            while let Some(c) = chars.peek() {
                if !(' '..='~').contains(c) {
                    return;
                }
                let last = ('@'..='~').contains(c);
                chars.next();
                if last {
                    return;
                }
            }
        }
        Some(']') => {
            while let Some(c) = chars.peek() {
                match c {
                    '\x07' => {
                        chars.next();
                        return;
                    }
                    '\x1b' | '\n' => return,
                    _ => {
                        chars.next();
                    }
                }
            }
        }
        Some(c) if (' '..='~').contains(c) => {
            chars.next();
        }
        _ => {}
    }
}

/// Everything in one line of at most `most` characters.
pub(in crate::agents) fn one_line(text: &str, most: usize) -> String {
    let text = clean(text, most * 4);
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

/// A call of a tool in brief: its name and the argument that says most.
pub(super) fn call(name: &str, input: &Value) -> String {
    let name = one_line(name, 60);
    let said = brief(input);
    match said.is_empty() {
        true => name,
        false => format!("{name}({said})"),
    }
}

/// The argument of a call that says most, in one line; empty where there is none.
pub(in crate::agents) fn brief(input: &Value) -> String {
    const TELLING: [&str; 12] = [
        "command",
        "cmd",
        "file_path",
        "filePath",
        "path",
        "absolute_path",
        "pattern",
        "query",
        "url",
        "description",
        "prompt",
        "dir_path",
    ];
    match input {
        Value::String(text) => patched(text).unwrap_or_else(|| one_line(text, MAX_CALL)),
        Value::Object(fields) => {
            let telling = TELLING.iter().find_map(|key| fields.get(*key));
            match telling {
                Some(Value::String(text)) => one_line(text, MAX_CALL),
                Some(Value::Array(words)) => one_line(&joined(words), MAX_CALL),
                Some(other) => one_line(&other.to_string(), MAX_CALL),
                None if fields.is_empty() => String::new(),
                None => one_line(&input.to_string(), 160),
            }
        }
        Value::Null => String::new(),
        other => one_line(&other.to_string(), 160),
    }
}

/// The files that a patch of Codex's touches.
fn patched(text: &str) -> Option<String> {
    if !text.starts_with("*** Begin Patch") {
        return None;
    }
    let files: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("*** ")?.split_once(" File: "))
        .map(|(_, file)| file)
        .take(20)
        .collect();
    Some(one_line(&files.join(", "), MAX_CALL))
}

/// A command line: of `bash -lc SCRIPT` the script.
fn joined(words: &[Value]) -> String {
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    match words[..] {
        [shell, "-lc" | "-c", script] if shell.ends_with("sh") => script.to_owned(),
        _ => words.join(" "),
    }
}

/// The text of a value that is a text, or a list of parts that have one.
pub(in crate::agents) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let mut all = String::new();
            for part in parts {
                let Some(text) = part.as_str().or_else(|| part["text"].as_str()) else {
                    continue;
                };
                if !all.is_empty() {
                    all.push('\n');
                }
                all.push_str(text);
            }
            all
        }
        _ => String::new(),
    }
}
