//! Budgets: checked before every start and while costs arrive; asked for, set and raised by the user.
//!
//! Invariants: what is refused for a budget stays where it is and says why; an agent whose budget is used
//! up is paused, never given up: its session can be resumed once there is more. A budget that was set
//! explicitly goes before the settings.

use std::sync::Arc;
use std::time::Duration;

use super::records::{Change, DAEMON, USER};
use super::{Caller, Service, StopWhy};
use crate::config::AtLimit;
use crate::daemon::clock;
use crate::daemon::session::{Command, SessionHandle};
use crate::domain::budget::{Budget, BudgetOf, BudgetState, Limit, refusal, used_up};
use crate::domain::cost::Cost;
use crate::domain::loops::{LoopEvent, LoopLimits, PauseWhy, Phase};
use crate::domain::{
    Activity, MicroUsd, Mode, Project, ProjectId, SessionId, Status, Task, TaskId,
};
use crate::protocol::{
    ApiError, ApiResult, Budgets, ErrorCode, Event, Input, Level, Paused, SetBudget, TaskBudget,
};
use crate::store::Spent;

/// The name under which it is stored that the user was told of budgets.
const TOLD: &str = "budget.told";
/// The name under which it is stored which tasks were stopped all at once.
const STOPPED: &str = "paused.tasks";
/// The agent that is none.
const SHELL: &str = "shell";
/// An agent that has not stopped by then is ended.
const PATIENCE: Duration = Duration::from_secs(5);

impl Service {
    /// Why a task may not start, nor go on to another iteration, for a budget; `None`: it may.
    pub(super) fn may_not_start(&self, task: &Task) -> ApiResult<Option<String>> {
        Ok(refusal(&self.budgets_of(task)?))
    }

    /// The same for those who show it: what cannot be read says nothing.
    pub(super) fn budget_says_no(&self, task: &Task) -> Option<String> {
        self.may_not_start(task).unwrap_or_else(|error| {
            tracing::error!(task = task.id.0, %error, "budgets cannot be read");
            None
        })
    }

    /// A task's budget as its card shows it.
    pub(super) fn task_budget_view(&self, task: &Task) -> Option<Box<TaskBudget>> {
        let open = matches!(task.status, Status::Running | Status::Queued);
        Some(Box::new(TaskBudget {
            own: self.task_budget(task).ok()?,
            refused: open.then(|| self.budget_says_no(task)).flatten(),
        }))
    }

    /// The same as an error, with the way out.
    pub(super) fn require_budget(&self, task: &Task) -> ApiResult<()> {
        let budgets = self.budgets_of(task)?;
        let Some(why) = refusal(&budgets) else {
            return Ok(());
        };
        let scope = match used_up(&budgets).map(|budget| &budget.of) {
            Some(BudgetOf::Task(id)) => id.to_string(),
            Some(BudgetOf::Project(_)) => format!("project:{}", self.project(task.project)?.name),
            Some(BudgetOf::Workspace(name)) => format!("workspace:{name}"),
            Some(BudgetOf::Day) | None => "day".to_owned(),
        };
        Err(ApiError::new(ErrorCode::Refused, why).with_hint(format!(
            "`gluon budget raise {scope} 5` gives it 5 dollars more"
        )))
    }

    /// The budgets that hold a task, its own first.
    pub(super) fn budgets_of(&self, task: &Task) -> ApiResult<Vec<Budget>> {
        let project = self.project(task.project)?;
        let tasks = self.store.tasks()?;
        let running: Vec<&Task> = tasks
            .iter()
            .filter(|other| other.status == Status::Running && other.id != task.id)
            .collect();
        Ok(vec![
            self.task_budget(task)?,
            self.project_budget(&project, &running, false)?,
            self.workspace_budget(&project.workspace, &running, false)?,
            self.day_budget(&running)?,
        ])
    }

    /// A task's own budget.
    pub(super) fn task_budget(&self, task: &Task) -> ApiResult<Budget> {
        let limit = match task.budget {
            None => self.config.budget.task.0,
            Some(usd) => Limit::from_stored(usd),
        };
        let spent = self.store.cost_of_task(task.id)?;
        let name = format!("task {}", task.id);
        Ok(self.budget(BudgetOf::Task(task.id), name, limit, spent, 0))
    }

