//! Accepting: the ways a task's work can reach its target, the message it gets, and the journal of doing it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ids::TaskId;

/// How the work of a task reaches its target branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A merge commit, whatever the history.
    Merge,
    /// One commit on top of the target.
    Squash,
    /// The task's commits, replayed on top of the target.
    Rebase,
    /// The target moves to the task's branch; only where that has everything the target has.
    #[serde(rename = "ff")]
    FastForward,
    /// Pushed, with a pull request for it.
    #[serde(rename = "pr")]
    PullRequest,
    /// The branch stays as it is, for whoever wants to merge it.
    Leave,
}

impl Way {
    /// All of them, in the order they are offered.
    pub const ALL: [Way; 6] = [
        Way::Merge,
        Way::Squash,
        Way::Rebase,
        Way::FastForward,
        Way::PullRequest,
        Way::Leave,
    ];

    /// The word for it, in settings and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Way::Merge => "merge",
            Way::Squash => "squash",
            Way::Rebase => "rebase",
            Way::FastForward => "ff",
            Way::PullRequest => "pr",
            Way::Leave => "leave",
        }
    }

    /// The way that `word` names.
    pub fn from_word(word: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.word() == word)
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Way::Merge => "Merge commit",
            Way::Squash => "Squash",
            Way::Rebase => "Rebase",
            Way::FastForward => "Fast-forward",
            Way::PullRequest => "Pull request",
            Way::Leave => "Leave the branch",
        }
    }

    /// What it does to `target`, in a sentence.
    pub fn effect(self, target: &str) -> String {
        match self {
            Way::Merge => format!("{target} gets the task's commits and a merge commit"),
            Way::Squash => format!("{target} gets everything as one commit"),
            Way::Rebase => format!("{target} gets the task's commits, replayed on top of it"),
            Way::FastForward => format!("{target} moves to the task's last commit"),
            Way::PullRequest => format!("the branch is pushed, with a pull request into {target}"),
            Way::Leave => format!("{target} stays; the branch waits to be merged by you"),
        }
    }

    /// What was done with it, before "into main".
    pub fn past(self) -> &'static str {
        match self {
            Way::Merge => "merged",
            Way::Squash => "squashed",
            Way::Rebase => "rebased",
            Way::FastForward => "fast-forwarded",
            Way::PullRequest => "a pull request",
            Way::Leave => "left, to be merged",
        }
    }

    /// Whether a branch of the repository moves.
    pub fn moves_target(self) -> bool {
        !matches!(self, Way::PullRequest | Way::Leave)
    }

    /// Whether a commit with a message of its own is made.
    pub fn takes_message(self) -> bool {
        matches!(self, Way::Merge | Way::Squash | Way::PullRequest)
    }
}

/// Everything that is needed to finish an integration after a crash, or to take it back.
///
/// Commits and trees are full ids. Written before the first branch moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// How.
    pub way: Way,
    /// The branch that moves, from where to where; `None` where none does.
    pub target: Option<Move>,
    /// The task's own branch; it moves where uncommitted work was committed.
    pub branch: Move,
    /// The tree of the task's files, where some of them were not committed.
    pub files: Option<String>,
    /// The task's worktree, if there was one.
    pub worktree: Option<PathBuf>,
    /// The ref that holds all of these commits.
    pub hold: String,
}

/// How a task in the merge queue is to be integrated; what is `None` is as the settings have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MergeWish {
    /// How.
    pub way: Option<Way>,
    /// Into which branch.
    pub into: Option<String>,
    /// The message of the commit.
    pub message: Option<String>,
    /// Whether what would land has to pass the check.
    pub check: Option<bool>,
    /// Whether what is not committed is committed.
    pub commit: Option<bool>,
    /// Go without the repository's hooks.
    pub no_hooks: bool,
}

/// A branch that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Its short name.
    pub name: String,
    /// Where it was.
    pub from: String,
    /// Where it goes.
    pub to: String,
}

