//! The commands, a file each: its arguments with their help, and what it does.

pub(super) mod accept;
pub(super) mod adopt;
pub(super) mod answer;
pub(super) mod archive;
pub(super) mod attach;
pub(super) mod budget;
pub(super) mod cancel;
pub(super) mod capture;
pub(super) mod check;
pub(super) mod comment;
pub(super) mod completions;
pub(super) mod costs;
pub(super) mod daemon;
pub(super) mod demo;
pub(super) mod diff;
pub(super) mod doctor;
pub(super) mod explain;
pub(super) mod fork;
pub(super) mod inbox;
pub(super) mod keys;
pub(super) mod logs;
pub(super) mod loops;
pub(super) mod ls;
pub(super) mod mv;
pub(super) mod new;
pub(super) mod notify;
pub(super) mod pause;
pub(super) mod project;
pub(super) mod queue;
pub(super) mod radar;
pub(super) mod report;
pub(super) mod resume;
pub(super) mod retry;
pub(super) mod rm;
pub(super) mod send;
pub(super) mod sessions;
pub(super) mod show;
pub(super) mod start;
pub(super) mod stop;
pub(super) mod tidy;
mod transcript;
pub(super) mod tui;
pub(super) mod undo;

use super::context::Context;
use super::failure::{Code, Failure, Outcome};
use super::output::clean;
use super::output::paint::Role;
use crate::domain::{Reason, Status, TaskId};
use crate::protocol::TaskCard;

/// Tells what became of a task: the card as JSON, or a sentence.
pub(super) fn tell_card(ctx: &Context, card: &TaskCard, json: bool) -> Outcome {
    if json {
        return ctx.out.json(card);
    }
    let id = ctx.out.paint(Role::Accent, &format!("#{}", card.task.id));
    let place = match (&card.task.status, &card.task.reason) {
        (Status::Review, Some(Reason::Failed(why))) => format!("review: {}", clean::line(why)),
        (Status::Done, _) if card.review.archived.is_some() => "done, archived".to_owned(),
        (status, _) => status.word().to_owned(),
    };
    ctx.out
        .line(format!("{id} {} ({place})", clean::line(&card.task.title)))
}

/// As [`tell_card`], of a task that was to be started: where it did not, the command has failed.
pub(super) fn tell_started(ctx: &Context, card: &TaskCard, json: bool) -> Outcome {
    let started = require_started(ctx, std::slice::from_ref(card));
    if json || started.is_ok() {
        tell_card(ctx, card, json)?;
    }
    started
}

/// Of tasks that were to be started: those that did not start are the command's failure. What an agent
/// made of its task once it ran is none of it.
pub(super) fn require_started(ctx: &Context, cards: &[TaskCard]) -> Outcome {
    let failures = cards.iter().filter_map(|card| {
        let why = start_failure(ctx, card)?;
        let (id, title) = (card.task.id, &card.task.title);
        Some((id, format!("#{id} {title} did not start: {why}")))
    });
    let (failed, words): (Vec<TaskId>, Vec<String>) = failures.unzip();
    let hint = match failed[..] {
        [] => return Ok(()),
        [id] => format!("it is in review; `gluon resume {id}` tries again"),
        _ => "they are in review; `gluon resume TASK` tries again".to_owned(),
    };
    Err(Failure::new(Code::Failed, words.join("\n")).with_hint(hint))
}

/// Why a task that was to be started is not running, where no process came of it.
fn start_failure<'a>(ctx: &Context, card: &'a TaskCard) -> Option<&'a str> {
    let (Status::Review, Some(Reason::Failed(why))) = (card.task.status, &card.task.reason) else {
        return None;
    };
    let session = card.session.as_ref().map(|view| &view.session);
    let ran = session.is_some_and(|session| {
        session.exit.is_some() && session.ended_at.is_some_and(|at| at >= ctx.now)
    });
    (!ran).then_some(why)
}

/// Several cards, one JSON list or a sentence each.
pub(super) fn tell_cards(ctx: &Context, cards: &[TaskCard], json: bool) -> Outcome {
    if json {
        return ctx.out.json(&cards);
    }
    cards
        .iter()
        .try_for_each(|card| tell_card(ctx, card, false))
}
