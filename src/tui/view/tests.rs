use ratatui::style::{Color, Modifier};

use crate::domain::*;
use crate::protocol::*;
use crate::tui::keymap::Keymap;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::msg::Msg;
use crate::tui::testing::*;
use crate::tui::theme::Theme;
use crate::tui::update::update;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 12), (200, 50)];

fn name(what: &str, size: (u16, u16)) -> String {
    format!("{what}_{}x{}", size.0, size.1)
}

#[test]
fn the_board() {
    for size in SIZES {
        let model = with_screens(model(size));
        insta::assert_snapshot!(name("board", size), text(&model));
    }
}

#[test]
fn a_pane_with_the_keys() {
    for size in [(80, 24), (40, 12)] {
        let mut model = with_screens(model(size));
        press_all(&mut model, &["enter"]);
        let mut model = with_screens(model);
        insta::assert_snapshot!(name("pane", size), text(&model));
        press_all(&mut model, &["ctrl-b"]);
        insta::assert_snapshot!(name("which_key", size), text(&model));
    }
}

#[test]
fn tiles() {
    for size in [(80, 24), (200, 50)] {
        let mut model = with_screens(model(size));
        press(&mut model, "t");
        let model = with_screens(model);
        insta::assert_snapshot!(name("tiles", size), text(&model));
    }
}

#[test]
fn empty_states() {
    let none = Board::default();
    let fresh = Board {
        projects: vec![project(1, "api")],
        ..Board::default()
    };
    for size in [(80, 24), (40, 12)] {
        for (what, board) in [("no_project", &none), ("no_task", &fresh)] {
            let model = model_with(size, board.clone(), Theme::default());
            insta::assert_snapshot!(name(what, size), text(&model));
        }
    }
    let connecting = Model::new(Theme::default(), Keymap::default(), (80, 24), NOW);
    insta::assert_snapshot!("connecting", text(&connecting));
}

#[test]
fn overlays() {
    for size in [(80, 24), (40, 12)] {
        let mut model = with_screens(model(size));
        press(&mut model, "?");
        insta::assert_snapshot!(name("help", size), text(&model));
        press(&mut model, "esc");

        press(&mut model, "S");
        let rows = model
            .cards
            .values()
            .filter_map(|card| card.session.clone())
            .collect();
        let request = Request::ListSessions(ListSessions::default());
        update(&mut model, reply(request, Response::ListSessions(rows)));
        insta::assert_snapshot!(name("sessions", size), text(&model));
        press(&mut model, "esc");

        press(&mut model, "w");
        insta::assert_snapshot!(name("inbox", size), text(&model));
        press(&mut model, "esc");
    }
}

/// An agent that waits, by its own word; its title says otherwise.
fn why() -> Why {
    let claim = |source, says, words: &str| Claim {
        source,
        says,
        at: minutes_ago(3),
        until: None,
        words: words.to_owned(),
    };
    let mut evidence = Evidence::default();
    let words = "state=blocked kind=permission: Run cargo test?";
    evidence.note(claim(Source::Program, ask("Run cargo test?"), words));
    evidence.note(claim(Source::Title, Activity::Working, "◐ Fixing"));
    let at = minutes_ago(0);
    Why {
        session: SessionId(112),
        decision: evidence.conclude(at),
        since: minutes_ago(3),
        claims: evidence.claims(at),
        past: evidence.past().cloned().collect(),
        at,
    }
}

#[test]
fn detail_of_a_task() {
    let mut model = model((80, 24));
    let card = model.cards[&TaskId(12)].clone();
    let detail = TaskDetail {
        last_run: None,
        sessions: card.session.clone().into_iter().collect(),
        runs: vec![Run {
            id: RunId(5),
            session: SessionId(112),
            number: 7,
            pid: Some(77),
            command: vec!["claude".into(), "--continue".into()],
            started_at: minutes_ago(12),
            ended_at: None,
            exit: None,
        }],
        why: Some(why()),
        follow_ups: Vec::new(),
        health: card.session.as_ref().and_then(|view| {
            Some(Box::new(HealthView {
                verdict: view.health.clone()?,
                present: Default::default(),
                signs: Vec::new(),
            }))
        }),
        card,
        events: vec![EventRecord {
            id: 9,
            at: minutes_ago(12),
            task: Some(TaskId(12)),
            session: None,
            kind: "started".into(),
            detail: "a slot was free".into(),
            actor: "scheduler".into(),
        }],
    };
    let request = Request::ShowTask(TaskId(12));
    update(&mut model, reply(request, Response::ShowTask(detail)));
    insta::assert_snapshot!("detail", text(&model));
}

#[test]
fn help_in_two_columns() {
    for size in [(120, 40), (200, 50)] {
        let mut model = with_screens(model(size));
        press(&mut model, "?");
        insta::assert_snapshot!(name("help", size), text(&model));
    }
}

