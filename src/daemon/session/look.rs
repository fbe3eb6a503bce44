//! Reading the end of the screen, the last resort: whether the agent waits or works where nothing better
//! says so, what it asks where it only says that it asks, and why its turn failed where it only says that.
//!
//! Invariants: only the last lines are read, where dialogs are; at most once a second while the agent prints;
//! a failure is believed only of an agent that has just said itself that its turn failed, since words about
//! limits stand in many a file; or where its line begins so and its turn is just over, or it is the headline
//! of a dialog with choices.

use std::time::{Duration, Instant};

use super::observe::{Observer, Sights, Sign};
use crate::daemon::clock::Moment;
use crate::domain::hook::hook_words;
use crate::domain::{Activity, Source};

/// The most lines that a dialog at the end of a screen has.
const DIALOG: usize = 16;
/// How often the screen is read while it changes.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After the agent has said that it asks or that it failed, it draws what it asks or why.
const DRAWN: Duration = Duration::from_millis(60);
/// How long after a turn failed its reason is looked for.
const REASON: Duration = Duration::from_secs(3);

impl Observer {
    /// There is output: whatever has printed is not starting any more, unless it is to say so itself.
    pub(super) fn output_says(&mut self, now: Moment) {
        let starting = self.evidence.claim(Source::Process);
        let starting = starting.is_some_and(|claim| claim.says == Activity::Starting);
        // What is printed before a stream begins is not the agent's word.
        if starting && !self.headless && !self.signs.speaks {
            self.withdraw(Source::Process, now);
        }
        let best = self.evidence.best();
        // A title does not tell of every dialog.
        let better = best.is_some_and(|best| best < Source::Title);
        if !self.signs.screen.is_empty() && (!better || self.wants_words(now)) {
            self.look_at.get_or_insert(now.at + LOOK_EVERY);
        }
    }

    /// Whether the screen may tell more than the agent itself did.
    fn wants_words(&self, now: Moment) -> bool {
        asks_without_words(self.activity()) || self.failed_lately(now)
    }

    fn failed_lately(&self, now: Moment) -> bool {
        self.failed_at.is_some_and(|at| now.at < at + REASON)
    }

    /// Where an ask is shown without its words, they are about to be on the screen.
    pub(super) fn look_for_ask(&mut self, activity: &Activity, now: Moment) {
        if asks_without_words(activity) && !self.signs.screen.is_empty() {
            let soon = now.at + DRAWN;
            self.look_at = Some(self.look_at.map_or(soon, |at| at.min(soon)));
        }
    }

    /// The agent says that its turn failed.
    pub(super) fn turn_failed(&mut self, now: Moment) {
        self.failed_at = Some(now.at);
        if self.signs.screen.iter().any(|(_, sign)| sign.is_failure()) {
            self.look_at = Some(now.at + DRAWN);
        }
    }

    /// A turn is over, and nothing says how.
    pub(super) fn turn_ended(&mut self, now: Moment) {
        self.ended_at = Some(now.at);
        if self.signs.screen.iter().any(|(_, sign)| sign.is_failure()) {
            self.look_at = Some(now.at + DRAWN);
        }
    }

    /// How far words of a failure are to be believed.
    fn failure(&self, now: Moment) -> Failure {
        let lately = |at: Option<Instant>| at.is_some_and(|at| now.at < at + REASON);
        match () {
            () if lately(self.failed_at) => Failure::Told,
            () if lately(self.ended_at) => Failure::Possible,
            () => Failure::Unlikely,
        }
    }

