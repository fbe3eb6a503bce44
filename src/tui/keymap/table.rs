//! The table: every action, its keys, and the words for it.

use super::Context::{
    self, After, Asking, Board, Changes, Compare as InCompare, Costs, Drag, Form, Inbox as InInbox,
    List, Prefix, Scroll, Sessions as InSessions, Transcript as InTranscript, Viewer,
};

macro_rules! actions {
    ($($action:ident, $name:literal, $group:ident, [$(($context:ident: $($key:literal)+)),*],
       $title:literal, $hint:expr, $palette:literal;)*) => {
        /// Something a key, a click or the palette asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $(
                #[doc = $title]
                $action,
            )*
        }

        /// All actions, in the order that help shows them.
        pub static TABLE: &[Entry] = &[
            $(Entry {
                action: Action::$action,
                name: $name,
                group: Group::$group,
                keys: &[$(($context, &[$($key),+])),*],
                title: $title,
                hint: $hint,
                palette: $palette,
            },)*
        ];
    };
}

/// One action of the table.
#[derive(Debug)]
pub struct Entry {
    /// The action.
    pub action: Action,
    /// Its name in the `[keys]` section of the configuration.
    pub name: &'static str,
    /// Where help lists it.
    pub group: Group,
    /// Its keys, by context.
    pub keys: &'static [(Context, &'static [&'static str])],
    /// What it does, as help and palette say it.
    pub title: &'static str,
    /// One or two words for the footer.
    pub hint: Option<&'static str>,
    /// Whether the palette offers it.
    pub palette: bool,
}

/// The headings of help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Group {
    Move,
    Task,
    Agent,
    Loop,
    View,
    Program,
    Pane,
    Scrollback,
    Lists,
    Forms,
    Review,
}

impl Group {
    /// All, in the order of help.
    pub const ALL: [Group; 11] = [
        Group::Move,
        Group::Task,
        Group::Agent,
        Group::Loop,
        Group::View,
        Group::Program,
        Group::Pane,
        Group::Scrollback,
        Group::Lists,
        Group::Review,
        Group::Forms,
    ];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Move => "Moving about",
            Group::Task => "Tasks",
            Group::Agent => "Agents",
            Group::Loop => "Loops",
            Group::View => "Looking",
            Group::Program => "gluon",
            Group::Pane => "In a pane, after the prefix",
            Group::Scrollback => "In the scrollback",
            Group::Lists => "In lists and texts",
            Group::Forms => "In forms",
            Group::Review => "In the changes of a task",
        }
    }
}

