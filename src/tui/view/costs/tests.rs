use ratatui::style::{Color, Modifier};

use crate::domain::budget::{Budget, BudgetOf, Limit};
use crate::domain::*;
use crate::protocol::*;
use crate::tui::layout::{Hit, Layout};
use crate::tui::model::Model;
use crate::tui::testing::*;
use crate::tui::theme::Theme;
use crate::tui::update::update;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 12), (200, 50)];

fn cost(micros: i64, basis: Basis, unpriced: bool) -> Cost {
    Cost {
        usd: MicroUsd(micros),
        basis,
        unpriced,
        tokens: (micros.unsigned_abs() / 3).max(20_000),
    }
}

fn line(key: &str, label: &str, cost: Cost) -> CostLine {
    CostLine {
        key: key.into(),
        label: label.into(),
        requests: cost.tokens / 9000,
        usage: Usage {
            input: cost.tokens / 20,
            cache_read: cost.tokens / 10 * 9,
            output: cost.tokens / 20,
            ..Usage::default()
        },
        cost,
    }
}

fn budget(of: BudgetOf, name: &str, limit: Limit, spent: i64) -> Budget {
    let spent = cost(spent, Basis::Reported, false);
    Budget::new(of, name, limit, Some(spent), MicroUsd(0), 80)
}

/// A month with weekends and holes in it; 2026-11-24 is a Tuesday.
fn costs(by: CostBy) -> CostsView {
    let today = Day::parse("2026-11-24").unwrap();
    let days = (0..30)
        .map(|ago| Day(today.0 - 29 + ago))
        .filter(|day| day.weekday() < 5 && day.of_month() != 11)
        .map(|day| {
            let wave = i64::from(day.0 * 37 % 11 + 2);
            let basis = [Basis::Reported, Basis::Estimated][(day.0 % 2) as usize];
            let cost = match day.of_month() {
                18 => cost(0, Basis::Estimated, true),
                _ => cost(wave * 1_130_000, basis, day.of_month() == 19),
            };
            line(&day.to_string(), "", cost)
        })
        .collect();
    let lines = match by {
        CostBy::Project => vec![
            line("api", "", cost(91_230_000, Basis::Estimated, true)),
            line("homepage", "", cost(18_400_000, Basis::Reported, false)),
            line("3 (removed)", "", cost(300_000, Basis::Estimated, false)),
            line("sandbox", "", cost(0, Basis::Estimated, true)),
        ],
        _ => (1..40)
            .map(|id| {
                let title = format!("a task \u{1b}[2J with 日本語 {id}");
                line(
                    &id.to_string(),
                    &title,
                    cost(40_000_000 / id, Basis::Reported, false),
                )
            })
            .collect(),
    };
    CostsView {
        today,
        days,
        lines,
        problems: Vec::new(),
        budgets: vec![
            budget(
                BudgetOf::Day,
                "today",
                Limit::Usd(MicroUsd(50_000_000)),
                41_200_000,
            ),
            budget(
                BudgetOf::Project(ProjectId(1)),
                "project api",
                Limit::Usd(MicroUsd(100_000_000)),
                91_230_000,
            ),
            budget(
                BudgetOf::Workspace("work".into()),
                "workspace work",
                Limit::Unlimited,
                0,
            ),
        ],
    }
}

/// The costs opened, and what was asked answered.
fn opened(mut model: Model, keys: &[&str]) -> Model {
    let mut asked = press(&mut model, "$");
    for key in keys {
        answer(&mut model, asked);
        asked = press(&mut model, key);
    }
    answer(&mut model, asked);
    model
}

fn answer(model: &mut Model, asked: crate::tui::msg::Update) {
    for request in calls(&asked) {
        if let Request::ShowCosts(which) = request {
            let response = Response::ShowCosts(costs(which.by));
            update(model, reply(request.clone(), response));
        }
    }
}

