//! Header, footer and tabs: pieces of text in a line, each where it is and what a click on it does.

use ratatui::layout::Rect;

use super::Hit;
use crate::domain::budget::{Budget, BudgetState, Limit};
use crate::domain::{MicroUsd, Need, Status};
use crate::protocol::TaskCard;
use crate::tui::after::{AfterPage, RANGES, ReportPage};
use crate::tui::board;
use crate::tui::changes::{Changes, SCOPES};
use crate::tui::costs::{CostsPage, TABS, eighths};
use crate::tui::inbox::InboxList;
use crate::tui::keymap::{Action, Chord, Context, entry};
use crate::tui::model::{Area, Drag, Link, Model, Overlay, View};
use crate::tui::sessions::{Item, SessionsPage};
use crate::tui::text::{clean, fit, width};
use crate::tui::theme::{Glyphs, Role, Theme};

/// A piece of a bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where.
    pub area: Rect,
    /// The words.
    pub text: String,
    /// Their look.
    pub role: Role,
    /// What a click does.
    pub hit: Option<Hit>,
}

/// A line of pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bar {
    /// The line.
    pub area: Rect,
    /// Its pieces.
    pub segments: Vec<Segment>,
}

/// Fills a line from both ends; what does not fit is left out.
struct Filler {
    bar: Bar,
    left: u16,
    right: u16,
}

impl Filler {
    fn new(area: Rect) -> Self {
        Self {
            left: area.x,
            right: area.right(),
            bar: Bar {
                area,
                segments: Vec::new(),
            },
        }
    }

    fn room(&self) -> u16 {
        self.right.saturating_sub(self.left)
    }

    /// Adds all of `pieces` at the left, or nothing.
    fn left(&mut self, pieces: &[(&str, Role)], hit: Option<Hit>) -> bool {
        let wide: usize = pieces.iter().map(|(text, _)| width(text)).sum();
        if wide > usize::from(self.room()) {
            return false;
        }
        for (text, role) in pieces {
            self.put(self.left, text, *role, hit);
            self.left += width(text) as u16;
        }
        true
    }

    /// Adds a piece at the right, if there is room.
    fn right(&mut self, text: &str, role: Role, hit: Option<Hit>) -> bool {
        let wide = width(text);
        if wide > usize::from(self.room()) {
            return false;
        }
        self.right -= wide as u16;
        self.put(self.right, text, role, hit);
        true
    }

    fn put(&mut self, x: u16, text: &str, role: Role, hit: Option<Hit>) {
        let area = Rect {
            x,
            width: width(text) as u16,
            ..self.bar.area
        };
        self.bar.segments.push(Segment {
            area,
            text: text.to_owned(),
            role,
            hit,
        });
    }
}

pub(super) fn header(model: &Model, area: Rect) -> Bar {
    let glyphs = model.theme.glyphs();
    let mut bar = Filler::new(area);
    bar.left(&[(" gluon ", Role::Brand)], Some(Hit::Action(Action::Help)));

    // From the right first: what must not be missed.
    bar.right(" ", Role::Text, None);
    match &model.link {
        Link::Connecting => bar.right("connecting", Role::Warning, None),
        Link::Down(_) => bar.right("reconnecting", Role::Warning, None),
        Link::Lost(_) => bar.right("disconnected", Role::Error, None),
        Link::Up => false,
    };
    if model.link == Link::Up && model.loaded {
        let pause = Some(Hit::Action(Action::PauseQueue));
        let slots = format!("{}/{} slots", model.queue.used, model.queue.slots);
        if area.width >= super::WIDE {
            bar.right(&slots, Role::Muted, pause);
            if let Some(today) = &model.queue.today {
                let costs = Some(Hit::Action(Action::ShowCosts));
                let days = sparkline(&model.queue.recent, glyphs);
                let gap = match area.width >= super::ROOMY && !days.is_empty() {
                    true if bar.right(&format!("{days}  "), Role::Muted, costs) => " ",
                    _ => "  ",
                };
                let (of, role) = match &model.queue.day {
                    Some(day) => day_limit(day),
                    None => (String::new(), Role::Muted),
                };
                bar.right(&format!("today {today}{of}{gap}"), role, costs);
            }
        }
        if model.queue.paused {
            let text = format!("{} queue paused  ", glyphs.pause);
            bar.right(&text, Role::Warning, pause);
        }
    }

    if board::several_projects(model) || model.filter.project.is_some() {
        let name = model
            .projects
            .iter()
            .find(|project| Some(project.id) == model.filter.project)
            .map_or("all projects".into(), |project| clean(&project.name));
        let name = fit(&name, 24, glyphs.ellipsis);
        let text = format!(" {name} {} ", glyphs.menu);
        bar.left(&[(&text, Role::Accent)], Some(Hit::Action(Action::Project)));
    }
    counts(model, &mut bar);
    if !model.filter.words.is_empty() {
        let words = clean(&model.filter.words);
        let text = format!("  /{}", fit(&words, 24, glyphs.ellipsis));
        bar.left(&[(&text, Role::Accent)], Some(Hit::Action(Action::Filter)));
    }
    bar.bar
}

