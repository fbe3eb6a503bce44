use super::*;

fn entry(number: usize, title: &str) -> IndexEntry {
    IndexEntry {
        place: format!("/home/u/.claude/{number}.jsonl"),
        written: (100, number as i64, number as u64),
        agent: if number.is_multiple_of(2) {
            "claude"
        } else {
            "codex"
        }
        .to_owned(),
        conversation: format!("{number:08x}-0000"),
        directory: format!("/src/p{}", number % 10),
        title: title.to_owned(),
        changed_at: number as i64,
        shown: true,
        record: format!("{{\"number\":{number}}}"),
    }
}

fn words(prompts: &str, text: &str) -> NewWords {
    NewWords {
        anew: true,
        prompts: prompts.to_owned(),
        text: text.to_owned(),
    }
}

/// The titles of what is found: those that have the words in title or prompts first.
fn search(index: &Index, words: &str) -> Vec<String> {
    let mut outlines = index.outlines(words, false).unwrap();
    outlines.sort_by_key(|outline| !outline.strong);
    let rows: Vec<i64> = outlines.iter().map(|outline| outline.row).collect();
    let entries = index.entries(&rows).unwrap();
    assert_eq!(entries.len(), outlines.len());
    entries.into_iter().map(|row| row.title).collect()
}

fn filled() -> (tempfile::TempDir, Index) {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(&dir.path().join("c.db")).unwrap();
    index
        .put(
            &entry(1, "Fix the login"),
            &words("the cookie expires", "I read session.rs"),
        )
        .unwrap();
    index
        .put(
            &entry(2, "Größe prüfen"),
            &words("measure it", "login works, says the cookie"),
        )
        .unwrap();
    (dir, index)
}

#[test]
fn words_are_found_wherever_they_stand_titles_and_prompts_first() {
    let (_dir, index) = filled();
    assert_eq!(search(&index, ""), ["Größe prüfen", "Fix the login"]);
    assert_eq!(search(&index, "LOGIN"), ["Fix the login", "Größe prüfen"]);
    assert_eq!(search(&index, "coo log"), ["Fix the login", "Größe prüfen"]);
    assert_eq!(search(&index, "grosse"), Vec::<String>::new());
    assert_eq!(search(&index, "größe"), ["Größe prüfen"]);
    assert_eq!(search(&index, "grö mea"), ["Größe prüfen"]);
    assert_eq!(search(&index, "session.rs"), ["Fix the login"]);
    for nothing in ["nowhere", "login nowhere", "\"", "* OR", "')--"] {
        assert_eq!(search(&index, nothing), Vec::<String>::new(), "{nothing}");
    }
}

#[test]
fn titles_and_prompts_can_be_searched_alone_and_ids_by_their_beginning() {
    let (_dir, index) = filled();
    let titles = |words: &str| index.outlines(words, true).unwrap().len();
    assert_eq!(titles("login"), 1);
    assert_eq!(titles("cookie"), 1);
    assert_eq!(titles("session.rs"), 0, "that was said by the agent");
    assert_eq!(titles(""), 2);
    assert_eq!(
        index.by_prefix("00000002", 5).unwrap()[0].title,
        "Größe prüfen"
    );
    assert_eq!(index.by_prefix("0000000", 5).unwrap().len(), 2);
    assert_eq!(index.by_prefix("%", 5).unwrap().len(), 0);
    assert_eq!(index.entries(&[2, 99, 1]).unwrap().len(), 2);
}

#[test]
fn what_is_done_together_is_done_as_a_whole() {
    let (_dir, index) = filled();
    let failed: Result<(), StoreError> = index.together(|batch| {
        batch.put(&entry(3, "Third"), &words("third", ""))?;
        assert!(batch.record("/home/u/.claude/3.jsonl")?.is_some());
        // Whoever lists meanwhile sees what was there before.
        assert_eq!(search(&index, "").len(), 2);
        Err(StoreError::NotFound("the disk".into()))
    });
    assert!(failed.is_err());
    assert_eq!(search(&index, "third"), Vec::<String>::new());
}

