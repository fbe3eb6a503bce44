//! A transcript over the board: its keys and its mouse, and what it asks for.

use ratatui::crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use crate::domain::TaskId;
use crate::protocol::{
    Level, ReadTranscript, Request, SeekTranscript, Sought, TranscriptOf, TranscriptPage,
};
use crate::tui::board;
use crate::tui::dialog::Dialog;
use crate::tui::keymap::{Action, Context};
use crate::tui::layout::Layout;
use crate::tui::model::{Model, Overlay, Purpose};
use crate::tui::msg::{Effect, Update};
use crate::tui::transcript::{Came, TranscriptView};

/// Opens a task's transcript.
pub(super) fn of_task(model: &mut Model, task: TaskId) -> Update {
    let Some(card) = model.cards.get(&task) else {
        return Update::none();
    };
    if card.session.is_none() {
        let hint = "s starts it".to_owned();
        let text = "nothing was said yet: the task has no agent";
        model.toast(Level::Info, text, Some(hint));
        return Update::redraw();
    }
    let title = format!("#{task} {}", board::title(card));
    open_transcript(model, TranscriptOf::Task(task), &title, None)
}

/// Opens a transcript at its end, or where `found` stands.
pub(super) fn open_transcript(
    model: &mut Model,
    of: TranscriptOf,
    title: &str,
    found: Option<(u64, &str)>,
) -> Update {
    let view = TranscriptView::new(of, title, found);
    let first = view.first_question();
    model.overlays.push(Overlay::Transcript(Box::new(view)));
    Update {
        dirty: true,
        effects: first.map(ask).into_iter().collect(),
    }
}

fn ask(read: ReadTranscript) -> Effect {
    Effect::Call(Request::ReadTranscript(read))
}

fn view(model: &mut Model) -> Option<&mut TranscriptView> {
    model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Transcript(view) => Some(&mut **view),
        _ => None,
    })
}

/// Asks for what the reader gets to.
pub(super) fn sync(model: &mut Model, update: &mut Update) {
    let up = model.link == crate::tui::model::Link::Up;
    let more = view(model).filter(|_| up).and_then(TranscriptView::ask);
    update.effects.extend(more.map(ask));
}

pub(super) fn key(model: &mut Model, mut view: Box<TranscriptView>, event: KeyEvent) -> Update {
    let own = model.keymap.action(Context::Transcript, event);
    let closes = model.keymap.action(Context::Board, event) == Some(Action::ShowTranscript);
    match own.or_else(|| model.keymap.action(Context::Viewer, event)) {
        Some(Action::Close) if view.seeking.is_some() => {
            view.seeking = None;
            kept(model, view, Came::Changed)
        }
        Some(Action::Close) => Update::redraw(),
        None if closes => Update::redraw(),
        Some(Action::FindText) => {
            let text = view
                .search
                .as_ref()
                .map_or("", |search| search.text.as_str());
            let dialog = Dialog::prompt("Search the transcript", text);
            model.overlays.push(Overlay::Transcript(view));
            let dialog = Overlay::Dialog(Box::new(dialog), Purpose::Transcript);
            model.overlays.push(dialog);
            Update::redraw()
        }
        Some(action @ (Action::FindNext | Action::FindPrevious)) => {
            let came = view.act(action);
            nothing_more(model, &view, &came);
            kept(model, view, came)
        }
        Some(action) => {
            let came = view.act(action);
            kept(model, view, came)
        }
        None => kept(model, view, Came::Nothing),
    }
}

/// Says where a search led nowhere.
fn nothing_more(model: &mut Model, view: &TranscriptView, came: &Came) {
    let Some(search) = view.search.as_ref().filter(|_| *came == Came::Nothing) else {
        return;
    };
    let (where_, other) = match search.back {
        true => ("above", "n looks below"),
        false => ("below", "N looks above"),
    };
    let text = format!("`{}` is nowhere {where_}", search.text);
    model.toast(Level::Info, text, Some(other.to_owned()));
}

fn kept(model: &mut Model, view: Box<TranscriptView>, came: Came) -> Update {
    let toasts = !model.toasts.is_empty();
    model.overlays.push(Overlay::Transcript(view));
    match came {
        Came::Nothing => Update {
            dirty: toasts,
            effects: Vec::new(),
        },
        came => done(model, came),
    }
}

fn done(model: &mut Model, came: Came) -> Update {
    match came {
        Came::Nothing => Update::none(),
        Came::Changed => Update::redraw(),
        Came::Read(read) => Update::with(ask(read)),
        Came::Seek(seek) => Update::call(Request::SeekTranscript(seek)),
        Came::Copy(text) => super::mouse::copied(model, text),
    }
}

/// What is looked for was typed.
pub(super) fn search(model: &mut Model, words: &str) -> Update {
    let Some(Overlay::Transcript(mut view)) = model.overlays.pop() else {
        return Update::redraw();
    };
    let came = view.search(words);
    nothing_more(model, &view, &came);
    let mut update = kept(model, view, came);
    update.dirty = true;
    update
}

pub(super) fn mouse(
    model: &mut Model,
    mut view: Box<TranscriptView>,
    layout: &Layout,
    event: MouseEvent,
) -> Update {
    let area = layout.overlay_inner;
    let changed = match event.kind {
        MouseEventKind::ScrollUp => view.scroll_by(-3),
        MouseEventKind::ScrollDown => view.scroll_by(3),
        MouseEventKind::Down(MouseButton::Left) => {
            let row = event
                .row
                .checked_sub(area.y)
                .filter(|row| *row < area.height);
            row.is_some_and(|row| view.click(usize::from(row)))
        }
        _ => false,
    };
    let came = if changed {
        Came::Changed
    } else {
        Came::Nothing
    };
    kept(model, view, came)
}

pub(super) fn has_come(model: &mut Model, asked: &ReadTranscript, page: TranscriptPage) -> Update {
    let used = view(model).is_some_and(|view| view.come(asked, page));
    if used {
        Update::redraw()
    } else {
        Update::none()
    }
}

pub(super) fn was_sought(model: &mut Model, asked: &SeekTranscript, sought: &Sought) -> Update {
    let Some(here) = view(model) else {
        return Update::none();
    };
    match here.sought(asked, sought) {
        Some(came) => {
            let mut update = done(model, came);
            update.dirty = true;
            update
        }
        None => {
            let copy = here.clone();
            nothing_more(model, &copy, &Came::Nothing);
            Update::redraw()
        }
    }
}

/// A question was refused; whether the transcript says so itself.
pub(super) fn refused(model: &mut Model, request: &Request, message: &str) -> bool {
    if !matches!(
        request,
        Request::ReadTranscript(_) | Request::SeekTranscript(_)
    ) {
        return false;
    }
    let Some(view) = view(model) else {
        return true;
    };
    view.refused(Some(message.to_owned()));
    // What has been read stays, and the message is told beside it.
    view.error.is_some()
}

/// The connection is back: what was asked is asked again.
pub(super) fn ask_anew(model: &mut Model) -> Option<Effect> {
    view(model)?.again().map(ask)
}

/// Time has passed: there may be more behind the end.
pub(super) fn look_on(model: &mut Model) -> Option<Effect> {
    match model.overlays.last_mut() {
        Some(Overlay::Transcript(view)) => view.ask_more().map(ask),
        _ => None,
    }
}
