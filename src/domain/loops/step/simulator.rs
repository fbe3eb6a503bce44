//! Thousands of loops with scripted agents: whatever an agent does, its loop ends, within its limits, for the
//! right reason, and is never called complete when it is not.

use super::super::confidence::Changes;
use super::super::facts::*;
use super::super::state::{GRACE, REMEMBERED};
use super::*;
use crate::domain::loops::plan;
use crate::domain::units::MicroUsd;

/// Loops of each kind.
const SEEDS: u64 = 100;
/// Steps after which a loop is said not to end.
const MOST_STEPS: usize = 20_000;

/// xorshift64*: the same loops on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % sides
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }
}

/// What an agent is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agent {
    /// Works through its plan, commits, says so at the end.
    Finishes,
    /// The same, and leaves everything uncommitted.
    LeavesDirt,
    /// Works and commits for ever, never done.
    NeverFinishes,
    /// Says that it is done in every way there is, and has not done it: the check says so.
    Lies,
    /// The same where there is no check, and it does nothing but edit.
    LiesWithoutCheck,
    /// Says in every way but its block that it is done; the block says it is not.
    Contradicts,
    /// Changes a file and changes it back, for ever.
    Oscillates,
    /// Does nothing at all.
    Idles,
    /// Never writes a block.
    NoBlock,
    /// Hits a usage limit now and then, and finishes in the end.
    HitsLimits,
    /// Finds the service overloaded for ever.
    Overloaded,
    /// Hangs: is stalled, ignores the interrupt, is killed.
    Hangs,
    /// Dies with an error of its own, the numbers different each time.
    Dies,
    /// Asks in its second iteration; the user answers.
    Asks,
    /// Is denied the same again and again and cannot go on without it.
    Denied,
    /// Has no login.
    NoLogin,
    /// Runs until it is told not to.
    Slow,
    /// Does any of it, by chance.
    Chaos,
}

const ALL: [Agent; 18] = [
    Agent::Finishes,
    Agent::LeavesDirt,
    Agent::NeverFinishes,
    Agent::Lies,
    Agent::LiesWithoutCheck,
    Agent::Contradicts,
    Agent::Oscillates,
    Agent::Idles,
    Agent::NoBlock,
    Agent::HitsLimits,
    Agent::Overloaded,
    Agent::Hangs,
    Agent::Dies,
    Agent::Asks,
    Agent::Denied,
    Agent::NoLogin,
    Agent::Slow,
    Agent::Chaos,
];

/// A worktree, a user and a clock around a loop.
struct World {
    agent: Agent,
    dice: Dice,
    now: i64,
    state: LoopState,
    tree: Tree,
    edits: u64,
    todo: u32,
    done: u32,
    has_check: bool,
    answered: bool,
    interrupted: bool,
}

impl World {
    fn new(agent: Agent, seed: u64) -> World {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let limits = LoopLimits {
            iterations: Some(10 + dice.roll(12) as u32),
            budget: dice
                .chance(20)
                .then(|| MicroUsd(2_000_000 + dice.roll(4_000_000) as i64)),
            ..LoopLimits::default()
        };
        let now = 1_000_000;
        World {
            agent,
            now,
            state: LoopState::new(limits, Timestamp(now)),
            tree: Tree {
                head: "h".into(),
                fingerprint: "0".into(),
                dirty: 0,
            },
            edits: 0,
            todo: 2 + dice.roll(6) as u32,
            done: 0,
            has_check: match agent {
                Agent::Lies => true,
                Agent::LiesWithoutCheck => false,
                _ => dice.chance(60),
            },
            answered: false,
            interrupted: false,
            dice,
        }
    }

    fn edit(&mut self) {
        self.edits += 1;
        self.tree.fingerprint = self.edits.to_string();
        self.tree.dirty = 1 + (self.edits % 3) as u32;
    }

    fn commit(&mut self) {
        self.edits += 1;
        self.tree.head = format!("h{}", self.edits);
        self.tree.fingerprint = "clean".into();
        self.tree.dirty = 0;
    }

    fn is_done(&self) -> bool {
        self.done >= self.todo
    }

