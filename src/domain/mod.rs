//! The rules of gluon, pure: what a task, a session and a run are and how they may change.
//!
//! Owns the vocabulary every other layer speaks. Imports nothing of the crate. No I/O, no clock and no
//! randomness in here: the time is always an argument, so that every rule can be tested in a table.
#![deny(clippy::disallowed_methods)]

pub mod accept;
pub mod activity;
pub mod archive;
pub mod board;
pub mod budget;
pub mod calendar;
pub mod check;
pub mod comment;
pub mod conversation;
pub mod cost;
pub mod evidence;
pub mod find;
pub mod fold;
pub mod follow_up;
pub mod health;
pub mod hook;
pub mod ids;
pub mod inbox;
pub mod limit;
pub mod loops;
pub mod names;
pub mod notify;
pub mod operation;
pub mod pace;
pub mod patch;
pub mod quiet;
pub mod recap;
pub mod records;
pub mod report;
pub mod schedule;
pub mod status;
pub mod stream;
pub mod units;

pub use activity::{Activity, Ask, AskKind};
pub use calendar::Day;
pub use comment::Comment;
pub use conversation::{Conversation, Passage, Speaker};
pub use cost::{Basis, Cost, Prices, Usage, UsageRow};
pub use evidence::{Claim, Decision, Evidence, Rule, Source, Standing, Turn};
pub use health::{Health, HealthRule, Verdict};
pub use hook::{Hook, HookSays};
pub use ids::{CommentId, ProjectId, RunId, SessionId, TaskId};
pub use inbox::Need;
pub use pace::Pace;
pub use records::{
    EventRecord, Exit, Mode, Priority, Project, Reason, Run, Session, SessionState, Task,
};
pub use status::{Action, Refusal, Status, transition};
pub use stream::{StreamEvent, Summary};
pub use units::{MicroUsd, Timestamp};
