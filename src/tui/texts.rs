//! Texts that are shown over the board: the detail of a task, a diff, what a deletion takes along.

use super::card::{self, exit_words};
use super::keymap::{Action, Context};
use super::layout;
use super::loops;
use super::model::Model;
use super::overlay::ViewerLine;
use super::text::{clean, fit, width, wrap};
use super::theme::Role;
use crate::domain::budget::BudgetState;
use crate::domain::units::short_duration;
use crate::domain::{SessionState, Standing, Summary, Timestamp, Verdict};
use crate::protocol::{RiskView, TaskDetail, Why};

/// So much of what was seen of a session is shown.
const MAX_SEEN: usize = 4;
/// Lines of a prompt that are shown.
const MAX_PROMPT: usize = 2000;
/// Lines of an agent's last message that are shown.
const MAX_MESSAGE: usize = 100;

fn line(text: impl Into<String>, role: Role) -> ViewerLine {
    vec![(text.into(), role)]
}

fn heading(text: &str) -> ViewerLine {
    line(text, Role::Accent)
}

/// Why the activity is what is shown: the rule, and who said what.
fn reasons(why: &Why, now: Timestamp) -> Vec<ViewerLine> {
    let decision = &why.decision;
    let mut lines = vec![vec![
        (format!("{:<11}", "because"), Role::Muted),
        (decision.rule.sentence().to_owned(), Role::Text),
    ]];
    for (claim, standing) in &why.claims {
        let (stands, role) = match standing {
            Standing::Decides => ("decides", Role::Text),
            Standing::Overruled => ("overruled", Role::Muted),
            Standing::Expired => ("too old", Role::Muted),
            Standing::TooFresh => ("too fresh", Role::Muted),
        };
        let said = format!(
            "{:<22} {:<9} {:>6}  {stands:<10}",
            claim.source.name(),
            claim.says.word(),
            short_duration(now.since(claim.at)),
        );
        lines.push(vec![
            (format!("{:<11}", ""), Role::Muted),
            (said, role),
            (clean(&claim.words).into_owned(), Role::Muted),
        ]);
    }
    lines.push(vec![
        (format!("{:<11}", "changes by"), Role::Muted),
        (decision.would_change().to_owned(), Role::Text),
    ]);
    lines
}

/// How its session is doing, why, what was seen of it, and what would change it.
fn health(verdict: &Verdict, now: Timestamp) -> Vec<ViewerLine> {
    let name = |name: &str| (format!("{name:<11}"), Role::Muted);
    let sentence = clean(&verdict.sentence(now)).into_owned();
    let mut lines = vec![match verdict.health {
        Some(health) => vec![
            name("health"),
            (health.word().to_owned(), card::health_role(health)),
            (format!(": {sentence}"), Role::Text),
        ],
        None => vec![name("health"), (sentence, Role::Text)],
    }];
    lines.push(vec![
        name("because"),
        (verdict.rule.sentence().to_owned(), Role::Text),
    ]);
    for (index, seen) in verdict.seen.iter().take(MAX_SEEN).enumerate() {
        let ago = format!("{:>6} ago  ", short_duration(now.since(seen.at)));
        lines.push(vec![
            name(if index == 0 { "seen" } else { "" }),
            (ago, Role::Muted),
            (clean(&seen.what).into_owned(), Role::Text),
        ]);
    }
    lines.push(vec![
        name("changes by"),
        (verdict.changes_by.clone(), Role::Text),
    ]);
    lines
}

/// What a run without a screen came to.
fn last_run(run: &Summary) -> Vec<ViewerLine> {
    let mut lines = Vec::new();
    for denial in run.denials.iter().take(5) {
        let what = match denial.what.is_empty() {
            true => denial.tool.clone(),
            false => format!("{}({})", denial.tool, denial.what),
        };
        lines.push(vec![
            (format!("{:<11}", "denied"), Role::Muted),
            (clean(&what).into_owned(), Role::Slow),
        ]);
    }
    let message = run.message.as_deref().unwrap_or_default().trim();
    if !message.is_empty() {
        lines.extend([Vec::new(), heading("The agent's last message")]);
        let said = message.lines().take(MAX_MESSAGE);
        lines.extend(said.map(|text| line(format!("  {}", clean(text)), Role::Text)));
    }
    lines
}

