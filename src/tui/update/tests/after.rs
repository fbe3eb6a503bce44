//! After done: the archive.

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
