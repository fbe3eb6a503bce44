//! What can be set, with its defaults. `config.toml` in the config directory; a project's own wishes in
//! `.gluon.toml` at the root of its repository.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::budget::BudgetConfig;
use crate::domain::Need;
use crate::domain::accept::Way;
use crate::domain::health::Thresholds;
use crate::domain::notify::Rules;
use crate::domain::quiet::Quiet;

/// The user's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The scheduler.
    pub queue: QueueConfig,
    /// Where and how worktrees are made.
    pub worktrees: WorktreesConfig,
    /// Agents.
    pub agents: AgentsConfig,
    /// The agents' terminals.
    pub terminal: TerminalConfig,
    /// Reviewing and integrating.
    pub review: ReviewConfig,
    /// From when on an agent is called slow, looping or stuck.
    pub health: HealthConfig,
    /// How much may be spent.
    pub budget: BudgetConfig,
    /// The screen.
    pub tui: TuiConfig,
    /// What the user is told where nobody looks.
    pub notify: NotifyConfig,
    /// Other keys for actions: `accept = "A"`.
    pub keys: BTreeMap<String, String>,
}

/// The scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueueConfig {
    /// Tasks that may run at once, all projects together.
    pub slots: u32,
    /// Tasks that may run at once in one project, unless the project says otherwise.
    pub slots_per_project: Option<u32>,
}

/// Worktrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorktreesConfig {
    /// Where they are made; `None`: below the data directory.
    pub dir: Option<PathBuf>,
    /// Seconds a project's setup command may take.
    pub setup_timeout: u64,
}

/// Agents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgentsConfig {
    /// The agent of a task that names none; `None`: the first that is installed.
    pub default: Option<String>,
}

/// Reviewing and integrating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReviewConfig {
    /// A shell command that checks a task, for projects that name none themselves.
    pub check: Option<String>,
    /// Seconds a check may take.
    pub check_timeout: u64,
    /// Whether a task can only be accepted once its files have passed the check.
    pub require_check: bool,
    /// How an accepted task reaches its target, where nothing else is said; `None`: its branch is left.
    pub way: Option<Way>,
    /// Whether what is not committed is committed when a task is accepted; else that is refused.
    pub commit: bool,
    /// After how many days the worktree and branch of a done task go by themselves, once its work has landed;
    /// `None`: only when asked.
    pub tidy_days: Option<u32>,
    /// After how many days a done task is archived by itself: out of sight, and nothing of it is removed. 0: only
    /// by hand.
    pub archive_days: u32,
    /// A shell command that opens a pull request, instead of `gh` or `glab`. It is told what by `GLUON_BRANCH`,
    /// `GLUON_INTO`, `GLUON_TITLE` and `GLUON_BODY`, and prints the address.
    pub pull_request: Option<String>,
}

/// How a project wants its tasks reviewed and integrated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectReview {
    /// How an accepted task reaches its target.
    pub way: Option<Way>,
    /// The branch that gets accepted tasks.
    pub into: Option<String>,
    /// Whether a task can only be accepted once its files have passed the check.
    pub require_check: bool,
}

/// The agents' terminals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TerminalConfig {
    /// Lines of scrollback kept for each session.
    pub scrollback: u32,
    /// Whether an agent may write to the user's clipboard (OSC 52).
    pub clipboard: bool,
}

/// From when on an agent is called slow, looping or stuck. Times in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthConfig {
    /// How often is looked.
    pub every: u64,
    /// Without a sign of progress for so long is slow.
    pub slow: u64,
    /// Without a sign of life for so long is stuck.
    pub stuck: u64,
    /// The same call or error so often is looping.
    pub repeats: u32,
    /// The same file rewritten so often, back and forth, is looping.
    pub rewrites: u32,
    /// What is further back is no loop any more.
    pub window: u64,
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TuiConfig {
    /// The theme's name.
    pub theme: String,
    /// Whether the mouse is used; off leaves it to the terminal's own selection.
    pub mouse: bool,
    /// Whether to draw with ASCII characters only.
    pub ascii: AsciiMode,
    /// The tool that shows changes in its own way (`delta`, `difft`); empty: none.
    pub diff_tool: String,
    /// The key that leaves a pane.
    pub leave: String,
    /// The key that starts a command while in a pane.
    pub prefix: String,
}

/// Whether to draw with ASCII characters only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AsciiMode {
    /// Where the locale is not UTF-8.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the user is told where nobody looks, and by which ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyConfig {
    /// Through a terminal in which gluon is open.
    pub terminal: TerminalWay,
    /// On the desktop of the machine the agents run on.
    pub desktop: DesktopWay,
    /// A shell command; what is told is in its environment and on its standard input.
    pub command: Option<String>,
    /// Whether the terminal's bell rings too.
    pub bell: bool,
    /// Seconds that something has to stand before it is told.
    pub grace: u64,
    /// When nothing is told.
    pub quiet: Vec<Quiet>,
    /// What is told.
    pub kinds: KindsConfig,
}

