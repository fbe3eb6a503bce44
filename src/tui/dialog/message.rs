//! A message to a task's agent.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Position, Rect};

use super::editor::Editor;
use super::frame::{clicked, draw_box, form_key, hints, inside, middle, put, wrap};
use super::{Answer, Outcome};
use crate::domain::TaskId;
use crate::domain::follow_up::WhileBusy;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::text::clean;
use crate::tui::theme::{Role, Theme};

/// Whom a message is for, and what comes of one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Its agent, as people write it.
    pub agent: String,
    /// What that does.
    pub doing: Doing,
    /// What it does with a message while it works.
    pub while_busy: WhileBusy,
    /// How many messages wait for it already.
    pub waiting: u32,
}

/// What an agent does, as far as a message is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It is in a turn.
    Works,
    /// It asks something, and a message would land in its dialog.
    Asks,
    /// It has ended, and is resumed with the message.
    Ended,
    /// It is one iteration of a loop, which the next one is told.
    Loops,
    /// It is idle, or nobody knows.
    Else,
}

impl Addressee {
    /// What comes of a message that is sent now; empty where nothing is to be said.
    fn words(&self) -> String {
        let agent = clean(&self.agent);
        let now = match (self.doing, self.while_busy) {
            (Doing::Works, WhileBusy::Queues) => {
                format!("{agent} works; what is sent now it keeps until its turn ends")
            }
            (Doing::Works, WhileBusy::Steers) => {
                format!("{agent} works; what is sent now changes the turn it is in")
            }
            (Doing::Works, WhileBusy::Unknown) => {
                format!("{agent} works; what is sent now may change the turn it is in")
            }
            (Doing::Asks, _) => format!("{agent} asks something; a message has to wait"),
            (Doing::Ended, _) => format!("{agent} has ended; it is resumed with what is sent now"),
            (Doing::Loops, _) => {
                "the loop's next iteration is told; this one goes on as it is".to_owned()
            }
            (Doing::Else, _) => String::new(),
        };
        let waiting = match self.waiting {
            0 => return now,
            1 => "1 message waits already".to_owned(),
            count => format!("{count} messages wait already"),
        };
        match now.is_empty() {
            true => waiting,
            false => format!("{now}; {waiting}"),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    to: Addressee,
    editor: Editor,
    note: Option<&'static str>,
}

impl Message {
    pub(super) fn new(to: Addressee, text: &str) -> Self {
        let mut editor = Editor::new();
        editor.paste(text);
        Self {
            to,
            editor,
            note: None,
        }
    }

    pub(super) fn key(&mut self, event: KeyEvent, keymap: &Keymap) -> Outcome {
        match keymap.action(Context::Form, event) {
            Some(Action::Abort) if self.editor.is_blank() || self.note.is_some() => Outcome::Close,
            Some(Action::Abort) => {
                self.note = Some("Esc again throws it away");
                Outcome::Changed
            }
            Some(Action::Submit | Action::WhenIdle) if self.editor.is_blank() => {
                self.note = Some("There is nothing to send yet");
                Outcome::Changed
            }
            Some(Action::Submit) if self.to.doing == Doing::Asks => {
                self.note = Some("It would land in its dialog: answer that first, or let it wait");
                Outcome::Changed
            }
            Some(Action::Submit) => {
                Outcome::Done(Answer::Message(self.to.task, self.editor.text()))
            }
            Some(Action::WhenIdle) => {
                Outcome::Done(Answer::Queue(self.to.task, self.editor.text()))
            }
            Some(_) => Outcome::Unchanged,
            None => self.changed(|editor| editor.key(event)),
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Outcome {
        self.changed(|editor| editor.paste(text))
    }

    pub(super) fn mouse(&mut self, event: MouseEvent, screen: Rect) -> Outcome {
        match clicked(event) {
            Some(at) if !area(screen).contains(at) && self.editor.is_blank() => Outcome::Close,
            _ => Outcome::Unchanged,
        }
    }

    fn changed(&mut self, change: impl FnOnce(&mut Editor) -> bool) -> Outcome {
        let noted = self.note.take().is_some();
        if change(&mut self.editor) || noted {
            Outcome::Changed
        } else {
            Outcome::Unchanged
        }
    }

    pub(super) fn draw(
        &self,
        buf: &mut Buffer,
        screen: Rect,
        theme: &Theme,
        keymap: &Keymap,
    ) -> Option<Position> {
        let area = area(screen);
        let title = format!("Message to #{} {}", self.to.task, self.to.title);
        draw_box(buf, area, &title, Role::BorderFocus, theme);
        let within = inside(area);
        let foot = within.bottom().saturating_sub(1);
        match self.note {
            Some(note) => {
                put(
                    buf,
                    within.x,
                    foot,
                    within,
                    note,
                    theme.style(Role::Warning),
                );
            }
            None => {
                let key = |action| form_key(keymap, action);
                let mut pairs = match self.to.doing {
                    Doing::Loops => vec![(key(Action::Submit), "tell the next iteration")],
                    _ => vec![
                        (key(Action::Submit), "send now"),
                        (key(Action::WhenIdle), "when it is idle"),
                    ],
                };
                pairs.push((key(Action::Abort), "cancel"));
                hints(buf, within.x, foot, within, &pairs, theme);
            }
        }
        let words = wrap(&self.to.words(), usize::from(within.width));
        let taken = (words.len() as u16).min(2);
        for (line, y) in words.iter().zip(foot.saturating_sub(taken)..foot) {
            put(buf, within.x, y, within, line, theme.style(Role::Muted));
        }
        let field = Rect {
            height: within.height.saturating_sub(2 + taken).max(1),
            ..within
        };
        let empty = match self.to.doing {
            Doing::Loops => "What should the next iteration know or do?",
            _ => "What should the agent know or do?",
        };
        self.editor.draw(buf, field, empty, true, theme)
    }
}

fn area(screen: Rect) -> Rect {
    middle(screen, 76, (screen.height / 2).clamp(8, 16))
}
