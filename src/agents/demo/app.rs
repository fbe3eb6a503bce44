//! The demo agent on its screen: keys go to the editor or answer what is asked, the player's doings go to
//! the transcript, the history and the terminal's status. No I/O but the history's.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::editor::{Edited, Editor};
use super::entry::{Entry, say_lines};
use super::history::History;
use super::keys::Key;
use super::paint::Painter;
use super::player::{Out, Player, State};
use super::script;
use super::status;
use super::text::{Line, Style, cut};
use super::view::{self, Scene};

/// The entries kept to be shown again after a change of size; at times twice as many.
const MAX_SHOWN: usize = 400;

/// How long a second Ctrl-C counts as one.
const TWICE: Duration = Duration::from_secs(2);

/// The whole state of the screen.
#[derive(Debug)]
pub struct App {
    player: Player,
    history: History,
    painter: Painter,
    size: (usize, usize),
    place: String,
    topic: String,
    entries: Vec<Entry>,
    /// How many of them are on the terminal.
    printed: usize,
    /// Whether the header is on the terminal.
    begun: bool,
    /// Whether everything has to be drawn anew.
    anew: bool,
    saying: String,
    /// Rows of what is being said that are on the terminal.
    said_rows: usize,
    state: State,
    since: Instant,
    editor: Editor,
    queue: VecDeque<String>,
    yes: bool,
    notice: Option<&'static str>,
    interrupted: Option<Instant>,
    /// Sequences for the terminal that are not drawing.
    told: String,
    flood: Vec<u8>,
    quit: Option<u8>,
}

impl App {
    /// A conversation in `place` with what it holds so far.
    pub fn new(player: Player, history: History, entries: Vec<Entry>, place: String) -> Self {
        let mut editor = Editor::default();
        for entry in &entries {
            if let Entry::Prompt { text } = entry {
                editor.remember(text);
            }
        }
        Self {
            player,
            history,
            painter: Painter::default(),
            size: (80, 24),
            place,
            topic: String::new(),
            entries,
            printed: 0,
            begun: false,
            anew: false,
            saying: String::new(),
            said_rows: 0,
            state: State::Idle(String::new()),
            since: Instant::now(),
            editor,
            queue: VecDeque::new(),
            yes: true,
            notice: None,
            interrupted: None,
            told: String::new(),
            flood: Vec::new(),
            quit: None,
        }
    }

