//! The list of sessions: its keys and its mouse, what it asks for, and what becomes of its rows.

use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use super::{actions, open, transcript};
use crate::domain::{ProjectId, SessionState, TaskId};
use crate::protocol::{
    AdoptConversation, ConversationView, Conversations, FindLines, FoundLine, Level,
    ListConversations, ListSessions, Request, SessionView, TaskCard, TranscriptOf,
};
use crate::tui::dialog::{Choice, Dialog, Line};
use crate::tui::keymap::{Action, Context};
use crate::tui::layout::{Hit, Layout};
use crate::tui::model::{Model, Overlay, Purpose};
use crate::tui::msg::{Effect, Update};
use crate::tui::sessions::{Item, Query, SessionsPage};

pub(super) fn open_sessions(model: &mut Model) -> Update {
    let page = SessionsPage::new(model.filter.project, model.selected_session());
    // Twice the same would only have to be closed twice.
    let other = |overlay: &Overlay| !matches!(overlay, Overlay::Sessions(_));
    model.overlays.retain(other);
    model.overlays.push(Overlay::Sessions(Box::new(page)));
    // What it asks for besides follows from what is in sight.
    Update::call(Request::ListSessions(ListSessions::default()))
}

fn page(model: &mut Model) -> Option<&mut SessionsPage> {
    model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Sessions(page) => Some(&mut **page),
        _ => None,
    })
}

/// Asks for what is in sight and has not come.
pub(super) fn sync(model: &mut Model, update: &mut Update) {
    let up = model.link == crate::tui::model::Link::Up;
    let Some(page) = page(model).filter(|_| up) else {
        return;
    };
    let list = page.ask().map(Request::ListConversations);
    let lines = page.ask_lines().map(Request::FindLines);
    update
        .effects
        .extend(list.into_iter().chain(lines).map(Effect::Call));
}

pub(super) fn key(model: &mut Model, mut page: Box<SessionsPage>, event: KeyEvent) -> Update {
    if page.line.is_some() {
        return typed(model, page, event);
    }
    let own = model.keymap.action(Context::Sessions, event);
    match own.or_else(|| model.keymap.action(Context::List, event)) {
        Some(Action::Close) if !page.query.words.is_empty() && event.code == KeyCode::Esc => {
            let query = Query {
                words: String::new(),
                ..page.query.clone()
            };
            let dirty = page.want(query);
            kept(model, page, dirty)
        }
        Some(Action::Close) => Update::redraw(),
        Some(action) => perform(model, page, action),
        None => kept(model, page, false),
    }
}

fn kept(model: &mut Model, page: Box<SessionsPage>, dirty: bool) -> Update {
    model.overlays.push(Overlay::Sessions(page));
    Update {
        dirty,
        effects: Vec::new(),
    }
}

/// A key while the line has them.
fn typed(model: &mut Model, mut page: Box<SessionsPage>, event: KeyEvent) -> Update {
    let dirty = match event.code {
        KeyCode::Esc => {
            page.line = None;
            let words = String::new();
            page.want(Query {
                words,
                ..page.query.clone()
            });
            true
        }
        KeyCode::Enter => {
            page.line = None;
            true
        }
        KeyCode::Up => page.act(Action::RowUp),
        KeyCode::Down => page.act(Action::RowDown),
        KeyCode::PageUp => page.act(Action::ViewPageUp),
        KeyCode::PageDown => page.act(Action::ViewPageDown),
        KeyCode::Tab | KeyCode::BackTab => switch(&mut page),
        _ => {
            let line = page.line.as_mut();
            let dirty = line.is_some_and(|line| line.key(event));
            words_changed(&mut page);
            dirty
        }
    };
    kept(model, page, dirty)
}

fn words_changed(page: &mut SessionsPage) -> bool {
    let Some(words) = page.line.as_ref().map(|line| line.text().to_owned()) else {
        return false;
    };
    page.want(Query {
        words,
        ..page.query.clone()
    })
}

pub(super) fn paste(model: &mut Model, text: &str) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    let line = page
        .line
        .get_or_insert_with(|| Line::new(&page.query.words));
    line.paste(text);
    words_changed(page);
    Update::redraw()
}

fn switch(page: &mut SessionsPage) -> bool {
    let texts = !page.query.texts;
    page.want(Query {
        texts,
        ..page.query.clone()
    })
}

