use std::fs;
use std::io::Write;

use super::*;

fn library(whose: Transcripts, home: &Path) -> Library {
    Library {
        whose,
        agent: "x".to_owned(),
        home: home.to_owned(),
    }
}

/// A home of Claude Code's with a transcript of these lines.
fn claude(lines: &[&str]) -> (tempfile::TempDir, Library, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("projects/-src-api");
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join("11111111-2222-4333-8444-555555555555.jsonl");
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let library = library(Transcripts::Claude, home.path());
    (home, library, path)
}

const PROMPT: &str = r##"{"parentUuid":null,"isSidechain":false,"type":"user","message":{"role":"user","content":"# Fix the login\nplease"},"timestamp":"2026-11-23T20:00:01.000Z","cwd":"/src/api","sessionId":"11111111-2222-4333-8444-555555555555"}"##;
const ANSWER: &str = r#"{"message":{"role":"assistant","model":"claude-opus-5-5","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"I look \u001b[31mred\u0007."},{"type":"tool_use","name":"Bash","input":{"description":"x","command":"cargo test"}}]},"type":"assistant","timestamp":"2026-11-23T20:00:05.000Z","sessionId":"11111111-2222-4333-8444-555555555555"}"#;
const RESULT: &str = r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"2 passed"}]}]},"timestamp":"2026-11-23T20:00:06.000Z"}"#;

fn speakers(page: &Page) -> Vec<(Speaker, &str)> {
    let passages = page.passages.iter();
    passages
        .map(|passage| (passage.speaker, passage.text.as_str()))
        .collect()
}

#[test]
fn a_transcript_tells_what_was_said() {
    let meta = r#"{"type":"user","isMeta":true,"message":{"content":"a caveat"}}"#;
    let command = r#"{"type":"user","message":{"content":"<command-name>/clear</command-name>\n<command-args></command-args>"}}"#;
    let sidechain = r#"{"type":"user","isSidechain":true,"message":{"content":"a subagent"}}"#;
    let title = r#"{"type":"ai-title","aiTitle":"Login fixed"}"#;
    let broken = r#"{"type":"assistant","message":{"content":[{"#;
    let (_home, library, path) = claude(&[
        meta, command, PROMPT, ANSWER, broken, RESULT, sidechain, title, "\u{0}",
    ]);
    let found = library.find();
    assert_eq!(found.len(), 1);
    let news = library.read(&found[0], None).unwrap();
    let conversation = &news.digest.conversation;
    assert_eq!(conversation.title, "Login fixed");
    assert_eq!(conversation.prompt, "# Fix the login\nplease");
    assert_eq!(conversation.model, "claude-opus-5-5");
    assert_eq!(conversation.directory, Path::new("/src/api"));
    assert_eq!(conversation.messages, 2);
    assert_eq!(conversation.changed_at.0 - conversation.started_at.0, 5000);
    assert!(news.anew && news.digest.owner.is_none());
    assert_eq!(news.prompts, "# Fix the login\nplease\n");
    assert_eq!(news.text, "I look red.\nBash(cargo test)\n");
    let page = library
        .page(path.to_str().unwrap(), From::Here(0), 100)
        .unwrap();
    assert_eq!(
        speakers(&page),
        [
            (Speaker::Note, "/clear"),
            (Speaker::User, "# Fix the login\nplease"),
            (Speaker::Thought, "hm"),
            (Speaker::Agent, "I look red."),
            (Speaker::Tool, "Bash(cargo test)"),
            (Speaker::Output, "2 passed"),
        ]
    );
    assert!(!page.more);
}

#[test]
fn what_is_added_is_read_on() {
    let (_home, library, path) = claude(&[PROMPT]);
    let first = library.read(&library.find()[0], None).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    // Half a line counts when it is whole.
    let (half, rest) = ANSWER.split_at(100);
    file.write_all(half.as_bytes()).unwrap();
    let found = &library.find()[0];
    let second = library.read(found, Some(first.digest.clone())).unwrap();
    assert_eq!((second.anew, second.text.as_str()), (false, ""));
    file.write_all(format!("{rest}\n").as_bytes()).unwrap();
    let found = &library.find()[0];
    let third = library.read(found, Some(second.digest)).unwrap();
    assert_eq!((third.prompts.as_str(), third.anew), ("", false));
    assert!(third.text.contains("cargo test"));
    let whole = library.read(found, None).unwrap();
    assert_eq!(whole.digest, third.digest);
    // One that became shorter is another one.
    fs::write(&path, format!("{PROMPT}\n")).unwrap();
    let found = &library.find()[0];
    let anew = library.read(found, Some(third.digest)).unwrap();
    assert!(anew.anew);
    assert_eq!(anew.digest, first.digest);
}

