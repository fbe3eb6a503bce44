//! Evidence: what each source says an agent is doing, and the rules that decide between them.
//!
//! Pure: claims carry their times, and deciding takes the time as an argument. Invariants: one claim a source,
//! the newest; a more trusted source is never overruled by a less trusted one, but for a usage limit and for a
//! dialog on the screen where a title says idle; a wait never expires by itself; what decided is kept, so that
//! everything shown can say why.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::activity::Activity;
use super::units::Timestamp;

/// How long the move to idle waits, in milliseconds, where it is read off a title or a screen: both flicker
/// between two steps of one turn.
pub const IDLE_DEBOUNCE: i64 = 1_500;
/// How much later than a limit its own turn may be reported as ended, in milliseconds.
const LIMIT_GRACE: i64 = 5_000;
/// Two sources that say within so long that the agent asks speak of the same ask, in milliseconds.
const SAME_ASK: u64 = 5_000;
/// Decisions that are remembered.
const REMEMBERED: usize = 16;
/// The longest evidence that is kept, in characters.
const MOST_WORDS: usize = 200;

/// Who says something about an agent's activity, the most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The process itself: it has started, it has ended.
    Process,
    /// The structured stream of a headless run.
    Stream,
    /// The program status protocol (OSC 7501).
    Program,
    /// The agent's own registry or server.
    Registry,
    /// A hook of the agent.
    Hook,
    /// The terminal's title.
    Title,
    /// The terminal's progress bar (OSC 9;4).
    Progress,
    /// Words on the screen: the last resort.
    Screen,
}

impl Source {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Source::Process => "its process",
            Source::Stream => "its stream",
            Source::Program => "its status (OSC 7501)",
            Source::Registry => "its registry",
            Source::Hook => "a hook",
            Source::Title => "its title",
            Source::Progress => "its progress bar",
            Source::Screen => "its screen",
        }
    }

    /// Whether it flickers, so that idle has to last before it is believed.
    fn flickers(self) -> bool {
        matches!(self, Source::Title | Source::Progress | Source::Screen)
    }
}

/// What a source says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who says it.
    pub source: Source,
    /// What.
    pub says: Activity,
    /// Since when it says so.
    pub at: Timestamp,
    /// Until when that counts; `None`: until it says something else.
    pub until: Option<Timestamp>,
    /// What was seen, in its own words (untrusted text, without control characters).
    pub words: String,
}

/// Which rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The process is gone, so nothing else counts.
    Ended,
    /// A usage limit, or a login that is needed, holds until its time or until a newer turn.
    Limit,
    /// The most trusted source whose word still stands.
    MostTrusted,
    /// It has just started and nobody says more.
    JustStarted,
    /// Nobody says anything that still stands.
    Nobody,
    /// A hook that came after a more trusted source was looked at last.
    Newer,
    /// A dialog on the screen, of which a title that says idle does not know.
    Dialog,
}

impl Rule {
    /// The rule in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Rule::Ended => "the process has ended, so nothing else counts",
            Rule::Limit => {
                "a usage limit or a missing login counts until its time is up or a newer turn begins"
            }
            Rule::MostTrusted => "the most trusted source whose word still stands",
            Rule::JustStarted => "the process has just started and nothing says more yet",
            Rule::Nobody => "nothing that can be trusted says anything",
            Rule::Newer => "a hook that came after its registry was read last",
            Rule::Dialog => "a dialog is on the screen, of which a title does not tell",
        }
    }
}

/// How a claim stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It decides.
    Decides,
    /// It says the same as what decides, or less.
    Overruled,
    /// Its time is up.
    Expired,
    /// Idle that has not lasted long enough to be believed.
    TooFresh,
}

/// What is shown, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What the agent is said to do.
    pub activity: Activity,
    /// The rule that decided.
    pub rule: Rule,
    /// Whose word it is.
    pub by: Option<Source>,
    /// When time alone may change it.
    pub until: Option<Timestamp>,
}

/// A change of what was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// To what.
    pub activity: Activity,
    /// By which rule.
    pub rule: Rule,
    /// By whose word.
    pub by: Option<Source>,
}

/// A claim and what it followed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    claim: Claim,
    /// When it was heard last, which may be later than since when it is said.
    heard: Timestamp,
    /// What the same source said before, which still counts while idle is too fresh.
    before: Option<Activity>,
}

/// All that is known of an agent's activity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    kept: Vec<Kept>,
    past: VecDeque<Turn>,
}

