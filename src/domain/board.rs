//! The order of cards in a column, and where a moved card comes to stand.

use super::records::Task;
use super::status::Status;

/// The distance between two neighbours after a renumbering.
pub const GAP: i64 = 1024;

/// Sorts the tasks of one column as the board shows them.
///
/// The queue goes by priority, then by position, as the scheduler takes them. Running and review show the
/// longest there first, done and cancelled the newest first.
pub fn sort_column(status: Status, tasks: &mut [&Task]) {
    match status {
        Status::Queued => tasks.sort_by_key(|t| (t.priority, t.position, t.id)),
        Status::Running | Status::Review => tasks.sort_by_key(|t| (t.position, t.id)),
        Status::Done | Status::Cancelled => {
            tasks.sort_by_key(|t| (std::cmp::Reverse(t.changed_at), std::cmp::Reverse(t.id)));
        }
    }
}

/// The position that puts a card between two neighbours; `None` where there is no room left and the
/// column has to be renumbered first (see [`renumbered`]).
pub fn position_between(before: Option<i64>, after: Option<i64>) -> Option<i64> {
    match (before, after) {
        (None, None) => Some(0),
        (Some(before), None) => before.checked_add(GAP),
        (None, Some(after)) => after.checked_sub(GAP),
        (Some(before), Some(after)) => {
            let middle = before.checked_add(after.checked_sub(before)? / 2)?;
            (before < middle && middle < after).then_some(middle)
        }
    }
}

/// Fresh positions for `count` cards in their present order.
pub fn renumbered(count: usize) -> impl Iterator<Item = i64> {
    (0..count as i64).map(|index| index * GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_lands_between_its_neighbours() {
        for (before, after, expected) in [
            (None, None, Some(0)),
            (Some(10), None, Some(10 + GAP)),
            (None, Some(10), Some(10 - GAP)),
            (Some(0), Some(1024), Some(512)),
            (Some(4), Some(6), Some(5)),
            (Some(4), Some(5), None),
            (Some(5), Some(5), None),
            (Some(i64::MAX), None, None),
            (Some(i64::MIN), Some(i64::MAX), None),
        ] {
            assert_eq!(
                position_between(before, after),
                expected,
                "{before:?} {after:?}"
            );
        }
        assert_eq!(renumbered(3).collect::<Vec<_>>(), [0, 1024, 2048]);
    }
}
