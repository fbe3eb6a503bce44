//! The archive: done tasks that are out of sight. Nothing is removed by it, and each can be brought back.

use super::records::Task;
use super::status::Status;
use super::units::Timestamp;

/// The milliseconds of a day.
const DAY: i64 = 86_400_000;

/// That a task was put into the archive, or brought back from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archiving {
    /// When.
    pub at: Timestamp,
    /// Into it; else back.
    pub archived: bool,
}

/// Since when a task is archived; `None`: it is on the board. One that was taken up again since, and is done
/// once more, is not.
pub fn archived_since(task: &Task, last: Option<Archiving>) -> Option<Timestamp> {
    let last = last.filter(|last| last.archived && last.at >= task.changed_at)?;
    (task.status == Status::Done).then_some(last.at)
}

/// Whether a task goes into the archive by itself, where that is so `days` after it was done, or brought back.
pub fn is_due(task: &Task, last: Option<Archiving>, days: u32, now: Timestamp) -> bool {
    let since = match last {
        Some(last) if !last.archived => last.at.max(task.changed_at),
        _ => task.changed_at,
    };
    task.status == Status::Done
        && archived_since(task, last).is_none()
        && now.since(since) >= i64::from(days) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Mode, Priority, ProjectId, TaskId};

    fn task(status: Status, changed: i64) -> Task {
        Task {
            id: TaskId(1),
            project: ProjectId(1),
            title: "x".into(),
            prompt: String::new(),
            agent: "demo".into(),
            command: None,
            mode: Mode::Interactive,
            base: None,
            priority: Priority::default(),
            labels: Vec::new(),
            depends_on: Vec::new(),
            budget: None,
            status,
            position: 0,
            held: false,
            branch: None,
            base_commit: None,
            worktree: None,
            reason: None,
            created_at: Timestamp(0),
            changed_at: Timestamp(changed * DAY),
        }
    }

    #[test]
    fn a_task_is_archived_by_its_age_and_comes_back() {
        let put = |day: i64, archived| {
            Some(Archiving {
                at: Timestamp(day * DAY),
                archived,
            })
        };
        use Status::{Done, Review};
        for (status, changed, last, now, since, due) in [
            (Done, 10, None, 16, None, false),
            (Done, 10, None, 17, None, true),
            (Review, 10, None, 99, None, false),
            (Done, 10, put(17, true), 99, Some(17), false),
            // Taken up again: from anew.
            (Done, 20, put(17, true), 21, None, false),
            (Done, 20, put(17, true), 27, None, true),
            (Review, 10, put(17, true), 99, None, false),
            // Brought back: it stays for as long again.
            (Done, 10, put(30, false), 36, None, false),
            (Done, 10, put(30, false), 37, None, true),
        ] {
            let (task, now) = (task(status, changed), Timestamp(now * DAY));
            let words = format!("{status:?} {changed} {last:?} {now:?}");
            let since = since.map(|day: i64| Timestamp(day * DAY));
            assert_eq!(archived_since(&task, last), since, "{words}");
            assert_eq!(is_due(&task, last, 7, now), due, "{words}");
        }
    }
}