#[test]
fn pages_follow_each_other_both_ways() {
    let said: Vec<String> = (0..300)
        .map(|number| PROMPT.replace("Fix the login", &format!("{number} {}", "x".repeat(4000))))
        .collect();
    let lines: Vec<&str> = said.iter().map(String::as_str).collect();
    let (_home, library, path) = claude(&lines);
    let place = path.to_str().unwrap();
    let (mut forth, mut from) = (Vec::new(), 0);
    loop {
        let page = library.page(place, From::Here(from), 7).unwrap();
        assert_eq!(page.start, from);
        forth.extend(page.passages);
        from = page.end;
        if !page.more {
            break;
        }
    }
    assert_eq!(forth.len(), 300);
    let (mut back, mut to) = (Vec::new(), u64::MAX);
    while to > 0 {
        let page = library.page(place, From::Before(to), 70).unwrap();
        assert!(page.start < to && !page.passages.is_empty());
        back.splice(0..0, page.passages);
        to = page.start;
    }
    assert_eq!(back, forth);
}

#[test]
fn endless_and_foreign_files_do_no_harm() {
    let long = format!(
        "{{\"type\":\"user\",\"message\":{{\"content\":\"{}\"}}}}",
        "x".repeat(9_000_000)
    );
    let (home, library, path) = claude(&[&long, PROMPT, "[1", "{}", "\"user\"", "[\"user\"]"]);
    let dir = path.parent().unwrap();
    std::os::unix::fs::symlink(
        "/etc/passwd",
        dir.join("21111111-2222-4333-8444-555555555555.jsonl"),
    )
    .unwrap();
    fs::write(dir.join("agent-1.jsonl"), PROMPT).unwrap();
    let found = library.find();
    assert_eq!(found.len(), 1);
    let news = library.read(&found[0], None).unwrap();
    assert_eq!(news.digest.conversation.messages, 1);
    assert!(news.prompts.starts_with("# Fix"));
    // A place that is a link is not opened either.
    let link = home.path().join("link.jsonl");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(
        library
            .page(link.to_str().unwrap(), From::Here(0), 5)
            .is_err()
    );
}

#[test]
fn what_can_be_searched_is_bounded() {
    let long = PROMPT.replace("please", &"word ".repeat(12_000));
    let lines = vec![long.as_str(); 12];
    let (_home, library, _) = claude(&lines);
    let news = library.read(&library.find()[0], None).unwrap();
    assert_eq!(news.digest.conversation.messages, 12);
    assert!(news.prompts.len() as u64 <= MAX_SEARCHED + 1);
    assert!(news.digest.conversation.prompt.len() <= MAX_PROMPT);
}

