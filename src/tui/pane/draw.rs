//! Drawing a pane, and finding what is under the mouse.
//!
//! A screen larger than the area shows the part with the cursor, preferring the last lines in use; a
//! smaller one stands at the top left, and what is left over is filled quietly.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color as TuiColor, Modifier, Style as TuiStyle};

use super::PaneState;
use super::cells::{Looks, cells};
use super::select::Spot;
use crate::protocol::{Color, Style, StyledRow};
use crate::tui::theme::{Role, Theme};

/// How a pane is to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct PaneLook<'a> {
    /// Whether the keys go to it.
    pub focused: bool,
    /// Whether it is drawn dimmed (the connection is away).
    pub dim: bool,
    /// The theme.
    pub theme: &'a Theme,
}

/// The same, looked up once for a whole draw.
struct Look {
    selection: TuiStyle,
    matched: TuiStyle,
    current: TuiStyle,
    filler: TuiStyle,
    colorless: bool,
    dim: bool,
}

impl PaneLook<'_> {
    fn resolve(&self) -> Look {
        let style = |role| self.theme.style(role);
        Look {
            selection: style(Role::Selection),
            matched: style(Role::Match),
            current: style(Role::MatchCurrent),
            filler: style(Role::Faint),
            colorless: !self.theme.colour(),
            dim: self.dim,
        }
    }
}

/// What stands where the area is larger than the agent's screen.
const FILLER: &str = " ";

/// The part of a pane that shows: the id of the first line, the first column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    top: u64,
    left: u16,
}

fn view(pane: &PaneState, area: Rect) -> View {
    let height = u64::from(area.height);
    if let Some(top) = pane.top {
        return View { top, left: 0 };
    }
    let screen = &pane.screen;
    let cursor = screen.cursor;
    let last = screen
        .rows
        .iter()
        .rposition(|row| !row.row.text.trim_end().is_empty() || !row.row.runs.is_empty())
        .map_or(0, |row| row as u64)
        .max(u64::from(cursor.row));
    let mut first = (last + 1).saturating_sub(height);
    if cursor.visible {
        first = first.min(u64::from(cursor.row));
    }
    let left = match cursor.col.checked_sub(area.width) {
        Some(beyond) if cursor.visible && screen.cols > area.width => beyond + 1,
        _ => 0,
    };
    View {
        top: screen.history_end + first,
        left,
    }
}

/// Draws a pane into cells that are still blank, and says where the cursor belongs, if it shows. What is
/// blank in the pane is not touched: of a screen's ten thousand cells, most are.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    pane: &PaneState,
    look: &PaneLook<'_>,
) -> Option<Position> {
    let look = &look.resolve();
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return None;
    }
    let view = view(pane, area);
    let width = pane.screen.cols.saturating_sub(view.left);
    for y in 0..area.height {
        let id = view.top + u64::from(y);
        let line = Rect::new(area.x, area.y + y, area.width, 1);
        match pane.line(id) {
            Some(row) => {
                draw_row(line, buf, row, view.left, look);
                fill(line, width, buf, look);
                overlay(line, buf, pane, id, view.left, look);
            }
            // Not fetched yet.
            None if id < pane.end() => {}
            None => fill(line, 0, buf, look),
        }
    }
    let spot = match pane.copy_cursor() {
        Some(spot) => Some(spot),
        None if pane.top.is_some() || !pane.screen.cursor.visible => None,
        None => Some(Spot {
            line: pane.screen.history_end + u64::from(pane.screen.cursor.row),
            col: pane.screen.cursor.col,
        }),
    }?;
    let row = u16::try_from(spot.line.checked_sub(view.top)?).ok()?;
    let col = spot.col.checked_sub(view.left)?.min(area.width - 1);
    (row < area.height).then(|| Position::new(area.x + col, area.y + row))
}

/// What is right of the screen's own columns.
fn fill(line: Rect, width: u16, buf: &mut Buffer, look: &Look) {
    for x in line.left().saturating_add(width)..line.right() {
        buf[(x, line.y)].set_symbol(FILLER).set_style(look.filler);
    }
}

