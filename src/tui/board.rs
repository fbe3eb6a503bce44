//! The board as it is shown: filtered, in order, and how the selection moves over it.

use crate::domain::board::sort_column;
use crate::domain::inbox::after;
use crate::domain::{Status, Task, TaskId};
use crate::protocol::{TaskCard, inbox};

use super::model::Model;
use super::text;

/// The four columns of cards.
pub type Columns<'a> = [Vec<&'a TaskCard>; 4];

/// The index of a column.
pub fn column_index(status: Status) -> usize {
    Status::COLUMNS
        .iter()
        .position(|column| *column == status)
        .unwrap_or(0)
}

/// The column a card is shown in: where it is on its way to, or where it stands.
pub fn column_of(model: &Model, card: &TaskCard) -> Status {
    let id = card.task.id;
    model.moving.get(&id).copied().unwrap_or(card.task.status)
}

/// The cards that the filter lets through, by column, in order.
pub fn columns(model: &Model) -> Columns<'_> {
    let mut columns: Columns = Default::default();
    for (index, status) in Status::COLUMNS.into_iter().enumerate() {
        let mut tasks: Vec<&Task> = model
            .cards
            .values()
            .filter(|card| column_of(model, card) == status && is_shown(model, card))
            .map(|card| &card.task)
            .collect();
        sort_column(status, &mut tasks);
        columns[index] = tasks
            .iter()
            .filter_map(|task| model.cards.get(&task.id))
            .collect();
    }
    columns
}

/// How many archived cards are out of sight that would be in a column.
pub fn archived(model: &Model, column: Status) -> usize {
    if model.filter.archived {
        return 0;
    }
    let cards = model.cards.values();
    cards
        .filter(|card| column_of(model, card) == column && card.review.archived.is_some())
        .filter(|card| is_wanted(model, card))
        .count()
}

/// Whether the filter lets a card through.
fn is_shown(model: &Model, card: &TaskCard) -> bool {
    let seen = model.filter.archived || card.review.archived.is_none();
    seen && is_wanted(model, card)
}

/// Whether it is of the project, with the words.
fn is_wanted(model: &Model, card: &TaskCard) -> bool {
    let filter = &model.filter;
    if filter.project.is_some_and(|id| id != card.task.project) {
        return false;
    }
    filter
        .words
        .split_whitespace()
        .map(str::to_lowercase)
        .all(|word| {
            let has = |text: &str| text.to_lowercase().contains(&word);
            has(&card.task.title)
                || has(&card.task.agent)
                || has(&card.project_name)
                || format!("#{}", card.task.id) == word
                || card.task.labels.iter().any(|label| has(label))
        })
}

/// Whether the cards shown are of more than one project, so that they have to say which.
pub fn several_projects(model: &Model) -> bool {
    model.filter.project.is_none() && model.projects.len() > 1
}

/// The tasks an agent works on now, in the order of the column.
pub fn running(model: &Model) -> Vec<&TaskCard> {
    let mut columns = columns(model);
    std::mem::take(&mut columns[column_index(Status::Running)])
}

/// A card's title, safe to draw; its number where it has none.
pub fn title(card: &TaskCard) -> String {
    let title = text::clean(&card.task.title);
    match title.trim() {
        "" => format!("task #{}", card.task.id),
        title => title.to_owned(),
    }
}

/// Puts the selection right after anything changed: on its card wherever that went, or near where it was.
pub fn settle(model: &mut Model) {
    let columns = columns(model);
    let find = |task: TaskId| {
        columns.iter().enumerate().find_map(|(column, cards)| {
            let index = cards.iter().position(|card| card.task.id == task)?;
            Some((column, index))
        })
    };
    let mut cursor = model.cursor.clone();
    if let Some((column, index)) = cursor.task.and_then(find) {
        cursor.column = Status::COLUMNS[column];
        cursor.index = index;
    } else {
        let here = column_index(cursor.column);
        let never = cursor.task.is_none() && cursor.remembered == [None; 4];
        let column = match columns[here].is_empty() {
            // At the start, where there is something to see.
            true if never => [1, 2, 0, 3]
                .into_iter()
                .find(|column| !columns[*column].is_empty())
                .unwrap_or(here),
            _ => here,
        };
        cursor.column = Status::COLUMNS[column];
        cursor.index = cursor.index.min(columns[column].len().saturating_sub(1));
        cursor.task = columns[column].get(cursor.index).map(|card| card.task.id);
    }
    if let Some(task) = cursor.task {
        cursor.remembered[column_index(cursor.column)] = Some(task);
    }
    cursor.reveal |= cursor.task != model.cursor.task
        || cursor.column != model.cursor.column
        || cursor.index != model.cursor.index;
    model.cursor = cursor;
}

/// Selects a card; whether it is there to be selected.
pub fn select(model: &mut Model, task: TaskId) -> bool {
    let there = columns(model)
        .iter()
        .flatten()
        .any(|card| card.task.id == task);
    if there {
        model.cursor.task = Some(task);
        model.cursor.reveal = true;
        settle(model);
    }
    there
}

/// Goes to a column: to the card last selected there, or the one at the same height.
pub fn go_to_column(model: &mut Model, column: usize) {
    let columns = columns(model);
    let Some(cards) = columns.get(column) else {
        return;
    };
    let index = model.cursor.index.min(cards.len().saturating_sub(1));
    let remembered = model.cursor.remembered[column]
        .filter(|task| cards.iter().any(|card| card.task.id == *task));
    let task = remembered.or_else(|| cards.get(index).map(|card| card.task.id));
    model.cursor.column = Status::COLUMNS[column];
    model.cursor.task = task;
    model.cursor.index = 0;
    model.cursor.reveal = true;
    settle(model);
}

/// Moves the selection within its column, as far as there are cards.
pub fn step(model: &mut Model, by: isize) {
    let columns = columns(model);
    let cards = &columns[column_index(model.cursor.column)];
    let index = model
        .cursor
        .index
        .saturating_add_signed(by)
        .min(cards.len().saturating_sub(1));
    let task = cards.get(index).map(|card| card.task.id);
    model.cursor.task = task;
    model.cursor.reveal = true;
    settle(model);
}

/// The next task in the inbox after the selected one, around its end.
pub fn next_in_inbox(model: &Model) -> Option<TaskId> {
    let tasks: Vec<TaskId> = inbox(model.cards.values())
        .iter()
        .map(|entry| entry.task)
        .collect();
    after(&tasks, model.cursor.task)
}
