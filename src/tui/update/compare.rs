//! Trying a task twice: forked, compared side by side, one of them accepted and the others offered for removal.

use ratatui::crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use super::actions;
use crate::domain::{Status, TaskId};
use crate::protocol::{ChangesPage, ForkTask, Level, ReadChanges, Request, TaskCard};
use crate::tui::compare::ComparePage;
use crate::tui::dialog::{Choice, Dialog};
use crate::tui::keymap::{Action, Context};
use crate::tui::layout::{Hit, Layout};
use crate::tui::model::{Model, Overlay, Purpose};
use crate::tui::msg::{Effect, Update};

/// Asks with which agent a task is to be tried once more.
pub(super) fn ask_fork(model: &mut Model, task: TaskId) -> Update {
    let Some(card) = model.cards.get(&task) else {
        return Update::none();
    };
    let own = card.task.agent.clone();
    let fork = |agent: Option<String>| {
        Request::ForkTask(ForkTask {
            task,
            agent,
            start: true,
        })
    };
    let mut choices: Vec<Choice> = model
        .agents
        .iter()
        .filter(|agent| agent.installed.is_some() && agent.name != own)
        .filter(|agent| agent.modes.contains(&card.task.mode))
        .map(|agent| Choice {
            label: agent.title.clone(),
            detail: "another agent".to_owned(),
            request: fork(Some(agent.name.clone())),
        })
        .collect();
    choices.push(Choice {
        label: own,
        detail: "the same once more".to_owned(),
        request: fork(None),
    });
    let question = format!("Try #{task} once more, beside it, with");
    let dialog = Dialog::choose(&question, choices);
    actions::push_dialog(model, dialog, Purpose::Itself);
    Update::redraw()
}

/// The fork is there: it is selected, and how the two are compared is said.
pub(super) fn forked(model: &mut Model, card: TaskCard) -> Update {
    let id = card.task.id;
    let of = card.review.fork_of;
    super::link::put_card(model, card);
    super::open::reveal(model, id);
    let of = of.map_or_else(String::new, |of| format!(" as #{of}"));
    let key = model.keymap.first_key(Action::Compare);
    let hint = key.map(|key| format!("{} compares them", key.label()));
    model.toast(Level::Info, format!("#{id} tries the same{of}"), hint);
    Update::redraw()
}

/// The tasks that try the same as one, itself left out, by their numbers.
pub(super) fn rivals(model: &Model, task: TaskId) -> Vec<TaskId> {
    let root = |card: &TaskCard| card.review.fork_of.unwrap_or(card.task.id);
    let Some(of) = model.cards.get(&task).map(root) else {
        return Vec::new();
    };
    let cards = model.cards.values();
    cards
        .filter(|card| root(card) == of && card.task.id != task)
        .map(|card| card.task.id)
        .collect()
}

/// Those of them about which nobody has decided.
fn undecided(model: &Model, task: TaskId) -> Vec<TaskId> {
    let open = |id: &TaskId| {
        let card = model.cards.get(id);
        card.is_some_and(|card| !matches!(card.task.status, Status::Done | Status::Cancelled))
    };
    let rivals = rivals(model, task).into_iter();
    rivals.filter(open).collect()
}

/// Compares a task with another one that tries the same.
pub(super) fn open(model: &mut Model, task: TaskId) -> Update {
    let all = rivals(model, task);
    let other = undecided(model, task).first().or(all.first()).copied();
    let Some(other) = other else {
        let key = model.keymap.first_key(Action::Fork);
        let hint = key.map(|key| format!("{} tries it with another agent", key.label()));
        model.toast(Level::Info, "no other task tries the same", hint);
        return Update::redraw();
    };
    // The older one at the left.
    let tasks = [task.min(other), task.max(other)];
    let mut page = ComparePage::new(tasks, usize::from(tasks[1] == task));
    let asks = page.ask();
    model.overlays.push(Overlay::Compare(Box::new(page)));
    read(asks)
}

