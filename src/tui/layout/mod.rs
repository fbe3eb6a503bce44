//! Where everything is: rectangles and the map from cells to what is there. Computed from the model before
//! anything is drawn, and used by drawing and mouse alike.
//!
//! Three designs by width: below 80 columns one column of cards with tabs; from 80 the four columns with
//! the pane below them, which gives an agent the full width; from 160 the pane beside the columns (with
//! less, four columns beside a usable pane would be too narrow to read a title).

mod after;
mod bars;
mod changes;
mod columns;
mod compare;
mod tiles;
mod toasts;

use ratatui::layout::{Position, Rect};

use super::costs::Areas;
use super::keymap::Action;
use super::model::{Area, Link, MIN_SIZE, Model, Overlay, View};
use super::sessions::{Areas as SessionAreas, Item};
use crate::domain::{SessionId, Status, TaskId};
use crate::protocol::TaskCard;

pub use after::AfterAreas;
pub(super) use bars::fitting;
pub use bars::{Bar, Segment};
pub use changes::ChangesAreas;
pub use columns::ColumnLayout;
pub use compare::CompareAreas;

/// From this width on the four columns stand side by side.
pub const WIDE: u16 = 80;
/// From this width on the header has room for what is only nice to know.
const ROOMY: u16 = 100;
/// From this width on the pane stands beside the board.
pub const BESIDE: u16 = 160;

/// Something that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// An action, in header, footer or title bar.
    Action(Action),
    /// A column, also where it has no card.
    Column(Status),
    /// A card.
    Card(TaskId),
    /// The terminal of a session.
    Pane(TaskId),
    /// The title bar of a pane.
    PaneTitle(TaskId),
    /// A row of the list that lies over the board.
    Row(usize),
    /// A tab of what lies over the board.
    Tab(usize),
    /// A file of a task's changes.
    File(usize),
    /// What its check prints.
    Check,
    /// What lies over the board.
    Overlay,
    /// A message.
    Toasts,
}

/// Where a pane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaneLayout {
    /// The card.
    pub task: Option<TaskId>,
    /// Its session, if it has one.
    pub session: Option<SessionId>,
    /// The title bar.
    pub title: Rect,
    /// The terminal.
    pub inner: Rect,
}

/// Rows of the inbox's detail: a rule, who it is, and the ask.
const INBOX_DETAIL: u16 = 7;

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The whole screen.
    pub screen: Rect,
    /// Whether the screen is too small for anything.
    pub too_small: bool,
    /// The header.
    pub header: Bar,
    /// The footer.
    pub footer: Bar,
    /// The messages, a row each, from the footer up.
    pub toasts: Vec<Bar>,
    /// Tabs, where only one column is shown.
    pub tabs: Bar,
    /// A line about the connection.
    pub banner: Rect,
    /// Everything but header, banner and footer.
    pub body: Rect,
    /// The columns shown.
    pub columns: Vec<ColumnLayout>,
    /// The line between board and a pane beside it.
    pub divider: Rect,
    /// The panes shown.
    pub panes: Vec<PaneLayout>,
    /// Running agents for whose panes there is no room.
    pub more: usize,
    /// The frame of what lies over the board, if that is a text or a list.
    pub overlay: Rect,
    /// What is inside of that frame.
    pub overlay_inner: Rect,
    /// The parts of the costs, where those lie over the board.
    pub costs: Areas,
    /// Their tabs.
    pub costs_tabs: Bar,
    /// The parts of a task's changes, where those lie over the board.
    pub changes: ChangesAreas,
    /// The parts of the radar, the report and of tidying up, where one of them lies over the board.
    pub after: AfterAreas,
    /// The parts of a comparison, where one lies over the board.
    pub compare: CompareAreas,
    /// The parts of the list of sessions, where that lies over the board.
    pub sessions: SessionAreas,
    /// Its tabs.
    pub sessions_tabs: Bar,
    hits: Vec<(Rect, Hit)>,
}

impl Layout {
    /// The layout of a model.
    pub fn new(model: &Model) -> Self {
        let screen = Rect::new(0, 0, model.size.0, model.size.1);
        let mut layout = Layout {
            screen,
            ..Layout::default()
        };
        if screen.width < MIN_SIZE.0 || screen.height < MIN_SIZE.1 {
            layout.too_small = true;
            return layout;
        }
        layout.frame(model);
        match model.view {
            _ if model.alone.is_some() => layout.single_pane(model, layout.body),
            View::Zoom => layout.single_pane(model, layout.body),
            View::Tiles => tiles::place(&mut layout, model),
            View::Split => layout.split(model),
        }
        layout.place_overlay(model);
        layout.place_toasts(model);
        layout
    }

