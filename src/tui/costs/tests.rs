use super::*;
use crate::domain::{Basis, Usage};

fn line(key: &str, micros: i64) -> CostLine {
    CostLine {
        key: key.into(),
        label: String::new(),
        requests: 1,
        usage: Usage::default(),
        cost: Cost {
            usd: MicroUsd(micros),
            basis: Basis::Reported,
            unpriced: false,
            tokens: 10,
        },
    }
}

fn view(days: &[(&str, i64)]) -> CostsView {
    CostsView {
        today: Day::parse("2026-11-24").unwrap(),
        days: days.iter().map(|(day, usd)| line(day, *usd)).collect(),
        lines: (0..5).map(|number| line(&number.to_string(), 1)).collect(),
        problems: Vec::new(),
        budgets: Vec::new(),
    }
}

#[test]
fn one_answer_is_awaited_at_a_time_and_the_last_wish_is_asked_for() {
    let mut page = CostsPage::new(None);
    let first = page.ask().unwrap();
    assert_eq!((first.by, first.days), (CostBy::Project, Some(30)));
    assert_eq!(page.act(Action::NextTab), (true, None));
    assert_eq!(page.act(Action::Range), (true, None));
    let next = page.come(first, view(&[])).unwrap();
    assert_eq!((next.by, next.days), (CostBy::Task, None));
    // What was spent meanwhile is asked for once more, though the answer fits.
    assert_eq!(page.ask(), None);
    assert_eq!(page.come(next, view(&[])), Some(next));
    assert_eq!(page.come(next, view(&[])), None);
    // A lost connection does not silence it.
    assert!(page.ask().is_some());
    page.forget();
    assert!(page.ask().is_some());
}

#[test]
fn totals_are_of_the_calendar() {
    let mut page = CostsPage::new(None);
    let asked = page.ask().unwrap();
    let days = [
        ("2026-10-26", 1_000_000),
        ("2026-11-01", 2_000_000),
        ("2026-11-23", 4_000_000),
        ("2026-11-24", 8_000_000),
    ];
    page.come(asked, view(&days));
    let totals: Vec<String> = page
        .totals()
        .iter()
        .map(|total| format!("{} {}", total.name, total.cost.unwrap()))
        .collect();
    assert_eq!(
        totals,
        [
            "Today $8.00",
            "This week $12.00",
            "This month $14.00",
            "Last 30 days $15.00"
        ]
    );
    let days = page.days(100);
    assert_eq!(days.len(), 30);
    assert_eq!(days[0].0.to_string(), "2026-10-26");
    assert_eq!(days.iter().filter(|(_, cost)| cost.is_some()).count(), 4);
    assert_eq!(page.days(10).len(), 10);
}

#[test]
fn a_bar_is_never_longer_than_its_room_and_never_nothing() {
    for (part, whole, cells, eight) in [
        (0, 100, 4, 0),
        (1, 1_000_000, 4, 1),
        (50, 100, 4, 16),
        (100, 100, 4, 32),
        (300, 100, 4, 32),
        (5, 0, 4, 0),
        (-5, 10, 4, 0),
        (i64::MAX, i64::MAX, 200, 1600),
    ] {
        assert_eq!(eighths(MicroUsd(part), MicroUsd(whole), cells), eight);
    }
}

#[test]
fn rows_scroll_as_far_as_there_are_any() {
    let mut page = CostsPage::new(None);
    let asked = page.ask().unwrap();
    page.come(asked, view(&[]));
    page.height = 3;
    assert_eq!(page.act(Action::ViewBottom), (true, None));
    assert_eq!(page.scroll, 2);
    assert_eq!(page.act(Action::RowDown), (false, None));
    assert_eq!(page.act(Action::ViewTop), (true, None));
    assert!(page.act(Action::NextTab).0);
    assert_eq!(page.scroll, 0);
}

#[test]
fn the_parts_fill_the_inside_and_do_not_overlap() {
    for (width, height) in [(0, 0), (36, 1), (36, 9), (72, 18), (104, 34), (136, 44)] {
        let inner = Rect::new(2, 1, width, height);
        let areas = Areas::new(inner, 2);
        let parts = [
            areas.totals,
            areas.chart,
            areas.tabs,
            areas.head,
            areas.list,
            areas.legend,
        ];
        let mut y = inner.y;
        for part in parts.into_iter().filter(|part| part.height > 0) {
            assert!(part.y >= y, "{width}x{height}: {areas:?}");
            y = part.bottom();
        }
        assert!(y <= inner.bottom(), "{width}x{height}: {areas:?}");
    }
}
