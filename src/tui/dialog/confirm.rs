//! A decision that may lose something: says what, asks, and takes anything but a clear yes for a no.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::{Position, Rect};

use super::frame::{button, button_width, clicked, draw_box, inside, middle, put, wrap};
use super::{Answer, Outcome};
use crate::protocol::Request;
use crate::tui::text::width;
use crate::tui::theme::{Role, Theme};

const NO: &str = "No";
const YES: &str = "Yes";

#[derive(Debug, Clone)]
pub(super) struct Confirm {
    question: String,
    detail: String,
    request: Request,
    yes: bool,
}

struct Parts {
    area: Rect,
    question: Vec<String>,
    detail: Vec<String>,
    no: Rect,
    yes: Rect,
}

impl Confirm {
    pub(super) fn new(question: &str, detail: Option<&str>, request: Request) -> Self {
        Self {
            question: question.to_owned(),
            detail: detail.unwrap_or_default().to_owned(),
            request,
            yes: false,
        }
    }

    fn layout(&self, screen: Rect) -> Parts {
        let longest = width(&self.question).max(width(&self.detail)) + 6;
        let cols = (longest as u16).clamp(36, 72).min(screen.width);
        let room = usize::from(cols.saturating_sub(4)).max(1);
        let question = wrap(&self.question, room);
        let mut detail = wrap(&self.detail, room);
        let fixed = question.len() + 4;
        detail.truncate(usize::from(screen.height).saturating_sub(fixed + 1));
        let gap = usize::from(!detail.is_empty());
        let rows = (fixed + detail.len() + gap) as u16;
        let area = middle(screen, cols, rows);
        let within = inside(area);
        let y = within.bottom().saturating_sub(1);
        let no = Rect::new(within.x, y, button_width(NO), 1);
        let yes = Rect::new(no.right() + 2, y, button_width(YES), 1);
        Parts {
            area,
            question,
            detail,
            no,
            yes,
        }
    }

    pub(super) fn key(&mut self, event: KeyEvent) -> Outcome {
        match event.code {
            KeyCode::Char('y' | 'Y') => self.agreed(),
            KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => Outcome::Close,
            KeyCode::Enter if self.yes => self.agreed(),
            KeyCode::Enter => Outcome::Close,
            KeyCode::Tab
            | KeyCode::BackTab
            | KeyCode::Left
            | KeyCode::Right
            | KeyCode::Char('h' | 'l') => {
                self.yes = !self.yes;
                Outcome::Changed
            }
            _ => Outcome::Unchanged,
        }
    }

    pub(super) fn mouse(&mut self, event: MouseEvent, screen: Rect) -> Outcome {
        let Some(at) = clicked(event) else {
            return Outcome::Unchanged;
        };
        let parts = self.layout(screen);
        if parts.yes.contains(at) {
            self.agreed()
        } else if parts.no.contains(at) || !parts.area.contains(at) {
            Outcome::Close
        } else {
            Outcome::Unchanged
        }
    }

    fn agreed(&self) -> Outcome {
        Outcome::Done(Answer::Confirmed(Box::new(self.request.clone())))
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        let parts = self.layout(screen);
        draw_box(buf, parts.area, "Sure?", Role::Warning, theme);
        let within = inside(parts.area);
        let mut at = Position::new(within.x, within.y);
        for line in &parts.question {
            put(buf, at.x, at.y, within, line, theme.style(Role::Title));
            at.y += 1;
        }
        at.y += u16::from(!parts.detail.is_empty());
        for line in &parts.detail {
            put(buf, at.x, at.y, within, line, theme.style(Role::Warning));
            at.y += 1;
        }
        button(buf, parts.no.x, parts.no.y, within, NO, !self.yes, theme);
        button(buf, parts.yes.x, parts.yes.y, within, YES, self.yes, theme);
        let hint = parts.yes.right() + 2;
        put(
            buf,
            hint,
            parts.yes.y,
            within,
            "y / n",
            theme.style(Role::Hint),
        );
    }
}