    /// Header, banner and footer; what is left is the body.
    fn frame(&mut self, model: &Model) {
        let mut body = self.screen;
        let bare = model.alone.is_some() || model.view == View::Zoom;
        if !bare {
            self.header = bars::header(model, take_top(&mut body, 1));
        }
        if matches!(model.link, Link::Down(_) | Link::Lost(_)) && body.height > 4 {
            self.banner = take_top(&mut body, 1);
        }
        if !(model.alone.is_some() && body.height < 4) {
            self.footer = bars::footer(model, take_bottom(&mut body, 1));
        }
        self.body = body;
        for bar in [&self.header, &self.footer] {
            for segment in &bar.segments {
                if let Some(hit) = segment.hit {
                    self.hits.push((segment.area, hit));
                }
            }
        }
    }

    fn split(&mut self, model: &Model) {
        let mut body = self.body;
        if body.width < WIDE {
            self.tabs = bars::tabs(model, take_top(&mut body, 1));
            for segment in &self.tabs.segments {
                if let Some(hit) = segment.hit {
                    self.hits.push((segment.area, hit));
                }
            }
            let board = if body.height >= 18 {
                take_top(&mut body, (self.body.height * 2 / 5).max(8))
            } else {
                std::mem::take(&mut body)
            };
            columns::place(self, model, board, &[model.cursor.column]);
            if body.height > 0 {
                self.single_pane(model, body);
            }
        } else if body.width < BESIDE {
            let rows = board_height(body.height);
            let board = take_top(&mut body, rows);
            columns::place(self, model, board, &Status::COLUMNS);
            self.single_pane(model, body);
        } else {
            // A pane wants 80 columns or more; the board what makes titles readable.
            let wide = (body.width * 9 / 20).clamp(72, 180);
            let board = Rect {
                width: wide,
                ..body
            };
            self.divider = Rect {
                x: wide,
                width: 1,
                ..body
            };
            let pane = Rect {
                x: wide + 1,
                width: body.width - wide - 1,
                ..body
            };
            columns::place(self, model, board, &Status::COLUMNS);
            self.single_pane(model, pane);
        }
    }

    /// The pane of the selected card in `area`.
    fn single_pane(&mut self, model: &Model, area: Rect) {
        let mut inner = area;
        let title = if model.alone.is_some() {
            Rect { height: 0, ..area }
        } else {
            take_top(&mut inner, 1)
        };
        let task = model.alone.map(|(task, _)| task).or(model.cursor.task);
        self.pane(PaneLayout {
            task,
            session: model.selected_session(),
            title,
            inner,
        });
    }

    fn pane(&mut self, pane: PaneLayout) {
        if let Some(task) = pane.task {
            self.hits.push((pane.title, Hit::PaneTitle(task)));
            self.hits.push((pane.inner, Hit::Pane(task)));
        }
        self.panes.push(pane);
    }

