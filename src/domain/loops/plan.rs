//! Plan files: how many boxes of a to-do list in markdown are ticked.
//!
//! Counted are items of lists with a box, nested ones too. Left out are boxes in code fences, comments and
//! quotations, in sections that are optional by their heading, under an item that is optional, and those that
//! were dropped (`[-]`). A box that holds anything but a tick is open.
//!
//! Pure; linear in the length of the file, which is untrusted.

use serde::{Deserialize, Serialize};

use super::prose::{self, Kind};

/// Where a plan is looked for, where none is named.
pub const PLAN_FILES: [&str; 4] = ["TODO.md", "TASKS.md", "fix_plan.md", "PLAN.md"];

/// The most of a plan file that is read, in bytes.
pub const MOST_PLAN: usize = 1024 * 1024;

/// The longest text of an item that is kept, in characters.
const MOST_WORDS: usize = 160;

/// How far a plan is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The file, as the user knows it.
    pub file: String,
    /// Boxes that are ticked.
    pub ticked: u32,
    /// Boxes that are open.
    pub open: u32,
    /// Boxes in optional sections, whatever their state.
    pub optional: u32,
    /// The first item that is open; untrusted text without control characters.
    pub next: Option<String>,
}

impl Plan {
    /// Boxes that count.
    pub fn boxes(&self) -> u32 {
        self.ticked + self.open
    }

    /// Whether there are boxes and all are ticked.
    pub fn is_done(&self) -> bool {
        self.open == 0 && self.ticked > 0
    }
}

/// Counts the boxes of `text`, the content of `file`.
pub fn read(file: &str, text: &str) -> Plan {
    let mut plan = Plan {
        file: file.to_owned(),
        ..Plan::default()
    };
    // The level of the heading whose section is optional, and the indent of the item that is.
    let mut section: Option<usize> = None;
    let mut item: Option<usize> = None;
    let lines = prose::lines(text);
    for (at, (kind, line)) in lines.iter().enumerate() {
        // Nested items are indented, and so look like code; only their mark tells them.
        let counts = match kind {
            Kind::Plain => true,
            Kind::Quoted => parse_item(line).is_some(),
            _ => false,
        };
        if !counts {
            continue;
        }
        let below = lines.get(at + 1).map_or("", |(_, line)| line);
        if let Some((level, title)) = heading(line, below) {
            item = None;
            if section.is_none_or(|optional| level <= optional) {
                section = is_optional(title).then_some(level);
            }
            continue;
        }
        let Some((indent, mark, words)) = parse_item(line) else {
            continue;
        };
        if item.is_some_and(|optional| indent <= optional) {
            item = None;
        }
        if item.is_none() && says_optional(words) {
            item = Some(indent);
        }
        count(&mut plan, mark, words, section.is_some() || item.is_some());
    }
    plan
}

fn count(plan: &mut Plan, mark: &str, words: &str, optional: bool) {
    match mark {
        "-" => {}
        _ if optional => plan.optional += 1,
        "x" | "X" | "✓" | "✔" | "☑" | "✅" => plan.ticked += 1,
        _ => {
            plan.open += 1;
            plan.next.get_or_insert_with(|| {
                words
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(MOST_WORDS)
                    .collect()
            });
        }
    }
}

/// An item with a box: its indent in columns, what is in the box, what stands behind it.
fn parse_item(line: &str) -> Option<(usize, &str, &str)> {
    let text = line.trim_start();
    let indent = line[..line.len() - text.len()]
        .chars()
        .map(|c| if c == '\t' { 4 } else { 1 })
        .sum();
    let body = match text.strip_prefix(['-', '*', '+']) {
        Some(body) => body,
        None => {
            let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
            (number.len() < text.len()).then(|| number.strip_prefix(['.', ')']))??
        }
    };
    let boxed = body.trim_start().strip_prefix('[')?;
    let (mark, words) = boxed.split_once(']')?;
    // A link is no box.
    if !body.starts_with([' ', '\t']) || mark.chars().count() > 1 || words.starts_with(['(', '[']) {
        return None;
    }
    Some((indent, mark.trim(), words.trim()))
}

/// A heading's level and title: `## Title`, a line underlined, or a line in bold, which is the lowest level.
fn heading<'a>(line: &'a str, below: &str) -> Option<(usize, &'a str)> {
    let text = line.trim();
    let title = text.trim_start_matches('#');
    let level = text.len() - title.len();
    if (1..=6).contains(&level) && (title.is_empty() || title.starts_with([' ', '\t'])) {
        return Some((level, title));
    }
    let is_line =
        !text.is_empty() && parse_item(line).is_none() && !text.starts_with(['-', '*', '+', '|']);
    let underline = |mark: char| below.trim().len() >= 3 && below.trim().chars().all(|c| c == mark);
    if is_line && underline('=') {
        return Some((1, text));
    }
    if is_line && underline('-') {
        return Some((2, text));
    }
    let bold = text
        .strip_prefix("**")?
        .trim_end_matches(':')
        .strip_suffix("**")?;
    Some((7, bold))
}