#[test]
fn messages_stand_where_the_hints_are() {
    for size in [(80, 24), (40, 12), (120, 40)] {
        let mut model = with_screens(model(size));
        model.toast(Level::Info, "#13 Tidy up was made", None);
        let hint = Some("`git merge gluon/12-x` merges it".to_owned());
        model.toast(Level::Warning, "accepted; its branch stays", hint);
        let long =
            "the task is still running; stop it or let it finish, then accept it from review";
        model.toast(Level::Error, long, None);
        insta::assert_snapshot!(name("messages", size), text(&model));
        // No button of a form is covered on a low screen.
        let mut form = model.clone();
        press(&mut form, "n");
        let rows = Layout::new(&form).toasts.len();
        assert_eq!(rows, if size.1 < 20 { 1 } else { 3 });
        // Nothing of the agent's is covered where somebody types to it.
        press(&mut model, "enter");
        model.toast(Level::Error, long, None);
        assert_eq!(Layout::new(&model).toasts.len(), 1);
    }
}

#[test]
fn messages_and_a_lost_connection() {
    let mut model = with_screens(model((80, 24)));
    let request = Request::StopTask(TaskId(1));
    update(
        &mut model,
        refusal(
            request,
            ErrorCode::Refused,
            "the task is not running; it waits in the queue",
        ),
    );
    update(
        &mut model,
        Msg::Link(LinkEvent::Disconnected("the daemon went away".into())),
    );
    insta::assert_snapshot!("disconnected", text(&model));
}

#[test]
fn ascii_needs_nothing_else() {
    let theme = Theme::load("gluon", None, false, true).unwrap();
    // Titles and screens that are not ASCII themselves.
    let mut model = with_screens(model_with((80, 24), board(), theme));
    assert!(text(&model).is_ascii(), "{}", text(&model));
    insta::assert_snapshot!("ascii_80x24", text(&model));
    press(&mut model, "?");
    assert!(text(&model).is_ascii());
}

#[test]
fn without_colour_the_selection_still_shows() {
    let theme = Theme::load("gluon", None, true, false).unwrap();
    let model = model_with((80, 24), board(), theme);
    let buf = buffer(&model);
    assert!(
        buf.content
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    insta::assert_snapshot!("mono_reverse", cells_with(&buf, Modifier::REVERSED));
}

#[test]
fn the_way_to_help_is_always_shown() {
    for size in [(300, 80), (80, 24), (60, 20), (40, 12)] {
        let model = model(size);
        assert!(text(&model).contains("? help"), "{}", text(&model));
    }
}

/// Hostile words, tiny and huge screens: no panic, and no control character in any cell.
#[test]
fn anything_can_be_drawn_anywhere() {
    let mut board = board();
    for (index, card) in board.cards.iter_mut().enumerate() {
        card.task.title = [
            "\u{1b}]0;x\u{7}",
            "日本語".repeat(40).as_str(),
            "",
            "e\u{301}\u{202e}",
        ][index % 4]
            .into();
        card.project_name = "\u{9b}2J".repeat(99);
    }
    board.projects.push(project(2, "\u{1b}c"));
    for cols in [0, 1, 19, 20, 40, 79, 80, 119, 160, 300] {
        for rows in [0, 1, 4, 5, 12, 24, 80] {
            let mut model = model_with((cols, rows), board.clone(), Theme::default());
            for keys in [
                &["j", "l"][..],
                &["enter", "ctrl-b"],
                &["ctrl-q", "t"],
                &["t", "?"],
                &["esc", "n"],
            ] {
                press_all(&mut model, keys);
                let shown = text(&model);
                assert!(
                    shown
                        .lines()
                        .all(|line| !line.chars().any(char::is_control))
                );
            }
        }
    }
}

#[test]
fn the_header_says_what_today_costs() {
    let mut model = model((120, 40));
    assert!(!text(&model).contains("today"));
    model.queue.today = Some(Cost {
        usd: MicroUsd(4_120_000),
        basis: Basis::Estimated,
        unpriced: false,
        tokens: 9,
    });
    assert!(text(&model).contains("today ~$4.12"));
    // The days before, where there is room: the lowest bar is a day that cost nothing.
    model.queue.recent = [0, 1, 2, 0, 4, 3, 4].map(MicroUsd).to_vec();
    assert!(text(&model).contains("today ~$4.12 ▁▂▄▁█▆█  3/4 slots"));
    model.size.0 = 90;
    assert!(text(&model).contains("today ~$4.12  3/4 slots"));
    model.queue.recent = vec![MicroUsd(0), MicroUsd(4)];
    model.size.0 = 120;
    assert!(text(&model).contains("today ~$4.12  3/4 slots"));
}