impl Evidence {
    /// Takes a source's newest word. The same word again keeps the time since when it is said.
    pub fn note(&mut self, mut claim: Claim) {
        claim.words = claim
            .words
            .chars()
            .filter(|c| !c.is_control())
            .take(MOST_WORDS)
            .collect();
        self.note_turn(&claim);
        match self
            .kept
            .iter_mut()
            .find(|kept| kept.claim.source == claim.source)
        {
            Some(kept) if kept.claim.says == claim.says => {
                kept.heard = claim.at;
                kept.claim.until = claim.until;
                kept.claim.words = claim.words;
            }
            Some(kept) => {
                kept.heard = claim.at;
                let before = std::mem::replace(&mut kept.claim, claim).says;
                kept.before = Some(before);
            }
            None => self.kept.push(Kept {
                heard: claim.at,
                claim,
                before: None,
            }),
        }
        self.kept.sort_by_key(|kept| kept.claim.source);
    }

    /// A turn that begins is let through, so whatever held the agent back is over. Only of sources that say
    /// so at once: what is looked at may be of the turn before.
    fn note_turn(&mut self, claim: &Claim) {
        let prompt = matches!(
            claim.source,
            Source::Stream | Source::Program | Source::Hook
        );
        let said = self.claim(claim.source).map(|claim| &claim.says);
        if prompt && claim.says == Activity::Working && said != Some(&Activity::Working) {
            self.kept.retain(|kept| {
                let before = kept.claim.at < claim.at && kept.claim.source != claim.source;
                !(before && kept.claim.says.is_held_back())
            });
        }
    }

    /// A source says nothing any more.
    pub fn withdraw(&mut self, source: Source) {
        self.kept.retain(|kept| kept.claim.source != source);
    }

    /// Another process: nothing that was said of the one before counts.
    pub fn begin(&mut self) {
        self.kept.clear();
    }

    /// What a source says, if it says anything.
    pub fn claim(&self, source: Source) -> Option<&Claim> {
        let kept = self.kept.iter().find(|kept| kept.claim.source == source);
        kept.map(|kept| &kept.claim)
    }

    /// The most trusted source that has said anything of the agent's turns.
    pub fn best(&self) -> Option<Source> {
        let sources = self.kept.iter().map(|kept| kept.claim.source);
        sources.filter(|source| *source != Source::Process).min()
    }

    /// What is shown at `now`.
    pub fn decide(&self, now: Timestamp) -> Decision {
        let decision = |activity: &Activity, rule, by, until| Decision {
            activity: activity.clone(),
            rule,
            by,
            until,
        };
        let process = self.claim(Source::Process);
        if let Some(claim) = process
            && matches!(claim.says, Activity::Exited(_))
        {
            return decision(&claim.says, Rule::Ended, Some(Source::Process), None);
        }
        let standing = self.kept.iter().filter(|kept| {
            kept.claim.source != Source::Process && kept.standing(now) != Standing::Expired
        });
        let best = standing.clone().next();
        let limit = standing.clone().find(|kept| {
            let newer = best.map_or(kept.claim.at, |best| best.claim.at);
            kept.claim.says.is_held_back() && newer.0 <= kept.claim.at.0.saturating_add(LIMIT_GRACE)
        });
        if let Some(kept) = limit {
            let claim = &kept.claim;
            return decision(&claim.says, Rule::Limit, Some(claim.source), claim.ends());
        }
        if let Some(claim) = dialog(standing.clone().map(|kept| &kept.claim)) {
            return decision(&claim.says, Rule::Dialog, Some(claim.source), claim.ends());
        }
        let newer = best.and_then(|best| self.newer_than(best, now));
        let first = newer.into_iter().chain(standing);
        for kept in first {
            let claim = &kept.claim;
            let (says, until) = match (kept.standing(now), &kept.before) {
                (Standing::TooFresh, Some(before)) => (before, Some(claim.at.plus(IDLE_DEBOUNCE))),
                (Standing::TooFresh, None) => continue,
                _ => (&claim.says, claim.ends()),
            };
            let says = self.in_full(says, claim, now);
            let rule = newer.map_or(Rule::MostTrusted, |_| Rule::Newer);
            return decision(&says, rule, Some(claim.source), until);
        }
        let fresh = self
            .kept
            .iter()
            .find(|kept| kept.standing(now) == Standing::TooFresh);
        let soon = fresh.map(|kept| kept.claim.at.plus(IDLE_DEBOUNCE));
        match process.filter(|claim| claim.stands(now)) {
            Some(claim) => {
                let until = [claim.ends(), soon].into_iter().flatten().min();
                decision(&claim.says, Rule::JustStarted, Some(Source::Process), until)
            }
            None => decision(&Activity::Unknown, Rule::Nobody, None, soon),
        }
    }

