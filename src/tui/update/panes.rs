//! Following terminals: what is in sight is attached at its size, everything else is let go.

use std::collections::HashMap;

use crate::domain::{SessionId, SessionState, TaskId};
use crate::protocol::screen::MAX_SIDE;
use crate::protocol::{Attach, Input, Notice, Request};
use crate::tui::layout::Layout;
use crate::tui::model::{Attachment, Link, Model, Pane};
use crate::tui::msg::{Effect, Update};

/// Terminals remembered although nobody looks at them, so that coming back shows something at once.
const REMEMBERED: usize = 24;

/// Attaches what has come into sight, detaches what has gone, tells new sizes, asks for scrollback.
///
/// A session takes this terminal's size while this terminal has the focus: what the user looks at fits.
pub(super) fn sync(model: &mut Model, layout: &Layout, update: &mut Update) {
    let shown: HashMap<SessionId, (u16, u16)> = layout
        .panes
        .iter()
        .filter(|pane| !pane.inner.is_empty())
        .filter_map(|pane| Some((pane.session?, (pane.inner.width, pane.inner.height))))
        .collect();
    model.clock += 1;
    if model.link == Link::Up {
        for (session, size) in &shown {
            follow(model, *session, *size, update);
        }
    }
    let focused = model.focused_pane().filter(|_| model.terminal_focus);
    for (session, pane) in &mut model.panes {
        let in_sight = shown.contains_key(session);
        if !in_sight && pane.attached.take().is_some() {
            pane.error = None;
            update.effects.push(Effect::Call(Request::Detach(*session)));
        }
        let focus = focused == Some(*session);
        if pane.told_focus != focus {
            pane.told_focus = focus;
            update.effects.push(Effect::Notify(Notice::Input {
                session: *session,
                input: Input::Focus(focus),
            }));
        }
        if let Some((_, height)) = shown.get(session)
            && let Some(lines) = pane.state.wanted_lines(*height)
        {
            update.effects.push(Effect::Call(Request::ReadLines(lines)));
        }
    }
    see(model, &shown, update);
    forget(model);
}

fn follow(model: &mut Model, session: SessionId, size: (u16, u16), update: &mut Update) {
    let live = model
        .session(session)
        .is_none_or(|view| view.session.state == SessionState::Live);
    let wanted = Attachment {
        size: (size.0.min(MAX_SIDE), size.1.min(MAX_SIDE)),
        claim: model.terminal_focus && live,
    };
    let clock = model.clock;
    let pane = model
        .panes
        .entry(session)
        .or_insert_with(|| Pane::new(session));
    pane.used = clock;
    match pane.attached {
        Some(attached) if attached == wanted => {}
        Some(_) => update.effects.push(Effect::Notify(Notice::Resize {
            session,
            size: wanted.size,
            claim: wanted.claim,
        })),
        None => update.effects.push(attach(session, wanted)),
    }
    pane.attached = Some(wanted);
}

/// The request that attaches.
pub(super) fn attach(session: SessionId, wanted: Attachment) -> Effect {
    Effect::Call(Request::Attach(Attach {
        session,
        size: wanted.size,
        claim: wanted.claim,
    }))
}

/// The user has seen what is in sight, if the terminal has the focus.
fn see(model: &mut Model, shown: &HashMap<SessionId, (u16, u16)>, update: &mut Update) {
    if !model.terminal_focus || model.link != Link::Up {
        return;
    }
    let unseen: Vec<(TaskId, SessionId)> = model
        .cards
        .values()
        .filter_map(|card| Some((card.task.id, card.session.as_ref()?)))
        .filter(|(_, view)| view.unseen && shown.contains_key(&view.session.id))
        .map(|(task, view)| (task, view.session.id))
        .collect();
    for (task, session) in unseen {
        update.effects.push(Effect::Notify(Notice::Seen(session)));
        if let Some(view) = model
            .cards
            .get_mut(&task)
            .and_then(|card| card.session.as_mut())
        {
            view.unseen = false;
        }
    }
}

/// Drops the terminals that were out of sight for the longest.
fn forget(model: &mut Model) {
    while model.panes.len() > REMEMBERED {
        let oldest = model
            .panes
            .iter()
            .filter(|(_, pane)| pane.attached.is_none())
            .min_by_key(|(_, pane)| pane.used)
            .map(|(session, _)| *session);
        match oldest {
            Some(session) => model.panes.remove(&session),
            None => break,
        };
    }
}