/// The last days as bars, a cell each; nothing where fewer than two of them cost anything. A day that cost
/// nothing is the lowest of all, which no other day is.
fn sparkline(days: &[MicroUsd], glyphs: &Glyphs) -> String {
    let most = days.iter().max().copied().unwrap_or_default();
    if glyphs.is_ascii() || days.iter().filter(|day| day.0 > 0).count() < 2 {
        return String::new();
    }
    let bar = |day: &MicroUsd| match day.0 {
        ..=0 => glyphs.rising[0],
        _ => glyphs.rising[eighths(*day, most, 1).clamp(2, 8) - 1],
    };
    days.iter().map(bar).collect()
}

/// ` of $50`, and how urgent that is.
fn day_limit(day: &Budget) -> (String, Role) {
    let role = match day.state {
        BudgetState::Enough => Role::Muted,
        BudgetState::Short => Role::Slow,
        BudgetState::Spent => Role::Bad,
    };
    match day.limit {
        Limit::Unlimited => (String::new(), role),
        Limit::Usd(usd) if usd.0 % 1_000_000 == 0 => (format!(" of ${}", usd.0 / 1_000_000), role),
        Limit::Usd(usd) => (format!(" of {usd}"), role),
    }
}

fn counts(model: &Model, bar: &mut Filler) {
    let running = model
        .cards
        .values()
        .filter(|card| card.task.status == Status::Running);
    let count = running.count();
    let waiting = model.cards.values().filter(|card| card.need().is_some());
    let waiting = waiting.count();
    let separator = format!(" {} ", model.theme.glyphs().separator);
    if !model.loaded {
        return;
    }
    let text = format!("  {count} running");
    bar.left(&[(&text, Role::Text)], None);
    if waiting > 0 {
        let verb = if waiting == 1 { "needs" } else { "need" };
        let text = format!("{waiting} {verb} you");
        bar.left(
            &[(&separator, Role::Faint), (&text, Role::Waiting)],
            Some(Hit::Action(Action::NextNeedsYou)),
        );
    }
}

pub(super) fn tabs(model: &Model, area: Rect) -> Bar {
    let columns = board::columns(model);
    let mut bar = Filler::new(area);
    let label = |status: Status, short: bool| {
        let count = columns[board::column_index(status)].len();
        match short {
            true => format!(" {} {count}", status.title()),
            false => format!(" {} {count} ", status.title()),
        }
    };
    let wide: usize = Status::COLUMNS
        .iter()
        .map(|status| width(&label(*status, false)))
        .sum();
    for status in Status::COLUMNS {
        let text = label(status, wide > usize::from(area.width));
        let role = match status == model.cursor.column {
            true => Role::Selected,
            false => Role::Muted,
        };
        bar.left(&[(&text, role)], Some(Hit::Column(status)));
    }
    bar.bar
}

