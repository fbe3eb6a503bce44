//! Answers to requests.

use super::{actions, after, changes, link, message, overlays, sessions, transcript};
use crate::protocol::{
    Accepted, ApiError, Board, ConfirmTask, ErrorCode, Integrated, Level, MoveTask, Removed,
    Request, Response, SendReview, StartTask, UndoWish,
};
use crate::tui::board;
use crate::tui::dialog::Dialog;
use crate::tui::model::{Model, Overlay, Purpose};
use crate::tui::msg::{Reply, Update};

pub(super) fn reply(model: &mut Model, reply: Reply) -> Update {
    match reply.result {
        Ok(response) => answered(model, reply.request, response),
        Err(error) => failed(model, reply.request, error),
    }
}

fn answered(model: &mut Model, request: Request, response: Response) -> Update {
    match (request, response) {
        (_, Response::Board(board)) => load(model, board),
        (_, Response::ListAgents(agents)) => {
            model.agents = agents;
            let agents = super::actions::agents_by_use(model);
            overlays::each_dialog(model, |dialog| dialog.set_agents(&agents));
            Update::redraw()
        }
        (Request::ListBranches(project), Response::ListBranches(branches)) => {
            overlays::each_dialog(model, |dialog| {
                dialog.set_branches(project, branches.clone());
            });
            Update::redraw()
        }
        (_, Response::AddProject(project)) => {
            model.here = Some(project.id);
            if model.projects.iter().all(|known| known.id != project.id) {
                model.projects.push(project);
            }
            overlays::projects_have_come(model)
        }
        (_, Response::CreateTask(card)) => {
            let id = card.task.id;
            link::put_card(model, card);
            // The selected card says all there is to say.
            super::open::reveal(model, id);
            Update::redraw()
        }
        (Request::MoveTask(moved), Response::MoveTask(card)) => {
            model.moving.remove(&moved.task);
            link::put_card(model, card);
            Update::redraw()
        }
        (_, Response::StartTask(card)) => {
            let text = match card.follow_ups {
                0 => return link::put_card(model, card),
                1 => "1 message waits for the agent to be idle".to_owned(),
                count => format!("{count} messages wait for the agent to be idle"),
            };
            model.toast(Level::Info, text, None);
            link::put_card(model, card);
            Update::redraw()
        }
        (
            _,
            Response::StopTask(card)
            | Response::CancelTask(card)
            | Response::EditTask(card)
            | Response::QueueMerge(card),
        ) => link::put_card(model, card),
        (_, Response::UnqueueMerge(card)) => {
            model.toast(Level::Info, "it is out of the merge queue", None);
            link::put_card(model, card);
            Update::redraw()
        }
        (Request::Archive(asked), Response::Archive(cards)) => {
            let hidden = !asked.back && !model.filter.archived;
            if hidden {
                let hint = Some("V shows the archive".to_owned());
                model.toast(Level::Info, "archived; nothing of it is removed", hint);
            }
            for card in cards {
                link::put_card(model, card);
            }
            Update::redraw()
        }
        (_, Response::SendMessage(card)) => {
            model.toast(Level::Info, "message sent", None);
            link::put_card(model, card);
            Update::redraw()
        }
        (_, Response::QueueMessage(card)) => {
            model.toast(
                Level::Info,
                "the message waits until the agent is idle",
                None,
            );
            link::put_card(model, card);
            Update::redraw()
        }
        (Request::DropMessages(asked), Response::DropMessages(dropped)) => {
            message::taken_back(model, asked.task, &dropped)
        }
        (_, Response::AcceptTask(accepted)) => accept(model, accepted),
        (Request::PreviewAccept(plan), Response::PreviewAccept(preview)) => {
            overlays::accept_previewed(model, &plan, &preview)
        }
        (_, Response::Integrate(done)) => integrated(model, done),
        (_, Response::Undo(undone)) => {
            link::put_card(model, undone.card);
            let text = format!("taken back: {}", undone.operation.sentence);
            model.toast(Level::Info, text, undone.notes.first().cloned());
            Update::redraw()
        }
        (Request::CheckTask(task), Response::CheckTask(report)) => {
            if changes::check_come(model, task, &report) {
                return Update::redraw();
            }
            // A verdict that is good says enough on the card.
            match &report.check.verdict {
                Some(verdict) if verdict.is_passed() => Update::redraw(),
                _ => overlays::open_check(model, task, &report),
            }
        }
        (Request::ShowCheck(task), Response::ShowCheck(report)) => {
            overlays::check_come(model, task, &report)
        }
        (_, Response::ForkTask(card)) => super::compare::forked(model, card),
        (_, Response::ListOverlaps(found)) => after::overlaps_have_come(model, found),
        (Request::Report(asked), Response::Report(view)) => {
            after::report_has_come(model, asked, view)
        }
        (Request::Tidy(asked), Response::Tidy(views)) => after::tidied(model, &asked, views),
        (Request::TaskRisk(task), Response::TaskRisk(risk)) => {
            overlays::ask_delete(model, task, &risk)
        }
        (Request::RemoveTask(asked), Response::RemoveTask(removed)) => {
            model.cards.remove(&asked.task);
            say_removed(model, &removed);
            Update::redraw()
        }
        (_, Response::ShowTask(detail)) => overlays::open_detail(model, &detail),
        (Request::LoopHistory(task), Response::LoopHistory(history)) => {
            model.loop_history = Some(Box::new(history));
            Update::call(Request::ShowTask(task))
        }
        (Request::ControlLoop(asked), Response::ControlLoop(view)) => {
            super::loops::steered(model, &asked, view)
        }
        (Request::ReadChanges(asked), Response::ReadChanges(page)) => {
            changes::come(model, &asked, page)
        }
        (_, Response::AddComment(comment)) => changes::added(model, comment),
        (Request::EditComment(asked), Response::EditComment(comments)) => {
            changes::edited(model, asked.task, comments)
        }
        (_, Response::SendReview(card)) => {
            link::put_card(model, card);
            changes::sent(model)
        }
        (_, Response::ListSessions(rows)) => sessions::own_have_come(model, rows),
        (Request::ListConversations(asked), Response::ListConversations(view)) => {
            sessions::have_come(model, &asked, view)
        }
        (Request::FindLines(asked), Response::FindLines(lines)) => {
            sessions::lines_have_come(model, &asked, lines)
        }
        (Request::AdoptConversation(asked), Response::AdoptConversation(card)) => {
            sessions::adopted(model, &asked, card)
        }
        (Request::ReadTranscript(asked), Response::ReadTranscript(page)) => {
            transcript::has_come(model, &asked, page)
        }
        (Request::SeekTranscript(asked), Response::SeekTranscript(sought)) => {
            transcript::was_sought(model, &asked, &sought)
        }
        (Request::ShowCosts(asked), Response::ShowCosts(view)) => {
            overlays::fill_costs(model, asked, view)
        }
        (_, Response::ResumeAll(cards)) => {
            let text = match cards.len() {
                0 => "nothing was interrupted".to_owned(),
                1 => "1 task comes back".to_owned(),
                count => format!("{count} tasks come back, one after the other"),
            };
            model.toast(Level::Info, text, None);
            Update::redraw()
        }
        (_, Response::PauseAll(paused)) => {
            model.queue.paused = paused.queue_paused;
            model.toast(Level::Info, paused.words(), None);
            Update::redraw()
        }
        (_, Response::PauseQueue(queue)) => {
            model.queue = queue;
            Update::redraw()
        }
        (Request::ReadLines(asked), Response::ReadLines(lines)) => {
            if let Some(pane) = model.panes.get_mut(&asked.session) {
                pane.state.lines_arrived(&lines);
            }
            Update::redraw()
        }
        (Request::Search(asked), Response::Search(matches)) => {
            let found = !matches.is_empty();
            if let Some(pane) = model.panes.get_mut(&asked.session) {
                let height = pane.attached.map_or(24, |attached| attached.size.1);
                pane.state.matches_arrived(matches, height);
            }
            if !found {
                model.toast(Level::Info, format!("`{}` is nowhere", asked.query), None);
            }
            Update::redraw()
        }
        _ => Update::none(),
    }
}

