//! One iteration: from the decision to start it to a process, and from its end to what is known of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::agents::Plan as Process;
use super::super::records::{Change, DAEMON};
use super::super::{EndedRun, Service, blocking};
use crate::daemon::clock;
use crate::domain::check::Verdict;
use crate::domain::loops::prompt::{Inputs, Templates, compose};
use crate::domain::loops::{
    CheckOutcome, CheckResult, IterationFacts, LoopEvent, LoopSettings, LoopState, Phase, RunEnd,
    Tree,
};
use crate::domain::{Exit, Project, Session, Status, Task, TaskId};
use crate::protocol::{ApiError, ApiResult, ErrorCode};

/// The longest template of the user's own, in bytes.
const MOST_TEMPLATE: u64 = 64 * 1024;

impl Service {
    /// Starts the iteration that was decided on.
    pub(super) async fn start_iteration(self: Arc<Self>, id: TaskId) {
        let started = {
            let _lock = self.lock_task(id).await;
            if self.is_closing() {
                // The next daemon finds that it never ran.
                return;
            }
            match self.task(id) {
                Ok(task) if task.status == Status::Running => match self.budget_says_no(&task) {
                    Some(why) => {
                        let _ = self.loop_step(id, LoopEvent::Refused(why));
                        return;
                    }
                    None => self.try_iteration(&task).await,
                },
                _ => {
                    let _ = self.loop_step(id, LoopEvent::Recovered { has_run: false });
                    let _ = self.loop_step(id, LoopEvent::Pause { now: true });
                    return;
                }
            }
        };
        let event = match started {
            Ok(tree) => LoopEvent::Started(tree),
            Err(error) => {
                tracing::warn!(task = id.0, %error, "an iteration cannot be started");
                let hint = error
                    .hint
                    .map_or_else(String::new, |hint| format!("; {hint}"));
                LoopEvent::NotStarted(format!("{}{hint}", error.message))
            }
        };
        let _ = self.loop_step(id, event);
    }

    /// From a decision to a process; the worktree as it was before.
    async fn try_iteration(self: &Arc<Self>, task: &Task) -> ApiResult<Tree> {
        let project = self.project(task.project)?;
        self.require_program(task)?;
        let place = self.prepare_worktree(task, &project).await?;
        let state = self.loop_state(task.id).ok_or_else(gone)?;
        let settings = self.loop_settings(task.id).ok_or_else(gone)?;
        let tree = tree_of(&place.path).await?;
        let prompt = self.iteration_prompt(task, &project, &place.path, &settings, &state);
        let prompt = prompt.await?;
        let previous = self.newest_session(task.id)?;
        let unfinished = previous
            .as_ref()
            .is_some_and(|session| self.setup_failure(session.id).is_some());
        let (session, mut plan) = self
            .plan_iteration(task, &place.path, previous, &settings, prompt)
            .await?;
        let setup = if place.new || unfinished {
            self.wrap_setup(&project, session.id, &mut plan)?
        } else {
            false
        };
        plan.notes.push(format!("iteration {}", state.iteration));
        let run = self.spawn(task, &session, plan, None).await?;
        if setup {
            self.watch_setup(run, session.id);
        }
        let change = Change::new(DAEMON, "iteration").session(session.id);
        self.note_event(
            task.id,
            &change.detail(format!("iteration {}", state.iteration)),
        );
        Ok(tree)
    }

    /// The process of an iteration, in the loop's one session.
    async fn plan_iteration(
        self: &Arc<Self>,
        task: &Task,
        cwd: &Path,
        previous: Option<Session>,
        settings: &LoopSettings,
        prompt: String,
    ) -> ApiResult<(Session, Process)> {
        let previous = previous.filter(|session| session.cwd == cwd && session.agent == task.agent);
        if let (Some(session), true) = (&previous, settings.same_conversation)
            && let Some(plan) = self.plan_resume(task, session, Some(&prompt)).await?
        {
            return Ok((self.revive(session.clone())?, plan));
        }
        let plan = self.plan_start(task, cwd, prompt, None).await?;
        let session = match previous {
            Some(session) => {
                // A conversation of its own; the session stays the loop's.
                let conversation = plan.conversation.clone();
                self.revive(Session {
                    conversation,
                    ..session
                })?
            }
            None => self.new_session(task, cwd, &plan)?,
        };
        Ok((session, plan))
    }