fn draw_row(line: Rect, buf: &mut Buffer, row: &StyledRow, left: u16, look: &Look) {
    let mut looks = Looks::new(row);
    let covered = looks.covered();
    let style_of = |style: Option<&Style>| {
        let own = style.map_or(TuiStyle::new(), |style| translate(style, look.colorless));
        if look.dim {
            own.add_modifier(Modifier::DIM)
        } else {
            own
        }
    };
    let mut reached = 0;
    let mut last: (Option<&Style>, TuiStyle) = (None, style_of(None));
    for cell in cells(&row.row.text) {
        reached = cell.col + cell.width;
        let style = looks.at(cell.col);
        if !std::ptr::eq(
            style.map_or(std::ptr::null(), |style| style),
            last.0.map_or(std::ptr::null(), |style| style),
        ) {
            last = (style, style_of(style));
        }
        let Some(col) = cell.col.checked_sub(left) else {
            continue;
        };
        if col >= line.width {
            break;
        }
        let x = line.x + col;
        // A wide character that would be cut in half becomes a blank.
        if col + cell.width > line.width {
            buf[(x, line.y)].set_style(last.1);
            break;
        }
        if cell.text == " " && last.1 == TuiStyle::new() {
            continue;
        }
        let hidden = style.is_some_and(|style| style.has(Style::HIDDEN));
        let text = if hidden { " " } else { drawable(cell.text) };
        buf[(x, line.y)].set_symbol(text).set_style(last.1);
        for extra in 1..cell.width {
            // A blank behind a wide character: ratatui knows that it is covered.
            buf[(x + extra, line.y)].set_symbol(" ").set_style(last.1);
        }
    }
    // Blanks with a look: a coloured bar to the end of the line.
    for col in reached.max(left)..covered.min(left.saturating_add(line.width)) {
        let style = style_of(looks.at(col));
        buf[(line.x + col - left, line.y)].set_style(style);
    }
}

/// A joiner at the end would make some terminals draw this cell and the next as one.
fn drawable(text: &str) -> &str {
    text.trim_end_matches('\u{200d}')
}

fn overlay(line: Rect, buf: &mut Buffer, pane: &PaneState, id: u64, left: u16, look: &Look) {
    let mut paint = |from: u16, to: u16, style: TuiStyle| {
        let from = from.saturating_sub(left).min(line.width);
        let to = to.saturating_sub(left).min(line.width);
        for col in from..to {
            buf[(line.x + col, line.y)].set_style(style);
        }
    };
    if let Some(search) = &pane.search {
        for (index, found) in search.matches.iter().enumerate() {
            if found.line == id {
                let current = index == search.current;
                let style = if current { look.current } else { look.matched };
                paint(found.col, found.col.saturating_add(found.cells), style);
            }
        }
    }
    if let Some((from, to)) = pane.selection.and_then(|selection| selection.columns(id)) {
        paint(from, to.min(pane.screen.cols), look.selection);
    }
}

fn translate(style: &Style, colorless: bool) -> TuiStyle {
    let mut tui = TuiStyle::new();
    if !colorless {
        if let Some(color) = color(style.fg) {
            tui = tui.fg(color);
        }
        if let Some(color) = color(style.bg) {
            tui = tui.bg(color);
        }
    }
    let pairs = [
        (Style::BOLD, Modifier::BOLD),
        (Style::DIM, Modifier::DIM),
        (Style::ITALIC, Modifier::ITALIC),
        (Style::BLINK, Modifier::SLOW_BLINK),
        (Style::REVERSE, Modifier::REVERSED),
        (Style::STRIKE, Modifier::CROSSED_OUT),
    ];
    for (attr, modifier) in pairs {
        if style.has(attr) {
            tui = tui.add_modifier(modifier);
        }
    }
    let underlines = Style::UNDERLINE
        | Style::DOUBLE_UNDERLINE
        | Style::CURLY_UNDERLINE
        | Style::DOTTED_UNDERLINE
        | Style::DASHED_UNDERLINE;
    if style.attrs & underlines != 0 {
        tui = tui.add_modifier(Modifier::UNDERLINED);
    }
    tui
}

fn color(color: Color) -> Option<TuiColor> {
    match color {
        Color::Default => None,
        Color::Indexed(index) => Some(TuiColor::Indexed(index)),
        Color::Rgb(r, g, b) => Some(TuiColor::Rgb(r, g, b)),
    }
}

/// The cell of the session's text that is at a place of the user's screen.
pub fn spot_at(area: Rect, pane: &PaneState, col: u16, row: u16) -> Option<Spot> {
    if area.is_empty() || pane.end() == 0 {
        return None;
    }
    let view = view(pane, area);
    // A drag may leave the pane; it then means the nearest cell in it.
    let row = row.clamp(area.top(), area.bottom() - 1) - area.y;
    let col = col.clamp(area.left(), area.right() - 1) - area.x;
    Some(Spot {
        line: (view.top + u64::from(row)).min(pane.end() - 1),
        col: (col + view.left).min(pane.screen.cols.saturating_sub(1)),
    })
}

/// The cell of the agent's own screen that is there, for the agent's mouse; `None` outside of it.
pub fn agent_cell(area: Rect, pane: &PaneState, col: u16, row: u16) -> Option<(u16, u16)> {
    if !area.contains(Position::new(col, row)) || pane.top.is_some() {
        return None;
    }
    let view = view(pane, area);
    let line = view.top + u64::from(row - area.y);
    let row = u16::try_from(line.checked_sub(pane.screen.history_end)?).ok()?;
    let col = col - area.x + view.left;
    let inside = usize::from(row) < pane.screen.rows.len() && col < pane.screen.cols;
    inside.then_some((col, row))
}