fn load(model: &mut Model, board: Board) -> Update {
    model.loaded = true;
    model.projects = board.projects;
    model.cards = board
        .cards
        .into_iter()
        .map(|card| (card.task.id, card))
        .collect();
    model.queue = board.queue;
    model.moving.clear();
    if let Some(id) = model.filter.project
        && model.projects.iter().all(|project| project.id != id)
    {
        model.filter.project = None;
    }
    overlays::projects_have_come(model)
}

fn accept(model: &mut Model, accepted: Accepted) -> Update {
    let title = board::title(&accepted.card);
    link::put_card(model, accepted.card);
    model.toast(
        Level::Info,
        format!("accepted: {title}"),
        Some(accepted.how_to_merge),
    );
    Update::redraw()
}

fn integrated(model: &mut Model, done: Integrated) -> Update {
    let title = board::title(&done.card);
    let id = done.card.task.id;
    model.moving.remove(&id);
    link::put_card(model, done.card);
    let effects = super::compare::offer_removal(model, id);
    let hint = std::iter::once(done.sentence).chain(done.notes);
    let hint = hint.collect::<Vec<_>>().join("; ");
    model.toast(Level::Info, format!("accepted: {title}"), Some(hint));
    Update {
        dirty: true,
        effects,
    }
}

fn say_removed(model: &mut Model, removed: &Removed) {
    let mut ways = Vec::new();
    if let Some(name) = &removed.recovery_ref {
        ways.push(format!("its work is kept in {name}"));
    }
    if let Some(patch) = &removed.patch {
        ways.push(format!("its patch in {}", patch.display()));
    }
    let hint = (!ways.is_empty()).then(|| ways.join(", "));
    model.toast(Level::Info, "task deleted", hint);
}

