//! The commands, a file each: its arguments with their help, and what it does.

pub(super) mod accept;
pub(super) mod attach;
pub(super) mod cancel;
pub(super) mod capture;
pub(super) mod completions;
pub(super) mod daemon;
pub(super) mod demo;
pub(super) mod diff;
pub(super) mod doctor;
pub(super) mod explain;
pub(super) mod keys;
pub(super) mod logs;
pub(super) mod ls;
pub(super) mod mv;
pub(super) mod new;
pub(super) mod project;
pub(super) mod queue;
pub(super) mod resume;
pub(super) mod retry;
pub(super) mod rm;
pub(super) mod send;
pub(super) mod sessions;
pub(super) mod show;
pub(super) mod start;
pub(super) mod stop;
pub(super) mod tui;

use super::context::Context;
use super::failure::Outcome;
use super::output::clean;
use super::output::paint::Role;
use crate::domain::{Reason, Status};
use crate::protocol::TaskCard;

/// Tells what became of a task: the card as JSON, or a sentence.
pub(super) fn tell_card(ctx: &Context, card: &TaskCard, json: bool) -> Outcome {
    if json {
        return ctx.out.json(card);
    }
    let id = ctx.out.paint(Role::Accent, &format!("#{}", card.task.id));
    let place = match (&card.task.status, &card.task.reason) {
        (Status::Review, Some(Reason::Failed(why))) => format!("review: {}", clean::line(why)),
        (status, _) => status.word().to_owned(),
    };
    ctx.out
        .line(format!("{id} {} ({place})", clean::line(&card.task.title)))
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
