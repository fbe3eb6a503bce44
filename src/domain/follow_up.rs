//! Messages that wait until an agent is idle: in their order, one at a time, each until the agent has taken it.
//!
//! Pure. Invariant: a message that may have been typed into a process is never typed into that process again.

use serde::{Deserialize, Serialize};

use super::activity::Activity;
use super::ids::{RunId, TaskId};
use super::units::Timestamp;

/// The most messages that wait for one agent.
pub const MOST: usize = 50;
/// The most text that waits for one agent, in bytes.
pub const MOST_TEXT: usize = 1024 * 1024;

/// What an agent does with a message that is sent while it works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhileBusy {
    /// Nobody knows.
    #[default]
    Unknown,
    /// It keeps it until its turn has ended.
    Queues,
    /// It takes it into the turn it is in.
    Steers,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Its number, by which it is dropped.
    pub id: i64,
    /// For whose agent.
    pub task: TaskId,
    /// The words.
    pub text: String,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// The run in which it was typed without being seen to be taken.
    pub tried: Option<RunId>,
}

impl FollowUp {
    /// Its first line that says anything, cut to so many characters.
    pub fn line(&self, most: usize) -> String {
        let line = self.text.lines().find(|line| !line.trim().is_empty());
        super::notify::tidy(line.unwrap_or_default(), most)
    }
}

/// The one to deliver now to a process that does `activity`, of those that wait, the oldest first.
pub fn next<'a>(waiting: &'a [FollowUp], run: RunId, activity: &Activity) -> Option<&'a FollowUp> {
    let first = waiting.first()?;
    (*activity == Activity::Idle && first.tried != Some(run)).then_some(first)
}

/// Whether another one may wait; else why not.
///
/// # Errors
/// One sentence.
pub fn room(waiting: &[FollowUp], text: &str) -> Result<(), String> {
    if waiting.len() >= MOST {
        return Err(format!("{MOST} messages wait already"));
    }
    let bytes: usize = waiting.iter().map(|one| one.text.len()).sum();
    if bytes + text.len() > MOST_TEXT {
        return Err("the messages that wait would be longer than 1 MiB".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ask, AskKind, Exit};

    fn follow_up(id: i64, tried: Option<i64>) -> FollowUp {
        FollowUp {
            id,
            task: TaskId(1),
            text: "\n do it\nwell".into(),
            created_at: Timestamp(0),
            tried: tried.map(RunId),
        }
    }

    #[test]
    fn only_the_oldest_and_only_for_one_who_is_idle() {
        let waiting = [follow_up(4, None), follow_up(5, None)];
        let ask = Ask {
            kind: AskKind::Question,
            text: String::new(),
        };
        for (activity, expected) in [
            (Activity::Idle, Some(4)),
            (Activity::Working, None),
            (Activity::Starting, None),
            (Activity::Unknown, None),
            (Activity::Waiting(ask), None),
            (Activity::Limited(None), None),
            (Activity::Exited(Exit::Code(0)), None),
        ] {
            let next = next(&waiting, RunId(9), &activity).map(|one| one.id);
            assert_eq!(next, expected, "{activity:?}");
        }
        assert!(next(&[], RunId(9), &Activity::Idle).is_none());
    }

    #[test]
    fn what_was_typed_is_not_typed_there_again_and_nothing_overtakes_it() {
        let waiting = [follow_up(4, Some(9)), follow_up(5, None)];
        assert!(next(&waiting, RunId(9), &Activity::Idle).is_none());
        let again = next(&waiting, RunId(10), &Activity::Idle);
        assert_eq!(again.map(|one| one.id), Some(4));
    }

    #[test]
    fn there_is_an_end_to_it() {
        let many: Vec<FollowUp> = (0..50).map(|id| follow_up(id, None)).collect();
        assert!(room(&many[..49], "x").is_ok());
        assert!(room(&many, "x").is_err());
        assert!(room(&[], &"x".repeat(MOST_TEXT + 1)).is_err());
        assert_eq!(follow_up(1, None).line(40), "do it");
    }
}
