//! Going on with work: whether a conversation can be continued, what a new one is told instead, and bringing
//! back everything that was interrupted.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::records::USER;
use super::{Caller, Service, blocking};
use crate::agents::conversations::From;
use crate::daemon::session::SessionHandle;
use crate::domain::conversation::Speaker;
use crate::domain::recap::Recap;
use crate::domain::{Activity, Reason, Session, Status, Task, TaskId};
use crate::git;
use crate::protocol::{ApiError, ApiResult, ErrorCode, Level, StartTask, TaskCard};

/// The most commits and the most files of a recap.
const MOST: usize = 20;
/// The end of a transcript in which the agent's last words are looked for, in passages.
const LAST: u32 = 20;
/// How long one agent may take to come up before the next one is started all the same.
const STAGGER: Duration = Duration::from_secs(5);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Service {
    /// Refuses to begin a new conversation where the user means to go on with one that is lost.
    pub(super) async fn require_conversation(&self, task: &Task) -> ApiResult<()> {
        let Some(session) = self.newest_session(task.id)? else {
            return Ok(());
        };
        if !self.is_lost(task, &session).await? {
            return Ok(());
        }
        let agent = self.task_agent(task)?;
        let title = agent.title();
        let message = format!("{title} no longer has the conversation of task {}", task.id);
        Err(ApiError::new(ErrorCode::Confirm, message)
            .with_hint("a new one can begin, which is told what was done so far"))
    }

    /// Whether a conversation in which something was done cannot be continued.
    async fn is_lost(&self, task: &Task, session: &Session) -> ApiResult<bool> {
        if task.command.is_some() || task.agent != session.agent {
            return Ok(false);
        }
        let agent = self.task_agent(task)?;
        // An agent without a way to resume has never promised any.
        let resumes = agent.resume(&Default::default(), "x").is_ok();
        if !resumes || !self.was_led(task.id, session) || self.setup_failure(session.id).is_some() {
            return Ok(false);
        }
        Ok(!self.is_resumable(session) || !self.has_conversation(&agent, session).await?)
    }

    /// Whether there is a trace of work: tokens used, or changes in the worktree.
    fn was_led(&self, task: TaskId, session: &Session) -> bool {
        let used = self.known(self.store.cost_of_session(session.id)).is_some();
        let state = self.state();
        let view = state.git.get(&task).and_then(|git| git.view.as_ref());
        used || view.is_some_and(|git| git.ahead > 0 || git.dirty > 0)
    }

    /// What was done on a task so far. What cannot be read is left out.
    pub(super) async fn recap(self: &Arc<Self>, task: &Task) -> Recap {
        let (Some(worktree), Some(commit)) = (task.worktree.clone(), task.base_commit.clone())
        else {
            return Recap::default();
        };
        let base = task.base.clone();
        let done = blocking(move || git::done(&worktree, &commit, base.as_deref(), MOST));
        match done.await {
            Ok(Ok(done)) => Recap {
                commits: done.subjects,
                files: done.files,
                last_words: self.last_words(task.id).await.unwrap_or_default(),
            },
            Ok(Err(error)) => {
                tracing::info!(task = task.id.0, %error, "what was done cannot be read");
                Recap::default()
            }
            Err(_) => Recap::default(),
        }
    }

    /// What the agent said last in the conversation before, where its transcript is still there.
    pub(super) async fn last_words(self: &Arc<Self>, task: TaskId) -> Option<String> {
        let id = self.newest_session(task).ok()??.conversation?;
        let listed = self.conversation_of_id(&id).await.ok()?;
        let page = self.transcript_page(listed, From::Before(u64::MAX), LAST);
        let mut passages = page.await.ok()?.passages.into_iter().rev();
        let last = passages.find(|passage| passage.speaker == Speaker::Agent)?;
        Some(last.text)
    }

    /// Brings back every task that was interrupted, one after the other: many agents that start at once would
    /// only slow each other down. Answers at once with those that will come.
    pub(super) async fn resume_all(
        self: &Arc<Self>,
        _: &Caller,
        (): (),
    ) -> ApiResult<Vec<TaskCard>> {
        let mut tasks = self.store.tasks()?;
        tasks.retain(|task| {
            task.status == Status::Queued && task.reason == Some(Reason::Interrupted)
        });
        tasks.sort_by_key(|task| task.id);
        let cards: ApiResult<Vec<TaskCard>> = tasks.iter().map(|task| self.card(task.id)).collect();
        let cards = cards?;
        let service = self.clone();
        tokio::spawn(async move {
            for task in tasks {
                service.bring_back(&task).await;
            }
        });
        Ok(cards)
    }

    async fn bring_back(self: &Arc<Self>, task: &Task) {
        let start = StartTask {
            task: task.id,
            message: None,
            fresh: false,
            // Nobody stands by to be asked.
            recap: true,
            size: None,
        };
        if let Err(error) = self.start(start, USER).await {
            let text = format!("{}: not resumed: {error}", task.title);
            return self.say(Some(task.id), Level::Warning, text);
        }
        if let Ok(handle) = self.live_handle(task.id) {
            let _ = timeout(STAGGER, has_come_up(&handle)).await;
        }
    }
}

/// Waits until an agent has said something of itself.
async fn has_come_up(handle: &SessionHandle) {
    loop {
        let activity = handle.meta().activity;
        if !matches!(activity, Activity::Starting | Activity::Unknown) {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
