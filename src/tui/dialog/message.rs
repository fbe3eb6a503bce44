//! A message to a task's agent.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Position, Rect};

use super::editor::Editor;
use super::frame::{clicked, draw_box, form_key, hints, inside, middle, put};
use super::{Answer, Outcome};
use crate::domain::TaskId;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::theme::{Role, Theme};

#[derive(Debug, Clone)]
pub(super) struct Message {
    task: TaskId,
    title: String,
    editor: Editor,
    note: Option<&'static str>,
}

impl Message {
    pub(super) fn new(task: TaskId, title: &str) -> Self {
        Self {
            task,
            title: format!("Message to #{task} {title}"),
            editor: Editor::new(),
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
            Some(Action::Submit) if self.editor.is_blank() => {
                self.note = Some("There is nothing to send yet");
                Outcome::Changed
            }
            Some(Action::Submit) => Outcome::Done(Answer::Message(self.task, self.editor.text())),
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
        draw_box(buf, area, &self.title, Role::BorderFocus, theme);
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
                let pairs = [
                    (form_key(keymap, Action::Submit), "send"),
                    (form_key(keymap, Action::Abort), "cancel"),
                ];
                hints(buf, within.x, foot, within, &pairs, theme);
            }
        }
        let field = Rect {
            height: within.height.saturating_sub(2).max(1),
            ..within
        };
        self.editor
            .draw(buf, field, "What should the agent know or do?", true, theme)
    }
}

fn area(screen: Rect) -> Rect {
    middle(screen, 76, (screen.height / 2).clamp(8, 16))
}
