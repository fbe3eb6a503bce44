//! Confidence, combination by combination.

use super::*;
use crate::domain::loops::status_block::SelfStatus;

const NOTHING: Known<'_> = Known {
    block: None,
    reminded: true,
    phrases: &[],
    plans: &[],
    most_boxes: 0,
    check: CheckStanding::None,
    dirty: 0,
    committed: false,
    quiet: 0,
};

fn says(status: Option<SelfStatus>, exit_signal: Option<bool>) -> StatusBlock {
    StatusBlock {
        status,
        exit_signal,
        ..StatusBlock::default()
    }
}

fn plan(ticked: u32, open: u32) -> Plan {
    Plan {
        file: "TODO.md".into(),
        ticked,
        open,
        ..Plan::default()
    }
}

#[test]
fn what_leaves_for_review() {
    let done = says(Some(SelfStatus::Complete), Some(true));
    let complete = says(Some(SelfStatus::Complete), None);
    let not = says(Some(SelfStatus::Complete), Some(false));
    let blocked = says(Some(SelfStatus::Blocked), Some(true));
    let silent = says(None, None);
    let phrases = ["All tasks are done.".to_owned()];
    let ticked = [plan(3, 0)];
    let most = [plan(3, 1)];
    let base = NOTHING;
    use CheckStanding::{Failed, Passed, Stale};
    // What is known; percent, whether it is enough.
    for (name, known, percent, enough) in [
        ("nothing", base, 0, false),
        (
            "a word",
            Known {
                block: Some(&done),
                ..base
            },
            50,
            false,
        ),
        (
            "words alone, however many",
            Known {
                block: Some(&done),
                phrases: &phrases,
                ..base
            },
            50,
            false,
        ),
        (
            "words and a quiet iteration",
            Known {
                block: Some(&done),
                quiet: 1,
                ..base
            },
            60,
            true,
        ),
        (
            "words and a commit",
            Known {
                block: Some(&done),
                committed: true,
                ..base
            },
            60,
            true,
        ),
        (
            "words and dirt",
            Known {
                block: Some(&done),
                phrases: &phrases,
                committed: true,
                dirty: 2,
                ..base
            },
            50,
            false,
        ),
        (
            "words and the check, the tree dirty",
            Known {
                block: Some(&done),
                check: Passed,
                dirty: 2,
                ..base
            },
            80,
            true,
        ),
        (
            "words and every box",
            Known {
                block: Some(&done),
                plans: &ticked,
                most_boxes: 3,
                dirty: 1,
                ..base
            },
            70,
            true,
        ),
        (
            "words, some boxes",
            Known {
                block: Some(&done),
                plans: &most,
                most_boxes: 4,
                dirty: 1,
                ..base
            },
            65,
            true,
        ),
        (
            "boxes that vanished",
            Known {
                block: Some(&complete),
                plans: &ticked,
                most_boxes: 9,
                dirty: 1,
                ..base
            },
            50,
            false,
        ),
        (
            "status alone and the check",
            Known {
                block: Some(&complete),
                check: Passed,
                ..base
            },
            70,
            true,
        ),
        (
            "a failing check vetoes",
            Known {
                block: Some(&done),
                phrases: &phrases,
                plans: &ticked,
                most_boxes: 3,
                check: Failed("2 tests failed"),
                committed: true,
                quiet: 3,
                ..base
            },
            50,
            false,
        ),
        (
            "a check that has not run since",
            Known {
                block: Some(&done),
                check: Stale("it was stopped"),
                committed: true,
                ..base
            },
            50,
            false,
        ),
        (
            "not done is never overruled",
            Known {
                block: Some(&not),
                phrases: &phrases,
                plans: &ticked,
                most_boxes: 3,
                check: Passed,
                committed: true,
                quiet: 9,
                ..base
            },
            50,
            false,
        ),
        (
            "blocked is not done",
            Known {
                block: Some(&blocked),
                check: Passed,
                committed: true,
                quiet: 2,
                ..base
            },
            50,
            false,
        ),
        (
            "no block, not yet reminded",
            Known {
                reminded: false,
                check: Passed,
                plans: &ticked,
                most_boxes: 3,
                committed: true,
                ..base
            },
            50,
            false,
        ),
        (
            "no block though reminded, but everything shows it",
            Known {
                check: Passed,
                plans: &ticked,
                most_boxes: 3,
                committed: true,
                ..base
            },
            60,
            true,
        ),
        (
            "an empty block and structure",
            Known {
                block: Some(&silent),
                check: Passed,
                plans: &ticked,
                most_boxes: 3,
                committed: true,
                quiet: 2,
                ..base
            },
            80,
            true,
        ),
        (
            "phrases and structure below enough",
            Known {
                phrases: &phrases,
                check: Passed,
                committed: true,
                ..base
            },
            50,
            false,
        ),
        (
            "everything",
            Known {
                block: Some(&done),
                phrases: &phrases,
                plans: &ticked,
                most_boxes: 3,
                check: Passed,
                committed: true,
                quiet: 2,
                ..base
            },
            100,
            true,
        ),
    ] {
        let got = confidence(&known);
        assert_eq!(
            (got.percent, got.is_enough()),
            (percent, enough),
            "{name}: {got:?}"
        );
    }
}

