//! What clients are shown: records of the domain together with what is observed about them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::budgets::TaskBudget;
use super::loops::LoopView;
use super::review::ReviewView;
use super::screen::{Row, Style};
use crate::domain::budget::Budget;
use crate::domain::follow_up::{FollowUp, WhileBusy};
use crate::domain::health::{Present, Sign};
use crate::domain::schedule::Hold;
use crate::domain::{
    Activity, Claim, Cost, Day, Decision, EventRecord, MicroUsd, Mode, Project, Run, Session,
    SessionId, Standing, Summary, Task, TaskId, Timestamp, Turn, Usage, Verdict,
};

/// A session with what is observed of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The record.
    pub session: Session,
    /// The title of its task, so that a list of sessions can be read.
    pub task_title: String,
    /// What the agent is doing.
    pub activity: Activity,
    /// Since when it does that.
    pub activity_since: Timestamp,
    /// How it is doing; `None` where no process of it lives, and until it was looked at.
    pub health: Option<Verdict>,
    /// The title the agent gave its terminal (untrusted text without control characters).
    pub terminal_title: String,
    /// When it last printed something.
    pub last_output_at: Option<Timestamp>,
    /// What it cost so far; `None` where nobody knows.
    pub cost: Option<Cost>,
    /// Columns of its terminal.
    pub cols: u16,
    /// Rows of its terminal.
    pub rows: u16,
    /// Whether something happened since the user last looked.
    pub unseen: bool,
    /// How many runs it has had.
    pub runs: u32,
    /// Whether `resume` can continue its conversation.
    pub resumable: bool,
    /// How much the agent has going on in the background: shells, subagents.
    pub background: u32,
    /// Which of its asks the agent waits with; 0 while it asks nothing. No two have the same number.
    pub wait: u64,
}

/// What git says about a task's branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitView {
    /// Commits on the branch that the base does not have.
    pub ahead: u32,
    /// Commits of the base that the branch does not have.
    pub behind: u32,
    /// Files changed against the merge base, uncommitted ones too.
    pub files: u32,
    /// Lines added.
    pub insertions: u32,
    /// Lines removed.
    pub deletions: u32,
    /// Files with uncommitted changes, new ones too.
    pub dirty: u32,
}

/// A card of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCard {
    /// The task.
    pub task: Task,
    /// The name of its project.
    pub project_name: String,
    /// Its newest session.
    pub session: Option<SessionView>,
    /// Its branch; `None` until it was looked at.
    pub git: Option<GitView>,
    /// Why it does not start by itself, if it is queued.
    pub hold: Option<HoldView>,
    /// What all of its sessions cost so far; `None` where nobody knows.
    pub cost: Option<Cost>,
    /// Its loop; `None` where none has begun.
    pub loop_view: Option<LoopView>,
    /// What a review needs to know.
    pub review: ReviewView,
    /// How many messages wait until its agent is idle.
    pub follow_ups: u32,
    /// Its budget; `None` where it cannot be read.
    pub budget: Option<Box<TaskBudget>>,
}

/// Why a queued task does not start by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldView {
    /// The user holds it.
    Held,
    /// It waits for these tasks.
    After(Vec<TaskId>),
    /// It depends on itself, over these tasks.
    Cycle(Vec<TaskId>),
    /// All slots are taken.
    NoSlot,
    /// The queue is paused.
    Paused,
    /// A budget does not allow it: one sentence.
    Budget(String),
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        match hold {
            Hold::Held => HoldView::Held,
            Hold::After(tasks) => HoldView::After(tasks),
            Hold::Cycle(tasks) => HoldView::Cycle(tasks),
        }
    }
}

/// The whole board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// All registered projects.
    pub projects: Vec<Project>,
    /// All tasks, cancelled ones too.
    pub cards: Vec<TaskCard>,
    /// The scheduler.
    pub queue: QueueView,
}

/// The scheduler as the header shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// Whether the user paused it.
    pub paused: bool,
    /// Slots for all projects.
    pub slots: u32,
    /// Slots taken.
    pub used: u32,
    /// What everything cost today, where the daemon is; `None` where nothing was used.
    pub today: Option<Cost>,
    /// What each of the last days cost, as far as it is known; today is the last.
    pub recent: Vec<MicroUsd>,
    /// What today may cost; `None`: it cannot be read.
    pub day: Option<Budget>,
}

