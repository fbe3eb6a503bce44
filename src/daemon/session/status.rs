//! What a program says of itself (OSC 7501) as an activity.

use crate::domain::{Activity, Ask, AskKind};
use crate::terminal::{BlockKind, ProgramState, ProgramStatus};

/// The activity that a status tells; `None` where it tells none.
pub(super) fn activity(status: &ProgramStatus) -> Option<Activity> {
    Some(match status.state {
        // Claude Code 2.1.330 says so of a turn that is over: "1 shell still running".
        ProgramState::Working if status.message.ends_with("still running") => Activity::Idle,
        ProgramState::Working => Activity::Working,
        ProgramState::Idle | ProgramState::Done | ProgramState::Error => Activity::Idle,
        ProgramState::Blocked => Activity::Waiting(Ask {
            kind: match status.kind {
                Some(BlockKind::Permission) => AskKind::Permission,
                Some(BlockKind::Auth) => AskKind::Auth,
                Some(BlockKind::Question) | None => AskKind::Question,
            },
            text: status.message.clone(),
        }),
        ProgramState::Clear => Activity::Unknown,
    })
}

/// The status as it was sent, for whoever asks why.
pub(super) fn words(status: &ProgramStatus) -> String {
    let mut words = format!("state={:?}", status.state).to_lowercase();
    if let Some(kind) = status.kind {
        words.push_str(&format!(" kind={kind:?}").to_lowercase());
    }
    if !status.message.is_empty() {
        words.push_str(": ");
        words.push_str(&status.message);
    }
    words
}
