//! Going into a pane and out of it, and finding cards.

use crate::domain::{SessionState, TaskId};
use crate::protocol::{Request, TaskCard};
use crate::tui::board;
use crate::tui::layout::Layout;
use crate::tui::model::{Area, Filter, Model, View};
use crate::tui::msg::Update;

/// Opens the selected card: types to its agent where one lives, scrolls through what an ended one left,
/// shows the detail of a task without.
pub(super) fn open(model: &mut Model) -> Update {
    let Some(card) = model.selected() else {
        return Update::none();
    };
    let task = card.task.id;
    let Some(session) = &card.session else {
        return Update::call(Request::ShowTask(task));
    };
    let (id, live) = (
        session.session.id,
        session.session.state == SessionState::Live,
    );
    enter(model);
    if !live {
        scroll_back(model, id);
    }
    Update::redraw()
}

/// Gives the keys to the selected card's pane, and the pane a place where it has none.
pub(super) fn enter(model: &mut Model) {
    if model.selected_session().is_none() {
        return;
    }
    model.area = Area::Pane;
    model.prefix = false;
    if !Layout::new(model).shows_focus(model) {
        zoom(model, true);
        model.zoomed_to_enter = true;
    }
}

/// Gives the keys back to the board.
pub(super) fn leave(model: &mut Model) {
    let session = model.selected_session();
    model.area = Area::Board;
    model.prefix = false;
    if let Some(pane) = session.and_then(|session| model.panes.get_mut(&session)) {
        pane.state.go_live();
    }
    if std::mem::take(&mut model.zoomed_to_enter) {
        zoom(model, false);
    }
}

/// Zooms the selected card's pane, or goes back to what was shown before.
pub(super) fn zoom(model: &mut Model, on: bool) {
    match (on, model.view) {
        (true, View::Zoom) => {}
        (true, view) => {
            model.before_zoom = view;
            model.view = View::Zoom;
        }
        (false, View::Zoom) => {
            model.view = model.before_zoom;
            model.zoomed_to_enter = false;
        }
        (false, _) => {}
    }
    model.cursor.reveal = true;
}

/// Starts copy mode in a session's pane, which has the keys then.
pub(super) fn scroll_back(model: &mut Model, session: crate::domain::SessionId) {
    let height = Layout::new(model).pane_size(model).1;
    if let Some(pane) = model.panes.get_mut(&session) {
        pane.state.start_copy(height);
    }
}

/// Selects a card wherever it is; a filter that hides it is cleared.
pub(in crate::tui) fn reveal(model: &mut Model, task: TaskId) -> bool {
    if board::select(model, task) {
        return true;
    }
    let archived = |card: &TaskCard| card.review.archived.is_some();
    let wide = Filter {
        archived: model.cards.get(&task).is_some_and(archived),
        ..Filter::default()
    };
    let filter = std::mem::replace(&mut model.filter, wide);
    if board::select(model, task) {
        return true;
    }
    model.filter = filter;
    false
}

/// Clears the filter's words and project.
pub(super) fn clear_filter(model: &mut Model) -> bool {
    let before = std::mem::take(&mut model.filter);
    before != Filter::default()
}
