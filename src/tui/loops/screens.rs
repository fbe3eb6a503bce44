//! Loops as they are seen: cards, detail, dialogs, at every size and without colours.

use crate::domain::loops::{Breaker, BreakerState, Changes, CheckOutcome, IterationRecord};
use crate::domain::units::MicroUsd;
use crate::domain::{Reason, Status, TaskId, Timestamp};
use crate::protocol::*;
use crate::tui::model::Model;
use crate::tui::msg::Msg;
use crate::tui::testing::*;
use crate::tui::theme::Theme;
use crate::tui::update::update;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];
const LOOP: TaskId = TaskId(12);

/// Each look at each size, and the smallest without colours and without Unicode.
fn shots(what: &str, prepared: impl Fn(Model) -> Model) {
    for size in SIZES {
        let model = prepared(model_with(size, board(), Theme::default()));
        let name = format!("{what}_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, text(&with_screens(model)));
    }
    for (name, mono, ascii) in [("mono", true, false), ("ascii", false, true)] {
        let theme = Theme::load("gluon", None, mono, ascii).unwrap();
        let model = prepared(model_with(SIZES[0], board(), theme));
        let shown = text(&with_screens(model));
        insta::assert_snapshot!(format!("{what}_{name}"), shown);
    }
}

/// The loop's card changed, and the cursor on it.
fn with_loop(mut model: Model, change: impl FnOnce(&mut TaskCard)) -> Model {
    let mut card = model.cards[&LOOP].clone();
    change(&mut card);
    let event = Event::Task(Box::new(card));
    update(&mut model, Msg::Link(LinkEvent::Event(event)));
    crate::tui::update::open::reveal(&mut model, LOOP);
    model
}

fn tripped(card: &mut TaskCard) {
    let why = "no progress in 5 iterations";
    card.task.status = Status::Review;
    card.task.reason = Some(Reason::Failed(format!("the breaker is open: {why}")));
    let view = card.loop_view.as_mut().unwrap();
    view.breaker = Breaker {
        state: BreakerState::Open,
        reasons: vec![why.into()],
        ..Breaker::default()
    };
    view.stage = LoopStage::Ended {
        why: format!("the breaker is open: {why}"),
        complete: false,
        bad: true,
    };
}

fn history(view: &LoopView) -> LoopHistory {
    let record = |number: u32| IterationRecord {
        number,
        started_at: minutes_ago(i64::from(90 - number * 12)),
        ended_at: minutes_ago(i64::from(82 - number * 12)),
        how: "it said that it goes on".into(),
        changes: if number > 2 {
            Changes::Nothing
        } else {
            Changes::Something
        },
        progress: number <= 2,
        head: "abc".into(),
        check: (number > 1).then_some(CheckOutcome::Failed),
        cost: Some(MicroUsd(620_000)),
        confidence: 40,
        summary: String::new(),
        recommendation: String::new(),
    };
    LoopHistory {
        view: view.clone(),
        iterations: (1..7).rev().map(record).collect(),
    }
}

fn with_detail(mut model: Model) -> Model {
    let card = model.cards[&LOOP].clone();
    let history = history(card.loop_view.as_ref().unwrap());
    let asked = Request::LoopHistory(LOOP);
    update(&mut model, reply(asked, Response::LoopHistory(history)));
    let detail = TaskDetail {
        last_run: None,
        sessions: card.session.clone().into_iter().collect(),
        runs: Vec::new(),
        why: None,
        follow_ups: Vec::new(),
        health: None,
        card,
        events: Vec::new(),
    };
    let asked = Request::ShowTask(LOOP);
    update(&mut model, reply(asked, Response::ShowTask(detail)));
    model
}

#[test]
fn a_breaker_that_is_open_is_red_in_review_and_says_the_way_on() {
    shots("open", |model| with_loop(model, tripped));
    shots("open_detail", |model| {
        with_detail(with_loop(model, tripped))
    });
    // The key that is named goes on.
    let mut model = with_loop(model((120, 40)), tripped);
    let asked = Request::ControlLoop(ControlLoop {
        task: LOOP,
        what: LoopControl::Continue { message: None },
    });
    assert_eq!(calls(&press(&mut model, "b")), [&asked]);
    let mut view = model.cards[&LOOP].loop_view.clone().unwrap();
    view.breaker.probing = true;
    update(&mut model, reply(asked, Response::ControlLoop(view)));
    assert!(
        text(&model).contains("one iteration may try"),
        "{}",
        text(&model)
    );
}

#[test]
fn a_limit_that_parks_is_counted_down_on_the_card() {
    let parked = |until: Timestamp| {
        move |card: &mut TaskCard| {
            card.loop_view.as_mut().unwrap().stage = LoopStage::Parked {
                until,
                why: "five_hour".into(),
                limit: true,
            };
        }
    };
    let now = minutes_ago(0);
    let shown = |left: i64| {
        text(&with_loop(
            model((200, 50)),
            parked(now.plus(left * 60_000)),
        ))
    };
    assert!(shown(134).contains("limited, 2h"), "{}", shown(134));
    assert!(shown(5).contains("limited, 5m left"), "{}", shown(5));
    shots("parked", |model| {
        with_loop(model, parked(now.plus(134 * 60_000)))
    });
}

#[test]
fn the_detail_of_a_loop() {
    shots("detail", |model| with_detail(with_loop(model, |_| {})));
    shots("detail_end", |model| {
        let mut model = with_detail(with_loop(model, |_| {}));
        press(&mut model, "G");
        model
    });
}

#[test]
fn what_is_written_to_a_loop_is_told_to_its_next_iteration() {
    let opened = |mut model: Model| {
        press(&mut model, "m");
        model
    };
    shots("message", |model| opened(with_loop(model, |_| {})));
    let mut model = opened(with_loop(model((120, 40)), |_| {}));
    press_all(&mut model, &["h", "i"]);
    let sent = Request::SendMessage(SendMessage {
        task: LOOP,
        text: "hi".into(),
    });
    assert_eq!(calls(&press(&mut model, "ctrl-s")), [&sent]);
}

#[test]
fn the_limits_of_a_loop_are_asked_for_beside_what_they_are_now() {
    let opened = |mut model: Model| {
        press(&mut model, "B");
        model
    };
    shots("limits", |model| opened(with_loop(model, |_| {})));
}
