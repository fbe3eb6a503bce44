//! A pane: a session's screen as the user looks at it, with scrollback, selection and search.
//!
//! Pure state and drawing; what it wants from the daemon (lines, matches) it says, and the update loop
//! asks for it. Lines are known by their id, so a selection or a place in the scrollback stays where it
//! is while the agent prints. Foreign text: nothing that is drawn can hold a control character.

mod cells;
mod copy;
mod draw;
pub mod input;
mod lines;
mod select;

use crate::protocol::screen::Gap;
use crate::protocol::{Lines, Match, ReadLines, ScreenState, ScreenUpdate, Search, StyledRow};

use crate::domain::SessionId;

pub use copy::CopyOutcome;
pub use draw::{PaneLook, agent_cell, draw, spot_at};
pub use select::Spot;

use lines::LineCache;
use select::Selection;

/// Matches asked for at once.
const MAX_MATCHES: u32 = 1000;

/// A session's screen as the user looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct PaneState {
    /// Whose.
    pub session: SessionId,
    /// The screen as it is.
    pub screen: ScreenState,
    /// The id of the line at the top while scrolled back; `None`: live.
    top: Option<u64>,
    selection: Option<Selection>,
    search: Option<SearchState>,
    cache: LineCache,
    /// The cursor of the copy mode, while that is on.
    copy: Option<Spot>,
    marking: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct SearchState {
    query: String,
    asked: bool,
    /// Newest first, as the daemon gives them.
    matches: Vec<Match>,
    current: usize,
}

impl PaneState {
    /// A pane that has seen nothing yet.
    pub fn new(session: SessionId) -> Self {
        Self {
            session,
            screen: ScreenState::default(),
            top: None,
            selection: None,
            search: None,
            cache: LineCache::default(),
            copy: None,
            marking: false,
        }
    }

    /// Applies an update of the screen.
    ///
    /// # Errors
    /// [`Gap`] where it starts from a state this pane does not have: attach again.
    pub fn apply(&mut self, update: &ScreenUpdate) -> Result<(), Gap> {
        let width = self.screen.cols;
        self.screen.apply(update)?;
        if self.screen.cols != width {
            // Lines are wrapped anew at another width, and their ids mean other lines.
            self.cache.clear();
            self.selection = None;
        }
        self.cache.forget_before(self.screen.history_start);
        if let Some(top) = &mut self.top {
            *top = (*top).max(self.screen.history_start);
        }
        Ok(())
    }

    /// Rows of the screen as it is.
    fn height(&self) -> u64 {
        self.screen.rows.len() as u64
    }

    /// The id behind the last line there is.
    fn end(&self) -> u64 {
        self.screen.history_end + self.height()
    }

    /// The line of that id: from the screen, or from what has been fetched of the scrollback.
    fn line(&self, id: u64) -> Option<&StyledRow> {
        match id.checked_sub(self.screen.history_end) {
            Some(row) => self.screen.rows.get(row as usize),
            None => self.cache.get(id),
        }
    }

    /// The lines of scrollback that are needed to draw `height` rows and not here yet. Each is asked for
    /// once.
    pub fn wanted_lines(&mut self, height: u16) -> Option<ReadLines> {
        let top = self.top?;
        let end = (top + u64::from(height)).min(self.screen.history_end);
        let (first, count) =
            self.cache
                .missing(top, end, self.screen.history_start, self.screen.history_end)?;
        Some(ReadLines {
            session: self.session,
            first,
            count,
        })
    }

    /// Lines that were asked for.
    pub fn lines_arrived(&mut self, lines: &Lines) {
        self.cache.insert(lines);
    }

    /// Whether the newest output shows.
    pub fn is_live(&self) -> bool {
        self.top.is_none() && self.copy.is_none()
    }

    /// Whether keys scroll instead of going to the agent.
    pub fn is_scrolling(&self) -> bool {
        !self.is_live()
    }

    /// Back to the newest output; selection and search end.
    pub fn go_live(&mut self) {
        self.top = None;
        self.copy = None;
        self.marking = false;
        self.selection = None;
        self.search = None;
    }

    /// Scrolls by so many lines, negative ones into the past; at the end it is live again. There is
    /// nothing to scroll on the alternate screen.
    pub fn scroll_by(&mut self, lines: i64, height: u16) {
        if self.screen.modes.alternate {
            return;
        }
        let bottom = self.end().saturating_sub(u64::from(height));
        let bottom = bottom.max(self.screen.history_start);
        let top = self.top.unwrap_or(bottom);
        let to = top
            .saturating_add_signed(lines)
            .max(self.screen.history_start);
        self.top = (to < bottom).then_some(to);
    }

    /// Which line of how many is at the top, while scrolled back; from 1.
    pub fn position(&self) -> Option<(u64, u64)> {
        let start = self.screen.history_start;
        let top = self.top?;
        Some((top - start.min(top) + 1, self.end() - start))
    }

    /// Looks for `query` in everything there is; empty ends the search.
    pub fn set_search(&mut self, query: String) {
        self.search = (!query.is_empty()).then_some(SearchState {
            query,
            asked: false,
            matches: Vec::new(),
            current: 0,
        });
    }

    /// The search the daemon has to do; given once.
    pub fn wanted_search(&mut self) -> Option<Search> {
        let search = self.search.as_mut().filter(|search| !search.asked)?;
        search.asked = true;
        Some(Search {
            session: self.session,
            query: search.query.clone(),
            limit: MAX_MATCHES,
        })
    }

    /// What the daemon found, newest first; the newest is shown.
    pub fn matches_arrived(&mut self, matches: Vec<Match>, height: u16) {
        if let Some(search) = &mut self.search {
            search.matches = matches;
            search.current = 0;
        }
        self.show_match(height);
    }

    /// What is looked for, which match this is and how many there are.
    pub fn search_state(&self) -> Option<(&str, usize, usize)> {
        let search = self.search.as_ref()?;
        let current = search.current + usize::from(!search.matches.is_empty());
        Some((&search.query, current, search.matches.len()))
    }

    /// To an older match (`n`) or a newer one (`N`), around the end.
    fn next_match(&mut self, older: bool, height: u16) {
        if let Some(search) = &mut self.search
            && !search.matches.is_empty()
        {
            let count = search.matches.len();
            let step = if older { 1 } else { count - 1 };
            search.current = (search.current + step) % count;
        }
        self.show_match(height);
    }

    fn show_match(&mut self, height: u16) {
        let Some(found) = self
            .search
            .as_ref()
            .and_then(|search| search.matches.get(search.current).copied())
        else {
            return;
        };
        let spot = Spot {
            line: found.line,
            col: found.col,
        };
        self.copy = Some(spot);
        self.bring_into_view(spot.line, height);
    }

    fn bring_into_view(&mut self, line: u64, height: u16) {
        let height = u64::from(height).max(1);
        let bottom = self
            .end()
            .saturating_sub(height)
            .max(self.screen.history_start);
        let top = self.top.unwrap_or(bottom);
        let to = if line < top {
            line.max(self.screen.history_start)
        } else if line >= top + height {
            line + 1 - height
        } else {
            top
        };
        self.top = (to < bottom).then_some(to);
    }
}

impl Default for PaneState {
    /// A pane of no session, to be replaced.
    fn default() -> Self {
        Self::new(SessionId(0))
    }
}

#[cfg(test)]
mod tests;
