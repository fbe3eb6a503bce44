//! What the user wants of a loop, and what a daemon that died needs of it, in every phase.

use super::*;

/// What the user asks for, in every phase: the decision, then where it stands after the iteration's end.
#[test]
fn wishes_in_every_phase() {
    let in_phase = |phase: &str| {
        let mut bench = Bench::new();
        match phase {
            "between" => {}
            "starting" => assert_eq!(bench.tick(), Decision::Start),
            "running" => bench.start(),
            "checking" => {
                bench.start();
                bench.edit();
                let facts = IterationFacts {
                    has_check: true,
                    ..bench.facts(RunEnd::Finished, GOES_ON)
                };
                assert_eq!(bench.ended(facts), Decision::Check);
            }
            "parked" => {
                bench.iterate(failed(Fault::Overload, "529"), "");
            }
            "waiting" => {
                bench.iterate(RunEnd::Finished, BLOCKED);
            }
            "paused" => {
                bench.tell(LoopEvent::Pause { now: false });
            }
            "ended" => {
                bench.tell(LoopEvent::Stop { after: false });
            }
            other => unreachable!("{other}"),
        }
        bench
    };
    let word = |phase: &Phase| match phase {
        Phase::Between { .. } => "between",
        Phase::Starting => "starting",
        Phase::Running { .. } => "running",
        Phase::Checking { .. } => "checking",
        Phase::Parked { .. } => "parked",
        Phase::Paused { .. } => "paused",
        Phase::Waiting { .. } => "waiting",
        Phase::Ended { .. } => "ended",
    };
    let wishes = [
        LoopEvent::Pause { now: false },
        LoopEvent::Pause { now: true },
        LoopEvent::Stop { after: true },
        LoopEvent::Stop { after: false },
        LoopEvent::Continue,
        LoopEvent::Tell("hello".into()),
        LoopEvent::Limits(LoopLimits::default()),
    ];
    for (phase, at_once, at_the_end) in [
        (
            "between",
            [
                "paused", "paused", "ended", "ended", "between", "between", "between",
            ],
            None,
        ),
        (
            "starting",
            ["starting"; 7],
            Some([
                "paused", "paused", "ended", "ended", "between", "between", "between",
            ]),
        ),
        (
            "running",
            ["running"; 7],
            Some([
                "paused", "paused", "ended", "ended", "between", "between", "between",
            ]),
        ),
        (
            "checking",
            [
                "checking", "checking", "checking", "ended", "checking", "checking", "checking",
            ],
            Some([
                "paused", "paused", "ended", "ended", "between", "between", "between",
            ]),
        ),
        (
            "parked",
            [
                "paused", "paused", "ended", "ended", "between", "parked", "parked",
            ],
            None,
        ),
        (
            "waiting",
            [
                "waiting", "waiting", "ended", "ended", "between", "between", "waiting",
            ],
            None,
        ),
        (
            "paused",
            [
                "paused", "paused", "ended", "ended", "between", "paused", "paused",
            ],
            None,
        ),
        (
            "ended",
            [
                "ended", "ended", "ended", "ended", "between", "ended", "ended",
            ],
            None,
        ),
    ] {
        for (at, wish) in wishes.iter().enumerate() {
            let mut bench = in_phase(phase);
            bench.tell(wish.clone());
            assert_eq!(word(&bench.state.phase), at_once[at], "{phase}: {wish:?}");
            let Some(at_the_end) = at_the_end else {
                continue;
            };
            if phase == "starting" {
                let tree = bench.tree.clone();
                bench.tell(LoopEvent::Started(tree));
            }
            if phase == "checking" {
                bench.check(CheckOutcome::Failed, "x");
            } else {
                bench.edit();
                let facts = bench.facts(RunEnd::Finished, GOES_ON);
                bench.ended(facts);
            }
            assert_eq!(
                word(&bench.state.phase),
                at_the_end[at],
                "{phase}, then: {wish:?}"
            );
        }
    }
}

#[test]
fn a_wish_taken_back_is_none() {
    let mut bench = Bench::new();
    bench.start();
    assert_eq!(
        bench.tell(LoopEvent::Stop { after: false }),
        Decision::Interrupt
    );
    bench.tell(LoopEvent::Continue);
    let facts = bench.facts(failed(Fault::Other, "signal 2"), "");
    assert_eq!(bench.ended(facts), Decision::Nothing);
    assert!(bench.goes_on());
}

#[test]
fn messages_are_bounded_and_told_once() {
    let mut bench = Bench::new();
    for number in 0..50 {
        bench.tell(LoopEvent::Tell(format!("{number}{}", "x".repeat(100_000))));
    }
    assert_eq!(bench.state.messages.len(), MOST_MESSAGES);
    assert!(bench.state.messages[0].starts_with("30"));
    assert!(
        bench
            .state
            .messages
            .iter()
            .all(|m| m.chars().count() < MOST_MESSAGE + 100)
    );
    assert_eq!(bench.tick(), Decision::Start);
    bench.tell(LoopEvent::Tell("too late".into()));
    let tree = bench.tree.clone();
    bench.tell(LoopEvent::Started(tree));
    assert_eq!(bench.state.messages, ["too late"]);
}

#[test]
fn it_goes_on_where_it_was_after_the_daemon_died() {
    let recovered = |has_run| LoopEvent::Recovered { has_run };
    // Stored and read back at every step.
    let reread = |bench: &mut Bench| {
        let text = serde_json::to_string(&bench.state).expect("it can be stored");
        bench.state = serde_json::from_str(&text).expect("it can be read");
    };
    let mut bench = Bench::new();
    assert_eq!(bench.tick(), Decision::Start);
    reread(&mut bench);
    // It died before the process was made.
    assert_eq!(bench.tell(recovered(false)), Decision::Nothing);
    assert_eq!(bench.state.iteration, 0);
    bench.start();
    assert_eq!(bench.state.iteration, 1);
    reread(&mut bench);
    assert_eq!(bench.tell(recovered(true)), Decision::Nothing);
    bench.edit();
    let facts = IterationFacts {
        has_check: true,
        ..bench.facts(RunEnd::Finished, GOES_ON)
    };
    assert_eq!(bench.ended(facts), Decision::Check);
    reread(&mut bench);
    // It died while the check ran: the check runs again, and the days between are no time at work.
    bench.now += 3 * 24 * 3_600_000;
    assert_eq!(bench.tell(recovered(false)), Decision::Check);
    assert_eq!(bench.check(CheckOutcome::Failed, "x"), Decision::Nothing);
    reread(&mut bench);
    bench.now += 3 * 24 * 3_600_000;
    assert_eq!(bench.tell(recovered(false)), Decision::Nothing);
    bench.start();
    assert_eq!(bench.state.iteration, 2);
    // The machine went down under it.
    bench.now += 3 * 24 * 3_600_000;
    let facts = bench.facts(RunEnd::Lost, "");
    assert_eq!(bench.ended(facts), Decision::Hold(PauseWhy::Interrupted));
    assert!(bench.state.worked < 3_600_000, "{}", bench.state.worked);
    bench.tell(LoopEvent::Continue);
    bench.start();
}
