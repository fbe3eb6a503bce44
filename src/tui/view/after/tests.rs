use ratatui::style::{Color, Modifier};

use crate::domain::*;
use crate::protocol::*;
use crate::tui::model::Model;
use crate::tui::testing::*;
use crate::tui::theme::Theme;
use crate::tui::update::update;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 50), (40, 12)];

fn overlap(task: i64, with: Against, both: &[&str], conflicts: &[&str]) -> OverlapView {
    let texts = |all: &[&str]| all.iter().map(|file| (*file).to_owned()).collect();
    OverlapView {
        task: TaskId(task),
        with,
        both: texts(both),
        conflicts: texts(conflicts),
    }
}

fn overlaps() -> Response {
    Response::ListOverlaps(vec![
        overlap(14, Against::Task(TaskId(20)), &["docs/login.md"], &[]),
        overlap(
            12,
            Against::Task(TaskId(13)),
            &[
                "Cargo.toml",
                "src/login/session.rs",
                "src/login/\u{1b}[2Jevil.rs",
            ],
            &["src/login/session.rs"],
        ),
        overlap(
            20,
            Against::Target("main".into()),
            &["README.md"],
            &["README.md"],
        ),
    ])
}

fn cost(usd: i64) -> Cost {
    Cost {
        usd: MicroUsd(usd),
        basis: Basis::Reported,
        unpriced: false,
        tokens: 90_000,
    }
}

fn report() -> Response {
    let line = |task: i64, title: &str, minutes: i64, usd: Option<i64>| ReportLine {
        task: TaskId(task),
        title: title.into(),
        project: "api".into(),
        agent: "claude".into(),
        at: minutes_ago(minutes),
        how: "squashed into main".into(),
        cost: usd.map(cost),
        waited: minutes * 60_000,
        asked: minutes * 7_000,
    };
    Response::Report(ReportView {
        since: minutes_ago(600),
        lines: vec![
            line(30, "homepage", 31, Some(1_400_000)),
            line(31, "fix typo", 5, Some(40_000)),
            line(32, "release notes", 190, None),
        ],
        cost: Some(cost(1_440_000)),
        cost_each: Some(cost(720_000)),
        unknown: 1,
        waited: 226 * 60_000,
        asked: 226 * 7_000,
        spent: Some(cost(4_120_000)),
    })
}

fn tidy() -> Response {
    let view = |task: i64, title: &str, landed: &str| TidyView {
        task: TaskId(task),
        title: title.into(),
        branch: format!("gluon/{task}-{}", title.replace(' ', "-")),
        landed: landed.into(),
        goes: !landed.is_empty(),
        removed: false,
    };
    Response::Tidy(vec![
        view(32, "release notes", ""),
        view(30, "homepage", "merged"),
        view(31, "fix typo", "the same patches are there"),
    ])
}

/// Opens a page and lets what it asks for come.
fn open(model: &mut Model, key: &str, answer: Response) {
    let asked = press(model, key);
    let [request] = calls(&asked)[..] else {
        panic!("{asked:?}")
    };
    update(model, reply(request.clone(), answer));
}

fn pages() -> [(&'static str, &'static str, Response); 3] {
    [
        ("radar", "O", overlaps()),
        ("report", "D", report()),
        ("tidy", "Y", tidy()),
    ]
}

fn shown(size: (u16, u16), theme: Theme, key: &str, answer: Response) -> Model {
    let mut board = board();
    for card in &mut board.cards {
        let id = card.task.id.0;
        card.task.worktree = Some(format!("/home/someone/wt/{id}").into());
    }
    let mut model = model_with(size, board, theme);
    open(&mut model, key, answer);
    model
}

#[test]
fn every_page_at_every_size() {
    for (what, key, answer) in pages() {
        for size in SIZES {
            let model = shown(size, Theme::default(), key, answer.clone());
            let text = text(&model);
            assert!(!text.contains('\u{1b}'), "{text}");
            let name = format!("{what}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, text);
        }
    }
}

#[test]
fn without_colour_and_without_unicode() {
    for (what, key, answer) in pages() {
        let theme = Theme::load("gluon", None, true, true).unwrap();
        let model = shown((80, 24), theme, key, answer);
        let text = text(&model);
        assert!(text.is_ascii(), "{text}");
        insta::assert_snapshot!(format!("{what}_ascii"), text);
        let buf = buffer(&model);
        for cell in &buf.content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
        }
        // The selected row is seen without colour.
        let marks = cells_with(&buf, Modifier::REVERSED);
        assert!(marks.contains("##########"), "{marks}");
    }
}

#[test]
fn what_nothing_means_is_said() {
    let nothing = [
        ("radar", "O", Response::ListOverlaps(Vec::new())),
        (
            "report",
            "D",
            Response::Report(ReportView {
                since: NOW,
                lines: Vec::new(),
                cost: None,
                cost_each: None,
                unknown: 0,
                waited: 0,
                asked: 0,
                spent: None,
            }),
        ),
        ("tidy", "Y", Response::Tidy(Vec::new())),
    ];
    for (what, key, answer) in nothing {
        let model = shown((80, 24), Theme::default(), key, answer);
        insta::assert_snapshot!(format!("{what}_nothing"), text(&model));
    }
}
