//! Dialogs: what lies over the board and asks for words or a decision.
//!
//! The seam to the model: a dialog is plain state; [`Dialog::key`], [`Dialog::paste`] and
//! [`Dialog::mouse`] change it and say what came of it; [`Dialog::draw`] draws it over the whole screen's
//! rectangle. Layout comes first and serves drawing and mouse alike. Foreign text (titles, branches,
//! agents' names) is cleaned before it is drawn.

mod accept;
mod choose;
mod confirm;
mod editor;
mod form;
mod frame;
mod line;
mod message;
mod palette;
mod prompt;
mod words;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Position, Rect};

use super::keymap::{Action, Keymap};
use super::theme::Theme;
use crate::domain::{Project, ProjectId, TaskId};
use crate::protocol::{AcceptPlan, AcceptPreview, AgentView, NewTask, Request};

use accept::Accept;
pub use choose::Choice;
use choose::Choose;
use confirm::Confirm;
use form::Form;
pub use line::Line;
use message::Message;
pub use message::{Addressee, Doing};
use palette::Palette;
use prompt::Prompt;
use words::Words;
pub use words::WordsFor;

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
    /// It wants to know what this would come to (see [`Dialog::set_preview`]).
    WantPreview(Box<AcceptPlan>),
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
    /// Accept a task like this.
    Accept(Box<AcceptPlan>),
    /// Put it into the merge queue like this.
    QueueMerge(Box<AcceptPlan>),
    /// Tell the task's agent this.
    Message(TaskId, String),
    /// Tell it once it is idle.
    Queue(TaskId, String),
    /// Yes: send this (it carries `confirm`).
    Confirmed(Box<Request>),
    /// The palette's choice.
    Action(Action),
    /// The text prompt's words.
    Text(String),
}

/// A dialog.
#[derive(Debug, Clone)]
pub struct Dialog(Kind);

#[derive(Debug, Clone)]
enum Kind {
    NewTask(Box<Form>),
    Accept(Box<Accept>),
    Message(Box<Message>),
    Confirm(Box<Confirm>),
    Choose(Box<Choose>),
    Palette(Box<Palette>),
    Prompt(Box<Prompt>),
    Words(Box<Words>),
}

impl Dialog {
    /// The new-task form; `current` is the project to begin with.
    pub fn new_task(
        projects: &[Project],
        agents: &[AgentView],
        current: Option<ProjectId>,
    ) -> Self {
        Dialog(Kind::NewTask(Box::new(Form::new(
            projects, agents, current,
        ))))
    }

    /// The box that takes a message for a task's agent.
    pub fn message(to: Addressee, text: &str) -> Self {
        Dialog(Kind::Message(Box::new(Message::new(to, text))))
    }

    /// Asks which way a task is accepted, beginning with that of `preview`.
    pub fn accept(preview: AcceptPreview, title: &str) -> Self {
        Dialog(Kind::Accept(Box::new(Accept::new(preview, title))))
    }

    /// What a way of accepting would come to, when it has come.
    pub fn set_preview(&mut self, preview: &AcceptPreview) {
        if let Kind::Accept(accept) = &mut self.0 {
            accept.set_preview(preview);
        }
    }

    /// The box that says what will be lost and asks; default No.
    pub fn confirm(question: &str, detail: Option<&str>, yes: Request) -> Self {
        Dialog(Kind::Confirm(Box::new(Confirm::new(question, detail, yes))))
    }

    /// A question with several answers, each of them a request.
    pub fn choose(question: &str, choices: Vec<Choice>) -> Self {
        Dialog(Kind::Choose(Box::new(Choose::new(question, choices))))
    }

    /// The command palette over these actions.
    pub fn palette(actions: Vec<Action>) -> Self {
        Dialog(Kind::Palette(Box::new(Palette::new(actions))))
    }

    /// A line of text: filter, search.
    pub fn prompt(label: &str, text: &str) -> Self {
        Dialog(Kind::Prompt(Box::new(Prompt::new(label, text))))
    }

