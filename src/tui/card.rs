//! What a card says: its mark, and its facts by weight, as rows of pieces that fit a width.
//!
//! Uses domain and protocol. A function of the model; draws nothing. Invariant: state is never colour
//! alone, a letter or another glyph always goes with it.

use super::board;
use super::loops;
use super::model::Model;
use super::text::{clean, fit, width, wrap};
use super::theme::{Glyphs, Role};
use crate::domain::accept::Way;
use crate::domain::budget::BudgetState;
use crate::domain::check::{Freshness, Verdict};
use crate::domain::units::short_duration;
use crate::domain::{Activity, AskKind, Exit, Health, Mode, Reason, Status, Timestamp};
use crate::protocol::{Against, HoldView, SessionView, TaskCard};

/// A piece of text with its look.
pub type Piece = (String, Role);

/// A row of a card: what stands at the left, what at the right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardRow {
    /// From the left, cut where there is no room.
    pub left: Vec<Piece>,
    /// At the right edge.
    pub right: Option<Piece>,
    /// How far in it stands: below the title, not below its mark.
    pub indent: u16,
}

/// The most rows a card has: with more than four, its title may take two.
pub const MAX_ROWS: usize = 5;

/// The mark before a title: a glyph, the letter of the health, and their look.
pub fn mark(card: &TaskCard, glyphs: &Glyphs) -> (String, Role) {
    let (glyph, role) = match card.task.status {
        Status::Queued => match (&card.hold, &card.task.reason) {
            (Some(HoldView::Held | HoldView::Paused | HoldView::Budget(_)), _) => {
                (glyphs.pause, Role::Muted)
            }
            (Some(HoldView::Cycle(_)), _) => (glyphs.cross, Role::Bad),
            _ => (glyphs.ring, Role::Muted),
        },
        Status::Running => return running_mark(card.session.as_ref(), glyphs),
        Status::Review => match &card.task.reason {
            Some(Reason::Failed(_)) => (glyphs.cross, Role::Bad),
            Some(Reason::Stopped | Reason::Interrupted) => (glyphs.pause, Role::Slow),
            _ => (glyphs.dot, Role::Accent),
        },
        Status::Done => (glyphs.check, Role::Good),
        Status::Cancelled => (glyphs.cross, Role::Muted),
    };
    (glyph.to_owned(), role)
}

fn running_mark(session: Option<&SessionView>, glyphs: &Glyphs) -> (String, Role) {
    let Some(session) = session else {
        return (glyphs.ring.to_owned(), Role::Muted);
    };
    let glyph = match session.activity {
        Activity::Waiting(_) => return (glyphs.ask.to_owned(), Role::Waiting),
        // A mark of its own, as the one before: it is not ill.
        Activity::Limited(_) => return (glyphs.pause.to_owned(), Role::Slow),
        Activity::Starting | Activity::Unknown | Activity::Exited(_) => glyphs.ring,
        Activity::Working | Activity::Idle => glyphs.dot,
    };
    match session.health.as_ref().and_then(|verdict| verdict.health) {
        Some(health) => (format!("{glyph}{}", health.letter()), health_role(health)),
        None => {
            let role = match session.activity {
                Activity::Working => Role::Working,
                Activity::Idle => Role::Slow,
                _ => Role::Muted,
            };
            (glyph.to_owned(), role)
        }
    }
}

/// The colour of a health.
pub fn health_role(health: Health) -> Role {
    match health {
        Health::Healthy => Role::Good,
        Health::Slow => Role::Slow,
        Health::Looping => Role::Looping,
        Health::Stuck => Role::Bad,
    }
}

/// What matters most about an agent: that it is not well, else what it is doing.
pub fn doing(session: &SessionView, now: Timestamp) -> Piece {
    let verdict = session.health.as_ref().filter(|verdict| verdict.is_ill());
    match verdict.and_then(|verdict| Some((verdict, verdict.health?))) {
        Some((verdict, health)) => {
            // Where there is little room, how long counts more than what.
            let age = short_duration(now.since(verdict.since));
            let words = format!("{} {age}: {}", health.word(), verdict.evidence);
            (clean(&words).into_owned(), health_role(health))
        }
        None => activity(session, now),
    }
}

