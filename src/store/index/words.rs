//! What a word is, to whoever writes the index and to whoever searches it.
//!
//! FTS5's own tokenizer decides, for texts and searches alike: a search is taken to pieces by a table of its
//! own, in memory. A guess at its rules would be wrong for some letters, and what it then takes for several
//! words finds nothing. Scripts that are written without spaces are cut into pairs beforehand.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

/// How FTS5 takes texts to pieces. Other rules: the index's version changes.
pub(super) const TOKENIZE: &str = "unicode61 remove_diacritics 2";
/// The most words of a search that count.
const WORDS: usize = 16;
/// The most letters of a search that are looked at.
const LETTERS: usize = 1_000;

/// Takes searches to pieces.
#[derive(Debug)]
pub(super) struct Splitter(Mutex<Connection>);

impl Splitter {
    pub(super) fn new() -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(&format!(
            "CREATE VIRTUAL TABLE said USING fts5 (text, content = '', tokenize = '{TOKENIZE}');
             CREATE VIRTUAL TABLE word USING fts5vocab (said, instance);"
        ))?;
        Ok(Self(Mutex::new(connection)))
    }

    /// The words of a search, in their order, each one once.
    pub(super) fn words(&self, search: &str) -> rusqlite::Result<Vec<String>> {
        let search: String = search.chars().take(LETTERS).collect();
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection
            .prepare_cached("INSERT INTO said (said) VALUES ('delete-all')")?
            .execute([])?;
        connection
            .prepare_cached("INSERT INTO said (rowid, text) VALUES (1, ?1)")?
            .execute([paired(&search)])?;
        let mut query = connection.prepare_cached("SELECT term FROM word ORDER BY offset")?;
        let mut words: Vec<String> = Vec::new();
        for word in query.query_map([], |row| row.get(0))? {
            let word = word?;
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words.truncate(WORDS);
        Ok(words)
    }
}

/// `word`, or one that begins so, as FTS5 takes it. Words have no quotes in them.
pub(super) fn term(word: &str) -> String {
    format!("\"{word}\"*")
}

/// The text as it is taken in: Chinese and Japanese have no spaces, so each letter stands there together with
/// its next, and any two in the middle of a sentence are found.
pub(super) fn paired(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unspaced) {
        return Cow::Borrowed(text);
    }
    let mut all = String::with_capacity(text.len() * 2);
    let mut letters = text.chars().peekable();
    let mut before = false;
    while let Some(letter) = letters.next() {
        let unspaced = is_unspaced(letter);
        if unspaced || before {
            all.push(' ');
        }
        all.push(letter);
        if unspaced {
            all.extend(letters.peek().filter(|next| is_unspaced(**next)));
        }
        before = unspaced;
    }
    Cow::Owned(all)
}

fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{3ffff}')
}