/// All combinations of everything: the four sentences at the head of this file.
#[test]
fn never_on_words_alone_never_against_a_veto() {
    let blocks = [
        None,
        Some(says(None, None)),
        Some(says(Some(SelfStatus::Complete), Some(true))),
        Some(says(Some(SelfStatus::Complete), Some(false))),
        Some(says(Some(SelfStatus::InProgress), None)),
        Some(says(Some(SelfStatus::Blocked), Some(true))),
    ];
    let phrases = ["Done.".to_owned()];
    let plans = [vec![], vec![plan(2, 0)], vec![plan(0, 2)], vec![plan(1, 1)]];
    let checks = [
        CheckStanding::None,
        CheckStanding::Passed,
        CheckStanding::Failed("x"),
        CheckStanding::Stale("y"),
    ];
    let mut looked_at = 0;
    for block in &blocks {
        for plans in &plans {
            for check in checks {
                for bits in 0..32u32 {
                    let bit = |at: u32| bits & (1 << at) != 0;
                    let known = Known {
                        block: block.as_ref(),
                        reminded: bit(0),
                        phrases: if bit(1) { &phrases } else { &[] },
                        plans,
                        most_boxes: 2,
                        check,
                        dirty: u32::from(bit(2)),
                        committed: bit(3),
                        quiet: if bit(4) { 2 } else { 0 },
                    };
                    let got = confidence(&known);
                    let structure = got
                        .parts
                        .iter()
                        .any(|part| part.what.is_structural() && part.points > 0);
                    let word = block.as_ref().map(StatusBlock::word);
                    let vetoed = matches!(word, Some(Word::NotDone | Word::Blocked))
                        || matches!(check, CheckStanding::Failed(_) | CheckStanding::Stale(_))
                        || (word.is_none() && !known.reminded);
                    if got.is_enough() {
                        assert!(structure && !vetoed, "{known:?}");
                    }
                    assert!(got.percent <= if vetoed { CAP } else { 100 });
                    assert!(got.parts.iter().all(|part| part.points <= part.of));
                    looked_at += 1;
                }
            }
        }
    }
    assert_eq!(looked_at, 6 * 4 * 4 * 32);
}

#[test]
fn paths_of_tests() {
    for (path, expected) in [
        ("tests/a.rs", true),
        ("src/domain/loops/tests.rs", true),
        ("src/x/tests/b.rs", true),
        ("pkg/server_test.go", true),
        ("src/App.test.tsx", true),
        ("spec/user_spec.rb", true),
        ("test_main.py", true),
        ("conftest.py", true),
        ("a/__snapshots__/b.snap", true),
        (r"src\tests\a.cs", true),
        ("src/main.rs", false),
        ("src/contest.rs", false),
        ("src/latest.rs", false),
        ("attest/main.go", false),
        ("README.md", false),
        ("", false),
    ] {
        assert_eq!(is_test(path), expected, "{path}");
    }
}
