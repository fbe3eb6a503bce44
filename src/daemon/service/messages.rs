//! Messages and answers to agents: delivered to the one that runs, or taken along by one that is resumed.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::records::{Change, USER};
use super::{Caller, Service};
use crate::daemon::session::{Answer, Answered, Command};
use crate::domain::{Mode, Status};
use crate::protocol::{
    AnswerAsk, ApiError, ApiResult, ErrorCode, SendMessage, StartTask, TaskCard,
};

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
            let _lock = self.lock_task(id).await;
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
            let steps = self.delivery(&task, &message.text)?;
            if !handle.send(Command::Deliver(steps)) {
                let message = "the session has too much to do";
                return Err(ApiError::new(ErrorCode::Unavailable, message));
            }
            let detail = message.text;
            self.note_event(
                id,
                &Change::new(USER, "message")
                    .detail(detail)
                    .session(handle.id),
            );
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

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Refused, message)
}
