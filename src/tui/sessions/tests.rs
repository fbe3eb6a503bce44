use super::testing::*;
use super::*;
use crate::domain::SessionState;
use crate::protocol::{AdoptConversation, ErrorCode, Event, Request, Response, TranscriptOf};
use crate::protocol::{Conversations, ListConversations};
use crate::tui::model::{Area, Model, Overlay};
use crate::tui::msg::{Effect, Update};
use crate::tui::testing::*;
use crate::tui::update::update;

const SIZE: (u16, u16) = (120, 40);

fn opened() -> Model {
    let mut model = model(SIZE);
    let asked = press(&mut model, "S");
    answer_all(&mut model, asked, &library());
    model
}

fn page(model: &Model) -> &SessionsPage {
    match model.overlays.first() {
        Some(Overlay::Sessions(page)) => page,
        other => panic!("{other:?}"),
    }
}

fn id(model: &Model) -> String {
    match page(model).current() {
        Some(Item::Other(Some(view))) => view.conversation.id.clone(),
        Some(Item::Own(view)) => format!("own {}", view.session.id),
        other => format!("{other:?}"),
    }
}

/// Presses a key with every answer that follows from it.
fn go(model: &mut Model, keys: &[&str]) {
    for key in keys {
        let asked = press(model, key);
        answer_all(model, asked, &library());
    }
}

fn lists(update: &Update) -> Vec<&ListConversations> {
    let calls = calls(update).into_iter();
    calls
        .filter_map(|request| match request {
            Request::ListConversations(which) => Some(which),
            _ => None,
        })
        .collect()
}

#[test]
fn rows_are_found_by_their_number_among_headings_and_pages() {
    let mut model = opened();
    let page = page(&model);
    // gluon's five, three places, three headings for them and one for gluon's.
    assert_eq!((page.rows(), page.len()), (10_005, 10_009));
    let headings: Vec<usize> = (0..page.len())
        .filter(|index| matches!(page.item(*index), Some(Item::Heading(..))))
        .collect();
    assert_eq!(headings, [0, 6, 307, 9008]);
    assert_eq!(page.heads(), headings);
    assert!(page.item(page.len()).is_none());
    go(&mut model, &["g"]);
    assert_eq!(id(&model), "own 112");
    go(&mut model, &["]"]);
    assert_eq!(id(&model), "00000000-0000");
    go(&mut model, &["]"]);
    assert_eq!(id(&model), format!("{:08x}-0000", 300));
    go(&mut model, &["]", "k"]);
    assert_eq!(id(&model), format!("{:08x}-0000", 8999), "over the heading");
    go(&mut model, &["j"]);
    assert_eq!(id(&model), format!("{:08x}-0000", 9000));
    go(&mut model, &["["]);
    assert_eq!(id(&model), format!("{:08x}-0000", 300));
    go(&mut model, &["[", "["]);
    assert_eq!(id(&model), "own 112");
    go(&mut model, &["G"]);
    assert_eq!(id(&model), format!("{:08x}-0000", 9999));
}

#[test]
fn only_pages_in_sight_are_asked_for_and_held() {
    let mut model = opened();
    let asked = press(&mut model, "G");
    let skips: Vec<u32> = lists(&asked).iter().map(|which| which.skip).collect();
    assert_eq!(skips, [9900]);
    // As long as that is under way nothing else is asked.
    assert!(lists(&press(&mut model, "g")).is_empty());
    answer_all(&mut model, asked, &library());
    for _ in 0..450 {
        go(&mut model, &["pagedown"]);
    }
    assert_eq!(id(&model), format!("{:08x}-0000", 9999));
    assert!(page(&model).pages.len() <= PAGES);
}

#[test]
fn typing_is_never_behind_and_old_answers_are_dropped() {
    let mut model = opened();
    press(&mut model, "/");
    let first = press(&mut model, "l");
    assert_eq!(lists(&first)[0].words, "l");
    assert!(lists(&first)[0].titles && !lists(&first)[0].grouped);
    // Typed on while the answer is awaited: not a question for each letter.
    let more = press_all(&mut model, &["o", "g", "i", "n"]);
    assert!(lists(&more).is_empty());
    let request = Request::ListConversations(lists(&first)[0].clone());
    let stale = Conversations {
        all: 77,
        ..Conversations::default()
    };
    let next = update(
        &mut model,
        reply(request, Response::ListConversations(stale)),
    );
    assert_eq!(lists(&next)[0].words, "login");
    assert_ne!(page(&model).all, 77);
    answer_all(&mut model, next, &library());
    // gluon's own are filtered as well, by title and prompt.
    assert_eq!(page(&model).own_shown.len(), 1);
    assert_eq!(page(&model).all, 2000);
    // Arrows move while something is typed; Esc clears and ends it.
    go(&mut model, &["down", "esc"]);
    assert_eq!(
        (page(&model).all, page(&model).query.words.as_str()),
        (10_000, "")
    );
    assert!(page(&model).line.is_none());
    press(&mut model, "esc");
    assert!(model.overlays.is_empty());
}