/// What an agent is doing, in a few words.
pub fn activity(session: &SessionView, now: Timestamp) -> Piece {
    match &session.activity {
        Activity::Waiting(ask) => {
            let words = clean(&ask.text);
            let words = words.trim();
            let text = match (ask.kind, words.is_empty()) {
                (_, false) => format!("asks: {words}"),
                (AskKind::Permission, true) => "asks for a permission".to_owned(),
                (AskKind::Question, true) => "asks a question".to_owned(),
                (AskKind::Auth, true) => "asks you to log in".to_owned(),
            };
            (text, Role::Waiting)
        }
        Activity::Limited(Some(until)) => {
            let left = short_duration(until.since(now));
            (format!("limited, {left} left"), Role::Slow)
        }
        Activity::Exited(exit) => (exit_words(*exit), Role::Muted),
        Activity::Working => ("working".to_owned(), Role::Working),
        Activity::Idle if session.background > 0 => {
            let count = session.background;
            (format!("idle, {count} in the background"), Role::Slow)
        }
        Activity::Idle => ("idle: your turn".to_owned(), Role::Slow),
        other => (other.word().to_owned(), Role::Muted),
    }
}

/// How a process ended, in words.
pub fn exit_words(exit: Exit) -> String {
    match exit {
        Exit::Code(0) => "ended well".to_owned(),
        Exit::Code(code) => format!("ended with code {code}"),
        Exit::Signal(signal) => format!("ended by signal {signal}"),
        Exit::Lost => "lost".to_owned(),
    }
}

/// Since when a card is what it is: what its age is counted from.
pub fn since(card: &TaskCard) -> Timestamp {
    card.task.changed_at
}

/// A card's age as it is shown.
pub fn age(model: &Model, card: &TaskCard) -> String {
    short_duration(model.now.since(since(card)))
}

/// What matters most about a card now.
fn state(model: &Model, card: &TaskCard) -> Piece {
    if model.moving.contains_key(&card.task.id) {
        return (
            format!("moving{}", model.theme.glyphs().ellipsis),
            Role::Muted,
        );
    }
    match card.task.status {
        Status::Queued => queued_state(card),
        Status::Running => match (looped(model, card), &card.session) {
            (Some(stage), _) => stage,
            (None, Some(session)) => match over_budget(card) {
                Some(words) if !matches!(session.activity, Activity::Waiting(_)) => {
                    (words, Role::Waiting)
                }
                _ => doing(session, model.now),
            },
            (None, None) => ("starting".to_owned(), Role::Muted),
        },
        Status::Review if card.review.merge_place.is_some() => match card.review.merge_place {
            Some(1) => ("merging".to_owned(), Role::Working),
            place => (format!("merges as no. {}", place.unwrap_or(0)), Role::Muted),
        },
        Status::Review => reason(card).unwrap_or(("ready for review".to_owned(), Role::Text)),
        Status::Done => {
            let words = match &card.review.landed {
                Some((way, into)) if way.moves_target() => {
                    format!("{} into {}", way.past(), clean(into))
                }
                Some((Way::PullRequest, _)) => "pull request open".to_owned(),
                _ => "accepted".to_owned(),
            };
            match card.review.archived {
                Some(_) => (format!("archived: {words}"), Role::Faint),
                None => (words, Role::Muted),
            }
        }
        Status::Cancelled => ("cancelled".to_owned(), Role::Muted),
    }
}

/// Where the loop of a card stands, where that says more than what its agent does.
fn looped(model: &Model, card: &TaskCard) -> Option<Piece> {
    loops::stage(card.loop_view.as_ref()?, model.now)
}

/// How far the loop of a card is, while that matters.
fn progress(model: &Model, card: &TaskCard) -> Vec<Piece> {
    let matters = matches!(card.task.status, Status::Running | Status::Review);
    let view = card.loop_view.as_ref().filter(|_| matters);
    let own = card.budget.as_ref().map(|budget| &budget.own);
    view.map_or_else(Vec::new, |view| {
        loops::progress(view, own, model.theme.glyphs())
    })
}

/// That a budget keeps a task from going on, if so.
fn over_budget(card: &TaskCard) -> Option<String> {
    let budget = card.budget.as_ref()?;
    let why = budget.refused.as_ref()?;
    Some(match budget.own.state {
        BudgetState::Spent => format!("over budget: {}", budget.own.words()),
        _ => clean(why).into_owned(),
    })
}

fn queued_state(card: &TaskCard) -> Piece {
    let ids = |tasks: &[crate::domain::TaskId]| {
        let ids: Vec<String> = tasks.iter().take(3).map(|id| format!("#{id}")).collect();
        ids.join(" ")
    };
    match (&card.hold, &card.task.reason) {
        (Some(HoldView::Cycle(tasks)), _) => {
            (format!("waits for itself: {}", ids(tasks)), Role::Bad)
        }
        (Some(HoldView::After(tasks)), _) => (format!("after {}", ids(tasks)), Role::Muted),
        (Some(HoldView::Held), Some(Reason::Stopped)) if over_budget(card).is_some() => {
            (over_budget(card).unwrap_or_default(), Role::Waiting)
        }
        (_, Some(Reason::Failed(_) | Reason::Stopped | Reason::Interrupted)) => {
            reason(card).unwrap_or(("stopped".to_owned(), Role::Slow))
        }
        (Some(HoldView::Budget(why)), _) => (clean(why).into_owned(), Role::Waiting),
        (Some(HoldView::Held), _) => ("held".to_owned(), Role::Muted),
        (Some(HoldView::Paused), _) => ("queue paused".to_owned(), Role::Muted),
        (Some(HoldView::NoSlot), _) => ("waits for a slot".to_owned(), Role::Muted),
        (None, _) => ("next".to_owned(), Role::Muted),
    }
}

