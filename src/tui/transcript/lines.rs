//! From what was said to lines: names and times, calls in brief, answers folded, everything broken to fit.

use std::collections::HashSet;

use crate::domain::calendar::Day;
use crate::domain::{Passage, Speaker, Timestamp};
use crate::tui::text::{clean, width};
use crate::tui::theme::{Glyphs, Role};
use unicode_segmentation::UnicodeSegmentation;

/// Lines of an answer or a thought that are shown folded.
const FOLDED: usize = 3;
/// Beside what is said.
const INDENT: usize = 2;

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which passage of its part it belongs to.
    pub passage: usize,
    /// Which line of what was said it is; names and days stand at no place of it.
    pub nth: usize,
    /// How far it stands in; names and days do not.
    pub indent: usize,
    /// What stands before it: the mark of its kind.
    pub mark: &'static str,
    /// The words, cleaned.
    pub text: String,
    /// How they look.
    pub role: Role,
    /// What stands at the right: the time.
    pub right: String,
    /// Whether a click folds or unfolds something.
    pub folds: bool,
}

/// What is needed to make lines.
pub struct Frame<'a> {
    /// The columns there are.
    pub room: usize,
    /// The agent's name.
    pub agent: &'a str,
    /// How far the local clock was ahead of UTC, in milliseconds.
    pub offset: i64,
    /// The characters to draw with.
    pub glyphs: &'static Glyphs,
    /// Which passages stand as they usually do not.
    pub turned: &'a HashSet<usize>,
    /// Whether everything is unfolded.
    pub all: bool,
}

/// What the lines before a part ended with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Before {
    /// Who spoke last, of user and agent.
    pub voice: Option<Speaker>,
    /// On which day that was.
    pub day: Option<Day>,
}

/// Whether a passage of that kind is shown shortened at first.
pub fn folds(speaker: Speaker) -> bool {
    matches!(speaker, Speaker::Output | Speaker::Thought)
}

/// The lines of passages that follow each other.
pub fn lines(passages: &[Passage], frame: &Frame<'_>, mut before: Before) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, passage) in passages.iter().enumerate() {
        if let Some(day) = passage.at.map(|at| Day::of(at, frame.offset))
            && before.day != Some(day)
        {
            before.day = Some(day);
            lines.push(heading(number, &format!("{} {day}", weekday(day)), frame));
        }
        let voice = match passage.speaker {
            Speaker::User => Some(Speaker::User),
            Speaker::Note => None,
            _ => Some(Speaker::Agent),
        };
        // The user's every prompt has its name; the agent is named where it begins to speak.
        let named = voice.is_some() && (voice != before.voice || voice == Some(Speaker::User));
        if named {
            if before.voice.is_some() && voice == Some(Speaker::User) {
                lines.push(blank(number));
            }
            before.voice = voice;
            lines.push(name(number, passage, frame));
        } else if passage.speaker == Speaker::Agent {
            lines.push(blank(number));
        }
        body(number, passage, frame, &mut lines);
    }
    lines
}

fn blank(passage: usize) -> Line {
    Line {
        passage,
        nth: 0,
        indent: 0,
        mark: "",
        text: String::new(),
        role: Role::Text,
        right: String::new(),
        folds: false,
    }
}

fn heading(passage: usize, words: &str, frame: &Frame<'_>) -> Line {
    let line = frame.glyphs.horizontal;
    let fill = frame.room.saturating_sub(width(words) + 6);
    Line {
        text: format!("{} {words} {}", line.repeat(2), line.repeat(fill)),
        role: Role::Faint,
        ..blank(passage)
    }
}

fn weekday(day: Day) -> &'static str {
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][usize::from(day.weekday() % 7)]
}

fn name(number: usize, passage: &Passage, frame: &Frame<'_>) -> Line {
    let user = passage.speaker == Speaker::User;
    let name = if user { "you" } else { frame.agent };
    Line {
        text: clean(name).into_owned(),
        role: if user { Role::Accent } else { Role::Title },
        right: passage
            .at
            .map(|at| clock(at, frame.offset))
            .unwrap_or_default(),
        mark: if user {
            frame.glyphs.arrow
        } else {
            frame.glyphs.dot
        },
        ..blank(number)
    }
}

