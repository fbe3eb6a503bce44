//! Folding: an error without what differs from one time to the next, so that two can be compared.
//!
//! Pure. What comes in is untrusted output of any length; what comes out is short, lower-case and on one
//! line. Invariant: numbers, paths, times, ids and quotations never decide whether two errors are the same,
//! while an error's own code (`E0308`, `TS2345`, `ENOENT`) does.

/// How much of a text is looked at, in characters: the beginning of an error says which it is.
const MOST_READ: usize = 4_000;

/// The longest folded text, in bytes; cut at a word.
const MOST_KEPT: usize = 400;

/// The longest quotation that is taken for one, in characters; beyond it the mark was something else.
const MOST_QUOTED: usize = 300;

const NUMBER: &str = "<n>";
const PATH: &str = "<path>";
const TIME: &str = "<time>";
const ID: &str = "<id>";
const TEXT: &str = "<text>";

/// `text` without numbers, paths, times, ids and quotations; equal for errors that are the same.
pub fn fold(text: &str) -> String {
    let plain: Vec<char> = plain(text);
    let mut pieces: Vec<String> = Vec::new();
    let mut at = 0;
    while at < plain.len() {
        let letter = plain[at];
        if letter.is_whitespace() {
            at += 1;
        } else if let Some(end) = quote_end(&plain, at) {
            pieces.push(TEXT.to_owned());
            at = end;
        } else if is_separator(letter) {
            pieces.push(letter.to_string());
            at += 1;
        } else {
            let end = word_end(&plain, at);
            let word: String = plain[at..end].iter().collect();
            fold_word(&word, &mut pieces);
            at = end;
        }
    }
    fold_dates(&mut pieces);
    join(&merge_lists(pieces))
}

/// The line of an output that says what went wrong: the first that names an error or a failure, else the
/// last with text in it; empty where there is none.
pub fn headline(output: &str) -> &str {
    let mut last = "";
    for line in output.lines() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        last = line;
        if names_a_failure(line) {
            return line;
        }
    }
    last
}

/// Whether a line says that something went wrong. "0 failed" and "no errors" do not.
fn names_a_failure(line: &str) -> bool {
    let mut before = String::new();
    for word in line.split(|c: char| !c.is_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        let word = word.to_ascii_lowercase();
        let bad = ["fail", "fatal", "panic", "exception"]
            .iter()
            .any(|start| word.starts_with(start))
            || word.ends_with("error")
            || word.ends_with("errors")
            || matches!(word.as_str(), "denied" | "invalid" | "cannot" | "unable")
            || before == "not" && word == "found"
            || before == "no" && word == "such";
        if bad && (!matches!(before.as_str(), "0" | "no" | "without") || word == "such") {
            return true;
        }
        before = word;
    }
    false
}

/// The beginning of `text` without escape sequences and control characters.
fn plain(text: &str) -> Vec<char> {
    let mut plain = Vec::new();
    let mut letters = text.chars().take(MOST_READ).peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => skip_escape(&mut letters),
            '\n' | '\r' | '\t' => plain.push(' '),
            letter if letter.is_control() => {}
            letter => plain.push(letter),
        }
    }
    plain
}

/// Skips what follows an escape: a control sequence, an operating system command, or one character.
fn skip_escape(letters: &mut std::iter::Peekable<impl Iterator<Item = char>>) {
    match letters.next() {
        Some('[') => {
            for letter in letters.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&letter) {
                    return;
                }
            }
        }
        Some(']') => {
            while let Some(letter) = letters.next() {
                if letter == '\u{7}' {
                    return;
                }
                if letter == '\u{1b}' {
                    letters.next_if_eq(&'\\');
                    return;
                }
            }
        }
        _ => {}
    }
}

/// Where a quotation ends that begins at `at`. An apostrophe inside a word is none, at its end neither.
fn quote_end(plain: &[char], at: usize) -> Option<usize> {
    let close = match plain[at] {
        mark @ ('"' | '\'' | '`') => mark,
        '“' => '”',
        '‘' => '’',
        '«' => '»',
        _ => return None,
    };
    let inside = plain.iter().skip(at + 1).take(MOST_QUOTED);
    for (length, letter) in inside.enumerate() {
        let end = at + 2 + length;
        let goes_on = plain.get(end).is_some_and(|next| next.is_alphanumeric());
        if *letter == close && !goes_on {
            return Some(end);
        }
    }
    None
}

fn is_separator(letter: char) -> bool {
    matches!(
        letter,
        '(' | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | ','
            | ';'
            | '='
            | '|'
            | '"'
            | '`'
            | '“'
            | '«'
    )
}

fn word_end(plain: &[char], at: usize) -> usize {
    plain[at..]
        .iter()
        .position(|letter| letter.is_whitespace() || is_separator(*letter))
        .map_or(plain.len(), |length| at + length.max(1))
}

