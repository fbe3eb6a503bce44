//! The loop's decisions, event by event.

use super::super::after::*;
use super::super::breaker::BreakerState;
use super::super::confidence::Changes;
use super::super::facts::*;
use super::super::state::GRACE;
use super::*;
use crate::domain::units::MicroUsd;

mod wishes;

const DONE: &str = "Fixed it.\n---RALPH_STATUS---\nSTATUS: COMPLETE\nEXIT_SIGNAL: true\n\
RECOMMENDATION: merge\n---END_RALPH_STATUS---";
const GOES_ON: &str = "One more.\n---RALPH_STATUS---\nSTATUS: IN_PROGRESS\nEXIT_SIGNAL: false\n\
RECOMMENDATION: write the tests\n---END_RALPH_STATUS---";
const BLOCKED: &str = "---RALPH_STATUS---\nSTATUS: BLOCKED\nRECOMMENDATION: Which database?\n\
---END_RALPH_STATUS---";

/// A loop, its clock, and a tree that iterations change.
struct Bench {
    state: LoopState,
    now: i64,
    tree: Tree,
    changes: u32,
}

impl Bench {
    fn new() -> Self {
        Self::with(LoopLimits::default())
    }

    fn with(limits: LoopLimits) -> Self {
        Self {
            state: LoopState::new(limits, Timestamp(1_000_000)),
            now: 1_000_000,
            tree: Tree {
                head: "h0".into(),
                fingerprint: "f0".into(),
                dirty: 0,
            },
            changes: 0,
        }
    }

    fn tell(&mut self, event: LoopEvent) -> Decision {
        let (state, decision) = self.state.clone().step(event, Timestamp(self.now));
        self.state = state;
        decision
    }

    /// Waits until time changes something, and says so.
    fn tick(&mut self) -> Decision {
        if let Some(due) = self.state.due() {
            self.now = self.now.max(due.0);
        }
        self.tell(LoopEvent::Tick)
    }

    fn start(&mut self) {
        assert_eq!(self.tick(), Decision::Start, "{:?}", self.state.phase);
        let tree = self.tree.clone();
        assert_eq!(self.tell(LoopEvent::Started(tree)), Decision::Nothing);
        self.now += 60_000;
    }

    fn commit(&mut self) {
        self.changes += 1;
        self.tree.head = format!("h{}", self.changes);
        self.tree.dirty = 0;
        self.tree.fingerprint = "clean".into();
    }

    fn edit(&mut self) {
        self.changes += 1;
        self.tree.fingerprint = format!("f{}", self.changes);
        self.tree.dirty = 1;
    }

    fn facts(&self, end: RunEnd, message: &str) -> IterationFacts {
        IterationFacts {
            end,
            message: message.into(),
            question: None,
            denied: Vec::new(),
            after: self.tree.clone(),
            changes: Changes::Something,
            plans: Vec::new(),
            cost: Some(MicroUsd(100_000)),
            has_check: false,
        }
    }

    fn ended(&mut self, facts: IterationFacts) -> Decision {
        self.tell(LoopEvent::IterationEnded(Box::new(facts)))
    }

    /// An iteration from start to end, without a check.
    fn iterate(&mut self, end: RunEnd, message: &str) -> Decision {
        self.start();
        let facts = self.facts(end, message);
        self.ended(facts)
    }

    fn check(&mut self, outcome: CheckOutcome, words: &str) -> Decision {
        let result = CheckResult {
            outcome,
            words: words.into(),
            output: words.into(),
            took: 10,
            at: Timestamp(self.now),
            tree: self.tree.clone(),
        };
        self.tell(LoopEvent::CheckEnded(Box::new(result)))
    }

    fn goes_on(&self) -> bool {
        matches!(self.state.phase, Phase::Between { .. })
    }
}

fn failed(fault: Fault, words: &str) -> RunEnd {
    RunEnd::Failed(fault, words.to_owned())
}

