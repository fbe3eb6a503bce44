//! After an iteration: what is made of what came of it.
//!
//! Pure; a part of [`super::step`].

use super::breaker::{BreakerState, Seen};
use super::confidence::{Changes, CheckStanding, Confidence, Known, confidence};
use super::facts::{
    CheckOutcome, CheckResult, Fault, IterationFacts, IterationRecord, MOST_SUMMARY, RunEnd, Tree,
    shortened,
};
use super::phrases;
use super::plan::Plan;
use super::state::{Asked, Cut, CutWhy, EndWhy, LoopState, PauseWhy, Phase, REMEMBERED};
use super::status_block::{self, SelfStatus, StatusBlock};
use super::step::Decision;
use crate::domain::activity::{Ask, AskKind};
use crate::domain::units::Timestamp;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// Iterations in a row that limits and faults of the service may end with nothing done. With the waits below
/// that is about three hours of an overloaded service, and days of usage limits.
pub const MOST_EXCUSED: u32 = 12;
/// The first and the longest wait for an overloaded service, in milliseconds; it doubles in between.
const OVERLOAD: (i64, i64) = (10 * SECOND, 30 * MINUTE);
/// The same for a usage limit that does not say when it ends.
const LIMIT: (i64, i64) = (5 * MINUTE, 60 * MINUTE);
/// How long after the end of a limit it goes on, in milliseconds: clocks differ.
pub const LIMIT_MARGIN: i64 = 5 * SECOND;

impl LoopState {
    pub(super) fn iteration_ended(&mut self, facts: IterationFacts, now: Timestamp) -> Decision {
        let (before, cut) = match &self.phase {
            Phase::Running { before, cut } => (before.clone(), cut.clone()),
            // The daemon went away between the start and the note of it; there is nothing to compare with.
            Phase::Starting => (facts.after.clone(), None),
            _ => return Decision::Nothing,
        };
        if let Some(cost) = facts.cost {
            self.spent.0 = self.spent.0.saturating_add(cost.0);
        } else {
            self.unpriced = true;
        }
        if facts.end == RunEnd::Lost {
            // How long it worked before the machine went down, nobody knows.
            self.since = now;
        }
        let progress = facts.after.moved_from(&before);
        let excused = is_excused(&facts.end, cut.as_ref());
        if !excused || progress {
            self.counted = self.counted.saturating_add(1);
            self.excused = 0;
        } else {
            self.excused = self.excused.saturating_add(1);
        }
        self.committed |= facts.after.head != before.head;
        if excused {
            self.record(&facts, &before, cut.as_ref(), None, now);
            return self.after_excuse(&facts, cut.as_ref(), now);
        }
        if let RunEnd::Failed(fault @ (Fault::Auth | Fault::Billing | Fault::Broken), words) =
            &facts.end
        {
            let why = match fault {
                Fault::Auth => EndWhy::Auth(words.clone()),
                Fault::Billing => EndWhy::Billing(words.clone()),
                _ => EndWhy::Failed(words.clone()),
            };
            self.record(&facts, &before, cut.as_ref(), None, now);
            return self.end(why, now);
        }
        let asks = ask_of(&facts).is_some();
        let passed_here = self.check.as_ref().is_some_and(|check| {
            check.outcome == CheckOutcome::Passed && !facts.after.moved_from(&check.tree)
        });
        if facts.has_check && !asks && !passed_here && !self.asked.stop {
            let facts = Box::new(facts);
            self.enter(Phase::Checking { before, facts, cut }, now);
            return Decision::Check;
        }
        self.conclude(&facts, &before, cut.as_ref(), None, now)
    }

    pub(super) fn check_ended(&mut self, result: CheckResult, now: Timestamp) -> Decision {
        let Phase::Checking { before, facts, cut } = self.phase.clone() else {
            return Decision::Nothing;
        };
        let outcome = result.outcome;
        self.check = Some(result);
        self.conclude(&facts, &before, cut.as_ref(), Some(outcome), now)
    }

