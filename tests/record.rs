//! Records the corpus of sessions anew, with the real CLIs: `GLUON_RECORD=tests/fixtures/sessions cargo test
//! --test record`. Without that, nothing is recorded; `GLUON_RECORD_ONLY` names some of the cases.
#![allow(clippy::unwrap_used)]

mod real_support;
mod record_support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use real_support::support::recording::{Event, Recording, Truth};

#[test]
fn the_corpus_is_recorded_where_that_is_asked_for() {
    let Some(dir) = std::env::var_os("GLUON_RECORD") else {
        return;
    };
    let dir = std::path::PathBuf::from(dir);
    let only = std::env::var("GLUON_RECORD_ONLY").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|part| name.contains(part));
    let mut failed = false;
    for case in record_support::cases() {
        let name = format!("{}-{}", case.agent, case.name);
        if !wanted(&name) {
            continue;
        }
        println!("recording {name}");
        // One that fails does not keep the others from being made.
        let recorded = catch_unwind(AssertUnwindSafe(|| record_support::record(&case)));
        failed |= recorded.is_err();
        let Ok(Some(recording)) = recorded else {
            continue;
        };
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(format!("{name}.txt")), recording.to_string()).unwrap();
    }
    assert!(!failed, "some could not be recorded");
}

#[test]
fn what_is_written_is_read() {
    let all: Vec<u8> = (0..=255).chain("✳ \u{a0}\u{2028}\\ ".bytes()).collect();
    let truth = Truth::new("starting|idle", "the process starts");
    let events = [
        Event::Out(all),
        Event::Hook(r#"{"a": "b"}"#.into()),
        Event::Registry(String::new()),
        Event::Server(r#"{"type":"session.status"}"#.into()),
        Event::Answer("/permission".into(), "[]".into()),
        Event::Size(80, 24),
        Event::Exit("signal 9".into()),
        Event::Typed("enter".into()),
        Event::Truth(truth),
        Event::Asks("touch x".into()),
        Event::Background(2),
        Event::End,
    ];
    let recording = Recording {
        about: "everything".into(),
        agent: "claude".into(),
        version: "1.2.3".into(),
        size: (100, 30),
        began: 1_795_521_600_000,
        events: (0..).zip(events).collect(),
    };
    let text = recording.to_string();
    assert_eq!(Recording::parse(&text), Ok(recording));
    assert!(
        Recording::parse("12 out \\q")
            .unwrap_err()
            .contains("line 1")
    );
}
