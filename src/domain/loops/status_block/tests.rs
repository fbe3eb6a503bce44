//! The status block against what agents really write, and against what only looks like a word of theirs.

use proptest::prelude::*;

use super::*;

const DONE: &str = "---RALPH_STATUS---\nSTATUS: COMPLETE\nTASKS_COMPLETED_THIS_LOOP: 2\nFILES_MODIFIED: 3\n\
TESTS_STATUS: PASSING\nWORK_TYPE: IMPLEMENTATION\nEXIT_SIGNAL: true\nRECOMMENDATION: ship it\n\
---END_RALPH_STATUS---";

fn block(fields: &str) -> String {
    format!("{BEGIN}\n{fields}\n{END}")
}

fn word(message: &str) -> Option<Word> {
    parse(message).map(|block| block.word())
}

#[test]
fn a_block_is_read_whole() {
    let expected = StatusBlock {
        status: Some(SelfStatus::Complete),
        exit_signal: Some(true),
        tests: Some(SelfTests::Passing),
        work_type: "IMPLEMENTATION".into(),
        tasks_completed: Some(2),
        files_modified: Some(3),
        recommendation: "ship it".into(),
    };
    for message in [
        DONE.to_owned(),
        format!("I did it.\n\n{DONE}\n"),
        format!("{DONE}\n\nThat was all, thank you."),
        DONE.replace('\n', "\r\n"),
        DONE.replace('\n', "\r"),
        format!("Summary:\n```\n{DONE}\n```"),
        format!("Summary:\n\n~~~text\n{DONE}\n~~~\n\n"),
        format!("Cut in the fence:\n```\n{DONE}"),
        DONE.replace("---RALPH_STATUS---", "**---RALPH_STATUS---**"),
        DONE.replace(
            "EXIT_SIGNAL: true",
            "- **Exit signal**: `TRUE` (everything passes)",
        ),
        DONE.replace("STATUS: COMPLETE", "status:   complete."),
    ] {
        assert_eq!(parse(&message).as_ref(), Some(&expected), "{message}");
    }
    let json = block("{\"STATUS\": \"COMPLETE\", \"EXIT_SIGNAL\": true}");
    assert_eq!(word(&json), Some(Word::Done));
    let pretty = block("{\n  \"STATUS\": \"IN_PROGRESS\",\n  \"EXIT_SIGNAL\": false\n}");
    assert_eq!(word(&pretty), Some(Word::NotDone));
}

/// Rows: `STATUS`; columns: `EXIT_SIGNAL` true, false, something else, left out.
#[test]
fn the_exit_signal_decides_over_the_status() {
    use Word::{Blocked, Done, NotDone, Nothing};
    for (status, row) in [
        ("COMPLETE", [Done, NotDone, Done, Done]),
        ("IN_PROGRESS", [Done, NotDone, NotDone, NotDone]),
        ("BLOCKED", [Blocked; 4]),
        ("WIBBLE", [Done, NotDone, Nothing, Nothing]),
        (
            "IN_PROGRESS | COMPLETE | BLOCKED",
            [Done, NotDone, Nothing, Nothing],
        ),
        ("", [Done, NotDone, Nothing, Nothing]),
    ] {
        let signals = [
            "EXIT_SIGNAL: true",
            "EXIT_SIGNAL: false",
            "EXIT_SIGNAL: maybe",
            "",
        ];
        for (signal, expected) in signals.iter().zip(row) {
            let message = block(&format!("STATUS: {status}\n{signal}"));
            assert_eq!(word(&message), Some(expected), "{message}");
        }
    }
}

