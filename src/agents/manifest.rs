//! The one implementation of [`Agent`] that manifests drive.

use std::ffi::OsString;
use std::path::Path;

use super::agent::{
    Agent, AgentError, Answers, ConversationId, FirstPrompt, Hints, Launch, StartContext, Trace,
};
use super::conversations::Library;
use super::deliver::{Delivery, clean};
use super::end::judge;
use super::schema::{Argument, Command, FailureLine, FirstPromptWay, ManifestFile, Part, Template};
use super::server::ServerKind;
use super::stream::StreamFormat;
use super::transcripts::Transcripts;
use super::trust::{self, Trust};
use super::usage::Meter;
use super::watch::Watch;
use crate::domain::{Exit, Mode, Reason};

/// The longest prompt put into an argument, in bytes. The kernel's limit for one argument is 128 KiB.
pub const MAX_ARGUMENT: usize = 100_000;

/// An agent as its manifest describes it.
#[derive(Debug, Clone)]
pub(super) struct ManifestAgent {
    name: String,
    title: String,
    program: String,
    install: String,
    conversation: ConversationId,
    transcripts: Option<Transcripts>,
    stream: Option<StreamFormat>,
    server: Option<ServerKind>,
    first_prompt: FirstPromptWay,
    version: Command,
    start: Command,
    resume: Option<Command>,
    headless: Option<Command>,
    headless_resume: Option<Command>,
    fork: Option<Command>,
    env: Vec<(String, String)>,
    env_remove: Vec<String>,
    delivery: Delivery,
    answers: Answers,
    hints: Hints,
    failures: Vec<FailureLine>,
}

impl ManifestAgent {
    /// The agent that `file` describes; `Err` says what is missing.
    pub fn new(file: ManifestFile) -> Result<Self, String> {
        let name = file.name.unwrap_or_default();
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(legal) {
            return Err(format!(
                "`{name}` is no name for an agent: use letters, digits, `-`, `_` and `.`"
            ));
        }
        let program = match file.program {
            Some(program) if !program.trim().is_empty() => program,
            _ => return Err("`program` is missing: the program to start".to_owned()),
        };
        let delivery = file.delivery.unwrap_or_default();
        let usual = Delivery::default();
        let answers = file.answers.unwrap_or_default();
        Ok(Self {
            title: file.title.unwrap_or_else(|| name.clone()),
            name,
            program,
            install: file.install.unwrap_or_default(),
            conversation: file.conversation.unwrap_or_default(),
            transcripts: file.transcripts,
            stream: file.stream,
            server: file.server,
            first_prompt: file.first_prompt.unwrap_or_default(),
            version: file.version.unwrap_or_else(|| Command {
                args: vec![Argument::One(Template(vec![Part::Text(
                    "--version".to_owned(),
                )]))],
            }),
            start: file.start.unwrap_or_default(),
            resume: file.resume,
            headless: file.headless,
            headless_resume: file.headless_resume,
            fork: file.fork,
            env: file.env.into_iter().collect(),
            env_remove: file.env_remove.unwrap_or_default(),
            delivery: Delivery {
                pause_ms: delivery.pause_ms.unwrap_or(usual.pause_ms),
                submit: delivery.submit.map_or(usual.submit, |keys| keys.0),
                guard_starts: delivery.guard_starts.unwrap_or(usual.guard_starts),
                guard_line: delivery.guard_line.unwrap_or(usual.guard_line),
                guard_end: delivery.guard_end.unwrap_or(usual.guard_end),
                answers_questions: delivery
                    .answers_questions
                    .unwrap_or(usual.answers_questions),
                while_busy: delivery.while_busy.unwrap_or(usual.while_busy),
                interrupt: delivery
                    .interrupt
                    .map_or(usual.interrupt, |presses| presses.0),
            },
            answers: Answers {
                approve: answers.approve.0,
                deny: answers.deny.0,
                asks: answers
                    .asks
                    .into_iter()
                    .map(|ask| {
                        let answers = Answers {
                            approve: ask.approve.0,
                            deny: ask.deny.0,
                            asks: Vec::new(),
                        };
                        (ask.text, answers)
                    })
                    .collect(),
            },
            hints: file.hints.unwrap_or_default(),
            failures: file.end.unwrap_or_default().failures,
        })
    }