/// What costs are added up by, and at the right how far back.
pub(super) fn costs_tabs(page: &CostsPage, area: Rect, theme: &Theme) -> Bar {
    let mut bar = Filler::new(area);
    for (index, (_, name)) in TABS.iter().enumerate() {
        let role = match index == page.tab() {
            true => Role::Selected,
            false => Role::Muted,
        };
        bar.left(&[(&format!(" {name} "), role)], Some(Hit::Tab(index)));
    }
    let range = format!("{} {}", page.range(), theme.glyphs().menu);
    bar.right(&range, Role::Accent, Some(Hit::Action(Action::Range)));
    bar.bar
}

/// Of which time a report is.
pub(super) fn report_tabs(page: &ReportPage, area: Rect) -> Bar {
    let mut bar = Filler::new(area);
    for (index, (_, name)) in RANGES.iter().enumerate() {
        let role = match index == page.range() {
            true => Role::Selected,
            false => Role::Muted,
        };
        bar.left(&[(&format!(" {name} "), role)], Some(Hit::Tab(index)));
    }
    bar.bar
}

/// What is shown of a task's changes, and at the right how much they are.
pub(super) fn changes_tabs(page: &Changes, area: Rect, theme: &Theme) -> Bar {
    let glyphs = theme.glyphs();
    let mut bar = Filler::new(area);
    let unsent = page.unsent();
    if unsent > 0 {
        let text = format!(" {unsent} unsent ");
        bar.right(&text, Role::Comment, Some(Hit::Action(Action::SendReview)));
    }
    if page.ignore_space {
        let text = " blanks ignored ";
        bar.right(text, Role::Warning, Some(Hit::Action(Action::IgnoreSpace)));
    }
    if page.stale {
        let text = " changed since: r reads anew ";
        bar.right(text, Role::Warning, Some(Hit::Action(Action::Reload)));
    }
    for (index, (_, name)) in SCOPES.iter().enumerate() {
        let role = match index == page.scope() {
            true => Role::Tab,
            false => Role::Muted,
        };
        bar.left(&[(&format!(" {name} "), role)], Some(Hit::Tab(index)));
    }
    if page.loaded && !page.patch.files.is_empty() {
        let files = match page.patch.files.len() {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let (added, removed) = page.patch.counts();
        let pieces = [
            (format!("   {files}"), Role::Muted),
            (format!(" +{added}"), Role::DiffAdd),
            (format!(" {}{removed}", glyphs.minus), Role::DiffRemove),
        ];
        let pieces: Vec<(&str, Role)> =
            pieces.iter().map(|(text, role)| (&**text, *role)).collect();
        bar.left(&pieces, None);
    }
    bar.bar
}

/// Where is searched, and at the right of which project.
pub(super) fn sessions_tabs(model: &Model, page: &SessionsPage, area: Rect) -> Bar {
    let mut bar = Filler::new(area);
    for (index, name) in ["Titles and prompts", "Everything said"].iter().enumerate() {
        let role = match (index == 1) == page.query.texts {
            true => Role::Selected,
            false => Role::Muted,
        };
        bar.left(&[(&format!(" {name} "), role)], Some(Hit::Tab(index)));
    }
    let glyphs = model.theme.glyphs();
    let named = |id| model.projects.iter().find(|project| project.id == id);
    let project = page.query.project.and_then(named);
    let name = project.map_or("all projects".into(), |project| clean(&project.name));
    let name = format!("{} {}", fit(&name, 24, glyphs.ellipsis), glyphs.menu);
    bar.right(&name, Role::Accent, Some(Hit::Action(Action::RowsProject)));
    bar.bar
}

/// What the keys do now: the chip and the context whose keys the hints show.
pub(crate) fn chip(model: &Model) -> (&'static str, Role) {
    let scrolling = model
        .focused_pane()
        .and_then(|session| model.panes.get(&session))
        .is_some_and(|pane| pane.state.is_copying());
    match model.overlays.last() {
        Some(Overlay::Dialog(..)) => (" DIALOG ", Role::ChipBoard),
        Some(Overlay::Viewer(_)) => (" TEXT ", Role::ChipBoard),
        Some(Overlay::Sessions(_)) => (" SESSIONS ", Role::ChipBoard),
        Some(Overlay::Costs(_)) => (" COSTS ", Role::ChipBoard),
        Some(Overlay::Inbox(_)) => (" INBOX ", Role::ChipBoard),
        Some(Overlay::Transcript(_)) => (" TRANSCRIPT ", Role::ChipBoard),
        Some(Overlay::Changes(_)) => (" CHANGES ", Role::ChipBoard),
        Some(Overlay::Compare(_)) => (" COMPARE ", Role::ChipBoard),
        Some(Overlay::After(page)) => match **page {
            AfterPage::Radar(_) => (" RADAR ", Role::ChipBoard),
            AfterPage::Report(_) => (" REPORT ", Role::ChipBoard),
            AfterPage::Tidy(_) => (" TIDY UP ", Role::ChipBoard),
        },
        None if scrolling => (" SCROLL ", Role::ChipScroll),
        None if model.area == Area::Pane => (" AGENT ", Role::ChipAgent),
        None => (" BOARD ", Role::ChipBoard),
    }
}

pub(super) fn footer(model: &Model, area: Rect) -> Bar {
    let mut bar = Filler::new(area);
    let (text, role) = chip(model);
    bar.left(&[(text, role)], Some(Hit::Action(Action::SwitchArea)));
    bar.left(&[(" ", Role::Text)], None);
    let hints = hints(model);
    let is_help = |hint: &Hint| hint.2 == Some(Action::Help);
    // Who sees nothing but the way to help finds everything else: room for it is kept.
    let mut kept = hints.iter().find(|hint| is_help(hint)).map_or(0, wide);
    for hint in &hints {
        if is_help(hint) {
            kept = 0;
        }
        // A hint that does not fit ends the row: a shorter one behind it would be out of order.
        let behind = if kept > 0 { kept + 1 } else { 0 };
        if wide(hint) + behind > usize::from(bar.room()) {
            break;
        }
        add(&mut bar, hint);
    }
    if let Some(help) = hints.iter().find(|hint| kept > 0 && is_help(hint)) {
        add(&mut bar, help);
    }
    bar.bar
}

/// Key, words, what a click does.
type Hint = (String, String, Option<Action>);

/// How many cells a hint takes; the blank behind it may be cut off.
fn wide((key, words, _): &Hint) -> usize {
    width(key) + width(words) + 2
}

fn add(bar: &mut Filler, (key, words, action): &Hint) {
    let hit = action.map(Hit::Action);
    let pieces = [
        (" ", Role::Hint),
        (key.as_str(), Role::Key),
        (" ", Role::Hint),
        (words.as_str(), Role::Hint),
    ];
    if bar.left(&pieces, hit) {
        bar.left(&[(" ", Role::Hint)], hit);
    }
}

/// The hints of the present context.
fn hints(model: &Model) -> Vec<Hint> {
    let keymap = &model.keymap;
    let fixed = |chord: Chord, words: &str, action| (label(model, chord), words.to_owned(), action);
    let of = |context: Context, actions: &[Action]| -> Vec<_> {
        actions
            .iter()
            .filter_map(|action| {
                let chord = *keymap.keys(context, *action).first()?;
                let words = entry(*action).hint?;
                Some((label(model, chord), words.to_owned(), Some(*action)))
            })
            .collect()
    };
    if let Some(top) = model.overlays.last() {
        return match top {
            Overlay::Dialog(..) => Vec::new(),
            Overlay::Viewer(viewer) if viewer.marks.is_empty() => {
                of(Context::Viewer, &[Action::ViewPageDown, Action::Close])
            }
            Overlay::Viewer(_) => of(
                Context::Viewer,
                &[Action::ViewPageDown, Action::NextFile, Action::Close],
            ),
            Overlay::Sessions(page) => of_sessions(page, of),
            Overlay::Transcript(_) => {
                use Action::{CopyPassage, FindText, FoldPassage, FoldPassages, NextPrompt};
                let own = [FindText, FoldPassage, FoldPassages, NextPrompt, CopyPassage];
                let mut hints = of(Context::Transcript, &own);
                hints.extend(of(Context::Viewer, &[Action::ViewPageDown, Action::Close]));
                hints
            }
            Overlay::Costs(_) => {
                let mut hints = of(Context::Costs, &[Action::NextTab, Action::Range]);
                hints.extend(of(Context::List, &[Action::ViewPageDown, Action::Close]));
                hints
            }
            Overlay::Inbox(list) => of_inbox(model, list, of),
            Overlay::Changes(page) => of_changes(page, of),
            Overlay::After(page) => of_after(model, page, of),
            Overlay::Compare(_) => {
                let own = [
                    Action::Accept,
                    Action::SwitchSide,
                    Action::Diff,
                    Action::NextRival,
                ];
                let mut hints = of(Context::Compare, &own);
                let text = [Action::NextFile, Action::ViewPageDown, Action::Close];
                hints.extend(of(Context::Viewer, &text));
                hints
            }
        };
    }
    if matches!(model.drag, Drag::Dragging { .. }) {
        return of(Context::Drag, &[Action::CancelDrag]);
    }
    let Some(session) = model.focused_pane() else {
        return of_board(model, of);
    };
    if model
        .panes
        .get(&session)
        .is_some_and(|pane| pane.state.is_copying())
    {
        use Action::{Bottom, Copy, LeaveScroll, PageUp, Search, Select, Top};
        return of(
            Context::Scroll,
            &[LeaveScroll, PageUp, Search, Select, Copy, Top, Bottom],
        );
    }
    if model.prefix {
        use Action::{LeavePane, NextPane, ScrollBack, Tile, Zoom};
        return of(
            Context::Prefix,
            &[LeavePane, Zoom, ScrollBack, NextPane, Tile],
        );
    }
    vec![
        fixed(
            keymap.leave(),
            if model.alone.is_some() {
                "detach"
            } else {
                "board"
            },
            Some(Action::LeavePane),
        ),
        fixed(
            keymap.prefix(),
            "then a key: z zoom, [ scroll, ? help",
            None,
        ),
    ]
}

/// What is most likely wanted in a task's changes.
fn of_changes(page: &Changes, of: impl Fn(Context, &[Action]) -> Vec<Hint>) -> Vec<Hint> {
    use Action::*;
    let mut hints = Vec::new();
    if page.unsent() > 0 {
        hints.extend(of(Context::Changes, &[SendReview]));
    }
    hints.extend(of(Context::Changes, &[Comment, NextHunk]));
    hints.extend(of(Context::Viewer, &[NextFile]));
    hints.extend(of(
        Context::Changes,
        &[
            Viewed,
            Check,
            Accept,
            SideBySide,
            NextScope,
            FindInChanges,
            EditFile,
        ],
    ));
    hints.extend(of(Context::Viewer, &[Close]));
    hints
}

/// What can be done on the radar, in the report, in tidying up.
fn of_after(
    model: &Model,
    page: &AfterPage,
    of: impl Fn(Context, &[Action]) -> Vec<Hint>,
) -> Vec<Hint> {
    let some = page.count() > 0;
    let enter = |words: &str| {
        let key = model.keymap.keys(Context::List, Action::OpenRow);
        let key = key.first().map(|chord| label(model, *chord));
        let hint = (
            key.unwrap_or_default(),
            words.to_owned(),
            Some(Action::OpenRow),
        );
        some.then_some(hint)
    };
    let mut hints = Vec::new();
    match page {
        AfterPage::Radar(_) => hints.extend(enter("changes")),
        AfterPage::Report(_) => {
            hints.extend(enter("detail"));
            let words = |(key, _, action): Hint| (key, "other time".to_owned(), action);
            hints.extend(
                of(Context::After, &[Action::NextTab])
                    .into_iter()
                    .map(words),
            );
        }
        AfterPage::Tidy(_) => {
            if some {
                hints.extend(of(Context::After, &[Action::ToggleRow]));
            }
            hints.extend(enter("remove marked"));
        }
    }
    if some && !matches!(page, AfterPage::Radar(_)) {
        hints.extend(of(Context::After, &[Action::Diff]));
    }
    hints.extend(of(Context::After, &[Action::Reload]));
    hints.extend(of(Context::List, &[Action::Close]));
    hints
}

/// What can be done about the selected session.
fn of_sessions(page: &SessionsPage, of: impl Fn(Context, &[Action]) -> Vec<Hint>) -> Vec<Hint> {
    if page.line.is_some() {
        let fixed = |key: &str, words: &str| (key.to_owned(), words.to_owned(), None);
        let other = match page.query.texts {
            true => "search titles and prompts",
            false => "search everything said",
        };
        return vec![
            fixed("Enter", "done"),
            fixed("Tab", other),
            fixed("Esc", "clear"),
        ];
    }
    let mut hints = of(Context::List, &[Action::OpenRow]);
    match page.current() {
        Some(Item::Other(Some(view))) if view.task.is_none() => {
            hints.extend(of(Context::Sessions, &[Action::Adopt]));
        }
        Some(Item::Own(_)) => hints.extend(of(Context::Sessions, &[Action::ShowTranscript])),
        _ => {}
    }
    hints.extend(of(Context::List, &[Action::ResumeRow]));
    let rest = [
        Action::FilterRows,
        Action::SwitchSearch,
        Action::RowsProject,
    ];
    hints.extend(of(Context::Sessions, &rest));
    hints.extend(of(Context::List, &[Action::Close]));
    hints
}

/// What can be done about the selected one.
fn of_inbox(
    model: &Model,
    list: &InboxList,
    of: impl Fn(Context, &[Action]) -> Vec<Hint>,
) -> Vec<Hint> {
    let card = list.selected.and_then(|task| model.cards.get(&task));
    let mut hints = Vec::new();
    match card.and_then(TaskCard::need) {
        Some(Need::Permission) => {
            hints.extend(of(Context::Inbox, &[Action::Allow, Action::Deny]));
        }
        Some(need) if !need.blocks() => hints.extend(of(Context::Inbox, &[Action::Dismiss])),
        _ => {}
    }
    if card.is_some() {
        hints.extend(of(Context::List, &[Action::OpenRow]));
        hints.extend(of(Context::Inbox, &[Action::Message]));
    }
    hints.extend(of(Context::List, &[Action::Close]));
    hints
}

fn of_board(model: &Model, of: impl Fn(Context, &[Action]) -> Vec<Hint>) -> Vec<Hint> {
    use Action::*;
    let mut hints = Vec::new();
    if crate::tui::update::asks(model) {
        hints = of(Context::Asking, &[Allow, Deny]);
    }
    hints.extend(of(Context::Board, fitting(model)));
    let rest: &[Action] = match model.view {
        _ if model.selected().is_none() => &[],
        View::Tiles => &[Tile, NextNeedsYou, Help, Quit],
        _ => &[NextNeedsYou, Zoom, Tile, Filter, Help, Quit],
    };
    hints.extend(of(Context::Board, rest));
    // A key that answers the agent does nothing else meanwhile.
    let mut known = std::collections::HashSet::new();
    hints.retain(|(key, ..)| known.insert(key.clone()));
    hints
}

/// What is most likely wanted now, the likeliest first.
pub(in crate::tui) fn fitting(model: &Model) -> &'static [Action] {
    use Action::*;
    let status = model.selected().map(|card| card.task.status);
    let session = model.selected_session().is_some();
    let looped = model
        .selected()
        .is_some_and(|card| card.loop_view.is_some());
    match status {
        Some(Status::Running) if looped => &[Open, LoopPause, Message, LoopLimits, Detail, Diff],
        Some(Status::Review) if looped => &[Diff, Accept, LoopPause, Detail, Message],
        None => &[New, Sessions, Palette, Help, Quit],
        Some(Status::Queued) if session => &[Resume, New, Open, Diff, Message, Detail],
        Some(Status::Queued) => &[Start, New, Detail],
        Some(Status::Running) => &[Open, Stop, Message, Diff, New],
        Some(Status::Review) => &[Diff, Accept, Resume, Message, New],
        Some(Status::Done | Status::Cancelled) => &[Diff, Detail, New],
    }
}

fn label(model: &Model, chord: Chord) -> String {
    match chord.label().as_str() {
        "Enter" => model.theme.glyphs().enter.to_owned(),
        label => label.to_owned(),
    }
}
