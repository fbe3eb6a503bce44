//! Words for something: a comment, what is said beside comments.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Position, Rect};

use super::editor::Editor;
use super::frame::{clicked, draw_box, form_key, hints, inside, middle, put};
use super::{Answer, Outcome};
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::text::clean;
use crate::tui::theme::{Role, Theme};

/// What the words are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordsFor {
    /// The heading.
    pub title: String,
    /// What stands in the empty field.
    pub placeholder: &'static str,
    /// What is done with them, for the hint.
    pub verb: &'static str,
    /// Whether nothing may be said.
    pub may_be_empty: bool,
    /// What they begin as.
    pub text: String,
}

#[derive(Debug, Clone)]
pub(super) struct Words {
    about: WordsFor,
    editor: Editor,
    note: Option<&'static str>,
}

impl Words {
    pub(super) fn new(about: WordsFor) -> Self {
        let mut editor = Editor::new();
        editor.paste(&about.text);
        Self {
            about,
            editor,
            note: None,
        }
    }

    pub(super) fn key(&mut self, event: KeyEvent, keymap: &Keymap) -> Outcome {
        let untouched = self.editor.text() == self.about.text.trim();
        match keymap.action(Context::Form, event) {
            Some(Action::Abort) if untouched || self.note.is_some() => Outcome::Close,
            Some(Action::Abort) => self.say("Esc again throws it away"),
            Some(Action::Submit) if self.editor.is_blank() && !self.about.may_be_empty => {
                self.say("There are no words yet")
            }
            Some(Action::Submit) => Outcome::Done(Answer::Text(self.editor.text())),
            Some(_) => Outcome::Unchanged,
            None => self.changed(|editor| editor.key(event)),
        }
    }

    fn say(&mut self, note: &'static str) -> Outcome {
        self.note = Some(note);
        Outcome::Changed
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
        let title = clean(&self.about.title);
        draw_box(buf, area, &title, Role::BorderFocus, theme);
        let within = inside(area);
        let foot = within.bottom().saturating_sub(1);
        match self.note {
            Some(note) => {
                let style = theme.style(Role::Warning);
                put(buf, within.x, foot, within, note, style);
            }
            None => {
                let pairs = [
                    (form_key(keymap, Action::Submit), self.about.verb),
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
            .draw(buf, field, self.about.placeholder, true, theme)
    }
}

fn area(screen: Rect) -> Rect {
    middle(screen, 76, (screen.height / 3).clamp(8, 14))
}
