//! What each action does.

use super::{open, overlays};
use crate::domain::{Activity, Priority, Status, TaskId};
use crate::protocol::{
    AcceptPlan, AgentView, AnswerAsk, ArchiveWish, ConfirmTask, EditTask, Level, MoveTask, Request,
    StartTask, UndoWish,
};
use crate::tui::board;
use crate::tui::dialog::Dialog;
use crate::tui::keymap::{Action, Entry, Group, TABLE};
use crate::tui::layout::Layout;
use crate::tui::model::{Area, Model, Overlay, Purpose, View};
use crate::tui::msg::{Effect, Update};

/// An ask that took another's place less than so many milliseconds ago has not been read by anybody.
const READING: i64 = 500;

pub(super) fn perform(model: &mut Model, action: Action) -> Update {
    use Action::*;
    match action {
        Left | Down | Up | Right | First | Last | Column1 | Column2 | Column3 | Column4
        | NextNeedsYou | NextPane | PreviousPane => travel(model, action),
        SwitchArea if model.area == Area::Board => open::open(model),
        SwitchArea | LeavePane => leave(model),
        Open => open::open(model),
        MoveLeft | MoveDown | MoveUp | MoveRight => move_card(model, action),
        New => new_task(model),
        Palette => palette(model),
        Help => overlays::open_help(model),
        Filter => prompt_filter(model),
        Project => next_project(model),
        Sessions => super::sessions::open_sessions(model),
        ShowCosts => overlays::open_costs(model),
        Inbox => super::inbox::open_inbox(model),
        Undo => Update::call(Request::Undo(UndoWish::default())),
        ResumeAll => Update::call(Request::ResumeAll(())),
        PauseQueue => Update::call(Request::PauseQueue(!model.queue.paused)),
        PauseAll => Update::call(Request::PauseAll(true)),
        ContinueAll => Update::call(Request::PauseAll(false)),
        ClearFilter => clear(model),
        Zoom => zoom(model),
        Tile => tile(model),
        ScrollBack => scroll_back(model),
        Mouse => mouse(model),
        Redraw => Update::with(Effect::Redraw),
        Suspend => Update::with(Effect::Suspend),
        Quit => Update::with(Effect::Quit),
        CancelDrag => super::drag::cancel(model),
        ShowRadar | ShowReport | ShowTidy => super::after::open_page(model, action),
        ShowArchive => show_archive(model),
        Start | Stop | Resume | Diff | Archive | Accept | Check | CheckOutput | Detail | Urgent
        | LessUrgent | LeaveQueue | Fork | Compare | Hold | Cancel | Delete | Message
        | TakeBack | Allow | Deny | LoopPause | LoopStopAfter | ShowTranscript | LoopStop
        | LoopLimits => match model.cursor.task {
            Some(task) => on_task(model, action, task),
            None => nothing_selected(model),
        },
        // The rest are keys of scrollback, lists and forms, which those handle themselves.
        _ => Update::none(),
    }
}

fn nothing_selected(model: &mut Model) -> Update {
    model.toast(Level::Info, "no card is selected", None);
    Update::redraw()
}

fn travel(model: &mut Model, action: Action) -> Update {
    let column = board::column_index(model.cursor.column);
    let tiled = model.view == View::Tiles;
    match action {
        Action::Left | Action::Up if tiled => tile_step(model, -1),
        Action::Right | Action::Down if tiled => tile_step(model, 1),
        Action::Left => board::go_to_column(model, column.saturating_sub(1)),
        Action::Right => board::go_to_column(model, (column + 1).min(3)),
        Action::Up => board::step(model, -1),
        Action::Down => board::step(model, 1),
        Action::First => board::step(model, isize::MIN),
        Action::Last => board::step(model, isize::MAX),
        Action::Column1 => board::go_to_column(model, 0),
        Action::Column2 => board::go_to_column(model, 1),
        Action::Column3 => board::go_to_column(model, 2),
        Action::Column4 => board::go_to_column(model, 3),
        Action::NextPane => tile_step(model, 1),
        Action::PreviousPane => tile_step(model, -1),
        _ => match board::next_in_inbox(model) {
            Some(task) => {
                open::reveal(model, task);
            }
            None => model.toast(Level::Info, "nothing needs you", None),
        },
    }
    Update::redraw()
}

