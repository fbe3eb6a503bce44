//! A hook: what an agent tells of itself through a program it runs at certain moments.
//!
//! Pure. Invariants: words are short and without control characters; an agent's helpers (its subagents) are
//! told apart, since their turns are not the agent's.

use serde::{Deserialize, Serialize};

use super::activity::Ask;
use super::health::Sign;

/// The longest text of a hook that is kept, in characters.
pub const HOOK_WORDS: usize = 200;

/// The environment variable that tells a hook which run it belongs to.
pub const RUN: &str = "GLUON_RUN";

/// One report of a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// The conversation it is about, where it says so.
    pub conversation: Option<String>,
    /// What it tells.
    pub says: HookSays,
    /// The event and what it said, for whoever asks why (untrusted text).
    pub words: String,
    /// What it tells of how the agent is doing.
    pub signs: Vec<Sign>,
}

impl Hook {
    /// Whether the conversation is really led, so that it can be resumed: one that has only begun has
    /// nothing in it, and its agent may have kept nothing of it.
    pub fn is_led(&self) -> bool {
        !matches!(
            self.says,
            HookSays::Begun | HookSays::Compacted | HookSays::Ended
        )
    }
}

/// What a hook tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HookSays {
    /// A conversation has begun, or goes on after a resume or `/clear`.
    Begun,
    /// The conversation was made shorter; whether a turn goes on is not said.
    Compacted,
    /// A turn is in progress.
    Working,
    /// The agent asks.
    Asks(Ask),
    /// The turn is over; so many things go on in the background.
    Idle {
        /// Shells and other work that goes on.
        background: u32,
    },
    /// The turn failed: a usage limit.
    Limited,
    /// The turn failed: a login or a bill is needed.
    Auth,
    /// The turn failed for another reason.
    Failed,
    /// The conversation is over.
    Ended,
    /// A subagent began.
    SubagentBegan,
    /// A subagent ended.
    SubagentEnded,
    /// A subagent works; whether the agent's own turn goes on is not said.
    SubagentWorks,
}

/// `text` in one line without control characters, [`HOOK_WORDS`] characters at most.
pub fn hook_words(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut words = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(word.chars().map(plain).take(HOOK_WORDS));
        if words.chars().count() > HOOK_WORDS {
            let cut = words.char_indices().nth(HOOK_WORDS - 1);
            words.truncate(cut.map_or(words.len(), |(at, _)| at));
            words.push('…');
            break;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_short_and_plain() {
        assert_eq!(hook_words("  a\n\n b\u{1b}[31mc\t"), "a b [31mc");
        let long = hook_words(&"word ".repeat(1_000_000));
        assert_eq!(long.chars().count(), HOOK_WORDS);
        assert!(long.ends_with('…'));
        assert_eq!(hook_words(&"x".repeat(500)).chars().count(), HOOK_WORDS);
        assert_eq!(hook_words(""), "");
    }
}
