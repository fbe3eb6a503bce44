//! Giving a text to an agent that runs: the paste, the pause, the keys that submit, and the guards.
//!
//! Measured on real CLIs: a bracketed paste, 150 ms, then CR as a write of its own. A text that starts
//! with `!` or `/` would be run as a command even when pasted; one that ends in `@word` opens a popup and
//! one that ends in `\` eats the Enter.

use super::agent::AgentError;
use crate::domain::follow_up::WhileBusy;

/// The longest text delivered, in bytes.
pub const MAX_TEXT: usize = 1024 * 1024;

/// The recipe for giving an agent a text while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Milliseconds between the paste and the keys that submit.
    pub pause_ms: u64,
    /// The keys that submit.
    pub submit: Vec<u8>,
    /// A text starting with one of these gets [`Delivery::guard_line`] before it.
    pub guard_starts: Vec<String>,
    /// The line of plain text that keeps a text from being read as a command.
    pub guard_line: String,
    /// Whether a text that ends in `@word` or `\` gets a space after it.
    pub guard_end: bool,
    /// Whether a text is how its questions are answered. Elsewhere a text that is typed while it asks
    /// would land in a dialog, whose first choice the submitting key takes.
    pub answers_questions: bool,
    /// What it does with a text that comes while it works.
    pub while_busy: WhileBusy,
    /// The keys that end its turn, each pressed for itself, with the pause in between.
    pub interrupt: Vec<Vec<u8>>,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            pause_ms: 150,
            submit: b"\r".to_vec(),
            guard_starts: vec!["!".to_owned(), "/".to_owned()],
            guard_line: "Next message:".to_owned(),
            guard_end: true,
            answers_questions: false,
            while_busy: WhileBusy::Unknown,
            interrupt: vec![b"\x1b".to_vec()],
        }
    }
}

impl Delivery {
    /// For a program that takes lines: no guards, since what starts with `/` may well be meant.
    pub fn plain() -> Self {
        Self {
            pause_ms: 30,
            guard_starts: Vec::new(),
            guard_end: false,
            answers_questions: true,
            ..Self::default()
        }
    }
}

/// One step of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryStep {
    /// Paste this text: bracketed if the program has asked for it (mode 2004).
    Paste(String),
    /// Wait so many milliseconds.
    Pause(u64),
    /// Write these bytes, in a write of their own.
    Bytes(Vec<u8>),
}

/// The steps that give `text` to an agent; none where nothing is left of it.
///
/// # Errors
/// Where the text is longer than [`MAX_TEXT`].
pub fn deliver(delivery: &Delivery, text: &str) -> Result<Vec<DeliveryStep>, AgentError> {
    if text.len() > MAX_TEXT {
        return Err(AgentError::TooLong {
            bytes: text.len(),
            most: MAX_TEXT,
        });
    }
    let text = guarded(delivery, &clean(text));
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![
        DeliveryStep::Paste(text),
        DeliveryStep::Pause(delivery.pause_ms),
        DeliveryStep::Bytes(delivery.submit.clone()),
    ])
}

/// `text` without control characters but line ends (as `\n`) and tabs, and without empty lines at its ends.
///
/// The markers of a bracketed paste go as a whole, so that no `[201~` stays behind.
pub(super) fn clean(text: &str) -> String {
    let text = text
        .replace("\x1b[200~", "")
        .replace("\x1b[201~", "")
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let kept: String = text
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .collect();
    kept.trim_matches('\n').to_owned()
}

fn guarded(delivery: &Delivery, text: &str) -> String {
    let start = text.trim_start();
    let mut out = String::with_capacity(text.len() + delivery.guard_line.len() + 2);
    if delivery
        .guard_starts
        .iter()
        .any(|mark| start.starts_with(mark.as_str()))
    {
        out.push_str(&delivery.guard_line);
        out.push('\n');
    }
    out.push_str(text);
    let last_word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    if delivery.guard_end && (last_word.contains('@') || text.ends_with('\\')) {
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pasted(text: &str) -> String {
        match deliver(&Delivery::default(), text).unwrap().as_slice() {
            [
                DeliveryStep::Paste(text),
                DeliveryStep::Pause(150),
                DeliveryStep::Bytes(keys),
            ] if keys == b"\r" => text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn guards() {
        for (text, expected) in [
            ("do it", "do it"),
            ("!rm -rf /", "Next message:\n!rm -rf /"),
            ("  /clear", "Next message:\n  /clear"),
            ("\n/clear\n\n", "Next message:\n/clear"),
            ("look at @src", "look at @src "),
            ("look at @src now", "look at @src now"),
            ("ends in \\", "ends in \\ "),
            ("a\r\nb\rc\n", "a\nb\nc"),
            ("tab\there", "tab\there"),
        ] {
            assert_eq!(pasted(text), expected);
        }
    }

    #[test]
    fn nothing_in_a_text_ends_the_paste() {
        let text = pasted("a\x1b[201~!rm\x1b\x1b[201~[201~\u{9b}201~\u{0}\u{7}b\x03");
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(!text.contains("\x1b[201~") && text.starts_with("a!rm") && text.ends_with('b'));
    }

    #[test]
    fn empty_and_endless_texts() {
        assert_eq!(deliver(&Delivery::default(), " \n\x1b").unwrap(), vec![]);
        let long = "x".repeat(MAX_TEXT + 1);
        let error = deliver(&Delivery::default(), &long).unwrap_err();
        assert!(error.to_string().contains("1048577"), "{error}");
    }

    #[test]
    fn a_shell_gets_what_was_typed() {
        let steps = deliver(&Delivery::plain(), "/bin/ls \\").unwrap();
        assert_eq!(steps[0], DeliveryStep::Paste("/bin/ls \\".to_owned()));
    }
}
