//! What the daemon asks of agents: which one, how it starts, how it is spoken to, what its end means.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::finish::EndedRun;
use super::projects::project_file;
use super::{Service, blocking, failed};
use crate::agents::{
    Agent, AgentError, ConversationId, DeliveryStep, FirstPrompt, Launch, ServerAddress,
    ServerKind, StartContext, StreamFormat, Trace, Watch, child_env, command_agent, deliver,
    hook_settings, installed, new_conversation_id, own_program,
};
use crate::daemon::session::{Signs, Step};
use crate::domain::{Activity, Ask, AskKind, Mode, Reason, Run, Session, Task, Timestamp, names};
use crate::protocol::{AgentView, ApiError, ApiResult, ErrorCode, Input};

/// The agent of a task that runs a command of the user's.
const COMMAND: &str = "command";
/// What an agent without a screen is told where it is resumed without a message.
const GO_ON: &str = "Go on with the task where you stopped.";
/// How long a first prompt waits for an agent that says when it is idle.
const FIRST_IDLE: Duration = Duration::from_secs(30);
/// How long a screen has to be still before an agent that says nothing is taken to be ready, and how long
/// that is waited for.
const STILL: (Duration, Duration) = (Duration::from_millis(800), Duration::from_secs(15));
/// The end of a run's output that its agent judges by, in bytes.
const TAIL: usize = 16 * 1024;

/// A process about to be started.
pub(super) struct Plan {
    pub(super) argv: Vec<String>,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) conversation: Option<String>,
    /// What it is told once it runs.
    pub(super) steps: Vec<Step>,
    /// What the user should know; shown in the session.
    pub(super) notes: Vec<String>,
    /// The server that it will keep.
    pub(super) server: Option<(ServerKind, ServerAddress)>,
}

impl Plan {
    /// The same with the server that the agent was told to keep.
    fn serving(mut self, agent: &dyn Agent, server: Option<ServerAddress>) -> Plan {
        if let (Some(kind), Some(address)) = (agent.server(), server) {
            let variable = kind.password_variable();
            self.env.retain(|(name, _)| name != variable);
            self.env
                .push((variable.into(), address.password.clone().into()));
            self.server = Some((kind, address));
        }
        self
    }
}

impl From<AgentError> for ApiError {
    fn from(error: AgentError) -> Self {
        ApiError::new(ErrorCode::Failed, error.to_string())
    }
}

impl Service {
    /// The name of the agent for a new task.
    pub(super) fn agent_for(
        &self,
        wanted: Option<String>,
        is_command: bool,
        project: &Path,
    ) -> ApiResult<String> {
        if is_command {
            return Ok(COMMAND.to_owned());
        }
        let named = match wanted {
            Some(name) => Some((name, String::new())),
            None => {
                let wished = project_file(project)?.agent;
                let place = project.join(".gluon.toml");
                let usual = || {
                    Some((
                        self.config.agents.default.clone()?,
                        self.paths.config_file(),
                    ))
                };
                let named = wished.map(|name| (name, place)).or_else(usual);
                named.map(|(name, place)| (name, format!(", which {} names", place.display())))
            }
        };
        if let Some((name, place)) = named {
            if self.agents.get(&name).is_some() {
                return Ok(name);
            }
            let message = format!("there is no agent `{name}`{place}");
            let error = ApiError::new(ErrorCode::NotFound, message);
            return Err(error.with_hint(self.way_to_agent(&name)));
        }
        let installed = self
            .agents
            .iter()
            .filter(|agent| !names::is_named_only(agent.name()))
            .find(|agent| program_of(&***agent).is_some());
        match installed {
            Some(agent) => Ok(agent.name().to_owned()),
            None => Err(
                ApiError::new(ErrorCode::Failed, "no agent is installed").with_hint(
                    "install one (for example Claude Code or Codex), name one with --agent, or see `gluon doctor`",
                ),
            ),
        }
    }

    /// What to do where an agent is not known: one of the user's own may be wrong, or newer than this
    /// daemon.
    fn way_to_agent(&self, name: &str) -> String {
        let manifest = self.paths.agents().join(format!("{name}.toml"));
        // A name is whatever somebody typed.
        if !name.contains('/') && manifest.is_file() {
            return format!(
                "`gluon doctor` says whether {} is right; `gluon daemon restart` takes it up",
                manifest.display()
            );
        }
        format!("known are: {}", self.agents.names().join(", "))
    }