    /// Reads the end of the screen for the words by which the agent is known to wait or to work.
    pub(super) fn look(&mut self, now: Moment, sights: &mut dyn Sights) {
        self.look_at = None;
        if self.signs.screen.is_empty() || !self.runs {
            return;
        }
        let failed = self.failure(now);
        let screen = sights.screen().unwrap_or_default();
        let lines: Vec<&str> = screen.trim_end().lines().collect();
        let end = &lines[lines.len().saturating_sub(DIALOG)..];
        let found = read(end, &self.signs.screen, failed);
        if asks_without_words(self.activity()) {
            // Words that look like those of an ask before are of this one all the same.
            self.evidence.withdraw(Source::Screen);
        }
        let before = self.evidence.claim(Source::Screen);
        let held_back = before.filter(|claim| claim.says.is_held_back());
        match found {
            // The same failure as a moment ago: its time, counted from now, would run away.
            Some((sign, seen))
                if sign.is_failure() && held_back.is_some_and(|c| c.words == seen) => {}
            Some((sign, seen)) => {
                let says = sign.means(&seen, now.time, self.offset(now));
                self.claim(Source::Screen, says, None, &seen, now);
            }
            // Why a turn failed stays true when its words have scrolled away.
            None if held_back.is_some() => {}
            None => self.withdraw(Source::Screen, now),
        }
    }
}

fn asks_without_words(activity: &Activity) -> bool {
    matches!(activity, Activity::Waiting(ask) if ask.text.is_empty())
}

/// Whether a turn has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// The agent says so.
    Told,
    /// Its turn is over.
    Possible,
    Unlikely,
}

/// The first mark that is found in the lines, and the words that go with it.
fn read(lines: &[&str], marks: &[(String, Sign)], failed: Failure) -> Option<(Sign, String)> {
    let telling = marks.iter().filter(|(_, sign)| *sign != Sign::Dialog);
    let mut failures_first: Vec<_> = telling.collect();
    failures_first.sort_by_key(|(_, sign)| !sign.is_failure());
    failures_first.into_iter().find_map(|(words, sign)| {
        let at = lines
            .iter()
            .rposition(|line| line.contains(words.as_str()))?;
        if sign.is_failure() && !is_believed(failed, words, &lines[at..]) {
            return None;
        }
        let seen = match sign {
            Sign::Permission => asked(&lines[..at], &lines[at + 1..])
                .unwrap_or_else(|| hook_words(&plain(&lines[at..=at]))),
            Sign::Limited | Sign::Auth => hook_words(&plain(&lines[at..lines.len().min(at + 3)])),
            Sign::Waiting => question(&lines[..at]).unwrap_or_else(|| words.clone()),
            _ => words.clone(),
        };
        Some((*sign, seen))
    })
}

/// Whether the words of a failure, in the first of these lines, are the agent's own.
fn is_believed(failed: Failure, words: &str, lines: &[&str]) -> bool {
    let begins = |line: &&str| plain(&[line]).starts_with(words);
    let stands = lines.first().is_some_and(begins);
    let dialog = |line: &&str| line.starts_with('│') && line.contains("● 1. ");
    match failed {
        Failure::Told => true,
        Failure::Possible => stands,
        Failure::Unlikely => stands && lines.iter().take(DIALOG).any(dialog),
    }
}

/// What the dialog at the end of the screen asks, where the keys that a dialog takes are named there.
pub(super) fn open_dialog(screen: &str, marks: &[(String, Sign)]) -> Option<String> {
    let lines: Vec<&str> = screen.trim_end().lines().collect();
    let end = &lines[lines.len().saturating_sub(DIALOG)..];
    let mut dialogs = marks.iter().filter(|(_, sign)| *sign == Sign::Dialog);
    let mark = dialogs.find(|(mark, _)| end.iter().any(|line| line.contains(mark.as_str())))?;
    let choices = end.iter().position(|line| is_choice(line)).unwrap_or(0);
    let above = end[..choices].iter().rev().map(|line| plain(&[line]));
    let words = above
        .skip_while(String::is_empty)
        .take_while(|line| !line.is_empty());
    let words: Vec<String> = words.take(3).collect();
    let words: Vec<&str> = words.iter().rev().map(String::as_str).collect();
    let text = hook_words(&words.join(" "));
    Some(if text.is_empty() {
        mark.0.clone()
    } else {
        text
    })
}

