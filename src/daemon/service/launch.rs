//! Starting and resuming agents: worktree, session, run, process. Whatever fails on the way, the task
//! lands in review with one sentence, and nothing is left half made.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::agents::Plan;
use super::projects::project_file;
use super::records::{Actor, Change, DAEMON, USER, allowed};
use super::{Caller, Service};
use crate::config::setup_hash;
use crate::daemon::clock;
use crate::daemon::session::{Command, Words};
use crate::domain::hook::RUN;
use crate::domain::{Action, Project, Reason, Run, RunId, Session, SessionId, SessionState, Task};
use crate::protocol::{ApiError, ApiResult, ErrorCode, Level, StartTask, TaskCard};

/// The size of a terminal nobody has looked at yet, in columns and rows.
const SIZE: (u16, u16) = (80, 24);

/// Runs the trusted setup command where the user can see it, then becomes the agent. Notes in a file how
/// far it came, so that a failed setup is not taken for a failed agent.
const SETUP: &str = r#"printf '\033[2m[gluon: setup: %s]\033[0m\n' "$GLUON_SETUP"
( eval "$GLUON_SETUP" )
code=$?
if [ "$code" -ne 0 ]; then
  echo "failed $code" >"$GLUON_SETUP_MARK"
  printf '[gluon: the setup command ended with code %s; the agent was not started]\n' "$code"
  exit "$code"
fi
echo done >"$GLUON_SETUP_MARK"
unset GLUON_SETUP GLUON_SETUP_MARK
exec "$@""#;

impl Service {
    pub(super) async fn start_task(
        self: &Arc<Self>,
        _: &Caller,
        start: StartTask,
    ) -> ApiResult<TaskCard> {
        let (service, id) = (self.clone(), start.task);
        // Apart from the connection: a client that goes does not leave the work half done.
        let work = tokio::spawn(async move { service.start(start, USER).await });
        work.await
            .map_err(|error| super::internal(error.to_string()))??;
        self.card(id)
    }

    /// Starts or resumes a task. An error is why it may not be started; a start that fails is no error
    /// here: the task is in review then.
    pub(in crate::daemon) async fn start(
        self: &Arc<Self>,
        start: StartTask,
        actor: Actor,
    ) -> ApiResult<()> {
        let id = start.task;
        let _lock = self.lock_task(id).await;
        if self.is_closing() {
            let message = "the daemon is going away";
            return Err(ApiError::new(ErrorCode::Unavailable, message));
        }
        let task = self.task(id)?;
        let again = self.newest_session(id)?.is_some() && !start.fresh;
        let (action, kind) = if again {
            (Action::Resume, "resumed")
        } else {
            (Action::Start, "started")
        };
        allowed(task.status, action)?;
        if Self::is_loop(&task) {
            self.require_loop(&task, &start)?;
        }
        self.require_budget(&task)?;
        if !Self::is_loop(&task) && again && !start.recap {
            self.require_conversation(&task).await?;
        }
        let change = Change::new(actor, kind).detail(start.message.clone().unwrap_or_default());
        let task = self.act(id, action, change, |task| task.held = false)?;
        let launched = match Self::is_loop(&task) {
            true => self.begin_loop(&task, &start),
            false => self.launch(&task, &start).await,
        };
        if let Err(error) = launched {
            tracing::warn!(task = id.0, %error, "a task cannot be started");
            let mut why = error.message;
            if let Some(hint) = error.hint {
                why = format!("{why}; {hint}");
            }
            self.say(Some(id), Level::Error, format!("{}: {why}", task.title));
            let change = Change::new(DAEMON, "failed").detail(why.clone());
            self.to_review(id, change, Reason::Failed(why))?;
        }
        Ok(())
    }

    /// From a running task to a running process.
    async fn launch(self: &Arc<Self>, task: &Task, start: &StartTask) -> ApiResult<()> {
        let project = self.project(task.project)?;
        // Before anything is made.
        self.require_program(task)?;
        let place = self.prepare_worktree(task, &project).await?;
        let previous = self.newest_session(task.id)?;
        let unfinished = previous
            .as_ref()
            .is_some_and(|session| self.setup_failure(session.id).is_some());
        let previous = previous.filter(|_| !start.fresh);
        let message = start.message.as_deref();
        let resumed = match &previous {
            // Where the setup failed there has been no conversation yet.
            Some(session) if place.path == session.cwd && !unfinished => {
                self.plan_resume(task, session, message).await?
            }
            _ => None,
        };
        let adopted = match (&previous, &resumed) {
            (Some(_), None) => self.plan_adopted(task, &place.path, message).await?,
            _ => None,
        };
        let (session, mut plan) = match (previous, resumed, adopted) {
            (Some(session), Some(plan), _) => (self.revive(session)?, plan),
            // What was adopted goes on in a session of its own.
            (_, _, Some(plan)) => (self.new_session(task, &place.path, &plan)?, plan),
            (previous, ..) => {
                let lost = previous.is_some() && !unfinished && task.command.is_none();
                let prompt = match lost || (start.fresh && start.recap) {
                    true => self.recap(task).await.prompt(&task.prompt),
                    false => task.prompt.clone(),
                };
                let mut plan = self.plan_start(task, &place.path, prompt, message).await?;
                if lost {
                    let note = "the earlier conversation cannot be resumed; this is a new one";
                    plan.notes.push(note.to_owned());
                }
                (self.new_session(task, &place.path, &plan)?, plan)
            }
        };
        let setup = if place.new || unfinished {
            self.wrap_setup(&project, session.id, &mut plan)?
        } else {
            false
        };
        let run = self.spawn(task, &session, plan, start.size).await?;
        if setup {
            self.watch_setup(run, session.id);
        }
        let service = self.clone();
        let id = task.id;
        tokio::spawn(async move { service.look_at_git(id, true).await });
        Ok(())
    }

