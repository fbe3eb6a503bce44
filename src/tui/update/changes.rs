//! The changes of a task: opened, read, moved in, commented on, sent to the agent.

use ratatui::crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use super::actions;
use crate::domain::patch::Side;
use crate::domain::{Comment, TaskId};
use crate::protocol::{
    AddComment, ApiError, ChangesPage, CheckReport, EditComment, Level, ReadChanges, Request,
    SendReview,
};
use crate::tui::changes::{Changes, SCOPES, Writing};
use crate::tui::dialog::{Dialog, WordsFor};
use crate::tui::keymap::{Action, Context};
use crate::tui::layout::{Hit, Layout};
use crate::tui::model::{Model, Overlay, Purpose};
use crate::tui::msg::{Effect, Program, Update};

/// Opens the changes of a task.
pub(super) fn open(model: &mut Model, task: TaskId) -> Update {
    let mut page = Changes::new(task);
    let ask = page.ask();
    model.overlays.push(Overlay::Changes(Box::new(page)));
    Update::call(Request::ReadChanges(ask))
}

/// The page, wherever it lies.
fn page(model: &mut Model) -> Option<&mut Changes> {
    let found = model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Changes(page) => Some(page),
        _ => None,
    });
    found.map(|page| &mut **page)
}

pub(super) fn key(model: &mut Model, event: KeyEvent) -> Update {
    let own = model.keymap.action(Context::Changes, event);
    match own.or_else(|| model.keymap.action(Context::Viewer, event)) {
        Some(action) => act(model, action),
        None => Update::none(),
    }
}

/// What a key or a click asks of the page that lies on top.
fn act(model: &mut Model, action: Action) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    if let Some(moved) = page.act(action) {
        return Update {
            dirty: moved,
            effects: Vec::new(),
        };
    }
    let task = page.task;
    match action {
        Action::Close if page.selecting.is_some() => page.selecting = None,
        Action::Close => {
            model.overlays.pop();
        }
        Action::Fold => page.fold(false),
        Action::FoldAll => page.fold(true),
        Action::Viewed => page.view(),
        Action::SideBySide => page.turn(),
        Action::NextFound | Action::PreviousFound => {
            let found = page.find(action == Action::NextFound);
            if !found {
                let words = format!("`{}` is nowhere in these changes", page.search);
                model.toast(Level::Info, words, None);
            }
        }
        Action::IgnoreSpace => {
            page.ignore_space = !page.ignore_space;
            return Update::call(Request::ReadChanges(page.ask()));
        }
        Action::NextScope => return choose(page, (page.scope() + 1) % SCOPES.len()),
        Action::PreviousScope => {
            let before = (page.scope() + SCOPES.len() - 1) % SCOPES.len();
            return choose(page, before);
        }
        Action::Reload => return Update::call(Request::ReadChanges(page.ask())),
        Action::Comment => return write(model, false),
        Action::CommentFile => return write(model, true),
        Action::EditComment => return rewrite(model),
        Action::DropComment => return drop_comment(model),
        Action::SendReview => return ask_review(model),
        Action::FindInChanges => {
            let dialog = Dialog::prompt("Search the changes", "");
            push(model, dialog, Purpose::Find);
        }
        Action::EditFile => return edit(model),
        Action::DiffTool => return diff_tool(model, task),
        Action::Check => return run_check(model, task),
        Action::CheckPane => return toggle_check(model, task),
        Action::CheckUp | Action::CheckDown => {
            let Some(pane) = &mut page.check else {
                return toggle_check(model, task);
            };
            let dirty = pane.page(action == Action::CheckDown);
            return Update {
                dirty,
                effects: Vec::new(),
            };
        }
        Action::CheckOutput => return actions::on_task(model, Action::CheckOutput, task),
        Action::Accept | Action::Fork | Action::Compare => {
            return actions::on_task(model, action, task);
        }
        _ => return Update::none(),
    }
    Update::redraw()
}

/// Runs the project's check in the task's worktree; what it prints is shown below.
fn run_check(model: &mut Model, task: TaskId) -> Update {
    if let Some(page) = page(model) {
        page.check.get_or_insert_default().begin();
    }
    Update::call(Request::CheckTask(task))
}

/// Shows what the check prints, or not any more.
fn toggle_check(model: &mut Model, task: TaskId) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    if page.check.take().is_some() {
        return Update::redraw();
    }
    page.check.get_or_insert_default().asked = true;
    Update::call(Request::ShowCheck(task))
}

/// What a check has printed has come; whether it is shown below the changes.
pub(super) fn check_come(model: &mut Model, task: TaskId, report: &CheckReport) -> bool {
    let page = page(model).filter(|page| page.task == task);
    let pane = page.and_then(|page| page.check.as_mut());
    pane.map(|pane| pane.come(report.clone())).is_some()
}

