//! A question with several answers: one is chosen, or none.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::frame::{clicked, draw_box, inside, middle, put};
use super::{Answer, Outcome};
use crate::protocol::Request;
use crate::tui::text::{clean, fit, width};
use crate::tui::theme::{Role, Theme};

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What it is called.
    pub label: String,
    /// More about it.
    pub detail: String,
    /// What is asked of the daemon then.
    pub request: Request,
}

#[derive(Debug, Clone)]
pub(super) struct Choose {
    question: String,
    choices: Vec<Choice>,
    selected: usize,
}

impl Choose {
    pub(super) fn new(question: &str, choices: Vec<Choice>) -> Self {
        Self {
            question: clean(question).into_owned(),
            choices,
            selected: 0,
        }
    }

    pub(super) fn key(&mut self, event: KeyEvent) -> Outcome {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Esc | KeyCode::Char('q') => Outcome::Close,
            KeyCode::Char('c') if ctrl => Outcome::Close,
            KeyCode::Enter => self.choose(self.selected),
            KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => self.step(1),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            KeyCode::Char(digit @ '1'..='9') => self.choose(digit as usize - '1' as usize),
            _ => Outcome::Unchanged,
        }
    }

    fn step(&mut self, by: isize) -> Outcome {
        let last = self.choices.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
        Outcome::Changed
    }

    fn choose(&self, index: usize) -> Outcome {
        match self.choices.get(index) {
            Some(choice) => Outcome::Done(Answer::Confirmed(Box::new(choice.request.clone()))),
            None => Outcome::Unchanged,
        }
    }

    pub(super) fn mouse(&mut self, event: MouseEvent, screen: Rect) -> Outcome {
        match event.kind {
            MouseEventKind::ScrollUp => return self.step(-1),
            MouseEventKind::ScrollDown => return self.step(1),
            _ => {}
        }
        let Some(at) = clicked(event) else {
            return Outcome::Unchanged;
        };
        let (area, list) = self.areas(screen);
        if !area.contains(at) {
            return Outcome::Close;
        }
        match at.y.checked_sub(list.y) {
            Some(row) if list.contains(at) => self.choose(self.first(list) + usize::from(row)),
            _ => Outcome::Unchanged,
        }
    }

    fn areas(&self, screen: Rect) -> (Rect, Rect) {
        let label = |choice: &Choice| width(&choice.label) + width(&choice.detail) + 12;
        let longest = self.choices.iter().map(label).max().unwrap_or_default();
        let cols = longest.max(width(&self.question) + 8).clamp(36, 76) as u16;
        let rows = u16::try_from(self.choices.len()).unwrap_or(u16::MAX);
        let area = middle(screen, cols, rows.saturating_add(4).min(screen.height));
        let within = inside(area);
        let list = Rect {
            height: within.height.saturating_sub(2),
            ..within
        };
        (area, list)
    }

    /// The first one shown.
    fn first(&self, list: Rect) -> usize {
        (self.selected + 1).saturating_sub(usize::from(list.height))
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        let (area, list) = self.areas(screen);
        draw_box(buf, area, &self.question, Role::BorderFocus, theme);
        let first = self.first(list);
        let shown = self.choices.iter().enumerate().skip(first);
        let glyphs = theme.glyphs();
        for (y, (index, choice)) in (list.top()..list.bottom()).zip(shown) {
            let here = index == self.selected;
            let mut style = theme.style(Role::Text);
            if here {
                style = theme.style(Role::Selected);
                let mark = theme.style(Role::SelectedMark);
                put(buf, list.x, y, list, glyphs.bar, mark);
            }
            let number = match index {
                0..9 => format!("{} ", index + 1),
                _ => "  ".to_owned(),
            };
            let x = put(buf, list.x + 2, y, list, &number, theme.style(Role::Key));
            let x = put(buf, x, y, list, &clean(&choice.label), style);
            let room = usize::from(list.right().saturating_sub(x + 2));
            let detail = clean(&choice.detail);
            let detail = fit(&detail, room, glyphs.ellipsis);
            put(buf, x + 2, y, list, &detail, theme.style(Role::Muted));
        }
        let hint = format!("{} choose  Esc cancel", glyphs.enter);
        let y = inside(area).bottom().saturating_sub(1);
        put(buf, list.x, y, inside(area), &hint, theme.style(Role::Hint));
    }
}