    fn project_budget(&self, project: &Project, running: &[&Task], all: bool) -> ApiResult<Budget> {
        let of = BudgetOf::Project(project.id);
        let limit = self.limit_set(&of)?.unwrap_or(self.config.budget.project.0);
        let spent = self.spent_this_month(limit, all)?;
        let spent = sum(spent.iter().filter(|row| row.project == project.id));
        let at_work = running.iter().filter(|task| task.project == project.id);
        let name = format!("project {} (this month)", project.name);
        Ok(self.budget(of, name, limit, spent, at_work.count()))
    }

    /// What was spent this month; of an unlimited budget only where `all` is asked for.
    fn spent_this_month(&self, limit: Limit, all: bool) -> ApiResult<Vec<Spent>> {
        if limit == Limit::Unlimited && !all {
            return Ok(Vec::new());
        }
        let month = clock::local_day(clock::now()).month();
        Ok(self.store.spent_since(month)?)
    }

    fn workspace_budget(&self, workspace: &str, running: &[&Task], all: bool) -> ApiResult<Budget> {
        let of = BudgetOf::Workspace(workspace.to_owned());
        let usual = || {
            self.config
                .budget
                .workspaces
                .get(workspace)
                .map(|amount| amount.0)
        };
        let limit = self
            .limit_set(&of)?
            .or_else(usual)
            .unwrap_or(Limit::Unlimited);
        let projects = self.store.projects()?;
        let inside = |id| {
            let mut projects = projects.iter();
            projects.any(|project| project.id == id && project.workspace == workspace)
        };
        let spent = self.spent_this_month(limit, all)?;
        let spent = sum(spent.iter().filter(|row| inside(row.project)));
        let at_work = running.iter().filter(|task| inside(task.project));
        let name = format!("workspace {workspace} (this month)");
        Ok(self.budget(of, name, limit, spent, at_work.count()))
    }

    pub(super) fn day_budget(&self, running: &[&Task]) -> ApiResult<Budget> {
        let today = clock::local_day(clock::now());
        let usual = self
            .limit_set(&BudgetOf::Day)?
            .unwrap_or(self.config.budget.day.0);
        let more = self.store.setting(&format!("budget.day.{today}"))?;
        let more = more.and_then(|micros| micros.parse().ok()).unwrap_or(0);
        let limit = usual.plus(MicroUsd(more));
        let spent = self.store.cost_of_day(today)?;
        Ok(self.budget(
            BudgetOf::Day,
            "today".to_owned(),
            limit,
            spent,
            running.len(),
        ))
    }

    fn budget(
        &self,
        of: BudgetOf,
        name: String,
        limit: Limit,
        spent: Option<Cost>,
        at_work: usize,
    ) -> Budget {
        let config = &self.config.budget;
        let each = match config.reserve.0 {
            Limit::Usd(usd) => usd.0,
            Limit::Unlimited => 0,
        };
        let reserved = MicroUsd(each.saturating_mul(at_work as i64));
        Budget::new(of, name, limit, spent, reserved, config.warn_at)
    }

    /// What the user has set, beside the settings.
    fn limit_set(&self, of: &BudgetOf) -> ApiResult<Option<Limit>> {
        let Some(name) = setting_of(of) else {
            return Ok(None);
        };
        let value = self.store.setting(&name)?;
        Ok(value.and_then(|value| match value.as_str() {
            "unlimited" => Some(Limit::Unlimited),
            micros => Some(Limit::Usd(MicroUsd(micros.parse().ok()?))),
        }))
    }

    pub(super) async fn list_budgets(
        self: &Arc<Self>,
        _: &Caller,
        task: Option<TaskId>,
    ) -> ApiResult<Budgets> {
        self.all_budgets(task)
    }

    /// The budgets that are not of a task, or of those only the day's and the one of a project.
    pub(super) fn standing_budgets(&self, project: Option<ProjectId>) -> ApiResult<Vec<Budget>> {
        let mut budgets = self.all_budgets(None)?.budgets;
        budgets.retain(|budget| match (&budget.of, project) {
            (BudgetOf::Task(_), _) => false,
            (BudgetOf::Day, _) | (_, None) => true,
            (BudgetOf::Project(id), Some(project)) => *id == project,
            (BudgetOf::Workspace(_), Some(_)) => false,
        });
        Ok(budgets)
    }