/// To the next or previous running agent, around the end.
fn tile_step(model: &mut Model, by: isize) {
    let cards = board::running(model);
    let count = cards.len() as isize;
    if count == 0 {
        return;
    }
    let here = cards
        .iter()
        .position(|card| Some(card.task.id) == model.cursor.task);
    let next = match here {
        Some(here) => (here as isize + by).rem_euclid(count) as usize,
        None => 0,
    };
    let task = cards[next].task.id;
    board::select(model, task);
}

fn leave(model: &mut Model) -> Update {
    if model.alone.is_some() {
        return Update::with(Effect::Quit);
    }
    open::leave(model);
    Update::redraw()
}

fn move_card(model: &mut Model, action: Action) -> Update {
    let Some(task) = model.cursor.task else {
        return nothing_selected(model);
    };
    let here = board::column_index(model.cursor.column);
    let index = model.cursor.index;
    let columns = board::columns(model);
    let ids: Vec<TaskId> = columns[here].iter().map(|card| card.task.id).collect();
    let (to, before) = match action {
        Action::MoveLeft if here > 0 => (here - 1, None),
        Action::MoveRight if here < 3 => (here + 1, None),
        Action::MoveUp if index > 0 => (here, ids.get(index - 1).copied()),
        Action::MoveDown if index + 1 < ids.len() => (here, ids.get(index + 2).copied()),
        _ => return Update::none(),
    };
    request_move(model, task, Status::COLUMNS[to], before)
}

/// Moves a card: shown at once, put right by the daemon's answer.
pub(super) fn request_move(
    model: &mut Model,
    task: TaskId,
    to: Status,
    before: Option<TaskId>,
) -> Update {
    let from = model.cards.get(&task).map(|card| card.task.status);
    if from == Some(Status::Done) && to == Status::Done {
        model.toast(Level::Info, "done tasks stand in the order of time", None);
        return Update::redraw();
    }
    // Accepting asks which way first.
    if (from, to) == (Some(Status::Review), Status::Done) {
        return accept(task);
    }
    if from != Some(to) {
        model.moving.insert(task, to);
    }
    Update::call(Request::MoveTask(MoveTask {
        task,
        to,
        before,
        confirm: false,
    }))
}

/// Asks what accepting a task would come to; the answer opens the question which way.
fn accept(task: TaskId) -> Update {
    Update::call(Request::PreviewAccept(AcceptPlan {
        task: Some(task),
        ..AcceptPlan::default()
    }))
}

/// The column a request brings a card to, where it does.
pub(super) fn moves(request: &Request) -> Option<(TaskId, Status)> {
    match request {
        Request::MoveTask(moved) => Some((moved.task, moved.to)),
        Request::AcceptTask(accepted) => Some((accepted.task, Status::Done)),
        Request::Integrate(plan) => Some((plan.task?, Status::Done)),
        _ => None,
    }
}

fn new_task(model: &mut Model) -> Update {
    let current = model
        .filter
        .project
        .or_else(|| model.selected().map(|card| card.task.project))
        .or(model.here);
    let agents = agents_by_use(model);
    let dialog = Dialog::new_task(&model.projects, &agents, current);
    let branches = dialog.wants_branches();
    push_dialog(model, dialog, Purpose::Itself);
    let mut update = Update::call(Request::ListAgents(()));
    if let Some(project) = branches {
        update = update.and(Effect::Call(Request::ListBranches(project)));
    }
    update
}

/// The agents with the one first that the settings name, else that of the newest task, since that is most
/// likely wanted again.
pub(super) fn agents_by_use(model: &Model) -> Vec<AgentView> {
    let last = model.cards.values().max_by_key(|card| card.task.id);
    let mut agents = model.agents.clone();
    agents.sort_by_key(|agent| {
        let used = last.is_some_and(|card| card.task.agent == agent.name);
        (!agent.preferred, !used)
    });
    agents
}