    /// A box that takes words for something.
    pub fn words(about: WordsFor) -> Self {
        Dialog(Kind::Words(Box::new(Words::new(about))))
    }

    /// The branches the dialog wants to know right after it opened, if any.
    pub fn wants_branches(&self) -> Option<ProjectId> {
        match &self.0 {
            Kind::NewTask(form) => form.project(),
            _ => None,
        }
    }

    /// The projects there are, when they have come. The answer is the one whose branches the dialog wants to
    /// know now.
    pub fn set_projects(
        &mut self,
        projects: &[Project],
        current: Option<ProjectId>,
    ) -> Option<ProjectId> {
        match &mut self.0 {
            Kind::NewTask(form) => form.set_projects(projects, current),
            _ => None,
        }
    }

    /// The agents there are, when they have come.
    pub fn set_agents(&mut self, agents: &[AgentView]) {
        if let Kind::NewTask(form) = &mut self.0 {
            form.set_agents(agents);
        }
    }

    /// A project's branches, when they have come.
    pub fn set_branches(&mut self, project: ProjectId, branches: Vec<String>) {
        if let Kind::NewTask(form) = &mut self.0 {
            form.set_branches(project, branches);
        }
    }

    /// A key.
    pub fn key(&mut self, event: KeyEvent, keymap: &Keymap) -> Outcome {
        match &mut self.0 {
            Kind::NewTask(form) => form.key(event, keymap),
            Kind::Accept(accept) => accept.key(event, keymap),
            Kind::Message(message) => message.key(event, keymap),
            Kind::Confirm(confirm) => confirm.key(event),
            Kind::Choose(choose) => choose.key(event),
            Kind::Palette(palette) => palette.key(event),
            Kind::Prompt(prompt) => prompt.key(event),
            Kind::Words(words) => words.key(event, keymap),
        }
    }

    /// A paste.
    pub fn paste(&mut self, text: &str) -> Outcome {
        match &mut self.0 {
            Kind::NewTask(form) => form.paste(text),
            Kind::Accept(accept) => accept.paste(text),
            Kind::Message(message) => message.paste(text),
            Kind::Confirm(_) | Kind::Choose(_) => Outcome::Unchanged,
            Kind::Palette(palette) => palette.paste(text),
            Kind::Prompt(prompt) => prompt.paste(text),
            Kind::Words(words) => words.paste(text),
        }
    }

    /// The mouse; `screen` is what [`Dialog::draw`] was given.
    pub fn mouse(&mut self, event: MouseEvent, screen: Rect) -> Outcome {
        match &mut self.0 {
            Kind::NewTask(form) => form.mouse(event, screen),
            Kind::Accept(accept) => accept.mouse(event, screen),
            Kind::Message(message) => message.mouse(event, screen),
            Kind::Confirm(confirm) => confirm.mouse(event, screen),
            Kind::Choose(choose) => choose.mouse(event, screen),
            Kind::Palette(palette) => palette.mouse(event, screen),
            Kind::Prompt(_) => Outcome::Unchanged,
            Kind::Words(words) => words.mouse(event, screen),
        }
    }

    /// Draws it; the cursor's place, if it shows.
    pub fn draw(
        &self,
        buf: &mut Buffer,
        screen: Rect,
        theme: &Theme,
        keymap: &Keymap,
    ) -> Option<Position> {
        match &self.0 {
            Kind::NewTask(form) => form.draw(buf, screen, theme, keymap),
            Kind::Accept(accept) => accept.draw(buf, screen, theme, keymap),
            Kind::Message(message) => message.draw(buf, screen, theme, keymap),
            Kind::Confirm(confirm) => {
                confirm.draw(buf, screen, theme);
                None
            }
            Kind::Choose(choose) => {
                choose.draw(buf, screen, theme);
                None
            }
            Kind::Palette(palette) => palette.draw(buf, screen, theme, keymap),
            Kind::Prompt(prompt) => prompt.draw(buf, screen, theme),
            Kind::Words(words) => words.draw(buf, screen, theme, keymap),
        }
    }
}

#[cfg(test)]
mod tests;