/// The time of day.
fn clock(at: Timestamp, offset: i64) -> String {
    let minutes =
        at.0.saturating_add(offset)
            .div_euclid(60_000)
            .rem_euclid(1440);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn body(number: usize, passage: &Passage, frame: &Frame<'_>, lines: &mut Vec<Line>) {
    let (mark, role) = match passage.speaker {
        Speaker::User => ("", Role::Text),
        Speaker::Agent => ("", Role::Text),
        Speaker::Thought => (frame.glyphs.separator, Role::Faint),
        Speaker::Tool => (frame.glyphs.arrow, Role::Working),
        Speaker::Output => (frame.glyphs.vertical, Role::Muted),
        Speaker::Note => (frame.glyphs.unseen, Role::Warning),
    };
    let indent = INDENT
        + if passage.speaker == Speaker::Output {
            2
        } else {
            0
        };
    let room = frame.room.saturating_sub(indent + 2).max(8);
    let mut broken = broken(&passage.text, room);
    let open = frame.all != frame.turned.contains(&number);
    let most = if folds(passage.speaker) {
        FOLDED
    } else {
        usize::MAX
    };
    let hidden = broken.len().saturating_sub(most);
    // A line that says that one line is missing would only take its place.
    let folded = hidden > 1 && !open;
    if folded {
        broken.truncate(most);
    }
    let can_fold = hidden > 1;
    for (index, text) in broken.into_iter().enumerate() {
        lines.push(Line {
            nth: index,
            indent,
            mark: match passage.speaker {
                Speaker::Output => mark,
                _ if index == 0 => mark,
                _ => "",
            },
            text,
            role,
            folds: can_fold,
            ..blank(number)
        });
    }
    if folded {
        lines.push(Line {
            nth: most,
            indent,
            mark: if passage.speaker == Speaker::Output {
                mark
            } else {
                ""
            },
            text: format!("{} {hidden} more lines", frame.glyphs.ellipsis),
            role: Role::Faint,
            folds: true,
            ..blank(number)
        });
    }
}

/// A text in lines of at most `room` cells, broken at blanks where there are some; what a line begins with
/// stays.
pub fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line.replace('\t', "    ");
        let mut rest = line.as_str();
        if rest.is_empty() {
            lines.push(String::new());
        }
        while !rest.is_empty() {
            let (head, tail) = cut(rest, room);
            lines.push(clean(head).trim_end().to_owned());
            rest = tail;
        }
    }
    lines
}

/// What of a line fits, and the rest.
fn cut(line: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    let mut blank = None;
    for (at, grapheme) in line.grapheme_indices(true) {
        used += width(grapheme);
        if used > room {
            // A break within the first blanks of a line would only indent what is left.
            let soft = blank.filter(|soft| !line[..*soft].trim().is_empty());
            let first = at == 0;
            return match soft {
                Some(soft) => (&line[..soft], line[soft..].trim_start()),
                None if first => line.split_at(grapheme.len()),
                None => line.split_at(at),
            };
        }
        if grapheme == " " {
            blank = Some(at);
        }
    }
    (line, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_and_nothing_is_lost() {
        for (text, room, wanted) in [
            ("fix the login bug", 8, &["fix the", "login", "bug"][..]),
            ("  fn main() {", 20, &["  fn main() {"]),
            ("    indented words", 10, &["    indent", "ed words"]),
            ("a\n\nb", 9, &["a", "", "b"]),
            ("日本語", 4, &["日本", "語"]),
            ("日", 1, &["日"]),
            ("\tx\u{1b}[2J", 20, &["    x[2J"]),
        ] {
            assert_eq!(broken(text, room), wanted, "{text}");
        }
        let long = "x".repeat(20_000);
        assert_eq!(broken(&long, 78).concat(), long);
    }
}
