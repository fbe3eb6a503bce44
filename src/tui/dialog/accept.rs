//! Accepting a task: which way, with what will happen, and the message of the commit.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::{Position, Rect};

use super::editor::Editor;
use super::frame::{clicked, draw_box, form_key, hints, inside, middle, put, wrap};
use super::{Answer, Outcome};
use crate::domain::accept::Way;
use crate::domain::check::sentence;
use crate::protocol::{AcceptPlan, AcceptPreview};
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::text::clean;
use crate::tui::theme::{Role, Theme};

/// The most rows of facts under the ways.
const MOST_FACTS: usize = 5;

/// The letter that chooses a way.
fn letter(way: Way) -> char {
    match way {
        Way::Merge => 'm',
        Way::Squash => 's',
        Way::Rebase => 'r',
        Way::FastForward => 'f',
        Way::PullRequest => 'p',
        Way::Leave => 'l',
    }
}

#[derive(Debug, Clone)]
pub(super) struct Accept {
    title: String,
    preview: AcceptPreview,
    /// What is chosen; the preview of it may be on its way.
    way: Way,
    editor: Editor,
    /// Whether keys go to the message.
    writing: bool,
    note: Option<String>,
}

struct Parts {
    area: Rect,
    ways: Rect,
    facts: Rect,
    lines: Vec<(String, Role)>,
    message: Option<Rect>,
    foot: u16,
}

impl Accept {
    pub(super) fn new(preview: AcceptPreview, title: &str) -> Self {
        let mut editor = Editor::new();
        editor.paste(&preview.message);
        Self {
            title: format!("Accept #{} {title}", preview.task),
            way: preview.way,
            preview,
            editor,
            writing: false,
            note: None,
        }
    }

    /// Takes the preview of a way, if it is that of what is chosen now.
    pub(super) fn set_preview(&mut self, preview: &AcceptPreview) {
        if preview.task == self.preview.task && preview.way == self.way {
            self.preview = preview.clone();
        }
    }

    /// What would be asked of the daemon.
    fn plan(&self) -> AcceptPlan {
        AcceptPlan {
            task: Some(self.preview.task),
            way: Some(self.way),
            into: Some(self.preview.into.clone()),
            message: Some(self.editor.text()).filter(|text| !text.is_empty()),
            commit: Some(true),
            confirm: true,
            ..AcceptPlan::default()
        }
    }

    fn is_previewed(&self) -> bool {
        self.preview.way == self.way
    }

    fn choose(&mut self, way: Way) -> Outcome {
        if way == self.way {
            return Outcome::Unchanged;
        }
        self.way = way;
        self.note = None;
        self.writing = false;
        Outcome::WantPreview(Box::new(AcceptPlan {
            message: None,
            ..self.plan()
        }))
    }

    fn step(&mut self, by: isize) -> Outcome {
        let here = Way::ALL
            .iter()
            .position(|way| *way == self.way)
            .unwrap_or(0);
        let to = here.saturating_add_signed(by).min(Way::ALL.len() - 1);
        self.choose(Way::ALL[to])
    }

    fn submit(&mut self) -> Outcome {
        if !self.is_previewed() {
            self.note = Some("a moment: gluon looks what would happen".to_owned());
            return Outcome::Changed;
        }
        if let Some(obstacle) = &self.preview.obstacle {
            self.note = Some(format!("Not now: {}", clean(obstacle)));
            return Outcome::Changed;
        }
        Outcome::Done(Answer::Accept(Box::new(self.plan())))
    }