fn failed(model: &mut Model, request: Request, error: ApiError) -> Update {
    if let Some((task, _)) = actions::moves(&request) {
        // The card goes back to where it stands.
        model.moving.remove(&task);
    }
    if let Request::ShowCosts(_) = request {
        overlays::forget_costs(model);
    }
    let told = sessions::refused(model, &request, &error.message)
        || after::refused(model, &request, &error.message)
        || changes::check_refused(model, &request, &error)
        || transcript::refused(model, &request, &error.message);
    if told {
        return Update::redraw();
    }
    if error.code == ErrorCode::Confirm
        && let Some(agreed) = with_consent(&request)
    {
        let dialog = Dialog::confirm(&error.message, error.hint.as_deref(), agreed);
        model
            .overlays
            .push(Overlay::Dialog(Box::new(dialog), Purpose::Itself));
        return Update::redraw();
    }
    match request {
        // Not every directory is in a repository; an empty board says what to do then.
        Request::AddProject(_) => Update::none(),
        Request::Detach(_) => Update::none(),
        Request::ReadChanges(asked) => {
            let hint = error.hint.map(|hint| format!("; {hint}"));
            let why = format!("{}{}", error.message, hint.unwrap_or_default());
            changes::refused(model, &asked, why);
            Update::redraw()
        }
        Request::Attach(attach) => {
            if let Some(pane) = model.panes.get_mut(&attach.session) {
                pane.error = Some(error.message);
            }
            Update::redraw()
        }
        Request::SendMessage(sent) | Request::QueueMessage(sent) => {
            message::not_sent(model, &sent, error)
        }
        // The link reports a lost connection by itself, once.
        _ if error.code == ErrorCode::Unavailable => Update::redraw(),
        _ => {
            model.toast(Level::Error, error.message, error.hint);
            Update::redraw()
        }
    }
}

/// The same request with the user's consent; `None` for one that takes none.
fn with_consent(request: &Request) -> Option<Request> {
    let agreed = |task: &ConfirmTask| ConfirmTask {
        task: task.task,
        confirm: true,
    };
    Some(match request {
        Request::MoveTask(moved) => Request::MoveTask(MoveTask {
            confirm: true,
            ..moved.clone()
        }),
        Request::AcceptTask(task) => Request::AcceptTask(agreed(task)),
        Request::Undo(wish) => Request::Undo(UndoWish {
            confirm: true,
            ..*wish
        }),
        Request::CancelTask(task) => Request::CancelTask(agreed(task)),
        Request::RemoveTask(task) => Request::RemoveTask(agreed(task)),
        Request::StartTask(start) => Request::StartTask(StartTask {
            recap: true,
            ..start.clone()
        }),
        Request::SendReview(review) => Request::SendReview(SendReview {
            recap: true,
            ..review.clone()
        }),
        Request::SendMessage(message) => Request::StartTask(StartTask {
            task: message.task,
            message: Some(message.text.clone()),
            fresh: false,
            recap: true,
            size: None,
        }),
        _ => return None,
    })
}
