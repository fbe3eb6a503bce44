//! What lies over the board: its keys, its mouse, what it came to, and how it is opened.

use ratatui::crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{actions, after, changes, compare, inbox, message, sessions, transcript};
use crate::domain::TaskId;
use crate::domain::accept::Way;
use crate::domain::check::sentence;
use crate::protocol::{
    AcceptPlan, AcceptPreview, CheckReport, ConfirmTask, CostsView, Request, RiskView, ShowCosts,
    TaskDetail,
};
use crate::tui::board;
use crate::tui::costs::CostsPage;
use crate::tui::dialog::{Answer, Dialog, Outcome};
use crate::tui::help::help;
use crate::tui::keymap::{Action, Context};
use crate::tui::layout::{self, Hit, Layout};
use crate::tui::model::{Model, Overlay, Purpose};
use crate::tui::msg::{Effect, Update};
use crate::tui::overlay::{Viewer, ViewerKind};
use crate::tui::text::clean;
use crate::tui::texts;
use crate::tui::theme::Role;

pub(super) fn key(model: &mut Model, event: KeyEvent) -> Update {
    let Some(mut top) = model.overlays.pop() else {
        return Update::none();
    };
    match &mut top {
        Overlay::Dialog(dialog, purpose) => {
            let (outcome, purpose) = (dialog.key(event, &model.keymap), *purpose);
            came_to(model, top, outcome, purpose)
        }
        Overlay::Viewer(viewer) => match model.keymap.action(Context::Viewer, event) {
            Some(Action::Close) => Update::redraw(),
            Some(action @ (Action::Message | Action::TakeBack)) => {
                let kind = viewer.kind;
                model.overlays.push(top);
                match (kind, action) {
                    (ViewerKind::Detail(task), Action::Message) => message::open(model, task),
                    (ViewerKind::Detail(task), _) => message::take_back(model, task),
                    _ => Update::none(),
                }
            }
            Some(action) => {
                let dirty = viewer.act(action);
                kept(model, top, dirty)
            }
            None => kept(model, top, false),
        },
        Overlay::Inbox(list) => {
            let list = std::mem::take(list);
            inbox::key(model, list, event)
        }
        Overlay::Changes(_) => {
            model.overlays.push(top);
            changes::key(model, event)
        }
        Overlay::After(_) => {
            model.overlays.push(top);
            after::key(model, event)
        }
        Overlay::Compare(_) => {
            model.overlays.push(top);
            compare::key(model, event)
        }
        Overlay::Sessions(page) => {
            let page = std::mem::take(page);
            sessions::key(model, page, event)
        }
        Overlay::Transcript(_) => match top {
            Overlay::Transcript(view) => transcript::key(model, view, event),
            _ => Update::none(),
        },
        Overlay::Costs(page) => {
            let (keymap, list) = (&model.keymap, Context::List);
            let closes = keymap.action(Context::Board, event) == Some(Action::ShowCosts);
            let action = keymap.action(Context::Costs, event);
            match action.or_else(|| keymap.action(list, event)) {
                Some(Action::Close) => Update::redraw(),
                _ if closes => Update::redraw(),
                Some(action) => {
                    let (dirty, ask) = page.act(action);
                    asked(model, top, dirty, ask)
                }
                None => kept(model, top, false),
            }
        }
    }
}

/// The overlay stays, and where something is to be asked, that is.
fn asked(model: &mut Model, top: Overlay, dirty: bool, ask: Option<ShowCosts>) -> Update {
    let mut update = kept(model, top, dirty);
    let call = |ask| Effect::Call(Request::ShowCosts(ask));
    update.effects.extend(ask.map(call));
    update
}

fn kept(model: &mut Model, top: Overlay, dirty: bool) -> Update {
    model.overlays.push(top);
    Update {
        dirty,
        effects: Vec::new(),
    }
}

pub(super) fn paste(model: &mut Model, text: &str) -> Update {
    if let Some(Overlay::Sessions(_)) = model.overlays.last() {
        return sessions::paste(model, text);
    }
    let Some(Overlay::Dialog(mut dialog, purpose)) = model.overlays.pop() else {
        return Update::none();
    };
    let outcome = dialog.paste(text);
    came_to(model, Overlay::Dialog(dialog, purpose), outcome, purpose)
}