#[test]
fn the_selection_stays_on_its_session() {
    let mut model = opened();
    go(&mut model, &["]", "j", "j"]);
    let here = id(&model);
    let mut more = library();
    let mut new = more.rows[0].clone();
    new.conversation.id = "new".into();
    more.rows.insert(0, new);
    let asked = update(&mut model, event(Event::Conversations));
    assert_eq!(lists(&asked).len(), 1);
    answer_all(&mut model, asked, &more);
    assert_eq!(id(&model), here);
    let mut view = model.cards[&crate::domain::TaskId(12)]
        .session
        .clone()
        .unwrap();
    view.session.id = crate::domain::SessionId(999);
    view.session.state = SessionState::Ended;
    update(&mut model, event(Event::Session(Box::new(view))));
    assert_eq!(page(&model).own_shown.len(), 6);
    assert_eq!(id(&model), here);
}

#[test]
fn found_lines_are_asked_for_until_all_in_sight_have_come() {
    let mut model = opened();
    go(&mut model, &["tab", "l", "o", "g", "i", "n", "enter"]);
    let page = page(&model);
    assert!(page.own_shown.is_empty(), "they are among what was said");
    assert_eq!(page.item_height(), 2);
    for index in page.in_sight() {
        let Some(Item::Other(Some(view))) = page.item(index) else {
            panic!("{index}");
        };
        assert!(page.found(&view.conversation.id).is_some());
    }
    // A transcript is opened where the words stand.
    let asked = press(&mut model, "enter");
    let read = calls(&asked).into_iter().find_map(|request| match request {
        Request::ReadTranscript(read) => Some(read.clone()),
        _ => None,
    });
    let read = read.unwrap();
    assert_eq!(read.from, crate::protocol::TranscriptFrom::Place(7));
    assert_eq!(read.of, TranscriptOf::Conversation("00000000-0000".into()));
}

fn adoption(update: &Update) -> Option<&AdoptConversation> {
    let calls = calls(update).into_iter();
    calls.into_iter().find_map(|request| match request {
        Request::AdoptConversation(adopt) => Some(adopt),
        _ => None,
    })
}

#[test]
fn conversations_are_adopted_where_they_were_led_or_where_the_user_says() {
    let mut model = opened();
    go(&mut model, &["]"]);
    let asked = press(&mut model, "a");
    let adopt = adoption(&asked).unwrap().clone();
    assert_eq!(
        (adopt.id.as_str(), adopt.project),
        ("00000000-0000", Some(ProjectId(1)))
    );
    assert!(!adopt.start);
    let mut card = card(task(50, "Fix the login", crate::domain::Status::Queued));
    card.session = None;
    let request = Request::AdoptConversation(adopt);
    let response = Response::AdoptConversation(card.clone());
    let asked = update(&mut model, reply(request, response));
    answer_all(&mut model, asked, &library());
    assert!(text(&model).contains("adopted as task #50"));
    assert_eq!(model.cursor.task, Some(crate::domain::TaskId(50)));

    // In no project: the user is asked, and the directory comes first.
    go(&mut model, &["]"]);
    let asked = press(&mut model, "a");
    assert!(adoption(&asked).is_none());
    insta::assert_snapshot!("which_project", text(&model));
    let asked = press(&mut model.clone(), "enter");
    assert_eq!(adoption(&asked).unwrap().project, None);
    let asked = press(&mut model, "2");
    assert_eq!(adoption(&asked).unwrap().project, Some(ProjectId(1)));
    // `r` goes on with it at once.
    let asked = press_all(&mut model, &["r", "2"]);
    let adopt = adoption(&asked).unwrap().clone();
    assert!(adopt.start);
    let mut running = card;
    running.task.status = crate::domain::Status::Running;
    running.session = Some(session(
        150,
        &running.task,
        crate::domain::Activity::Working,
    ));
    let request = Request::AdoptConversation(adopt.clone());
    let mut refused = model.clone();
    update(
        &mut model,
        reply(request.clone(), Response::AdoptConversation(running)),
    );
    assert_eq!((model.area, model.overlays.len()), (Area::Pane, 0));
    update(
        &mut refused,
        refusal(request, ErrorCode::Refused, "task 3 has it already"),
    );
    assert!(text(&refused).contains("task 3 has it already"));
}

#[test]
fn what_the_daemon_took_with_it_is_asked_again() {
    let mut model = opened();
    update(
        &mut model,
        crate::tui::msg::Msg::Link(crate::protocol::LinkEvent::Disconnected("gone".into())),
    );
    assert!(
        lists(&press(&mut model, "G")).is_empty(),
        "nobody would answer"
    );
    let back = crate::tui::msg::Msg::Link(crate::protocol::LinkEvent::Connected);
    let asked = update(&mut model, back);
    assert_eq!(lists(&asked).len(), 1);
    let own = |effect: &Effect| matches!(effect, Effect::Call(Request::ListSessions(_)));
    assert!(asked.effects.iter().any(own));
}
