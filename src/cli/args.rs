//! The command line as clap sees it: one line a command, each with its own file.

use clap::{Args, Parser, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use super::commands::{
    accept, adopt, answer, archive, attach, budget, cancel, capture, check, comment, completions,
    costs, daemon, demo, diff, doctor, explain, fork, inbox, keys, logs, loops, ls, mv, new,
    notify, pause, project, queue, radar, report, resume, retry, rm, send, sessions, show, start,
    stop, tidy, tui, undo,
};
use super::complete;
use super::output::paint::ColorWhen;

const AFTER_HELP: &str = "\
Tasks are named by their number (12 or #12) or by the beginning of their title.

Exit codes:
  0  it was done
  1  it failed
  2  it was called wrongly
  3  there is no such task, project, session or agent
  4  refused, or it needs a confirmation (--yes)
  5  the daemon cannot be reached

Examples:
  gluon                                     the board
  gluon new \"fix the login bug\" --start     a task from the shell
  gluon ls --json                           the board for scripts
  gluon demo                                everything on a throw-away repository";

/// A board and live panes for your AI coding agents.
///
/// Each task gets an agent in a terminal and a git worktree of its own; agents run on when you leave.
/// Without a command, gluon opens the board.
#[derive(Debug, Parser)]
#[command(name = "gluon", version, after_help = AFTER_HELP, max_term_width = 100)]
#[command(disable_help_subcommand = true, infer_subcommands = false)]
pub(super) struct Cli {
    /// When to colour the output
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    pub(super) color: ColorWhen,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Tui(tui::Tui),
    New(Box<new::New>),
    Ls(ls::Ls),
    Show(show::Show),
    Start(start::Start),
    Stop(stop::Stop),
    Resume(resume::Resume),
    Retry(retry::Retry),
    Attach(attach::Attach),
    Inbox(inbox::Inbox),
    Approve(answer::Approve),
    Deny(answer::Deny),
    Send(send::Send),
    Keys(keys::Keys),
    Capture(capture::Capture),
    Logs(logs::Logs),
    Diff(diff::Diff),
    Check(check::Check),
    Comment(comment::Comment),
    Loop(loops::Loop),
    Explain(explain::Explain),
    Move(mv::Move),
    Accept(Box<accept::Accept>),
    Undo(undo::Undo),
    Radar(radar::Radar),
    Fork(fork::Fork),
    Tidy(tidy::Tidy),
    Archive(archive::Archive),
    Report(report::Report),
    Cancel(cancel::Cancel),
    Rm(rm::Rm),
    Project(project::Project),
    Sessions(sessions::Sessions),
    Adopt(adopt::Adopt),
    Costs(costs::Costs),
    Budget(budget::BudgetCommand),
    Queue(queue::Queue),
    Notify(notify::Notify),
    Pause(pause::Pause),
    Continue(pause::Continue),
    Daemon(daemon::Daemon),
    Doctor(doctor::Doctor),
    Demo(demo::Demo),
    Completions(completions::Completions),
    /// Hold the agents' terminals (started by gluon itself)
    #[command(hide = true)]
    Keeper,
    /// Tell the daemon what an agent says of itself (started by agents)
    #[command(hide = true)]
    Hook,
    /// A scripted agent that needs no key (started by gluon itself)
    #[command(hide = true, disable_help_flag = true)]
    DemoAgent {
        /// Its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
}

/// A single task.
#[derive(Debug, Args)]
pub(super) struct OneTask {
    /// The task: its number or the beginning of its title
    #[arg(add = ArgValueCandidates::new(complete::tasks))]
    pub(super) task: String,
}

/// One task or several.
#[derive(Debug, Args)]
pub(super) struct SomeTasks {
    /// The tasks: their numbers or the beginning of their titles
    #[arg(required = true, value_name = "TASK", add = ArgValueCandidates::new(complete::tasks))]
    pub(super) tasks: Vec<String>,
}

/// JSON instead of text.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct Format {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// No questions.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Yes {
    /// Do not ask, even where work could be lost
    #[arg(long, short)]
    pub(super) yes: bool,
}