    /// After an iteration that says nothing about the agent.
    fn after_excuse(
        &mut self,
        facts: &IterationFacts,
        cut: Option<&Cut>,
        now: Timestamp,
    ) -> Decision {
        if self.asked.stop {
            return self.end(EndWhy::Stopped, now);
        }
        let (fault, words) = match (&facts.end, cut) {
            (_, Some(cut)) if cut.why == CutWhy::Paused => return self.pause(PauseWhy::User, now),
            (RunEnd::Failed(fault, words), _) => (*fault, words.clone()),
            (RunEnd::Lost, _) => return self.pause(PauseWhy::Interrupted, now),
            (RunEnd::Finished, _) => return self.next(now),
        };
        if !fault.is_excused() {
            // It was ended by a wish of the user that was taken back since.
            return self.next(now);
        }
        if self.excused >= MOST_EXCUSED {
            return self.end(EndWhy::Unreachable(words), now);
        }
        let until = match fault {
            Fault::Limit(Some(until)) if until > now => {
                Timestamp(until.0.saturating_add(LIMIT_MARGIN))
            }
            Fault::Limit(None) => backoff(LIMIT, self.excused, now),
            // It should be over; clocks differ.
            _ => backoff(OVERLOAD, self.excused, now),
        };
        if self.asked != Asked::default() {
            // The user's wish comes before the wait.
            return self.next(now);
        }
        let limit = matches!(fault, Fault::Limit(_));
        self.enter(
            Phase::Parked {
                until,
                why: words,
                limit,
            },
            now,
        );
        Decision::Park(until)
    }

    /// All is known of an iteration: what follows.
    fn conclude(
        &mut self,
        facts: &IterationFacts,
        before: &Tree,
        cut: Option<&Cut>,
        checked: Option<CheckOutcome>,
        now: Timestamp,
    ) -> Decision {
        let block = status_block::parse(&facts.message);
        let progress = facts.after.moved_from(before);
        self.quiet = match facts.changes {
            Changes::Something => 0,
            Changes::Nothing | Changes::TestsOnly => self.quiet.saturating_add(1),
        };
        let boxes = facts.plans.iter().map(Plan::boxes).sum();
        self.most_boxes = self.most_boxes.max(boxes);
        self.plans.clone_from(&facts.plans);
        let ask = ask_of(facts);
        self.breaker = self.breaker.after(&Seen {
            progress,
            excused: false,
            error: error_of(facts, cut).as_deref(),
            check_failure: self.check_failure(checked),
            denied: facts.denied.first().map(String::as_str),
            blocked: block
                .as_ref()
                .is_some_and(|block| block.status == Some(SelfStatus::Blocked)),
        });
        self.confidence = self.sure(facts, block.as_ref());
        self.remind = block.is_none();
        self.recommendation = block.map(|block| block.recommendation).unwrap_or_default();
        self.record(facts, before, cut, checked, now);

        if self.confidence.is_enough()
            && cut.is_none()
            && facts.end == RunEnd::Finished
            && ask.is_none()
        {
            return self.end(EndWhy::Complete(self.confidence.percent), now);
        }
        if self.breaker.state == BreakerState::Open {
            return self.end(EndWhy::Breaker(self.breaker.reasons.clone()), now);
        }
        if let Some(ask) = ask.filter(|_| !self.asked.stop) {
            self.enter(Phase::Waiting { ask: ask.clone() }, now);
            return Decision::Wait(ask);
        }
        self.next(now)
    }

    /// On to the next iteration, after a pause, unless something speaks against it.
    fn next(&mut self, now: Timestamp) -> Decision {
        if let Some(decision) = self.held_back(now) {
            return decision;
        }
        let until = Timestamp(now.0.saturating_add(self.limits.pause));
        self.enter(Phase::Between { until }, now);
        Decision::Nothing
    }

    /// How sure one can be after this iteration.
    fn sure(&self, facts: &IterationFacts, block: Option<&StatusBlock>) -> Confidence {
        let phrases = phrases::completion(&facts.message);
        let check = match (&self.check, facts.has_check) {
            (_, false) => CheckStanding::None,
            (None, true) => CheckStanding::Stale("it has not been run yet"),
            (Some(check), true) if facts.after.moved_from(&check.tree) => {
                CheckStanding::Stale("something was changed after it")
            }
            (Some(check), true) => match check.outcome {
                CheckOutcome::Passed => CheckStanding::Passed,
                CheckOutcome::Failed | CheckOutcome::TimedOut => {
                    CheckStanding::Failed(&check.words)
                }
                CheckOutcome::NotRun => CheckStanding::Stale(&check.words),
            },
        };
        confidence(&Known {
            block,
            reminded: self.remind,
            phrases: &phrases,
            plans: &facts.plans,
            most_boxes: self.most_boxes,
            check,
            dirty: facts.after.dirty,
            committed: self.committed,
            quiet: self.quiet,
        })
    }