#[test]
fn it_starts_at_once_and_rests_between() {
    let mut bench = Bench::new();
    assert_eq!(bench.state.due(), Some(Timestamp(1_000_000)));
    bench.start();
    assert_eq!(bench.state.iteration, 1);
    bench.edit();
    let facts = bench.facts(RunEnd::Finished, GOES_ON);
    assert_eq!(bench.ended(facts.clone()), Decision::Nothing);
    assert_eq!(bench.state.due(), Some(Timestamp(bench.now + 5_000)));
    assert_eq!(bench.state.recommendation, "write the tests");
    assert_eq!(bench.tell(LoopEvent::Tick), Decision::Nothing, "too early");
    // The same end again, or one of a check nobody waits for, is none.
    assert_eq!(bench.ended(facts), Decision::Nothing);
    assert_eq!(bench.check(CheckOutcome::Passed, ""), Decision::Nothing);
    assert_eq!(bench.state.counted, 1);
    bench.start();
    assert_eq!(bench.state.iteration, 2);
}

#[test]
fn done_and_committed_is_complete() {
    let mut bench = Bench::new();
    bench.start();
    bench.commit();
    let facts = bench.facts(RunEnd::Finished, DONE);
    assert_eq!(bench.ended(facts), Decision::End(EndWhy::Complete(60)));
    let record = &bench.state.recent[0];
    assert_eq!(
        (record.summary.as_str(), record.recommendation.as_str()),
        ("Fixed it.", "merge")
    );
    assert_eq!(bench.tick(), Decision::Nothing, "it is over");
}

#[test]
fn done_in_words_alone_goes_on_until_nothing_changes() {
    let mut bench = Bench::new();
    bench.start();
    bench.edit();
    let facts = bench.facts(RunEnd::Finished, DONE);
    assert_eq!(bench.ended(facts), Decision::Nothing);
    assert_eq!(bench.state.confidence.percent, 50);
    bench.start();
    let facts = IterationFacts {
        changes: Changes::Nothing,
        ..bench.facts(RunEnd::Finished, DONE)
    };
    assert_eq!(bench.ended(facts), Decision::End(EndWhy::Complete(60)));
}

#[test]
fn a_failing_check_vetoes_and_is_told_a_passing_one_ends_it() {
    let mut bench = Bench::new();
    bench.start();
    bench.commit();
    let facts = IterationFacts {
        has_check: true,
        ..bench.facts(RunEnd::Finished, DONE)
    };
    assert_eq!(bench.ended(facts.clone()), Decision::Check);
    assert_eq!(bench.state.due(), None);
    assert_eq!(
        bench.check(CheckOutcome::Failed, "2 tests failed"),
        Decision::Nothing
    );
    assert!(bench.goes_on());
    assert_eq!(
        bench.state.confidence.against,
        ["the check fails: 2 tests failed"]
    );
    bench.start();
    bench.commit();
    let facts = IterationFacts {
        after: bench.tree.clone(),
        ..facts
    };
    assert_eq!(bench.ended(facts), Decision::Check);
    assert_eq!(
        bench.check(CheckOutcome::Passed, "ok"),
        Decision::End(EndWhy::Complete(90))
    );
}

#[test]
fn a_check_that_passed_on_this_very_tree_is_not_run_again() {
    let mut bench = Bench::new();
    bench.start();
    bench.commit();
    let facts = IterationFacts {
        has_check: true,
        ..bench.facts(RunEnd::Finished, GOES_ON)
    };
    assert_eq!(bench.ended(facts.clone()), Decision::Check);
    assert_eq!(bench.check(CheckOutcome::Passed, "ok"), Decision::Nothing);
    bench.start();
    let facts = IterationFacts {
        message: DONE.into(),
        changes: Changes::Nothing,
        ..facts
    };
    assert_eq!(bench.ended(facts), Decision::End(EndWhy::Complete(100)));
}

#[test]
fn a_check_that_could_not_run_is_none() {
    for outcome in [CheckOutcome::NotRun, CheckOutcome::TimedOut] {
        let mut bench = Bench::new();
        bench.start();
        bench.commit();
        let facts = IterationFacts {
            has_check: true,
            ..bench.facts(RunEnd::Finished, DONE)
        };
        assert_eq!(bench.ended(facts), Decision::Check);
        assert_eq!(bench.check(outcome, "no such program"), Decision::Nothing);
        assert_eq!(bench.state.confidence.percent, 50);
    }
}

#[test]
fn the_same_failing_check_with_no_change_opens_the_breaker() {
    let mut bench = Bench::new();
    bench.commit();
    for round in 0..3 {
        bench.start();
        let facts = IterationFacts {
            has_check: true,
            ..bench.facts(RunEnd::Finished, GOES_ON)
        };
        assert_eq!(bench.ended(facts), Decision::Check);
        let decision = bench.check(CheckOutcome::Failed, &format!("{round} tests failed"));
        match round {
            2 => assert!(matches!(decision, Decision::End(EndWhy::Breaker(_)))),
            _ => assert_eq!(decision, Decision::Nothing),
        }
    }
}

