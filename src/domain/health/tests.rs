use super::*;
use crate::domain::activity::{Activity, Ask, AskKind};
use crate::domain::records::Exit;

const MINUTE: i64 = 60;
/// When every history begins, in milliseconds.
const START: i64 = 1_795_000_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp(START + seconds * 1000)
}

/// A session at work since its beginning.
fn working() -> Present {
    Present {
        activity: Activity::Working,
        since: at(0),
        started: at(0),
        children: Children::None,
        ..Present::default()
    }
}

fn call(what: &str, result: &str) -> Sign {
    Sign::Called(Call {
        what: what.into(),
        input: hash(what.as_bytes()),
        result: Some(hash(result.as_bytes())),
        failure: None,
        ..Call::default()
    })
}

fn failed(what: &str, error: &str) -> Sign {
    Sign::Called(Call {
        what: what.into(),
        input: hash(what.as_bytes()),
        result: Some(hash(error.as_bytes())),
        failure: Some(Failure::of(error)),
        ..Call::default()
    })
}

fn polled(what: &str, result: &str) -> Sign {
    match call(what, result) {
        Sign::Called(call) => Sign::Called(Call {
            waits: true,
            ..call
        }),
        other => other,
    }
}

fn wrote(file: &str, content: u64) -> Sign {
    Sign::Wrote {
        file: file.into(),
        content: Some(content),
    }
}

fn child(name: &str) -> Sign {
    Sign::Child {
        name: name.into(),
        cpu: 4_900,
    }
}

fn history(signs: Vec<(i64, Sign)>) -> History {
    let mut history = History::default();
    for (seconds, sign) in signs {
        history.note(at(seconds), sign);
    }
    history
}

/// The verdict at a time, in a word each.
fn judged(signs: Vec<(i64, Sign)>, present: &Present, now: i64) -> (Option<Health>, HealthRule) {
    let verdict = judge(&history(signs), present, &Thresholds::default(), at(now));
    assert!(!verdict.evidence.is_empty() && !verdict.changes_by.is_empty());
    (verdict.health, verdict.rule)
}

/// A sign every so many seconds up to a time.
fn every(step: i64, until: i64, sign: impl Fn(i64) -> Sign) -> Vec<(i64, Sign)> {
    (1..)
        .map(|turn| turn * step)
        .take_while(|seconds| *seconds <= until)
        .map(|seconds| (seconds, sign(seconds)))
        .collect()
}

#[test]
fn silence_is_slow_then_stuck() {
    use HealthRule::{Dead, Progress, Silent};
    for (minutes, health, rule) in [
        (0, Health::Healthy, Progress),
        (4, Health::Healthy, Progress),
        (5, Health::Slow, Silent),
        (14, Health::Slow, Silent),
        (15, Health::Stuck, Dead),
        (600, Health::Stuck, Dead),
    ] {
        let now = minutes * MINUTE;
        assert_eq!(
            judged(vec![], &working(), now),
            (Some(health), rule),
            "{minutes} minutes"
        );
        // The clock counts from the last sign of any kind.
        for sign in [
            call("Bash: ls", "x"),
            wrote("a", 1),
            Sign::Tree(1),
            Sign::Screen,
            Sign::Tokens(5),
            child("cc1"),
            Sign::Prompted,
        ] {
            let signs = vec![(100, sign.clone())];
            assert_eq!(
                judged(signs, &working(), now + 100),
                (Some(health), rule),
                "{sign:?}"
            );
        }
    }
}

#[test]
fn a_clock_that_goes_back_makes_nobody_ill() {
    let signs = vec![(100_000, Sign::Screen)];
    assert_eq!(judged(signs, &working(), 5).0, Some(Health::Healthy));
}

