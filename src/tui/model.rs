//! Everything the interface knows. Plain data: no I/O, no clock; changed by `update` alone.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use super::after::AfterPage;
use super::changes::Changes;
use super::compare::ComparePage;
use super::costs::CostsPage;
use super::dialog::Dialog;
use super::inbox::InboxList;
use super::keymap::Keymap;
use super::overlay::Viewer;
use super::pane::PaneState;
use super::sessions::SessionsPage;
use super::theme::Theme;
use super::transcript::TranscriptView;
use crate::domain::{Project, ProjectId, SessionId, Status, TaskId, Timestamp};
use crate::protocol::{AgentView, Level, QueueView, SessionView, TaskCard, TerminalInfo};

/// The smallest terminal that is drawn into; below it there is only a word.
pub const MIN_SIZE: (u16, u16) = (20, 5);

/// The whole state.
#[derive(Debug, Clone)]
pub struct Model {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The present moment, as the main loop last said.
    pub now: Timestamp,
    /// How everything looks.
    pub theme: Theme,
    /// Which key does what.
    pub keymap: Keymap,
    /// The directory the program was started in.
    pub cwd: PathBuf,
    /// Whether this is the demonstration.
    pub demo: bool,
    /// The user's own tool for diffs; empty: none.
    pub diff_tool: String,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Whether the terminal has the focus, as far as it says.
    pub terminal_focus: bool,
    /// Whether this is a single pane from edge to edge (`gluon attach`), and whose.
    pub alone: Option<(TaskId, SessionId)>,

    /// What the terminal is, for agents that ask.
    pub terminal: TerminalInfo,

    /// The connection to the daemon.
    pub link: Link,
    /// Whether the board has come at least once.
    pub loaded: bool,
    /// All projects.
    pub projects: Vec<Project>,
    /// The project of the directory the program was started in.
    pub here: Option<ProjectId>,
    /// All cards.
    pub cards: BTreeMap<TaskId, TaskCard>,
    /// The scheduler.
    pub queue: QueueView,
    /// The agents there are.
    pub agents: Vec<AgentView>,
    /// The task whose check's output is to be shown when it comes.
    pub awaited_check: Option<TaskId>,
    /// The iterations of the loop that the detail was asked for last.
    pub loop_history: Option<Box<crate::protocol::LoopHistory>>,

    /// Which cards are shown.
    pub filter: Filter,
    /// Where on the board the user is.
    pub cursor: Cursor,
    /// Cards on their way to another column, until the daemon has answered.
    pub moving: HashMap<TaskId, Status>,
    /// What the mouse drags.
    pub drag: Drag,
    /// Who has the keys.
    pub area: Area,
    /// What is shown.
    pub view: View,
    /// What was shown before the pane was zoomed.
    pub before_zoom: View,
    /// Whether it was zoomed only because it had to be in sight to be typed into.
    pub zoomed_to_enter: bool,
    /// Whether the prefix was typed and its key is awaited.
    pub prefix: bool,
    /// The terminals of sessions, those not shown included as long as they are remembered.
    pub panes: HashMap<SessionId, Pane>,
    /// What lies over the board; the last has the keys.
    pub overlays: Vec<Overlay>,
    /// Short messages.
    pub toasts: Vec<Toast>,
    /// When an ask took another's place, by task.
    pub asks_changed: HashMap<TaskId, Timestamp>,
    /// The last click, to tell a double one.
    pub last_click: Option<Click>,
    /// A counter for what was used when.
    pub clock: u64,
    /// When something in sight changes by time alone; `None`: never.
    pub wake: Option<Timestamp>,
}

/// A click that may be the first of a double one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Click {
    /// When the button went down.
    pub when: Timestamp,
    /// The cell.
    pub at: (u16, u16),
    /// Whose card or pane was there: the board may move between two clicks.
    pub task: TaskId,
}

/// The connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not yet.
    Connecting,
    /// It stands.
    Up,
    /// It is gone and is being tried again.
    Down(String),
    /// It cannot be had again.
    Lost(String),
}

/// Which cards are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// With these words in title, agent, labels, project or number.
    pub words: String,
    /// Archived ones too.
    pub archived: bool,
}

/// Where on the board the user is. The task is what counts; the rest says where to go when it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The selected card.
    pub task: Option<TaskId>,
    /// The column.
    pub column: Status,
    /// The card's index in it.
    pub index: usize,
    /// The card last selected in each column.
    pub remembered: [Option<TaskId>; 4],
    /// The first card shown in each column.
    pub scroll: [usize; 4],
    /// Whether the selected card has to be scrolled into sight.
    pub reveal: bool,
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            task: None,
            column: Status::Running,
            index: 0,
            remembered: [None; 4],
            scroll: [0; 4],
            reveal: true,
        }
    }
}

/// What the mouse drags: a card, by its id, since the board changes underneath.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drag {
    /// Nothing.
    #[default]
    None,
    /// The button went down on a card.
    Pressed {
        /// The card.
        task: TaskId,
        /// Where.
        at: (u16, u16),
    },
    /// The card is being carried.
    Dragging {
        /// The card.
        task: TaskId,
        /// Where the mouse is.
        at: (u16, u16),
        /// Where it would land.
        over: Option<Drop>,
    },
    /// Text in a pane is being selected.
    Selecting(SessionId),
}

