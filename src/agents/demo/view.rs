//! The live area: what is being said, what is being done, the input box or the question, a line of hints.
//! A pure function of a [`Scene`].

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::editor::Editor;
use super::paint::Live;
use super::player::State;
use super::text::{Line, Style, cut, inline, wrap};

const SPINNER: &[&str] = &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Everything the live area shows.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Columns of the terminal.
    pub width: usize,
    /// Rows of the terminal.
    pub height: usize,
    /// What the agent does.
    pub state: &'a State,
    /// The unfinished row of what is being said.
    pub saying: Option<Line>,
    /// The last rows of the command that runs.
    pub output: Vec<String>,
    /// How long the turn has taken.
    pub elapsed: Duration,
    /// Prompts that wait for the end of the turn.
    pub queued: Vec<&'a str>,
    /// What is being typed.
    pub editor: &'a Editor,
    /// Whether "yes" is selected.
    pub yes: bool,
    /// A word about the last key, in place of the hints.
    pub notice: Option<&'a str>,
}

/// The live area of `scene`.
pub fn live(scene: &Scene<'_>) -> Live {
    // The last column stays free: a row that fills it would wrap on some terminals.
    let width = scene.width.saturating_sub(1).max(4);
    let mut live = Live::default();
    // What is being said goes on from the transcript's rows above without a gap.
    live.lines.push(scene.saying.clone().unwrap_or_default());
    if scene.saying.is_some() {
        live.lines.push(Line::default());
    }
    busy(scene, width, &mut live);
    for text in &scene.queued {
        let text = cut(text, width.saturating_sub(12));
        live.lines
            .push(Line::new(Style::Dim, format!("  queued: {text}")));
    }
    match scene.state {
        State::Permission(text) if scene.editor.is_empty() => {
            permission(text, scene, width, &mut live);
        }
        _ => input(scene, width, &mut live),
    }
    live.lines.push(hints(scene, width));
    live
}

fn busy(scene: &Scene<'_>, width: usize, live: &mut Live) {
    let State::Working(what) = scene.state else {
        return;
    };
    let frame = usize::try_from(scene.elapsed.as_millis() / 100).unwrap_or(0) % SPINNER.len();
    let tail = format!("  {} · esc interrupts", seconds(scene.elapsed));
    let mut line = Line::new(Style::Accent, SPINNER[frame]);
    let room = width.saturating_sub(3 + tail.width());
    // On a narrow screen the time goes before the words.
    let room = if room < 8 {
        width.saturating_sub(3)
    } else {
        room
    };
    line.push(Style::Plain, format!(" {}", cut(&format!("{what}…"), room)));
    if line.width() + tail.width() <= width {
        line.push(Style::Dim, tail);
    }
    live.lines.push(line);
    for row in &scene.output {
        live.lines
            .push(Line::new(Style::Dim, format!("  {}", cut(row, width - 2))));
    }
    live.lines.push(Line::default());
}

fn seconds(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} m {} s", seconds / 60, seconds % 60),
    }
}

fn permission(text: &str, scene: &Scene<'_>, width: usize, live: &mut Live) {
    let mut rows = wrap(&inline(text), width.saturating_sub(4));
    rows.push(Line::default());
    for (selected, words) in [
        (scene.yes, "1. Yes"),
        (!scene.yes, "2. No, leave it out (esc)"),
    ] {
        let style = if selected {
            Style::Accent
        } else {
            Style::Plain
        };
        let mark = if selected { "❯ " } else { "  " };
        let words = cut(words, width.saturating_sub(6));
        rows.push(Line::new(style, format!("{mark}{words}")));
    }
    live.lines
        .extend(framed("Permission", Style::Ask, rows, width));
}

fn input(scene: &Scene<'_>, width: usize, live: &mut Live) {
    let most = (scene.height / 3).clamp(1, 8);
    let (rows, row, column) = scene.editor.view(width.saturating_sub(6), most);
    let (title, style, words) = match scene.state {
        State::Question(_) => ("Your answer", Style::Ask, "Type what you want"),
        State::Permission(_) => ("Do this instead", Style::Ask, ""),
        _ => ("", Style::Dim, "Tell the agent what to do"),
    };
    let rows: Vec<Line> = rows
        .into_iter()
        .enumerate()
        .map(|(index, row)| {
            let mut line = Line::new(Style::Accent, if index == 0 { "❯ " } else { "  " });
            line.0.extend(row.0);
            if scene.editor.is_empty() {
                line.push(Style::Dim, cut(words, width.saturating_sub(6)));
            }
            line
        })
        .collect();
    let above = live.lines.len() + 1;
    live.lines.extend(framed(title, style, rows, width));
    live.cursor = Some((above + row, column + 4));
}