/// The contexts in which what lies on top looks its keys up, in their order.
fn contexts(top: &Overlay) -> &'static [Context] {
    match top {
        Overlay::Dialog(..) => &[],
        Overlay::Viewer(_) => &[Context::Viewer],
        Overlay::Sessions(_) => &[Context::Sessions, Context::List],
        Overlay::Costs(_) => &[Context::Costs, Context::List],
        Overlay::Inbox(_) => &[Context::Inbox, Context::List],
        Overlay::Changes(_) => &[Context::Changes, Context::Viewer],
        Overlay::Transcript(_) => &[Context::Transcript, Context::Viewer],
        Overlay::After(_) => &[Context::After, Context::List],
        Overlay::Compare(_) => &[Context::Compare, Context::Viewer],
    }
}

/// A click on a hint of the footer is as good as its key.
fn hinted(model: &Model, layout: &Layout, at: Position) -> Option<KeyEvent> {
    let segments = layout.footer.segments.iter();
    let hit = segments
        .rev()
        .find(|segment| segment.area.contains(at))?
        .hit;
    let Some(Hit::Action(action)) = hit else {
        return None;
    };
    let mut contexts = contexts(model.overlays.last()?).iter();
    let chord =
        contexts.find_map(|context| model.keymap.keys(*context, action).first().copied())?;
    Some(KeyEvent::new(chord.code, chord.modifiers))
}

pub(super) fn mouse(model: &mut Model, layout: &Layout, event: MouseEvent) -> Update {
    let at = Position::new(event.column, event.row);
    let pressed = event.kind == MouseEventKind::Down(MouseButton::Left);
    let dialog = matches!(model.overlays.last(), Some(Overlay::Dialog(..)));
    if pressed && layout.hit(at.x, at.y) == Some(Hit::Toasts) {
        model.toasts.clear();
        return Update::redraw();
    }
    if pressed && !dialog && layout.footer.area.contains(at) {
        return match hinted(model, layout, at) {
            Some(event) => key(model, event),
            None => Update::none(),
        };
    }
    let Some(mut top) = model.overlays.pop() else {
        return Update::none();
    };
    let by = match event.kind {
        MouseEventKind::ScrollUp => -3,
        MouseEventKind::ScrollDown => 3,
        _ => 0,
    };
    let click = event.kind == MouseEventKind::Down(MouseButton::Left);
    let inside = layout.overlay.contains(at);
    match &mut top {
        Overlay::Dialog(dialog, purpose) => {
            let (outcome, purpose) = (dialog.mouse(event, layout.screen), *purpose);
            came_to(model, top, outcome, purpose)
        }
        // A click beside it closes it.
        _ if click && !inside => Update::redraw(),
        Overlay::Viewer(viewer) => {
            let dirty = viewer.scroll_by(by);
            kept(model, top, dirty)
        }
        Overlay::Changes(_) => {
            model.overlays.push(top);
            changes::mouse(model, layout, event, by)
        }
        Overlay::After(_) => {
            model.overlays.push(top);
            after::mouse(model, layout, event, by)
        }
        Overlay::Compare(_) => {
            model.overlays.push(top);
            compare::mouse(model, layout, event, by)
        }
        Overlay::Inbox(list) => {
            let list = std::mem::take(list);
            let hit = layout.hit(event.column, event.row).filter(|_| click);
            inbox::mouse(model, list, by, hit)
        }
        Overlay::Sessions(page) => {
            let page = std::mem::take(page);
            sessions::mouse(model, page, layout, event)
        }
        Overlay::Transcript(_) => match top {
            Overlay::Transcript(view) => transcript::mouse(model, view, layout, event),
            _ => Update::none(),
        },
        Overlay::Costs(page) => {
            if by != 0 {
                let dirty = page.scroll_by(by);
                return kept(model, top, dirty);
            }
            let (dirty, ask) = match layout.hit(event.column, event.row).filter(|_| click) {
                Some(Hit::Tab(tab)) if page.choose(tab) => (true, page.ask()),
                Some(Hit::Action(action)) => page.act(action),
                _ => (false, None),
            };
            asked(model, top, dirty, ask)
        }
    }
}