fn perform(model: &mut Model, mut page: Box<SessionsPage>, action: Action) -> Update {
    match action {
        Action::FilterRows => {
            page.line = Some(Line::new(&page.query.words));
            kept(model, page, true)
        }
        Action::SwitchSearch => {
            let dirty = switch(&mut page);
            // There is nothing to be searched for yet.
            if page.query.texts && page.query.words.is_empty() {
                page.line = Some(Line::new(""));
            }
            kept(model, page, dirty)
        }
        Action::RowsProject => {
            let project = next_project(model, page.query.project);
            let dirty = page.want(Query {
                project,
                ..page.query.clone()
            });
            kept(model, page, dirty)
        }
        Action::OpenRow | Action::ResumeRow | Action::Adopt | Action::ShowTranscript => {
            on_row(model, page, action)
        }
        action => {
            let dirty = page.act(action);
            kept(model, page, dirty)
        }
    }
}

/// All projects, then each by itself, then all again.
fn next_project(model: &Model, now: Option<ProjectId>) -> Option<ProjectId> {
    let next = match now {
        None => model.projects.first(),
        Some(id) => {
            let mut rest = model.projects.iter().skip_while(|project| project.id != id);
            rest.nth(1)
        }
    };
    next.map(|project| project.id)
}

fn on_row(model: &mut Model, page: Box<SessionsPage>, action: Action) -> Update {
    match page.current() {
        Some(Item::Own(view)) => {
            let view = view.clone();
            on_own(model, page, &view, action)
        }
        Some(Item::Other(Some(view))) => {
            let view = view.clone();
            on_other(model, page, &view, action)
        }
        _ => kept(model, page, false),
    }
}

/// One of gluon's: its card, its pane, its transcript.
fn on_own(
    model: &mut Model,
    page: Box<SessionsPage>,
    view: &SessionView,
    action: Action,
) -> Update {
    let task = view.session.task;
    let live = view.session.state == SessionState::Live;
    match action {
        Action::ShowTranscript => {
            model.overlays.push(Overlay::Sessions(page));
            let of = match &view.session.conversation {
                Some(id) => TranscriptOf::Conversation(id.clone()),
                None => TranscriptOf::Task(task),
            };
            let title = format!("#{task} {}", view.task_title);
            transcript::open_transcript(model, of, &title, None)
        }
        Action::Adopt => is_there(model, page, task),
        _ if !open::reveal(model, task) => {
            model.toast(Level::Warning, "its task is no longer on the board", None);
            kept(model, page, true)
        }
        Action::ResumeRow if !live => Update::call(actions::start(model, task)),
        _ if live => {
            open::enter(model);
            Update::redraw()
        }
        _ if view.resumable => Update::call(actions::start(model, task)),
        _ => open::open(model),
    }
}

fn is_there(model: &mut Model, page: Box<SessionsPage>, task: TaskId) -> Update {
    let hint = Some("Enter goes to it".to_owned());
    model.toast(Level::Info, format!("it is task #{task} already"), hint);
    kept(model, page, true)
}

/// A conversation: read, adopted, gone on with.
fn on_other(
    model: &mut Model,
    page: Box<SessionsPage>,
    view: &ConversationView,
    action: Action,
) -> Update {
    let id = &view.conversation.id;
    match (action, view.task) {
        (Action::OpenRow | Action::ShowTranscript, _) => {
            let found = page.found(id).filter(|found| found.line.is_some());
            let found = found.map(|found| (found.place, found.text.clone()));
            let found = found.as_ref().map(|(place, text)| (*place, text.as_str()));
            model.overlays.push(Overlay::Sessions(page));
            let of = TranscriptOf::Conversation(id.clone());
            let title = view.conversation.title.clone();
            transcript::open_transcript(model, of, &title, found)
        }
        (Action::Adopt, Some(task)) => is_there(model, page, task),
        (_, Some(task)) => {
            if open::reveal(model, task) {
                return Update::call(actions::start(model, task));
            }
            model.toast(Level::Warning, "its task is no longer on the board", None);
            kept(model, page, true)
        }
        (_, None) => {
            model.overlays.push(Overlay::Sessions(page));
            adopt(model, view, action == Action::ResumeRow)
        }
    }
}