    /// Every budget that says something: those of running tasks and of the one that is asked for, of
    /// projects and workspaces that have any or spent something, and of the day.
    fn all_budgets(&self, asked: Option<TaskId>) -> ApiResult<Budgets> {
        let tasks = self.store.tasks()?;
        if let Some(id) = asked {
            let task = self.task(id)?;
            return Ok(Budgets {
                budgets: self.budgets_of(&task)?,
                at_limit: self.config.budget.at_limit.word().to_owned(),
                warn_at: self.config.budget.warn_at,
            });
        }
        let running: Vec<&Task> = tasks
            .iter()
            .filter(|t| t.status == Status::Running)
            .collect();
        let mut budgets = vec![self.day_budget(&running)?];
        let projects = self.store.projects()?;
        let mut workspaces: Vec<&str> = projects.iter().map(|p| p.workspace.as_str()).collect();
        workspaces.sort_unstable();
        workspaces.dedup();
        for workspace in workspaces {
            budgets.push(self.workspace_budget(workspace, &running, true)?);
        }
        for project in &projects {
            budgets.push(self.project_budget(project, &running, true)?);
        }
        for task in &running {
            budgets.push(self.task_budget(task)?);
        }
        Ok(Budgets {
            budgets,
            at_limit: self.config.budget.at_limit.word().to_owned(),
            warn_at: self.config.budget.warn_at,
        })
    }

    pub(super) async fn set_budget(
        self: &Arc<Self>,
        _: &Caller,
        set: SetBudget,
    ) -> ApiResult<Budgets> {
        let raise = set.raise;
        let amount = |before: Limit| match (raise, set.limit) {
            (false, limit) => limit,
            (true, Limit::Usd(more)) => before.plus(more),
            (true, Limit::Unlimited) => Limit::Unlimited,
        };
        let (task, words) = match &set.of {
            BudgetOf::Task(id) => {
                let _lock = self.lock_task(*id).await;
                let task = self.task(*id)?;
                let limit = amount(self.task_budget(&task)?.limit);
                self.raise_loop(&task, limit);
                let change = Change::new(USER, "budget").detail(limit.to_string());
                self.change_task(*id, change, |task| {
                    task.budget = Some(limit.stored());
                    Ok(())
                })?;
                (Some(*id), limit.to_string())
            }
            BudgetOf::Day if raise && set.limit != Limit::Unlimited => {
                // For today alone: tomorrow begins anew.
                let today = clock::local_day(clock::now());
                let name = format!("budget.day.{today}");
                let before: i64 = self
                    .store
                    .setting(&name)?
                    .and_then(|micros| micros.parse().ok())
                    .unwrap_or(0);
                if let Limit::Usd(more) = set.limit {
                    let micros = before.saturating_add(more.0).to_string();
                    self.store.set_setting(&name, &micros)?;
                }
                (None, "raised for today".to_owned())
            }
            of => {
                let before = match of {
                    BudgetOf::Project(id) => {
                        self.project_budget(&self.project(*id)?, &[], false)?.limit
                    }
                    BudgetOf::Workspace(name) => self.workspace_budget(name, &[], false)?.limit,
                    _ => self.day_budget(&[])?.limit,
                };
                let limit = amount(before);
                let value = match limit {
                    Limit::Usd(usd) => usd.0.to_string(),
                    Limit::Unlimited => "unlimited".to_owned(),
                };
                if let Some(name) = setting_of(of) {
                    self.store.set_setting(&name, &value)?;
                }
                (None, limit.to_string())
            }
        };
        tracing::info!(of = ?set.of, words, "a budget was set");
        self.state().budgets_told.clear();
        for task in self.store.tasks()? {
            if matches!(task.status, Status::Running | Status::Queued) {
                self.publish_task(task.id);
            }
            // It asked for just that.
            let phase = self.loop_state(task.id).map(|state| state.phase);
            let asks = matches!(
                phase,
                Some(Phase::Paused {
                    why: PauseWhy::Budget(_)
                })
            );
            if asks && task.status == Status::Running && self.budget_says_no(&task).is_none() {
                self.loop_step(task.id, LoopEvent::Continue)?;
            }
        }
        self.hub
            .publish(Event::Queue(self.queue_view(&self.store.tasks()?)));
        self.schedule.notify_one();
        self.all_budgets(task)
    }

    /// A loop that has its budget from its task has another one from now on.
    fn raise_loop(self: &Arc<Self>, task: &Task, limit: Limit) {
        let Some(state) = self.loop_state(task.id) else {
            return;
        };
        let own = task.budget.map(Limit::from_stored).and_then(Limit::usd);
        if own.is_some() && state.limits.budget == own {
            let limits = LoopLimits {
                budget: limit.usd(),
                ..state.limits
            };
            let _ = self.loop_step(task.id, LoopEvent::Limits(limits));
        }
    }

