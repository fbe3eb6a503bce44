//! The radar, the report and tidying up: opened, moved in, asked about.

use ratatui::crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use super::actions;
use crate::domain::TaskId;
use crate::protocol::{Level, OverlapView, ReportView, ReportWish, Request, TidyView, TidyWish};
use crate::tui::after::{AfterPage, RANGES, RadarPage, ReportPage, TidyPage};
use crate::tui::dialog::Dialog;
use crate::tui::keymap::{Action, Context};
use crate::tui::layout::{Hit, Layout};
use crate::tui::model::{Model, Overlay, Purpose};
use crate::tui::msg::{Effect, Update};

/// Opens what an action of the board names.
pub(super) fn open_page(model: &mut Model, action: Action) -> Update {
    let project = model.filter.project;
    let mut page = match action {
        Action::ShowRadar => AfterPage::Radar(RadarPage::new(project)),
        Action::ShowReport => AfterPage::Report(ReportPage::new(project)),
        _ => AfterPage::Tidy(TidyPage::default()),
    };
    // Twice the same would only have to be closed twice.
    model
        .overlays
        .retain(|overlay| !matches!(overlay, Overlay::After(_)));
    let ask = page.ask();
    model.overlays.push(Overlay::After(Box::new(page)));
    Update::call(ask)
}

fn page(model: &mut Model) -> Option<&mut AfterPage> {
    model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::After(page) => Some(&mut **page),
        _ => None,
    })
}

pub(super) fn key(model: &mut Model, event: KeyEvent) -> Update {
    let own = model.keymap.action(Context::After, event);
    let action = own.or_else(|| model.keymap.action(Context::List, event));
    let opens = model.keymap.action(Context::Board, event);
    let same = |page: &AfterPage| match page {
        AfterPage::Radar(_) => Action::ShowRadar,
        AfterPage::Report(_) => Action::ShowReport,
        AfterPage::Tidy(_) => Action::ShowTidy,
    };
    let again = page(model).is_some_and(|page| Some(same(page)) == opens);
    match action {
        Some(action) => act(model, action),
        // The key that opened it closes it.
        None if again => act(model, Action::Close),
        None => Update::none(),
    }
}

fn act(model: &mut Model, action: Action) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    match (action, &mut *page) {
        (Action::Close, _) => {
            model.overlays.pop();
            Update::redraw()
        }
        (Action::Reload, page) => Update::call(page.ask()),
        (Action::NextTab, AfterPage::Report(report)) => {
            let next = (report.range() + 1) % RANGES.len();
            choose(page, next)
        }
        (Action::PreviousTab, AfterPage::Report(report)) => {
            let before = (report.range() + RANGES.len() - 1) % RANGES.len();
            choose(page, before)
        }
        (Action::ToggleRow, AfterPage::Tidy(tidy)) => {
            let dirty = tidy.toggle();
            tidy.list.act(tidy.views().len(), Action::RowDown);
            Update {
                dirty,
                effects: Vec::new(),
            }
        }
        (Action::OpenRow, AfterPage::Tidy(_)) => ask_tidy(model),
        (Action::OpenRow, AfterPage::Radar(radar)) => match radar.here().map(|here| here.task) {
            Some(task) => super::changes::open(model, task),
            None => Update::none(),
        },
        (Action::OpenRow, AfterPage::Report(report)) => {
            let line = report.lines().get(report.list.selected);
            match line.map(|line| line.task) {
                Some(task) => actions::on_task(model, Action::Detail, task),
                None => Update::none(),
            }
        }
        (Action::Diff, page) => match task_of(page) {
            Some(task) => super::changes::open(model, task),
            None => Update::none(),
        },
        (action, page) => Update {
            dirty: page.act(action),
            effects: Vec::new(),
        },
    }
}

/// The task of the selected row.
fn task_of(page: &AfterPage) -> Option<TaskId> {
    Some(match page {
        AfterPage::Radar(page) => page.here()?.task,
        AfterPage::Report(page) => page.lines().get(page.list.selected)?.task,
        AfterPage::Tidy(page) => page.here()?.task,
    })
}

fn choose(page: &mut AfterPage, range: usize) -> Update {
    let other = match page {
        AfterPage::Report(report) => report.choose(range),
        _ => false,
    };
    match other {
        true => Update::call(page.ask()),
        false => Update::none(),
    }
}