#[test]
fn values_that_say_nothing() {
    for value in [
        "true | false",
        "false | true",
        "not true",
        "true?",
        "true/false",
        "wahr",
        "1",
        "",
        "truely",
        "true and false",
        "<true>",
        "$true",
    ] {
        let says = parse(&block(&format!("EXIT_SIGNAL: {value}"))).expect("a block");
        assert_eq!(says.exit_signal, None, "{value}");
    }
    for value in [
        "NOT COMPLETE",
        "INCOMPLETE",
        "PARTIAL",
        "in progress",
        "in-progress",
    ] {
        assert_eq!(
            word(&block(&format!("STATUS: {value}"))),
            Some(Word::NotDone),
            "{value}"
        );
    }
    for value in [
        "almost complete",
        "COMPLETE?",
        "COMPLETE | BLOCKED",
        "NOT_COMPLETE_YET",
    ] {
        assert_ne!(
            word(&block(&format!("STATUS: {value}"))),
            Some(Word::Done),
            "{value}"
        );
    }
}

#[test]
fn the_last_complete_one_counts() {
    let not = block("STATUS: IN_PROGRESS\nEXIT_SIGNAL: false");
    for (message, expected) in [
        (format!("{DONE}\n{not}"), Some(Word::NotDone)),
        (format!("{not}\n{DONE}"), Some(Word::Done)),
        // Begun twice: the inner one.
        (
            format!("{BEGIN}\nEXIT_SIGNAL: false\n{DONE}"),
            Some(Word::Done),
        ),
        // Cut off after it: it can only say "not done".
        (
            format!("{DONE}\n{BEGIN}\nEXIT_SIGNAL: false"),
            Some(Word::NotDone),
        ),
        (
            format!("{DONE}\n{BEGIN}\nSTATUS: IN_PROGRESS"),
            Some(Word::NotDone),
        ),
        (
            format!("{DONE}\n{BEGIN}\nSTATUS: BLOCKED"),
            Some(Word::Blocked),
        ),
        (format!("{DONE}\n{BEGIN}\nSTATUS: COMP"), Some(Word::Done)),
        (
            format!("{not}\n{BEGIN}\nEXIT_SIGNAL: true"),
            Some(Word::NotDone),
        ),
        // A plain one counts, whatever fences say.
        (format!("{not}\n```\n{DONE}\n```"), Some(Word::NotDone)),
        (format!("```\n{not}\n```\n{DONE}"), Some(Word::Done)),
    ] {
        assert_eq!(word(&message), expected, "{message}");
    }
}