    pub(super) fn agent_of(
        &self,
        name: &str,
        command: Option<&[String]>,
    ) -> ApiResult<Arc<dyn Agent>> {
        if let Some(command) = command {
            return Ok(command_agent(command.to_vec())?);
        }
        self.agents.get(name).ok_or_else(|| {
            ApiError::not_found(format!("agent `{name}` any more"))
                .with_hint("give the task another one")
        })
    }

    pub(super) fn task_agent(&self, task: &Task) -> ApiResult<Arc<dyn Agent>> {
        self.agent_of(&task.agent, task.command.as_deref())
    }

    /// Whether what a task runs is there to be run.
    pub(super) fn require_program(&self, task: &Task) -> ApiResult<()> {
        let agent = self.task_agent(task)?;
        let program = agent.program();
        // A relative path is looked up in the worktree, which may not be there yet.
        if program_of(&*agent).is_some() || program.contains('/') {
            return Ok(());
        }
        let message = format!(
            "{} is not installed: there is no `{program}`",
            agent.title()
        );
        Err(ApiError::new(ErrorCode::Failed, message)
            .with_hint("`gluon doctor` says what is missing"))
    }

    /// A new conversation on `task` that begins with `prompt`, then `message`.
    pub(super) async fn plan_start(
        &self,
        task: &Task,
        cwd: &Path,
        mut prompt: String,
        message: Option<&str>,
    ) -> ApiResult<Plan> {
        let agent = self.task_agent(task)?;
        let conversation = match agent.conversation_id() {
            ConversationId::Chosen => Some(new_conversation_id().map_err(failed)?),
            _ => None,
        };
        if let Some(message) = message {
            if !prompt.trim().is_empty() {
                prompt.push_str("\n\n");
            }
            prompt.push_str(message);
        }
        let server = self.new_server(&*agent, task.mode);
        let context = StartContext {
            prompt: (!prompt.trim().is_empty()).then_some(prompt),
            cwd: cwd.to_owned(),
            conversation,
            port: server.as_ref().map(|server| server.port),
            hooks: hooks(),
            ..self.trust_of(task)?
        };
        let launch = match task.mode {
            Mode::Interactive => agent.start(&context)?,
            Mode::Once | Mode::Loop => agent.headless(&context)?,
        };
        Ok(self.plan(task, &*agent, launch)?.serving(&*agent, server))
    }