/// The pieces of a word: what stands around it, and itself, folded.
fn fold_word(word: &str, pieces: &mut Vec<String>) {
    let around = |c: char| matches!(c, ':' | '!' | '?' | '\'' | '’' | '*' | '#' | '…');
    let core = word.trim_start_matches(around);
    let core = core.trim_end_matches(|c: char| around(c) || c == '.');
    if core.is_empty() {
        pieces.push(word.to_lowercase());
        return;
    }
    let start = word.len() - word.trim_start_matches(around).len();
    for mark in word[..start].chars() {
        pieces.push(mark.to_string());
    }
    pieces.push(fold_core(core));
    for mark in word[start + core.len()..].chars() {
        pieces.push(mark.to_string());
    }
}

fn fold_core(core: &str) -> String {
    let kind = if is_time(core) {
        TIME
    } else if is_number(core) {
        NUMBER
    } else if is_path(core) {
        PATH
    } else if is_id(core) {
        ID
    } else if is_code(core) {
        return core.to_lowercase();
    } else {
        return fold_digits(core);
    };
    kind.to_owned()
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// A clock, a date, both, or a duration such as `1.5s` and `2m30s`.
fn is_time(word: &str) -> bool {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let dated = |c: char| c.is_ascii_digit() || matches!(c, ':' | '-' | '.' | 'T' | 'Z' | '+');
    let parts = word.matches([':', '-']).count();
    if word.chars().all(dated) && parts > 0 && digits(word) >= 4 && !word.contains("..") {
        // 12:30 and 2026-11-27, but not the address 127.0.0.1:8080.
        return word.matches('.').count() < 3;
    }
    let mut rest = word;
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let unit = after.trim_start_matches(char::is_alphabetic);
        let name = &after[..after.len() - unit.len()];
        let known = matches!(
            name,
            "ns" | "us"
                | "µs"
                | "μs"
                | "ms"
                | "s"
                | "m"
                | "h"
                | "d"
                | "sec"
                | "secs"
                | "min"
                | "mins"
        );
        if !known || after.len() == rest.len() {
            return false;
        }
        rest = unit;
    }
    true
}

/// Digits and what stands between digits, with at most a short unit behind: `1,024`, `-3.5`, `12kB`, `80%`.
fn is_number(word: &str) -> bool {
    let body = word.trim_start_matches(['+', '-', '~', '$']);
    let number = body.trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
    body.starts_with(|c: char| c.is_ascii_digit())
        && body.len() - number.len() <= 3
        && number
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '_' | ':' | '-' | '/' | 'x'))
}

/// Something with a slash, a drive, or the name of a file with an ending and perhaps a position.
fn is_path(word: &str) -> bool {
    if word.contains('/') || word.contains('\\') || word.starts_with('~') {
        return word.chars().any(char::is_alphanumeric);
    }
    let file = word.split(':').next().unwrap_or(word);
    file.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty()
            && (1..=5).contains(&ending.len())
            && ending.bytes().all(|c| c.is_ascii_alphanumeric())
            && ending.bytes().any(|c| c.is_ascii_alphabetic())
            && stem
                .chars()
                .all(|c| c.is_alphanumeric() || "._-@+".contains(c))
    })
}

/// A hash, an address, a UUID, or letters and digits mixed as only machines do.
fn is_id(word: &str) -> bool {
    let body = word.strip_prefix("0x").unwrap_or(word);
    let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    if body.len() < word.len() && body.chars().all(hex) {
        return true;
    }
    if word.len() >= 7 && word.chars().all(hex) && digits(word) > 0 {
        return true;
    }
    let mixed = word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    mixed && word.len() >= 12 && digits(word) >= 3
}

/// The code of an error, as compilers give them: up to six capitals and two to six digits.
fn is_code(word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let letters = word.len() - number.len();
    (1..=6).contains(&letters)
        && (2..=6).contains(&number.len())
        && number.bytes().all(|c| c.is_ascii_digit())
}

/// The word in lower case, each number in it folded: `worker3` and `worker12` are the same.
fn fold_digits(word: &str) -> String {
    let mut folded = String::new();
    let mut in_number = false;
    for letter in word.chars() {
        if letter.is_ascii_digit() {
            if !in_number {
                folded.push_str(NUMBER);
            }
            in_number = true;
        } else {
            in_number = false;
            folded.extend(letter.to_lowercase());
        }
    }
    folded
}

/// Names of days and months beside a number or a time belong to it: `Fri Nov 27`.
fn fold_dates(pieces: &mut [String]) {
    const NAMES: [&str; 19] = [
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "may", "jun",
        "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    for at in (0..pieces.len()).rev() {
        let timed = pieces
            .get(at + 1)
            .is_some_and(|next| next == NUMBER || next == TIME);
        if timed && NAMES.contains(&pieces[at].as_str()) {
            pieces[at] = TIME.to_owned();
            pieces[at + 1] = TIME.to_owned();
        }
    }
}

/// One of each where the same mark stands in a row, with commas or without: a list's length says nothing.
fn merge_lists(pieces: Vec<String>) -> Vec<String> {
    let mut merged: Vec<String> = Vec::new();
    for piece in pieces {
        if piece.len() > 2 && piece.starts_with('<') && piece.ends_with('>') {
            let last = merged.len().checked_sub(1);
            let comma = last.filter(|last| merged[*last] == "," && *last > 0);
            if let Some(comma) = comma
                && merged[comma - 1] == piece
            {
                merged.pop();
                continue;
            }
            if last.is_some_and(|last| merged[last] == piece) {
                continue;
            }
        }
        merged.push(piece);
    }
    merged
}

