//! Colour by role, only where it can be seen and is wanted.

use std::io::IsTerminal;

use clap::ValueEnum;

/// When to colour the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set or TERM is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorWhen {
    /// Whether to colour what goes to `stream`.
    pub(in crate::cli) fn resolve(self, stream: &impl IsTerminal) -> bool {
        match self {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
                stream.is_terminal()
                    && set("NO_COLOR").is_none()
                    && set("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// What a piece of text is; decides its colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::cli) enum Role {
    /// Ordinary text.
    #[default]
    Plain,
    /// Headings, names that matter.
    Strong,
    /// What may be overlooked.
    Dim,
    /// Well.
    Good,
    /// Wants a look.
    Warn,
    /// Wrong.
    Bad,
    /// An agent at work.
    Active,
    /// Added lines.
    Added,
    /// Removed lines.
    Removed,
    /// Places in a diff, ids.
    Accent,
}

impl Role {
    fn code(self) -> &'static str {
        match self {
            Role::Plain => "",
            Role::Strong => "1",
            Role::Dim => "2",
            Role::Good | Role::Added => "32",
            Role::Warn => "33",
            Role::Bad | Role::Removed => "31",
            Role::Active => "34",
            Role::Accent => "36",
        }
    }

    /// `text` in this role's colour, if `on`.
    pub(in crate::cli) fn paint(self, text: &str, on: bool) -> String {
        match self.code() {
            code if on && !code.is_empty() && !text.is_empty() => {
                format!("\x1b[{code}m{text}\x1b[0m")
            }
            _ => text.to_owned(),
        }
    }
}