#[test]
fn marks_of_their_own_are_no_ill_health() {
    let waiting = |kind| {
        Activity::Waiting(Ask {
            kind,
            text: String::new(),
        })
    };
    for (activity, health, rule) in [
        (waiting(AskKind::Permission), None, HealthRule::Waiting),
        (waiting(AskKind::Question), None, HealthRule::Waiting),
        (waiting(AskKind::Auth), None, HealthRule::Waiting),
        (Activity::Limited(None), None, HealthRule::Limited),
        (Activity::Exited(Exit::Code(0)), None, HealthRule::Ended),
        (Activity::Idle, Some(Health::Healthy), HealthRule::Idle),
        (Activity::Unknown, None, HealthRule::Untold),
        (Activity::Starting, Some(Health::Stuck), HealthRule::Dead),
    ] {
        let present = Present {
            activity,
            ..working()
        };
        // For a day, and after what would have been a loop.
        let signs = every(10, 60, |_| call("Bash: make", "fails"));
        assert_eq!(judged(signs, &present, 24 * 60 * MINUTE), (health, rule));
    }
}

#[test]
fn what_is_gone_or_tripped_goes_before_everything() {
    let gone = Present {
        process: Process::Gone(at(50)),
        ..working()
    };
    let signs = || every(5, 300, |_| Sign::Screen);
    assert_eq!(
        judged(signs(), &gone, 300),
        (Some(Health::Stuck), HealthRule::Gone)
    );
    let why = "no progress in 5 iterations".to_owned();
    for (tripped, health, rule) in [
        (Tripped::Open(why.clone()), Health::Stuck, HealthRule::Open),
        (
            Tripped::HalfOpen(why),
            Health::Looping,
            HealthRule::HalfOpen,
        ),
    ] {
        let present = Present {
            tripped: Some(tripped),
            ..working()
        };
        assert_eq!(judged(signs(), &present, 300), (Some(health), rule));
    }
}

#[test]
fn the_same_call_with_the_same_result_is_a_loop() {
    let looping = (Some(Health::Looping), HealthRule::SameCall);
    let healthy = (Some(Health::Healthy), HealthRule::Progress);
    let bash = || call("Bash: grep -r foo", "nothing");
    for (name, signs, expected) in [
        ("twice", vec![(10, bash()), (20, bash())], healthy),
        (
            "three times",
            vec![(10, bash()), (20, bash()), (30, bash())],
            looping,
        ),
        (
            "two in turn, three times",
            (1..=6)
                .map(|n| {
                    (
                        n * 10,
                        if n % 2 == 0 {
                            bash()
                        } else {
                            call("Read: a", "x")
                        },
                    )
                })
                .collect(),
            looping,
        ),
        (
            "other results",
            (1..=6)
                .map(|n| (n * 10, call("Bash: date", &n.to_string())))
                .collect(),
            healthy,
        ),
        (
            "the files changed in between",
            vec![
                (10, bash()),
                (15, Sign::Tree(1)),
                (20, bash()),
                (25, Sign::Tree(2)),
                (30, bash()),
            ],
            healthy,
        ),
        (
            "many others in between",
            (1..=30)
                .map(|n| {
                    (
                        n * 5,
                        if n % 10 == 0 {
                            bash()
                        } else {
                            call(&format!("Read: {n}"), "x")
                        },
                    )
                })
                .collect(),
            healthy,
        ),
        (
            "the user said something in between",
            vec![
                (10, bash()),
                (20, bash()),
                (25, Sign::Prompted),
                (30, bash()),
            ],
            healthy,
        ),
        (
            "it has gone on to something else",
            vec![
                (10, bash()),
                (20, bash()),
                (30, bash()),
                (40, call("Read: a", "1")),
                (50, call("Read: b", "2")),
                (60, call("Read: c", "3")),
            ],
            healthy,
        ),
        (
            "over an hour",
            vec![(10, bash()), (1_800, bash()), (3_600, bash())],
            healthy,
        ),
    ] {
        let now = signs.last().unwrap().0 + 5;
        assert_eq!(judged(signs, &working(), now), expected, "{name}");
    }
}

