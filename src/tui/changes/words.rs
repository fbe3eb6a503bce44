//! Which words of a changed line are new: a removed line beside the added one that took its place.

use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::patch::{Hunk, LineKind};

/// The largest block of changed lines in which lines are compared word by word: beyond it, lines that stand at
/// the same place in it have little to do with each other.
const MOST_LINES: usize = 60;
/// The longest line that is compared, in bytes.
const MOST_BYTES: usize = 2_000;
/// How much of a line may be new for its words to be worth showing, in percent.
const MOST_NEW: usize = 70;

/// Pieces of a line, by their bytes.
pub type Pieces = Vec<Range<usize>>;

/// The line that stands at the same place on the other side of a block of changes; `None` where there is
/// none, or the block is large.
pub fn partner(hunk: &Hunk, line: usize) -> Option<usize> {
    let kind = hunk.lines.get(line)?.kind;
    if kind == LineKind::Context {
        return None;
    }
    let is = |at: usize, kind| hunk.lines.get(at).is_some_and(|line| line.kind == kind);
    let most = MOST_LINES;
    // Within its own run: how many stand before it.
    let before = (1..=most).find(|by| line < *by || !is(line - by, kind))? - 1;
    let after = (1..=most).find(|by| !is(line + by, kind))? - 1;
    let (first, last) = (line - before, line + after);
    let (start, other) = match kind {
        LineKind::Added => {
            let other =
                (0..=most).find(|by| first <= *by || !is(first - by - 1, LineKind::Removed));
            (first - other?, other?)
        }
        _ => {
            let other = (0..=most).find(|by| !is(last + 1 + by, LineKind::Added));
            (last + 1, other?)
        }
    };
    (before < other).then_some(start + before)
}

/// The pieces of `old` and of `new` that the other does not have; `None` where the two have too little in
/// common for that to tell anything.
pub fn differences(old: &str, new: &str) -> Option<(Pieces, Pieces)> {
    if old.len() > MOST_BYTES || new.len() > MOST_BYTES {
        return None;
    }
    let (old_words, new_words) = (words(old), words(new));
    let ops = capture_diff_slices(
        Algorithm::Myers,
        &texts(old, &old_words),
        &texts(new, &new_words),
    );
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for op in ops {
        if op.tag() != DiffTag::Equal {
            push(&mut gone, &old_words[op.old_range()]);
            push(&mut come, &new_words[op.new_range()]);
        }
    }
    let share = |ranges: &[Range<usize>], text: &str| {
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        let new: usize = ranges
            .iter()
            .map(|range| letters(&text[range.clone()]))
            .sum();
        new * 100 / letters(text).max(1)
    };
    let alike = share(&gone, old) <= MOST_NEW && share(&come, new) <= MOST_NEW;
    alike.then_some((gone, come))
}

/// Where the words are; what stands between them counts as well.
fn words(text: &str) -> Vec<Range<usize>> {
    text.split_word_bound_indices()
        .map(|(at, word)| at..at + word.len())
        .collect()
}

fn texts<'a>(text: &'a str, words: &[Range<usize>]) -> Vec<&'a str> {
    words.iter().map(|word| &text[word.clone()]).collect()
}

fn push(ranges: &mut Vec<Range<usize>>, words: &[Range<usize>]) {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return;
    };
    match ranges.last_mut() {
        Some(before) if before.end == first.start => before.end = last.end,
        _ => ranges.push(first.start..last.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::patch::Patch;

    #[test]
    fn new_words_are_found() {
        for (old, new, gone, come) in [
            ("let x = 1;", "let x = 2;", &["1"][..], &["2"][..]),
            ("fn a(b: u8)", "fn a(b: u8, c: u8)", &[], &[", c: u8"]),
            ("the same", "the same", &[], &[]),
            (
                "ein größeres Haus",
                "ein großes Haus",
                &["größeres"],
                &["großes"],
            ),
        ] {
            let (left, right) = differences(old, new).unwrap();
            let words = |text: &str, ranges: &[Range<usize>]| -> Vec<String> {
                ranges
                    .iter()
                    .map(|range| text[range.clone()].to_owned())
                    .collect()
            };
            assert_eq!(words(old, &left), gone, "{old}");
            assert_eq!(words(new, &right), come, "{new}");
        }
        assert_eq!(differences("one thing", "quite another"), None);
        assert_eq!(differences("a", &"b".repeat(MOST_BYTES + 1)), None);
    }

    #[test]
    fn lines_are_paired_in_their_order() {
        let text = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,5 +1,6 @@\n same\n-a\n-b\n+A\n+B\n+C\n same\n-x\n same\n";
        let patch = Patch::read(text);
        let hunk = &patch.files[0].hunks[0];
        let pairs: Vec<Option<usize>> = (0..9).map(|line| partner(hunk, line)).collect();
        let expected = [
            None,
            Some(3),
            Some(4),
            Some(1),
            Some(2),
            None,
            None,
            None,
            None,
        ];
        assert_eq!(pairs, expected);
        assert_eq!(partner(hunk, 100), None);

        let many = |count: usize| "-x\n".repeat(count) + &"+y\n".repeat(count);
        let head = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,900 +1,900 @@\n";
        let large = Patch::read(&format!("{head}{}", many(900)));
        assert_eq!(partner(&large.files[0].hunks[0], 450), None);
    }
}
