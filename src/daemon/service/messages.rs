//! Messages to agents: delivered to the one that runs, or taken along by one that is resumed.

use std::sync::Arc;

use super::records::{Change, USER};
use super::{Caller, Service};
use crate::daemon::session::Command;
use crate::domain::Status;
use crate::protocol::{ApiError, ApiResult, ErrorCode, SendMessage, StartTask, TaskCard};

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
}
