//! Messages and answers to agents: delivered to the one that runs, or taken along by one that is resumed.

use std::sync::Arc;

use super::records::{Change, USER};
use super::{Caller, Service};
use crate::daemon::session::Command;
use crate::domain::{Activity, AskKind, Status};
use crate::protocol::{
    AnswerAsk, ApiError, ApiResult, ErrorCode, Input, SendMessage, StartTask, TaskCard,
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
        if task.status == Status::Running {
            let _lock = self.lock_task(id).await;
            let handle = self.live_handle(id)?;
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
            size: None,
        };
        self.start_task(caller, start).await
    }

    pub(super) async fn answer_ask(
        self: &Arc<Self>,
        _: &Caller,
        answer: AnswerAsk,
    ) -> ApiResult<()> {
        let task = self.task(answer.task)?;
        let handle = self.live_handle(answer.task)?;
        let asked = match handle.meta().activity {
            Activity::Waiting(ask) if ask.kind == AskKind::Permission => ask.text,
            _ => return Err(refused("the agent asks nothing now")),
        };
        if asked != answer.ask {
            return Err(refused(format!(
                "the agent asks something else now: {asked}"
            )));
        }
        let Some(keys) = self.answer_keys(&task, &asked, answer.yes)? else {
            let message = format!("gluon does not know which key answers {}", task.agent);
            return Err(refused(message).with_hint("answer in its pane"));
        };
        if !handle.send(Command::Input(None, Input::Raw(keys))) {
            let message = "the session has too much to do";
            return Err(ApiError::new(ErrorCode::Unavailable, message));
        }
        let kind = if answer.yes { "allowed" } else { "denied" };
        let change = Change::new(USER, kind).detail(asked).session(handle.id);
        self.note_event(task.id, &change);
        Ok(())
    }
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Refused, message)
}