/// How a terminal is asked to tell the user something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TerminalWay {
    /// As it understands, by what it says of itself; the bell where that is not known.
    #[default]
    Auto,
    /// OSC 9: iTerm2, ConEmu, Windows Terminal, WezTerm, Ghostty.
    Osc9,
    /// OSC 99: kitty.
    Osc99,
    /// OSC 777: urxvt, foot.
    Osc777,
    /// The bell alone.
    Bell,
    /// Not at all.
    Off,
}

/// When the desktop is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DesktopWay {
    /// Where no open terminal shows it itself, so that nothing is shown twice.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Off,
}

/// Which needs are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct KindsConfig {
    pub permission: bool,
    pub question: bool,
    pub auth: bool,
    pub budget: bool,
    pub stuck: bool,
    pub looping: bool,
    pub failed: bool,
    pub limited: bool,
    pub idle: bool,
    pub finished: bool,
}

impl NotifyConfig {
    /// When what is told.
    pub fn rules(&self) -> Rules {
        let on = |need| match need {
            Need::Permission => self.kinds.permission,
            Need::Question => self.kinds.question,
            Need::Auth => self.kinds.auth,
            Need::Budget => self.kinds.budget,
            Need::Stuck => self.kinds.stuck,
            Need::Looping => self.kinds.looping,
            Need::Failed => self.kinds.failed,
            Need::Limited => self.kinds.limited,
            Need::Idle => self.kinds.idle,
            Need::Finished => self.kinds.finished,
        };
        Rules {
            off: Need::ALL.into_iter().filter(|need| !on(*need)).collect(),
            quiet: self.quiet.clone(),
            grace: i64::try_from(self.grace).unwrap_or(i64::MAX / 1000) * 1000,
        }
    }
}

/// A project's own wishes, from its repository: untrusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectFile {
    /// A shell command to run in a new worktree; runs only after the user has trusted it.
    pub setup: Option<String>,
    /// A shell command that checks a task in its worktree; runs only after the user has trusted it.
    pub check: Option<String>,
    /// The agent of a task that names none.
    pub agent: Option<String>,
    /// The branch that tasks start from.
    pub base: Option<String>,
    /// How tasks are reviewed and integrated.
    pub review: ProjectReview,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            slots: 4,
            slots_per_project: None,
        }
    }
}

impl Default for WorktreesConfig {
    fn default() -> Self {
        Self {
            dir: None,
            setup_timeout: 600,
        }
    }
}

impl Default for ReviewConfig {
    fn default() -> Self {
        Self {
            check: None,
            check_timeout: 1800,
            require_check: false,
            way: None,
            commit: true,
            tidy_days: None,
            archive_days: 7,
            pull_request: None,
        }
    }
}

impl Default for TerminalConfig {
    fn default() -> Self {
        Self {
            scrollback: 10_000,
            clipboard: false,
        }
    }
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            every: 5,
            slow: 5 * 60,
            stuck: 15 * 60,
            repeats: 3,
            rewrites: 5,
            window: 10 * 60,
        }
    }
}

impl HealthConfig {
    /// As the rules take it.
    pub fn thresholds(&self) -> Thresholds {
        let millis = |seconds: u64| {
            i64::try_from(seconds)
                .unwrap_or(i64::MAX)
                .saturating_mul(1000)
        };
        Thresholds {
            slow: millis(self.slow),
            stuck: millis(self.stuck),
            repeats: self.repeats as usize,
            rewrites: self.rewrites as usize,
            window: millis(self.window),
        }
    }
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            terminal: TerminalWay::Auto,
            desktop: DesktopWay::Auto,
            command: None,
            bell: false,
            grace: 4,
            quiet: Vec::new(),
            kinds: KindsConfig::default(),
        }
    }
}

impl Default for KindsConfig {
    fn default() -> Self {
        Self {
            permission: true,
            question: true,
            auth: true,
            budget: true,
            stuck: true,
            looping: true,
            failed: true,
            limited: true,
            idle: true,
            finished: true,
        }
    }
}

impl Default for TuiConfig {
    fn default() -> Self {
        Self {
            theme: "gluon".to_owned(),
            mouse: true,
            ascii: AsciiMode::Auto,
            diff_tool: String::new(),
            leave: "ctrl-q".to_owned(),
            prefix: "ctrl-b".to_owned(),
        }
    }
}