/// The messages that wait for a task's agent.
fn waiting(model: &Model, detail: &TaskDetail) -> Vec<ViewerLine> {
    if detail.follow_ups.is_empty() {
        return Vec::new();
    }
    let room = layout::text_width(model.size).saturating_sub(6);
    let mut lines = vec![Vec::new(), heading("Waits until the agent is idle")];
    for (one, number) in detail.follow_ups.iter().zip(1..) {
        let tried = match one.tried {
            Some(_) => " (typed, not seen to be taken)",
            None => "",
        };
        let most = room.saturating_sub(width(tried));
        lines.push(vec![
            (format!("  {number:>2}  "), Role::Muted),
            (
                fit(&one.line(most), most, model.theme.glyphs().ellipsis).into_owned(),
                Role::Text,
            ),
            (tried.to_owned(), Role::Slow),
        ]);
    }
    let keys = model.keymap.keys(Context::Viewer, Action::TakeBack);
    if let Some(key) = keys.first() {
        let text = format!("      {} takes the last one back", key.label());
        lines.push(line(text, Role::Faint));
    }
    lines
}

/// The cells of a budget's bar.
const BAR: u32 = 10;

/// How much of a budget is spent, as a bar with its percent; nothing where it is unlimited.
fn bar(model: &Model, percent: Option<u32>) -> String {
    let Some(percent) = percent else {
        return String::new();
    };
    let glyphs = model.theme.glyphs();
    let full = (percent.min(100) * BAR).div_ceil(100);
    let cell = |at| if at < full { glyphs.full } else { glyphs.empty };
    let cells: String = (0..BAR).map(cell).collect();
    format!("{cells} {percent} %  ")
}

fn budget_role(state: BudgetState) -> Role {
    match state {
        BudgetState::Enough => Role::Good,
        BudgetState::Short => Role::Slow,
        BudgetState::Spent => Role::Bad,
    }
}

/// Everything about a task.
pub fn detail(model: &Model, detail: &TaskDetail) -> Vec<ViewerLine> {
    let task = &detail.card.task;
    let field =
        |name: &str, value: String| vec![(format!("{name:<11}"), Role::Muted), (value, Role::Text)];
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
    if let Some(cost) = &detail.card.cost {
        lines.push(field("cost", cost.words()));
    }
    if let Some(budget) = &detail.card.budget {
        let own = &budget.own;
        lines.push(vec![
            (format!("{:<11}", "budget"), Role::Muted),
            (bar(model, own.percent()), budget_role(own.state)),
            (own.words(), Role::Text),
        ]);
        if let Some(why) = &budget.refused {
            lines.push(field("", clean(why).into_owned()));
        }
    }
    if let Some(view) = &detail.card.session {
        let (words, _) = card::activity(view, model.now);
        lines.push(field("activity", words));
    }
    if let Some(health) = &detail.health {
        lines.extend(self::health(&health.verdict, model.now));
    }
    if let Some(why) = &detail.why {
        lines.extend(reasons(why, model.now));
    }
    if let Some(view) = &detail.card.loop_view {
        let history = model.loop_history.as_deref();
        let history = history.filter(|history| history.view.task == task.id);
        let glyphs = model.theme.glyphs();
        lines.extend(loops::detail(view, history, model.now, glyphs));
    }
    if let Some(run) = &detail.last_run {
        lines.extend(last_run(run));
    }
    lines.extend(waiting(model, detail));
    lines.extend([Vec::new(), heading("Prompt")]);
    match task.prompt.trim() {
        "" => lines.push(line("  none", Role::Muted)),
        prompt => {
            let room = layout::text_width(model.size).saturating_sub(2);
            let ellipsis = model.theme.glyphs().ellipsis;
            for text in prompt.lines().take(MAX_PROMPT) {
                let text = clean(text);
                // The first blanks of a line are meant; only what is broken loses them.
                if text.trim().is_empty() || width(&text) <= room {
                    lines.push(line(format!("  {text}"), Role::Text));
                    continue;
                }
                let rows = wrap(&text, room, MAX_PROMPT, ellipsis);
                lines.extend(
                    rows.into_iter()
                        .map(|row| line(format!("  {row}"), Role::Text)),
                );
            }
        }
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