    pub(super) fn key(&mut self, event: KeyEvent, keymap: &Keymap) -> Outcome {
        match keymap.action(Context::Form, event) {
            Some(Action::Abort) if self.writing => {
                self.writing = false;
                return Outcome::Changed;
            }
            Some(Action::Abort) => return Outcome::Close,
            Some(Action::Submit) => return self.submit(),
            Some(Action::NextField | Action::PreviousField) => {
                self.writing = !self.writing && self.way.takes_message();
                return Outcome::Changed;
            }
            Some(_) => return Outcome::Unchanged,
            None => {}
        }
        if self.writing {
            return match self.editor.key(event) {
                true => Outcome::Changed,
                false => Outcome::Unchanged,
            };
        }
        match event.code {
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Enter => self.submit(),
            KeyCode::Char('e') if self.way.takes_message() => {
                self.writing = true;
                Outcome::Changed
            }
            KeyCode::Char('q') => Outcome::Close,
            // In the queue what stands in its way now may be gone by its turn.
            KeyCode::Char('Q') if self.way.moves_target() => {
                Outcome::Done(Answer::QueueMerge(Box::new(self.plan())))
            }
            KeyCode::Char(typed) => {
                let way = Way::ALL.into_iter().find(|way| letter(*way) == typed);
                way.map_or(Outcome::Unchanged, |way| self.choose(way))
            }
            _ => Outcome::Unchanged,
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Outcome {
        match self.writing && self.editor.paste(text) {
            true => Outcome::Changed,
            false => Outcome::Unchanged,
        }
    }

    pub(super) fn mouse(&mut self, event: MouseEvent, screen: Rect) -> Outcome {
        let Some(at) = clicked(event) else {
            return Outcome::Unchanged;
        };
        let parts = self.layout(screen);
        if parts.ways.contains(at) {
            let row = usize::from(at.y - parts.ways.y);
            return match Way::ALL.get(row) {
                // A click on what is chosen does it, as one on a selected row does elsewhere.
                Some(way) if *way == self.way => self.submit(),
                Some(way) => self.choose(*way),
                None => Outcome::Unchanged,
            };
        }
        if parts.message.is_some_and(|area| area.contains(at)) {
            self.writing = true;
            return Outcome::Changed;
        }
        match parts.area.contains(at) {
            true => Outcome::Unchanged,
            false => Outcome::Close,
        }
    }

    /// What will happen, and what stands in its way.
    fn facts(&self) -> Vec<(String, Role)> {
        let preview = &self.preview;
        if !self.is_previewed() {
            return vec![("looking what would happen".to_owned(), Role::Muted)];
        }
        let mut facts = vec![(clean(&preview.effect).into_owned(), Role::Text)];
        // Where there is room for one line only, it is what stands in the way.
        facts.splice(0..0, self.obstacles());
        let mut parts = vec![
            count(preview.commits, "commit"),
            count(preview.files, "file"),
        ];
        if preview.uncommitted > 0 {
            let files = count(preview.uncommitted, "file");
            parts.push(format!("{files} committed first"));
        }
        if preview.behind > 0 {
            let commits = count(preview.behind, "commit");
            parts.push(format!("{} is {commits} ahead", clean(&preview.into)));
        }
        if !preview.merged {
            facts.push((parts.join(", "), Role::Muted));
        }
        if let Some(path) = &preview.checkout {
            let path = path.display().to_string();
            facts.push((format!("moves along: {}", clean(&path)), Role::Muted));
        }
        if preview.resurrected > 0 {
            let commits = count(preview.resurrected, "commit");
            let text = format!(
                "{} was rewritten; this brings back {commits}",
                clean(&preview.into)
            );
            facts.push((text, Role::Warning));
        }
        match &preview.check {
            Some(check) => {
                let words = check
                    .verdict
                    .as_ref()
                    .map(|verdict| sentence(verdict, check.freshness));
                let role = match check
                    .verdict
                    .as_ref()
                    .is_some_and(|verdict| verdict.is_passed())
                {
                    true => Role::Good,
                    false => Role::Warning,
                };
                facts.extend(words.map(|words| (format!("check {}", clean(&words)), role)));
            }
            None if preview.check_required => {
                facts.push(("its check runs first".to_owned(), Role::Muted));
            }
            None => {}
        }
        facts
    }

    /// Why it cannot be done now.
    fn obstacles(&self) -> Option<(String, Role)> {
        let preview = &self.preview;
        if preview.conflicts.is_empty() {
            let obstacle = preview.obstacle.as_ref()?;
            return Some((clean(obstacle).into_owned(), Role::Bad));
        }
        let files = preview.conflicts.iter().take(4).map(|file| clean(file));
        let files: Vec<_> = files.collect();
        let more = match preview.conflicts.len().saturating_sub(files.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some((format!("conflicts: {}{more}", files.join(", ")), Role::Bad))
    }

    fn layout(&self, screen: Rect) -> Parts {
        let cols = 84.min(screen.width);
        let room = usize::from(cols.saturating_sub(4)).max(1);
        let mut lines = Vec::new();
        for (text, role) in self.facts() {
            lines.extend(wrap(&text, room).into_iter().map(|line| (line, role)));
        }
        // Between frame and foot: the ways, the facts, the message, a gap between each.
        let ways = Way::ALL.len() as u16;
        let free = screen.height.saturating_sub(2 + ways + 1 + 2);
        lines.truncate(usize::from(free).clamp(1, MOST_FACTS + 2));
        let facts = lines.len() as u16;
        let left = free.saturating_sub(facts + 1);
        let message = match self.way.takes_message() {
            true => left.min(6),
            false => 0,
        };
        let gap = u16::from(message > 0);
        let area = middle(screen, cols, 2 + ways + 1 + facts + gap + message + 2);
        let within = inside(area);
        let row = |y: u16, height: u16| Rect {
            y,
            height,
            ..within
        };
        let facts_at = within.y + ways + 1;
        Parts {
            area,
            ways: row(within.y, ways),
            facts: row(facts_at, facts),
            lines,
            message: (message > 0).then(|| row(facts_at + facts + 1, message)),
            foot: within.bottom().saturating_sub(1),
        }
    }

    pub(super) fn draw(
        &self,
        buf: &mut Buffer,
        screen: Rect,
        theme: &Theme,
        keymap: &Keymap,
    ) -> Option<Position> {
        let parts = self.layout(screen);
        draw_box(buf, parts.area, &self.title, Role::BorderFocus, theme);
        let within = inside(parts.area);
        for (row, way) in Way::ALL.into_iter().enumerate() {
            let y = parts.ways.y + row as u16;
            let chosen = way == self.way;
            let (mark, role) = match chosen {
                true => (theme.glyphs().arrow, Role::Title),
                false => (" ", Role::Text),
            };
            let x = put(buf, within.x, y, within, mark, theme.style(Role::Accent));
            let key = letter(way).to_string();
            let x = put(buf, x + 1, y, within, &key, theme.style(Role::Key));
            let x = put(buf, x + 1, y, within, way.title(), theme.style(role));
            let column = within.x + 24;
            if x < column {
                let effect = way.effect(&clean(&self.preview.into));
                put(buf, column, y, within, &effect, theme.style(Role::Muted));
            }
        }
        for (row, (line, role)) in parts.lines.iter().enumerate() {
            let y = parts.facts.y + row as u16;
            put(buf, within.x, y, within, line, theme.style(*role));
        }
        let cursor = parts.message.and_then(|area| {
            let hint = "The title of the task, and what its agent said last";
            self.editor.draw(buf, area, hint, self.writing, theme)
        });
        self.draw_foot(buf, &parts, theme, keymap);
        cursor.filter(|_| self.writing)
    }

    fn draw_foot(&self, buf: &mut Buffer, parts: &Parts, theme: &Theme, keymap: &Keymap) {
        let within = inside(parts.area);
        if let Some(note) = &self.note {
            let style = theme.style(Role::Warning);
            put(buf, within.x, parts.foot, within, note, style);
            return;
        }
        let submit = match self.writing {
            true => form_key(keymap, Action::Submit),
            false => "enter".to_owned(),
        };
        let mut pairs = vec![(submit, "accept")];
        if self.way.takes_message() {
            let what = if self.writing { "ways" } else { "message" };
            pairs.push((form_key(keymap, Action::NextField), what));
        }
        if self.way.moves_target() && !self.writing {
            pairs.push(("Q".to_owned(), "into the merge queue"));
        }
        pairs.push((form_key(keymap, Action::Abort), "cancel"));
        hints(buf, within.x, parts.foot, within, &pairs, theme);
    }
}

/// `1 file`, `3 files`.
fn count(number: u32, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
