//! Accepting with integration: what is wanted, what it would come to, doing it.
//!
//! Kill-safe: the operation is written before anything is worked out, and with its landing before the first
//! branch moves; what a crash leaves is settled when the daemon starts (`settle`).

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use super::projects::project_file;
use super::records::{Actor, Change, USER, allowed, last_position};
use super::{Caller, Service, blocking};
use crate::daemon::{clock, fault};
use crate::domain::accept::{Landing, Way, commit_message};
use crate::domain::operation::{Journal, Operation, OperationKind, OperationState};
use crate::domain::{Action, Project, ProjectId, Task, TaskId};
use crate::git::integrate::{self, Bench, Plan};
use crate::git::{self, Git, GitError};
use crate::protocol::{
    AcceptPlan, AcceptPreview, ApiError, ApiResult, ConfirmTask, ErrorCode, Integrated, Level,
};

/// Why a task was not integrated.
#[derive(Debug)]
pub(super) enum Stuck {
    /// Its work is the reason: a conflict, a hook, a check. With the exact output.
    Work {
        /// In a sentence.
        why: String,
        /// What git or the check has said.
        output: String,
    },
    /// The target has moved meanwhile.
    Moved(ApiError),
    /// Anything else.
    Other(ApiError),
}

impl From<ApiError> for Stuck {
    fn from(error: ApiError) -> Self {
        Stuck::Other(error)
    }
}

impl From<GitError> for Stuck {
    fn from(error: GitError) -> Self {
        let why = error.to_string();
        match error {
            GitError::Conflict { output, .. } | GitError::Rejected { output, .. } => {
                Stuck::Work { why, output }
            }
            other => Stuck::Other(other.into()),
        }
    }
}

impl From<Stuck> for ApiError {
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::Work { why, .. } => ApiError::new(ErrorCode::Failed, why)
                .with_hint("`gluon resume TASK -m …` sends it back to its agent"),
            Stuck::Other(error) | Stuck::Moved(error) => error,
        }
    }
}

/// What is wanted, with the settings filled in.
pub(super) struct Wanted {
    pub(super) task: Task,
    pub(super) project: Project,
    pub(super) plan: Plan,
    pub(super) check: bool,
    pub(super) confirm: bool,
    /// Whether what would land is checked before it does.
    pub(super) verify: bool,
    /// Whether the settings say which way.
    chosen: bool,
}

impl Service {
    pub(super) async fn preview_accept(
        self: &Arc<Self>,
        _: &Caller,
        plan: AcceptPlan,
    ) -> ApiResult<AcceptPreview> {
        if let Some(preview) = self.nothing_to_integrate(&plan)? {
            return Ok(preview);
        }
        let asked = plan.way;
        let wanted = self.accept_wanted(&plan).await?;
        let id = wanted.task.id;
        let git_plan = wanted.plan.clone();
        let found = blocking(move || integrate::assess(&Git::new(), &git_plan)).await??;
        self.look_at_check(id).await;
        let plan = wanted.plan;
        let checkout = found.checkout.filter(|_| plan.way.moves_target());
        let obstacle = if let Some(checkout) = &checkout
            && let Some(what) = checkout.busy
        {
            Some(format!(
                "{what} is under way in {}",
                checkout.path.display()
            ))
        } else if let Some(checkout) = &checkout
            && checkout.dirty > 0
        {
            let (into, path) = (&plan.target, checkout.path.display());
            Some(format!(
                "{into} is checked out in {path} with uncommitted changes"
            ))
        } else if !found.conflicts.is_empty() && plan.way.moves_target() {
            Some(format!("it is in conflict with {}", plan.target))
        } else if plan.way == Way::FastForward && !found.can_fast_forward && !found.merged {
            Some(format!(
                "{} has commits that the task does not have",
                plan.target
            ))
        } else {
            None
        };
        Ok(AcceptPreview {
            task: id,
            way: plan.way,
            chosen: asked.is_some() || wanted.chosen,
            effect: match found.merged {
                true => format!("{} has all of it already", plan.target),
                false => plan.way.effect(&plan.target),
            },
            into: plan.target,
            branch: plan.branch,
            message: plan.message,
            commits: found.commits,
            behind: found.behind,
            files: found.files,
            uncommitted: found.uncommitted,
            conflicts: found.conflicts,
            merged: found.merged,
            can_fast_forward: found.can_fast_forward,
            resurrected: found.resurrected,
            checkout: checkout.map(|checkout| checkout.path),
            obstacle,
            check_required: wanted.check,
            check: self.check_view(id),
        })
    }

