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
/// The largest block in which lines are paired by how much alike they are.
const MOST_PAIRED: usize = 8;
/// How much of two lines has to be the same for them to be a pair, in percent.
const LEAST_ALIKE: usize = 40;
/// How much of a line may be new for its words to be worth showing, in percent.
const MOST_NEW: usize = 70;

/// Pieces of a line, by their bytes.
pub type Pieces = Vec<Range<usize>>;

/// The line on the other side of a block of changes that took its place, or whose place it took: the one most
/// alike, in a small block; in a larger one that at the same place. `None` where there is none, or the block is
/// too large for places to tell anything.
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
    let (own, others) = (first..last + 1, start..start + other);
    let (old, new) = match kind {
        LineKind::Added => (others.clone(), own.clone()),
        _ => (own.clone(), others.clone()),
    };
    let pairs = pairs(hunk, old, new);
    let mut pairs = pairs.into_iter();
    match kind {
        LineKind::Added => pairs.find(|(_, new)| *new == Some(line))?.0,
        _ => pairs.find(|(old, _)| *old == Some(line))?.1,
    }
}

/// The lines of a block side by side, each with the one that took its place: in their order, so that the whole is
/// as much alike as it can be. In a larger block those at the same place.
pub fn pairs(
    hunk: &Hunk,
    old: Range<usize>,
    new: Range<usize>,
) -> Vec<(Option<usize>, Option<usize>)> {
    let (rows, columns) = (old.len(), new.len());
    // With as many on either side, or one of them empty, places tell as much.
    let small = rows.max(columns) <= MOST_PAIRED && rows != columns && rows.min(columns) > 0;
    if !small {
        let mut pairs = Vec::new();
        by_place(&mut pairs, old, new);
        return pairs;
    }
    let text = |at: usize| hunk.lines.get(at).map_or("", |line| &line.text);
    // How much alike the rests are, from the end: the usual table of a longest common subsequence.
    let mut best = vec![vec![0; columns + 1]; rows + 1];
    let mut alike = vec![vec![0; columns]; rows];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let here = likeness(text(old.start + row), text(new.start + column));
            alike[row][column] = here;
            let paired = best[row + 1][column + 1] + here;
            best[row][column] = paired.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut pairs = Vec::new();
    let (mut left, mut right) = (old.start, new.start);
    while row < rows && column < columns {
        let here = alike[row][column];
        if here > 0 && best[row][column] == best[row + 1][column + 1] + here {
            by_place(&mut pairs, left..old.start + row, right..new.start + column);
            pairs.push((Some(old.start + row), Some(new.start + column)));
            (row, column) = (row + 1, column + 1);
            (left, right) = (old.start + row, new.start + column);
        } else if best[row][column] == best[row + 1][column] {
            row += 1;
        } else {
            column += 1;
        }
    }
    by_place(&mut pairs, left..old.end, right..new.end);
    pairs
}

/// What is like nothing stands beside what is at the same place.
fn by_place(pairs: &mut Vec<(Option<usize>, Option<usize>)>, old: Range<usize>, new: Range<usize>) {
    let at =
        |range: &Range<usize>, place: usize| (place < range.len()).then_some(range.start + place);
    let places = 0..old.len().max(new.len());
    pairs.extend(places.map(|place| (at(&old, place), at(&new, place))));
}

/// How much of the longer line both begin and end with, in percent; 0 where that is too little to tell anything.
fn likeness(one: &str, two: &str) -> usize {
    let (one, two) = (one.trim().as_bytes(), two.trim().as_bytes());
    let longer = one.len().max(two.len());
    if longer == 0 || longer > MOST_BYTES {
        return 0;
    }
    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let front = one.iter().zip(two).take_while(same).count();
    let rest = one.len().min(two.len()) - front;
    let back = one.iter().rev().zip(two.iter().rev());
    let back = back.take(rest).take_while(same).count();
    match (front + back) * 100 / longer {
        enough @ LEAST_ALIKE.. => enough,
        _ => 0,
    }
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

        // One was put in before: the other is found all the same, and what is like nothing stands alone.
        let text = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,1 +1,2 @@\n-let total = sum(a);\n+// What all of it costs.\n+let total = sum(a, b);\n@@ -9,2 +9,1 @@\n-one\n-let x = 1;\n+let x = 2;\n";
        let patch = Patch::read(text);
        let found = |hunk: usize, count: usize| -> Vec<Option<usize>> {
            let hunk = &patch.files[0].hunks[hunk];
            (0..count).map(|line| partner(hunk, line)).collect()
        };
        assert_eq!(found(0, 3), [Some(2), None, Some(0)]);
        assert_eq!(found(1, 3), [None, Some(2), Some(1)]);
        let pairs = super::pairs(&patch.files[0].hunks[1], 0..2, 2..3);
        assert_eq!(pairs, [(Some(0), None), (Some(1), Some(2))]);

        let many = |count: usize| "-x\n".repeat(count) + &"+y\n".repeat(count);
        let head = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,900 +1,900 @@\n";
        let large = Patch::read(&format!("{head}{}", many(900)));
        assert_eq!(partner(&large.files[0].hunks[0], 450), None);
    }
}
