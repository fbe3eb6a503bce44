use std::time::Instant;

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

fn search(index: &Index, words: &str) -> Vec<String> {
    let wanted = Wanted {
        words: words.to_owned(),
        limit: 10,
        ..Wanted::default()
    };
    let (rows, all) = index.search(&wanted).unwrap();
    assert_eq!(rows.len(), (all as usize).min(10));
    rows.into_iter().map(|row| row.title).collect()
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
fn what_is_wanted_can_be_narrowed() {
    let (_dir, index) = filled();
    let titles = |wanted: Wanted| -> Vec<String> {
        let (rows, _) = index.search(&Wanted { limit: 9, ..wanted }).unwrap();
        rows.into_iter().map(|row| row.title).collect()
    };
    let list = |text: &str| vec![text.to_owned()];
    let usual = Wanted::default;
    assert_eq!(
        titles(Wanted {
            agent: Some("codex".into()),
            ..usual()
        }),
        ["Fix the login"]
    );
    assert_eq!(
        titles(Wanted {
            directories: list("/src/p2"),
            ..usual()
        }),
        ["Größe prüfen"]
    );
    assert_eq!(
        titles(Wanted {
            directories: list("/src/p"),
            ..usual()
        })
        .len(),
        0
    );
    assert_eq!(
        titles(Wanted {
            directories: list("/src"),
            ..usual()
        })
        .len(),
        2
    );
    assert_eq!(
        titles(Wanted {
            not_in: list("/src/p2"),
            ..usual()
        }),
        ["Fix the login"]
    );
    assert_eq!(
        titles(Wanted {
            not: list("00000001-0000"),
            ..usual()
        }),
        ["Größe prüfen"]
    );
    assert_eq!(
        index.by_prefix("00000002", 5).unwrap()[0].title,
        "Größe prüfen"
    );
    assert_eq!(index.by_prefix("0000000", 5).unwrap().len(), 2);
    assert_eq!(index.by_prefix("%", 5).unwrap().len(), 0);
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

/// Ten thousand conversations: a search answers while somebody types, and what is known is read at once.
#[test]
#[ignore = "measures time, which other work on the machine takes"]
fn ten_thousand_are_searched_while_somebody_types() {
    const SYLLABLES: [&str; 16] = [
        "ka", "lo", "mi", "ser", "ver", "tok", "en", "par", "se", "ti", "on", "log", "in", "re",
        "du", "x",
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    let index = Index::open(&path).unwrap();
    let mut seed = 42_u64;
    let mut word = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let pick = |shift: u64| SYLLABLES[(seed >> shift & 15) as usize];
        [pick(20), pick(30), pick(40)].concat()
    };
    let mut text = |count: usize| {
        let words: Vec<String> = (0..count).map(|_| word()).collect();
        words.join(" ")
    };
    index.lock().execute_batch("BEGIN").ok();
    index.lock().execute_batch("COMMIT").ok();
    for number in 0..10_000 {
        let new = words(&text(30), &text(170));
        index.put(&entry(number, &text(6)), &new).unwrap();
    }
    let clock = |what: &mut dyn FnMut()| {
        let fastest = (0..5).map(|_| {
            let start = Instant::now();
            what();
            start.elapsed()
        });
        fastest.min().unwrap_or_default()
    };
    let mut slowest = Duration::ZERO;
    for words in [
        "l",
        "lo",
        "log",
        "login",
        "loginpar",
        "login ser token",
        "se ti on in re",
    ] {
        let took = clock(&mut || {
            let wanted = Wanted {
                words: words.to_owned(),
                limit: 200,
                ..Wanted::default()
            };
            index.search(&wanted).unwrap();
        });
        eprintln!("{words:20} {took:?}");
        slowest = slowest.max(took);
    }
    let all = clock(&mut || {
        drop(index.search(&Wanted {
            limit: 200,
            ..Wanted::default()
        }))
    });
    let known = clock(&mut || drop(index.known()));
    let size = std::fs::metadata(&path).unwrap().len() / 1_000_000;
    eprintln!("all {all:?} known {known:?} {size} MB");
    // A generous bound, for a machine that does other things too; it takes a tenth of it.
    let bound = Duration::from_millis(500);
    assert!(
        slowest.max(all).max(known) < bound,
        "{slowest:?} {all:?} {known:?}"
    );
}
