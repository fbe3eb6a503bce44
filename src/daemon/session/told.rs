//! What an agent tells beside its terminal: its hooks, and the registry it keeps of its processes.
//!
//! Invariants: a registry is read only while its agent prints or has just become quiet, at most once a
//! second; a conversation is passed on only once it is really led.

use std::time::{Duration, Instant};

use super::actor::Actor;
use super::{Notice, lock};
use crate::agents::Watch;
use crate::daemon::clock;
use crate::domain::limit::limit_ends;
use crate::domain::{Activity, Ask, AskKind, Hook, HookSays, Source};

/// How long a turn counts that nothing is heard of any more, in milliseconds: no hook tells of an interrupt.
const TURN: i64 = 10 * 60 * 1000;
/// How often the registry is read while the agent prints.
const READ_EVERY: Duration = Duration::from_secs(1);
/// The most subagents that are counted.
const SUBAGENTS: u32 = 1000;

/// The registry of the agent's own, and when it is read next.
#[derive(Debug)]
pub(super) struct Registry {
    watch: Watch,
    read_at: Option<Instant>,
}

impl Actor {
    /// From now on this registry tells of the process.
    pub(super) fn watch(&mut self, watch: Watch) {
        self.registry = Some(Registry {
            watch,
            read_at: Some(Instant::now()),
        });
    }

    /// There is output, so there may be news in the registry.
    pub(super) fn registry_may_have_changed(&mut self, now: Instant) {
        if let Some(registry) = &mut self.registry {
            registry.read_at.get_or_insert(now + READ_EVERY);
        }
    }

    /// When the registry is read next.
    pub(super) fn registry_at(&self) -> Option<Instant> {
        self.registry.as_ref()?.read_at
    }

    /// Reads the registry, if the agent still runs.
    pub(super) fn read_registry(&mut self) {
        let Some(registry) = &mut self.registry else {
            return;
        };
        registry.read_at = None;
        if self
            .process
            .as_ref()
            .is_none_or(|process| process.ended.is_some())
        {
            return;
        }
        match registry.watch.read() {
            Some(report) => {
                // One that waits for its first prompt may leave nothing behind under this id.
                if let Some(id) = report
                    .conversation
                    .filter(|_| report.says != Activity::Idle)
                {
                    self.tell(Notice::Conversation(id));
                }
                self.claim(Source::Registry, report.says, None, &report.words);
            }
            None => self.withdraw(Source::Registry),
        }
    }

    /// What a hook tells.
    pub(super) fn hook_says(&mut self, hook: Hook) {
        if self
            .process
            .as_ref()
            .is_none_or(|process| process.ended.is_some())
        {
            return;
        }
        let now = clock::now();
        let led = hook.is_led();
        let words = &hook.words;
        match hook.says {
            HookSays::Begun => {
                self.subagents = 0;
                self.note_background(0);
                self.claim(Source::Hook, Activity::Idle, None, words);
            }
            HookSays::Compacted | HookSays::Ended => self.withdraw(Source::Hook),
            HookSays::Working => {
                self.claim(Source::Hook, Activity::Working, Some(now.plus(TURN)), words);
            }
            HookSays::Asks(ask) => self.hook_asks(ask, words),
            HookSays::Idle { background } => {
                self.note_background(background);
                self.claim(Source::Hook, Activity::Idle, None, words);
            }
            HookSays::Limited => {
                let until = limit_ends(words, now, clock::local_offset(now));
                self.claim(Source::Hook, Activity::Limited(until), None, words);
            }
            HookSays::Auth => {
                let text = words
                    .split_once(' ')
                    .map_or("", |(_, text)| text)
                    .to_owned();
                let ask = Ask {
                    kind: AskKind::Auth,
                    text,
                };
                self.claim(Source::Hook, Activity::Waiting(ask), None, words);
            }
            HookSays::Failed => self.claim(Source::Hook, Activity::Idle, None, words),
            HookSays::SubagentBegan => self.count_subagents(self.subagents.saturating_add(1)),
            HookSays::SubagentEnded => self.count_subagents(self.subagents.saturating_sub(1)),
        }
        if let Some(id) = hook.conversation.filter(|_| led) {
            self.tell(Notice::Conversation(id));
        }
    }

    /// A reminder of a request does not say what was asked; the request itself has.
    fn hook_asks(&mut self, ask: Ask, words: &str) {
        let said = self.evidence.claim(Source::Hook).map(|claim| &claim.says);
        let reminder = ask.text.is_empty()
            && matches!(said, Some(Activity::Waiting(before)) if before.kind == ask.kind);
        if !reminder {
            self.claim(Source::Hook, Activity::Waiting(ask), None, words);
        }
    }

    fn count_subagents(&mut self, count: u32) {
        let before = std::mem::replace(&mut self.subagents, count.min(SUBAGENTS));
        let others = lock(&self.meta).background.saturating_sub(before);
        self.note_background(others);
    }

    /// `others`: what goes on in the background beside subagents.
    fn note_background(&mut self, others: u32) {
        let background = others.saturating_add(self.subagents);
        self.update_meta(|meta| meta.background = background);
    }
}