    /// A command line as an agent: no prompt in its arguments, no conversations.
    pub fn plain(program: String, args: Vec<String>) -> Self {
        let args = args
            .into_iter()
            .map(|arg| Argument::One(Template(vec![Part::Text(arg)])));
        let start = Command {
            args: args.collect(),
        };
        let title = program.rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            name: "command".to_owned(),
            title,
            program,
            install: String::new(),
            conversation: ConversationId::None,
            transcripts: None,
            stream: None,
            server: None,
            // A command that is no agent is not told anything that was not in its command line.
            first_prompt: FirstPromptWay::Argument,
            version: Command::default(),
            headless: Some(start.clone()),
            start,
            resume: None,
            headless_resume: None,
            fork: None,
            env: Vec::new(),
            env_remove: Vec::new(),
            delivery: Delivery::plain(),
            answers: Answers::default(),
            hints: Hints::default(),
            failures: Vec::new(),
        }
    }

    /// What the agent finds in its environment under `name`.
    fn environment(&self, trace: &Trace<'_>, name: &str) -> Option<OsString> {
        match self.env.iter().find(|(known, _)| known == name) {
            Some((_, value)) => Some(value.into()),
            None if self.env_remove.iter().any(|gone| gone == name) => None,
            None => (trace.env)(name),
        }
    }

    fn unsupported(&self, what: &'static str, table: &'static str) -> AgentError {
        AgentError::Unsupported {
            agent: self.name.clone(),
            what,
            table,
        }
    }

    /// The interactive launch of `command`.
    fn screen(&self, command: &Command, ctx: &StartContext, id: Option<&str>) -> Launch {
        let prompt = ctx.prompt.as_deref().and_then(as_prompt);
        let way = match &prompt {
            Some(text) if text.len() > MAX_ARGUMENT => self.way_after_start(),
            // It takes none there, but is one to be talked to.
            Some(_) if !mentions_prompt(command) && self.conversation != ConversationId::None => {
                self.way_after_start()
            }
            _ => self.first_prompt,
        };
        let in_arguments = prompt
            .as_deref()
            .filter(|_| way == FirstPromptWay::Argument);
        let argv = self.argv(command, ctx, id, in_arguments);
        let first_prompt = match (prompt, way) {
            (None, _) => FirstPrompt::None,
            (Some(_), FirstPromptWay::Argument) if !mentions_prompt(command) => FirstPrompt::None,
            (Some(_), FirstPromptWay::Argument) => FirstPrompt::InArguments,
            (Some(text), FirstPromptWay::WhenIdle) => FirstPrompt::WhenIdle(text),
            (Some(text), FirstPromptWay::AfterQuiet) => FirstPrompt::AfterQuiet(text),
        };
        self.launch(argv, first_prompt, id)
    }

    /// The launch of `command` without a screen.
    fn screenless(
        &self,
        command: &Command,
        ctx: &StartContext,
        id: Option<&str>,
    ) -> Result<Launch, AgentError> {
        let prompt = ctx.prompt.as_deref().and_then(as_prompt);
        let first_prompt = match &prompt {
            _ if !mentions_prompt(command) => FirstPrompt::None,
            Some(text) if text.len() > MAX_ARGUMENT => {
                return Err(AgentError::TooLong {
                    bytes: text.len(),
                    most: MAX_ARGUMENT,
                });
            }
            Some(_) => FirstPrompt::InArguments,
            None => {
                return Err(AgentError::NoPrompt {
                    agent: self.name.clone(),
                });
            }
        };
        let argv = self.argv(command, ctx, id, prompt.as_deref());
        Ok(self.launch(argv, first_prompt, id))
    }

    fn launch(&self, argv: Vec<String>, first_prompt: FirstPrompt, id: Option<&str>) -> Launch {
        let resumable = self.resume.is_some()
            && match self.conversation {
                ConversationId::Chosen => id.is_some(),
                ConversationId::Learnt | ConversationId::None => true,
            };
        Launch {
            argv,
            env: self.env.clone(),
            env_remove: self.env_remove.clone(),
            first_prompt,
            conversation: id.map(str::to_owned),
            resumable,
        }
    }

    fn way_after_start(&self) -> FirstPromptWay {
        match self.first_prompt {
            FirstPromptWay::Argument if self.hints.says_idle() => FirstPromptWay::WhenIdle,
            FirstPromptWay::Argument => FirstPromptWay::AfterQuiet,
            other => other,
        }
    }

    fn argv(
        &self,
        command: &Command,
        ctx: &StartContext,
        conversation: Option<&str>,
        prompt: Option<&str>,
    ) -> Vec<String> {
        let cwd = ctx.cwd.to_string_lossy();
        let quoted_cwd = quoted(&ctx.cwd);
        let port = ctx.port.map(|port| port.to_string());
        let fill = |template: &Template| -> Option<String> {
            let mut text = String::new();
            for part in &template.0 {
                text.push_str(match part {
                    Part::Text(text) => text,
                    Part::Prompt => prompt?,
                    Part::Conversation => conversation?,
                    Part::Cwd => &cwd,
                    Part::QuotedCwd => quoted_cwd.as_deref()?,
                    Part::Port => port.as_deref()?,
                    Part::Hooks => ctx.hooks.as_deref()?,
                    Part::From => &ctx.from.as_ref()?.id,
                    Part::Transcript => &ctx.from.as_ref()?.transcript,
                });
            }
            // No prompt is ever read as a flag, nor as `-`, which means standard input to some.
            let bare = template.0.first() == Some(&Part::Prompt);
            Some(if bare && text.starts_with('-') {
                format!(" {text}")
            } else {
                text
            })
        };
        let mut argv = vec![self.program.clone()];
        for argument in &command.args {
            match argument {
                Argument::One(template) => argv.extend(fill(template)),
                Argument::Group(group) => {
                    argv.extend(
                        group
                            .iter()
                            .map(fill)
                            .collect::<Option<Vec<_>>>()
                            .unwrap_or_default(),
                    );
                }
                Argument::When(conditional) if ctx.trusted => {
                    argv.extend(conditional.args.iter().filter_map(fill));
                }
                Argument::When(_) => {}
            }
        }
        argv
    }

    fn known<'a>(&self, conversation: &'a str) -> Result<Option<&'a str>, AgentError> {
        match (self.conversation, conversation) {
            (ConversationId::None, _) => Ok(None),
            (_, "") => Err(AgentError::NoConversation {
                agent: self.name.clone(),
            }),
            (_, id) => Ok(Some(id)),
        }
    }

    fn chosen<'a>(&self, ctx: &'a StartContext) -> Option<&'a str> {
        ctx.conversation
            .as_deref()
            .filter(|_| self.conversation == ConversationId::Chosen)
    }
}

