use std::sync::Arc;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEventKind};

use super::update;
use crate::domain::accept::Way;
use crate::domain::*;
use crate::protocol::screen::MouseMode;
use crate::protocol::*;
use crate::tui::layout::{Hit, Layout};
use crate::tui::model::*;
use crate::tui::msg::{Effect, Msg, Update};
use crate::tui::testing::*;
use crate::tui::theme::Theme;

mod after;
mod changes;
mod compare;
mod inbox;
mod message;
mod mouse;

const SIZE: (u16, u16) = (120, 40);

fn selected(model: &Model) -> i64 {
    model.cursor.task.map_or(0, |task| task.0)
}

/// Where a card is on the screen.
fn at(model: &Model, task: i64) -> (u16, u16) {
    let layout = Layout::new(model);
    let area = layout
        .columns
        .iter()
        .flat_map(|column| &column.cards)
        .find(|(id, _)| id.0 == task)
        .map(|(_, area)| *area)
        .unwrap();
    (area.x + 3, area.y)
}

/// A place in a column below its cards.
fn below(model: &Model, status: Status) -> (u16, u16) {
    let layout = Layout::new(model);
    let column = layout
        .columns
        .iter()
        .find(|column| column.status == status)
        .unwrap();
    (column.area.x + 3, column.area.bottom() - 1)
}

#[test]
fn the_palette_offers_first_what_fits_the_card() {
    // An agent at work is typed to; one that asks is answered; what is in review is looked at.
    let mut board = model(SIZE);
    press_all(&mut board, &[":", "enter"]);
    assert_eq!(board.area, Area::Pane);
    let mut asking = model(SIZE);
    let update = press_all(&mut asking, &["j", ":", "enter"]);
    assert!(format!("{update:?}").contains("AnswerAsk"), "{update:?}");
    let mut review = model(SIZE);
    let update = press_all(&mut review, &["l", ":", "enter"]);
    assert!(format!("{update:?}").contains("ReadChanges"), "{update:?}");
}

#[test]
fn keys_move_the_selection() {
    for (keys, task) in [
        (&[][..], 12),
        (&["j"], 13),
        (&["j", "j", "j"], 14),
        (&["G"], 14),
        (&["G", "g"], 12),
        (&["k"], 12),
        (&["h"], 1),
        (&["down", "left"], 2),
        (&["l"], 20),
        (&["l", "l", "l"], 30),
        (&["4", "j", "1", "4"], 31),
        (&["."], 13),
        (&[".", "."], 13),
        (&[".", ".", ".", "."], 13),
    ] {
        let mut model = model(SIZE);
        press_all(&mut model, keys);
        assert_eq!(selected(&model), task, "{keys:?}");
    }
}

#[test]
fn keys_ask_the_daemon() {
    let steer = |what| {
        let task = TaskId(12);
        Request::ControlLoop(ControlLoop { task, what })
    };
    let size = {
        let model = model(SIZE);
        Layout::new(&model).pane_size(&model)
    };
    let start = |task| {
        Request::StartTask(StartTask {
            task: TaskId(task),
            message: None,
            fresh: false,
            recap: false,
            size: Some(size),
        })
    };
    let unconfirmed = |task| ConfirmTask {
        task: TaskId(task),
        confirm: false,
    };
    let moved = |task, to, before: Option<i64>| {
        Request::MoveTask(MoveTask {
            task: TaskId(task),
            to,
            before: before.map(TaskId),
            confirm: false,
        })
    };
    for (keys, request) in [
        (&["1", "s"][..], start(1)),
        (&["3", "r"], start(20)),
        (&["x"], Request::StopTask(TaskId(12))),
        (&["d"], read_changes(12)),
        (
            &["3", "a"],
            Request::PreviewAccept(AcceptPlan {
                task: Some(TaskId(20)),
                ..AcceptPlan::default()
            }),
        ),
        (&["3", "c"], Request::CheckTask(TaskId(20))),
        (&["3", "v"], Request::ShowCheck(TaskId(20))),
        (&["u"], Request::Undo(UndoWish::default())),
        (&["i"], Request::LoopHistory(TaskId(12))),
        (&["l", "i"], Request::ShowTask(TaskId(20))),
        (&["b"], steer(LoopControl::Pause { now: false })),
        (&["e"], steer(LoopControl::Stop { after: true })),
        (&["E"], steer(LoopControl::Stop { after: false })),
        (&["1", "enter"], Request::ShowTask(TaskId(1))),
        (&["C"], Request::CancelTask(unconfirmed(12))),
        (&["X"], Request::TaskRisk(TaskId(12))),
        (&["R"], Request::ResumeAll(())),
        (&["p"], Request::PauseQueue(true)),
        (&["L"], moved(12, Status::Review, None)),
        (&["H"], moved(12, Status::Queued, None)),
        (&["J"], moved(12, Status::Running, Some(14))),
        (&["j", "J"], moved(13, Status::Running, None)),
        (&["j", "K"], moved(13, Status::Running, Some(12))),
        (&["S"], Request::ListSessions(ListSessions::default())),
        (
            &["1", "o"],
            Request::EditTask(EditTask {
                task: Some(TaskId(1)),
                held: Some(true),
                ..EditTask::default()
            }),
        ),
        (
            &["+"],
            Request::EditTask(EditTask {
                task: Some(TaskId(12)),
                priority: Some(Priority::new(1)),
                ..EditTask::default()
            }),
        ),
    ] {
        let mut model = model(SIZE);
        let (last, before) = keys.split_last().unwrap();
        press_all(&mut model, before);
        let update = press(&mut model, last);
        assert!(
            calls(&update).contains(&&request),
            "{keys:?}: {:?}",
            update.effects
        );
    }
}