    /// A session has cost something: warns where most of a budget is spent, and pauses what spends where all
    /// of it is.
    pub(super) fn check_budgets(self: &Arc<Self>, session: SessionId) {
        let checked = self.store.session(session).map_err(ApiError::from);
        let checked = checked
            .and_then(|session| self.task(session.task))
            .and_then(|task| {
                let budgets = self.budgets_of(&task)?;
                Ok((task, budgets))
            });
        let (task, budgets) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                tracing::error!(session = session.0, %error, "budgets cannot be checked");
                return;
            }
        };
        for budget in &budgets {
            self.tell_budget(&task, budget);
        }
        let Some(spent) = used_up(&budgets) else {
            return;
        };
        let inside = self.running_in(&spent.of);
        for task in inside {
            let service = self.clone();
            let why = format!("the budget of {} is used up: {}", spent.name, spent.words());
            tokio::spawn(async move { service.hold_for_budget(task, why).await });
        }
    }

    /// Says once that most, or all, of a budget is spent.
    fn tell_budget(&self, task: &Task, budget: &Budget) {
        let (level, what) = match budget.state {
            BudgetState::Enough => return,
            BudgetState::Short => (Level::Warning, "is nearly used up"),
            BudgetState::Spent => (Level::Error, "is used up"),
        };
        let key = (budget.of.clone(), budget.state);
        if !self.state().budgets_told.insert(key) {
            return;
        }
        let text = format!("the budget of {} {what}: {}", budget.name, budget.words());
        let change = Change::new(DAEMON, "budget").detail(text.clone());
        self.note_event(task.id, &change);
        self.say(Some(task.id), level, text);
    }

    fn running_in(&self, of: &BudgetOf) -> Vec<Task> {
        let tasks = self.store.tasks().unwrap_or_default();
        let projects = self.store.projects().unwrap_or_default();
        let workspace = |task: &Task| {
            let project = projects.iter().find(|project| project.id == task.project);
            project.map(|project| project.workspace.as_str())
        };
        let inside = |task: &Task| match of {
            BudgetOf::Task(id) => task.id == *id,
            BudgetOf::Project(id) => task.project == *id,
            BudgetOf::Workspace(name) => workspace(task) == Some(name),
            BudgetOf::Day => true,
        };
        let running = |task: &Task| task.status == Status::Running && inside(task);
        tasks.into_iter().filter(running).collect()
    }

    /// Pauses an agent whose budget is used up: at the end of its turn, or now, as the settings say.
    async fn hold_for_budget(self: Arc<Self>, task: Task, why: String) {
        if !self.state().holding.insert(task.id) {
            return;
        }
        let interrupt = self.config.budget.at_limit == AtLimit::Interrupt;
        if self.is_looping(task.id) {
            let _ = self.loop_step(task.id, LoopEvent::OverBudget(why, interrupt));
        } else if interrupt {
            tracing::info!(task = task.id.0, why, "an agent is interrupted");
            if let Err(error) = self.interrupt(&task).await {
                tracing::error!(task = task.id.0, %error, "an agent cannot be interrupted");
            }
        }
        self.publish_task(task.id);
        self.state().holding.remove(&task.id);
    }

    /// Ends the turn of a task's agent: of one with a screen by its key, so that it stays where it is; of
    /// one without, or that does not listen, by ending it. Whether it was ended.
    async fn interrupt(self: &Arc<Self>, task: &Task) -> ApiResult<bool> {
        if let Some(state) = self.loop_state(task.id) {
            // One that waits or is paused spends nothing, and is left as it is.
            let rests = matches!(state.phase, Phase::Paused { .. } | Phase::Waiting { .. });
            if !rests {
                self.loop_step(task.id, LoopEvent::Pause { now: true })?;
            }
            return Ok(!rests);
        }
        let handle = self.live_handle(task.id)?;
        let at_rest = |activity: &Activity| {
            matches!(
                activity,
                Activity::Idle | Activity::Waiting(_) | Activity::Limited(_)
            )
        };
        if task.mode == Mode::Interactive {
            let activity = handle.meta().activity;
            if at_rest(&activity) {
                return Ok(false);
            }
            // What says nothing of itself might take the key for anything.
            if activity == Activity::Working {
                self.press_interrupt(task, &handle).await?;
                let until = tokio::time::Instant::now() + PATIENCE;
                while tokio::time::Instant::now() < until {
                    if at_rest(&handle.meta().activity) {
                        let change = Change::new(DAEMON, "interrupted").session(handle.id);
                        self.note_event(task.id, &change);
                        return Ok(false);
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        let _lock = self.lock_task(task.id).await;
        if self.task(task.id)?.status == Status::Running {
            self.stop_for(task.id, StopWhy::Queue).await?;
        }
        Ok(true)
    }

    /// Presses the keys that end the turn of a task's agent.
    async fn press_interrupt(&self, task: &Task, handle: &SessionHandle) -> ApiResult<()> {
        let agent = self.task_agent(task)?;
        let delivery = agent.delivery();
        for (at, press) in delivery.interrupt.iter().enumerate() {
            if at > 0 {
                tokio::time::sleep(Duration::from_millis(delivery.pause_ms)).await;
            }
            handle.send(Command::Input(None, Input::Raw(press.clone())));
        }
        Ok(())
    }

    /// Stops everything at once: no task starts by itself, every turn ends. `false` lets it all go on.
    pub(super) async fn pause_all(
        self: &Arc<Self>,
        caller: &Caller,
        pause: bool,
    ) -> ApiResult<Paused> {
        let queue = self.pause_queue(caller, pause).await?;
        let mut paused = Paused {
            queue_paused: queue.paused,
            ..Paused::default()
        };
        if !pause {
            let stopped = self.store.setting(STOPPED)?.unwrap_or_default();
            self.store.set_setting(STOPPED, "")?;
            let ids = stopped
                .split(' ')
                .filter_map(|id| id.parse().ok())
                .map(TaskId);
            for id in ids {
                // One that was started, moved or removed in the meantime is left alone.
                if self.go_on(id)? {
                    paused.resumed.push(id);
                }
            }
            self.schedule.notify_one();
            return Ok(paused);
        }
        let tasks = self.store.tasks()?.into_iter();
        // A shell is the user's own terminal: it has no turn, and could not be brought back.
        let running = tasks.filter(|task| task.status == Status::Running && task.agent != SHELL);
        let stops: Vec<_> = running
            .map(|task| {
                let service = self.clone();
                tokio::spawn(async move { (task.id, service.interrupt(&task).await) })
            })
            .collect();
        for stop in stops {
            match stop.await {
                Ok((id, Ok(true))) => paused.stopped.push(id),
                Ok((id, Ok(false))) => paused.interrupted.push(id),
                Ok((id, Err(error))) => {
                    tracing::error!(task = id.0, %error, "an agent cannot be stopped");
                    paused.failed.push(id);
                }
                Err(_) => {}
            }
        }
        let ids: Vec<String> = paused.stopped.iter().map(TaskId::to_string).collect();
        self.store.set_setting(STOPPED, &ids.join(" "))?;
        Ok(paused)
    }

    /// Lets a task go on that was stopped together with all others; whether it does.
    fn go_on(self: &Arc<Self>, id: TaskId) -> ApiResult<bool> {
        let Ok(task) = self.task(id) else {
            return Ok(false);
        };
        let phase = self.loop_state(id).map(|state| state.phase);
        match (task.status, phase) {
            (Status::Running, Some(Phase::Paused { .. })) => {
                self.loop_step(id, LoopEvent::Continue)?;
                Ok(true)
            }
            (Status::Queued, _) if task.held => {
                self.change_task(id, Change::new(USER, "continued"), |task| {
                    task.held = false;
                    Ok(())
                })?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Tells the user once that there are budgets, when somebody looks at the board for the first time.
    pub(super) fn tell_of_budgets(&self) {
        if !matches!(self.store.setting(TOLD), Ok(None))
            || self.store.set_setting(TOLD, "1").is_err()
        {
            return;
        }
        let config = &self.config.budget;
        let text = format!(
            "budgets are on: {} a task, {} a day; `gluon budget` shows and changes them",
            config.task.0, config.day.0
        );
        self.say(None, Level::Info, text);
    }
}

fn setting_of(of: &BudgetOf) -> Option<String> {
    Some(match of {
        BudgetOf::Task(_) => return None,
        BudgetOf::Project(id) => format!("budget.project.{id}"),
        BudgetOf::Workspace(name) => format!("budget.workspace.{name}"),
        BudgetOf::Day => "budget.day".to_owned(),
    })
}

fn sum<'a>(spent: impl Iterator<Item = &'a Spent>) -> Option<Cost> {
    spent.map(|spent| spent.row.cost()).reduce(Cost::and)
}