pub(super) fn push_dialog(model: &mut Model, dialog: Dialog, purpose: Purpose) {
    model
        .overlays
        .push(Overlay::Dialog(Box::new(dialog), purpose));
}

fn palette(model: &mut Model) -> Update {
    let mut entries: Vec<&Entry> = TABLE
        .iter()
        .filter(|entry| entry.palette)
        .filter(|entry| {
            let answers = matches!(entry.action, Action::Allow | Action::Deny);
            !answers || super::asks(model)
        })
        .collect();
    // Before anything is typed: what fits the card first, going elsewhere last.
    let fitting = crate::tui::layout::fitting(model);
    entries.sort_by_key(|entry| {
        let answers = matches!(entry.action, Action::Allow | Action::Deny);
        let place = fitting.iter().position(|action| *action == entry.action);
        (
            !answers,
            place.unwrap_or(usize::MAX),
            entry.group == Group::Move,
        )
    });
    let actions = entries.iter().map(|entry| entry.action).collect();
    push_dialog(model, Dialog::palette(actions), Purpose::Itself);
    Update::redraw()
}

fn prompt_filter(model: &mut Model) -> Update {
    let dialog = Dialog::prompt("Filter", &model.filter.words);
    push_dialog(model, dialog, Purpose::Filter);
    Update::redraw()
}

/// All projects, then each by itself, then all again.
fn next_project(model: &mut Model) -> Update {
    let next = match model.filter.project {
        None => model.projects.first(),
        Some(id) => model
            .projects
            .iter()
            .skip_while(|project| project.id != id)
            .nth(1),
    };
    model.filter.project = next.map(|project| project.id);
    model.cursor.reveal = true;
    Update::redraw()
}

/// Escape on the board: the messages first, then the view, then the filter.
fn clear(model: &mut Model) -> Update {
    if !model.toasts.is_empty() {
        model.toasts.clear();
    } else if model.view != View::Split {
        open::zoom(model, false);
        model.view = View::Split;
    } else if !open::clear_filter(model) {
        return Update::none();
    }
    Update::redraw()
}

fn zoom(model: &mut Model) -> Update {
    let on = model.view != View::Zoom;
    open::zoom(model, on);
    Update::redraw()
}

fn tile(model: &mut Model) -> Update {
    if model.view == View::Tiles {
        model.view = View::Split;
    } else {
        model.view = View::Tiles;
        let running = board::running(model);
        let there = running
            .iter()
            .any(|card| Some(card.task.id) == model.cursor.task);
        let first = running.first().map(|card| card.task.id);
        if let Some(task) = first.filter(|_| !there) {
            board::select(model, task);
        }
    }
    model.zoomed_to_enter = false;
    model.cursor.reveal = true;
    Update::redraw()
}

fn scroll_back(model: &mut Model) -> Update {
    let Some(session) = model.selected_session() else {
        return Update::none();
    };
    open::enter(model);
    open::scroll_back(model, session);
    Update::redraw()
}

fn show_archive(model: &mut Model) -> Update {
    model.filter.archived = !model.filter.archived;
    let any = model
        .cards
        .values()
        .any(|card| card.review.archived.is_some());
    if !any {
        model.filter.archived = false;
        let hint = Some("Z on a done card puts it there".to_owned());
        model.toast(Level::Info, "no task is archived", hint);
    }
    model.cursor.reveal = true;
    Update::redraw()
}

/// Puts a done task out of sight, or brings it back.
fn archive(model: &mut Model, task: TaskId) -> Update {
    let Some(card) = model.cards.get(&task) else {
        return Update::none();
    };
    if card.task.status != Status::Done {
        model.toast(Level::Info, "only done tasks are archived", None);
        return Update::redraw();
    }
    Update::call(Request::Archive(ArchiveWish {
        tasks: vec![task],
        days: None,
        back: card.review.archived.is_some(),
    }))
}

