//! Words for loops: where one stands, and the evidence for it.

use super::output::Output;
use super::output::clean;
use super::output::paint::Role;
use super::output::table::Cell;
use crate::domain::Timestamp;
use crate::domain::loops::{BreakerState, CheckOutcome};
use crate::domain::units::short_duration;
use crate::protocol::{LoopStage, LoopView};

/// Where it stands.
pub(super) fn stage(view: &LoopView, now: Timestamp) -> Cell {
    let left = |until: Timestamp| short_duration(until.since(now).max(0));
    let afterwards = view
        .afterwards
        .as_ref()
        .map_or_else(String::new, |what| format!(", {what} after it"));
    let (words, role) = match &view.stage {
        LoopStage::Between { until } => {
            (format!("next iteration in {}", left(*until)), Role::Active)
        }
        LoopStage::Starting => (format!("starting{afterwards}"), Role::Active),
        LoopStage::Running { ending: None } => {
            let took = short_duration(now.since(view.iteration_at));
            (format!("at work for {took}{afterwards}"), Role::Active)
        }
        LoopStage::Running { ending: Some(why) } => (format!("being ended: {why}"), Role::Warn),
        LoopStage::Checking => (format!("runs the check{afterwards}"), Role::Active),
        LoopStage::Parked { until, why, limit } => {
            let what = if *limit { "limited" } else { "tried again" };
            (
                format!("{what}, goes on in {}: {why}", left(*until)),
                Role::Warn,
            )
        }
        LoopStage::Paused { why } => (why.clone(), Role::Warn),
        LoopStage::Waiting { ask } => (format!("asks: {}", ask.text), Role::Warn),
        LoopStage::Ended { why, bad, .. } => {
            (why.clone(), if *bad { Role::Bad } else { Role::Good })
        }
    };
    Cell::new(words, role)
}

/// `7 of 50`.
pub(super) fn iterations(view: &LoopView) -> String {
    match view.limits.iterations {
        Some(most) => format!("{} of {most}", view.iteration),
        None => view.iteration.to_string(),
    }
}

/// The breaker in a word.
pub(super) fn breaker(view: &LoopView) -> Cell {
    match view.breaker.state {
        BreakerState::Closed => Cell::new("closed", Role::Plain),
        BreakerState::HalfOpen => Cell::new("half open", Role::Warn),
        BreakerState::Open => Cell::new("open", Role::Bad),
    }
}

/// The last check in a word.
pub(super) fn check(view: &LoopView) -> Cell {
    match &view.check {
        Some(check) => Cell::new(check.outcome.word(), check_role(check.outcome)),
        None => Cell::default(),
    }
}

pub(super) fn check_role(outcome: CheckOutcome) -> Role {
    match outcome {
        CheckOutcome::Passed => Role::Good,
        CheckOutcome::Failed | CheckOutcome::TimedOut => Role::Bad,
        CheckOutcome::NotRun => Role::Warn,
    }
}

/// What it cost.
pub(super) fn cost(view: &LoopView) -> String {
    match (view.spent.0, view.unpriced) {
        (0, true) => "unknown".to_owned(),
        (_, true) => format!("{}+", view.spent),
        (_, false) => view.spent.to_string(),
    }
}

/// One line.
pub(super) fn line(view: &LoopView, now: Timestamp, out: Output) -> String {
    let id = out.paint(Role::Accent, &format!("#{}", view.task));
    let (iteration, stage) = (iterations(view), stage(view, now).into_text());
    format!("{id} iteration {iteration}: {stage}")
}

/// All of it, with the evidence.
pub(super) fn status(view: &LoopView, now: Timestamp, out: Output) -> String {
    let mut lines = Vec::new();
    let mut say = |what: &str, words: String| {
        lines.push(format!(
            "{}  {words}",
            out.paint(Role::Dim, &format!("{what:>11}"))
        ));
    };
    say("now", stage(view, now).into_text());
    let here = if view.at_work {
        now.since(view.since).max(0)
    } else {
        0
    };
    let worked = short_duration(view.worked.saturating_add(here));
    say(
        "iteration",
        format!("{}, {worked} at work", iterations(view)),
    );
    say(
        "limits",
        format!(
            "{}, {} between",
            view.limits,
            short_duration(view.limits.pause)
        ),
    );
    say(
        "cost",
        match view.unpriced {
            true => format!(
                "{}; the cost of some is not known, so the other limits hold",
                cost(view)
            ),
            false => cost(view),
        },
    );
    let sure = &view.confidence;
    say(
        "confidence",
        format!("{} %, enough are {} %", sure.percent, view.enough),
    );
    for part in &sure.parts {
        let evidence = clean::line(&part.evidence);
        say(
            "",
            format!(
                "{:>2} of {:>2}  {}: {evidence}",
                part.points,
                part.of,
                part.what.word()
            ),
        );
    }
    for why in &sure.against {
        say("", format!("against   {}", clean::line(why)));
    }
    say("breaker", breaker(view).into_text());
    for reason in &view.breaker.reasons {
        say("", clean::line(reason).into_owned());
    }
    let command = view.check_command.as_deref().map(clean::line);
    match (&view.check, command) {
        (Some(check), _) => {
            let (words, ago) = (
                clean::line(&check.words),
                short_duration(now.since(check.at)),
            );
            say(
                "check",
                format!("{}, {ago} ago: {words}", check.outcome.word()),
            );
        }
        (None, Some(command)) => say("check", format!("{command}, not run yet")),
        (None, None) => say("check", "there is no check command".to_owned()),
    }
    for plan in &view.plans {
        say(
            "plan",
            format!(
                "{}: {} of {} boxes",
                clean::line(&plan.file),
                plan.ticked,
                plan.boxes()
            ),
        );
    }
    if !view.recommendation.is_empty() {
        say("recommends", clean::line(&view.recommendation).into_owned());
    }
    match view.messages {
        0 => {}
        1 => say("told next", "1 message".to_owned()),
        many => say("told next", format!("{many} messages")),
    }
    lines.push(String::new());
    lines.join("\n")
}
