//! After done: the archive, the radar, the report, tidying up, the merge queue; the check below the changes.

use super::*;

/// A board whose homepage is archived.
fn with_archive() -> Model {
    let mut board = board();
    let card = board.cards.iter_mut().find(|card| card.task.id.0 == 30);
    card.unwrap().review.archived = Some(minutes_ago(5));
    model_with(SIZE, board, Theme::default())
}

#[test]
fn archived_cards_are_out_of_sight_and_counted() {
    let mut model = with_archive();
    press(&mut model, "4");
    let shown = text(&model);
    assert!(!shown.contains("homepage"), "{shown}");
    assert!(shown.contains("1 archived  V shows"), "{shown}");
    press(&mut model, "V");
    let shown = text(&model);
    assert!(shown.contains("homepage"), "{shown}");
    assert!(shown.contains("archived: accepted"), "{shown}");
    assert!(!shown.contains("1 archived"), "{shown}");
    // Brought back from there.
    assert!(crate::tui::board::select(&mut model, TaskId(30)));
    let update = press(&mut model, "Z");
    let [Request::Archive(wish)] = calls(&update)[..] else {
        panic!("{update:?}")
    };
    assert_eq!(
        (wish.tasks.as_slice(), wish.back),
        (&[TaskId(30)][..], true)
    );
    press(&mut model, "V");
    assert!(!text(&model).contains("homepage"));
}

#[test]
fn the_count_is_of_what_the_filter_lets_through_and_can_be_clicked() {
    let mut model = with_archive();
    model.filter.words = "typo".into();
    press(&mut model, "4");
    assert!(!text(&model).contains("archived"));
    model.filter.words.clear();
    let layout = Layout::new(&model);
    let note = layout.columns[3].note;
    assert_eq!(
        layout.hit(note.x + 1, note.y),
        Some(Hit::Action(crate::tui::keymap::Action::ShowArchive))
    );
    mouse(&mut model, DOWN, note.x + 1, note.y);
    mouse(&mut model, UP, note.x + 1, note.y);
    assert!(text(&model).contains("homepage"));
}

#[test]
fn only_done_cards_are_archived_and_it_is_said_what_becomes_of_them() {
    let mut model = model(SIZE);
    assert_eq!(calls(&press(&mut model, "Z")).len(), 0);
    assert!(model.toasts[0].text.contains("only done tasks"));
    press(&mut model, "V");
    assert!(!model.filter.archived, "there is nothing to show");
    press(&mut model, "4");
    let update = press(&mut model, "Z");
    let [Request::Archive(wish)] = calls(&update)[..] else {
        panic!("{update:?}")
    };
    let asked = wish.clone();
    let task = asked.tasks[0];
    let mut card = model.cards[&task].clone();
    card.review.archived = Some(NOW);
    update_with(&mut model, asked, card);
    assert_ne!(model.cursor.task, Some(task), "the next one is selected");
    assert!(text(&model).contains("nothing of it is removed"));
}

fn update_with(model: &mut Model, asked: ArchiveWish, card: TaskCard) {
    let answer = Response::Archive(vec![card]);
    update(model, reply(Request::Archive(asked), answer));
}

fn tidy_views() -> Vec<TidyView> {
    let view = |task: i64, landed: &str| TidyView {
        task: TaskId(task),
        title: "x".into(),
        branch: format!("gluon/{task}-x"),
        landed: landed.into(),
        goes: !landed.is_empty(),
        removed: false,
    };
    vec![view(30, ""), view(31, "merged")]
}

fn asked(update: &Update) -> Request {
    match calls(update)[..] {
        [request] => request.clone(),
        _ => panic!("{update:?}"),
    }
}

