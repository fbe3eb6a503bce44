//! Which queued tasks may start now: slots, dependencies, order.

use std::collections::{HashMap, HashSet};

use super::ids::{ProjectId, TaskId};
use super::records::Task;
use super::status::Status;

/// How much may run at once.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Slots for all projects together.
    pub global: u32,
    /// Slots of single projects; a project that is not named has only the global limit.
    pub per_project: HashMap<ProjectId, u32>,
    /// Whether the user has paused the queue: then nothing starts by itself.
    pub paused: bool,
}

/// Why a queued task does not start by itself right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The user holds it (it was stopped, or made to wait).
    Held,
    /// It waits for these tasks to be done, or they are gone and never will be.
    After(Vec<TaskId>),
    /// It depends on itself, over these tasks.
    Cycle(Vec<TaskId>),
}

/// The tasks to start now, in order: by priority, then position, within the free slots.
///
/// A running task holds its slot whatever its agent does; tasks started by hand count too, so that a
/// hand-started surplus keeps the scheduler quiet until it has drained.
pub fn startable(tasks: &[Task], limits: &Limits) -> Vec<TaskId> {
    if limits.paused {
        return Vec::new();
    }
    let mut used: HashMap<ProjectId, u32> = HashMap::new();
    let mut total = 0u32;
    for task in tasks.iter().filter(|task| task.status == Status::Running) {
        *used.entry(task.project).or_default() += 1;
        total += 1;
    }
    let mut queue: Vec<&Task> = tasks
        .iter()
        .filter(|task| task.status == Status::Queued && hold(task, tasks).is_none())
        .collect();
    super::board::sort_column(Status::Queued, &mut queue);

    let mut starts = Vec::new();
    for task in queue {
        if total >= limits.global {
            break;
        }
        let in_project = used.entry(task.project).or_default();
        let room = limits
            .per_project
            .get(&task.project)
            .is_none_or(|limit| *in_project < *limit);
        if room {
            *in_project += 1;
            total += 1;
            starts.push(task.id);
        }
    }
    starts
}

/// What keeps a queued task from starting by itself, slots aside; `None` if nothing does.
pub fn hold(task: &Task, tasks: &[Task]) -> Option<Hold> {
    if task.held {
        return Some(Hold::Held);
    }
    let by_id: HashMap<TaskId, &Task> = tasks.iter().map(|task| (task.id, task)).collect();
    if let Some(path) = cycle(task.id, &by_id) {
        return Some(Hold::Cycle(path));
    }
    let open: Vec<TaskId> = task
        .depends_on
        .iter()
        .copied()
        .filter(|id| by_id.get(id).is_none_or(|task| task.status != Status::Done))
        .collect();
    (!open.is_empty()).then_some(Hold::After(open))
}

/// The tasks on a way from `start` back to itself, `start` first; `None` if there is none.
fn cycle(start: TaskId, by_id: &HashMap<TaskId, &Task>) -> Option<Vec<TaskId>> {
    let mut seen = HashSet::new();
    let mut stack = vec![vec![start]];
    while let Some(path) = stack.pop() {
        let last = *path.last()?;
        for next in by_id.get(&last).map_or(&[][..], |task| &task.depends_on) {
            if *next == start {
                return Some(path);
            }
            if seen.insert(*next) {
                let mut longer = path.clone();
                longer.push(*next);
                stack.push(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::records::{Mode, Priority};
    use crate::domain::units::Timestamp;

    fn task(id: i64, status: Status, priority: u8, position: i64) -> Task {
        Task {
            id: TaskId(id),
            project: ProjectId(1),
            title: String::new(),
            prompt: String::new(),
            agent: "demo".into(),
            command: None,
            mode: Mode::Interactive,
            base: None,
            priority: Priority::new(priority),
            labels: Vec::new(),
            depends_on: Vec::new(),
            budget: None,
            status,
            position,
            held: false,
            branch: None,
            base_commit: None,
            worktree: None,
            reason: None,
            created_at: Timestamp(0),
            changed_at: Timestamp(0),
        }
    }

    fn limits(global: u32) -> Limits {
        Limits {
            global,
            ..Limits::default()
        }
    }

    fn ids(list: &[i64]) -> Vec<TaskId> {
        list.iter().copied().map(TaskId).collect()
    }

    #[test]
    fn order_is_priority_then_position() {
        let tasks = [
            task(1, Status::Queued, 2, 0),
            task(2, Status::Queued, 1, 50),
            task(3, Status::Queued, 1, 10),
        ];
        assert_eq!(startable(&tasks, &limits(9)), ids(&[3, 2, 1]));
        assert_eq!(startable(&tasks, &limits(2)), ids(&[3, 2]));
        assert_eq!(startable(&tasks, &limits(0)), ids(&[]));
        let paused = Limits {
            paused: true,
            ..limits(9)
        };
        assert_eq!(startable(&tasks, &paused), ids(&[]));
    }

    #[test]
    fn running_tasks_hold_their_slots() {
        let mut tasks = vec![
            task(1, Status::Running, 2, 0),
            task(2, Status::Queued, 2, 1),
        ];
        assert_eq!(startable(&tasks, &limits(1)), ids(&[]));
        assert_eq!(startable(&tasks, &limits(2)), ids(&[2]));
        tasks[0].status = Status::Review;
        assert_eq!(startable(&tasks, &limits(1)), ids(&[2]));
    }

    #[test]
    fn a_full_project_lets_the_next_one_through() {
        let mut other = task(3, Status::Queued, 3, 0);
        other.project = ProjectId(2);
        let tasks = [
            task(1, Status::Running, 2, 0),
            task(2, Status::Queued, 0, 0),
            other,
        ];
        let mut limits = limits(5);
        limits.per_project.insert(ProjectId(1), 1);
        assert_eq!(startable(&tasks, &limits), ids(&[3]));
    }

    #[test]
    fn dependencies_wait_until_done() {
        let mut second = task(2, Status::Queued, 2, 0);
        second.depends_on = ids(&[1]);
        let mut tasks = vec![task(1, Status::Review, 2, 0), second];
        assert_eq!(startable(&tasks, &limits(5)), ids(&[]));
        assert_eq!(hold(&tasks[1], &tasks), Some(Hold::After(ids(&[1]))));
        tasks[0].status = Status::Done;
        assert_eq!(startable(&tasks, &limits(5)), ids(&[2]));
        tasks.remove(0);
        assert_eq!(hold(&tasks[0], &tasks), Some(Hold::After(ids(&[1]))));
    }

    #[test]
    fn cycles_are_named_and_never_start() {
        let mut first = task(1, Status::Queued, 2, 0);
        first.depends_on = ids(&[2]);
        let mut second = task(2, Status::Queued, 2, 0);
        second.depends_on = ids(&[1]);
        let mut own = task(3, Status::Queued, 2, 0);
        own.depends_on = ids(&[3]);
        let tasks = [first, second, own];
        assert_eq!(hold(&tasks[0], &tasks), Some(Hold::Cycle(ids(&[1, 2]))));
        assert_eq!(hold(&tasks[2], &tasks), Some(Hold::Cycle(ids(&[3]))));
        assert_eq!(startable(&tasks, &limits(5)), ids(&[]));
    }

    #[test]
    fn held_tasks_wait_for_the_user() {
        let mut held = task(1, Status::Queued, 0, 0);
        held.held = true;
        assert_eq!(hold(&held, &[]), Some(Hold::Held));
        assert_eq!(startable(&[held], &limits(5)), ids(&[]));
    }
}