/// A check cannot be run or shown; whether that is said below the changes.
pub(super) fn check_refused(model: &mut Model, request: &Request, error: &ApiError) -> bool {
    let (Request::CheckTask(task) | Request::ShowCheck(task)) = request else {
        return false;
    };
    // That it runs already is no reason to say anything: it is followed.
    let runs = model
        .cards
        .get(task)
        .and_then(|card| card.review.check.as_ref());
    let runs = runs.is_some_and(|check| check.running);
    let page = page(model).filter(|page| page.task == *task);
    let Some(pane) = page.and_then(|page| page.check.as_mut()) else {
        return false;
    };
    if !runs {
        let hint = error.hint.as_ref().map(|hint| format!("; {hint}"));
        pane.refused(format!("{}{}", error.message, hint.unwrap_or_default()));
    }
    true
}

fn choose(page: &mut Changes, scope: usize) -> Update {
    match page.choose(scope) {
        true => Update::call(Request::ReadChanges(page.ask())),
        false => Update::none(),
    }
}

fn push(model: &mut Model, dialog: Dialog, purpose: Purpose) {
    model
        .overlays
        .push(Overlay::Dialog(Box::new(dialog), purpose));
}

/// Asks for a comment's words.
fn write(model: &mut Model, whole: bool) -> Update {
    let Some(writing) = page(model).and_then(|page| page.comment(whole).cloned()) else {
        return Update::none();
    };
    ask_words(model, &writing, "");
    Update::redraw()
}

fn rewrite(model: &mut Model) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    let Some(comment) = page.comment_here().cloned() else {
        model.toast(Level::Info, "no comment stands here", None);
        return Update::redraw();
    };
    if comment.sent_at.is_some() {
        model.toast(Level::Info, "the agent was told this one already", None);
        return Update::redraw();
    }
    let writing = Writing {
        place: comment.place,
        quote: comment.quote,
        edits: Some(comment.id),
    };
    page.writing = Some(writing.clone());
    ask_words(model, &writing, &comment.text);
    Update::redraw()
}

fn ask_words(model: &mut Model, writing: &Writing, text: &str) {
    let dialog = Dialog::words(WordsFor {
        title: format!("Comment on {}", writing.place.words()),
        placeholder: "What should be different here?",
        verb: "keep",
        may_be_empty: false,
        text: text.to_owned(),
    });
    push(model, dialog, Purpose::Comment);
}

/// The words of a comment are there.
pub(super) fn written(model: &mut Model, text: String) -> Update {
    let Some(page) = page(model) else {
        return Update::redraw();
    };
    let task = page.task;
    let Some(writing) = page.writing.take() else {
        return Update::redraw();
    };
    page.selecting = None;
    Update::call(match writing.edits {
        Some(comment) => Request::EditComment(EditComment {
            task,
            comment,
            text,
        }),
        None => Request::AddComment(AddComment {
            task,
            place: writing.place,
            quote: writing.quote,
            text,
        }),
    })
}

fn drop_comment(model: &mut Model) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    let unsent = page.comment_here().filter(|c| c.sent_at.is_none());
    let Some(comment) = unsent.map(|comment| comment.id) else {
        model.toast(Level::Info, "no unsent comment stands here", None);
        return Update::redraw();
    };
    Update::call(Request::EditComment(EditComment {
        task: page.task,
        comment,
        text: String::new(),
    }))
}

fn ask_review(model: &mut Model) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    let title = match page.unsent() {
        0 => {
            let hint = Some("c makes one".to_owned());
            model.toast(Level::Info, "there is no comment to send", hint);
            return Update::redraw();
        }
        1 => "Send 1 comment to the agent".to_owned(),
        count => format!("Send {count} comments to the agent"),
    };
    let dialog = Dialog::words(WordsFor {
        title,
        placeholder: "Anything to say beside the comments? It may stay empty.",
        verb: "send",
        may_be_empty: true,
        text: String::new(),
    });
    push(model, dialog, Purpose::Review);
    Update::redraw()
}

/// The words beside the comments are there: the agent is told.
pub(super) fn send(model: &mut Model, text: String) -> Update {
    let Some(page) = page(model) else {
        return Update::redraw();
    };
    Update::call(Request::SendReview(SendReview {
        task: page.task,
        text,
        recap: false,
    }))
}

/// The agent was told.
pub(super) fn sent(model: &mut Model) -> Update {
    model.toast(Level::Info, "the agent has your comments", None);
    match page(model) {
        Some(page) => Update::call(Request::ReadChanges(page.ask())),
        None => Update::redraw(),
    }
}

/// Words to search for are there.
pub(super) fn search(model: &mut Model, words: String) -> Update {
    if let Some(page) = page(model) {
        page.search = words;
    }
    act(model, Action::NextFound)
}