fn mentions_prompt(command: &Command) -> bool {
    mentions(command, &Part::Prompt)
}

fn mentions(command: &Command, part: &Part) -> bool {
    let has = |template: &Template| template.0.contains(part);
    command.args.iter().any(|argument| match argument {
        Argument::One(template) => has(template),
        Argument::Group(group) => group.iter().any(has),
        Argument::When(conditional) => conditional.args.iter().any(has),
    })
}

/// The prompt without control characters (a NUL would cut the argument); `None` if nothing is left.
fn as_prompt(text: &str) -> Option<String> {
    Some(clean(text)).filter(|text| !text.trim().is_empty())
}

impl Agent for ManifestAgent {
    fn name(&self) -> &str {
        &self.name
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn program(&self) -> &str {
        &self.program
    }

    fn conversation_id(&self) -> ConversationId {
        self.conversation
    }

    fn start(&self, ctx: &StartContext) -> Result<Launch, AgentError> {
        Ok(self.screen(&self.start, ctx, self.chosen(ctx)))
    }

    fn resume(&self, ctx: &StartContext, conversation: &str) -> Result<Launch, AgentError> {
        let command = self.resume.as_ref();
        let command = command.ok_or_else(|| self.unsupported("resume a conversation", "resume"))?;
        Ok(self.screen(command, ctx, self.known(conversation)?))
    }

    fn headless(&self, ctx: &StartContext) -> Result<Launch, AgentError> {
        let command = self.headless.as_ref();
        let command =
            command.ok_or_else(|| self.unsupported("run without a screen", "headless"))?;
        self.screenless(command, ctx, self.chosen(ctx))
    }

    fn headless_resume(
        &self,
        ctx: &StartContext,
        conversation: &str,
    ) -> Result<Launch, AgentError> {
        let command = self.headless_resume.as_ref().ok_or_else(|| {
            self.unsupported("resume a conversation without a screen", "headless_resume")
        })?;
        self.screenless(command, ctx, self.known(conversation)?)
    }

    fn fork(&self, ctx: &StartContext) -> Result<Launch, AgentError> {
        let command = self.fork.as_ref();
        let command = command.ok_or_else(|| self.unsupported("fork a conversation", "fork"))?;
        Ok(self.screen(
            command,
            ctx,
            self.chosen(ctx)
                .filter(|_| mentions(command, &Part::Conversation)),
        ))
    }

    fn stream(&self) -> Option<StreamFormat> {
        self.stream
    }

    fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    fn answers(&self) -> &Answers {
        &self.answers
    }

    fn judge_end(&self, exit: Exit, mode: Mode, tail: &str) -> Reason {
        judge(&self.title, &self.failures, exit, mode, tail)
    }

    fn hints(&self) -> &Hints {
        &self.hints
    }

    fn discover_conversation(&self, trace: &Trace<'_>) -> Option<String> {
        let env = |name: &str| self.environment(trace, name);
        self.transcripts?.newest(&Trace {
            env: &env,
            ..*trace
        })
    }

    fn has_conversation(&self, trace: &Trace<'_>, conversation: &str) -> bool {
        let env = |name: &str| self.environment(trace, name);
        let trace = Trace {
            env: &env,
            ..*trace
        };
        self.transcripts
            .is_none_or(|transcripts| transcripts.may_have(&trace, conversation))
    }

    fn meter(&self, trace: &Trace<'_>) -> Option<Meter> {
        let env = |name: &str| self.environment(trace, name);
        Meter::new(
            self.transcripts?,
            &Trace {
                env: &env,
                ..*trace
            },
        )
    }

    fn watch(&self, trace: &Trace<'_>, pid: u32) -> Option<Watch> {
        let env = |name: &str| self.environment(trace, name);
        let trace = Trace {
            env: &env,
            ..*trace
        };
        Watch::new(self.transcripts?, &trace, pid)
    }

    fn server(&self) -> Option<ServerKind> {
        self.server
    }

    fn library(&self, trace: &Trace<'_>) -> Option<Library> {
        let env = |name: &str| self.environment(trace, name);
        let trace = Trace {
            env: &env,
            ..*trace
        };
        Library::new(self.transcripts?, &self.name, &trace)
    }

    fn trust(&self, trace: &Trace<'_>, checkout: &Path) -> Trust {
        let env = |name: &str| self.environment(trace, name);
        let trace = Trace {
            env: &env,
            ..*trace
        };
        let told = |argument: &Argument| matches!(argument, Argument::When(_));
        Trust {
            own: self
                .transcripts
                .and_then(|whose| trust::own(whose, &trace, checkout)),
            told: self.start.args.iter().any(told),
        }
    }

    fn version_command(&self) -> Vec<String> {
        self.argv(&self.version, &StartContext::default(), None, None)
    }

    fn install_hint(&self) -> &str {
        &self.install
    }
}

/// A path as a TOML string; `None` where it is no text.
fn quoted(path: &Path) -> Option<String> {
    let text = path.to_str().filter(|text| !text.is_empty())?;
    // What JSON escapes in a path, TOML does in the same way.
    serde_json::to_string(text).ok()
}