#[test]
fn a_missing_block_is_reminded_of() {
    let mut bench = Bench::new();
    bench.start();
    bench.commit();
    let facts = bench.facts(RunEnd::Finished, "All tasks are done.");
    assert_eq!(bench.ended(facts), Decision::Nothing);
    assert!(bench.state.remind && bench.goes_on());
    bench.start();
    bench.commit();
    let facts = bench.facts(RunEnd::Finished, GOES_ON);
    bench.ended(facts);
    assert!(!bench.state.remind);
}

#[test]
fn blocked_or_asking_waits_and_an_answer_goes_on() {
    for question in [None, Some("Which database?".to_owned())] {
        let mut bench = Bench::new();
        bench.start();
        bench.edit();
        let facts = IterationFacts {
            // A check is not run either: it spends nothing.
            has_check: true,
            message: if question.is_none() {
                BLOCKED.into()
            } else {
                DONE.into()
            },
            question,
            ..bench.facts(RunEnd::Finished, "")
        };
        let Decision::Wait(ask) = bench.ended(facts) else {
            panic!("it waits");
        };
        assert_eq!(ask.text, "Which database?");
        assert_eq!((bench.state.due(), bench.tick()), (None, Decision::Nothing));
        assert_eq!(
            bench.tell(LoopEvent::Tell("Postgres".into())),
            Decision::Nothing
        );
        assert_eq!(bench.tick(), Decision::Start);
        assert_eq!(bench.state.messages, ["Postgres"]);
    }
}

#[test]
fn blocked_by_the_same_denial_twice_opens_the_breaker() {
    let mut bench = Bench::new();
    for round in 0..2 {
        bench.start();
        let facts = IterationFacts {
            denied: vec!["Bash(npm test)".into()],
            ..bench.facts(RunEnd::Finished, BLOCKED)
        };
        let decision = bench.ended(facts);
        match round {
            0 => assert!(matches!(decision, Decision::Wait(_))),
            _ => assert!(matches!(decision, Decision::End(EndWhy::Breaker(_)))),
        }
        bench.tell(LoopEvent::Continue);
    }
    assert!(bench.state.breaker.probing, "continued once more");
}

#[test]
fn a_harmless_denial_halts_nothing() {
    let mut bench = Bench::new();
    for _ in 0..10 {
        bench.start();
        bench.commit();
        let facts = IterationFacts {
            denied: vec!["Bash(rm -rf target)".into()],
            ..bench.facts(RunEnd::Finished, GOES_ON)
        };
        assert_eq!(bench.ended(facts), Decision::Nothing);
    }
}

#[test]
fn an_open_breaker_probes_once_when_told_to() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        assert_eq!(bench.iterate(RunEnd::Finished, GOES_ON), Decision::Nothing);
    }
    let decision = bench.iterate(RunEnd::Finished, GOES_ON);
    assert!(matches!(decision, Decision::End(EndWhy::Breaker(_))));
    assert_eq!(bench.tell(LoopEvent::Continue), Decision::Nothing);
    assert_eq!(bench.state.breaker.state, BreakerState::HalfOpen);
    let decision = bench.iterate(RunEnd::Finished, GOES_ON);
    assert!(
        matches!(decision, Decision::End(EndWhy::Breaker(_))),
        "one, no more"
    );
    bench.tell(LoopEvent::Continue);
    bench.start();
    bench.edit();
    let facts = bench.facts(RunEnd::Finished, GOES_ON);
    assert_eq!(bench.ended(facts), Decision::Nothing);
    assert_eq!(bench.state.breaker.state, BreakerState::Closed);
}

#[test]
fn a_usage_limit_parks_it_until_its_end() {
    let mut bench = Bench::new();
    bench.start();
    let reset = Timestamp(bench.now + 3 * 3_600_000);
    let facts = bench.facts(
        failed(Fault::Limit(Some(reset)), "5-hour limit reached"),
        "",
    );
    let until = Timestamp(reset.0 + LIMIT_MARGIN);
    assert_eq!(bench.ended(facts), Decision::Park(until));
    assert!(matches!(
        bench.state.phase,
        Phase::Parked { limit: true, .. }
    ));
    let worked = bench.state.worked_at(reset);
    assert_eq!(worked, 60_000, "waiting is no work");
    assert_eq!(
        (bench.state.counted, bench.state.breaker.no_progress),
        (0, 0)
    );
    bench.start();
    assert_eq!(bench.now, until.0 + 60_000);
    assert_eq!(bench.state.iteration, 2);
}