/// A task with everything about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDetail {
    /// The card.
    pub card: TaskCard,
    /// Its sessions, newest first.
    pub sessions: Vec<SessionView>,
    /// Their runs, newest first.
    pub runs: Vec<Run>,
    /// What happened to it, newest first.
    pub events: Vec<EventRecord>,
    /// Why its activity is what is shown; `None` where no session of it is open.
    pub why: Option<Why>,
    /// What the newest run came to (so far), where it runs without a screen and tells that itself.
    pub last_run: Option<Box<Summary>>,
    /// How its newest session is doing, and what was seen of it; `None` where no process of it lives.
    pub health: Option<Box<HealthView>>,
    /// The messages that wait until its agent is idle, the oldest first.
    pub follow_ups: Vec<FollowUp>,
}

/// How a session is doing, with everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthView {
    /// The verdict at this moment.
    pub verdict: Verdict,
    /// What is so just now.
    pub present: Present,
    /// What was seen of it, the oldest first.
    pub signs: Vec<(Timestamp, Sign)>,
}

/// Why an activity is what is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The session.
    pub session: SessionId,
    /// What is shown, by which rule, by whose word.
    pub decision: Decision,
    /// Since when.
    pub since: Timestamp,
    /// What every source said, the most trusted first, and how that stands.
    pub claims: Vec<(Claim, Standing)>,
    /// The last changes of what was shown, the newest last.
    pub past: Vec<Turn>,
    /// When this was so.
    pub at: Timestamp,
}

/// An agent of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentView {
    /// Its name.
    pub name: String,
    /// Its name as people write it.
    pub title: String,
    /// The program it needs.
    pub program: String,
    /// Where that program is; `None`: not installed.
    pub installed: Option<PathBuf>,
    /// The modes it can be driven in.
    pub modes: Vec<Mode>,
    /// Whether the settings name it for tasks that name none.
    pub preferred: bool,
    /// What it does with a message that is sent while it works.
    pub while_busy: WhileBusy,
}

/// The daemon, for `gluon daemon status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Its version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The keeper's process.
    pub keeper_pid: Option<u32>,
    /// When it started.
    pub started_at: Timestamp,
    /// Sessions that live.
    pub live_sessions: u32,
    /// Clients connected.
    pub clients: u32,
    /// Where its state is.
    pub state_dir: PathBuf,
    /// Where its log is.
    pub log_file: PathBuf,
}

/// Lines of scrollback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// The id of the first line.
    pub first: u64,
    /// The lines.
    pub rows: Vec<Row>,
    /// The looks they refer to.
    pub styles: Vec<Style>,
    /// The id of the oldest line that there is.
    pub history_start: u64,
    /// The id behind the newest line that there is, the screen's own included.
    pub end: u64,
}

/// A place where a search found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The line's id.
    pub line: u64,
    /// The first column.
    pub col: u16,
    /// How many columns.
    pub cells: u16,
}

/// What removing a task's worktree would take along.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskView {
    /// Files with uncommitted changes.
    pub dirty: u32,
    /// Files git does not know.
    pub untracked: u32,
    /// Commits that are nowhere else.
    pub unmerged_commits: u32,
    /// Whether an agent is at work in it.
    pub live: bool,
}

impl RiskView {
    /// Whether nothing would be lost.
    pub fn is_none(&self) -> bool {
        *self == RiskView::default()
    }
}

/// What was left behind as the way back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The ref that holds everything the branch and the worktree had.
    pub recovery_ref: Option<String>,
    /// The patch with the uncommitted part.
    pub patch: Option<PathBuf>,
}

/// How an accepted task can be merged by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The card, now done.
    pub card: TaskCard,
    /// One sentence, with the command: `git merge gluon/7-…`.
    pub how_to_merge: String,
}

/// What was spent on one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostLine {
    /// What on: a day, a number of a task or session, a name.
    pub key: String,
    /// A title for people, where the key is a number; else empty.
    pub label: String,
    /// How many requests.
    pub requests: u64,
    /// Their tokens.
    pub usage: Usage,
    /// What they cost.
    pub cost: Cost,
}

/// What was spent, as the costs view shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostsView {
    /// Which day it is, where the daemon is.
    pub today: Day,
    /// Day by day, the oldest first and only days on which something was used: those that were asked for,
    /// and in any case this week's and this month's.
    pub days: Vec<CostLine>,
    /// What was asked for, the dearest first.
    pub lines: Vec<CostLine>,
    /// What is wrong with the user's own prices, a sentence each.
    pub problems: Vec<String>,
    /// How the budgets stand that are not of a task: the day's first.
    pub budgets: Vec<Budget>,
}

/// What an attach gives at once; screen updates follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The session attached to.
    pub session: SessionId,
    /// Columns of its terminal.
    pub cols: u16,
    /// Rows of its terminal.
    pub rows: u16,
}