#[test]
fn the_same_error_is_a_loop_unless_it_comes_closer() {
    let looping = (Some(Health::Looping), HealthRule::SameError);
    let healthy = (Some(Health::Healthy), HealthRule::Progress);
    let test = |error: &str| failed("Bash: cargo test", error);
    let e = "error[E0308]: mismatched types at src/a.rs:12:5\n finished in 0.31s";
    let same_later = "error[E0308]: mismatched types at src/a.rs:12:5\n finished in 1.07s";
    let elsewhere = "error[E0308]: mismatched types at src/b.rs:99:1\n finished in 0.31s";
    for (name, signs, expected) in [
        (
            "with edits that change nothing about it",
            vec![
                (10, test(e)),
                (20, Sign::Tree(1)),
                (30, test(same_later)),
                (40, Sign::Tree(2)),
                (50, test(e)),
            ],
            looping,
        ),
        (
            "twice",
            vec![(10, test(e)), (20, Sign::Tree(1)), (30, test(e))],
            healthy,
        ),
        (
            "by other calls, and nothing changed",
            vec![
                (10, failed("Bash: a", e)),
                (20, failed("Bash: b", e)),
                (30, failed("Bash: c", same_later)),
            ],
            looping,
        ),
        (
            "of the same kind by other calls: it gropes",
            vec![
                (10, failed("Bash: a", e)),
                (20, failed("Bash: b", e)),
                (30, failed("Bash: c", elsewhere)),
            ],
            healthy,
        ),
        (
            "by other calls, one of which went well",
            vec![
                (10, failed("Bash: a", e)),
                (15, call("Bash: ls", "x")),
                (20, failed("Bash: b", e)),
                (30, failed("Bash: c", e)),
            ],
            healthy,
        ),
        (
            "by other calls, with changes in between",
            vec![
                (10, failed("Edit: a", e)),
                (15, Sign::Tree(1)),
                (20, failed("Edit: b", e)),
                (25, Sign::Tree(2)),
                (30, failed("Edit: c", e)),
            ],
            healthy,
        ),
        (
            "fewer failures each time",
            vec![
                (10, test("error: 30 tests failed")),
                (15, Sign::Tree(1)),
                (20, test("error: 20 tests failed")),
                (25, Sign::Tree(2)),
                (30, test("error: 10 tests failed")),
            ],
            healthy,
        ),
        (
            "of no call at all",
            vec![
                (10, Sign::Failed(Failure::of(e))),
                (20, Sign::Failed(Failure::of(e))),
                (30, Sign::Failed(Failure::of(e))),
            ],
            looping,
        ),
        (
            "and then it went well three times",
            vec![
                (10, test(e)),
                (20, test(e)),
                (30, test(e)),
                (40, call("Read: a", "1")),
                (50, call("Read: b", "2")),
                (60, call("Read: c", "3")),
            ],
            healthy,
        ),
    ] {
        let now = signs.last().unwrap().0 + 5;
        assert_eq!(judged(signs, &working(), now).0, expected.0, "{name}");
    }
}

#[test]
fn a_file_rewritten_back_and_forth_is_a_loop() {
    let looping = (Some(Health::Looping), HealthRule::BackAndForth);
    let healthy = (Some(Health::Healthy), HealthRule::Progress);
    let turns = |contents: &[u64]| -> Vec<(i64, Sign)> {
        let places = (1i64..).map(|n| n * 30);
        let writes = places.zip(contents);
        writes
            .flat_map(|(seconds, content)| {
                [
                    (seconds, wrote("src/lib.rs", *content)),
                    (seconds, Sign::Tree(*content)),
                ]
            })
            .collect()
    };
    let told = |count: i64, trees: &[u64]| -> Vec<(i64, Sign)> {
        let file = || Sign::Wrote {
            file: "src/lib.rs".into(),
            content: None,
        };
        let writes = (1..=count).map(|n| (n * 20, file()));
        let trees = (1i64..)
            .zip(trees)
            .map(|(n, tree)| (n * 20 + 1, Sign::Tree(*tree)));
        writes.chain(trees).collect()
    };
    for (name, signs, expected) in [
        ("A B A B A", turns(&[1, 2, 1, 2, 1]), looping),
        ("always another", turns(&[1, 2, 3, 4, 5, 6, 7]), healthy),
        ("taken back once", turns(&[1, 2, 3, 4, 3]), healthy),
        ("four times only", turns(&[1, 2, 1, 2]), healthy),
        (
            "by its own word, the tree back and forth",
            told(5, &[1, 2, 1, 2, 1]),
            looping,
        ),
        (
            "by its own word, forward",
            told(9, &[1, 2, 3, 4, 5]),
            healthy,
        ),
    ] {
        let now = signs.iter().map(|(seconds, _)| *seconds).max().unwrap() + 5;
        assert_eq!(judged(signs, &working(), now), expected, "{name}");
    }
    // Five times within an hour is no loop.
    let slow: Vec<_> = turns(&[1, 2, 1, 2, 1])
        .into_iter()
        .map(|(seconds, sign)| (seconds * 24, sign))
        .collect();
    assert_eq!(
        judged(slow, &working(), 30 * 5 * 24).0,
        Some(Health::Healthy)
    );
}

