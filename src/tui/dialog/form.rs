//! The new-task form.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::editor::Editor;
use super::frame::clicked;
use super::line::Line;
use super::{Answer, Outcome};
use crate::domain::{Mode, Priority, Project, ProjectId, TaskId, names};
use crate::protocol::{AgentView, NewLoop, NewTask};
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::loops::parse_limits;

mod draw;

/// What can have the focus, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Prompt,
    Title,
    Project,
    Agent,
    Mode,
    Check,
    Limits,
    Base,
    Priority,
    Labels,
    After,
    Queue,
    Start,
    Hold,
}

impl Field {
    const ALL: [Field; 14] = [
        Field::Prompt,
        Field::Title,
        Field::Project,
        Field::Agent,
        Field::Mode,
        Field::Check,
        Field::Limits,
        Field::Base,
        Field::Priority,
        Field::Labels,
        Field::After,
        Field::Queue,
        Field::Start,
        Field::Hold,
    ];

    fn is_button(self) -> bool {
        self >= Field::Queue
    }
}

const PRIORITIES: [&str; 4] = ["0 urgent", "1 high", "2 normal", "3 low"];

/// The base that is nothing but what the project has checked out.
const CHECKED_OUT: &str = "what is checked out";

#[derive(Debug, Clone)]
pub(super) struct Form {
    focus: Field,
    prompt: Editor,
    title: Line,
    labels: Line,
    after: Line,
    projects: Vec<Project>,
    project: usize,
    /// Whether somebody meant that one; otherwise it is only the first there was.
    project_meant: bool,
    agents: Vec<AgentView>,
    agent: usize,
    mode: Mode,
    /// The check command of a loop; empty: the project's.
    check: Line,
    /// The limits of a loop; empty: the usual ones.
    limits: Line,
    /// The branches of the project; asked for once it is chosen.
    branches: Vec<String>,
    /// 0 is [`CHECKED_OUT`].
    base: usize,
    priority: u8,
    note: Option<String>,
}

impl Form {
    pub(super) fn new(
        projects: &[Project],
        agents: &[AgentView],
        current: Option<ProjectId>,
    ) -> Self {
        let project = projects
            .iter()
            .position(|project| Some(project.id) == current)
            .unwrap_or(0);
        let mut form = Self {
            focus: Field::Prompt,
            prompt: Editor::new(),
            title: Line::new(""),
            labels: Line::new(""),
            after: Line::new(""),
            projects: projects.to_vec(),
            project,
            project_meant: current.is_some(),
            agents: Vec::new(),
            agent: 0,
            mode: Mode::Interactive,
            check: Line::new(""),
            limits: Line::new(""),
            branches: Vec::new(),
            base: 0,
            priority: Priority::default().level(),
            note: None,
        };
        form.set_agents(agents);
        form
    }

    pub(super) fn project(&self) -> Option<ProjectId> {
        self.projects.get(self.project).map(|project| project.id)
    }

    /// Takes the list of projects; the one that was meant stays, else it is `current`. The project, where it is
    /// another than before.
    pub(super) fn set_projects(
        &mut self,
        projects: &[Project],
        current: Option<ProjectId>,
    ) -> Option<ProjectId> {
        let before = self.project();
        let wanted = match self.project_meant {
            true => before,
            false => current.or(before),
        };
        self.project_meant |= current.is_some();
        self.projects = projects.to_vec();
        let at = projects
            .iter()
            .position(|project| Some(project.id) == wanted);
        self.project = at.unwrap_or(0);
        let now = self.project().filter(|now| Some(*now) != before)?;
        self.branches.clear();
        self.base = 0;
        self.note = None;
        Some(now)
    }

    /// Takes the list of agents; what was chosen stays chosen, else the one the settings name, else the first
    /// that is installed. Where none is, the first stands there with a word that it is missing.
    pub(super) fn set_agents(&mut self, agents: &[AgentView]) {
        let chosen = self.agents.get(self.agent).map(|agent| agent.name.clone());
        self.agents = agents.to_vec();
        let first = |wanted: &dyn Fn(&AgentView) -> bool| agents.iter().position(wanted);
        let meant = |agent: &AgentView| !names::is_named_only(&agent.name);
        self.agent = first(&|agent| Some(&agent.name) == chosen.as_ref())
            .or_else(|| first(&|agent| agent.preferred))
            .or_else(|| first(&|agent| meant(agent) && agent.installed.is_some()))
            .or_else(|| first(&meant))
            .unwrap_or(0);
        self.keep_mode_possible();
    }