#[test]
fn nothing_is_tidied_without_a_yes_and_what_has_not_landed_only_when_marked() {
    let mut model = model(SIZE);
    let request = asked(&press(&mut model, "Y"));
    assert!(matches!(&request, Request::Tidy(wish) if wish.dry_run));
    update(&mut model, reply(request, Response::Tidy(tidy_views())));
    // What has landed stands first, and is marked.
    let question = press(&mut model, "enter");
    assert!(calls(&question).is_empty());
    let shown = text(&model);
    assert!(shown.contains("Remove the worktree of #31"), "{shown}");
    assert!(shown.contains("recovery"), "{shown}");
    assert!(
        calls(&press(&mut model, "enter")).is_empty(),
        "no is the usual answer"
    );
    press_all(&mut model, &["j", "space", "enter"]);
    let shown = text(&model);
    assert!(shown.contains("Remove 2 worktrees"), "{shown}");
    assert!(shown.contains("Not all of #30 has landed"), "{shown}");
    let request = asked(&press(&mut model, "y"));
    let Request::Tidy(wish) = &request else {
        panic!("{request:?}")
    };
    assert_eq!((wish.tasks.len(), wish.dry_run), (2, false));
    let mut gone = tidy_views();
    for view in &mut gone {
        view.removed = true;
    }
    let again = update(&mut model, reply(request, Response::Tidy(gone)));
    assert!(
        matches!(asked(&again), Request::Tidy(wish) if wish.dry_run),
        "it looks anew"
    );
    assert!(model.toasts[0].text.contains("2 worktrees were removed"));
}

#[test]
fn rows_are_marked_and_pages_closed_by_the_mouse_too() {
    let mut model = model(SIZE);
    let request = asked(&press(&mut model, "Y"));
    update(&mut model, reply(request, Response::Tidy(tidy_views())));
    let list = Layout::new(&model).after.list;
    // A click selects, one more marks.
    mouse(&mut model, DOWN, list.x + 5, list.y + 1);
    assert!(text(&model).contains("[ ] #30"));
    mouse(&mut model, DOWN, list.x + 5, list.y + 1);
    assert!(text(&model).contains("[x] #30"));
    mouse(&mut model, MouseEventKind::ScrollUp, list.x, list.y);
    press(&mut model, "space");
    assert!(text(&model).contains("[ ] #31"));
    mouse(&mut model, DOWN, 0, 0);
    assert!(model.overlays.is_empty(), "a click beside it closes it");
    press(&mut model, "Y");
    press(&mut model, "Y");
    assert!(
        model.overlays.is_empty(),
        "the key that opened it closes it"
    );
}

#[test]
fn the_radar_looks_again_when_conflicts_change_and_opens_the_changes() {
    let mut model = model(SIZE);
    let request = asked(&press(&mut model, "O"));
    let found = vec![OverlapView {
        task: TaskId(12),
        with: Against::Task(TaskId(13)),
        both: vec!["a".into()],
        conflicts: vec!["a".into()],
    }];
    update(&mut model, reply(request, Response::ListOverlaps(found)));
    let mut card = model.cards[&TaskId(14)].clone();
    card.review.clashes.push(Clash {
        with: Against::Task(TaskId(12)),
        files: vec!["b".into()],
    });
    let event = Event::Task(Box::new(card));
    let looks = update(&mut model, Msg::Link(LinkEvent::Event(event.clone())));
    assert!(matches!(asked(&looks), Request::ListOverlaps(None)));
    let changes = press(&mut model, "enter");
    assert!(matches!(asked(&changes), Request::ReadChanges(read) if read.task == TaskId(12)));
    press(&mut model, "esc");
    assert!(text(&model).contains("Radar"), "back where one was");
}

#[test]
fn a_report_is_of_the_time_that_is_chosen() {
    let mut model = model(SIZE);
    let today = asked(&press(&mut model, "D"));
    let week = asked(&press(&mut model, "tab"));
    assert!(matches!(&week, Request::Report(wish) if wish.days == 7));
    let view = |task| ReportView {
        since: NOW,
        lines: vec![ReportLine {
            task: TaskId(task),
            title: format!("task {task}"),
            project: "api".into(),
            agent: "claude".into(),
            at: NOW,
            how: "merged".into(),
            cost: None,
            waited: 60_000,
            asked: 0,
        }],
        cost: None,
        cost_each: None,
        unknown: 0,
        waited: 60_000,
        asked: 0,
        spent: None,
    };
    update(&mut model, reply(week, Response::Report(view(31))));
    // What was asked before comes late and is not what is looked at.
    update(&mut model, reply(today, Response::Report(view(30))));
    let shown = text(&model);
    assert!(
        shown.contains("#31 task 31") && !shown.contains("#30 task 30"),
        "{shown}"
    );
    let detail = press(&mut model, "enter");
    assert!(matches!(asked(&detail), Request::ShowTask(TaskId(31))));
}

