use ratatui::style::Modifier;

use crate::domain::{Passage, Speaker, TaskId, Timestamp};
use crate::protocol::*;
use crate::tui::model::Model;
use crate::tui::testing::*;
use crate::tui::theme::Theme;
use crate::tui::update::update;

fn passages() -> Vec<Passage> {
    let at = |minutes: i64| Some(Timestamp(1_799_990_000_000 + minutes * 60_000));
    let say = |speaker, text: &str, minutes| Passage {
        speaker,
        text: text.into(),
        at: at(minutes),
    };
    vec![
        say(
            Speaker::User,
            "Fix the login.\nMind the tests, please: they are slow but they are all there is to go by.",
            -1500,
        ),
        say(
            Speaker::Thought,
            "First I look at the session.\nThen at the cookie.\nThen at 起動.\nThen at the rest.\nAnd then some.",
            -1499,
        ),
        say(Speaker::Agent, "I look at the session first.", -1499),
        say(Speaker::Tool, "Bash(cargo test login)", -1498),
        say(
            Speaker::Output,
            "running 3 tests\ntest login::cookie ... ok\ntest login::expiry ... FAILED\n\n1 failed",
            0,
        ),
        say(Speaker::Tool, "Edit(src/login.rs)", 1),
        say(Speaker::Output, "done", 1),
        say(Speaker::Note, "the conversation was compacted", 2),
        say(
            Speaker::Agent,
            "The cookie expired a second too early:\n\n    let until = now + age;\n\n\u{1b}[31mIt works\u{202e} now.",
            3,
        ),
        say(Speaker::User, "thanks", 9),
    ]
}

fn answer(model: &mut Model, asked: &crate::tui::msg::Update) {
    for request in calls(asked) {
        if let Request::ReadTranscript(_) = request {
            let page = TranscriptPage {
                conversation: crate::domain::Conversation {
                    agent: "claude".into(),
                    id: "11111111-0000".into(),
                    changed_at: minutes_ago(6),
                    ..Default::default()
                },
                passages: passages(),
                start: 0,
                end: 1000,
                more: false,
                offset: 3_600_000,
            };
            update(
                model,
                reply(request.clone(), Response::ReadTranscript(page)),
            );
        }
    }
}

fn opened(size: (u16, u16), theme: Theme, keys: &[&str]) -> Model {
    let mut model = model_with(size, board(), theme);
    let asked = press(&mut model, "T");
    answer(&mut model, &asked);
    press_all(&mut model, keys);
    model
}

#[test]
fn who_said_what_and_when() {
    for size in [(80, 24), (120, 40), (40, 12), (200, 50)] {
        let model = opened(size, Theme::default(), &["g"]);
        insta::assert_snapshot!(format!("read_{}x{}", size.0, size.1), text(&model));
    }
}

#[test]
fn unfolded_and_searched() {
    let mut model = opened((80, 40), Theme::default(), &["O", "/"]);
    press_all(&mut model, &["c", "o", "o", "k", "i", "e", "enter"]);
    insta::assert_snapshot!("searched", text(&model));
    press_all(&mut model, &["n", "n", "n", "n"]);
    assert!(text(&model).contains("`cookie` is nowhere below"));
}

#[test]
fn on_a_terminal_without_unicode_and_without_colour() {
    let theme = Theme::load("gluon", None, false, true).unwrap();
    let model = opened((80, 24), theme, &[]);
    assert!(text(&model).is_ascii());
    insta::assert_snapshot!("ascii", text(&model));
    let theme = Theme::load("gluon", None, true, false).unwrap();
    let mut model = opened((80, 24), theme, &["/"]);
    press_all(&mut model, &["l", "o", "g", "i", "n", "enter"]);
    insta::assert_snapshot!("mono", cells_with(&buffer(&model), Modifier::REVERSED));
}

#[test]
fn what_cannot_be_read_says_why() {
    let mut model = model((80, 24));
    let asked = press(&mut model, "T");
    assert!(text(&model).contains("Reading…"));
    let request = calls(&asked)[0].clone();
    let words = "shell writes no transcript that gluon reads";
    update(&mut model, refusal(request, ErrorCode::NotFound, words));
    assert!(text(&model).contains(words));
    press(&mut model, "esc");
    assert!(model.overlays.is_empty());
    // A task without an agent has said nothing.
    let asked = press_all(&mut model, &["1", "T"]);
    let reads = |request: &&Request| matches!(request, Request::ReadTranscript(_));
    assert!(!calls(&asked).iter().any(reads));
    assert!(text(&model).contains("nothing was said yet"));
}

#[test]
fn keys_and_mouse_move_in_it_and_the_end_is_followed() {
    let mut model = opened((80, 24), Theme::default(), &[]);
    assert!(text(&model).contains("thanks"));
    let wake = model.wake.unwrap();
    let asked = update(&mut model, crate::tui::msg::Msg::Tick(wake));
    let Some(Request::ReadTranscript(read)) = calls(&asked).first().copied() else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (&read.of, read.from),
        (&TranscriptOf::Task(TaskId(12)), TranscriptFrom::Place(1000))
    );
    use ratatui::crossterm::event::MouseEventKind;
    for _ in 0..20 {
        mouse(&mut model, MouseEventKind::ScrollUp, 40, 12);
    }
    assert!(text(&model).contains("beginning"));
    let copied = press(&mut model, "y");
    assert!(
        copied
            .effects
            .iter()
            .any(|effect| matches!(effect, crate::tui::msg::Effect::Clipboard(_)))
    );
    press(&mut model, "T");
    assert!(model.overlays.is_empty(), "the key that opens it closes it");
}

#[test]
fn anything_can_be_drawn_anywhere() {
    for cols in [0, 1, 20, 40, 79, 80, 160, 300] {
        for rows in [0, 1, 5, 7, 12, 24, 80] {
            let model = opened((cols, rows), Theme::default(), &["O"]);
            assert!(
                text(&model)
                    .lines()
                    .all(|line| !line.chars().any(char::is_control))
            );
        }
    }
}
