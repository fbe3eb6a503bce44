//! Where the fields of the new-task form are, and how they look.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{CHECKED_OUT, Field, Form, PRIORITIES};
use crate::tui::dialog::frame::{
    button, button_width, draw_box, form_key, hints, inside, middle, put,
};
use crate::tui::keymap::{Action, Keymap};
use crate::tui::text::{clean, fit, width};
use crate::tui::theme::{Role, Theme};

/// Columns of the labels.
const LABEL: u16 = 10;

/// The fields between the prompt and the buttons.
const ROWS: [(Field, &str); 10] = [
    (Field::Title, "Title"),
    (Field::Project, "Project"),
    (Field::Agent, "Agent"),
    (Field::Mode, "Mode"),
    (Field::Check, "Check"),
    (Field::Limits, "Limits"),
    (Field::Base, "Base"),
    (Field::Priority, "Priority"),
    (Field::Labels, "Labels"),
    (Field::After, "After"),
];

const BUTTONS: [(Field, &str); 3] = [
    (Field::Queue, "Queue"),
    (Field::Start, "Start now"),
    (Field::Hold, "Hold"),
];

pub(super) struct Places {
    pub(super) area: Rect,
    pub(super) fields: Vec<(Field, Rect)>,
    labels: Vec<(&'static str, Position)>,
    foot: u16,
}

impl Form {
    fn rows(&self) -> Vec<(Field, &'static str)> {
        let there: Vec<Field> = self.fields().collect();
        let rows = ROWS.iter().filter(|(field, _)| there.contains(field));
        rows.copied().collect()
    }

    pub(super) fn layout(&self, screen: Rect) -> Places {
        let all = self.rows();
        let rows = all.len() as u16;
        // Frame, prompt, a gap, the fields, a gap, buttons, hints.
        let fixed = 2 + 1 + rows + 1 + 1 + 1;
        let prompt = (screen.height * 9 / 10).saturating_sub(fixed).clamp(3, 12);
        let area = middle(screen, 84, fixed + prompt);
        let within = inside(area);
        let foot = within.bottom().saturating_sub(1);
        let buttons = foot.saturating_sub(1);
        let mut fields = Vec::new();
        let mut labels = Vec::new();
        // Where there is not room for all, the prompt keeps three rows and the fields scroll.
        let space = buttons.saturating_sub(within.y);
        let full = prompt + 2 + rows;
        let prompt = if space >= full {
            prompt
        } else {
            3.min(space.saturating_sub(2)).max(1)
        };
        fields.push((
            Field::Prompt,
            Rect::new(within.x, within.y, within.width, prompt),
        ));
        let gap = u16::from(space >= full);
        let top = within.y + prompt + gap;
        let shown = buttons.saturating_sub(top + gap).min(rows);
        let focused = all.iter().position(|(field, _)| *field == self.focus);
        let first = focused.map_or(0, |at| (at as u16 + 1).saturating_sub(shown));
        for (index, (field, label)) in all.iter().enumerate() {
            let Some(row) = (index as u16).checked_sub(first).filter(|row| *row < shown) else {
                continue;
            };
            let y = top + row;
            let room = within.width.saturating_sub(LABEL);
            labels.push((*label, Position::new(within.x, y)));
            fields.push((*field, Rect::new(within.x + LABEL, y, room, 1)));
        }
        let mut x = within.x;
        for (field, label) in BUTTONS {
            let wide = button_width(label);
            fields.push((field, Rect::new(x, buttons, wide, 1)));
            x += wide + 1;
        }
        Places {
            area,
            fields,
            labels,
            foot,
        }
    }

    pub(in crate::tui::dialog) fn draw(
        &self,
        buf: &mut Buffer,
        screen: Rect,
        theme: &Theme,
        keymap: &Keymap,
    ) -> Option<Position> {
        let places = self.layout(screen);
        draw_box(buf, places.area, "New task", Role::BorderFocus, theme);
        let within = inside(places.area);
        for (label, at) in &places.labels {
            put(buf, at.x, at.y, within, label, theme.style(Role::Muted));
        }
        let mut cursor = None;
        for (field, area) in &places.fields {
            let at = self.draw_field(buf, *field, *area, within, theme);
            cursor = cursor.or(at);
        }
        match &self.note {
            Some(note) => {
                let style = theme.style(Role::Warning);
                put(buf, within.x, places.foot, within, note, style);
            }
            None => {
                let pairs = [
                    (form_key(keymap, Action::Submit), "queue it"),
                    (form_key(keymap, Action::NextField), "next field"),
                    (format!("{}{}", "Left", "/Right"), "choose"),
                    (form_key(keymap, Action::Abort), "cancel"),
                ];
                hints(buf, within.x, places.foot, within, &pairs, theme);
            }
        }
        cursor
    }

