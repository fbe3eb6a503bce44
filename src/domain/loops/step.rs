//! The loop's decision: from a state and what happened to the next state and what is to be done.
//!
//! The daemon stores the state after every step, then does what was decided, so that it can go on from there
//! whatever happens to it. Events that do not fit the phase (a second end of the same iteration, a message
//! from an old timer) change nothing.
//!
//! Pure: the time is an argument. Invariants: an iteration is only started after all limits were looked at; a
//! loop that waits for the user, is paused or is over starts nothing by itself.

use super::confidence::Confidence;
use super::facts::{CheckResult, IterationFacts, Tree, shortened};
use super::limits::LoopLimits;
use super::state::{
    Asked, Cut, CutWhy, EndWhy, LoopState, MOST_MESSAGE, MOST_MESSAGES, PauseWhy, Phase,
};
use crate::domain::activity::Ask;
use crate::domain::units::Timestamp;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoopEvent {
    /// Time passed.
    Tick,
    /// The iteration that was to be started runs; the worktree is this.
    Started(Tree),
    /// It could not be started.
    NotStarted(String),
    /// A budget does not allow another iteration: which, in a sentence.
    Refused(String),
    /// The iteration's process ended.
    IterationEnded(Box<IterationFacts>),
    /// The check ended.
    CheckEnded(Box<CheckResult>),
    /// Nothing moves in the iteration: how that was seen.
    Stalled(String),
    /// A budget is used up while an iteration runs: which, and whether the iteration is interrupted.
    OverBudget(String, bool),
    /// The user pauses it: after the iteration, or at once.
    Pause {
        /// At once.
        now: bool,
    },
    /// The user lets it go on.
    Continue,
    /// The user ends it: after the iteration, or at once.
    Stop {
        /// After the iteration.
        after: bool,
    },
    /// The user changes its limits.
    Limits(LoopLimits),
    /// The user wants the next iteration to be told this.
    Tell(String),
    /// The daemon has just begun; whether the iteration's process still runs, or its end is still to be told.
    Recovered {
        /// Whether there is such a process.
        has_run: bool,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing; see [`LoopState::due`] for when to ask again.
    Nothing,
    /// Start an iteration, then say [`LoopEvent::Started`].
    Start,
    /// Run the check command, then say [`LoopEvent::CheckEnded`].
    Check,
    /// Interrupt the iteration.
    Interrupt,
    /// Kill the iteration's process group.
    Kill,
    /// Tell the user that the loop waits for an answer.
    Wait(Ask),
    /// Tell the user that the loop is paused.
    Hold(PauseWhy),
    /// Show that the loop goes on at this time.
    Park(Timestamp),
    /// Hand the task over for review. A check that runs is ended.
    End(EndWhy),
}

impl LoopState {
    /// The loop after `event`, and what is to be done.
    pub fn step(mut self, event: LoopEvent, now: Timestamp) -> (LoopState, Decision) {
        let decision = match event {
            LoopEvent::Tick => self.tick(now),
            LoopEvent::Started(tree) => self.started(tree, now),
            LoopEvent::NotStarted(why) => match self.phase {
                Phase::Starting => self.end(EndWhy::Failed(why), now),
                _ => Decision::Nothing,
            },
            LoopEvent::Refused(why) => match self.phase {
                Phase::Starting => {
                    self.iteration -= 1;
                    self.pause(PauseWhy::Budget(why), now)
                }
                _ => Decision::Nothing,
            },
            LoopEvent::IterationEnded(facts) => self.iteration_ended(*facts, now),
            LoopEvent::CheckEnded(result) => self.check_ended(*result, now),
            LoopEvent::Stalled(why) => self.cut(CutWhy::Stalled(why), now),
            LoopEvent::OverBudget(why, interrupt) => self.over_budget(why, interrupt, now),
            LoopEvent::Pause { now: at_once } => self.pause_asked(at_once, now),
            LoopEvent::Continue => self.go_on(now),
            LoopEvent::Stop { after } => self.stop_asked(after, now),
            LoopEvent::Limits(limits) => self.new_limits(limits, now),
            LoopEvent::Tell(message) => self.tell(message, now),
            LoopEvent::Recovered { has_run } => self.recovered(has_run, now),
        };
        (self, decision)
    }

    /// Goes into another phase; the time in this one is accounted for.
    pub(super) fn enter(&mut self, phase: Phase, now: Timestamp) {
        self.worked = self.worked_at(now);
        self.since = now;
        self.phase = phase;
    }

    pub(super) fn end(&mut self, why: EndWhy, now: Timestamp) -> Decision {
        self.asked = Asked::default();
        self.enter(Phase::Ended { why: why.clone() }, now);
        Decision::End(why)
    }

    pub(super) fn pause(&mut self, why: PauseWhy, now: Timestamp) -> Decision {
        self.asked = Asked::default();
        self.enter(Phase::Paused { why: why.clone() }, now);
        Decision::Hold(why)
    }

    fn tick(&mut self, now: Timestamp) -> Decision {
        if self.due().is_none_or(|due| now < due) {
            return Decision::Nothing;
        }
        match &mut self.phase {
            Phase::Between { .. } | Phase::Parked { .. } => {
                let between = Phase::Between { until: now };
                self.enter(between, now);
                self.start(now)
            }
            Phase::Running { cut: Some(cut), .. } => {
                cut.at = now;
                cut.killed = true;
                Decision::Kill
            }
            Phase::Running { cut: None, .. } => {
                let left = self.limits.time.map(|most| most - self.worked_at(now));
                let why = match left {
                    Some(left) if left <= 0 => CutWhy::OutOfTime,
                    _ => CutWhy::TooLong,
                };
                self.cut(why, now)
            }
            _ => Decision::Nothing,
        }
    }

    /// Starts an iteration, unless a limit or a wish of the user speaks against it.
    fn start(&mut self, now: Timestamp) -> Decision {
        if let Some(decision) = self.held_back(now) {
            return decision;
        }
        self.iteration = self.iteration.saturating_add(1);
        self.iteration_at = now;
        self.telling = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        self.enter(Phase::Starting, now);
        Decision::Start
    }

    /// What keeps the next iteration from being started.
    pub(super) fn held_back(&mut self, now: Timestamp) -> Option<Decision> {
        if self.asked.stop {
            return Some(self.end(EndWhy::Stopped, now));
        }
        if let Some(most) = self.limits.iterations.filter(|most| self.counted >= *most) {
            return Some(self.end(EndWhy::Iterations(most), now));
        }
        let worked = self.worked_at(now);
        if let Some(most) = self.limits.time.filter(|most| worked >= *most) {
            return Some(self.end(EndWhy::Time(most), now));
        }
        if self.asked.pause {
            return Some(self.pause(PauseWhy::User, now));
        }
        if let Some(why) = self.asked.budget.take() {
            return Some(self.pause(PauseWhy::Budget(why), now));
        }
        if let Some(budget) = self.limits.budget.filter(|_| self.is_over_budget()) {
            let why = format!("{} of the loop's {budget} used up", self.spent);
            return Some(self.pause(PauseWhy::Budget(why), now));
        }
        None
    }

    fn started(&mut self, tree: Tree, now: Timestamp) -> Decision {
        if self.phase != Phase::Starting {
            return Decision::Nothing;
        }
        // What it was told, it need not be told again; what came meanwhile, the next one is.
        let told = (self.telling as usize).min(self.messages.len());
        self.messages.drain(..told);
        self.telling = 0;
        self.enter(
            Phase::Running {
                before: tree,
                cut: None,
            },
            now,
        );
        Decision::Nothing
    }

    /// Ends the iteration from outside.
    fn cut(&mut self, why: CutWhy, now: Timestamp) -> Decision {
        match &mut self.phase {
            Phase::Running {
                cut: cut @ None, ..
            } => {
                *cut = Some(Cut {
                    why,
                    at: now,
                    killed: false,
                });
                Decision::Interrupt
            }
            _ => Decision::Nothing,
        }
    }

    fn over_budget(&mut self, why: String, interrupt: bool, now: Timestamp) -> Decision {
        match self.phase {
            Phase::Running { .. } | Phase::Starting | Phase::Checking { .. } => {
                self.asked.budget = Some(why);
                match interrupt {
                    true => self.cut(CutWhy::Budget, now),
                    false => Decision::Nothing,
                }
            }
            Phase::Between { .. } | Phase::Parked { .. } => self.pause(PauseWhy::Budget(why), now),
            _ => Decision::Nothing,
        }
    }

    fn pause_asked(&mut self, at_once: bool, now: Timestamp) -> Decision {
        match self.phase {
            Phase::Between { .. } | Phase::Parked { .. } => self.pause(PauseWhy::User, now),
            Phase::Starting | Phase::Running { .. } | Phase::Checking { .. } => {
                self.asked.pause = true;
                match at_once {
                    true => self.cut(CutWhy::Paused, now),
                    false => Decision::Nothing,
                }
            }
            _ => Decision::Nothing,
        }
    }

    fn stop_asked(&mut self, after: bool, now: Timestamp) -> Decision {
        match self.phase {
            Phase::Ended { .. } => Decision::Nothing,
            Phase::Starting | Phase::Running { .. } => {
                self.asked.stop = true;
                match after {
                    false => self.cut(CutWhy::Stopped, now),
                    true => Decision::Nothing,
                }
            }
            Phase::Checking { .. } if after => {
                self.asked.stop = true;
                Decision::Nothing
            }
            Phase::Checking { .. } => {
                if let Phase::Checking { before, facts, cut } = self.phase.clone() {
                    self.record(&facts, &before, cut.as_ref(), None, now);
                }
                self.end(EndWhy::Stopped, now)
            }
            _ => self.end(EndWhy::Stopped, now),
        }
    }

    fn go_on(&mut self, now: Timestamp) -> Decision {
        self.asked = Asked::default();
        match &self.phase {
            Phase::Paused { .. } | Phase::Parked { .. } | Phase::Waiting { .. } => {}
            Phase::Ended { why } => {
                if matches!(why, EndWhy::Breaker(_)) {
                    self.breaker = self.breaker.probe();
                }
                // What spoke for the end is looked at anew.
                self.confidence = Confidence::default();
                self.quiet = 0;
                self.excused = 0;
            }
            _ => return Decision::Nothing,
        }
        self.enter(Phase::Between { until: now }, now);
        Decision::Nothing
    }

    fn new_limits(&mut self, limits: LoopLimits, now: Timestamp) -> Decision {
        let was_over = self.is_over_budget();
        self.limits = limits;
        let budget = matches!(
            self.phase,
            Phase::Paused {
                why: PauseWhy::Budget(_)
            }
        );
        match budget && was_over && !self.is_over_budget() {
            // It asked for just that.
            true => self.go_on(now),
            false => Decision::Nothing,
        }
    }

    fn recovered(&mut self, has_run: bool, now: Timestamp) -> Decision {
        match self.phase {
            Phase::Starting if !has_run => {
                // It never ran.
                self.iteration = self.iteration.saturating_sub(1);
                self.since = now;
                self.enter(Phase::Between { until: now }, now);
                Decision::Nothing
            }
            // The time nobody was there is no time at work.
            Phase::Between { .. } => {
                self.since = now;
                Decision::Nothing
            }
            Phase::Checking { .. } => {
                self.since = now;
                Decision::Check
            }
            _ => Decision::Nothing,
        }
    }

    fn tell(&mut self, message: String, now: Timestamp) -> Decision {
        if self.messages.len() >= MOST_MESSAGES {
            self.messages.remove(0);
            self.telling = self.telling.saturating_sub(1);
        }
        self.messages.push(shortened(&message, MOST_MESSAGE));
        if matches!(self.phase, Phase::Waiting { .. }) {
            // That is the answer.
            return self.go_on(now);
        }
        Decision::Nothing
    }
}

#[cfg(test)]
mod simulator;
#[cfg(test)]
mod tests;
