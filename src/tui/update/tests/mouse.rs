//! The mouse.

use super::*;

#[test]
fn dragging_a_card() {
    let mut model = model(SIZE);
    let (col, row) = at(&model, 1);
    let (to_col, to_row) = below(&model, Status::Running);
    mouse(&mut model, DOWN, col, row);
    assert_eq!(selected(&model), 1);
    // A trembling hand drags nothing.
    mouse(&mut model, DRAG, col + 1, row);
    assert!(matches!(model.drag, Drag::Pressed { .. }));
    mouse(&mut model, DRAG, to_col, to_row);
    let drop = Drop {
        column: Status::Running,
        before: None,
    };
    assert!(matches!(model.drag, Drag::Dragging { over: Some(over), .. } if over == drop));

    // The board changes underneath; the card is known by its id.
    let gone = Msg::Link(LinkEvent::Event(Event::TaskRemoved(TaskId(2))));
    update(&mut model, gone);
    let dropped = mouse(&mut model, UP, to_col, to_row);
    let asked = Request::MoveTask(MoveTask {
        task: TaskId(1),
        to: Status::Running,
        before: None,
        confirm: false,
    });
    assert_eq!(calls(&dropped)[0], &asked);
    assert_eq!(model.drag, Drag::None);
    // Shown at once where it was dropped, and put back with the reason where that is refused.
    assert_eq!(model.cursor.column, Status::Running);
    update(
        &mut model,
        refusal(asked, ErrorCode::Refused, "no agent is installed"),
    );
    assert_eq!(model.cursor.column, Status::Queued);
    assert!(text(&model).contains("no agent is installed"));
}

#[test]
fn a_drop_between_cards_and_one_that_changes_nothing() {
    let mut model = model(SIZE);
    let (col, row) = at(&model, 14);
    let (to_col, to_row) = at(&model, 13);
    mouse(&mut model, DOWN, col, row);
    mouse(&mut model, DRAG, to_col, to_row);
    let dropped = mouse(&mut model, UP, to_col, to_row);
    assert!(matches!(
        calls(&dropped)[..],
        [Request::MoveTask(MoveTask {
            task: TaskId(14),
            before: Some(TaskId(13)),
            ..
        })]
    ));
    let (col, row) = at(&model, 12);
    mouse(&mut model, DOWN, col, row);
    mouse(&mut model, DRAG, col + 5, row);
    let dropped = mouse(&mut model, UP, col + 5, row);
    assert!(calls(&dropped).is_empty());
}

#[test]
fn a_drop_on_done_accepts() {
    let mut model = model(SIZE);
    let (col, row) = at(&model, 20);
    let (to_col, to_row) = below(&model, Status::Done);
    mouse(&mut model, DOWN, col, row);
    mouse(&mut model, DRAG, to_col, to_row);
    let dropped = mouse(&mut model, UP, to_col, to_row);
    let asked = AcceptPlan {
        task: Some(TaskId(20)),
        ..AcceptPlan::default()
    };
    assert_eq!(calls(&dropped), [&Request::PreviewAccept(asked.clone())]);
    // Nobody has said which way: the usual one is looked at instead.
    let preview = super::accept_preview(Way::Leave, false);
    let merge = update(&mut model, super::accept_answer(&asked, &preview));
    let asked = AcceptPlan {
        way: Some(Way::Merge),
        ..asked
    };
    assert_eq!(calls(&merge), [&Request::PreviewAccept(asked.clone())]);
    let preview = super::accept_preview(Way::Merge, true);
    update(&mut model, super::accept_answer(&asked, &preview));
    assert!(text(&model).contains("Accept #20"), "{}", text(&model));
    assert_eq!(model.cursor.column, Status::Review);
    let agreed = press(&mut model, "enter");
    assert!(matches!(
        calls(&agreed)[..],
        [Request::Integrate(AcceptPlan {
            way: Some(Way::Merge),
            confirm: true,
            ..
        })]
    ));
    assert_eq!(model.cursor.column, Status::Done);
}

