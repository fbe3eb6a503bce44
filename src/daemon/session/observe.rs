//! What is seen of the agent's activity: every sign becomes a claim, and the rules of
//! [`crate::domain::Evidence`] decide.
//!
//! Reads no clock, terminal or file: it is given the moment with everything it is told, and the sights when
//! it wants them ([`Sights`]). So recorded sessions can be replayed through it. Invariants: what is shown is
//! always the last decision; while nothing is told and nothing is due, nothing changes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{Reasons, status};
use crate::agents::{Hints, Mark, Means, Report};
use crate::daemon::clock::Moment;
use crate::domain::limit::limit_ends;
use crate::domain::{Activity, Ask, AskKind, Claim, Evidence, Exit, Rule, Source, Timestamp};
use crate::terminal::{ProgramState, ProgramStatus, ProgressState, TermEvent};

/// A process that has not printed anything by then is no longer said to start: nobody knows.
pub(super) const STARTING: Duration = if cfg!(test) {
    Duration::from_millis(300)
} else {
    Duration::from_secs(5)
};
/// The same of an agent that can be expected to say something: drawing its first screen is no word of it, and
/// on a busy machine some take most of a minute until their first.
const SPEAKING: Duration = Duration::from_secs(60);
/// How long after an agent has said that its turn failed the reason is waited for before it is idle: a usage
/// limit must not look like the end of the work in between.
const REASON_WITHIN: Duration = Duration::from_millis(200);
/// How long the last word of a program counts that says no more of itself, in milliseconds: it is about to end.
const LEAVING: i64 = 1_000;
/// The most parts of an agent that are told apart.
const PARTS: usize = 100;
/// How long a progress bar or a title that turns counts, in milliseconds, once it stands still.
const TURNING: i64 = 30_000;
/// So long without output is quiet.
pub(super) const QUIET: Duration = Duration::from_secs(2);

/// What a mark in a title or on the screen tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::daemon) enum Sign {
    Working,
    /// For an answer.
    Waiting,
    /// For leave to do something.
    Permission,
    Idle,
    /// Believed only of an agent that has just said itself that its turn failed.
    Limited,
    /// A login is needed; believed like a limit.
    Auth,
    /// Words would land in a dialog; of what the agent does it tells nothing.
    Dialog,
}

impl Sign {
    /// Whether it tells why a turn failed.
    pub(super) fn is_failure(self) -> bool {
        matches!(self, Sign::Limited | Sign::Auth)
    }

    /// What the mark `words` means at `now`, where clocks are `offset` milliseconds ahead of UTC.
    pub(super) fn means(self, words: &str, now: Timestamp, offset: i64) -> Activity {
        let waits = |kind| {
            let text = words.to_owned();
            Activity::Waiting(Ask { kind, text })
        };
        match self {
            Sign::Working => Activity::Working,
            Sign::Idle => Activity::Idle,
            Sign::Waiting => waits(AskKind::Question),
            Sign::Permission => waits(AskKind::Permission),
            Sign::Auth => waits(AskKind::Auth),
            Sign::Limited => Activity::Limited(limit_ends(words, now, offset)),
            Sign::Dialog => Activity::Unknown,
        }
    }
}

/// The marks of an agent.
#[derive(Debug, Clone, Default)]
pub(in crate::daemon) struct Signs {
    /// Pieces of its title.
    pub(in crate::daemon) titles: Vec<(String, Sign)>,
    /// Words at the end of its screen.
    pub(in crate::daemon) screen: Vec<(String, Sign)>,
    /// Whether it can be expected to say by itself what it does.
    pub(in crate::daemon) speaks: bool,
}

impl Signs {
    /// Those of an agent. Of one that never says anything of itself, old words may stay on the screen: those
    /// of its dialogs tell nothing.
    pub(in crate::daemon) fn of(hints: &Hints) -> Signs {
        let sign = |mark: &Mark| {
            let sign = match mark.means {
                Means::Working => Sign::Working,
                Means::Waiting => Sign::Waiting,
                Means::Permission => Sign::Permission,
                Means::Idle => Sign::Idle,
                Means::Limited => Sign::Limited,
                Means::Auth => Sign::Auth,
                Means::Dialog => Sign::Dialog,
            };
            (mark.text.clone(), sign)
        };
        let screen = hints.screen.iter().filter(|_| hints.says_idle());
        Signs {
            titles: hints.titles.iter().map(sign).collect(),
            screen: screen.map(sign).collect(),
            speaks: hints.says_idle(),
        }
    }
}

