//! Loops on the board: how far one is, as a row of its card, and everything about it for the detail.
//!
//! Uses domain and protocol. A function of the model; draws nothing. Invariants: every figure stands beside
//! its bar; a breaker that is not closed says why.

use super::card::Piece;
use super::overlay::ViewerLine;
use super::text::clean;
use super::theme::{Glyphs, Role};
use crate::domain::Timestamp;
use crate::domain::budget::Budget;
use crate::domain::loops::{
    BreakerState, Changes, CheckOutcome, IterationRecord, LoopLimits, Most, NewLimits,
};
use crate::domain::units::{MicroUsd, short_duration};
use crate::protocol::{LoopHistory, LoopStage, LoopView};

/// Cells of a bar on a card.
const BAR: usize = 6;
/// Lines of a check's output that the detail shows.
const OUTPUT: usize = 8;
/// Iterations that the detail lists.
const LISTED: usize = 20;

/// A bar of `cells` that is `percent` full.
pub fn bar(percent: u64, cells: usize, glyphs: &Glyphs) -> String {
    let filled = (percent.min(100) as usize * cells + 50) / 100;
    let (full, empty) = (
        glyphs.full.repeat(filled),
        glyphs.empty.repeat(cells - filled),
    );
    format!("{full}{empty}")
}

/// `7/50`: which iteration of how many.
pub fn count(view: &LoopView) -> String {
    match view.limits.iterations {
        Some(most) => format!("{}/{most}", view.iteration),
        None => view.iteration.to_string(),
    }
}

/// How far it is: confidence, breaker, and of the budget what is spent.
pub fn progress(view: &LoopView, own: Option<&Budget>, glyphs: &Glyphs) -> Vec<Piece> {
    let percent = view.confidence.percent;
    let role = match view.confidence.is_enough() {
        true => Role::Good,
        false => Role::Text,
    };
    let shown = bar(percent.into(), BAR, glyphs);
    let mut pieces = vec![(format!("{shown} {percent} %"), role)];
    match view.breaker.state {
        BreakerState::Closed => {}
        BreakerState::HalfOpen => pieces.push(("half open".to_owned(), Role::Looping)),
        BreakerState::Open => pieces.push(("breaker open".to_owned(), Role::Bad)),
    }
    let own = || Some((own?.percent()?.into(), own?.limit.to_string()));
    let loops = budget(view).map(|(used, budget)| (used, budget.to_string()));
    if let Some((used, budget)) = loops.or_else(own) {
        let role = match used {
            0..80 => Role::Muted,
            80..100 => Role::Slow,
            _ => Role::Bad,
        };
        let shown = bar(used, BAR / 2, glyphs);
        pieces.push((format!("{shown} {used} % of {budget}"), role));
    }
    pieces
}

/// How much of its budget is spent, in percent.
fn budget(view: &LoopView) -> Option<(u64, MicroUsd)> {
    let budget = view.limits.budget.filter(|budget| budget.0 > 0)?;
    let used = view.spent.0.max(0).saturating_mul(100) / budget.0;
    Some((used.unsigned_abs(), budget))
}

/// Where it stands, where that says more than what its agent does.
pub fn stage(view: &LoopView, now: Timestamp) -> Option<Piece> {
    let left = |until: Timestamp| short_duration(until.since(now));
    Some(match &view.stage {
        LoopStage::Starting | LoopStage::Running { ending: None } => {
            let what = view.afterwards.as_ref()?;
            (format!("{} after this iteration", clean(what)), Role::Slow)
        }
        LoopStage::Running { ending: Some(why) } => {
            (format!("being ended: {}", clean(why)), Role::Slow)
        }
        LoopStage::Between { until } => (format!("next in {}", left(*until)), Role::Working),
        LoopStage::Checking => ("checking".to_owned(), Role::Working),
        LoopStage::Parked { until, why, limit } => {
            let what = if *limit { "limited" } else { "backs off" };
            let why = clean(why);
            (format!("{what}, {} left: {why}", left(*until)), Role::Slow)
        }
        LoopStage::Paused { why } => (format!("paused: {}", clean(why)), Role::Slow),
        LoopStage::Waiting { ask } => (format!("asks: {}", clean(&ask.text)), Role::Waiting),
        LoopStage::Ended { why, bad, complete } => {
            let role = match (bad, complete) {
                (true, _) => Role::Bad,
                (_, true) => Role::Good,
                _ => Role::Slow,
            };
            (clean(why).into_owned(), role)
        }
    })
}

fn field(name: &str, pieces: Vec<Piece>) -> ViewerLine {
    let mut line = vec![(format!("{name:<11}"), Role::Muted)];
    line.extend(pieces);
    line
}

