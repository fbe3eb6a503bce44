//! [`Api`] for one client's connection: every request goes to the function of the service of its name.

use std::sync::Arc;

use super::super::outbox::{ClientId, Outbox};
use super::super::session::Command;
use super::Service;
use crate::domain::follow_up::FollowUp;
use crate::domain::{Comment, Project, ProjectId, SessionId, TaskId};
use crate::protocol::*;
use crate::with_requests;

/// Who asks.
pub(in crate::daemon) struct Caller {
    pub(super) service: Arc<Service>,
    pub(super) client: ClientId,
    pub(in crate::daemon) outbox: Outbox,
}

impl Caller {
    pub(in crate::daemon) fn new(service: Arc<Service>, client: ClientId, outbox: Outbox) -> Self {
        Self {
            service,
            client,
            outbox,
        }
    }

    /// Takes what wants no answer. On the thread that reads: notices keep their order.
    pub(in crate::daemon) fn take_notice(&self, notice: Notice) {
        let (session, command) = match notice {
            Notice::Input { session, input } => (session, Command::Input(Some(self.client), input)),
            Notice::Ack { session, seq } => (session, Command::Ack(self.client, seq)),
            Notice::Resize {
                session,
                size,
                claim,
            } => {
                let client = self.client;
                let command = Command::Resize {
                    client,
                    size,
                    claim,
                };
                (session, command)
            }
            Notice::Look(look) => return self.service.set_look(self.client, look),
            Notice::Seen(session) => return self.service.mark_seen(session),
            Notice::Hook { run, hook } => return self.service.take_hook(run, hook),
            Notice::Terminal(info) => return self.service.set_outer(info),
        };
        // A session that is not open has nobody to hear it.
        if let Some(handle) = self.service.open_handle(session) {
            handle.send(command);
        }
    }
}

macro_rules! implement {
    ($($(#[$doc:meta])* $name:ident $function:ident($argument:ty) -> $answer:ty;)*) => {
        impl Api for Caller {
            $(async fn $function(&self, argument: $argument) -> ApiResult<$answer> {
                Service::$function(&self.service, self, argument).await
            })*

            fn notify(&self, notice: Notice) {
                self.take_notice(notice);
            }
        }
    };
}

with_requests!(implement);