#[test]
fn an_overloaded_service_is_tried_again_later_and_later_and_not_for_ever() {
    let mut bench = Bench::new();
    let mut waits = Vec::new();
    let end = loop {
        let decision = bench.iterate(failed(Fault::Overload, "529 overloaded"), "");
        match decision {
            Decision::Park(until) => waits.push((until.0 - bench.now) / 1000),
            other => break other,
        }
    };
    assert_eq!(
        waits,
        [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 1800]
    );
    assert_eq!(
        end,
        Decision::End(EndWhy::Unreachable("529 overloaded".into()))
    );
    assert_eq!(bench.state.counted, 0);
    assert_eq!(bench.state.breaker, super::super::Breaker::default());
}

#[test]
fn a_limit_without_an_end_and_one_in_the_past_are_tried_again() {
    for (until, wait) in [(None, 300_000), (Some(Timestamp(5)), 10_000)] {
        let mut bench = Bench::new();
        let decision = bench.iterate(failed(Fault::Limit(until), "limit"), "");
        assert_eq!(decision, Decision::Park(Timestamp(bench.now + wait)));
    }
}

#[test]
fn logins_and_bills_stop_it_at_once() {
    let mut bench = Bench::new();
    let decision = bench.iterate(failed(Fault::Auth, "invalid key"), "");
    assert_eq!(decision, Decision::End(EndWhy::Auth("invalid key".into())));
    let mut bench = Bench::new();
    let decision = bench.iterate(failed(Fault::Billing, "no credit"), "");
    assert_eq!(decision, Decision::End(EndWhy::Billing("no credit".into())));
    assert!(EndWhy::Billing(String::new()).is_bad());
}

#[test]
fn the_same_error_opens_the_breaker_whatever_is_changed() {
    let mut bench = Bench::new();
    for round in 0..5 {
        bench.start();
        bench.edit();
        let facts = bench.facts(
            failed(Fault::Other, &format!("exit {round} at 10:0{round}")),
            "",
        );
        let decision = bench.ended(facts);
        assert_eq!(
            matches!(decision, Decision::End(EndWhy::Breaker(_))),
            round == 4
        );
    }
}

#[test]
fn an_iteration_that_takes_too_long_is_interrupted_then_killed() {
    let mut bench = Bench::new();
    bench.start();
    let begun = bench.state.since.0;
    assert_eq!(bench.tick(), Decision::Interrupt);
    assert_eq!(bench.now, begun + 30 * 60_000);
    assert_eq!(bench.tick(), Decision::Kill);
    assert_eq!(bench.now, begun + 30 * 60_000 + GRACE);
    assert_eq!(bench.tick(), Decision::Kill, "and again, until it is gone");
    bench.edit();
    let facts = bench.facts(failed(Fault::Other, "signal 9"), "");
    assert_eq!(bench.ended(facts), Decision::Nothing);
    let record = &bench.state.recent[0];
    assert!(record.progress && record.how.contains("longer than an iteration may"));
    assert_eq!(bench.state.breaker.error, None, "the signal was ours");
}

#[test]
fn a_stalled_one_is_interrupted_and_productive_if_it_changed_files() {
    let stalled = || LoopEvent::Stalled("silent for 16m with no child at work".into());
    let mut bench = Bench::new();
    bench.start();
    assert_eq!(bench.tell(stalled()), Decision::Interrupt);
    assert_eq!(bench.tell(stalled()), Decision::Nothing, "once is enough");
    bench.edit();
    let facts = bench.facts(failed(Fault::Other, "signal 2"), "");
    assert_eq!(bench.ended(facts), Decision::Nothing);
    assert_eq!(bench.state.breaker.no_progress, 0);
    for round in 0..5 {
        bench.start();
        assert_eq!(bench.tell(stalled()), Decision::Interrupt);
        let facts = bench.facts(failed(Fault::Other, "signal 2"), "");
        let decision = bench.ended(facts);
        // Four times now and once before: the same stall.
        assert_eq!(
            matches!(decision, Decision::End(EndWhy::Breaker(_))),
            round == 3,
            "{round}"
        );
        if round == 3 {
            break;
        }
    }
}