    /// The size of the terminal is this now.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        let size = (columns.max(8), rows.max(3));
        if size != self.size {
            self.size = size;
            // Before the header nothing is there to be drawn anew.
            self.anew = self.begun;
        }
    }

    /// Begins: shows what there is and, where there is a prompt, sets to work.
    pub fn start(&mut self, prompt: Option<&str>, now: Instant) {
        if !self.entries.is_empty() {
            let words = format!("Resumed: {} earlier entries", self.entries.len());
            self.add(Entry::note(words));
        }
        self.tell(State::Idle(String::new()));
        if let Some(prompt) = prompt {
            self.editor.remember(prompt);
            self.prompt(prompt, now);
        }
    }

    /// The exit code, once it wants to end.
    pub fn quit(&self) -> Option<u8> {
        self.quit
    }

    /// When it is due again by itself.
    pub fn wake(&self, now: Instant) -> Option<Instant> {
        let spin = match self.state {
            State::Working(_) => Some(now + Duration::from_millis(100)),
            _ => None,
        };
        let notice = self.interrupted.map(|at| at + TWICE);
        [self.player.wake(), spin, notice]
            .into_iter()
            .flatten()
            .min()
    }

    /// The output of the command that runs, to wait on.
    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        self.player.output()
    }

    /// Lets the player go on.
    pub fn tick(&mut self, now: Instant) {
        if self.interrupted.is_some_and(|at| at + TWICE <= now) {
            self.interrupted = None;
            self.notice = None;
        }
        let outs = self.player.advance(now);
        self.take(outs);
        if !self.player.is_busy()
            && self.quit.is_none()
            && let Some(text) = self.queue.pop_front()
        {
            self.prompt(&text, now);
        }
    }

    /// Takes a key.
    pub fn key(&mut self, key: &Key, now: Instant) {
        if *key != Key::Ctrl('c') {
            self.notice = None;
            self.interrupted = None;
        }
        if matches!(self.state, State::Permission(_)) && self.permission_key(key) {
            return;
        }
        match key {
            Key::Escape => self.interrupt(),
            Key::Ctrl('c') => self.ctrl_c(now),
            Key::Ctrl('d') if self.editor.is_empty() => self.quit = Some(0),
            Key::Ctrl('l') => self.anew = true,
            key => {
                if let Edited::Submitted(text) = self.editor.key(key) {
                    self.submit(text, now);
                }
            }
        }
    }

    /// A key while a permission is asked for; whether it was one for that.
    fn permission_key(&mut self, key: &Key) -> bool {
        if !self.editor.is_empty() {
            // Words instead of a yes: a no, and then the words.
            if *key == Key::Enter {
                let outs = self.player.permit(false);
                self.take(outs.unwrap_or_default());
            }
            return false;
        }
        let yes = match key {
            Key::Char('y' | 'Y' | '1') => true,
            Key::Char('n' | 'N' | '2') | Key::Escape => false,
            Key::Enter => self.yes,
            Key::Up | Key::Down => {
                self.yes = !self.yes;
                return true;
            }
            Key::Char(_) => return true,
            _ => return false,
        };
        let outs = self.player.permit(yes);
        self.take(outs.unwrap_or_default());
        true
    }

    fn interrupt(&mut self) {
        if let Some(outs) = self.player.interrupt() {
            self.queue.clear();
            self.take(outs);
        }
    }

    fn ctrl_c(&mut self, now: Instant) {
        if self.interrupted.is_some_and(|at| now < at + TWICE) {
            self.quit = Some(0);
            return;
        }
        self.interrupted = Some(now);
        self.notice = Some("Ctrl-C once more to leave");
        self.editor.clear();
        self.interrupt();
    }

    fn submit(&mut self, text: String, now: Instant) {
        match text.trim() {
            "/exit" | "/quit" => self.quit = Some(0),
            "/help" => {
                let mut words = "Put tags into a prompt to choose what happens:".to_owned();
                for (name, about) in script::tags() {
                    words.push_str(&format!("\n  @@{name:<10} {about}"));
                }
                self.add(Entry::note(words));
            }
            _ => match self.player.answer(&text) {
                Some(outs) => self.take(outs),
                None if self.player.is_busy() => self.queue.push_back(text),
                None => self.prompt(&text, now),
            },
        }
    }

    fn prompt(&mut self, text: &str, now: Instant) {
        self.add(Entry::Prompt {
            text: text.to_owned(),
        });
        let request = script::request(text);
        if !request.unknown.is_empty() {
            let names = request.unknown.join(", ");
            self.add(Entry::note(format!(
                "No script is called {names}; /help lists them"
            )));
        }
        self.topic = request.words.lines().next().unwrap_or_default().to_owned();
        self.since = now;
        let outs = self.player.begin(&request.words, request.steps);
        self.take(outs);
    }

    fn take(&mut self, outs: Vec<Out>) {
        for out in outs {
            match out {
                Out::Words(words) => self.saying.push_str(&words),
                Out::Entry(entry) => self.add(entry),
                Out::Flood(bytes) => self.flood.extend(bytes),
                Out::Exit(code) => self.quit = Some(code),
                Out::State(state) => {
                    if let State::Idle(words) = &state {
                        self.told.push_str(&status::done(words));
                    }
                    self.yes = true;
                    self.tell(state);
                }
            }
        }
    }

    fn tell(&mut self, state: State) {
        self.told.push_str(&status::report(&state, &self.topic));
        self.state = state;
    }

    fn add(&mut self, entry: Entry) {
        self.history.add(&entry);
        self.entries.push(entry);
        if self.entries.len() > 2 * MAX_SHOWN {
            self.entries.drain(..MAX_SHOWN);
            self.printed = self.printed.saturating_sub(MAX_SHOWN);
        }
    }

    /// What has to be written so that the terminal shows the state at `now`.
    pub fn frame(&mut self, now: Instant) -> Vec<u8> {
        let (width, height) = self.size;
        let anew = std::mem::take(&mut self.anew);
        if anew {
            self.printed = 0;
            self.said_rows = 0;
        }
        let mut lines = Vec::new();
        if anew || !std::mem::replace(&mut self.begun, true) {
            lines.extend(self.header());
        }
        for entry in &self.entries[self.printed..] {
            // The first rows of what was being said are there already.
            let there = match entry {
                Entry::Say { .. } => {
                    self.saying.clear();
                    std::mem::take(&mut self.said_rows)
                }
                _ => 0,
            };
            lines.extend(entry.lines(self.columns()).into_iter().skip(there));
        }
        self.printed = self.entries.len();
        let saying = self.settle(&mut lines);
        let live = view::live(&Scene {
            width,
            height,
            state: &self.state,
            saying,
            output: self.player.output_rows(3),
            elapsed: now.saturating_duration_since(self.since),
            queued: self.queue.iter().map(String::as_str).collect(),
            editor: &self.editor,
            yes: self.yes,
            notice: self.notice,
        });
        let flood = std::mem::take(&mut self.flood);
        let mut bytes = std::mem::take(&mut self.told).into_bytes();
        bytes.extend(match anew {
            true => self.painter.repaint(&lines, live, height),
            false => self.painter.paint(&flood, &lines, live, height),
        });
        bytes
    }

    /// Moves the settled rows of what is being said to the transcript; gives the last, which still grows.
    fn settle(&mut self, lines: &mut Vec<Line>) -> Option<Line> {
        if self.saying.is_empty() {
            return None;
        }
        let mut rows = vec![Line::default()];
        rows.extend(say_lines(&self.saying, self.columns()));
        let last = rows.pop();
        lines.extend(rows.iter().skip(self.said_rows).cloned());
        self.said_rows = rows.len();
        last
    }

    /// The transcript's width; the last column stays free.
    fn columns(&self) -> usize {
        self.size.0 - 1
    }

    fn header(&self) -> Vec<Line> {
        let width = self.size.0.saturating_sub(1).min(64);
        let room = width.saturating_sub(4);
        let mut title = Line::new(Style::Accent, "◆ ");
        title.push(Style::Bold, cut("gluon demo agent", room.saturating_sub(2)));
        let about = cut("no network, no key: real edits, commands and commits", room);
        let rows = vec![
            title,
            Line::new(Style::Plain, about),
            Line::new(Style::Dim, cut(&self.place, room)),
        ];
        view::framed("", Style::Dim, rows, width)
    }

    /// What has to be written at the end.
    pub fn leave(&mut self, id: &str, code: u8) -> Vec<u8> {
        let mut bytes = self.painter.leave();
        if code == 0 {
            bytes.extend(status::clear().bytes());
        }
        bytes.extend(format!("\r\nConversation {id}\r\n").bytes());
        bytes
    }
}