/// What is asked above the choices in a box, whose last line only says which keys there are.
fn question(before: &[&str]) -> Option<String> {
    let top = before.iter().rposition(|line| line.starts_with('╭'))?;
    let lines = &before[top + 1..];
    let bare: Vec<String> = lines.iter().map(|line| plain(&[line])).collect();
    let choices = bare.iter().position(|line| is_choice(line))?;
    let text = hook_words(&bare[..choices].join(" "));
    (!text.is_empty()).then_some(text)
}

/// What leave is asked for: what stands between the question and the choices, from a command on if there is
/// one, or the headline of the box that the question is in.
fn asked(before: &[&str], lines: &[&str]) -> Option<String> {
    let choices = lines.iter().position(|line| is_choice(line))?;
    let lines = &lines[..choices];
    let command = lines
        .iter()
        .position(|line| line.trim_start().starts_with("$ "));
    if command.is_none()
        && let Some(head) = headline(before)
    {
        return Some(head);
    }
    let text = plain(&lines[command.unwrap_or(0)..]);
    let text = hook_words(text.trim_start_matches("$ "));
    (!text.is_empty()).then_some(text)
}

/// The newest line that begins with a `?` in its frame, as `│ ? Shell  touch a  │`.
fn headline(lines: &[&str]) -> Option<String> {
    let framed = lines.iter().rev().filter(|line| line.starts_with('│'));
    let head = framed.map(|line| plain(&[line]));
    let head = head.take(DIALOG).find(|line| line.starts_with("? "))?;
    let words: Vec<&str> = head[2..].split_whitespace().collect();
    let text = hook_words(&words.join(" "));
    (!text.is_empty()).then_some(text)
}

/// A line such as `› 1. Yes` or `2) No`.
fn is_choice(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < line.len() && rest.starts_with(['.', ')'])
}

/// The lines as one, without the frames around them.
fn plain(lines: &[&str]) -> String {
    let frame = |c: char| ('\u{2500}'..='\u{259f}').contains(&c) || c.is_whitespace();
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_matches(frame)).collect();
    lines.join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    const CODEX: &str = "\
• Running touch approved-1.txt
  Would you like to run the following command?
  Environment: local
  Reason: It has to be outside the sandbox.
  $ touch approved-1.txt