impl Move {
    /// Whether it moves at all.
    pub fn is_real(&self) -> bool {
        self.from != self.to
    }
}

/// The longest subject of a message, in characters: longer ones are cut by most tools.
const MAX_SUBJECT: usize = 100;
/// How much of an agent's last words a message takes over, in characters.
const MAX_BODY: usize = 1500;

/// The message of the commit that integrates a task: its title, and what its agent said last (untrusted).
pub fn commit_message(task: TaskId, title: &str, last_words: Option<&str>) -> String {
    let plain = |text: &str| -> String {
        let text = text.replace("\r\n", "\n");
        let kept = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
        kept.collect()
    };
    let subject: String = plain(title)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let mut message: String = match subject.is_empty() {
        true => format!("Task {task}"),
        false => subject.chars().take(MAX_SUBJECT).collect(),
    };
    let words = last_words.map(plain).unwrap_or_default();
    let words = words.trim();
    if words.is_empty() || words == message {
        return message;
    }
    let mut body: String = words.chars().take(MAX_BODY).collect();
    if body.len() < words.len() {
        // Not in the middle of a paragraph, if there is an end of one.
        if let Some(end) = body.rfind("\n\n").or_else(|| body.rfind('\n')) {
            body.truncate(end);
        } else {
            body.push('…');
        }
    }
    message.push_str("\n\n");
    message.push_str(body.trim_end());
    message
}

/// How much of an output an agent is given, in bytes: its end says most.
const MAX_OUTPUT: usize = 12 * 1024;

/// What an agent is told whose work could not be integrated into `target`: why, the exact output, what to do.
pub fn sent_back(target: &str, why: &str, output: &str) -> String {
    let plain: String = output
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let plain = plain.trim();
    let start = plain.ceil_char_boundary(plain.len().saturating_sub(MAX_OUTPUT));
    let cut = if start > 0 {
        "[the beginning is left out]\n"
    } else {
        ""
    };
    let mut message = format!("Your work could not be integrated into {target}: {why}.");
    if !plain.is_empty() {
        message.push_str(&format!("\n\n{cut}{}", &plain[start..]));
    }
    message.push_str(&format!(
        "\n\nPlease bring your branch up to date with {target}, put that right, and commit."
    ));
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for way in Way::ALL {
            assert_eq!(Way::from_word(way.word()), Some(way));
        }
        assert_eq!(Way::from_word("fast"), None);
    }

    #[test]
    fn what_is_sent_back_has_the_end_of_the_output() {
        let message = sent_back("main", "it is in conflict", "one\u{1b}[31m\r\ntwo\n");
        assert_eq!(
            message,
            "Your work could not be integrated into main: it is in conflict.\n\none[31m\ntwo\n\n\
             Please bring your branch up to date with main, put that right, and commit."
        );
        let long = format!("begin{}end", "é".repeat(MAX_OUTPUT));
        let message = sent_back("main", "x", &long);
        assert!(message.len() < MAX_OUTPUT + 300 && message.contains("end\n\nPlease"));
        assert!(!message.contains("begin") || message.contains("[the beginning is left out]"));
        assert!(!sent_back("main", "x", "").contains("\n\n\n"));
    }

    #[test]
    fn a_message_is_the_title_and_what_the_agent_said() {
        fn message(title: &str, words: Option<&str>) -> String {
            commit_message(TaskId(7), title, words)
        }
        assert_eq!(message("Fix the  login", None), "Fix the login");
        assert_eq!(message(" \u{1b}\n", Some(" ")), "Task 7");
        assert_eq!(
            message("Fix", Some("# Done\r\n\nIt\u{1b}[31m works.\n")),
            "Fix\n\n# Done\n\nIt[31m works."
        );
        let long = format!("first\n\n{}", "x".repeat(5000));
        assert_eq!(message("Fix", Some(&long)), "Fix\n\nfirst");
        assert_eq!(message(&"t".repeat(300), None).len(), MAX_SUBJECT);
        assert!(message("Fix", Some(&"y".repeat(5000))).ends_with('…'));
    }
}
