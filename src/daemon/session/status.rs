//! What a program says of itself (OSC 7501) as an activity.

use crate::domain::{Activity, Ask, AskKind};
use crate::terminal::{BlockKind, ProgramState, ProgramStatus};

/// The activity that a status tells; `None` where it tells none.
pub(super) fn activity(status: &ProgramStatus) -> Option<Activity> {
    Some(match status.state {
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