/// Whether a section is one that need not be done.
fn is_optional(title: &str) -> bool {
    const SIGNS: [&str; 20] = [
        "optional",
        "nice to have",
        "nice-to-have",
        "stretch",
        "future",
        "later",
        "someday",
        "out of scope",
        "won't do",
        "wont do",
        "not now",
        "ideas",
        "if time",
        "bonus",
        "non-goals",
        "follow-up",
        "followup",
        "deferred",
        "wunschliste",
        "facultatif",
    ];
    let title = title.to_lowercase();
    SIGNS.iter().any(|sign| title.contains(sign))
}

/// Whether an item says of itself that it need not be done.
fn says_optional(words: &str) -> bool {
    let words = words.trim_start_matches(['*', '_', ' ']).to_lowercase();
    words.starts_with("optional")
        || ["(optional)", "[optional]", "(stretch)"]
            .iter()
            .any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn boxes_are_counted() {
        // Text; ticked, open, optional.
        for (text, expected) in [
            ("", [0, 0, 0]),
            ("no boxes\n- item\n1. other", [0, 0, 0]),
            ("- [x] a\n- [ ] b", [1, 1, 0]),
            ("* [X] a\n+ [x] b\n1. [x] c\n2) [ ] d\r\n", [3, 1, 0]),
            ("- [ ] a\n  - [x] b\n    - [x] c\n\t\t- [ ] d", [2, 2, 0]),
            (
                "- [] a\n- [~] b\n- [/] c\n- [?] d\n- [-] dropped",
                [0, 4, 0],
            ),
            ("- [✓] a\n- [✔] b", [2, 0, 0]),
            (
                "- [x](http://a) link\n- [a] [b]\n- [xx] no\n-[x] no",
                [0, 1, 0],
            ),
            ("```\n- [ ] a\n```\n- [x] b", [1, 0, 0]),
            ("```md\n- [ ] a\n```\n~~~\n- [ ] c\n~~~\n- [x] b", [1, 0, 0]),
            ("<!-- - [ ] a -->\n<!--\n- [x] b\n-->\n- [x] c", [1, 0, 0]),
            ("> - [ ] a\n- [x] b", [1, 0, 0]),
            ("text - [ ] a", [0, 0, 0]),
            (
                "# Plan\n- [x] a\n## Optional\n- [ ] b\n### More\n- [ ] c\n## Must\n- [ ] d",
                [1, 1, 2],
            ),
            ("## Nice to have\n- [ ] b\n# Real\n- [x] d", [1, 0, 1]),
            (
                "Optional\n========\n- [ ] a\n\nMust\n====\n- [x] b",
                [1, 0, 1],
            ),
            ("**Future work:**\n- [ ] a\n**Now**\n- [x] b", [1, 0, 1]),
            ("- [ ] (optional) a\n  - [ ] below\n- [x] b", [1, 0, 2]),
            ("- [ ] Optional: a\n- [ ] optionally b\n- [x] c", [1, 0, 2]),
            ("- [ ] parse optional arguments", [0, 1, 0]),
            ("####### seven\n- [ ] a", [0, 1, 0]),
            ("- [x] a\n---\n- [x] b", [2, 0, 0]),
        ] {
            let plan = read("TODO.md", text);
            assert_eq!([plan.ticked, plan.open, plan.optional], expected, "{text}");
        }
    }

    #[test]
    fn done_is_all_of_some() {
        assert!(read("a", "- [x] a").is_done());
        assert!(!read("a", "- [x] a\n- [ ] b").is_done());
        assert!(!read("a", "").is_done());
        assert!(!read("a", "# Optional\n- [x] a").is_done());
        let plan = read("a", "- [x] a\n  - [ ] write \u{1b}[1mtests\n- [ ] c");
        assert_eq!(plan.next.as_deref(), Some("write [1mtests"));
        assert_eq!(plan.boxes(), 3);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in any::<String>()) {
            read("TODO.md", &text);
        }

        #[test]
        fn an_open_box_is_never_overlooked(
            before in prop::collection::vec("(- \\[x\\] [a-z]{1,5}|[a-z ]{0,9}|# [a-z]{1,3})", 0..9),
            indent in 0usize..9,
        ) {
            let text = format!("{}\n\n# Must\n{}- [ ] open\n", before.join("\n"), " ".repeat(indent));
            prop_assert!(!read("TODO.md", &text).is_done());
        }
    }
}
