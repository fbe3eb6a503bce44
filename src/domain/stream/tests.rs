use super::*;

fn call(id: &str, tool: &str) -> StreamEvent {
    StreamEvent::Call(ToolCall {
        id: id.into(),
        tool: tool.into(),
        brief: String::new(),
        hash: 1,
        nested: false,
    })
}

fn result(id: &str, ok: bool) -> StreamEvent {
    StreamEvent::Result(ToolResult {
        id: id.into(),
        ok,
        brief: String::new(),
        more: 0,
        hash: 1,
        nested: false,
    })
}

fn denied(id: Option<&str>, tool: &str) -> StreamEvent {
    StreamEvent::Denied(Denial {
        id: id.map(str::to_owned),
        tool: tool.into(),
        what: String::new(),
    })
}

fn failed(kind: FailureKind, text: &str) -> StreamEvent {
    let text = text.to_owned();
    StreamEvent::Failed(Failure { kind, text })
}

fn finished(ok: bool) -> StreamEvent {
    StreamEvent::Finished {
        ok,
        message: None,
        turns: None,
    }
}

fn limit(rejected: bool) -> StreamEvent {
    StreamEvent::Limited(Limit {
        rejected,
        until: None,
        which: String::new(),
    })
}

fn summary(events: &[StreamEvent]) -> Summary {
    let mut summary = Summary::default();
    for event in events {
        summary.note(event);
    }
    summary
}

#[test]
fn an_end_is_judged_by_what_the_agent_says() {
    use FailureKind::{Auth, Interrupted};
    let fails = |words: &str| Some(Reason::Failed(words.to_owned()));
    let ok = Exit::Code(0);
    for (events, exit, expected) in [
        (vec![finished(true)], ok, Some(Reason::Finished)),
        // Whatever it said before: the machine went away.
        (vec![finished(true)], Exit::Lost, Some(Reason::Interrupted)),
        (vec![failed(Auth, "no key")], ok, fails("no key")),
        (
            vec![failed(Auth, "no key"), finished(false)],
            Exit::Code(1),
            fails("no key"),
        ),
        // It went on and came to a good end.
        (
            vec![failed(Auth, "no key"), limit(true), finished(true)],
            ok,
            Some(Reason::Finished),
        ),
        (
            vec![failed(Interrupted, "it was interrupted"), finished(false)],
            ok,
            Some(Reason::Stopped),
        ),
        (
            vec![limit(true)],
            Exit::Code(1),
            fails("a usage limit stopped it"),
        ),
        (
            vec![limit(false), finished(true)],
            ok,
            Some(Reason::Finished),
        ),
        (vec![finished(false)], ok, fails("X says that it failed")),
        (vec![], ok, fails("X ended without a word")),
        (
            vec![call("1", "Bash")],
            ok,
            fails("X ended without saying that it is done"),
        ),
        // The exit code says more.
        (vec![], Exit::Code(2), None),
        (vec![], Exit::Signal(15), None),
        (vec![finished(true)], Exit::Code(1), None),
    ] {
        let verdict = summary(&events).verdict("X", exit);
        assert_eq!(verdict, expected, "{events:?} {exit:?}");
    }
}

#[test]
fn a_good_end_without_anything_done_is_none_where_leave_was_denied() {
    let denials = [
        call("1", "Bash"),
        denied(Some("1"), "Bash"),
        result("1", false),
        // Told once more at the end.
        denied(Some("1"), "Bash"),
        denied(None, "Write"),
        call("2", "Read"),
        result("2", true),
        finished(true),
    ];
    let words = "it ended well having done nothing: 2 permissions were denied (Bash, Write)";
    let verdict = |events: &[StreamEvent]| summary(events).verdict("X", Exit::Code(0));
    assert_eq!(verdict(&denials), Some(Reason::Failed(words.into())));

    let mut done = vec![call("3", "Edit"), result("3", true)];
    done.extend(denials);
    assert_eq!(verdict(&done), Some(Reason::Finished));
    let once = [denied(None, "Bash"), finished(true)];
    let words = "it ended well having done nothing: 1 permission was denied (Bash)";
    assert_eq!(verdict(&once), Some(Reason::Failed(words.into())));
}

#[test]
fn what_is_kept_is_bounded() {
    let mut all = Summary::default();
    for number in 0..10_000 {
        all.note(&call(&number.to_string(), "Bash"));
        all.note(&denied(Some(&number.to_string()), "Bash"));
    }
    assert_eq!((all.calls, all.denied), (10_000, 10_000));
    assert_eq!(all.denials.len(), MAX_KEPT);
    assert!(all.open.len() <= MAX_KEPT);
}

#[test]
fn the_use_of_the_run_is_preferred_to_that_of_the_conversation() {
    let used = |scope, input| {
        let usage = Usage {
            input,
            ..Usage::default()
        };
        let models = vec![ModelUse {
            model: "m".into(),
            usage,
            cost: None,
        }];
        StreamEvent::Used(Used { scope, models })
    };
    let tokens = |events: &[StreamEvent]| summary(events).used.map(|used| used.tokens());
    let whole = used(Scope::Conversation, 9);
    let run = used(Scope::Run, 4);
    assert_eq!(tokens(&[whole.clone(), run.clone()]), Some(4));
    assert_eq!(tokens(&[run.clone(), whole.clone()]), Some(4));
    assert_eq!(tokens(&[whole]), Some(9));
    assert_eq!(tokens(&[run, used(Scope::Run, 6)]), Some(6));
    assert_eq!(tokens(&[]), None);
}

#[test]
fn a_cost_is_known_where_all_of_it_is() {
    let model = |cost| ModelUse {
        cost,
        ..ModelUse::default()
    };
    let cost = |costs: &[Option<MicroUsd>]| {
        let models = costs.iter().copied().map(model).collect();
        Used {
            scope: Scope::Run,
            models,
        }
        .cost()
    };
    let dollar = Some(MicroUsd(1_000_000));
    assert_eq!(cost(&[dollar, dollar]), Some(MicroUsd(2_000_000)));
    assert_eq!(cost(&[dollar, None]), None);
    assert_eq!(cost(&[]), None);
}
