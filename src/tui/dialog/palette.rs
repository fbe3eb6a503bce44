//! The command palette: every action by its words, the best match first.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::frame::{clicked, draw_box, inside, middle, put};
use super::line::Line;
use super::{Answer, Outcome};
use crate::tui::keymap::{Action, Keymap, entry};
use crate::tui::text::width;
use crate::tui::theme::{Role, Theme};

#[derive(Debug, Clone)]
pub(super) struct Palette {
    actions: Vec<Action>,
    line: Line,
    found: Vec<Found>,
    selected: usize,
}

#[derive(Debug, Clone)]
struct Found {
    action: Action,
    /// Indices of the matched characters of the title.
    letters: Vec<u32>,
}

impl Palette {
    pub(super) fn new(actions: Vec<Action>) -> Self {
        let mut palette = Self {
            actions,
            line: Line::new(""),
            found: Vec::new(),
            selected: 0,
        };
        palette.search();
        palette
    }

    fn search(&mut self) {
        let pattern = Pattern::parse(self.line.text(), CaseMatching::Smart, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, Found)> = Vec::new();
        for action in &self.actions {
            let mut letters = Vec::new();
            let title = Utf32Str::new(entry(*action).title, &mut buffer);
            if let Some(score) = pattern.indices(title, &mut matcher, &mut letters) {
                letters.sort_unstable();
                letters.dedup();
                let action = *action;
                scored.push((score, Found { action, letters }));
            }
        }
        // Stable: equal scores keep the order of the table.
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        self.found = scored.into_iter().map(|(_, found)| found).collect();
        self.selected = 0;
    }

    pub(super) fn key(&mut self, event: KeyEvent) -> Outcome {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Esc => Outcome::Close,
            KeyCode::Char('c') if ctrl => Outcome::Close,
            KeyCode::Enter => self.choose(self.selected),
            KeyCode::Up | KeyCode::BackTab => self.step(-1),
            KeyCode::Down | KeyCode::Tab => self.step(1),
            KeyCode::Char('p' | 'k') if ctrl => self.step(-1),
            KeyCode::Char('n' | 'j') if ctrl => self.step(1),
            KeyCode::PageUp => self.step(-8),
            KeyCode::PageDown => self.step(8),
            _ => self.typed(|line| line.key(event)),
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Outcome {
        self.typed(|line| line.paste(text))
    }

    fn typed(&mut self, change: impl FnOnce(&mut Line) -> bool) -> Outcome {
        let before = self.line.text().to_owned();
        let changed = change(&mut self.line);
        if self.line.text() != before {
            self.search();
        }
        if changed {
            Outcome::Changed
        } else {
            Outcome::Unchanged
        }
    }

    fn step(&mut self, by: i32) -> Outcome {
        let last = self.found.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by as isize).min(last);
        Outcome::Changed
    }

    fn choose(&self, index: usize) -> Outcome {
        match self.found.get(index) {
            Some(found) => Outcome::Done(Answer::Action(found.action)),
            None => Outcome::Unchanged,
        }
    }

    pub(super) fn mouse(&mut self, event: MouseEvent, screen: Rect) -> Outcome {
        let area = area(screen);
        match event.kind {
            MouseEventKind::ScrollUp => return self.step(-1),
            MouseEventKind::ScrollDown => return self.step(1),
            _ => {}
        }
        let Some(at) = clicked(event) else {
            return Outcome::Unchanged;
        };
        if !area.contains(at) {
            return Outcome::Close;
        }
        let list = list(area);
        match at.y.checked_sub(list.y) {
            Some(row) if list.contains(at) => self.choose(self.first(list) + usize::from(row)),
            _ => Outcome::Unchanged,
        }
    }

    /// The first entry shown.
    fn first(&self, list: Rect) -> usize {
        (self.selected + 1).saturating_sub(usize::from(list.height))
    }

    pub(super) fn draw(
        &self,
        buf: &mut Buffer,
        screen: Rect,
        theme: &Theme,
        keymap: &Keymap,
    ) -> Option<Position> {
        let area = area(screen);
        draw_box(buf, area, "Command", Role::BorderFocus, theme);
        let within = inside(area);
        let arrow = theme.glyphs().arrow;
        let x = put(
            buf,
            within.x,
            within.y,
            within,
            arrow,
            theme.style(Role::Accent),
        );
        let field = Rect::new(x + 1, within.y, within.right().saturating_sub(x + 1), 1);
        let cursor = self
            .line
            .draw(buf, field, "what do you want to do?", true, theme);
        let list = list(area);
        if self.found.is_empty() {
            let words = "nothing is called that";
            put(buf, list.x, list.y, list, words, theme.style(Role::Muted));
        }
        let shown = self.found.iter().enumerate().skip(self.first(list));
        for (y, (index, found)) in (list.top()..list.bottom()).zip(shown) {
            self.draw_row(buf, list, y, found, index == self.selected, theme, keymap);
        }
        cursor
    }

    #[allow(clippy::too_many_arguments)]
    fn draw_row(
        &self,
        buf: &mut Buffer,
        list: Rect,
        y: u16,
        found: &Found,
        selected: bool,
        theme: &Theme,
        keymap: &Keymap,
    ) {
        let base = if selected {
            let mark = theme.glyphs().bar;
            put(buf, list.x, y, list, mark, theme.style(Role::SelectedMark));
            theme.style(Role::Selected)
        } else {
            theme.style(Role::Text)
        };
        let mut x = list.x + 2;
        for (index, c) in entry(found.action).title.chars().enumerate() {
            let hit = found.letters.binary_search(&(index as u32)).is_ok();
            let style = if hit {
                base.patch(theme.style(Role::Accent))
                    .add_modifier(ratatui::style::Modifier::UNDERLINED)
            } else {
                base
            };
            x = put(buf, x, y, list, c.encode_utf8(&mut [0; 4]), style);
        }
        if let Some(key) = keymap.first_key(found.action) {
            let label = key.label();
            let at = list.right().saturating_sub(width(&label) as u16);
            if at > x {
                put(buf, at, y, list, &label, theme.style(Role::Key));
            }
        }
    }
}

fn area(screen: Rect) -> Rect {
    middle(screen, 64, (screen.height * 3 / 5).clamp(8, 20))
}

fn list(area: Rect) -> Rect {
    let within = inside(area);
    let top = 2.min(within.height);
    Rect::new(within.x, within.y + top, within.width, within.height - top)
}
