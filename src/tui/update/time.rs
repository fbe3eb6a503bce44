//! Time: toasts go, ages grow. The model says when it next wants to be told.

use crate::domain::{Activity, Timestamp};
use crate::protocol::inbox;
use crate::tui::card;
use crate::tui::layout::Layout;
use crate::tui::model::{Model, Overlay};
use crate::tui::msg::Update;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// How often it is looked whether a transcript goes on whose end is in sight.
const LOOK_ON: i64 = 2 * SECOND;
/// How often it is looked what a check has printed whose output is in sight, in milliseconds.
const LOOK_AT_CHECK: i64 = 300;

/// It is `now`.
pub(super) fn tick(model: &mut Model, now: Timestamp) -> Update {
    model.now = now;
    let before = model.toasts.len();
    model.toasts.retain(|toast| toast.until > now);
    let due = model.wake.is_some_and(|wake| wake <= now);
    if due || model.toasts.len() != before {
        let mut update = Update::redraw();
        update.effects.extend(super::transcript::look_on(model));
        update.effects.extend(super::overlays::look_at_check(model));
        update
    } else {
        Update::none()
    }
}

/// Notes when something in sight changes by time alone: at the soonest a second from now.
pub(super) fn set_wake(model: &mut Model, layout: &Layout) {
    let ages = layout
        .columns
        .iter()
        .flat_map(|column| &column.cards)
        .filter_map(|(task, _)| model.cards.get(task));
    let reading = match model.overlays.last() {
        Some(Overlay::Transcript(view)) if view.at_end() => Some(model.now.plus(LOOK_ON)),
        Some(Overlay::Sessions(_)) => Some(model.now.plus(MINUTE)),
        _ if super::overlays::followed_check(model).is_some() => {
            Some(model.now.plus(LOOK_AT_CHECK))
        }
        _ => None,
    };
    let waiting = match model.overlays.last() {
        Some(Overlay::Inbox(_)) => inbox(model.cards.values()),
        _ => Vec::new(),
    };
    let waiting = waiting.iter().map(|entry| next_age(entry.since, model.now));
    let next = ages
        .flat_map(|shown| {
            let limited = shown
                .session
                .as_ref()
                .and_then(|session| match session.activity {
                    Activity::Limited(Some(until)) if until > model.now => {
                        Some(model.now.plus(MINUTE))
                    }
                    _ => None,
                });
            [Some(next_age(card::since(shown), model.now)), limited]
        })
        .flatten()
        .chain(waiting)
        .min()
        .map(|next| next.max(model.now.plus(SECOND)));
    let toast = model.toasts.iter().map(|toast| toast.until).min();
    model.wake = next.into_iter().chain(toast).chain(reading).min();
}

/// When the age since `since` will read differently than now.
fn next_age(since: Timestamp, now: Timestamp) -> Timestamp {
    let age = now.since(since);
    let unit = match age {
        ..MINUTE => SECOND,
        MINUTE..86_400_000 => MINUTE,
        _ => HOUR,
    };
    now.plus(unit - age % unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_change_when_their_words_do() {
        for (age, next) in [
            (0, 1000),
            (1500, 2000),
            (59_999, 60_000),
            (60_000, 120_000),
            (3_600_000, 3_660_000),
            (90_000_000, 90_000_000 + HOUR - 90_000_000 % HOUR),
        ] {
            assert_eq!(next_age(Timestamp(0), Timestamp(age)), Timestamp(next));
        }
    }
}