#[test]
fn an_iteration_much_longer_than_usual_is_slow() {
    let minutes = |count: i64| count * 60_000;
    let present = Present {
        iteration: Some(at(1_000)),
        ..working()
    };
    let before = |count: i64| -> Vec<(i64, Sign)> {
        (0..count)
            .map(|n| (n * 100, Sign::Iteration(minutes(2 + n))))
            .collect()
    };
    let busy = |mut signs: Vec<(i64, Sign)>, now: i64| {
        signs.push((now - 5, Sign::Screen));
        judged(signs, &present, now)
    };
    // Usually three minutes, so more than nine are much.
    let slow = (Some(Health::Slow), HealthRule::LongIteration);
    assert_eq!(busy(before(3), 1_000 + 10 * MINUTE), slow);
    assert_eq!(busy(before(3), 1_000 + 9 * MINUTE).0, Some(Health::Healthy));
    assert_eq!(
        busy(before(2), 1_000 + 60 * MINUTE).0,
        Some(Health::Healthy),
        "no usual yet"
    );
    // Short ones make nobody hurry: below the time of slow nothing is long.
    let quick = (0..5).map(|n| (n, Sign::Iteration(1_000))).collect();
    assert_eq!(busy(quick, 1_000 + 4 * MINUTE).0, Some(Health::Healthy));
}

/// What other tools call stuck or looping, and is not.
#[test]
fn false_alarms_of_others() {
    let healthy = Some(Health::Healthy);
    // A long compile: an hour in which only the compiler does anything.
    let compile = every(5, 3_600, |_| child("rustc"));
    assert_eq!(
        judged(compile, &working(), 3_603).0,
        healthy,
        "a long compile"
    );

    // A slow test suite: silent, its processes busy a second in thirty.
    let suite = every(30, 2_400, |_| child("pytest"));
    assert_eq!(
        judged(suite, &working(), 2_425).0,
        healthy,
        "a slow test suite"
    );

    // A model that thinks for four minutes: a spinner and a clock, which are no words on the screen.
    assert_eq!(
        judged(vec![(0, Sign::Prompted)], &working(), 4 * MINUTE).0,
        healthy,
        "thinking"
    );

    // A watcher that prints for ever, in a terminal of which nothing more is known.
    let watcher = Present {
        activity: Activity::Unknown,
        ..working()
    };
    let prints = || every(5, 7_200, |_| Sign::Screen);
    assert_eq!(
        judged(prints(), &watcher, 7_201).0,
        healthy,
        "a watcher that prints"
    );
    assert_eq!(
        judged(prints(), &working(), 7_201).0,
        healthy,
        "a watcher in an agent"
    );
    // And one that has nothing to print: no verdict, rather than a wrong one.
    assert_eq!(judged(vec![], &watcher, 7_201), (None, HealthRule::Untold));

    // Polling that is legitimate: the same call with the same answer, because it waits for something.
    let polling = every(20, 1_200, |_| {
        polled("Bash: sleep 15; gh run view 7", "in progress")
    });
    assert_eq!(judged(polling, &working(), 1_205).0, healthy, "polling");
    let refused = |_| match polled("Bash: sleep 2 && curl localhost", "x") {
        Sign::Called(call) => Sign::Called(Call {
            failure: Some(Failure::of("connection refused")),
            ..call
        }),
        other => other,
    };
    assert_eq!(
        judged(every(5, 60, refused), &working(), 62).0,
        healthy,
        "waiting for a server"
    );

    // The same command after each edit, until it is green.
    let mut red_green = Vec::new();
    for n in 0..6u64 {
        let seconds = n as i64 * 40;
        red_green.push((seconds, Sign::Tree(n)));
        let error = format!("FAILED: {} of 40 tests", 30 - 5 * n);
        red_green.push((seconds + 20, failed("Bash: make test", &error)));
    }
    assert_eq!(
        judged(red_green, &working(), 230).0,
        healthy,
        "red, green, refactor"
    );

    // A big refactoring: one file edited twenty times, always forward.
    let forward = every(20, 400, |seconds| wrote("src/big.rs", seconds as u64));
    assert_eq!(
        judged(forward, &working(), 405).0,
        healthy,
        "many edits of one file"
    );
}