    pub(super) fn set_branches(&mut self, project: ProjectId, branches: Vec<String>) {
        if self.project() == Some(project) {
            self.branches = branches;
            self.base = 0;
        }
    }

    pub(super) fn key(&mut self, event: KeyEvent, keymap: &Keymap) -> Outcome {
        let noted = self.note.take().is_some();
        match keymap.action(Context::Form, event) {
            Some(Action::NextField) => return self.step(1),
            Some(Action::PreviousField) => return self.step(-1),
            Some(Action::Submit) => return self.submit(self.focus),
            Some(Action::Abort) => return self.abort(noted),
            _ => {}
        }
        let outcome = match event.code {
            KeyCode::Char('c') if event.modifiers.contains(KeyModifiers::CONTROL) => {
                return self.abort(noted);
            }
            KeyCode::Enter if self.focus.is_button() => return self.submit(self.focus),
            KeyCode::Char(' ') if self.focus.is_button() => return self.submit(self.focus),
            KeyCode::Enter if self.focus != Field::Prompt => return self.step(1),
            KeyCode::Up if self.focus != Field::Prompt => return self.step(-1),
            KeyCode::Down if self.focus != Field::Prompt => return self.step(1),
            _ => self.edit(event),
        };
        match outcome {
            Outcome::Unchanged if noted => Outcome::Changed,
            outcome => outcome,
        }
    }