    /// The conversation of `session` once more; `None` where it cannot be continued.
    pub(super) async fn plan_resume(
        &self,
        task: &Task,
        session: &Session,
        message: Option<&str>,
    ) -> ApiResult<Option<Plan>> {
        if !self.is_resumable(session) || task.agent != session.agent {
            return Ok(None);
        }
        let agent = self.task_agent(task)?;
        let conversation = session.conversation.clone().unwrap_or_default();
        if !self.has_conversation(&agent, session).await? {
            return Ok(None);
        }
        // Without a screen it does nothing unless it is told something.
        let prompt = match (message, session.mode) {
            (None, Mode::Once | Mode::Loop) => Some(GO_ON.to_owned()),
            (message, _) => message.map(str::to_owned),
        };
        let server = self.new_server(&*agent, session.mode);
        let context = StartContext {
            prompt,
            cwd: session.cwd.clone(),
            conversation: session.conversation.clone(),
            port: server.as_ref().map(|server| server.port),
            hooks: hooks(),
            ..self.trust_of(task)?
        };
        let launch = match session.mode {
            Mode::Interactive => agent.resume(&context, &conversation),
            Mode::Once | Mode::Loop => agent.headless_resume(&context, &conversation),
        };
        match launch {
            Ok(launch) => {
                let plan = self.plan(task, &*agent, launch)?;
                Ok(Some(plan.serving(&*agent, server)))
            }
            Err(AgentError::Unsupported { .. } | AgentError::NoConversation { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the agent still has the conversation of a session.
    pub(super) async fn has_conversation(
        &self,
        agent: &Arc<dyn Agent>,
        session: &Session,
    ) -> ApiResult<bool> {
        let (session, agent) = (session.clone(), agent.clone());
        blocking(move || {
            let id = session.conversation.as_deref().unwrap_or_default();
            agent.has_conversation(&trace(&session, session.started_at), id)
        })
        .await
    }

    /// Whether the user trusts the project of a task, for an agent to be told so.
    pub(super) fn trust_of(&self, task: &Task) -> ApiResult<StartContext> {
        Ok(StartContext {
            trusted: self.project(task.project)?.trusted,
            ..StartContext::default()
        })
    }

    pub(super) fn plan(&self, task: &Task, agent: &dyn Agent, launch: Launch) -> ApiResult<Plan> {
        let extras = [("GLUON_TASK".to_owned(), task.id.to_string())];
        let env = child_env(std::env::vars_os(), &launch, &extras).into_vec();
        let mut steps = Vec::new();
        match &launch.first_prompt {
            FirstPrompt::None | FirstPrompt::InArguments => {}
            FirstPrompt::WhenIdle(text) => {
                steps.push(Step::Idle(FIRST_IDLE));
                steps.extend(steps_of(agent, text)?);
            }
            FirstPrompt::AfterQuiet(text) => {
                steps.push(Step::Still(STILL.0, STILL.1));
                steps.extend(steps_of(agent, text)?);
            }
        }
        Ok(Plan {
            argv: launch.argv,
            env,
            conversation: launch.conversation,
            steps,
            notes: Vec::new(),
            server: None,
        })
    }

    /// How a text is given to a task's agent while it runs.
    pub(super) fn delivery(&self, task: &Task, text: &str) -> ApiResult<Vec<Step>> {
        let agent = self.task_agent(task)?;
        steps_of(&*agent, text)
    }

    /// What an agent's title and screen tell of it.
    pub(super) fn signs(&self, agent: &str) -> Signs {
        let Ok(agent) = self.agent_of(agent, None) else {
            return Signs::default();
        };
        Signs::of(agent.hints())
    }

    /// In which words a session's agent tells what it does, and where it runs, where it has no screen.
    pub(super) fn stream_of(&self, session: &Session) -> Option<(StreamFormat, String)> {
        if session.mode == Mode::Interactive {
            return None;
        }
        let agent = self.agent_of(&session.agent, None).ok()?;
        let cwd = session.cwd.to_string_lossy().into_owned();
        Some((agent.stream()?, cwd))
    }

    /// Whether what is typed would land in a dialog of the agent's; then, what it asks.
    pub(super) fn asked_by(&self, task: &Task, activity: Activity) -> ApiResult<Option<Ask>> {
        let agent = self.task_agent(task)?;
        let questions = agent.delivery().answers_questions;
        Ok(match activity {
            Activity::Waiting(ask) if !(questions && ask.kind == AskKind::Question) => Some(ask),
            _ => None,
        })
    }

    /// The keys that answer what a task's agent asks; `None` where they are not known.
    pub(super) fn answer_keys(
        &self,
        task: &Task,
        ask: &str,
        yes: bool,
    ) -> ApiResult<Option<Vec<u8>>> {
        let agent = self.task_agent(task)?;
        let keys = agent.answers().keys(ask, yes);
        Ok(Some(keys.to_vec()).filter(|keys| !keys.is_empty()))
    }

    /// How a session's agent is asked to end before it is made to.
    pub(super) fn polite_end(&self, _session: &Session) -> Vec<Step> {
        // All that are known end well on SIGTERM and keep their conversation.
        Vec::new()
    }

    /// Whether the conversation of a session can be continued.
    pub(super) fn is_resumable(&self, session: &Session) -> bool {
        let Ok(agent) = self.agent_of(&session.agent, None) else {
            return false;
        };
        let context = StartContext {
            cwd: session.cwd.clone(),
            ..StartContext::default()
        };
        let conversation = session.conversation.as_deref().unwrap_or_default();
        if conversation.is_empty() && agent.conversation_id() != ConversationId::None {
            return false;
        }
        match session.mode {
            Mode::Interactive => agent.resume(&context, conversation).is_ok(),
            Mode::Once | Mode::Loop => {
                let prompt = Some(GO_ON.to_owned());
                let context = StartContext { prompt, ..context };
                agent.headless_resume(&context, conversation).is_ok()
            }
        }
    }

    /// The conversation that a run which has ended led, where its agent has left word of it.
    pub(super) async fn learn_conversation(&self, ended: &EndedRun) -> Option<String> {
        let session = self.store.session(ended.session).ok()?;
        let since = self.store.run(ended.run).ok()?.started_at;
        let agent = self.agent_of(&session.agent, None).ok()?;
        let looked = blocking(move || agent.discover_conversation(&trace(&session, since)));
        looked.await.ok().flatten()
    }

    /// What reads the registry that a session's agent keeps of its process.
    pub(super) fn registry_of(&self, session: &Session, run: &Run) -> Option<Watch> {
        let agent = self.agent_of(&session.agent, None).ok()?;
        agent.watch(&trace(session, run.started_at), run.pid?)
    }

    /// What the end of a run means.
    pub(super) fn judge(&self, task: &Task, session: &Session, ended: &EndedRun) -> Reason {
        if let Some(why) = self.setup_failure(session.id) {
            return Reason::Failed(why);
        }
        let agent = self.task_agent(task);
        if let (Some(summary), Ok(agent)) = (&ended.summary, &agent)
            && let Some(reason) = summary.verdict(agent.title(), ended.exit)
        {
            return reason;
        }
        let dir = self.paths.session_dir(session.id);
        let tail = crate::pty::log::read_at(&dir, None, TAIL).map(|(_, bytes)| bytes);
        let tail = String::from_utf8_lossy(&tail.unwrap_or_default()).into_owned();
        match agent {
            Ok(agent) => agent.judge_end(ended.exit, session.mode, &tail),
            Err(error) => Reason::Failed(error.message),
        }
    }

    /// The agents as clients are shown them.
    pub(super) async fn agent_views(&self) -> ApiResult<Vec<AgentView>> {
        let agents: Vec<Arc<dyn Agent>> = self.agents.iter().cloned().collect();
        let preferred = self.config.agents.default.clone();
        blocking(move || {
            agents
                .iter()
                .map(|agent| AgentView {
                    name: agent.name().to_owned(),
                    title: agent.title().to_owned(),
                    program: agent.program().to_owned(),
                    installed: program_of(&**agent),
                    modes: modes(&**agent),
                    preferred: preferred.as_deref() == Some(agent.name()),
                    while_busy: agent.delivery().while_busy,
                })
                .collect()
        })
        .await
    }
}

/// What makes agents that can do so report their turns by `gluon hook`.
pub(super) fn hooks() -> Option<String> {
    // A path that is not text cannot be put into JSON.
    own_program().to_str().map(hook_settings)
}

/// Where an agent may have left word of what it did in `session` from `since` on.
pub(super) fn trace(session: &Session, since: Timestamp) -> Trace<'_> {
    Trace {
        cwd: &session.cwd,
        since,
        env: &|name| std::env::var_os(name),
    }
}

/// Where an agent's program is; `None`: not installed.
fn program_of(agent: &dyn Agent) -> Option<PathBuf> {
    installed(agent, &std::env::var_os("PATH").unwrap_or_default())
}

fn modes(agent: &dyn Agent) -> Vec<Mode> {
    let context = StartContext {
        prompt: Some("x".to_owned()),
        conversation: Some(String::new()),
        ..StartContext::default()
    };
    let mut modes = vec![Mode::Interactive];
    if agent.headless(&context).is_ok() {
        modes.push(Mode::Once);
    }
    modes
}

fn steps_of(agent: &dyn Agent, text: &str) -> ApiResult<Vec<Step>> {
    let mut steps = Vec::new();
    for step in deliver(agent.delivery(), text)? {
        let input = match step {
            DeliveryStep::Paste(text) => Input::Paste(text),
            DeliveryStep::Bytes(bytes) => Input::Raw(bytes),
            DeliveryStep::Pause(millis) => {
                steps.push(Step::Pause(Duration::from_millis(millis)));
                continue;
            }
        };
        steps.push(Step::Unasked(agent.delivery().answers_questions));
        steps.push(Step::Input(input));
    }
    Ok(steps)
}