#[test]
fn answering_only_where_the_agent_asks() {
    let answer = |yes| {
        let ask = "run tests?".to_owned();
        Request::AnswerAsk(AnswerAsk {
            task: TaskId(13),
            ask,
            wait: 7,
            yes,
        })
    };
    let mut model = model(SIZE);
    assert_eq!(press(&mut model, "y"), Update::none());
    press(&mut model, "j");
    let hints: Vec<String> = Layout::new(&model)
        .footer
        .segments
        .iter()
        .map(|s| s.text.clone())
        .collect();
    let there = |word: &str| hints.iter().any(|hint| hint == word);
    assert!(there("yes") && there("no") && !there("new"), "{hints:?}");
    assert_eq!(calls(&press(&mut model, "y")), [&answer(true)]);
    // `n` says no here and makes a task elsewhere.
    assert_eq!(calls(&press(&mut model, "n")), [&answer(false)]);
    assert!(model.overlays.is_empty());
    press_all(&mut model, &["k", "n"]);
    assert!(matches!(model.overlays[..], [Overlay::Dialog(..)]));
}

#[test]
fn the_selection_stays_on_its_card() {
    let mut model = model(SIZE);
    press(&mut model, "j");
    let mut card = model.cards[&TaskId(13)].clone();
    card.task.status = Status::Review;
    update(
        &mut model,
        Msg::Link(LinkEvent::Event(Event::Task(Box::new(card)))),
    );
    assert_eq!(
        (selected(&model), model.cursor.column),
        (13, Status::Review)
    );

    // A card that goes leaves the selection where it was.
    press_all(&mut model, &["2", "g"]);
    assert_eq!(selected(&model), 12);
    update(
        &mut model,
        Msg::Link(LinkEvent::Event(Event::TaskRemoved(TaskId(12)))),
    );
    assert_eq!(selected(&model), 14);
    for id in [14, 1, 2] {
        let event = Event::TaskRemoved(TaskId(id));
        update(&mut model, Msg::Link(LinkEvent::Event(event)));
    }
    assert_eq!(
        (selected(&model), model.cursor.column),
        (0, Status::Running)
    );
}

#[test]
fn what_cannot_be_lost_without_consent_is_asked_for() {
    let mut model = model(SIZE);
    press_all(&mut model, &["3"]);
    let asked = Request::AcceptTask(ConfirmTask {
        task: TaskId(20),
        confirm: false,
    });
    update(
        &mut model,
        refusal(
            asked.clone(),
            ErrorCode::Confirm,
            "2 files are not committed",
        ),
    );
    assert!(matches!(model.overlays[..], [Overlay::Dialog(..)]));
    assert!(text(&model).contains("2 files are not committed"));
    // The default is No.
    let mut declined = model.clone();
    let update_of = press(&mut declined, "enter");
    assert!(calls(&update_of).is_empty() && declined.overlays.is_empty());
    let update_of = press(&mut model, "y");
    assert_eq!(
        calls(&update_of),
        [&Request::AcceptTask(ConfirmTask {
            task: TaskId(20),
            confirm: true
        })]
    );
}