    fn check_failure(&self, checked: Option<CheckOutcome>) -> Option<&str> {
        let failed = matches!(checked?, CheckOutcome::Failed | CheckOutcome::TimedOut);
        self.check
            .as_ref()
            .filter(|_| failed)
            .map(|check| check.words.as_str())
    }

    /// Keeps what is worth keeping of an iteration.
    pub(super) fn record(
        &mut self,
        facts: &IterationFacts,
        before: &Tree,
        cut: Option<&Cut>,
        check: Option<CheckOutcome>,
        now: Timestamp,
    ) {
        let block = status_block::parse(&facts.message);
        self.recent.push(IterationRecord {
            number: self.iteration,
            started_at: self.iteration_at,
            ended_at: now,
            how: how(&facts.end, cut),
            changes: facts.changes,
            progress: facts.after.moved_from(before),
            head: facts.after.head.clone(),
            check,
            cost: facts.cost,
            confidence: self.confidence.percent,
            summary: shortened(status_block::without(&facts.message), MOST_SUMMARY),
            recommendation: block.map(|block| block.recommendation).unwrap_or_default(),
        });
        let surplus = self.recent.len().saturating_sub(REMEMBERED);
        self.recent.drain(..surplus);
    }
}

/// Whether an iteration's end says nothing about the agent's work.
fn is_excused(end: &RunEnd, cut: Option<&Cut>) -> bool {
    let by_wish =
        cut.is_some_and(|cut| matches!(cut.why, CutWhy::Stopped | CutWhy::Paused | CutWhy::Budget));
    by_wish
        || match end {
            RunEnd::Finished => false,
            // What was ended from outside tells of the signal, not of itself.
            RunEnd::Failed(fault, _) => fault.is_excused() && cut.is_none(),
            RunEnd::Lost => true,
        }
}

/// What the agent wants of the user before it goes on.
fn ask_of(facts: &IterationFacts) -> Option<Ask> {
    if let Some(question) = &facts.question {
        return Some(Ask {
            kind: AskKind::Question,
            text: shortened(question, MOST_SUMMARY),
        });
    }
    let block = status_block::parse(&facts.message)?;
    (block.status == Some(SelfStatus::Blocked)).then(|| Ask {
        kind: AskKind::Question,
        text: match (block.recommendation.as_str(), facts.denied.first()) {
            ("", Some(denied)) => format!("it is blocked; denied was {}", shortened(denied, 200)),
            ("", None) => "it says that it is blocked".to_owned(),
            (words, _) => words.to_owned(),
        },
    })
}

/// The error an iteration ended with, for the breaker.
fn error_of(facts: &IterationFacts, cut: Option<&Cut>) -> Option<String> {
    match (cut.map(|cut| &cut.why), &facts.end) {
        (Some(CutWhy::Stalled(why)), _) => Some(format!("stalled: {why}")),
        (Some(_), _) => None,
        (None, RunEnd::Failed(_, words)) => Some(words.clone()),
        (None, _) => None,
    }
}

/// How an iteration ended, in a sentence.
fn how(end: &RunEnd, cut: Option<&Cut>) -> String {
    let cut_short = |why: &CutWhy| match why {
        CutWhy::TooLong => "interrupted: it took longer than an iteration may".to_owned(),
        CutWhy::OutOfTime => "interrupted: the loop's time is up".to_owned(),
        CutWhy::Stalled(how) => format!("interrupted: {how}"),
        CutWhy::Stopped => "stopped by you".to_owned(),
        CutWhy::Paused => "interrupted: you paused the loop".to_owned(),
        CutWhy::Budget => "interrupted: a budget is used up".to_owned(),
    };
    match (cut, end) {
        (Some(cut), _) => cut_short(&cut.why),
        (None, RunEnd::Finished) => "finished".to_owned(),
        (None, RunEnd::Failed(_, words)) => words.clone(),
        (None, RunEnd::Lost) => "interrupted: the machine or the keeper went away".to_owned(),
    }
}

/// When to try again: the wait doubles with each time in a row.
fn backoff((first, longest): (i64, i64), times: u32, now: Timestamp) -> Timestamp {
    let doubled = first.saturating_mul(1i64 << times.saturating_sub(1).min(20));
    Timestamp(now.0.saturating_add(doubled.min(longest)))
}
