//! Who needs the user, for what, and who first: the one rule behind the inbox, the header's count, the key
//! to the next one, and notifications.
//!
//! Pure. Invariants: what holds an agent up counts until it is answered; what is only news counts until the
//! user has looked.

use serde::{Deserialize, Serialize};

use super::activity::{Activity, AskKind};
use super::health::Health;
use super::ids::TaskId;
use super::records::Reason;
use super::status::Status;
use super::units::Timestamp;

/// What the user is needed for, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// The agent asks for leave.
    Permission,
    /// It asks a question.
    Question,
    /// It asks for a login.
    Auth,
    /// A budget is used up, so it may not go on.
    Budget,
    /// Nothing moves, and nothing will.
    Stuck,
    /// It does the same over and over.
    Looping,
    /// It ended badly, or was interrupted, and nobody has looked since.
    Failed,
    /// A usage limit holds it back, and nobody has looked since.
    Limited,
    /// It finished its turn, and nobody has looked since.
    Idle,
    /// It ended well, and nobody has looked since.
    Finished,
}

impl Need {
    /// All, in their order.
    pub const ALL: [Need; 10] = [
        Need::Permission,
        Need::Question,
        Need::Auth,
        Need::Budget,
        Need::Stuck,
        Need::Looping,
        Need::Failed,
        Need::Limited,
        Need::Idle,
        Need::Finished,
    ];

    /// The word for it, also in settings.
    pub fn word(self) -> &'static str {
        match self {
            Need::Permission => "permission",
            Need::Question => "question",
            Need::Auth => "auth",
            Need::Budget => "budget",
            Need::Stuck => "stuck",
            Need::Looping => "looping",
            Need::Failed => "failed",
            Need::Limited => "limited",
            Need::Idle => "idle",
            Need::Finished => "finished",
        }
    }

    /// What is wanted or was, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Need::Permission => "asks for a permission",
            Need::Question => "asks a question",
            Need::Auth => "asks you to log in",
            Need::Budget => "has used up a budget",
            Need::Stuck => "is stuck",
            Need::Looping => "does the same over and over",
            Need::Failed => "ended badly",
            Need::Limited => "has reached a usage limit",
            Need::Idle => "is idle: your turn",
            Need::Finished => "has finished",
        }
    }

    /// Whether the agent cannot go on without the user.
    pub fn blocks(self) -> bool {
        matches!(
            self,
            Need::Permission | Need::Question | Need::Auth | Need::Budget
        )
    }
}

/// What is known of a task, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its status.
    pub status: Status,
    /// Why it has that.
    pub reason: Option<&'a Reason>,
    /// What its newest session's agent does; `None`: it has no session.
    pub activity: Option<&'a Activity>,
    /// How that is doing, where there is a verdict.
    pub health: Option<Health>,
    /// Whether a budget keeps it from going on.
    pub over_budget: bool,
    /// Whether something happened there since the user last looked.
    pub unseen: bool,
}

/// What the user is needed for, if at all.
pub fn need(facts: Facts<'_>) -> Option<Need> {
    // Where there is no session there is nothing to look at: it counts until it is dealt with.
    let news = facts.unseen || facts.activity.is_none();
    match (facts.status, facts.activity, facts.reason) {
        (Status::Running, Some(Activity::Waiting(ask)), _) => Some(match ask.kind {
            AskKind::Permission => Need::Permission,
            AskKind::Question => Need::Question,
            AskKind::Auth => Need::Auth,
        }),
        // What has not begun waits like everything in the queue.
        (Status::Running | Status::Queued, Some(_), _) if facts.over_budget => Some(Need::Budget),
        (Status::Running, Some(_), _) if facts.health == Some(Health::Stuck) => Some(Need::Stuck),
        (Status::Running, Some(_), _) if facts.health == Some(Health::Looping) => {
            Some(Need::Looping)
        }
        (Status::Running, Some(Activity::Idle), _) => facts.unseen.then_some(Need::Idle),
        (Status::Running, Some(Activity::Limited(_)), _) => facts.unseen.then_some(Need::Limited),
        (Status::Queued | Status::Review, _, Some(Reason::Failed(_) | Reason::Interrupted)) => {
            news.then_some(Need::Failed)
        }
        (Status::Review, _, Some(Reason::Finished)) => facts.unseen.then_some(Need::Finished),
        _ => None,
    }
}

/// What to sort by: the most urgent first, then who waits longest.
pub fn order(need: Need, since: Timestamp, task: TaskId) -> (Need, Timestamp, TaskId) {
    (need, since, task)
}

