//! Messages and answers to agents: delivered to the one that runs, or taken along by one that is resumed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::records::{Change, USER};
use super::{Caller, Service};
use crate::daemon::session::{Answer, Answered, Command, Delivered, SessionHandle, Step, Words};
use crate::domain::{Activity, Mode, Status, Task, TaskId};
use crate::protocol::{
    AnswerAsk, ApiError, ApiResult, ErrorCode, SendMessage, StartTask, TaskCard,
};

/// How long it is waited for what comes of words: longer than the session takes to decide, since those of
/// before come first.
pub(super) const REPLY: Duration = Duration::from_secs(60);

/// How long an agent that starts is waited for, and how long its screen has to be still then, at most so
/// long: the first words that it is ready come before it listens.
const BEGUN: Duration = Duration::from_secs(120);
const SETTLED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

impl Service {
    pub(super) async fn send_message(
        self: &Arc<Self>,
        caller: &Caller,
        message: SendMessage,
    ) -> ApiResult<TaskCard> {
        let id = message.task;
        if message.text.trim().is_empty() {
            return Err(ApiError::new(ErrorCode::Invalid, "the message is empty"));
        }
        let task = self.task(id)?;
        if task.status == Status::Running && self.is_looping(id) {
            self.tell_loop(id, message.text)?;
            return self.card(id);
        }
        if task.status == Status::Running {
            self.require_budget(&task)?;
            let lock = self.lock_task(id).await;
            let handle = self.live_handle(id)?;
            if task.mode == Mode::Once && task.command.is_none() {
                let message = "the agent runs without a screen and hears nothing until it is done";
                return Err(refused(message).with_hint(format!(
                    "send it then, which goes on with its conversation; `gluon stop {id}` ends it now"
                )));
            }
            if let Some(ask) = self.asked_by(&task, handle.meta().typing())? {
                let message = format!("the agent asks something first: {}", ask.text);
                return Err(ApiError::new(ErrorCode::Refused, message)
                    .with_hint("answer it in its pane; a message would land in its dialog"));
            }
            if task.mode != Mode::Interactive {
                let message = format!("task {id} takes no messages while it runs");
                return Err(refused(message).with_hint(format!(
                    "`gluon resume {id} MESSAGE` goes on with it once it has ended"
                )));
            }
            let (outcome, text) = self.type_message(&task, &handle, message.text)?;
            // Waiting for the agent must not keep anybody from stopping it.
            drop(lock);
            self.require_taken(&handle, id, text, outcome).await?;
            return self.card(id);
        }
        let start = StartTask {
            task: id,
            message: Some(message.text),
            fresh: false,
            recap: false,
            size: None,
        };
        self.start_task(caller, start).await
    }

    /// Has a message typed; what comes of it is told, with the text.
    fn type_message(
        &self,
        task: &Task,
        handle: &SessionHandle,
        text: String,
    ) -> ApiResult<(oneshot::Receiver<Delivered>, String)> {
        let (reply, outcome) = oneshot::channel();
        let mut steps = self.delivery(task, &text)?;
        if handle.meta().activity == Activity::Starting {
            // What is typed before it listens is lost, or stays where it is.
            let begun = [Step::Begun(BEGUN), Step::Still(SETTLED.0, SETTLED.1)];
            steps.splice(0..0, begun);
        }
        let words = Words {
            steps,
            only_idle: false,
            reply: Some(reply),
        };
        send_words(handle, words)?;
        Ok((outcome, text))
    }

    /// Waits until the agent has taken a message, as far as that can be seen.
    async fn require_taken(
        &self,
        handle: &SessionHandle,
        id: TaskId,
        text: String,
        outcome: oneshot::Receiver<Delivered>,
    ) -> ApiResult<()> {
        let note = |kind| {
            let change = Change::new(USER, kind).detail(text.clone());
            self.note_event(id, &change.session(handle.id));
        };
        let look = format!("look at its pane: `gluon attach {id}`");
        match timeout(REPLY, outcome).await {
            Ok(Ok(Delivered::Taken | Delivered::Typed)) => note("message"),
            // It comes behind others, and will be typed when it is its turn.
            Err(_) => note("message"),
            Ok(Ok(Delivered::Asked(ask))) => {
                let message = format!("the agent began to ask something: {ask}");
                return Err(refused(message).with_hint(format!(
                    "the message was not sent; it may stand in its prompt: {look}"
                )));
            }
            Ok(Ok(Delivered::Ignored)) => {
                note("not taken");
                let message = "the message was typed, but the agent has not taken it";
                return Err(ApiError::new(ErrorCode::Failed, message).with_hint(look));
            }
            Ok(Ok(Delivered::Gone | Delivered::Busy) | Err(_)) => {
                let message = "the agent ended before it had the message";
                return Err(ApiError::new(ErrorCode::Failed, message)
                    .with_hint(format!("`gluon send {id}` once more resumes it with it")));
            }
        }
        Ok(())
    }

    /// Types the answer and waits until the agent has taken it.
    pub(super) async fn answer_ask(
        self: &Arc<Self>,
        _: &Caller,
        answer: AnswerAsk,
    ) -> ApiResult<()> {
        let (id, ask) = (answer.task, answer.ask);
        let task = self.task(id)?;
        let handle = self.live_handle(id)?;
        let Some(keys) = self.answer_keys(&task, &ask, answer.yes)? else {
            let message = format!("gluon does not know which key answers {}", task.agent);
            return Err(refused(message).with_hint("answer in its pane"));
        };
        let (reply, outcome) = oneshot::channel();
        let given = Answer {
            ask: ask.clone(),
            wait: answer.wait,
            keys,
            reply,
        };
        if !handle.send(Command::Answer(given)) {
            let message = "the session has too much to do";
            return Err(ApiError::new(ErrorCode::Unavailable, message));
        }
        let outcome = outcome.await.unwrap_or(Answered::Nothing);
        let note = |kind| {
            let change = Change::new(USER, kind).detail(ask.clone());
            self.note_event(id, &change.session(handle.id));
        };
        match outcome {
            Answered::Taken => note(if answer.yes { "allowed" } else { "denied" }),
            Answered::Ignored => {
                note("answer not taken");
                let message = format!("the answer was typed, but the agent still asks: {ask}");
                return Err(ApiError::new(ErrorCode::Failed, message)
                    .with_hint(format!("answer in its pane: `gluon attach {id}`")));
            }
            Answered::Another(now) if now == ask => {
                return Err(refused(format!("the agent asks the same once more: {now}"))
                    .with_hint("look at it again, then answer"));
            }
            Answered::Another(now) => {
                return Err(refused(format!("the agent asks something else now: {now}")));
            }
            Answered::Nothing => return Err(refused("the agent asks for nothing now")),
            Answered::Busy => return Err(refused("it is being answered already")),
        }
        Ok(())
    }
}

/// Hands words to a session.
pub(super) fn send_words(handle: &SessionHandle, words: Words) -> ApiResult<()> {
    if handle.send(Command::Deliver(words)) {
        return Ok(());
    }
    let message = "the session has too much to do";
    Err(ApiError::new(ErrorCode::Unavailable, message))
}

pub(super) fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Refused, message)
}
