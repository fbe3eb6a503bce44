//! Cards and sessions as clients are shown them: what is stored together with what is observed.

use std::collections::HashMap;

use super::Service;
use crate::daemon::clock;
use crate::daemon::session::Meta;
use crate::domain::schedule::{self, Limits};
use crate::domain::{
    Activity, Exit, Project, ProjectId, Session, SessionState, Status, Task, TaskId,
};
use crate::protocol::{ApiResult, Board, HoldView, QueueView, ReviewView, SessionView, TaskCard};

/// The name under which it is stored that the queue is paused.
const PAUSED: &str = "queue.paused";

impl Service {
    /// A card as it is now.
    pub(super) fn card(&self, id: TaskId) -> ApiResult<TaskCard> {
        let task = self.store.task(id)?;
        let project = self.store.project(task.project)?;
        let session = self.newest_session(id)?;
        let hold = if task.status == Status::Queued {
            self.hold(&task, &self.store.tasks()?)
        } else {
            None
        };
        Ok(self.card_of(task, project.name, session, hold))
    }

    fn card_of(
        &self,
        task: Task,
        project_name: String,
        session: Option<Session>,
        hold: Option<HoldView>,
    ) -> TaskCard {
        let session = session.map(|session| self.session_view(session, task.title.clone()));
        let git = self
            .state()
            .git
            .get(&task.id)
            .and_then(|state| state.view.clone());
        TaskCard {
            budget: self.task_budget_view(&task),
            cost: self.known(self.store.cost_of_task(task.id)),
            loop_view: self.loop_view(task.id),
            review: self.review_view(&task),
            follow_ups: self.waiting_messages(task.id),
            task,
            project_name,
            session,
            git,
            hold,
        }
    }

    /// What a review needs to know of a task.
    fn review_view(&self, task: &Task) -> ReviewView {
        let (id, status) = (task.id, task.status);
        ReviewView {
            check: self.check_view(id),
            clashes: match status {
                Status::Running | Status::Review => self.clashes(id),
                _ => Vec::new(),
            },
            fork_of: self.known_fork(id),
            merge_place: match status {
                Status::Review => self.merge_place(id),
                _ => None,
            },
            landed: match status {
                Status::Done => self.landed(id),
                _ => None,
            },
            archived: self.archived_since(task),
        }
    }

    /// Why a queued task does not start by itself.
    pub(super) fn hold(&self, task: &Task, tasks: &[Task]) -> Option<HoldView> {
        if task.status != Status::Queued {
            return None;
        }
        // What may start is started at once, so what still waits without a reason waits for a slot.
        Some(match schedule::hold(task, tasks) {
            Some(hold) => hold.into(),
            None if self.is_paused() => HoldView::Paused,
            None => match self.budget_says_no(task) {
                Some(why) => HoldView::Budget(why),
                None => HoldView::NoSlot,
            },
        })
    }

    /// Everything on the board.
    pub(super) fn whole_board(&self) -> ApiResult<Board> {
        let projects = self.store.projects()?;
        let tasks = self.store.tasks()?;
        let names: HashMap<ProjectId, &str> = projects
            .iter()
            .map(|project| (project.id, project.name.as_str()))
            .collect();
        let mut newest: HashMap<TaskId, Session> = HashMap::new();
        for session in self.store.sessions()? {
            newest.entry(session.task).or_insert(session);
        }
        let cards = tasks
            .iter()
            .map(|task| {
                let name = names.get(&task.project).copied().unwrap_or_default();
                let hold = self.hold(task, &tasks);
                self.card_of(task.clone(), name.to_owned(), newest.remove(&task.id), hold)
            })
            .collect();
        Ok(Board {
            queue: self.queue_view(&tasks),
            projects,
            cards,
        })
    }

    /// The scheduler as the header shows it.
    pub(super) fn queue_view(&self, tasks: &[Task]) -> QueueView {
        let running = tasks.iter().filter(|task| task.status == Status::Running);
        let today = clock::local_day(clock::now());
        QueueView {
            paused: self.is_paused(),
            slots: self.config.queue.slots,
            used: running.count() as u32,
            today: self.known(self.store.cost_of_day(today)),
            recent: self.recent_costs(today),
            day: self.day_budget(&[]).ok(),
        }
    }

    /// How much may run at once.
    pub(in crate::daemon) fn limits(&self, projects: &[Project]) -> Limits {
        let usual = self.config.queue.slots_per_project;
        let per_project = projects
            .iter()
            .filter_map(|project| Some((project.id, project.slots.or(usual)?)))
            .collect();
        Limits {
            global: self.config.queue.slots,
            per_project,
            paused: self.is_paused(),
        }
    }

    /// Whether the user paused the queue.
    pub(super) fn is_paused(&self) -> bool {
        match self.store.setting(PAUSED) {
            Ok(value) => value.as_deref() == Some("true"),
            Err(error) => {
                tracing::error!(%error, "whether the queue is paused cannot be read");
                true
            }
        }
    }

    pub(super) fn set_paused(&self, paused: bool) -> ApiResult<()> {
        let value = if paused { "true" } else { "false" };
        Ok(self.store.set_setting(PAUSED, value)?)
    }

    /// A session as it is now.
    pub(super) fn session_view(&self, session: Session, task_title: String) -> SessionView {
        let handle = self.state().sessions.get(&session.id).cloned();
        let meta = match handle {
            Some(handle) => handle.meta(),
            None => Meta {
                unseen: self.was_unseen(session.id),
                ..remembered(&session)
            },
        };
        let activity = match session.state {
            SessionState::Live => meta.activity,
            _ => Activity::Exited(session.exit.unwrap_or(Exit::Lost)),
        };
        let since = session.ended_at.unwrap_or(meta.activity_since);
        // Between two iterations no process runs, and the loop is at work all the same.
        let (activity, since) = match session.state {
            SessionState::Live => (activity, since),
            _ => self
                .loop_activity(session.task)
                .unwrap_or((activity, since)),
        };
        let runs = self.store.count_runs(session.id).unwrap_or_default();
        let resumable = self.is_resumable(&session);
        SessionView {
            task_title,
            activity,
            activity_since: since,
            health: self.verdict_on(session.id),
            terminal_title: meta.title,
            last_output_at: meta.last_output_at,
            cost: self.known(self.store.cost_of_session(session.id)),
            cols: meta.size.0,
            rows: meta.size.1,
            unseen: meta.unseen,
            wait: meta.wait,
            runs,
            resumable,
            background: meta.background,
            session,
        }
    }
}

/// What can be said of a session that is not open.
fn remembered(session: &Session) -> Meta {
    Meta::new((80, 24), session.ended_at.unwrap_or(session.started_at))
}
