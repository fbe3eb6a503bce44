//! The costs: totals, a bar for each day, and what they add up to by whatever is chosen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::bars::draw_tabs;
use super::overlays::corner;
use super::{frame, put, put_all};
use crate::domain::budget::BudgetState;
use crate::domain::units::short_count;
use crate::domain::{Basis, Cost, Day, MicroUsd};
use crate::protocol::{CostBy, CostLine};
use crate::tui::card::Piece;
use crate::tui::costs::{Areas, CostsPage, eighths};
use crate::tui::layout::Layout;
use crate::tui::loops::bar;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, width};
use crate::tui::theme::{Glyphs, Role};

/// The columns right of the bars, with their widths.
const COLUMNS: [(&str, usize); 6] = [
    ("cost", 11),
    ("share", 6),
    ("requests", 9),
    ("in", 7),
    ("cached", 7),
    ("out", 7),
];
/// The axis left of the bars of the days.
const AXIS: u16 = 10;

pub(super) fn draw(buf: &mut Buffer, model: &Model, layout: &Layout, page: &CostsPage) {
    let theme = &model.theme;
    frame(
        buf,
        layout.overlay,
        &title(model, page),
        Role::BorderFocus,
        theme,
    );
    let Some(view) = page.view() else {
        return;
    };
    let areas = &layout.costs;
    if view.days.is_empty() {
        return nothing(buf, model, layout.overlay_inner);
    }
    totals(buf, model, areas.totals, page);
    budgets(buf, model, areas.budgets, page);
    chart(buf, model, areas.chart, page);
    draw_tabs(buf, &layout.costs_tabs, theme);
    list(buf, model, areas, page);
    legend(buf, model, areas.legend, page);
    let rows = page.rows().len();
    let shown = (page.scroll + usize::from(areas.list.height)).min(rows);
    if rows > usize::from(areas.list.height) {
        let words = format!(" {}-{shown} of {rows} ", page.scroll + 1);
        corner(buf, model, layout.overlay, &words);
    }
}

fn title(model: &Model, page: &CostsPage) -> String {
    let named = |id| model.projects.iter().find(|project| project.id == id);
    match page.project().and_then(named) {
        Some(project) => format!("Costs of {}", clean(&project.name)),
        None => "Costs".to_owned(),
    }
}

/// Nothing was ever spent.
fn nothing(buf: &mut Buffer, model: &Model, area: Rect) {
    let lines = [
        ("Nothing was spent yet.", Role::Title),
        ("", Role::Text),
        (
            "What agents use is read from their own transcripts while they work,",
            Role::Muted,
        ),
        (
            "and stands on their cards, in the header and here.",
            Role::Muted,
        ),
    ];
    for (y, (words, role)) in (area.top()..area.bottom()).zip(lines) {
        put(
            buf,
            Rect {
                y,
                height: 1,
                ..area
            },
            words,
            role,
            &model.theme,
        );
    }
}

/// Times side by side: their names, what they cost, and the tokens. In one line where it is low.
fn totals(buf: &mut Buffer, model: &Model, area: Rect, page: &CostsPage) {
    let theme = &model.theme;
    let totals = page.totals();
    if area.height < 3 {
        let mut pieces: Vec<Piece> = Vec::new();
        for total in totals {
            pieces.push((format!("{} ", total.name.to_lowercase()), Role::Muted));
            pieces.push((format!("{}  ", money(total.cost)), Role::Text));
        }
        put_all(buf, area, &pieces, theme);
        return;
    }
    let wide = (area.width / totals.len().max(1) as u16).min(24);
    for (index, total) in (0..).zip(&totals) {
        let tokens = total.cost.map_or(0, |cost| cost.tokens);
        let rows = [
            (total.name.clone(), Role::Muted),
            (money(total.cost), Role::Title),
            (format!("{} tokens", short_count(tokens)), Role::Muted),
        ];
        for (row, (words, role)) in (0..).zip(rows) {
            let cell = Rect {
                x: area.x + index * wide,
                y: area.y + row,
                width: wide.saturating_sub(1),
                height: 1,
            };
            put(buf, cell, &words, role, theme);
        }
    }
}

