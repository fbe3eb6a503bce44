use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::domain::stream::Summary;
use crate::domain::{Exit, Timestamp};

/// Runs recorded of the real CLIs in front of a scripted model.
fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/streams")
}

fn format_of(name: &str) -> StreamFormat {
    match name.split('-').next().unwrap() {
        "claude" | "qwen" => StreamFormat::Claude,
        "codex" => StreamFormat::Codex,
        "gemini" => StreamFormat::Gemini,
        "opencode" => StreamFormat::Opencode,
        other => panic!("whose is {other}?"),
    }
}

fn events(format: StreamFormat, pieces: &[&[u8]]) -> Vec<StreamEvent> {
    let mut reader = StreamReader::new(format, "/repo");
    let mut events = Vec::new();
    for piece in pieces {
        reader.feed(piece, &mut |event| events.push(event));
    }
    reader.end(&mut |event| events.push(event));
    events
}

fn summary(events: &[StreamEvent]) -> Summary {
    let mut summary = Summary::default();
    events.iter().for_each(|event| summary.note(event));
    summary
}

/// What a page shows, without styles.
fn page(events: &[StreamEvent], width: u16) -> String {
    let mut page = Page::default();
    let mut out = Vec::new();
    page.redraw(width, &mut out);
    let begin = out.len();
    page.begin(&mut out);
    events.iter().for_each(|event| page.tell(event, &mut out));
    page.end(Over::new(&summary(events), Some(83_000)), &mut out);
    let live = String::from_utf8(out.split_off(begin)).unwrap();
    // Set anew it is the same.
    let mut anew = Vec::new();
    page.redraw(width, &mut anew);
    assert_eq!(String::from_utf8(anew.split_off(begin)).unwrap(), live);
    bare(&live)
}

fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut parts = text.split('\x1b');
    bare.push_str(parts.next().unwrap());
    for part in parts {
        bare.push_str(&part[part.find(|c: char| c.is_ascii_alphabetic()).unwrap() + 1..]);
    }
    bare.replace("\r\n", "\n")
}

/// What is told and shown of every recorded run, and how it is judged.
#[test]
fn recorded_runs() {
    let mut names: Vec<String> = fs::read_dir(recorded())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".out").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let bytes = fs::read(recorded().join(format!("{name}.out"))).unwrap();
        let format = format_of(&name);
        let whole = events(format, &[&bytes]);
        // A terminal ends lines in another way, and output comes in any pieces.
        let crlf = String::from_utf8_lossy(&bytes).replace('\n', "\r\n");
        let pieces: Vec<&[u8]> = crlf.as_bytes().chunks(7).collect();
        assert_eq!(events(format, &pieces), whole, "{name}");

        let summary = summary(&whole);
        let told: Vec<String> = whole.iter().map(|event| format!("{event:?}")).collect();
        let verdict = summary.verdict("The agent", Exit::Code(0));
        let shown = page(&whole, 72);
        let used = summary.used.as_ref();
        let text = format!(
            "{}\n\nverdict: {verdict:?}\nconversation: {:?}\ncalls {}, changes {}, denied {}, tokens {:?}, cost {:?}\n\n{shown}",
            told.join("\n"),
            summary.conversation,
            summary.calls,
            summary.changes,
            summary.denied,
            used.map(|used| (used.scope, used.tokens())),
            used.and_then(|used| used.cost()),
        );
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn a_usage_limit_stops_only_where_the_service_rejects() {
    let told = |status: &str| {
        let line = format!(
            r#"{{"rate_limit_info":{{"resetsAt":1795800000,"status":"{status}","rateLimitType":"five_hour"}},"type":"rate_limit_event"}}"#
        );
        events(StreamFormat::Claude, &[line.as_bytes()])
    };
    assert_eq!(told("allowed"), []);
    for (status, rejected) in [("allowed_warning", false), ("rejected", true)] {
        let [StreamEvent::Limited(limit)] = &told(status)[..] else {
            panic!("nothing of {status}");
        };
        assert_eq!(limit.rejected, rejected);
        assert_eq!(limit.until, Some(Timestamp(1_795_800_000_000)));
        assert_eq!(limit.which, "five_hour");
    }
}

#[test]
fn the_order_of_fields_decides_nothing() {
    let one = r#"{"type":"result","is_error":true,"subtype":"success","result":"Overloaded","api_error_status":529}"#;
    let other = r#"{"api_error_status":529,"result":"Overloaded","subtype":"success","is_error":true,"type":"result"}"#;
    let told = events(StreamFormat::Claude, &[one.as_bytes()]);
    assert_eq!(told, events(StreamFormat::Claude, &[other.as_bytes()]));
    assert_eq!(summary(&told).finished, Some(false));
    // Words about an error are none.
    let fine = r#"{"type":"result","is_error":false,"result":"\"is_error\": true"}"#;
    let told = events(StreamFormat::Claude, &[fine.as_bytes()]);
    assert_eq!(summary(&told).finished, Some(true));
}