fn came_to(model: &mut Model, top: Overlay, outcome: Outcome, purpose: Purpose) -> Update {
    match outcome {
        Outcome::Unchanged => kept(model, top, false),
        Outcome::Changed => kept(model, top, true),
        Outcome::Close => {
            if purpose == Purpose::Filter {
                model.filter.words.clear();
            }
            Update::redraw()
        }
        Outcome::WantBranches(project) => {
            model.overlays.push(top);
            Update::call(Request::ListBranches(project))
        }
        Outcome::WantPreview(plan) => {
            model.overlays.push(top);
            let mut update = Update::call(Request::PreviewAccept(*plan));
            update.dirty = true;
            update
        }
        Outcome::Typed(words) => {
            model.overlays.push(top);
            if purpose == Purpose::Filter {
                model.filter.words = words;
            }
            Update::redraw()
        }
        Outcome::Done(answer) => answered(model, answer, purpose),
    }
}

fn answered(model: &mut Model, answer: Answer, purpose: Purpose) -> Update {
    match answer {
        Answer::NewTask(mut task) => {
            if task.directory.as_os_str().is_empty() {
                task.directory = model.cwd.clone();
            }
            task.size = Some(Layout::new(model).pane_size(model));
            Update::call(Request::CreateTask(*task))
        }
        Answer::Accept(plan) => {
            let request = Request::Integrate(*plan);
            if let Some((task, to)) = actions::moves(&request) {
                model.moving.insert(task, to);
            }
            Update::call(request)
        }
        Answer::QueueMerge(plan) => Update::call(Request::QueueMerge(*plan)),
        Answer::Queue(task, text) => message::send(task, text, true),
        Answer::Message(task, text) => message::send(task, text, false),
        Answer::Confirmed(request) => {
            if let Some((task, to)) = actions::moves(&request) {
                model.moving.insert(task, to);
            }
            Update::call(*request)
        }
        Answer::Action(action) => {
            let mut update = Update::redraw();
            update.merge(actions::perform(model, action));
            update
        }
        Answer::Text(words) => match purpose {
            Purpose::Itself => Update::redraw(),
            Purpose::Comment => changes::written(model, words),
            Purpose::Review => changes::send(model, words),
            Purpose::Find => changes::search(model, words),
            Purpose::Limits(task) => super::loops::limit(model, task, &words),
            Purpose::Filter => {
                model.filter.words = words.trim().to_owned();
                model.cursor.reveal = true;
                Update::redraw()
            }
            Purpose::Transcript => transcript::search(model, &words),
            Purpose::Search(session) => {
                let search = model.panes.get_mut(&session).and_then(|pane| {
                    pane.state.set_search(words);
                    pane.state.wanted_search()
                });
                let mut update = Update::redraw();
                update
                    .effects
                    .extend(search.map(|search| Effect::Call(Request::Search(search))));
                update
            }
        },
    }
}

/// Lets every dialog have what has come.
pub(super) fn each_dialog(model: &mut Model, mut with: impl FnMut(&mut Dialog)) {
    for overlay in &mut model.overlays {
        if let Overlay::Dialog(dialog, _) = overlay {
            with(dialog);
        }
    }
}

/// Tells a form that was open before them which projects there are.
pub(super) fn projects_have_come(model: &mut Model) -> Update {
    let (projects, here) = (model.projects.clone(), model.here);
    let mut update = Update::redraw();
    each_dialog(model, |dialog| {
        if let Some(project) = dialog.set_projects(&projects, here) {
            update.merge(Update::call(Request::ListBranches(project)));
        }
    });
    update
}