/// Opens the file in the user's editor.
fn edit(model: &mut Model) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    let Some(file) = page.file() else {
        return Update::none();
    };
    let (path, task) = (file.path.clone(), page.task);
    let here = page.rows().get(page.cursor).copied();
    // Where a line is gone, the one that stands there now.
    let hunk = here.and_then(|row| {
        let from = page.rows()[..=page.cursor].iter().rev();
        let mut lines = from.take_while(|other| other.file == row.file);
        lines.find_map(|row| {
            let (line, side) = page.line(row)?;
            (side == Side::New).then_some(line.new)
        })
    });
    let line = hunk.unwrap_or(1).max(1);
    let card = model.cards.get(&task);
    let Some(dir) = card.and_then(|card| card.task.worktree.clone()) else {
        model.toast(Level::Warning, "the task has no worktree any more", None);
        return Update::redraw();
    };
    Update::with(Effect::Run(Program::Editor { dir, path, line }))
}

fn diff_tool(model: &mut Model, task: TaskId) -> Update {
    if model.diff_tool.trim().is_empty() {
        let hint = Some("set `diff_tool = \"delta\"` or \"difft\" in [tui]".to_owned());
        model.toast(Level::Info, "no diff tool is set", hint);
        return Update::redraw();
    }
    let task = model.cards.get(&task).map(|card| &card.task);
    let parts = task.and_then(|task| Some((task.worktree.clone()?, task.base_commit.clone()?)));
    let Some((dir, base)) = parts else {
        model.toast(Level::Warning, "the task has no worktree any more", None);
        return Update::redraw();
    };
    let tool = model.diff_tool.clone();
    Update::with(Effect::Run(Program::DiffTool { dir, base, tool }))
}

pub(super) fn mouse(model: &mut Model, layout: &Layout, event: MouseEvent, by: isize) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    if by != 0 {
        let check = layout.hit(event.column, event.row) == Some(Hit::Check);
        let pane = page.check.as_mut().filter(|_| check);
        return Update {
            dirty: match pane {
                Some(pane) => pane.scroll_by(by),
                None => page.scroll_by(by),
            },
            effects: Vec::new(),
        };
    }
    if event.kind != MouseEventKind::Down(MouseButton::Left) {
        return Update::none();
    }
    match layout.hit(event.column, event.row) {
        Some(Hit::Tab(scope)) => choose(page, scope),
        Some(Hit::File(file)) => {
            page.go_to_file(file);
            Update::redraw()
        }
        Some(Hit::Row(row)) if row == page.cursor => {
            use crate::tui::changes::rows::RowKind;
            // A second click does what one expects there.
            match page.rows().get(row).map(|row| row.kind) {
                Some(RowKind::File | RowKind::Note) => act(model, Action::Fold),
                Some(RowKind::Comment { .. }) => act(model, Action::EditComment),
                Some(RowKind::Line { .. } | RowKind::Pair { .. }) => act(model, Action::Comment),
                _ => Update::none(),
            }
        }
        Some(Hit::Row(row)) => {
            page.cursor = row;
            Update::redraw()
        }
        Some(Hit::Check) => act(model, Action::CheckOutput),
        Some(Hit::Action(action)) => act(model, action),
        _ => Update::none(),
    }
}

/// The user's editor or diff has ended: what was changed in it is looked at.
pub(super) fn returned(model: &mut Model) -> Update {
    match page(model) {
        Some(page) => Update::call(Request::ReadChanges(page.ask())),
        None => Update::redraw(),
    }
}

/// A page of the text has come.
pub(super) fn come(model: &mut Model, asked: &ReadChanges, text: ChangesPage) -> Update {
    if let Some(update) = super::compare::come(model, asked, &text) {
        return update;
    }
    let Some(page) = page(model) else {
        return Update::none();
    };
    let next = page.come(asked, text);
    let mut update = Update::redraw();
    let call = |ask| Effect::Call(Request::ReadChanges(ask));
    update.effects.extend(next.map(call));
    update
}

/// The text cannot be had.
pub(super) fn refused(model: &mut Model, asked: &ReadChanges, why: String) {
    if super::compare::refused(model, asked, &why) {
        return;
    }
    if let Some(page) = page(model) {
        page.refused(asked, why);
    }
}

/// A comment was stored.
pub(super) fn added(model: &mut Model, comment: Comment) -> Update {
    if let Some(page) = page(model).filter(|page| page.task == comment.task) {
        let mut comments = std::mem::take(&mut page.comments);
        comments.push(comment);
        page.set_comments(comments);
    }
    Update::redraw()
}

/// The comments of a task are these now.
pub(super) fn edited(model: &mut Model, task: TaskId, comments: Vec<Comment>) -> Update {
    if let Some(page) = page(model).filter(|page| page.task == task) {
        page.set_comments(comments);
    }
    Update::redraw()
}

/// A task's branch is not what it was: what is shown may be old.
pub(super) fn branch_changed(model: &mut Model, task: TaskId) {
    if let Some(page) = page(model).filter(|page| page.task == task && page.loaded) {
        page.stale = true;
    }
}