actions! {
    Left, "left", Move, [(Board: "h" "left")], "Column to the left", None, false;
    Down, "down", Move, [(Board: "j" "down")], "Next card", None, false;
    Up, "up", Move, [(Board: "k" "up")], "Previous card", None, false;
    Right, "right", Move, [(Board: "l" "right")], "Column to the right", None, false;
    First, "first", Move, [(Board: "g" "home")], "First card of the column", None, false;
    Last, "last", Move, [(Board: "G" "end")], "Last card of the column", None, false;
    Column1, "column_1", Move, [(Board: "1")], "Go to Queue", None, true;
    Column2, "column_2", Move, [(Board: "2")], "Go to Running", None, true;
    Column3, "column_3", Move, [(Board: "3")], "Go to Review", None, true;
    Column4, "column_4", Move, [(Board: "4")], "Go to Done", None, true;
    NextNeedsYou, "next", Move, [(Board: "."), (Prefix: ".")], "Next task that needs you", Some("next"), true;
    SwitchArea, "switch_area", Move, [(Board: "tab")], "Switch between board and pane", None, false;

    New, "new", Task, [(Board: "n"), (Prefix: "c")], "New task", Some("new"), true;
    Start, "start", Task, [(Board: "s")], "Start the task now", Some("start"), true;
    Stop, "stop", Task, [(Board: "x")], "Stop the agent; it can be resumed", Some("stop"), true;
    Resume, "resume", Task, [(Board: "r")], "Resume the conversation", Some("resume"), true;
    Diff, "diff", Task, [(Board: "d"), (After: "d"), (InCompare: "d")], "Show the changes", Some("diff"), true;
    Accept, "accept", Task, [(Board: "a"), (Changes: "a"), (InCompare: "a")], "Accept the task", Some("accept"), true;
    Check, "check", Task, [(Board: "c"), (Changes: "t")], "Run the task's check", Some("check"), true;
    CheckOutput, "check_output", Task, [(Board: "v"), (Changes: "O")], "What its check has printed", None, true;
    Fork, "fork", Task, [(Board: "F"), (Changes: "F")], "Try it once more with another agent, beside it", Some("fork"), true;
    Compare, "compare", Task, [(Board: "f"), (Changes: "f")], "Compare it with the one that tries the same", Some("compare"), true;
    LeaveQueue, "leave_queue", Task, [(Board: "Q")], "Leave the merge queue", None, true;
    Undo, "undo", Task, [(Board: "u")], "Undo the last accept or removal", None, true;
    Archive, "archive", Task, [(Board: "Z")], "Archive the done task, or bring it back", None, true;
    Detail, "detail", Task, [(Board: "i" "space")], "Everything about the task", Some("detail"), true;
    MoveLeft, "move_left", Task, [(Board: "H" "shift-left")], "Move the card to the left", None, true;
    MoveDown, "move_down", Task, [(Board: "J" "shift-down")], "Move the card down", None, true;
    MoveUp, "move_up", Task, [(Board: "K" "shift-up")], "Move the card up", None, true;
    MoveRight, "move_right", Task, [(Board: "L" "shift-right")], "Move the card to the right", None, true;
    Urgent, "urgent", Task, [(Board: "+")], "Make it more urgent", None, true;
    LessUrgent, "less_urgent", Task, [(Board: "-")], "Make it less urgent", None, true;
    Hold, "hold", Task, [(Board: "o")], "Hold it back, or let it go", None, true;
    Cancel, "cancel", Task, [(Board: "C")], "Give the task up; its branch stays", None, true;
    Delete, "delete", Task, [(Board: "X" "delete"), (InCompare: "X" "delete")], "Delete the task with its worktree", None, true;
    CancelDrag, "cancel_drag", Task, [(Drag: "esc")], "Put a dragged card back", Some("put back"), false;

    Open, "open", Agent, [(Board: "enter")], "Type to the agent", Some("type to agent"), true;
    Message, "message", Agent, [(Board: "m"), (InInbox: "m"), (Viewer: "m")], "Send the agent a message", Some("message"), true;
    TakeBack, "take_back", Agent, [(Board: "U"), (Viewer: "u")], "Take back the last message that waits", None, true;
    Allow, "allow", Agent, [(Asking: "y"), (InInbox: "y")], "Say yes to what the agent asks", Some("yes"), true;
    Deny, "deny", Agent, [(Asking: "n"), (InInbox: "n")], "Say no to what the agent asks", Some("no"), true;

    LoopPause, "loop_pause", Loop, [(Board: "b")], "Pause the loop after this iteration, or let it go on", Some("pause/go on"), true;
    LoopStopAfter, "loop_stop_after", Loop, [(Board: "e")], "End the loop after this iteration", None, true;
    LoopStop, "loop_stop", Loop, [(Board: "E")], "End the loop now", None, true;
    LoopLimits, "loop_limits", Loop, [(Board: "B")], "Change the limits of the loop", Some("limits"), true;

    Zoom, "zoom", View, [(Board: "z"), (Prefix: "z")], "Zoom the pane", Some("zoom"), true;
    Tile, "tile", View, [(Board: "t"), (Prefix: "t")], "Tile all running agents", Some("tile"), true;
    ScrollBack, "scrollback", View, [(Board: "["), (Prefix: "[" "pageup")], "Scroll back in the pane", Some("scroll"), true;
    Filter, "filter", View, [(Board: "/")], "Filter the cards by words", Some("filter"), true;
    Project, "project", View, [(Board: "P")], "Show another project, or all", None, true;
    Sessions, "sessions", View, [(Board: "S"), (Prefix: "s")], "All sessions, live and past", Some("sessions"), true;
    ShowRadar, "radar", View, [(Board: "O")], "Radar: who changes the same files", None, true;
    ShowReport, "report", View, [(Board: "D")], "Report: what was accepted, what it cost, what waited", None, true;
    ShowTidy, "tidy", View, [(Board: "Y")], "Tidy up: worktrees of done tasks", None, true;
    ShowArchive, "show_archive", View, [(Board: "V")], "Show archived tasks, or hide them", None, true;
    ClearFilter, "clear_filter", View, [(Board: "esc")], "Clear the filter", None, true;

    Palette, "palette", Program, [(Board: ":" "ctrl-p"), (Prefix: ":")], "Command palette", None, false;
    ResumeAll, "resume_all", Program, [(Board: "R")], "Resume all that was interrupted", None, true;
    PauseQueue, "pause_queue", Program, [(Board: "p")], "Pause the queue, or let it go on", None, true;
    PauseAll, "pause_all", Program, [], "Stop everything: end every turn, pause the queue", None, true;
    ContinueAll, "continue_all", Program, [], "Let everything go on that was stopped", None, true;
    Mouse, "mouse", Program, [(Board: "M")], "Mouse on, or off to select text", None, true;
    Redraw, "redraw", Program, [(Board: "ctrl-l")], "Draw everything again", None, true;
    Suspend, "suspend", Program, [(Board: "ctrl-z")], "To the shell; fg comes back", None, true;
    Help, "help", Program, [(Board: "?" "f1"), (Prefix: "?")], "Help", Some("help"), true;
    Quit, "quit", Program, [(Board: "q" "ctrl-c")], "Quit the interface; agents go on", Some("quit"), true;
    Inbox, "inbox", View, [(Board: "w"), (InInbox: "w"), (Prefix: "w")], "Inbox: who waits for you", Some("inbox"), true;

    LeavePane, "leave_pane", Pane, [(Prefix: "q" "d" "esc")], "Back to the board", Some("board"), false;
    NextPane, "next_pane", Pane, [(Prefix: "n" "right" "down")], "Next running agent", Some("next"), false;
    PreviousPane, "previous_pane", Pane, [(Prefix: "p" "left" "up")], "Previous running agent", Some("previous"), false;

    LineUp, "line_up", Scrollback, [(Scroll: "k" "up")], "A line up", None, false;
    LineDown, "line_down", Scrollback, [(Scroll: "j" "down")], "A line down", None, false;
    CursorLeft, "cursor_left", Scrollback, [(Scroll: "h" "left")], "A column to the left", None, false;
    CursorRight, "cursor_right", Scrollback, [(Scroll: "l" "right")], "A column to the right", None, false;
    LineStart, "line_start", Scrollback, [(Scroll: "0" "home")], "To the line's beginning", None, false;
    LineEnd, "line_end", Scrollback, [(Scroll: "$" "end")], "To the line's end", None, false;
    HalfUp, "half_up", Scrollback, [(Scroll: "ctrl-u")], "Half a page up", None, false;
    HalfDown, "half_down", Scrollback, [(Scroll: "ctrl-d")], "Half a page down", None, false;
    PageUp, "page_up", Scrollback, [(Scroll: "pageup" "ctrl-b")], "A page up", Some("page"), false;
    PageDown, "page_down", Scrollback, [(Scroll: "pagedown" "ctrl-f" "space")], "A page down", None, false;
    Top, "top", Scrollback, [(Scroll: "g")], "To the oldest line", Some("top"), false;
    Bottom, "bottom", Scrollback, [(Scroll: "G")], "To the newest line", Some("bottom"), false;
    Search, "search", Scrollback, [(Scroll: "/")], "Search", Some("search"), false;
    NextMatch, "next_match", Scrollback, [(Scroll: "n")], "Next match (older)", Some("older"), false;
    PreviousMatch, "previous_match", Scrollback, [(Scroll: "N")], "Previous match (newer)", None, false;
    Select, "select", Scrollback, [(Scroll: "v")], "Begin or end a selection", Some("select"), false;
    SelectLines, "select_lines", Scrollback, [(Scroll: "V")], "Select whole lines", None, false;
    Copy, "copy", Scrollback, [(Scroll: "y" "enter")], "Copy the selection", Some("copy"), false;
    LeaveScroll, "leave_scroll", Scrollback, [(Scroll: "q" "esc" "i")], "Back to the live screen", Some("live"), false;

    RowUp, "row_up", Lists, [(List: "k" "up"), (Viewer: "k" "up")], "Up", None, false;
    RowDown, "row_down", Lists, [(List: "j" "down"), (Viewer: "j" "down")], "Down", None, false;
    ViewPageUp, "view_page_up", Lists, [(List: "pageup"), (Viewer: "pageup" "b" "ctrl-u")], "A page up", None, false;
    ViewPageDown, "view_page_down", Lists, [(List: "pagedown"), (Viewer: "pagedown" "space" "ctrl-d")], "A page down", Some("page"), false;
    ViewTop, "view_top", Lists, [(List: "g" "home"), (Viewer: "g" "home")], "To the beginning", None, false;
    ViewBottom, "view_bottom", Lists, [(List: "G" "end"), (Viewer: "G" "end")], "To the end", None, false;
    NextFile, "next_file", Lists, [(Viewer: "n")], "Next file of the diff", Some("next file"), false;
    PreviousFile, "previous_file", Lists, [(Viewer: "N" "p")], "Previous file of the diff", None, false;
    OpenRow, "open_row", Lists, [(List: "enter")], "Open the session; resume it if it has ended", Some("open"), false;
    ResumeRow, "resume_row", Lists, [(List: "r")], "Resume the session", Some("resume"), false;
    Dismiss, "dismiss", Lists, [(InInbox: "x" "delete")], "Take news off the inbox", Some("seen"), false;
    Close, "close", Lists, [(List: "esc" "q"), (Viewer: "esc" "q" "i" "?" "enter")], "Close", Some("close"), false;

    NextField, "next_field", Forms, [(Form: "tab")], "Next field", None, false;
    PreviousField, "previous_field", Forms, [(Form: "shift-tab")], "Previous field", None, false;
    Submit, "submit", Forms, [(Form: "ctrl-s" "ctrl-enter" "f2")], "Done: make it, send it", Some("done"), false;
    WhenIdle, "when_idle", Forms, [(Form: "ctrl-t" "f3")], "Let the message wait until the agent is idle", Some("when idle"), false;
    Abort, "abort", Forms, [(Form: "esc")], "Close without doing it", Some("cancel"), false;

    ShowCosts, "costs", View, [(Board: "$"), (Prefix: "$")], "What was spent: the costs", Some("costs"), true;
    NextTab, "next_tab", Lists, [(Costs: "tab" "right" "l"), (After: "tab" "right" "l")], "Costs: add up by something else; report: another time", Some("group by"), false;
    PreviousTab, "previous_tab", Lists, [(Costs: "shift-tab" "left" "h"), (After: "shift-tab" "left" "h")], "The same the other way round", None, false;
    Range, "range", Lists, [(Costs: "r")], "Costs: 7 days, 30 days, all time", Some("range"), false;

    ToggleRow, "toggle_row", Lists, [(After: "space" "x")], "Tidy up: take a worktree along, or leave it", Some("mark"), false;

    SwitchSide, "switch_side", Review, [(InCompare: "tab" "h" "l" "left" "right")], "Compared: the other side", Some("other side"), false;
    NextRival, "next_rival", Review, [(InCompare: "]")], "Compared: the next one that tries the same", Some("next one"), false;
    NextHunk, "next_hunk", Review, [(Changes: "J" "]")], "Next hunk", Some("hunk"), false;
    PreviousHunk, "previous_hunk", Review, [(Changes: "K" "[")], "Previous hunk", None, false;
    Comment, "comment", Review, [(Changes: "c")], "Comment on the line, the selected lines, the hunk", Some("comment"), false;
    CommentFile, "comment_file", Review, [(Changes: "C")], "Comment on the file", None, false;
    EditComment, "edit_comment", Review, [(Changes: "E")], "Change the words of a comment", None, false;
    DropComment, "drop_comment", Review, [(Changes: "u" "delete")], "Take a comment back", None, false;
    SelectRange, "select_range", Review, [(Changes: "V")], "Begin or end a selection of lines", None, false;
    SendReview, "send_review", Review, [(Changes: "S")], "Send the comments to the agent", Some("send"), false;
    Fold, "fold", Review, [(Changes: "enter" "z")], "Fold a file, or unfold it", Some("fold"), false;
    FoldAll, "fold_all", Review, [(Changes: "Z")], "Fold all files, or unfold them", None, false;
    Viewed, "viewed", Review, [(Changes: "v")], "Through with this file: fold it and go on", Some("viewed"), false;
    SideBySide, "side_by_side", Review, [(Changes: "s")], "Side by side, or one above the other", Some("sides"), false;
    IgnoreSpace, "ignore_space", Review, [(Changes: "W")], "Changes of blanks shown or not", None, false;
    CheckPane, "check_pane", Review, [(Changes: "o")], "What its check prints: shown below, or not", Some("output"), false;
    CheckUp, "check_up", Review, [(Changes: "{")], "The check's output: up", None, false;
    CheckDown, "check_down", Review, [(Changes: "}")], "The check's output: down", None, false;
    NextScope, "next_scope", Review, [(Changes: "tab")], "All, committed, uncommitted, since the last review", Some("which"), false;
    PreviousScope, "previous_scope", Review, [(Changes: "shift-tab")], "The same the other way round", None, false;
    SideLeft, "side_left", Review, [(Changes: "h" "left")], "Long lines: to the left", None, false;
    SideRight, "side_right", Review, [(Changes: "l" "right")], "Long lines: to the right", None, false;
    FindInChanges, "find_in_changes", Review, [(Changes: "/")], "Search", Some("search"), false;
    NextFound, "next_found", Review, [(Changes: ".")], "Next place with the words", None, false;
    PreviousFound, "previous_found", Review, [(Changes: ",")], "Previous place with the words", None, false;
    EditFile, "edit_file", Review, [(Changes: "e")], "Open the file in your editor, at the line", Some("edit"), false;
    DiffTool, "diff_tool", Review, [(Changes: "D")], "Show the changes with your own tool (tui.diff_tool)", None, false;
    Reload, "reload", Review, [(Changes: "r"), (After: "r"), (InCompare: "r")], "Read it anew", Some("reload"), false;

    ShowTranscript, "transcript", Agent, [(Board: "T"), (InSessions: "T" "v"), (Prefix: "T")], "Read what was said: the transcript", Some("transcript"), true;
    FilterRows, "filter_rows", Lists, [(InSessions: "/")], "Sessions: filter by words", Some("filter"), false;
    SwitchSearch, "switch_search", Lists, [(InSessions: "tab")], "Sessions: search titles, or everything said", Some("search texts"), false;
    RowsProject, "rows_project", Lists, [(InSessions: "P")], "Sessions: of another project, or of all", Some("project"), false;
    Adopt, "adopt", Lists, [(InSessions: "a")], "Sessions: make a task of a conversation", Some("adopt"), false;
    NextGroup, "next_group", Lists, [(InSessions: "]" "}")], "Sessions: to the next project", None, false;
    PreviousGroup, "previous_group", Lists, [(InSessions: "[" "{")], "Sessions: to the project before", None, false;
    FindText, "find_text", Lists, [(InTranscript: "/")], "Transcript: search", Some("search"), false;
    FindNext, "find_next", Lists, [(InTranscript: "n")], "Transcript: next match", Some("next"), false;
    FindPrevious, "find_previous", Lists, [(InTranscript: "N")], "Transcript: previous match", None, false;
    FoldPassage, "fold_passage", Lists, [(InTranscript: "enter" "o")], "Transcript: fold or unfold the selected passage", Some("fold"), false;
    FoldPassages, "fold_passages", Lists, [(InTranscript: "O" "z")], "Transcript: fold or unfold everything", Some("fold all"), false;
    NextPassage, "next_passage", Lists, [(InTranscript: "tab" "J")], "Transcript: select the next passage", None, false;
    PreviousPassage, "previous_passage", Lists, [(InTranscript: "shift-tab" "K")], "Transcript: select the passage before", None, false;
    NextPrompt, "next_prompt", Lists, [(InTranscript: "]" "}")], "Transcript: to the next prompt", Some("prompts"), false;
    PreviousPrompt, "previous_prompt", Lists, [(InTranscript: "[" "{")], "Transcript: to the prompt before", None, false;
    CopyPassage, "copy_passage", Lists, [(InTranscript: "y")], "Transcript: copy the selected passage", Some("copy"), false;
}