    /// The hook that says more than the registry, which is only looked at now and then: until it is again.
    fn newer_than(&self, best: &Kept, now: Timestamp) -> Option<&Kept> {
        let newer = |kept: &&Kept| {
            let hook = kept.claim.source == Source::Hook && kept.heard > best.heard;
            hook && kept.standing(now) != Standing::Expired
        };
        let looked_at = best.claim.source == Source::Registry;
        self.kept.iter().find(|kept| looked_at && newer(kept))
    }

    /// Who decides that the agent waits may not say what for; a source that saw the same may. A title says
    /// that something is asked, and not of which kind.
    fn in_full(&self, says: &Activity, by: &Claim, now: Timestamp) -> Activity {
        let Activity::Waiting(ask) = says else {
            return says.clone();
        };
        let same = |kept: &&Kept| {
            let apart = kept.claim.at.0.abs_diff(by.at.0);
            apart <= SAME_ASK && kept.standing(now) != Standing::Expired
        };
        let told = self
            .kept
            .iter()
            .filter(same)
            .find_map(|kept| match &kept.claim.says {
                Activity::Waiting(told) if !told.text.is_empty() => {
                    let same = told.kind == ask.kind || by.source == Source::Title;
                    same.then_some(told)
                }
                _ => None,
            });
        match told {
            Some(told) if ask.text.is_empty() => Activity::Waiting(told.clone()),
            _ => says.clone(),
        }
    }

    /// Decides, and remembers where that is another activity than before.
    pub fn conclude(&mut self, now: Timestamp) -> Decision {
        let decision = self.decide(now);
        if self.past.back().map(|turn| &turn.activity) != Some(&decision.activity) {
            if self.past.len() == REMEMBERED {
                self.past.pop_front();
            }
            self.past.push_back(Turn {
                at: now,
                activity: decision.activity.clone(),
                rule: decision.rule,
                by: decision.by,
            });
        }
        decision
    }

    /// All claims with how each stands at `now`, the most trusted first.
    pub fn claims(&self, now: Timestamp) -> Vec<(Claim, Standing)> {
        let by = self.decide(now).by;
        let standing = |kept: &Kept| match kept.standing(now) {
            Standing::Overruled if by == Some(kept.claim.source) => Standing::Decides,
            standing => standing,
        };
        self.kept
            .iter()
            .map(|kept| (kept.claim.clone(), standing(kept)))
            .collect()
    }

    /// The last changes of what was shown, the newest last.
    pub fn past(&self) -> impl Iterator<Item = &Turn> {
        self.past.iter()
    }
}

/// The wait on the screen, where nobody better than a title says more than that the agent is idle.
fn dialog<'a>(claims: impl Iterator<Item = &'a Claim>) -> Option<&'a Claim> {
    let mut found = None;
    for claim in claims {
        match (claim.source, &claim.says) {
            (Source::Title | Source::Progress, Activity::Idle) => {}
            (Source::Screen, Activity::Waiting(_)) => found = Some(claim),
            _ => return None,
        }
    }
    found
}

impl Claim {
    fn stands(&self, now: Timestamp) -> bool {
        self.ends().is_none_or(|until| now < until)
    }

    /// When its time is up. A limit says so itself; a wait lasts until something else is said.
    fn ends(&self) -> Option<Timestamp> {
        match self.says {
            Activity::Limited(until) => until.or(self.until),
            Activity::Waiting(_) => None,
            _ => self.until,
        }
    }
}

impl Kept {
    fn standing(&self, now: Timestamp) -> Standing {
        let claim = &self.claim;
        let fresh = now < claim.at.plus(IDLE_DEBOUNCE);
        if !claim.stands(now) {
            Standing::Expired
        } else if claim.source.flickers() && claim.says == Activity::Idle && fresh {
            Standing::TooFresh
        } else {
            Standing::Overruled
        }
    }
}

impl Decision {
    /// What would change it, in a sentence.
    pub fn would_change(&self) -> &'static str {
        match (&self.activity, self.rule) {
            (Activity::Exited(_), _) => "starting or resuming it",
            (Activity::Waiting(_), _) => "an answer, or the agent going on by itself",
            (Activity::Limited(_), _) => "the time of the limit, or a new turn",
            (_, Rule::JustStarted) => "its first word, or its time to start being over",
            (_, Rule::Nobody) => "any word of the agent about itself",
            (Activity::Idle, _) => "a message to it",
            _ if self.until.is_some() => "its end, a question, or nothing being heard for a while",
            _ => "its end, a question, or the agent's own word",
        }
    }
}

#[cfg(test)]
mod tests;