#[test]
fn the_same_call_has_the_same_hash() {
    let hash = |tool: &str, input: &str| {
        let input: Value = serde_json::from_str(input).unwrap();
        tool_call("id", tool, &input, "/repo").hash
    };
    let one = hash("Bash", r#"{"command":"ls","timeout":3}"#);
    assert_eq!(one, hash("Bash", r#"{"timeout":3,"command":"ls"}"#));
    assert_ne!(one, hash("Bash", r#"{"command":"ls","timeout":4}"#));
    assert_ne!(one, hash("Run", r#"{"command":"ls","timeout":3}"#));
    // Written down: it must not change from version to version.
    assert_eq!(one, 0x0974_83f6_e8b2_dcd7);
}

#[test]
fn what_is_no_json_is_shown_as_text() {
    let plain = |line: &str| {
        let told = events(StreamFormat::Claude, &[line.as_bytes()]);
        match &told[..] {
            [] => String::new(),
            [StreamEvent::Plain(text)] => text.clone(),
            other => panic!("{other:?}"),
        }
    };
    for (line, expected) in [
        (
            "\x1b[31merror:\x1b[0m no \x07such file",
            "error: no such file",
        ),
        (" 10 %\r 50 %\r100 %", "100 %"),
        ("{\"type\":\"assist", "{\"type\":\"assist"),
        ("[1,2]", "[1,2]"),
        ("\x1b[?25h", ""),
        ("\x1b]0;title\x07", ""),
        ("   ", ""),
        ("a\u{202e}b", "a\u{202e}b"),
    ] {
        assert_eq!(plain(line), expected, "{line:?}");
    }
    // Sequences around an object are no part of it.
    let told = events(
        StreamFormat::Codex,
        &[b"\x1b[?25l{\"type\":\"thread.started\",\"thread_id\":\"x\"}\x1b[0m\r\n"],
    );
    assert!(matches!(&told[..], [StreamEvent::Begun { .. }]));
}

#[test]
fn lines_that_are_too_long_are_left_out_and_told() {
    let mut reader = StreamReader::new(StreamFormat::Claude, "/repo");
    let mut told = Vec::new();
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..6 {
        reader.feed(&piece, &mut |event| told.push(event));
        assert!(reader.rest().len() <= MAX_LINE);
    }
    let next = b"\n{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n";
    reader.feed(next, &mut |event| told.push(event));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(matches!(&told[0], StreamEvent::Plain(text) if text.contains("6144 KiB")));
    assert!(matches!(&told[1], StreamEvent::Begun { .. }));
}

#[test]
fn a_reader_goes_on_where_another_stopped() {
    let bytes = fs::read(recorded().join("gemini-write.out")).unwrap();
    let whole = events(StreamFormat::Gemini, &[&bytes]);
    for at in (0..bytes.len()).step_by(97) {
        let mut told = Vec::new();
        let mut reader = StreamReader::new(StreamFormat::Gemini, "/repo");
        reader.feed(&bytes[..at], &mut |event| told.push(event));
        let stored = serde_json::to_string(&reader).unwrap();
        let rest = reader.rest().to_vec();
        let mut reader: StreamReader = serde_json::from_str(&stored).unwrap();
        reader.set_rest(&rest);
        reader.feed(&bytes[at..], &mut |event| told.push(event));
        reader.end(&mut |event| told.push(event));
        assert_eq!(told, whole);
    }
}

#[test]
fn a_page_is_bounded() {
    let mut page = Page::default();
    let mut out = Vec::new();
    page.redraw(80, &mut out);
    for number in 0..20_000 {
        let text = format!("{number} {}", "word ".repeat(100));
        page.tell(&StreamEvent::Message(text), &mut out);
        page.tell(&StreamEvent::Plain("x".into()), &mut out);
        out.clear();
    }
    let stored = serde_json::to_vec(&page).unwrap();
    assert!(stored.len() < 2 * 1024 * 1024, "{}", stored.len());
    page.redraw(80, &mut out);
    assert!(String::from_utf8(out).unwrap().contains("19999 word"));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let name = prop_oneof![
            Just("type"),
            Just("subtype"),
            Just("message"),
            Just("content"),
            Just("item"),
            Just("part"),
            Just("error"),
            Just("usage"),
            Just("modelUsage"),
            Just("models"),
            Just("stats"),
            Just("status"),
            Just("input"),
            Just("delta"),
            Just("role"),
            Just("permission_denials"),
            Just("rate_limit_info"),
            Just("state"),
            Just("changes"),
        ]
        .prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

const TYPES: &[&str] = &[
    "system",
    "assistant",
    "user",
    "result",
    "rate_limit_event",
    "stream_event",
    "item.started",
    "item.completed",
    "turn.completed",
    "turn.failed",
    "error",
    "message",
    "tool_use",
    "tool_result",
    "init",
    "text",
    "step_finish",
    "reasoning",
];

proptest! {
    #[test]
    fn whatever_is_printed_nothing_panics_and_only_text_comes_out(
        mut value in any_value(),
        kind in prop::sample::select(TYPES),
        noise in prop::collection::vec(any::<u8>(), 0..60),
        width in 0u16..200,
    ) {
        if let Value::Object(fields) = &mut value {
            fields.insert("type".into(), kind.into());
        }
        let mut bytes = value.to_string().into_bytes();
        bytes.push(b'\n');
        bytes.extend(noise);
        for format in [
            StreamFormat::Claude, StreamFormat::Codex, StreamFormat::Gemini, StreamFormat::Opencode,
        ] {
            let told = events(format, &[&bytes]);
            let mut page = Page::default();
            let mut out = Vec::new();
            page.redraw(width, &mut out);
            told.iter().for_each(|event| page.tell(event, &mut out));
            page.end(Over::new(&summary(&told), None), &mut out);
            let shown = String::from_utf8(out).unwrap();
            for part in shown.split('\x1b').skip(1) {
                let body = part.strip_prefix('[').unwrap();
                let end = body.find(|c: char| !c.is_ascii_digit() && c != ';' && c != '?').unwrap();
                prop_assert!("mlHJ".contains(&body[end..=end]));
            }
            let allowed = |c: char| !c.is_control() || "\r\n\x1b".contains(c);
            prop_assert!(shown.chars().all(allowed), "{shown:?}");
        }
    }
}
