//! What a conversation consists of, as it is kept, and how it looks in the transcript.

use serde::{Deserialize, Serialize};

use super::text::{Line, Span, Style, inline, wrap};

/// The most rows of a prompt shown in the transcript.
const MAX_PROMPT_ROWS: usize = 12;

/// One thing in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// The user's words.
    Prompt {
        /// The words.
        text: String,
    },
    /// The agent's words.
    Say {
        /// The words.
        text: String,
    },
    /// Something the agent did.
    Tool(Tool),
    /// Something that happened.
    Note {
        /// What.
        text: String,
        /// Whether it is bad news.
        bad: bool,
    },
}

/// Something the agent did, with its result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// What it did: `Read`, `Edit`, `Run`, `Commit`.
    pub verb: String,
    /// To what.
    pub target: String,
    /// The result in a few words.
    pub result: String,
    /// Whether it went well.
    pub ok: bool,
    /// The result's rows: changed lines with `+` and `-` before them, or output with a space.
    pub details: Vec<String>,
}

impl Entry {
    /// A neutral note.
    pub fn note(text: impl Into<String>) -> Self {
        Entry::Note {
            text: text.into(),
            bad: false,
        }
    }

    /// Its rows in the transcript, an empty one first.
    pub fn lines(&self, width: usize) -> Vec<Line> {
        let mut lines = vec![Line::default()];
        match self {
            Entry::Prompt { text } => lines.extend(prompt_lines(text, width)),
            Entry::Say { text } => lines.extend(say_lines(text, width)),
            Entry::Tool(tool) => lines.extend(tool.lines(width)),
            Entry::Note { text, bad } => {
                let style = if *bad { Style::Bad } else { Style::Dim };
                lines.extend(hang(
                    "  ",
                    style,
                    wrap(&[(style, text.clone())], width.saturating_sub(2)),
                ));
            }
        }
        lines
    }

    /// It as plain text, for a run without a screen.
    pub fn plain(&self) -> String {
        match self {
            Entry::Prompt { text } => format!("> {text}\n"),
            Entry::Say { text } => format!("{text}\n"),
            Entry::Note { text, .. } => format!("[{text}]\n"),
            Entry::Tool(tool) => tool.plain(),
        }
    }
}

/// The rows of the agent's words, without the empty one before.
pub fn say_lines(text: &str, width: usize) -> Vec<Line> {
    hang(
        "● ",
        Style::Accent,
        wrap(&inline(text), width.saturating_sub(2)),
    )
}

fn prompt_lines(text: &str, width: usize) -> Vec<Line> {
    // Tags are for the script, not for the reader.
    let spans: Vec<Span> = text
        .split_inclusive([' ', '\n'])
        .map(|word| match word.strip_prefix("@@") {
            Some(_) => (Style::Dim, word.to_owned()),
            None => (Style::Bold, word.to_owned()),
        })
        .collect();
    let mut rows = wrap(&spans, width.saturating_sub(2));
    let more = rows.len().saturating_sub(MAX_PROMPT_ROWS);
    if more > 0 {
        rows.truncate(MAX_PROMPT_ROWS);
        rows.push(Line::new(Style::Dim, format!("… {more} more lines")));
    }
    hang("❯ ", Style::Accent, rows)
}

/// `rows` with `mark` before the first and spaces before the others.
fn hang(mark: &str, style: Style, rows: Vec<Line>) -> Vec<Line> {
    let blank = " ".repeat(mark.chars().count());
    rows.into_iter()
        .enumerate()
        .map(|(index, row)| {
            let mut line = match index {
                0 => Line::new(style, mark),
                _ => Line::new(Style::Plain, blank.clone()),
            };
            line.0.extend(row.0);
            line
        })
        .collect()
}

impl Tool {
    /// The row that names it.
    pub fn head(&self) -> Vec<(Style, String)> {
        vec![
            (Style::Bold, self.verb.clone()),
            (Style::Plain, " ".to_owned()),
            (Style::Code, self.target.clone()),
        ]
    }

    fn lines(&self, width: usize) -> Vec<Line> {
        let inner = width.saturating_sub(4);
        let mark = if self.ok { Style::Good } else { Style::Bad };
        let mut lines = hang("● ", mark, wrap(&self.head(), width.saturating_sub(2)));
        let style = if self.ok { Style::Dim } else { Style::Bad };
        let result = wrap(&[(style, self.result.clone())], inner);
        lines.extend(hang("  └ ", Style::Dim, result));
        for detail in &self.details {
            let style = match detail.as_bytes().first() {
                Some(b'+') => Style::Good,
                Some(b'-') => Style::Bad,
                _ => Style::Dim,
            };
            lines.extend(hang(
                "    ",
                Style::Plain,
                wrap(&[(style, detail.clone())], inner),
            ));
        }
        lines
    }

    fn plain(&self) -> String {
        let mut out = format!("* {} {}: {}\n", self.verb, self.target, self.result);
        for detail in &self.details {
            out.push_str(&format!("    {detail}\n"));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(entry: &Entry, width: usize) -> Vec<String> {
        entry.lines(width).iter().map(Line::text).collect()
    }

    #[test]
    fn entries_look_as_meant() {
        let tool = Entry::Tool(Tool {
            verb: "Edit".into(),
            target: "src/a.sh".into(),
            result: "1 added, 1 removed".into(),
            ok: true,
            details: vec!["- old".into(), "+ new".into()],
        });
        let expected = [
            "",
            "● Edit src/a.sh",
            "  └ 1 added, 1 removed",
            "    - old",
            "    + new",
        ];
        assert_eq!(text(&tool, 40), expected);
        let say = Entry::Say {
            text: "one two three".into(),
        };
        assert_eq!(text(&say, 10), ["", "● one two", "  three"]);
    }

    #[test]
    fn a_long_prompt_is_cut() {
        let prompt = Entry::Prompt {
            text: "line\n".repeat(100),
        };
        let rows = text(&prompt, 40);
        assert_eq!(rows.len(), 1 + MAX_PROMPT_ROWS + 1);
        assert_eq!(rows.last().unwrap(), "  … 89 more lines");
    }

    #[test]
    fn entries_survive_being_kept() {
        let entry = Entry::Note {
            text: "x".into(),
            bad: true,
        };
        let json = serde_json::to_string(&entry).unwrap();
        assert_eq!(json, r#"{"type":"note","text":"x","bad":true}"#);
        assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), entry);
    }
}