#[test]
fn escape_puts_a_dragged_card_back() {
    let mut model = model(SIZE);
    let (col, row) = at(&model, 1);
    mouse(&mut model, DOWN, col, row);
    let (to_col, to_row) = below(&model, Status::Done);
    mouse(&mut model, DRAG, to_col, to_row);
    press(&mut model, "esc");
    assert_eq!(model.drag, Drag::None);
    assert_eq!(mouse(&mut model, UP, to_col, to_row), Update::none());
}

#[test]
fn a_double_click_opens() {
    let mut model = model(SIZE);
    let (col, row) = at(&model, 13);
    for _ in 0..2 {
        mouse(&mut model, DOWN, col, row);
        mouse(&mut model, UP, col, row);
    }
    assert_eq!((selected(&model), model.area), (13, Area::Pane));
    // Two slow ones do not.
    press(&mut model, "ctrl-q");
    mouse(&mut model, DOWN, col, row);
    mouse(&mut model, UP, col, row);
    model.now = model.now.plus(900);
    mouse(&mut model, DOWN, col, row);
    assert_eq!(model.area, Area::Board);
}

#[test]
fn two_clicks_in_two_places_are_no_double_one() {
    let mut model = model(SIZE);
    let (col, row) = at(&model, 13);
    mouse(&mut model, DOWN, col, row);
    mouse(&mut model, UP, col, row);
    mouse(&mut model, DOWN, col + 4, row);
    assert_eq!((selected(&model), model.area), (13, Area::Board));
}

#[test]
fn a_drag_is_no_first_click() {
    let mut model = model(SIZE);
    let (col, row) = at(&model, 13);
    let (to_col, to_row) = below(&model, Status::Done);
    mouse(&mut model, DOWN, col, row);
    mouse(&mut model, DRAG, to_col, to_row);
    mouse(&mut model, DRAG, col, row);
    mouse(&mut model, UP, col, row);
    mouse(&mut model, DOWN, col, row);
    assert_eq!(model.area, Area::Board);
}

#[test]
fn hints_can_be_clicked() {
    let mut model = model(SIZE);
    let layout = Layout::new(&model);
    let segment = layout
        .footer
        .segments
        .iter()
        .find(|segment| segment.text == "diff")
        .unwrap();
    let update_of = mouse(&mut model, DOWN, segment.area.x, segment.area.y);
    assert_eq!(calls(&update_of), [&read_changes(12)]);
}

#[test]
fn the_mouse_in_a_pane() {
    let mut model = with_screens(model(SIZE));
    let place = Layout::new(&model).panes[0];
    let (col, row) = (place.inner.x + 4, place.inner.y);
    // A click gives it the keys; a drag selects and copies.
    mouse(&mut model, DOWN, col, row);
    assert_eq!(model.area, Area::Pane);
    mouse(&mut model, DRAG, col + 3, row);
    let copied = mouse(&mut model, UP, col + 3, row);
    assert_eq!(copied.effects, [Effect::Clipboard("sh(c".into())]);
    // An agent that wants the mouse gets it, unless Shift is held.
    let mut wants = screen(112, 2, &["x"]);
    wants.modes.mouse = MouseMode::Clicks;
    update(&mut model, Msg::Link(LinkEvent::Screen(Arc::new(wants))));
    let clicked = mouse(&mut model, DOWN, col, row);
    assert!(matches!(
        typed(&clicked)[..],
        [Input::Mouse(MouseInput { col: 4, row: 0, .. })]
    ));
    assert_eq!(
        mouse(&mut model, MouseEventKind::Moved, col, row),
        Update::none()
    );
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut board = board();
    for id in 40..80 {
        board.cards.push(card(task(id, "more", Status::Done)));
    }
    let mut model = model_with(SIZE, board, Theme::default());
    let (col, row) = at(&model, 30);
    assert!(mouse(&mut model, MouseEventKind::ScrollDown, col, row).dirty);
    assert!(Layout::new(&model).hit(col, row) != Some(Hit::Card(TaskId(30))));
    assert_eq!(selected(&model), 12);
    mouse(&mut model, MouseEventKind::ScrollUp, col, row);
    assert_eq!(
        mouse(&mut model, MouseEventKind::ScrollUp, col, row),
        Update::none()
    );
}
