//! Texts that are shown over the board: help, the detail of a task, a diff, what a deletion takes along.

use super::card::{self, exit_words};
use super::keymap::{Group, Keymap, TABLE};
use super::model::Model;
use super::overlay::ViewerLine;
use super::text::clean;
use super::theme::Role;
use crate::domain::SessionState;
use crate::domain::units::short_duration;
use crate::protocol::{RiskView, TaskDetail};

/// Lines of a diff that are shown; more would only be scrolled past.
const MAX_DIFF: usize = 20_000;

fn line(text: impl Into<String>, role: Role) -> ViewerLine {
    vec![(text.into(), role)]
}

fn heading(text: &str) -> ViewerLine {
    line(text, Role::Accent)
}

/// All keys by heading.
pub fn help(keymap: &Keymap, narrow: bool) -> Vec<ViewerLine> {
    let pad = if narrow { 12 } else { 24 };
    let mut lines = vec![
        line(
            "Everything works by key and by mouse. Quitting leaves every agent running.",
            Role::Muted,
        ),
        Vec::new(),
    ];
    for group in Group::ALL {
        lines.push(heading(group.title()));
        if group == Group::Pane {
            let leave = format!("  {:<pad$}", keymap.leave().label());
            lines.push(vec![
                (leave, Role::Key),
                ("Back to the board, at once".into(), Role::Text),
            ]);
            let prefix = keymap.prefix().label();
            let twice = format!("  {:<pad$}", format!("{prefix} {prefix}"));
            lines.push(vec![
                (twice, Role::Key),
                ("Send the prefix itself to the agent".into(), Role::Text),
            ]);
        }
        for entry in TABLE.iter().filter(|entry| entry.group == group) {
            let mut keys: Vec<String> = Vec::new();
            for (context, _) in entry.keys {
                let after_prefix = *context == super::keymap::Context::Prefix;
                if after_prefix && group != Group::Pane {
                    continue;
                }
                for chord in keymap.keys(*context, entry.action) {
                    let label = match after_prefix {
                        true => format!("{} {}", keymap.prefix().label(), chord.label()),
                        false => chord.label(),
                    };
                    if !keys.contains(&label) {
                        keys.push(label);
                    }
                }
            }
            keys.truncate(if narrow { 1 } else { 3 });
            let keys = format!("  {:<pad$}", keys.join("  "));
            lines.push(vec![
                (keys, Role::Key),
                (format!(" {}", entry.title), Role::Text),
            ]);
        }
        lines.push(Vec::new());
    }
    lines
}

/// Everything about a task.
pub fn detail(model: &Model, detail: &TaskDetail) -> Vec<ViewerLine> {
    let task = &detail.card.task;
    let field =
        |name: &str, value: String| vec![(format!("{name:<10}"), Role::Muted), (value, Role::Text)];
    let ago = |at: crate::domain::Timestamp| format!("{} ago", short_duration(model.now.since(at)));
    let mut lines = vec![field(
        "status",
        format!(
            "{}, since {}",
            task.status,
            short_duration(model.now.since(task.changed_at))
        ),
    )];
    lines.push(field(
        "project",
        clean(&detail.card.project_name).into_owned(),
    ));
    lines.push(field(
        "agent",
        format!("{}, {}", clean(&task.agent), task.mode.word()),
    ));
    if let Some(command) = &task.command {
        lines.push(field("command", clean(&command.join(" ")).into_owned()));
    }
    if let Some(branch) = &task.branch {
        lines.push(field("branch", clean(branch).into_owned()));
    }
    if let Some(base) = &task.base {
        lines.push(field("base", clean(base).into_owned()));
    }
    if let Some(path) = &task.worktree {
        lines.push(field(
            "worktree",
            clean(&path.to_string_lossy()).into_owned(),
        ));
    }
    lines.push(field("priority", task.priority.level().to_string()));
    if !task.labels.is_empty() {
        lines.push(field("labels", clean(&task.labels.join(", ")).into_owned()));
    }
    if !task.depends_on.is_empty() {
        let ids: Vec<String> = task.depends_on.iter().map(|id| format!("#{id}")).collect();
        lines.push(field("after", ids.join(" ")));
    }
    if let Some(view) = &detail.card.session {
        let (words, _) = card::activity(view, model.now);
        lines.push(field("activity", words));
        if let Some(verdict) = &view.health {
            lines.push(field("health", clean(&verdict.evidence).into_owned()));
        }
    }
    lines.extend([Vec::new(), heading("Prompt")]);
    match task.prompt.trim() {
        "" => lines.push(line("  none", Role::Muted)),
        prompt => lines.extend(
            prompt
                .lines()
                .take(2000)
                .map(|text| line(format!("  {}", clean(text)), Role::Text)),
        ),
    }
    if !detail.runs.is_empty() {
        lines.extend([Vec::new(), heading("Runs")]);
    }
    for run in &detail.runs {
        let end = match (run.exit, run.ended_at) {
            (Some(exit), _) => exit_words(exit),
            (None, Some(_)) => "ended".to_owned(),
            (None, None) => "running".to_owned(),
        };
        let command = run.command.join(" ");
        lines.push(vec![
            (format!("  {:<10}", ago(run.started_at)), Role::Muted),
            (
                format!(" session {} run {} ", run.session, run.number),
                Role::Text,
            ),
            (format!("{end}  "), Role::Text),
            (clean(&command).chars().take(200).collect(), Role::Muted),
        ]);
    }
    if !detail.events.is_empty() {
        lines.extend([Vec::new(), heading("What happened")]);
    }
    for event in &detail.events {
        lines.push(vec![
            (format!("  {:<10}", ago(event.at)), Role::Muted),
            (format!(" {:<12}", clean(&event.kind)), Role::Text),
            (format!(" {:<10}", clean(&event.actor)), Role::Muted),
            (format!(" {}", clean(&event.detail)), Role::Text),
        ]);
    }
    lines
}