/// What accepting task 20 would come to.
fn accept_preview(way: Way, chosen: bool) -> AcceptPreview {
    AcceptPreview {
        task: TaskId(20),
        way,
        chosen,
        into: "main".into(),
        branch: "gluon/20-x".into(),
        message: "The title".into(),
        effect: way.effect("main"),
        commits: 2,
        behind: 0,
        files: 3,
        uncommitted: 0,
        conflicts: Vec::new(),
        merged: false,
        can_fast_forward: true,
        resurrected: 0,
        checkout: None,
        obstacle: None,
        check_required: false,
        check: None,
    }
}

fn accept_answer(asked: &AcceptPlan, preview: &AcceptPreview) -> Msg {
    let answer = Response::PreviewAccept(preview.clone());
    reply(Request::PreviewAccept(asked.clone()), answer)
}

#[test]
fn deleting_says_what_goes() {
    let mut model = model(SIZE);
    let risk = RiskView {
        dirty: 1,
        untracked: 2,
        unmerged_commits: 3,
        live: true,
    };
    update(
        &mut model,
        reply(Request::TaskRisk(TaskId(12)), Response::TaskRisk(risk)),
    );
    let shown = text(&model);
    for words in [
        "Delete #12",
        "at work",
        "uncommitted",
        "untracked",
        "unmerged",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    let update_of = press(&mut model, "y");
    assert_eq!(
        calls(&update_of),
        [&Request::RemoveTask(ConfirmTask {
            task: TaskId(12),
            confirm: true
        })]
    );
}

fn typed(update: &Update) -> Vec<&Input> {
    update
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Notify(Notice::Input { input, .. }) => Some(input),
            _ => None,
        })
        .collect()
}

#[test]
fn a_focused_pane_gets_every_key_but_two() {
    let mut model = with_screens(model(SIZE));
    let update_of = press(&mut model, "enter");
    assert_eq!(model.area, Area::Pane);
    assert_eq!(typed(&update_of), [&Input::Focus(true)]);
    for key in [
        "q", "n", "x", "esc", "tab", "?", "ctrl-c", "enter", "ctrl-p",
    ] {
        let update_of = press(&mut model, key);
        assert!(matches!(typed(&update_of)[..], [Input::Key(_)]), "{key}");
        // Nothing on the screen changes before the agent says so.
        assert!(!update_of.dirty, "{key}");
    }
    // The prefix twice sends it once.
    assert_eq!(typed(&press(&mut model, "ctrl-b")).len(), 0);
    let sent = press(&mut model, "ctrl-b");
    assert_eq!(typed(&sent), [&Input::Key(KeyPress::ctrl('b'))]);
    // The prefix and a key of ours.
    press_all(&mut model, &["ctrl-b", "z"]);
    assert_eq!((model.view, model.area), (View::Zoom, Area::Pane));
    press_all(&mut model, &["ctrl-b", "n"]);
    assert_eq!(selected(&model), 13);
    let left = press(&mut model, "ctrl-q");
    assert_eq!(model.area, Area::Board);
    assert_eq!(typed(&left), [&Input::Focus(false)]);
}

#[test]
fn a_paste_goes_to_whoever_has_the_keys() {
    let mut model = with_screens(model(SIZE));
    assert_eq!(
        update(&mut model, Msg::Paste("rm -rf".into())),
        Update::none()
    );
    press(&mut model, "enter");
    let pasted = update(&mut model, Msg::Paste("words".into()));
    assert_eq!(typed(&pasted), [&Input::Paste("words".into())]);
}

#[test]
fn a_pane_out_of_sight_is_zoomed_to_be_typed_into_and_back() {
    let mut model = model((40, 12));
    assert!(Layout::new(&model).panes.is_empty());
    press(&mut model, "enter");
    assert_eq!((model.view, model.area), (View::Zoom, Area::Pane));
    press(&mut model, "ctrl-q");
    assert_eq!((model.view, model.area), (View::Split, Area::Board));
    // Zoomed by the user, it stays so.
    press_all(&mut model, &["z", "enter", "ctrl-q"]);
    assert_eq!(model.view, View::Zoom);
}

