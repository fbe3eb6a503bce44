//! What the connection says: it stands, it is gone, something happened, a screen changed.

use std::collections::HashMap;
use std::sync::Arc;

use super::{overlays, panes, sessions, transcript};
use crate::domain::{Activity, SessionId, TaskId, Timestamp};
use crate::protocol::{
    AddProject, Event, Level, LinkEvent, Notice, Request, ScreenUpdate, SessionView, TaskCard,
};
use crate::tui::model::{Link, Model};
use crate::tui::msg::{Effect, Update};

pub(super) fn link(model: &mut Model, event: LinkEvent) -> Update {
    match event {
        LinkEvent::Connected => connected(model),
        LinkEvent::Disconnected(why) => {
            model.link = Link::Down(why);
            forget_attachments(model);
            model.moving.clear();
            Update::redraw()
        }
        LinkEvent::Lost(why) => {
            model.link = Link::Lost(why);
            forget_attachments(model);
            Update::redraw()
        }
        LinkEvent::Event(event) => happened(model, event),
        LinkEvent::Screen(update) => screen(model, &update),
    }
}

/// The last screens stay; they are attached anew when the connection is back.
fn forget_attachments(model: &mut Model) {
    for pane in model.panes.values_mut() {
        pane.attached = None;
        pane.error = None;
        pane.told_focus = false;
    }
}

fn connected(model: &mut Model) -> Update {
    let first = !model.loaded;
    model.link = Link::Up;
    forget_attachments(model);
    let mut update = Update::call(Request::Subscribe(()))
        .and(Effect::Notify(Notice::Terminal(model.terminal.clone())));
    // A project is registered by using it; where the directory is none, the board says how to get one.
    if first && model.alone.is_none() {
        let add = AddProject {
            directory: model.cwd.clone(),
            name: None,
        };
        update = update.and(Effect::Call(Request::AddProject(add)));
    }
    overlays::forget_costs(model);
    update.effects.extend(overlays::refresh_costs(model));
    update.effects.extend(sessions::ask_anew(model));
    update.effects.extend(transcript::ask_anew(model));
    update
        .and(Effect::Call(Request::Board(())))
        .and(Effect::Call(Request::ListAgents(())))
}

fn happened(model: &mut Model, event: Event) -> Update {
    match event {
        Event::Task(card) => return put_card(model, *card),
        Event::TaskRemoved(task) => {
            model.cards.remove(&task);
            model.moving.remove(&task);
        }
        Event::Session(view) => {
            let listed = sessions::session_changed(model, &view);
            let mut update = put_session(model, *view);
            update.dirty |= listed;
            return update;
        }
        Event::Project(project) => {
            match model.projects.iter_mut().find(|old| old.id == project.id) {
                Some(old) => *old = project,
                None => model.projects.push(project),
            }
        }
        Event::ProjectRemoved(id) => {
            model.projects.retain(|project| project.id != id);
            model.cards.retain(|_, card| card.task.project != id);
            if model.filter.project == Some(id) {
                model.filter.project = None;
            }
        }
        Event::Queue(queue) => {
            let spent = (model.queue.today, &model.queue.recent) != (queue.today, &queue.recent);
            model.queue = queue;
            if spent && let Some(ask) = overlays::refresh_costs(model) {
                return Update::with(ask);
            }
        }
        Event::Message { level, text, .. } => model.toast(level, text, None),
        Event::Bell(_) => return super::quietly(Effect::Bell),
        Event::Clipboard { text, .. } => return super::quietly(Effect::Clipboard(text)),
        Event::Conversations if sessions::refresh(model) => {}
        Event::Conversations => return Update::none(),
        Event::Announce(told) => return super::quietly(Effect::Announce(told)),
        Event::TakeBack(id) => return super::quietly(Effect::TakeBack(id)),
        Event::Closing { restart: true } => {
            model.toast(Level::Info, "the daemon restarts; agents go on", None);
        }
        Event::Closing { restart: false } => {
            let hint = "the next gluon command starts it again".to_owned();
            model.toast(Level::Warning, "the daemon was stopped", Some(hint));
        }
    }
    Update::redraw()
}

/// A card is new or has changed.
pub(super) fn put_card(model: &mut Model, card: TaskCard) -> Update {
    let id = card.task.id;
    if model.moving.get(&id) == Some(&card.task.status) {
        model.moving.remove(&id);
    }
    if let Some(view) = &card.session {
        retry_attachment(model, view);
    }
    let asked = model.cards.get(&id).and_then(|card| card.session.as_ref());
    note_changed_ask(
        &mut model.asks_changed,
        (id, model.now),
        asked,
        card.session.as_ref(),
    );
    if model.cards.get(&id).is_some_and(|old| old.git != card.git) {
        super::changes::branch_changed(model, id);
    }
    let facts =
        |card: Option<&TaskCard>| card.map(|card| (card.review.clashes.clone(), card.task.status));
    let before = facts(model.cards.get(&id));
    let mut update = match model.cards.insert(id, card) {
        Some(old) if Some(&old) == model.cards.get(&id) => return Update::none(),
        _ => Update::redraw(),
    };
    if before != facts(model.cards.get(&id)) {
        update.effects.extend(super::after::refresh(model));
    }
    update
}

fn put_session(model: &mut Model, view: SessionView) -> Update {
    retry_attachment(model, &view);
    let Some(card) = model.cards.get_mut(&view.session.task) else {
        return Update::none();
    };
    // An older session of the task is not the card's.
    let newest = card
        .session
        .as_ref()
        .is_none_or(|shown| shown.session.id <= view.session.id);
    if !newest || card.session.as_ref() == Some(&view) {
        return Update::none();
    }
    let at = (card.task.id, model.now);
    note_changed_ask(
        &mut model.asks_changed,
        at,
        card.session.as_ref(),
        Some(&view),
    );
    card.session = Some(view);
    Update::redraw()
}

/// Notes when an ask takes another's place: a key on its way was meant for the one before.
fn note_changed_ask(
    changed: &mut HashMap<TaskId, Timestamp>,
    (task, now): (TaskId, Timestamp),
    before: Option<&SessionView>,
    after: Option<&SessionView>,
) {
    // One without words that gets some is still the same.
    let worded = |view: &&SessionView| matches!(&view.activity, Activity::Waiting(ask) if !ask.text.is_empty());
    let before = before.filter(worded).map_or(0, |view| view.wait);
    let after = after.map_or(0, |view| view.wait);
    match after {
        0 => drop(changed.remove(&task)),
        _ if before != 0 && before != after => drop(changed.insert(task, now)),
        _ => {}
    }
}

/// What could not be attached may be possible now that the session has changed.
fn retry_attachment(model: &mut Model, view: &SessionView) {
    if let Some(pane) = model.panes.get_mut(&view.session.id)
        && pane.error.take().is_some()
    {
        pane.attached = None;
    }
}

fn screen(model: &mut Model, update: &Arc<ScreenUpdate>) -> Update {
    let session: SessionId = update.session;
    let Some(pane) = model.panes.get_mut(&session) else {
        return Update::none();
    };
    let Some(attached) = pane.attached else {
        // On its way when we let go.
        return Update::none();
    };
    let ack = Effect::Ack {
        session,
        seq: update.seq,
    };
    match pane.state.apply(update) {
        // Only what is attached gets here, and only what is in sight is attached.
        Ok(()) => Update::with(ack),
        Err(_) => super::quietly(panes::attach(session, attached)),
    }
}
