//! The inbox: who is in it, and what its keys do.

use super::*;
use crate::domain::Need;

/// The board with an idle agent nobody has looked at, beside the one that asks.
fn waiting() -> Model {
    let mut model = model(SIZE);
    let mut card = model.cards[&TaskId(20)].clone();
    if let Some(view) = &mut card.session {
        view.unseen = true;
    }
    update(
        &mut model,
        Msg::Link(LinkEvent::Event(Event::Task(Box::new(card)))),
    );
    model
}

fn rows(model: &Model) -> Vec<(i64, Need)> {
    inbox(model.cards.values())
        .iter()
        .map(|entry| (entry.task.0, entry.need))
        .collect()
}

#[test]
fn header_inbox_and_the_key_to_the_next_agree() {
    let mut model = waiting();
    assert_eq!(rows(&model), [(13, Need::Permission), (20, Need::Finished)]);
    assert!(text(&model).contains("2 need you"));
    press(&mut model, ".");
    assert_eq!(selected(&model), 13);
    // Whatever is looked at is no news any more.
    press(&mut model, ".");
    assert_eq!(selected(&model), 20);
    assert_eq!(rows(&model), [(13, Need::Permission)]);
    press_all(&mut model, &["w"]);
    assert!(text(&model).contains("Inbox: 1 needs you"));
}

#[test]
fn keys_answer_the_selected_row() {
    let mut model = waiting();
    press(&mut model, "w");
    let answer = |yes| {
        Request::AnswerAsk(AnswerAsk {
            task: TaskId(13),
            ask: "run tests?".into(),
            wait: 7,
            yes,
        })
    };
    assert_eq!(calls(&press(&mut model, "y")), [&answer(true)]);
    assert_eq!(calls(&press(&mut model, "n")), [&answer(false)]);
    // The other one asks for nothing.
    press(&mut model, "j");
    assert_eq!(calls(&press(&mut model, "y")), Vec::<&Request>::new());
    press(&mut model, "x");
    assert_eq!(rows(&model), [(13, Need::Permission)]);
    // A message, and back in the inbox.
    press_all(&mut model, &["m", "h", "i"]);
    // Now it would land in the dialog; it can wait for that.
    assert!(calls(&press(&mut model, "ctrl-s")).is_empty());
    let sent = press(&mut model, "ctrl-t");
    let message = Request::QueueMessage(SendMessage {
        task: TaskId(13),
        text: "hi".into(),
    });
    assert_eq!(calls(&sent), [&message]);
    assert!(matches!(model.overlays[..], [Overlay::Inbox(_)]));
    press(&mut model, "enter");
    assert_eq!((selected(&model), model.area), (13, Area::Pane));
    assert!(model.overlays.is_empty());
}

#[test]
fn an_ask_that_took_anothers_place_is_read_before_it_is_answered() {
    let mut model = waiting();
    press(&mut model, "w");
    let mut view = model.cards[&TaskId(13)].session.clone().unwrap();
    view.wait = 8;
    let event = Event::Session(Box::new(view));
    update(&mut model, Msg::Link(LinkEvent::Event(event)));
    assert!(calls(&press(&mut model, "y")).is_empty());
    model.now = model.now.plus(1000);
    assert_eq!(calls(&press(&mut model, "y")).len(), 1);
}

#[test]
fn the_selection_stays_on_its_task_and_an_empty_inbox_says_so() {
    let mut model = waiting();
    press_all(&mut model, &["w", "j"]);
    let mut view = model.cards[&TaskId(13)].session.clone().unwrap();
    view.activity = Activity::Working;
    view.wait = 0;
    let event = Event::Session(Box::new(view));
    update(&mut model, Msg::Link(LinkEvent::Event(event)));
    let Some(Overlay::Inbox(list)) = model.overlays.last() else {
        panic!("{:?}", model.overlays);
    };
    assert_eq!((list.selected, list.index), (Some(TaskId(20)), 0));
    press(&mut model, "x");
    assert!(text(&model).contains("Nobody waits for you"));
    press(&mut model, "esc");
    assert!(model.overlays.is_empty());
}