#[test]
fn a_task_leaves_the_merge_queue_by_a_key() {
    let mut board = board();
    let card = board.cards.iter_mut().find(|card| card.task.id.0 == 20);
    card.unwrap().review.merge_place = Some(2);
    let mut model = model_with(SIZE, board, Theme::default());
    press(&mut model, "Q");
    assert!(model.toasts[0].text.contains("not in the merge queue"));
    crate::tui::board::select(&mut model, TaskId(20));
    let update = press(&mut model, "Q");
    assert_eq!(calls(&update)[0], &Request::UnqueueMerge(TaskId(20)));
}

fn printed(running: bool, output: &str) -> CheckReport {
    CheckReport {
        check: CheckView {
            running,
            verdict: (!running).then_some(crate::domain::check::Verdict::Passed),
            freshness: crate::domain::check::Freshness::Current,
            at: NOW,
            took: 1_000,
        },
        command: "make test".into(),
        output: output.into(),
    }
}

#[test]
fn a_check_runs_below_the_changes_live_and_nothing_is_asked_once_it_is_over() {
    let mut model = model(SIZE);
    press(&mut model, "d");
    update(&mut model, reply(read_changes(12), changes_page("")));
    let run = asked(&press(&mut model, "t"));
    assert_eq!(run, Request::CheckTask(TaskId(12)));
    let wake = model.wake.expect("it is looked at while it runs");
    let show = asked(&update(&mut model, Msg::Tick(wake)));
    assert_eq!(show, Request::ShowCheck(TaskId(12)));
    let lines = "a line\n".repeat(40) + "the last\u{1b}[2J one\n";
    let answer = Response::ShowCheck(printed(true, &lines));
    update(&mut model, reply(show.clone(), answer));
    let shown = text(&model);
    assert!(shown.contains("make test"), "{shown}");
    assert!(shown.contains("running for"), "{shown}");
    assert!(
        shown.contains("the last") && !shown.contains('\u{1b}'),
        "{shown}"
    );
    press(&mut model, "{");
    assert!(!text(&model).contains("the last"), "one looks further up");
    press_all(&mut model, &["}", "}"]);
    let done = Response::CheckTask(printed(false, &lines));
    update(&mut model, reply(run, done));
    let shown = text(&model);
    assert!(shown.contains("passed"), "{shown}");
    // One that comes late changes nothing about that, and no text pops up.
    let tick = update(&mut model, Msg::Tick(NOW.plus(60_000)));
    assert!(calls(&tick).is_empty(), "{tick:?}");
    let pane = Layout::new(&model).changes.check;
    let scrolled = mouse(&mut model, MouseEventKind::ScrollUp, pane.x + 3, pane.y + 2);
    assert!(scrolled.dirty && !text(&model).contains("the last"));
    press(&mut model, "o");
    assert!(!text(&model).contains("make test"));
    assert_eq!(model.overlays.len(), 1);
}

#[test]
fn a_check_that_cannot_run_says_why_where_its_output_would_be() {
    let mut model = model(SIZE);
    press(&mut model, "d");
    update(&mut model, reply(read_changes(12), changes_page("")));
    let run = asked(&press(&mut model, "t"));
    update(
        &mut model,
        refusal(run, ErrorCode::Refused, "api has no check command"),
    );
    let shown = text(&model);
    assert!(shown.contains("api has no check command"), "{shown}");
    assert!(model.toasts.is_empty());
    let tick = update(&mut model, Msg::Tick(NOW.plus(60_000)));
    assert!(calls(&tick).is_empty(), "nothing is asked on and on");
}

#[test]
fn a_hint_in_the_footer_is_as_good_as_its_key_also_over_the_board() {
    let mut model = model(SIZE);
    press(&mut model, "d");
    update(&mut model, reply(read_changes(12), changes_page("")));
    let place = |model: &Model, words: &str| {
        let layout = Layout::new(model);
        let segments = layout.footer.segments.iter();
        let found = segments.clone().find(|segment| segment.text == words);
        found
            .map(|segment| (segment.area.x, segment.area.y))
            .unwrap()
    };
    let (x, y) = place(&model, "check");
    let run = asked(&mouse(&mut model, DOWN, x, y));
    assert_eq!(run, Request::CheckTask(TaskId(12)));
    let (x, y) = place(&model, " CHANGES ");
    mouse(&mut model, DOWN, x, y);
    assert_eq!(model.overlays.len(), 1, "the chip closes nothing");
    let (x, y) = place(&model, "close");
    mouse(&mut model, DOWN, x, y);
    assert!(model.overlays.is_empty());
}