    /// What the agent does in one iteration.
    fn work(&mut self) -> IterationFacts {
        let agent = match self.agent {
            Agent::Chaos => ALL[self.dice.roll(ALL.len() as u64 - 1) as usize],
            agent => agent,
        };
        let before = self.tree.clone();
        self.now += 1_000 + self.dice.roll(600_000) as i64;
        let mut facts = IterationFacts {
            end: RunEnd::Finished,
            message: String::new(),
            question: None,
            denied: Vec::new(),
            after: Tree::default(),
            changes: Changes::Something,
            plans: Vec::new(),
            cost: Some(MicroUsd(50_000 + self.dice.roll(400_000) as i64)),
            has_check: self.has_check,
        };
        self.act(agent, &mut facts);
        facts.after = self.tree.clone();
        if !facts.after.moved_from(&before) {
            facts.changes = Changes::Nothing;
        }
        if agent != Agent::LiesWithoutCheck && self.dice.chance(50) {
            let text = "- [x] a\n".repeat(self.done as usize)
                + &"- [ ] b\n".repeat((self.todo - self.done) as usize);
            facts.plans.push(plan::read("TODO.md", &text));
        }
        facts
    }

    fn act(&mut self, agent: Agent, facts: &mut IterationFacts) {
        match agent {
            Agent::Finishes
            | Agent::LeavesDirt
            | Agent::HitsLimits
            | Agent::Asks
            | Agent::NoBlock => {
                if agent == Agent::HitsLimits && self.dice.chance(40) {
                    let until = self
                        .dice
                        .chance(70)
                        .then_some(Timestamp(self.now + 7_200_000));
                    facts.end = RunEnd::Failed(Fault::Limit(until), "usage limit reached".into());
                    return;
                }
                if agent == Agent::Asks && self.done == 1 && !self.answered {
                    facts.message = self.block("BLOCKED", false);
                    return;
                }
                if !self.is_done() {
                    self.done += 1;
                    match agent {
                        Agent::LeavesDirt => self.edit(),
                        _ => self.commit(),
                    }
                }
                if agent == Agent::NoBlock {
                    facts.message = "I did the next thing.".into();
                    return;
                }
                let done = self.is_done();
                let status = if done { "COMPLETE" } else { "IN_PROGRESS" };
                facts.message = self.block(status, done);
            }
            Agent::NeverFinishes => {
                self.commit();
                facts.message = self.block("IN_PROGRESS", false);
            }
            Agent::Lies | Agent::LiesWithoutCheck => {
                self.edit();
                facts.message = format!("All tasks are done.\n\n{}", self.block("COMPLETE", true));
            }
            Agent::Contradicts => {
                self.commit();
                facts.message = format!("Everything is done!\n{}", self.block("COMPLETE", false));
            }
            Agent::Oscillates => {
                self.tree.fingerprint = match self.tree.fingerprint.as_str() {
                    "a" => "b".into(),
                    _ => "a".into(),
                };
                self.tree.dirty = 1;
                facts.message = self.block("IN_PROGRESS", false);
            }
            Agent::Idles => facts.message = self.block("IN_PROGRESS", false),
            Agent::Overloaded => {
                facts.end = RunEnd::Failed(Fault::Overload, "529 overloaded".into());
            }
            Agent::Dies => {
                let code = self.dice.roll(200);
                facts.end = RunEnd::Failed(Fault::Other, format!("panicked at /tmp/{code}:{code}"));
            }
            Agent::Denied => {
                facts.denied = vec!["Bash(make test)".into()];
                facts.message = self.block("IN_PROGRESS", false);
            }
            Agent::NoLogin => facts.end = RunEnd::Failed(Fault::Auth, "invalid API key".into()),
            Agent::Hangs | Agent::Slow => {
                facts.end = RunEnd::Failed(Fault::Other, "signal 9".into());
                if agent == Agent::Slow {
                    self.edit();
                }
            }
            Agent::Chaos => unreachable!("it is one of the others"),
        }
    }

    fn block(&self, status: &str, exit: bool) -> String {
        format!(
            "---RALPH_STATUS---\nSTATUS: {status}\nEXIT_SIGNAL: {exit}\nRECOMMENDATION: go on\n---END_RALPH_STATUS---"
        )
    }

    fn check(&mut self) -> CheckResult {
        self.now += self.dice.roll(60_000) as i64;
        // Who works it off in order passes; who lies does not.
        let passes = match self.agent {
            Agent::Lies => false,
            Agent::Chaos => self.is_done(),
            _ => self.done > 0,
        };
        CheckResult {
            outcome: if passes {
                CheckOutcome::Passed
            } else {
                CheckOutcome::Failed
            },
            words: if passes {
                "ok".into()
            } else {
                "3 tests failed".into()
            },
            output: String::new(),
            took: 1,
            at: Timestamp(self.now),
            tree: self.tree.clone(),
        }
    }

    fn tell(&mut self, event: LoopEvent) -> Decision {
        if self.dice.chance(5) {
            // What is stored is what goes on.
            let text = serde_json::to_string(&self.state).expect("it can be stored");
            let stored = serde_json::from_str(&text).expect("it can be read");
            assert_eq!(self.state, stored);
        }
        let unused = LoopState::new(LoopLimits::default(), Timestamp(0));
        let before = std::mem::replace(&mut self.state, unused);
        let (state, decision) = before.step(event, Timestamp(self.now));
        self.state = state;
        decision
    }