    /// The preview of a task without a branch: it can be called done, that is all.
    fn nothing_to_integrate(&self, plan: &AcceptPlan) -> ApiResult<Option<AcceptPreview>> {
        let task = self.task(plan.task.unwrap_or(TaskId(0)))?;
        if task.branch.is_some() {
            return Ok(None);
        }
        allowed(task.status, Action::Accept)?;
        Ok(Some(AcceptPreview {
            task: task.id,
            way: Way::Leave,
            chosen: true,
            into: String::new(),
            branch: String::new(),
            message: String::new(),
            effect: "it has no branch: it is called done, nothing else happens".to_owned(),
            commits: 0,
            behind: 0,
            files: 0,
            uncommitted: 0,
            conflicts: Vec::new(),
            merged: true,
            can_fast_forward: false,
            resurrected: 0,
            checkout: None,
            obstacle: None,
            check_required: false,
            check: None,
        }))
    }

    pub(super) async fn integrate(
        self: &Arc<Self>,
        caller: &Caller,
        plan: AcceptPlan,
    ) -> ApiResult<Integrated> {
        if let Some(nothing) = self.nothing_to_integrate(&plan)? {
            let confirm = ConfirmTask {
                task: nothing.task,
                confirm: plan.confirm,
            };
            let accepted = self.accept_task(caller, confirm).await?;
            return Ok(Integrated {
                card: accepted.card,
                way: Way::Leave,
                into: nothing.into,
                commit: None,
                sentence: accepted.how_to_merge,
                notes: Vec::new(),
            });
        }
        let wanted = self.accept_wanted(&plan).await?;
        if wanted.plan.way == Way::Leave && plan.commit != Some(true) {
            let confirm = ConfirmTask {
                task: wanted.task.id,
                confirm: plan.confirm,
            };
            let accepted = self.accept_task(caller, confirm).await?;
            return Ok(Integrated {
                card: accepted.card,
                way: Way::Leave,
                into: wanted.plan.target,
                commit: None,
                sentence: accepted.how_to_merge,
                notes: Vec::new(),
            });
        }
        let service = self.clone();
        // Apart from the connection: a client that goes does not leave the work half done.
        let done = tokio::spawn(async move { service.integrate_now(wanted, USER).await });
        Ok(done
            .await
            .map_err(|error| super::internal(error.to_string()))??)
    }

    /// What `plan` means for its task, by the settings of the project and of the user.
    pub(super) async fn accept_wanted(self: &Arc<Self>, plan: &AcceptPlan) -> ApiResult<Wanted> {
        let id = plan.task.unwrap_or(TaskId(0));
        let task = self.task(id)?;
        allowed(task.status, Action::Accept)?;
        let project = self.project(task.project)?;
        let (Some(branch), Some(base_commit)) = (task.branch.clone(), task.base_commit.clone())
        else {
            let message = format!("task {id} has no branch, so there is nothing to accept into");
            return Err(ApiError::new(ErrorCode::Refused, message));
        };
        let file = project_file(&project.path)?;
        let has_check = file.check.is_some() || self.config.review.check.is_some();
        let file = file.review;
        let settings = &self.config.review;
        let way = plan.way.or(file.way).or(settings.way).unwrap_or(Way::Leave);
        let into = plan.into.clone().or(file.into.clone());
        let target = self.target(&task, &project, into).await?;
        if target == branch {
            let message = format!("{branch} cannot be integrated into itself");
            return Err(ApiError::new(ErrorCode::Invalid, message)
                .with_hint("`--into BRANCH` names another one"));
        }
        let message = match &plan.message {
            Some(message) if !message.trim().is_empty() => message.clone(),
            _ => commit_message(id, &task.title, self.last_words(id).await.as_deref()),
        };
        Ok(Wanted {
            check: plan
                .check
                .unwrap_or((settings.require_check || file.require_check) && has_check),
            confirm: plan.confirm,
            verify: false,
            chosen: file.way.or(settings.way).is_some(),
            plan: Plan {
                root: project.path.clone(),
                worktree: task.worktree.clone().filter(|path| path.is_dir()),
                branch,
                base_commit,
                target,
                way,
                message,
                commit: plan.commit.unwrap_or(settings.commit),
                hooks: !plan.no_hooks,
                hold: String::new(),
            },
            task,
            project,
        })
    }