fn money(cost: Option<Cost>) -> String {
    cost.map_or_else(|| MicroUsd(0).to_string(), |cost| cost.to_string())
}

/// How much of each budget is spent: its name, a bar, and the figures.
fn budgets(buf: &mut Buffer, model: &Model, area: Rect, page: &CostsPage) {
    let theme = &model.theme;
    let glyphs = theme.glyphs();
    let all = page.budgets();
    let wide = all.iter().map(|budget| width(&budget.name)).max();
    let wide = wide.unwrap_or(0).min(usize::from(area.width) / 3);
    for (budget, y) in all.iter().zip(area.top()..area.bottom()) {
        let (percent, cells) = (budget.percent(), usize::from(area.width / 5));
        let role = match budget.state {
            BudgetState::Enough => Role::Good,
            BudgetState::Short => Role::Slow,
            BudgetState::Spent => Role::Bad,
        };
        let name = clean(&budget.name);
        let name = fit(&name, wide, glyphs.ellipsis);
        let fill = " ".repeat(wide - width(&name));
        let shown = percent.map_or_else(
            || " ".repeat(cells + 6),
            |percent| format!("{} {percent:>3} %", bar(percent.into(), cells, glyphs)),
        );
        let pieces = [
            (format!("{name}{fill}  "), Role::Muted),
            (format!("{shown}  "), role),
            (budget.words(), Role::Text),
        ];
        put_all(
            buf,
            Rect {
                y,
                height: 1,
                ..area
            },
            &pieces,
            theme,
        );
    }
}

/// A bar for each day, today at the right.
fn chart(buf: &mut Buffer, model: &Model, area: Rect, page: &CostsPage) {
    if area.height < 2 || area.width < AXIS + 20 {
        return;
    }
    let theme = &model.theme;
    let high = area.height - 1;
    let room = area.width - AXIS;
    let days = page.days(usize::from(room));
    let slot = (room / days.len().max(1) as u16).clamp(1, 18);
    let bar = match slot {
        1 => 1,
        _ => (slot - 1 - u16::from(slot > 5)).min(10),
    };
    let usd = |cost: &Option<Cost>| cost.map_or(MicroUsd(0), |cost| cost.usd);
    let most = days
        .iter()
        .map(|(_, cost)| usd(cost))
        .max()
        .unwrap_or_default();
    axis(buf, model, area, most);
    let start = area.x + AXIS;
    for (index, (day, cost)) in (0..).zip(&days) {
        let filled = eighths(usd(cost), most, high);
        let role = match *day == days[days.len() - 1].0 {
            true => Role::Brand,
            false => Role::Accent,
        };
        for row in 0..high {
            let here = filled.saturating_sub(usize::from(row) * 8).min(8);
            let (symbol, role) = match (here, row) {
                (0, 0) if cost.is_some_and(|cost| cost.is_unpriced()) => ("?", Role::Warning),
                (0, 0) => (theme.glyphs().rising[0], Role::Faint),
                (0, _) => continue,
                _ => (theme.glyphs().rising[here - 1], role),
            };
            let cells = Rect {
                x: start + index * slot,
                y: area.y + high - 1 - row,
                width: bar,
                height: 1,
            };
            put(buf, cells, &symbol.repeat(bar.into()), role, theme);
        }
    }
    let line = Rect {
        x: start,
        y: area.y + high,
        width: room.min(slot * days.len() as u16),
        height: 1,
    };
    dates(buf, model, line, &days, slot);
}