/// `rows` in a box with a title.
pub fn framed(title: &str, style: Style, rows: Vec<Line>, width: usize) -> Vec<Line> {
    let title = match title {
        "" => String::new(),
        title => format!("─ {} ", cut(title, width.saturating_sub(6))),
    };
    let rest = "─".repeat(width.saturating_sub(2 + title.width()));
    let mut lines = vec![Line::new(style, format!("╭{title}{rest}╮"))];
    for row in rows {
        let mut line = Line::new(style, "│ ");
        line.0.extend(row.0);
        line.pad(width.saturating_sub(2));
        line.push(style, " │");
        lines.push(line);
    }
    let bottom = "─".repeat(width.saturating_sub(2));
    lines.push(Line::new(style, format!("╰{bottom}╯")));
    lines
}

fn hints(scene: &Scene<'_>, width: usize) -> Line {
    if let Some(notice) = scene.notice {
        return Line::new(
            Style::Ask,
            format!("  {}", cut(notice, width.saturating_sub(2))),
        );
    }
    let words = match scene.state {
        State::Permission(_) if scene.editor.is_empty() => "y yes · n no · ↑↓ choose · ⏎ confirm",
        State::Question(_) => "⏎ answer · ⇧⏎ new line · esc interrupt",
        State::Working(_) => "⏎ queue a prompt · esc interrupt",
        _ => "⏎ send · ⇧⏎ new line · ↑ earlier · /help · /exit",
    };
    Line::new(
        Style::Dim,
        format!("  {}", cut(words, width.saturating_sub(2))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::demo::keys::Key;

    fn scene<'a>(state: &'a State, editor: &'a Editor, width: usize) -> Scene<'a> {
        Scene {
            width,
            height: 24,
            state,
            saying: None,
            output: Vec::new(),
            elapsed: Duration::from_secs(75),
            queued: Vec::new(),
            editor,
            yes: true,
            notice: None,
        }
    }

    fn text(live: &Live) -> String {
        live.lines.iter().map(|line| line.text() + "\n").collect()
    }

    #[test]
    fn the_input_box() {
        let mut editor = Editor::default();
        editor.key(&Key::Paste("fix it\nnow".into()));
        let shown = live(&scene(&State::Idle(String::new()), &editor, 25));
        assert_eq!(
            text(&shown),
            "\n╭──────────────────────╮\n│ ❯ fix it             │\n│   now                │\n\
             ╰──────────────────────╯\n  ⏎ send · ⇧⏎ new line …\n"
        );
        assert_eq!(shown.cursor, Some((3, 7)));
    }

    #[test]
    fn a_permission_is_asked_for() {
        let state = State::Permission("Run `./check`?".into());
        let editor = Editor::default();
        let shown = live(&scene(&state, &editor, 31));
        assert_eq!(
            text(&shown),
            "\n╭─ Permission ───────────────╮\n│ Run ./check?               │\n\
             │                            │\n│ ❯ 1. Yes                   │\n\
             │   2. No, leave it out (es… │\n╰────────────────────────────╯\n  \
             y yes · n no · ↑↓ choose · …\n"
        );
        assert_eq!(shown.cursor, None);
    }

    #[test]
    fn work_in_progress() {
        let state = State::Working("Run ./check".into());
        let editor = Editor::default();
        let shown = live(&scene(&state, &editor, 60));
        assert!(text(&shown).contains("⠋ Run ./check…  1 m 15 s · esc interrupts"));
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        let mut editor = Editor::default();
        editor.key(&Key::Paste("日本語 and a long line of text".into()));
        for state in [
            State::Idle(String::new()),
            State::Working("Run something that is long to read".into()),
            State::Permission("Run something that is long to read?".into()),
            State::Question("What?".into()),
        ] {
            for width in 10..90 {
                for editor in [&editor, &Editor::default()] {
                    let shown = live(&scene(&state, editor, width));
                    for line in &shown.lines {
                        assert!(line.width() < width, "{width}: {:?}", line.text());
                    }
                }
            }
        }
    }
}
