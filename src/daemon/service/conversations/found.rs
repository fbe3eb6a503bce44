//! The line of a conversation in which the words of a search stand.

use crate::agents::conversations::{Library, Sought};
use crate::domain::find::{Needle, Words};
use crate::domain::{Passage, Speaker};
use crate::protocol::FoundLine;

/// How much of one transcript is looked at, in bytes.
const MOST: u64 = 32 * 1024 * 1024;
/// The longest line, in characters, and how many of them may stand before the words.
const LONGEST: usize = 240;
const BEFORE: usize = 30;

/// The first passage in which all of `words` stand; where none has them all, the first with the longest.
/// `searched` is what the words were made of.
pub(super) fn line(
    library: &Library,
    place: &str,
    words: &Words,
    searched: &str,
) -> Option<FoundLine> {
    if words.is_empty() {
        return None;
    }
    let letters: Vec<&str> = words.iter().map(ascii_run).collect();
    let all = |passage: &Passage| said(passage) && words.all_in(&passage.text);
    let found = library.seek(place, 0, MOST, &letters, &all).ok()?;
    let found = match found.hit {
        Some(_) => found,
        None => {
            let longest = Words::new(words.longest(), 1);
            let one = |passage: &Passage| said(passage) && longest.all_in(&passage.text);
            library
                .seek(place, 0, MOST, &[ascii_run(longest.longest())], &one)
                .ok()?
        }
    };
    let Sought { hit, .. } = found;
    let (place, passage) = hit?;
    let whole = Needle::new(searched).filter(|needle| needle.is_in(&passage.text));
    let text = match &whole {
        Some(_) => searched.trim(),
        None => words.longest(),
    };
    Some(FoundLine {
        id: String::new(),
        line: Some(cut(&passage.text, words, whole.as_ref())),
        speaker: passage.speaker,
        place,
        text: text.to_owned(),
    })
}

/// That there is none.
pub(super) fn nothing() -> FoundLine {
    FoundLine {
        id: String::new(),
        line: None,
        speaker: Speaker::Note,
        place: 0,
        text: String::new(),
    }
}

/// What is searched: not what tools answered.
fn said(passage: &Passage) -> bool {
    matches!(
        passage.speaker,
        Speaker::User | Speaker::Agent | Speaker::Tool
    )
}

/// The line with most of the words, cut so that they are in it.
fn cut(text: &str, words: &Words, whole: Option<&Needle>) -> String {
    let rank = |line: &&str| {
        let has_whole = whole.is_some_and(|needle| needle.is_in(line));
        (has_whole, words.count_in(line))
    };
    // Of lines alike the first.
    let line = text.lines().rev().max_by_key(rank).unwrap_or_default();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let longest = Needle::new(words.longest());
    let place = whole.or(longest.as_ref()).and_then(|needle| {
        let places = needle.places(&line, 1);
        places.first().map(|place| place.start)
    });
    let at = line[..place.unwrap_or(0)].chars().count();
    let skip = if at > BEFORE + 20 { at - BEFORE } else { 0 };
    let mut cut: String = line.chars().skip(skip).take(LONGEST).collect();
    if skip > 0 {
        cut.insert_str(0, "… ");
    }
    cut
}

/// The longest run of ASCII letters and digits: what can be looked for without reading a line.
pub(super) fn ascii_run(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .max_by_key(|run| run.len())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_cut_around_the_words() {
        let words = Words::new("rate limit", 16);
        let whole = Needle::new("rate limit");
        let text = "first\n a rate of limits \nthe  rate limit is here";
        assert_eq!(cut(text, &words, whole.as_ref()), "the rate limit is here");
        assert_eq!(cut(text, &words, None), "a rate of limits");
        let long = format!("{} rate limit {}", "ä".repeat(400), "x".repeat(400));
        let line = cut(&long, &words, whole.as_ref());
        assert!(line.starts_with("… ä") && line.contains("rate limit"));
        assert_eq!(line.chars().count(), LONGEST + 2);
        assert_eq!(ascii_run("größe prüfen-12 ab"), "fen");
    }
}