fn reason(card: &TaskCard) -> Option<Piece> {
    Some(match card.task.reason.as_ref()? {
        Reason::Finished => ("finished".to_owned(), Role::Good),
        Reason::Failed(why) => (format!("failed: {}", clean(why)), Role::Bad),
        Reason::Stopped => ("stopped".to_owned(), Role::Slow),
        Reason::Interrupted => ("interrupted".to_owned(), Role::Slow),
    })
}

/// What is known of a card's check: a verdict of other files says so.
pub fn check(card: &TaskCard) -> Option<Piece> {
    let check = card.review.check.as_ref()?;
    if check.running {
        return Some(("checking".to_owned(), Role::Working));
    }
    let (word, role) = match check.verdict.as_ref()? {
        Verdict::Passed => ("checks pass", Role::Good),
        _ => ("checks fail", Role::Bad),
    };
    Some(match check.freshness {
        Freshness::Current => (word.to_owned(), role),
        old => (format!("{word}ed, {}", old.words()), Role::Muted),
    })
}

/// What it would be in conflict with right now: `conflicts with #7: src/a.rs`.
fn clash(card: &TaskCard) -> Option<Piece> {
    let clash = card.review.clashes.first()?;
    let with = match &clash.with {
        Against::Target(branch) => clean(branch).into_owned(),
        Against::Task(task) => format!("#{task}"),
    };
    let file = clash.files.first().map(|file| clean(file).into_owned());
    let more = card.review.clashes.len() + clash.files.len() - 2;
    let more = if more > 0 {
        format!(" +{more}")
    } else {
        String::new()
    };
    let text = format!("conflicts with {with}: {}{more}", file.unwrap_or_default());
    Some((text, Role::Slow))
}

/// How many messages wait until its agent is idle.
fn messages(card: &TaskCard) -> Option<Piece> {
    let words = match card.follow_ups {
        0 => return None,
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    };
    Some((words, Role::Accent))
}

/// Lines added and removed, commits, cost: what there is of it.
fn numbers(model: &Model, card: &TaskCard) -> Vec<Piece> {
    let glyphs = model.theme.glyphs();
    let mut pieces: Vec<Piece> = clash(card).into_iter().chain(check(card)).collect();
    if let Some(git) = &card.git {
        if git.insertions + git.deletions > 0 {
            let lines = format!("+{} {}{}", git.insertions, glyphs.minus, git.deletions);
            pieces.push((lines, Role::Text));
        }
        if git.ahead > 0 {
            let plural = if git.ahead == 1 { "" } else { "s" };
            pieces.push((format!("{} commit{plural}", git.ahead), Role::Muted));
        }
        if git.dirty > 0 {
            pieces.push((format!("{} dirty", git.dirty), Role::Muted));
        }
    }
    if let Some(cost) = card.cost {
        // Of how much, once that matters.
        let own = card.budget.as_ref().map(|budget| &budget.own);
        pieces.push(match own.map(|own| (own.state, own.limit)) {
            Some((BudgetState::Short, limit)) => (format!("{cost} of {limit}"), Role::Slow),
            Some((BudgetState::Spent, limit)) => (format!("{cost} of {limit}"), Role::Bad),
            _ => (cost.to_string(), Role::Muted),
        });
    } else if card.loop_view.as_ref().is_some_and(|view| view.unpriced) {
        // No budget can hold it; its other limits do.
        pieces.push(("cost unknown".to_owned(), Role::Muted));
    }
    pieces
}

/// Who works on it and how: agent, mode, urgency, project.
fn who(model: &Model, card: &TaskCard) -> Vec<Piece> {
    let task = &card.task;
    let mut pieces = vec![(clean(&task.agent).into_owned(), Role::Muted)];
    if task.mode != Mode::Interactive {
        let word = match (task.mode, &card.loop_view) {
            (Mode::Loop, Some(view)) => format!("loop {}", loops::count(view)),
            (mode, _) => mode.word().to_owned(),
        };
        pieces.push((word, Role::Muted));
    }
    if task.priority != crate::domain::Priority::default() {
        pieces.push((format!("p{}", task.priority.level()), Role::Accent));
    }
    if board::several_projects(model) {
        pieces.push((clean(&card.project_name).into_owned(), Role::Muted));
    }
    pieces
}

