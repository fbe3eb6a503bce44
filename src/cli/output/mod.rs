//! What commands write: tables and sentences for people, JSON for programs, both safe for a terminal.

pub(super) mod ansi;
pub(super) mod clean;
pub(super) mod paint;
pub(super) mod table;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::failure::{Failure, Outcome};
use paint::{ColorWhen, Role};
use table::Table;

/// Standard output with what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// Whether to colour.
    pub(super) color: bool,
    /// When it is to be coloured; standard error goes by it too.
    pub(super) when: ColorWhen,
    /// Its width, where it is a terminal.
    pub(super) width: Option<usize>,
}

impl Output {
    pub(super) fn new(when: ColorWhen) -> Self {
        let stdout = io::stdout();
        let width = stdout
            .is_terminal()
            .then(crossterm::terminal::size)
            .and_then(Result::ok)
            .map(|(columns, _)| usize::from(columns.max(40)));
        Self {
            color: when.resolve(&stdout),
            when,
            width,
        }
    }

    /// Whether standard output is a terminal.
    pub(super) fn is_terminal(self) -> bool {
        io::stdout().is_terminal()
    }

    pub(super) fn paint(self, role: Role, text: &str) -> String {
        role.paint(text, self.color)
    }

    /// Text of our own making (untrusted parts have been cleaned).
    pub(super) fn text(self, text: impl AsRef<str>) -> Outcome {
        self.bytes(text.as_ref().as_bytes())
    }

    /// A line of our own making.
    pub(super) fn line(self, text: impl AsRef<str>) -> Outcome {
        self.text(format!("{}\n", text.as_ref()))
    }

    /// Bytes as they are: only for what was asked for raw and does not go to a terminal.
    pub(super) fn bytes(self, bytes: &[u8]) -> Outcome {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    pub(super) fn table(self, table: &Table) -> Outcome {
        self.text(table.render(self.width, self.color))
    }

    /// A value as JSON.
    pub(super) fn json(self, value: &impl Serialize) -> Outcome {
        let text = serde_json::to_string_pretty(value)?;
        self.line(clean::json(&text))
    }
}

/// Tells a failure on standard error.
pub(super) fn report(failure: &Failure, when: ColorWhen) {
    tell(
        Role::Bad.paint("error:", when.resolve(&io::stderr())),
        failure,
        when,
    );
}

/// Tells on standard error what does not keep a command from doing its work.
pub(super) fn warn(problem: &Failure, when: ColorWhen) {
    tell(
        Role::Warn.paint("warning:", when.resolve(&io::stderr())),
        problem,
        when,
    );
}

fn tell(word: String, failure: &Failure, when: ColorWhen) {
    let mut stderr = io::stderr();
    let color = when.resolve(&stderr);
    let mut text = format!("{word} {}\n", clean::block(&failure.message));
    if let Some(hint) = &failure.hint {
        let word = Role::Accent.paint("hint:", color);
        text.push_str(&format!("{word} {}\n", clean::block(hint)));
    }
    // Nobody is left to be told where this fails.
    let _ = stderr.write_all(text.as_bytes());
}
