use ratatui::style::{Color, Modifier};

use crate::tui::layout::{Hit, Layout};
use crate::tui::model::{Model, Overlay};
use crate::tui::sessions::testing::*;
use crate::tui::testing::*;
use crate::tui::theme::Theme;
use crate::tui::update::update;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 12), (200, 50)];

fn opened(size: (u16, u16), theme: Theme, keys: &[&str]) -> Model {
    let mut model = model_with(size, board(), theme);
    let asked = press(&mut model, "S");
    answer_all(&mut model, asked, &library());
    for key in keys {
        let asked = press(&mut model, key);
        answer_all(&mut model, asked, &library());
    }
    model
}

fn shots(what: &str, keys: &[&str]) {
    for size in SIZES {
        let model = opened(size, Theme::default(), keys);
        insta::assert_snapshot!(format!("{what}_{}x{}", size.0, size.1), text(&model));
    }
}

#[test]
fn by_project() {
    shots("by_project", &["]", "]", "j"]);
}

#[test]
fn filtered_while_typing() {
    shots("filtered", &["/", "l", "o", "g", "i", "n"]);
}

#[test]
fn everything_said_with_the_lines_found() {
    shots("texts", &["tab", "l", "o", "g", "i", "n", "enter", "j"]);
}

#[test]
fn on_a_terminal_without_unicode() {
    let theme = Theme::load("gluon", None, false, true).unwrap();
    let model = opened((80, 24), theme, &["]"]);
    assert!(text(&model).is_ascii());
    insta::assert_snapshot!("ascii", text(&model));
}

#[test]
fn without_colour_selection_and_matches_still_show() {
    let theme = Theme::load("gluon", None, true, false).unwrap();
    let model = opened((80, 24), theme, &["tab", "l", "o", "g", "enter", "j"]);
    let buf = buffer(&model);
    let plain = |color| color == Color::Reset;
    assert!(
        buf.content
            .iter()
            .all(|cell| plain(cell.fg) && plain(cell.bg))
    );
    insta::assert_snapshot!("mono_reverse", cells_with(&buf, Modifier::REVERSED));
}

#[test]
fn where_there_is_nothing_it_says_why() {
    let mut model = model_with((80, 24), board(), Theme::default());
    let asked = press(&mut model, "S");
    assert!(text(&model).contains("Looking for sessions…"));
    answer_all(&mut model, asked, &Library::default());
    let asked = press_all(&mut model, &["/", "z", "z"]);
    answer_all(&mut model, asked, &Library::default());
    insta::assert_snapshot!("no_title", text(&model));
    let asked = press(&mut model, "tab");
    answer_all(&mut model, asked, &Library::default());
    assert!(text(&model).contains("Nobody said that."));

    let mut model = model_with((80, 24), Default::default(), Theme::default());
    let asked = press(&mut model, "S");
    answer_all(&mut model, asked, &Library::default());
    insta::assert_snapshot!("nothing", text(&model));
    // The first look at ten thousand transcripts takes its time.
    let asked = press(&mut model, "P");
    answer_all(&mut model, asked, &Library::default());
    let looking = Library {
        looking: Some((3120, 10_000)),
        ..Library::default()
    };
    let asked = update(&mut model, event(crate::protocol::Event::Conversations));
    answer_all(&mut model, asked, &looking);
    insta::assert_snapshot!("first_look", text(&model));
    let asked = update(&mut model, event(crate::protocol::Event::Conversations));
    for request in calls(&asked) {
        let code = crate::protocol::ErrorCode::Failed;
        update(
            &mut model,
            refusal(request.clone(), code, "the disk is full\u{1b}[2J"),
        );
    }
    insta::assert_snapshot!("refused", text(&model));
}

#[test]
fn rows_tabs_and_project_can_be_clicked() {
    let mut model = opened((120, 40), Theme::default(), &[]);
    let find = |model: &Model, wanted: &dyn Fn(Hit) -> bool| {
        let layout = Layout::new(model);
        let cells = (0..120).flat_map(|x| (0..40).map(move |y| (x, y)));
        let found = cells
            .into_iter()
            .find(|(x, y)| layout.hit(*x, *y).is_some_and(wanted));
        found.unwrap()
    };
    let page = |model: &Model| match model.overlays.last() {
        Some(Overlay::Sessions(page)) => page.clone(),
        other => panic!("{other:?}"),
    };
    let row = page(&model).in_sight().end - 1;
    let (x, y) = find(&model, &|hit| hit == Hit::Row(row));
    mouse(&mut model, DOWN, x, y);
    assert_eq!(page(&model).index(), row);
    let asked = mouse(&mut model, DOWN, x, y);
    assert!(
        matches!(model.overlays.last(), Some(Overlay::Transcript(_))),
        "{asked:?}"
    );
    press(&mut model, "esc");
    let (x, y) = find(&model, &|hit| hit == Hit::Tab(1));
    mouse(&mut model, DOWN, x, y);
    assert!(page(&model).query.texts && page(&model).line.is_some());
    press(&mut model, "esc");
    let (x, y) = find(&model, &|hit| {
        hit == Hit::Action(crate::tui::keymap::Action::RowsProject)
    });
    mouse(&mut model, DOWN, x, y);
    assert!(page(&model).query.project.is_some());
}

#[test]
fn anything_can_be_drawn_anywhere() {
    for cols in [0, 1, 20, 21, 40, 79, 80, 119, 160, 300] {
        for rows in [0, 1, 5, 7, 12, 24, 80] {
            for keys in [&[][..], &["tab", "l", "enter"], &["/", "l"]] {
                let model = opened((cols, rows), Theme::default(), keys);
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