/// What can be looked at when it is time to.
pub(super) trait Sights {
    /// The screen as text.
    fn screen(&mut self) -> Option<String>;
    /// What the agent's registry says now.
    fn registry(&mut self) -> Option<Report>;
}

/// What is to be shown of an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) activity: Activity,
    pub(super) since: Timestamp,
    /// Whether its service refuses it.
    pub(super) held_back: bool,
    /// Which ask it waits with; 0 while it asks nothing.
    pub(super) wait: u64,
    /// How much goes on in the background.
    pub(super) background: u32,
    /// Whether the user wants to know of the newest change.
    pub(super) news: bool,
}

/// Concludes from all that is seen and told what an agent does.
#[derive(Debug, Default)]
pub(super) struct Observer {
    pub(super) signs: Signs,
    pub(super) evidence: Evidence,
    shown: Shown,
    /// Whether `shown` or `conversations` has something that nobody has taken yet.
    changed: bool,
    /// Conversations that it was told are led; the newest last.
    pub(super) conversations: Vec<String>,
    /// How many turns have begun.
    pub(super) turns: u64,
    /// How long a process that prints nothing is said to start.
    starting: Duration,
    /// How far clocks are ahead of UTC, in milliseconds.
    local_offset: Option<fn(Timestamp) -> i64>,
    /// Whether it has no screen of its own.
    pub(super) headless: bool,
    /// Whether its process runs, so that what is told of it counts.
    pub(super) runs: bool,
    /// When time alone may change what is concluded.
    conclude_at: Option<Instant>,
    /// When the screen is read next.
    pub(super) look_at: Option<Instant>,
    /// Whether the agent keeps a registry, and when it is read next.
    pub(super) registry: bool,
    pub(super) registry_at: Option<Instant>,
    /// When its output will have been still for [`QUIET`].
    quiet_at: Option<Instant>,
    /// Subagents at work.
    pub(super) subagents: u32,
    /// When the agent last said that its turn failed.
    pub(super) failed_at: Option<Instant>,
    /// When the title last said that a turn is over.
    pub(super) ended_at: Option<Instant>,
    /// When it is idle after that, and in which words it said so.
    idle_after: Option<(Instant, String)>,
    /// The part of the agent (a subagent) that asks.
    asking: String,
    /// The parts at work, if the agent tells of them itself, which then counts for what goes on in the
    /// background.
    parts: Option<BTreeSet<String>>,
    /// The newest ask's number.
    last_wait: u64,
}

impl Observer {
    /// One of whose agent `activity` is known so far. A process that prints nothing is said to start for
    /// `starting`.
    pub(super) fn new(
        signs: Signs,
        activity: Activity,
        since: Timestamp,
        starting: Duration,
        local_offset: fn(Timestamp) -> i64,
    ) -> Self {
        Self {
            signs,
            shown: Shown {
                activity,
                since,
                ..Shown::default()
            },
            starting,
            local_offset: Some(local_offset),
            ..Self::default()
        }
    }

    /// A process is followed from now on: a new one, of which nothing that was said of the one before
    /// counts, or one that ran before we did.
    pub(super) fn follow(&mut self, new: bool, now: Moment) {
        self.registry = false;
        self.registry_at = None;
        self.subagents = 0;
        self.failed_at = None;
        self.ended_at = None;
        self.idle_after = None;
        self.asking.clear();
        self.parts = None;
        self.runs = true;
        self.set_background(0);
        if new {
            self.evidence.begin();
            let starting = match self.signs.speaks {
                true => self.starting.max(SPEAKING),
                false => self.starting,
            };
            // One without a screen has its prompt: it is starting until its first word, however long that takes.
            let until = now.time.plus(starting.as_millis() as i64);
            let until = (!self.headless).then_some(until);
            let starts = Activity::Starting;
            self.claim(Source::Process, starts, until, "it was started", now);
        }
    }

    /// The process has ended; its last output may still come.
    pub(super) fn ending(&mut self) {
        self.runs = false;
    }

    /// All that the process had to say has been seen.
    pub(super) fn ended(&mut self, exit: Exit, words: &str, now: Moment) {
        self.runs = false;
        self.look_at = None;
        self.registry_at = None;
        self.quiet_at = None;
        self.idle_after = None;
        self.claim(Source::Process, Activity::Exited(exit), None, words, now);
    }

    /// The terminal has something to say after it was fed.
    pub(super) fn event(&mut self, event: &TermEvent, now: Moment) {
        match event {
            TermEvent::Title(title) => self.title_says(title, now),
            TermEvent::Program(status) => self.program_says(status, now),
            TermEvent::Progress(percent, state) => self.progress_says(*percent, *state, now),
            _ => {}
        }
    }

