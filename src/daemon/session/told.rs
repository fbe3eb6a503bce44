//! What an agent tells beside its terminal: its hooks, and the registry it keeps of its processes.
//!
//! Invariants: a registry is read only while its agent prints or has just become quiet, at most once a
//! second; a conversation is passed on only once it is really led.

use std::time::Duration;

use super::observe::{Observer, Sights};
use crate::agents::Report;
use crate::daemon::clock::Moment;
use crate::domain::limit::limit_ends;
use crate::domain::{Activity, Ask, AskKind, Hook, HookSays, Source};

/// How long a turn counts that nothing is heard of any more, in milliseconds: no hook tells of an interrupt.
const TURN: i64 = 10 * 60 * 1000;
/// How often the registry is read while the agent prints.
const READ_EVERY: Duration = Duration::from_secs(1);
/// After a hook the agent writes the same into its registry, which is read then.
const WRITTEN: Duration = Duration::from_millis(400);
/// The most subagents that are counted.
const SUBAGENTS: u32 = 1000;

impl Observer {
    /// From now on there is a registry that tells of the process.
    pub(super) fn watch(&mut self, now: Moment) {
        self.registry = true;
        self.registry_at = Some(now.at);
    }

    /// There is output, so there may be news in the registry.
    pub(super) fn registry_may_have_changed(&mut self, now: Moment) {
        if self.registry {
            self.registry_at.get_or_insert(now.at + READ_EVERY);
        }
    }

    /// Reads the registry, if the agent still runs.
    pub(super) fn read_registry(&mut self, now: Moment, sights: &mut dyn Sights) {
        self.registry_at = None;
        if !self.registry || !self.runs {
            return;
        }
        let report = sights.registry();
        self.registry_says(report, now);
    }

    /// What the agent's registry or server says now; `None`: nothing any more.
    pub(super) fn registry_says(&mut self, report: Option<Report>, now: Moment) {
        if !self.runs {
            return;
        }
        match report {
            Some(report) => {
                // One that waits for its first prompt may leave nothing behind under this id.
                let led = report.says != Activity::Idle;
                if let Some(id) = report.conversation.filter(|_| led) {
                    self.leads(id);
                }
                self.claim(Source::Registry, report.says, None, &report.words, now);
            }
            None => self.withdraw(Source::Registry, now),
        }
    }

    /// What a hook tells.
    pub(super) fn hook_says(&mut self, hook: Hook, now: Moment) {
        if !self.runs {
            return;
        }
        if self.registry {
            let soon = now.at + WRITTEN;
            self.registry_at = Some(self.registry_at.map_or(soon, |at| at.min(soon)));
        }
        let led = hook.is_led();
        let words = &hook.words;
        match hook.says {
            HookSays::Begun => {
                self.subagents = 0;
                self.note_background(0);
                self.claim(Source::Hook, Activity::Idle, None, words, now);
            }
            HookSays::Compacted | HookSays::Ended => self.withdraw(Source::Hook, now),
            HookSays::Working => {
                let until = Some(now.time.plus(TURN));
                self.claim(Source::Hook, Activity::Working, until, words, now);
            }
            HookSays::Asks(ask) => self.hook_asks(ask, words, now),
            HookSays::Idle { background } => {
                self.note_background(background);
                self.claim(Source::Hook, Activity::Idle, None, words, now);
            }
            HookSays::Limited => {
                let until = limit_ends(words, now.time, self.offset(now));
                self.claim(Source::Hook, Activity::Limited(until), None, words, now);
            }
            HookSays::Auth => {
                let text = words.split_once(' ').map_or("", |(_, text)| text);
                let ask = Ask {
                    kind: AskKind::Auth,
                    text: text.to_owned(),
                };
                self.claim(Source::Hook, Activity::Waiting(ask), None, words, now);
            }
            HookSays::SubagentWorks => {}
            HookSays::Failed => self.claim(Source::Hook, Activity::Idle, None, words, now),
            HookSays::SubagentBegan => self.count_subagents(self.subagents.saturating_add(1)),
            HookSays::SubagentEnded => self.count_subagents(self.subagents.saturating_sub(1)),
        }
        if let Some(id) = hook.conversation.filter(|_| led) {
            self.leads(id);
        }
    }

    /// A reminder of a request does not say what was asked; the request itself has.
    fn hook_asks(&mut self, ask: Ask, words: &str, now: Moment) {
        let said = self.evidence.claim(Source::Hook).map(|claim| &claim.says);
        let reminder = ask.text.is_empty()
            && matches!(said, Some(Activity::Waiting(before)) if before.kind == ask.kind);
        if !reminder {
            self.claim(Source::Hook, Activity::Waiting(ask), None, words, now);
        }
    }

    fn count_subagents(&mut self, count: u32) {
        let before = std::mem::replace(&mut self.subagents, count.min(SUBAGENTS));
        let others = self.background().saturating_sub(before);
        self.note_background(others);
    }

    /// `others`: what goes on in the background beside subagents.
    fn note_background(&mut self, others: u32) {
        if !self.tells_parts() {
            self.set_background(others.saturating_add(self.subagents));
        }
    }
}
