//! What sessions and the keeper say, one after the other.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::{EndedRun, Service};
use crate::daemon::session::{Command, Notice};
use crate::domain::{Activity, Exit, RunId, SessionId, TaskId};
use crate::protocol::{Event, Level};

impl Service {
    /// Takes the notices of all sessions until the daemon ends.
    pub(in crate::daemon) async fn hear_sessions(
        self: Arc<Self>,
        mut notices: UnboundedReceiver<(SessionId, Notice)>,
    ) {
        while let Some((session, notice)) = notices.recv().await {
            self.hear_session(session, notice);
        }
    }

    fn hear_session(self: &Arc<Self>, session: SessionId, notice: Notice) {
        match notice {
            Notice::Changed => {
                if let Some(handle) = self.open_handle(session) {
                    let meta = handle.meta();
                    self.keep_unseen(session, meta.unseen);
                    let news = (meta.unseen, meta.wait, meta.activity.word());
                    if self.state().heard.insert(session, news) != Some(news) {
                        self.attention.notify_one();
                    }
                    if meta.activity == Activity::Idle {
                        self.follow_up_session(session);
                    }
                }
                self.publish_session(session);
                self.look_at_cost(session, false);
                self.learn_early(session);
            }
            Notice::Asks(asks) => {
                asks.into_iter()
                    .for_each(|asks| self.note_asking(session, asks));
            }
            Notice::Quiet => {
                self.look_at_cost(session, true);
                self.learn_early(session);
                let Some(task) = self.task_of(session) else {
                    return;
                };
                let service = self.clone();
                tokio::spawn(async move { service.look_at_git(task, false).await });
            }
            Notice::Conversation(id) => self.follow_conversation(session, id),
            Notice::Signs(signs) => {
                signs
                    .into_iter()
                    .for_each(|sign| self.note_sign(session, sign));
            }
            Notice::Bell => self.hub.publish(Event::Bell(session)),
            Notice::Clipboard(text) => self.hub.publish(Event::Clipboard { session, text }),
            Notice::Notification(text) => self.say(self.task_of(session), Level::Info, text),
            Notice::Kept(kept) => self.output_kept(session, kept),
            Notice::LogFailed(why) => {
                tracing::error!(session = session.0, why, "a log cannot be opened");
                let text = format!("the output of a session is not kept: {why}");
                self.say(self.task_of(session), Level::Error, text);
            }
            Notice::Ended { run, exit, summary } => {
                let service = self.clone();
                let ended = EndedRun {
                    session,
                    run,
                    exit,
                    summary,
                };
                tokio::spawn(async move { service.run_ended(ended).await });
            }
        }
    }

    /// The output of a session is kept or not. The disk is everybody's, so it is said once, not for each.
    fn output_kept(&self, session: SessionId, kept: bool) {
        let (before, after) = {
            let mut guard = self.state();
            let state = &mut *guard;
            // One that was closed does not say how it goes on.
            let open = &state.sessions;
            state.dropping.retain(|id| open.contains_key(id));
            let before = state.dropping.len();
            if kept {
                state.dropping.remove(&session);
            } else {
                state.dropping.insert(session);
            }
            (before, state.dropping.len())
        };
        tracing::warn!(
            session = session.0,
            kept,
            sessions = after,
            "output is kept"
        );
        match (before, after) {
            (0, 1..) => {
                let place = self.paths.state.display();
                let text = format!(
                    "no room is left at {place}: what agents print is shown but not kept until \
                     there is (`gluon doctor`)"
                );
                self.say(self.task_of(session), Level::Error, text);
            }
            (1.., 0) => {
                let text = "there is room again: what agents print is kept, with their screens \
                            as they are; their logs lack what came in between";
                self.say(self.task_of(session), Level::Info, text);
            }
            _ => {}
        }
    }

    /// A process ended: its session takes the rest of its output and then says so.
    pub(in crate::daemon) fn process_ended(&self, run: RunId, exit: Exit) {
        let state = self.state();
        let session = state.runs.get(&run);
        let handle = session.and_then(|session| state.sessions.get(session));
        match handle {
            Some(handle) => {
                handle.send(Command::Exited(run, exit));
            }
            None => tracing::warn!(run = run.0, ?exit, "a process ended that belongs to nobody"),
        }
    }

    fn task_of(&self, session: SessionId) -> Option<TaskId> {
        self.store.session(session).ok().map(|session| session.task)
    }
}