/// Asks before anything goes, saying how much and what stays.
fn ask_tidy(model: &mut Model) -> Update {
    let Some(AfterPage::Tidy(tidy)) = page(model) else {
        return Update::none();
    };
    let Some(request) = tidy.removal() else {
        let hint = Some("space marks one".to_owned());
        model.toast(Level::Info, "nothing is marked to go", hint);
        return Update::redraw();
    };
    let marked = tidy.marked();
    let question = match marked.len() {
        1 => {
            "Remove the worktree of #{} and its branch?".replace("{}", &marked[0].task.to_string())
        }
        count => format!("Remove {count} worktrees with their branches?"),
    };
    let open: Vec<String> = marked
        .iter()
        .filter(|view| !view.goes)
        .map(|view| format!("#{}", view.task))
        .collect();
    let mut detail = match open.len() {
        0 => String::new(),
        1 => format!("Not all of {} has landed. ", open[0]),
        _ => format!("Not all of {} has landed. ", open.join(", ")),
    };
    detail.push_str("All they have, uncommitted files too, stays in recovery refs; the cards stay; undo brings each back.");
    let dialog = Dialog::confirm(&question, Some(&detail), request);
    actions::push_dialog(model, dialog, Purpose::Itself);
    Update::redraw()
}

pub(super) fn mouse(model: &mut Model, layout: &Layout, event: MouseEvent, by: isize) -> Update {
    let Some(page) = page(model) else {
        return Update::none();
    };
    if by != 0 {
        return Update {
            dirty: page.step(by.signum()),
            effects: Vec::new(),
        };
    }
    if event.kind != MouseEventKind::Down(MouseButton::Left) {
        return Update::none();
    }
    match layout.hit(event.column, event.row) {
        Some(Hit::Tab(range)) => choose(page, range),
        Some(Hit::Row(row)) => {
            let again = page.click(row);
            match (again, &*page) {
                (true, AfterPage::Tidy(_)) => act(model, Action::ToggleRow),
                (true, _) => act(model, Action::OpenRow),
                (false, _) => Update::redraw(),
            }
        }
        Some(Hit::Action(action)) => act(model, action),
        _ => Update::none(),
    }
}

/// The radar has come.
pub(super) fn overlaps_have_come(model: &mut Model, found: Vec<OverlapView>) -> Update {
    match page(model) {
        Some(AfterPage::Radar(radar)) => {
            radar.come(found);
            Update::redraw()
        }
        _ => Update::none(),
    }
}

/// A report has come.
pub(super) fn report_has_come(model: &mut Model, asked: ReportWish, view: ReportView) -> Update {
    match page(model) {
        Some(AfterPage::Report(report)) => {
            report.come(asked, view);
            Update::redraw()
        }
        _ => Update::none(),
    }
}

/// What can be cleaned away has come, or is gone.
pub(super) fn tidied(model: &mut Model, asked: &TidyWish, views: Vec<TidyView>) -> Update {
    if !asked.dry_run {
        let text = match views.iter().filter(|view| view.removed).count() {
            0 => "nothing was removed".to_owned(),
            1 => "1 worktree was removed with its branch".to_owned(),
            count => format!("{count} worktrees were removed with their branches"),
        };
        model.toast(
            Level::Info,
            text,
            Some("u brings the last one back".to_owned()),
        );
        return match page(model) {
            Some(page @ AfterPage::Tidy(_)) => Update::call(page.ask()),
            _ => Update::redraw(),
        };
    }
    match page(model) {
        Some(AfterPage::Tidy(tidy)) => {
            tidy.come(views);
            Update::redraw()
        }
        _ => Update::none(),
    }
}

/// Whether an open page takes that a request was refused.
pub(super) fn refused(model: &mut Model, request: &Request, why: &str) -> bool {
    let (Some(page), why) = (page(model), why.to_owned()) else {
        return false;
    };
    let own = match (request, &*page) {
        (Request::ListOverlaps(_), AfterPage::Radar(_))
        | (Request::Report(_), AfterPage::Report(_)) => true,
        (Request::Tidy(wish), AfterPage::Tidy(_)) => wish.dry_run,
        _ => false,
    };
    if own {
        page.refused(why);
    }
    own
}

/// Where a task stands, or what it would be in conflict with, is not what it was: what is open looks again.
/// Not the list of what can be tidied up: its marks are the user's.
pub(super) fn refresh(model: &mut Model) -> Option<Effect> {
    let page = page(model)?;
    let again = match page {
        AfterPage::Radar(radar) => !radar.asked,
        AfterPage::Report(_) => true,
        AfterPage::Tidy(_) => false,
    };
    again.then(|| Effect::Call(page.ask()))
}

/// Takes a task off its project's merge queue.
pub(super) fn leave_queue(model: &mut Model, task: TaskId) -> Update {
    let place = model
        .cards
        .get(&task)
        .and_then(|card| card.review.merge_place);
    if place.is_none() {
        model.toast(Level::Info, "it is not in the merge queue", None);
        return Update::redraw();
    }
    Update::call(Request::UnqueueMerge(task))
}