/// A unified diff in its looks, and the lines that begin a file. What git says twice is left out.
pub fn diff(text: &str) -> (Vec<ViewerLine>, Vec<usize>) {
    let mut lines: Vec<ViewerLine> = Vec::new();
    let mut marks = Vec::new();
    let mut in_head = false;
    for raw in text.lines() {
        if lines.len() >= MAX_DIFF {
            lines.push(line("The rest is left out.", Role::Muted));
            break;
        }
        if raw.starts_with("diff ") {
            in_head = true;
            if !lines.is_empty() {
                lines.push(Vec::new());
            }
            marks.push(lines.len());
            let name = raw.rsplit_once(" b/").map_or(raw, |(_, name)| name);
            lines.push(line(clean(name).into_owned(), Role::DiffFile));
            continue;
        }
        in_head &= !raw.starts_with("@@");
        let said = ["index ", "--- ", "+++ "];
        if in_head && said.iter().any(|head| raw.starts_with(head)) {
            continue;
        }
        let role = if in_head { Role::Muted } else { diff_role(raw) };
        lines.push(line(clean(&raw.replace('\t', "    ")).into_owned(), role));
    }
    if lines.is_empty() {
        lines.push(line("No changes yet.", Role::Muted));
    }
    (lines, marks)
}

fn diff_role(line: &str) -> Role {
    match line.as_bytes().first() {
        Some(b'+') => Role::DiffAdd,
        Some(b'-') => Role::DiffRemove,
        Some(b'@') => Role::DiffHunk,
        _ => Role::Text,
    }
}

/// What deleting a task takes along, in a sentence.
pub fn risk(risk: &RiskView) -> String {
    if risk.is_none() {
        return "Its worktree and branch go; nothing in them is unsaved.".to_owned();
    }
    let count = |number: u32, one: &str, more: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {more}")),
    };
    let parts: Vec<String> = [
        count(risk.dirty, "uncommitted file", "uncommitted files"),
        count(risk.untracked, "untracked file", "untracked files"),
        count(risk.unmerged_commits, "unmerged commit", "unmerged commits"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut words = String::new();
    if risk.live {
        words.push_str("Its agent is at work and will be stopped. ");
    }
    if parts.is_empty() {
        words.push_str("Its worktree and branch go.");
    } else {
        words.push_str(&format!(
            "It takes along {}. A recovery ref and a patch are kept.",
            parts.join(", ")
        ));
    }
    words
}

/// The state of a session, in a word or two.
pub fn session_state(state: SessionState) -> &'static str {
    match state {
        SessionState::Live => "live",
        SessionState::Ended => "ended",
        SessionState::Interrupted => "interrupted",
    }
}