    pub(super) fn new_session(&self, task: &Task, cwd: &Path, plan: &Plan) -> ApiResult<Session> {
        Ok(self.store.add_session(&Session {
            id: SessionId(0),
            task: task.id,
            project: task.project,
            agent: task.agent.clone(),
            mode: task.mode,
            conversation: plan.conversation.clone(),
            cwd: cwd.to_owned(),
            state: SessionState::Live,
            started_at: clock::now(),
            ended_at: None,
            exit: None,
        })?)
    }

    pub(super) fn revive(&self, session: Session) -> ApiResult<Session> {
        let session = Session {
            state: SessionState::Live,
            ended_at: None,
            exit: None,
            ..session
        };
        self.store.update_session(&session)?;
        Ok(session)
    }

    /// Starts the process and lets the session follow it.
    pub(super) async fn spawn(
        self: &Arc<Self>,
        task: &Task,
        session: &Session,
        mut plan: Plan,
        size: Option<(u16, u16)>,
    ) -> ApiResult<RunId> {
        let handle = self.open_session(session, size)?;
        let size = size.unwrap_or_else(|| handle.known_size().unwrap_or(SIZE));
        for note in &plan.notes {
            handle.send(Command::Note(note.clone()));
        }
        let run = self.store.add_run(&Run {
            id: RunId(0),
            session: session.id,
            number: 0,
            pid: None,
            command: plan.argv.clone(),
            started_at: clock::now(),
            ended_at: None,
            exit: None,
        })?;
        // Before the process can end.
        self.state().runs.insert(run.id, session.id);
        self.monitor.notify_one();
        plan.env.push((RUN.into(), run.id.to_string().into()));
        let spawned = self
            .keeper
            .spawn(run.id, plan.argv, plan.env, &session.cwd, size);
        let (pid, master) = match spawned.await {
            Ok(spawned) => spawned,
            Err(error) => {
                self.undo_spawn(session, &run)?;
                return Err(error);
            }
        };
        let run_id = run.id;
        let run = Run {
            pid: Some(pid),
            ..run
        };
        self.store.update_run(&run)?;
        self.watch_health(session.id, run_id)?;
        handle.send(Command::Follow {
            run: run_id,
            master,
            size: Some(size),
        });
        if let Some(watch) = self.registry_of(session, &run) {
            handle.send(Command::Watch(watch));
        }
        if let Some(server) = plan.server {
            self.serve_run(session, run_id, server);
        }
        if !plan.steps.is_empty() {
            handle.send(Command::Deliver(Words::silent(plan.steps)));
        }
        tracing::info!(
            task = task.id.0,
            session = session.id.0,
            pid,
            "an agent started"
        );
        self.publish_task(task.id);
        Ok(run_id)
    }

    fn undo_spawn(&self, session: &Session, run: &Run) -> ApiResult<()> {
        let now = clock::now();
        self.state().runs.remove(&run.id);
        self.store.update_run(&Run {
            ended_at: Some(now),
            ..run.clone()
        })?;
        self.store.update_session(&Session {
            state: SessionState::Ended,
            ended_at: Some(now),
            ..session.clone()
        })?;
        Ok(())
    }

    /// Puts the project's setup command before the agent, if there is one that the user trusts.
    pub(super) fn wrap_setup(
        &self,
        project: &Project,
        session: SessionId,
        plan: &mut Plan,
    ) -> ApiResult<bool> {
        let Some(setup) = project_file(&project.path)?.setup else {
            return Ok(false);
        };
        if project.trusted_setup.as_deref() != Some(setup_hash(&setup).as_str()) {
            let name = &project.name;
            plan.notes.push(format!(
                "the setup command of {name} was not run: `gluon project trust {name}` allows it"
            ));
            return Ok(false);
        }
        let mark = self.setup_mark(session);
        let _ = std::fs::remove_file(&mark);
        plan.env.push(("GLUON_SETUP".into(), setup.into()));
        plan.env.push(("GLUON_SETUP_MARK".into(), mark.into()));
        let mut argv = ["/bin/sh", "-c", SETUP, "gluon-setup"]
            .map(str::to_owned)
            .to_vec();
        argv.append(&mut plan.argv);
        plan.argv = argv;
        Ok(true)
    }

    /// Ends a setup command that takes too long.
    pub(super) fn watch_setup(self: &Arc<Self>, run: RunId, session: SessionId) {
        let service = self.clone();
        let patience = Duration::from_secs(self.config.worktrees.setup_timeout.max(1));
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            let mark = service.setup_mark(session);
            if service.state().runs.contains_key(&run) && !mark.exists() {
                let _ = std::fs::write(&mark, "timeout\n");
                let _ = service.keeper.signal(run, libc::SIGKILL).await;
            }
        });
    }

    fn setup_mark(&self, session: SessionId) -> PathBuf {
        self.paths.session_dir(session).join("setup")
    }

    /// How the setup command of a session failed, if it did: one sentence.
    pub(super) fn setup_failure(&self, session: SessionId) -> Option<String> {
        let mark = std::fs::read_to_string(self.setup_mark(session)).ok()?;
        match mark.trim() {
            "done" => None,
            "timeout" => Some("the setup command took too long".to_owned()),
            failed => Some(match failed.strip_prefix("failed ") {
                Some(code) => format!("the setup command ended with code {code}"),
                None => "the setup command failed".to_owned(),
            }),
        }
    }
}