fn attached(model: &Model) -> Vec<i64> {
    let mut ids: Vec<i64> = model
        .panes
        .iter()
        .filter(|(_, pane)| pane.attached.is_some())
        .map(|(session, _)| session.0)
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn what_is_in_sight_is_attached_and_nothing_else() {
    let mut model = model(SIZE);
    assert_eq!(attached(&model), [112]);
    let update_of = press(&mut model, "j");
    assert!(matches!(
        calls(&update_of)[..],
        [
            Request::Attach(Attach {
                session: SessionId(113),
                claim: true,
                ..
            }),
            Request::Detach(SessionId(112))
        ]
    ));
    press(&mut model, "t");
    assert_eq!(attached(&model), [112, 113, 114]);
    press_all(&mut model, &["t", "1"]);
    assert!(attached(&model).is_empty());
}

#[test]
fn sizes_are_told_and_claimed_only_with_the_focus() {
    let mut model = model(SIZE);
    let told = |update: &Update| {
        update.effects.iter().find_map(|effect| match effect {
            Effect::Notify(Notice::Resize { size, claim, .. }) => Some((*size, *claim)),
            _ => None,
        })
    };
    let resized = update(&mut model, Msg::Resize(100, 40));
    assert_eq!(
        told(&resized).map(|(size, claim)| (size.0, claim)),
        Some((100, true))
    );
    assert_eq!(
        told(&update(&mut model, Msg::Focus(false))).map(|told| told.1),
        Some(false)
    );
    assert_eq!(
        told(&update(&mut model, Msg::Focus(true))).map(|told| told.1),
        Some(true)
    );
    assert_eq!(update(&mut model, Msg::Resize(100, 40)), Update::none());
}

#[test]
fn a_lost_connection_keeps_the_screens_and_comes_back() {
    let mut model = with_screens(model(SIZE));
    update(
        &mut model,
        Msg::Link(LinkEvent::Disconnected("it went away".into())),
    );
    let shown = text(&model);
    assert!(shown.contains("daemon restarting") && shown.contains("cargo test --workspace"));
    assert!(attached(&model).is_empty());
    let back = update(&mut model, Msg::Link(LinkEvent::Connected));
    let names: Vec<&str> = calls(&back).iter().map(|request| request.name()).collect();
    assert_eq!(names, ["subscribe", "board", "list_agents", "attach"]);
    assert!(text(&model).contains("cargo test --workspace"));

    update(
        &mut model,
        Msg::Link(LinkEvent::Lost("another gluon runs; restart it".into())),
    );
    assert!(text(&model).contains("another gluon runs; restart it"));
}

#[test]
fn a_gap_attaches_anew_and_an_update_is_acknowledged() {
    let mut model = model(SIZE);
    let first = Msg::Link(LinkEvent::Screen(Arc::new(screen(112, 4, &["hello"]))));
    let update_of = update(&mut model, first);
    assert!(update_of.dirty);
    assert_eq!(
        update_of.effects,
        [Effect::Ack {
            session: SessionId(112),
            seq: 4
        }]
    );
    let mut gap = screen(112, 9, &["later"]);
    gap.base = 7;
    let update_of = update(&mut model, Msg::Link(LinkEvent::Screen(Arc::new(gap))));
    assert!(!update_of.dirty);
    assert!(matches!(calls(&update_of)[..], [Request::Attach(_)]));
    // Nobody looks: nothing is drawn.
    let hidden = Msg::Link(LinkEvent::Screen(Arc::new(screen(114, 1, &["x"]))));
    assert_eq!(update(&mut model, hidden), Update::none());
}

#[test]
fn a_pane_that_cannot_be_attached_says_so_and_does_not_try_for_ever() {
    let mut model = model(SIZE);
    let attach = Request::Attach(Attach {
        session: SessionId(112),
        size: (10, 10),
        claim: true,
    });
    let update_of = update(
        &mut model,
        refusal(attach, ErrorCode::Failed, "its log cannot be read"),
    );
    assert!(calls(&update_of).is_empty());
    assert!(text(&model).contains("its log cannot be read"));
    let mut view = model.cards[&TaskId(12)].session.clone().unwrap();
    view.runs += 1;
    let event = Event::Session(Box::new(view));
    let update_of = update(&mut model, Msg::Link(LinkEvent::Event(event)));
    assert!(matches!(calls(&update_of)[..], [Request::Attach(_)]));
}

#[test]
fn a_new_task_has_the_agent_that_is_most_likely_wanted() {
    let agent = |name: &str, preferred: bool| AgentView {
        name: name.into(),
        title: name.to_uppercase(),
        program: name.into(),
        installed: Some("/bin/x".into()),
        modes: vec![Mode::Interactive],
        preferred,
        while_busy: Default::default(),
    };
    let mut model = model(SIZE);
    let newest = model.cards.values().max_by_key(|card| card.task.id);
    let used = newest.unwrap().task.agent.clone();
    for (preferred, shown) in [(None, used.as_str()), (Some("aider"), "aider")] {
        model.agents = ["aider", &used, "zed"]
            .map(|name| agent(name, preferred == Some(name)))
            .to_vec();
        let mut model = model.clone();
        press(&mut model, "n");
        let shown = format!("Agent     ‹ {} ›", shown.to_uppercase());
        assert!(text(&model).contains(&shown), "{shown}:\n{}", text(&model));
    }
}

#[test]
fn filters() {
    let mut model = model(SIZE);
    press(&mut model, "/");
    for c in "bug".chars() {
        press(&mut model, &c.to_string());
    }
    press(&mut model, "enter");
    assert!(model.overlays.is_empty());
    assert_eq!(model.filter.words, "bug");
    let shown = text(&model);
    assert!(shown.contains("login bug") && !shown.contains("refactor"));
    press(&mut model, "esc");
    assert_eq!(model.filter, Filter::default());
    for (words, found) in [
        ("claude pipeline", 1),
        ("#13", 1),
        ("codex", 1),
        ("#1", 1),
        ("zzz", 0),
    ] {
        model.filter.words = words.into();
        let count: usize = crate::tui::board::columns(&model)
            .iter()
            .map(Vec::len)
            .sum();
        assert_eq!(count, found, "{words}");
    }
}

#[test]
fn projects_take_turns() {
    let mut board = board();
    board.projects.push(project(2, "web"));
    let mut model = model_with(SIZE, board, Theme::default());
    let mut shown = Vec::new();
    for _ in 0..3 {
        press(&mut model, "P");
        shown.push(model.filter.project.map(|id| id.0));
    }
    assert_eq!(shown, [Some(1), Some(2), None]);
}

#[test]
fn toasts_go_by_themselves_and_still_screens_stay_still() {
    let mut board = board();
    for card in &mut board.cards {
        card.task.changed_at = minutes_ago(600);
    }
    let mut model = model_with(SIZE, board, Theme::default());
    let request = Request::StopTask(TaskId(1));
    update(
        &mut model,
        refusal(request, ErrorCode::Failed, "that failed"),
    );
    assert_eq!(model.toasts.len(), 1);
    let wake = model.wake.unwrap();
    assert!(wake <= NOW.plus(10_000));
    assert!(update(&mut model, Msg::Tick(wake)).dirty);
    assert!(model.toasts.is_empty());
    // Ages of hours: for the better part of a minute there is nothing to do.
    assert!(model.wake.unwrap().since(wake) > 30_000);
    assert_eq!(
        update(&mut model, Msg::Tick(wake.plus(1000))),
        Update::none()
    );
}

#[test]
fn a_session_is_opened_or_resumed_from_the_list() {
    let mut model = model(SIZE);
    press(&mut model, "S");
    let rows: Vec<SessionView> = model
        .cards
        .values()
        .filter_map(|card| card.session.clone())
        .collect();
    let request = Request::ListSessions(ListSessions::default());
    update(&mut model, reply(request, Response::ListSessions(rows)));
    let resumed = press_all(&mut model.clone(), &["G", "r"]);
    assert!(
        calls(&resumed).iter().any(
            |request| matches!(request, Request::StartTask(start) if start.task == TaskId(21))
        )
    );
    press_all(&mut model, &["j", "enter"]);
    assert_eq!((selected(&model), model.area), (13, Area::Pane));
    assert!(model.overlays.is_empty());
}

#[test]
fn a_release_is_no_press() {
    let mut model = model(SIZE);
    let mut event = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE);
    event.kind = ratatui::crossterm::event::KeyEventKind::Release;
    assert_eq!(update(&mut model, Msg::Key(event)), Update::none());
}

/// The keys that help lists for the scrollback are those that copy mode knows.
#[test]
fn scrollback_keys_do_something() {
    use crate::tui::keymap::{Context, Keymap};
    use crate::tui::pane::{CopyOutcome, PaneState};
    for (chord, action) in Keymap::default().in_context(Context::Scroll) {
        if action == crate::tui::keymap::Action::LeaveScroll {
            continue;
        }
        let mut pane = PaneState::new(SessionId(1));
        pane.apply(&screen(1, 1, &["one", "two"])).unwrap();
        pane.start_copy(10);
        let event = KeyEvent::new(chord.code, chord.modifiers);
        assert_ne!(pane.copy_key(event, 10), CopyOutcome::Ignored, "{chord}");
    }
}