/// The one after `here` in a list in order, around its end; the first where `here` is not in it.
pub fn after(list: &[TaskId], here: Option<TaskId>) -> Option<TaskId> {
    let place = list.iter().position(|task| Some(*task) == here);
    let next = place.map_or(0, |place| place + 1);
    list.get(next).or(list.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ask, Exit};

    fn waiting(kind: AskKind) -> Activity {
        Activity::Waiting(Ask {
            kind,
            text: "?".into(),
        })
    }

    #[test]
    fn what_holds_up_counts_and_what_is_news_counts_until_seen() {
        use Status::{Cancelled, Done, Queued, Review, Running};
        let ended = Activity::Exited(Exit::Code(0));
        let failed = Reason::Failed("2".into());
        // Status, reason, activity; what it is unseen, what it is seen.
        for (status, reason, activity, unseen, seen) in [
            (
                Running,
                None,
                Some(waiting(AskKind::Permission)),
                Some(Need::Permission),
                Some(Need::Permission),
            ),
            (
                Running,
                None,
                Some(waiting(AskKind::Question)),
                Some(Need::Question),
                Some(Need::Question),
            ),
            (
                Running,
                None,
                Some(waiting(AskKind::Auth)),
                Some(Need::Auth),
                Some(Need::Auth),
            ),
            (Running, None, Some(Activity::Idle), Some(Need::Idle), None),
            (
                Running,
                None,
                Some(Activity::Limited(None)),
                Some(Need::Limited),
                None,
            ),
            (Running, None, Some(Activity::Working), None, None),
            (Running, None, Some(Activity::Unknown), None, None),
            (Running, None, None, None, None),
            (
                Review,
                Some(Reason::Finished),
                Some(ended.clone()),
                Some(Need::Finished),
                None,
            ),
            (
                Review,
                Some(failed.clone()),
                Some(ended.clone()),
                Some(Need::Failed),
                None,
            ),
            (
                Review,
                Some(failed.clone()),
                None,
                Some(Need::Failed),
                Some(Need::Failed),
            ),
            (
                Review,
                Some(Reason::Stopped),
                Some(ended.clone()),
                None,
                None,
            ),
            (
                Queued,
                Some(Reason::Interrupted),
                Some(ended.clone()),
                Some(Need::Failed),
                None,
            ),
            (Queued, None, None, None, None),
            (Queued, None, Some(Activity::Idle), None, None),
            (
                Done,
                Some(Reason::Finished),
                Some(ended.clone()),
                None,
                None,
            ),
            (Cancelled, Some(failed), Some(ended), None, None),
        ] {
            for (is_unseen, expected) in [(true, unseen), (false, seen)] {
                let facts = Facts {
                    status,
                    reason: reason.as_ref(),
                    activity: activity.as_ref(),
                    health: None,
                    over_budget: false,
                    unseen: is_unseen,
                };
                assert_eq!(need(facts), expected, "{facts:?}");
            }
        }
    }

    #[test]
    fn who_is_not_well_needs_the_user_until_it_is() {
        for (activity, health, expected) in [
            (Activity::Working, Some(Health::Stuck), Some(Need::Stuck)),
            (
                Activity::Working,
                Some(Health::Looping),
                Some(Need::Looping),
            ),
            (Activity::Working, Some(Health::Slow), None),
            (Activity::Working, Some(Health::Healthy), None),
            (Activity::Idle, Some(Health::Stuck), Some(Need::Stuck)),
            // What is asked says more.
            (
                waiting(AskKind::Question),
                Some(Health::Stuck),
                Some(Need::Question),
            ),
        ] {
            for unseen in [false, true] {
                let facts = |status| Facts {
                    status,
                    reason: None,
                    activity: Some(&activity),
                    health,
                    over_budget: false,
                    unseen,
                };
                assert_eq!(
                    need(facts(Status::Running)),
                    expected,
                    "{activity:?} {health:?}"
                );
                assert_eq!(need(facts(Status::Done)), None);
            }
        }
    }

    #[test]
    fn who_has_begun_and_is_over_its_budget_needs_the_user() {
        for (status, activity, expected) in [
            (Status::Running, Some(Activity::Working), Some(Need::Budget)),
            (Status::Running, Some(Activity::Idle), Some(Need::Budget)),
            (
                Status::Running,
                Some(waiting(AskKind::Question)),
                Some(Need::Question),
            ),
            (
                Status::Queued,
                Some(Activity::Exited(Exit::Code(0))),
                Some(Need::Budget),
            ),
            (Status::Queued, None, None),
            (Status::Done, Some(Activity::Exited(Exit::Code(0))), None),
        ] {
            let facts = Facts {
                status,
                reason: None,
                activity: activity.as_ref(),
                health: None,
                over_budget: true,
                unseen: false,
            };
            assert_eq!(need(facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn the_most_urgent_first_then_the_longest() {
        let mut list = [
            order(Need::Idle, Timestamp(1), TaskId(1)),
            order(Need::Permission, Timestamp(9), TaskId(2)),
            order(Need::Permission, Timestamp(5), TaskId(3)),
        ];
        list.sort();
        assert_eq!(list.map(|(.., task)| task.0), [3, 2, 1]);
        let tasks = list.map(|(.., task)| task);
        for (here, next) in [
            (None, Some(3)),
            (Some(3), Some(2)),
            (Some(1), Some(3)),
            (Some(7), Some(3)),
        ] {
            assert_eq!(after(&tasks, here.map(TaskId)), next.map(TaskId));
        }
        assert_eq!(after(&[], Some(TaskId(1))), None);
    }
}