    /// What happens next, given what was decided last.
    fn next(&mut self, decision: Decision) -> LoopEvent {
        match decision {
            Decision::Start => LoopEvent::Started(self.tree.clone()),
            Decision::Check => LoopEvent::CheckEnded(Box::new(self.check())),
            Decision::Interrupt => {
                self.interrupted = true;
                match self.agent {
                    // It does not listen.
                    Agent::Hangs => {
                        self.now = self.state.due().map_or(self.now, |due| due.0);
                        LoopEvent::Tick
                    }
                    _ => LoopEvent::IterationEnded(Box::new(self.work())),
                }
            }
            Decision::Kill => LoopEvent::IterationEnded(Box::new(self.work())),
            Decision::Wait(_) => {
                self.answered = true;
                self.now += 3_600_000;
                LoopEvent::Tell("go on".into())
            }
            Decision::Hold(_) => {
                self.now += 3_600_000;
                // Nobody raises a budget: the user has had enough.
                LoopEvent::Stop { after: false }
            }
            Decision::Nothing | Decision::Park(_) => self.while_it_goes_on(),
            Decision::End(_) => unreachable!("it has ended"),
        }
    }

    fn while_it_goes_on(&mut self) -> LoopEvent {
        if !matches!(self.state.phase, Phase::Running { .. }) {
            self.now = self.state.due().map_or(self.now, |due| self.now.max(due.0));
            return LoopEvent::Tick;
        }
        match self.agent {
            Agent::Hangs => {
                self.now += 900_000;
                LoopEvent::Stalled("silent for 15m".into())
            }
            Agent::Slow => {
                self.now = self.state.due().map_or(self.now, |due| due.0);
                LoopEvent::Tick
            }
            _ => LoopEvent::IterationEnded(Box::new(self.work())),
        }
    }

    /// Runs it to its end.
    fn run(&mut self) -> EndWhy {
        let mut decision = self.tell(LoopEvent::Tick);
        for _ in 0..MOST_STEPS {
            if let Decision::End(why) = decision {
                return why;
            }
            let event = self.next(decision);
            decision = self.tell(event);
        }
        panic!("{:?} does not end: {:?}", self.agent, self.state);
    }

    /// What holds of every loop, however it ended.
    fn held_its_limits(&self) {
        let state = &self.state;
        let most = state.limits.iterations.expect("set above");
        assert!(
            state.counted <= most,
            "{:?}: {} of {most}",
            self.agent,
            state.counted
        );
        let most = state.limits.time.expect("the default");
        // The iteration in which the time ran out is interrupted; a check may still have run.
        let slack = state.limits.check + 600_000 + 2 * GRACE;
        assert!(
            state.worked <= most + slack,
            "{:?}: {}",
            self.agent,
            state.worked
        );
        if let Some(budget) = state.limits.budget {
            assert!(
                state.spent.0 <= budget.0 + 450_000,
                "{:?}: {}",
                self.agent,
                state.spent
            );
        }
        assert!(state.recent.len() <= REMEMBERED && state.messages.len() <= MOST_MESSAGES);
    }
}

/// Whether a loop with such an agent may end for this reason.
fn is_right(world: &World, why: &EndWhy) -> bool {
    use Agent::*;
    let out_of = |why: &EndWhy| matches!(why, EndWhy::Iterations(_) | EndWhy::Time(_));
    // Stopped: the user's answer to a budget that is used up.
    let over = *why == EndWhy::Stopped && world.state.is_over_budget();
    let complete = matches!(why, EndWhy::Complete(_));
    let breaker = |word: &str| match why {
        EndWhy::Breaker(reasons) => reasons.iter().any(|reason| reason.contains(word)),
        _ => false,
    };
    over || match world.agent {
        Finishes | LeavesDirt | HitsLimits | Asks => complete && world.is_done(),
        // Without a block it is complete by the work itself, or it gets nowhere any more.
        NoBlock => (complete && world.is_done()) || breaker("no progress") || out_of(why),
        NeverFinishes | Contradicts | Oscillates | LiesWithoutCheck => out_of(why),
        Lies => out_of(why),
        Idles => breaker("no progress") || breaker("failing check"),
        Overloaded => matches!(why, EndWhy::Unreachable(_)),
        Hangs => breaker("stalled") || breaker("no progress") || breaker("failing check"),
        Dies => breaker("same error") || breaker("no progress") || breaker("failing check"),
        Denied => breaker("denied permission"),
        NoLogin => matches!(why, EndWhy::Auth(_)),
        Slow => out_of(why),
        // By chance anything may be the reason, but nothing may be called complete that is not.
        Chaos => !complete || world.is_done() || !world.has_check,
    }
}