#[test]
fn codex_keeps_what_was_said_among_what_was_not() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("sessions/2026/11/23");
    fs::create_dir_all(&dir).unwrap();
    let id = "01a20949-304c-7650-b0cf-7080c068aedb";
    let child = "01a20949-304c-7650-b0cf-7080c068aedc";
    let line = |kind: &str, payload: &str| {
        format!(r#"{{"timestamp":"2026-11-23T16:42:01.291Z","type":"{kind}","payload":{payload}}}"#)
    };
    let user = |text: &str| {
        let text = serde_json::to_string(text).unwrap();
        line(
            "response_item",
            &format!(
                r#"{{"type":"message","role":"user","content":[{{"type":"input_text","text":{text}}}]}}"#
            ),
        )
    };
    let lines = [
        line(
            "session_meta",
            &format!(
                r#"{{"id":"{id}","timestamp":"2026-11-23T16:42:01.218Z","cwd":"/src/api","source":"cli"}}"#
            ),
        ),
        line(
            "session_meta",
            &format!(r#"{{"id":"{child}","cwd":"/other","source":"cli"}}"#),
        ),
        user("<environment_context>\n  <cwd>/src/api</cwd>"),
        line("turn_context", r#"{"model":"gpt-5.2-codex"}"#),
        user("run it"),
        line(
            "response_item",
            r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"Let me look"}]}"#,
        ),
        line(
            "response_item",
            r#"{"type":"function_call","name":"shell","arguments":"{\"command\":[\"bash\",\"-lc\",\"ls -la\"]}"}"#,
        ),
        line(
            "response_item",
            r#"{"type":"function_call_output","output":"Chunk ID: 1\nOutput:\ntotal 16"}"#,
        ),
        line(
            "response_item",
            r#"{"type":"custom_tool_call","name":"apply_patch","input":"*** Begin Patch\n*** Update File: src/a.rs\n+x\n*** Add File: b\n*** End Patch"}"#,
        ),
        line(
            "response_item",
            r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"done"}]}"#,
        ),
        line("event_msg", r#"{"type":"turn_aborted"}"#),
    ];
    let path = dir.join(format!("rollout-2026-11-23T16-42-01-{id}.jsonl"));
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let spawned = line(
        "session_meta",
        &format!(
            r#"{{"id":"{child}","source":{{"subagent":{{"thread_spawn":{{"parent_thread_id":"{id}"}}}}}}}}"#
        ),
    );
    let other = dir.join(format!("rollout-2026-11-23T16-43-01-{child}.jsonl"));
    fs::write(other, spawned + "\n").unwrap();
    let library = library(Transcripts::Codex, home.path());
    let mut digests: Vec<News> = library
        .find()
        .iter()
        .map(|found| library.read(found, None).unwrap())
        .collect();
    digests.sort_by_key(|news| news.digest.owner.is_some());
    assert_eq!(digests[1].digest.owner.as_deref(), Some(id));
    let conversation = &digests[0].digest.conversation;
    assert_eq!(
        (conversation.id.as_str(), conversation.title.as_str()),
        (id, "run it")
    );
    assert_eq!(conversation.directory, Path::new("/src/api"));
    assert_eq!(conversation.model, "gpt-5.2-codex");
    let page = library
        .page(path.to_str().unwrap(), From::Before(u64::MAX), 100)
        .unwrap();
    assert_eq!(
        speakers(&page),
        [
            (Speaker::User, "run it"),
            (Speaker::Thought, "Let me look"),
            (Speaker::Tool, "shell(ls -la)"),
            (Speaker::Output, "total 16"),
            (Speaker::Tool, "apply_patch(src/a.rs, b)"),
            (Speaker::Agent, "done"),
            (Speaker::Note, "interrupted by the user"),
        ]
    );
}