    /// A key for the field that has the focus.
    fn edit(&mut self, event: KeyEvent) -> Outcome {
        let changed = match self.focus {
            Field::Prompt => self.prompt.key(event),
            Field::Title => self.title.key(event),
            Field::Check => self.check.key(event),
            Field::Limits => self.limits.key(event),
            Field::Labels => self.labels.key(event),
            Field::After => self.after.key(event),
            field => {
                return match event.code {
                    KeyCode::Left | KeyCode::Char('h') => self.turn(field, -1),
                    KeyCode::Right | KeyCode::Char('l' | ' ') => self.turn(field, 1),
                    _ => Outcome::Unchanged,
                };
            }
        };
        if changed {
            Outcome::Changed
        } else {
            Outcome::Unchanged
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Outcome {
        self.note = None;
        match self.focus {
            Field::Title => self.title.paste(text),
            Field::Check => self.check.paste(text),
            Field::Limits => self.limits.paste(text),
            Field::Labels => self.labels.paste(text),
            Field::After => self.after.paste(text),
            _ => {
                self.focus = Field::Prompt;
                self.prompt.paste(text)
            }
        };
        Outcome::Changed
    }

    pub(super) fn mouse(&mut self, event: MouseEvent, screen: Rect) -> Outcome {
        let places = self.layout(screen);
        let over = |col, row| {
            let at = ratatui::layout::Position::new(col, row);
            places
                .fields
                .iter()
                .find(|(_, area)| area.contains(at))
                .copied()
        };
        let wheel = match event.kind {
            MouseEventKind::ScrollUp => -1,
            MouseEventKind::ScrollDown => 1,
            _ => 0,
        };
        if wheel != 0 {
            return match over(event.column, event.row) {
                Some((field, _)) if !field.is_button() => self.turn(field, wheel),
                _ => Outcome::Unchanged,
            };
        }
        let Some(at) = clicked(event) else {
            return Outcome::Unchanged;
        };
        match over(at.x, at.y) {
            Some((field, _)) if field.is_button() => self.submit(field),
            Some((field, area)) => {
                // The first click only takes the focus; a further one turns to the next choice.
                let again = self.focus == field;
                self.focus = field;
                let back = at.x < area.x + 2;
                match again {
                    true => match self.turn(field, if back { -1 } else { 1 }) {
                        Outcome::Unchanged => Outcome::Changed,
                        outcome => outcome,
                    },
                    false => Outcome::Changed,
                }
            }
            None if !places.area.contains(at) => self.abort(false),
            None => Outcome::Unchanged,
        }
    }

    fn step(&mut self, by: isize) -> Outcome {
        let fields: Vec<Field> = self.fields().collect();
        let at = fields.iter().position(|field| *field == self.focus);
        let at = at.unwrap_or(0) as isize;
        self.focus = fields[(at + by).rem_euclid(fields.len() as isize) as usize];
        Outcome::Changed
    }

    /// Turns a choice to its next or previous value.
    fn turn(&mut self, field: Field, by: isize) -> Outcome {
        let turned =
            |at: usize, count: usize| (at as isize + by).rem_euclid(count.max(1) as isize) as usize;
        match field {
            Field::Project if self.projects.len() > 1 => {
                self.project = turned(self.project, self.projects.len());
                self.project_meant = true;
                self.branches.clear();
                self.base = 0;
                if let Some(project) = self.project() {
                    return Outcome::WantBranches(project);
                }
            }
            Field::Agent if self.agents.len() > 1 => {
                self.agent = turned(self.agent, self.agents.len());
                self.keep_mode_possible();
            }
            Field::Mode => {
                let modes = self.modes();
                let at = modes
                    .iter()
                    .position(|mode| *mode == self.mode)
                    .unwrap_or(0);
                self.mode = modes[turned(at, modes.len())];
            }
            Field::Base if !self.branches.is_empty() => {
                self.base = turned(self.base, self.branches.len() + 1);
            }
            Field::Priority => {
                self.priority = turned(self.priority.into(), PRIORITIES.len()) as u8;
            }
            _ => return Outcome::Unchanged,
        }
        Outcome::Changed
    }

    /// The fields there are: a loop has some of its own.
    fn fields(&self) -> impl Iterator<Item = Field> {
        let looped = self.mode == Mode::Loop;
        let own = |field: &Field| matches!(field, Field::Check | Field::Limits);
        Field::ALL
            .into_iter()
            .filter(move |field| looped || !own(field))
    }

    fn modes(&self) -> Vec<Mode> {
        match self.agents.get(self.agent) {
            Some(agent) if !agent.modes.is_empty() => agent.modes.clone(),
            _ => vec![Mode::Interactive],
        }
    }

    fn keep_mode_possible(&mut self) {
        let modes = self.modes();
        if !modes.contains(&self.mode) {
            self.mode = modes[0];
        }
    }

    fn abort(&mut self, warned: bool) -> Outcome {
        let blank = self.prompt.is_blank() && self.title.text().trim().is_empty();
        if blank || warned {
            return Outcome::Close;
        }
        self.note = Some("Esc again throws away what you have typed".to_owned());
        Outcome::Changed
    }

    /// Makes the task, or says what is missing.
    fn submit(&mut self, with: Field) -> Outcome {
        let missing = |form: &mut Self, field, words: String| {
            form.focus = field;
            form.note = Some(words);
            Outcome::Changed
        };
        let title = self.title.text().trim().to_owned();
        if self.prompt.is_blank() && title.is_empty() {
            let words = "Say what is to be done: a prompt or a title";
            return missing(self, Field::Prompt, words.to_owned());
        }
        let Some(project) = self.projects.get(self.project) else {
            let words = "There is no project yet: start gluon in a git repository";
            return missing(self, Field::Project, words.to_owned());
        };
        let directory = project.path.clone();
        let after: Result<Vec<TaskId>, String> = words(self.after.text()).map(str::parse).collect();
        let depends_on = match after {
            Ok(tasks) => tasks,
            Err(error) => return missing(self, Field::After, error),
        };
        let limits = match parse_limits(self.limits.text()) {
            Ok(limits) => limits,
            Err(error) if self.mode == Mode::Loop => return missing(self, Field::Limits, error),
            Err(_) => Default::default(),
        };
        let check = self.check.text().trim();
        let looped = (self.mode == Mode::Loop).then(|| NewLoop {
            limits,
            check: (!check.is_empty()).then(|| check.to_owned()),
            ..NewLoop::default()
        });
        Outcome::Done(Answer::NewTask(Box::new(NewTask {
            looped,
            directory,
            title,
            prompt: self.prompt.text(),
            agent: self.agents.get(self.agent).map(|agent| agent.name.clone()),
            mode: self.mode,
            base: self
                .base
                .checked_sub(1)
                .and_then(|index| self.branches.get(index).cloned()),
            priority: Priority::new(self.priority),
            labels: words(self.labels.text()).map(str::to_owned).collect(),
            depends_on,
            held: with == Field::Hold,
            start: with == Field::Start,
            ..NewTask::default()
        })))
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', ';']).filter(|word| !word.is_empty())
}
