//! What of an agent's message is its own plain word, and what only quotes: fences, indented code, quotations
//! and comments. Both the status block and the phrases of completion are read through here.
//!
//! Pure. Invariant: every line has one kind, decided from the lines before it alone.

/// What a line of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The agent's own word.
    Plain,
    /// Inside a fence that shows plain text; the number tells fences apart.
    Fenced(u32),
    /// Inside a fence that shows something else: code, a diff, a console.
    Code(u32),
    /// A fence itself.
    Fence(u32),
    /// Quoted, or indented as code.
    Quoted,
    /// Inside a comment, or with one.
    Comment,
}

/// Languages of a fence in which an agent may well put its own word.
const PLAIN_FENCES: [&str; 9] = [
    "",
    "text",
    "txt",
    "plain",
    "plaintext",
    "yaml",
    "yml",
    "markdown",
    "md",
];

/// An open fence: its mark, how often, and whether it shows plain text.
struct Fence {
    mark: char,
    length: usize,
    plain: bool,
}

/// The lines of `message`, without what ends them, each with its kind.
pub fn lines(message: &str) -> Vec<(Kind, &str)> {
    let mut lines = Vec::new();
    let mut fence: Option<Fence> = None;
    let mut fences = 0;
    let mut in_comment = false;
    for line in message.split(['\n', '\r']) {
        let kind = match &fence {
            Some(open) => {
                let plain = open.plain;
                if closes(open, line) {
                    fence = None;
                    Kind::Fence(fences)
                } else if plain {
                    Kind::Fenced(fences)
                } else {
                    Kind::Code(fences)
                }
            }
            None if in_comment => {
                in_comment = !line.contains("-->");
                Kind::Comment
            }
            None => match opens(line) {
                Some(open) => {
                    fences += 1;
                    fence = Some(open);
                    Kind::Fence(fences)
                }
                None => {
                    let comment = line.rfind("<!--");
                    in_comment = comment.is_some_and(|at| !line[at..].contains("-->"));
                    if comment.is_some() {
                        Kind::Comment
                    } else if is_quoted(line) {
                        Kind::Quoted
                    } else {
                        Kind::Plain
                    }
                }
            },
        };
        lines.push((kind, line));
    }
    lines
}

/// Whether a line is a quotation or indented as code (four columns or a tab).
fn is_quoted(line: &str) -> bool {
    let text = line.trim_start_matches(' ');
    text.starts_with('>') || text.starts_with('\t') || line.len() - text.len() >= 4
}

fn opens(line: &str) -> Option<Fence> {
    let text = line.trim_start();
    let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = text.trim_start_matches(mark);
    let length = text.len() - info.len();
    if length < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    let language = info.trim().to_ascii_lowercase();
    Some(Fence {
        mark,
        length,
        plain: PLAIN_FENCES.contains(&language.as_str()),
    })
}

fn closes(fence: &Fence, line: &str) -> bool {
    let text = line.trim();
    text.len() >= fence.length && text.chars().all(|c| c == fence.mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_kind() {
        let message = "a\r\n```\nb\n~~~\n```\n> c\n    d\n\te\n````rust\n```\n````\n<!-- f\ng\n-->\nh <!-- i -->\n~~~md\nj";
        let kinds: Vec<(Kind, &str)> = lines(message)
            .into_iter()
            .filter(|(_, line)| !line.is_empty())
            .collect();
        use Kind::{Code, Comment, Fence, Fenced, Plain, Quoted};
        assert_eq!(
            kinds,
            [
                (Plain, "a"),
                (Fence(1), "```"),
                (Fenced(1), "b"),
                (Fenced(1), "~~~"),
                (Fence(1), "```"),
                (Quoted, "> c"),
                (Quoted, "    d"),
                (Quoted, "\te"),
                (Fence(2), "````rust"),
                (Code(2), "```"),
                (Fence(2), "````"),
                (Comment, "<!-- f"),
                (Comment, "g"),
                (Comment, "-->"),
                (Comment, "h <!-- i -->"),
                (Fence(3), "~~~md"),
                (Fenced(3), "j"),
            ]
        );
    }
}
