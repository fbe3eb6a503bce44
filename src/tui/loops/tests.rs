use super::*;
use crate::domain::Activity;
use crate::domain::loops::Breaker;
use crate::domain::{Basis, Cost, budget};
use crate::tui::testing::{self, loop_view};

fn record(number: u32, check: Option<CheckOutcome>, changes: Changes) -> IterationRecord {
    let ago = testing::minutes_ago;
    IterationRecord {
        number,
        started_at: ago(20),
        ended_at: ago(12),
        how: "it said that it goes on".into(),
        changes,
        progress: changes == Changes::Something,
        head: "abc".into(),
        check,
        cost: (number != 5).then_some(MicroUsd(620_000)),
        confidence: 40,
        summary: String::new(),
        recommendation: String::new(),
    }
}

fn text(lines: &[ViewerLine]) -> String {
    let lines = lines.iter().map(|line| {
        let parts = line.iter().map(|(text, _)| text.as_str());
        parts.collect::<String>().trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_detail_has_the_evidence() {
    let history = LoopHistory {
        view: loop_view(),
        iterations: vec![
            record(6, Some(CheckOutcome::Failed), Changes::Something),
            record(5, None, Changes::Nothing),
        ],
    };
    let glyphs = Glyphs::set(false);
    let now = testing::minutes_ago(0);
    insta::assert_snapshot!(text(&detail(&loop_view(), Some(&history), now, glyphs)));
    let ascii = text(&detail(
        &loop_view(),
        Some(&history),
        now,
        Glyphs::set(true),
    ));
    assert!(ascii.is_ascii(), "{ascii}");
}

#[test]
fn a_card_shows_figures_beside_its_bars() {
    let words = |view: &LoopView, ascii| {
        let pieces = progress(view, None, Glyphs::set(ascii));
        let words: Vec<String> = pieces.into_iter().map(|(text, _)| text).collect();
        words.join(" · ")
    };
    let mut view = loop_view();
    let shown = words(&view, false);
    assert!(
        shown.contains("62 %") && shown.contains("half open"),
        "{shown}"
    );
    assert!(shown.contains("85 % of $5.00"), "{shown}");
    assert!(words(&view, true).is_ascii() || words(&view, true).contains('·'));
    view.limits.budget = None;
    view.breaker = Breaker::default();
    assert_eq!(words(&view, false).matches('%').count(), 1);
    // Without a budget of the loop's own that of its task counts.
    let own = budget::Budget::new(
        budget::BudgetOf::Task(view.task),
        "task 12",
        budget::Limit::Usd(MicroUsd(10_000_000)),
        Some(Cost {
            usd: MicroUsd(9_000_000),
            basis: Basis::Reported,
            unpriced: false,
            tokens: 1,
        }),
        MicroUsd(0),
        80,
    );
    let pieces = progress(&view, Some(&own), Glyphs::set(false));
    assert!(
        pieces.last().unwrap().0.ends_with("90 % of $10.00"),
        "{pieces:?}"
    );
    assert_eq!(pieces.last().unwrap().1, Role::Slow);
    assert_eq!(count(&view), "7/50");
    view.limits.iterations = None;
    assert_eq!(count(&view), "7");
}

#[test]
fn a_card_says_that_a_cost_is_not_known() {
    let mut model = testing::model((120, 40));
    let mut card = testing::running(1, "a loop", Activity::Working);
    let shown = |model: &crate::tui::model::Model, card: &crate::protocol::TaskCard| {
        let rows = crate::tui::card::rows(model, card, 60, 6);
        let pieces = rows.iter().flat_map(|row| &row.left);
        pieces.map(|(text, _)| text.as_str()).collect::<String>()
    };
    model.now = testing::minutes_ago(0);
    card.loop_view = Some(loop_view());
    card.cost = None;
    assert!(!shown(&model, &card).contains("cost unknown"));
    card.loop_view.as_mut().expect("a loop").unpriced = true;
    assert!(shown(&model, &card).contains("cost unknown"));
}

#[test]
fn a_stage_says_what_happens_next() {
    let now = testing::minutes_ago(0);
    let until = now.plus(5 * 60_000);
    let why = || "because".to_owned();
    for (stage, expected) in [
        (LoopStage::Running { ending: None }, None),
        (LoopStage::Between { until }, Some("next in 5m")),
        (LoopStage::Checking, Some("checking")),
        (
            LoopStage::Parked {
                until,
                why: why(),
                limit: true,
            },
            Some("limited, 5m left: because"),
        ),
        (LoopStage::Paused { why: why() }, Some("paused: because")),
        (
            LoopStage::Ended {
                why: why(),
                complete: true,
                bad: false,
            },
            Some("because"),
        ),
    ] {
        let view = LoopView {
            stage,
            ..loop_view()
        };
        let words = super::stage(&view, now).map(|(words, _)| words);
        assert_eq!(words.as_deref(), expected);
    }
    let asked = LoopView {
        afterwards: Some("stops".into()),
        ..loop_view()
    };
    let words = super::stage(&asked, now).map(|(words, _)| words);
    assert_eq!(words.as_deref(), Some("stops after this iteration"));
}

#[test]
fn limits_are_understood_as_they_are_typed() {
    let limits = parse_limits("80 6h, $20").unwrap();
    assert_eq!(limits.iterations, Some(Most::At(80)));
    assert_eq!(limits.time, Some(Most::At(6 * 3_600_000)));
    assert_eq!(limits.budget, Some(Most::At(MicroUsd(20_000_000))));
    assert_eq!(parse_limits("90m").unwrap().time, Some(Most::At(5_400_000)));
    let all = LoopLimits {
        budget: Some(MicroUsd(2_500_000)),
        time: Some(5_400_000),
        ..LoopLimits::default()
    };
    assert_eq!(typed(&all), "50 90m $2.50");
    let again = parse_limits(&typed(&all)).unwrap();
    assert_eq!(again.budget, Some(Most::At(MicroUsd(2_500_000))));
    assert!(parse_limits("  ").unwrap().is_empty());
    for wrong in [
        "lots",
        "$x",
        "$-1",
        "h",
        "-5",
        "6w",
        "99999999999999999999h",
        "é",
    ] {
        assert!(parse_limits(wrong).is_err(), "{wrong}");
    }
}
