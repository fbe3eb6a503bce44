//! The main loop: blocks on events, drains them all, updates, and draws once if something changed.
//!
//! Invariants: frames come at the pace of [`Pace`], the first one after quiet at once; nothing is drawn while
//! nothing changes; a state is acknowledged to the daemon only after it was drawn, so that a slow terminal
//! slows the frames down and nothing piles up.

use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{Stream, StreamExt};
use ratatui::crossterm::event::Event;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::keymap::Keymap;
use super::look::Lookout;
use super::model::{Area, Model};
use super::msg::{Effect, Msg};
use super::runner::Runner;
use super::term::{
    Speaker, TermOptions, TerminalGuard, cell_size, colours, end_signal, terminal_events,
    wants_ascii,
};
use super::theme::Theme;
use super::update::update;
use super::view;
use crate::config::{AsciiMode, Config};
use crate::domain::{Pace, SessionId, TaskId, Timestamp};
use crate::protocol::{Api, Level, LinkEvent, Notice, Tells, TerminalInfo};

/// How long the daemon gets to hear that the program is about to be stopped.
const STOPPING: Duration = Duration::from_millis(20);
/// Messages taken in between two looks at whether to draw.
const DRAIN: usize = 512;

/// How the interface is to be.
#[derive(Debug, Clone)]
pub struct TuiOptions {
    /// How everything looks.
    pub theme: Theme,
    /// Which key does what.
    pub keymap: Keymap,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// The user's own tool for diffs; empty: none.
    pub diff_tool: String,
    /// The directory the program was started in.
    pub cwd: PathBuf,
    /// Whether this is the demonstration.
    pub demo: bool,
    /// How the user is told something while they look elsewhere.
    pub speaker: Speaker,
}

impl TuiOptions {
    /// What the configuration and the surroundings say. `themes` is the directory of the user's own themes.
    ///
    /// # Errors
    /// Where a theme or a key in the configuration is wrong; the words say which.
    pub fn load(config: &Config, themes: &Path, cwd: PathBuf) -> anyhow::Result<Self> {
        let get = |name: &str| std::env::var(name).ok();
        let ascii = match config.tui.ascii {
            AsciiMode::Always => true,
            AsciiMode::Never => false,
            AsciiMode::Auto => wants_ascii(get),
        };
        let no_color = super::term::color_depth(get) == super::term::ColorDepth::None;
        let name = &config.tui.theme;
        let plain = !name.is_empty() && !name.contains(['/', '.']);
        let own = plain
            .then(|| std::fs::read_to_string(themes.join(format!("{name}.toml"))).ok())
            .flatten();
        Ok(Self {
            theme: Theme::load(name, own.as_deref(), no_color, ascii)?,
            keymap: Keymap::new(&config.keys, &config.tui.leave, &config.tui.prefix)?,
            mouse: config.tui.mouse,
            diff_tool: config.tui.diff_tool.clone(),
            cwd,
            demo: false,
            speaker: Speaker::new(&config.notify, get),
        })
    }

    fn model(self, size: (u16, u16), terminal: TerminalInfo) -> Model {
        let mut model = Model::new(self.theme, self.keymap, size, now());
        model.mouse = self.mouse;
        model.diff_tool = self.diff_tool;
        model.cwd = self.cwd;
        model.demo = self.demo;
        model.terminal = terminal;
        model
    }
}

/// Where frames go, and what else there is to do with a terminal.
pub trait Screen {
    /// Draws the model.
    ///
    /// # Errors
    /// Where the terminal is gone.
    fn draw(&mut self, model: &Model) -> io::Result<()>;

    /// Does what an effect asks of the terminal.
    ///
    /// # Errors
    /// Where the terminal is gone.
    fn effect(&mut self, effect: &Effect) -> io::Result<()>;

    /// What it can tell the user while nobody looks.
    fn tells(&self) -> Tells {
        Tells::Nothing
    }
}

