//! Comments on a task's changes, and the one message they become.
//!
//! Pure. Invariants: a comment says where it belongs in words that still hold when lines have moved (the
//! path, the line's number and its text); the message names every comment once, file by file in the order
//! of paths and lines, those on a whole file first.

use serde::{Deserialize, Serialize};

use super::ids::{CommentId, TaskId};
use super::patch::Side;
use super::units::Timestamp;

/// The longest comment, in characters.
pub const MOST_WORDS: usize = 10_000;
/// The longest piece of a line that is quoted, in characters.
const MOST_QUOTE: usize = 160;

/// Where a comment belongs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file's path in the repository.
    pub path: String,
    /// The line; `None`: the whole file.
    pub line: Option<PlaceLine>,
}

/// The line a comment belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlaceLine {
    /// Its number, from 1; the last one where it is about several.
    pub number: u32,
    /// How many lines before it are meant as well.
    pub before: u32,
    /// On which side.
    pub side: Side,
}

/// A remark of the user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// On whose changes.
    pub task: TaskId,
    /// Where.
    pub place: Place,
    /// The line's text when it was made (untrusted); empty for a whole file.
    pub quote: String,
    /// The words.
    pub text: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When the agent was told; `None`: not yet.
    pub sent_at: Option<Timestamp>,
}

impl Place {
    /// `src/a.rs:12`, `src/a.rs:10-12`, `src/a.rs:12 (as it was)`, `src/a.rs`.
    pub fn words(&self) -> String {
        let Some(line) = self.line else {
            return self.path.clone();
        };
        let was = match line.side {
            Side::Old => " (as it was)",
            Side::New => "",
        };
        match line.before {
            0 => format!("{}:{}{was}", self.path, line.number),
            before => {
                let first = line.number.saturating_sub(before).max(1);
                format!("{}:{first}-{}{was}", self.path, line.number)
            }
        }
    }
}

/// What the agent is told: the user's own words first, then every comment.
pub fn message(comments: &[Comment], words: &str) -> String {
    let mut sorted: Vec<&Comment> = comments.iter().collect();
    sorted.sort_by(|a, b| (&a.place, a.id).cmp(&(&b.place, b.id)));
    let mut text = match words.trim() {
        "" => "I have reviewed your changes. Please work through these comments.".to_owned(),
        words => words.to_owned(),
    };
    let mut path = "";
    for comment in sorted {
        if comment.place.path != path {
            path = &comment.place.path;
            text.push_str(&format!("\n\n{path}"));
        }
        let place = match comment.place.line {
            None => "the file".to_owned(),
            Some(line) => {
                let was = match line.side {
                    Side::Old => ", as it was",
                    Side::New => "",
                };
                let lines = match line.before {
                    0 => format!("line {}", line.number),
                    before => {
                        let first = line.number.saturating_sub(before).max(1);
                        format!("lines {first} to {}", line.number)
                    }
                };
                format!("{lines}{was}")
            }
        };
        text.push_str(&format!("\n- {place}"));
        let quote: String = comment.quote.trim().chars().take(MOST_QUOTE).collect();
        if !quote.is_empty() {
            text.push_str(&format!(" `{}`", quote.replace('`', "'")));
        }
        text.push_str(": ");
        // Its further lines stay within the item.
        text.push_str(&comment.text.trim().replace('\n', "\n  "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(id: i64, path: &str, line: Option<(u32, u32, Side)>, text: &str) -> Comment {
        Comment {
            id: CommentId(id),
            task: TaskId(1),
            place: Place {
                path: path.into(),
                line: line.map(|(number, before, side)| PlaceLine {
                    number,
                    before,
                    side,
                }),
            },
            quote: line.map_or(String::new(), |_| "  let `x` = 1;".to_owned()),
            text: text.into(),
            made_at: Timestamp(0),
            sent_at: None,
        }
    }

    #[test]
    fn comments_become_one_message_in_the_order_of_the_files() {
        let comments = [
            comment(1, "src/b.rs", Some((9, 0, Side::New)), "Why 1?"),
            comment(
                2,
                "src/a.rs",
                Some((20, 2, Side::New)),
                "Too long.\nSplit it.",
            ),
            comment(3, "src/a.rs", Some((4, 0, Side::Old)), "Keep this."),
            comment(4, "src/a.rs", None, "Needs tests."),
        ];
        let expected = "I have reviewed your changes. Please work through these comments.\n\n\
            src/a.rs\n- the file: Needs tests.\n\
            - line 4, as it was `let 'x' = 1;`: Keep this.\n\
            - lines 18 to 20 `let 'x' = 1;`: Too long.\n  Split it.\n\n\
            src/b.rs\n- line 9 `let 'x' = 1;`: Why 1?";
        assert_eq!(message(&comments, " "), expected);
        let own = message(&comments[..1], "Nearly there.");
        assert!(
            own.starts_with("Nearly there.\n\nsrc/b.rs\n- line 9"),
            "{own}"
        );
    }

    #[test]
    fn places_have_words() {
        for (line, words) in [
            (None, "a"),
            (Some((7, 0, Side::New)), "a:7"),
            (Some((7, 3, Side::New)), "a:4-7"),
            (Some((7, 0, Side::Old)), "a:7 (as it was)"),
            (Some((1, 9, Side::New)), "a:1-1"),
        ] {
            assert_eq!(comment(1, "a", line, "x").place.words(), words);
        }
    }
}
