//! Adopting conversations: a task that goes on with a conversation which gluon did not start.
//!
//! The task works in a worktree of its own, as every task does, so its agent forks the conversation into
//! that: what was said goes on under a new id, and the transcript of the one before stays as it is. An agent
//! that cannot do that begins a new conversation, which is told of the one before.

use std::path::Path;
use std::sync::Arc;

use super::agents::{Plan, hooks};
use super::conversations::Listed;
use super::records::{Change, USER, last_position};
use super::{Caller, Service, failed};
use crate::agents::conversations::From;
use crate::agents::{AgentError, ConversationId, Forked, StartContext, new_conversation_id};
use crate::domain::conversation::handover;
use crate::domain::{
    Conversation, Exit, Mode, Project, Session, SessionId, SessionState, Status, Task, TaskId,
};
use crate::protocol::{
    AdoptConversation, ApiError, ApiResult, ErrorCode, NewTask, StartTask, TaskCard,
};

/// How many passages a new conversation may be told of.
const TOLD: u32 = 60;

impl Service {
    pub(super) async fn adopt_conversation(
        self: &Arc<Self>,
        caller: &Caller,
        adopt: AdoptConversation,
    ) -> ApiResult<TaskCard> {
        let Listed { conversation, .. } = self.conversation_of_id(&adopt.id).await?;
        if let Some(task) = self.task_that_has(&conversation)? {
            let message = format!("task {task} has this conversation already");
            return Err(ApiError::new(ErrorCode::Refused, message)
                .with_hint(format!("`gluon resume {task}` goes on with it")));
        }
        let project = match adopt.project {
            Some(project) => self.project(project)?,
            None => self.project_around(&conversation).await?,
        };
        let task = self.adopted_task(&adopt, &conversation, &project).await?;
        self.store.add_session(&Session {
            id: SessionId(0),
            task: task.id,
            project: project.id,
            agent: conversation.agent.clone(),
            mode: Mode::Interactive,
            conversation: Some(conversation.id.clone()),
            cwd: conversation.directory.clone(),
            state: SessionState::Ended,
            started_at: conversation.started_at,
            ended_at: Some(conversation.changed_at),
            exit: Some(Exit::Code(0)),
        })?;
        if adopt.start {
            let request = StartTask {
                task: task.id,
                message: adopt.message,
                fresh: false,
                recap: true,
                size: adopt.size,
            };
            return self.start_task(caller, request).await;
        }
        self.publish_task(task.id);
        self.card(task.id)
    }

    fn task_that_has(&self, conversation: &Conversation) -> ApiResult<Option<TaskId>> {
        let known = self.store.conversations_of_tasks()?;
        let mut of_it = known.iter().filter(|(id, _)| *id == conversation.id);
        // A task that was removed has nothing any more.
        Ok(of_it
            .find(|(_, task)| self.store.task(*task).is_ok())
            .map(|(_, task)| *task))
    }

    /// The project a conversation was led in, registered if it is not yet.
    async fn project_around(&self, conversation: &Conversation) -> ApiResult<Project> {
        let directory = &conversation.directory;
        let hint = "name a project for it with --project";
        if !directory.is_dir() {
            let message = match directory.as_os_str().is_empty() {
                true => "its transcript does not say where it was led".to_owned(),
                false => format!(
                    "{}, where it was led, is not there any more",
                    directory.display()
                ),
            };
            return Err(ApiError::new(ErrorCode::NotFound, message).with_hint(hint));
        }
        let found = self.register(directory, None).await;
        found.map_err(|error| match error.hint {
            Some(_) => error,
            None => error.with_hint(hint),
        })
    }

    async fn adopted_task(
        &self,
        adopt: &AdoptConversation,
        conversation: &Conversation,
        project: &Project,
    ) -> ApiResult<Task> {
        let title = [&adopt.title, &conversation.title, &conversation.id]
            .into_iter()
            .find(|title| !title.trim().is_empty());
        let new = NewTask {
            title: title.cloned().unwrap_or_default(),
            prompt: conversation.prompt.clone(),
            agent: Some(conversation.agent.clone()),
            // The user has not said yet that it shall go on.
            held: true,
            ..NewTask::default()
        };
        let mut task = self.new_task(new, project)?;
        if conversation.directory.is_dir() {
            // The branch of a worktree of the user's own; elsewhere what is checked out counts.
            task.base = self
                .branch_here(&conversation.directory)
                .await
                .unwrap_or(None);
        }
        let position = last_position(&self.store.tasks()?, Status::Queued);
        let change = Change::new(USER, "adopted")
            .detail(format!("{} {}", conversation.agent, conversation.id));
        Ok(self
            .store
            .add_task(&Task { position, ..task }, change.draft())?)
    }

    /// How the adopted conversation of `task` goes on in `cwd`; `None` where it has none.
    pub(super) async fn plan_adopted(
        self: &Arc<Self>,
        task: &Task,
        cwd: &Path,
        message: Option<&str>,
    ) -> ApiResult<Option<Plan>> {
        // It has been led elsewhere, and never by gluon.
        let mut sessions = self.store.sessions_of(task.id)?.into_iter();
        let adopted = sessions.find(|session| {
            session.cwd != cwd
                && session.agent == task.agent
                && session.conversation.is_some()
                && self
                    .store
                    .count_runs(session.id)
                    .is_ok_and(|runs| runs == 0)
        });
        let Some(id) = adopted.and_then(|session| session.conversation) else {
            return Ok(None);
        };
        let Ok(listed) = self.conversation_of_id(&id).await else {
            return Ok(None);
        };
        let agent = self.task_agent(task)?;
        let conversation = match agent.conversation_id() {
            ConversationId::Chosen => Some(new_conversation_id().map_err(failed)?),
            _ => None,
        };
        let context = StartContext {
            prompt: message.map(str::to_owned),
            cwd: cwd.to_owned(),
            conversation,
            from: Some(Forked {
                id,
                transcript: listed.place.clone(),
            }),
            hooks: hooks(),
            ..self.trust_of(task)?
        };
        match agent.fork(&context) {
            Ok(launch) => self.plan(task, &*agent, launch).map(Some),
            Err(AgentError::Unsupported { .. }) => {
                let title = agent.title();
                let note = format!(
                    "{title} cannot take a conversation to another directory; this is a new one, which \
                     was told of it"
                );
                let page = self
                    .transcript_page(listed, From::Before(u64::MAX), TOLD)
                    .await?;
                let prompt = handover(&page.conversation, &page.passages);
                let mut plan = self.plan_start(task, cwd, prompt, message).await?;
                plan.notes.push(note);
                Ok(Some(plan))
            }
            Err(error) => Err(error.into()),
        }
    }
}