/// The highest amount and the line that everything stands on.
fn axis(buf: &mut Buffer, model: &Model, area: Rect, most: MicroUsd) {
    let theme = &model.theme;
    let wide = usize::from(AXIS - 2);
    let high = area.height - 1;
    for (row, words) in [(0, most.to_string()), (high - 1, MicroUsd(0).to_string())] {
        let words = format!("{words:>wide$}");
        let cell = Rect {
            y: area.y + row,
            width: AXIS - 1,
            height: 1,
            ..area
        };
        put(buf, cell, &words, Role::Muted, theme);
    }
}

/// The days below their bars, as many as fit: today at the right end, the others from the left, Mondays
/// where not each has room.
fn dates(buf: &mut Buffer, model: &Model, area: Rect, days: &[(Day, Option<Cost>)], slot: u16) {
    let last = days.len().saturating_sub(1);
    let end = area.right().saturating_sub(width("today") as u16 + 1);
    let mut free = area.x;
    for (index, (day, _)) in days.iter().enumerate() {
        let label = match slot {
            7.. => format!("{} {}", weekday(*day), day.of_month()),
            _ => format!("{} {}", month(*day), day.of_month()),
        };
        let wide = width(&label) as u16;
        let at = area.x + index as u16 * slot;
        let wanted = slot >= 7 || day.weekday() == 0 || index == 0;
        if index == last {
            let from = if slot >= 7 {
                at
            } else {
                area.right().saturating_sub(5).max(area.x)
            };
            let cell = Rect {
                x: from,
                width: 5,
                ..area
            };
            put(buf, cell, "today", Role::Text, &model.theme);
        } else if wanted && at >= free && at + wide < end.max(area.x) {
            let cell = Rect {
                x: at,
                width: wide,
                ..area
            };
            put(buf, cell, &label, Role::Muted, &model.theme);
            free = at + wide + 2;
        }
    }
}

fn weekday(day: Day) -> &'static str {
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][usize::from(day.weekday())]
}

fn month(day: Day) -> &'static str {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    NAMES[usize::from(day.of_year() - 1)]
}