#[test]
fn gemini_tells_a_message_again_when_it_knows_more() {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("tmp/api");
    fs::create_dir_all(project.join("chats")).unwrap();
    fs::write(project.join(".project_root"), "/src/api").unwrap();
    let id = "bad891f5-b004-4dd5-95e7-6994b4bc832b";
    let lines = [
        format!(r#"{{"sessionId":"{id}","startTime":"2026-11-24T02:06:06.649Z","kind":"main"}}"#),
        r#"{"$set":{"messages":[{"id":"a","type":"user","content":[{"text":"<session_context>\nx"}]}]}}"#.to_owned(),
        r#"{"id":"b","timestamp":"2026-11-24T02:06:06.705Z","type":"user","content":[{"text":"list the files"}]}"#.to_owned(),
        r#"{"id":"c","type":"gemini","content":"I will.","model":"gemini-3.8-flash"}"#.to_owned(),
        r#"{"id":"c","type":"gemini","content":"I will.","thoughts":[{"subject":"Plan","description":"look"}],"model":"gemini-3.8-flash","toolCalls":[{"name":"run_shell_command","args":{"command":"ls"},"result":[{"functionResponse":{"response":{"output":"a b"}}}]}]}"#.to_owned(),
        r#"{"id":"d","type":"user","content":[{"functionResponse":{"response":{"output":"a b"}}}]}"#.to_owned(),
        r#"{"$set":{"summary":"Files listed"}}"#.to_owned(),
    ];
    let path = project.join("chats/session-2026-11-24T02-06-bad891f5.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    let library = library(Transcripts::Gemini, home.path());
    let news = library.read(&library.find()[0], None).unwrap();
    let conversation = &news.digest.conversation;
    assert_eq!(
        (conversation.id.as_str(), conversation.title.as_str()),
        (id, "Files listed")
    );
    assert_eq!(
        (conversation.messages, conversation.directory.as_path()),
        (2, Path::new("/src/api"))
    );
    let place = path.to_str().unwrap();
    let page = library.page(place, From::Before(u64::MAX), 100).unwrap();
    assert_eq!(
        speakers(&page),
        [
            (Speaker::User, "list the files"),
            (Speaker::Thought, "Plan look"),
            (Speaker::Agent, "I will."),
            (Speaker::Tool, "run_shell_command(ls)"),
            (Speaker::Output, "a b"),
        ]
    );
    let last = library.page(place, From::Before(u64::MAX), 2).unwrap();
    assert_eq!((last.start, last.end, last.more), (3, 5, false));
    let first = library.page(place, From::Before(last.start), 2).unwrap();
    assert_eq!(
        (first.start, first.passages[1].speaker, first.more),
        (1, Speaker::Agent, true)
    );
}

#[test]
fn opencode_is_read_from_its_database() {
    let home = tempfile::tempdir().unwrap();
    let database = rusqlite::Connection::open(home.path().join("opencode.db")).unwrap();
    database
        .execute_batch(
            r#"CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT, title TEXT, cost REAL,
                 tokens_input INTEGER, tokens_output INTEGER, tokens_cache_read INTEGER,
                 tokens_cache_write INTEGER, model TEXT, time_created INTEGER, time_updated INTEGER);
               CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, data TEXT);
               CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT,
                 time_created INTEGER, data TEXT);
               INSERT INTO session VALUES ('ses_1', NULL, '/src/api', 'New session - 2026', 0.25, 1, 2, 3, 4,
                 '{"id":"fake-1"}', 1000, 2000), ('ses_2', 'ses_1', '/src/api', 'child', 0, 0, 0, 0, 0, NULL, 1, 2);
               INSERT INTO message VALUES ('m1', 'ses_1', 1000, '{"role":"user"}'),
                 ('m2', 'ses_1', 1001, '{"role":"assistant"}');
               INSERT INTO part VALUES ('p1', 'm1', 'ses_1', 1000, '{"type":"text","text":"\"list files\""}'),
                 ('p2', 'm2', 'ses_1', 1001, '{"type":"step-start"}'),
                 ('p3', 'm2', 'ses_1', 1002, '{"type":"tool","tool":"bash","state":{"input":{"command":"ls"},"output":"a"}}'),
                 ('p4', 'm2', 'ses_1', 1003, 'no json'),
                 ('p5', 'm2', 'ses_1', 1004, '{"type":"text","text":"Done."}');"#,
        )
        .unwrap();
    drop(database);
    let library = library(Transcripts::Opencode, home.path());
    let found = library.find();
    assert_eq!(found.len(), 1);
    let news = library.read(&found[0], None).unwrap();
    let conversation = &news.digest.conversation;
    assert_eq!(
        (conversation.id.as_str(), conversation.title.as_str()),
        ("ses_1", "list files")
    );
    assert_eq!(conversation.cost.map(|cost| cost.usd.0), Some(250_000));
    assert_eq!(
        (conversation.model.as_str(), conversation.messages),
        ("fake-1", 2)
    );
    let page = library.page(&found[0].place, From::Here(0), 3).unwrap();
    assert_eq!((page.passages.len(), page.end, page.more), (3, 3, true));
    let rest = library
        .page(&found[0].place, From::Here(page.end), 3)
        .unwrap();
    assert_eq!(speakers(&rest), [(Speaker::Agent, "Done.")]);
    // Nothing there, nothing found, and no database made.
    let empty = tempfile::tempdir().unwrap();
    let none = Library {
        home: empty.path().to_owned(),
        ..library
    };
    assert_eq!(none.find(), []);
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn text_is_made_harmless() {
    use super::text::*;
    for (said, clean_text) in [
        (
            "\u{1b}]0;title\u{7}a\u{1b}[1;31mb\u{9b}c\r\nd\re",
            "abc\nd\ne",
        ),
        ("\n\n  indented\n", "  indented"),
        ("\u{1b}", ""),
        ("\u{1b}[31", ""),
        ("", ""),
    ] {
        assert_eq!(clean(said, 100), clean_text, "{said:?}");
    }
    assert_eq!(clean("äöü", 3), "ä …");
    assert_eq!(one_line(" a\n b\tc ", 3), "a b…");
    assert_eq!(
        call("T\u{1b}[1m", &serde_json::json!({"x": 1})),
        r#"T({"x":1})"#
    );
}