/// The pieces with a space between them, as far as they fit.
fn join(pieces: &[String]) -> String {
    let mut joined = String::new();
    for piece in pieces {
        if joined.len() + piece.len() + 1 > MOST_KEPT {
            break;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(piece);
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_differs_from_time_to_time_is_folded() {
        for (text, folded) in [
            ("", ""),
            ("  \n ", ""),
            ("exit status 101", "exit status <n>"),
            ("took 1.53s, then 300ms", "took <time> , then <time>"),
            ("at 12:03:59.120 it broke", "at <time> it broke"),
            (
                "2026-11-27T10:03:10Z ERROR no route",
                "<time> error no route",
            ),
            (
                "Fri Nov 27 10:03:10 UTC 2026: gone",
                "<time> utc <n> : gone",
            ),
            ("may I 3", "may i <n>"),
            (
                "thread 'main' (12345) panicked at src/main.rs:3:5:",
                "thread <text> ( <n> ) panicked at <path> :",
            ),
            (
                "error[E0308]: mismatched types",
                "error [ e0308 ] : mismatched types",
            ),
            ("TS2345: bad", "ts2345 : bad"),
            (
                "cannot find value `foo` in this scope",
                "cannot find value <text> in this scope",
            ),
            ("can't read what isn't there", "can't read what isn't there"),
            (
                "Couldn't open 'it's.txt' today",
                "couldn't open <text> today",
            ),
            (
                "ENOENT: no such file, open '/tmp/a b/c'",
                "enoent : no such file , open <text>",
            ),
            ("commit 3ff6de0c is gone", "commit <id> is gone"),
            ("id 550e8400-e29b-41d4-a716-446655440000!", "id <id> !"),
            (
                "request req_011CSHoEeqs5C35K2UUqR7Fy failed",
                "request <id> failed",
            ),
            ("pointer 0xdeadbeef", "pointer <id>"),
            ("worker3 and worker12 died", "worker<n> and worker<n> died"),
            ("connect 127.0.0.1:8080 refused", "connect <n> refused"),
            (
                "https://example.org/a?b=1 timed out",
                "<path> = <n> timed out",
            ),
            (r"C:\Users\x\a.rs(3,4): bad", "<path> ( <n> ) : bad"),
            (
                "expected [1, 2, 3], got [4]",
                "expected [ <n> ] , got [ <n> ]",
            ),
            ("\u{1b}[31;1merror\u{1b}[0m\u{1b}]0;t\u{7}: x", "error : x"),
            (
                "java.lang.NullPointerException",
                "java.lang.nullpointerexception",
            ),
            ("GREETING is 'unended", "greeting is ' unended"),
            ("Größe 12 überschritten", "größe <n> überschritten"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn the_same_error_is_the_same_and_another_is_another() {
        for (one, other, same) in [
            (
                "test db::t1 failed after 3.1s in /tmp/x1/a.rs:10",
                "test db::t1 failed after 2.7s in /tmp/y9/a.rs:12",
                true,
            ),
            (
                "error[E0308]: mismatched types",
                "error[E0425]: mismatched types",
                false,
            ),
            ("permission denied", "no such file", false),
            ("HTTP 500 at 10:00", "HTTP 503 at 10:01", true),
        ] {
            assert_eq!(fold(one) == fold(other), same, "{one} / {other}");
        }
    }

    #[test]
    fn the_line_that_says_it() {
        for (output, line) in [
            ("", ""),
            ("all good\n\n", "all good"),
            ("compiling\nerror[E1]: bad\nmore", "error[E1]: bad"),
            ("0 failed, no errors\ndone", "done"),
            (
                "Traceback (most recent call last):\n  x\nValueError: y\n",
                "ValueError: y",
            ),
            (
                "ok\r\n--- FAIL: TestX (0.00s)\r\n",
                "--- FAIL: TestX (0.00s)",
            ),
        ] {
            assert_eq!(headline(output), line);
        }
    }

    proptest! {
        #[test]
        fn any_text_folds_to_something_short(text in any::<String>()) {
            let folded = fold(&text);
            prop_assert!(folded.len() <= MOST_KEPT);
            prop_assert!(!folded.contains(char::is_control));
            prop_assert!(text.contains(headline(&text)));
        }

        #[test]
        fn what_is_folded_decides_nothing(
            one in (any::<u32>(), "/[a-z]{1,9}/[a-z0-9]{1,9}", "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]",
                "req_0123[0-9a-f]{16}", "[a-z ]{0,40}"),
            other in (any::<u32>(), "/[a-z]{1,9}/[a-z0-9]{1,9}", "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]",
                "req_0123[0-9a-f]{16}", "[a-z ]{0,40}"),
        ) {
            let say = |(number, path, time, id, words): &(u32, String, String, String, String)| {
                fold(&format!("{time} step {number} of {path}: {id} refused \"{words}\" (E12)"))
            };
            prop_assert_eq!(say(&one), say(&other));
        }
    }
}