#[test]
fn it_is_kept_up() {
    let (dir, index) = filled();
    let known = index.known().unwrap();
    assert_eq!(known["/home/u/.claude/1.jsonl"], (100, 1, 1));
    // Read on: what was there stays; the title goes with its words.
    let more = NewWords {
        anew: false,
        ..words("and the logout", "")
    };
    index.put(&entry(1, "Sessions"), &more).unwrap();
    assert_eq!(search(&index, "cookie logout"), ["Sessions"]);
    assert_eq!(search(&index, "fix"), Vec::<String>::new());
    // Read anew: nothing is left of before.
    index
        .put(&entry(1, "Sessions"), &words("only this", ""))
        .unwrap();
    assert_eq!(search(&index, "cookie"), ["Größe prüfen"]);
    assert_eq!(search(&index, "only"), ["Sessions"]);
    // One that is no conversation is neither listed nor searched.
    let hidden = IndexEntry {
        shown: false,
        ..entry(3, "Subagent")
    };
    index.put(&hidden, &words("cookie", "")).unwrap();
    assert_eq!(search(&index, "cookie"), ["Größe prüfen"]);
    index
        .forget(&["/home/u/.claude/2.jsonl".to_owned()])
        .unwrap();
    assert_eq!(search(&index, ""), ["Sessions"]);
    assert_eq!(search(&index, "cookie"), Vec::<String>::new());
    assert_eq!(index.record("/home/u/.claude/2.jsonl").unwrap(), None);
    // Read on too often: better anew.
    for _ in 0..PIECES - 1 {
        assert!(index.record("/home/u/.claude/1.jsonl").unwrap().is_some());
        index.put(&entry(1, "Sessions"), &more).unwrap();
    }
    assert_eq!(index.record("/home/u/.claude/1.jsonl").unwrap(), None);
    drop(index);
    let again = Index::open(&dir.path().join("c.db")).unwrap();
    assert_eq!(search(&again, "logout"), ["Sessions"]);
}

#[test]
fn a_damaged_index_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    std::fs::write(&path, "no database ".repeat(1000)).unwrap();
    let index = Index::open(&path).unwrap();
    assert!(index.known().unwrap().is_empty());
    drop(index);
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    assert!(Index::open(&path).unwrap().known().unwrap().is_empty());
}

/// What the tokenizer takes for several words is found by all of them.
#[test]
fn what_is_searched_is_taken_to_pieces_as_what_was_said() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(&dir.path().join("c.db")).unwrap();
    let said = [
        "the session_id of foo_bar",
        "switch to gpt-5.2, don't wait",
        "これは日本語のテストです",
        "nai\u{308}ve and café",
        "हिन्दी में",
        "Ⓐ and ½ of C++ at 10.0.0.1:80",
    ];
    for (number, text) in said.iter().enumerate() {
        let entry = entry(number, &format!("{number}"));
        index.put(&entry, &words("", text)).unwrap();
    }
    for (searched, found) in [
        ("session_id", "0"),
        ("session id", "0"),
        ("foo_b", "0"),
        ("bar_foo", "0"),
        ("gpt-5.2", "1"),
        ("GPT-5", "1"),
        ("don't", "1"),
        ("don’t", "1"),
        ("日本", "2"),
        ("本語", "2"),
        ("テスト", "2"),
        ("語", "2"),
        ("日本人", ""),
        ("naïve", "3"),
        ("nai\u{308}ve", "3"),
        ("naive cafe\u{301}", "3"),
        ("हिन्दी", "4"),
        ("Ⓐ", ""),
        ("½", "5"),
        ("c++", "3 5"),
        ("10.0.0.1:80", "5"),
        ("session_id gpt-5.2", ""),
    ] {
        let mut titles = search(&index, searched);
        titles.sort();
        assert_eq!(titles.join(" "), found, "{searched}");
    }
}

/// Nothing that can be typed is refused, and every letter finds itself.
#[test]
fn any_letter_can_be_searched() {
    let (_dir, index) = filled();
    let all = (0x20..0x3_4000_u32).step_by(101).filter_map(char::from_u32);
    for letters in all.collect::<Vec<_>>().chunks(100) {
        let text: Vec<String> = letters.iter().map(|c| format!("{c} log{c}in")).collect();
        index
            .put(&entry(3, "Letters"), &words("", &text.join(" ")))
            .unwrap();
        for letter in letters {
            let word = format!("log{letter}in");
            let found = search(&index, &word);
            assert!(
                found.contains(&"Letters".to_owned()),
                "{letter:?} {found:?}"
            );
            index.outlines(&letter.to_string(), true).unwrap();
        }
    }
}