/// A place on the board to drop a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drop {
    /// The column.
    pub column: Status,
    /// The card it would stand before; `None`: last.
    pub before: Option<TaskId>,
}

/// Who has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// The board.
    Board,
    /// The pane of the selected card.
    Pane,
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The board with the selected card's pane.
    Split,
    /// The selected card's pane alone.
    Zoom,
    /// The panes of all running agents.
    Tiles,
}

/// A session's terminal and how we follow it.
#[derive(Debug, Clone)]
pub struct Pane {
    /// The terminal.
    pub state: PaneState,
    /// The size we follow it at, and whether we claimed it; `None`: not attached.
    pub attached: Option<Attachment>,
    /// When it was last shown, by the model's counter.
    pub used: u64,
    /// Why it cannot be attached.
    pub error: Option<String>,
    /// Whether the agent was told that its terminal has the focus.
    pub told_focus: bool,
}

impl Pane {
    /// A pane that has seen nothing yet.
    pub fn new(session: SessionId) -> Self {
        Self {
            state: PaneState::new(session),
            attached: None,
            used: 0,
            error: None,
            told_focus: false,
        }
    }
}

/// How a session is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attachment {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Whether the session was asked to take that size.
    pub claim: bool,
}

/// Something over the board.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// A form, a question, the palette.
    Dialog(Box<Dialog>, Purpose),
    /// A text to read.
    Viewer(Viewer),
    /// The list of sessions.
    Sessions(Box<SessionsPage>),
    /// What was spent.
    Costs(CostsPage),
    /// Who needs the user.
    Inbox(InboxList),
    /// The changes of a task.
    Changes(Box<Changes>),
    /// What was said.
    Transcript(Box<TranscriptView>),
    /// The radar, the report, or what can be cleaned away.
    After(Box<AfterPage>),
    /// Two tasks that try the same.
    Compare(Box<ComparePage>),
}

/// What a dialog's words are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The dialog's answer says it all.
    Itself,
    /// The board's filter.
    Filter,
    /// A search in a session's scrollback.
    Search(SessionId),
    /// A comment on a task's changes.
    Comment,
    /// What an agent is told beside the comments.
    Review,
    /// A search in a task's changes.
    Find,
    /// New limits for a task's loop.
    Limits(TaskId),
    /// A search in a transcript.
    Transcript,
}

/// A short message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// How much it matters.
    pub level: Level,
    /// The words.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// When it goes.
    pub until: Timestamp,
}

impl Model {
    /// The state at the start.
    pub fn new(theme: Theme, keymap: Keymap, size: (u16, u16), now: Timestamp) -> Self {
        Self {
            size,
            now,
            theme,
            keymap,
            cwd: PathBuf::new(),
            demo: false,
            diff_tool: String::new(),
            mouse: true,
            terminal_focus: true,
            alone: None,
            terminal: TerminalInfo::default(),
            link: Link::Connecting,
            loaded: false,
            projects: Vec::new(),
            here: None,
            cards: BTreeMap::new(),
            queue: QueueView::default(),
            agents: Vec::new(),
            awaited_check: None,
            loop_history: None,
            filter: Filter::default(),
            cursor: Cursor::default(),
            moving: HashMap::new(),
            drag: Drag::None,
            area: Area::Board,
            view: View::Split,
            before_zoom: View::Split,
            zoomed_to_enter: false,
            prefix: false,
            panes: HashMap::new(),
            overlays: Vec::new(),
            toasts: Vec::new(),
            asks_changed: HashMap::new(),
            last_click: None,
            clock: 0,
            wake: None,
        }
    }

    /// The selected card.
    pub fn selected(&self) -> Option<&TaskCard> {
        self.cards.get(&self.cursor.task?)
    }

    /// The session whose pane belongs to the selected card.
    pub fn selected_session(&self) -> Option<SessionId> {
        if let Some((_, session)) = self.alone {
            return Some(session);
        }
        Some(self.selected()?.session.as_ref()?.session.id)
    }

    /// A session as the board knows it.
    pub fn session(&self, id: SessionId) -> Option<&SessionView> {
        self.cards
            .values()
            .filter_map(|card| card.session.as_ref())
            .find(|view| view.session.id == id)
    }

    /// The pane that has the keys.
    pub fn focused_pane(&self) -> Option<SessionId> {
        (self.area == Area::Pane)
            .then(|| self.selected_session())
            .flatten()
    }

    /// Says something to the user for a while.
    pub fn toast(&mut self, level: Level, text: impl Into<String>, hint: Option<String>) {
        const MOST: usize = 4;
        let text = super::text::clean(&text.into()).into_owned();
        let hint = hint.map(|hint| super::text::clean(&hint).into_owned());
        // Long enough to be read: errors and what carries a command stay longer.
        let seconds = match (level, &hint) {
            (Level::Info, None) => 5,
            (Level::Info, Some(_)) => 12,
            _ => 10,
        };
        self.toasts.retain(|toast| toast.text != text);
        self.toasts.push(Toast {
            level,
            text,
            hint,
            until: self.now.plus(seconds * 1000),
        });
        if self.toasts.len() > MOST {
            self.toasts.remove(0);
        }
    }
}