    /// The branch that gets a task's work: the one that is named, the one it was started from, or the one
    /// that is checked out.
    pub(super) async fn target(
        &self,
        task: &Task,
        project: &Project,
        into: Option<String>,
    ) -> ApiResult<String> {
        if let Some(into) = into {
            return Ok(into);
        }
        // One that was forked lands where the first one would.
        let base = match self.known_fork(task.id) {
            Some(first) => self.task(first).ok().and_then(|first| first.base),
            None => task.base.clone(),
        };
        let (root, base) = (project.path.clone(), base.or(task.base.clone()));
        let found = blocking(move || {
            if let Some(base) = base
                && git::tip(&root, &base)?.is_some()
            {
                return Ok(Some(base));
            }
            let head = git::discover(&root)?.head;
            Ok::<_, GitError>(head.branch().map(str::to_owned))
        });
        found.await??.ok_or_else(|| {
            let message = "it was started from no branch, so there is none to accept into";
            ApiError::new(ErrorCode::Refused, message).with_hint("`--into BRANCH` names one")
        })
    }

    /// From a task in review to one that is done and integrated.
    pub(super) async fn integrate_now(
        self: &Arc<Self>,
        wanted: Wanted,
        actor: Actor,
    ) -> Result<Integrated, Stuck> {
        let id = wanted.task.id;
        let _lock = self.lock_task(id).await;
        allowed(self.task(id)?.status, Action::Accept)?;
        if wanted.check {
            self.require_check(id).await?;
        }
        let _bench = self.lock_bench(wanted.project.id).await;
        self.refuse_resurrection(&wanted).await?;
        let added = self.store.add_operation(&Operation {
            id: 0,
            kind: OperationKind::Accept,
            state: OperationState::Preparing,
            task: id,
            project: wanted.project.id,
            title: wanted.task.title.clone(),
            at: clock::now(),
            journal: Journal::Accept {
                landing: None,
                from: wanted.task.status,
                reason: wanted.task.reason.clone(),
            },
        });
        let mut operation = added.map_err(ApiError::from)?;
        fault::point("journal");
        let landing = async {
            let landing = self.work_out(&wanted, operation.id).await?;
            if wanted.verify {
                self.verify(&wanted, &landing).await?;
            }
            Ok::<_, Stuck>(landing)
        };
        match landing.await {
            Ok(landing) => self.carry_out(&wanted, operation, landing, actor).await,
            Err(error) => {
                self.give_up(&mut operation)?;
                self.let_go(&wanted.project, operation.id).await?;
                Err(error)
            }
        }
    }

    /// Lets go of the ref that holds what an operation needed.
    async fn let_go(&self, project: &Project, operation: i64) -> ApiResult<()> {
        let (root, hold) = (project.path.clone(), hold_ref(operation));
        blocking(move || {
            let _ = Git::new().run(&root, &["update-ref", "-d", &hold]);
        })
        .await
    }

    /// The tree of a commit on a project's bench.
    pub(super) async fn bench_tree(&self, project: &Project, commit: &str) -> ApiResult<String> {
        let (root, tree) = (project.path.clone(), format!("{commit}^{{tree}}"));
        let found = blocking(move || Git::new().run(&root, &["rev-parse", &tree])).await??;
        Ok(found.text())
    }