impl Screen for TerminalGuard {
    fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.set_title(&window_title(model))?;
        TerminalGuard::draw(self, model.size, |buf| view::render(buf, model))
    }

    fn tells(&self) -> Tells {
        self.speaker().tells()
    }

    fn effect(&mut self, effect: &Effect) -> io::Result<()> {
        match effect {
            Effect::Clipboard(text) => self.copy(text),
            Effect::Bell => self.bell(),
            Effect::Announce(told) => self.announce(told),
            Effect::TakeBack(id) => self.take_back(*id),
            Effect::Mouse(on) => self.set_mouse(*on),
            Effect::Redraw => {
                self.clear();
                Ok(())
            }
            Effect::Suspend => self.suspend(),
            Effect::Run(program) => self.run(program),
            _ => Ok(()),
        }
    }
}

/// The board, until the user quits.
///
/// # Errors
/// Where the terminal is none or goes away.
pub async fn run<A: Api>(
    api: Arc<A>,
    link: mpsc::Receiver<LinkEvent>,
    options: TuiOptions,
) -> anyhow::Result<()> {
    let terminal = terminal_info();
    let guard = enter(&options)?;
    let model = options.model(guard.size(), terminal);
    drive(api, link, terminal_events(), guard, model).await?;
    Ok(())
}

/// One session from edge to edge, until the user detaches.
///
/// # Errors
/// Where the terminal is none or goes away.
pub async fn attach<A: Api>(
    api: Arc<A>,
    link: mpsc::Receiver<LinkEvent>,
    task: TaskId,
    session: SessionId,
    options: TuiOptions,
) -> anyhow::Result<()> {
    let terminal = terminal_info();
    let guard = enter(&options)?;
    let mut model = options.model(guard.size(), terminal);
    model.alone = Some((task, session));
    model.area = Area::Pane;
    drive(api, link, terminal_events(), guard, model).await?;
    Ok(())
}

/// What the terminal is; asks it, so only before it is taken over.
fn terminal_info() -> TerminalInfo {
    let (foreground, background) = colours().unzip();
    TerminalInfo {
        foreground,
        background,
        cell: cell_size(),
    }
}

fn enter(options: &TuiOptions) -> io::Result<TerminalGuard> {
    TerminalGuard::enter(TermOptions {
        mouse: options.mouse,
        title: "gluon".to_owned(),
        speaker: options.speaker,
    })
}

/// What the window is called: also there it is seen how many need the user.
fn window_title(model: &Model) -> String {
    let name = match model.alone {
        Some((task, _)) => format!("gluon #{task}"),
        None => "gluon".to_owned(),
    };
    let waiting = model.cards.values().filter(|card| card.need().is_some());
    match waiting.count() {
        0 => name,
        count => format!("({count}) {name}"),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_millis() as i64))
}

/// Everything the loop keeps between two events.
struct Loop<A, S> {
    model: Model,
    runner: Runner<A>,
    screen: S,
    dirty: bool,
    pace: Pace,
    acks: Vec<(SessionId, u64)>,
    lookout: Lookout,
    /// Whether the program is to be stopped until the shell lets it go on.
    stop: bool,
    quit: bool,
    /// Whether another program had the terminal just now.
    ran: bool,
}

/// Runs until the user quits, the terminal ends or the system asks for it.
pub(super) async fn drive<A: Api, S: Screen>(
    api: Arc<A>,
    mut link: mpsc::Receiver<LinkEvent>,
    mut events: impl Stream<Item = io::Result<Event>> + Unpin,
    screen: S,
    model: Model,
) -> io::Result<()> {
    let (runner, mut replies) = Runner::new(api);
    let session = model.alone.map(|(_, session)| session);
    let mut state = Loop {
        lookout: Lookout::new(session, screen.tells(), now()),
        stop: false,
        model,
        runner,
        screen,
        dirty: true,
        pace: Pace::default(),
        acks: Vec::new(),
        quit: false,
        ran: false,
    };
    let mut end = Box::pin(end_signal());
    let mut link_open = true;
    loop {
        if state.stop {
            state.suspend().await?;
        }
        state.draw_if_due()?;
        let frame = state.frame_due();
        let wake = state.wake_due();
        tokio::select! {
            event = events.next() => match event {
                Some(event) => state.terminal(event?)?,
                None => return Ok(()),
            },
            event = link.recv(), if link_open => match event {
                Some(event) => state.handle(Msg::Link(event))?,
                None => link_open = false,
            },
            Some(reply) = replies.recv() => state.handle(reply)?,
            () = sleep_until(frame), if frame.is_some() => {}
            () = sleep_until(wake), if wake.is_some() => state.handle(Msg::Tick(now()))?,
            _ = &mut end => return Ok(()),
        }
        for _ in 0..DRAIN {
            let mut quiet = true;
            if let Some(Some(event)) = at_once(&mut events).await {
                state.terminal(event?)?;
                quiet = false;
            }
            if let Ok(event) = link.try_recv() {
                state.handle(Msg::Link(event))?;
                quiet = false;
            }
            if let Ok(reply) = replies.try_recv() {
                state.handle(reply)?;
                quiet = false;
            }
            if quiet || state.quit {
                break;
            }
        }
        if state.quit {
            return Ok(());
        }
        // Signals to that program came here as well, and were not for us.
        if std::mem::take(&mut state.ran) {
            end = Box::pin(end_signal());
        }
    }
}