    /// The agent has printed.
    pub(super) fn output(&mut self, now: Moment) {
        self.output_says(now);
        self.registry_may_have_changed(now);
        self.quiet_at = Some(now.at + QUIET);
    }

    /// Does what is due.
    pub(super) fn run(&mut self, now: Moment, sights: &mut dyn Sights) {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| now.at >= at);
        if is_due(self.quiet_at) {
            self.quiet_at = None;
            self.look(now, sights);
            self.read_registry(now, sights);
        }
        if is_due(self.look_at) {
            self.look(now, sights);
        }
        if is_due(self.registry_at) {
            self.read_registry(now, sights);
        }
        if is_due(self.idle_after.as_ref().map(|(at, _)| *at))
            && let Some((_, words)) = self.idle_after.take()
        {
            self.claim(Source::Program, Activity::Idle, None, &words, now);
        }
        if is_due(self.conclude_at) {
            self.conclude(now);
        }
    }

    /// When something is due next; `None`: nothing is.
    pub(super) fn next(&self) -> Option<Instant> {
        let all = [
            self.conclude_at,
            self.look_at,
            self.registry_at,
            self.quiet_at,
            self.idle_after.as_ref().map(|(at, _)| *at),
        ];
        all.into_iter().flatten().min()
    }

    /// What is shown now, if that has changed since it was taken last.
    pub(super) fn take_changed(&mut self) -> Option<Shown> {
        let shown = std::mem::take(&mut self.changed).then(|| self.shown.clone());
        self.shown.news = false;
        shown
    }

    pub(super) fn activity(&self) -> &Activity {
        &self.shown.activity
    }

    pub(super) fn offset(&self, now: Moment) -> i64 {
        self.local_offset.map_or(0, |offset| offset(now.time))
    }

    /// A conversation is really led.
    pub(super) fn leads(&mut self, conversation: String) {
        self.conversations.push(conversation);
        self.changed = true;
    }

    pub(super) fn background(&self) -> u32 {
        self.shown.background
    }

    /// Whether the agent tells itself what goes on in the background.
    pub(super) fn tells_parts(&self) -> bool {
        self.parts.is_some()
    }

    pub(super) fn set_background(&mut self, background: u32) {
        self.changed |= self.shown.background != background;
        self.shown.background = background;
    }

    /// Takes a source's word and shows what follows.
    pub(super) fn claim(
        &mut self,
        source: Source,
        says: Activity,
        until: Option<Timestamp>,
        words: &str,
        now: Moment,
    ) {
        self.evidence.note(Claim {
            source,
            says,
            at: now.time,
            until,
            words: words.to_owned(),
        });
        self.conclude(now);
    }

    /// A source says nothing any more.
    pub(super) fn withdraw(&mut self, source: Source, now: Moment) {
        if self.evidence.claim(source).is_some() {
            let believed = self.evidence.decide(now.time).rule != Rule::JustStarted;
            self.evidence.withdraw(source);
            // What has said something of itself is not starting any more; but for words on a first screen that
            // were gone before they could be believed.
            let believed = believed || source != Source::Screen;
            let starting = self.evidence.claim(Source::Process);
            if believed && starting.is_some_and(|claim| claim.says == Activity::Starting) {
                self.evidence.withdraw(Source::Process);
            }
            self.conclude(now);
        }
    }

    /// Decides, and shows it.
    fn conclude(&mut self, now: Moment) {
        let decision = self.evidence.conclude(now.time);
        self.conclude_at = decision.until.map(|until| {
            // A moment later than asked for, so that it is over then.
            now.at + Duration::from_millis(until.since(now.time) as u64 + 1)
        });
        let held_back = decision.rule == Rule::Limit;
        self.changed |= self.shown.held_back != held_back;
        self.shown.held_back = held_back;
        let activity = decision.activity;
        if self.shown.activity == activity {
            return;
        }
        self.look_for_ask(&activity, now);
        // By the time, so that the asks of the daemon before had other numbers.
        let began = matches!(
            activity,
            Activity::Working | Activity::Waiting(_) | Activity::Limited(_)
        );
        self.turns += u64::from(began);
        let next = now.time.0.max(0).unsigned_abs().max(self.last_wait + 1);
        self.shown.wait = match activity {
            Activity::Waiting(_) => next,
            _ => 0,
        };
        self.last_wait = self.last_wait.max(self.shown.wait);
        // A client that shows it says so when somebody looks.
        self.shown.news |= activity.is_news_after(&self.shown.activity);
        self.shown.activity = activity;
        self.shown.since = now.time;
        self.changed = true;
    }

    /// What is known and how it was decided.
    pub(super) fn reasons(&self, now: Timestamp) -> Reasons {
        Reasons {
            decision: self.evidence.decide(now),
            claims: self.evidence.claims(now),
            past: self.evidence.past().cloned().collect(),
            at: now,
        }
    }

    /// What the program says of itself.
    pub(super) fn program_says(&mut self, said: &ProgramStatus, now: Moment) {
        if !said.id.is_empty() && !self.part_says(said) {
            return;
        }
        self.idle_after = None;
        if said.state == ProgramState::Error {
            self.turn_failed(now);
            self.idle_after = Some((now.at + REASON_WITHIN, status::words(said)));
            return;
        }
        match status::activity(said) {
            Some(activity) if said.state != ProgramState::Clear => {
                let words = status::words(said);
                self.claim(Source::Program, activity, None, &words, now);
            }
            _ => self.program_leaves(now),
        }
    }

    /// Whether the word of a part of the agent is one about the agent: its asks are asked of the same user,
    /// its turns are not the agent's.
    fn part_says(&mut self, said: &ProgramStatus) -> bool {
        let parts = self.parts.get_or_insert_default();
        let works = matches!(said.state, ProgramState::Working | ProgramState::Blocked);
        match works {
            true if parts.len() < PARTS => drop(parts.insert(said.id.clone())),
            true => {}
            false => drop(parts.remove(&said.id)),
        }
        let count = parts.len() as u32;
        self.set_background(count);
        if said.state == ProgramState::Blocked {
            self.asking.clone_from(&said.id);
            return true;
        }
        let asked = self.asking == said.id;
        if asked {
            self.asking.clear();
        }
        asked && said.state == ProgramState::Working
    }

    /// Its last word counts a little longer, but for an ask that nobody can answer any more.
    fn program_leaves(&mut self, now: Moment) {
        let said = self.evidence.claim(Source::Program);
        let last = said.filter(|claim| !matches!(claim.says, Activity::Waiting(_)));
        match last.cloned() {
            Some(last) => {
                let until = Some(now.time.plus(LEAVING));
                self.claim(Source::Program, last.says, until, &last.words, now);
            }
            None => self.withdraw(Source::Program, now),
        }
    }

    /// What the title tells, where it tells anything.
    pub(super) fn title_says(&mut self, title: &str, now: Moment) {
        let marks = &self.signs.titles;
        let mark = marks.iter().find(|(text, _)| title.contains(text));
        match mark
            .map(|(_, sign)| *sign)
            .filter(|sign| !sign.is_failure() && *sign != Sign::Dialog)
        {
            Some(sign) => {
                self.turn_by_title(sign, now);
                let until = (sign == Sign::Working).then(|| now.time.plus(TURNING));
                let says = sign.means("", now.time, 0);
                self.claim(Source::Title, says, until, title, now);
            }
            // One without any is about to end: what it said last counts a little longer.
            None if title.is_empty() => {
                let said = self.evidence.claim(Source::Title).cloned();
                if let Some(said) = said.filter(|said| said.says != Activity::Working) {
                    let until = Some(now.time.plus(LEAVING));
                    self.claim(Source::Title, said.says, until, &said.words, now);
                } else {
                    self.withdraw(Source::Title, now);
                }
            }
            None => self.withdraw(Source::Title, now),
        }
    }

    /// Of an agent that tells its turns by its title alone: where one ends, the screen may say that it failed;
    /// where one begins, what failed before is over.
    fn turn_by_title(&mut self, sign: Sign, now: Moment) {
        if self.evidence.best() != Some(Source::Title) {
            return;
        }
        let said = self.evidence.claim(Source::Title);
        let worked = said.is_some_and(|said| said.says == Activity::Working);
        let held_back = self.evidence.claim(Source::Screen);
        let held_back = held_back.is_some_and(|said| said.says.is_held_back());
        match sign {
            Sign::Idle if worked => self.turn_ended(now),
            Sign::Working if !worked && held_back => self.withdraw(Source::Screen, now),
            _ => {}
        }
    }

    /// What a progress bar tells: one that moves is work. That it is gone tells nothing.
    fn progress_says(&mut self, percent: Option<u8>, state: ProgressState, now: Moment) {
        match state {
            ProgressState::Running | ProgressState::Indeterminate => {
                let words = percent.map_or("moving".to_owned(), |percent| format!("{percent} %"));
                let until = Some(now.time.plus(TURNING));
                self.claim(Source::Progress, Activity::Working, until, &words, now);
            }
            _ => self.withdraw(Source::Progress, now),
        }
    }
}