/// Makes a task of a conversation; asks in which project where it was led in none.
fn adopt(model: &mut Model, view: &ConversationView, start: bool) -> Update {
    let size = Some(Layout::new(model).pane_size(model));
    let request = |project| {
        Request::AdoptConversation(AdoptConversation {
            id: view.conversation.id.clone(),
            project,
            start,
            size,
            ..AdoptConversation::default()
        })
    };
    if view.project.is_some() {
        return Update::call(request(view.project));
    }
    let mut choices = Vec::new();
    let directory = &view.conversation.directory;
    if !directory.as_os_str().is_empty() {
        choices.push(Choice {
            label: "where it was led".to_owned(),
            detail: directory.display().to_string(),
            request: request(None),
        });
    }
    choices.extend(model.projects.iter().map(|project| Choice {
        label: project.name.clone(),
        detail: project.path.display().to_string(),
        request: request(Some(project.id)),
    }));
    if choices.is_empty() {
        let hint = "start gluon in a repository".to_owned();
        model.toast(
            Level::Warning,
            "there is no project to adopt it into",
            Some(hint),
        );
        return Update::redraw();
    }
    let dialog = Dialog::choose("Adopt it into which project?", choices);
    let dialog = Overlay::Dialog(Box::new(dialog), Purpose::Itself);
    model.overlays.push(dialog);
    Update::redraw()
}

/// A conversation became a task.
pub(super) fn adopted(model: &mut Model, asked: &AdoptConversation, card: TaskCard) -> Update {
    let task = card.task.id;
    super::link::put_card(model, card);
    if asked.start {
        model.overlays.clear();
        open::reveal(model, task);
        open::enter(model);
        return Update::redraw();
    }
    let hint = "s on its card goes on with it".to_owned();
    model.toast(Level::Info, format!("adopted as task #{task}"), Some(hint));
    open::reveal(model, task);
    refresh(model);
    Update::call(Request::ListSessions(ListSessions::default()))
}

pub(super) fn mouse(
    model: &mut Model,
    mut page: Box<SessionsPage>,
    layout: &Layout,
    event: MouseEvent,
) -> Update {
    let by = match event.kind {
        MouseEventKind::ScrollUp => -1,
        MouseEventKind::ScrollDown => 1,
        _ => 0,
    };
    if by != 0 {
        let to = page.index().saturating_add_signed(by);
        let dirty = page.select(to);
        return kept(model, page, dirty);
    }
    let click = event.kind == MouseEventKind::Down(MouseButton::Left);
    match layout.hit(event.column, event.row).filter(|_| click) {
        // A click selects, one on the selected row opens it.
        Some(Hit::Row(row)) if page.index() == row => on_row(model, page, Action::OpenRow),
        Some(Hit::Row(row)) => {
            page.line = None;
            let dirty = page.select(row);
            kept(model, page, dirty)
        }
        Some(Hit::Tab(tab)) if (tab == 1) != page.query.texts => {
            perform(model, page, Action::SwitchSearch)
        }
        Some(Hit::Action(Action::FilterRows)) if page.line.is_some() => kept(model, page, false),
        Some(Hit::Action(action)) => perform(model, page, action),
        _ => kept(model, page, false),
    }
}

pub(super) fn own_have_come(model: &mut Model, rows: Vec<SessionView>) -> Update {
    let prompts = rows.into_iter().map(|row| {
        let card = model.cards.get(&row.session.task);
        let prompt = card.map(|card| card.task.prompt.clone());
        (row, prompt.unwrap_or_default())
    });
    let rows = prompts.collect();
    let Some(page) = page(model) else {
        return Update::none();
    };
    page.own_have_come(rows);
    Update::redraw()
}

/// One of gluon's sessions has changed; whether that shows.
pub(super) fn session_changed(model: &mut Model, view: &SessionView) -> bool {
    page(model).is_some_and(|page| page.session_changed(view))
}

pub(super) fn have_come(
    model: &mut Model,
    asked: &ListConversations,
    view: Conversations,
) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    page.come(asked, view);
    // Whatever it was of use for, the next question may follow.
    Update::redraw()
}

pub(super) fn lines_have_come(
    model: &mut Model,
    asked: &FindLines,
    lines: Vec<FoundLine>,
) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    page.lines_have_come(asked, lines);
    Update::redraw()
}

/// A question was refused; whether the list says so itself.
pub(super) fn refused(model: &mut Model, request: &Request, message: &str) -> bool {
    let Some(page) = page(model) else {
        return matches!(
            request,
            Request::ListConversations(_) | Request::FindLines(_)
        );
    };
    match request {
        Request::ListConversations(_) => page.refused(message.to_owned()),
        Request::FindLines(asked) => page.lines_refused(asked),
        _ => return false,
    }
    true
}

/// There may be more than is shown; whether anybody looks.
pub(super) fn refresh(model: &mut Model) -> bool {
    let Some(page) = page(model) else {
        return false;
    };
    page.refresh();
    true
}

/// The connection is back: what was asked is never answered.
pub(super) fn ask_anew(model: &mut Model) -> Option<Effect> {
    page(model)?.forget();
    let own = Request::ListSessions(ListSessions::default());
    Some(Effect::Call(own))
}