/// None of these is the agent's word that it is done.
#[test]
fn what_only_looks_like_a_word_is_none() {
    let inner = DONE.replace('\n', "\\n");
    let quoted: String = DONE.lines().map(|line| format!("> {line}\n")).collect();
    let indented: String = DONE.lines().map(|line| format!("    {line}\n")).collect();
    let tabbed: String = DONE.lines().map(|line| format!("\t{line}\n")).collect();
    let patch: String = DONE.lines().map(|line| format!("+{line}\n")).collect();
    for message in [
        String::new(),
        "Everything is done, EXIT_SIGNAL: true, STATUS: COMPLETE".into(),
        quoted,
        format!("> ```\n> {}\n> ```", DONE.replace('\n', "\n> ")),
        indented,
        tabbed,
        patch,
        format!("<!-- {DONE} -->"),
        format!("<!--\n{DONE}\n-->"),
        // Fences that are no end of the message, hold more, or show something else.
        format!("```\n{DONE}\n```\nThis is what I print at the end."),
        format!("```\n$ cat STATUS\n{DONE}\n```"),
        format!("```\n{DONE}\n$\n```"),
        format!("```json\n{DONE}\n```"),
        format!("```console\n{DONE}\n```"),
        format!("```diff\n{DONE}\n```"),
        format!("````\n```\n{DONE}\n```\n````"),
        // Announced as an example, or for later.
        format!("For example:\n```\n{DONE}\n```"),
        format!("When everything is finished I will end with:\n\n```\n{DONE}\n```"),
        format!("The format is\n```\n{DONE}\n```"),
        format!("My instructions were:\n```\n{DONE}\n```"),
        format!("Sobald alles fertig ist:\n```\n{DONE}\n```"),
        format!("例:\n```\n{DONE}\n```"),
        // JSON, a tool's output, halves.
        format!("{{\"type\":\"result\",\"result\":\"{inner}\"}}"),
        format!("{{\n\"result\":\n\"{inner}\"\n}}"),
        format!("Tool result: {inner}"),
        DONE.replace(END, ""),
        DONE.replace(BEGIN, ""),
        DONE.replace(END, "---END_RALPH_STATUS"),
        DONE.replace(END, BEGIN),
        format!("{END}\nEXIT_SIGNAL: true\n{BEGIN}"),
        format!("{BEGIN} EXIT_SIGNAL: true {END}"),
        format!("the marks {BEGIN} and {END} go around it"),
        // Begun in the open, ended in a fence, and the other way round.
        format!("{BEGIN}\nEXIT_SIGNAL: true\n```\n{END}\n```"),
        format!("```\n{BEGIN}\nEXIT_SIGNAL: true\n```\n{END}"),
        format!(
            "{BEGIN}\n{}{END}",
            "EXIT_SIGNAL: true\n".repeat(MOST_LINES + 1)
        ),
        // Twice in one block: the one further from done.
        block("EXIT_SIGNAL: true\nEXIT_SIGNAL: false"),
        block("EXIT_SIGNAL: false\nSTATUS: COMPLETE\nall tasks are done, EXIT_SIGNAL true"),
        block("STATUS: COMPLETE\nSTATUS: IN_PROGRESS"),
        block("STATUS: BLOCKED\nEXIT_SIGNAL: true"),
        block("NOT_EXIT_SIGNAL: true\nMY STATUS: COMPLETE"),
        block(""),
    ] {
        assert!(!matches!(word(&message), Some(Word::Done)), "{message}");
    }
}

#[test]
fn hostile_texts_are_bounded() {
    let long = block(&format!(
        "RECOMMENDATION: {}\u{1b}[31m",
        "x".repeat(1_000_000)
    ));
    let says = parse(&long).expect("a block");
    assert_eq!(says.recommendation.chars().count(), MOST_WORDS);
    let says = parse(&block("RECOMMENDATION: do \u{1b}[31mred\u{7}")).expect("a block");
    assert_eq!(says.recommendation, "do [31mred");
    let many = format!("{DONE}\n").repeat(20_000) + &block("EXIT_SIGNAL: false");
    assert_eq!(word(&many), Some(Word::NotDone));
    let says = parse(&block(
        "FILES_MODIFIED: 99999999999999\nTASKS_COMPLETED_THIS_LOOP: -1",
    ));
    assert_eq!(says, Some(StatusBlock::default()));
}

proptest! {
    /// Whatever lines stand together: a last complete block with `false` is never read as done.
    #[test]
    fn false_is_never_overruled(
        pieces in prop::collection::vec(prop_oneof![
            Just(DONE.to_owned()), Just("```".into()), Just("> ```".into()), Just("All tasks are done.".into()),
            Just(BEGIN.into()), Just("STATUS: COMPLETE".into()), Just("EXIT_SIGNAL: true".into()), any::<String>(),
        ], 0..12)
    ) {
        let pieces = pieces.join("\n");
        let fences = prose::lines(&pieces);
        let open = matches!(fences.last().map(|(kind, _)| *kind), Some(Kind::Fenced(_) | Kind::Code(_)));
        let message = format!("{pieces}\n{}", block("STATUS: COMPLETE\nEXIT_SIGNAL: false"));
        if !open {
            let closed = matches!(prose::lines(&message).last(), Some((Kind::Plain, _)));
            prop_assert!(!closed || word(&message) == Some(Word::NotDone), "{}", message);
        }
    }

    #[test]
    fn no_text_makes_it_fail(text in any::<String>()) {
        parse(&text);
    }
}