    async fn iteration_prompt(
        &self,
        task: &Task,
        project: &Project,
        worktree: &Path,
        settings: &LoopSettings,
        state: &LoopState,
    ) -> ApiResult<String> {
        let dirs = [
            self.paths.config.join("loop"),
            // Of the checkout, not of the worktree: an agent does not write its own rules.
            project.path.join(".gluon").join("loop"),
        ];
        let (worktree, wanted) = (worktree.to_owned(), settings.plan.clone());
        let read = blocking(move || {
            let templates = read_templates(&dirs);
            (
                templates,
                super::facts::read_plans(&worktree, wanted.as_deref()),
            )
        });
        let (mut templates, plans) = read.await?;
        if let Some(own) = &settings.template {
            templates.iteration.clone_from(own);
        }
        let check = self.loop_check(project, settings);
        let words = match task.prompt.trim() {
            "" => task.title.as_str(),
            prompt => prompt,
        };
        let inputs = Inputs {
            task: words,
            iteration: state.iteration,
            plans: &plans,
            plan_file: settings.plan.as_deref(),
            check: check.as_deref(),
        };
        compose(&templates, &inputs, state).map_err(|error| {
            let message = format!("the loop's template cannot be used: {error}");
            ApiError::new(ErrorCode::Failed, message)
        })
    }

    /// The check command of a loop; `None` where there is none that may be run.
    pub(super) fn loop_check(&self, project: &Project, settings: &LoopSettings) -> Option<String> {
        if settings.no_check {
            return None;
        }
        let own = settings.check.clone();
        own.or_else(|| self.check_command(project).ok())
    }

    /// The end of an iteration's process is recorded: what is known goes to the rules.
    pub(in super::super) async fn iteration_over(self: &Arc<Self>, ended: &EndedRun) {
        let Ok(session) = self.store.session(ended.session) else {
            return;
        };
        let (Ok(task), Some(state)) = (self.task(session.task), self.loop_state(session.task))
        else {
            return;
        };
        if !matches!(state.phase, Phase::Running { .. } | Phase::Starting) {
            return;
        }
        if task.status != Status::Running && ended.exit != Exit::Lost {
            // Whoever stopped the task has stopped its loop.
            let _ = self.loop_step(task.id, LoopEvent::Pause { now: true });
        }
        let facts = self.facts_of(&task, &session, &state, ended).await;
        let _ = self.loop_step(task.id, LoopEvent::IterationEnded(Box::new(facts)));
    }

    /// Runs the check command of a loop.
    pub(super) async fn check_iteration(self: Arc<Self>, id: TaskId) {
        let result = match self.try_check(id).await {
            Ok(result) => result,
            Err(error) => CheckResult {
                outcome: CheckOutcome::NotRun,
                words: error.message,
                output: String::new(),
                took: 0,
                at: clock::now(),
                tree: Tree::default(),
            },
        };
        if let Ok(Some(session)) = self.newest_session(id) {
            let words = match result.outcome {
                CheckOutcome::Passed => "the check passed".to_owned(),
                outcome => format!("the check {}: {}", outcome.word(), result.words),
            };
            self.note_in_pane(session.id, &words);
        }
        let _ = self.loop_step(id, LoopEvent::CheckEnded(Box::new(result)));
    }

    async fn try_check(self: &Arc<Self>, id: TaskId) -> ApiResult<CheckResult> {
        let task = self.task(id)?;
        let project = self.project(task.project)?;
        let settings = self.loop_settings(id).ok_or_else(gone)?;
        let state = self.loop_state(id).ok_or_else(gone)?;
        let Some(command) = self.loop_check(&project, &settings) else {
            let message = "there is no check command any more";
            return Err(ApiError::new(ErrorCode::Refused, message));
        };
        let timeout = std::time::Duration::from_millis(state.limits.check.max(1).unsigned_abs());
        let record = self.check_with(&task, command, timeout, DAEMON).await?;
        let outcome = match record.verdict {
            Verdict::Passed => CheckOutcome::Passed,
            Verdict::Failed(_) => CheckOutcome::Failed,
            Verdict::TimedOut(_) => CheckOutcome::TimedOut,
            Verdict::NotRun(_) => CheckOutcome::NotRun,
        };
        let output = super::facts::clean(&record.output);
        let said = crate::domain::fold::headline(&output);
        let words = match said {
            "" => format!("it {}", record.verdict.words()),
            said => format!("it {}: {said}", record.verdict.words()),
        };
        Ok(CheckResult {
            outcome,
            words: words.chars().take(300).collect(),
            output: crate::domain::loops::facts::shortened(
                &output,
                crate::domain::loops::facts::MOST_OUTPUT,
            ),
            took: i64::try_from(record.took).unwrap_or(i64::MAX),
            at: clock::now(),
            tree: Tree {
                head: record.head,
                fingerprint: record.tree,
                dirty: 0,
            },
        })
    }