/// Runs all loops of these kinds; every one ends within its limits for a right reason, and these words, of
/// kinds of ends, are all among them.
fn end_right(agents: &[Agent], words: &[&str]) {
    let mut ends = std::collections::BTreeSet::<String>::new();
    for agent in agents {
        for seed in 1..=SEEDS {
            let mut world = World::new(*agent, seed);
            let why = world.run();
            assert!(
                is_right(&world, &why),
                "{agent:?} {seed}: {why:?}\n{:?}",
                world.state
            );
            world.held_its_limits();
            let word = format!("{why:?}");
            ends.insert(word.split(['(', '{']).next().unwrap_or_default().to_owned());
        }
    }
    for word in words {
        assert!(ends.contains(*word), "{word}: {ends:?}");
    }
}

/// The parts of all kinds, for as many cores.
const PARTS: [std::ops::Range<usize>; 4] = [0..3, 3..5, 5..7, 7..18];

#[test]
fn who_works_in_order_ends_for_the_right_reason() {
    end_right(&ALL[PARTS[0].clone()], &["Complete", "Iterations"]);
}

#[test]
fn who_lies_ends_for_the_right_reason() {
    end_right(&ALL[PARTS[1].clone()], &["Iterations"]);
}

#[test]
fn who_contradicts_himself_or_oscillates_ends_for_the_right_reason() {
    end_right(&ALL[PARTS[2].clone()], &["Iterations"]);
}

#[test]
fn who_cannot_go_on_ends_for_the_right_reason() {
    let words = [
        "Complete",
        "Time",
        "Breaker",
        "Stopped",
        "Auth",
        "Unreachable",
    ];
    end_right(&ALL[PARTS[3].clone()], &words);
    // No kind is left out.
    let mut next = 0;
    for part in PARTS {
        assert_eq!(part.start, next);
        next = part.end;
    }
    assert_eq!(next, ALL.len());
}

/// A loop whose user interferes at random: it still ends, and what was stopped starts nothing more.
#[test]
fn whatever_the_user_does_it_ends() {
    for seed in 1..=SEEDS * 3 {
        let mut world = World::new(Agent::Chaos, seed);
        let mut decision = world.tell(LoopEvent::Tick);
        let mut wishes = 0;
        for _ in 0..MOST_STEPS {
            if world.state.is_ended() {
                break;
            }
            if wishes < 40 && world.dice.chance(20) {
                wishes += 1;
                let wish = match world.dice.roll(7) {
                    0 => LoopEvent::Pause { now: false },
                    1 => LoopEvent::Pause { now: true },
                    2 => LoopEvent::Continue,
                    3 => LoopEvent::Tell("hello".into()),
                    4 => LoopEvent::OverBudget("the day's".into(), world.dice.chance(50)),
                    5 => LoopEvent::Recovered {
                        has_run: matches!(world.state.phase, Phase::Running { .. }),
                    },
                    _ => LoopEvent::Stop {
                        after: world.dice.chance(50),
                    },
                };
                let was = std::mem::replace(&mut decision, Decision::Nothing);
                let now = world.tell(wish);
                // What was under way goes on, unless the wish changed it.
                decision = match now {
                    Decision::Nothing if !matches!(world.state.phase, Phase::Between { .. }) => was,
                    Decision::Nothing => Decision::Nothing,
                    other => other,
                };
                continue;
            }
            // A pause that was asked for is let go of in the end.
            let event = match (&world.state.phase, decision) {
                (Phase::Paused { .. } | Phase::Waiting { .. }, _) => LoopEvent::Continue,
                (Phase::Starting, _) => LoopEvent::Started(world.tree.clone()),
                (Phase::Checking { .. }, _) => LoopEvent::CheckEnded(Box::new(world.check())),
                (_, decision @ (Decision::Interrupt | Decision::Kill)) => world.next(decision),
                _ => world.while_it_goes_on(),
            };
            decision = world.tell(event);
        }
        assert!(world.state.is_ended(), "{seed}: {:?}", world.state.phase);
        let ended = world.state.clone();
        for event in [
            LoopEvent::Tick,
            LoopEvent::Started(Tree::default()),
            LoopEvent::Stalled(String::new()),
            LoopEvent::Pause { now: true },
            LoopEvent::Stop { after: false },
        ] {
            assert_eq!(
                ended.clone().step(event, Timestamp(i64::MAX / 2)),
                (ended.clone(), Decision::Nothing)
            );
        }
    }
}