fn plain(name: &str, value: impl Into<String>) -> ViewerLine {
    field(name, vec![(value.into(), Role::Text)])
}

/// Everything about a loop.
pub fn detail(
    view: &LoopView,
    history: Option<&LoopHistory>,
    now: Timestamp,
    glyphs: &Glyphs,
) -> Vec<ViewerLine> {
    let mut lines = vec![Vec::new(), vec![("Loop".to_owned(), Role::Accent)]];
    let (stage, role) = stage(view, now).unwrap_or(("at work".to_owned(), Role::Working));
    lines.push(field("stage", vec![(stage, role)]));
    lines.push(plain("iteration", count(view).replace('/', " of ")));
    lines.extend(confidence(view, glyphs));
    lines.extend(breaker(view));
    lines.extend(check(view, now));
    lines.extend(limits(view, now, glyphs));
    for plan in &view.plans {
        let next = plan
            .next
            .as_ref()
            .map_or_else(String::new, |next| format!("; next: {}", clean(next)));
        let (ticked, boxes) = (plan.ticked, plan.boxes());
        let words = format!("{}: {ticked} of {boxes} done{next}", clean(&plan.file));
        lines.push(plain("plan", words));
    }
    if !view.recommendation.trim().is_empty() {
        let words = clean(&view.recommendation).into_owned();
        lines.push(plain("next", words));
    }
    if view.messages > 0 {
        let words = match view.messages {
            1 => "1 message waits for the next iteration".to_owned(),
            many => format!("{many} messages wait for the next iteration"),
        };
        lines.push(plain("told", words));
    }
    if let Some(history) = history.filter(|history| !history.iterations.is_empty()) {
        lines.extend(iterations(&history.iterations));
    }
    lines
}

fn confidence(view: &LoopView, glyphs: &Glyphs) -> Vec<ViewerLine> {
    let all = &view.confidence;
    let percent = all.percent;
    let enough = view.enough;
    let mut lines = vec![field(
        "confidence",
        vec![
            (bar(percent.into(), 20, glyphs), Role::Accent),
            (format!(" {percent} %"), Role::Text),
            (format!(", leaves for review at {enough} %"), Role::Muted),
        ],
    )];
    for part in &all.parts {
        let points = format!("{:>3} of {:<3}", part.points, part.of);
        lines.push(field(
            "",
            vec![
                (format!("{:<13}", part.what.word()), Role::Text),
                (format!("{points} "), Role::Muted),
                (clean(&part.evidence).into_owned(), Role::Text),
            ],
        ));
    }
    for why in &all.against {
        let words = format!("not yet: {}", clean(why));
        lines.push(field("", vec![(words, Role::Slow)]));
    }
    lines
}

fn breaker(view: &LoopView) -> Vec<ViewerLine> {
    let (word, role) = match view.breaker.state {
        BreakerState::Closed => ("closed", Role::Good),
        BreakerState::HalfOpen => ("half open", Role::Looping),
        BreakerState::Open => ("open", Role::Bad),
    };
    let mut lines = vec![field("breaker", vec![(word.to_owned(), role)])];
    for why in &view.breaker.reasons {
        lines.push(plain("", clean(why)));
    }
    if view.breaker.probing {
        lines.push(plain("", "the next iteration is the one it was allowed"));
    } else if view.breaker.state == BreakerState::Open {
        let words = "b continues: one iteration may try, and progress closes it".to_owned();
        lines.push(field("", vec![(words, Role::Muted)]));
    }
    lines
}

fn outcome_role(outcome: CheckOutcome) -> Role {
    match outcome {
        CheckOutcome::Passed => Role::Good,
        CheckOutcome::Failed | CheckOutcome::TimedOut => Role::Bad,
        CheckOutcome::NotRun => Role::Slow,
    }
}

fn check(view: &LoopView, now: Timestamp) -> Vec<ViewerLine> {
    let Some(command) = &view.check_command else {
        return vec![field("check", vec![("none".to_owned(), Role::Muted)])];
    };
    let mut lines = vec![plain("check", clean(command))];
    if let Some(check) = &view.check {
        let (ago, took) = (
            short_duration(now.since(check.at)),
            short_duration(check.took),
        );
        lines.push(field(
            "",
            vec![
                (check.outcome.word().to_owned(), outcome_role(check.outcome)),
                (format!(" {ago} ago in {took}  "), Role::Muted),
                (clean(&check.words).into_owned(), Role::Text),
            ],
        ));
        let printed: Vec<&str> = check.output.lines().collect();
        for text in &printed[printed.len().saturating_sub(OUTPUT)..] {
            lines.push(field("", vec![(format!("  {}", clean(text)), Role::Faint)]));
        }
    }
    lines
}

