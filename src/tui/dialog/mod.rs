//! Dialogs: what lies over the board and asks for words or a decision.
//!
//! The seam to the model: a dialog is plain state; [`Dialog::key`], [`Dialog::paste`] and
//! [`Dialog::mouse`] change it and say what came of it; [`Dialog::draw`] draws it over the whole screen's
//! rectangle. (First cut: nothing but the seam.)

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Position, Rect};

use super::keymap::{Action, Keymap};
use super::theme::Theme;
use crate::domain::{Project, ProjectId, TaskId};
use crate::protocol::{AgentView, NewTask, Request};

/// What a dialog made of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Nothing changed.
    Unchanged,
    /// It looks different now.
    Changed,
    /// The user closed it.
    Close,
    /// It wants to know a project's branches (see [`Dialog::set_branches`]).
    WantBranches(ProjectId),
    /// A filter or search changed while it is typed; the dialog stays.
    Typed(String),
    /// The user is through with it; it closes.
    Done(Answer),
}

/// What the user decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Make this task.
    NewTask(Box<NewTask>),
    /// Tell the task's agent this.
    Message(TaskId, String),
    /// Yes: send this (it carries `confirm`).
    Confirmed(Box<Request>),
    /// The palette's choice.
    Action(Action),
    /// The text prompt's words.
    Text(String),
}

/// A dialog.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// To come.
    None,
}

impl Dialog {
    /// The new-task form; `current` is the project to begin with.
    pub fn new_task(
        _projects: &[Project],
        _agents: &[AgentView],
        _current: Option<ProjectId>,
    ) -> Self {
        Dialog::None
    }

    /// The box that takes a message for a task's agent.
    pub fn message(_task: TaskId, _title: &str) -> Self {
        Dialog::None
    }

    /// The box that says what will be lost and asks; default No.
    pub fn confirm(_question: &str, _detail: Option<&str>, _yes: Request) -> Self {
        Dialog::None
    }

    /// The command palette over these actions.
    pub fn palette(_actions: Vec<Action>) -> Self {
        Dialog::None
    }

    /// A line of text: filter, search.
    pub fn prompt(_label: &str, _text: &str) -> Self {
        Dialog::None
    }

    /// The agents there are, when they have come.
    pub fn set_agents(&mut self, _agents: &[AgentView]) {}

    /// A project's branches, when they have come.
    pub fn set_branches(&mut self, _project: ProjectId, _branches: Vec<String>) {}

    /// A key.
    pub fn key(&mut self, _event: KeyEvent, _keymap: &Keymap) -> Outcome {
        Outcome::Close
    }

    /// A paste.
    pub fn paste(&mut self, _text: &str) -> Outcome {
        Outcome::Unchanged
    }

    /// The mouse; `screen` is what [`Dialog::draw`] was given.
    pub fn mouse(&mut self, _event: MouseEvent, _screen: Rect) -> Outcome {
        Outcome::Unchanged
    }

    /// Draws it; the cursor's place, if it shows.
    pub fn draw(
        &self,
        _buf: &mut Buffer,
        _screen: Rect,
        _theme: &Theme,
        _keymap: &Keymap,
    ) -> Option<Position> {
        None
    }
}
