//! The rows of a comparison: the changes of two patches from one base, line by line of that base.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::patch::{LineKind, Patch};

/// A line of a side's patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineRef {
    /// Whose patch.
    pub side: usize,
    /// The file in it.
    pub file: usize,
    /// The hunk.
    pub hunk: usize,
    /// The line.
    pub line: usize,
    /// Whether it only says what the base has there: this side has not changed it.
    pub unchanged: bool,
}

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareRow {
    /// Nothing, before another file.
    Gap,
    /// A file: its index in either patch, `None` where that side has not changed it.
    File([Option<usize>; 2]),
    /// There are no lines to show of it.
    Note([Option<usize>; 2]),
    /// Lines of the base are left out; the next one's number.
    Jump(u32),
    /// What either side has there.
    Line([Option<LineRef>; 2]),
}

/// The lines of a file of one side.
#[derive(Default)]
struct SideLines {
    /// By their numbers in the base: kept or removed.
    base: BTreeMap<u32, LineRef>,
    /// What was put behind a line of the base; 0: before the first.
    added: BTreeMap<u32, Vec<LineRef>>,
}

/// All rows, file by file in the order of their names.
pub fn rows(patches: [&Patch; 2]) -> Vec<CompareRow> {
    let mut files: BTreeMap<&str, [Option<usize>; 2]> = BTreeMap::new();
    for (side, patch) in patches.iter().enumerate() {
        for (index, file) in patch.files.iter().enumerate() {
            files.entry(&file.path).or_default()[side] = Some(index);
        }
    }
    let mut rows = Vec::new();
    for both in files.into_values() {
        if !rows.is_empty() {
            rows.push(CompareRow::Gap);
        }
        rows.push(CompareRow::File(both));
        let sides = [0, 1].map(|side| {
            both[side].map_or_else(SideLines::default, |file| lines(patches, side, file))
        });
        let before = rows.len();
        of_file(&sides, &mut rows);
        if rows.len() == before {
            rows.push(CompareRow::Note(both));
        }
    }
    rows
}

fn lines(patches: [&Patch; 2], side: usize, file: usize) -> SideLines {
    let mut lines = SideLines::default();
    let hunks = patches[side].files[file].hunks.iter().enumerate();
    for (hunk, of) in hunks {
        // A hunk without old lines stands behind the one it names; any other begins with it.
        let has_old = of.lines.iter().any(|line| line.kind != LineKind::Added);
        let mut behind = of.old.saturating_sub(u32::from(has_old));
        for (line, known) in of.lines.iter().enumerate() {
            let here = LineRef {
                side,
                file,
                hunk,
                line,
                unchanged: false,
            };
            match known.kind {
                LineKind::Added => lines.added.entry(behind).or_default().push(here),
                _ => {
                    behind = known.old;
                    lines.base.insert(known.old, here);
                }
            }
        }
    }
    lines
}

fn of_file(sides: &[SideLines; 2], rows: &mut Vec<CompareRow>) {
    let numbers: BTreeSet<u32> = sides
        .iter()
        .flat_map(|side| side.base.keys().chain(side.added.keys()))
        .copied()
        .collect();
    let mut before = 0_u32;
    for number in numbers {
        if number > before.saturating_add(1) {
            rows.push(CompareRow::Jump(number));
        }
        before = number;
        let base = [0, 1].map(|side| sides[side].base.get(&number).copied());
        // What one side says of the base holds for the other, where that has not touched it.
        let other = |side: usize| {
            let other: Option<LineRef> = base[1 - side];
            other.map(|line| LineRef {
                unchanged: true,
                ..line
            })
        };
        let both = [base[0].or(other(0)), base[1].or(other(1))];
        if both != [None, None] {
            rows.push(CompareRow::Line(both));
        }
        let none = Vec::new();
        let [left, right] = [0, 1].map(|side| sides[side].added.get(&number).unwrap_or(&none));
        for place in 0..left.len().max(right.len()) {
            let both = [left.get(place).copied(), right.get(place).copied()];
            rows.push(CompareRow::Line(both));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows as words: what stands left and right, `=` before what is as it was.
    fn shape(one: &str, two: &str) -> Vec<String> {
        let patches = [Patch::read(one), Patch::read(two)];
        let text = |line: &Option<LineRef>| {
            let Some(line) = line else {
                return String::new();
            };
            let file = &patches[line.side].files[line.file];
            let known = &file.hunks[line.hunk].lines[line.line];
            let sign = match (line.unchanged, known.kind) {
                (true, _) => "=",
                (_, LineKind::Added) => "+",
                (_, LineKind::Removed) => "-",
                (_, LineKind::Context) => " ",
            };
            format!("{sign}{}", known.text)
        };
        rows([&patches[0], &patches[1]])
            .iter()
            .map(|row| match row {
                CompareRow::Gap => "gap".to_owned(),
                CompareRow::File(both) => format!("file {both:?}"),
                CompareRow::Note(_) => "note".to_owned(),
                CompareRow::Jump(line) => format!("line {line}"),
                CompareRow::Line(both) => format!("{}|{}", text(&both[0]), text(&both[1])),
            })
            .collect()
    }

    fn diff(name: &str, hunks: &str) -> String {
        format!("diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n{hunks}")
    }

    #[test]
    fn lines_of_the_same_place_stand_beside_each_other() {
        let one = diff("a", "@@ -1,3 +1,4 @@\n one\n-two\n+TWO\n+more\n three\n");
        let two = diff("a", "@@ -2,3 +2,2 @@\n two\n-three\n four\n");
        assert_eq!(
            shape(&one, &two),
            [
                "file [Some(0), Some(0)]",
                " one|=one",
                "-two| two",
                "+TWO|",
                "+more|",
                " three|-three",
                "=four| four",
            ]
        );
    }

    #[test]
    fn files_of_one_side_new_files_and_far_hunks() {
        let one = diff("b", "@@ -0,0 +1,2 @@\n+x\n+y\n") + &diff("c", "@@ -90 +90 @@\n-p\n+q\n");
        let two = diff("b", "@@ -0,0 +1,1 @@\n+z\n")
            + "diff --git a/pic b/pic\nBinary files a/pic and b/pic differ\n";
        assert_eq!(
            shape(&one, &two),
            [
                "file [Some(0), Some(0)]",
                "+x|+z",
                "+y|",
                "gap",
                "file [Some(1), None]",
                "line 90",
                "-p|=p",
                "+q|",
                "gap",
                "file [None, Some(1)]",
                "note",
            ]
        );
        assert_eq!(shape("", ""), [] as [&str; 0]);
        // Lines put in without any around them, and heads that lie.
        let bare = diff(
            "a",
            "@@ -5,0 +6 @@\n+n\n@@ -4294967295 +4294967295 @@\n-l\n+m\n",
        );
        assert!(shape(&bare, &bare).contains(&"+n|+n".to_owned()));
    }
}
