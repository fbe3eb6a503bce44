//! The status machine of a task: which action may follow which status, and why not.
//!
//! Columns of the board are statuses. Every change of status in the program goes through [`transition`],
//! whoever asks for it (key, mouse, shell, scheduler, the end of a process).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a slot, or was stopped and can be resumed.
    Queued,
    /// An agent has it.
    Running,
    /// The agent is through with it (or failed); a human decides.
    Review,
    /// Accepted.
    Done,
    /// Given up; hidden from the board, kept in the store.
    Cancelled,
}

impl Status {
    /// The four columns of the board, from left to right.
    pub const COLUMNS: [Status; 4] = [
        Status::Queued,
        Status::Running,
        Status::Review,
        Status::Done,
    ];

    /// The word for it, as in the database and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Running => "running",
            Status::Review => "review",
            Status::Done => "done",
            Status::Cancelled => "cancelled",
        }
    }

    /// The status that `word` names; column titles (`queue`) count too.
    pub fn from_word(word: &str) -> Option<Status> {
        Some(match word.to_ascii_lowercase().as_str() {
            "queued" | "queue" => Status::Queued,
            "running" | "run" => Status::Running,
            "review" => Status::Review,
            "done" => Status::Done,
            "cancelled" | "canceled" => Status::Cancelled,
            _ => return None,
        })
    }

    /// The title of its column.
    pub fn title(self) -> &'static str {
        match self {
            Status::Queued => "Queue",
            Status::Running => "Running",
            Status::Review => "Review",
            Status::Done => "Done",
            Status::Cancelled => "Cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What someone wants to happen to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Give it an agent: the first time, or again after it was stopped.
    Start,
    /// Take the agent away and put the task back; its session stays resumable.
    Stop,
    /// The agent's process ended, well or not.
    Finish,
    /// Send it back to its agent, with a message or without.
    Resume,
    /// Put it back into the queue.
    Requeue,
    /// Call it done.
    Accept,
    /// Take back an acceptance.
    Reopen,
    /// Give it up.
    Cancel,
    /// Take back that it was given up, from review.
    Restore,
}

/// Why an action is not possible from a status: one sentence, with what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The sentence.
    pub message: String,
}

/// The status after `action` on a task in `from`.
///
/// # Errors
/// A [`Refusal`] where the machine has no such edge.
pub fn transition(from: Status, action: Action) -> Result<Status, Refusal> {
    use Status::{Cancelled, Done, Queued, Review, Running};
    let to = match (from, action) {
        (Queued, Action::Start | Action::Resume) => Running,
        (Running, Action::Stop | Action::Requeue) => Queued,
        (Running, Action::Finish) => Review,
        (Review, Action::Start | Action::Resume) => Running,
        (Review, Action::Requeue) => Queued,
        (Review, Action::Accept) => Done,
        (Done, Action::Reopen) => Review,
        (Cancelled, Action::Reopen | Action::Requeue) => Queued,
        (Cancelled, Action::Restore) => Review,
        (Queued | Running | Review, Action::Cancel) => Cancelled,
        _ => return Err(refusal(from, action)),
    };
    Ok(to)
}

/// The action that dropping a card from column `from` onto column `to` means; `None` where it means nothing.
pub fn action_for_move(from: Status, to: Status) -> Option<Action> {
    use Status::{Cancelled, Done, Queued, Review, Running};
    Some(match (from, to) {
        (Queued, Running) => Action::Start,
        (Review, Running) => Action::Resume,
        (Running, Queued) => Action::Stop,
        (Review | Cancelled, Queued) => Action::Requeue,
        (Running, Review) => Action::Finish,
        (Review, Done) => Action::Accept,
        (Done, Review) => Action::Reopen,
        (Queued | Running | Review, Cancelled) => Action::Cancel,
        _ => return None,
    })
}

fn refusal(from: Status, action: Action) -> Refusal {
    use Status::{Cancelled, Done, Queued, Review, Running};
    let message = match (from, action) {
        (Running, Action::Start | Action::Resume) => "the task is already running",
        (Running, Action::Accept) => {
            "the task is still running; stop it or let it finish, then accept it from review"
        }
        (Queued, Action::Accept) => "the task has not been worked on yet; start it first",
        (Queued, Action::Stop | Action::Requeue | Action::Finish) => {
            "the task is not running; it waits in the queue"
        }
        (Review, Action::Stop | Action::Finish) => {
            "the task is not running; it waits for your review"
        }
        (Done, Action::Accept) => "the task is already done",
        (Done, _) => "the task is done; move it back to review first",
        (Cancelled, Action::Cancel) => "the task is already cancelled",
        (Cancelled, _) => "the task was cancelled; move it back to the queue first",
        (Queued | Running | Review, Action::Reopen | Action::Restore) => {
            "the task is not done, so there is nothing to reopen"
        }
        _ => "the task cannot do that from here",
    };
    Refusal {
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 9] = [
        Action::Start,
        Action::Stop,
        Action::Finish,
        Action::Resume,
        Action::Requeue,
        Action::Accept,
        Action::Reopen,
        Action::Cancel,
        Action::Restore,
    ];
    const ALL: [Status; 5] = [
        Status::Queued,
        Status::Running,
        Status::Review,
        Status::Done,
        Status::Cancelled,
    ];

    /// The whole machine, a row a status, a column an action; `-` is a refusal.
    #[test]
    fn every_status_and_action() {
        // Start Stop Finish Resume Requeue Accept Reopen Cancel Restore
        let table = [
            (Status::Queued, "R - - R - - - C -"),
            (Status::Running, "- Q V - Q - - C -"),
            (Status::Review, "R - - R Q D - C -"),
            (Status::Done, "- - - - - - V - -"),
            (Status::Cancelled, "- - - - Q - Q - V"),
        ];
        for (from, row) in table {
            for (action, cell) in ACTIONS.iter().zip(row.split(' ')) {
                let got = match transition(from, *action) {
                    Ok(Status::Queued) => "Q",
                    Ok(Status::Running) => "R",
                    Ok(Status::Review) => "V",
                    Ok(Status::Done) => "D",
                    Ok(Status::Cancelled) => "C",
                    Err(_) => "-",
                };
                assert_eq!(got, cell, "{from} {action:?}");
            }
        }
    }

    #[test]
    fn a_move_is_an_action_that_leads_there() {
        for from in ALL {
            for to in ALL {
                if let Some(action) = action_for_move(from, to) {
                    assert_eq!(transition(from, action), Ok(to), "{from} to {to}");
                }
            }
            assert_eq!(action_for_move(from, from), None);
        }
    }

    #[test]
    fn words_are_read_back() {
        for status in ALL {
            assert_eq!(Status::from_word(status.word()), Some(status));
            assert_eq!(Status::from_word(status.title()), Some(status));
        }
        assert_eq!(Status::from_word("nowhere"), None);
    }
}
