//! Messages: sent, kept until the agent is idle, taken back, and not lost where they were not sent.

use super::*;
use crate::domain::follow_up::FollowUp;
use crate::protocol::{DropMessages, Which};
use crate::tui::msg::Reply;

fn with_waiting(count: u32) -> Model {
    let mut model = model(SIZE);
    let mut card = model.cards[&TaskId(12)].clone();
    card.follow_ups = count;
    let event = Event::Task(Box::new(card));
    update(&mut model, Msg::Link(LinkEvent::Event(event)));
    super::super::open::reveal(&mut model, TaskId(12));
    model
}

fn answered(model: &mut Model, request: Request, result: ApiResult<Response>) -> Update {
    let reply = Reply { request, result };
    update(model, Msg::Reply(Box::new(reply)))
}

fn message(text: &str) -> SendMessage {
    SendMessage {
        task: TaskId(12),
        text: text.into(),
    }
}

#[test]
fn the_last_that_waits_comes_back_into_its_box() {
    let mut model = with_waiting(0);
    assert!(calls(&press(&mut model, "U")).is_empty());
    let mut model = with_waiting(2);
    let drop = Request::DropMessages(DropMessages {
        task: TaskId(12),
        which: Which::Last,
    });
    assert_eq!(calls(&press(&mut model, "U")), [&drop]);
    let dropped = vec![FollowUp {
        id: 4,
        task: TaskId(12),
        text: "then the docs".into(),
        created_at: model.now,
        tried: None,
    }];
    answered(&mut model, drop, Ok(Response::DropMessages(dropped)));
    assert!(text(&model).contains("then the docs"), "{}", text(&model));
    let again = Request::QueueMessage(message("then the docs"));
    assert_eq!(calls(&press(&mut model, "ctrl-t")), [&again]);
}

#[test]
fn what_was_not_sent_is_not_lost_with_its_box() {
    let mut model = with_waiting(0);
    press_all(&mut model, &["m", "h", "i"]);
    let sent = Request::SendMessage(message("hi"));
    assert_eq!(calls(&press(&mut model, "ctrl-s")), [&sent]);
    assert!(model.overlays.is_empty());
    let refused = ApiError::new(ErrorCode::Refused, "the agent asks something first");
    answered(&mut model, sent.clone(), Err(refused));
    let shown = text(&model);
    assert!(
        shown.contains("hi") && shown.contains("asks something first"),
        "{shown}"
    );
    // One that was typed would be typed twice.
    model.overlays.clear();
    let typed = ApiError::new(ErrorCode::Failed, "typed, but not taken");
    answered(&mut model, sent, Err(typed));
    assert!(model.overlays.is_empty());
}

#[test]
fn that_messages_wait_is_said_on_the_card_and_when_it_is_resumed() {
    let mut model = with_waiting(2);
    assert!(text(&model).contains("2 messages"), "{}", text(&model));
    let card = model.cards[&TaskId(12)].clone();
    let request = super::super::actions::start(&model, TaskId(12));
    answered(&mut model, request, Ok(Response::StartTask(card)));
    assert!(text(&model).contains("2 messages wait for the agent"));
}