› 1. Yes, proceed (y)
  2. No, and tell Codex what to do differently (esc)
  Press enter to confirm or esc to cancel";

    fn marks() -> Vec<(String, Sign)> {
        let mark = |text: &str, sign| (text.to_owned(), sign);
        vec![
            mark("esc to interrupt", Sign::Working),
            mark("Would you like to", Sign::Permission),
            mark("hit your usage limit", Sign::Limited),
            mark("401 Unauthorized", Sign::Auth),
        ]
    }

    fn reads(screen: &str, failed: bool) -> Option<(Sign, String)> {
        let failed = match failed {
            true => Failure::Told,
            false => Failure::Unlikely,
        };
        read(&screen.lines().collect::<Vec<_>>(), &marks(), failed)
    }

    /// Of an agent that does not say that a turn failed: only its own line at the end of a turn, or its dialog.
    #[test]
    fn a_failure_that_is_not_told_is_read_where_only_the_agent_writes() {
        let marks = [
            ("✕ [API Error: 401".to_owned(), Sign::Auth),
            ("Usage limit reached for".to_owned(), Sign::Limited),
        ];
        let limit = "\
╭──────────────────────────────╮
│ Usage limit reached for all. │
│ Access resets in 2 hours.    │
│ ● 1. Keep trying             │
│   2. Stop                    │";
        let quoted = "│ the text Usage limit reached for all │\n│ ● 1. Keep trying │";
        let key = "✦ I tried.\n✕ [API Error: 401 no key]\n\n > Type";
        let said = "✦ It says ✕ [API Error: 401 no key]";
        for (screen, failed, expected) in [
            (limit, Failure::Unlikely, Some(Sign::Limited)),
            (quoted, Failure::Possible, None),
            (key, Failure::Possible, Some(Sign::Auth)),
            (key, Failure::Unlikely, None),
            (said, Failure::Possible, None),
            (said, Failure::Told, Some(Sign::Auth)),
        ] {
            let lines: Vec<&str> = screen.lines().collect();
            let found = read(&lines, &marks, failed);
            assert_eq!(found.map(|(sign, _)| sign), expected, "{screen}");
        }
        let (sign, words) = read(
            &limit.lines().collect::<Vec<_>>(),
            &marks,
            Failure::Unlikely,
        )
        .unwrap();
        assert!(matches!(
            sign.means(&words, Timestamp(0), 0),
            Activity::Limited(Some(_))
        ));
    }

    #[test]
    fn a_dialog_that_no_status_tells_of_is_seen() {
        let marks = [("enter select · esc back".to_owned(), Sign::Dialog)];
        let screen = "\
■ You have hit your usage limit.

  Approaching rate limits
  Switch to gpt-6-luna for lower credit usage?


› 1. Switch to gpt-6-luna
  2. Keep current model

  enter select · esc back
";
        let asked = "Approaching rate limits Switch to gpt-6-luna for lower credit usage?";
        assert_eq!(open_dialog(screen, &marks).as_deref(), Some(asked));
        assert_eq!(open_dialog("› Ask Codex to do anything", &marks), None);
        let lines: Vec<&str> = screen.lines().collect();
        assert_eq!(read(&lines, &marks, Failure::Told), None);
    }

    #[test]
    fn a_question_stands_above_its_choices() {
        let marks = [("Enter to select".to_owned(), Sign::Waiting)];
        let screen = "\
╭──────────────────────────╮
│ Which colour?            │
│                          │
│ ● 1. Red                 │
│      The first           │
│   2. Blue                │
│ Enter to select · Esc    │
╰──────────────────────────╯";
        let lines: Vec<&str> = screen.lines().collect();
        let found = read(&lines, &marks, Failure::Unlikely).unwrap();
        assert_eq!(found, (Sign::Waiting, "Which colour?".to_owned()));
    }

    #[test]
    fn what_is_asked() {
        let (sign, words) = reads(CODEX, false).unwrap();
        assert_eq!(
            (sign, words.as_str()),
            (Sign::Permission, "touch approved-1.txt")
        );
        let edit =
            "│ Would you like to make the following edits? │\n│ src/lib.rs (+1 -2) │\n│ > 1) Yes │";
        assert_eq!(reads(edit, false).unwrap().1, "src/lib.rs (+1 -2)");
        // Half drawn.
        assert_eq!(
            reads("Would you like to", false).unwrap().1,
            "Would you like to"
        );
    }

    #[test]
    fn what_is_asked_stands_above_the_question_too() {
        let gemini = "\
╭────────────────────────────────╮
│ ? Shell  touch approved-1.txt  │
│ ╭────────────────────────────╮ │
│ │ touch approved-1.txt       │ │
│ ╰────────────────────────────╯ │
│ Would you like to?             │
│ Redirection detected.          │
│                                │
│ ● 1. Allow once                │";
        assert_eq!(
            reads(gemini, false).unwrap().1,
            "Shell touch approved-1.txt"
        );
        let cut = "│ Would you like to?  │\n│ ● 1. Allow once  │";
        assert_eq!(reads(cut, false).unwrap().1, "Would you like to?");
    }

    #[test]
    fn failures_are_believed_only_after_a_failure() {
        let limit = "■ You've hit your usage limit. Upgrade, or try again in\n  2 hours 5 minutes.\n\n› Ask";
        assert_eq!(reads(limit, false), None);
        let (sign, words) = reads(limit, true).unwrap();
        assert_eq!(sign, Sign::Limited);
        assert_eq!(
            words,
            "■ You've hit your usage limit. Upgrade, or try again in 2 hours 5 minutes."
        );
        let says = sign.means(&words, Timestamp(0), 0);
        assert!(matches!(says, Activity::Limited(Some(_))));
        let auth = "■ unexpected status 401 Unauthorized: no key\n esc to interrupt";
        assert_eq!(reads(auth, true).unwrap().0, Sign::Auth);
        assert_eq!(reads(auth, false).unwrap().0, Sign::Working);
    }
}