    fn place_overlay(&mut self, model: &Model) {
        // What a dialog asks about stays in sight below it.
        let mut below = model.overlays.iter().rev();
        let Some(top) = below.find(|it| !matches!(it, Overlay::Dialog(..))) else {
            if !model.overlays.is_empty() {
                self.hits.push((self.screen, Hit::Overlay));
            }
            return;
        };
        let high = match top {
            Overlay::Dialog(..) => 0,
            Overlay::Viewer(viewer) => {
                let longest = viewer.lines.len().min(usize::from(u16::MAX)) as u16;
                longest.saturating_add(2)
            }
            // Nothing moves when another tab has fewer rows, or while more is read.
            Overlay::Costs(_)
            | Overlay::Changes(_)
            | Overlay::Sessions(_)
            | Overlay::After(_)
            | Overlay::Compare(_)
            | Overlay::Transcript(_) => u16::MAX,
            Overlay::Inbox(_) => waiting(model).min(1000) as u16 + INBOX_DETAIL + 2,
        };
        let whole = matches!(top, Overlay::Changes(_) | Overlay::Compare(_));
        let area = if whole || is_small(self.screen) {
            self.body
        } else {
            let most = self.screen.height.saturating_sub(4);
            let width = overlay_width(self.screen);
            centred(self.screen, width, high.clamp(10, most.max(10)))
        };
        self.overlay = area;
        self.overlay_inner = Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        };
        self.hits.push((self.screen, Hit::Overlay));
        if let Overlay::Costs(page) = top {
            self.costs = Areas::new(self.overlay_inner, page.budgets().len());
            self.costs_tabs = bars::costs_tabs(page, self.costs.tabs, &model.theme);
            for segment in &self.costs_tabs.segments {
                self.hits.extend(segment.hit.map(|hit| (segment.area, hit)));
            }
        }
        if let Overlay::Changes(page) = top {
            changes::place(self, page, self.overlay_inner, &model.theme);
        }
        match top {
            Overlay::After(page) => after::place(self, page, self.overlay_inner),
            Overlay::Compare(_) => compare::place(self, self.overlay_inner),
            Overlay::Sessions(page) => self.place_sessions(model, page),
            Overlay::Inbox(list) => {
                let (rows, _) = inbox_parts(self.overlay_inner);
                self.place_rows(rows, list.scroll..waiting(model));
            }
            _ => {}
        }
        if let Some(Overlay::Dialog(..)) = model.overlays.last() {
            self.hits.push((self.screen, Hit::Overlay));
        }
    }

    fn place_sessions(&mut self, model: &Model, page: &super::sessions::SessionsPage) {
        self.sessions = SessionAreas::new(self.overlay_inner);
        let areas = self.sessions;
        self.sessions_tabs = bars::sessions_tabs(model, page, areas.tabs);
        for segment in &self.sessions_tabs.segments {
            self.hits.extend(segment.hit.map(|hit| (segment.area, hit)));
        }
        self.hits
            .push((areas.line, Hit::Action(Action::FilterRows)));
        let high = page.item_height();
        for (index, row) in page.in_sight().zip(0..) {
            let area = Rect {
                y: areas.list.y + row * high,
                height: high,
                ..areas.list
            };
            if !matches!(page.item(index), Some(Item::Heading(..))) {
                self.hits.push((area, Hit::Row(index)));
            }
        }
    }

    /// Rows of a list that can be clicked on.
    fn place_rows(&mut self, area: Rect, rows: std::ops::Range<usize>) {
        for (index, y) in rows.zip(area.top()..area.bottom()) {
            let row = Rect {
                y,
                height: 1,
                ..area
            };
            self.hits.push((row, Hit::Row(index)));
        }
    }

    /// Messages take the place of the footer's hints; a click on one takes them away.
    fn place_toasts(&mut self, model: &Model) {
        let Some(chip) = self.footer.segments.first() else {
            return;
        };
        self.toasts = toasts::rows(model, self.footer.area, chip.area.width);
        for bar in &self.toasts {
            self.hits.push((bar.area, Hit::Toasts));
        }
    }

    /// What is at a cell; the topmost thing.
    pub fn hit(&self, col: u16, row: u16) -> Option<Hit> {
        let at = Position::new(col, row);
        self.hits
            .iter()
            .rev()
            .find(|(area, _)| area.contains(at))
            .map(|(_, hit)| *hit)
    }

    /// The pane of a card.
    pub fn pane_of(&self, task: TaskId) -> Option<&PaneLayout> {
        self.panes.iter().find(|pane| pane.task == Some(task))
    }

    /// The pane of the selected card.
    pub fn selected_pane(&self, model: &Model) -> Option<&PaneLayout> {
        let task = model.alone.map(|(task, _)| task).or(model.cursor.task);
        self.panes.iter().find(|pane| pane.task == task)
    }

    /// The size an agent started now would be shown at.
    pub fn pane_size(&self, model: &Model) -> (u16, u16) {
        self.selected_pane(model)
            .or(self.panes.first())
            .map(|pane| pane.inner)
            .map_or((self.body.width, self.body.height), |inner| {
                (inner.width, inner.height)
            })
    }

    /// Whether the focused pane is in sight.
    pub fn shows_focus(&self, model: &Model) -> bool {
        model.area == Area::Board || self.selected_pane(model).is_some()
    }
}

/// Whether what lies over the board takes all of it.
fn is_small(screen: Rect) -> bool {
    screen.width < WIDE || screen.height < 20
}

/// How many are in the inbox.
fn waiting(model: &Model) -> usize {
    let needs = model.cards.values().filter_map(TaskCard::need);
    needs.count()
}

/// The inbox's rows, and below them the room for the selected one's words.
pub(crate) fn inbox_parts(inner: Rect) -> (Rect, Rect) {
    let below = INBOX_DETAIL.min(inner.height / 2);
    let (mut rows, mut detail) = (inner, inner);
    rows.height -= below;
    detail.y = rows.bottom();
    detail.height = below;
    (rows, detail)
}

/// How wide texts and lists over the board are, their frame included.
fn overlay_width(screen: Rect) -> u16 {
    if is_small(screen) {
        return screen.width;
    }
    let wide = screen.width * 9 / 10;
    wide.clamp(WIDE - 4, 140).min(screen.width)
}

/// The columns that a text over the board has on a screen of `size`.
pub fn text_width((width, height): (u16, u16)) -> usize {
    usize::from(overlay_width(Rect::new(0, 0, width, height)).saturating_sub(4))
}

/// The rows a board of four columns takes of `height`; depends on nothing else, so that the agents' panes
/// below keep their size whatever happens on the board.
fn board_height(height: u16) -> u16 {
    match height {
        0..=9 => height / 2,
        10..=30 => (height * 9 / 20).max(5),
        _ => (height * 2 / 5).min(26),
    }
}

/// Whether a card takes part in the tiled view.
pub fn has_pane(card: &TaskCard) -> bool {
    card.session.is_some()
}

fn take_top(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    let top = Rect {
        height: rows,
        ..*area
    };
    area.y += rows;
    area.height -= rows;
    top
}

fn take_bottom(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    area.height -= rows;
    Rect {
        y: area.bottom(),
        height: rows,
        ..*area
    }
}

fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

#[cfg(test)]
mod tests;