/// Tells what lies on top how high it is, so that it scrolls by pages.
pub(super) fn fit(model: &mut Model, layout: &Layout) {
    let height = usize::from(layout.overlay_inner.height);
    match model.overlays.last_mut() {
        Some(Overlay::Inbox(list)) => {
            list.height = usize::from(layout::inbox_parts(layout.overlay_inner).0.height);
            list.settle(&crate::protocol::inbox(model.cards.values()));
        }
        Some(Overlay::Changes(page)) => {
            let lines = layout.changes.lines;
            page.fit((lines.width, lines.height));
            if let Some(pane) = &mut page.check {
                pane.fit(usize::from(layout.changes.check.height.saturating_sub(1)));
            }
        }
        Some(Overlay::Compare(page)) => page.fit(usize::from(layout.compare.lines.height)),
        Some(Overlay::After(page)) => page.fit(usize::from(layout.after.list.height)),
        Some(Overlay::Viewer(viewer)) => viewer.fit(height),
        Some(Overlay::Sessions(page)) => {
            let rows = layout.sessions.list.height / page.item_height();
            page.fit(usize::from(rows));
        }
        Some(Overlay::Transcript(view)) => {
            let size = (usize::from(layout.overlay_inner.width), height);
            view.fit(size, model.theme.glyphs());
        }
        Some(Overlay::Costs(page)) => {
            page.height = usize::from(layout.costs.list.height);
            page.scroll_by(0);
        }
        _ => {}
    }
}

pub(super) fn open_help(model: &mut Model) -> Update {
    let lines = help(&model.keymap, layout::text_width(model.size));
    let viewer = Viewer::new(ViewerKind::Help, "Help", lines);
    model.overlays.push(Overlay::Viewer(viewer));
    Update::redraw()
}

pub(super) fn open_costs(model: &mut Model) -> Update {
    let mut page = CostsPage::new(model.filter.project);
    let ask = page.ask();
    asked(model, Overlay::Costs(page), true, ask)
}

fn costs_page(model: &mut Model) -> Option<&mut CostsPage> {
    model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Costs(page) => Some(page),
        _ => None,
    })
}

/// What was spent may be more than is shown.
pub(super) fn refresh_costs(model: &mut Model) -> Option<Effect> {
    let ask = costs_page(model)?.ask()?;
    Some(Effect::Call(Request::ShowCosts(ask)))
}

/// What was asked before the connection went is never answered.
pub(super) fn forget_costs(model: &mut Model) {
    if let Some(page) = costs_page(model) {
        page.forget();
    }
}

pub(super) fn fill_costs(model: &mut Model, asked: ShowCosts, view: CostsView) -> Update {
    let Some(page) = costs_page(model) else {
        return Update::none();
    };
    let next = page.come(asked, view);
    let call = |ask| Effect::Call(Request::ShowCosts(ask));
    Update {
        dirty: true,
        effects: next.map(call).into_iter().collect(),
    }
}

/// Whether a task's detail is open.
pub(super) fn shows_detail(model: &Model, task: TaskId) -> bool {
    let kind = ViewerKind::Detail(task);
    let mut overlays = model.overlays.iter();
    overlays.any(|overlay| matches!(overlay, Overlay::Viewer(viewer) if viewer.kind == kind))
}

pub(super) fn open_detail(model: &mut Model, detail: &TaskDetail) -> Update {
    let task = detail.card.task.id;
    let title = format!("#{task} {}", board::title(&detail.card));
    let lines = texts::detail(model, detail);
    show(model, Viewer::new(ViewerKind::Detail(task), title, lines))
}

/// What accepting a task would come to: opens the question, or answers the one that is open.
pub(super) fn accept_previewed(
    model: &mut Model,
    asked: &AcceptPlan,
    preview: &AcceptPreview,
) -> Update {
    if asked.into.is_some() {
        each_dialog(model, |dialog| dialog.set_preview(preview));
        return Update::redraw();
    }
    // Where nobody has said which way, the usual one is offered rather than none.
    if asked.way.is_none() && !preview.chosen {
        return Update::call(Request::PreviewAccept(AcceptPlan {
            way: Some(Way::Merge),
            ..asked.clone()
        }));
    }
    let title = model.cards.get(&preview.task).map(board::title);
    let dialog = Dialog::accept(preview.clone(), &title.unwrap_or_default());
    model
        .overlays
        .push(Overlay::Dialog(Box::new(dialog), Purpose::Itself));
    Update::redraw()
}

