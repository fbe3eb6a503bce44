//! Tasks: made, changed, shown.

use std::sync::Arc;

use super::projects::project_file;
use super::records::{Change, USER, last_position};
use super::{Caller, Service};
use crate::daemon::clock;
use crate::domain::names::title_from_prompt;
use crate::domain::{Mode, Project, Status, Task, TaskId};
use crate::protocol::{
    ApiError, ApiResult, Board, EditTask, ErrorCode, NewTask, StartTask, TaskCard, TaskDetail,
};

/// The longest prompt, in bytes; a frame has to hold it with room to spare.
const MAX_PROMPT: usize = 2 * 1024 * 1024;
/// The most events that a task is shown with.
const EVENTS: u32 = 200;

impl Service {
    pub(super) async fn board(self: &Arc<Self>, _: &Caller, (): ()) -> ApiResult<Board> {
        self.whole_board()
    }

    pub(super) async fn create_task(
        self: &Arc<Self>,
        caller: &Caller,
        new: NewTask,
    ) -> ApiResult<TaskCard> {
        let project = self.register(&new.directory, None).await?;
        let (start, size) = (new.start, new.size);
        let here = self.branch_here(&new.directory).await?;
        let looped = match new.mode {
            Mode::Loop => Some(self.loop_wishes(new.looped.clone().unwrap_or_default())?),
            _ => None,
        };
        let mut task = self.new_task(new, &project)?;
        if task.base.is_none() && project_file(&project.path)?.base.is_none() {
            task.base = here;
        }
        let tasks = self.store.tasks()?;
        for id in &task.depends_on {
            if !tasks.iter().any(|task| task.id == *id) {
                return Err(ApiError::not_found(format!("task {id} to wait for")));
            }
        }
        let position = last_position(&tasks, Status::Queued);
        // Not before it is started by hand below: the scheduler must not be the one to do it.
        let held = task.held || start;
        let draft = Change::new(USER, "created").draft();
        let task = self.store.add_task(
            &Task {
                position,
                held,
                ..task
            },
            draft,
        )?;
        if let Some(wishes) = &looped {
            self.store.set_loop_settings(task.id, wishes)?;
        }
        if start {
            let request = StartTask {
                task: task.id,
                message: None,
                fresh: false,
                recap: false,
                size,
            };
            return self.start_task(caller, request).await;
        }
        self.publish_task(task.id);
        self.schedule.notify_one();
        self.card(task.id)
    }

    /// The task that is wished for, not yet stored.
    pub(super) fn new_task(&self, new: NewTask, project: &Project) -> ApiResult<Task> {
        let invalid = |message: &str| Err(ApiError::new(ErrorCode::Invalid, message));
        if new.prompt.len() > MAX_PROMPT {
            return invalid("the prompt is longer than 2 MiB; put it into a file and name that");
        }
        let command = new.command.filter(|command| !command.is_empty());
        let mut title = title_from_prompt(&new.title);
        if title.is_empty() {
            title = title_from_prompt(&new.prompt);
        }
        if let (true, Some(command)) = (title.is_empty(), &command) {
            title = title_from_prompt(&command.join(" "));
        }
        if title.is_empty() {
            return invalid("a task needs a title or a prompt");
        }
        let agent = self.agent_for(new.agent, command.is_some(), &project.path)?;
        let now = clock::now();
        Ok(Task {
            id: TaskId(0),
            project: project.id,
            title,
            prompt: new.prompt,
            agent,
            command,
            mode: new.mode,
            base: new.base.filter(|base| !base.trim().is_empty()),
            priority: new.priority,
            labels: clean_labels(new.labels),
            depends_on: new.depends_on,
            budget: new.budget,
            status: Status::Queued,
            position: 0,
            held: new.held,
            branch: None,
            base_commit: None,
            worktree: None,
            reason: None,
            created_at: now,
            changed_at: now,
        })
    }

    pub(super) async fn edit_task(
        self: &Arc<Self>,
        _: &Caller,
        edit: EditTask,
    ) -> ApiResult<TaskCard> {
        let Some(id) = edit.task else {
            return Err(ApiError::new(ErrorCode::Invalid, "no task is named"));
        };
        let _lock = self.lock_task(id).await;
        if let Some(agent) = &edit.agent {
            self.agent_for(Some(agent.clone()), false, std::path::Path::new("/"))?;
        }
        self.change_task(id, Change::new(USER, "edited"), |task| {
            if let Some(title) = edit.title {
                let title = title_from_prompt(&title);
                if title.is_empty() {
                    return Err(ApiError::new(ErrorCode::Invalid, "a task needs a title"));
                }
                task.title = title;
            }
            if let Some(prompt) = edit.prompt {
                task.prompt = prompt;
            }
            if let Some(agent) = edit.agent {
                task.agent = agent;
                task.command = None;
            }
            if let Some(priority) = edit.priority {
                task.priority = priority;
            }
            if let Some(labels) = edit.labels {
                task.labels = clean_labels(labels);
            }
            if let Some(depends_on) = edit.depends_on {
                task.depends_on = depends_on;
            }
            if let Some(held) = edit.held {
                task.held = held;
            }
            Ok(())
        })?;
        self.card(id)
    }

    pub(super) async fn show_task(
        self: &Arc<Self>,
        _: &Caller,
        id: TaskId,
    ) -> ApiResult<TaskDetail> {
        self.look_at_git(id, true).await;
        let card = self.card(id)?;
        let mut sessions = Vec::new();
        let mut runs = Vec::new();
        for session in self.store.sessions_of(id)? {
            runs.extend(self.store.runs_of(session.id)?);
            sessions.push(self.session_view(session, card.task.title.clone()));
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.id));
        let events = self.store.events_of(id, EVENTS)?;
        let why = match sessions.first() {
            Some(newest) => self.why(newest.session.id).await,
            None => None,
        };
        let last_run = self.last_run(runs.first()).await?.map(Box::new);
        let newest = sessions.first().map(|newest| newest.session.id);
        let health = newest
            .and_then(|session| self.health_of(session))
            .map(Box::new);
        Ok(TaskDetail {
            health,
            follow_ups: self.store.follow_ups(id)?,
            card,
            sessions,
            runs,
            events,
            why,
            last_run,
        })
    }
}

/// Labels without blanks around them, without empty ones, each once.
fn clean_labels(labels: Vec<String>) -> Vec<String> {
    let mut clean: Vec<String> = Vec::new();
    for label in labels {
        let label: String = label.trim().chars().filter(|c| !c.is_control()).collect();
        if !label.is_empty() && !clean.contains(&label) {
            clean.push(label);
        }
    }
    clean
}
