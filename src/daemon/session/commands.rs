//! What a session does on command.

use std::time::Instant;

use tokio::sync::oneshot;

use super::actor::Actor;
use super::{Command, lock};
use crate::daemon::clock;
use crate::protocol::TerminalInfo;

/// The most lines, and the most matches, that one answer has.
const MOST: u32 = 500;

impl Actor {
    /// Does what it is told.
    pub(super) fn take(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Input(client, input) => {
                if let Some(client) = client {
                    self.viewers.typed(client, now);
                    self.pacing.typed(now);
                    self.note_written(&input, now);
                }
                self.type_in(&input);
            }
            Command::Attach {
                client,
                outbox,
                size,
                claim,
                reply,
            } => {
                self.viewers.attach(client, outbox, size);
                self.viewers
                    .resize(client, size, claim, self.is_live(), now);
                self.note_viewers();
                let _ = reply.send(self.size);
            }
            Command::Detach(client) => {
                self.viewers.detach(client);
                self.note_viewers();
            }
            Command::Ack(client, seq) => self.viewers.ack(client, seq),
            Command::Resize {
                client,
                size,
                claim,
            } => self
                .viewers
                .resize(client, size, claim, self.is_live(), now),
            Command::Outer(outer) => self.set_outer(outer),
            Command::Lines(first, count, reply) => {
                let count = count.min(MOST);
                answer(self.guard(|t| t.lines(first, count)), reply);
            }
            Command::Search(query, limit, reply) => {
                let limit = limit.min(MOST);
                answer(self.guard(|t| t.search(&query, limit)), reply);
            }
            Command::Text(scrollback, styled, reply) => {
                answer(self.guard(|t| t.text(scrollback, styled)), reply);
            }
            Command::Reasons(reply) => {
                let _ = reply.send(self.observer.reasons(clock::now()));
            }
            Command::Stream(reply) => {
                let _ = reply.send(self.stream_view());
            }
            Command::Deliver(words) => self.take_words(words, now),
            Command::Answer(given) => self.answer(given, now),
            Command::Note(text) => self.note(&text, now),
            Command::Follow { run, master, size } => self.follow(run, master, size),
            Command::Watch(watch) => self.watch(watch),
            Command::Report(report) => {
                self.observe(|observer, now| observer.registry_says(report, now));
            }
            Command::Hook(hook) => self.observe(|observer, now| observer.hook_says(hook, now)),
            Command::Exited(run, exit) => self.exited(run, exit),
            Command::Close => self.closing = true,
        }
    }

    pub(super) fn set_outer(&mut self, outer: TerminalInfo) {
        self.guard(|terminal| terminal.set_outer(&outer));
        self.outer = Some(outer);
    }

    /// Whether a process draws on the screen, and could draw it anew.
    fn is_live(&self) -> bool {
        let process = self.process.as_ref();
        process.is_some_and(|process| process.ended.is_none())
    }

    fn note_viewers(&self) {
        lock(&self.meta).viewers = self.viewers.count();
    }

    /// Puts a line of gluon's own into the session, log and all.
    fn note(&mut self, text: &str, now: Instant) {
        let clean: String = text.chars().filter(|c| !c.is_control()).collect();
        let line = format!("\x1b[0;2m[gluon: {clean}]\x1b[0m\r\n");
        if !self.note_on_page(&line) {
            if let Some(log) = &mut self.log {
                log.append(line.as_bytes());
            }
            self.guard(|terminal| terminal.feed(line.as_bytes()));
        }
        self.after_output(now);
    }
}

/// Answers; who asked may have gone. Without a value the answer is that there is none.
fn answer<T>(value: Option<T>, reply: oneshot::Sender<T>) {
    if let Some(value) = value {
        let _ = reply.send(value);
    }
}