    /// The facts of an iteration that has ended.
    async fn facts_of(
        self: &Arc<Self>,
        task: &Task,
        session: &Session,
        state: &LoopState,
        ended: &EndedRun,
    ) -> IterationFacts {
        let settings = self.loop_settings(task.id).unwrap_or_default();
        let before = match &state.phase {
            Phase::Running { before, .. } => before.clone(),
            _ => Tree::default(),
        };
        let cwd = session.cwd.clone();
        let (wanted, since) = (settings.plan.clone(), before.clone());
        let looked = blocking(move || super::facts::look(&cwd, &since, wanted.as_deref())).await;
        let looked = match looked {
            Ok(Ok(looked)) => looked,
            // What cannot be read is as it was.
            Ok(Err(error)) => {
                tracing::warn!(task = task.id.0, %error, "what an iteration changed cannot be read");
                super::facts::Looked::nothing(before)
            }
            Err(_) => super::facts::Looked::nothing(before),
        };
        let project = self.project(task.project).ok();
        let check = project.and_then(|project| self.loop_check(&project, &settings));
        let told = super::facts::told(ended, clock::now(), clock::local_offset(clock::now()));
        let end = match (ended.exit, told.end) {
            (Exit::Lost, _) => RunEnd::Lost,
            (_, Some(end)) => end,
            (_, None) => super::facts::judged(self.judge(task, session, ended)),
        };
        let end = match self.setup_failure(session.id) {
            Some(why) => RunEnd::Failed(crate::domain::loops::Fault::Broken, why),
            None => end,
        };
        IterationFacts {
            end,
            message: told
                .message
                .unwrap_or_else(|| self.last_words_of(session, state.iteration)),
            question: told.question,
            denied: told.denied,
            after: looked.tree,
            changes: looked.changes,
            plans: looked.plans,
            cost: self.cost_since(session, state),
            has_check: check.is_some(),
        }
    }

    /// What the session cost beyond what is known of its iterations.
    fn cost_since(&self, session: &Session, state: &LoopState) -> Option<crate::domain::MicroUsd> {
        let cost = self.known(self.store.cost_of_task(session.task))?;
        let new = cost.usd.0.saturating_sub(state.spent.0).max(0);
        (!cost.unpriced || new > 0).then_some(crate::domain::MicroUsd(new))
    }

    /// The end of what a run printed, for agents that do not tell their final message apart.
    fn last_words_of(&self, session: &Session, iteration: u32) -> String {
        const TAIL: usize = 32 * 1024;
        if self.stream_of(session).is_some() {
            return String::new();
        }
        let dir = self.paths.session_dir(session.id);
        let tail = crate::pty::log::read_at(&dir, None, TAIL).map(|(_, bytes)| bytes);
        let tail = super::facts::clean(&String::from_utf8_lossy(&tail.unwrap_or_default()));
        // The log is that of all iterations: what an earlier one said is not said now.
        let begun = format!("[gluon: iteration {iteration}]");
        match tail.rfind(&begun) {
            Some(at) => tail[at + begun.len()..].to_owned(),
            None => tail,
        }
    }
}

/// The worktree at this moment.
pub(super) async fn tree_of(worktree: &Path) -> ApiResult<Tree> {
    let worktree = worktree.to_owned();
    Ok(blocking(move || super::facts::tree(&worktree)).await??)
}

fn read_templates(dirs: &[PathBuf]) -> Templates {
    let mut templates = Templates::default();
    for dir in dirs {
        for name in Templates::FILES {
            if let Some(text) = super::facts::read_text(&dir.join(name), MOST_TEMPLATE) {
                templates.replace(name, text);
            }
        }
    }
    templates
}

fn gone() -> ApiError {
    ApiError::not_found("loop any more")
}