/// What `events` has without waiting; `None`: nothing now.
///
/// Asked with the loop's own waker: crossterm keeps the first waker it is given until the next event, so one
/// that wakes nobody (as `now_or_never` has) would leave that event lying there until something else happens.
async fn at_once<E: Stream + Unpin>(events: &mut E) -> Option<Option<E::Item>> {
    poll_fn(|context| match events.poll_next_unpin(context) {
        Poll::Ready(event) => Poll::Ready(Some(event)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

async fn sleep_until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}

impl<A: Api, S: Screen> Loop<A, S> {
    fn terminal(&mut self, event: Event) -> io::Result<()> {
        if matches!(event, Event::Key(_) | Event::Mouse(_) | Event::Paste(_)) {
            self.pace.typed(std::time::Instant::now());
        }
        if let Some(notice) = self.lookout.event(&event, now()) {
            self.runner.api().notify(notice);
        }
        let msg = match event {
            Event::Key(event) => Msg::Key(event),
            Event::Mouse(event) => Msg::Mouse(event),
            Event::Paste(text) => Msg::Paste(text),
            Event::Resize(cols, rows) => Msg::Resize(cols, rows),
            Event::FocusGained => Msg::Focus(true),
            Event::FocusLost => Msg::Focus(false),
        };
        self.handle(msg)
    }

    fn handle(&mut self, msg: Msg) -> io::Result<()> {
        self.model.now = now();
        if let Msg::Link(LinkEvent::Connected) = msg {
            self.runner.api().notify(self.lookout.tell(now()));
        }
        let update = update(&mut self.model, msg);
        self.dirty |= update.dirty;
        for effect in update.effects {
            self.carry_out(effect)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Call(request) => self.runner.call(request),
            Effect::Notify(notice) => self.runner.api().notify(notice),
            Effect::Ack { session, seq } => {
                self.acks.retain(|(known, _)| *known != session);
                self.acks.push((session, seq));
            }
            Effect::Quit => self.quit = true,
            Effect::Suspend => self.stop = true,
            Effect::Run(_) => {
                if let Err(error) = self.screen.effect(&effect) {
                    self.model.toast(Level::Error, error.to_string(), None);
                }
                self.ran = true;
                self.dirty = true;
                self.handle(Msg::Returned)?;
            }
            effect => self.screen.effect(&effect)?,
        }
        Ok(())
    }

    /// Stops the program until the shell lets it go on.
    async fn suspend(&mut self) -> io::Result<()> {
        self.stop = false;
        self.runner.api().notify(self.lookout.stopped());
        tokio::time::sleep(STOPPING).await;
        self.screen.effect(&Effect::Suspend)?;
        self.runner.api().notify(self.lookout.tell(now()));
        self.dirty = true;
        Ok(())
    }

    /// When the next frame may be drawn, if one is wanted.
    fn frame_due(&self) -> Option<Instant> {
        let next = self.pace.next(std::time::Instant::now());
        next.filter(|_| self.dirty).map(Instant::from_std)
    }

    fn wake_due(&self) -> Option<Instant> {
        let wait = self.model.wake?.since(now());
        Some(Instant::now() + Duration::from_millis(wait.max(1) as u64))
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        if !self.dirty || self.frame_due().is_some() {
            return Ok(());
        }
        self.screen.draw(&self.model)?;
        self.dirty = false;
        self.pace.sent(std::time::Instant::now());
        for (session, seq) in self.acks.drain(..) {
            self.runner.api().notify(Notice::Ack { session, seq });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