/// Shows what a task's check has printed.
pub(super) fn open_check(model: &mut Model, task: TaskId, report: &CheckReport) -> Update {
    let title = model.cards.get(&task).map(board::title);
    let title = format!("Check of #{task} {}", title.unwrap_or_default());
    let words = match (&report.check.verdict, report.check.running) {
        (_, true) => ("it is running".to_owned(), Role::Working),
        (Some(verdict), _) => {
            let role = if verdict.is_passed() {
                Role::Good
            } else {
                Role::Bad
            };
            (
                clean(&sentence(verdict, report.check.freshness)).into_owned(),
                role,
            )
        }
        (None, _) => (String::new(), Role::Muted),
    };
    let command = vec![
        ("$ ".to_owned(), Role::Muted),
        (clean(&report.command).into_owned(), Role::Title),
    ];
    let mut lines = vec![command, vec![words], Vec::new()];
    let output = report.output.lines();
    lines.extend(output.map(|line| vec![(clean(line).into_owned(), Role::Text)]));
    show(model, Viewer::new(ViewerKind::Check(task), title, lines))
}

/// What a check has printed is there: for the pane below the changes, the text that is open, or whoever asked.
pub(super) fn check_come(model: &mut Model, task: TaskId, report: &CheckReport) -> Update {
    let mut taken = changes::check_come(model, task, report);
    let kind = ViewerKind::Check(task);
    let open = model.overlays.iter();
    taken |= !open
        .filter(|overlay| matches!(overlay, Overlay::Viewer(viewer) if viewer.kind == kind))
        .count()
        .eq(&0)
        && open_check(model, task, report).dirty;
    if model
        .awaited_check
        .take_if(|awaited| *awaited == task)
        .is_some()
    {
        return open_check(model, task, report);
    }
    match taken {
        true => Update::redraw(),
        false => Update::none(),
    }
}

/// The task whose check is followed on the screen while it runs, and has to be asked about now.
pub(super) fn followed_check(model: &Model) -> Option<TaskId> {
    let runs = |task: &TaskId| {
        let check = model.cards.get(task)?.review.check.as_ref()?;
        check.running.then_some(*task)
    };
    match model.overlays.last()? {
        Overlay::Viewer(viewer) => match &viewer.kind {
            ViewerKind::Check(task) => runs(task),
            _ => None,
        },
        Overlay::Changes(page) => {
            let pane = page.check.as_ref()?;
            (pane.is_running() || pane.asked)
                .then_some(page.task)
                .or(runs(&page.task))
        }
        _ => None,
    }
}

/// Asks what a followed check has printed by now.
pub(super) fn look_at_check(model: &mut Model) -> Option<Effect> {
    let task = followed_check(model)?;
    Some(Effect::Call(Request::ShowCheck(task)))
}

/// Shows a text; the same one already shown is replaced and keeps its place.
fn show(model: &mut Model, mut viewer: Viewer) -> Update {
    let mut overlays = model.overlays.iter_mut().rev();
    let shown = overlays.find_map(|overlay| match overlay {
        Overlay::Viewer(old) if old.kind == viewer.kind => Some(old),
        _ => None,
    });
    match shown {
        Some(old) => {
            let follows = matches!(old.kind, ViewerKind::Check(_)) && old.is_at_end();
            viewer.scroll = if follows { usize::MAX } else { old.scroll };
            viewer.height = old.height;
            viewer.scroll_by(0);
            *old = viewer;
        }
        None => model.overlays.push(Overlay::Viewer(viewer)),
    }
    Update::redraw()
}

/// Asks before a task is deleted, saying what would go.
pub(super) fn ask_delete(model: &mut Model, task: TaskId, risk: &RiskView) -> Update {
    let title = model.cards.get(&task).map(board::title).unwrap_or_default();
    let (question, why) = match compare::accepted_instead(model, task) {
        Some(done) => (
            format!("#{done} was accepted. Delete #{task} {title}, which tried the same?"),
            "u, or gluon undo, brings it back. ",
        ),
        None => (format!("Delete #{task} {title}?"), ""),
    };
    let detail = format!("{why}{}", texts::risk(risk));
    let agreed = Request::RemoveTask(ConfirmTask {
        task,
        confirm: true,
    });
    let dialog = Dialog::confirm(&question, Some(&detail), agreed);
    model
        .overlays
        .push(Overlay::Dialog(Box::new(dialog), Purpose::Itself));
    Update::redraw()
}
