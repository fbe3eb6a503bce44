//! Agents whose keeper is gone: they are ended and said to be interrupted, so that nobody works in a
//! worktree that the next agent is started in.
//!
//! The kernel hangs up a terminal whose last master is closed, which ends most of them. What ignores that
//! is found by its session and by what it was given in its environment: a number alone may have been
//! given anew.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Service, blocking};
use crate::domain::{Exit, RunId, Session, TaskId};
use crate::protocol::Level;
use crate::pty::process;

/// How long agents get to end on a hang-up before they are killed, and then to be gone.
const HANG_UP: Duration = Duration::from_secs(1);
/// How long their last output is waited for.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// The pause between two looks at whether they have ended.
const LOOK: Duration = Duration::from_millis(20);

/// Whether a process that may be an agent's must be known to be it, or only must not be known not to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Needed,
    Contrary,
}

impl Service {
    /// The keeper was killed: with it went the way to signal agents and to learn how they end. Ends them,
    /// takes their last output and records that they were interrupted.
    pub(in crate::daemon) async fn keeper_gone(self: &Arc<Self>) {
        tracing::error!("the keeper is gone; its agents are ended");
        self.close();
        let text = "gluon's keeper was killed, and the agents end with it; they can be resumed";
        self.say(None, Level::Error, text.to_owned());
        let runs: Vec<RunId> = self.state().runs.keys().copied().collect();
        let mut leaders = Vec::new();
        let mut ends = Vec::new();
        for id in runs {
            let (done, ended) = oneshot::channel();
            self.state().waiting.entry(id).or_default().push(done);
            ends.push((id, ended));
            leaders.extend(self.leader(id));
        }
        let ended = blocking(move || end_all(&leaders, Proof::Contrary)).await;
        if let Err(error) = ended {
            tracing::error!(%error, "agents were not ended");
        }
        for (id, _) in &ends {
            self.process_ended(*id, Exit::Lost);
        }
        let all = async {
            for (_, ended) in ends {
                let _ = ended.await;
            }
        };
        if tokio::time::timeout(LAST_WORDS, all).await.is_err() {
            tracing::error!("not all agents' ends were recorded; the next daemon does that");
        }
    }

    /// Ends what a daemon and a keeper that were killed have left of these sessions.
    pub(super) async fn end_left_behind(&self, interrupted: &[Session]) {
        let runs = interrupted
            .iter()
            .filter_map(|session| self.store.runs_of(session.id).ok());
        let leaders: Vec<_> = runs
            .flatten()
            .filter(|run| run.ended_at.is_none())
            .filter_map(|run| self.leader(run.id))
            .collect();
        if leaders.is_empty() {
            return;
        }
        let left = blocking(move || end_all(&leaders, Proof::Needed)).await;
        if let Ok(count @ 1..) = left {
            tracing::warn!(count, "processes left behind by a killed keeper were ended");
        }
    }

    fn leader(&self, run: RunId) -> Option<(u32, TaskId)> {
        let run = self.store.run(run).ok()?;
        let session = self.store.session(run.session).ok()?;
        Some((run.pid?, session.task))
    }
}

/// Ends everything in the sessions of these leaders, politely first. How many processes there were.
fn end_all(leaders: &[(u32, TaskId)], proof: Proof) -> usize {
    let there = || -> Vec<u32> {
        let members = leaders.iter().flat_map(|(leader, task)| {
            let mut members = process::session_members(*leader);
            let task = task.to_string();
            members.retain(|pid| match process::was_given(*pid, "GLUON_TASK", &task) {
                Some(given) => given,
                None => proof == Proof::Contrary,
            });
            members
        });
        members.collect()
    };
    let first = there();
    for pid in &first {
        process::signal(*pid, libc::SIGHUP);
    }
    for kill in [false, true] {
        let mut left = there();
        for pid in left.iter().filter(|_| kill) {
            process::signal(*pid, libc::SIGKILL);
        }
        let deadline = Instant::now() + HANG_UP;
        while !left.is_empty() && Instant::now() < deadline {
            std::thread::sleep(LOOK);
            left = there();
        }
    }
    first.len()
}
