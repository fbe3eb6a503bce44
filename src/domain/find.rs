//! Finding what a user looks for in a text: as it stands, or as words that may go on.
//!
//! Letters are compared without capitals and without accents, as the index of conversations does it; a
//! search with a capital in it is taken exactly.

use std::ops::Range;

/// The most characters of a search that count.
const MOST: usize = 200;

/// A piece of text that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    wanted: Vec<char>,
    exact: bool,
}

impl Needle {
    /// What finds `text`; `None` where that is nothing.
    pub fn new(text: &str) -> Option<Needle> {
        let exact = text.chars().any(char::is_uppercase);
        let letters = text.trim().chars().take(MOST);
        let wanted: Vec<char> = match exact {
            true => letters.collect(),
            false => letters.map(fold).collect(),
        };
        (!wanted.is_empty()).then_some(Needle { wanted, exact })
    }

    /// Where it stands in `text`, in bytes, from the left, without overlaps; at most `most` places.
    pub fn places(&self, text: &str, most: usize) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        let mut from = 0;
        while places.len() < most {
            let Some(place) = self.first(text, from) else {
                break;
            };
            from = place.end;
            places.push(place);
        }
        places
    }

    /// Whether it stands in `text` at all.
    pub fn is_in(&self, text: &str) -> bool {
        self.first(text, 0).is_some()
    }

    fn first(&self, text: &str, from: usize) -> Option<Range<usize>> {
        let letter = |c: char| if self.exact { c } else { fold(c) };
        let rest = text.get(from..)?;
        for (at, c) in rest.char_indices() {
            if letter(c) != self.wanted[0] {
                continue;
            }
            let mut here = rest[at..].char_indices();
            let mut end = at;
            let all = self.wanted.iter().all(|wanted| match here.next() {
                Some((offset, c)) if letter(c) == *wanted => {
                    end = at + offset + c.len_utf8();
                    true
                }
                _ => false,
            });
            if all {
                return Some(from + at..from + end);
            }
        }
        None
    }
}

/// Words that are all looked for, wherever they stand; each may go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of a search, at most `most` of them.
    pub fn new(text: &str, most: usize) -> Words {
        Words(words(text).take(most).map(folded).collect())
    }

    /// They, folded.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of them stand in `text`.
    pub fn count_in(&self, text: &str) -> usize {
        let mut found = vec![false; self.0.len()];
        for word in words(text) {
            let word = folded(word);
            for (found, wanted) in found.iter_mut().zip(&self.0) {
                *found |= word.starts_with(wanted.as_str());
            }
        }
        found.into_iter().filter(|found| *found).count()
    }

    /// Whether all of them stand in `text`.
    pub fn all_in(&self, text: &str) -> bool {
        self.count_in(text) == self.0.len()
    }

    /// The longest of them: what to look for where only one text can be.
    pub fn longest(&self) -> &str {
        let longest = self.0.iter().max_by_key(|word| word.len());
        longest.map_or("", String::as_str)
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

fn folded(word: &str) -> String {
    word.chars().map(fold).collect()
}

/// A letter without capital and accent.
pub fn fold(c: char) -> char {
    let lower = c.to_lowercase().next().unwrap_or(c);
    match lower {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_wherever_it_stands() {
        for (needle, text, places) in [
            (
                "log",
                "Log the login, catalog",
                &[(0, 3), (8, 11), (19, 22)][..],
            ),
            ("Log", "Log the login", &[(0, 3)]),
            ("grosse", "Größe", &[]),
            ("gro", "Größe", &[(0, 4)]),
            ("ö", "Größe", &[(2, 4)]),
            ("aa", "aaaaa", &[(0, 2), (2, 4)]),
            ("  b ", "abc", &[(1, 2)]),
            ("İ", "İ", &[(0, 2)]),
        ] {
            let found = Needle::new(needle).unwrap().places(text, 9);
            let found: Vec<(usize, usize)> =
                found.into_iter().map(|at| (at.start, at.end)).collect();
            assert_eq!(found, places, "{needle} in {text}");
        }
        assert_eq!(Needle::new("  "), None);
        let needle = Needle::new(&"x".repeat(5000)).unwrap();
        assert_eq!(needle.places(&"x".repeat(5000), 2).len(), 2);
    }

    #[test]
    fn words_may_stand_anywhere_and_go_on() {
        for (wanted, text, count) in [
            ("rate limit", "the Limits of a rate", 2),
            ("rate limit", "unlimited rates", 1),
            ("größe", "GROSSE", 0),
            ("grö", "Groß", 1),
            ("session.rs", "in session/mod.rs", 2),
            ("\"--", "anything", 0),
        ] {
            assert_eq!(Words::new(wanted, 16).count_in(text), count, "{wanted}");
        }
        assert!(Words::new("", 16).is_empty() && Words::new("", 16).all_in("x"));
        assert_eq!(Words::new("a rate", 16).longest(), "rate");
    }
}