    /// Works the landing out, on the project's bench.
    async fn work_out(&self, wanted: &Wanted, operation: i64) -> Result<Landing, Stuck> {
        let bench = self.bench_path(wanted.project.id)?;
        let plan = Plan {
            hold: hold_ref(operation),
            ..wanted.plan.clone()
        };
        let landing = blocking(move || {
            let git = Git::new();
            let at = git::tip(&plan.root, &plan.target)?
                .ok_or_else(|| GitError::NoSuchBase(plan.target.clone()))?;
            let bench = Bench::open(&git, &plan.root, &bench, &at)?;
            fault::point("bench");
            let landing = integrate::prepare(&git, &plan, &bench, &fault::point)?;
            // What would land lies there to be looked at.
            if let Some(target) = &landing.target {
                bench.show(&target.to)?;
            }
            Ok::<_, GitError>(landing)
        });
        Ok(landing.await??)
    }

    async fn carry_out(
        self: &Arc<Self>,
        wanted: &Wanted,
        mut operation: Operation,
        landing: Landing,
        actor: Actor,
    ) -> Result<Integrated, Stuck> {
        operation.state = OperationState::Moving;
        if let Journal::Accept { landing: place, .. } = &mut operation.journal {
            *place = Some(landing.clone());
        }
        self.store
            .set_operation(operation.id, operation.state, &operation.journal)
            .map_err(ApiError::from)?;
        fault::point("moving");
        let root = wanted.project.path.clone();
        let moving = landing.clone();
        let moved =
            blocking(move || integrate::carry_out(&Git::new(), &root, &moving, &fault::point));
        let mut notes = match moved.await? {
            Ok(notes) => notes,
            Err(error) => {
                let moved = matches!(error, GitError::TargetMoved(_));
                let error = self.leave_result(wanted, &landing, error).await;
                self.give_up(&mut operation)?;
                self.let_go(&wanted.project, operation.id).await?;
                return Err(match moved {
                    true => Stuck::Moved(error),
                    false => Stuck::Other(error),
                });
            }
        };
        let mut sentence = landed(&landing, &wanted.plan.target);
        if landing.way == Way::PullRequest {
            match self.open_pull_request(wanted).await {
                Ok(url) => sentence = format!("the pull request is {url}"),
                Err(error) => {
                    self.give_up(&mut operation)?;
                    return Err(error.into());
                }
            }
        }
        fault::point("settle");
        self.settle_accept(&mut operation, actor, &sentence)?;
        let root = wanted.project.path.clone();
        let held = landing.clone();
        blocking(move || integrate::release(&Git::new(), &root, &held)).await?;
        self.look_at_git(wanted.task.id, true).await;
        // What the others would be in conflict with is another thing now.
        self.sweep_soon(wanted.project.id);
        for rival in self.rivals(wanted.task.id)? {
            notes.push(format!(
                "#{rival} tried the same: `gluon rm {rival}` removes it"
            ));
        }
        if landing.way == Way::Leave {
            notes.push(format!("merge it with `git merge {}`", wanted.plan.branch));
        }
        Ok(Integrated {
            card: self.card(wanted.task.id)?,
            way: landing.way,
            into: wanted.plan.target.clone(),
            commit: landing
                .target
                .filter(|target| target.is_real())
                .map(|target| target.to),
            sentence,
            notes,
        })
    }

    /// Writes that a task is done, with the operation that did it.
    pub(super) fn settle_accept(
        &self,
        operation: &mut Operation,
        actor: Actor,
        sentence: &str,
    ) -> ApiResult<()> {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut task = self.task(operation.task)?;
        let to = allowed(task.status, Action::Accept)?;
        task.position = last_position(&self.store.tasks()?, to);
        task.status = to;
        task.changed_at = clock::now();
        task.reason = None;
        operation.state = OperationState::Done;
        let event = Change::new(actor, "accepted").detail(sentence).draft();
        self.store.settle_operation(operation, &task, event)?;
        drop(writing);
        self.publish_task(task.id);
        self.schedule.notify_one();
        Ok(())
    }

    /// The operation came to nothing: no branch has moved.
    pub(super) fn give_up(&self, operation: &mut Operation) -> ApiResult<()> {
        operation.state = OperationState::Failed;
        Ok(self
            .store
            .set_operation(operation.id, operation.state, &operation.journal)?)
    }