/// The rows of a card that is `room` cells wide and at most `rows` high; at least two.
pub fn rows(model: &Model, card: &TaskCard, room: usize, rows: usize) -> Vec<CardRow> {
    let glyphs = model.theme.glyphs();
    let age = (age(model, card), Role::Muted);
    let title = title_row(model, card);
    let state = state(model, card);
    let who = who(model, card);
    let numbers = numbers(model, card);
    let progress = progress(model, card);
    let indent = 1 + title.left.first().map_or(0, |mark| width(&mark.0)) as u16;
    let joined = |parts: Vec<Piece>, right: Option<Piece>| {
        let room = room.saturating_sub(
            usize::from(indent) + 1 + right.as_ref().map_or(0, |piece| width(&piece.0) + 1),
        );
        CardRow {
            left: join(parts, room, glyphs),
            right,
            indent,
        }
    };
    let mut out = vec![title];
    if rows > 4 {
        let second = wrap_title(&mut out[0], room, indent, glyphs);
        out.extend(second);
    }
    if rows <= 2 {
        // Two rows: as much as fits, what matters first.
        let parts = match card.task.status {
            Status::Queued => who.into_iter().chain([state]).chain(numbers).collect(),
            Status::Done => numbers.into_iter().chain(who).collect(),
            Status::Review if state.1 == Role::Good => {
                numbers.into_iter().chain([state]).chain(who).collect()
            }
            _ => [state]
                .into_iter()
                .chain(messages(card))
                .chain(progress)
                .chain(who)
                .chain(numbers)
                .collect(),
        };
        out.push(joined(parts, Some(age)));
        return out;
    }
    let first = [state].into_iter().chain(messages(card)).collect();
    out.push(joined(first, None));
    if rows > 3 && !progress.is_empty() && out.len() < rows {
        out.push(joined(progress, None));
        let rest = who.into_iter().chain(numbers).collect();
        out.push(joined(rest, Some(age)));
        return out;
    }
    if rows == 3 {
        let parts = match card.task.status {
            Status::Review | Status::Done => numbers.into_iter().chain(who).collect(),
            _ => progress.into_iter().chain(who).chain(numbers).collect(),
        };
        out.push(joined(parts, Some(age)));
    } else {
        out.push(joined(who, Some(age)));
        if !numbers.is_empty() {
            out.push(joined(numbers, None));
        }
    }
    out
}

/// What of a title does not fit its row: a second one.
fn wrap_title(row: &mut CardRow, room: usize, indent: u16, glyphs: &Glyphs) -> Option<CardRow> {
    let taken = usize::from(indent) + 1 + row.right.as_ref().map_or(0, |(text, _)| width(text) + 1);
    let room = room.saturating_sub(taken);
    let (title, role) = row.left.last_mut()?;
    let lines = wrap(title, room, 2, glyphs.ellipsis);
    let [first, second] = <[String; 2]>::try_from(lines).ok()?;
    *title = first;
    Some(CardRow {
        left: vec![(second, *role)],
        right: None,
        indent,
    })
}

fn title_row(model: &Model, card: &TaskCard) -> CardRow {
    let glyphs = model.theme.glyphs();
    let (mut mark, role) = mark(card, glyphs);
    if card.task.status == Status::Running && width(&mark) == 1 {
        // Where others have the letter of their health, so that the titles stand in a line.
        mark.push(' ');
    }
    // An agent at work prints all the time, and what is done is done: it counts where a look is wanted.
    let unseen =
        card.need().is_some() && card.session.as_ref().is_some_and(|session| session.unseen);
    CardRow {
        left: vec![
            (mark, role),
            (" ".to_owned(), Role::Text),
            (board::title(card), Role::Title),
        ],
        right: unseen.then(|| (glyphs.unseen.to_owned(), Role::Waiting)),
        indent: 0,
    }
}

/// The parts with separators between them, as many as fit; the first always, cut where it must be.
fn join(parts: Vec<Piece>, room: usize, glyphs: &Glyphs) -> Vec<Piece> {
    let separator = format!(" {} ", glyphs.separator);
    let mut out: Vec<Piece> = Vec::new();
    let mut used = 0;
    for (text, role) in parts {
        let between = if out.is_empty() { 0 } else { width(&separator) };
        if out.is_empty() {
            let text = fit(&text, room, glyphs.ellipsis).into_owned();
            used = width(&text);
            out.push((text, role));
        } else if used + between + width(&text) <= room {
            used += between + width(&text);
            out.push((separator.clone(), Role::Faint));
            out.push((text, role));
        }
    }
    out
}
