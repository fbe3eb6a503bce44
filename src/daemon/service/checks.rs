//! Checks of tasks: which command, whether it may run, what came of it and for which files.

use std::sync::Arc;
use std::time::Duration;

use super::projects::project_file;
use super::records::{Actor, Change, USER};
use super::{Caller, Service, blocking};
use crate::config::setup_hash;
use crate::daemon::check::{self, Check, Printed};
use crate::daemon::clock;
use crate::domain::check::{CheckRecord, Freshness, Verdict, sentence};
use crate::domain::{Project, Task, TaskId, Timestamp};
use crate::git::{self, Git};
use crate::protocol::{ApiError, ApiResult, CheckReport, CheckView, ErrorCode, Level};

/// A check that runs.
#[derive(Clone)]
pub(super) struct Running {
    command: String,
    printed: Printed,
    at: Timestamp,
}

impl Service {
    /// Runs a task's check and answers when it is through.
    pub(super) async fn check_task(
        self: &Arc<Self>,
        _: &Caller,
        id: TaskId,
    ) -> ApiResult<CheckReport> {
        let service = self.clone();
        // Apart from the connection: a client that goes does not end the check.
        tokio::spawn(async move { service.check_now(id).await })
            .await
            .map_err(|error| super::internal(error.to_string()))??;
        self.check_report(id)
    }

    /// What a task's last check printed, or the one that runs has printed so far.
    pub(super) async fn show_check(
        self: &Arc<Self>,
        _: &Caller,
        id: TaskId,
    ) -> ApiResult<CheckReport> {
        self.task(id)?;
        // While it runs it is looked at often, and what the one before is worth does not matter.
        if !self.state().checking.contains_key(&id) {
            self.look_at_check(id).await;
        }
        self.check_report(id)
    }

    /// The command that checks tasks of `project`: the user's own for all projects, or the project's, which
    /// has to be trusted.
    pub(super) fn check_command(&self, project: &Project) -> ApiResult<String> {
        let name = &project.name;
        let Some(command) = project_file(&project.path)?.check else {
            return self.config.review.check.clone().ok_or_else(|| {
                let message = format!("{name} has no check command");
                ApiError::new(ErrorCode::Refused, message).with_hint(
                    "put `check = \"…\"` into .gluon.toml at its root, or into [review] of your settings",
                )
            });
        };
        if project.trusted_check.as_deref() != Some(setup_hash(&command).as_str()) {
            let message = format!("the check command of {name} is not trusted");
            return Err(
                ApiError::new(ErrorCode::Refused, message).with_hint(format!(
                    "`gluon project trust {name}` shows it and allows it"
                )),
            );
        }
        Ok(command)
    }

    /// Runs the check of a task in its worktree and keeps what came of it.
    pub(super) async fn check_now(self: &Arc<Self>, id: TaskId) -> ApiResult<CheckRecord> {
        let task = self.task(id)?;
        let project = self.project(task.project)?;
        let command = self.check_command(&project)?;
        let timeout = self.check_timeout();
        let record = self.check_with(&task, command, timeout, USER).await;
        if let Ok(record) = &record {
            let level = match record.verdict {
                Verdict::Passed => Level::Info,
                _ => Level::Warning,
            };
            let text = format!("{}: the check {}", task.title, record.verdict.words());
            self.say(Some(id), level, text);
        }
        record
    }

    /// Runs `command` as a task's check and keeps what came of it.
    pub(super) async fn check_with(
        self: &Arc<Self>,
        task: &Task,
        command: String,
        timeout: Duration,
        actor: Actor,
    ) -> ApiResult<CheckRecord> {
        let id = task.id;
        let Some(dir) = task.worktree.clone().filter(|dir| dir.is_dir()) else {
            let message = format!("task {id} has no worktree to check");
            return Err(ApiError::new(ErrorCode::Refused, message));
        };
        let running = Running {
            command,
            printed: Printed::default(),
            at: clock::now(),
        };
        {
            let mut state = self.state();
            if state.checking.contains_key(&id) {
                let message = format!("the check of task {id} is running already");
                return Err(ApiError::new(ErrorCode::Refused, message));
            }
            state.checking.insert(id, running.clone());
        }
        self.publish_task(id);
        let record = self.check_in(task, dir, &running, timeout).await;
        self.state().checking.remove(&id);
        let record = record.and_then(|record| {
            self.store.set_check(&record)?;
            Ok(record)
        });
        if let Ok(record) = &record {
            let change = Change::new(actor, "checked").detail(record.verdict.words());
            self.note_event(id, &change);
            self.state().freshness.insert(id, Freshness::Current);
        }
        self.publish_task(id);
        self.look_at_check(id).await;
        record
    }