    /// Where the target could not be moved because of its checkout, what was worked out stays on a branch.
    async fn leave_result(&self, wanted: &Wanted, landing: &Landing, error: GitError) -> ApiError {
        let waits = matches!(
            error,
            GitError::CheckoutDirty { .. } | GitError::UnderWay { .. } | GitError::Failed { .. }
        );
        let (Some(target), true) = (&landing.target, waits) else {
            return error.into();
        };
        let (root, commit) = (wanted.project.path.clone(), target.to.clone());
        let name = format!("gluon/{}-result", wanted.task.id);
        let kept = blocking(move || git::keep_on_branch(&Git::new(), &root, &name, &commit));
        match kept.await {
            Ok(Ok(branch)) => ApiError::new(
                ErrorCode::Refused,
                format!("{error}; the result is on {branch}"),
            )
            .with_hint(format!(
                "once that is clean: accept again, or `git merge --ff-only {branch}` there"
            )),
            _ => error.into(),
        }
    }

    /// A merge into a branch that was rewritten would bring back what it was rewritten without.
    async fn refuse_resurrection(&self, wanted: &Wanted) -> ApiResult<()> {
        let (plan, way) = (wanted.plan.clone(), wanted.plan.way);
        if wanted.confirm || !matches!(way, Way::Merge | Way::FastForward) {
            return Ok(());
        }
        let found = blocking(move || integrate::assess(&Git::new(), &plan)).await??;
        if found.resurrected == 0 {
            return Ok(());
        }
        let message = format!(
            "{} was rewritten since the task was started; a merge would bring back {} commits it no longer has",
            wanted.plan.target, found.resurrected
        );
        Err(ApiError::new(ErrorCode::Confirm, message)
            .with_hint("squash or rebase leaves them out"))
    }

    /// One integration at a time in a project.
    pub(super) async fn lock_bench(&self, project: ProjectId) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = self.state().benches.entry(project).or_default().clone();
        lock.lock_owned().await
    }

    /// Where a project's bench is. Its name changes after a crash: what still works in the old one by then
    /// must not meet its successor.
    pub(super) fn bench_path(&self, project: ProjectId) -> ApiResult<PathBuf> {
        let number = self.store.setting(&bench_setting(project))?;
        let number = number.unwrap_or_else(|| "1".to_owned());
        Ok(self.paths.benches().join(format!("{project}-{number}")))
    }

    /// Leaves a project's bench for another one.
    pub(super) async fn abandon_bench(&self, project: &Project) -> ApiResult<()> {
        let old = self.bench_path(project.id)?;
        let next = clock::now().0.to_string();
        self.store.set_setting(&bench_setting(project.id), &next)?;
        let root = project.path.clone();
        blocking(move || git::integrate::remove_bench(&Git::new(), &root, &old)).await
    }

    /// How a done task was accepted, and into which branch.
    pub(super) fn landed(&self, id: TaskId) -> Option<(Way, String)> {
        let found = self.store.last_operation(id, OperationKind::Accept);
        let found = found.unwrap_or_else(|error| {
            tracing::error!(%error, "an operation cannot be read");
            None
        });
        let Some(Journal::Accept { landing, .. }) = found.map(|operation| operation.journal) else {
            return None;
        };
        let landing = landing?;
        let into = landing.target.map(|target| target.name).unwrap_or_default();
        Some((landing.way, into))
    }

    pub(super) fn note(&self, task: TaskId, notes: Vec<String>) {
        for note in notes {
            self.say(Some(task), Level::Info, note);
        }
    }
}

fn bench_setting(project: ProjectId) -> String {
    format!("bench.{project}")
}

/// The ref that holds what an operation needs.
pub(super) fn hold_ref(operation: i64) -> String {
    format!("refs/gluon/operations/{operation}")
}

/// What a landing did, in a sentence.
pub(super) fn landed(landing: &Landing, into: &str) -> String {
    let short = |commit: &str| commit.chars().take(10).collect::<String>();
    match &landing.target {
        Some(target) if target.is_real() => {
            format!("{} into {into} ({})", landing.way.past(), short(&target.to))
        }
        Some(_) => format!("{into} had all of it already"),
        None => format!("its branch {} stays to be merged", landing.branch.name),
    }
}