/// How a row is divided: the name, the bar, and how many of the columns there is room for.
struct Division {
    name: usize,
    bar: usize,
    columns: Vec<(&'static str, usize)>,
}

impl Division {
    fn new(room: usize) -> Division {
        // What matters least goes first.
        let order: &[&[usize]] = &[
            &[0, 1, 2, 3, 4, 5],
            &[0, 1, 3, 4, 5],
            &[0, 1, 3, 5],
            &[0, 1],
            &[0],
        ];
        let wide = |columns: &[usize]| columns.iter().map(|at| COLUMNS[*at].1).sum::<usize>();
        let fits = |columns: &&&[usize]| wide(columns) + 22 <= room;
        let chosen = order.iter().find(fits).copied().unwrap_or(order[4]);
        let rest = room.saturating_sub(wide(chosen));
        let name = if rest > 40 {
            (rest * 3 / 5).min(48)
        } else {
            rest
        };
        Division {
            name,
            bar: rest - name,
            columns: chosen.iter().map(|at| COLUMNS[*at]).collect(),
        }
    }
}

fn list(buf: &mut Buffer, model: &Model, areas: &Areas, page: &CostsPage) {
    let theme = &model.theme;
    let rows = page.rows();
    let division = Division::new(usize::from(areas.head.width));
    let Some(all) = rows.iter().map(|line| line.cost).reduce(Cost::and) else {
        let words = format!("Nothing was spent in the last {}.", page.range());
        put(buf, areas.list, &words, Role::Muted, theme);
        return;
    };
    let mut head = " ".repeat(division.name + division.bar);
    for (name, wide) in &division.columns {
        head.push_str(&format!("{name:>wide$}"));
    }
    put(buf, areas.head, &head, Role::Muted, theme);
    let most = rows
        .iter()
        .map(|line| line.cost.usd)
        .max()
        .unwrap_or_default();
    let area = areas.list;
    let shown = rows.iter().skip(page.scroll);
    for (line, y) in shown.zip(area.top()..area.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        let pieces = pieces(line, page.by(), &division, (most, all), theme.glyphs());
        put_all(buf, row, &pieces, theme);
    }
}

fn pieces(
    line: &CostLine,
    by: CostBy,
    division: &Division,
    (most, all): (MicroUsd, Cost),
    glyphs: &Glyphs,
) -> Vec<Piece> {
    let label = match (by, Day::parse(&line.key)) {
        (CostBy::Task, _) => format!("#{} {}", line.key, line.label),
        (CostBy::Day, Some(day)) => format!("{} {}", line.key, weekday(day)),
        _ => line.key.clone(),
    };
    let label = clean(&label);
    let name = fit(&label, division.name.saturating_sub(1), glyphs.ellipsis);
    let fill = division.name - width(&name).min(division.name);
    let mut pieces = vec![(format!("{name}{}", " ".repeat(fill)), Role::Text)];
    if division.bar > 0 {
        let cells = division.bar - 1;
        let filled = eighths(line.cost.usd, most, cells as u16);
        let mut bar = glyphs.growing[7].repeat(filled / 8);
        if !filled.is_multiple_of(8) {
            bar.push_str(glyphs.growing[filled % 8 - 1]);
        }
        let fill = division.bar - width(&bar).min(division.bar);
        pieces.push((bar, Role::Accent));
        pieces.push((" ".repeat(fill), Role::Text));
    }
    let usage = &line.usage;
    let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    for (name, wide) in &division.columns {
        let (text, role) = match *name {
            "cost" if line.cost.is_unpriced() => ("unpriced".to_owned(), Role::Warning),
            "cost" => (line.cost.to_string(), Role::Title),
            "share" => (share(line.cost, all), Role::Muted),
            "requests" => (short_count(line.requests), Role::Muted),
            "in" => (
                short_count(usage.input.saturating_add(written)),
                Role::Muted,
            ),
            "cached" => (short_count(usage.cache_read), Role::Muted),
            _ => (short_count(usage.output), Role::Muted),
        };
        pieces.push((format!("{text:>wide$}"), role));
    }
    pieces
}

/// Per cent of all, or nothing where there is no price.
fn share(part: Cost, all: Cost) -> String {
    if part.is_unpriced() || all.usd.0 <= 0 {
        return String::new();
    }
    let all = i128::from(all.usd.0);
    let percent = (i128::from(part.usd.0.max(0)) * 100 + all / 2) / all;
    match percent {
        0 if part.usd.0 > 0 => "<1%".to_owned(),
        percent => format!("{percent}%"),
    }
}

/// What the marks that are shown mean, and what is wrong with the user's prices.
fn legend(buf: &mut Buffer, model: &Model, area: Rect, page: &CostsPage) {
    let theme = &model.theme;
    let Some(view) = page.view().filter(|_| !area.is_empty()) else {
        return;
    };
    if let Some(problem) = view.problems.first() {
        put(buf, area, &clean(problem), Role::Warning, theme);
        return;
    }
    let costs = || view.days.iter().map(|line| line.cost);
    let estimated = costs().any(|cost| cost.basis == Basis::Estimated && !cost.is_unpriced());
    let reported = costs().any(|cost| cost.basis == Basis::Reported);
    let mut words = Vec::new();
    match (estimated, reported) {
        (true, true) => words.push("~ estimated, no mark: reported by the agent"),
        (true, false) => words.push("~ estimated from tokens and prices"),
        (false, true) => words.push("as reported by the agents"),
        (false, false) => {}
    }
    if costs().any(|cost| cost.unpriced) {
        words.push("+ and unpriced models");
    }
    let separator = format!(" {} ", theme.glyphs().separator);
    put(buf, area, &words.join(&separator), Role::Muted, theme);
}

#[cfg(test)]
mod tests;