fn mouse(model: &mut Model) -> Update {
    model.mouse = !model.mouse;
    let text = match model.mouse {
        true => "the mouse is gluon's",
        false => "the mouse is your terminal's: select and copy as usual",
    };
    model.toast(Level::Info, text, None);
    Update::with(Effect::Mouse(model.mouse))
}

pub(super) fn on_task(model: &mut Model, action: Action, task: TaskId) -> Update {
    let unconfirmed = ConfirmTask {
        task,
        confirm: false,
    };
    match action {
        Action::Start | Action::Resume => Update::call(start(model, task)),
        Action::Stop => Update::call(Request::StopTask(task)),
        Action::Diff => super::changes::open(model, task),
        Action::Accept => accept(task),
        Action::Archive => archive(model, task),
        Action::Check => Update::call(Request::CheckTask(task)),
        Action::CheckOutput => {
            model.awaited_check = Some(task);
            Update::call(Request::ShowCheck(task))
        }
        Action::Fork => super::compare::ask_fork(model, task),
        Action::Compare => super::compare::open(model, task),
        Action::LeaveQueue => super::after::leave_queue(model, task),
        Action::Detail => super::loops::detail(model, task),
        Action::LoopPause | Action::LoopStopAfter | Action::LoopStop | Action::LoopLimits => {
            super::loops::steer(model, action, task)
        }
        Action::Cancel => Update::call(Request::CancelTask(unconfirmed)),
        Action::Delete => Update::call(Request::TaskRisk(task)),
        Action::Urgent => edit_priority(model, task, -1),
        Action::LessUrgent => edit_priority(model, task, 1),
        Action::Hold => hold(model, task),
        Action::Message => super::message::open(model, task),
        Action::TakeBack => super::message::take_back(model, task),
        Action::Allow => answer(model, task, true),
        Action::Deny => answer(model, task, false),
        Action::ShowTranscript => super::transcript::of_task(model, task),
        _ => Update::none(),
    }
}

/// The request that gives a task its agent, at the size its pane will have.
pub(super) fn start(model: &Model, task: TaskId) -> Request {
    Request::StartTask(StartTask {
        task,
        message: None,
        fresh: false,
        recap: false,
        size: Some(Layout::new(model).pane_size(model)),
    })
}

fn edit_priority(model: &mut Model, task: TaskId, by: i8) -> Update {
    let Some(card) = model.cards.get(&task) else {
        return Update::none();
    };
    let level = card.task.priority.level();
    let wanted = Priority::new(level.saturating_add_signed(by));
    if wanted == card.task.priority {
        return Update::none();
    }
    Update::call(Request::EditTask(EditTask {
        task: Some(task),
        priority: Some(wanted),
        ..EditTask::default()
    }))
}

fn hold(model: &mut Model, task: TaskId) -> Update {
    let Some(card) = model.cards.get(&task) else {
        return Update::none();
    };
    if card.task.status != Status::Queued {
        model.toast(Level::Info, "only a queued task can be held back", None);
        return Update::redraw();
    }
    Update::call(Request::EditTask(EditTask {
        task: Some(task),
        held: Some(!card.task.held),
        ..EditTask::default()
    }))
}

/// Answers what the agent asks, as the user was shown it.
pub(super) fn answer(model: &mut Model, task: TaskId, yes: bool) -> Update {
    let card = model.cards.get(&task);
    let asked = card.filter(|card| super::asks_permission(card));
    let Some(view) = asked.and_then(|card| card.session.as_ref()) else {
        model.toast(Level::Info, "the agent asks for nothing now", None);
        return Update::redraw();
    };
    let changed = model.asks_changed.get(&task);
    if changed.is_some_and(|at| model.now.since(*at) < READING) {
        let text = "it has just begun to ask something else: look again";
        model.toast(Level::Warning, text, None);
        return Update::redraw();
    }
    let ask = match &view.activity {
        Activity::Waiting(ask) => ask.text.clone(),
        _ => String::new(),
    };
    Update::call(Request::AnswerAsk(AnswerAsk {
        task,
        ask,
        wait: view.wait,
        yes,
    }))
}