#[test]
fn every_limit_ends_it() {
    let mut bench = Bench::with(LoopLimits {
        iterations: Some(3),
        ..LoopLimits::default()
    });
    for round in 0..3 {
        bench.start();
        bench.edit();
        let facts = bench.facts(RunEnd::Finished, GOES_ON);
        let decision = bench.ended(facts);
        assert_eq!(decision == Decision::End(EndWhy::Iterations(3)), round == 2);
    }
    assert!(bench.state.cannot_continue().is_some());
    let more = LoopLimits {
        iterations: Some(4),
        ..bench.state.limits.clone()
    };
    bench.tell(LoopEvent::Limits(more));
    assert!(bench.state.cannot_continue().is_none());
    bench.tell(LoopEvent::Continue);
    bench.start();
    assert_eq!(bench.state.iteration, 4);

    let mut bench = Bench::with(LoopLimits {
        time: Some(90_000),
        ..LoopLimits::default()
    });
    bench.start();
    bench.edit();
    let facts = bench.facts(RunEnd::Finished, GOES_ON);
    assert_eq!(bench.ended(facts), Decision::Nothing);
    bench.start();
    assert_eq!(
        bench.tick(),
        Decision::Interrupt,
        "in the middle of the second"
    );
    let facts = bench.facts(failed(Fault::Other, "signal 2"), "");
    assert_eq!(bench.ended(facts), Decision::End(EndWhy::Time(90_000)));
}

#[test]
fn a_budget_pauses_it_and_more_of_it_goes_on() {
    let mut bench = Bench::with(LoopLimits {
        budget: Some(MicroUsd(150_000)),
        ..LoopLimits::default()
    });
    bench.start();
    bench.edit();
    let facts = bench.facts(RunEnd::Finished, GOES_ON);
    assert_eq!(bench.ended(facts), Decision::Nothing);
    bench.start();
    bench.edit();
    let facts = bench.facts(RunEnd::Finished, GOES_ON);
    assert!(matches!(
        bench.ended(facts),
        Decision::Hold(PauseWhy::Budget(_))
    ));
    assert!(bench.state.cannot_continue().is_some());
    let more = LoopLimits {
        budget: Some(MicroUsd(500_000)),
        ..bench.state.limits.clone()
    };
    assert_eq!(bench.tell(LoopEvent::Limits(more)), Decision::Nothing);
    assert_eq!(bench.tick(), Decision::Start);
    // Another budget, which does not allow the start.
    let refused = bench.tell(LoopEvent::Refused("today's $50.00 are used up".into()));
    assert!(matches!(refused, Decision::Hold(PauseWhy::Budget(_))));
    assert_eq!(bench.state.iteration, 2);
    // One that is used up in the middle of an iteration.
    for interrupt in [true, false] {
        bench.tell(LoopEvent::Continue);
        bench.start();
        let decision = bench.tell(LoopEvent::OverBudget("the task's $10.00".into(), interrupt));
        assert_eq!(decision == Decision::Interrupt, interrupt);
        bench.edit();
        let facts = bench.facts(RunEnd::Finished, GOES_ON);
        assert!(matches!(
            bench.ended(facts),
            Decision::Hold(PauseWhy::Budget(_))
        ));
    }
}

#[test]
fn a_cost_nobody_knows_leaves_the_other_limits() {
    let mut bench = Bench::new();
    bench.start();
    bench.edit();
    let facts = IterationFacts {
        cost: None,
        ..bench.facts(RunEnd::Finished, GOES_ON)
    };
    bench.ended(facts);
    assert!(bench.state.unpriced && bench.goes_on());
}

#[test]
fn words_for_people() {
    for (why, sentence) in [
        (EndWhy::Complete(80), "complete, 80 % sure"),
        (EndWhy::Iterations(1), "1 iteration used up"),
        (EndWhy::Iterations(50), "all 50 iterations used up"),
        (EndWhy::Time(14_400_000), "all of its 4h00m used up"),
        (
            EndWhy::Breaker(vec!["a".into(), "b".into()]),
            "breaker open: a; b",
        ),
        (EndWhy::Stopped, "stopped by you"),
    ] {
        assert_eq!(why.sentence(), sentence);
    }
}