/// Turns of which number `needle` says so, in words that only its reader can read.
fn turns(count: usize, needle: usize) -> Vec<String> {
    let turn = |number: usize| match number == needle {
        true => PROMPT.replace("Fix the login", "the n\\u0065edle is in number"),
        false => PROMPT.replace("Fix the login", &format!("{number} {}", "hay ".repeat(400))),
    };
    (0..count).map(turn).collect()
}

#[test]
fn what_is_sought_is_found_on_and_back_and_by_and_by() {
    let said = turns(900, 700);
    let lines: Vec<&str> = said.iter().map(String::as_str).collect();
    let (_home, library, path) = claude(&lines);
    let place = path.to_str().unwrap();
    let wanted = |passage: &Passage| passage.text.contains("needle");
    let (mut from, mut looks) = (0, 0);
    let hit = loop {
        let sought = library
            .seek(place, from, 100_000, &["needle"], &wanted)
            .unwrap();
        looks += 1;
        match sought.hit {
            Some(hit) => break hit,
            None => assert!(sought.reached > from && !sought.ended),
        }
        from = sought.reached;
    };
    assert!(looks > 5, "all of it was read at once");
    let page = library.page(place, From::Here(hit.0), 5).unwrap();
    assert_eq!(page.passages[0], hit.1);
    // Behind it there is none; before the end there is.
    let sought = library
        .seek(place, page.end, u64::MAX, &["needle"], &wanted)
        .unwrap();
    assert!(sought.hit.is_none() && sought.ended);
    let back = library.seek_back(place, u64::MAX, &wanted).unwrap();
    let (start, passage) = back.hit.unwrap();
    assert!(wanted(&passage));
    let page = library
        .page(place, From::Here(start), MAX_PASSAGES)
        .unwrap();
    assert_eq!(page.passages.iter().filter(|it| wanted(it)).count(), 1);
    let before = library.seek_back(place, hit.0, &wanted).unwrap();
    assert!(before.hit.is_none() && before.reached < hit.0 && !before.ended);
}

#[test]
fn another_file_in_the_place_of_one_is_not_read_on() {
    let (_home, library, path) = claude(&[PROMPT]);
    let first = library.read(&library.find()[0], None).unwrap();
    // Written anew, longer, in the same file: no line ends where the one before ended.
    let other = PROMPT.replace("Fix the login", &"something else ".repeat(40));
    fs::write(&path, format!("{other}\n{ANSWER}\n")).unwrap();
    let second = library
        .read(&library.find()[0], Some(first.digest))
        .unwrap();
    assert!(second.anew);
    assert!(second.digest.conversation.prompt.contains("something else"));
    // What grows while it is read is read as far as it was long, and then on.
    let found = library.find()[0].clone();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(format!("{RESULT}\n{ANSWER}\n").as_bytes())
        .unwrap();
    let third = library.read(&found, Some(second.digest)).unwrap();
    assert!(!third.anew && third.text.contains("cargo test"));
    let whole = library.read(&library.find()[0], None).unwrap();
    assert_eq!(whole.digest, third.digest);
}

#[test]
fn directories_that_are_links_lead_nowhere_twice() {
    let (home, library, path) = claude(&[PROMPT]);
    let projects = home.path().join("projects");
    std::os::unix::fs::symlink(&projects, projects.join("loop")).unwrap();
    std::os::unix::fs::symlink(&projects, path.parent().unwrap().join("loop")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", projects.join("zero")).unwrap();
    assert_eq!(library.find().len(), 1);
    // One that cannot be read is said to be so, and nothing else.
    let mut found = library.find()[0].clone();
    found.place.push_str(".gone");
    assert!(library.read(&found, None).is_err());
    let pipe = path.with_file_name("31111111-2222-4333-8444-555555555555.jsonl");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    assert_eq!(library.find().len(), 1);
}
