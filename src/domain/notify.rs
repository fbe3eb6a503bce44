//! What the user is told where nobody looks: when, what of it, and never twice.
//!
//! Pure: needs, looks and the time are arguments; what has been told is the state. Invariants: a thing is
//! told once, whoever is open and however often the daemon starts; nothing is told that the user was looking
//! at; what comes together is told together.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::ids::{SessionId, TaskId};
use super::inbox::Need;
use super::quiet::{Quiet, quiet_for};
use super::units::Timestamp;

/// What becomes due within so many milliseconds is told together.
const FOLD: i64 = 2_000;
/// Two announcements are at least so far apart, in milliseconds; what comes in between is told with the next.
const GAP: i64 = 10_000;
/// Who has touched nothing for so long may have left: where the terminal says that it has the focus, and
/// where it says nothing of it. In milliseconds.
const AWAY: (i64, i64) = (5 * 60_000, 60_000);
/// An ask without words that gets them within so many milliseconds is still the same.
const WORDED: i64 = 15_000;
/// Announcements that are remembered to be taken back.
const SHOWN: usize = 32;
/// The longest title and the longest line of a body, in characters.
const LONGEST: (usize, usize) = (80, 160);
/// The most that an announcement lists one by one.
const LISTED: usize = 5;

/// What is told, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What is never told.
    pub off: HashSet<Need>,
    /// When nothing is told. What still needs the user afterwards is told then.
    pub quiet: Vec<Quiet>,
    /// How long something has to stand before it is told, in milliseconds.
    pub grace: i64,
}

/// Somebody who may be looking: an open interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// What at; `None`: the board, with everyone on it.
    pub session: Option<SessionId>,
    /// Whether its terminal has the focus; `None` where the terminal does not say.
    pub focus: Option<bool>,
    /// When something was last typed, clicked or brought to the front there.
    pub touched: Timestamp,
    /// Since when the focus is elsewhere.
    pub left: Option<Timestamp>,
}

/// Something that needs the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The task.
    pub task: TaskId,
    /// Its newest session.
    pub session: Option<SessionId>,
    /// What the user is needed for.
    pub need: Need,
    /// Which of those it is: no two of a task have the same number.
    pub id: u64,
    /// Since when.
    pub since: Timestamp,
    /// The task's title.
    pub title: String,
    /// The name of its project.
    pub project: String,
    /// Its agent.
    pub agent: String,
    /// The exact ask, or why it ended; untrusted, may be empty.
    pub words: String,
}

/// What was told of a task last, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// What the user was needed for.
    pub need: Need,
    /// Which of those it was.
    pub id: u64,
    /// Since when.
    pub since: Timestamp,
    /// Its words.
    pub words: String,
}

/// Something to be told: plain text, fit for every terminal and every desktop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Its number, by which it is taken back.
    pub id: u64,
    /// The most urgent of what it tells.
    pub kind: Need,
    /// One line.
    pub title: String,
    /// One line or several.
    pub body: String,
    /// What it tells of, the most urgent first.
    pub tasks: Vec<Told>,
}

/// One of the things that an announcement tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// The name of its project.
    pub project: String,
    /// Its agent.
    pub agent: String,
    /// What the user is needed for.
    pub need: Need,
    /// The agent's words, or why it ended; may be empty.
    pub words: String,
}

impl Announcement {
    /// One that is told to try out whether it arrives.
    pub fn trial() -> Self {
        Self {
            id: 1,
            kind: Need::Finished,
            title: "a trial".to_owned(),
            body: "This is how you are told that an agent needs you.".to_owned(),
            tasks: Vec::new(),
        }
    }
}

/// What is to be done now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Tell this.
    pub tell: Option<Announcement>,
    /// Take these back: nothing of them is so any more.
    pub over: Vec<u64>,
    /// Store this as what was told of a session, before it is told.
    pub marks: Vec<(SessionId, Option<Mark>)>,
    /// Look again then; `None`: when something changes.
    pub wake: Option<Timestamp>,
}

/// What is so at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// When.
    pub now: Timestamp,
    /// How far the local clock is ahead of UTC, in milliseconds.
    pub offset: i64,
    /// Everyone who needs the user.
    pub needs: &'a [Subject],
    /// Tasks of which nobody can say whether they still do: of those nothing is forgotten.
    pub unclear: &'a HashSet<TaskId>,
    /// The open interfaces.
    pub looks: &'a [Look],
}

/// What was told.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Since when this one is kept: numbers of before may have been given anew.
    since: Timestamp,
    told: HashMap<TaskId, (Option<SessionId>, Mark)>,
    last: Option<Timestamp>,
    shown: Vec<(u64, Vec<TaskId>)>,
    next: u64,
}