fn shots(what: &str, theme: &Theme, keys: &[&str]) {
    for size in SIZES {
        let model = opened(model_with(size, board(), theme.clone()), keys);
        let name = format!("{what}_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, text(&model));
    }
}

#[test]
fn by_project() {
    shots("project", &Theme::default(), &[]);
}

#[test]
fn a_week_by_task() {
    shots("week_task", &Theme::default(), &["tab", "r", "r"]);
}

#[test]
fn on_a_terminal_without_unicode() {
    let theme = Theme::load("gluon", None, false, true).unwrap();
    let model = opened(model_with((80, 24), board(), theme), &[]);
    assert!(text(&model).is_ascii());
    insta::assert_snapshot!("ascii", text(&model));
}

#[test]
fn without_colour_the_chosen_tab_still_shows() {
    let theme = Theme::load("gluon", None, true, false).unwrap();
    let model = opened(model_with((80, 24), board(), theme), &["tab"]);
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
fn where_nothing_was_spent_it_says_so() {
    let mut model = model((80, 24));
    let asked = press(&mut model, "$");
    let request = calls(&asked)[0].clone();
    let none = Response::ShowCosts(CostsView::default());
    update(&mut model, reply(request.clone(), none));
    insta::assert_snapshot!("nothing", text(&model));
    // Something was, but not lately; and the user's own prices are wrong.
    let view = CostsView {
        lines: Vec::new(),
        problems: vec!["prices.json: expected `,`\u{1b}c".into()],
        ..costs(CostBy::Project)
    };
    update(&mut model, reply(request, Response::ShowCosts(view)));
    assert!(text(&model).contains("Nothing was spent in the last 30 days."));
    assert!(text(&model).contains("prices.json: expected"));
}

#[test]
fn tabs_and_range_can_be_clicked_and_figures_stay_fresh() {
    let mut model = opened(model((80, 24)), &[]);
    let layout = Layout::new(&model);
    let find = |wanted: Hit| {
        let cells = (0..80).flat_map(|x| (0..24).map(move |y| (x, y)));
        cells
            .into_iter()
            .find(|(x, y)| layout.hit(*x, *y) == Some(wanted))
            .unwrap()
    };
    let (x, y) = find(Hit::Tab(3));
    let asked = mouse(&mut model, DOWN, x, y);
    assert!(matches!(calls(&asked)[0], Request::ShowCosts(which) if which.by == CostBy::Model));
    answer(&mut model, asked);
    let (x, y) = find(Hit::Action(crate::tui::keymap::Action::Range));
    let asked = mouse(&mut model, DOWN, x, y);
    assert!(matches!(calls(&asked)[0], Request::ShowCosts(which) if which.days.is_none()));
    answer(&mut model, asked);
    // Whenever something was spent, and not when the queue changed otherwise.
    let mut queue = model.queue.clone();
    queue.used += 1;
    let event = |queue: &QueueView| {
        crate::tui::msg::Msg::Link(LinkEvent::Event(Event::Queue(queue.clone())))
    };
    assert!(calls(&update(&mut model, event(&queue))).is_empty());
    queue.today = Some(cost(5, Basis::Reported, false));
    assert_eq!(calls(&update(&mut model, event(&queue))).len(), 1);
    press(&mut model, "$");
    assert!(model.overlays.is_empty());
}

#[test]
fn anything_can_be_drawn_anywhere() {
    let mut view = costs(CostBy::Task);
    view.days.push(line(
        "not a day",
        "",
        cost(i64::MAX, Basis::Reported, false),
    ));
    view.lines
        .push(line("", "\u{9b}2J", cost(i64::MAX, Basis::Estimated, true)));
    for cols in [0, 1, 20, 40, 79, 80, 119, 160, 300] {
        for rows in [0, 1, 5, 12, 24, 80] {
            let mut model = model((cols, rows));
            let asked = press(&mut model, "$");
            let request = calls(&asked)[0].clone();
            update(
                &mut model,
                reply(request, Response::ShowCosts(view.clone())),
            );
            let shown = text(&model);
            assert!(
                shown
                    .lines()
                    .all(|line| !line.chars().any(char::is_control))
            );
        }
    }
}