    async fn check_in(
        &self,
        task: &Task,
        dir: std::path::PathBuf,
        running: &Running,
        timeout: Duration,
    ) -> ApiResult<CheckRecord> {
        let place = dir.clone();
        // Of the files as they are when it begins: what is changed meanwhile was perhaps not looked at.
        let seen = blocking(move || git::fingerprint(&Git::new(), &place)).await??;
        let check = Check {
            command: running.command.clone(),
            dir,
            timeout,
            env: vec![("GLUON_TASK".into(), task.id.to_string().into())],
        };
        let checked = check::run(&check, &running.printed).await;
        Ok(CheckRecord {
            task: task.id,
            command: check.command,
            tree: seen.tree,
            head: seen.head,
            verdict: checked.verdict,
            output: checked.output,
            at: running.at,
            took: u64::try_from(checked.took.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// How long a check may take.
    pub(super) fn check_timeout(&self) -> Duration {
        Duration::from_secs(self.config.review.check_timeout.max(1))
    }

    /// Looks how a task's verdict stands to its files now, and publishes that if it is new.
    pub(super) async fn look_at_check(&self, id: TaskId) {
        let Ok(Some(record)) = self.store.check(id) else {
            return;
        };
        let Ok(task) = self.task(id) else { return };
        let Some(dir) = task.worktree.filter(|dir| dir.is_dir()) else {
            return;
        };
        let head = record.head.clone();
        let now = blocking(move || {
            let now = git::fingerprint(&Git::new(), &dir)?;
            // A commit that is gone was rewritten: the files have changed, that is all there is to say.
            let since = git::commits_since(&dir, &head).unwrap_or(0);
            Ok::<_, git::GitError>((now, since))
        });
        let Ok(Ok((now, since))) = now.await else {
            return;
        };
        let freshness = Freshness::of(&record, &now.tree, since);
        if self.state().freshness.insert(id, freshness) != Some(freshness) {
            self.publish_task(id);
        }
    }

    /// A task's check, as its card shows it.
    pub(super) fn check_view(&self, id: TaskId) -> Option<CheckView> {
        let record = self.store.check(id).unwrap_or_else(|error| {
            tracing::error!(%error, "a check cannot be read");
            None
        });
        let state = self.state();
        let running = state.checking.get(&id);
        if record.is_none() && running.is_none() {
            return None;
        }
        let freshness = state.freshness.get(&id).copied();
        Some(CheckView {
            running: running.is_some(),
            at: running.map_or_else(|| record.as_ref().map_or(Timestamp(0), |r| r.at), |r| r.at),
            took: record.as_ref().map_or(0, |record| record.took),
            freshness: freshness.unwrap_or(Freshness::Unknown),
            verdict: record.map(|record| record.verdict),
        })
    }

    fn check_report(&self, id: TaskId) -> ApiResult<CheckReport> {
        let Some(check) = self.check_view(id) else {
            let message = format!("task {id} has not been checked");
            return Err(ApiError::new(ErrorCode::NotFound, message)
                .with_hint(format!("`gluon check {id}` runs its check")));
        };
        let running = self.state().checking.get(&id).cloned();
        let (command, output) = match (running, self.store.check(id)?) {
            (Some(running), _) => (running.command, running.printed.text()),
            (None, Some(record)) => (record.command, record.output),
            (None, None) => Default::default(),
        };
        Ok(CheckReport {
            check,
            command,
            output,
        })
    }

    /// Refuses where a task's files as they are now have not passed the check.
    pub(super) async fn require_check(self: &Arc<Self>, id: TaskId) -> ApiResult<()> {
        self.look_at_check(id).await;
        let freshness = self.state().freshness.get(&id).copied();
        let known = self.store.check(id)?;
        let record = match (known, freshness) {
            (Some(record), Some(Freshness::Current)) if record.verdict.is_passed() => record,
            _ => self.check_now(id).await?,
        };
        if record.verdict.is_passed() {
            return Ok(());
        }
        let message = format!(
            "the check {}",
            sentence(&record.verdict, Freshness::Current)
        );
        Err(
            ApiError::new(ErrorCode::Refused, message).with_hint(format!(
                "`gluon check {id} --last` shows what it said; `--no-check` accepts without"
            )),
        )
    }
}
