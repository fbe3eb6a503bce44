//! The merge queue: accepted tasks are integrated one at a time in each project: brought onto the target,
//! checked as they would land, merged. One that fails goes back to its agent with the exact output, or to
//! review; the others go on.
//!
//! The queue is in the database, and a task leaves it only when it has landed or was sent back: a daemon that
//! ends in between leaves it where it was.

use std::sync::Arc;

use super::integrate::{Stuck, Wanted};
use super::records::{Change, DAEMON, USER, allowed};
use super::{Caller, Service};
use crate::daemon::check::{self, Check, Printed};
use crate::domain::accept::{Landing, MergeWish, Way, sent_back};
use crate::domain::{Action, Project, ProjectId, Reason, Status, TaskId};
use crate::protocol::{AcceptPlan, ApiError, ApiResult, ErrorCode, Level, StartTask, TaskCard};

/// How often a task is tried again whose target moves meanwhile.
const TRIES: u32 = 5;

impl Service {
    pub(super) async fn queue_merge(
        self: &Arc<Self>,
        _: &Caller,
        plan: AcceptPlan,
    ) -> ApiResult<TaskCard> {
        // What is wrong by now is said at once.
        let wanted = self.accept_wanted(&plan).await?;
        let id = wanted.task.id;
        let wish = MergeWish {
            // In the queue everything is integrated: where nothing says how, by rebase.
            way: Some(match wanted.plan.way.moves_target() {
                true => wanted.plan.way,
                false => Way::Rebase,
            }),
            into: plan.into,
            message: plan.message,
            check: plan.check,
            commit: plan.commit,
            no_hooks: plan.no_hooks,
        };
        self.store
            .enqueue_merge(id, &wish, crate::daemon::clock::now())?;
        self.note_event(id, &Change::new(USER, "queued to merge"));
        self.publish_queue();
        self.clone().merge_on();
        self.card(id)
    }

    pub(super) async fn unqueue_merge(
        self: &Arc<Self>,
        _: &Caller,
        id: TaskId,
    ) -> ApiResult<TaskCard> {
        if self.state().merging.values().any(|task| *task == id) {
            let message = format!("task {id} is being merged right now");
            return Err(ApiError::new(ErrorCode::Refused, message));
        }
        if !self.store.dequeue_merge(id)? {
            let message = format!("task {id} is not in the merge queue");
            return Err(ApiError::new(ErrorCode::Refused, message));
        }
        self.publish_queue();
        self.card(id)
    }

    /// A task's place in its project's merge queue, from 1.
    pub(super) fn merge_place(&self, id: TaskId) -> Option<u32> {
        let queue = self.known_queue();
        let own = queue.iter().find(|(task, _)| *task == id)?.1;
        let ahead = queue
            .iter()
            .take_while(|(task, _)| *task != id)
            .filter(|(_, project)| *project == own);
        Some(ahead.count() as u32 + 1)
    }

    fn known_queue(&self) -> Vec<(TaskId, ProjectId)> {
        let queue = self.store.merge_queue().unwrap_or_else(|error| {
            tracing::error!(%error, "the merge queue cannot be read");
            Vec::new()
        });
        queue
            .into_iter()
            .filter_map(|(task, _)| Some((task, self.task(task).ok()?.project)))
            .collect()
    }

    fn publish_queue(&self) {
        for (task, _) in self.known_queue() {
            self.publish_task(task);
        }
    }

    /// Lets every project with something in the queue work on it.
    pub(in crate::daemon) fn merge_on(self: Arc<Self>) {
        for (_, project) in self.known_queue() {
            let idle = {
                let mut state = self.state();
                let idle = !state.merging.contains_key(&project);
                if idle {
                    state.merging.insert(project, TaskId(0));
                }
                idle
            };
            if idle {
                let service = self.clone();
                tokio::spawn(async move { service.merge_project(project).await });
            }
        }
    }

    /// Works a project's queue off.
    async fn merge_project(self: Arc<Self>, project: ProjectId) {
        loop {
            let next = {
                let queue = self.store.merge_queue().unwrap_or_default();
                let own = queue
                    .into_iter()
                    .find(|(task, _)| self.task(*task).is_ok_and(|task| task.project == project));
                let mut state = self.state();
                match &own {
                    Some((task, _)) if !self.is_closing() => {
                        state.merging.insert(project, *task);
                    }
                    _ => {
                        state.merging.remove(&project);
                        return;
                    }
                }
                own
            };
            let Some((task, wish)) = next else { return };
            self.publish_task(task);
            if let Err(error) = self.merge_one(task, wish).await {
                tracing::warn!(task = task.0, %error, "not merged");
                self.say(
                    Some(task),
                    Level::Warning,
                    format!("#{task} was not merged: {error}"),
                );
            }
            // Whatever came of it: it has landed, or somebody has to look at it first.
            if let Err(error) = self.store.dequeue_merge(task) {
                tracing::error!(%error, "the merge queue cannot be written");
                self.state().merging.remove(&project);
                return;
            }
            self.publish_task(task);
            self.publish_queue();
        }
    }