fn limits(view: &LoopView, now: Timestamp, glyphs: &Glyphs) -> Vec<ViewerLine> {
    let worked = match view.at_work {
        true => view.worked.saturating_add(now.since(view.since)),
        false => view.worked,
    };
    let of = |most: Option<String>| most.map_or_else(String::new, |most| format!(" of {most}"));
    let time = of(view.limits.time.map(short_duration));
    let mut lines = vec![plain("time", format!("{}{time}", short_duration(worked)))];
    let more = if view.unpriced {
        ", and what has no price"
    } else {
        ""
    };
    let mut spent = Vec::new();
    if let Some((used, budget)) = budget(view) {
        spent.push((format!("{} ", bar(used, 20, glyphs)), Role::Accent));
        spent.push((format!("{} of {budget}{more}", view.spent), Role::Text));
    } else {
        spent.push((format!("{}{more}", view.spent), Role::Text));
    }
    lines.push(field("spent", spent));
    lines.push(plain("limits", view.limits.to_string()));
    lines
}

/// The last iterations, as a table.
fn iterations(records: &[IterationRecord]) -> Vec<ViewerLine> {
    let heading = format!(
        "  {:>3} {:>6} {:>8} {:<10} {:<9} {:>5}  {}",
        "no", "took", "cost", "changed", "check", "conf", "how"
    );
    let mut lines = vec![
        Vec::new(),
        vec![("Iterations".to_owned(), Role::Accent)],
        vec![(heading, Role::Muted)],
    ];
    for record in records.iter().take(LISTED) {
        let cost = record.cost.map_or("?".to_owned(), |cost| cost.to_string());
        let changed = match record.changes {
            Changes::Nothing => "nothing",
            Changes::TestsOnly => "tests",
            Changes::Something => "files",
        };
        let took = short_duration(record.ended_at.since(record.started_at));
        let check = record.check.map_or("", CheckOutcome::word);
        let role = record.check.map_or(Role::Muted, outcome_role);
        let changed_role = if record.progress {
            Role::Text
        } else {
            Role::Muted
        };
        lines.push(vec![
            (
                format!("  {:>3} {took:>6} {cost:>8} ", record.number),
                Role::Text,
            ),
            (format!("{changed:<10} "), changed_role),
            (format!("{check:<9} "), role),
            (format!("{:>3} %  ", record.confidence), Role::Text),
            (clean(&record.how).into_owned(), Role::Text),
        ]);
    }
    lines
}

/// Limits as somebody types them: `80` iterations, `6h` or `90m` at work, `$20`; or what is not understood.
///
/// # Errors
/// The word that is no limit.
pub fn parse_limits(text: &str) -> Result<NewLimits, String> {
    let mut limits = NewLimits::default();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        if let Some(dollars) = word.strip_prefix('$') {
            limits.budget = Some(Most::At(money(dollars).ok_or_else(|| wrong(word))?));
        } else if let Ok(count) = word.parse::<u32>() {
            limits.iterations = Some(Most::At(count));
        } else {
            limits.time = Some(Most::At(time(word).ok_or_else(|| wrong(word))?));
        }
    }
    Ok(limits)
}

/// Limits as they would be typed: `50 4h $5`.
pub fn typed(limits: &LoopLimits) -> String {
    let hours = |time: i64| match time % 3_600_000 {
        0 => format!("{}h", time / 3_600_000),
        _ => format!("{}m", time / 60_000),
    };
    let dollars = |usd: MicroUsd| match usd.0 % 1_000_000 {
        0 => format!("${}", usd.0 / 1_000_000),
        _ => usd.to_string(),
    };
    let words = [
        limits.iterations.map(|most| most.to_string()),
        limits.time.map(hours),
        limits.budget.map(dollars),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(" "),
    }
}

fn wrong(word: &str) -> String {
    format!(
        "`{}` is no limit: write 80 for iterations, 6h or 90m for time, $20 for money",
        clean(word)
    )
}

fn money(text: &str) -> Option<MicroUsd> {
    let dollars: f64 = text.parse().ok()?;
    let fits = (0.01..1e6).contains(&dollars);
    fits.then(|| MicroUsd((dollars * 1e6).round() as i64))
}

fn time(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number
        .parse::<i64>()
        .ok()?
        .checked_mul(unit)
        .filter(|time| *time > 0)
}

#[cfg(test)]
mod screens;
#[cfg(test)]
mod tests;