/// At work, with a child that uses no processor since so many seconds after the beginning.
fn with_child(name: &str, since: i64) -> Present {
    Present {
        children: Children::Still {
            name: name.into(),
            since: at(since),
        },
        ..working()
    }
}

/// A command that waits (for the network, a lock, a clock) is no reason to call its agent stuck; one that
/// only stands in the background does not save it.
#[test]
fn who_waits_for_a_living_child_is_slow_and_never_stuck() {
    let slow = (Some(Health::Slow), HealthRule::ChildWaits);
    let stuck = (Some(Health::Stuck), HealthRule::Dead);
    let nested = |what: &str| match call(what, "x") {
        Sign::Called(call) => Sign::Called(Call {
            nested: true,
            ..call
        }),
        other => other,
    };
    let begun = || (0, Sign::Prompted);
    for (name, signs, child_since, expected) in [
        ("nothing else is told", vec![], 10, slow),
        ("the first call of a turn", vec![begun()], 10, slow),
        (
            "after other calls",
            vec![begun(), (30, call("Read: a", "x")), (31, Sign::Tokens(9))],
            32,
            slow,
        ),
        (
            "the answer that called it is told late",
            vec![begun(), (34, Sign::Tokens(9))],
            32,
            slow,
        ),
        (
            "another call at once with it ended soon",
            vec![begun(), (30, Sign::Tokens(9)), (33, call("Bash: ls", "x"))],
            32,
            slow,
        ),
        (
            "another call at once with it ended minutes later",
            vec![
                begun(),
                (30, Sign::Tokens(9)),
                (300, call("Bash: make", "x")),
            ],
            32,
            slow,
        ),
        (
            "a subagent at once with it went on for minutes",
            vec![
                begun(),
                (30, call("Read: a", "x")),
                (200, nested("Bash: ls")),
                (201, Sign::Tokens(9)),
            ],
            32,
            slow,
        ),
        (
            "it printed for a while",
            vec![begun(), (200, Sign::Screen)],
            32,
            slow,
        ),
        (
            "it worked for a while, as tests that then wait for the network",
            vec![begun(), (200, child("pytest"))],
            32,
            slow,
        ),
        (
            "a server in the background, and the agent went on",
            vec![begun(), (200, call("Read: a", "x")), (205, Sign::Tokens(9))],
            32,
            stuck,
        ),
        (
            "the same, where only tokens are told of",
            vec![begun(), (205, Sign::Tokens(9))],
            32,
            stuck,
        ),
        (
            "the same, where only calls are told of",
            vec![begun(), (205, call("Read: a", "x"))],
            32,
            stuck,
        ),
        (
            "a child of an earlier turn",
            vec![begun(), (300, Sign::Prompted)],
            32,
            stuck,
        ),
    ] {
        let last = signs.iter().map(|(seconds, _)| *seconds).max().unwrap_or(0);
        let present = with_child("sleep 9999", child_since);
        for minutes in [15, 20, 600] {
            let now = last + minutes * MINUTE;
            let found = judged(signs.clone(), &present, now);
            assert_eq!(found, expected, "{name}, after {minutes} minutes");
        }
        // And before it is slow, in any case.
        let found = judged(signs, &present, last + 14 * MINUTE);
        assert_eq!(found, (Some(Health::Slow), HealthRule::Silent), "{name}");
    }
    // A process that is gone had better not hide behind a child that lives.
    let gone = Present {
        process: Process::Gone(at(50)),
        ..with_child("sleep 9999", 10)
    };
    assert_eq!(
        judged(vec![], &gone, 20 * MINUTE),
        (Some(Health::Stuck), HealthRule::Gone)
    );
}