/// How something is looked at.
#[derive(Debug, PartialEq, Eq)]
enum Regard {
    /// It was.
    Seen,
    /// It may be; decided when somebody moves, or then.
    Perhaps(Timestamp),
    /// It is not.
    Nobody,
}

impl Ledger {
    /// A ledger begun at `now`, which knows what the one before has told.
    pub fn new(now: Timestamp, told: impl IntoIterator<Item = (TaskId, SessionId, Mark)>) -> Self {
        let told = told.into_iter();
        Self {
            since: now,
            told: told
                .map(|(task, session, mark)| (task, (Some(session), mark)))
                .collect(),
            next: now.0.max(0).unsigned_abs(),
            ..Self::default()
        }
    }

    /// Decides what is to be told at a moment, and takes it as told.
    pub fn step(&mut self, rules: &Rules, moment: Moment<'_>) -> Step {
        let mut step = Step::default();
        self.forget(moment, &mut step);
        let due = self.due(rules, moment, &mut step);
        if !due.is_empty() {
            self.tell(rules, moment, &due, &mut step);
        }
        self.take_back(moment, &mut step);
        step
    }

    /// What does not need the user any more may do so another time.
    fn forget(&mut self, moment: Moment<'_>, step: &mut Step) {
        let needs: HashSet<TaskId> = moment.needs.iter().map(|subject| subject.task).collect();
        self.told.retain(|task, (session, _)| {
            let keep = needs.contains(task) || moment.unclear.contains(task);
            if let (false, Some(session)) = (keep, *session) {
                step.marks.push((session, None));
            }
            keep
        });
    }

    /// What may be told now, as far as it alone is concerned.
    fn due<'a>(&mut self, rules: &Rules, moment: Moment<'a>, step: &mut Step) -> Vec<&'a Subject> {
        let mut due = Vec::new();
        for subject in moment.needs {
            if rules.off.contains(&subject.need) || self.was_told(subject) {
                continue;
            }
            let at = subject.since.plus(rules.grace);
            // There is no session to store it with: what stood when the ledger was begun counts as told.
            if subject.session.is_none() && subject.since < self.since {
                self.note(subject, step);
            } else if at > moment.now {
                wake(step, at);
            } else {
                match regard(moment.looks, subject, at, moment.now) {
                    Regard::Seen => self.note(subject, step),
                    Regard::Perhaps(until) => wake(step, until),
                    Regard::Nobody => due.push(subject),
                }
            }
        }
        due
    }

    fn tell(&mut self, rules: &Rules, moment: Moment<'_>, due: &[&Subject], step: &mut Step) {
        let now = moment.now;
        if let Some(quiet) = quiet_for(&rules.quiet, now, moment.offset) {
            return wake(step, now.plus(quiet));
        }
        if let Some(last) = self.last.filter(|last| now.since(*last) < GAP) {
            return wake(step, last.plus(GAP));
        }
        // What is about to be due comes along, but nobody is waited for longer than that.
        let first = due.iter().map(|one| one.since.plus(rules.grace)).min();
        let held = first.is_some_and(|first| now.since(first) < FOLD);
        if let Some(soon) = step.wake.filter(|at| held && at.since(now) <= FOLD) {
            return wake(step, soon);
        }
        for subject in due {
            self.note(subject, step);
        }
        self.last = Some(now);
        self.next += 1;
        let announcement = compose(self.next, due);
        self.shown
            .push((self.next, due.iter().map(|one| one.task).collect()));
        if self.shown.len() > SHOWN {
            self.shown.remove(0);
        }
        step.tell = Some(announcement);
    }

    /// What was announced and is over: nobody needs to be called to it any more.
    fn take_back(&mut self, moment: Moment<'_>, step: &mut Step) {
        let stands = |task: &TaskId| {
            self.told.contains_key(task) && moment.needs.iter().any(|subject| subject.task == *task)
        };
        let over: Vec<u64> = self
            .shown
            .iter()
            .filter(|(_, tasks)| !tasks.iter().any(stands))
            .map(|(id, _)| *id)
            .collect();
        self.shown.retain(|(id, _)| !over.contains(id));
        step.over = over;
    }

    fn note(&mut self, subject: &Subject, step: &mut Step) {
        let mark = Mark {
            need: subject.need,
            id: subject.id,
            since: subject.since,
            words: tidy(&subject.words, LONGEST.1),
        };
        if let Some(session) = subject.session {
            step.marks.push((session, Some(mark.clone())));
        }
        // It stands for another thing now, so it is no longer what was announced.
        for (_, tasks) in &mut self.shown {
            tasks.retain(|task| *task != subject.task);
        }
        self.told.insert(subject.task, (subject.session, mark));
    }

    /// Whether this very thing was told.
    fn was_told(&self, subject: &Subject) -> bool {
        let Some((session, mark)) = self.told.get(&subject.task) else {
            return false;
        };
        if *session != subject.session {
            return false;
        }
        let words = tidy(&subject.words, LONGEST.1);
        if mark.need.blocks() && subject.need.blocks() && mark.words.is_empty() {
            // It has only found its words.
            return subject.since.since(mark.since) < WORDED
                || mark.need == subject.need && mark.id == subject.id;
        }
        if mark.need != subject.need {
            return false;
        }
        // Ends are numbered by what is stored; everything else anew by each daemon.
        let numbered_anew = !matches!(subject.need, Need::Failed | Need::Finished)
            && mark.id < self.since.0.max(0).unsigned_abs();
        // What is seen of one that is ill changes all the time.
        let ill = matches!(subject.need, Need::Stuck | Need::Looping);
        mark.id == subject.id || numbered_anew && (ill || mark.words == words)
    }
}