    async fn merge_one(self: &Arc<Self>, id: TaskId, wish: MergeWish) -> ApiResult<()> {
        let task = self.task(id)?;
        if allowed(task.status, Action::Accept).is_err() {
            // Landed before a restart, or taken elsewhere by the user.
            return Ok(());
        }
        let plan = AcceptPlan {
            task: Some(id),
            way: wish.way,
            into: wish.into,
            message: wish.message,
            check: wish.check,
            commit: wish.commit,
            no_hooks: wish.no_hooks,
            confirm: false,
        };
        let mut tries = 0;
        let (target, done) = loop {
            let mut wanted = self.accept_wanted(&plan).await?;
            wanted.check = false;
            // What is checked is what would land, unless the user wants none.
            wanted.verify = plan.check != Some(false)
                && (plan.check == Some(true) || self.check_command(&wanted.project).is_ok());
            let target = wanted.plan.target.clone();
            tries += 1;
            match self.integrate_now(wanted, DAEMON).await {
                // Somebody has committed there meanwhile: once more, on top of that.
                Err(Stuck::Moved(_)) if tries < TRIES => {}
                done => break (target, done),
            }
        };
        match done {
            Ok(done) => {
                let text = format!("#{id} {}: {}", done.card.task.title, done.sentence);
                self.say(Some(id), Level::Info, text);
                Ok(())
            }
            Err(Stuck::Work { why, output }) => self.send_back(id, &target, &why, &output).await,
            Err(Stuck::Other(error) | Stuck::Moved(error)) => {
                self.mark(id, &format!("not merged into {target}: {error}"))?;
                Err(error)
            }
        }
    }

    /// Gives a task back to its agent with what went wrong, or, where it has none to resume, to review.
    async fn send_back(
        self: &Arc<Self>,
        id: TaskId,
        target: &str,
        why: &str,
        output: &str,
    ) -> ApiResult<()> {
        let task = self.task(id)?;
        let reason = format!("not merged into {target}: {why}");
        self.note_event(id, &Change::new(DAEMON, "sent back").detail(reason.clone()));
        let session = self.newest_session(id)?;
        let resumable =
            task.command.is_none() && session.is_some_and(|session| self.is_resumable(&session));
        self.say(
            Some(id),
            Level::Warning,
            format!("#{id} {}: {reason}", task.title),
        );
        if !resumable || self.is_closing() {
            return self.mark(id, &reason);
        }
        let start = StartTask {
            task: id,
            message: Some(sent_back(target, why, output)),
            fresh: false,
            recap: true,
            size: None,
        };
        // Its own place in the queue is over before its agent runs again.
        self.store.dequeue_merge(id)?;
        if let Err(error) = self.start(start, DAEMON).await {
            tracing::info!(task = id.0, %error, "its agent does not take it back");
            return self.mark(id, &reason);
        }
        Ok(())
    }

    /// Leaves a task in review, with why.
    fn mark(&self, id: TaskId, reason: &str) -> ApiResult<()> {
        let change = Change::new(DAEMON, "merge failed").detail(reason);
        self.change_task(id, change, |task| {
            if task.status == Status::Review {
                task.reason = Some(Reason::Failed(reason.to_owned()));
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Checks on the bench what would land; fails with what the check has printed.
    pub(super) async fn verify(&self, wanted: &Wanted, landing: &Landing) -> Result<(), Stuck> {
        let Some(target) = landing.target.as_ref().filter(|target| target.is_real()) else {
            return Ok(());
        };
        let command = self.check_command(&wanted.project)?;
        let tree = self.bench_tree(&wanted.project, &target.to).await?;
        let known = self.store.check(wanted.task.id).map_err(ApiError::from)?;
        let same = known.is_some_and(|known| {
            known.tree == tree && known.command == command && known.verdict.is_passed()
        });
        if same {
            return Ok(());
        }
        self.set_up_bench(&wanted.project).await?;
        let check = Check {
            command: command.clone(),
            dir: self.bench_path(wanted.project.id)?,
            timeout: self.check_timeout(),
            env: vec![("GLUON_TASK".into(), wanted.task.id.to_string().into())],
        };
        let ended = check::run(&check, &Printed::default()).await;
        if ended.verdict.is_passed() {
            return Ok(());
        }
        Err(Stuck::Work {
            why: format!(
                "on top of {} the check `{command}` {}",
                target.name,
                ended.verdict.words()
            ),
            output: ended.output,
        })
    }

    /// Runs the project's trusted setup command on a bench that has not seen it yet.
    async fn set_up_bench(&self, project: &Project) -> Result<(), Stuck> {
        let file = super::projects::project_file(&project.path)?;
        let Some(command) = file.setup else {
            return Ok(());
        };
        let hash = crate::config::setup_hash(&command);
        if project.trusted_setup.as_ref() != Some(&hash) {
            return Ok(());
        }
        let dir = self.bench_path(project.id)?;
        let mark = format!("bench.setup.{}", dir.display());
        let done = self.store.setting(&mark).map_err(ApiError::from)?;
        if done.as_ref() == Some(&hash) {
            return Ok(());
        }
        let check = Check {
            command,
            dir,
            timeout: std::time::Duration::from_secs(self.config.worktrees.setup_timeout.max(1)),
            env: Vec::new(),
        };
        let ended = check::run(&check, &Printed::default()).await;
        if !ended.verdict.is_passed() {
            let last = ended.output.trim().lines().next_back().unwrap_or_default();
            let message = format!("the setup command {}: {last}", ended.verdict.words());
            return Err(Stuck::Other(ApiError::new(ErrorCode::Failed, message)));
        }
        self.store
            .set_setting(&mark, &hash)
            .map_err(ApiError::from)?;
        Ok(())
    }
}