#[test]
fn a_verdict_says_what_was_seen_and_since_when() {
    let signs = vec![
        (0, Sign::Prompted),
        (30, call("Bash: make", "ok")),
        (35, Sign::Tokens(100)),
        (40, Sign::Tokens(100)),
    ];
    let verdict = judge(
        &history(signs),
        &working(),
        &Thresholds::default(),
        at(35 + 6 * MINUTE),
    );
    assert_eq!(
        verdict.sentence(at(35 + 6 * MINUTE)),
        "no sign of progress for 6m"
    );
    let seen: Vec<&str> = verdict.seen.iter().map(|seen| seen.what.as_str()).collect();
    assert_eq!(
        seen,
        [
            "it used tokens",
            "Bash: make",
            "it was given something to do"
        ]
    );
    assert_eq!(
        verdict.since,
        at(35),
        "the same number of tokens is no progress"
    );

    let now = at(20 * MINUTE);
    let verdict = judge(
        &History::default(),
        &with_child("sleep 1200", 10),
        &Thresholds::default(),
        now,
    );
    assert_eq!(
        verdict.sentence(now),
        "its child sleep 1200 is there and may wait for something; nothing else was seen of it for 20m"
    );
    assert!(verdict.changes_by.starts_with("the child's end"));
    // Where the system hides its children, a long build cannot be excluded.
    let hidden = Present {
        children: Children::Hidden,
        ..working()
    };
    let verdict = judge(
        &History::default(),
        &hidden,
        &Thresholds::default(),
        at(60 * MINUTE),
    );
    assert_eq!(verdict.health, Some(Health::Slow));
    assert!(verdict.evidence.contains("cannot be seen here"));
}

#[test]
fn the_history_is_bounded_and_its_texts_plain() {
    let mut history = History::default();
    for n in 0..10_000 {
        history.note(
            at(n),
            call(&format!("Bash\u{1b}[31m: {}", "x".repeat(5_000)), "r"),
        );
        history.note(at(n), Sign::Screen);
        history.note(at(n), Sign::Tree(n as u64));
        history.note(at(n), Sign::Tree(n as u64));
    }
    let signs = history.signs();
    assert_eq!(signs.len(), MOST_SIGNS + 1);
    for (_, sign) in signs {
        assert!(sign.words().chars().count() <= 80);
        assert!(!sign.words().chars().any(char::is_control));
    }
}

#[test]
fn what_tells_a_time_makes_no_other_error() {
    let exact = |text: &str| Failure::of(text).exact;
    assert_eq!(exact("3 failed in 0.31s"), exact("3 failed in 12.5s"));
    assert_eq!(
        exact("[10:02:11] 3 failed (12ms)"),
        exact("[10:05:59] 3 failed (900ms)")
    );
    assert_eq!(
        exact("took 4 seconds, 3 failed"),
        exact("took 5 seconds, 3 failed")
    );
    assert_ne!(exact("3 failed in 0.31s"), exact("2 failed in 0.31s"));
}