fn wake(step: &mut Step, at: Timestamp) {
    step.wake = Some(step.wake.map_or(at, |before| before.min(at)));
}

/// Whether somebody looks at `subject`, or did once it had stood until `at`.
fn regard(looks: &[Look], subject: &Subject, at: Timestamp, now: Timestamp) -> Regard {
    let mut regard = Regard::Nobody;
    for look in looks {
        if look.session.is_some() && look.session != subject.session {
            continue;
        }
        if look.focus == Some(false) {
            // They were still there when it had stood for a while, and went then. Where both are of one
            // millisecond they may have gone first: rather told than not.
            if look.left.is_some_and(|left| left > at) {
                return Regard::Seen;
            }
            continue;
        }
        let patience = match look.focus {
            Some(_) => AWAY.0,
            None => AWAY.1,
        };
        let until = look.touched.plus(patience);
        if now >= until {
            continue;
        }
        if look.touched >= subject.since {
            return Regard::Seen;
        }
        regard = match regard {
            Regard::Perhaps(other) => Regard::Perhaps(other.max(until)),
            _ => Regard::Perhaps(until),
        };
    }
    regard
}

/// The words for some subjects.
pub fn compose(id: u64, subjects: &[&Subject]) -> Announcement {
    let mut subjects = subjects.to_vec();
    subjects.sort_by_key(|one| super::inbox::order(one.need, one.since, one.task));
    let tasks: Vec<Told> = subjects.iter().map(|one| told(one)).collect();
    let (title, body) = match &tasks[..] {
        [one] => (
            tidy(&format!("#{} {}", one.task, one.title), LONGEST.0),
            format!("{} {}", one.agent, sentence(one)),
        ),
        several => {
            let all = several.iter().all(|one| one.need.blocks());
            let verb = if all { "wait for you" } else { "need you" };
            let mut lines: Vec<String> = several
                .iter()
                .take(LISTED)
                .map(|one| format!("#{} {} {}", one.task, one.title, sentence(one)))
                .collect();
            if several.len() > LISTED {
                lines.push(format!("and {} more", several.len() - LISTED));
            }
            (format!("{} agents {verb}", several.len()), lines.join("\n"))
        }
    };
    Announcement {
        id,
        kind: tasks.first().map_or(Need::Idle, |one| one.need),
        title,
        body: body
            .lines()
            .map(|line| tidy(line, LONGEST.1))
            .collect::<Vec<_>>()
            .join("\n"),
        tasks,
    }
}

fn told(subject: &Subject) -> Told {
    Told {
        task: subject.task,
        title: tidy(&subject.title, LONGEST.0),
        project: tidy(&subject.project, LONGEST.0),
        agent: tidy(&subject.agent, LONGEST.0),
        need: subject.need,
        words: tidy(&subject.words, LONGEST.1),
    }
}

fn sentence(told: &Told) -> String {
    match (told.words.as_str(), told.need) {
        ("", need) => need.words().to_owned(),
        (words, need) if need.blocks() => format!("asks: {words}"),
        (words, need) => format!("{}: {words}", need.words()),
    }
}

/// One line of at most `most` characters, without anything that a terminal or a desktop takes for more than
/// text: no control characters, none that turn the direction of writing.
pub fn tidy(text: &str, most: usize) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    let mut out = String::new();
    for (count, c) in text.trim().chars().filter(|c| !turns(*c)).enumerate() {
        if count == most {
            out.truncate(out.trim_end().len());
            out.push_str("...");
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