    fn draw_field(
        &self,
        buf: &mut Buffer,
        field: Field,
        area: Rect,
        within: Rect,
        theme: &Theme,
    ) -> Option<Position> {
        let focused = self.focus == field;
        match field {
            Field::Prompt => {
                let words = "What is to be done? The agent gets this as you write it.";
                return self.prompt.draw(buf, area, words, focused, theme);
            }
            Field::Title => {
                let words = "made from the prompt";
                return self.title.draw(buf, area, words, focused, theme);
            }
            Field::Check => {
                let words = "the project's check command; here another, such as cargo test";
                return self.check.draw(buf, area, words, focused, theme);
            }
            Field::Limits => {
                let words = "50 iterations, 4h; or others, such as 80 6h $20";
                return self.limits.draw(buf, area, words, focused, theme);
            }
            Field::Labels => {
                return self
                    .labels
                    .draw(buf, area, "words to filter by", focused, theme);
            }
            Field::After => {
                let words = "tasks to wait for, such as 3 7";
                return self.after.draw(buf, area, words, focused, theme);
            }
            Field::Queue | Field::Start | Field::Hold => {
                let label = BUTTONS
                    .iter()
                    .find(|(button, _)| *button == field)
                    .map_or("", |(_, label)| label);
                button(buf, area.x, area.y, within, label, focused, theme);
            }
            Field::Project | Field::Agent | Field::Mode | Field::Base | Field::Priority => {
                self.draw_choice(buf, field, area, focused, theme);
            }
        }
        None
    }

    fn draw_choice(
        &self,
        buf: &mut Buffer,
        field: Field,
        area: Rect,
        focused: bool,
        theme: &Theme,
    ) {
        let (value, note) = self.choice(field);
        let glyphs = theme.glyphs();
        let (left, right) = if glyphs.is_ascii() {
            ("<", ">")
        } else {
            ("‹", "›")
        };
        let arrows = theme.style(if focused { Role::Accent } else { Role::Faint });
        let style = theme.style(if focused { Role::Selected } else { Role::Input });
        let value = clean(&value);
        let space = usize::from(area.width).saturating_sub(4);
        // A word about the choice gives way to the choice itself, unless it is a warning.
        let fits = width(&value) + width(&note) <= space || field == Field::Agent;
        let note = if fits { note } else { String::new() };
        let room = space.saturating_sub(width(&note));
        let mut x = put(buf, area.x, area.y, area, left, arrows);
        x = put(
            buf,
            x + 1,
            area.y,
            area,
            &fit(&value, room.max(4), glyphs.ellipsis),
            style,
        );
        x = put(buf, x + 1, area.y, area, right, arrows);
        put(buf, x + 1, area.y, area, &note, theme.style(Role::Muted));
    }

    /// What is chosen, and a word about it.
    fn choice(&self, field: Field) -> (String, String) {
        let plain = |value: &str| (value.to_owned(), String::new());
        match field {
            Field::Project => match self.projects.get(self.project) {
                Some(project) => plain(&project.name),
                None => plain("no project yet"),
            },
            Field::Agent => match self.agents.get(self.agent) {
                Some(agent) if agent.installed.is_none() => (
                    agent.title.clone(),
                    format!(" {} is not installed", clean(&agent.program)),
                ),
                Some(agent) => plain(&agent.title),
                None => plain("the usual one"),
            },
            Field::Mode => {
                let note = match self.mode {
                    crate::domain::Mode::Interactive => " its own screen, you can type",
                    crate::domain::Mode::Once => " headless, one run",
                    crate::domain::Mode::Loop => " works on by itself",
                };
                (self.mode.word().to_owned(), note.to_owned())
            }
            Field::Base => match self.base.checked_sub(1) {
                Some(index) => plain(self.branches.get(index).map_or("", String::as_str)),
                None => plain(CHECKED_OUT),
            },
            _ => plain(PRIORITIES[usize::from(self.priority).min(PRIORITIES.len() - 1)]),
        }
    }
}