fn read(asks: impl IntoIterator<Item = ReadChanges>) -> Update {
    let call = |ask| Effect::Call(Request::ReadChanges(ask));
    Update {
        dirty: true,
        effects: asks.into_iter().map(call).collect(),
    }
}

fn page(model: &mut Model) -> Option<&mut ComparePage> {
    model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Compare(page) => Some(&mut **page),
        _ => None,
    })
}

pub(super) fn key(model: &mut Model, event: KeyEvent) -> Update {
    let own = model.keymap.action(Context::Compare, event);
    match own.or_else(|| model.keymap.action(Context::Viewer, event)) {
        Some(action) => act(model, action),
        None => Update::none(),
    }
}

fn act(model: &mut Model, action: Action) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    if let Some(dirty) = page.act(action) {
        return Update {
            dirty,
            effects: Vec::new(),
        };
    }
    let here = page.here();
    match action {
        Action::Close => {
            model.overlays.pop();
        }
        Action::SwitchSide => page.focus = 1 - page.focus,
        Action::Reload => return read(page.ask()),
        Action::NextRival => return next_rival(model),
        Action::Accept | Action::Delete => return actions::on_task(model, action, here),
        Action::Diff => return super::changes::open(model, here),
        _ => return Update::none(),
    }
    Update::redraw()
}

/// Beside the task that has the keys comes the next of those that try the same.
fn next_rival(model: &mut Model) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    let (here, other) = (page.here(), page.sides[1 - page.focus].task);
    let all = rivals(model, here);
    let at = all.iter().position(|task| *task == other).unwrap_or(0);
    match all.get((at + 1) % all.len().max(1)).copied() {
        Some(next) if next != other => {
            let ask = self::page(model).map(|page| page.set_other(next));
            read(ask)
        }
        _ => {
            model.toast(Level::Info, "no other task tries the same", None);
            Update::redraw()
        }
    }
}

pub(super) fn mouse(model: &mut Model, layout: &Layout, event: MouseEvent, by: isize) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    if by != 0 {
        return Update {
            dirty: page.scroll_by(by),
            effects: Vec::new(),
        };
    }
    if event.kind != MouseEventKind::Down(MouseButton::Left) {
        return Update::none();
    }
    match layout.hit(event.column, event.row) {
        Some(Hit::Tab(side)) if side != page.focus => {
            page.focus = side;
            Update::redraw()
        }
        Some(Hit::Action(action)) => act(model, action),
        _ => Update::none(),
    }
}

/// A page of a side has come; `None`: no comparison waits for it.
pub(super) fn come(model: &mut Model, asked: &ReadChanges, text: &ChangesPage) -> Option<Update> {
    let next = page(model)?.come(asked, text)?;
    Some(read(next))
}

/// A side cannot be had; whether a comparison waits for it.
pub(super) fn refused(model: &mut Model, asked: &ReadChanges, why: &str) -> bool {
    page(model).is_some_and(|page| page.refused(asked, why))
}

/// One was accepted: what becomes of the others is asked, each with what would go.
pub(super) fn offer_removal(model: &mut Model, accepted: TaskId) -> Vec<Effect> {
    let others = undecided(model, accepted);
    if !others.is_empty() {
        model
            .overlays
            .retain(|overlay| !matches!(overlay, Overlay::Compare(_)));
    }
    let ask = |task| Effect::Call(Request::TaskRisk(task));
    others.into_iter().map(ask).collect()
}

/// The task that was accepted in place of another one, if that is so.
pub(super) fn accepted_instead(model: &Model, task: TaskId) -> Option<TaskId> {
    let rivals = rivals(model, task).into_iter();
    let done = |id: &TaskId| {
        let card = model.cards.get(id);
        card.is_some_and(|card| card.task.status == Status::Done)
    };
    rivals.rev().find(done)
}
